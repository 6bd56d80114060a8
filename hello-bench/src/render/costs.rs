//! The table of what services cost without load: sizes, memory, start-up, lines of code.

use crate::metadata::{Group, Metadata};
use crate::metric::Metric;
use crate::render::table::{ABSENT, Table};
use crate::render::tables::{Width, cell, name};
use crate::report::Report;

/// One row for each native service.
pub(super) fn table(report: &Report, width: Width) -> Table {
    let mut header =
        vec!["service", "version", "binary KiB", "idle RSS MiB", "start-up ms", "lines", "crates"];
    if width == Width::Wide {
        header[1] = "framework";
        header[5] = "lines of code";
        header[6] = "dependencies";
        header.push("clean build s");
    }
    let native = |metadata: &&Metadata| metadata.image.is_none() && !metadata.control;
    let processes = report.run.services.iter().filter(native);
    let rows = processes.map(|metadata| cost(report, metadata, width)).collect();
    Table { header: header.into_iter().map(str::to_owned).collect(), rows, text_columns: 2 }
}

/// A framework with its version, and its language where that is not Rust.
fn framework(metadata: &Metadata, version: &str) -> String {
    if metadata.group() == Group::OtherLanguage {
        return format!("{} {version}, {}", metadata.framework, metadata.language);
    }
    format!("{} {version}", metadata.framework)
}

fn cost(report: &Report, metadata: &Metadata, width: Width) -> Vec<String> {
    let row = report.summaries.iter().find_map(|summary| summary.row(&metadata.name));
    let metric = |metric| row.map_or_else(|| ABSENT.to_owned(), |row| cell(row, metric));
    let count = |count: Option<u64>| count.map_or_else(|| ABSENT.to_owned(), |count| count.to_string());
    let version = metadata.version.clone().unwrap_or_else(|| ABSENT.to_owned());
    let mut cells = vec![
        name(report, &metadata.name, width),
        if width == Width::Wide { framework(metadata, &version) } else { version },
        count(metadata.binary_bytes.map(|bytes| bytes / 1024)),
        metric(Metric::IdleRssBytes),
        metric(Metric::StartUpUs),
        count(metadata.lines_of_code),
        count(metadata.dependencies),
    ];
    if width == Width::Wide {
        cells.push(
            metadata
                .clean_build_s
                .map_or_else(|| ABSENT.to_owned(), |seconds| format!("{seconds:.0}")),
        );
    }
    cells
}
