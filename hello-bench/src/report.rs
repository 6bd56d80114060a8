//! The result of a run: what renderers show, and all that they show.

use serde::{Deserialize, Serialize};

use crate::facts::Facts;
use crate::finding::Finding;
use crate::plan::Plan;
use crate::probe::Probes;
use crate::run::Run;
use crate::sample::Sample;
use crate::summary::{Summary, summarize};
use crate::warning::Warning;

/// A run and what it found. Written as `results.json`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Report {
    /// What was measured, where and how.
    #[serde(flatten)]
    pub run: Run,
    /// What was found in words, for each scenario.
    pub findings: Vec<Finding>,
    /// What touches all scenarios.
    pub warnings: Vec<Warning>,
    /// What was found in figures.
    pub summaries: Vec<Summary>,
    /// What services did with bad and slow peers; absent where nobody probed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probes: Option<Probes>,
}

impl Report {
    /// Summarizes the samples of a run.
    pub fn new(run: Run, samples: &[Sample]) -> Self {
        let Plan { scenarios, reference, .. } = &run.plan;
        let ordered =
            scenarios.iter().filter_map(|name| run.scenarios.iter().find(|scenario| scenario.name == *name));
        let summaries: Vec<Summary> = ordered
            .map(|scenario| summarize(scenario, &run.services, samples, reference))
            .filter(|summary| !summary.rows.is_empty())
            .collect();
        let shared = run.host.service_cores == run.host.generator_cores;
        let findings =
            summaries.iter().flat_map(|summary| Finding::of(summary, &run.services, reference)).collect();
        let k6 = run.k6.clone().map(|version| Warning::LoadByK6 { version });
        let warnings = shared.then_some(Warning::SharedCores).into_iter().chain(k6).collect();
        Self { run, findings, warnings, summaries, probes: None }
    }

    /// What is known of a service without load.
    pub fn facts(&self, service: &str) -> Option<&Facts> {
        self.run.services.iter().find(|facts| facts.name == service)
    }

    /// The services that are not ranked somewhere, each once, with the reason.
    pub fn disqualified(&self) -> Vec<(&str, &str)> {
        let mut found: Vec<(&str, &str)> = Vec::new();
        for row in self.summaries.iter().flat_map(|summary| &summary.rows) {
            if let Some(cause) = &row.disqualified
                && !found.iter().any(|(service, _)| *service == row.service)
            {
                found.push((&row.service, cause));
            }
        }
        found
    }
}
