//! The section on where services stop coping.

use hello_stats::{Bounds, Estimate};

use crate::metadata::Group;
use crate::metric::{Metric, grouped};
use crate::render::html::card::{Card, Section, series};
use crate::render::html::cards::{metric_bars, spoken, table};
use crate::render::html::chart::{self, Bar};
use crate::render::html::lines::{Line, Values, lines};
use crate::render::stress::{interval, ms, overloads, percent, phases, recovery, stopped_by, watched_s};
use crate::render::table::{ABSENT, Table};
use crate::render::tables;
use crate::report::Report;
use crate::stress::beyond::{ConnectionsRow, OverloadRow};
use crate::stress::row::{CurveRow, StressRow, SustainedRow};
use crate::summary::{Row, Summary};

/// The section, empty where no load looked for limits.
pub(crate) fn section(report: &Report) -> Section {
    Section {
        id: "copes",
        question: "Who copes?",
        lead: "The sustainable rate is the highest at which p99, from the time at which a request was due, stays under its \
               limit. Beyond it a right answer counts that comes in time. Solid lines: under the framework's own server; \
               dashed: others."
            .into(),
        cards: report.summaries.iter().flat_map(|summary| cards(report, summary)).collect(),
    }
}

/// Whether a load belongs here, and not to those that ask who is fast.
pub(crate) fn is_about_limits(report: &Report, summary: &Summary) -> bool {
    let scenario = report.scenario(summary);
    scenario.is_some_and(|scenario| scenario.stress.is_some() || scenario.connection_per_request)
}

fn cards(report: &Report, summary: &Summary) -> Vec<Card> {
    if !is_about_limits(report, summary) {
        return Vec::new();
    }
    let View { sustained, curves, overloads, connections } = View::of(summary);
    let mut cards = Vec::new();
    if !sustained.is_empty() {
        cards.push(rates(report, summary, &sustained));
    }
    if !curves.is_empty() {
        cards.push(hockey_sticks(report, summary, &curves));
    }
    if !overloads.is_empty() {
        cards.push(goodput(report, summary, &overloads));
        cards.push(recoveries(report, summary, &overloads));
    }
    if !connections.is_empty() {
        cards.push(memory(report, summary, &connections));
    }
    if report.scenario(summary).is_some_and(|scenario| scenario.connection_per_request) {
        let metrics = [Metric::CpuUsPerRequest, Metric::ThroughputPerS, Metric::LatencyP99Us];
        cards.extend(metrics.into_iter().filter_map(|metric| metric_bars(report, summary, metric)));
    }
    cards
}

/// The rows of a summary by what they hold.
#[derive(Default)]
struct View<'a> {
    sustained: Vec<(&'a Row, &'a SustainedRow)>,
    curves: Vec<(&'a Row, &'a CurveRow)>,
    overloads: Vec<(&'a Row, &'a OverloadRow)>,
    connections: Vec<(&'a Row, &'a ConnectionsRow)>,
}

impl<'a> View<'a> {
    fn of(summary: &'a Summary) -> Self {
        let mut view = Self::default();
        for row in &summary.rows {
            match &row.stress {
                Some(StressRow::Sustain(found)) => view.sustained.push((row, found)),
                Some(StressRow::Curve(found)) => view.curves.push((row, found)),
                Some(StressRow::Overload(found)) => view.overloads.push((row, found)),
                Some(StressRow::Connections(found)) => view.connections.push((row, found)),
                None => {}
            }
        }
        view
    }
}

fn rates(report: &Report, summary: &Summary, found: &[(&Row, &SustainedRow)]) -> Card {
    let bar = |(row, found): &(&Row, &SustainedRow)| {
        let Estimate { value, low, high, .. } = found.rate_per_s?;
        let (series, text) = (series(report, &row.service), grouped(value));
        Some(Bar { series, value, whisker: Some((low, high)), text, mark: None })
    };
    let bars: Vec<Bar> = found.iter().filter_map(bar).collect();
    let data = found.iter().map(|(row, found)| {
        vec![
            row.service.clone(),
            found.rate_per_s.map_or_else(|| ABSENT.to_owned(), |rate| grouped(rate.value)),
            interval(found.rate_per_s),
            tables::cell(row, Metric::CpuUsPerRequest),
            stopped_by(found),
            grouped(found.burst_per_s),
        ]
    });
    let is_range = found
        .iter()
        .any(|(_, found)| found.rate_per_s.is_some_and(|rate| rate.bounds == Bounds::Range));
    let whiskers = if is_range { "the range of the rounds" } else { "95 % intervals" };
    let title = format!("Sustainable rate, {}", summary.scenario);
    Card {
        drawing: Some(chart::bars(spoken(&title, &bars), &bars)),
        subtitle: format!("requests/s, more is better; whiskers are {whiskers}"),
        title,
        table: table(
            &["service", "requests/s", "interval", "CPU µs/request there", "stopped by", "at saturation/s"],
            data.collect(),
        ),
    }
}

fn line(report: &Report, row: &Row, points: Vec<(f64, f64)>) -> Line {
    let is_dashed = !matches!(row.group, Group::Service | Group::Floor);
    Line { series: series(report, &row.service), is_dashed, points }
}

