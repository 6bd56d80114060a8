//! A part of a request, tried at the lengths at which a type, a buffer or a limit may end.

use std::fmt::Write;
use std::ops::RangeInclusive;

use anyhow::Result;
use hello_load::Target;

use crate::probe::observation::{Level, Observation};
use crate::probe::peer::{Bytes, Reaction};
use crate::probe::survival::{Request, Subject};

/// Powers of two from 1 KiB to 1 MiB.
const POWERS: RangeInclusive<u32> = 10..=20;
/// Around the largest number of two bytes, which the types of targets and names in several parsers end at.
const AROUND_16_BITS: RangeInclusive<usize> = 65_534..=65_537;

/// A part of a request that can be of any length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// What is varied.
    pub(super) name: &'static str,
    /// What is asked for, and where. All are musts.
    pub(super) rule: &'static str,
    /// A request in which this part has so many bytes, and which asks for the end of the connection.
    pub(super) request: fn(usize) -> String,
    /// Whether a reaction keeps the rule.
    pub(super) is_kept: fn(&Reaction) -> bool,
}

impl Part {
    /// Sends every length, each on a connection of its own, and checks the service after each.
    ///
    /// # Errors
    /// When the service cannot be reached, or not be started again.
    pub(super) fn observe(&self, subject: &mut Subject) -> Result<Observation> {
        let lengths = lengths();
        let requests: Vec<OfLength> = lengths.iter().map(|&bytes| OfLength { part: self, bytes }).collect();
        let reactions: Vec<_> = lengths.iter().copied().zip(subject.send(&requests)?).collect();
        let is_kept = reactions.iter().all(|(_, reaction)| (self.is_kept)(reaction));
        let case = format!("a {} of 1 KiB to 1 MiB", self.name);
        Ok(Observation::new(&case, Level::Must, self.rule, summary(&reactions), is_kept))
    }
}

/// A request whose part has so many bytes.
struct OfLength<'a> {
    part: &'a Part,
    bytes: usize,
}

impl Request for OfLength<'_> {
    type Seen = Reaction;

    fn name(&self) -> String {
        format!("a {} of {} bytes", self.part.name, self.bytes)
    }

    fn send(&self, target: &Target) -> Result<Reaction> {
        Bytes::new((self.part.request)(self.bytes).as_bytes()).exchange(target, self.part.is_kept)
    }
}

/// All lengths, in order.
fn lengths() -> Vec<usize> {
    let mut lengths: Vec<usize> = POWERS.map(|power| 1 << power).chain(AROUND_16_BITS).collect();
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

/// The reactions in order, each with the first length that got it.
fn summary(reactions: &[(usize, Reaction)]) -> String {
    let mut summary = String::new();
    for same in reactions.chunk_by(|(_, a), (_, b)| a == b) {
        let (from, reaction) = &same[0];
        let _ = if summary.is_empty() {
            write!(summary, "{reaction}")
        } else {
            write!(summary, "; from {from}: {reaction}")
        };
    }
    summary
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::peer::{End, Reply};

    #[test]
    fn lengths_hold_every_edge_once_and_in_order() {
        let lengths = lengths();
        assert_eq!((lengths[0], lengths[5], lengths.len()), (1024, 32_768, 14));
        assert_eq!(lengths[6..10], [65_534, 65_535, 65_536, 65_537]);
        assert_eq!(lengths[13], 1_048_576);
    }

    #[test]
    fn equal_reactions_stand_together() {
        let answered =
            |status| Reaction { answers: vec![Reply { status, body: String::new() }], end: End::Closed };
        let reactions = [(1, answered(200)), (2, answered(200)), (3, answered(431)), (4, answered(200))];
        assert_eq!(summary(&reactions), "200, closed; from 3: 431, closed; from 4: 200, closed");
    }
}
