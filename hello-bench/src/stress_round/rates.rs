//! A service in a round that looks for the rate it sustains, or offers shares of that rate.

use std::time::Duration;

use anyhow::Result;
use hello_load::Scenario;

use crate::participant::Participant;
use crate::sample::{LoadMetrics, Sample, Spent};
use crate::session::Session;
use crate::stress::finder::RateFinder;
use crate::stress::findings::Findings;
use crate::stress::overload::{self, Overload};
use crate::stress::sustained::{Curve, CurvePoint};
use crate::stress::watch::{ServiceCpu, Watch};
use crate::system::noise::Noise;

/// A service in such a round.
pub(crate) type RateParticipant<'a> = Participant<'a, RateLoad>;

/// The connections of a load whose rate changes.
pub(crate) struct RateLoad {
    pub(crate) finder: RateFinder,
    /// The rate, where it is known without a search.
    known_per_s: Option<f64>,
    points: Vec<CurvePoint>,
}

impl RateLoad {
    /// The rate that shares are of; `None` where p99 was over the limit at every rate.
    fn base_per_s(&self) -> Option<f64> {
        let found = || Some(self.finder.found()?.rate_per_s);
        self.known_per_s.or_else(found).filter(|rate| *rate > 0.0)
    }
}

impl RateParticipant<'_> {
    /// Opens the connections, and begins the search unless the rate is known.
    pub(crate) fn open(
        &mut self,
        scenario: &Scenario,
        (seed, known_per_s): (u64, Option<f64>),
        session: &Session,
    ) -> Result<()> {
        let target = self.target()?;
        let load = self.program.load(&target, scenario, &session.cores, seed);
        let cores = session.cores.service.len();
        let cpu = self.tree.map(|tree| ServiceCpu { clock: tree.clock(), cores });
        let mut finder = RateFinder::connect(&load, cpu)?;
        if known_per_s.is_none() {
            finder.begin()?;
        }
        self.load = Some(RateLoad { finder, known_per_s, points: Vec::new() });
        Ok(())
    }

    /// Whether there is nothing left to search.
    pub(crate) fn is_found(&self) -> bool {
        self.load.as_ref().is_none_or(|load| load.finder.is_over())
    }

    /// Offers a share of the rate; nothing where p99 was over the limit at every rate.
    pub(crate) fn visit(&mut self, percent: f64) -> Result<()> {
        let load = self.load()?;
        let Some(base_per_s) = load.base_per_s() else { return Ok(()) };
        let (window, _) = load.finder.window(base_per_s * percent / 100.0)?;
        load.points.push(CurvePoint { percent, window });
        Ok(())
    }

    /// Offers the overload of a scenario relative to the rate, and notes what became of it; nothing where p99 was over the
    /// limit at every rate.
    pub(crate) fn flood(
        &mut self,
        scenario: &Scenario,
        seed: u64,
        session: &Session,
        progress: &dyn Fn(),
    ) -> Result<()> {
        let Some(base_per_s) = self.load()?.base_per_s() else { return Ok(()) };
        let search = self.load.take().and_then(|load| load.finder.found());
        let target = self.target()?;
        let load = self.program.load(&target, scenario, &session.cores, seed);
        let mut watch = Watch::new(self.tree, session.cores.service.len(), &session.interrupt, progress);
        let overload = overload::drive(&load, base_per_s, &mut watch)?;
        self.sample.findings = Some(Findings::Overload(Overload { search, ..overload }));
        Ok(())
    }

    /// Notes the rate that was found, with what was measured at it.
    pub(crate) fn note_sustained(&mut self, noise: Noise, service_cores: usize) {
        let Some(load) = self.load.take() else { return };
        self.sample.findings = load.finder.found().map(Findings::Sustain);
        self.sample.load = load.finder.held().map(|step| {
            let (answers, cpu) = (step.slice.answers, Duration::from_nanos(step.slice.service_cpu_ns));
            let spent = self.tree.map(|_| Spent { answers, cpu, peak: self.peak });
            LoadMetrics::new(step.traffic.clone(), spent, service_cores, noise)
        });
    }

    pub(crate) fn note_curve(&mut self) {
        let Some(mut load) = self.load.take() else { return };
        load.points.sort_by(|a, b| a.percent.total_cmp(&b.percent));
        let (base_per_s, search) = (load.base_per_s(), load.finder.found());
        self.sample.findings =
            base_per_s.map(|base_per_s| Findings::Curve(Curve { base_per_s, search, points: load.points }));
    }
}

/// The rate that an earlier sample found for a service in this round.
pub(crate) fn known_rate(samples: &[Sample], round: u32, service: &str) -> Option<f64> {
    let own = samples.iter().filter(|sample| sample.round == round && sample.service == service);
    let mut rates = own.filter_map(|sample| match &sample.findings {
        Some(Findings::Sustain(found)) => Some(found.rate_per_s),
        _ => None,
    });
    rates.find(|rate| *rate > 0.0)
}