fn hockey_sticks(report: &Report, summary: &Summary, curves: &[(&Row, &CurveRow)]) -> Card {
    let points =
        |curve: &CurveRow| curve.points.iter().map(|point| (point.rate_per_s, point.p99_us / 1e3)).collect();
    let drawn: Vec<Line> = curves.iter().map(|(row, curve)| line(report, row, points(curve))).collect();
    let labels: Vec<String> = curves
        .iter()
        .filter_map(|(row, curve)| {
            let last = curve.points.last()?;
            Some(format!("{} {} ms at {} %", row.service, ms(last.p99_us), last.percent))
        })
        .collect();
    let data = curves.iter().flat_map(|(row, curve)| {
        curve.points.iter().map(|point| {
            let mut cells =
                vec![row.service.clone(), format!("{}", point.percent), grouped(point.rate_per_s)];
            cells.extend([point.p50_us, point.p99_us, point.p999_us].map(ms));
            cells.push(if point.is_generator_bound { "yes" } else { "no" }.to_owned());
            cells
        })
    });
    let title = format!("Latency against load, {}", summary.scenario);
    Card {
        drawing: Some(lines(
            format!("{title}, p99 in ms: {}", labels.join(", ")),
            "requests/s offered",
            &drawn,
            Values::Logarithmic,
        )),
        title,
        subtitle: "p99 in ms from the intended time, log scale, less is better; p50 and p99.9 in the data"
            .into(),
        table: table(
            &["service", "load %", "requests/s", "p50 ms", "p99 ms", "p99.9 ms", "generator-bound"],
            data.collect(),
        ),
    }
}

fn goodput(report: &Report, summary: &Summary, found: &[(&Row, &OverloadRow)]) -> Card {
    let points = |overload: &OverloadRow| {
        let mut points: Vec<(f64, f64)> =
            overload.phases.iter().map(|phase| (phase.offered_per_s, phase.goodput_per_s)).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    };
    let drawn: Vec<Line> = found.iter().map(|(row, overload)| line(report, row, points(overload))).collect();
    let labels: Vec<String> = found
        .iter()
        .filter_map(|(row, overload)| {
            let phase = overloads(overload).last()?;
            Some(format!("{} {} at {} times", row.service, grouped(phase.goodput_per_s), phase.factor))
        })
        .collect();
    let title = format!("Right answers in time, {}", summary.scenario);
    Card {
        drawing: Some(lines(
            format!("{title}, a second: {}", labels.join(", ")),
            "requests/s offered",
            &drawn,
            Values::AgainstLoad,
        )),
        title,
        subtitle:
            "a second, against the load, more is better; on the thin line every request would be answered"
                .into(),
        table: all_phases(found),
    }
}

fn all_phases(found: &[(&Row, &OverloadRow)]) -> Table {
    let mut header = vec!["service".to_owned()];
    header.extend(found.first().map(|(_, overload)| phases(overload).header).unwrap_or_default());
    let rows = found.iter().flat_map(|(row, overload)| {
        let own = phases(overload).rows.into_iter();
        own.map(|cells| std::iter::once(row.service.clone()).chain(cells).collect())
    });
    Table { header, rows: rows.collect(), text_columns: 2 }
}

fn recoveries(report: &Report, summary: &Summary, found: &[(&Row, &OverloadRow)]) -> Card {
    let watched_s = watched_s(report.scenario(summary));
    let bar = |(row, overload): &(&Row, &OverloadRow)| {
        let value = overload.recovery_s.or(watched_s)?;
        let text = recovery(overload, watched_s);
        Some(Bar { series: series(report, &row.service), value, whisker: None, text, mark: None })
    };
    let bars: Vec<Bar> = found.iter().filter_map(bar).collect();
    let data = found.iter().map(|(row, overload)| {
        let most = overloads(overload).iter().map(|phase| phase.shed).fold(0.0, f64::max);
        let peak = overload.peak_rss_bytes;
        vec![
            row.service.clone(),
            recovery(overload, watched_s),
            percent(most),
            peak.map_or_else(|| ABSENT.to_owned(), |bytes| Metric::PeakRssBytes.show(bytes)),
        ]
    });
    let title = format!("Normal again after, {}", summary.scenario);
    Card {
        drawing: (!bars.is_empty()).then(|| chart::bars(spoken(&title, &bars), &bars)),
        title,
        subtitle:
            "seconds from the end of the overload, less is better; > means not recovered when watching ended"
                .into(),
        table: table(&["service", "s", "shed at most %", "peak RSS MiB"], data.collect()),
    }
}

fn memory(report: &Report, summary: &Summary, found: &[(&Row, &ConnectionsRow)]) -> Card {
    let kib = |bytes: f64| bytes / Metric::ConnectionBytes.scale();
    let bar = |(row, found): &(&Row, &ConnectionsRow)| {
        let bytes = found.counts.last()?.bytes_per_connection?;
        let (series, text) = (series(report, &row.service), Metric::ConnectionBytes.show(bytes));
        Some(Bar { series, value: kib(bytes), whisker: None, text, mark: None })
    };
    let bars: Vec<Bar> = found.iter().filter_map(bar).collect();
    let show = |value: Option<f64>, metric: Metric| {
        value.map_or_else(|| ABSENT.to_owned(), |value| metric.show(value))
    };
    let data = found.iter().flat_map(|(row, found)| {
        found.counts.iter().map(|count| {
            vec![
                row.service.clone(),
                grouped(count.connections),
                show(count.bytes_per_connection, Metric::ConnectionBytes),
                count.cpu_us_per_s.map_or_else(|| ABSENT.to_owned(), grouped),
                show(found.before_rss_bytes, Metric::PeakRssBytes),
                show(found.after_rss_bytes, Metric::PeakRssBytes),
            ]
        })
    });
    let title = format!("Memory per idle connection, {}", summary.scenario);
    Card {
        drawing: Some(chart::bars(spoken(&title, &bars), &bars)),
        title,
        subtitle: "KiB RSS at the largest count, less is better; the system's buffers are not in it".into(),
        table: table(
            &["service", "connections", "KiB each", "idle CPU µs/s", "MiB before", "MiB after they left"],
            data.collect(),
        ),
    }
}
