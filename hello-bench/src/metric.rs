//! The metrics that are compared: what each is, from where in a sample, and which direction is better.

use hello_load::Slice;
use serde::{Deserialize, Serialize};

use crate::sample::Sample;
use crate::stress::findings::Findings;

/// A metric with one value in every round.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// CPU time of the service for one request, in µs.
    CpuUsPerRequest,
    /// Answers a second.
    ThroughputPerS,
    /// Median latency, in µs.
    LatencyP50Us,
    /// 90th percentile of latency, in µs.
    LatencyP90Us,
    /// 95th percentile of latency, in µs.
    LatencyP95Us,
    /// 99th percentile of latency, in µs.
    LatencyP99Us,
    /// 99.9th percentile of latency, in µs.
    LatencyP999Us,
    /// The longest latency, in µs.
    LatencyMaxUs,
    /// Resident set without load, in bytes.
    IdleRssBytes,
    /// Proportional set without load, in bytes.
    IdlePssBytes,
    /// The largest resident set, in bytes.
    PeakRssBytes,
    /// The largest proportional set seen, in bytes.
    PeakPssBytes,
    /// From the start of the process to its first right answer, in µs.
    StartUpUs,
    /// The highest rate at which p99 holds, in requests a second.
    SustainedPerS,
    /// Right answers in time a second, at the heaviest overload.
    GoodputPerS,
    /// Resident memory for one idle connection, at the largest crowd, in bytes.
    ConnectionBytes,
    /// Resident set some seconds after the load, in bytes.
    RestedRssBytes,
    /// From SIGTERM to the end of the process, with nothing open, in µs.
    StopUs,
}

impl Metric {
    pub const ALL: [Self; 18] = [
        Self::CpuUsPerRequest,
        Self::ThroughputPerS,
        Self::LatencyP50Us,
        Self::LatencyP90Us,
        Self::LatencyP95Us,
        Self::LatencyP99Us,
        Self::LatencyP999Us,
        Self::LatencyMaxUs,
        Self::IdleRssBytes,
        Self::IdlePssBytes,
        Self::PeakRssBytes,
        Self::PeakPssBytes,
        Self::StartUpUs,
        Self::SustainedPerS,
        Self::GoodputPerS,
        Self::ConnectionBytes,
        Self::RestedRssBytes,
        Self::StopUs,
    ];

    /// Its value in a sample; `None` when the trial did not get that far.
    pub fn of(self, sample: &Sample) -> Option<f64> {
        let (load, findings) = (sample.load.as_ref(), sample.findings.as_ref());
        // Without a right answer after the warm-up there is none.
        let latency = load.filter(|load| load.traffic.requests > 0).map(|load| load.traffic.latency_us);
        match self {
            Self::CpuUsPerRequest => load.and_then(|load| load.cpu_us_per_request),
            Self::ThroughputPerS => load.map(|load| load.traffic.throughput_per_s),
            Self::LatencyP50Us => latency.map(|latency| latency.p50),
            Self::LatencyP90Us => latency.map(|latency| latency.p90),
            Self::LatencyP95Us => latency.map(|latency| latency.p95),
            Self::LatencyP99Us => latency.map(|latency| latency.p99),
            Self::LatencyP999Us => latency.map(|latency| latency.p999),
            Self::LatencyMaxUs => latency.map(|latency| latency.max),
            Self::IdleRssBytes => sample.idle.map(|idle| idle.rss_bytes as f64),
            Self::IdlePssBytes => sample.idle.map(|idle| idle.pss_bytes as f64),
            Self::PeakRssBytes => load.and_then(|load| load.peak).map(|peak| peak.rss_bytes as f64),
            Self::PeakPssBytes => load.and_then(|load| load.peak).map(|peak| peak.pss_bytes as f64),
            Self::StartUpUs => sample.start_up_us,
            Self::SustainedPerS => findings.and_then(Findings::sustained_per_s),
            Self::GoodputPerS => findings.and_then(Findings::goodput_per_s),
            Self::ConnectionBytes => findings.and_then(Findings::connection_bytes),
            Self::RestedRssBytes => sample.rested.map(|rested| rested.rss_bytes as f64),
            Self::StopUs => sample.stop_us,
        }
    }

    /// Its value in each slice of a sample; `None` where there are no slices, or slices do not have it.
    pub fn of_slices(self, sample: &Sample) -> Option<Vec<f64>> {
        let value = match self {
            Self::CpuUsPerRequest => Slice::cpu_us_per_request,
            Self::ThroughputPerS => Slice::throughput_per_s,
            _ => return None,
        };
        (!sample.slices.is_empty()).then(|| sample.slices.iter().map(value).collect())
    }

