//! A crate in a folder: the user's own, or a clone of a repository.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, ensure};
use cargo_metadata::MetadataCommand;

use crate::command;
use crate::interrupt::Interrupt;
use crate::variant::cargo::first_error;
use crate::variant::request::Patch;
use crate::variant::source;

/// A crate in a folder.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkout {
    /// What the user calls it.
    pub shown: String,
    /// The folder of its manifest.
    pub folder: PathBuf,
    /// As its manifest says, which need not be a release.
    pub version: String,
    /// Stands for what its workspace holds.
    pub digest: u64,
}

impl Checkout {
    /// The crate that a patch names. A repository is cloned below `clones`.
    ///
    /// # Errors
    /// When the folder or the repository has no such crate, or the user interrupts.
    pub fn find(patch: &Patch, clones: &Path, interrupt: &Interrupt) -> Result<Self> {
        let root = match patch.source.strip_prefix("git:") {
            Some(address) => clone(address, clones, interrupt)?,
            None => fs::canonicalize(&patch.source)
                .with_context(|| format!("--patch {}: there is no folder {}", patch.name, patch.source))?,
        };
        let metadata = MetadataCommand::new().current_dir(&root).no_deps().exec();
        let metadata = metadata.map_err(|cause| {
            let cause = first_error(&cause.to_string());
            anyhow!("--patch {}: there is no crate in {}: {cause}", patch.name, patch.source)
        })?;
        let package = metadata.packages.iter().find(|package| *package.name == patch.name);
        let package =
            package.with_context(|| format!("there is no crate {} in {}", patch.name, patch.source))?;
        let folder = package.manifest_path.parent().context("a manifest has no folder")?;
        let workspace = metadata.workspace_root.as_std_path();
        let mut state = DefaultHasher::new();
        source::digest(workspace, &source::files(workspace, interrupt)?, &mut state)?;
        Ok(Self {
            shown: patch.source.clone(),
            folder: folder.as_std_path().to_owned(),
            version: package.version.to_string(),
            digest: state.finish(),
        })
    }
}

/// A clone of `URL#REV`, made once for each commit.
fn clone(address: &str, clones: &Path, interrupt: &Interrupt) -> Result<PathBuf> {
    let (url, revision) = address.rsplit_once('#').context("not of the form git:URL#REV")?;
    fs::create_dir_all(clones).with_context(|| format!("cannot write to {}", clones.display()))?;
    let fresh = tempfile::Builder::new().prefix("unfinished-").tempdir_in(clones)?;
    let mut cloned = Command::new("git");
    cloned
        .args(["clone", "--quiet", "--no-checkout", "--end-of-options", url])
        .arg(fresh.path());
    cloned.env("GIT_TERMINAL_PROMPT", "0");
    command::run(&mut cloned, interrupt).with_context(|| format!("cannot clone {url}"))?;
    let remote = source::commit(fresh.path(), &format!("origin/{revision}"), interrupt);
    let hash = remote.or_else(|_| source::commit(fresh.path(), revision, interrupt));
    let hash = hash.with_context(|| format!("{url} has no {revision:?}"))?;
    let mut state = DefaultHasher::new();
    url.hash(&mut state);
    let folder = clones.join(format!("{:016x}-{}", state.finish(), &hash[..12]));
    if !folder.is_dir() {
        let mut checked_out = source::git(fresh.path());
        checked_out.args(["checkout", "--quiet", "--detach", &hash]);
        command::run(&mut checked_out, interrupt)?;
        fs::rename(fresh.path(), &folder)?;
    }
    ensure!(folder.is_dir(), "cannot clone {url}");
    Ok(folder)
}
