//! The load to offer: `k6/scenarios.json`, which k6's script reads too, checked before anything is built.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::stress::Stress;

/// One kind of load, the same for every service.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The key in `scenarios.json`.
    #[serde(default)]
    pub name: String,
    /// What the load is, in a sentence for the reader of a report.
    pub about: String,
    /// Who decides when a request is sent.
    pub model: Model,
    /// Keep-alive connections: k6's virtual users.
    pub connections: u32,
    /// Closed model: seconds from an answer to the connection's next request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub think_time_s: Option<f64>,
    /// Open model: requests a second, over all connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_s: Option<f64>,
    /// Open model: what k6 offers instead, whose CPU time per request is some ten times the engine's. Not ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k6_rate_per_s: Option<f64>,
    /// Seconds of load that are not measured, before those that are.
    #[serde(default)]
    pub warm_up_s: f64,
    /// Seconds that are measured; absent when `requests` says when to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// The exact number of requests, over all connections; absent when `duration_s` says when to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// How `compare` offers the load to several services in turn; absent for a load that is one trial of one service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slices: Option<Slicing>,
    /// Closed model: each request has a connection of its own, which the client opens before it and closes after the
    /// answer.
    #[serde(default, skip_serializing_if = "is_false")]
    pub connection_per_request: bool,
    /// What the load looks for; absent for one that is the same for every service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stress: Option<Stress>,
    /// Seconds from the end of a sliced load, with its connections closed, to another reading of memory, after which each
    /// service is stopped by itself and timed; absent where nothing is measured after the load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_s: Option<f64>,
    /// The most rounds in which `compare` measures it, as one takes long; absent where `--rounds` alone decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<u32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// How a load is cut into slices, so that services can be visited in turn.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Slicing {
    /// Measured seconds of a slice.
    pub duration_s: f64,
    /// Seconds at the start of each slice that are not measured.
    pub settle_s: f64,
    /// Sweeps of a round: how many slices each service gets.
    pub sweeps: u32,
}

impl Slicing {
    /// The time that one slice takes, without what its last requests take to be answered.
    pub fn expected(&self) -> Duration {
        Duration::from_secs_f64(self.settle_s + self.duration_s)
    }
}

/// Who decides when a request is sent.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// The answer to the one before it: a slow service gets fewer requests.
    Closed,
    /// A clock: a slow service gets a queue, and latency counts from the time that the clock intended.
    Open,
}

/// When a scenario ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    /// After this time, following the warm-up.
    Time(Duration),
    /// After this many requests.
    Requests(u64),
}

