//! `compare`: services side by side.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use hello_load::Scenario;
use jiff::ZonedDateTime;

use crate::build;
use crate::cli::builds::{self, Builds};
use crate::cli::history;
use crate::cli::limits::Limits;
use crate::cli::shared::{self, Files, PageFormat, print, shown};
use crate::cli::stress::{STRESS, StressOptions};
use crate::compare::Comparison;
use crate::docker::Docker;
use crate::generator::Generator;
use crate::history::History;
use crate::k6::K6;
use crate::measure::Precision;
use crate::program::{Builder, Program};
use crate::run::Folder;
use crate::service::{Catalogue, Service};
use crate::session::Session;
use crate::variant::Planned;

/// The scenarios of a comparison that names none.
const DEFAULT_SCENARIOS: [&str; 2] = ["rate", "saturate"];

/// How long and in what order to measure.
#[derive(Debug, Args)]
pub(super) struct Measure {
    /// The number of rounds; each measures every service
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) rounds: u32,
    /// Add rounds until the 95 % intervals of CPU time per request, relative to the reference, have at most this
    /// half-width, such as 2% (of throughput, if every load saturates)
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    precision: Option<f64>,
    /// With --precision: the time limit
    #[arg(long, value_name = "MINUTES", default_value_t = 30, requires = "precision")]
    max_minutes: u32,
    /// The folder for the results [default: results/TIME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The seed of all random orders [default: random, and recorded]
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// The scenarios file [default: k6/scenarios.json beside the catalogue]
    #[arg(long = "scenarios", value_name = "FILE")]
    scenarios_file: Option<PathBuf>,
}

impl Measure {
    fn scenarios_file(&self, catalogue: &Catalogue) -> PathBuf {
        shared::scenarios_file(&catalogue.root, self.scenarios_file.as_deref())
    }

    /// The scenarios of these names.
    pub(super) fn scenarios(&self, catalogue: &Catalogue, names: &[&str]) -> Result<Vec<Scenario>> {
        shared::scenarios(&catalogue.root, self.scenarios_file.as_deref(), names)
    }

    /// The folder for the results, made now so that one that cannot be written is known before anything is built.
    pub(super) fn folder(&self, catalogue: &Catalogue) -> Result<Folder> {
        let by_time = || {
            let now = ZonedDateTime::now().strftime("%Y-%m-%d_%H-%M-%S").to_string();
            catalogue.root.join("results").join(now)
        };
        Folder::create(&self.out.clone().unwrap_or_else(by_time))
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed.unwrap_or_else(|| fastrand::u64(..1 << 32))
    }

    pub(super) fn precision(&self) -> Option<Precision> {
        let limit = Duration::from_secs(u64::from(self.max_minutes) * 60);
        self.precision.map(|half_width| Precision { half_width, limit })
    }
}

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    #[command(flatten)]
    builds: Builds,
    /// A scenario; repeatable [default: rate and saturate]
    #[arg(long = "scenario", value_name = "NAME")]
    scenarios: Vec<String>,
    /// Measure the limits of each service: churn, sustain, curve, overload and connections (about 23 minutes for ten)
    #[arg(long, conflicts_with = "scenarios")]
    stress: bool,
    #[command(flatten)]
    options: StressOptions,
    /// The service that ratios are relative to [default: the first]
    #[arg(long, value_name = "SERVICE")]
    reference: Option<String>,
    /// Also time a clean build of each service (takes some minutes)
    #[arg(long)]
    build_time: bool,
    /// Also write history.html, each build relative to the oldest version; implies --count and --build-time
    #[arg(long)]
    history: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t = PageFormat::Table)]
    format: PageFormat,
    /// Also compare the services in other languages; those whose tools are missing are skipped with a message
    #[arg(long, alias = "baselines")]
    other_languages: bool,
    /// Also compare the same apps under tuned servers
    #[arg(long)]
    tuned: bool,
    /// Leave out the control, a second copy of the reference that shows the resolution of the run
    #[arg(long)]
    no_control: bool,
    /// Also measure each service in a container, as NAME@docker
    #[arg(long)]
    docker: bool,
    /// The load generator: hello-bench's own engine, or k6 (from K6 or the PATH)
    #[arg(long, value_enum, default_value_t = EngineName::Embedded)]
    engine: EngineName,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    measure: Measure,
    #[command(flatten)]
    files: Files,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum EngineName {
    Embedded,
    K6,
}

