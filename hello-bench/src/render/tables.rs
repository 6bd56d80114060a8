//! The tables of a report as text: which metrics stand in which, in what form.

use hello_load::{Scenario, Stress};
use hello_stats::Bounds;

use crate::metadata::Group;
use crate::metric::{Metric, grouped};
use crate::render::stress;
use crate::render::table::Table;
use crate::report::Report;
use crate::summary::{Ratio, Row, Summary, is_ranking};

pub(crate) use crate::render::table::ABSENT;

/// How much room there is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Width {
    /// 80 columns of a terminal.
    Narrow,
    /// A page, where every column fits.
    Wide,
}

/// The tables of one scenario: one for each group of services, the floor at the end of the first.
pub(crate) fn scenario(report: &Report, summary: &Summary, width: Width) -> Vec<GroupTable> {
    let has_rows = |group: &Group| summary.rows.iter().any(|row| row.group == *group);
    let groups = Group::RANKED.into_iter().filter(has_rows).enumerate();
    groups
        .map(|(index, group)| group_table(report, summary, group, index == 0, width))
        .collect()
}

/// The table of one group of services under one scenario.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct GroupTable {
    pub group: Group,
    /// Its title; empty for services that run natively.
    pub title: &'static str,
    pub table: Table,
}

fn group_table(
    report: &Report,
    summary: &Summary,
    group: Group,
    has_floor: bool,
    width: Width,
) -> GroupTable {
    let ranks = report.scenario(summary).is_none_or(is_ranking);
    let metrics = metrics(report, summary, width);
    let rows = || {
        summary
            .rows
            .iter()
            .filter(|row| row.group == group || has_floor && row.group == Group::Floor)
    };
    let found = rows().find_map(|row| row.stress.as_ref());
    let found = found.map(|found| stress::header(found, width == Width::Wide)).unwrap_or_default();
    let mut header = if ranks {
        vec![
            "rank".to_owned(),
            "service".to_owned(),
            label(summary.primary, width).to_owned(),
            vs(report, group),
        ]
    } else {
        vec!["service".to_owned()]
    };
    header.extend(metrics.iter().map(|metric| label(*metric, width).to_owned()));
    header.extend(found.iter().cloned());
    let row = |row: &Row| {
        let mut cells = vec![name(report, &row.service, width)];
        if ranks {
            cells.insert(0, rank(row));
            cells.push(cell(row, summary.primary));
            cells.push(vs_reference(report, row, summary.primary, width));
        }
        cells.extend(metrics.iter().map(|metric| cell(row, *metric)));
        let own = row.stress.as_ref().map(|found| stress::cells(found, width == Width::Wide));
        cells.extend(own.unwrap_or_else(|| vec![ABSENT.to_owned(); found.len()]));
        cells
    };
    let rows = rows().map(row).collect();
    let text_columns = if ranks { 2 } else { 1 };
    GroupTable { group, title: group_title(group), table: Table { header, rows, text_columns } }
}

/// What a group of services is called; empty for services that run natively under their framework's own server.
pub(crate) fn group_title(group: Group) -> &'static str {
    match group {
        Group::Tuned => "tuned",
        Group::Image => "in containers",
        Group::OtherLanguage => "other languages",
        Group::Service | Group::Floor | Group::Control => "",
    }
}

/// The heading of a column of ratios: what they are relative to.
pub(crate) fn vs(report: &Report, group: Group) -> String {
    match group {
        Group::Tuned => "vs own server".to_owned(),
        Group::Image => "vs native".to_owned(),
        Group::Service if report.has_variants() => "vs base".to_owned(),
        _ => format!("vs {}", reference_name(report)),
    }
}

/// The reference by the name of its framework, where that is enough.
pub(crate) fn reference_name(report: &Report) -> String {
    let reference = &report.run.plan.reference;
    report
        .metadata(reference)
        .map_or_else(|| reference.clone(), |metadata| metadata.short_label(&report.run.services))
}

/// What a load is, with its rate.
pub(crate) fn described(scenario: &Scenario) -> String {
    let search = scenario.stress.as_ref().and_then(Stress::search);
    match (scenario.rate_per_s, search) {
        (None, Some(search)) => format!("{}; p99 at most {} ms", scenario.about, search.p99_ms),
        (Some(rate), _) => format!("{} requests a second, {}", grouped(rate), scenario.about),
        (None, None) => scenario.about.clone(),
    }
}

/// The load of a summary in words.
pub(crate) fn load(report: &Report, summary: &Summary) -> String {
    report.scenario(summary).map(described).unwrap_or_default()
}

