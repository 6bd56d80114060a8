//! Cargo in a copied workspace: one crate set to a version, and what cargo says when it cannot be, on one line.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::semver::Version;
use cargo_metadata::{Metadata, MetadataCommand};

use crate::command::{self, Ended};
use crate::interrupt::Interrupt;
use crate::variant::manifest;

/// What stands before the versions that there are.
const CANDIDATES: &str = "candidate versions found which didn't match: ";
/// The most letters of an error that is shown.
const MAX_ERROR_LETTERS: usize = 300;

/// Cargo in one workspace.
pub(super) struct Cargo<'a> {
    pub(super) root: &'a Path,
    pub(super) interrupt: &'a Interrupt,
}

impl Cargo<'_> {
    /// Sets a crate to this version: by the requirements of the workspace where it has one, or else by the lock file.
    ///
    /// # Errors
    /// When there is no such version, another crate does not allow it, or the user interrupts.
    pub(super) fn pin(&self, name: &str, version: &str) -> Result<()> {
        for path in self.manifests()? {
            manifest::require(&path, name, version)?;
        }
        let resolved = self.resolve().map_err(|ended| self.cannot_select(&ended, name, version))??;
        if let Some(locked) = to_replace(&resolved, name, version)? {
            let spec = format!("{name}@{locked}");
            let ended = self.run(&["update", "--package", &spec, "--precise", version])?;
            ensure!(ended.status.success(), self.cannot_select(&ended, name, version));
        }
        Ok(())
    }

    /// Puts the crate of a folder in the place of the registry's.
    ///
    /// # Errors
    /// When the workspace does not use the crate in this version.
    pub(super) fn patch(&self, name: &str, folder: &Path, version: &str) -> Result<()> {
        for path in self.manifests()? {
            manifest::require(&path, name, version)?;
        }
        manifest::patch(&self.root.join("Cargo.toml"), name, folder)?;
        let is_taken = |resolved: &Metadata| {
            let mut packages = resolved.packages.iter();
            packages.any(|package| *package.name == *name && package.source.is_none())
        };
        let resolved = self.resolve().map_err(|ended| self.cannot_select(&ended, name, version))??;
        if !is_taken(&resolved) {
            let locked = to_replace(&resolved, name, version)?.unwrap_or_else(|| version.to_owned());
            let spec = format!("{name}@{locked}");
            let ended = self.run(&["update", "--package", &spec, "--precise", version])?;
            ensure!(ended.status.success(), self.cannot_select(&ended, name, version));
            let resolved = self.resolve().map_err(|ended| self.cannot_select(&ended, name, version))??;
            ensure!(is_taken(&resolved), "{name} {version} is of no use here: another version is needed");
        }
        Ok(())
    }

    /// The packages that are no crates of a registry: members of the workspace, and patches.
    ///
    /// # Errors
    /// When cargo cannot resolve the workspace.
    pub(super) fn own_packages(&self) -> Result<Vec<String>> {
        let resolved = self.resolve().map_err(|ended| anyhow::anyhow!(first_error(&ended.stderr)))??;
        let own = resolved.packages.into_iter().filter(|package| package.source.is_none());
        Ok(own.map(|package| package.id.repr).collect())
    }

    /// The manifests of the workspace.
    fn manifests(&self) -> Result<Vec<std::path::PathBuf>> {
        let metadata = MetadataCommand::new().current_dir(self.root).no_deps().exec();
        let metadata = metadata.context("cannot list the packages of the workspace")?;
        let members =
            metadata.packages.iter().map(|package| package.manifest_path.clone().into_std_path_buf());
        let mut all: Vec<_> = members.chain([self.root.join("Cargo.toml")]).collect();
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// What the workspace is built from; how cargo ended where it cannot tell.
    fn resolve(&self) -> Result<Result<Metadata>, Ended> {
        match self.run(&["metadata", "--format-version", "1"]) {
            Ok(ended) if !ended.status.success() => Err(ended),
            Ok(ended) => Ok(MetadataCommand::parse(&ended.stdout).context("cargo metadata is not readable")),
            Err(cause) => Ok(Err(cause)),
        }
    }

    fn run(&self, words: &[&str]) -> Result<Ended> {
        let mut cargo = command();
        cargo.current_dir(self.root).args(words);
        command::watch(&mut cargo, &mut || !self.interrupt.is_set())
    }

    /// Why cargo does not take a version, on one line.
    fn cannot_select(&self, ended: &Ended, name: &str, version: &str) -> anyhow::Error {
        let text = &ended.stderr;
        let is_unknown = text.contains(&format!("no matching package named `{name}` found"))
            || text.contains(&format!("for the requirement `{name} = \"={version}\"`"));
        if is_unknown && let Some(newest) = self.newest(name, version) {
            return anyhow::anyhow!("{name} {version}: no such version; newest are {newest}");
        }
        let refusal = refusal(text).unwrap_or_else(|| first_error(text));
        anyhow::anyhow!("{name} {version} cannot be used: {refusal}")
    }

    /// The newest versions of a crate that lacks this one; `None` when it has it, or there is no such crate.
    fn newest(&self, name: &str, version: &str) -> Option<String> {
        let folder = tempfile::tempdir().ok()?;
        let text = format!(
            "[package]\nname = \"probe\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[lib]\npath = \"lib.rs\"\n\
             [dependencies]\n{name} = \"={version}\"\n[workspace]\n"
        );
        std::fs::write(folder.path().join("Cargo.toml"), text).ok()?;
        std::fs::write(folder.path().join("lib.rs"), "").ok()?;
        let probe = Cargo { root: folder.path(), interrupt: self.interrupt };
        let ended = probe.run(&["generate-lockfile"]).ok()?;
        let line = ended.stderr.lines().find_map(|line| line.strip_prefix(CANDIDATES))?;
        Some(line.trim_end_matches(", ...").to_owned())
    }
}

