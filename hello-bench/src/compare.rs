//! The comparison from start to end: build, check, measure in rounds, keep each sample, report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use jiff::{Timestamp, ZonedDateTime};

use crate::check::{self, Extent, Outcome};
use crate::interrupt::Interrupt;
use crate::plan::{Plan, Trial};
use crate::program::{Builder, Program};
use crate::progress::{Progress, clock};
use crate::render;
use crate::report::Report;
use crate::run::{Folder, Run, SCHEMA};
use crate::sample::{Bench, Sample};
use crate::scenario::Scenario;
use crate::service::{Catalogue, Service};
use crate::summary::summarize;
use crate::system::cores::Cores;
use crate::system::host::Host;

/// The scenarios of a comparison that names none.
pub const DEFAULT_SCENARIOS: [&str; 2] = ["rate", "saturate"];
/// What a trial takes beside its load: start, idle, stop.
const OVERHEAD: Duration = Duration::from_millis(350);

/// What to compare and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The services, without the floor.
    pub services: Vec<Service>,
    /// The loads, in order.
    pub scenarios: Vec<Scenario>,
    /// The service that ratios are taken to.
    pub reference: String,
    /// Rounds.
    pub rounds: u32,
    /// Decides the order of the trials and the names that are asked for.
    pub seed: u64,
    /// The folder to write to; one under `results` named after the time when absent.
    pub out: Option<PathBuf>,
    /// The cargo profile that services are built with.
    pub profile: String,
    /// Whether to take the time of a build from nothing.
    pub build_time: bool,
    /// The command line, for the report.
    pub command: String,
    /// Go on after the rounds until the intervals of the primary figure are this narrow.
    pub precision: Option<Precision>,
}

/// When a comparison that goes on past its rounds ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Half the width of each interval of the ratio to the reference, as a fraction of the ratio.
    pub half_width: f64,
    /// Measuring does not go on beyond this time.
    pub limit: Duration,
}

/// What a comparison led to.
#[derive(Debug)]
pub struct Compared {
    /// The result.
    pub report: Report,
    /// Where it was written.
    pub folder: PathBuf,
    /// Whether the user ended it early.
    pub interrupted: bool,
}

/// Runs a comparison. What was measured is kept and reported, whatever happens to a service or by Ctrl-C.
///
/// # Errors
/// When nothing could be measured: a build fails, the folder cannot be written, the user interrupts before the first
/// sample.
pub fn compare(catalogue: &Catalogue, options: &Options, interrupt: &Interrupt) -> Result<Compared> {
    let folder = Folder::create(&options.out.clone().unwrap_or_else(|| by_time(&catalogue.root)))?;
    let cores = Cores::split()?;
    let mut services = options.services.clone();
    if let Some(floor) = catalogue.floor().filter(|floor| !services.contains(floor)) {
        services.push(floor.clone());
    }
    let builder = Builder::new(catalogue, &options.profile, interrupt);
    let mut programs = build(&builder, &services)?;
    if options.build_time {
        time_builds(&builder, &mut programs)?;
    }
    let run = describe(options, &programs, &cores);
    folder.describe(&run)?;
    let progress = Progress::new(0);
    progress.now("checking the contract", None);
    progress.beat();
    let outcomes = check::services(&programs, &together(&cores), Extent::Answers)?;
    drop(progress);
    Cores::confine(&cores.generator)?;
    let mut measuring = Measuring {
        bench: Bench { cores: &cores, interrupt, seed: options.seed },
        programs: programs.iter().map(|program| (program.service.name.clone(), program)).collect(),
        run: &run,
        folder,
        samples: Vec::new(),
        progress: Progress::new(0),
    };
    measuring.refuse(&outcomes)?;
    let interrupted = measuring.rounds(options)?;
    let Measuring { samples, folder, progress, .. } = measuring;
    drop(progress);
    ensure!(!samples.is_empty(), "interrupted before anything was measured");
    let report = Report::new(run, &samples);
    render::write(&report, &folder.path)?;
    Ok(Compared { report, folder: folder.path, interrupted })
}

