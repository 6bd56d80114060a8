//! `report`: the pages of a run again.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use clap::Args;

use crate::cli::shared::{self, PageFormat, print};
use crate::render::{self, splice};
use crate::report::Report;

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The folder of a run
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Also update the results and the quoted sources between the markers of this page
    #[arg(long, value_name = "FILE")]
    splice: Option<PathBuf>,
    /// Open report.html in the browser
    #[arg(long)]
    open: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t = PageFormat::Table)]
    format: PageFormat,
}

impl ReportArgs {
    pub(super) fn run(self) -> Result<()> {
        let report = Report::read(&self.folder)?;
        render::write(&report, &self.folder)?;
        if let Some(page) = &self.splice {
            splice_into(page, &report)?;
        }
        if self.open {
            open(&self.folder.join("report.html"))?;
        }
        print(&self.format.of(&report)?)
    }
}

/// Hands a page to the desktop.
fn open(page: &Path) -> Result<()> {
    let opened = Command::new("xdg-open").arg(page).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    opened
        .with_context(|| format!("cannot run xdg-open: open {} yourself", page.display()))
        .map(drop)
}

/// Writes the report into a page; sources are found relative to it.
fn splice_into(page: &Path, report: &Report) -> Result<()> {
    let root = page.parent().unwrap_or(Path::new(""));
    shared::rewrite(page, |text| splice::splice(text, report, root))
}
