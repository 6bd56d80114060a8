//! A service made ready to run: built, with the facts that need no load.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;
use serde::{Deserialize, Serialize};

use crate::command;
use crate::interrupt::Interrupt;
use crate::service::{Catalogue, Service};

/// What is known of a service without running it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Facts {
    /// Its name.
    pub name: String,
    /// Its framework.
    pub framework: String,
    /// The framework's version; absent where there is no framework or no lock file that tells.
    pub version: Option<String>,
    /// Its language.
    pub language: String,
    /// Whether it is the limit of the machine, never ranked.
    pub floor: bool,
    /// Whether it answers the core of the contract alone: a service in another language.
    #[serde(default)]
    pub baseline: bool,
    /// The image that it runs in; absent for what runs as a process of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// The size of the binary; absent for what is no single file.
    pub binary_bytes: Option<u64>,
    /// Lines with code, comments and blank lines left out; absent where the catalogue names no sources.
    pub lines_of_code: Option<u64>,
    /// Third-party packages that it is built from, those of dependencies included; absent where unknown.
    pub dependencies: Option<u64>,
    /// Seconds for a build from nothing, dependencies included; absent where it was not asked for.
    pub clean_build_s: Option<f64>,
    /// The first of its sources, for readers to compare; absent for the floor and where the catalogue names none.
    pub source: Option<Source>,
}

/// Services that are ranked among themselves.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Processes of the machine that answer the whole contract.
    #[default]
    Service,
    /// The same in containers.
    Image,
    /// Services in other languages.
    Baseline,
    /// The limit of the machine, which is not ranked.
    Floor,
}

/// A container image.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Image {
    /// Its name.
    pub name: String,
    /// The service as a process of the machine, which its figures are taken by.
    pub native: String,
    /// The size of all layers, uncompressed.
    pub bytes: u64,
    /// The size of the layers above the base image.
    pub added_bytes: u64,
}

/// A source file.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Source {
    /// Its path in the repository.
    pub path: String,
    /// What it holds.
    pub text: String,
}

impl Facts {
    /// What to call it among these: the framework, where one service of its group alone uses it, or else its name.
    pub fn label(&self, services: &[Self]) -> String {
        let alike = |other: &&Self| other.framework == self.framework && other.group() == self.group();
        match (self.group(), services.iter().filter(alike).count()) {
            (Group::Floor, _) => self.name.clone(),
            (Group::Image, 1) => format!("{} in Docker", self.framework),
            (_, 1) => self.framework.clone(),
            _ => self.name.clone(),
        }
    }

    /// Those that it is ranked among.
    pub fn group(&self) -> Group {
        match (self.floor, &self.image, self.baseline) {
            (true, ..) => Group::Floor,
            (_, Some(_), _) => Group::Image,
            (.., true) => Group::Baseline,
            _ => Group::Service,
        }
    }
}

/// A service with the command that starts it.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its entry in the catalogue.
    pub service: Service,
    /// The executable.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The folder to start it in.
    pub folder: PathBuf,
    /// What is known of it.
    pub facts: Facts,
}

/// Builds services of a catalogue.
#[derive(Clone, Debug)]
pub struct Builder<'a> {
    catalogue: &'a Catalogue,
    profile: String,
    interrupt: &'a Interrupt,
}

impl<'a> Builder<'a> {
    /// Builds with this cargo profile.
    pub fn new(catalogue: &'a Catalogue, profile: &str, interrupt: &'a Interrupt) -> Self {
        Self { catalogue, profile: profile.to_owned(), interrupt }
    }

    /// Builds `service` by itself. In a build of the whole workspace one service's features would be switched on
    /// for all, and what is measured would not be what a user of that framework gets.
    ///
    /// # Errors
    /// When the build fails, or what it should make is not there.
    pub fn build(&self, service: &Service) -> Result<Program> {
        let root = &self.catalogue.root;
        let (path, arguments) = match (&service.package, &service.run) {
            (Some(package), _) => (self.cargo_build(package)?, Vec::new()),
            (None, Some(run)) => (located(root, &run[0]), run[1..].to_vec()),
            (None, None) => (PathBuf::new(), Vec::new()),
        };
        ensure!(path.is_file(), "service {}: there is no {}", service.name, path.display());
        let facts = self.facts(service, &path)?;
        Ok(Program { service: service.clone(), path, arguments, folder: root.clone(), facts })
    }

    fn cargo_build(&self, package: &str) -> Result<PathBuf> {
        let mut cargo = self.cargo();
        cargo.args(["build", "--quiet", "--profile", &self.profile, "--package", package]);
        command::run(&mut cargo, self.interrupt).with_context(|| format!("cannot build {package}"))?;
        let folder = match self.profile.as_str() {
            "dev" | "test" => "debug",
            "bench" => "release",
            other => other,
        };
        let metadata = MetadataCommand::new().current_dir(&self.catalogue.root).no_deps().exec();
        let target = metadata.context("cannot ask cargo where it builds")?.target_directory;
        Ok(target.join(folder).join(package).into_std_path_buf())
    }

