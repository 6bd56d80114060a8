//! The summary that `k6/script.js` has k6 write, as what a trial saw.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use hello_load::Load;
use hello_load::{Engine, Latency, Traffic};

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
    passes: u64,
    fails: u64,
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
    /// When there was no request, or the summary lacks a metric.
    pub fn traffic(&self, generator_busy: f64) -> Result<Traffic> {
        let (sent, rate) = (self.value("http_reqs", "count")?, self.value("http_reqs", "rate")?);
        ensure!(sent > 0.0, "k6 sent no request");
        let wrong = self.root_group.checks.iter().max_by_key(|check| check.fails);
        let fails = wrong.map_or(0, |check| check.fails);
        Ok(Traffic {
            engine: Engine::K6,
            requests: (sent as u64).saturating_sub(fails),
            wrong: fails,
            first_wrong: wrong.filter(|check| check.fails > 0).map(|check| {
                format!("k6's check {:?} failed {} times of {}", check.name, fails, check.passes + fails)
            }),
            // k6 leaves the metric out where it dropped none.
            unsent: self.value("dropped_iterations", "count").unwrap_or_default() as u64,
            reconnects: 0,
            elapsed_s: sent / rate,
            throughput_per_s: rate,
            generator_busy,
            latency_us: self.latency()?,
            lag_us: None,
            windows: Vec::new(),
        })
    }

    /// The thresholds that were crossed.
    pub fn crossed(&self) -> Vec<String> {
        let crossed = |(name, metric): (&String, &Metric)| {
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
        let us = |statistic| Ok::<_, anyhow::Error>(self.value("http_req_duration", statistic)? * 1e3);
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

    fn value(&self, metric: &str, statistic: &str) -> Result<f64> {
        let found = self.metrics.get(metric).and_then(|metric| metric.values.get(statistic));
        found.copied().with_context(|| format!("k6's summary has no {statistic} of {metric}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(sent: u32, fails: u32) -> Summary {
        serde_json::from_str(&format!(
            r#"{{
                "scenario": "rate", "base_url": "http://127.0.0.1:1", "state": {{}},
                "metrics": {{
                    "http_reqs": {{"values": {{"count": {sent}, "rate": 50}}, "thresholds": {{"count==100": {{"ok": {}}}}}}},
                    "http_req_duration": {{"values": {{"avg": 2, "p(50)": 1, "p(90)": 2, "p(95)": 3, "p(99)": 4, "p(99.9)": 5, "max": 6}}}}
                }},
                "root_group": {{"checks": [
                    {{"name": "status is 200", "passes": {sent}, "fails": 0}},
                    {{"name": "body", "passes": {}, "fails": {fails}}}
                ]}}
            }}"#,
            sent == 100,
            sent - fails
        ))
        .unwrap()
    }

    #[test]
    fn figures_are_taken_over_in_our_units() {
        let traffic = summary(100, 0).traffic(0.5).unwrap();
        assert_eq!((traffic.requests, traffic.wrong, traffic.unsent), (100, 0, 0));
        assert!((traffic.elapsed_s - 2.0).abs() < 1e-9);
        assert!((traffic.latency_us.p999 - 5000.0).abs() < 1e-9);
        assert!(summary(100, 0).crossed().is_empty());
    }

    #[test]
    fn failed_checks_are_wrong_answers_and_lost_requests_a_crossed_threshold() {
        let traffic = summary(100, 3).traffic(0.5).unwrap();
        assert_eq!((traffic.requests, traffic.wrong), (97, 3));
        assert!(traffic.first_wrong.unwrap().contains("\"body\" failed 3 times of 100"));
        assert_eq!(summary(99, 0).crossed(), ["http_reqs is 99, not count==100"]);
        assert!(summary(0, 0).traffic(0.5).is_err());
    }
}
