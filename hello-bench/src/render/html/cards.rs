//! Charts with their data: one function for each kind.

use crate::facts::Facts;
use crate::figure::Figure;
use crate::render::html::chart::{self, Bar, Change, Percentiles, Rounds};
use crate::render::html::{Card, series};
use crate::render::table::Table;
use crate::render::tables;
use crate::report::Report;
use crate::summary::{Estimate, Row, Summary};

/// A figure of every service as bars with whiskers; `None` where no service has it.
pub fn figure_bars(report: &Report, summary: &Summary, figure: Figure) -> Option<Card> {
    let known: Vec<(&Row, &Estimate)> =
        summary.rows.iter().filter_map(|row| Some((row, row.figures.get(&figure)?))).collect();
    let scale = figure.scale();
    let bars: Vec<Bar> = known
        .iter()
        .map(|(row, estimate)| Bar {
            series: series(report, &row.service),
            value: estimate.median / scale,
            interval: estimate.interval.map(|interval| interval.scaled(1.0 / scale)),
            text: figure.show(estimate.median),
            mark: None,
        })
        .collect();
    let data = known.iter().map(|(row, estimate)| {
        let range = estimate
            .interval
            .map(|interval| format!("{} to {}", figure.show(interval.low), figure.show(interval.high)));
        vec![
            row.service.clone(),
            figure.show(estimate.median),
            range.unwrap_or_else(|| tables::ABSENT.into()),
        ]
    });
    let better = if figure.lower_is_better() { "less is better" } else { "more is better" };
    let title = format!("{}, {}", figure.title(), summary.scenario.name);
    (!bars.is_empty()).then(|| Card {
        drawing: Some(chart::bars(spoken(&title, &bars), &bars)),
        title,
        subtitle: format!("{}, {better}", figure.label()),
        table: table(&["service", figure.label(), "95 % interval"], data.collect()),
    })
}

/// What a chart of bars shows, in a sentence.
fn spoken(title: &str, bars: &[Bar]) -> String {
    let values: Vec<String> = bars.iter().map(|bar| format!("{} {}", bar.series.name, bar.text)).collect();
    format!("{title}: {}", values.join(", "))
}

const PERCENTILES: [(&str, Figure); 5] = [
    ("p50", Figure::LatencyP50Us),
    ("p90", Figure::LatencyP90Us),
    ("p95", Figure::LatencyP95Us),
    ("p99", Figure::LatencyP99Us),
    ("p99.9", Figure::LatencyP999Us),
];

/// Percentiles of latency.
pub fn latency(report: &Report, summary: &Summary) -> Card {
    let rows: Vec<Percentiles> = summary
        .rows
        .iter()
        .map(|row| {
            let median = |figure: &Figure| row.figures.get(figure).map(|estimate| estimate.median);
            let points = PERCENTILES
                .iter()
                .filter_map(|(name, figure)| median(figure).map(|value| (*name, value, figure.show(value))));
            Percentiles { series: series(report, &row.service), points: points.collect() }
        })
        .filter(|row| !row.points.is_empty())
        .collect();
    let header: Vec<&str> =
        std::iter::once("service").chain(PERCENTILES.iter().map(|(name, _)| *name)).collect();
    let data = summary.rows.iter().map(|row| {
        let cells = PERCENTILES.iter().map(|(_, figure)| tables::cell(row, *figure));
        std::iter::once(row.service.clone()).chain(cells).collect()
    });
    let title = format!("Latency percentiles, {}", summary.scenario.name);
    let said: Vec<String> = rows
        .iter()
        .map(|row| {
            let points = row.points.iter().map(|(name, _, text)| format!("{name} {text}"));
            format!("{} {}", row.series.name, points.collect::<Vec<_>>().join(" "))
        })
        .collect();
    Card {
        drawing: Some(chart::percentiles(format!("{title}, µs: {}", said.join("; ")), &rows)),
        title,
        subtitle: "µs, log scale, less is better; p50, p90, p95, p99, p99.9".into(),
        table: table(&header, data.collect()),
    }
}

