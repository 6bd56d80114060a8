//! The command line: arguments in, exit status out; each command in a file of its own.

mod check;
mod compare;
mod diff;
mod load;
mod report;
mod validate;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::interrupt::Interrupt;
use crate::scenario::Scenario;
use crate::service::Catalogue;

/// Compares Rust web frameworks: one contract, the same load, figures with their uncertainty.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check that services keep the contract
    Check(check::Check),
    /// Measure services side by side and report
    Compare(compare::Compare),
    /// Measure the comparison itself: equal services must tie, slowed ones be found
    Validate(validate::Validate),
    /// Drive one load against any server
    Load(load::Load),
    /// Report a run again from its samples
    Report(report::Redraw),
    /// Compare two runs
    Diff(diff::Compared),
}

/// Where services are described, and how they are built.
#[derive(Debug, Args)]
struct Files {
    /// The catalogue of services [default: services.toml here or above]
    #[arg(long, value_name = "FILE")]
    services: Option<PathBuf>,
    /// The cargo profile that services are built with
    #[arg(long, value_name = "NAME", default_value = "release")]
    profile: String,
}

impl Files {
    fn catalogue(&self) -> Result<Catalogue> {
        Catalogue::read(self.services.as_deref())
    }
}

/// In what form to print.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Runs the command that the arguments name: exit status 0 fine, 1 failed, 2 usage.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = Interrupt::on_signal().and_then(|interrupt| match cli.command {
        Command::Check(arguments) => arguments.run(&interrupt),
        Command::Compare(arguments) => arguments.run(&interrupt),
        Command::Validate(arguments) => arguments.run(&interrupt),
        Command::Load(arguments) => arguments.run(&interrupt),
        Command::Report(arguments) => arguments.run(),
        Command::Diff(arguments) => arguments.run(),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            let _ = writeln!(io::stderr(), "error: {cause:#}");
            ExitCode::FAILURE
        }
    }
}

/// The scenarios of these names in this file, in this order.
fn scenarios(file: &Path, names: &[&str]) -> Result<Vec<Scenario>> {
    let all = Scenario::read(file)?;
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

/// The file of scenarios in a repository.
fn scenarios_file(root: &Path, named: Option<&Path>) -> PathBuf {
    named.map_or_else(|| root.join("k6/scenarios.json"), Path::to_owned)
}

/// Whether stdout is a terminal that wants colour (<https://no-color.org>).
fn is_styled() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints; a reader that has gone away is no error.
fn print(text: &str) -> Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write to stdout"),
    }
}

/// The arguments, as the user would type them.
fn command_line() -> String {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    format!("hello-bench {arguments}").replace("hello-bench compare", "cargo compare")
}

/// A path relative to the present folder, where it lies below it.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}
