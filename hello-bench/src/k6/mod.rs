//! The user's k6 as a generator: it runs `k6/script.js`, and its summary becomes what a trial saw.

pub mod summary;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::command::{self, Ended};
use crate::interrupt::Interrupt;
use crate::k6::summary::Summary;
use crate::program::named_by;
use hello_load::Strictness;
use hello_load::{Length, Load, LoadResult, Observer};

/// The exit status of a k6 that found a threshold crossed (`errext/exitcodes` of its source).
const THRESHOLDS_CROSSED: i32 = 99;

/// The longest that k6 may take for a load that counts requests: `maxDuration` in the script.
const COUNTED_LIMIT: Duration = Duration::from_secs(600);
/// What k6 may take beside the load: to start, to ask whether there is a service, to wait for the last answers, and to
/// write the summary.
const OVERHEAD_LIMIT: Duration = Duration::from_secs(45);

/// A k6 that is there, and what it runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct K6 {
    program: PathBuf,
    /// What it may take beside the load.
    overhead_limit: Duration,
    script: PathBuf,
    scenarios: PathBuf,
    /// As it tells.
    pub version: String,
}

impl K6 {
    /// The k6 that the variable `K6` names, or else the first on the `PATH`.
    ///
    /// # Errors
    /// When there is none, or it does not tell its version.
    pub fn find(root: &Path, scenarios: &Path) -> Result<Self> {
        let program = named_by("K6", "k6").context(
            "there is no k6: install it (https://grafana.com/docs/k6/latest/set-up/install-k6/) or set K6 to its path, or leave out --engine: the embedded engine offers the same loads",
        )?;
        let printed = command::run(Command::new(&program).arg("version"), &Interrupt::default())?;
        let version = version(&printed).with_context(|| format!("{} is no k6", program.display()))?;
        ensure!(
            major(version) >= Some(2),
            "{} is k6 {version}, but the script needs version 2 or newer",
            program.display()
        );
        let absolute =
            |path: &Path| fs::canonicalize(path).with_context(|| format!("cannot read {}", path.display()));
        Ok(Self {
            program,
            overhead_limit: OVERHEAD_LIMIT,
            script: absolute(&root.join("k6/script.js"))?,
            scenarios: absolute(scenarios)?,
            version: version.to_owned(),
        })
    }

    /// Offers the load to its end. The summary is read from a folder made for it, so that it cannot be an older one.
    ///
    /// # Errors
    /// When k6 fails other than by wrong answers or does not end, or its summary is missing or of another load; when a
    /// request had no answer; when the observer stops it.
    pub fn drive(&self, load: &Load, observer: &mut dyn Observer) -> Result<LoadResult> {
        let folder = tempfile::tempdir().context("cannot create a folder for k6's summary")?;
        let path = folder.path().join("summary.json");
        observer.begin();
        let (started, before) = (Instant::now(), children_cpu());
        let ended = self.watch(self.command(load, &path), self.limit(load), observer)?;
        let (took, cpu) = (started.elapsed(), children_cpu().saturating_sub(before));
        observer.end();
        let meaning = ExitMeaning::of(ended.status);
        if let ExitMeaning::Failed(cause) = meaning {
            bail!("k6 failed ({}: {cause}): {}", ended.status, self::cause(&ended.stderr));
        }
        let summary = read(&path, &ended)?;
        summary.is_of(load).context("k6's summary is of another load")?;
        let busy = cpu.as_secs_f64() / took.as_secs_f64() / load.threads.max(1) as f64;
        let traffic = summary.traffic(busy)?;
        let excused = traffic.wrong > 0 || traffic.unsent > 0;
        if meaning == ExitMeaning::Crossed && !excused {
            bail!("k6: {}: {}", summary.crossed().join(", "), cause(&ended.stderr));
        }
        Ok(LoadResult { answers: traffic.requests + traffic.wrong, traffic, generator_cpu: cpu })
    }

    /// Runs k6 to its end, or kills it at the limit.
    fn watch(&self, mut command: Command, limit: Duration, observer: &mut dyn Observer) -> Result<Ended> {
        let end = Instant::now() + limit;
        let ended = command::watch(&mut command, &mut || observer.tick() && Instant::now() < end);
        if ended.is_err() && Instant::now() >= end {
            bail!("k6 did not finish within {} s and was killed", limit.as_secs());
        }
        ended
    }

    /// The longest that k6 may take in all.
    fn limit(&self, load: &Load) -> Duration {
        let offered = match load.scenario.length() {
            Length::Time(time) => load.scenario.warm_up() + time,
            Length::Requests(_) => COUNTED_LIMIT,
        };
        offered + self.overhead_limit
    }

