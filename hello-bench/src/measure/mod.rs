//! The rounds of a comparison, one after the other; each round's samples are kept as it ends.

mod forecast;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hello_load::{Scenario, Slicing, Stress};
use hello_stats::MIN_ROUNDS_FOR_INTERVAL;

use crate::check::Outcome;
use crate::generator::Generator;
use crate::metadata::Group;
use crate::program::Program;
use crate::progress::{Progress, clock};
use crate::round::Round;
use crate::run::{Folder, Run};
use crate::sample::Sample;
use crate::session::Session;
use crate::stress_round::StressRound;
use crate::summary::summarize;
use crate::trial::TrialRunner;

/// When a comparison that goes on past its rounds ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Precision {
    /// Half the width of each interval of the ratio to the reference, as a fraction of the ratio.
    pub half_width: f64,
    /// Measuring does not go on beyond this time.
    pub limit: Duration,
}

/// The part of a comparison that measures.
pub(crate) struct Measurement<'a> {
    session: &'a Session,
    generator: &'a Generator,
    programs: &'a [Program],
    run: &'a Run,
    folder: Folder,
    samples: Vec<Sample>,
    /// Why it ended before its last round, if it did.
    cut_short: Option<String>,
    progress: Progress,
}

impl<'a> Measurement<'a> {
    /// Nothing measured yet.
    pub(crate) fn new(
        session: &'a Session,
        generator: &'a Generator,
        programs: &'a [Program],
        run: &'a Run,
        folder: Folder,
    ) -> Self {
        Self {
            session,
            generator,
            programs,
            run,
            folder,
            samples: Vec::new(),
            cut_short: None,
            progress: Progress::new(0),
        }
    }

    /// What was measured, where it is kept, and why it ended before its last round, if it did.
    pub(crate) fn finish(self) -> (Vec<Sample>, Folder, Option<String>) {
        (self.samples, self.folder, self.cut_short)
    }

    /// Takes services that break the contract out of the run, with samples that say why.
    ///
    /// # Errors
    /// When a sample cannot be written.
    pub(crate) fn refuse(&mut self, outcomes: &[Outcome]) -> Result<()> {
        for (program, outcome) in self.programs.iter().zip(outcomes) {
            let Some(first) = outcome.violations.first() else { continue };
            let count = outcome.violations.len();
            let cause =
                format!("breaks the contract in {count} of {} cases, the first: {first}", outcome.cases);
            for scenario in &self.run.plan.scenarios {
                let sample = Sample::new(1, scenario, &program.service.name).failed(&cause);
                self.keep(sample)?;
            }
        }
        Ok(())
    }

    /// Measures the rounds of the plan, and then as many as `precision` asks for, unless something cuts it short.
    ///
    /// # Errors
    /// When a sample cannot be written.
    pub(crate) fn rounds(&mut self, precision: Option<Precision>) -> Result<()> {
        let planned = self.run.plan.rounds;
        let unlimited = self.run.scenarios.iter().filter(|scenario| scenario.rounds.is_none()).count() as u64;
        let steps = self.run.scenarios.iter().map(|scenario| u64::from(rounds_of(scenario, planned))).sum();
        self.progress = Progress::new(steps);
        self.progress.say(&format!(
            "measuring {} services, {planned} rounds, about {}; results in {}",
            self.programs.len(),
            clock(self.expected(0)),
            self.folder.path.display()
        ));
        let started = Instant::now();
        for round in 1.. {
            if round > planned {
                if !self.is_more_wanted(precision, started) {
                    break;
                }
                self.progress.extend(unlimited);
            }
            if !self.round(round)? {
                break;
            }
        }
        Ok(())
    }

    /// Measures one round under every scenario; `false` when that is cut short, or every service has failed.
    fn round(&mut self, round: u32) -> Result<bool> {
        for index in 0..self.run.plan.scenarios.len() {
            if !self.alive().iter().any(|program| Group::RANKED.contains(&program.metadata.group())) {
                return Ok(false);
            }
            let scenario = self.scenario(&self.run.plan.scenarios[index])?;
            if is_past(scenario, round, self.run.plan.rounds) {
                continue;
            }
            let done = match (self.generator, scenario.slices, &scenario.stress) {
                (Generator::Embedded, Some(slicing), _) => self.sliced(round, scenario, slicing)?,
                (Generator::Embedded, _, Some(stress)) => self.stress(round, scenario, stress)?,
                _ => self.trials(round, scenario)?,
            };
            if !done {
                return Ok(false);
            }
            self.progress.step();
        }
        Ok(true)
    }

    /// All services in slices.
    fn sliced(&mut self, number: u32, scenario: &Scenario, slicing: Slicing) -> Result<bool> {
        let alive = self.alive();
        let (what, left) = self.begin(number, scenario);
        let started = Instant::now();
        let draw = || self.progress.redraw(&what, left.saturating_sub(started.elapsed()));
        let round = Round { session: self.session, scenario, slicing, number, progress: &draw };
        let measured = round.run(&alive, self.run.plan.rng(number, &scenario.name));
        self.keep_all(measured)
    }

