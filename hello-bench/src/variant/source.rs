//! The files that a build is made from: copied, and told apart by what they hold.

use std::fs;
use std::hash::{DefaultHasher, Hash};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, Package};
use ignore::{DirEntry, WalkBuilder};

use crate::command;
use crate::interrupt::Interrupt;

/// Folders that are no sources, where git does not say what is.
const NO_SOURCES: [&str; 4] = ["target", ".git", "node_modules", "results"];

/// The files below a folder that git tracks or would track; where git does not know the folder, all but what is built
/// or what a `.gitignore` leaves out.
///
/// # Errors
/// When the folder cannot be read, or the user interrupts.
pub(super) fn files(root: &Path, interrupt: &Interrupt) -> Result<Vec<PathBuf>> {
    let listed = git(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).output();
    interrupt.check()?;
    let known = listed.ok().filter(|listed| listed.status.success()).map(|listed| listed.stdout);
    let known = known.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let mut found: Vec<PathBuf> =
        known.split('\0').filter(|path| !path.is_empty()).map(PathBuf::from).collect();
    // A folder that git ignores has a manifest all the same.
    if !found.iter().any(|path| path == Path::new("Cargo.toml")) {
        found = walk(root)?;
    }
    // Versions are those of the build beside this one, even if git leaves the lockfile out.
    found.push(PathBuf::from("Cargo.lock"));
    found.retain(|path| root.join(path).symlink_metadata().is_ok_and(|kind| !kind.is_dir()));
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn walk(root: &Path) -> Result<Vec<PathBuf>> {
    let is_source = |entry: &DirEntry| !NO_SOURCES.iter().any(|name| entry.file_name() == *name);
    let mut walk = WalkBuilder::new(root);
    walk.hidden(false).parents(false).require_git(false).filter_entry(is_source);
    let mut found = Vec::new();
    for entry in walk.build().skip(1) {
        let path = entry.with_context(|| format!("cannot read {}", root.display()))?.into_path();
        found.push(path.strip_prefix(root)?.to_owned());
    }
    Ok(found)
}

/// The folders of the members that none of these packages is built from, relative to the root of the workspace.
pub(super) fn unused(workspace: &Metadata, packages: &[&str]) -> Vec<PathBuf> {
    let member = |name: &str| workspace.packages.iter().find(|package| *package.name == *name);
    let mut used: Vec<&Package> = packages.iter().filter_map(|name| member(name)).collect();
    let mut next = 0;
    while let Some(package) = used.get(next).copied() {
        let local = package.dependencies.iter().filter(|dependency| dependency.path.is_some());
        for found in local.filter_map(|dependency| member(&dependency.name)) {
            if !used.iter().any(|other| other.id == found.id) {
                used.push(found);
            }
        }
        next += 1;
    }
    let root = workspace.workspace_root.as_std_path();
    let is_unused = |package: &&Package| !used.iter().any(|other| other.id == package.id);
    let folder = |package: &Package| {
        let folder = package.manifest_path.as_std_path().parent()?.strip_prefix(root).ok()?;
        (!folder.as_os_str().is_empty()).then(|| folder.to_owned())
    };
    workspace.packages.iter().filter(is_unused).filter_map(folder).collect()
}

/// Adds the names of files and what they hold. Prose and pictures are left out, unless they lie beside sources, which may
/// include them.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn digest(root: &Path, files: &[PathBuf], state: &mut DefaultHasher) -> Result<()> {
    let is_prose = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        let is_source = path.iter().any(|folder| folder == "src");
        !is_source && matches!(ending, Some("md" | "png" | "svg"))
    };
    for path in files.iter().filter(|path| !is_prose(path)) {
        let whole = root.join(path);
        path.hash(state);
        let bytes = if whole.is_symlink() {
            fs::read_link(&whole).map(|target| target.into_os_string().into_encoded_bytes())
        } else {
            fs::read(&whole)
        };
        bytes.with_context(|| format!("cannot read {}", whole.display()))?.hash(state);
    }
    Ok(())
}

/// Copies files. Their times are those of the copy, so that cargo sees that they are new.
///
/// # Errors
/// When a file cannot be copied, or the user interrupts.
pub(super) fn copy(root: &Path, files: &[PathBuf], to: &Path, interrupt: &Interrupt) -> Result<()> {
    for path in files {
        interrupt.check()?;
        let (from, to) = (root.join(path), to.join(path));
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        let copied = if from.is_symlink() {
            fs::read_link(&from).and_then(|target| std::os::unix::fs::symlink(target, &to))
        } else {
            fs::copy(&from, &to).map(drop)
        };
        copied.with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(())
}

/// The hash of a commit.
///
/// # Errors
/// When there is no repository here, or no such commit in it.
pub(super) fn commit(root: &Path, name: &str, interrupt: &Interrupt) -> Result<String> {
    let wanted = format!("{name}^{{commit}}");
    let mut asked = git(root);
    asked.args(["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted]);
    let ended = command::watch(&mut asked, &mut || !interrupt.is_set()).context("git is needed for this")?;
    let hash = ended.stdout.trim().to_owned();
    anyhow::ensure!(
        ended.status.success() && !hash.is_empty(),
        "there is no commit {name:?} in {}",
        root.display()
    );
    Ok(hash)
}

/// Takes the files of a commit out of the repository, below the folder that `root` is in it.
///
/// # Errors
/// When git or tar fails, or the user interrupts.
pub(super) fn extract(root: &Path, hash: &str, to: &Path, interrupt: &Interrupt) -> Result<()> {
    fs::create_dir_all(to)?;
    let archive = to.with_extension("tar");
    let mut pack = git(root);
    pack.args(["archive", "--format=tar", "--output"]).arg(&archive).arg(hash);
    command::run(&mut pack, interrupt)?;
    let mut unpack = Command::new("tar");
    unpack.arg("-xmf").arg(&archive).arg("-C").arg(to);
    command::run(&mut unpack, interrupt)?;
    fs::remove_file(&archive).with_context(|| format!("cannot remove {}", archive.display()))
}

/// git in this folder.
pub(super) fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder);
    git
}

#[cfg(test)]
mod tests {
    use std::hash::Hasher;

    use super::*;

    fn digest_of(root: &Path) -> u64 {
        let mut state = DefaultHasher::new();
        digest(root, &files(root, &Interrupt::default()).unwrap(), &mut state).unwrap();
        state.finish()
    }

    #[test]
    fn what_is_built_is_no_source_and_what_files_hold_tells_them_apart() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("target")).unwrap();
        fs::create_dir_all(root.join("src")).unwrap();
        fs::create_dir_all(root.join("out1")).unwrap();
        for path in ["Cargo.toml", "src/main.rs", "README.md", "target/x", "out1/run.json"] {
            fs::write(root.join(path), path).unwrap();
        }
        fs::write(root.join(".gitignore"), "/out*\n").unwrap();
        let interrupt = Interrupt::default();
        let found = files(root, &interrupt).unwrap();
        assert_eq!(found, [".gitignore", "Cargo.toml", "README.md", "src/main.rs"].map(PathBuf::from));
        let before = digest_of(root);
        fs::write(root.join("README.md"), "other").unwrap();
        assert_eq!(digest_of(root), before);
        fs::write(root.join("src/main.rs"), "other").unwrap();
        assert_ne!(digest_of(root), before);
        let to = root.join("target/copy");
        copy(root, &found, &to, &interrupt).unwrap();
        assert_eq!(fs::read_to_string(to.join("src/main.rs")).unwrap(), "other");
    }
}
