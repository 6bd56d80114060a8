//! The report as a comment on a pull request: what was found, the limits, and one table of changes.

use std::fmt::Write;

use hello_load::{Model, Scenario};

use crate::metadata::Metadata;
use crate::metric::{Metric, grouped};
use crate::render::markup::{escape, table};
use crate::render::notes;
use crate::render::table::Table;
use crate::render::tables::{self, ABSENT};
use crate::report::Report;
use crate::ruling::{Bounded, pairs};
use crate::summary::Summary;

/// The whole comment.
pub(crate) fn page(report: &Report) -> String {
    let mut page = String::new();
    for headline in &report.headlines {
        let _ = writeln!(page, "- {}", escape(&headline.to_string()));
    }
    let changes = changes(report);
    if !changes.rows.is_empty() {
        let _ = write!(page, "\n{}", table(&changes));
    }
    if !report.rulings.is_empty() {
        page.push('\n');
    }
    for ruling in &report.rulings {
        let mark = if ruling.is_broken { "**broken** " } else { "" };
        let _ = writeln!(page, "- {mark}{}", escape(&ruling.to_string()));
    }
    for note in notes(report) {
        let _ = write!(page, "\n{}\n", escape(&note));
    }
    page
}

/// A row for each pair: the change of each metric with its interval.
fn changes(report: &Report) -> Table {
    let columns = columns(report);
    let has_counts = report.run.services.iter().any(|metadata| metadata.instructions.is_some());
    let mut header = vec!["service".to_owned(), "compared with".to_owned()];
    header.extend(columns.iter().map(|(title, _, _)| title.clone()));
    header.push("binary KiB".to_owned());
    header.extend(has_counts.then(|| "instructions/request".to_owned()));
    let rows = pairs(&report.run).map(|(own, base)| {
        let mut cells = vec![own.name.clone(), base.name.clone()];
        cells.extend(columns.iter().map(|(_, summary, metric)| change(summary, *metric, own, base)));
        cells.push(sizes(own, base));
        cells.extend(has_counts.then(|| counts(own, base)));
        cells
    });
    Table { header, rows: rows.collect(), text_columns: 2 }
}

/// What is shown of each load: throughput where it saturates, latency at a fixed rate, memory once.
fn columns(report: &Report) -> Vec<(String, &Summary, Metric)> {
    let metrics = |summary: &Summary| {
        let scenario = report.scenario(summary);
        let is_open = scenario.is_some_and(|scenario| scenario.model == Model::Open);
        let saturates = scenario.is_some_and(Scenario::saturates);
        let is_first = report.summaries.first().is_some_and(|first| first.scenario == summary.scenario);
        [
            Some(Metric::CpuUsPerRequest),
            saturates.then_some(Metric::ThroughputPerS),
            is_open.then_some(Metric::LatencyP99Us),
            is_first.then_some(Metric::PeakRssBytes),
        ]
    };
    let title =
        |metric: Metric, summary: &Summary| format!("{}, {}", tables::unitless(metric), summary.scenario);
    let of = |summary| {
        metrics(summary)
            .into_iter()
            .flatten()
            .map(move |metric| (title(metric, summary), summary, metric))
    };
    report.summaries.iter().flat_map(of).collect()
}

fn change(summary: &Summary, metric: Metric, own: &Metadata, base: &Metadata) -> String {
    let found = summary.row(&own.name).and_then(|row| row.metrics.get(&metric)?.vs_reference.as_ref());
    let ratio = found.filter(|ratio| ratio.to == base.name);
    ratio.map_or_else(|| ABSENT.to_owned(), |ratio| Bounded::from(ratio).shown())
}

fn sizes(own: &Metadata, base: &Metadata) -> String {
    let kib =
        |bytes: Option<u64>| bytes.map_or_else(|| ABSENT.to_owned(), |bytes| (bytes / 1024).to_string());
    format!("{} → {}", kib(base.binary_bytes), kib(own.binary_bytes))
}

fn counts(own: &Metadata, base: &Metadata) -> String {
    let Some((own, base)) = own.instructions.zip(base.instructions) else { return ABSENT.to_owned() };
    let change = Bounded::counted(own, base).shown();
    format!("{} → {}, {change}", grouped(base.mean), grouped(own.mean))
}

/// What a reader must know: the resolution of the run, its warnings, the machine.
fn notes(report: &Report) -> Vec<String> {
    let controls = report.summaries.iter().filter_map(|summary| {
        notes::control(summary).map(|control| format!("{}, {control}.", summary.scenario))
    });
    let notes = notes::of_loads(report, report.summaries.iter());
    let notes = notes.into_iter().map(|note| format!("{note}."));
    let rounds = notes::rounds(report);
    let host = format!(
        "{rounds} on {}. Changes are paired within the rounds; brackets are 95 % intervals.",
        report.run.host.line()
    );
    controls.chain(notes).chain([host]).collect()
}
