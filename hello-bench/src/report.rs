//! The result of a run: what renderers show, and all that they show.

use std::path::Path;

use anyhow::{Result, ensure};
use hello_load::Scenario;
use serde::{Deserialize, Serialize};

use crate::headline::Headline;
use crate::metadata::Metadata;
use crate::probe::{self, Probes};
use crate::ruling::{Ruling, rulings};
use crate::run::{self, Run};
use crate::sample::Sample;
use crate::summary::{Summary, summarize};
use crate::warning::Warning;

/// A run and what it found. Written as `results.json`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Report {
    /// What was measured, where and how.
    #[serde(flatten)]
    pub run: Run,
    /// What was found in words, for each scenario and group of services.
    pub headlines: Vec<Headline>,
    /// What touches all scenarios.
    pub warnings: Vec<Warning>,
    /// What was found in metrics, for each scenario.
    pub summaries: Vec<Summary>,
    /// What the limits of the run mean for each pair of services; empty where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rulings: Vec<Ruling>,
    /// What services did with bad and slow peers; absent where nobody probed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probes: Option<Probes>,
}

impl Report {
    /// The report of the run in a folder, from its samples.
    ///
    /// # Errors
    /// When the folder holds no run, or one of another schema, or no samples.
    pub fn read(folder: &Path) -> Result<Self> {
        let (run, samples) = run::read(folder)?;
        ensure!(!samples.is_empty(), "{} has no samples", folder.display());
        Ok(Self { probes: probe::read(folder)?, ..Self::new(run, &samples) })
    }

    /// Summarizes the samples of a run.
    pub fn new(run: Run, samples: &[Sample]) -> Self {
        let scenarios = run.plan.scenarios.iter().filter_map(|name| run.scenario(name));
        let summaries: Vec<Summary> = scenarios
            .map(|scenario| summarize(scenario, &run.services, samples, &run.plan.reference))
            .filter(|summary| !summary.rows.is_empty())
            .collect();
        let headline = |summary: &Summary| {
            run.scenario(&summary.scenario)
                .map(|scenario| Headline::of(summary, scenario, &run.services))
        };
        let headlines = summaries.iter().filter_map(headline).flatten().collect();
        let shared = run.host.service_cores == run.host.generator_cores;
        let k6 = run.k6.clone().map(|version| Warning::LoadByK6 { version });
        let elsewhere = run.services.iter().filter(|metadata| metadata.url.is_some());
        let elsewhere = elsewhere.map(|metadata| Warning::Elsewhere { service: metadata.name.clone() });
        let shared = shared.then_some(Warning::SharedCores);
        let warnings = shared.into_iter().chain(k6).chain(elsewhere).collect();
        let rulings = rulings(&run, &summaries);
        Self { run, headlines, warnings, summaries, rulings, probes: None }
    }

    /// What is known of a service without load.
    pub fn metadata(&self, service: &str) -> Option<&Metadata> {
        self.run.services.iter().find(|metadata| metadata.name == service)
    }

    /// Whether it compares builds of one service.
    pub fn has_variants(&self) -> bool {
        self.run.services.iter().any(|metadata| metadata.variant.is_some())
    }

    /// Whether a service is what others are relative to: the reference, or the first build of several.
    pub fn is_base(&self, service: &str) -> bool {
        let own = self.metadata(service).and_then(|metadata| metadata.variant.as_ref());
        own.map_or(service == self.run.plan.reference, |variant| variant.base == service)
    }

    /// The load of a summary.
    pub fn scenario(&self, summary: &Summary) -> Option<&Scenario> {
        self.run.scenario(&summary.scenario)
    }

    /// The services that are not ranked somewhere, each once, with the reason.
    pub fn failed(&self) -> Vec<(&str, &str)> {
        let mut found: Vec<(&str, &str)> = Vec::new();
        for row in self.summaries.iter().flat_map(|summary| &summary.rows) {
            if let Some(cause) = &row.failure
                && !found.iter().any(|(service, _)| *service == row.service)
            {
                found.push((&row.service, cause));
            }
        }
        found
    }
}
