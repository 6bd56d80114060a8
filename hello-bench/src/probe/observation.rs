//! What services did, case by case: plain data, as `probe.json` has it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::service::Exception;
use crate::system::host::Host;

/// How strictly something is asked for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The standard's MUST, or the contract.
    Must,
    /// The standard's SHOULD.
    Should,
    /// Left to the server.
    Open,
}

/// What a service did in one case.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Observation {
    /// The kind of the case; empty in files that were written before there were kinds.
    #[serde(default)]
    pub family: String,
    /// What the peer did, as the page shows it.
    pub case: String,
    /// How strictly the rule is meant.
    pub level: Level,
    /// What is asked for, and where.
    pub rule: String,
    /// What the service did.
    pub reaction: String,
    /// Whether that is what is asked for. Always so where the case is left open.
    pub is_kept: bool,
    /// Why the service may break the rule, where it does and the catalogue lists that as an exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
}

impl Observation {
    /// What a service did in a case that belongs to no family yet.
    pub fn new(case: &str, level: Level, rule: &str, reaction: String, is_kept: bool) -> Self {
        let family = String::new();
        let (case, rule) = (case.to_owned(), rule.to_owned());
        Self { family, case, level, rule, reaction, is_kept, exception: None }
    }

    /// The same, of this family.
    #[must_use]
    pub fn of(self, family: &str) -> Self {
        Self { family: family.to_owned(), ..self }
    }

    /// The same with the reason why the rule may be broken, if it is and there is one.
    #[must_use]
    pub fn excepted(self, exceptions: &[&Exception]) -> Self {
        let own = exceptions.iter().find(|exception| exception.case == self.case && !self.is_kept);
        Self { exception: own.map(|exception| exception.reason.clone()), ..self }
    }
}

/// What a service did in all cases.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Probed {
    /// Its name in services.toml; with `@docker` for an image.
    pub service: String,
    /// Its cases, in the same order for every service; none if it could not be probed.
    pub observations: Vec<Observation>,
    /// Why it could not be probed; absent if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl Probed {
    /// What a service did, or why that is not known.
    pub fn new(service: &str, observed: anyhow::Result<Vec<Observation>>) -> Self {
        let (observations, failure) = match observed {
            Ok(observations) => (observations, None),
            Err(cause) => (Vec::new(), Some(format!("{cause:#}"))),
        };
        Self { service: service.to_owned(), observations, failure }
    }

    /// Whether it was probed and kept every must, exceptions aside.
    pub fn keeps_musts(&self) -> bool {
        self.failure.is_none() && self.broken(Level::Must).all(|seen| seen.exception.is_some())
    }

    /// The cases of this level that were not kept.
    pub fn broken(&self, level: Level) -> impl Iterator<Item = &Observation> {
        self.observations.iter().filter(move |seen| seen.level == level && !seen.is_kept)
    }
}

/// What services did, and on what machine. Written as `probe.json`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Probes {
    /// The version of the file's form.
    pub schema: u32,
    /// The version of hello-bench.
    pub hello_bench: String,
    /// The command line.
    pub command: String,
    /// When it began.
    pub started_at: Timestamp,
    /// Where it was probed.
    pub host: Host,
    /// The services, in the order in which they were named.
    pub services: Vec<Probed>,
}