    fn command(&self, load: &Load, summary: &Path) -> Command {
        let contract = match load.strictness {
            Strictness::Exact => "exact",
            Strictness::Core => "core",
        };
        let mut command = Command::new(&self.program);
        command
            .args(["run", "--quiet", "--no-color", "--no-usage-report"])
            .arg(&self.script)
            .env_remove("SEGMENTED")
            .env_remove("WAIT_S")
            .env("SCENARIO", &load.scenario.name)
            .env("SCENARIOS", &self.scenarios)
            .env("BASE_URL", load.target.url())
            .env("CONTRACT", contract)
            .env("SUMMARY", summary);
        if load.threads == 1 && std::env::var_os("GOMAXPROCS").is_none() {
            // On one thread Go's collector holds up all users at once, and a fixed think time keeps them in step from
            // then on: 2.2 ms at p50 of delay-100ms where two threads on the same core see 0.5 ms.
            command.env("GOMAXPROCS", "2");
        }
        command
    }
}

/// What an exit status of k6 means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum ExitMeaning {
    /// Every threshold was kept.
    Kept,
    /// A threshold was crossed; the summary says which.
    Crossed,
    /// The run did not come to its end.
    Failed(&'static str),
}

impl ExitMeaning {
    fn of(status: ExitStatus) -> Self {
        match status.code() {
            Some(0) => Self::Kept,
            Some(THRESHOLDS_CROSSED) => Self::Crossed,
            Some(100 | 101) => Self::Failed("setup or teardown took too long"),
            Some(102) => Self::Failed("the run took too long"),
            Some(103 | 105) => Self::Failed("it was stopped from outside"),
            Some(104) => Self::Failed("its options are invalid"),
            Some(106) => Self::Failed("its REST API could not start"),
            Some(107) => Self::Failed("the script threw an error"),
            Some(108) => Self::Failed("the script aborted the run"),
            Some(109) => Self::Failed("k6 panicked"),
            Some(_) => Self::Failed("an error that it does not number"),
            None => Self::Failed("ended by a signal"),
        }
    }
}

fn read(path: &Path, ended: &Ended) -> Result<Summary> {
    let missing = || format!("k6 wrote no summary: {}", cause(&ended.stderr));
    let text = fs::read_to_string(path).with_context(missing)?;
    serde_json::from_str(&text).context("k6's summary does not have the format that the script writes")
}

/// CPU time of all children that have ended.
fn children_cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN);
    usage.map_or(Duration::ZERO, |usage| {
        let us = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
        Duration::from_micros(us.cast_unsigned())
    })
}

/// The first thing that k6 complains of: `time="…" level=error msg="why"`.
fn cause(stderr: &str) -> &str {
    let complaints = stderr
        .lines()
        .filter(|line| line.contains("level=error") || line.contains("level=warning"));
    let said = complaints
        .filter_map(|line| line.split_once("msg="))
        .map(|(_, said)| said.trim_matches('"'));
    said.into_iter().next().or(stderr.lines().next_back()).unwrap_or("it gave no cause")
}

/// `k6 v2.2.0 (…)` as `v2.2.0`.
fn version(printed: &str) -> Option<&str> {
    printed.strip_prefix("k6 ")?.split_whitespace().next()
}

fn major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use hello_load::{Scenario, Target};

    use super::*;

    #[test]
    fn a_k6_that_does_not_end_is_killed() {
        let k6 = K6 {
            program: PathBuf::new(),
            overhead_limit: Duration::from_millis(200),
            script: PathBuf::new(),
            scenarios: PathBuf::new(),
            version: String::new(),
        };
        let time = Length::Time(Duration::from_millis(100));
        let (target, scenario) = (Target::at(([127, 0, 0, 1], 1).into()), Scenario::saturating("x", 1, time));
        let load =
            Load { target: &target, scenario: &scenario, strictness: Strictness::Exact, threads: 1, seed: 0 };
        let mut sleep = Command::new("sleep");
        sleep.arg("60");
        let failed = k6.watch(sleep, k6.limit(&load), &mut || true).unwrap_err().to_string();
        assert_eq!(failed, "k6 did not finish within 0 s and was killed");
    }

    #[test]
    fn versions_and_exit_statuses_are_understood() {
        assert_eq!(version("k6 v2.2.0 (commit/x, go1.26, linux/amd64)\n"), Some("v2.2.0"));
        assert_eq!(major("v2.2.0"), Some(2));
        assert_eq!(version("git version 2"), None);
        let meaning = |code: i32| ExitMeaning::of(ExitStatus::from_raw(code << 8));
        assert_eq!((meaning(0), meaning(99)), (ExitMeaning::Kept, ExitMeaning::Crossed));
        assert_eq!(meaning(107), ExitMeaning::Failed("the script threw an error"));
        assert_eq!(cause("time=\"x\" level=error msg=\"why\"\nlater\n"), "why");
        assert_eq!(ExitMeaning::of(ExitStatus::from_raw(9)), ExitMeaning::Failed("ended by a signal"));
    }
}