    /// All services under a load that looks for limits.
    fn stress(&mut self, number: u32, scenario: &Scenario, stress: &Stress) -> Result<bool> {
        let alive = self.alive();
        let (what, left) = self.begin(number, scenario);
        let started = Instant::now();
        let draw = || self.progress.redraw(&what, left.saturating_sub(started.elapsed()));
        let round = StressRound {
            session: self.session,
            scenario,
            stress,
            number,
            samples: &self.samples,
            progress: &draw,
        };
        let measured = round.run(&alive, self.run.plan.rng(number, &scenario.name));
        self.keep_all(measured)
    }

    /// One trial a service, in random order.
    fn trials(&mut self, number: u32, scenario: &Scenario) -> Result<bool> {
        let mut alive = self.alive();
        let mut rng = self.run.plan.rng(number, &scenario.name);
        rng.shuffle(&mut alive);
        let seed = rng.u64(..);
        let runner = TrialRunner { session: self.session, generator: self.generator };
        for program in alive {
            let what = format!("round {number}, {}, {}", scenario.name, program.service.name);
            let left = self.left(number, scenario);
            self.progress.now(&what, Some(left));
            let started = Instant::now();
            let draw = || self.progress.redraw(&what, left.saturating_sub(started.elapsed()));
            let sample = runner.run(program, scenario, (number, seed), &draw).map(|sample| vec![sample]);
            if !self.keep_all(sample)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Shows what runs from now on: what it is, and how long all that is left takes.
    fn begin(&self, number: u32, scenario: &Scenario) -> (String, Duration) {
        let what = format!("round {number}, {}", scenario.name);
        let left = self.left(number, scenario);
        self.progress.now(&what, Some(left));
        (what, left)
    }

    /// Keeps the samples of a round; `false` when the user, or the system, cut it short.
    fn keep_all(&mut self, measured: Result<Vec<Sample>>) -> Result<bool> {
        match measured {
            Ok(samples) => {
                for sample in samples {
                    self.keep(sample)?;
                }
                Ok(true)
            }
            Err(cause) => {
                self.cut_short = Some(format!("{cause:#}"));
                Ok(false)
            }
        }
    }

    fn keep(&mut self, sample: Sample) -> Result<()> {
        if let Some(cause) = &sample.failure {
            self.progress
                .say(&format!("{} is dropped from the remaining rounds: {cause}", sample.service));
        }
        self.folder.append(&sample)?;
        self.samples.push(sample);
        Ok(())
    }

    /// The programs without a failure so far.
    fn alive(&self) -> Vec<&'a Program> {
        let has_failed =
            |name: &str| self.samples.iter().any(|sample| sample.service == name && sample.failure.is_some());
        self.programs.iter().filter(|program| !has_failed(&program.service.name)).collect()
    }

    fn scenario(&self, name: &str) -> Result<&'a Scenario> {
        let found = self.run.scenarios.iter().find(|scenario| scenario.name == name);
        found.with_context(|| format!("there is no scenario {name:?}"))
    }

    /// Whether another round is wanted: an interval of CPU time per request is still too wide, and there is time. Where
    /// every load saturates, the intervals of throughput count.
    fn is_more_wanted(&self, precision: Option<Precision>, started: Instant) -> bool {
        let Some(precision) = precision.filter(|precision| started.elapsed() < precision.limit) else {
            return false;
        };
        let all_saturate = self.run.scenarios.iter().all(Scenario::saturates);
        let unlimited = self.run.scenarios.iter().filter(|scenario| scenario.rounds.is_none());
        let mut counting = unlimited.filter(|scenario| all_saturate || !scenario.saturates());
        counting.any(|scenario| self.is_wide(scenario, precision.half_width))
    }

    fn is_wide(&self, scenario: &Scenario, half_width: f64) -> bool {
        let reference = &self.run.plan.reference;
        let summary = summarize(scenario, &self.run.services, &self.samples, reference);
        let ranked = summary.rows.iter().filter(|row| Group::RANKED.contains(&row.group));
        let primary = ranked.filter_map(|row| row.metrics.get(&summary.primary));
        let mut ratios = primary.filter_map(|metric| metric.vs_reference.as_ref());
        summary.rounds < MIN_ROUNDS_FOR_INTERVAL
            || ratios.any(|ratio| ratio.half_width().is_none_or(|found| found > half_width))
    }
}

/// How many rounds a scenario has of those that are planned.
fn rounds_of(scenario: &Scenario, planned: u32) -> u32 {
    planned.min(scenario.rounds.unwrap_or(planned))
}

/// Whether a scenario is not measured in this round any more: what has a number of rounds of its own gets no more for the
/// sake of precision.
fn is_past(scenario: &Scenario, round: u32, planned: u32) -> bool {
    scenario.rounds.is_some() && round > rounds_of(scenario, planned)
}
