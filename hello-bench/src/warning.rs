//! What a reader must know before trusting a metric: values, shown beside the metric that they touch.

use std::fmt;

use hello_stats::median;
use hello_stats::paired::TRIM;
use serde::{Deserialize, Serialize};

use crate::metric::Metric;
use crate::sample::{LoadMetrics, Sample};
use crate::system::noise::Noise;
use hello_load::{Engine, Model, Scenario, Slice, Traffic};

/// Above this share of its cores the generator may be what limits throughput.
pub const GENERATOR_BUSY: f64 = 0.9;
/// Below this share of its cores the service is not what limits throughput.
pub const SERVICE_BUSY: f64 = 0.95;
/// In a closed loop, throughput times latency is the number of connections (Little's law); below this share of it
/// requests spend their time elsewhere than with the service.
pub const LITTLE: f64 = 0.9;
/// Steal beyond this share of the machine's time is shown.
pub const STEAL: f64 = 0.01;
/// Other programs' CPU time beyond this share is shown.
pub const OTHER_LOAD: f64 = 0.05;
/// A change of the cores' clock beyond this is shown.
pub const FREQUENCY: f64 = 0.05;
/// A schedule lag at the 99th percentile beyond this, in µs, blurs the latencies that it is part of.
pub const LAG_US: f64 = 1000.0;

/// A caveat.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Warning {
    /// The generator was busier than it may be while the service had time left: throughput is the generator's.
    GeneratorBound {
        /// CPU time of the generator, as a fraction of its cores.
        generator_busy: f64,
        /// CPU time of the service, as a fraction of its cores.
        service_busy: f64,
    },
    /// k6 offered the load that should saturate the service. It spends some ten times as much CPU time on a request as
    /// the services do, and so saturates first.
    EngineIsK6,
    /// Throughput times latency is not the number of connections.
    LittlesLaw {
        /// Requests in flight on average, by throughput and mean latency.
        in_flight: f64,
        /// Connections that should each have had one.
        connections: u32,
    },
    /// The generator sent late.
    ScheduleLag {
        /// The 99th percentile, in µs.
        p99_us: f64,
    },
    /// Requests of the schedule were never sent: the service does not sustain the rate.
    Unsent {
        /// How many.
        requests: u64,
    },
    /// The service closed connections, and their opening anew is part of its metrics.
    Reconnects {
        /// How many.
        connections: u64,
    },
    /// A hypervisor took time away.
    Steal {
        /// The share of the machine's time.
        fraction: f64,
    },
    /// Other programs ran.
    OtherLoad {
        /// The share of the machine's time.
        fraction: f64,
    },
    /// The cores changed their clock.
    Frequency {
        /// By this fraction.
        fraction: f64,
    },
    /// The second copy of the reference failed, so that nothing shows what this run resolves.
    ControlFailed {
        /// Why.
        cause: String,
    },
    /// Too many slices of a round had no answer, so that its ratios are undefined.
    EmptySlices {
        /// How many, in the worst round.
        slices: usize,
    },
    /// The second copy of the reference differs from it: this run finds differences where there are none.
    ControlDiffers {
        /// The ratio of the control to the reference.
        ratio: f64,
        /// The lower bound of its interval.
        low: f64,
        /// The upper bound of its interval.
        high: f64,
    },
    /// No difference, however large, could be significant.
    TooFewRounds {
        /// The rounds of this run.
        rounds: usize,
        /// The rounds that it takes.
        needed: usize,
    },
    /// Service and generator ran on the same core.
    SharedCores,
    /// k6 offered the load, not the embedded engine.
    LoadByK6 {
        /// Its version.
        version: String,
    },
}

impl Warning {
    /// Whether it puts `metric` in doubt.
    fn touches(&self, metric: Metric) -> bool {
        match self {
            Self::GeneratorBound { .. } | Self::LittlesLaw { .. } | Self::EngineIsK6 => {
                metric == Metric::ThroughputPerS
            }
            Self::ScheduleLag { .. } | Self::Unsent { .. } | Self::Reconnects { .. } => metric.is_latency(),
            Self::Steal { .. } | Self::OtherLoad { .. } | Self::Frequency { .. } => {
                metric.is_latency() || matches!(metric, Metric::ThroughputPerS | Metric::CpuUsPerRequest)
            }
            Self::EmptySlices { .. } => matches!(metric, Metric::ThroughputPerS | Metric::CpuUsPerRequest),
            Self::ControlDiffers { .. } | Self::ControlFailed { .. } | Self::TooFewRounds { .. } => false,
            Self::SharedCores | Self::LoadByK6 { .. } => false,
        }
    }

