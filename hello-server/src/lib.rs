//! The server of the tuned services: one HTTP/1 connection loop for every framework that is built on hyper, so that what
//! a framework's own layer costs stands alone.
//!
//! | link | file |
//! |---|---|
//! | threads | `runtime`: one pool of workers, or a runtime for each core |
//! | accepting | `server`: sheds what is beyond the limit, backs off when the system refuses, drains at the end |
//! | one connection | `connection`: hyper's HTTP/1, a deadline for the request head |
//! | its bytes | `io`: an end that lets the last answer arrive |
//! | one request | `answer`: the checks that hyper leaves to its user |
//!
//! What it allows a peer stands in [`limits`].

mod activity;
mod answer;
mod connection;
mod host;
mod io;
pub mod limits;
mod runtime;
mod server;
mod tower;

pub use runtime::run;
pub use tower::Tower;