/// Latency of one service over time.
pub fn windows(report: &Report, row: &Row, range: (f64, f64)) -> Card {
    let owner = series(report, &row.service);
    let points: Vec<(f64, f64, f64)> =
        row.windows.iter().map(|window| (window.start_s, window.p50_us, window.p99_us)).collect();
    let us = |value| Figure::LatencyP50Us.show(value);
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
pub fn memory(report: &Report, summary: &Summary) -> Card {
    let figures = |row: &Row| {
        let of = |figure| row.figures.get(&figure).map(|estimate| estimate.median);
        Some((of(Figure::PeakRssBytes)?, of(Figure::IdleRssBytes)?))
    };
    let bars: Vec<Bar> = summary
        .rows
        .iter()
        .filter_map(|row| {
            let (peak, idle) = figures(row)?;
            let mib = Figure::PeakRssBytes.scale();
            let interval = row.figures.get(&Figure::PeakRssBytes)?.interval;
            Some(Bar {
                series: series(report, &row.service),
                value: peak / mib,
                interval: interval.map(|interval| interval.scaled(1.0 / mib)),
                text: Figure::PeakRssBytes.show(peak),
                mark: Some(idle / mib),
            })
        })
        .collect();
    let all = [Figure::IdleRssBytes, Figure::IdlePssBytes, Figure::PeakRssBytes, Figure::PeakPssBytes];
    let data = summary.rows.iter().map(|row| {
        std::iter::once(row.service.clone())
            .chain(all.iter().map(|figure| tables::cell(row, *figure)))
            .collect()
    });
    let title = format!("Memory, {}", summary.scenario.name);
    Card {
        drawing: Some(chart::bars(spoken(&format!("{title}, peak RSS in MiB"), &bars), &bars)),
        title,
        subtitle: "MiB RSS at peak, less is better; dashed mark: idle".into(),
        table: table(&["service", "idle RSS", "idle PSS", "peak RSS", "peak PSS"], data.collect()),
    }
}

/// Bars of something that is counted and not measured in rounds.
pub fn fact_bars(
    report: &Report,
    title: &str,
    subtitle: &str,
    unit: &'static str,
    value: impl Fn(&Facts) -> Option<f64>,
    digits: usize,
) -> Option<Card> {
    let known = report.run.services.iter().filter_map(|facts| Some((facts, value(facts)?)));
    let mut bars: Vec<Bar> = known
        .map(|(facts, value)| Bar {
            series: series(report, &facts.name),
            value,
            interval: None,
            text: format!("{value:.digits$}"),
            mark: None,
        })
        .collect();
    bars.sort_by(|a, b| a.value.total_cmp(&b.value));
    let data = report.run.services.iter().map(|facts| {
        let text =
            value(facts).map_or_else(|| tables::ABSENT.to_owned(), |value| format!("{value:.digits$}"));
        vec![facts.name.clone(), text]
    });
    let data = data.collect();
    (!bars.is_empty()).then(|| Card {
        drawing: Some(chart::bars(spoken(title, &bars), &bars)),
        title: title.to_owned(),
        subtitle: subtitle.to_owned(),
        table: table(&["service", unit], data),
    })
}

/// The primary figure by the reference's; `None` where nothing is ranked.
pub fn ratio_chart(report: &Report, summary: &Summary) -> Option<Card> {
    let ratio = |row: &Row| row.figures.get(&summary.primary)?.to_reference.clone();
    let rows: Vec<Change> = summary
        .rows
        .iter()
        .filter_map(|row| {
            let ratio = ratio(row)?;
            let text = format!("{:+.1} %", (ratio.ratio - 1.0) * 100.0);
            Some(Change {
                series: series(report, &row.service),
                ratio: ratio.ratio,
                interval: ratio.interval,
                text,
            })
        })
        .collect();
    let data = summary.rows.iter().filter_map(|row| {
        let ratio = ratio(row)?;
        Some(vec![row.service.clone(), tables::show_ratio(&ratio, 3), format!("{:.3}", ratio.p)])
    });
    let title = format!("{}, {}: ratios", summary.primary.title(), summary.scenario.name);
    let said: Vec<String> = rows.iter().map(|row| format!("{} {}", row.series.name, row.text)).collect();
    (!rows.is_empty()).then(|| Card {
        drawing: Some(chart::ratios(
            format!("{title} to {}: {}", report.run.plan.reference, said.join(", ")),
            &rows,
        )),
        title,
        subtitle: format!("by {}, with 95 % intervals", report.run.plan.reference),
        table: table(&["service", "ratio", "p"], data.collect()),
    })
}

/// The primary figure of every round; `None` where no service has it.
pub fn round_chart(report: &Report, summary: &Summary) -> Option<Card> {
    let figure = summary.primary;
    let rows: Vec<Rounds> = summary
        .rows
        .iter()
        .filter_map(|row| {
            let estimate = row.figures.get(&figure)?;
            let values = estimate.values.iter().map(|value| value / figure.scale()).collect();
            Some(Rounds {
                series: series(report, &row.service),
                values,
                median: estimate.median / figure.scale(),
            })
        })
        .collect();
    let data = summary.rows.iter().filter_map(|row| {
        let estimate = row.figures.get(&figure)?;
        let values: Vec<String> = estimate.values.iter().map(|value| figure.show(*value)).collect();
        Some(vec![row.service.clone(), figure.show(estimate.mad), values.join(", ")])
    });
    let title = format!("{}, {}: rounds", figure.title(), summary.scenario.name);
    let label = format!("{title}: a dot for each round of each service; their spread is in the table");
    (!rows.is_empty()).then(|| Card {
        drawing: Some(chart::rounds(label, &rows)),
        title,
        subtitle: format!("{}; a dot is a round, the line is the median", figure.label()),
        table: table(&["service", "MAD", "rounds"], data.collect()),
    })
}

/// A table with one column of names.
pub fn table(header: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table { header: header.iter().map(|heading| (*heading).to_owned()).collect(), rows, text_columns: 1 }
}
