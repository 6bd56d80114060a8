//! The tables of a report as text: which figures stand in which, in what form.

use crate::count::Counts;
use crate::diff::{Change, Diff, Verdict};
use crate::facts::{Facts, Group, Image};
use crate::figure::{Figure, grouped};
use crate::render::table::Table;
use crate::report::Report;
use crate::stats::bootstrap::Interval;
use crate::summary::{Ratio, Row, Summary};

/// What stands for a figure that is not there.
pub const ABSENT: &str = "–";

/// How much room there is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Width {
    /// 80 columns of a terminal.
    Narrow,
    /// A page.
    Wide,
}

/// The table of one scenario.
pub fn scenario(report: &Report, summary: &Summary, width: Width) -> Table {
    let figures = figures(summary, width);
    let reference = &report.run.plan.reference;
    let mut header = vec!["rank".to_owned(), "service".to_owned(), label(summary.primary, width).to_owned()];
    header.push(match width {
        Width::Narrow => "by reference".to_owned(),
        Width::Wide => format!("by {reference}, 95 % interval"),
    });
    header.extend(figures.iter().map(|figure| label(*figure, width).to_owned()));
    let rows = summary
        .rows
        .iter()
        .map(|row| {
            let mut cells = vec![rank(row, summary.primary), name(&row.service, width)];
            cells.push(cell(row, summary.primary));
            cells.push(to_reference(row, summary.primary, reference, width));
            cells.extend(figures.iter().map(|figure| cell(row, *figure)));
            cells
        })
        .collect();
    Table { header, rows, text_columns: 2 }
}

/// The table of what services cost without load.
pub fn costs(report: &Report, width: Width) -> Table {
    let mut header =
        vec!["service", "version", "binary KiB", "idle RSS MiB", "start-up ms", "lines", "crates"];
    if width == Width::Wide {
        header[1] = "framework";
        header[5] = "lines of code";
        header[6] = "dependencies";
        header.push("clean build s");
    }
    let processes = report.run.services.iter().filter(|facts| facts.image.is_none());
    let rows = processes.map(|facts| cost(report, facts, width)).collect();
    Table { header: header.into_iter().map(str::to_owned).collect(), rows, text_columns: 2 }
}

/// The table of container images: what they weigh, and what they need when they run; `None` where there are none.
pub fn images(report: &Report, width: Width) -> Option<Table> {
    let images: Vec<(&Facts, &Image)> =
        report.run.services.iter().filter_map(|facts| Some((facts, facts.image.as_ref()?))).collect();
    let mut header =
        vec!["image of", "image MB", "layer MB", "idle RSS MiB", "peak MiB", "start-up ms", "CPU by native"];
    if width == Width::Wide {
        header[2] = "our layer MB";
        header[4] = "peak RSS MiB";
        header[6] = "CPU per request by the same service outside of the container, 95 % interval";
    }
    let rows = images.iter().map(|(facts, image)| image_row(report, facts, image, width)).collect();
    let header = header.into_iter().map(str::to_owned).collect();
    (!images.is_empty()).then_some(Table { header, rows, text_columns: 1 })
}

fn image_row(report: &Report, facts: &Facts, image: &Image, width: Width) -> Vec<String> {
    let mut rows =
        report.summaries.iter().filter_map(|summary| summary.row(&facts.name).map(|row| (summary, row)));
    let first = rows.clone().next().map(|(_, row)| row);
    let figure = |row: Option<&Row>, figure| row.map_or_else(|| ABSENT.to_owned(), |row| cell(row, figure));
    let peak = |row: &Row| row.figures.get(&Figure::PeakRssBytes).map_or(0.0, |estimate| estimate.median);
    let highest = rows.clone().map(|(_, row)| row).max_by(|a, b| peak(a).total_cmp(&peak(b)));
    let unsaturated = rows.find(|(summary, _)| !summary.scenario.saturates()).map(|(_, row)| row);
    let by_native = unsaturated.or(first).map_or_else(
        || ABSENT.to_owned(),
        |row| to_reference(row, Figure::CpuUsPerRequest, &image.native, width),
    );
    let mb = |bytes: u64| format!("{:.2}", bytes as f64 / 1e6);
    vec![
        image.native.clone(),
        mb(image.bytes),
        mb(image.added_bytes),
        figure(first, Figure::IdleRssBytes),
        figure(highest, Figure::PeakRssBytes),
        figure(first, Figure::StartUpUs),
        by_native,
    ]
}

/// The table of what changed between two runs: the primary figures, and whatever improved or regressed.
pub fn changes(diff: &Diff) -> Table {
    let header = ["load", "service", "figure", "earlier", "later", "by earlier", ""];
    let primary = [Figure::CpuUsPerRequest, Figure::ThroughputPerS];
    let told = |change: &&Change| change.verdict != Verdict::NoDifference || primary.contains(&change.figure);
    let row = |change: &Change| {
        let ratio = Ratio { ratio: change.ratio, interval: change.interval, p: change.p };
        let verdict = match change.verdict {
            Verdict::Improved => "improved",
            Verdict::Regressed => "regressed",
            Verdict::NoDifference => "=",
        };
        vec![
            change.scenario.clone(),
            change.service.clone(),
            label(change.figure, Width::Narrow).to_owned(),
            change.figure.show(change.earlier),
            change.figure.show(change.later),
            show_ratio(&ratio, 2),
            verdict.to_owned(),
        ]
    };
    let rows = diff.changes.iter().filter(told).map(row).collect();
    Table { header: header.map(str::to_owned).to_vec(), rows, text_columns: 3 }
}

