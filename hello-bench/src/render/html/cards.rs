//! Charts with their data: one function for each kind.

use crate::metadata::Metadata;
use crate::metric::Metric;
use crate::render::html::card::{Card, series};
use crate::render::html::chart::{self, Bar, Percentiles};
use crate::render::table::Table;
use crate::render::tables;
use crate::report::Report;
use crate::summary::{MetricSummary, Row, Summary};

/// A metric of every service as bars with whiskers; `None` where no service has it.
pub(crate) fn metric_bars(report: &Report, summary: &Summary, metric: Metric) -> Option<Card> {
    let known: Vec<(&Row, &MetricSummary)> =
        summary.rows.iter().filter_map(|row| Some((row, row.metrics.get(&metric)?))).collect();
    let scale = metric.scale();
    let bars: Vec<Bar> = known
        .iter()
        .map(|(row, of_rounds)| Bar {
            series: series(report, &row.service),
            value: of_rounds.value / scale,
            whisker: range(of_rounds, scale),
            text: metric.show(of_rounds.value),
            mark: None,
        })
        .collect();
    let data = known.iter().map(|(row, of_rounds)| {
        let range =
            range(of_rounds, 1.0).map(|(low, high)| format!("{} to {}", metric.show(low), metric.show(high)));
        vec![
            row.service.clone(),
            metric.show(of_rounds.value),
            range.unwrap_or_else(|| tables::ABSENT.into()),
        ]
    });
    let better = if metric.lower_is_better() { "less is better" } else { "more is better" };
    let title = format!("{}, {}", metric.title(), summary.scenario);
    (!bars.is_empty()).then(|| Card {
        drawing: Some(chart::bars(spoken(&title, &bars), &bars)),
        title,
        subtitle: format!("{}, {better}", metric.label()),
        table: table(&["service", metric.label(), "range of the rounds"], data.collect()),
    })
}

/// The smallest and the largest round, in units of `scale`; `None` where there is one round.
fn range(summary: &MetricSummary, scale: f64) -> Option<(f64, f64)> {
    let rounds = || summary.rounds.iter().map(|value| value / scale);
    let bounds = (rounds().fold(f64::INFINITY, f64::min), rounds().fold(f64::NEG_INFINITY, f64::max));
    (summary.rounds.len() > 1).then_some(bounds)
}

/// What a chart of bars shows, in a sentence.
pub(crate) fn spoken(title: &str, bars: &[Bar]) -> String {
    let values: Vec<String> = bars.iter().map(|bar| format!("{} {}", bar.series.name, bar.text)).collect();
    format!("{title}: {}", values.join(", "))
}

const PERCENTILES: [(&str, Metric); 5] = [
    ("p50", Metric::LatencyP50Us),
    ("p90", Metric::LatencyP90Us),
    ("p95", Metric::LatencyP95Us),
    ("p99", Metric::LatencyP99Us),
    ("p99.9", Metric::LatencyP999Us),
];

/// Percentiles of latency.
pub(crate) fn latency(report: &Report, summary: &Summary) -> Card {
    let rows: Vec<Percentiles> = summary
        .rows
        .iter()
        .map(|row| {
            let median = |metric: &Metric| row.metrics.get(metric).map(|of_rounds| of_rounds.value);
            let points = PERCENTILES
                .iter()
                .filter_map(|(name, metric)| median(metric).map(|value| (*name, value, metric.show(value))));
            Percentiles { series: series(report, &row.service), points: points.collect() }
        })
        .filter(|row| !row.points.is_empty())
        .collect();
    let header: Vec<&str> =
        std::iter::once("service").chain(PERCENTILES.iter().map(|(name, _)| *name)).collect();
    let data = summary.rows.iter().map(|row| {
        let cells = PERCENTILES.iter().map(|(_, metric)| tables::cell(row, *metric));
        std::iter::once(row.service.clone()).chain(cells).collect()
    });
    let title = format!("Latency percentiles, {}", summary.scenario);
    let labels: Vec<String> = rows
        .iter()
        .map(|row| {
            let points = row.points.iter().map(|(name, _, text)| format!("{name} {text}"));
            format!("{} {}", row.series.name, points.collect::<Vec<_>>().join(" "))
        })
        .collect();
    Card {
        drawing: Some(chart::percentiles(format!("{title}, µs: {}", labels.join("; ")), &rows)),
        title,
        subtitle: "µs, log scale, less is better; p50, p90, p95, p99, p99.9".into(),
        table: table(&header, data.collect()),
    }
}

