//! Pages: each renderer shows a [`Report`] and computes nothing.

pub mod compose;
pub mod history;
pub mod html;
pub mod images;
pub mod markdown;
pub mod markup;
pub mod outcomes;
pub mod overview;
pub mod pull_request;
pub mod relations;
pub mod robustness;
pub mod splice;
pub mod stress;
pub mod table;
pub mod tables;
pub mod terminal;

use std::path::Path;

use anyhow::{Context, Result};

use crate::report::Report;
use crate::run;

/// Writes every page of a report into the folder of its run.
///
/// # Errors
/// When a file cannot be written.
pub fn write(report: &Report, folder: &Path) -> Result<()> {
    run::write(folder, "results.json", &serde_json::to_string_pretty(report)?)?;
    run::write(folder, "report.md", &markdown::page(report))?;
    run::write(folder, "report.html", &html::page(report).context("cannot draw report.html")?)
}
