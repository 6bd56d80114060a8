//! A client that writes bytes as they are, and reads answers by their own framing.

mod connection;
mod conversation;

pub(crate) use connection::reset_on_drop;
pub use connection::{Answer, REQUEST, RawConnection, greets};
pub use conversation::{Conversation, End, Listening, Sending};
