//! `check`: the contract, against services or a URL.

use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;

use crate::build;
use crate::check::first_answer::{self, Limits};
use crate::check::{self, Outcome, Scope};
use crate::cli::shared::{self, Files, print};
use crate::program::Builder;
use crate::progress::Progress;
use crate::service::{Exception, Finder};
use crate::session::Session;
use hello_load::Strictness;
use hello_load::Target;

/// How long a server that was just started has to accept connections, and to answer.
const FIRST_ANSWER: Limits = Limits { connect: Duration::from_secs(2), answer: Duration::from_secs(10) };

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The services to check [default: all Rust services, tuned ones and the floor included]
    #[arg(value_name = "SERVICE")]
    names: Vec<String>,
    /// Check the server at this URL instead
    #[arg(long, value_name = "URL", conflicts_with_all = ["names", "services", "profile"])]
    url: Option<String>,
    /// Check only the core of the contract
    #[arg(long, requires = "url")]
    core: bool,
    /// The server at the URL is this service, whose known exceptions are no violations
    #[arg(long = "as", value_name = "SERVICE", requires = "url")]
    service: Option<String>,
    #[command(flatten)]
    files: Files,
}

impl CheckArgs {
    pub(super) fn run(self, session: &Session) -> Result<()> {
        if let Some(url) = &self.url {
            let exceptions = self.exceptions()?;
            let target = Target::parse(url)?;
            first_answer::wait(&target, FIRST_ANSWER, &session.interrupt)?;
            let mut outcome = check::url(&target, Strictness::new(self.core))?;
            outcome.set_apart(&exceptions.iter().collect::<Vec<_>>());
            return verdict(&[(url.clone(), outcome)]);
        }
        let catalogue = self.files.catalogue()?;
        let besides = catalogue.tuned().into_iter().chain(catalogue.floor().cloned());
        let services = shared::chosen(&catalogue, &self.names, besides, "check")?;
        let builder = Builder::new(&catalogue, &self.files.profile, &session.interrupt);
        let programs = build::all(&builder, &services)?;
        let progress = Progress::working("checking the contract");
        let outcomes = check::services(&programs, &session.untimed(), Scope::All)?;
        drop(progress);
        let names = services.into_iter().map(|service| service.name);
        verdict(&names.zip(outcomes).collect::<Vec<_>>())
    }

    /// What the service that the server at the URL is may break.
    fn exceptions(&self) -> Result<Vec<Exception>> {
        let Some(name) = &self.service else { return Ok(Vec::new()) };
        let services = self.files.catalogue()?.select(std::slice::from_ref(name))?;
        let own = services.iter().flat_map(|service| service.exceptions(Finder::Check));
        Ok(own.cloned().collect())
    }
}

/// Prints what was found.
fn verdict(checked: &[(String, Outcome)]) -> Result<()> {
    let mut text = String::new();
    for (name, outcome) in checked {
        let (broken, excepted) = (outcome.violations.len(), outcome.exceptions.len());
        let besides = if excepted == 0 { String::new() } else { format!(", {excepted} known") };
        text.push_str(&format!("{name}: {} cases, {broken} violations{besides}\n", outcome.cases));
        for violation in &outcome.violations {
            text.push_str(&format!("  {violation}\n"));
        }
        for (violation, reason) in &outcome.exceptions {
            text.push_str(&format!("  known: {}: {reason}\n", violation.case));
        }
    }
    print(&text)?;
    let broken = checked.iter().filter(|(_, outcome)| !outcome.violations.is_empty());
    let broken: Vec<&str> = broken.map(|(name, _)| name.as_str()).collect();
    ensure!(broken.is_empty(), "the contract is broken by {}", broken.join(", "));
    Ok(())
}
