//! Pages: each renderer shows a [`Report`] and computes nothing.

pub(crate) mod compose;
mod costs;
pub(crate) mod history;
pub mod html;
pub(crate) mod images;
pub mod markdown;
pub(crate) mod markup;
mod notes;
pub(crate) mod outcomes;
pub(crate) mod overview;
pub(crate) mod pull_request;
pub(crate) mod relations;
mod relative;
pub(crate) mod robustness;
pub(crate) mod splice;
pub(crate) mod stress;
pub(crate) mod table;
pub(crate) mod tables;
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
