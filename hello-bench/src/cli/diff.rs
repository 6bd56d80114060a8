//! `diff`: two runs.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::cli::shared::{Format, is_styled, print};
use crate::diff::Diff;
use crate::render::html::difference;
use crate::render::terminal;
use crate::report::Report;

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The folder of the earlier run
    #[arg(value_name = "EARLIER")]
    earlier: PathBuf,
    /// The folder of the later run
    #[arg(value_name = "LATER")]
    later: PathBuf,
    /// Compare even runs that differ in machine, compiler or loads
    #[arg(long)]
    anyway: bool,
    /// Also write an HTML page with charts to this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl DiffArgs {
    pub(super) fn run(self) -> Result<()> {
        let (earlier, later) = (Report::read(&self.earlier)?, Report::read(&self.later)?);
        let diff = Diff::new(&earlier, &later, self.anyway)?;
        if let Some(file) = &self.html {
            let page = difference::page(&diff).context("cannot draw the page")?;
            fs::write(file, page).with_context(|| format!("cannot write {}", file.display()))?;
        }
        print(&match self.format {
            Format::Text => terminal::diff(&diff, is_styled()),
            Format::Json => serde_json::to_string_pretty(&diff)? + "\n",
        })
    }
}
