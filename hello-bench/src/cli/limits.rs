//! `--fail-if` and `--count`: limits on what builds may differ by, and the exit status that they decide.

use std::fmt;
use std::io::{self, Write};

use anyhow::{Result, bail, ensure};
use clap::Args;
use hello_stats::MIN_ROUNDS_FOR_INTERVAL;

use crate::count;
use crate::limit::{Limit, Subject};
use crate::metadata::Group;
use crate::program::Program;
use crate::progress::Progress;
use crate::report::Report;
use crate::ruling::Ruling;
use crate::session::Session;

/// Limits, and what they need.
#[derive(Debug, Args)]
pub(super) struct Limits {
    /// Exit with 3 if the whole interval of a change is beyond this limit, such as cpu>2% or rps<-3%; also for p50, p99,
    /// rss, startup, binary and instructions; repeatable
    #[arg(long = "fail-if", value_name = "LIMIT")]
    pub(super) limits: Vec<Limit>,
    /// Also count instructions per request, under valgrind; not of images, nor of a server given by its URL
    #[arg(long)]
    count: bool,
}

/// A limit that is broken: the reason for the exit status 3.
#[derive(Clone, Debug)]
pub(super) struct Broken(Vec<String>);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for Broken {}

impl Limits {
    /// That this many rounds can decide the limits.
    ///
    /// # Errors
    /// When they have no intervals.
    pub(super) fn check(&self, rounds: u32) -> Result<()> {
        let needs_rounds = self.limits.iter().any(|limit| limit.subject.metric().is_some());
        ensure!(
            !needs_rounds || rounds as usize >= MIN_ROUNDS_FOR_INTERVAL,
            "--fail-if needs at least {MIN_ROUNDS_FOR_INTERVAL} rounds: fewer give no intervals"
        );
        Ok(())
    }

    /// Counts the instructions of the services, where they are asked for.
    pub(super) fn count(&self, programs: &mut [Program], is_needed: bool, session: &Session) -> Result<()> {
        let is_limited = self.limits.iter().any(|limit| limit.subject == Subject::Instructions);
        if !self.count && !is_limited && !is_needed {
            return Ok(());
        }
        let is_counted = |program: &&mut Program| {
            let (service, metadata) = (&program.service, &program.metadata);
            Group::RANKED.contains(&metadata.group()) && metadata.image.is_none() && service.url.is_none()
        };
        let counted: Vec<&mut Program> = programs.iter_mut().filter(is_counted).collect();
        let progress = Progress::new(counted.len() as u64);
        progress.beat();
        for program in counted {
            progress.now(&format!("{} under valgrind", program.service.name), None);
            match count::instructions(program, session) {
                Ok(counted) => program.metadata.instructions = Some(counted),
                // A limit that cannot be judged must not look kept.
                Err(cause) if is_limited => return Err(cause),
                Err(cause) => {
                    session.interrupt.check()?;
                    progress.say(&format!("{} is not counted: {cause:#}", program.service.name));
                }
            }
            progress.step();
        }
        Ok(())
    }

    /// Reports what the limits mean for this run.
    ///
    /// # Errors
    /// [`Broken`] when one is broken; another error when one is of no load or pair that was measured. A pair that noise leaves
    /// without a ratio is reported and no error.
    pub(super) fn judge(&self, report: &Report) -> Result<()> {
        for ruling in &report.rulings {
            let _ = writeln!(io::stderr(), "{ruling}");
        }
        let shown = |allowed: fn(&Ruling) -> bool| -> Vec<String> {
            report.rulings.iter().filter(|ruling| allowed(ruling)).map(ToString::to_string).collect()
        };
        let broken = shown(|ruling| ruling.is_broken);
        if !broken.is_empty() {
            bail!(Broken(broken));
        }
        let has_ruling = |limit: &&Limit| report.rulings.iter().any(|ruling| ruling.limit == **limit);
        let idle: Vec<String> =
            self.limits.iter().filter(|limit| !has_ruling(limit)).map(ToString::to_string).collect();
        ensure!(idle.is_empty(), "nothing measured can be judged by {}", idle.join(", "));
        Ok(())
    }
}
