//! The command line.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Parser, Subcommand};

use crate::check::{self, Extent, Outcome};
use crate::compare::{self, DEFAULT_SCENARIOS, Options, compare};
use crate::engine::target::Target;
use crate::engine::verify::Strictness;
use crate::interrupt::Interrupt;
use crate::program::Builder;
use crate::render::{self, terminal};
use crate::report::Report;
use crate::scenario::Scenario;
use crate::service::Catalogue;
use crate::system::cores::Cores;

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
    Check(Check),
    /// Measure services side by side and report
    Compare(Compare),
    /// Report a run again from its samples
    Report(Redraw),
}

/// Where services and loads are described.
#[derive(Debug, Args)]
struct Files {
    /// The catalogue of services [default: services.toml here or above]
    #[arg(long, value_name = "FILE")]
    services: Option<PathBuf>,
    /// The cargo profile that services are built with
    #[arg(long, value_name = "NAME", default_value = "release")]
    profile: String,
}

#[derive(Debug, Args)]
struct Check {
    /// The services to check [default: all that are written in Rust, and the floor]
    #[arg(value_name = "SERVICE")]
    names: Vec<String>,
    /// Check the server at this URL instead
    #[arg(long, value_name = "URL", conflicts_with_all = ["names", "services", "profile"])]
    url: Option<String>,
    /// Ask the server at the URL only for the core of the contract
    #[arg(long, requires = "url")]
    core: bool,
    #[command(flatten)]
    files: Files,
}

#[derive(Debug, Args)]
struct Compare {
    /// The services to compare [default: all that are written in Rust]
    #[arg(value_name = "SERVICE")]
    names: Vec<String>,
    /// Rounds, each of which visits every service
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// A load of the scenarios file; may be given several times [default: rate and saturate]
    #[arg(long = "scenario", value_name = "NAME")]
    scenarios: Vec<String>,
    /// The service that ratios are taken to [default: the first]
    #[arg(long, value_name = "SERVICE")]
    reference: Option<String>,
    /// The folder for the results [default: results/ and the time]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Decides the order of the trials [default: random, and recorded]
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// The file of loads [default: k6/scenarios.json beside the catalogue]
    #[arg(long = "scenarios", value_name = "FILE")]
    scenarios_file: Option<PathBuf>,
    #[command(flatten)]
    files: Files,
}

#[derive(Debug, Args)]
struct Redraw {
    /// The folder of a run
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Also replace the results, and the sources that are quoted, between the markers of this page
    #[arg(long, value_name = "FILE")]
    splice: Option<PathBuf>,
}

/// Runs the command that the arguments name: exit status 0 fine, 1 failed, 2 usage.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = Interrupt::on_signal().and_then(|interrupt| match cli.command {
        Command::Check(arguments) => arguments.run(&interrupt),
        Command::Compare(arguments) => arguments.run(&interrupt),
        Command::Report(arguments) => arguments.run(),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            let _ = writeln!(io::stderr(), "error: {cause:#}");
            ExitCode::FAILURE
        }
    }
}

impl Check {
    fn run(self, interrupt: &Interrupt) -> Result<()> {
        if let Some(url) = &self.url {
            let strictness = if self.core { Strictness::Core } else { Strictness::Exact };
            let outcome = check::url(&Target::parse(url)?, strictness)?;
            return verdict(&[(url.clone(), outcome)]);
        }
        let catalogue = Catalogue::read(self.files.services.as_deref())?;
        let mut services = catalogue.select(&self.names)?;
        if self.names.is_empty() {
            services.extend(catalogue.floor().cloned());
        }
        let programs = compare::build(&Builder::new(&catalogue, &self.files.profile, interrupt), &services)?;
        let cores = compare::together(&Cores::split()?);
        let outcomes = check::services(&programs, &cores, Extent::All)?;
        let names = services.into_iter().map(|service| service.name);
        verdict(&names.zip(outcomes).collect::<Vec<_>>())
    }
}

