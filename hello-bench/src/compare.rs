//! The comparison from start to end: build, check, measure in rounds, keep each sample, report.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use jiff::{Timestamp, ZonedDateTime};

use crate::check::{self, Extent};
use crate::docker::Docker;
use crate::generator::Generator;
use crate::interrupt::Interrupt;
use crate::measuring::Measuring;
use crate::plan::Plan;
use crate::program::{Builder, Program};
use crate::progress::Progress;
use crate::render;
use crate::report::Report;
use crate::run::{Folder, Run, SCHEMA};
use crate::sample::Bench;
use crate::scenario::Scenario;
use crate::service::{Catalogue, Service};
use crate::system::cores::Cores;
use crate::system::host::Host;

/// The scenarios of a comparison that names none.
pub const DEFAULT_SCENARIOS: [&str; 2] = ["rate", "saturate"];
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
    /// Whether each service is measured in a container, too.
    pub docker: bool,
    /// Who offers the loads.
    pub generator: Generator,
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
    let docker = if options.docker { Some(Docker::find(interrupt)?) } else { None };
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
    if let Some(docker) = docker {
        programs.extend(build_images(&docker, catalogue, &programs, interrupt)?);
    }
    let run = describe(options, &programs, &cores);
    folder.describe(&run)?;
    let progress = Progress::working("checking the contract");
    let outcomes = check::services(&programs, &together(&cores), Extent::Answers, interrupt)?;
    drop(progress);
    Cores::confine(&cores.generator)?;
    let bench = Bench { cores: &cores, interrupt, seed: options.seed, generator: &options.generator };
    let mut measuring = Measuring::new(bench, &programs, &run, folder);
    measuring.refuse(&outcomes)?;
    let interrupted = measuring.rounds(options)?;
    let (samples, folder) = measuring.end();
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

/// Builds an image for each service that has one.
fn build_images(
    docker: &Docker,
    catalogue: &Catalogue,
    programs: &[Program],
    interrupt: &Interrupt,
) -> Result<Vec<Program>> {
    let with_image: Vec<&Program> = programs
        .iter()
        .filter(|program| program.service.package.is_some() && !program.service.floor)
        .collect();
    let progress = Progress::new(with_image.len() as u64);
    progress.beat();
    let mut images = Vec::new();
    for (program, number) in with_image.iter().zip(1..) {
        let name = &program.service.name;
        progress.now(&format!("building the image of {name} ({number} of {})", with_image.len()), None);
        images.push(docker.build(catalogue, program, interrupt)?);
        progress.step();
    }
    Ok(images)
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
        k6: options.generator.k6_version(),
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
