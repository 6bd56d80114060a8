//! A service made ready to run: built, with the metadata that need no load.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;
use hello_load::{Load, Scenario, Target};
use which::which;

use crate::command;
use crate::interrupt::Interrupt;
use crate::metadata::{Metadata, Source, lines_of_code, third_party, version};
use crate::service::{Catalogue, Service};
use crate::system::cores::Cores;

/// A service with the command that starts it.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its entry in the catalogue.
    pub service: Service,
    /// The executable, or the program that runs it.
    pub path: PathBuf,
    /// Without the executable.
    pub arguments: Vec<String>,
    /// The folder to start it in.
    pub folder: PathBuf,
    /// The root of the workspace that it was built in.
    pub root: PathBuf,
    /// The most files that it may have open; absent for as many as the system allows.
    pub max_files: Option<u32>,
    /// What is known of it.
    pub metadata: Metadata,
}

impl Program {
    /// The same program under another name. A binary that cargo built is copied beside itself, so that the two have no
    /// page in common: what runs after its own copy would find its code in the processor's caches.
    ///
    /// # Errors
    /// When the binary cannot be copied.
    pub fn copy(&self, name: &str) -> Result<Self> {
        let mut copy = self.clone();
        name.clone_into(&mut copy.service.name);
        name.clone_into(&mut copy.metadata.name);
        if self.service.package.is_some() {
            let file: String =
                name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '-' }).collect();
            copy.path = self.path.with_file_name(file.trim_matches('-'));
            fs::copy(&self.path, &copy.path)
                .with_context(|| format!("cannot copy {}", self.path.display()))?;
        }
        Ok(copy)
    }

    /// A load for this program at `target`, from the generator's cores.
    pub fn load<'a>(&self, target: &'a Target, scenario: &'a Scenario, cores: &Cores, seed: u64) -> Load<'a> {
        let (strictness, threads) = (self.service.strictness(), cores.generator.len());
        Load { target, scenario, strictness, threads, seed }
    }
}

