//! What happens beyond the rate that a service sustains, and how soon it is over.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use hello_load::{Flood, FloodCounts, FloodPhase, FloodWindow, Load, Phase, Stress};
use serde::{Deserialize, Serialize};

use crate::stress::sustained::Sustained;
use crate::stress::watch::Watch;
use crate::system::files::raise_limit;
use crate::system::process::Memory;
use crate::threshold::{GENERATOR_BUSY, SERVICE_BUSY};

/// A window is normal when at most this share of its requests had no right answer within what p99 must stay under.
const MAX_ABNORMAL: f64 = 0.01;

/// What an overload brought.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Overload {
    /// The rate that the factors are of: the one that the same round found, or that the scenario gives.
    pub base_per_s: f64,
    /// The search for it; absent where it was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Sustained>,
    /// The most connections that there could be: fewer than the scenario has where the limit of open files is lower.
    pub max_connections: u32,
    /// The phases of overload, and then the one of recovery.
    pub phases: Vec<OverloadPhase>,
    /// Tenths of a second, in order.
    pub windows: Vec<FloodWindow>,
    /// The most memory seen; absent where the service is not a process that we know.
    pub peak: Option<Memory>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct OverloadPhase {
    /// The multiple of the rate.
    pub factor: f64,
    /// Requests a second that were intended, and for how many seconds.
    #[serde(flatten)]
    pub phase: Phase,
    /// What became of the requests.
    #[serde(flatten)]
    pub counts: FloodCounts,
    /// The 99th percentile of the good answers, in µs; absent without any.
    pub good_p99_us: Option<f64>,
    /// CPU time of the service as a fraction of its cores; absent where it is not known.
    pub service_busy: Option<f64>,
    /// CPU time of the generator as a fraction of its cores.
    pub generator_busy: f64,
}

impl OverloadPhase {
    /// Right answers in time, a second.
    pub fn goodput_per_s(&self) -> f64 {
        self.counts.good as f64 / self.phase.duration_s
    }

    /// Whether the generator may be what limits the goodput.
    pub fn is_generator_bound(&self) -> bool {
        self.generator_busy > GENERATOR_BUSY && self.service_busy.is_none_or(|busy| busy < SERVICE_BUSY)
    }
}

impl Overload {
    /// The phases of overload, without that of recovery.
    pub fn overloads(&self) -> &[OverloadPhase] {
        self.phases.split_last().map_or(&[], |(_, overloads)| overloads)
    }

    /// Right answers in time a second, in the phase with the largest factor.
    pub fn goodput_per_s(&self) -> Option<f64> {
        let heaviest = self.overloads().iter().max_by(|a, b| a.factor.total_cmp(&b.factor));
        heaviest.map(OverloadPhase::goodput_per_s)
    }

    /// Seconds from the end of the overload until all is normal: see [`recovery_s`]. Absent when that was not seen.
    pub fn recovery_s(&self) -> Option<f64> {
        let last = self.phases.len().checked_sub(1)?;
        let windows = self.windows.iter().filter(|window| window.phase == last);
        recovery_s(&windows.copied().collect::<Vec<_>>())
    }
}

/// Seconds from the first of these windows until the last stretch of several abnormal windows is over. One abnormal
/// window by itself is a moment that the machine took for something else. Absent when the last windows are abnormal.
pub(crate) fn recovery_s(windows: &[FloodWindow]) -> Option<f64> {
    let first = windows.first()?.start_s;
    let is_abnormal: Vec<bool> = windows.iter().map(|window| !is_normal(&window.counts)).collect();
    let is_stretch = |index: &usize| {
        let before = index.checked_sub(1).is_some_and(|before| is_abnormal[before]);
        is_abnormal[*index] && (before || is_abnormal.get(index + 1).copied().unwrap_or(true))
    };
    match (0..windows.len()).rev().find(is_stretch) {
        None => Some(0.0),
        Some(last) => windows.get(last + 1).map(|after| after.start_s - first),
    }
}

/// Whether nearly all requests of a window had a right answer within what p99 must stay under.
fn is_normal(counts: &FloodCounts) -> bool {
    let abnormal = counts.offered.saturating_sub(counts.normal);
    abnormal as f64 <= counts.offered as f64 * MAX_ABNORMAL
}

