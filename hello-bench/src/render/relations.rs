//! Tables of what services use relative to others, with the sections that they stand in.

use crate::metadata::Group;
use crate::metric::Metric;
use crate::render::relative::{self, Base};
use crate::render::table::Table;
use crate::render::tables::{ABSENT, Width, show_ratio, vs_reference};
use crate::report::Report;
use crate::summary::{Row, Summary};

/// A table with what to know before reading it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Relation {
    /// What it shows.
    pub title: &'static str,
    /// By what, and in what sense.
    pub subtitle: &'static str,
    pub table: Table,
}

pub(crate) fn all(report: &Report) -> Vec<Relation> {
    [vs_floor(report), tuned(report), other_languages(report)].into_iter().flatten().collect()
}

/// CPU time per request relative to the floor, under each load; `None` without the floor.
fn vs_floor(report: &Report) -> Option<Relation> {
    let first = report.summaries.first()?;
    let shown = |row: &&Row| matches!(row.group, Group::Service | Group::Tuned | Group::Image);
    let ratio = |row: &Row| {
        let ratio = row.metrics.get(&Metric::CpuUsPerRequest)?.vs_floor.as_ref()?;
        Some(show_ratio(ratio, 2))
    };
    let has_cpu = |summary: &&Summary| {
        summary.rows.iter().any(|row| row.metrics.contains_key(&Metric::CpuUsPerRequest))
    };
    let cells = |service: &str| -> Vec<Option<String>> {
        report
            .summaries
            .iter()
            .filter(has_cpu)
            .map(|summary| summary.row(service).and_then(ratio))
            .collect()
    };
    let rows: Vec<Vec<String>> = first
        .rows
        .iter()
        .filter(shown)
        .filter(|row| cells(&row.service).iter().any(Option::is_some))
        .map(|row| {
            let cells = cells(&row.service).into_iter().map(|cell| cell.unwrap_or_else(|| ABSENT.to_owned()));
            std::iter::once(row.service.clone()).chain(cells).collect()
        })
        .collect();
    let loads = report.summaries.iter().filter(has_cpu).map(|summary| summary.scenario.clone());
    let header = std::iter::once("CPU vs floor".to_owned()).chain(loads).collect();
    (!rows.is_empty()).then_some(Relation {
        title: "Relative to the floor",
        subtitle: "CPU time per request relative to hello-floor: what a framework adds to the kernel's work",
        table: Table { header, rows, text_columns: 1 },
    })
}

/// Tuned services relative to the same app under its framework's own server, or to the reference; `None` where there
/// are none.
fn tuned(report: &Report) -> Option<Relation> {
    const METRICS: [(Metric, &str); 3] = [
        (Metric::CpuUsPerRequest, "CPU per request"),
        (Metric::IdleRssBytes, "idle RSS"),
        (Metric::PeakRssBytes, "peak RSS"),
    ];
    let subtitle = match Base::of(report, report.summaries.first()?, Group::Tuned) {
        Base::Reference => "relative to the reference",
        Base::Counterpart => "relative to the same app under its framework's own server",
        Base::Either => {
            "relative to the same app under its framework's own server, or to the reference where that app was not \
             measured"
        }
    };
    Some(Relation { title: "Tuned", subtitle, table: of_group(report, Group::Tuned, &METRICS)? })
}

/// Services in other languages relative to the reference; `None` where there are none.
fn other_languages(report: &Report) -> Option<Relation> {
    const METRICS: [(Metric, &str); 3] = [
        (Metric::CpuUsPerRequest, "CPU per request"),
        (Metric::PeakPssBytes, "peak PSS"),
        (Metric::StartUpUs, "start-up"),
    ];
    Some(Relation {
        title: "Other languages",
        subtitle: "relative to the reference; memory is that of all processes of a service, shared pages counted once",
        table: of_group(report, Group::OtherLanguage, &METRICS)?,
    })
}

/// The ratios of a group under the first load.
fn of_group(report: &Report, group: Group, metrics: &[(Metric, &str)]) -> Option<Table> {
    let first = report.summaries.first()?;
    let rows: Vec<Vec<String>> = first
        .rows
        .iter()
        .filter(|row| row.group == group)
        .map(|row| {
            let ratios = metrics.iter().map(|(metric, _)| vs_reference(report, row, *metric, Width::Narrow));
            std::iter::once(row.service.clone()).chain(ratios).collect()
        })
        .collect();
    let vs = relative::heading(report, first, group);
    let header = std::iter::once(vs).chain(metrics.iter().map(|(_, name)| (*name).to_owned()));
    (!rows.is_empty()).then(|| Table { header: header.collect(), rows, text_columns: 1 })
}
