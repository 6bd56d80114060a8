//! Which builds of which services a comparison has.

use anyhow::{Result, ensure};

use crate::metadata::version;
use crate::program::Builder;
use crate::service::Service;
use crate::variant::change::Change;
use crate::variant::request::{Patch, Versions};
use crate::variant::workshop::Workshop;

/// The build of the files as they are, beside that of a commit.
const WORKING_TREE: &str = "working tree";

/// What builds are asked for beside those of the files as they are.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Versions of crates.
    pub versions: Vec<Versions>,
    /// Crates to replace.
    pub patches: Vec<Patch>,
    /// A commit to compare with.
    pub against: Option<String>,
    /// Whether the services are those that the user named, which are measured whether a change touches them or not.
    pub is_named: bool,
}

/// A build of a service.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The entry in the catalogue.
    pub service: Service,
    /// What sets the build apart; absent for one of the files as they are.
    pub change: Option<Change>,
    /// What to call the build among those of its service; absent where it is the only one or needs no name.
    pub label: Option<String>,
}

impl Planned {
    /// The build of the files as they are.
    pub fn of(service: &Service) -> Self {
        Self::as_it_is(service, None)
    }

    fn as_it_is(service: &Service, label: Option<String>) -> Self {
        Self { service: service.clone(), change: None, label }
    }

    fn changed(service: &Service, change: &Change) -> Self {
        Self { service: service.clone(), change: Some(change.clone()), label: Some(change.to_string()) }
    }

    /// How the build is said after the service.
    pub fn phrase(&self) -> String {
        match (&self.change, &self.label) {
            (Some(change), _) => change.phrase(),
            (None, Some(label)) if label == WORKING_TREE => format!("in the {label}"),
            (None, Some(label)) => format!("with {label}"),
            (None, None) => "as it is".to_owned(),
        }
    }

    /// The name of the build.
    pub fn name(&self) -> String {
        match &self.label {
            Some(label) => format!("{} ({label})", self.service.name),
            None => self.service.name.clone(),
        }
    }
}

impl Wanted {
    /// Whether any other build is asked for.
    pub fn is_any(&self) -> bool {
        !self.versions.is_empty() || !self.patches.is_empty() || self.against.is_some()
    }
}

/// The builds of these services, those to compare with first.
///
/// # Errors
/// When a change is none of any service, or a build is named twice.
pub fn plan(
    workshop: &Workshop,
    builder: &Builder,
    services: &[Service],
    wanted: &Wanted,
) -> Result<Vec<Planned>> {
    let planned = match &wanted.against {
        Some(name) => against(services, &workshop.commit(name)?),
        None => changed(workshop, builder, services, wanted)?,
    };
    for (index, build) in planned.iter().enumerate() {
        let twice = planned[..index].iter().any(|other| other.name() == build.name());
        ensure!(!twice, "{} is named twice, or is what it is built with anyway", build.name());
    }
    Ok(planned)
}

fn against(services: &[Service], commit: &Change) -> Vec<Planned> {
    let builds = services.iter().flat_map(|service| {
        let commit = service.package.is_some().then(|| Planned::changed(service, commit));
        let label = commit.as_ref().map(|_| WORKING_TREE.to_owned());
        commit.into_iter().chain([Planned::as_it_is(service, label)])
    });
    builds.collect()
}

/// A change, and the version that its crate has without it.
type Found = (Change, String);

fn changed(
    workshop: &Workshop,
    builder: &Builder,
    services: &[Service],
    wanted: &Wanted,
) -> Result<Vec<Planned>> {
    let changes = changes(workshop, wanted)?;
    let mut planned = Vec::new();
    let mut touched = Vec::new();
    for service in services {
        let Some(package) = &service.package else {
            planned.extend(wanted.is_named.then(|| Planned::as_it_is(service, None)));
            continue;
        };
        let tree = builder.dependency_tree(service, package)?;
        let own = changes
            .iter()
            .filter_map(|change| Some((change.clone(), version(&tree, krate(change)?)?)));
        let own: Vec<Found> = own.collect();
        touched.extend(own.iter().filter_map(|(change, _)| krate(change).map(str::to_owned)));
        if !own.is_empty() || wanted.is_named {
            planned.extend(of_service(service, &own));
        }
    }
    for name in changes.iter().filter_map(krate) {
        ensure!(touched.iter().any(|other| other == name), "none of the services depends on {name}");
    }
    Ok(planned)
}

/// The builds of one service. A version alone, and a patch, are compared with the files as they are.
fn of_service(service: &Service, changes: &[Found]) -> Vec<Planned> {
    let is_patch = |(change, _): &Found| matches!(change, Change::Patch { .. });
    let needs_base = changes.len() < 2 || changes.iter().any(is_patch);
    let base = needs_base.then(|| Planned::as_it_is(service, base_label(changes)));
    let changed = changes.iter().map(|(change, _)| Planned::changed(service, change));
    base.into_iter().chain(changed).collect()
}

/// `axum 0.8.9`, where the changes are all other versions of axum.
fn base_label(changes: &[Found]) -> Option<String> {
    let (Change::Version { name, .. }, locked) = changes.first()? else { return None };
    let is_other = |change: &Change| matches!(change, Change::Version { name: other, .. } if other == name);
    changes.iter().all(|(change, _)| is_other(change)).then(|| format!("{name} {locked}"))
}

fn changes(workshop: &Workshop, wanted: &Wanted) -> Result<Vec<Change>> {
    let of = |versions: &Versions| {
        let change = |version| Change::Version { name: versions.name.clone(), version };
        versions.versions.iter().cloned().map(change).collect::<Vec<_>>()
    };
    let versions = wanted.versions.iter().flat_map(of).map(Ok);
    let patches = wanted.patches.iter().map(|patch| {
        let checkout = workshop.checkout(patch)?;
        Ok(Change::Patch { name: patch.name.clone(), checkout })
    });
    versions.chain(patches).collect()
}

/// The crate that a change is about.
fn krate(change: &Change) -> Option<&str> {
    match change {
        Change::Version { name, .. } | Change::Patch { name, .. } => Some(name),
        Change::Commit { .. } => None,
    }
}
