//! Other builds as the command line asks for them.

use std::str::FromStr;

use anyhow::{Context, Error, Result, ensure};
use cargo_metadata::semver::Version;

/// Versions of a crate, as in `axum@0.8.6,0.8.9`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Versions {
    /// The crate, as its package is named.
    pub name: String,
    /// The versions, in the order given.
    pub versions: Vec<Version>,
}

impl FromStr for Versions {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, versions) = text.split_once('@').context("not of the form CRATE@VERSION")?;
        ensure!(is_crate(name), "{name:?} is not the name of a crate");
        let parse = |version: &str| {
            let parsed = Version::parse(version);
            parsed.with_context(|| format!("{version:?} is not a whole version such as 1.2.3"))
        };
        let versions = versions.split(',').map(parse).collect::<Result<_>>()?;
        Ok(Self { name: name.to_owned(), versions })
    }
}

/// A crate to replace, as in `hyper=../hyper` and `hyper=git:URL#REV`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Patch {
    /// The crate, as its package is named.
    pub name: String,
    /// A folder, or `git:` with an address and a revision.
    pub source: String,
}

impl FromStr for Patch {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, source) =
            text.split_once('=').context("not of the form CRATE=FOLDER or CRATE=git:URL#REV")?;
        ensure!(is_crate(name), "{name:?} is not the name of a crate");
        let of_git = source.strip_prefix("git:");
        ensure!(
            !source.is_empty() && of_git.is_none_or(|url| url.contains('#')),
            "{source:?} is neither a folder nor of the form git:URL#REV"
        );
        Ok(Self { name: name.to_owned(), source: source.to_owned() })
    }
}

fn is_crate(name: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    !name.is_empty() && name.chars().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_patches_are_read_and_others_refused() {
        let versions: Versions = "axum@0.8.6,0.9.0-rc.1".parse().unwrap();
        assert_eq!((versions.name.as_str(), versions.versions.len()), ("axum", 2));
        for text in ["axum", "axum@", "axum@0.8", "@1.2.3", "a b@1.2.3", "axum@1.2.3,"] {
            assert!(text.parse::<Versions>().is_err(), "{text}");
        }
        let patch: Patch = "hyper=../hyper".parse().unwrap();
        assert_eq!((patch.name.as_str(), patch.source.as_str()), ("hyper", "../hyper"));
        assert!("hyper=git:file:///r#main".parse::<Patch>().is_ok());
        for text in ["hyper", "hyper=", "=x", "hyper=git:file:///r", "a b=x"] {
            assert!(text.parse::<Patch>().is_err(), "{text}");
        }
    }
}
