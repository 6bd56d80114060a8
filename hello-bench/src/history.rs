//! A history: the builds of a service over the versions of a crate. A sitting is a run; nothing is compared across two.

use anyhow::{Result, ensure};
use hello_load::Scenario;
use jiff::Timestamp;
use serde::Serialize;

use crate::metadata::{Counted, Metadata};
use crate::metric::Metric;
use crate::report::Report;
use crate::ruling::Bounded;
use crate::summary::Summary;

/// The histories of all services.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct History {
    /// By service, in the order in which the runs name them.
    pub services: Vec<ServiceHistory>,
}

/// The sittings in which builds of one service were compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ServiceHistory {
    /// The service, as the catalogue names it.
    pub service: String,
    pub framework: String,
    /// From the newest to the oldest.
    pub sittings: Vec<Sitting>,
}

/// The builds of one service in one run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Sitting {
    /// When the run began.
    pub started_at: Timestamp,
    /// The command line.
    pub command: String,
    /// The machine, in one line.
    pub host: String,
    /// Rounds that every ranked service has completed.
    pub rounds: usize,
    /// The crate whose versions the builds differ by; absent where they differ by something else.
    pub package: Option<String>,
    /// The builds, in the order of the run; the first is what the others are relative to.
    pub builds: Vec<Build>,
}

/// A build of a service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Build {
    /// The version, or else what sets the build apart.
    pub name: String,
    /// Why it is not ranked; absent where nothing went wrong.
    pub failure: Option<String>,
    /// What was measured under load.
    pub values: Vec<Value>,
    /// Instructions per request in user space; absent where they were not counted.
    pub instructions: Option<Counted>,
    /// The largest resident set under the first load, in bytes; absent where unknown.
    pub peak_rss_bytes: Option<f64>,
    /// The size of the binary.
    pub binary_bytes: Option<u64>,
    /// Seconds for a build from nothing; absent where it was not asked for.
    pub clean_build_s: Option<f64>,
}

/// A metric of a build under a load.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Value {
    pub scenario: String,
    /// The metric: CPU time per request, and throughput where the load saturates.
    pub metric: Metric,
    /// The median of the rounds; absent where it was not measured.
    pub value: Option<f64>,
    /// Relative to the first build of the sitting; absent for that one, and where one of the two is not ranked.
    pub ratio: Option<Bounded>,
}

impl History {
    /// The history in these runs, in any order.
    ///
    /// # Errors
    /// When none of them compares builds of one service.
    pub(crate) fn of(reports: &[Report]) -> Result<Self> {
        let mut history = Self { services: Vec::new() };
        for report in reports {
            for base in report.run.services.iter().filter(|metadata| is_first_of_several(metadata)) {
                history.add(report, base);
            }
        }
        ensure!(
            !history.services.is_empty(),
            "there are no builds of one service: measure some, as with `cargo compare axum@0.8.8,0.8.9 --history`"
        );
        for service in &mut history.services {
            service.sittings.sort_by_key(|sitting| std::cmp::Reverse(sitting.started_at));
        }
        Ok(history)
    }

    fn add(&mut self, report: &Report, base: &Metadata) {
        let name = base.variant.as_ref().map_or(&base.name, |variant| &variant.service);
        let found = self.services.iter().position(|known| known.service == *name);
        let index = found.unwrap_or_else(|| {
            let (service, framework) = (name.clone(), base.framework.clone());
            self.services.push(ServiceHistory { service, framework, sittings: Vec::new() });
            self.services.len() - 1
        });
        self.services[index].sittings.push(Sitting::of(report, base));
    }
}

impl Sitting {
    fn of(report: &Report, base: &Metadata) -> Self {
        let is_own =
            |metadata: &&Metadata| metadata.counterpart() == Some(&base.name) && metadata.variant.is_some();
        let own: Vec<&Metadata> = report.run.services.iter().filter(is_own).collect();
        let versions: Option<Vec<(&str, &str)>> = own.iter().map(|metadata| versioned(metadata)).collect();
        let package = versions.and_then(|versions| {
            let (first, _) = *versions.first()?;
            versions.iter().all(|(package, _)| *package == first).then(|| first.to_owned())
        });
        Self {
            started_at: report.run.started_at,
            command: report.run.command.clone(),
            host: report.run.host.line(),
            rounds: report.summaries.first().map_or(0, |summary| summary.rounds),
            builds: own.iter().map(|metadata| build(report, metadata, package.is_some())).collect(),
            package,
        }
    }
}

fn is_first_of_several(metadata: &Metadata) -> bool {
    metadata.variant.as_ref().is_some_and(|variant| variant.base == metadata.name)
}

/// The crate and the version of a build `with axum 0.8.9`.
fn versioned(metadata: &Metadata) -> Option<(&str, &str)> {
    let (package, version) = metadata.variant.as_ref()?.phrase.strip_prefix("with ")?.split_once(' ')?;
    let is_version = version.starts_with(|letter: char| letter.is_ascii_digit());
    (is_version && !version.contains(' ')).then_some((package, version))
}

fn build(report: &Report, metadata: &Metadata, by_version: bool) -> Build {
    let phrase = metadata.variant.as_ref().map_or(metadata.name.as_str(), |variant| &variant.phrase);
    let version = versioned(metadata).filter(|_| by_version).map(|(_, version)| version);
    let failed = report.failed().into_iter().find(|(service, _)| *service == metadata.name);
    let first = report.summaries.first().and_then(|summary| summary.row(&metadata.name));
    Build {
        name: version.unwrap_or(phrase).to_owned(),
        failure: failed.map(|(_, cause)| cause.to_owned()),
        values: report
            .summaries
            .iter()
            .flat_map(|summary| values(report, summary, &metadata.name))
            .collect(),
        instructions: metadata.instructions,
        peak_rss_bytes: first.and_then(|row| Some(row.metrics.get(&Metric::PeakRssBytes)?.value)),
        binary_bytes: metadata.binary_bytes,
        clean_build_s: metadata.clean_build_s,
    }
}

fn values(report: &Report, summary: &Summary, service: &str) -> Vec<Value> {
    let saturates = report.scenario(summary).is_some_and(Scenario::saturates);
    let metrics = [Some(Metric::CpuUsPerRequest), saturates.then_some(Metric::ThroughputPerS)];
    let row = summary.row(service);
    let value = |metric| {
        let found = row.and_then(|row| row.metrics.get(&metric));
        Value {
            scenario: summary.scenario.clone(),
            metric,
            value: found.map(|found| found.value),
            ratio: found.and_then(|found| found.vs_reference.as_ref()).map(Bounded::from),
        }
    };
    metrics.into_iter().flatten().map(value).collect()
}
