//! What every service shares: the contract's types and messages, the address, and the shutdown.
//!
//! The words of the contract stand here alone. A service turns a request into [`Params`] with its
//! framework's query extractor and answers [`Params::greeting`] or the [`Refusal`] that applies, through its
//! framework's JSON responder. [`serve`] gives it a bound listener and a future that resolves when it must stop.

mod address;
mod health;
mod message;
mod panic;
mod process;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub use address::{Address, AddressError};
pub use message::{Msg, Params, Refusal};
pub use process::{ACCEPT_PAUSE, DRAIN_LIMIT, Stop, accept, announce, begin, fail, is_of_the_peer, serve};