impl CompareArgs {
    pub(super) fn run(mut self, session: &Session) -> Result<()> {
        self.builds.sort_if(self.history);
        self.limits.check(self.measure.rounds)?;
        let catalogue = self.builds.catalogue(&self.files)?;
        let services = self.services(&catalogue)?;
        let (scenarios, generator) = self.loads(&catalogue, &services)?;
        ensure!(
            !(self.docker && self.builds.is_any_changed()),
            "images are built from the working tree: leave out --docker, or versions and patches"
        );
        ensure!(
            !self.history || self.builds.is_any_changed(),
            "--history shows builds of one service: name versions, as in axum@0.8.8,0.8.9 --history"
        );
        let docker = if self.docker { Some(Docker::find(&session.interrupt)?) } else { None };
        let builder = Builder::new(&catalogue, &self.files.profile, &session.interrupt);
        let workshop = self.builds.workshop(&catalogue, &self.files.profile, &session.interrupt)?;
        let planned = self.builds.plan(workshop.as_ref(), &builder, &services)?;
        let names: Vec<String> = planned.iter().map(Planned::name).collect();
        self.reference(&names, &catalogue)?;
        let folder = self.measure.folder(&catalogue)?;
        let built = builds::build(workshop.as_ref(), &builder, &planned, catalogue.floor())?;
        let names: Vec<String> = built.programs.iter().map(|program| program.service.name.clone()).collect();
        let reference = self.reference(&names, &catalogue)?;
        let comparison = Comparison {
            programs: self.programs(
                &catalogue,
                &builder,
                built.programs,
                &reference,
                docker.as_ref(),
                session,
            )?,
            scenarios,
            reference,
            rounds: self.measure.rounds,
            seed: self.measure.seed(),
            profile: self.files.profile,
            command: shared::command_line(),
            generator,
            limits: self.limits.limits.clone(),
            precision: self.measure.precision(),
        };
        let outcome = comparison.run(folder, session)?;
        if self.history {
            let reports = std::slice::from_ref(&outcome.report);
            history::write(&History::of(reports)?, &outcome.folder.join(history::PAGE))?;
        }
        print(&self.format.of(&outcome.report)?)?;
        let _ = writeln!(io::stderr(), "results in {}", shown(&outcome.folder));
        let failed = outcome.report.failed();
        let failed: Vec<&str> = failed.into_iter().map(|(service, _)| service).collect();
        if let Some(cause) = outcome.cut_short {
            bail!("{cause}; what was measured is in {}", shown(&outcome.folder));
        }
        ensure!(failed.is_empty(), "not measured in full: {}; see the notes above", failed.join(", "));
        ensure!(built.failures.is_empty(), "not built: {}", built.failures.join("; "));
        self.limits.judge(&outcome.report)
    }

    /// The services that are named, with the tuned ones and those in other languages where they are asked for, without
    /// those that lack a tool.
    fn services(&self, catalogue: &Catalogue) -> Result<Vec<Service>> {
        let mut services = self.builds.services(catalogue, &self.files)?;
        let tuned = self.tuned.then(|| catalogue.tuned());
        let other_languages = self.other_languages.then(|| catalogue.other_languages());
        for service in tuned.into_iter().chain(other_languages).flatten() {
            if !services.contains(&service) {
                services.push(service);
            }
        }
        Ok(shared::with_tools(services))
    }

    /// The service that ratios are relative to.
    fn reference(&self, names: &[String], catalogue: &Catalogue) -> Result<String> {
        let is_floor = |name: &&String| catalogue.floor().is_some_and(|floor| floor.name == **name);
        let first = names.iter().find(|name| !is_floor(name)).cloned();
        match &self.reference {
            Some(name) if names.contains(name) => Ok(name.clone()),
            Some(name) => bail!("the reference {name:?} is not among the services compared"),
            None => first.context("nothing to compare: name a service other than the floor"),
        }
    }

    /// The scenarios, and who offers them.
    fn loads(&self, catalogue: &Catalogue, services: &[Service]) -> Result<(Vec<Scenario>, Generator)> {
        let mut names: Vec<&str> = self.scenarios.iter().map(String::as_str).collect();
        if names.is_empty() {
            names = if self.stress { STRESS.to_vec() } else { DEFAULT_SCENARIOS.to_vec() };
        }
        let scenarios = self.options.applied(self.measure.scenarios(catalogue, &names)?)?;
        if self.engine == EngineName::Embedded {
            return Ok((scenarios, Generator::Embedded));
        }
        ensure!(
            services.iter().all(|service| !service.is_own()),
            "k6 only knows the hello contract: leave out --engine, or the other services"
        );
        if let Some(scenario) = scenarios.iter().find(|scenario| !scenario.is_for_k6()) {
            bail!("k6 cannot offer the scenario {:?}: leave out --engine k6", scenario.name);
        }
        let k6 = K6::find(&catalogue.root, &self.measure.scenarios_file(catalogue))?;
        Ok((scenarios.into_iter().map(Scenario::by_k6).collect(), Generator::K6(k6)))
    }

    /// Everything that is measured: the builds of services, the floor, images, and the control.
    fn programs(
        &self,
        catalogue: &Catalogue,
        builder: &Builder,
        mut programs: Vec<Program>,
        reference: &str,
        docker: Option<&Docker>,
        session: &Session,
    ) -> Result<Vec<Program>> {
        let has = |service: &&Service| programs.iter().any(|program| program.service.name == service.name);
        if let Some(floor) = catalogue.floor().filter(|floor| !has(floor)) {
            programs.extend(build::all(builder, std::slice::from_ref(floor))?);
        }
        if self.build_time || self.history {
            build::time_clean_builds(builder, &mut programs)?;
        }
        if let Some(docker) = docker {
            programs.extend(build::images(docker, catalogue, &programs, &session.interrupt)?);
        }
        self.limits.count(&mut programs, self.history, session)?;
        if !self.no_control && self.engine == EngineName::Embedded {
            let control = build::control(&programs, reference)?;
            if control.is_none() {
                let _ = writeln!(io::stderr(), "no control: a second {reference} cannot run");
            }
            programs.extend(control);
        }
        Ok(programs)
    }
}

/// A width such as `2%` as a fraction.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim().parse::<f64>();
    match number {
        Ok(percent) if (0.1..=100.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err("not a percentage from 0.1% to 100%".to_owned()),
    }
}
