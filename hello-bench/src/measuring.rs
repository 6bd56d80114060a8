//! The rounds of a comparison: trial after trial, each sample kept as it lands.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use jiff::Timestamp;

use crate::check::Outcome;
use crate::compare::{Options, Precision};
use crate::plan::Trial;
use crate::program::Program;
use crate::progress::{Progress, clock};
use crate::run::{Folder, Run};
use crate::sample::{Bench, Sample};
use crate::scenario::Scenario;
use crate::summary::summarize;

/// What a trial takes beside its load: start, idle, stop.
const OVERHEAD: Duration = Duration::from_millis(350);

/// The part of a comparison that measures.
pub struct Measuring<'a> {
    bench: Bench<'a>,
    programs: BTreeMap<String, &'a Program>,
    run: &'a Run,
    folder: Folder,
    samples: Vec<Sample>,
    progress: Progress,
}

impl<'a> Measuring<'a> {
    /// Nothing measured yet.
    pub fn new(bench: Bench<'a>, programs: &'a [Program], run: &'a Run, folder: Folder) -> Self {
        let named = programs.iter().map(|program| (program.service.name.clone(), program));
        Self {
            bench,
            programs: named.collect(),
            run,
            folder,
            samples: Vec::new(),
            progress: Progress::new(0),
        }
    }

    /// What was measured, and where it is kept.
    pub fn end(self) -> (Vec<Sample>, Folder) {
        (self.samples, self.folder)
    }

    /// Takes services that break the contract out of the run, with a sample that says why.
    ///
    /// # Errors
    /// When a sample cannot be written.
    pub fn refuse(&mut self, outcomes: &[Outcome]) -> Result<()> {
        for (facts, outcome) in self.run.services.iter().zip(outcomes) {
            let Some(first) = outcome.violations.first() else {
                continue;
            };
            let count = outcome.violations.len();
            let cause =
                format!("breaks the contract in {count} of {} cases, the first: {first}", outcome.cases);
            for (scenario, position) in self.run.plan.scenarios.iter().zip(1..) {
                let trial =
                    Trial { round: 1, position, scenario: scenario.clone(), service: facts.name.clone() };
                let failure = Some(one_line(&cause));
                let at = Timestamp::now();
                self.keep(Sample { trial, at, start_up_us: None, idle: None, load: None, failure })?;
            }
        }
        Ok(())
    }

    /// Measures all rounds; whether the user ended it.
    ///
    /// # Errors
    /// When a sample cannot be written.
    pub fn rounds(&mut self, options: &Options) -> Result<bool> {
        let planned: Vec<Trial> = (1..=options.rounds).flat_map(|round| self.run.plan.round(round)).collect();
        self.progress = Progress::new(planned.len() as u64);
        self.progress.say(&format!(
            "measuring {} services, {} rounds, about {}; results in {}",
            self.programs.len(),
            options.rounds,
            clock(self.left(&planned)),
            self.folder.path.display()
        ));
        let started = Instant::now();
        if self.interrupted_in(&planned)? {
            return Ok(true);
        }
        for round in options.rounds + 1.. {
            if !self.goes_on(options, started) {
                break;
            }
            let more = self.run.plan.round(round);
            self.progress.extend(more.len() as u64);
            if self.interrupted_in(&more)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes these trials in order; whether the user ended it.
    fn interrupted_in(&mut self, trials: &[Trial]) -> Result<bool> {
        for index in 0..trials.len() {
            if !self.trial(&trials[index..])? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes the first of the trials that are left; `false` when the user interrupts.
    fn trial(&mut self, trials: &[Trial]) -> Result<bool> {
        let trial = &trials[0];
        if self.has_failed(&trial.service) {
            self.progress.step();
            return Ok(true);
        }
        let scenario = self.scenario(&trial.scenario)?;
        let program = self.programs[&trial.service];
        let what = format!("round {}, {}, {}", trial.round, trial.scenario, trial.service);
        let (started, left) = (Instant::now(), self.left(trials));
        self.progress.now(&what, Some(left));
        let draw = || self.progress.redraw(&what, left.saturating_sub(started.elapsed()));
        let Ok(sample) = self.bench.take(trial.clone(), program, scenario, &draw) else {
            return Ok(false);
        };
        self.keep(sample)?;
        self.progress.step();
        Ok(true)
    }

    fn keep(&mut self, sample: Sample) -> Result<()> {
        if let Some(cause) = &sample.failure {
            self.progress.say(&format!("{} is not measured further: {cause}", sample.trial.service));
        }
        self.folder.append(&sample)?;
        self.samples.push(sample);
        Ok(())
    }

    fn has_failed(&self, service: &str) -> bool {
        self.samples.iter().any(|sample| sample.trial.service == service && sample.failure.is_some())
    }

    fn scenario(&self, name: &str) -> Result<&Scenario> {
        let found = self.run.scenarios.iter().find(|scenario| scenario.name == name);
        found.with_context(|| format!("there is no scenario {name:?}"))
    }

    /// How long these trials take, roughly.
    fn left(&self, trials: &[Trial]) -> Duration {
        let alive = trials.iter().filter(|trial| !self.has_failed(&trial.service));
        alive
            .filter_map(|trial| Some((trial, self.scenario(&trial.scenario).ok()?)))
            .map(|(trial, scenario)| {
                let warm_up = self.programs[&trial.service].service.warm_up_s;
                scenario.expected() + Duration::from_secs(warm_up.into()) + OVERHEAD
            })
            .sum()
    }

    /// Whether another round is wanted: an interval of CPU time per request is still too wide, and there is time. Where
    /// every load saturates, it is the intervals of throughput that count.
    fn goes_on(&self, options: &Options, started: Instant) -> bool {
        let Some(precision) = options.precision.filter(|precision| started.elapsed() < precision.limit)
        else {
            return false;
        };
        let all_saturate = options.scenarios.iter().all(Scenario::saturates);
        let mut counting = options.scenarios.iter().filter(|scenario| all_saturate || !scenario.saturates());
        counting.any(|scenario| self.is_wide(scenario, precision))
    }

    fn is_wide(&self, scenario: &Scenario, precision: Precision) -> bool {
        let summary = summarize(scenario, &self.run.services, &self.samples, &self.run.plan.reference);
        let estimates = summary.rows.iter().filter_map(|row| row.figures.get(&summary.primary));
        let mut ratios = estimates.filter_map(|estimate| estimate.to_reference.as_ref());
        ratios.any(|ratio| {
            ratio.interval.is_none_or(|interval| interval.half_width(ratio.ratio) > precision.half_width)
        })
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
