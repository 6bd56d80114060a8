//! Which services to compare, and in which builds: names, versions of crates, patches and commits.

use std::io::{self, Write};
use std::str::FromStr;

use anyhow::{Context, Error, Result, ensure};
use clap::Args;

use crate::cli::shared::Files;
use crate::interrupt::Interrupt;
use crate::program::Builder;
use crate::service::{Catalogue, Service};
use crate::variant::{self, Built, Patch, Planned, Versions, Wanted, Workshop};

/// A word that names what to compare.
#[derive(Clone, Debug)]
enum Named {
    Service(String),
    Versions(Versions),
}

impl FromStr for Named {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.contains('@') { text.parse().map(Self::Versions) } else { Ok(Self::Service(text.to_owned())) }
    }
}

/// A server of the user's own, as in `mine=./server` and `theirs=http://127.0.0.1:8080/`.
#[derive(Clone, Debug)]
struct With {
    name: String,
    source: String,
}

impl FromStr for With {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, source) =
            text.split_once('=').context("not of the form NAME=COMMAND or NAME=http://HOST:PORT/")?;
        ensure!(!name.is_empty() && !source.trim().is_empty(), "{text:?} lacks a name or a value");
        Ok(Self { name: name.to_owned(), source: source.to_owned() })
    }
}

/// What to compare.
#[derive(Debug, Args)]
pub(super) struct Builds {
    /// Services, or versions of a crate to build them with, such as axum@0.8.6,0.8.9 [default: the services under their
    /// frameworks' own servers; with versions or patches, those that depend on the crate]
    #[arg(value_name = "SERVICE | CRATE@VERSION,...")]
    named: Vec<Named>,
    /// Also build with a crate replaced by one from a folder or a git repository, such as hyper=../hyper or
    /// hyper=git:URL#REV
    #[arg(long = "patch", value_name = "CRATE=SOURCE")]
    patches: Vec<Patch>,
    /// Compare your own server, with the services that are named, or else with those of --services: a command that starts it on the port in PORT or {port}, or the URL of one that is
    /// already running; it must answer GET / with 200
    #[arg(long, value_name = "NAME=COMMAND | NAME=URL")]
    with: Vec<With>,
    /// Compare the working tree with this commit
    #[arg(long, value_name = "REV", conflicts_with = "patches")]
    against: Option<String>,
}

impl Builds {
    /// The services of the catalogue that are named, or else all of its Rust services; and the servers of the user's own.
    /// With the latter and without names, a catalogue counts only if the user chose it.
    pub(super) fn services(&self, catalogue: &Catalogue, files: &Files) -> Result<Vec<Service>> {
        let names = self.names();
        let mut services = match (names.as_slice(), self.with.as_slice()) {
            ([], [_, ..]) if files.is_default() => Vec::new(),
            _ => catalogue.select(&names)?,
        };
        for With { name, source } in &self.with {
            ensure!(!services.iter().any(|service| service.name == *name), "service {name:?} is named twice");
            services.push(Service::given(name, source, &std::env::current_dir()?)?);
        }
        Ok(services)
    }

    /// Puts versions in their order, the oldest first, where that is wanted.
    pub(super) fn sort_if(&mut self, is_wanted: bool) {
        for named in self.named.iter_mut().filter(|_| is_wanted) {
            if let Named::Versions(versions) = named {
                versions.versions.sort();
            }
        }
    }

    /// The services of this file, or of the nearest `services.toml`; those of the user's own need none.
    pub(super) fn catalogue(&self, files: &Files) -> Result<Catalogue> {
        match files.catalogue() {
            Err(_) if !self.with.is_empty() && files.is_default() => Catalogue::empty(),
            other => other,
        }
    }

    /// The services that are named.
    pub(super) fn names(&self) -> Vec<String> {
        let name = |named: &Named| match named {
            Named::Service(name) => Some(name.clone()),
            Named::Versions(_) => None,
        };
        self.named.iter().filter_map(name).collect()
    }

    fn wanted(&self) -> Wanted {
        let versions = |named: &Named| match named {
            Named::Service(_) => None,
            Named::Versions(versions) => Some(versions.clone()),
        };
        Wanted {
            versions: self.named.iter().filter_map(versions).collect(),
            patches: self.patches.clone(),
            against: self.against.clone(),
            is_named: !self.names().is_empty(),
        }
    }

    /// Whether builds are asked for that differ from the files as they are.
    pub(super) fn is_any_changed(&self) -> bool {
        self.wanted().is_any()
    }

    /// Where changed builds are made; absent where there are none.
    pub(super) fn workshop<'a>(
        &self,
        catalogue: &'a Catalogue,
        profile: &'a str,
        interrupt: &'a Interrupt,
    ) -> Result<Option<Workshop<'a>>> {
        let wanted = self.wanted();
        ensure!(
            wanted.versions.is_empty() || wanted.against.is_none(),
            "compare versions or commits, not both at once"
        );
        wanted.is_any().then(|| Workshop::open(catalogue, profile, interrupt)).transpose()
    }

    /// The builds of these services.
    pub(super) fn plan(
        &self,
        workshop: Option<&Workshop>,
        builder: &Builder,
        services: &[Service],
    ) -> Result<Vec<Planned>> {
        match workshop {
            Some(workshop) => variant::plan(workshop, builder, services, &self.wanted()),
            None => Ok(services.iter().map(Planned::of).collect()),
        }
    }
}

/// Builds what is planned. What cannot be built is one line, and the others go on as long as there are two. The floor is
/// built beside services that are built as they are, rather than after them: that saves a newcomer's time.
pub(super) fn build(
    workshop: Option<&Workshop>,
    builder: &Builder,
    planned: &[Planned],
    floor: Option<&Service>,
) -> Result<Built> {
    let Some(workshop) = workshop else {
        let services = planned.iter().map(|build| &build.service);
        let missing = floor.filter(|floor| services.clone().all(|service| service.name != floor.name));
        let services: Vec<Service> = services.chain(missing).cloned().collect();
        return Ok(Built { programs: crate::build::all(builder, &services)?, failures: Vec::new() });
    };
    let names: Vec<String> = planned.iter().map(Planned::name).collect();
    let _ = writeln!(io::stderr(), "comparing {}", names.join(", "));
    let built = variant::build(workshop, builder, planned)?;
    for failure in &built.failures {
        let _ = writeln!(io::stderr(), "skipped: {failure}");
    }
    ensure!(built.programs.len() > 1, "fewer than two builds remain: {}", built.failures.join("; "));
    Ok(built)
}
