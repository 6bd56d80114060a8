//! `probe`: what services do with bad and slow peers.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};

use crate::build;
use crate::cli::shared::{self, Files, PageFormat, print};
use crate::docker::Docker;
use crate::probe::{self, Probed};
use crate::program::Builder;
use crate::render::{self, robustness, splice};
use crate::report::Report;
use crate::run;
use crate::session::Session;

#[derive(Debug, Args)]
pub(super) struct ProbeArgs {
    /// The services to probe [default: all Rust services, tuned ones and the floor included]
    #[arg(value_name = "SERVICE")]
    names: Vec<String>,
    /// Only try the cases of this family; repeatable
    #[arg(long = "family", value_name = "NAME", value_parser = families())]
    families: Vec<String>,
    /// Probe images, in containers, instead of processes; what has no image is left out
    #[arg(long)]
    docker: bool,
    /// Fail if a must is broken that is no exception in services.toml
    #[arg(long)]
    must: bool,
    /// Also write probe.json to this folder; if it has a run, add the table to its report
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Also update the tables between the markers of this page
    #[arg(long, value_name = "FILE")]
    splice: Option<PathBuf>,
    /// The output format: the broken rules, or the whole table
    #[arg(long, value_enum, default_value_t = PageFormat::Table)]
    format: PageFormat,
    #[command(flatten)]
    files: Files,
}

/// The families of cases by their keys, with their titles.
fn families() -> PossibleValuesParser {
    probe::families()
        .iter()
        .map(|family| PossibleValue::new(family.key).help(family.title))
        .into()
}

impl ProbeArgs {
    pub(super) fn run(self, session: &Session) -> Result<()> {
        ensure!(
            self.families.is_empty() || !self.out.as_deref().is_some_and(run::is_run),
            "the report of a run takes all families: leave out --family, or name a folder without a run"
        );
        let catalogue = self.files.catalogue()?;
        let besides = catalogue.tuned().into_iter().chain(catalogue.floor().cloned());
        let services = shared::chosen(&catalogue, &self.names, besides, "probe")?;
        let builder = Builder::new(&catalogue, &self.files.profile, &session.interrupt);
        let docker = if self.docker { Some(Docker::find(&session.interrupt)?) } else { None };
        let mut programs = build::all(&builder, &services)?;
        if let Some(docker) = docker {
            programs = build::images(&docker, &catalogue, &programs, &session.interrupt)?;
            let without = services.len() - programs.len();
            ensure!(
                !programs.is_empty() && (self.names.is_empty() || without == 0),
                "{without} of these services have no image: leave them or --docker out"
            );
        }
        let families = probe::chosen(&self.families);
        let probes = probe::probe(&programs, &families, &session.untimed(), shared::command_line())?;
        if let Some(folder) = &self.out {
            fs::create_dir_all(folder).with_context(|| format!("cannot write to {}", folder.display()))?;
            run::write(folder, probe::FILE, &serde_json::to_string_pretty(&probes)?)?;
            if run::is_run(folder) {
                render::write(&Report::read(folder)?, folder)?;
            }
        }
        if let Some(page) = &self.splice {
            shared::rewrite(page, |text| splice::probe(text, &probes))?;
        }
        print(&match self.format {
            PageFormat::Table => robustness::summary(&probes),
            PageFormat::Markdown => robustness::markdown(&probes),
            PageFormat::Json => serde_json::to_string_pretty(&probes)? + "\n",
        })?;
        let named = |is_meant: &dyn Fn(&Probed) -> bool| {
            let named = probes.services.iter().filter(|probed| is_meant(probed));
            named.map(|probed| probed.service.as_str()).collect::<Vec<_>>().join(", ")
        };
        let unknown = named(&|probed| probed.failure.is_some());
        let broken = named(&|probed| self.must && probed.failure.is_none() && !probed.keeps_musts());
        let faults = [("could not be probed:", unknown), ("must-level rules are broken by", broken)];
        let faults = faults.into_iter().filter(|(_, services)| !services.is_empty());
        let faults: Vec<String> = faults.map(|(fault, services)| format!("{fault} {services}")).collect();
        ensure!(faults.is_empty(), "{}", faults.join("; "));
        Ok(())
    }
}
