//! Who is compared: `services.toml`, checked.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::service::entry::Service;

/// The file that lists the services, at the root of the repository.
pub const CATALOGUE: &str = "services.toml";

/// All services that can be compared.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// The folder that paths of the catalogue are relative to.
    pub root: PathBuf,
    services: Vec<Service>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    service: Vec<Service>,
}

impl Catalogue {
    /// Reads `path`, or else the `services.toml` in this folder or the nearest above it.
    ///
    /// # Errors
    /// When there is none, or it is not a list of services with different names.
    pub fn read(path: Option<&Path>) -> Result<Self> {
        let path = match path {
            Some(path) => path.to_owned(),
            None => nearest(CATALOGUE)?,
        };
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let services =
            Self::parse(&text).with_context(|| format!("{} is not a list of services", path.display()))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let root = fs::canonicalize(folder.unwrap_or(Path::new(".")))?;
        Ok(Self { root, services })
    }

    /// No services, here.
    ///
    /// # Errors
    /// When the present folder is not known.
    pub fn empty() -> Result<Self> {
        Ok(Self {
            root: std::env::current_dir().context("cannot read the current folder")?,
            services: Vec::new(),
        })
    }

    /// The same services under another root.
    #[must_use]
    pub fn at(&self, root: &Path) -> Self {
        Self { root: root.to_owned(), services: self.services.clone() }
    }

    /// Parses the text of a catalogue; see [`Catalogue::read`].
    ///
    /// # Errors
    /// As [`Catalogue::read`], without the name of the file.
    pub fn parse(text: &str) -> Result<Vec<Service>> {
        let services = toml::from_str::<File>(text)?.service;
        let services: Vec<Service> = services.into_iter().map(Service::with_defaults).collect();
        for (index, service) in services.iter().enumerate() {
            service.check()?;
            let twice = services[..index].iter().any(|other| other.name == service.name);
            ensure!(!twice, "service {:?} is listed twice", service.name);
            let is_same = |other: &&Service| service.port.is_some() && other.port == service.port;
            let taken = services[..index].iter().find(is_same);
            if let Some(other) = taken {
                bail!("services {:?} and {:?} have the same port", other.name, service.name);
            }
        }
        Ok(services)
    }

    /// The services of these names, in this order; without names, all Rust services but the tuned ones and the floor.
    ///
    /// # Errors
    /// When a name is not in the catalogue or is given twice.
    pub fn select(&self, names: &[String]) -> Result<Vec<Service>> {
        if names.is_empty() {
            let all = self.services.iter().filter(|service| service.is_plain());
            return Ok(all.cloned().collect());
        }
        let mut selected: Vec<Service> = Vec::new();
        for name in names {
            ensure!(!selected.iter().any(|service| service.name == *name), "service {name:?} is named twice");
            selected.push(self.find(name)?.clone());
        }
        Ok(selected)
    }

    /// The services that answer the core of the contract alone: those in other languages.
    pub fn other_languages(&self) -> Vec<Service> {
        self.services.iter().filter(|service| service.core_contract).cloned().collect()
    }

    /// The services that are tuned.
    pub fn tuned(&self) -> Vec<Service> {
        self.services.iter().filter(|service| service.tuned).cloned().collect()
    }

    /// All of them, in order.
    pub fn all(&self) -> &[Service] {
        &self.services
    }

    /// The floor, if the catalogue has one.
    pub fn floor(&self) -> Option<&Service> {
        self.services.iter().find(|service| service.floor)
    }

    /// The packages of the workspace that services are built from, each once, in the order of the catalogue.
    pub fn packages(&self) -> Vec<&str> {
        let mut packages: Vec<&str> = Vec::new();
        for package in self.services.iter().filter_map(|service| service.package.as_deref()) {
            if !packages.contains(&package) {
                packages.push(package);
            }
        }
        packages
    }

    /// The names of all services.
    pub fn names(&self) -> Vec<&str> {
        self.services.iter().map(|service| service.name.as_str()).collect()
    }

    fn find(&self, name: &str) -> Result<&Service> {
        let found = self.services.iter().find(|service| service.name == name);
        found.with_context(|| format!("there is no service {name:?}; there are {}", self.names().join(", ")))
    }
}

/// The file of this name in the present folder or the nearest above it.
fn nearest(name: &str) -> Result<PathBuf> {
    let here = std::env::current_dir().context("cannot find the current folder")?;
    let found = here.ancestors().map(|folder| folder.join(name)).find(|path| path.is_file());
    found.with_context(|| {
        format!("there is no {name} in this folder or above: run this inside the repository")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(text: &str) -> Catalogue {
        Catalogue { root: PathBuf::new(), services: Catalogue::parse(text).unwrap() }
    }

    #[test]
    fn the_repository_s_own_catalogue_has_the_services_and_a_floor() {
        let all = catalogue(include_str!("../../../services.toml"));
        let chosen = all.select(&[]).unwrap();
        let rust: Vec<_> = chosen.iter().map(|service| service.name.as_str()).collect();
        assert!(rust.starts_with(&["svc-axum", "svc-actix", "svc-warp", "svc-hyper", "svc-poem"]));
        assert_eq!(all.floor().unwrap().name, "hello-floor");
        let unknown = all.select(&["axum".into()]).unwrap_err().to_string();
        assert!(unknown.contains("svc-axum"), "{unknown}");
        assert!(all.select(&["svc-axum".into(), "svc-axum".into()]).is_err());
    }

    #[test]
    fn entries_that_make_no_sense_are_refused() {
        let refused = |fields: &str| {
            let text = format!("[[service]]\nname='x'\nframework='y'\n{fields}");
            format!("{:#}", Catalogue::parse(&text).unwrap_err())
        };
        assert!(refused("").contains("package, run and url"));
        assert!(refused("package='x'\nrun=['x']").contains("package, run and url"));
        assert!(refused("url='ftp://x'").contains("http://"));
        assert!(refused("url='http://127.0.0.1:1'\nport=1").contains("in the url"));
        assert!(refused("run='x'\nrequest={ path='x' }").contains("must begin with /"));
        assert!(refused("run='x'\nexpect={ body='a', json=1 }").contains("one of body and json"));
        assert!(refused("run='x'\nport=1\n[[service]]\nname='y'\nrun='y'\nport=1").contains("same port"));
        assert!(refused("run=[]").contains("empty"));
        assert!(refused("run=['x']\ntuned=true").contains("tuned"));
        assert!(refused("package='x'\ncolour='red'").contains("colour"));
        assert!(refused("package='x'\n[[service]]\nname='x'\nframework='y'\npackage='x'").contains("twice"));
    }
}
