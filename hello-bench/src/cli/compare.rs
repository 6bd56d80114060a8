//! `compare`: services side by side.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};

use crate::cli::{self, Files, Page, print, shown};
use crate::compare::{DEFAULT_SCENARIOS, Options, Precision, compare};
use crate::generator::Generator;
use crate::interrupt::Interrupt;
use crate::k6::K6;
use crate::scenario::Scenario;
use crate::service::{Catalogue, Service};

/// How long and in what order to measure.
#[derive(Debug, Args)]
pub(super) struct Measure {
    /// Rounds, each of which visits every service
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Go on after the rounds until the 95 % intervals of the ratios are at most so wide to each side, as in 2%
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    precision: Option<f64>,
    /// With --precision: measure no longer than this
    #[arg(long, value_name = "MINUTES", default_value_t = 30, requires = "precision")]
    max_minutes: u32,
    /// The folder for the results [default: results/ and the time]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Decides the order of the trials [default: random, and recorded]
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// The file of loads [default: k6/scenarios.json beside the catalogue]
    #[arg(long = "scenarios", value_name = "FILE")]
    scenarios_file: Option<PathBuf>,
}

impl Measure {
    fn scenarios_file(&self, catalogue: &Catalogue) -> PathBuf {
        cli::scenarios_file(&catalogue.root, self.scenarios_file.as_deref())
    }

    /// The options of a comparison under these scenarios, without services.
    pub(super) fn options(self, catalogue: &Catalogue, names: &[&str], profile: String) -> Result<Options> {
        let file = self.scenarios_file(catalogue);
        let limit = Duration::from_secs(u64::from(self.max_minutes) * 60);
        Ok(Options {
            services: Vec::new(),
            scenarios: cli::scenarios(&file, names)?,
            reference: String::new(),
            rounds: self.rounds,
            seed: self.seed.unwrap_or_else(|| fastrand::u64(..1 << 32)),
            out: self.out,
            profile,
            build_time: false,
            command: cli::command_line(),
            docker: false,
            generator: Generator::Embedded,
            precision: self.precision.map(|half_width| Precision { half_width, limit }),
        })
    }
}

#[derive(Debug, Args)]
pub(super) struct Compare {
    /// The services to compare [default: all that are written in Rust]
    #[arg(value_name = "SERVICE")]
    names: Vec<String>,
    /// A load of the scenarios file; may be given several times [default: rate and saturate]
    #[arg(long = "scenario", value_name = "NAME")]
    scenarios: Vec<String>,
    /// The service that ratios are taken to [default: the first]
    #[arg(long, value_name = "SERVICE")]
    reference: Option<String>,
    /// Also build each service from nothing and take the time: some minutes more
    #[arg(long)]
    build_time: bool,
    /// The form of the report on stdout
    #[arg(long, value_enum, default_value_t = Page::Table)]
    format: Page,
    /// Also compare the services in other languages; one whose tools are missing is left out, and said
    #[arg(long)]
    baselines: bool,
    /// Also compare the same apps under tuned servers
    #[arg(long)]
    tuned: bool,
    /// Also build each service's image and measure it in a container: rows of their own, NAME@docker
    #[arg(long)]
    docker: bool,
    /// Who offers the loads: hello-bench's own engine, or the k6 that K6 or the PATH names
    #[arg(long, value_enum, default_value_t = EngineName::Embedded)]
    engine: EngineName,
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

impl Compare {
    pub(super) fn run(self, interrupt: &Interrupt) -> Result<()> {
        let catalogue = self.files.catalogue()?;
        let format = self.format;
        let options = self.options(&catalogue)?;
        let compared = compare(&catalogue, &options, interrupt)?;
        print(&format.of(&compared.report)?)?;
        let _ = writeln!(io::stderr(), "results in {}", shown(&compared.folder));
        let failed = compared.report.disqualified();
        let failed: Vec<&str> = failed.into_iter().map(|(service, _)| service).collect();
        ensure!(!compared.interrupted, "interrupted; what was measured is in {}", shown(&compared.folder));
        ensure!(failed.is_empty(), "not measured to the end: {}; see the notes above", failed.join(", "));
        Ok(())
    }

    /// The services that are named, with the tuned ones and the baselines where they are asked for, without those that lack a
    /// tool.
    fn services(&self, catalogue: &Catalogue) -> Result<Vec<Service>> {
        let mut services = catalogue.select(&self.names)?;
        let tuned = self.tuned.then(|| catalogue.tuned());
        let baselines = self.baselines.then(|| catalogue.baselines());
        for service in tuned.into_iter().chain(baselines).flatten() {
            if !services.contains(&service) {
                services.push(service);
            }
        }
        Ok(cli::with_tools(services))
    }

    fn options(self, catalogue: &Catalogue) -> Result<Options> {
        let services = self.services(catalogue)?;
        let mut names: Vec<&str> = self.scenarios.iter().map(String::as_str).collect();
        if names.is_empty() {
            names = DEFAULT_SCENARIOS.to_vec();
        }
        let file = self.measure.scenarios_file(catalogue);
        let mut options = self.measure.options(catalogue, &names, self.files.profile)?;
        if self.engine == EngineName::K6 {
            options.generator = Generator::K6(K6::find(&catalogue.root, &file)?);
            options.scenarios = options.scenarios.into_iter().map(Scenario::by_k6).collect();
        }
        let first = services.iter().find(|service| !service.floor).map(|service| service.name.clone());
        let reference = match self.reference {
            Some(name) if services.iter().any(|service| service.name == name) => name,
            Some(name) => bail!("the reference {name:?} is not among the services compared"),
            None => first.context("there is nothing to compare: name a service other than the floor")?,
        };
        Ok(Options { services, reference, build_time: self.build_time, docker: self.docker, ..options })
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
