//! `probe`: what services do with bad and slow peers.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::build;
use crate::cli::shared::{self, Files, Page, print};
use crate::probe::{self, Level, Probed};
use crate::program::Builder;
use crate::render::{self, robustness, splice};
use crate::report::Report;
use crate::run;
use crate::session::Session;

#[derive(Debug, Args)]
pub(super) struct Probe {
    /// The services to probe [default: all that are written in Rust, tuned and not, and the floor]
    #[arg(value_name = "SERVICE")]
    names: Vec<String>,
    /// Fail when a must is not kept, but for the exceptions of services.toml
    #[arg(long)]
    must: bool,
    /// Also write probe.json into this folder; where it holds a run, its report shows the table
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Also replace the tables between the markers of this page
    #[arg(long, value_name = "FILE")]
    splice: Option<PathBuf>,
    /// The form of what is printed: what was not kept, or the whole table
    #[arg(long, value_enum, default_value_t = Page::Table)]
    format: Page,
    #[command(flatten)]
    files: Files,
}

impl Probe {
    pub(super) fn run(self, session: &Session) -> Result<()> {
        let catalogue = self.files.catalogue()?;
        let besides = catalogue.tuned().into_iter().chain(catalogue.floor().cloned());
        let services = shared::chosen(&catalogue, &self.names, besides, "probe")?;
        let builder = Builder::new(&catalogue, &self.files.profile, &session.interrupt);
        let programs = build::all(&builder, &services)?;
        let Session { cores, interrupt } = session.untimed();
        let probes = probe::probe(&programs, &cores, shared::command_line(), &interrupt)?;
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
            Page::Table => robustness::summary(&probes),
            Page::Markdown => robustness::markdown(&probes),
            Page::Json => serde_json::to_string_pretty(&probes)? + "\n",
        })?;
        let fails = |probed: &&Probed| probed.broken(Level::Must).any(|seen| seen.exception.is_none());
        let broken: Vec<&str> =
            probes.services.iter().filter(fails).map(|probed| probed.service.as_str()).collect();
        ensure!(!self.must || broken.is_empty(), "a must is not kept by {}", broken.join(", "));
        Ok(())
    }
}