    /// The unit of its values, as results.json names it.
    pub fn unit(self) -> &'static str {
        match self {
            Self::ThroughputPerS | Self::SustainedPerS | Self::GoodputPerS => "1/s",
            Self::IdleRssBytes | Self::IdlePssBytes | Self::PeakRssBytes | Self::PeakPssBytes => "bytes",
            Self::ConnectionBytes | Self::RestedRssBytes => "bytes",
            _ => "µs",
        }
    }

    /// Whether less is better, which holds for all but those that count requests a second.
    pub fn lower_is_better(self) -> bool {
        self.unit() != "1/s"
    }

    /// Whether it is a latency.
    pub fn is_latency(self) -> bool {
        matches!(
            self,
            Self::LatencyP50Us
                | Self::LatencyP90Us
                | Self::LatencyP95Us
                | Self::LatencyP99Us
                | Self::LatencyP999Us
                | Self::LatencyMaxUs
        )
    }

    /// Its name with the unit that it is shown in.
    pub fn label(self) -> &'static str {
        match self {
            Self::CpuUsPerRequest => "CPU µs/request",
            Self::ThroughputPerS => "requests/s",
            Self::LatencyP50Us => "p50 µs",
            Self::LatencyP90Us => "p90 µs",
            Self::LatencyP95Us => "p95 µs",
            Self::LatencyP99Us => "p99 µs",
            Self::LatencyP999Us => "p99.9 µs",
            Self::LatencyMaxUs => "max µs",
            Self::IdleRssBytes => "idle RSS MiB",
            Self::IdlePssBytes => "idle PSS MiB",
            Self::PeakRssBytes => "peak RSS MiB",
            Self::PeakPssBytes => "peak PSS MiB",
            Self::StartUpUs => "start-up ms",
            Self::SustainedPerS => "sustained/s",
            Self::GoodputPerS => "in time/s",
            Self::ConnectionBytes => "KiB/connection",
            Self::RestedRssBytes => "RSS MiB after load",
            Self::StopUs => "stop ms",
        }
    }

    /// What it is, without its unit.
    pub fn title(self) -> &'static str {
        match self {
            Self::CpuUsPerRequest => "CPU time per request",
            Self::ThroughputPerS => "Throughput",
            Self::LatencyP50Us => "Median latency",
            Self::LatencyP90Us => "Latency at p90",
            Self::LatencyP95Us => "Latency at p95",
            Self::LatencyP99Us => "Latency at p99",
            Self::LatencyP999Us => "Latency at p99.9",
            Self::LatencyMaxUs => "Longest latency",
            Self::IdleRssBytes | Self::IdlePssBytes => "Idle memory",
            Self::PeakRssBytes | Self::PeakPssBytes => "Peak memory",
            Self::StartUpUs => "Start-up to the first answer",
            Self::SustainedPerS => "Sustainable rate",
            Self::GoodputPerS => "Right answers in time",
            Self::ConnectionBytes => "Memory per idle connection",
            Self::RestedRssBytes => "Memory after the load",
            Self::StopUs => "Time to stop",
        }
    }

    /// How many of its own units make one of those that it is shown in.
    pub fn scale(self) -> f64 {
        match self {
            Self::IdleRssBytes | Self::IdlePssBytes | Self::PeakRssBytes | Self::PeakPssBytes => {
                f64::from(1 << 20)
            }
            Self::RestedRssBytes => f64::from(1 << 20),
            Self::StartUpUs | Self::StopUs => 1e3,
            Self::ConnectionBytes => 1024.0,
            _ => 1.0,
        }
    }

    /// A value in the unit of the label, with the digits that it is shown with.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::CpuUsPerRequest => format!("{value:.2}"),
            _ if self.unit() == "1/s" => grouped(value),
            _ if self.scale() > 1.0 => format!("{:.2}", value / self.scale()),
            _ if value < 10.0 => format!("{value:.1}"),
            _ => grouped(value),
        }
    }
}

/// A whole number with thin groups of three digits: `58 100`, with no-break spaces.
pub(crate) fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let bytes = digits.as_bytes();
    let mut shown = String::new();
    for (index, byte) in bytes.iter().enumerate() {
        let left = bytes.len() - index;
        if index > 0 && left.is_multiple_of(3) && bytes[index - 1].is_ascii_digit() && bytes.len() > 4 {
            shown.push('\u{a0}');
        }
        shown.push(char::from(*byte));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_from_five_on() {
        assert_eq!(grouped(58_100.4), "58\u{a0}100");
        assert_eq!(grouped(1_234_567.0), "1\u{a0}234\u{a0}567");
        assert_eq!((grouped(9_999.0).as_str(), grouped(-12_345.0).as_str()), ("9999", "-12\u{a0}345"));
        assert_eq!(Metric::PeakRssBytes.show(3.0 * 1024.0 * 1024.0), "3.00");
    }

    #[test]
    fn names_in_files_are_stable() {
        let names: Vec<String> =
            Metric::ALL.iter().map(|metric| serde_json::to_string(metric).unwrap()).collect();
        assert_eq!(names[0], "\"cpu_us_per_request\"");
        assert_eq!(names[6], "\"latency_p999_us\"");
    }
}
