//! The table of container images.

use crate::metadata::{Image, Metadata};
use crate::metric::Metric;
use crate::render::table::Table;
use crate::render::tables::{ABSENT, Width, cell, vs_reference};
use crate::report::Report;
use crate::summary::Row;

/// The table of container images: what they weigh, and what they need when they run; `None` where there are none.
pub fn table(report: &Report, width: Width) -> Option<Table> {
    let images: Vec<(&Metadata, &Image)> = report
        .run
        .services
        .iter()
        .filter_map(|metadata| Some((metadata, metadata.image.as_ref()?)))
        .collect();
    let mut header =
        vec!["image of", "image MB", "layer MB", "idle RSS MiB", "peak MiB", "start-up ms", "CPU vs native"];
    if width == Width::Wide {
        header[2] = "our layer MB";
        header[4] = "peak RSS MiB";
        header[6] = "CPU per request vs the same service run natively";
    }
    let rows = images.iter().map(|(metadata, image)| image_row(report, metadata, image, width)).collect();
    let header = header.into_iter().map(str::to_owned).collect();
    (!images.is_empty()).then_some(Table { header, rows, text_columns: 1 })
}

fn image_row(report: &Report, metadata: &Metadata, image: &Image, width: Width) -> Vec<String> {
    let mut rows = report
        .summaries
        .iter()
        .filter_map(|summary| summary.row(&metadata.name).map(|row| (summary, row)));
    let first = rows.clone().next().map(|(_, row)| row);
    let metric = |row: Option<&Row>, metric| row.map_or_else(|| ABSENT.to_owned(), |row| cell(row, metric));
    let peak = |row: &Row| row.metrics.get(&Metric::PeakRssBytes).map_or(0.0, |peak| peak.value);
    let highest = rows.clone().map(|(_, row)| row).max_by(|a, b| peak(a).total_cmp(&peak(b)));
    let unsaturated = rows.find(|(summary, _)| summary.primary == Metric::CpuUsPerRequest);
    let vs_native = unsaturated
        .map(|(_, row)| row)
        .or(first)
        .map_or_else(|| ABSENT.to_owned(), |row| vs_reference(report, row, Metric::CpuUsPerRequest, width));
    let mb = |bytes: u64| format!("{:.2}", bytes as f64 / 1e6);
    vec![
        image.native.clone(),
        mb(image.bytes),
        mb(image.added_bytes),
        metric(first, Metric::IdleRssBytes),
        metric(highest, Metric::PeakRssBytes),
        metric(first, Metric::StartUpUs),
        vs_native,
    ]
}
