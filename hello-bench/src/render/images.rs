//! The table of container images.

use std::collections::BTreeSet;

use crate::metadata::{Image, Metadata};
use crate::metric::Metric;
use crate::render::table::Table;
use crate::render::tables::{ABSENT, Width, cell, vs_reference};
use crate::report::Report;
use crate::summary::{Row, Summary};

/// The table of container images: what they weigh, and what they need when they run; `None` where there are none.
pub(crate) fn table(report: &Report, width: Width) -> Option<Table> {
    let images: Vec<(&Metadata, &Image)> = report
        .run
        .services
        .iter()
        .filter_map(|metadata| Some((metadata, metadata.image.as_ref()?)))
        .collect();
    let peaks = peaks(report, width);
    let rows = images.iter().map(|(metadata, image)| image_row(report, metadata, image, &peaks, width));
    let rows = rows.collect();
    (!images.is_empty()).then(|| Table { header: header(report, &peaks, width), rows, text_columns: 1 })
}

/// The columns of peak memory, by number of connections: `None` is the highest of all loads.
fn peaks(report: &Report, width: Width) -> Vec<Option<u32>> {
    let scenarios = report.summaries.iter().filter_map(|summary| report.scenario(summary));
    let under_load = scenarios.filter(|scenario| scenario.stress.is_none());
    let counts: BTreeSet<u32> = under_load.map(|scenario| scenario.connections).collect();
    match width {
        Width::Wide if counts.len() > 1 => counts.into_iter().map(Some).collect(),
        _ => vec![None],
    }
}

fn header(report: &Report, peaks: &[Option<u32>], width: Width) -> Vec<String> {
    let is_wide = width == Width::Wide;
    let say = |wide: &str, narrow: &str| if is_wide { wide.to_owned() } else { narrow.to_owned() };
    let mut header = vec!["image of".to_owned(), "image MB".to_owned(), say("our layer MB", "layer MB")];
    header.push("idle RSS MiB".to_owned());
    header.extend(peaks.iter().map(|count| match count {
        Some(count) => format!("peak RSS MiB, {count} connections"),
        None => say("peak RSS MiB", "peak MiB"),
    }));
    if let Some((connections, rest_s)) = rested(report).filter(|_| is_wide) {
        header.push(format!("RSS MiB {rest_s} s after {connections} connections"));
    }
    header.push("start-up ms".to_owned());
    if is_wide && rested(report).is_some() {
        header.push(Metric::StopUs.label().to_owned());
    }
    header.push(say("CPU per request vs the same service run natively", "CPU vs native"));
    header
}

/// Connections and seconds of the load after which services rest; `None` where there is none.
fn rested(report: &Report) -> Option<(u32, f64)> {
    let scenarios = report.summaries.iter().filter_map(|summary| report.scenario(summary));
    scenarios.rev().find_map(|scenario| Some((scenario.connections, scenario.rest_s?)))
}

fn image_row(
    report: &Report,
    metadata: &Metadata,
    image: &Image,
    peaks: &[Option<u32>],
    width: Width,
) -> Vec<String> {
    let rows: Vec<(&Summary, &Row)> = report
        .summaries
        .iter()
        .filter_map(|summary| summary.row(&metadata.name).map(|row| (summary, row)))
        .collect();
    let show = |metric| {
        let row = rows.iter().rev().find(|(_, row)| row.metrics.contains_key(&metric));
        row.map_or_else(|| ABSENT.to_owned(), |(_, row)| cell(row, metric))
    };
    let first = |metric| rows.first().map_or_else(|| ABSENT.to_owned(), |(_, row)| cell(row, metric));
    let unsaturated = rows.iter().find(|(summary, _)| summary.primary == Metric::CpuUsPerRequest);
    let vs_native = unsaturated.or(rows.first()).map_or_else(
        || ABSENT.to_owned(),
        |(_, row)| vs_reference(report, row, Metric::CpuUsPerRequest, width),
    );
    let mb = |bytes: u64| format!("{:.2}", bytes as f64 / 1e6);
    let mut cells = vec![image.native.clone(), mb(image.bytes), mb(image.added_bytes)];
    cells.push(first(Metric::IdleRssBytes));
    cells.extend(peaks.iter().map(|count| peak(report, &rows, *count)));
    let is_rested = width == Width::Wide && rested(report).is_some();
    cells.extend(is_rested.then(|| show(Metric::RestedRssBytes)));
    cells.push(first(Metric::StartUpUs));
    cells.extend(is_rested.then(|| show(Metric::StopUs)));
    cells.push(vs_native);
    cells
}

/// The highest peak under loads of so many connections, or of any number.
fn peak(report: &Report, rows: &[(&Summary, &Row)], connections: Option<u32>) -> String {
    let is_meant = |summary: &Summary| {
        let scenario = report.scenario(summary);
        connections.is_none() || scenario.map(|scenario| scenario.connections) == connections
    };
    let meant = rows.iter().filter(|(summary, _)| is_meant(summary));
    let peaks = meant.filter_map(|(_, row)| Some((row, row.metrics.get(&Metric::PeakRssBytes)?.value)));
    let highest = peaks.max_by(|a, b| a.1.total_cmp(&b.1));
    highest.map_or_else(|| ABSENT.to_owned(), |(row, _)| cell(row, Metric::PeakRssBytes))
}