/// Offers the overload of a scenario relative to this rate. `watch` reads memory, and stops the load when the service has ended.
///
/// # Errors
/// As [`Flood::drive`], and when the scenario is no overload.
pub(crate) fn drive(load: &Load, base_per_s: f64, watch: &mut Watch) -> Result<Overload> {
    let stress = load.scenario.stress.as_ref();
    let Some(Stress::Overload {
        search,
        factors,
        phase_s,
        recovery_factor,
        recovery_s,
        in_time_ms,
        max_connections,
    }) = stress
    else {
        bail!("the scenario is no overload");
    };
    let allowed = raise_limit().min(*max_connections as usize).max(1);
    let mut planned: Vec<(f64, f64)> = factors.iter().map(|factor| (*factor, *phase_s)).collect();
    planned.push((*recovery_factor, *recovery_s));
    let phase = |(factor, duration_s): &(f64, f64)| Phase {
        rate_per_s: (base_per_s * factor).max(1.0),
        duration_s: *duration_s,
    };
    let flood = Flood {
        load: load.clone(),
        phases: planned.iter().map(phase).collect(),
        in_time: Duration::from_secs_f64(in_time_ms / 1e3),
        normal: Duration::from_secs_f64(search.p99_ms / 1e3),
        max_connections: allowed,
    };
    let cores = watch.cpu.as_ref().map(|cpu| cpu.cores);
    let result = flood.drive(watch)?;
    let phases = planned.iter().zip(result.phases);
    Ok(Overload {
        base_per_s,
        search: None,
        max_connections: u32::try_from(allowed).context("too many connections")?,
        phases: phases.map(|((factor, _), phase)| overload_phase(*factor, &phase, cores)).collect(),
        windows: result.windows,
        peak: watch.peak(),
    })
}

fn overload_phase(factor: f64, flood: &FloodPhase, cores: Option<usize>) -> OverloadPhase {
    let busy = |cores: usize| flood.service_cpu.as_secs_f64() / flood.phase.duration_s / cores.max(1) as f64;
    OverloadPhase {
        factor,
        phase: flood.phase,
        counts: flood.counts,
        good_p99_us: flood.good_p99_us,
        service_busy: cores.map(busy),
        generator_busy: flood.generator_busy,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A tenth of a second in which so many of 100 requests had a normal answer, and the others a late one.
    fn window(index: usize, normal: u64) -> FloodWindow {
        let counts =
            FloodCounts { offered: 100, normal, good: normal, late: 100 - normal, ..FloodCounts::default() };
        FloodWindow { phase: 3, start_s: 9.0 + index as f64 / 10.0, counts, p99_us: Some(1000.0) }
    }

    fn recovered(normal: &[u64]) -> Option<f64> {
        let windows: Vec<FloodWindow> =
            normal.iter().enumerate().map(|(index, normal)| window(index, *normal)).collect();
        recovery_s(&windows).map(|seconds| (seconds * 10.0).round() / 10.0)
    }

    #[test]
    fn recovery_ends_with_the_last_stretch_of_abnormal_windows() {
        assert_eq!(recovered(&[100; 6]), Some(0.0));
        assert_eq!(recovered(&[0, 0, 50, 99, 100, 100]), Some(0.3));
        // A stop in the middle, after all seemed normal.
        assert_eq!(recovered(&[0, 100, 100, 0, 0, 0, 100]), Some(0.6));
        // One window by itself is the machine's.
        assert_eq!(recovered(&[0, 0, 100, 100, 0, 100]), Some(0.2));
        assert_eq!(recovered(&[100, 100, 0]), None);
        assert_eq!(recovered(&[]), None);
    }

    pub(crate) fn phase(factor: f64, counts: FloodCounts) -> OverloadPhase {
        OverloadPhase {
            factor,
            phase: Phase { rate_per_s: 100.0 * factor, duration_s: 2.0 },
            counts,
            good_p99_us: Some(5000.0),
            service_busy: Some(0.99),
            generator_busy: 0.8,
        }
    }

    #[test]
    fn goodput_is_that_of_the_heaviest_overload() {
        let good = |good| FloodCounts { offered: 400, good, ..FloodCounts::default() };
        let phases = vec![phase(1.5, good(250)), phase(3.0, good(100)), phase(0.5, good(50))];
        let overload = Overload {
            base_per_s: 100.0,
            search: None,
            max_connections: 10,
            phases,
            windows: vec![window(0, 100)],
            peak: None,
        };
        assert_eq!(overload.goodput_per_s(), Some(50.0));
        assert_eq!(overload.overloads().len(), 2);
        assert!(!overload.phases[0].is_generator_bound());
    }
}
