//! One table with what a reader asks first: every service, the loads side by side.

use crate::metadata::Group;
use crate::metric::Metric;
use crate::render::relative;
use crate::render::table::Table;
use crate::render::tables::{self, ABSENT, Width};
use crate::report::Report;
use crate::summary::{Row, Summary, is_ranking};

/// The table: a row for each service of the first scenario, the floor last.
pub(crate) fn table(report: &Report) -> Table {
    let rows = report.summaries.first().map(|summary| summary.rows.as_slice()).unwrap_or_default();
    Table {
        header: header(report),
        rows: rows.iter().map(|row| cells(report, row)).collect(),
        text_columns: 2,
    }
}

/// The headings, the same for every service.
pub(crate) fn header(report: &Report) -> Vec<String> {
    let mut header = vec!["rank".to_owned(), "service".to_owned()];
    for summary in ranking(report) {
        let metric = summary.primary.label();
        let vs = relative::heading(report, summary, Group::Service);
        header.extend([format!("{metric}, {}", summary.scenario), vs]);
    }
    header.extend(["p50 µs", "p99 µs", "peak RSS MiB", "binary MiB"].map(str::to_owned));
    header
}

/// The summaries whose load ranks services.
fn ranking(report: &Report) -> impl Iterator<Item = &Summary> {
    let ranks = |summary: &&Summary| report.scenario(summary).is_none_or(is_ranking);
    report.summaries.iter().filter(ranks)
}

/// The loads that the table shows: those that rank services, and the first, whose latency and memory it has.
pub(crate) fn loads(report: &Report) -> impl Iterator<Item = &Summary> {
    let is_shown =
        |(index, summary): &(usize, &Summary)| *index == 0 || report.scenario(summary).is_none_or(is_ranking);
    report.summaries.iter().enumerate().filter(is_shown).map(|(_, summary)| summary)
}

/// The cells of a service, the rank and the name among them.
fn cells(report: &Report, row: &Row) -> Vec<String> {
    let mut cells = vec![tables::rank(row), row.service.clone()];
    cells.extend(values(report, row));
    cells
}

/// The numbers of a service: of every load, and of the first alone.
pub(crate) fn values(report: &Report, row: &Row) -> Vec<String> {
    let of = |summary: &Summary| {
        let Some(row) = summary.row(&row.service) else { return [ABSENT.to_owned(), ABSENT.to_owned()] };
        let ratio = tables::vs_reference(report, row, summary.primary, Width::Narrow);
        [tables::cell(row, summary.primary), marked(report, row, summary.primary, ratio)]
    };
    let loads = ranking(report).flat_map(of);
    let own = [Metric::LatencyP50Us, Metric::LatencyP99Us, Metric::PeakRssBytes];
    let own = own.into_iter().map(|metric| tables::cell(row, metric));
    let binary = report.metadata(&row.service).and_then(|metadata| metadata.binary_bytes);
    let binary = binary.map_or_else(|| ABSENT.to_owned(), |bytes| tables::mib(bytes as f64));
    loads.chain(own).chain([binary]).collect()
}

/// A ratio that is not relative to the reference says to what it is.
fn marked(report: &Report, row: &Row, metric: Metric, ratio: String) -> String {
    let to = row.metrics.get(&metric).and_then(|summary| summary.vs_reference.as_ref());
    match (to, row.group, relative::is_to_counterpart(report, row)) {
        (Some(ratio_to), Group::Tuned | Group::Image, Some(true)) => format!("{ratio} vs {}", ratio_to.to),
        _ => ratio,
    }
}
