//! What a summary holds: plain data, as results.json has it.

use std::collections::BTreeMap;

use hello_load::Window;
use hello_stats::ranks::RankRange;
use hello_stats::{Bounds, Estimate};
use serde::{Deserialize, Serialize};

use crate::metadata::Group;
use crate::metric::Metric;
use crate::stress::row::StressRow;
use crate::warning::{ServiceWarning, Warning};

/// The statistics of the samples of one scenario.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// The metric that services are ranked by.
    pub primary: Metric,
    /// Rounds that every ranked service has completed.
    pub rounds: usize,
    /// Group by group, the ranked services from best to worst, then those that are not ranked.
    pub rows: Vec<Row>,
    /// The second copy of the reference by the primary metric; absent where there is none, or the reference failed.
    pub control: Option<Control>,
    /// What touches all rows.
    pub warnings: Vec<Warning>,
}

/// The statistics of the samples of one service.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Row {
    /// The service's name.
    pub service: String,
    /// The services that it is ranked among.
    pub group: Group,
    /// The ranks that it may have by the primary metric; absent where it is not ranked.
    pub rank: Option<RankRange>,
    /// Why it is not ranked: a wrong answer, or a process exit; absent where nothing went wrong.
    pub failure: Option<String>,
    pub metrics: BTreeMap<Metric, MetricSummary>,
    /// What puts metrics in doubt.
    pub warnings: Vec<ServiceWarning>,
    /// Latency over time in the round with the median throughput; empty where the load came in slices.
    pub windows: Vec<Window>,
    /// What a load found that looks for limits; absent for other loads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stress: Option<StressRow>,
}

/// One metric over the rounds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct MetricSummary {
    /// The median of the rounds, for orientation: nothing is ranked by it.
    pub value: f64,
    /// The unit of `value` and `rounds`.
    pub unit: String,
    /// The value of each round.
    pub rounds: Vec<f64>,
    /// Relative to the reference; an image to the same service run natively, a tuned service to the same app that is
    /// not tuned, where that was measured under this load. Absent for the reference itself, and where one of the two is
    /// not ranked.
    pub vs_reference: Option<Ratio>,
    /// Relative to the floor; absent without one, and where the service is not ranked.
    pub vs_floor: Option<Ratio>,
}

/// A metric relative to another service's, paired within the rounds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Ratio {
    /// The other service.
    pub to: String,
    /// The geometric mean of the rounds' ratios.
    pub ratio: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
    pub rounds: Vec<f64>,
    /// What the bounds are: a 95 % interval, or the range of the rounds where there are fewer than six.
    pub bounds: Bounds,
    /// The p-value of "they do not differ", by Holm's method corrected for all pairs of the group; for builds, for the
    /// ratios of all builds to the first build of their service; to a service of another group, for all such ratios of
    /// the group; to the floor, uncorrected.
    pub p: f64,
}

impl Ratio {
    /// The ratio to the service `to`, from its logarithm in each round; `None` without rounds.
    pub fn new(to: &str, log_ratios: &[f64], p: f64) -> Option<Self> {
        let Estimate { value: ratio, low, high, bounds } = Estimate::of_mean(log_ratios)?.exp();
        let rounds = log_ratios.iter().map(|log| log.exp()).collect();
        Some(Self { to: to.to_owned(), ratio, low, high, rounds, bounds, p })
    }

    /// Half the width of the interval as a fraction of the ratio; absent where there is a range only.
    pub fn half_width(&self) -> Option<f64> {
        (self.bounds == Bounds::Interval).then(|| (self.high - self.low) / 2.0 / self.ratio)
    }
}

/// The second copy of the reference, relative to the reference: its ratio must be 1.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Control {
    pub service: String,
    /// The metric: the primary one of the scenario.
    pub metric: Metric,
    /// Its ratio to the reference.
    #[serde(flatten)]
    pub ratio: Ratio,
    /// What this run resolves, as a fraction: half the width of the interval; absent where there is a range only, and
    /// where the interval excludes 1, so that it shows no resolution.
    pub resolves: Option<f64>,
}

impl Control {
    /// The control of this name with its ratio by a metric.
    pub fn new(service: &str, metric: Metric, ratio: Ratio) -> Self {
        let control = Self { service: service.to_owned(), metric, resolves: None, ratio };
        let resolves = control.ratio.half_width().filter(|_| !control.differs());
        Self { resolves, ..control }
    }

    /// Whether the interval excludes 1, so that this run finds a difference where there is none.
    pub fn differs(&self) -> bool {
        self.ratio.bounds == Bounds::Interval && !(self.ratio.low..=self.ratio.high).contains(&1.0)
    }
}

impl Summary {
    pub fn row(&self, service: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.service == service)
    }
}
