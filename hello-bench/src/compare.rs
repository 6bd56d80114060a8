//! The comparison from programs to pages: check, measure in rounds, keep each sample, report.

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use hello_load::Scenario;
use jiff::Timestamp;

use crate::check::{self, Scope};
use crate::generator::Generator;
use crate::limit::Limit;
use crate::measure::{Measurement, Precision};
use crate::plan::Plan;
use crate::program::Program;
use crate::progress::Progress;
use crate::render;
use crate::report::Report;
use crate::run::{Folder, Run, SCHEMA};
use crate::session::Session;
use crate::system::files::raise_limit;
use crate::system::host::Host;

#[derive(Debug)]
pub(crate) struct Comparison {
    /// The services, made ready, with the floor and the control.
    pub programs: Vec<Program>,
    /// The loads, in order.
    pub scenarios: Vec<Scenario>,
    /// The service that ratios are relative to.
    pub reference: String,
    pub rounds: u32,
    /// Decides the orders and the names that are asked for.
    pub seed: u64,
    /// The cargo profile that services were built with.
    pub profile: String,
    /// The command line, for the report.
    pub command: String,
    /// Who offers the loads.
    pub generator: Generator,
    /// What the services may differ by.
    pub limits: Vec<Limit>,
    /// Go on after the rounds until the intervals of the primary metric are this narrow.
    pub precision: Option<Precision>,
}

/// What a comparison led to.
#[derive(Debug)]
pub(crate) struct CompareOutcome {
    pub report: Report,
    /// Where it was written.
    pub folder: PathBuf,
    /// Why it ended before its last round, if it did.
    pub cut_short: Option<String>,
}

impl Comparison {
    /// Runs the comparison. What was measured is kept and reported, whatever happens to a service or by Ctrl-C.
    ///
    /// # Errors
    /// When nothing could be measured: the folder cannot be written, or the user interrupts before the first sample.
    pub(crate) fn run(&self, folder: Folder, session: &Session) -> Result<CompareOutcome> {
        self.ensure_room()?;
        let run = self.describe(session);
        folder.describe(&run)?;
        let progress = Progress::working("checking the contract");
        let outcomes = check::services(&self.programs, &session.untimed(), Scope::Responses)?;
        drop(progress);
        let (samples, folder, cut_short) = session.cores.on_generator(|| {
            let mut measurement = Measurement::new(session, &self.generator, &self.programs, &run, folder);
            measurement.refuse(&outcomes)?;
            measurement.rounds(self.precision)?;
            anyhow::Ok(measurement.finish())
        })??;
        if let Some(cause) = cut_short.as_ref().filter(|_| samples.is_empty()) {
            bail!("{cause} before anything was measured");
        }
        ensure!(!samples.is_empty(), "nothing was measured");
        let report = Report::new(run, &samples);
        render::write(&report, &folder.path)?;
        Ok(CompareOutcome { report, folder: folder.path, cut_short })
    }

    /// All services of a round in slices keep their connections until it ends.
    fn ensure_room(&self) -> Result<()> {
        let is_sliced =
            |scenario: &&Scenario| matches!(self.generator, Generator::Embedded) && scenario.slices.is_some();
        let services = self.programs.len();
        for scenario in self.scenarios.iter().filter(is_sliced) {
            let room = raise_limit();
            let connections = scenario.connections as usize * services;
            ensure!(
                connections <= room,
                "{} needs {connections} connections at a time for {services} services, and this process may open {room}: name fewer services, leave the scenario out, or raise the limit of open files (ulimit -Hn)",
                scenario.name
            );
        }
        Ok(())
    }

    fn describe(&self, session: &Session) -> Run {
        Run {
            schema: SCHEMA,
            hello_bench: env!("CARGO_PKG_VERSION").to_owned(),
            command: self.command.clone(),
            profile: self.profile.clone(),
            k6: self.generator.k6_version(),
            started_at: Timestamp::now(),
            host: Host::describe(&session.cores),
            plan: Plan {
                seed: self.seed,
                rounds: self.rounds,
                scenarios: self.scenarios.iter().map(|scenario| scenario.name.clone()).collect(),
                services: self.programs.iter().map(|program| program.service.name.clone()).collect(),
                reference: self.reference.clone(),
            },
            scenarios: self.scenarios.clone(),
            services: self.programs.iter().map(|program| program.metadata.clone()).collect(),
            limits: self.limits.clone(),
        }
    }
}
