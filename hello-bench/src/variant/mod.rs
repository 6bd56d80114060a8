//! Builds of one service that differ in one thing: the version of a crate, a patched crate, or the commit.

mod build;
mod cargo;
mod change;
mod checkout;
mod manifest;
mod plan;
mod request;
mod source;
mod workshop;

pub use build::{Built, build};
pub use change::Change;
pub use checkout::Checkout;
pub use plan::{Planned, Wanted, plan};
pub use request::{Patch, Versions};
pub use workshop::Workshop;
