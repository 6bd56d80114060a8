//! What the measurements read from Linux: cores, processes, the host and what disturbs it.

pub(crate) mod conntrack;
pub mod cores;
pub mod files;
pub mod host;
pub mod noise;
pub mod process;
