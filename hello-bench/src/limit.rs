//! Limits on how much one build may differ from another, as in `cpu>2%`: broken only when the whole interval lies beyond.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Error, Result, ensure};
use hello_stats::Bounds;
use serde::{Deserialize, Serialize};

use crate::metric::Metric;

/// What a limit is on.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// CPU time per request.
    Cpu,
    /// Requests a second at saturation.
    Rps,
    /// Median latency.
    P50,
    /// Latency at the 99th percentile.
    P99,
    /// Peak resident memory.
    Rss,
    /// From the start of the process to its first answer.
    Startup,
    /// The size of the binary.
    Binary,
    /// Instructions per request in user space, counted.
    Instructions,
}

impl Subject {
    const ALL: [(&'static str, Self); 8] = [
        ("cpu", Self::Cpu),
        ("rps", Self::Rps),
        ("p50", Self::P50),
        ("p99", Self::P99),
        ("rss", Self::Rss),
        ("startup", Self::Startup),
        ("binary", Self::Binary),
        ("instructions", Self::Instructions),
    ];

    /// The metric of the rounds that it is; absent for what is known without load.
    pub fn metric(self) -> Option<Metric> {
        match self {
            Self::Cpu => Some(Metric::CpuUsPerRequest),
            Self::Rps => Some(Metric::ThroughputPerS),
            Self::P50 => Some(Metric::LatencyP50Us),
            Self::P99 => Some(Metric::LatencyP99Us),
            Self::Rss => Some(Metric::PeakRssBytes),
            Self::Startup => Some(Metric::StartUpUs),
            Self::Binary | Self::Instructions => None,
        }
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, subject)| *subject == self).map_or("", |(name, _)| name)
    }
}

/// A limit on the change from one build to another.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Limit {
    pub subject: Subject,
    /// Whether more than `change` breaks it; or else less.
    pub is_upper: bool,
    /// The change that it allows, as a fraction.
    pub change: f64,
}

impl Limit {
    /// Whether a ratio between these bounds breaks it.
    pub fn is_broken_by(&self, (low, high): (f64, f64), bounds: Bounds) -> bool {
        let edge = 1.0 + self.change;
        bounds == Bounds::Interval && if self.is_upper { low > edge } else { high < edge }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_upper { '>' } else { '<' };
        let percent = (self.change * 1e5).round() / 1e3;
        write!(f, "{}{sign}{percent}%", self.subject.name())
    }
}

impl FromStr for Limit {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let names = || Subject::ALL.map(|(name, _)| name).join(", ");
        let at = text
            .find(['<', '>'])
            .context("not of the form METRIC>PERCENT% or METRIC<PERCENT%, such as cpu>2%")?;
        let (name, rest) = (text[..at].trim(), &text[at + 1..]);
        let subject = Subject::ALL.iter().find(|(known, _)| *known == name).map(|(_, subject)| *subject);
        let subject =
            subject.with_context(|| format!("there is no metric {name:?}; there are {}", names()))?;
        let number = rest.trim().strip_suffix('%').context("the percentage ends with %")?.trim();
        let percent: f64 = number.parse().with_context(|| format!("{number:?} is not a number"))?;
        ensure!(percent > -100.0 && percent.is_finite(), "{number} % is not a possible change");
        Ok(Self { subject, is_upper: text[at..].starts_with('>'), change: percent / 100.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_shown_and_refused() {
        for text in ["cpu>2%", "rps<-3%", "p99>10%", "instructions>0.5%"] {
            assert_eq!(text.parse::<Limit>().unwrap().to_string(), text);
        }
        for text in ["cpu", "cpu=2%", "speed>1%", "cpu>2", "cpu>x%", "rps<-100%"] {
            assert!(text.parse::<Limit>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_a_whole_interval_beyond_breaks_a_limit() {
        let broken = |text: &str, low, high| {
            text.parse::<Limit>().unwrap().is_broken_by((low, high), Bounds::Interval)
        };
        assert!(broken("cpu>2%", 1.021, 1.05) && !broken("cpu>2%", 1.019, 1.05));
        assert!(broken("rps<-3%", 0.90, 0.969) && !broken("rps<-3%", 0.90, 0.971));
        let limit: Limit = "cpu>2%".parse().unwrap();
        assert!(!limit.is_broken_by((1.5, 1.6), Bounds::Range));
    }
}