/// What a request of these services takes, in instructions and system calls.
pub fn counts(counts: &Counts, services: &[&str]) -> Table {
    let row = |name: &&str| {
        let count = counts.services.get(*name)?;
        Some(vec![(*name).to_owned(), grouped(count.instructions), format!("{:.2}", count.system_calls)])
    };
    let header = ["service", "instructions/request", "system calls/request"];
    let rows = services.iter().filter_map(row).collect();
    Table { header: header.map(str::to_owned).to_vec(), rows, text_columns: 1 }
}

/// The place, or why there is none.
pub fn rank(row: &Row, figure: Figure) -> String {
    match (row.place(figure), &row.disqualified, row.group == Group::Floor) {
        (Some(place), ..) => place.to_string(),
        (None, Some(_), _) => "failed".to_owned(),
        (None, None, true) => "limit".to_owned(),
        (None, None, false) => "none".to_owned(),
    }
}

/// Each warning of a scenario once, with the services that it touches.
pub fn warnings(summary: &Summary) -> Vec<String> {
    let own = summary.warnings.iter().map(ToString::to_string);
    let rows = summary.rows.iter().flat_map(|row| {
        let told = row.warnings.iter().map(|told| format!("{}: {told}", row.service));
        let cause = row.disqualified.iter().map(|cause| format!("{} is not ranked: {cause}", row.service));
        cause.chain(told)
    });
    own.chain(rows).collect()
}

/// The figures beside the primary one. The narrow table leaves out what the others imply: the rate of an open model,
/// and at saturation the median latency, which is connections by throughput (Little's law).
fn figures(summary: &Summary, width: Width) -> Vec<Figure> {
    use Figure::{CpuUsPerRequest, LatencyP50Us, LatencyP99Us, PeakRssBytes, ThroughputPerS};
    let narrow: &[Figure] = if summary.scenario.saturates() {
        &[CpuUsPerRequest, LatencyP99Us, PeakRssBytes]
    } else {
        &[LatencyP50Us, LatencyP99Us, PeakRssBytes]
    };
    let wide = [
        CpuUsPerRequest,
        ThroughputPerS,
        LatencyP50Us,
        Figure::LatencyP90Us,
        Figure::LatencyP95Us,
        LatencyP99Us,
        Figure::LatencyP999Us,
        Figure::LatencyMaxUs,
        PeakRssBytes,
        Figure::PeakPssBytes,
    ];
    let chosen = if width == Width::Narrow { narrow } else { &wide };
    chosen.iter().copied().filter(|figure| *figure != summary.primary).collect()
}

/// A service's name, as far as a narrow table has room for it.
fn name(service: &str, width: Width) -> String {
    const LETTERS: usize = 16;
    if width == Width::Wide || service.chars().count() <= LETTERS {
        return service.to_owned();
    }
    service.chars().take(LETTERS - 1).chain(['…']).collect()
}

/// The heading of a figure's column.
fn label(figure: Figure, width: Width) -> &'static str {
    match (figure, width) {
        (Figure::CpuUsPerRequest, Width::Narrow) => "CPU µs",
        (Figure::PeakRssBytes, Width::Narrow) => "peak MiB",
        _ => figure.label(),
    }
}

/// The median of a figure, marked where a warning puts it in doubt.
pub fn cell(row: &Row, figure: Figure) -> String {
    let Some(estimate) = row.figures.get(&figure) else {
        return ABSENT.to_owned();
    };
    let doubted = row.warnings.iter().any(|told| told.doubts(figure));
    format!("{}{}", figure.show(estimate.median), if doubted { " !" } else { "" })
}

/// The ratio to the reference.
pub fn to_reference(row: &Row, figure: Figure, reference: &str, width: Width) -> String {
    match row.figures.get(&figure).and_then(|estimate| estimate.to_reference.as_ref()) {
        Some(ratio) => show_ratio(ratio, if width == Width::Narrow { 2 } else { 3 }),
        None if row.service == reference => "1".to_owned(),
        None => ABSENT.to_owned(),
    }
}

/// A ratio with its interval: `0.86 [0.84, 0.88]`.
pub fn show_ratio(ratio: &Ratio, digits: usize) -> String {
    match ratio.interval {
        Some(Interval { low, high }) => {
            format!("{:.digits$} [{low:.digits$}, {high:.digits$}]", ratio.ratio)
        }
        None => format!("{:.digits$}", ratio.ratio),
    }
}

/// A size in MiB.
pub fn mib(bytes: f64) -> String {
    format!("{:.2}", bytes / f64::from(1 << 20))
}

/// A framework with its version, and its language where that is not Rust.
fn framework(facts: &Facts, version: &str) -> String {
    if facts.group() == Group::Baseline {
        return format!("{} {version}, {}", facts.framework, facts.language);
    }
    format!("{} {version}", facts.framework)
}

fn cost(report: &Report, facts: &Facts, width: Width) -> Vec<String> {
    let row = report.summaries.iter().find_map(|summary| summary.row(&facts.name));
    let figure = |figure| row.map_or_else(|| ABSENT.to_owned(), |row| cell(row, figure));
    let count = |count: Option<u64>| count.map_or_else(|| ABSENT.to_owned(), |count| count.to_string());
    let version = facts.version.clone().unwrap_or_else(|| ABSENT.to_owned());
    let mut cells = vec![
        name(&facts.name, width),
        if width == Width::Wide { framework(facts, &version) } else { version },
        count(facts.binary_bytes.map(|bytes| bytes / 1024)),
        figure(Figure::IdleRssBytes),
        figure(Figure::StartUpUs),
        count(facts.lines_of_code),
        count(facts.dependencies),
    ];
    if width == Width::Wide {
        cells.push(facts.clean_build_s.map_or_else(|| ABSENT.to_owned(), |seconds| format!("{seconds:.0}")));
    }
    cells
}
