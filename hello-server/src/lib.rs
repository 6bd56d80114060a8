//! What the tuned services share: what a peer may send, hold and take ([`limits`]), and, with the feature `hyper`, one
//! HTTP/1 server for every framework that is built on hyper, so that what a framework's own layer costs stands alone.
//!
//! | link | file |
//! |---|---|
//! | the process | `process`: hello-core's, which gives memory back (`memory`) |
//! | its connections | `files`: how many its open files allow; `turn_away`: the answer to one more |
//! | the end | `last_call`: nobody is reset by the listener that closes |
//! | one connection | `deadline`: how long it may go without an answer, by `clock`; `known_waker`: whether its task is still the same |
//! | one request | `host`: the form of a Host field |
//!
//! | link of the server | file |
//! |---|---|
//! | threads | `runtime`: one pool of workers, or a runtime for each core |
//! | accepting | `server`: sheds what is beyond the limit, backs off when the system refuses, drains at the end |
//! | one connection | `connection`: hyper's HTTP/1, a deadline for the request head |
//! | its bytes | `io`: an end that lets the last answer arrive |
//! | one request | `answer`: the service's, or a refusal; `head`: what hyper leaves to its user; `activity`: whether one is being answered |
//! | the frameworks' services | `tower`: as hyper calls them |

#[cfg(feature = "hyper")]
mod activity;
#[cfg(feature = "hyper")]
mod answer;
mod clock;
#[cfg(feature = "hyper")]
mod connection;
mod deadline;
mod files;
#[cfg(feature = "hyper")]
mod head;
mod host;
#[cfg(feature = "hyper")]
mod io;
mod known_waker;
mod last_call;
pub mod limits;
mod memory;
mod process;
#[cfg(feature = "hyper")]
mod runtime;
#[cfg(feature = "hyper")]
mod server;
#[cfg(feature = "hyper")]
mod tower;
mod turn_away;

pub use deadline::Deadline;
pub use files::connections;
pub use host::is_host;
pub use last_call::last_call;
#[cfg(target_os = "linux")]
pub use last_call::refuse_newcomers;
pub use memory::{give_back_here, trim};
pub use process::serve;
#[cfg(feature = "hyper")]
pub use runtime::run;
#[cfg(feature = "hyper")]
pub use tower::Tower;
pub use turn_away::turn_away;
