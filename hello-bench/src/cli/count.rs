//! `count`: instructions and system calls of a request.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::build;
use crate::cli::shared::{self, Files, PageFormat, print};
use crate::count::{self, Counts};
use crate::program::Builder;
use crate::render::{markup, outcomes, terminal};
use crate::session::Session;

#[derive(Debug, Args)]
pub(super) struct CountArgs {
    /// The services [default: all Rust services, tuned ones and the floor included]
    #[arg(value_name = "SERVICE")]
    names: Vec<String>,
    /// Requests in the shorter of the two runs
    #[arg(long, value_name = "N", default_value_t = 5000, value_parser = clap::value_parser!(u32).range(640..=1_000_000))]
    requests: u32,
    /// Fail if a service needs more than is recorded in this file, which --out wrote
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Also write the counts to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The output format
    #[arg(long, value_enum, default_value_t = PageFormat::Table)]
    format: PageFormat,
    #[command(flatten)]
    files: Files,
}

impl CountArgs {
    pub(super) fn run(self, session: &Session) -> Result<()> {
        let recorded = self.against.as_deref().map(Counts::read).transpose()?;
        let catalogue = self.files.catalogue()?;
        let besides = catalogue.tuned().into_iter().chain(catalogue.floor().cloned());
        let services = shared::chosen(&catalogue, &self.names, besides, "count")?;
        let builder = Builder::new(&catalogue, &self.files.profile, &session.interrupt);
        let programs = build::all(&builder, &services)?;
        let counts = count::count(&programs, session, self.requests, recorded.as_ref())?;
        let json = serde_json::to_string_pretty(&counts)? + "\n";
        if let Some(path) = &self.out {
            fs::write(path, &json).with_context(|| format!("cannot write {}", path.display()))?;
        }
        let names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
        let table = outcomes::counts(&counts, &names);
        print(&match self.format {
            PageFormat::Table => terminal::table(&table, shared::is_styled()),
            PageFormat::Markdown => markup::table(&table),
            PageFormat::Json => json,
        })?;
        recorded.map_or(Ok(()), |recorded| counts.check_against(&recorded))
    }
}
