//! The image of a service, as the catalogue describes it.

use serde::Deserialize;

/// The image of a service, as its entry in the catalogue has it. All of it is optional: packages have none.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct ImageEntry {
    /// The stage to build; absent for the last one.
    pub target: Option<String>,
    /// The memory that a container may have, in MiB.
    pub memory_mib: u32,
    /// The processes and threads that it may have.
    pub max_pids: u32,
    /// Whether it needs a /tmp that it can write to.
    pub writable_tmp: bool,
}

impl Default for ImageEntry {
    fn default() -> Self {
        Self { target: None, memory_mib: 128, max_pids: 64, writable_tmp: false }
    }
}