/// Prints what was found.
fn verdict(checked: &[(String, Outcome)]) -> Result<()> {
    let mut text = String::new();
    for (name, outcome) in checked {
        text.push_str(&format!("{name}: {} cases, {} violations\n", outcome.cases, outcome.violations.len()));
        for violation in &outcome.violations {
            text.push_str(&format!("  {violation}\n"));
        }
    }
    print(&text)?;
    let broken: Vec<&str> = checked
        .iter()
        .filter(|(_, outcome)| !outcome.violations.is_empty())
        .map(|(name, _)| name.as_str())
        .collect();
    ensure!(broken.is_empty(), "the contract is broken by {}", broken.join(", "));
    Ok(())
}

impl Compare {
    fn run(self, interrupt: &Interrupt) -> Result<()> {
        let catalogue = Catalogue::read(self.files.services.as_deref())?;
        let options = self.options(&catalogue)?;
        let compared = compare(&catalogue, &options, interrupt)?;
        print(&terminal::page(&compared.report, is_styled()))?;
        print(&format!("results in {}\n", shown(&compared.folder)))?;
        let failed: Vec<&str> =
            compared.report.disqualified().into_iter().map(|(service, _)| service).collect();
        ensure!(!compared.interrupted, "interrupted; what was measured is in {}", shown(&compared.folder));
        ensure!(failed.is_empty(), "not measured to the end: {}; see the notes above", failed.join(", "));
        Ok(())
    }

    fn options(self, catalogue: &Catalogue) -> Result<Options> {
        let services = catalogue.select(&self.names)?;
        let scenarios = self.selected_scenarios(catalogue)?;
        let first = services.iter().find(|service| !service.floor).map(|service| service.name.clone());
        let reference = match self.reference {
            Some(name) if services.iter().any(|service| service.name == name) => name,
            Some(name) => bail!("the reference {name:?} is not among the services compared"),
            None => first.context("there is nothing to compare: name a service other than the floor")?,
        };
        Ok(Options {
            services,
            scenarios,
            reference,
            rounds: self.rounds,
            seed: self.seed.unwrap_or_else(|| fastrand::u64(..1 << 32)),
            out: self.out,
            profile: self.files.profile,
            command: command_line(),
            precision: None,
        })
    }

    /// The loads that are named, in that order.
    fn selected_scenarios(&self, catalogue: &Catalogue) -> Result<Vec<Scenario>> {
        let default = catalogue.root.join("k6/scenarios.json");
        let all = Scenario::read(self.scenarios_file.as_deref().unwrap_or(&default))?;
        let mut names: Vec<&str> = self.scenarios.iter().map(String::as_str).collect();
        if names.is_empty() {
            names = DEFAULT_SCENARIOS.to_vec();
        }
        let mut selected: Vec<Scenario> = Vec::new();
        for name in names {
            let Some(scenario) = all.iter().find(|scenario| scenario.name == name) else {
                let known: Vec<&str> = all.iter().map(|scenario| scenario.name.as_str()).collect();
                bail!("there is no scenario {name:?}; there are {}", known.join(", "));
            };
            ensure!(!selected.contains(scenario), "scenario {name:?} is named twice");
            selected.push(scenario.clone());
        }
        Ok(selected)
    }
}

impl Redraw {
    fn run(self) -> Result<()> {
        let (run, samples) = crate::run::read(&self.folder)?;
        ensure!(!samples.is_empty(), "{} has no samples", self.folder.display());
        let report = Report::new(run, &samples);
        render::write(&report, &self.folder)?;
        if let Some(page) = &self.splice {
            splice(page, &report)?;
        }
        print(&terminal::page(&report, is_styled()))
    }
}

/// Writes the report into a page; sources are found relative to it.
fn splice(page: &Path, report: &Report) -> Result<()> {
    let text = fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    let root = page.parent().unwrap_or(Path::new(""));
    let spliced = render::splice::splice(&text, report, root).with_context(|| page.display().to_string())?;
    fs::write(page, spliced).with_context(|| format!("cannot write {}", page.display()))
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