/// Builds each service by itself.
///
/// # Errors
/// When a build fails.
pub fn build(builder: &Builder, services: &[Service]) -> Result<Vec<Program>> {
    let progress = Progress::new(services.len() as u64);
    progress.beat();
    let mut programs = Vec::new();
    for (service, number) in services.iter().zip(1..) {
        progress.now(&format!("building {} ({number} of {})", service.name, services.len()), None);
        programs.push(builder.build(service)?);
        progress.step();
    }
    Ok(programs)
}

/// Builds each service from nothing, and notes how long it took.
fn time_builds(builder: &Builder, programs: &mut [Program]) -> Result<()> {
    let progress = Progress::new(programs.len() as u64);
    progress.beat();
    for program in programs {
        progress.now(&format!("building {} from nothing", program.service.name), None);
        program.facts.clean_build_s = builder.clean_build(&program.service)?.map(|time| time.as_secs_f64());
        progress.step();
    }
    Ok(())
}

/// All cores for service and generator alike: for checks, which are not timed.
pub fn together(cores: &Cores) -> Cores {
    let mut all = cores.service.clone();
    all.extend(cores.generator.iter().filter(|core| !cores.service.contains(core)));
    Cores { service: all.clone(), generator: all }
}

fn by_time(root: &Path) -> PathBuf {
    root.join("results").join(ZonedDateTime::now().strftime("%Y-%m-%d_%H-%M-%S").to_string())
}

fn describe(options: &Options, programs: &[Program], cores: &Cores) -> Run {
    Run {
        schema: SCHEMA,
        hello_bench: env!("CARGO_PKG_VERSION").to_owned(),
        command: options.command.clone(),
        profile: options.profile.clone(),
        started_at: Timestamp::now(),
        host: Host::describe(cores),
        plan: Plan {
            seed: options.seed,
            rounds: options.rounds,
            scenarios: options.scenarios.iter().map(|scenario| scenario.name.clone()).collect(),
            services: programs.iter().map(|program| program.service.name.clone()).collect(),
            reference: options.reference.clone(),
        },
        scenarios: options.scenarios.clone(),
        services: programs.iter().map(|program| program.facts.clone()).collect(),
    }
}

/// The part of a comparison that measures.
struct Measuring<'a> {
    bench: Bench<'a>,
    programs: BTreeMap<String, &'a Program>,
    run: &'a Run,
    folder: Folder,
    samples: Vec<Sample>,
    progress: Progress,
}

impl Measuring<'_> {
    /// Takes services that break the contract out of the run, with a sample that says why.
    fn refuse(&mut self, outcomes: &[Outcome]) -> Result<()> {
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
    fn rounds(&mut self, options: &Options) -> Result<bool> {
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
        for round in 1.. {
            if round > options.rounds && !self.goes_on(options, started) {
                break;
            }
            let mut trials = planned.iter().filter(|trial| trial.round >= round).cloned().collect::<Vec<_>>();
            if trials.is_empty() {
                trials = self.run.plan.round(round);
                self.progress.extend(trials.len() as u64);
            }
            while trials.first().is_some_and(|trial| trial.round == round) {
                if !self.trial(&trials)? {
                    return Ok(true);
                }
                trials.remove(0);
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
        self.progress.now(&what, Some(self.left(trials)));
        let (started, left) = (Instant::now(), self.left(trials));
        let draw = || {
            if std::io::IsTerminal::is_terminal(&std::io::stderr()) {
                self.progress.now(&what, Some(left.saturating_sub(started.elapsed())));
            }
        };
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
            .filter_map(|trial| self.scenario(&trial.scenario).ok())
            .map(|scenario| scenario.expected() + OVERHEAD)
            .sum()
    }

    /// Whether another round is wanted: an interval is still too wide, and there is time.
    fn goes_on(&self, options: &Options, started: Instant) -> bool {
        let Some(precision) = options.precision else {
            return false;
        };
        started.elapsed() < precision.limit
            && options.scenarios.iter().any(|scenario| self.is_wide(scenario, precision))
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