impl Scenario {
    /// Reads every scenario of the file.
    ///
    /// # Errors
    /// When the file cannot be read, is not JSON of this form, or offers a load that makes no sense.
    pub fn read(path: &Path) -> Result<Vec<Self>> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is not a list of scenarios", path.display()))
    }

    /// Parses the text of a scenarios file; see [`Scenario::read`].
    ///
    /// # Errors
    /// As [`Scenario::read`], without the name of the file.
    pub fn parse(text: &str) -> Result<Vec<Self>> {
        let named: BTreeMap<String, Self> = serde_json::from_str(text)?;
        ensure!(!named.is_empty(), "it names no scenario");
        named
            .into_iter()
            .map(|(name, scenario)| {
                ensure!(scenario.name.is_empty(), "scenario {name:?}: its name is its key");
                let scenario = Self { name, ..scenario };
                scenario.check().with_context(|| format!("scenario {:?}", scenario.name))?;
                Ok(scenario)
            })
            .collect()
    }

    /// A load of our own: connections that send as fast as they get answers, until it ends.
    pub fn saturating(name: &str, connections: u32, length: Length) -> Self {
        let (requests, duration_s) = match length {
            Length::Requests(requests) => (Some(requests), None),
            Length::Time(time) => (None, Some(time.as_secs_f64())),
        };
        Self {
            name: name.to_owned(),
            about: String::new(),
            model: Model::Closed,
            connections,
            think_time_s: Some(0.0),
            rate_per_s: None,
            k6_rate_per_s: None,
            warm_up_s: 0.0,
            duration_s,
            requests,
            slices: None,
            connection_per_request: false,
            stress: None,
            rest_s: None,
            rounds: None,
        }
    }

    /// The same connections under an open model at this rate.
    #[must_use]
    pub fn at_rate(&self, rate_per_s: f64) -> Self {
        Self { model: Model::Open, think_time_s: None, rate_per_s: Some(rate_per_s), ..self.clone() }
    }

    /// The same connections under a closed model: as fast as it goes.
    #[must_use]
    pub fn saturated(&self) -> Self {
        Self { model: Model::Closed, think_time_s: Some(0.0), rate_per_s: None, ..self.clone() }
    }

    /// The load as k6 offers it: at the rate that it can, all of it measured.
    #[must_use]
    pub fn by_k6(self) -> Self {
        Self {
            rate_per_s: self.k6_rate_per_s.or(self.rate_per_s),
            k6_rate_per_s: None,
            slices: None,
            rest_s: None,
            duration_s: self.duration_s.map(|duration| self.warm_up_s + duration),
            warm_up_s: 0.0,
            ..self
        }
    }

    /// When it ends.
    pub fn length(&self) -> Length {
        match (self.requests, self.duration_s) {
            (Some(requests), _) => Length::Requests(requests),
            (None, duration) => Length::Time(Duration::from_secs_f64(duration.unwrap_or_default())),
        }
    }

    /// The load that is not measured.
    pub fn warm_up(&self) -> Duration {
        Duration::from_secs_f64(self.warm_up_s)
    }

    /// The time from an answer to the next request.
    pub fn think_time(&self) -> Duration {
        Duration::from_secs_f64(self.think_time_s.unwrap_or_default())
    }

    /// The time without load before the last look; none where there is no such look.
    pub fn rest(&self) -> Duration {
        Duration::from_secs_f64(self.rest_s.unwrap_or_default())
    }

    /// Whether the service is offered as much as it can take, so that its throughput means something.
    pub fn saturates(&self) -> bool {
        self.model == Model::Closed && self.think_time().is_zero() && self.stress.is_none()
    }

    /// Whether k6 can offer it: k6 can neither search for a rate nor hold connections idle.
    pub fn is_for_k6(&self) -> bool {
        self.stress.is_none()
    }

    /// How long it takes, roughly: requests that wait for think time count, service time does not.
    pub fn expected(&self) -> Duration {
        if let Some(stress) = &self.stress {
            return stress.expected(self.rate_per_s.is_some());
        }
        let load = match self.length() {
            Length::Time(time) => time,
            Length::Requests(requests) => {
                self.think_time().mul_f64(requests as f64 / f64::from(self.connections))
            }
        };
        self.warm_up() + load
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_s_own_scenarios_are_read() {
        let scenarios = Scenario::parse(include_str!("../../k6/scenarios.json")).unwrap();
        let named = |name: &str| scenarios.iter().find(|scenario| scenario.name == name).unwrap();
        assert_eq!(named("delay-1s").length(), Length::Requests(10_000));
        assert_eq!(named("delay-1s").expected(), Duration::from_secs(100));
        assert!(named("saturate").saturates() && !named("delay-100ms").saturates());
        assert!(named("rate").slices.is_some() && named("delay-1s").slices.is_none());
    }

    #[test]
    fn loads_that_make_no_sense_are_refused_by_field() {
        let refused = |fields: &str| {
            let text = format!(r#"{{"x":{{"about":"","connections":1,{fields}}}}}"#);
            format!("{:#}", Scenario::parse(&text).unwrap_err())
        };
        for (fields, names) in [
            (r#""model":"closed","think_time_s":0"#, "duration_s"),
            (r#""model":"closed","think_time_s":-1,"duration_s":1"#, "think_time_s"),
            (r#""model":"closed","think_time_s":0,"duration_s":1e300"#, "duration_s"),
            (r#""model":"closed","think_time_s":0,"requests":0"#, "requests"),
            (r#""model":"open","duration_s":1"#, "rate_per_s"),
            (r#""model":"open","rate_per_s":1e9,"duration_s":1"#, "rate_per_s"),
            (r#""model":"open","rate_per_s":5,"k6_rate_per_s":0,"duration_s":1"#, "k6_rate_per_s"),
            (r#""model":"ajar","duration_s":1"#, "ajar"),
            (r#""model":"open","rate_per_s":5,"duration_s":1,"rest_s":1"#, "rest_s"),
            (r#""model":"open","rate_per_s":5,"duration_s":1,"sleep":1"#, "sleep"),
        ] {
            assert!(refused(fields).contains(names), "{fields}: {}", refused(fields));
        }
        assert!(Scenario::parse("[]").is_err() && Scenario::parse("{}").is_err());
    }
}
