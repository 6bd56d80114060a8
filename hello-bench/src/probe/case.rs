//! What is tried on a service: cases by families, each with what the standard or the contract asks for.

use anyhow::Result;

use crate::probe::message::Message;
use crate::probe::observation::{Level, Observation};
use crate::probe::part::Part;
use crate::program::Program;
use crate::system::cores::Cores;

/// Cases of one kind: a section of the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Family {
    /// Its name on the command line.
    pub(crate) key: &'static str,
    /// The title of the section.
    pub(crate) title: &'static str,
    /// Bytes that one service gets, each on a connection of its own.
    pub(super) messages: &'static [Message],
    /// Parts of a request that are tried at many lengths, on the same service.
    pub(super) parts: &'static [Part],
    /// Cases that spend their time waiting: they run beside each other.
    pub(super) waiting: &'static [Case],
    /// Cases that keep a core busy: they run one by one.
    pub(super) busy: &'static [Case],
}

impl Family {
    /// A family without a case.
    pub(super) const EMPTY: Self =
        Self { key: "", title: "", messages: &[], parts: &[], waiting: &[], busy: &[] };
}

/// A case that takes a service of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    /// What is done.
    pub(super) name: &'static str,
    /// How strictly the rule is meant.
    pub(super) level: Level,
    /// What is asked for, and where.
    pub(super) rule: &'static str,
    /// What the service did, and whether that is right.
    pub(super) observe: fn(&Program, &Cores) -> Result<(String, bool)>,
}

impl Case {
    /// Tries it. A service that does not live through it breaks the rule; the other cases and services go on.
    pub(super) fn observe(&self, program: &Program, cores: &Cores) -> Observation {
        let observed = (self.observe)(program, cores);
        let (reaction, is_right) = observed.unwrap_or_else(|cause| (format!("{cause:#}"), false));
        Observation::new(self.name, self.level, self.rule, reaction, is_right)
    }
}
