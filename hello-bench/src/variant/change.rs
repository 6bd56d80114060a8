//! What sets a build apart, and what that is called.

use std::fmt;

use cargo_metadata::semver::Version;

use crate::variant::checkout::Checkout;

/// What sets a build apart from one of the files as they are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// Another version of a crate.
    Version {
        /// The crate, as its package is named.
        name: String,
        /// Exact, as in a lockfile.
        version: Version,
    },
    /// A crate of a folder instead of that of the registry.
    Patch {
        /// The crate, as its package is named.
        name: String,
        /// Where it is.
        checkout: Checkout,
    },
    /// The files of a commit.
    Commit {
        /// In full, as 40 hexadecimal digits.
        hash: String,
        /// What the user calls it.
        name: String,
    },
}

impl Change {
    /// How it is said after the service.
    pub fn phrase(&self) -> String {
        match self {
            Self::Version { .. } | Self::Patch { .. } => format!("with {self}"),
            Self::Commit { .. } => format!("at {self}"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { name, version } => write!(f, "{name} {version}"),
            Self::Patch { name, checkout } => write!(f, "{name} from {}", checkout.shown),
            Self::Commit { name, .. } => f.write_str(name),
        }
    }
}
