//! A message that a peer should not send, or seldom sends, and what is asked of a server that gets it.

use anyhow::Result;

use crate::probe::observation::{Level, Observation};
use crate::probe::peer::{Bytes, Reaction};
use crate::probe::survival::Request;
use hello_load::Target;

/// Bytes on a connection of their own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    /// What is odd about it.
    pub(super) name: &'static str,
    /// How strictly the rule is meant.
    pub(super) level: Level,
    /// What is asked for, and where.
    pub(super) rule: &'static str,
    /// What is sent.
    pub(super) bytes: fn() -> Vec<u8>,
    /// Whether the peer closes its own side then.
    pub(super) half_closes: bool,
    /// Whether a reaction keeps the rule.
    pub(super) is_kept: fn(&Reaction) -> bool,
}

impl Request for Message {
    type Seen = Observation;

    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn send(&self, target: &Target) -> Result<Observation> {
        let is_kept = |reaction: &Reaction| self.level == Level::Open || (self.is_kept)(reaction);
        let bytes = Bytes { sent: &(self.bytes)(), half_closes: self.half_closes };
        let reaction = bytes.exchange(target, is_kept)?;
        let is_kept = is_kept(&reaction);
        Ok(Observation::new(self.name, self.level, self.rule, reaction.to_string(), is_kept))
    }
}

/// A message that the standard, or the contract, has a MUST for.
pub(super) const fn must(
    name: &'static str,
    rule: &'static str,
    bytes: fn() -> Vec<u8>,
    is_kept: fn(&Reaction) -> bool,
) -> Message {
    Message { name, level: Level::Must, rule, bytes, half_closes: false, is_kept }
}

/// A message that the standard has a SHOULD for.
pub(super) const fn should(
    name: &'static str,
    rule: &'static str,
    bytes: fn() -> Vec<u8>,
    is_kept: fn(&Reaction) -> bool,
) -> Message {
    Message { level: Level::Should, ..must(name, rule, bytes, is_kept) }
}

/// A message that is left to the server.
pub(super) const fn open(name: &'static str, rule: &'static str, bytes: fn() -> Vec<u8>) -> Message {
    Message { level: Level::Open, ..must(name, rule, bytes, |_| true) }
}

/// A GET for the name A with these lines, each with its end, after the Host field.
pub(super) fn get(lines: &str) -> Vec<u8> {
    format!("GET /?name=A HTTP/1.1\r\nhost: x\r\n{lines}\r\n").into_bytes()
}

/// Bytes, and a GET for the name B.
pub(super) fn then_b(mut first: Vec<u8>) -> Vec<u8> {
    first.extend_from_slice(b"GET /?name=B HTTP/1.1\r\nhost: x\r\n\r\n");
    first
}

/// A request that must never be answered, as it is the body of another one.
pub(super) const SMUGGLED: &str = "GET /?name=C HTTP/1.1\r\nhost: x\r\n\r\n";

pub(super) fn bad_request(reaction: &Reaction) -> bool {
    reaction.status() == Some(400)
}

/// 400, and no more on this connection: what follows a message of unknown length is not a message.
pub(super) fn bad_request_and_end(reaction: &Reaction) -> bool {
    bad_request(reaction) && one_and_end(reaction)
}

/// An answer to A, or 400.
pub(super) fn served_or_bad_request(reaction: &Reaction) -> bool {
    bad_request(reaction) || reaction.greets(&["A"])
}

/// Refused, or at least not answered.
pub(super) fn refused_or_ended(reaction: &Reaction) -> bool {
    reaction.is_refused() || (reaction.answers.is_empty() && reaction.is_ended())
}

/// One answer at the most, and then the end.
pub(super) fn one_and_end(reaction: &Reaction) -> bool {
    reaction.answers.len() <= 1 && reaction.is_ended()
}

/// Both requests as they were meant, or an end after the first.
pub(super) fn body_is_not_a_request(reaction: &Reaction) -> bool {
    reaction.greets(&["A", "B"]) || (reaction.greets(&["A"]) && reaction.is_ended())
}

/// As it was meant, or refused with the end of the connection.
pub(super) fn body_or_bad_request(reaction: &Reaction) -> bool {
    body_is_not_a_request(reaction) || bad_request_and_end(reaction)
}

/// Nothing behind the first request is taken for another one; the connection may stay open, as for a body that is yet to
/// come.
pub(super) fn one_at_most(reaction: &Reaction) -> bool {
    reaction.answers.len() <= 1
}
