//! What a reader must know before trusting a figure: values, shown beside the figure that they touch.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::figure::Figure;
use crate::sample::{LoadFigures, Sample};
use crate::scenario::{Model, Scenario};
use crate::traffic::{Engine, Traffic};

/// Above this share of its cores the generator may be what limits throughput.
pub const GENERATOR_BUSY: f64 = 0.9;
/// Below this share of its cores the service is not what limits throughput.
pub const SERVICE_BUSY: f64 = 0.95;
/// In a closed loop, throughput times latency is the number of connections (Little's law); below this share of it
/// requests spend their time elsewhere than with the service.
pub const LITTLE: f64 = 0.9;
/// Steal beyond this share of the machine's time is told.
pub const STEAL: f64 = 0.01;
/// Other programs' CPU time beyond this share is told.
pub const OTHER_LOAD: f64 = 0.05;
/// A change of the cores' clock beyond this is told.
pub const FREQUENCY: f64 = 0.05;
/// The floor may move this much between rounds.
pub const FLOOR_DRIFT: f64 = 0.05;
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
    /// The service closed connections, and their opening anew is part of its figures.
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
    /// The floor, which does the same work in every round, did not take the same time.
    FloorDrift {
        /// The largest deviation of a round from the median of all.
        fraction: f64,
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
    /// Whether it puts `figure` in doubt.
    fn touches(&self, figure: Figure) -> bool {
        match self {
            Self::GeneratorBound { .. } | Self::LittlesLaw { .. } | Self::EngineIsK6 => {
                figure == Figure::ThroughputPerS
            }
            Self::ScheduleLag { .. } | Self::Unsent { .. } | Self::Reconnects { .. } => figure.is_latency(),
            Self::Steal { .. } | Self::OtherLoad { .. } | Self::Frequency { .. } => {
                figure.is_latency() || matches!(figure, Figure::ThroughputPerS | Figure::CpuUsPerRequest)
            }
            Self::FloorDrift { .. } | Self::TooFewRounds { .. } => false,
            Self::SharedCores | Self::LoadByK6 { .. } => false,
        }
    }

    /// What one sample gives cause for.
    fn of_load(scenario: &Scenario, load: &LoadFigures) -> Vec<Self> {
        let (noise, traffic) = (load.noise, &load.traffic);
        let (generator_busy, service_busy) = (traffic.generator_busy, load.service_busy);
        let when = |condition: bool, warning: Self| condition.then_some(warning);
        let mut found = Self::of_traffic(scenario, traffic);
        found.extend(
            [
                when(
                    scenario.saturates() && generator_busy > GENERATOR_BUSY && service_busy < SERVICE_BUSY,
                    Self::GeneratorBound { generator_busy, service_busy },
                ),
                when(noise.steal > STEAL, Self::Steal { fraction: noise.steal }),
                when(noise.other > OTHER_LOAD, Self::OtherLoad { fraction: noise.other }),
                when(
                    noise.frequency_change > FREQUENCY,
                    Self::Frequency { fraction: noise.frequency_change },
                ),
            ]
            .into_iter()
            .flatten(),
        );
        found
    }

    /// What a load gives cause for by the generator's own figures.
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
    fn gravity(&self) -> f64 {
        match self {
            Self::GeneratorBound { generator_busy, .. } => *generator_busy,
            Self::LittlesLaw { in_flight, .. } => -in_flight,
            Self::ScheduleLag { p99_us } => *p99_us,
            Self::Unsent { requests: count } | Self::Reconnects { connections: count } => *count as f64,
            Self::Steal { fraction } | Self::OtherLoad { fraction } => *fraction,
            Self::Frequency { fraction } | Self::FloorDrift { fraction } => *fraction,
            Self::EngineIsK6 | Self::LoadByK6 { .. } => 0.0,
            Self::TooFewRounds { .. } | Self::SharedCores => 0.0,
        }
    }
}

/// A warning about one service, and in how many of its rounds there was cause for it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Told {
    /// The gravest of its kind.
    #[serde(flatten)]
    pub warning: Warning,
    /// The rounds with cause for it.
    pub rounds: usize,
    /// All rounds.
    pub of: usize,
}

impl Told {
    /// The gravest warning of each kind that the samples of one service give cause for.
    pub fn of_samples(scenario: &Scenario, samples: &[&Sample]) -> Vec<Self> {
        let loads: Vec<&LoadFigures> = samples.iter().filter_map(|sample| sample.load.as_ref()).collect();
        let mut told: Vec<Self> = Vec::new();
        for warning in loads.iter().flat_map(|load| Warning::of_load(scenario, load)) {
            match told.iter_mut().find(|other| same_kind(&other.warning, &warning)) {
                None => told.push(Self { warning, rounds: 1, of: loads.len() }),
                Some(other) => {
                    other.rounds += 1;
                    if warning.gravity() > other.warning.gravity() {
                        other.warning = warning;
                    }
                }
            }
        }
        told
    }

    /// Whether a median over the rounds is in doubt: the warning touches the figure and holds in at least half of the
    /// rounds.
    pub fn doubts(&self, figure: Figure) -> bool {
        self.warning.touches(figure) && self.rounds * 2 >= self.of
    }

    /// Whether a service with this warning may not be ranked by `figure`.
    pub fn refuses(&self, figure: Figure) -> bool {
        use Warning::{EngineIsK6, GeneratorBound, LittlesLaw, Unsent};
        let is_grave =
            matches!(self.warning, EngineIsK6 | GeneratorBound { .. } | LittlesLaw { .. } | Unsent { .. });
        is_grave && self.doubts(figure)
    }
}

impl fmt::Display for Told {
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
            Self::FloorDrift { fraction } => write!(
                f,
                "the machine drifted: the floor's CPU per request moved by {:.1} % between rounds",
                percent(fraction)
            ),
            Self::TooFewRounds { rounds, needed } => {
                write!(f, "too few rounds: no difference can be significant with {rounds}, it takes {needed}")
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