/// The range of ranks, or why there is none.
pub(crate) fn rank(row: &Row) -> String {
    match (row.rank, &row.failure, row.group == Group::Floor) {
        (Some(range), ..) => range.to_string(),
        (None, Some(_), _) => "failed".to_owned(),
        (None, None, true) => "limit".to_owned(),
        (None, None, false) => "none".to_owned(),
    }
}

/// The metrics beside the primary one. The narrow table leaves out what the others imply: the rate of an open model,
/// and at saturation the median latency, which is connections by throughput (Little's law).
fn metrics(report: &Report, summary: &Summary, width: Width) -> Vec<Metric> {
    use Metric::{CpuUsPerRequest, LatencyP50Us, LatencyP99Us, PeakRssBytes, ThroughputPerS};
    let scenario = report.scenario(summary);
    let narrow: &[Metric] = match scenario.and_then(|scenario| scenario.stress.as_ref()) {
        Some(Stress::Sustain { .. }) => &[CpuUsPerRequest],
        Some(_) => return Vec::new(),
        None if scenario.is_some_and(|scenario| scenario.connection_per_request) => {
            &[ThroughputPerS, LatencyP99Us, PeakRssBytes]
        }
        None if scenario.is_some_and(Scenario::saturates) => &[CpuUsPerRequest, LatencyP99Us, PeakRssBytes],
        None => &[LatencyP50Us, LatencyP99Us, PeakRssBytes],
    };
    let wide = [
        CpuUsPerRequest,
        ThroughputPerS,
        LatencyP50Us,
        Metric::LatencyP90Us,
        Metric::LatencyP95Us,
        LatencyP99Us,
        Metric::LatencyP999Us,
        Metric::LatencyMaxUs,
        PeakRssBytes,
        Metric::PeakPssBytes,
    ];
    let chosen = if width == Width::Narrow { narrow } else { &wide };
    chosen.iter().copied().filter(|metric| *metric != summary.primary).collect()
}

/// A service's name, as far as a narrow table has room for it. Builds of one service differ at the end of their names.
pub(super) fn name(report: &Report, service: &str, width: Width) -> String {
    const LETTERS: usize = 16;
    if width == Width::Wide || report.has_variants() || service.chars().count() <= LETTERS {
        return service.to_owned();
    }
    service.chars().take(LETTERS - 1).chain(['…']).collect()
}

/// The heading of a column of changes.
pub(super) fn unitless(metric: Metric) -> &'static str {
    match metric {
        Metric::CpuUsPerRequest => "CPU/request",
        Metric::LatencyP99Us => "p99",
        Metric::PeakRssBytes => "peak RSS",
        other => other.label(),
    }
}

/// The heading of a metric's column.
pub(super) fn label(metric: Metric, width: Width) -> &'static str {
    match (metric, width) {
        (Metric::CpuUsPerRequest, Width::Narrow) => "CPU µs",
        (Metric::PeakRssBytes, Width::Narrow) => "peak MiB",
        _ => metric.label(),
    }
}

/// The median of a metric, marked where a warning puts it in doubt.
pub(crate) fn cell(row: &Row, metric: Metric) -> String {
    let Some(summary) = row.metrics.get(&metric) else {
        return ABSENT.to_owned();
    };
    let is_doubted = row.warnings.iter().any(|warning| warning.doubts(metric));
    format!("{}{}", metric.show(summary.value), if is_doubted { " !" } else { "" })
}

/// The ratio to the reference, or to the counterpart. Builds of one service differ by little, so theirs has three digits.
pub(crate) fn vs_reference(report: &Report, row: &Row, metric: Metric, width: Width) -> String {
    let is_variant = report.metadata(&row.service).is_some_and(|metadata| metadata.variant.is_some());
    match row.metrics.get(&metric).and_then(|summary| summary.vs_reference.as_ref()) {
        Some(ratio) => show_ratio(ratio, if width == Width::Narrow && !is_variant { 2 } else { 3 }),
        None if report.is_base(&row.service) => "1".to_owned(),
        None => ABSENT.to_owned(),
    }
}

/// A ratio with its bounds: an interval as `0.86 [0.84, 0.88]`, a range of rounds as `0.86 (0.84–0.88)`.
pub(crate) fn show_ratio(ratio: &Ratio, digits: usize) -> String {
    let Ratio { ratio, low, high, bounds, .. } = ratio;
    match bounds {
        Bounds::Interval => format!("{ratio:.digits$} [{low:.digits$}, {high:.digits$}]"),
        Bounds::Range => format!("{ratio:.digits$} ({low:.digits$}–{high:.digits$})"),
    }
}

/// A size in MiB.
pub(crate) fn mib(bytes: f64) -> String {
    format!("{:.2}", bytes / f64::from(1 << 20))
}
