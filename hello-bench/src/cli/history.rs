//! `history`: the builds of each service over versions, from runs that have several.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::cli::shared::{self, PageFormat, print};
use crate::history::History;
use crate::render::{history, html};
use crate::report::Report;

/// The page beside the others of a run.
pub(super) const PAGE: &str = "history.html";

#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// The folders of runs that compare builds of one service
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,
    /// The page to write [default: history.html in the first folder]
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Also replace the tables between the history markers of this page
    #[arg(long, value_name = "FILE")]
    splice: Option<PathBuf>,
    /// The form of the tables on stdout
    #[arg(long, value_enum, default_value_t = PageFormat::Table)]
    format: PageFormat,
}

impl HistoryArgs {
    pub(super) fn run(self) -> Result<()> {
        let read = |folder: &PathBuf| Report::read(folder);
        let history = History::of(&self.folders.iter().map(read).collect::<Result<Vec<_>>>()?)?;
        write(&history, &self.html.unwrap_or_else(|| self.folders[0].join(PAGE)))?;
        if let Some(page) = &self.splice {
            shared::rewrite(page, |text| history::splice(text, &history))?;
        }
        print(&match self.format {
            PageFormat::Table => history::terminal(&history, shared::is_styled()),
            PageFormat::Markdown => history::markdown(&history),
            PageFormat::Json => serde_json::to_string_pretty(&history)? + "\n",
        })
    }
}

/// Writes the page.
pub(super) fn write(history: &History, path: &Path) -> Result<()> {
    let page = html::history::page(history).context("cannot draw the history")?;
    fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))
}
