//! How each metric that services are ranked by is spoken of.

use crate::metric::Metric;

/// How a metric is spoken of.
pub(super) struct Wording {
    /// As what services differ in.
    pub(super) what: &'static str,
    /// What a service does.
    pub(super) verb: &'static str,
    /// What it does that with.
    pub(super) unit: &'static str,
    /// Whether there are fewer, and not less, of it.
    pub(super) is_counted: bool,
}

impl Wording {
    pub(super) fn of(metric: Metric) -> Self {
        let (what, verb, unit) = match metric {
            Metric::ThroughputPerS => ("throughput", "serves", "requests/s"),
            Metric::SustainedPerS => ("the sustainable rate", "sustains", "requests/s"),
            Metric::GoodputPerS => ("right answers in time", "answers", "requests/s in time"),
            Metric::ConnectionBytes => ("memory per connection", "uses", "memory per connection"),
            Metric::LatencyP50Us => ("median latency", "has", "median latency"),
            _ => ("CPU per request", "uses", "CPU per request"),
        };
        Self { what, verb, unit, is_counted: !metric.lower_is_better() }
    }
}