    /// What one sample gives cause for. Noise is left to [`Warning::of_noise`] where all services shared it.
    fn of_load(scenario: &Scenario, load: &LoadMetrics, has_slices: bool) -> Vec<Self> {
        let (generator_busy, service_busy) = (load.traffic.generator_busy, load.service_busy);
        let mut found = Self::of_traffic(scenario, &load.traffic);
        if scenario.saturates() && generator_busy > GENERATOR_BUSY && service_busy < SERVICE_BUSY {
            found.push(Self::GeneratorBound { generator_busy, service_busy });
        }
        if !has_slices {
            found.extend(Self::of_noise(&[load.noise]));
        }
        found
    }

    /// What the slices of one round give cause for: trimming leaves one without an answer in the mean.
    fn of_slices(slices: &[Slice]) -> Option<Self> {
        let empty = slices.iter().filter(|slice| slice.answers == 0).count();
        (empty as f64 > slices.len() as f64 * TRIM).then_some(Self::EmptySlices { slices: empty })
    }

    /// What the noise of some rounds gives cause for, by its medians.
    pub fn of_noise(rounds: &[Noise]) -> Vec<Self> {
        let typical = |part: fn(&Noise) -> f64| {
            median(&rounds.iter().map(part).collect::<Vec<f64>>()).unwrap_or_default()
        };
        let (steal, other) = (typical(|noise| noise.steal), typical(|noise| noise.other));
        let frequency = typical(|noise| noise.frequency_change);
        let when = |condition: bool, warning: Self| condition.then_some(warning);
        let found = [
            when(steal > STEAL, Self::Steal { fraction: steal }),
            when(other > OTHER_LOAD, Self::OtherLoad { fraction: other }),
            when(frequency > FREQUENCY, Self::Frequency { fraction: frequency }),
        ];
        found.into_iter().flatten().collect()
    }

    /// What a load gives cause for by the generator's own metrics.
    pub fn of_traffic(scenario: &Scenario, traffic: &Traffic) -> Vec<Self> {
        let in_flight = traffic.throughput_per_s * traffic.latency_us.mean / 1e6;
        let connections = scenario.connections;
        let lag = traffic.lag_us.map_or(0.0, |lag| lag.p99);
        let when = |condition: bool, warning: Self| condition.then_some(warning);
        let found = [
            when(
                scenario.saturates() && in_flight < LITTLE * f64::from(connections),
                Self::LittlesLaw { in_flight, connections },
            ),
            when(scenario.model == Model::Open && lag > LAG_US, Self::ScheduleLag { p99_us: lag }),
            when(scenario.saturates() && traffic.engine == Engine::K6, Self::EngineIsK6),
            when(traffic.unsent > 0, Self::Unsent { requests: traffic.unsent }),
            when(traffic.reconnects > 0, Self::Reconnects { connections: traffic.reconnects }),
        ];
        found.into_iter().flatten().collect()
    }

    /// How grave it is within its kind.
    fn severity(&self) -> f64 {
        match self {
            Self::GeneratorBound { generator_busy, .. } => *generator_busy,
            Self::LittlesLaw { in_flight, .. } => -in_flight,
            Self::ScheduleLag { p99_us } => *p99_us,
            Self::Unsent { requests: count } | Self::Reconnects { connections: count } => *count as f64,
            Self::Steal { fraction } | Self::OtherLoad { fraction } => *fraction,
            Self::Frequency { fraction } => *fraction,
            Self::ControlDiffers { ratio, .. } => ratio.ln().abs(),
            Self::EmptySlices { slices } => *slices as f64,
            Self::ControlFailed { .. } => 0.0,
            Self::EngineIsK6 | Self::LoadByK6 { .. } => 0.0,
            Self::TooFewRounds { .. } | Self::SharedCores => 0.0,
        }
    }
}

/// A warning about one service, and in how many of its rounds there was cause for it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ServiceWarning {
    /// The gravest of its kind.
    #[serde(flatten)]
    pub warning: Warning,
    /// The rounds with cause for it.
    pub rounds: usize,
    /// All rounds.
    pub of: usize,
}

