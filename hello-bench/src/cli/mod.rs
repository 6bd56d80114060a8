//! The command line: arguments in, exit status out; each command in a file of its own.

mod builds;
mod check;
mod compare;
mod count;
mod diff;
mod history;
mod limits;
mod list;
mod load;
mod load_stress;
mod probe;
mod report;
mod shared;
mod stress;
mod validate;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};

use crate::cli::shared::print;
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
    /// Test services against the contract
    Check(check::CheckArgs),
    /// Measure services side by side and write a report
    Compare(compare::CompareArgs),
    /// Test the comparison itself: equal services must tie, slowed ones must be detected
    Validate(validate::ValidateArgs),
    /// Run one load against any server
    Load(load::LoadArgs),
    /// Show how services treat bad and slow peers
    Probe(probe::ProbeArgs),
    /// Count instructions and system calls per request
    Count(count::CountArgs),
    /// Recreate the report of a run from its samples
    Report(report::ReportArgs),
    /// Compare two runs
    Diff(diff::DiffArgs),
    /// Show the builds of each service over versions, from runs that compare several
    History(history::HistoryArgs),
    /// List the services
    List(list::ListArgs),
    /// Print shell completions
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
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

/// The exit status when a limit of `--fail-if` is broken.
const BROKEN: u8 = 3;

/// Runs the command that the arguments name: exit status 0 fine, 1 failed, 2 usage, 3 a limit is broken.
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
        Command::History(arguments) => arguments.run(),
        Command::List(arguments) => arguments.run(),
        Command::Completions { shell } => completions(shell),
        Command::Man => manual(),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            let _ = writeln!(io::stderr(), "error: {cause:#}");
            if cause.is::<limits::Broken>() { ExitCode::from(BROKEN) } else { ExitCode::FAILURE }
        }
    }
}
