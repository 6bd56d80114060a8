//! Where changed builds are made: a copy of the workspace for each change, compiled in folders that all share, and the
//! binaries kept apart, so that a second run finds them again.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::command;
use crate::interrupt::Interrupt;
use crate::metadata::versions;
use crate::program::{Builder, Program};
use crate::service::{Catalogue, Service};
use crate::variant::cargo::{self, Cargo, first_error};
use crate::variant::change::Change;
use crate::variant::checkout::Checkout;
use crate::variant::request::Patch;
use crate::variant::source;

/// How often a lock that another process holds is tried.
const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(100);
/// How variables begin that change what cargo makes.
const VARIABLES: [&str; 11] = [
    "RUSTFLAGS",
    "RUSTC",
    "CARGO_BUILD_",
    "CARGO_ENCODED_",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
    "CC",
    "CFLAGS",
    "AR",
    "TARGET_C",
    "HOST_C",
];

/// Makes changed builds of the services of one catalogue.
#[derive(Debug)]
pub struct Workshop<'a> {
    catalogue: &'a Catalogue,
    profile: &'a str,
    interrupt: &'a Interrupt,
    folder: PathBuf,
    /// The folders of members that no service is built from, relative to the root.
    unused: Vec<PathBuf>,
    /// Stands for the compiler and its settings.
    compiler: u64,
}

impl<'a> Workshop<'a> {
    /// The workshop of a workspace, in its target folder.
    ///
    /// # Errors
    /// When the root of the catalogue is no workspace, or the user interrupts.
    pub fn open(catalogue: &'a Catalogue, profile: &'a str, interrupt: &'a Interrupt) -> Result<Self> {
        let root = &catalogue.root;
        let metadata = cargo_metadata::MetadataCommand::new().current_dir(root).no_deps().exec();
        let metadata = metadata.with_context(|| format!("{} is no workspace of cargo", root.display()))?;
        ensure!(
            metadata.workspace_root.as_std_path() == root,
            "services.toml is not at the root of its workspace"
        );
        let folder = metadata.target_directory.as_std_path().join("variants");
        fs::create_dir_all(&folder).with_context(|| format!("cannot write to {}", folder.display()))?;
        let mut state = DefaultHasher::new();
        compiler(root, interrupt)?.hash(&mut state);
        settings(root).hash(&mut state);
        let unused = source::unused(&metadata, &catalogue.packages());
        Ok(Self { catalogue, profile, interrupt, folder, unused, compiler: state.finish() })
    }

    /// The crate that a patch names.
    ///
    /// # Errors
    /// As [`Checkout::find`].
    pub fn checkout(&self, patch: &Patch) -> Result<Checkout> {
        Checkout::find(patch, &self.folder.join("git"), self.interrupt)
    }

    /// The commit of this name.
    ///
    /// # Errors
    /// When there is no repository, or no such commit.
    pub fn commit(&self, name: &str) -> Result<Change> {
        let hash = source::commit(&self.catalogue.root, name, self.interrupt)?;
        Ok(Change::Commit { hash, name: name.to_owned() })
    }

    /// Copies the workspace and makes the change in it, unless that was done before. A copy has its name only once it
    /// is whole.
    ///
    /// # Errors
    /// When the change cannot be made: with the cause in one line.
    pub fn prepare(&self, change: &Change) -> Result<PathBuf> {
        let root = &self.catalogue.root;
        let files = match change {
            Change::Commit { .. } => Vec::new(),
            _ => source::files(root, self.interrupt)?,
        };
        let folder = self.folder.join(self.key(change, &files)?);
        if folder.is_dir() {
            return Ok(folder);
        }
        let fresh = tempfile::Builder::new().prefix("unfinished-").tempdir_in(&self.folder)?;
        let tree = fresh.path().join("tree");
        match change {
            Change::Commit { hash, .. } => source::extract(root, hash, &tree, self.interrupt)?,
            _ => source::copy(root, &files, &tree, self.interrupt)?,
        }
        let cargo = Cargo { root: &tree, interrupt: self.interrupt };
        match change {
            Change::Version { name, version } => cargo.pin(name, &version.to_string())?,
            Change::Patch { name, checkout } => cargo.patch(name, &checkout.folder, &checkout.version)?,
            Change::Commit { .. } => {}
        }
        fs::rename(fresh.path(), &folder).with_context(|| format!("cannot write {}", folder.display()))?;
        Ok(folder)
    }

    /// Builds a service in a folder that [`Workshop::prepare`] made, unless that was done before.
    ///
    /// # Errors
    /// When the service does not compile: with the first error in one line.
    pub fn build(&self, service: &Service, change: &Change, folder: &Path) -> Result<Program> {
        let tree = folder.join("tree");
        let mut own = service.clone();
        own.sources.retain(|path| tree.join(path).is_file());
        let catalogue = self.catalogue.at(&tree);
        let builder = Builder::new(&catalogue, self.profile, self.interrupt);
        ensure_used(&own, change, &builder)?;
        let kept = folder.join("bin").join(self.profile).join(&own.name);
        if !kept.is_file() {
            self.compile(&own, change, &builder, &kept)?;
        }
        builder.program(&own, kept, Vec::new())
    }

