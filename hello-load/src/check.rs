//! Whether a scenario makes sense, field by field.

use anyhow::{Result, bail, ensure};

use crate::bounds::{rate_within, seconds};
use crate::scenario::{Model, Scenario};

/// The most connections of a scenario: below the usual limit of 1024 open files.
const MAX_CONNECTIONS: u32 = 1000;
/// The most requests of a scenario: months of them.
const MAX_REQUESTS: u64 = 1_000_000_000_000;
/// The most slices of a service in a round.
const MAX_SWEEPS: u32 = 10_000;

impl Scenario {
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(
            (1..=MAX_CONNECTIONS).contains(&self.connections),
            "connections is {}, not from 1 to {MAX_CONNECTIONS}",
            self.connections
        );
        ensure!(self.rounds != Some(0), "rounds is 0");
        seconds("warm_up_s", self.warm_up_s, 0.0)?;
        self.check_slices()?;
        self.rest_s.map_or(Ok(()), |rest| seconds("rest_s", rest, 0.0))?;
        ensure!(self.rest_s.is_none() || self.slices.is_some(), "rest_s is for a load in slices");
        self.check_connections()?;
        ensure!(
            self.k6_rate_per_s.is_none() || self.rate_per_s.is_some(),
            "k6_rate_per_s without rate_per_s"
        );
        if self.stress.is_some() {
            return self.check_stress();
        }
        self.check_length()?;
        match (self.model, self.think_time_s, self.rate_per_s) {
            (Model::Closed, Some(think), None) => seconds("think_time_s", think, 0.0),
            (Model::Open, None, Some(rate)) => {
                ensure!(self.requests.is_none(), "an open model needs duration_s");
                self.k6_rate_per_s.map_or(Ok(()), |rate| rate_within("k6_rate_per_s", rate))?;
                rate_within("rate_per_s", rate)
            }
            (Model::Closed, ..) => bail!("a closed model needs think_time_s and no rate_per_s"),
            (Model::Open, ..) => bail!("an open model needs rate_per_s and no think_time_s"),
        }
    }

    fn check_length(&self) -> Result<()> {
        match (self.requests, self.duration_s) {
            (Some(requests), None) => {
                ensure!(
                    (1..=MAX_REQUESTS).contains(&requests),
                    "requests is {requests}, not from 1 to {MAX_REQUESTS}"
                );
                ensure!(self.warm_up_s == 0.0, "requests excludes warm_up_s");
                Ok(())
            }
            (None, Some(duration)) => seconds("duration_s", duration, 0.1),
            _ => bail!("give either requests or duration_s"),
        }
    }

    fn check_slices(&self) -> Result<()> {
        let Some(slices) = self.slices else { return Ok(()) };
        ensure!(
            self.model == Model::Open || self.think_time().is_zero(),
            "slices need an open model, or a closed one without think time"
        );
        ensure!(self.requests.is_none(), "slices exclude requests: each slice ends by the clock");
        seconds("slices.duration_s", slices.duration_s, 0.001)?;
        seconds("slices.settle_s", slices.settle_s, 0.0)?;
        ensure!(
            (1..=MAX_SWEEPS).contains(&slices.sweeps),
            "slices.sweeps is {}, not from 1 to {MAX_SWEEPS}",
            slices.sweeps
        );
        Ok(())
    }

    fn check_connections(&self) -> Result<()> {
        ensure!(
            !self.connection_per_request || self.model == Model::Closed,
            "connection_per_request needs the closed model"
        );
        Ok(())
    }

    fn check_stress(&self) -> Result<()> {
        let Some(stress) = &self.stress else { return Ok(()) };
        let fixed = [self.think_time_s.is_some(), self.duration_s.is_some(), self.requests.is_some()];
        ensure!(
            !fixed.contains(&true) && self.slices.is_none() && !self.connection_per_request,
            "stress excludes think_time_s, duration_s, requests, slices and connection_per_request"
        );
        ensure!(
            (self.model == Model::Open) == stress.search().is_some(),
            "wrong model for this kind of stress: connections is closed, all others are open"
        );
        ensure!(
            self.rate_per_s.is_none() || stress.is_relative(),
            "rate_per_s is only for the kinds curve and overload, which are relative to it"
        );
        self.rate_per_s.map_or(Ok(()), |rate| rate_within("rate_per_s", rate))?;
        stress.check()
    }
}
