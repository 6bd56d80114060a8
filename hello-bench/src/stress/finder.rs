//! A search for the rate that one server sustains, window by window, over connections that stay open.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hello_load::{Load, Search, Step, SteppedLoad};

use crate::stress::search::RateSearch;
use crate::stress::sustained::Sustained;
use crate::stress::watch::ServiceCpu;
use crate::stress::window::RateWindow;
use crate::system::process::CpuClock;

/// How long the throughput at saturation is measured, which the search begins at.
const BURST: Duration = Duration::from_millis(150);
/// The same for a server that answers nothing in that time.
const LONG_BURST: Duration = Duration::from_secs(2);
/// The start of each window, which is not measured.
const SETTLE: Duration = Duration::from_millis(20);

/// A server with open connections, and the search under way.
#[derive(Debug)]
pub(crate) struct RateFinder {
    load: SteppedLoad,
    criterion: Search,
    cpu: Option<ServiceCpu>,
    burst_per_s: f64,
    search: Option<RateSearch>,
    windows: Vec<RateWindow>,
    held: Option<Step>,
}

impl RateFinder {
    /// Opens the connections of a load.
    ///
    /// # Errors
    /// When the server cannot be reached, or the load looks for no rate.
    pub(crate) fn connect(load: &Load, cpu: Option<ServiceCpu>) -> Result<Self> {
        let stress = load.scenario.stress.as_ref();
        let criterion =
            stress.and_then(|stress| stress.search()).context("the scenario looks for no rate")?;
        Ok(Self {
            load: SteppedLoad::connect(load)?,
            criterion: *criterion,
            cpu,
            burst_per_s: 0.0,
            search: None,
            windows: Vec::new(),
            held: None,
        })
    }

    /// Begins a search: measures how much the server answers when it is asked as fast as it goes.
    ///
    /// # Errors
    /// As [`SteppedLoad::step`].
    pub(crate) fn begin(&mut self) -> Result<()> {
        let mut step = self.step(None, BURST)?;
        if step.slice.answers == 0 {
            step = self.step(None, LONG_BURST)?;
        }
        ensure!(step.slice.answers > 0, "no answer within {} s", LONG_BURST.as_secs());
        self.burst_per_s = step.slice.throughput_per_s();
        self.search = Some(RateSearch::around(self.burst_per_s));
        Ok(())
    }

    /// Whether the search has come to its end.
    pub(crate) fn is_over(&self) -> bool {
        self.search.as_ref().is_none_or(|search| search.next().is_none())
    }

    /// Tries one window of the search.
    ///
    /// # Errors
    /// As [`SteppedLoad::step`], and when an answer was wrong.
    pub(crate) fn advance(&mut self) -> Result<()> {
        let Some(rate) = self.search.as_ref().and_then(RateSearch::next) else { return Ok(()) };
        let (window, step) = self.window(rate)?;
        self.windows.push(window);
        let limit = window.limit(self.criterion.p99_us());
        let Some(search) = &mut self.search else { return Ok(()) };
        let before = search.found();
        search.note(limit);
        if search.found() > before {
            self.held = Some(step);
        }
        Ok(())
    }

    /// Offers this rate for one window.
    ///
    /// # Errors
    /// As [`SteppedLoad::step`], and when an answer was wrong.
    pub(crate) fn window(&mut self, rate_per_s: f64) -> Result<(RateWindow, Step)> {
        let step = self.step(Some(rate_per_s), self.criterion.window(rate_per_s))?;
        let cores = self.cpu.as_ref().map(|cpu| cpu.cores);
        Ok((RateWindow::new(rate_per_s, &step, cores), step))
    }

    /// What the search found so far.
    pub(crate) fn found(&self) -> Option<Sustained> {
        let search = self.search.as_ref()?;
        Some(Sustained {
            rate_per_s: search.found(),
            limit: search.limit(),
            p99_limit_us: self.criterion.p99_us(),
            burst_per_s: self.burst_per_s,
            windows: self.windows.clone(),
        })
    }

    /// The window at the highest rate that held.
    pub(crate) fn held(&self) -> Option<&Step> {
        self.held.as_ref()
    }

    fn step(&mut self, rate_per_s: Option<f64>, duration: Duration) -> Result<Step> {
        let clock = self.cpu.as_ref().map(|cpu| &cpu.clock);
        let read = || clock.map_or(Duration::ZERO, CpuClock::read);
        let step = self.load.step(rate_per_s, (SETTLE, duration), &read)?;
        let traffic = &step.traffic;
        let first = traffic.first_wrong.as_deref().unwrap_or_default();
        ensure!(traffic.wrong == 0, "{} answers were wrong, the first: {first}", traffic.wrong);
        Ok(step)
    }
}
