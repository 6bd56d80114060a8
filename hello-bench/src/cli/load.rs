//! `load`: one load against any server.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Serialize;

use crate::cli::load_stress;
use crate::cli::shared::{self, Format, print};
use crate::cli::stress::StressOptions;
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::render::terminal;
use crate::service::Catalogue;
use crate::session::Session;
use crate::warning::Warning;
use hello_load::Observer;
use hello_load::Scenario;
use hello_load::Strictness;
use hello_load::Target;
use hello_load::Traffic;

#[derive(Debug, Args)]
pub(super) struct LoadArgs {
    /// The server, as http://HOST:PORT
    #[arg(long, value_name = "URL")]
    url: String,
    /// A scenario of k6/scenarios.json, or of --scenarios
    #[arg(long, value_name = "NAME", default_value = "rate")]
    scenario: String,
    /// Check only the core of the contract: the same JSON value in any spelling, any headers
    #[arg(long)]
    core: bool,
    /// The number of threads, which share the connections
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
    /// The seed of the requested names
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    options: StressOptions,
    /// The server's process on this machine, to read its CPU time and memory; for the scenarios of --stress
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The scenarios file [default: k6/scenarios.json in this folder or above]
    #[arg(long = "scenarios", value_name = "FILE")]
    scenarios_file: Option<PathBuf>,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct LoadOutput<'a> {
    url: &'a str,
    scenario: &'a Scenario,
    warnings: &'a [Warning],
    #[serde(flatten)]
    traffic: &'a Traffic,
}

impl LoadArgs {
    pub(super) fn run(self, session: &Session) -> Result<()> {
        let target = Target::parse(&self.url)?;
        let scenario = self.scenario()?;
        let threads = usize::from(self.threads);
        let strictness = Strictness::new(self.core);
        let load =
            hello_load::Load { target: &target, scenario: &scenario, strictness, threads, seed: self.seed };
        let mut observer = ProgressObserver::new(&scenario, &session.interrupt);
        if scenario.stress.is_some() {
            let found = load_stress::findings(&load, self.pid, &mut observer, &session.interrupt)?;
            drop(observer);
            return print(&load_stress::page(&self.url, &scenario, &found, self.format)?);
        }
        ensure!(self.pid.is_none(), "--pid is only for the scenarios of --stress, such as connections");
        let traffic = hello_load::drive(&load, &mut observer)?.traffic;
        drop(observer);
        let warnings = Warning::of_traffic(&scenario, &traffic);
        print(&match self.format {
            Format::Text => terminal::traffic(&traffic, &warnings),
            Format::Json => {
                let page = LoadOutput {
                    url: &self.url,
                    scenario: &scenario,
                    warnings: &warnings,
                    traffic: &traffic,
                };
                serde_json::to_string_pretty(&page)? + "\n"
            }
        })?;
        let what = traffic.first_wrong.as_deref().unwrap_or_default();
        ensure!(traffic.wrong == 0, "{} answers were wrong, the first: {what}", traffic.wrong);
        Ok(())
    }

    fn scenario(&self) -> Result<Scenario> {
        let root = match &self.scenarios_file {
            Some(_) => PathBuf::new(),
            None => Catalogue::read(None)?.root,
        };
        let named = self.scenarios_file.as_deref();
        let scenarios = shared::scenarios(&root, named, &[&self.scenario])?;
        self.options.applied(scenarios)?.pop().context("there is no scenario")
    }
}

/// Shows the time that is left, and sees Ctrl-C.
struct ProgressObserver<'a> {
    progress: Progress,
    name: String,
    until: Instant,
    interrupt: &'a Interrupt,
    shown: Option<Instant>,
}

impl<'a> ProgressObserver<'a> {
    fn new(scenario: &Scenario, interrupt: &'a Interrupt) -> Self {
        let until = Instant::now() + scenario.expected();
        let name = scenario.name.clone();
        Self { progress: Progress::new(1), name, until, interrupt, shown: None }
    }
}

impl Observer for ProgressObserver<'_> {
    fn tick(&mut self) -> bool {
        let now = Instant::now();
        let due = self.shown.is_none_or(|shown| now - shown >= self.progress.interval());
        if due {
            self.shown = Some(now);
            let left = self.until.saturating_duration_since(now).max(Duration::from_secs(1));
            self.progress.now(&self.name, Some(left));
        }
        !self.interrupt.is_set()
    }
}
