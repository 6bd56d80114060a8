//! The tables of a report as text: which metrics stand in which, in what form.

use hello_load::{Scenario, Stress};
use hello_stats::Bounds;

use crate::metadata::Group;
use crate::metric::{Metric, grouped};
use crate::render::relative::{self, Base};
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

/// The columns of the table of one group.
struct Columns<'a> {
    report: &'a Report,
    summary: &'a Summary,
    group: Group,
    width: Width,
    /// Whether the load ranks services.
    has_ranks: bool,
    /// The metrics beside the primary one.
    metrics: Vec<Metric>,
    /// The headings of what a load found that looks for limits; empty for other loads.
    found: Vec<String>,
}

fn group_table(
    report: &Report,
    summary: &Summary,
    group: Group,
    has_floor: bool,
    width: Width,
) -> GroupTable {
    let is_shown = |row: &&Row| row.group == group || has_floor && row.group == Group::Floor;
    let rows: Vec<&Row> = summary.rows.iter().filter(is_shown).collect();
    let found = rows.iter().find_map(|row| row.stress.as_ref());
    let found = found.map(|found| stress::header(found, width == Width::Wide)).unwrap_or_default();
    let has_ranks = report.scenario(summary).is_none_or(is_ranking);
    let metrics = metrics(report, summary, width);
    let columns = Columns { report, summary, group, width, has_ranks, metrics, found };
    let table = Table {
        header: columns.header(),
        rows: rows.into_iter().map(|row| columns.cells(row)).collect(),
        text_columns: if has_ranks { 2 } else { 1 },
    };
    GroupTable { group, title: group_title(group), table }
}

impl Columns<'_> {
    fn header(&self) -> Vec<String> {
        let Self { report, summary, group, width, .. } = *self;
        let mut header = vec!["service".to_owned()];
        if self.has_ranks {
            header.insert(0, "rank".to_owned());
            header.push(label(summary.primary, width).to_owned());
            header.push(relative::heading(report, summary, group));
        }
        header.extend(self.metrics.iter().map(|metric| label(*metric, width).to_owned()));
        header.extend(self.found.iter().cloned());
        header
    }

    fn cells(&self, row: &Row) -> Vec<String> {
        let mut cells = vec![name(self.report, &row.service, self.width)];
        if self.has_ranks {
            cells.insert(0, rank(row));
            cells.extend([cell(row, self.summary.primary), self.ratio(row)]);
        }
        cells.extend(self.metrics.iter().map(|metric| cell(row, *metric)));
        let watched_s = stress::watched_s(self.report.scenario(self.summary));
        let found = row
            .stress
            .as_ref()
            .map(|found| stress::cells(found, self.width == Width::Wide, watched_s));
        cells.extend(found.unwrap_or_else(|| vec![ABSENT.to_owned(); self.found.len()]));
        cells
    }

    /// The ratio, and what it is relative to where the heading does not say it.
    fn ratio(&self, row: &Row) -> String {
        let primary = self.summary.primary;
        let ratio = row.metrics.get(&primary).and_then(|metric| metric.vs_reference.as_ref());
        let base = Base::of(self.report, self.summary, self.group);
        vs_reference(self.report, row, primary, self.width) + &relative::suffix(base, ratio)
    }
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
