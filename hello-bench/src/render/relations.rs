//! Tables of what services take by what others take, with the sections that they stand in.

use crate::facts::Group;
use crate::figure::Figure;
use crate::render::table::Table;
use crate::render::tables::{ABSENT, Width, show_ratio, to_reference};
use crate::report::Report;
use crate::summary::Row;

/// A table with what to know before reading it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Relation {
    /// What it shows.
    pub title: &'static str,
    /// By what, and in what sense.
    pub subtitle: &'static str,
    /// The ratios.
    pub table: Table,
}

/// All that a report has.
pub fn all(report: &Report) -> Vec<Relation> {
    [by_floor(report), tuned(report), baselines(report)].into_iter().flatten().collect()
}

/// What services take of the CPU by what the machine takes at least, under each load; `None` without the floor.
fn by_floor(report: &Report) -> Option<Relation> {
    let first = report.summaries.first()?;
    let shown = |row: &&Row| matches!(row.group, Group::Service | Group::Tuned | Group::Image);
    let ratio = |row: &Row| {
        let ratio = row.figures.get(&Figure::CpuUsPerRequest)?.to_floor.as_ref()?;
        Some(show_ratio(ratio, 2))
    };
    let cells = |service: &str| -> Vec<Option<String>> {
        report.summaries.iter().map(|summary| summary.row(service).and_then(ratio)).collect()
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
    let loads = report.summaries.iter().map(|summary| summary.scenario.name.clone());
    let header = std::iter::once("CPU by the floor".to_owned()).chain(loads).collect();
    (!rows.is_empty()).then_some(Relation {
        title: "By the floor",
        subtitle: "CPU time per request by what hello-floor takes, with 95 % intervals: what a framework adds to the kernel's work",
        table: Table { header, rows, text_columns: 1 },
    })
}

/// What tuned services take by what the same app takes under its framework's own server; `None` where there are none.
fn tuned(report: &Report) -> Option<Relation> {
    const FIGURES: [(Figure, &str); 3] = [
        (Figure::CpuUsPerRequest, "CPU per request"),
        (Figure::IdleRssBytes, "idle RSS"),
        (Figure::PeakRssBytes, "peak RSS"),
    ];
    Some(Relation {
        title: "Tuned",
        subtitle: "by the same app under its framework's own server, with 95 % intervals",
        table: of_group(report, Group::Tuned, "by the untuned", &FIGURES)?,
    })
}

/// What services in other languages take by what the reference takes; `None` where there are none.
fn baselines(report: &Report) -> Option<Relation> {
    const FIGURES: [(Figure, &str); 3] = [
        (Figure::CpuUsPerRequest, "CPU per request"),
        (Figure::PeakPssBytes, "peak PSS"),
        (Figure::StartUpUs, "start-up"),
    ];
    let reference = format!("by {}", report.run.plan.reference);
    Some(Relation {
        title: "Other languages",
        subtitle: "by the reference, with 95 % intervals; memory of the whole tree of processes, shared pages in shares",
        table: of_group(report, Group::Baseline, &reference, &FIGURES)?,
    })
}

/// The ratios of a group under the first load.
fn of_group(report: &Report, group: Group, by: &str, figures: &[(Figure, &str)]) -> Option<Table> {
    let rows: Vec<Vec<String>> = report
        .summaries
        .first()?
        .rows
        .iter()
        .filter(|row| row.group == group)
        .map(|row| {
            let ratios = figures
                .iter()
                .map(|(figure, _)| to_reference(row, *figure, &report.run.plan.reference, Width::Narrow));
            std::iter::once(row.service.clone()).chain(ratios).collect()
        })
        .collect();
    let header = std::iter::once(by.to_owned()).chain(figures.iter().map(|(_, name)| (*name).to_owned()));
    (!rows.is_empty()).then(|| Table { header: header.collect(), rows, text_columns: 1 })
}