/// How many services are built side by side.
pub const LANES: usize = 2;

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
        let (path, arguments) = match (&service.package, &service.run) {
            (Some(package), _) => (self.cargo_build(service, package)?, Vec::new()),
            (None, Some(run)) => (self.run_build(service, run)?, run[1..].to_vec()),
            (None, None) => (PathBuf::new(), Vec::new()),
        };
        self.program(service, path, arguments)
    }

    /// The program that this executable is.
    ///
    /// # Errors
    /// When it is not there, or what is known of it cannot be found out.
    pub fn program(&self, service: &Service, path: PathBuf, arguments: Vec<String>) -> Result<Program> {
        let is_there = service.url.is_some() || path.is_file();
        ensure!(is_there, "service {}: there is no {}", service.name, path.display());
        let metadata = self.metadata(service, &path)?;
        let folder = self.root().join(&service.folder);
        let root = self.root().to_owned();
        Ok(Program { service: service.clone(), path, arguments, folder, root, max_files: None, metadata })
    }

    /// An error once the user wants to stop.
    ///
    /// # Errors
    /// When the user interrupts.
    pub fn check_interrupt(&self) -> Result<()> {
        self.interrupt.check()
    }

    /// The folder that services are built in.
    pub fn root(&self) -> &Path {
        &self.catalogue.root
    }

    /// The lane that a service is always built in: every other package in the second one, so that what is built is found
    /// again. Without optimization there is one lane, whose folder is that of every other build of the workspace.
    pub fn lane(&self, service: &Service) -> usize {
        let is_optimized = !matches!(self.profile.as_str(), "dev" | "test");
        let packages = self.catalogue.packages();
        let index = packages.iter().position(|package| Some(*package) == service.package.as_deref());
        index.filter(|_| is_optimized).unwrap_or_default() % LANES
    }

    /// Where cargo puts what it makes for this service.
    fn target(&self, service: &Service) -> Result<PathBuf> {
        let metadata = MetadataCommand::new().current_dir(&self.catalogue.root).no_deps().exec();
        let target =
            metadata.context("cannot ask cargo where it builds")?.target_directory.into_std_path_buf();
        Ok(match self.lane(service) {
            0 => target,
            lane => target.join(format!("lane-{lane}")),
        })
    }

    /// The first of the programs that a service needs and this machine lacks, with how to get it.
    pub fn missing(service: &Service) -> Option<String> {
        let missing = service.needs.iter().find(|need| which(&need.program).is_err())?;
        Some(format!("{} needs {}: {}", service.name, missing.program, missing.get))
    }

    /// Builds by the commands of the catalogue, and returns the program that is then run.
    fn run_build(&self, service: &Service, run: &[String]) -> Result<PathBuf> {
        let folder = self.catalogue.root.join(&service.folder);
        for words in &service.build {
            self.ask(&folder, words).with_context(|| format!("cannot build {}", service.name))?;
        }
        Ok(located(&folder, &run[0]))
    }

    /// What a command of the catalogue prints.
    fn ask(&self, folder: &Path, words: &[String]) -> Result<String> {
        let mut asked = Command::new(located(folder, &words[0]));
        let printed = command::run(asked.args(&words[1..]).current_dir(folder), self.interrupt)?;
        Ok(printed.trim().to_owned())
    }

    fn cargo_build(&self, service: &Service, package: &str) -> Result<PathBuf> {
        let target = self.target(service)?;
        let mut cargo = self.compile(service, package, &target);
        command::run(&mut cargo, self.interrupt).with_context(|| format!("cannot build {}", service.name))?;
        Ok(self.binary(service, package, &target))
    }

    /// The command that compiles a service's package into this folder.
    pub fn compile(&self, service: &Service, package: &str, target: &Path) -> Command {
        let mut cargo = self.cargo();
        cargo.env("CARGO_TARGET_DIR", target);
        cargo.args(["build", "--quiet", "--profile", &self.profile, "--package", package]);
        cargo.args(features(service));
        if service.tuned {
            cargo.args(["--bin", &service.name]);
        }
        cargo
    }

    /// The executable that the command compiles.
    pub fn binary(&self, service: &Service, package: &str, target: &Path) -> PathBuf {
        let folder = match self.profile.as_str() {
            "dev" | "test" => "debug",
            "bench" => "release",
            other => other,
        };
        target.join(folder).join(if service.tuned { service.name.as_str() } else { package })
    }

    fn cargo(&self) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.catalogue.root);
        cargo
    }

    fn metadata(&self, service: &Service, binary: &Path) -> Result<Metadata> {
        let tree = match &service.package {
            Some(package) => Some(self.dependency_tree(service, package)?),
            None => None,
        };
        let sources =
            service.sources.iter().map(|path| self.source(path)).collect::<Result<Vec<Source>>>()?;
        let folder = self.catalogue.root.join(&service.folder);
        let printed =
            |words: &Option<Vec<String>>| words.as_ref().map(|words| self.ask(&folder, words)).transpose();
        let (printed_version, printed_count) = (printed(&service.version)?, printed(&service.dependencies)?);
        let built = match (&service.package, &service.binary) {
            (Some(_), _) => Some(binary.to_owned()),
            (None, built) => built.as_ref().map(|built| folder.join(built)),
        };
        let lines = sources.iter().map(|source| lines_of_code(&source.text, Path::new(&source.path))).sum();
        Ok(Metadata {
            name: service.name.clone(),
            framework: service.framework.clone(),
            version: printed_version.or_else(|| version(tree.as_deref()?, &service.framework)),
            language: service.language.clone(),
            floor: service.floor,
            control: false,
            variant: None,
            other_language: service.core_contract,
            tuned_from: service.package.clone().filter(|_| service.tuned),
            image: None,
            url: service.url.clone(),
            binary_bytes: built.and_then(|path| fs::metadata(path).ok()).map(|file| file.len()),
            lines_of_code: (!sources.is_empty()).then_some(lines),
            dependencies: printed_count
                .and_then(|count| count.parse().ok())
                .or_else(|| tree.as_deref().map(third_party)),
            clean_build_s: None,
            instructions: None,
            source: sources.into_iter().next().filter(|_| !service.floor),
        })
    }

    fn source(&self, path: &Path) -> Result<Source> {
        let whole = self.catalogue.root.join(path);
        let text = fs::read_to_string(&whole).with_context(|| format!("cannot read {}", whole.display()))?;
        Ok(Source { path: path.display().to_string(), text })
    }

    /// The time of a build from nothing of what a program was built from, in a folder of its own; `None` for what is no
    /// package.
    ///
    /// # Errors
    /// When the build fails.
    pub fn clean_build(&self, program: &Program) -> Result<Option<Duration>> {
        let service = &program.service;
        let Some(package) = &service.package else { return Ok(None) };
        let folder = self.target(service)?.join("clean-build");
        let _ = fs::remove_dir_all(&folder);
        let mut cargo = self.compile(service, package, &folder);
        cargo.current_dir(&program.root);
        let started = Instant::now();
        let built = command::run(&mut cargo, self.interrupt)
            .with_context(|| format!("cannot build {}", service.name));
        let took = started.elapsed();
        let _ = fs::remove_dir_all(&folder);
        built.map(|_| Some(took))
    }

    /// The packages that a package links, a line each: with the features that it alone switches on.
    ///
    /// # Errors
    /// When cargo cannot list them.
    pub fn dependency_tree(&self, service: &Service, package: &str) -> Result<String> {
        let mut cargo = self.cargo();
        cargo.args(["tree", "--edges", "normal", "--prefix", "none", "--package", package]);
        cargo.args(features(service));
        command::run(&mut cargo, self.interrupt)
            .with_context(|| format!("cannot list the dependencies of {package}"))
    }
}

/// The features to build a package with.
fn features(service: &Service) -> &'static [&'static str] {
    if service.tuned { &["--no-default-features", "--features", "tuned"] } else { &[] }
}

/// A command of the catalogue: a path in the repository, or a program of the system.
fn located(root: &Path, program: &str) -> PathBuf {
    let inside = root.join(program);
    if inside.is_file() || program.contains('/') {
        return inside;
    }
    which(program).unwrap_or(inside)
}

/// The program that this variable names, or else the first of this name on the `PATH`.
pub fn named_by(variable: &str, program: &str) -> Option<PathBuf> {
    which(std::env::var_os(variable).unwrap_or_else(|| program.into())).ok()
}