/// Latency of one service over time.
pub(crate) fn windows(report: &Report, row: &Row, range: (f64, f64)) -> Card {
    let owner = series(report, &row.service);
    let points: Vec<(f64, f64, f64)> =
        row.windows.iter().map(|window| (window.start_s, window.p50_us, window.p99_us)).collect();
    let us = |value| Metric::LatencyP50Us.show(value);
    let data = row
        .windows
        .iter()
        .map(|window| vec![format!("{:.2}", window.start_s), us(window.p50_us), us(window.p99_us)]);
    let worst = row.windows.iter().map(|window| window.p99_us).fold(0.0, f64::max);
    let label =
        format!("Latency of {} over time, median and p99; the highest p99 is {} µs", owner.name, us(worst));
    Card {
        drawing: Some(chart::over_time(label, &owner.colour, &points, range)),
        title: owner.name,
        subtitle: "µs, log scale".into(),
        table: table(&["second", "p50 µs", "p99 µs"], data.collect()),
    }
}

/// Memory at peak, with idle marked.
pub(crate) fn memory(report: &Report, summary: &Summary) -> Card {
    let metrics = |row: &Row| {
        let of = |metric| row.metrics.get(&metric).map(|of_rounds| of_rounds.value);
        Some((of(Metric::PeakRssBytes)?, of(Metric::IdleRssBytes)?))
    };
    let bars: Vec<Bar> = summary
        .rows
        .iter()
        .filter_map(|row| {
            let (peak, idle) = metrics(row)?;
            let mib = Metric::PeakRssBytes.scale();
            Some(Bar {
                series: series(report, &row.service),
                value: peak / mib,
                whisker: range(row.metrics.get(&Metric::PeakRssBytes)?, mib),
                text: Metric::PeakRssBytes.show(peak),
                mark: Some(idle / mib),
            })
        })
        .collect();
    let all = [Metric::IdleRssBytes, Metric::IdlePssBytes, Metric::PeakRssBytes, Metric::PeakPssBytes];
    let data = summary.rows.iter().map(|row| {
        std::iter::once(row.service.clone())
            .chain(all.iter().map(|metric| tables::cell(row, *metric)))
            .collect()
    });
    let title = format!("Memory, {}", summary.scenario);
    Card {
        drawing: Some(chart::bars(spoken(&format!("{title}, peak RSS in MiB"), &bars), &bars)),
        title,
        subtitle: "MiB RSS at peak, less is better; dashed mark: idle".into(),
        table: table(&["service", "idle RSS", "idle PSS", "peak RSS", "peak PSS"], data.collect()),
    }
}

/// Bars of something that is counted and not measured in rounds.
pub(crate) fn fact_bars(
    report: &Report,
    title: &str,
    subtitle: &str,
    unit: &'static str,
    value: impl Fn(&Metadata) -> Option<f64>,
    digits: usize,
) -> Option<Card> {
    let services = || report.run.services.iter().filter(|metadata| !metadata.control);
    let known = services().filter_map(|metadata| Some((metadata, value(metadata)?)));
    let mut bars: Vec<Bar> = known
        .map(|(metadata, value)| Bar {
            series: series(report, &metadata.name),
            value,
            whisker: None,
            text: format!("{value:.digits$}"),
            mark: None,
        })
        .collect();
    bars.sort_by(|a, b| a.value.total_cmp(&b.value));
    let data = services().map(|metadata| {
        let text =
            value(metadata).map_or_else(|| tables::ABSENT.to_owned(), |value| format!("{value:.digits$}"));
        vec![metadata.name.clone(), text]
    });
    let data = data.collect();
    (!bars.is_empty()).then(|| Card {
        drawing: Some(chart::bars(spoken(title, &bars), &bars)),
        title: title.to_owned(),
        subtitle: subtitle.to_owned(),
        table: table(&["service", unit], data),
    })
}

/// A table with one column of names.
pub(crate) fn table(header: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table { header: header.iter().map(|heading| (*heading).to_owned()).collect(), rows, text_columns: 1 }
}
