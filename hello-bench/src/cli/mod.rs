//! The command line: arguments in, exit status out; each command in a file of its own.

mod check;
mod compare;
mod count;
mod diff;
mod load;
mod probe;
mod report;
mod validate;

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use hello_load::Scenario;

use crate::program::Builder;
use crate::render::{markdown, terminal};
use crate::report::Report;
use crate::service::{Catalogue, Service};
use crate::session::Session;

/// Compares Rust web frameworks: one contract, the same load, metrics with their uncertainty.
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
    /// Check the comparison with itself: equal services must tie, slowed ones must be found
    Validate(validate::Validate),
    /// Drive one load against any server
    Load(load::Load),
    /// Try what services do with bad and slow peers
    Probe(probe::Probe),
    /// Count the instructions and system calls of a request
    Count(count::Count),
    /// Report a run again from its samples
    Report(report::ReportArgs),
    /// Compare two runs
    Diff(diff::DiffArgs),
    /// Print what a shell needs to complete commands and options
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print a manual page
    Man,
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

/// In what form to print a report.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Page {
    /// Tables for a terminal
    Table,
    /// Markdown, as in report.md
    Markdown,
    /// JSON, as in results.json
    Json,
}

impl Page {
    fn of(self, report: &Report) -> Result<String> {
        Ok(match self {
            Self::Table => terminal::page(report, is_styled()),
            Self::Markdown => markdown::page(report),
            Self::Json => serde_json::to_string_pretty(report)? + "\n",
        })
    }
}

fn completions(shell: clap_complete::Shell) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "hello-bench", &mut text);
    print(&String::from_utf8(text)?)
}

fn manual() -> Result<()> {
    let mut text = Vec::new();
    let command = Cli::command();
    clap_mangen::Man::new(command.clone()).render(&mut text)?;
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        clap_mangen::Man::new(sub.clone().bin_name(format!("hello-bench {}", sub.get_name())))
            .render(&mut text)?;
    }
    print(&String::from_utf8(text)?)
}

/// Runs the command that the arguments name: exit status 0 fine, 1 failed, 2 usage.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = Session::start().and_then(|session| match cli.command {
        Command::Check(arguments) => arguments.run(&session),
        Command::Compare(arguments) => arguments.run(&session),
        Command::Validate(arguments) => arguments.run(&session),
        Command::Load(arguments) => arguments.run(&session),
        Command::Probe(arguments) => arguments.run(&session),
        Command::Count(arguments) => arguments.run(&session),
        Command::Report(arguments) => arguments.run(),
        Command::Diff(arguments) => arguments.run(),
        Command::Completions { shell } => completions(shell),
        Command::Man => manual(),
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

/// The services whose tools this machine has; the others are skipped with a message.
fn with_tools(services: Vec<Service>) -> Vec<Service> {
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
fn chosen(
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
fn rewrite(page: &Path, splice: impl FnOnce(&str) -> Result<String>) -> Result<()> {
    let text = fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    let spliced = splice(&text).with_context(|| page.display().to_string())?;
    fs::write(page, spliced).with_context(|| format!("cannot write {}", page.display()))
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
