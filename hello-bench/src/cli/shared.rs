//! What the commands share: options, choosing services and scenarios, printing.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use hello_load::Scenario;

use crate::program::Builder;
use crate::render::{pull_request, terminal};
use crate::report::Report;
use crate::service::{Catalogue, Service};

/// Where services are described, and how they are built.
#[derive(Debug, Args)]
pub(super) struct Files {
    /// The catalogue of services [default: services.toml in this folder or above]
    #[arg(long, value_name = "FILE")]
    services: Option<PathBuf>,
    /// The cargo profile for building services
    #[arg(long, value_name = "NAME", default_value = "release")]
    pub(super) profile: String,
}

impl Files {
    /// Whether no file is named.
    pub(super) fn is_default(&self) -> bool {
        self.services.is_none()
    }

    pub(super) fn catalogue(&self) -> Result<Catalogue> {
        Catalogue::read(self.services.as_deref())
    }
}

/// In what form to print.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// In what form to print a report.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum PageFormat {
    /// Tables for a terminal
    Table,
    /// Markdown for a pull request
    Markdown,
    /// JSON, as in results.json
    Json,
}

impl PageFormat {
    pub(super) fn of(self, report: &Report) -> Result<String> {
        Ok(match self {
            Self::Table => terminal::page(report, is_styled()),
            Self::Markdown => pull_request::page(report),
            Self::Json => serde_json::to_string_pretty(report)? + "\n",
        })
    }
}

/// The loads of this file, or of the one beside the catalogue. A catalogue of the user's own may have none: its loads are
/// those of this repository.
fn loads(root: &Path, named: Option<&Path>) -> Result<Vec<Scenario>> {
    let file = scenarios_file(root, named);
    if named.is_none() && !file.exists() {
        return Scenario::parse(include_str!("../../../k6/scenarios.json"));
    }
    Scenario::read(&file)
}

/// The scenarios of these names in this file, or else beside the catalogue, in this order.
pub(super) fn scenarios(root: &Path, named: Option<&Path>, names: &[&str]) -> Result<Vec<Scenario>> {
    let all = loads(root, named)?;
    let mut selected: Vec<Scenario> = Vec::new();
    for name in names {
        let Some(scenario) = all.iter().find(|scenario| scenario.name == *name) else {
            let known: Vec<&str> = all.iter().map(|scenario| scenario.name.as_str()).collect();
            bail!("there is no scenario {name:?}; there are {}", known.join(", "));
        };
        ensure!(!selected.contains(scenario), "scenario {name:?} is named twice");
        selected.push(scenario.clone());
    }
    Ok(selected)
}

/// The services whose tools this machine has; the others are skipped with a message.
pub(super) fn with_tools(services: Vec<Service>) -> Vec<Service> {
    let has_tools = |service: &Service| {
        let missing = Builder::missing(service);
        if let Some(missing) = &missing {
            let _ = writeln!(io::stderr(), "skipped: {missing}");
        }
        missing.is_none()
    };
    services.into_iter().filter(has_tools).collect()
}

/// The services of these names, or else all that are not tuned and those `besides`, without those that lack a tool.
pub(super) fn chosen(
    catalogue: &Catalogue,
    names: &[String],
    besides: impl IntoIterator<Item = Service>,
    purpose: &str,
) -> Result<Vec<Service>> {
    let mut services = with_tools(catalogue.select(names)?);
    if names.is_empty() {
        services.extend(besides);
    }
    ensure!(!services.is_empty(), "there is nothing to {purpose}");
    Ok(services)
}

/// Writes a hand-written page anew, as `splice` says.
pub(super) fn rewrite(page: &Path, splice: impl FnOnce(&str) -> Result<String>) -> Result<()> {
    let text = fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    let spliced = splice(&text).with_context(|| page.display().to_string())?;
    fs::write(page, spliced).with_context(|| format!("cannot write {}", page.display()))
}

/// The file of scenarios in a repository.
pub(super) fn scenarios_file(root: &Path, named: Option<&Path>) -> PathBuf {
    named.map_or_else(|| root.join("k6/scenarios.json"), Path::to_owned)
}

/// Whether stdout is a terminal that wants colour (<https://no-color.org>).
pub(super) fn is_styled() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints; a reader that has gone away is no error.
pub(super) fn print(text: &str) -> Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write to stdout"),
    }
}

/// The arguments, as the user would type them.
pub(super) fn command_line() -> String {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    format!("cargo hello {arguments}").replace("cargo hello compare", "cargo compare")
}

/// A path relative to the present folder, where it lies below it.
pub(super) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}
