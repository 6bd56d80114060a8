//! The load engine: offers a [`Scenario`] to a [`Target`] and verifies every answer.
//!
//! An engine of our own, since what is measured here is the server: the generator must cost less than the server does,
//! and still compare each body byte for byte.
//!
//! [`drive`] offers a load from its warm-up to its end. [`SlicedLoad`] keeps its connections open and offers the load
//! in short slices, so that several servers can be measured within the same tenth of a second. [`SteppedLoad`] does so
//! at a rate that changes, [`Flood`] offers more than a server can take, and a [`Crowd`] is connections that idle.

#![cfg(target_os = "linux")]

mod bounds;
mod check;
mod connection;
mod continuous;
mod crowd;
mod exchange;
mod flood;
mod flood_worker;
mod load;
mod phase;
mod record;
pub mod response;
mod run;
mod scenario;
mod schedule;
mod sliced;
mod source;
mod span;
mod steps;
mod stress;
mod tally;
mod target;
mod ticks;
mod traffic;
mod verify;
mod worker;

pub use continuous::{Observer, drive};
pub use crowd::Crowd;
pub use exchange::{Exchange, ExpectedBody};
pub use flood::{Flood, FloodObserver, FloodPhase, FloodResult};
pub use load::{Load, LoadResult, own_cpu};
pub use phase::Phase;
pub use scenario::{Length, Model, Scenario, Slicing};
pub use sliced::{Slice, SlicedLoad};
pub use steps::{Step, SteppedLoad};
pub use stress::{Search, Stress};
pub use tally::{FloodCounts, FloodWindow};
pub use target::Target;
pub use traffic::{Engine, Latency, Traffic, Window};
pub use verify::{Strictness, header_fault, is_json};