impl ServiceWarning {
    /// The gravest warning of each kind that the samples of one service give cause for.
    pub fn of_samples(scenario: &Scenario, samples: &[&Sample]) -> Vec<Self> {
        let loads: Vec<(&LoadMetrics, bool)> = samples
            .iter()
            .filter_map(|sample| Some((sample.load.as_ref()?, !sample.slices.is_empty())))
            .collect();
        let mut found: Vec<Self> = Vec::new();
        let empty = samples.iter().filter_map(|sample| Warning::of_slices(&sample.slices));
        let all = loads.iter().flat_map(|(load, sliced)| Warning::of_load(scenario, load, *sliced));
        for warning in all.chain(empty) {
            match found.iter_mut().find(|other| same_kind(&other.warning, &warning)) {
                None => found.push(Self { warning, rounds: 1, of: loads.len() }),
                Some(other) => {
                    other.rounds += 1;
                    if warning.severity() > other.warning.severity() {
                        other.warning = warning;
                    }
                }
            }
        }
        found
    }

    /// Whether a median over the rounds is in doubt: the warning touches the metric and holds in at least half of the
    /// rounds.
    pub fn doubts(&self, metric: Metric) -> bool {
        self.warning.touches(metric) && self.rounds * 2 >= self.of
    }

    /// Whether a service with this warning may not be ranked by `metric`.
    pub fn refuses(&self, metric: Metric) -> bool {
        if matches!(self.warning, Warning::EmptySlices { .. }) {
            return self.warning.touches(metric);
        }
        use Warning::{EngineIsK6, GeneratorBound, LittlesLaw, Unsent};
        let is_grave =
            matches!(self.warning, EngineIsK6 | GeneratorBound { .. } | LittlesLaw { .. } | Unsent { .. });
        is_grave && self.doubts(metric)
    }
}

impl fmt::Display for ServiceWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (in {} of {} rounds)", self.warning, self.rounds, self.of)
    }
}

fn same_kind(a: &Warning, b: &Warning) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |fraction: &f64| fraction * 100.0;
        match self {
            Self::GeneratorBound { generator_busy, service_busy } => write!(
                f,
                "generator-bound: the generator's cores were {:.0} % busy, the service's {:.0} %",
                percent(generator_busy),
                percent(service_busy)
            ),
            Self::LittlesLaw { in_flight, connections } => {
                write!(
                    f,
                    "Little's law is off: {in_flight:.1} requests in flight on {connections} connections"
                )
            }
            Self::ScheduleLag { p99_us } => {
                write!(f, "schedule lag: 1 % of the requests were sent {:.1} ms late or more", p99_us / 1e3)
            }
            Self::Unsent { requests } => {
                write!(f, "unsent: no connection was free for {requests} requests of the schedule")
            }
            Self::Reconnects { connections } => {
                write!(f, "the service closed connections: {connections} were opened anew")
            }
            Self::Steal { fraction } => {
                write!(f, "steal: a hypervisor took {:.1} % of the machine's time", percent(fraction))
            }
            Self::OtherLoad { fraction } => {
                write!(
                    f,
                    "other load: {:.1} % of the machine's time went to other programs",
                    percent(fraction)
                )
            }
            Self::Frequency { fraction } => {
                write!(f, "the cores' clock changed by {:.0} %", percent(fraction))
            }
            Self::ControlFailed { cause } => {
                write!(f, "the control failed, so nothing shows what this run resolves: {cause}")
            }
            Self::EmptySlices { slices } => {
                write!(f, "too slow for slices of this length: {slices} slices of a round had no answer")
            }
            Self::ControlDiffers { ratio, low, high } => write!(
                f,
                "the control differs: a second copy of the reference has the ratio {ratio:.3} [{low:.3}, {high:.3}]. One table of 20 shows that by chance: measure again before you rely on this one"
            ),
            Self::TooFewRounds { rounds, needed } => {
                write!(f, "too few rounds: no rank can be significant with {rounds}, it takes {needed}")
            }
            Self::EngineIsK6 => write!(f, "k6 saturates before the service does: the throughput is k6's own"),
            Self::LoadByK6 { version } => write!(
                f,
                "every load was offered by k6 {version}: latency is from when a request was sent and contains k6's own scheduling, and what warms up is measured too"
            ),
            Self::SharedCores => {
                write!(f, "service and generator share the only core, so throughput and latency are of both")
            }
        }
    }
}
