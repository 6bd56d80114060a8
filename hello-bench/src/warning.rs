//! What a reader must know before trusting a metric: values, shown beside the metric that they touch.

mod limits;
mod words;

use hello_stats::median;
use hello_stats::paired::TRIM;
use serde::{Deserialize, Serialize};

use crate::metric::Metric;
use crate::sample::{LoadMetrics, Sample};
use crate::system::noise::Noise;
use crate::threshold::{FREQUENCY, GENERATOR_BUSY, LAG_US, LITTLE, OTHER_LOAD, SERVICE_BUSY, STEAL};
use hello_load::{Engine, Model, Scenario, Slice, Stress, Traffic};

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Warning {
    /// The generator was busier than it may be while the service had time left: throughput is the generator's.
    GeneratorBound {
        /// CPU time of the generator, as a fraction of its cores.
        generator_busy: f64,
        /// CPU time of the service, as a fraction of its cores; absent for a server that runs elsewhere.
        service_busy: Option<f64>,
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
    Unsent { requests: u64 },
    /// The service closed connections, and their opening anew is part of its metrics.
    Reconnects { connections: u64 },
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
    Frequency { fraction: f64 },
    /// Nothing is relative to the reference, since it has no value that could be used.
    ReferenceMissing {
        service: String,
        /// Why it is not ranked; absent where nothing went wrong.
        cause: Option<String>,
    },
    /// The second copy of the reference failed, so that nothing shows what this run resolves.
    ControlFailed { cause: String },
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
    /// The rate that was found is the generator's: a higher one was not offered.
    StoppedByGenerator { rate_per_s: f64 },
    /// p99 held at no rate.
    SustainsNothing,
    /// The heaviest overload left no answer in time.
    NothingInTime,
    /// Not as many connections idled as the load asks for.
    FewerConnections {
        asked: u32,
        /// How many there were until the end.
        connections: u32,
        /// Whether the service refused one, and not the limit of open files.
        is_refused: bool,
    },
    /// A server runs elsewhere, so that latency and throughput are all that is known of it.
    Elsewhere { service: String },
    /// Service and generator ran on the same core.
    SharedCores,
    /// k6 offered the load, not the embedded engine.
    LoadByK6 { version: String },
}

impl Warning {
    /// Whether it puts `metric` in doubt.
    fn touches(&self, metric: Metric) -> bool {
        match self {
            Self::GeneratorBound { .. } | Self::LittlesLaw { .. } | Self::EngineIsK6 => {
                matches!(metric, Metric::ThroughputPerS | Metric::GoodputPerS)
            }
            Self::ScheduleLag { .. } | Self::Unsent { .. } | Self::Reconnects { .. } => metric.is_latency(),
            Self::Steal { .. } | Self::OtherLoad { .. } | Self::Frequency { .. } => {
                metric.is_latency() || matches!(metric, Metric::ThroughputPerS | Metric::CpuUsPerRequest)
            }
            Self::EmptySlices { .. } => matches!(metric, Metric::ThroughputPerS | Metric::CpuUsPerRequest),
            Self::ControlDiffers { .. } | Self::ControlFailed { .. } | Self::ReferenceMissing { .. } => false,
            Self::StoppedByGenerator { .. } => metric == Metric::SustainedPerS,
            Self::NothingInTime => metric == Metric::GoodputPerS,
            Self::SustainsNothing => matches!(metric, Metric::SustainedPerS | Metric::GoodputPerS),
            Self::FewerConnections { .. } => metric == Metric::ConnectionBytes,
            Self::SharedCores | Self::LoadByK6 { .. } | Self::Elsewhere { .. } => false,
            Self::TooFewRounds { .. } => false,
        }
    }

    /// What one sample gives cause for. Noise is left to [`Warning::of_noise`] where all services shared it.
    fn of_load(scenario: &Scenario, load: &LoadMetrics, is_shared: bool) -> Vec<Self> {
        let (generator_busy, service_busy) = (load.traffic.generator_busy, load.service_busy);
        let mut found = Self::of_traffic(scenario, &load.traffic);
        if scenario.saturates()
            && generator_busy > GENERATOR_BUSY
            && service_busy.is_none_or(|busy| busy < SERVICE_BUSY)
        {
            found.push(Self::GeneratorBound { generator_busy, service_busy });
        }
        if !is_shared {
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
        if scenario.stress.is_some() {
            // The search has judged it.
            return Vec::new();
        }
        let in_flight = traffic.throughput_per_s * traffic.latency_us.mean / 1e6;
        let connections = scenario.connections;
        let lag = traffic.lag_us.map_or(0.0, |lag| lag.p99);
        let reconnects = if scenario.connection_per_request { 0 } else { traffic.reconnects };
        let when = |condition: bool, warning: Self| condition.then_some(warning);
        let found = [
            when(
                scenario.saturates() && in_flight < LITTLE * f64::from(connections),
                Self::LittlesLaw { in_flight, connections },
            ),
            when(scenario.model == Model::Open && lag > LAG_US, Self::ScheduleLag { p99_us: lag }),
            when(scenario.saturates() && traffic.engine == Engine::K6, Self::EngineIsK6),
            when(traffic.unsent > 0, Self::Unsent { requests: traffic.unsent }),
            when(reconnects > 0, Self::Reconnects { connections: reconnects }),
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
            Self::ControlFailed { .. } | Self::ReferenceMissing { .. } => 0.0,
            Self::EngineIsK6 | Self::LoadByK6 { .. } => 0.0,
            Self::StoppedByGenerator { rate_per_s } => *rate_per_s,
            Self::FewerConnections { asked, connections, .. } => f64::from(asked - connections),
            Self::TooFewRounds { .. } | Self::SharedCores => 0.0,
            Self::SustainsNothing | Self::NothingInTime => 0.0,
            Self::Elsewhere { .. } => 0.0,
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
            .filter_map(|sample| Some((sample.load.as_ref()?, sample.is_shared())))
            .collect();
        let mut found: Vec<Self> = Vec::new();
        let empty = samples.iter().filter_map(|sample| Warning::of_slices(&sample.slices));
        let all = loads.iter().flat_map(|(load, shared)| Warning::of_load(scenario, load, *shared));
        let findings = samples.iter().filter_map(|sample| sample.findings.as_ref());
        let stress = findings.flat_map(Warning::of_findings);
        // Curves and overloads are relative to a rate. Without one, a round has none of them and is no failure.
        let is_relative = matches!(scenario.stress, Some(Stress::Curve { .. } | Stress::Overload { .. }));
        let lacks_rate =
            |sample: &&&Sample| is_relative && sample.findings.is_none() && sample.failure.is_none();
        let without_rate = samples.iter().filter(lacks_rate).map(|_| Warning::SustainsNothing);
        let of = samples.iter().filter(|sample| sample.failure.is_none()).count();
        for warning in all.chain(empty).chain(stress).chain(without_rate) {
            match found.iter_mut().find(|other| same_kind(&other.warning, &warning)) {
                None => found.push(Self { warning, rounds: 1, of }),
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
        use Warning::{
            EmptySlices, EngineIsK6, GeneratorBound, LittlesLaw, NothingInTime, StoppedByGenerator,
            SustainsNothing, Unsent,
        };
        // A ratio to nothing is undefined, in one round as in all.
        if matches!(self.warning, EmptySlices { .. } | SustainsNothing | NothingInTime) {
            return self.warning.touches(metric);
        }
        let is_grave = matches!(
            self.warning,
            EngineIsK6
                | GeneratorBound { .. }
                | LittlesLaw { .. }
                | StoppedByGenerator { .. }
                | Unsent { .. }
        );
        is_grave && self.doubts(metric)
    }
}

fn same_kind(a: &Warning, b: &Warning) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}
