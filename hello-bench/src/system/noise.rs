//! What else went on on the machine while a sample was taken.

use std::fs;
use std::time::Duration;

use procfs::{CurrentSI, KernelStats, ticks_per_second};
use serde::{Deserialize, Serialize};

/// What disturbed a measurement. Fractions are of the time of all cores of the machine.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Noise {
    /// Time that a hypervisor gave to others while this machine had work.
    pub steal: f64,
    /// Time that went to processes other than the service and the generator.
    pub other: f64,
    /// How far the clock of the cores moved during the measurement, as a fraction of where it was; 0 where the
    /// kernel does not report it.
    pub frequency_change: f64,
}

impl Noise {
    /// What has happened since these counters were read, other than the `own` CPU time of services and generator; nothing
    /// where they cannot be read.
    pub fn since(before: Option<&Counters>, own: Duration) -> Self {
        let now = Counters::read();
        before.zip(now).map_or_else(Self::default, |(before, now)| now.since(before, own))
    }
}

/// The counters at one moment.
#[derive(Clone, Debug)]
pub struct Counters {
    busy_ticks: u64,
    steal_ticks: u64,
    all_ticks: u64,
    mhz: f64,
}

impl Counters {
    /// Reads them; `None` where `/proc/stat` cannot be read.
    pub fn read() -> Option<Self> {
        let total = KernelStats::current().ok()?.total;
        let iowait = total.iowait.unwrap_or_default();
        let steal = total.steal.unwrap_or_default();
        let work = total.user
            + total.nice
            + total.system
            + total.irq.unwrap_or_default()
            + total.softirq.unwrap_or_default();
        Some(Self {
            busy_ticks: work,
            steal_ticks: steal,
            all_ticks: work + total.idle + iowait + steal,
            mhz: mean_mhz(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default()),
        })
    }

    /// What happened since `earlier`, other than the `own` CPU time of service and generator.
    pub fn since(&self, earlier: &Self, own: Duration) -> Noise {
        let all = self.all_ticks.saturating_sub(earlier.all_ticks) as f64;
        if all == 0.0 {
            return Noise::default();
        }
        let busy = self.busy_ticks.saturating_sub(earlier.busy_ticks) as f64;
        let own_ticks = own.as_secs_f64() * ticks_per_second() as f64;
        let moved = if earlier.mhz > 0.0 { (self.mhz / earlier.mhz - 1.0).abs() } else { 0.0 };
        Noise {
            steal: self.steal_ticks.saturating_sub(earlier.steal_ticks) as f64 / all,
            other: ((busy - own_ticks) / all).max(0.0),
            frequency_change: moved,
        }
    }
}

fn mean_mhz(cpuinfo: &str) -> f64 {
    let lines = cpuinfo.lines().filter(|line| line.starts_with("cpu MHz"));
    let clocks: Vec<f64> = lines.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
    clocks.iter().sum::<f64>() / clocks.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_time_is_no_noise() {
        let tick = |busy_ticks, steal_ticks, mhz| Counters {
            busy_ticks,
            steal_ticks,
            all_ticks: 1000 + busy_ticks * 2,
            mhz,
        };
        let noise = tick(100, 10, 1800.0).since(&tick(0, 0, 2000.0), Duration::from_millis(500));
        assert!((noise.steal - 0.05).abs() < 1e-9, "{noise:?}");
        assert!((noise.other - 0.25).abs() < 0.01, "{noise:?}");
        assert!((noise.frequency_change - 0.1).abs() < 1e-9, "{noise:?}");
        assert!((mean_mhz("cpu MHz\t\t: 2000.0\nx\ncpu MHz\t\t: 1000.0\n") - 1500.0).abs() < 1e-9);
    }
}
