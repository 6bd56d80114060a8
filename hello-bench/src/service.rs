//! Who is compared: `services.toml`, checked.

mod image;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use hello_load::Strictness;

pub use image::ImageEntry;

/// The file that lists the services, at the root of the repository.
pub const CATALOGUE: &str = "services.toml";

/// One service of the catalogue.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The name: binary, label, and, unless it is tuned, folder and package.
    pub name: String,
    /// The framework, as its crate or package is named.
    pub framework: String,
    /// The language that it is written in.
    #[serde(default = "rust")]
    pub language: String,
    /// The workspace member to build and run; absent for a service that `run` starts.
    pub package: Option<String>,
    /// Whether it is the same app under other server settings: the package's second binary, built with its feature
    /// `tuned` and without its default ones.
    #[serde(default)]
    pub tuned: bool,
    /// The command that starts it, relative to the root; absent for a package.
    pub run: Option<Vec<String>>,
    /// The folder of `build`, `run` and the commands below, relative to the root: the root itself when absent.
    #[serde(default)]
    pub folder: PathBuf,
    /// The commands that build it, in order; none for a package.
    #[serde(default)]
    pub build: Vec<Vec<String>>,
    /// The programs that building and running it take, and how to get each.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// The command that prints the framework's version; for a package it comes from cargo.
    pub version: Option<Vec<String>>,
    /// The command that prints how many third-party packages it is built from; for a package it comes from cargo.
    pub dependencies: Option<Vec<String>>,
    /// What the build makes, relative to `folder`, where that is a single file.
    pub binary: Option<PathBuf>,
    /// Whether it must be given a port, as it does not print which free one it took.
    #[serde(default)]
    pub given_port: bool,
    /// Seconds of load, as fast as it goes, before each measurement and before the scenario's own warm-up: for a JIT
    /// compiler.
    #[serde(default)]
    pub warm_up_s: u32,
    /// The files that make it up, relative to the root: what lines of code are counted in.
    #[serde(default)]
    pub sources: Vec<PathBuf>,
    /// Whether it is the limit of the machine, which is measured and never ranked.
    #[serde(default)]
    pub floor: bool,
    /// Whether only the core of the contract is asked of it.
    #[serde(default)]
    pub core_contract: bool,
    /// Variables that it is started with, beside `HOST` and `PORT`.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Its image, for a service that `run` starts; packages have one by default.
    pub image: Option<ImageEntry>,
    /// Seconds that it may take to start.
    #[serde(default = "ten")]
    pub start_timeout_s: u32,
    /// What it may break, since its framework does and leaves no way round.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
}

/// A rule that a service may break.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Which command finds it.
    pub command: Finder,
    /// The case, as the command names it.
    pub case: String,
    /// Why, and where it was reported.
    pub reason: String,
}

/// A command that finds broken rules.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Finder {
    /// Of the contract.
    Check,
    /// Of what bad and slow peers may expect.
    Probe,
}

/// A program that a service takes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// Its name on the `PATH`.
    pub program: String,
    /// How to get it.
    pub get: String,
}

fn rust() -> String {
    "Rust".to_owned()
}

fn ten() -> u32 {
    10
}

impl Service {
    /// What a right answer of this service is.
    pub fn strictness(&self) -> Strictness {
        Strictness::new(self.core_contract)
    }

    /// How long it may take to start.
    pub fn start_timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.start_timeout_s))
    }

    /// What it may break of what this command checks.
    pub fn exceptions(&self, command: Finder) -> Vec<&Exception> {
        self.exceptions.iter().filter(|exception| exception.command == command).collect()
    }

    fn is_plain(&self) -> bool {
        !self.tuned && !self.floor && !self.core_contract
    }

    fn check(&self) -> Result<()> {
        let commands = self.build.iter().chain(&self.version).chain(&self.dependencies);
        ensure!(
            commands.into_iter().all(|words| !words.is_empty()),
            "service {:?}: a command is empty",
            self.name
        );
        ensure!(!self.name.is_empty(), "a service has an empty name");
        ensure!(
            self.package.is_some() || !self.tuned,
            "service {:?}: only a package can be tuned",
            self.name
        );
        match (&self.package, &self.run) {
            (Some(_), None) => Ok(()),
            (None, Some(run)) => {
                ensure!(!run.is_empty(), "service {:?}: run is empty", self.name);
                Ok(())
            }
            _ => bail!("service {:?} needs one of package and run", self.name),
        }
    }
}

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

    /// Other services under the same root.
    pub fn with(&self, services: Vec<Service>) -> Self {
        Self { root: self.root.clone(), services }
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
        for (index, service) in services.iter().enumerate() {
            service.check()?;
            let twice = services[..index].iter().any(|other| other.name == service.name);
            ensure!(!twice, "service {:?} is listed twice", service.name);
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
    found.with_context(|| format!("there is no {name} here or above: run this inside the repository"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(text: &str) -> Catalogue {
        Catalogue { root: PathBuf::new(), services: Catalogue::parse(text).unwrap() }
    }

    #[test]
    fn the_repository_s_own_catalogue_has_the_services_and_a_floor() {
        let all = catalogue(include_str!("../../services.toml"));
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
        assert!(refused("").contains("package and run"));
        assert!(refused("package='x'\nrun=['x']").contains("package and run"));
        assert!(refused("run=[]").contains("empty"));
        assert!(refused("run=['x']\ntuned=true").contains("tuned"));
        assert!(refused("package='x'\ncolour='red'").contains("colour"));
        assert!(refused("package='x'\n[[service]]\nname='x'\nframework='y'\npackage='x'").contains("twice"));
    }
}
