//! What is known of a service without running it: versions, sizes, counts.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// What is known of a service without running it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Metadata {
    pub name: String,
    pub framework: String,
    /// The framework's version; absent where there is no framework or no lock file that names it.
    pub version: Option<String>,
    pub language: String,
    /// Whether it is the limit of the machine, never ranked.
    pub floor: bool,
    /// Whether it is a second copy of the reference, which shows what this run resolves; never ranked.
    #[serde(default)]
    pub control: bool,
    /// Whether it answers the core of the contract alone: a service in another language.
    #[serde(default)]
    pub other_language: bool,
    /// Which build of its service it is; absent where there is one alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<Variant>,
    /// The service of the same app that is not tuned; absent for what is not tuned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuned_from: Option<String>,
    /// The image that it runs in; absent for what runs as a process of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// Where it runs; absent for what is started here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The size of the binary; absent for what is no single file.
    pub binary_bytes: Option<u64>,
    /// Lines with code, comments and blank lines left out; absent where the catalogue names no sources.
    pub lines_of_code: Option<u64>,
    /// Third-party packages that it is built from, those of dependencies included; absent where unknown.
    pub dependencies: Option<u64>,
    /// Seconds for a build from nothing, dependencies included; absent where it was not asked for.
    pub clean_build_s: Option<f64>,
    /// Instructions per request in user space; absent where they were not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<Counted>,
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
    /// The same apps under tuned servers.
    Tuned,
    /// Services in containers.
    Image,
    /// Services in other languages.
    OtherLanguage,
    /// The limit of the machine, which is not ranked.
    Floor,
    /// The second copy of the reference, which is not ranked.
    Control,
}

impl Group {
    /// Those with ranks, in the order of the tables.
    pub const RANKED: [Self; 4] = [Self::Service, Self::Tuned, Self::Image, Self::OtherLanguage];
}

/// One of several builds of a service.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Variant {
    /// The service, as the catalogue names it.
    pub service: String,
    /// What sets the build apart, as a phrase after the service's name: `with hyper 1.12.0`.
    pub phrase: String,
    /// The build that it is compared with: the first of its service, which may be itself.
    pub base: String,
}

/// What was counted several times, per request.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Counted {
    pub mean: f64,
    /// The smallest of them.
    pub least: f64,
    /// The largest of them.
    pub most: f64,
}

/// A container image.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Image {
    pub name: String,
    /// The service as a process of the machine, which its metrics are compared with.
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

impl Metadata {
    /// What to call it among services of its own group: the framework, where one alone uses it, or else its name.
    pub fn short_label(&self, services: &[Self]) -> String {
        let alike = |other: &&Self| other.framework == self.framework && other.group() == self.group();
        match self.group() {
            Group::Floor | Group::Control => self.name.clone(),
            _ if services.iter().filter(alike).count() == 1 => self.framework.clone(),
            _ => self.name.clone(),
        }
    }

    /// What to call it among all of these: as [`Metadata::short_label`], with what sets its group apart.
    pub fn label(&self, services: &[Self]) -> String {
        let label = self.short_label(services);
        match self.group() {
            Group::Image if label != self.name => format!("{label} image"),
            Group::Tuned if label != self.name => format!("{label} tuned"),
            _ => label,
        }
    }

    /// Those that it is ranked among.
    pub fn group(&self) -> Group {
        match (self.floor, &self.image, &self.tuned_from, self.other_language) {
            _ if self.control => Group::Control,
            (true, ..) => Group::Floor,
            (_, Some(_), ..) => Group::Image,
            (_, _, Some(_), _) => Group::Tuned,
            (.., true) => Group::OtherLanguage,
            _ => Group::Service,
        }
    }

    /// The service that its metrics are compared with, where that is not the reference: the first build of the same
    /// service, which for that one is itself; the same app outside of its container, or under its framework's own server.
    pub fn counterpart(&self) -> Option<&str> {
        if let Some(variant) = &self.variant {
            return Some(&variant.base);
        }
        self.image.as_ref().map(|image| image.native.as_str()).or(self.tuned_from.as_deref())
    }
}

/// Packages of a tree that are not members of this workspace, which cargo shows with their path.
pub(crate) fn third_party(tree: &str) -> u64 {
    let packages: BTreeSet<&str> = tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|line| !line.contains("(/"))
        .collect();
    packages.into_iter().filter(|line| !line.is_empty()).count() as u64
}

/// The version of a package of a tree; `None` where it is not in it.
pub(crate) fn version(tree: &str, package: &str) -> Option<String> {
    versions(tree, package).into_iter().next()
}

/// The versions of a package of a tree, from the top down.
pub(crate) fn versions(tree: &str, package: &str) -> Vec<String> {
    let packages = tree.lines().filter_map(|line| line.split_once(" v"));
    let own = packages.filter(|(name, _)| *name == package);
    let mut found: Vec<String> = Vec::new();
    for version in own.filter_map(|(_, rest)| rest.split(' ').next()) {
        if !found.iter().any(|other| other == version) {
            found.push(version.to_owned());
        }
    }
    found
}

/// Lines that are neither blank nor comment alone.
pub(crate) fn lines_of_code(text: &str, path: &Path) -> u64 {
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
    fn a_tree_names_version_and_third_parties() {
        assert_eq!(third_party(TREE), 3);
        assert_eq!(version(TREE, "axum").as_deref(), Some("0.8.9"));
        assert_eq!(version(TREE, "none"), None);
        assert_eq!(versions("a v2.0.0\nb v1.0.0\na v1.0.0\na v2.0.0 (*)\n", "a"), ["2.0.0", "1.0.0"]);
    }

    #[test]
    fn comments_and_blank_lines_are_no_code() {
        let count = |text, path: &str| lines_of_code(text, Path::new(path));
        assert_eq!(count("//! x\n\n#[a]\nfn f() {} // y\n", "a.rs"), 2);
        assert_eq!(count("# x\nf()\n", "a.py"), 1);
    }
}