    fn cargo(&self) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.catalogue.root);
        cargo
    }

    fn facts(&self, service: &Service, binary: &Path) -> Result<Facts> {
        let tree = match &service.package {
            Some(package) => Some(self.dependency_tree(package)?),
            None => None,
        };
        let sources =
            service.sources.iter().map(|path| self.source(path)).collect::<Result<Vec<Source>>>()?;
        let lines = sources.iter().map(|source| lines_of_code(&source.text, Path::new(&source.path))).sum();
        Ok(Facts {
            name: service.name.clone(),
            framework: service.framework.clone(),
            version: tree.as_deref().and_then(|tree| version(tree, &service.framework)),
            language: service.language.clone(),
            floor: service.floor,
            baseline: service.core_contract,
            image: None,
            binary_bytes: service.package.as_ref().and(fs::metadata(binary).ok()).map(|file| file.len()),
            lines_of_code: (!sources.is_empty()).then_some(lines),
            dependencies: tree.as_deref().map(third_party),
            clean_build_s: None,
            source: sources.into_iter().next().filter(|_| !service.floor),
        })
    }

    fn source(&self, path: &Path) -> Result<Source> {
        let whole = self.catalogue.root.join(path);
        let text = fs::read_to_string(&whole).with_context(|| format!("cannot read {}", whole.display()))?;
        Ok(Source { path: path.display().to_string(), text })
    }

    /// The time of a build from nothing, in a folder of its own; `None` for what is no package.
    ///
    /// # Errors
    /// When the build fails.
    pub fn clean_build(&self, service: &Service) -> Result<Option<Duration>> {
        let Some(package) = &service.package else { return Ok(None) };
        let metadata = MetadataCommand::new().current_dir(&self.catalogue.root).no_deps().exec();
        let target = metadata.context("cannot ask cargo where it builds")?.target_directory;
        let folder = target.join("clean-build").into_std_path_buf();
        let _ = fs::remove_dir_all(&folder);
        let mut cargo = self.cargo();
        cargo.env("CARGO_TARGET_DIR", &folder);
        cargo.args(["build", "--quiet", "--profile", &self.profile, "--package", package]);
        let started = Instant::now();
        let built =
            command::run(&mut cargo, self.interrupt).with_context(|| format!("cannot build {package}"));
        let took = started.elapsed();
        let _ = fs::remove_dir_all(&folder);
        built.map(|_| Some(took))
    }

    /// The packages that a package links, a line each: with the features that it alone switches on.
    fn dependency_tree(&self, package: &str) -> Result<String> {
        let mut cargo = self.cargo();
        cargo.args(["tree", "--edges", "normal", "--prefix", "none", "--package", package]);
        command::run(&mut cargo, self.interrupt)
            .with_context(|| format!("cannot list what {package} depends on"))
    }
}

/// A command of the catalogue: a path in the repository, or a program of the system.
fn located(root: &Path, program: &str) -> PathBuf {
    let inside = root.join(program);
    if inside.is_file() || program.contains('/') {
        return inside;
    }
    on_path(program).unwrap_or(inside)
}

/// The program that this variable names, or else the first of this name on the `PATH`.
pub fn named_by(variable: &str, program: &str) -> Option<PathBuf> {
    match std::env::var_os(variable) {
        Some(named) => Some(PathBuf::from(named)).filter(|path| path.is_file()),
        None => on_path(program),
    }
}

/// The first program of this name that the `PATH` leads to.
fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Packages of a tree that are not members of this workspace, which cargo shows with their path.
fn third_party(tree: &str) -> u64 {
    let packages: BTreeSet<&str> =
        tree.lines().map(|line| line.trim_end_matches(" (*)")).filter(|line| !line.contains("(/")).collect();
    packages.into_iter().filter(|line| !line.is_empty()).count() as u64
}

fn version(tree: &str, package: &str) -> Option<String> {
    let mut packages = tree.lines().filter_map(|line| line.split_once(" v"));
    let (_, version) = packages.find(|(name, _)| *name == package)?;
    version.split(' ').next().map(str::to_owned)
}

/// Lines that are neither blank nor comment alone.
fn lines_of_code(text: &str, path: &Path) -> u64 {
    let marks: &[&str] = match path.extension().and_then(|extension| extension.to_str()) {
        Some("py" | "toml" | "sh") => &["#"],
        Some("java") => &["//", "/*", "*"],
        _ => &["//"],
    };
    let code = |line: &&str| !line.is_empty() && !marks.iter().any(|mark| line.starts_with(mark));
    text.lines().map(str::trim).filter(code).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "svc-x v0.1.0 (/r/svc-x)\naxum v0.8.9\nbytes v1.1.0\nhello-core v0.1.0 (/r/hello-core)\nbytes v1.1.0 (*)\nm v1.0.0 (proc-macro)\n";

    #[test]
    fn a_tree_tells_version_and_third_parties() {
        assert_eq!(third_party(TREE), 3);
        assert_eq!(version(TREE, "axum").as_deref(), Some("0.8.9"));
        assert_eq!(version(TREE, "none"), None);
    }

    #[test]
    fn comments_and_blank_lines_are_no_code() {
        let count = |text, path: &str| lines_of_code(text, Path::new(path));
        assert_eq!(count("//! x\n\n#[a]\nfn f() {} // y\n", "a.rs"), 2);
        assert_eq!(count("# x\nf()\n", "a.py"), 1);
    }
}