/// The cargo that runs this, or else that of the `PATH`.
pub(super) fn command() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The locked version that this one replaces; `None` where it is locked already.
fn to_replace(resolved: &Metadata, name: &str, version: &str) -> Result<Option<String>> {
    let locked: Vec<&Version> = resolved
        .packages
        .iter()
        .filter(|package| *package.name == *name)
        .map(|package| &package.version)
        .collect();
    if locked.iter().any(|locked| locked.to_string() == version) {
        return Ok(None);
    }
    let wanted = Version::parse(version)?;
    let series = |version: &Version| (version.major, if version.major == 0 { version.minor } else { 0 });
    let alike = locked.iter().find(|locked| series(locked) == series(&wanted));
    match alike.or(locked.iter().max()) {
        Some(locked) => Ok(Some(locked.to_string())),
        None => bail!("nothing here depends on {name}"),
    }
}

/// Which crate requires what else, where cargo names both.
fn refusal(stderr: &str) -> Option<String> {
    let quoted = |before: &str| {
        let line = stderr.lines().find_map(|line| line.split_once(before))?.1;
        line.split('`').next().map(|text| text.split(" (").next().unwrap_or(text).to_owned())
    };
    let requirement = quoted("failed to select a version for the requirement `")?;
    let by = quoted("required by package `")?;
    Some(format!("{by} requires {}", requirement.replace('"', "")))
}

/// The first error of cargo or the compiler, on one line.
pub(super) fn first_error(stderr: &str) -> String {
    let mut lines = stderr.lines().skip_while(|line| !line.contains("error"));
    let first = lines.next().unwrap_or(stderr).trim();
    // Those of the compiler, in its short form, stand on one line; those of cargo go on.
    let goes_on = first.starts_with("error: ");
    let more = lines.take_while(|line| !line.trim().is_empty() && !line.starts_with("error")).take(3);
    let more: Vec<&str> = more.filter(|_| goes_on).map(str::trim).collect();
    let whole = std::iter::once(first).chain(more).collect::<Vec<_>>().join("; ");
    let shown: String = whole.chars().take(MAX_ERROR_LETTERS).collect();
    match shown.split_once(": error") {
        Some((place, error)) => format!("error{error} ({})", place.trim()),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_cargo_and_the_compiler_become_one_line() {
        let compiler = "warning: x\nsvc-a/src/app.rs:1:20: error[E0432]: unresolved import `a::B`\nerror: could not compile";
        assert_eq!(first_error(compiler), "error[E0432]: unresolved import `a::B` (svc-a/src/app.rs:1:20)");
        let cargo = "error: failed to select a version for `a`.\n    ... required by package `b`\nversions: 1\n\nmore";
        assert_eq!(
            first_error(cargo),
            "error: failed to select a version for `a`.; ... required by package `b`; versions: 1"
        );
        let refused = "error: failed to select a version for the requirement `hyper = \"^1.9.0\"`\n\
            candidate versions found which didn't match: 1.0.0\nrequired by package `hyper-util v0.1.21`\n";
        assert_eq!(refusal(refused).as_deref(), Some("hyper-util v0.1.21 requires hyper = ^1.9.0"));
        assert_eq!(refusal("error: none"), None);
    }
}
