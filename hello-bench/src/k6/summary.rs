//! The summary that `k6/script.js` has k6 write, as what a trial saw.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use hello_load::Load;
use hello_load::{Engine, Latency, Traffic};

/// The load's requests, without the one by which the script finds out whether there is a service.
const REQUESTS: &str = "http_reqs{name:hello}";
/// From sending one of them to its whole answer.
const LATENCY: &str = "http_req_duration{name:hello}";
/// What the script has before what came instead of a right answer.
const FIRST_WRONG: &str = "first wrong answer: ";
/// What the script has before why there was no answer.
const FIRST_LOST: &str = "first request without an answer: ";

/// What `handleSummary` was given, as far as it is used, with the load that it is of.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Summary {
    scenario: String,
    base_url: String,
    metrics: BTreeMap<String, Metric>,
    root_group: Group,
}

/// A metric of k6: its values by statistic.
#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Metric {
    values: BTreeMap<String, f64>,
    #[serde(default)]
    thresholds: BTreeMap<String, Threshold>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Threshold {
    ok: bool,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Group {
    checks: Vec<Check>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Check {
    name: String,
}

impl Summary {
    /// Whether it is of this load.
    ///
    /// # Errors
    /// When scenario or URL are others.
    pub fn is_of(&self, load: &Load) -> Result<()> {
        let (scenario, url) = (&load.scenario.name, load.target.url());
        ensure!(self.scenario == *scenario, "{} instead of {scenario}", self.scenario);
        ensure!(self.base_url == url, "{} instead of {url}", self.base_url);
        Ok(())
    }

    /// What the generator saw, which was so busy.
    ///
    /// # Errors
    /// When there was no request, a request had no answer, or the summary lacks a metric.
    pub fn traffic(&self, generator_busy: f64) -> Result<Traffic> {
        let (sent, rate) = (self.value(REQUESTS, "count")?, self.value(REQUESTS, "rate")?);
        ensure!(sent > 0.0, "k6 sent no request");
        let wrong = self.count("wrong_answers");
        if let Some(lost) = self.lost(wrong) {
            bail!("k6: {lost}");
        }
        Ok(Traffic {
            engine: Engine::K6,
            requests: (sent as u64).saturating_sub(wrong),
            wrong,
            first_wrong: (wrong > 0).then(|| self.first(FIRST_WRONG).to_owned()),
            unsent: self.count("dropped_iterations"),
            reconnects: 0,
            elapsed_s: sent / rate,
            throughput_per_s: rate,
            generator_busy,
            latency_us: self.latency()?,
            lag_us: None,
            windows: Vec::new(),
        })
    }

    /// Which requests had no answer; `None` when all had one.
    fn lost(&self, wrong: u64) -> Option<String> {
        let lost = self.count("lost_requests");
        let cause = format!("{lost} requests had no answer, the first: {}", self.first(FIRST_LOST));
        match (lost, wrong) {
            (0, _) => None,
            (_, 0) => Some(cause),
            (_, wrong) => Some(format!("{cause}; {wrong} answers were wrong")),
        }
    }

    /// What one of k6's users was the first to see, which the script tells by the name of a check.
    fn first(&self, start: &str) -> &str {
        let mut told = self.root_group.checks.iter().filter_map(|check| check.name.strip_prefix(start));
        told.next().unwrap_or("unknown")
    }

    /// The thresholds that were crossed.
    pub fn crossed(&self) -> Vec<String> {
        let crossed = |(name, metric): (&String, &Metric)| {
            let name = name.split('{').next().unwrap_or_default();
            let broken = metric.thresholds.iter().filter(|(_, verdict)| !verdict.ok);
            let value = metric.values.get("count").or(metric.values.get("rate")).copied().unwrap_or_default();
            broken
                .map(|(threshold, _)| format!("{name} is {value}, not {threshold}"))
                .collect::<Vec<_>>()
        };
        self.metrics.iter().flat_map(crossed).collect()
    }

    /// `http_req_duration`, which k6 counts in ms from the first byte sent to the last received.
    fn latency(&self) -> Result<Latency> {
        let us = |statistic| Ok::<_, anyhow::Error>(self.value(LATENCY, statistic)? * 1e3);
        Ok(Latency {
            mean: us("avg")?,
            p50: us("p(50)")?,
            p90: us("p(90)")?,
            p95: us("p(95)")?,
            p99: us("p(99)")?,
            p999: us("p(99.9)")?,
            max: us("max")?,
        })
    }

    /// A count, of which k6 has none where it is zero.
    fn count(&self, metric: &str) -> u64 {
        self.value(metric, "count").unwrap_or_default() as u64
    }

    fn value(&self, metric: &str, statistic: &str) -> Result<f64> {
        let found = self.metrics.get(metric).and_then(|metric| metric.values.get(statistic));
        found.copied().with_context(|| format!("k6's summary has no {statistic} of {metric}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(sent: u32, wrong: u32, lost: u32) -> Summary {
        serde_json::from_str(&format!(
            r#"{{
                "scenario": "rate", "base_url": "http://127.0.0.1:1", "state": {{}},
                "metrics": {{
                    "wrong_answers": {{"values": {{"count": {wrong}}}}},
                    "lost_requests": {{"values": {{"count": {lost}}}}},
                    "http_reqs{{name:hello}}": {{"values": {{"count": {sent}, "rate": 50}}, "thresholds": {{"count==100": {{"ok": {}}}}}}},
                    "http_req_duration{{name:hello}}": {{"values": {{"avg": 2, "p(50)": 1, "p(90)": 2, "p(95)": 3, "p(99)": 4, "p(99.9)": 5, "max": 6}}}}
                }},
                "root_group": {{"checks": [
                    {{"name": "status is 200", "passes": {sent}, "fails": 0}},
                    {{"name": "first wrong answer: status 500", "passes": 0, "fails": 1}},
                    {{"name": "first wrong answer: status 501", "passes": 0, "fails": 1}}
                ]}}
            }}"#,
            sent == 100,
        ))
        .unwrap()
    }

    #[test]
    fn metrics_are_taken_over_in_our_units() {
        let traffic = summary(100, 0, 0).traffic(0.5).unwrap();
        assert_eq!((traffic.requests, traffic.wrong, traffic.unsent), (100, 0, 0));
        assert_eq!(traffic.first_wrong, None);
        assert!((traffic.elapsed_s - 2.0).abs() < 1e-9);
        assert!((traffic.latency_us.p999 - 5000.0).abs() < 1e-9);
        assert!(summary(100, 0, 0).crossed().is_empty());
    }

    #[test]
    fn wrong_answers_are_counted_and_lost_requests_an_error() {
        let traffic = summary(100, 3, 0).traffic(0.5).unwrap();
        assert_eq!((traffic.requests, traffic.wrong), (97, 3));
        assert_eq!(traffic.first_wrong.as_deref(), Some("status 500"));
        let lost = |wrong| summary(100, wrong, 2).traffic(0.5).unwrap_err().to_string();
        assert_eq!(lost(0), "k6: 2 requests had no answer, the first: unknown");
        assert!(lost(3).ends_with("; 3 answers were wrong"), "{}", lost(3));
    }

    #[test]
    fn missing_requests_are_a_crossed_threshold() {
        assert_eq!(summary(99, 0, 0).crossed(), ["http_reqs is 99, not count==100"]);
        assert!(summary(0, 0, 0).traffic(0.5).is_err());
    }
}
