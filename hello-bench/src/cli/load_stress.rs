//! `load` with a scenario that looks for limits: the same against any server.

use std::cell::RefCell;
use std::fmt::Write;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use hello_load::{FloodObserver, Load, Observer, Scenario, Stress};
use serde::Serialize;

use crate::cli::shared::Format;
use crate::interrupt::Interrupt;
use crate::render::{stress, terminal};
use crate::stress::crowd::{IdleConnections, gather, wait};
use crate::stress::finder::RateFinder;
use crate::stress::findings::Findings;
use crate::stress::overload::{self, Overload};
use crate::stress::row::StressRow;
use crate::stress::sustained::{Curve, CurvePoint, Sustained};
use crate::stress::watch::Watch;
use crate::system::process::Tree;

/// What is printed as JSON.
#[derive(Serialize)]
struct StressOutput<'a> {
    url: &'a str,
    scenario: &'a Scenario,
    /// What a report shows of it.
    summary: Option<&'a StressRow>,
    #[serde(flatten)]
    findings: &'a Findings,
}

/// What a load finds of a server, which is this process if one is given.
pub(super) fn findings(
    load: &Load,
    pid: Option<u32>,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Findings> {
    let tree = pid.map(Tree::of);
    ensure!(tree.is_none_or(Tree::is_running), "there is no process {}", pid.unwrap_or_default());
    let observer = RefCell::new(observer);
    let progress = || {
        observer.borrow_mut().tick();
    };
    let cores = available_parallelism().map_or(1, usize::from);
    let watch = Watch::new(tree, cores, interrupt, &progress);
    let found = Solo { load, watch }.run();
    let has_ended = tree.is_some_and(|tree| !tree.is_running()) && !interrupt.is_set();
    ensure!(found.is_ok() || !has_ended, "process {} ended under load", pid.unwrap_or_default());
    found
}

/// One server under one load.
struct Solo<'a> {
    load: &'a Load<'a>,
    watch: Watch<'a>,
}

impl Solo<'_> {
    fn run(mut self) -> Result<Findings> {
        Ok(match &self.load.scenario.stress {
            Some(Stress::Sustain { .. }) => Findings::Sustain(self.search()?.1),
            Some(Stress::Curve { percent, .. }) => Findings::Curve(self.curve(percent)?),
            Some(Stress::Overload { .. }) => Findings::Overload(self.overload()?),
            Some(Stress::Connections { left_s, .. }) => Findings::Connections(self.connections(*left_s)?),
            None => bail!("the scenario looks for no limit"),
        })
    }

    fn search(&mut self) -> Result<(RateFinder, Sustained)> {
        let mut finder = RateFinder::connect(self.load, self.watch.cpu.clone())?;
        finder.begin()?;
        while !finder.is_over() {
            ensure!(self.watch.tick(), "interrupted");
            finder.advance()?;
        }
        let Some(found) = finder.found() else { bail!("nothing was searched") };
        Ok((finder, found))
    }

    /// The rate that the scenario is relative to, and the search for it where there was one.
    fn base(&mut self) -> Result<(f64, Option<Sustained>)> {
        if let Some(rate) = self.load.scenario.rate_per_s {
            return Ok((rate, None));
        }
        let (_, found) = self.search()?;
        ensure!(
            found.rate_per_s > 0.0,
            "p99 is over the limit at every rate, so there is no rate to take percentages of"
        );
        Ok((found.rate_per_s, Some(found)))
    }

    fn curve(&mut self, percent: &[f64]) -> Result<Curve> {
        let (base_per_s, search) = self.base()?;
        let mut finder = RateFinder::connect(self.load, self.watch.cpu.clone())?;
        let mut points = Vec::new();
        for percent in percent {
            ensure!(self.watch.tick(), "interrupted");
            let (window, _) = finder.window(base_per_s * percent / 100.0)?;
            points.push(CurvePoint { percent: *percent, window });
        }
        Ok(Curve { base_per_s, search, points })
    }

    fn overload(&mut self) -> Result<Overload> {
        let (base_per_s, search) = self.base()?;
        let overload = overload::drive(self.load, base_per_s, &mut self.watch)?;
        Ok(Overload { search, ..overload })
    }

    fn connections(&mut self, left_s: f64) -> Result<IdleConnections> {
        let mut found = gather(self.load, &mut self.watch)?;
        if self.watch.tree.is_some() {
            wait(Duration::from_secs_f64(left_s), &mut || self.watch.tick())?;
            (found.after, found.after_s) = (self.watch.memory(), left_s);
        }
        Ok(found)
    }
}

/// What was found, in the form that was asked for.
pub(super) fn page(url: &str, scenario: &Scenario, findings: &Findings, format: Format) -> Result<String> {
    let row = StressRow::of(&[findings]);
    if format == Format::Json {
        let page = StressOutput { url, scenario, summary: row.as_ref(), findings };
        return Ok(serde_json::to_string_pretty(&page)? + "\n");
    }
    let mut page = String::new();
    for (name, value) in row.iter().flat_map(stress::values) {
        let _ = writeln!(page, "{name:<20} {value}");
    }
    if let Some(table) = row.as_ref().and_then(stress::detail) {
        page.push_str(&terminal::table(&table, false));
    }
    Ok(page)
}