    fn compile(&self, service: &Service, change: &Change, builder: &Builder, kept: &Path) -> Result<()> {
        let lane = builder.lane(service);
        let target = self.folder.join(format!("lane-{lane}"));
        fs::create_dir_all(&target)?;
        let _lock = self.lock(&target)?;
        self.clean(builder.root(), &target)?;
        let package = service.package.as_deref().context("only a package can be changed")?;
        let mut command = builder.compile(service, package, &target);
        command.args(["--message-format", "short"]);
        let ended = command::watch(&mut command, &mut || !self.interrupt.is_set())?;
        if !ended.status.success() {
            let (verb, error) = (does_not_compile(change), first_error(&ended.stderr));
            bail!("{} {verb}: {error}", service.name);
        }
        let made = builder.binary(service, package, &target);
        let folder = kept.parent().context("a binary has no folder")?;
        fs::create_dir_all(folder)?;
        let fresh = kept.with_extension("unfinished");
        fs::copy(&made, &fresh).with_context(|| format!("cannot copy {}", made.display()))?;
        fs::rename(&fresh, kept).with_context(|| format!("cannot write {}", kept.display()))
    }

    /// Forgets what was compiled of the workspace's own packages: those of two copies have the same names in the shared
    /// folder, and cargo takes the newer files for the ones that it compiled.
    fn clean(&self, tree: &Path, target: &Path) -> Result<()> {
        let own = Cargo { root: tree, interrupt: self.interrupt }.own_packages()?;
        let mut command = cargo::command();
        command.current_dir(tree).env("CARGO_TARGET_DIR", target);
        command.args(["clean", "--quiet", "--profile", self.profile]);
        command.args(own.iter().flat_map(|package| ["--package", package.as_str()]));
        command::run(&mut command, self.interrupt).map(drop)
    }

    /// The folder of a lane, for this process alone.
    fn lock(&self, target: &Path) -> Result<File> {
        let path = target.join("lock");
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(fs::TryLockError::WouldBlock) => {
                    self.interrupt.check()?;
                    thread::sleep(LOCK_POLL_INTERVAL);
                }
                Err(fs::TryLockError::Error(cause)) => return Err(anyhow!(cause)),
            }
        }
    }

    /// Stands for all that a change's copy is made from.
    fn key(&self, change: &Change, files: &[PathBuf]) -> Result<String> {
        let mut state = DefaultHasher::new();
        self.compiler.hash(&mut state);
        let is_used = |path: &&PathBuf| !self.unused.iter().any(|folder| path.starts_with(folder));
        let used: Vec<PathBuf> = files.iter().filter(is_used).cloned().collect();
        source::digest(&self.catalogue.root, &used, &mut state)?;
        match change {
            Change::Version { name, version } => (name, version.to_string()).hash(&mut state),
            Change::Patch { name, checkout } => {
                (name, &checkout.folder, &checkout.version, checkout.digest).hash(&mut state);
            }
            Change::Commit { hash, .. } => hash.hash(&mut state),
        }
        Ok(format!("{:016x}", state.finish()))
    }
}

/// That a build has what it is named by: a workspace may lock several versions of a crate, each for other services.
fn ensure_used(service: &Service, change: &Change, builder: &Builder) -> Result<()> {
    let (name, version) = match change {
        Change::Version { name, version } => (name, version.to_string()),
        Change::Patch { name, checkout } => (name, checkout.version.clone()),
        Change::Commit { .. } => return Ok(()),
    };
    let package = service.package.as_deref().context("only a package can be changed")?;
    let used = versions(&builder.dependency_tree(service, package)?, name);
    ensure!(
        used.contains(&version),
        "{} cannot be built with {change}: it depends on {name} {}",
        service.name,
        used.join(" and ")
    );
    Ok(())
}

fn does_not_compile(change: &Change) -> String {
    match change {
        Change::Commit { .. } => format!("does not compile at {change}"),
        _ => format!("does not compile with {change}"),
    }
}

/// What users set for cargo outside of this folder: variables, and the files that cargo reads beside those of the sources.
fn settings(root: &Path) -> (Vec<(String, String)>, Vec<Vec<u8>>) {
    let is_one =
        |name: &str| VARIABLES.iter().any(|start| name.starts_with(start)) && name != "CARGO_TARGET_DIR";
    let mut variables: Vec<(String, String)> = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .filter(|(name, _)| is_one(name))
        .collect();
    variables.sort_unstable();
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let folders = root.ancestors().map(|folder| folder.join(".cargo")).chain(home);
    let files = folders.flat_map(|folder| ["config.toml", "config"].map(|name| folder.join(name)));
    (variables, files.filter_map(|file| fs::read(file).ok()).collect())
}

/// The compiler that builds in this folder.
fn compiler(root: &Path, interrupt: &Interrupt) -> Result<String> {
    let mut asked = cargo::command();
    asked.current_dir(root).args(["--version", "--verbose"]);
    command::run(&mut asked, interrupt)
}
