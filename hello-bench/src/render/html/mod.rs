//! `report.html`: one file, without network or script.

pub mod cards;
pub mod chart;
pub mod code;
pub mod difference;
pub mod experiment;
pub mod scale;
pub mod sections;
pub mod svg;

use askama::Template;

use crate::facts::Facts;
use crate::figure::Figure;
use crate::render::html::chart::Series;
use crate::render::html::code::Span;
use crate::render::html::svg::{Drawing, Mark, WIDTH};
use crate::render::table::Table;
use crate::render::tables::{self, ABSENT, Width};
use crate::report::Report;
use crate::scenario::Model;
use crate::summary::{Row, Summary};

/// The page as the template sees it.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    headline: String,
    /// What the other loads show.
    findings: Vec<String>,
    report: &'a Report,
    host: String,
    day: String,
    ranking: Ranking,
    failed: Vec<(&'a str, &'a str)>,
    sections: Vec<Section>,
    sources: Vec<Source<'a>>,
    notes: Vec<String>,
    order: String,
}

/// The table at the top.
struct Ranking {
    header: Vec<&'static str>,
    rows: Vec<RankingRow>,
}

/// A service in the table at the top.
struct RankingRow {
    colour: String,
    rank: String,
    name: String,
    version: String,
    cells: Vec<String>,
}

/// The charts that answer one question of the reader's.
pub struct Section {
    /// The anchor.
    pub id: &'static str,
    /// The question.
    pub question: &'static str,
    /// What to know before looking.
    pub lead: String,
    /// The charts.
    pub cards: Vec<Card>,
}

/// A chart with its data.
pub struct Card {
    /// What it shows.
    pub title: String,
    /// In what unit, and which direction is better.
    pub subtitle: String,
    /// The chart; absent where the table is all.
    pub drawing: Option<Drawing>,
    /// The data.
    pub table: Table,
}

/// A source file to read.
struct Source<'a> {
    name: &'a str,
    path: &'a str,
    spans: Vec<Span>,
}

/// The page of a report.
///
/// # Errors
/// When the template cannot be filled.
pub fn page(report: &Report) -> Result<String, askama::Error> {
    let page = Page {
        headline: headline(report),
        findings: report.findings.iter().skip(1).map(ToString::to_string).collect(),
        report,
        host: report.run.host.line(),
        day: report.run.started_at.strftime("%-d %B %Y").to_string(),
        ranking: ranking(report),
        failed: report.disqualified(),
        sections: sections::all(report),
        sources: sources(report),
        notes: notes(report),
        order: order(report),
    };
    page.render()
}

/// The first finding. Its names keep their small letters.
fn headline(report: &Report) -> String {
    report.findings.first().map_or_else(|| "nothing was measured".to_owned(), |finding| finding.text.clone())
}

/// Every service in one table, by the primary figure of the first scenario.
fn ranking(report: &Report) -> Ranking {
    let Some(summary) = report.summaries.first() else {
        return Ranking { header: Vec::new(), rows: Vec::new() };
    };
    let saturated = report.summaries.iter().find(|summary| summary.scenario.saturates());
    let cells = |row: &Row| {
        let other =
            saturated.and_then(|summary| summary.rows.iter().find(|other| other.service == row.service));
        let throughput =
            other.map_or_else(|| ABSENT.to_owned(), |row| tables::cell(row, Figure::ThroughputPerS));
        let binary = report.facts(&row.service).and_then(|facts| facts.binary_bytes);
        let own = |figure| tables::cell(row, figure);
        vec![
            own(Figure::CpuUsPerRequest),
            tables::to_reference(row, summary.primary, &report.run.plan.reference, Width::Narrow),
            throughput,
            own(Figure::LatencyP50Us),
            own(Figure::LatencyP99Us),
            own(Figure::LatencyP999Us),
            own(Figure::PeakRssBytes),
            binary.map_or_else(|| ABSENT.to_owned(), |bytes| tables::mib(bytes as f64)),
        ]
    };
    let header = vec![
        "Rank",
        "Service",
        "CPU µs/request",
        "by reference",
        "requests/s at saturation",
        "p50 µs",
        "p99 µs",
        "p99.9 µs",
        "peak RSS MiB",
        "binary MiB",
    ];
    let rows = summary.rows.iter().map(|row| RankingRow {
        colour: colour(report, &row.service),
        rank: tables::rank(row, summary.primary),
        name: label(report, &row.service),
        version: report.facts(&row.service).and_then(|facts| facts.version.clone()).unwrap_or_default(),
        cells: cells(row),
    });
    Ranking { header, rows: rows.collect() }
}

fn notes(report: &Report) -> Vec<String> {
    let general = report.warnings.iter().map(ToString::to_string);
    let own = report.summaries.iter().flat_map(|summary| {
        tables::warnings(summary).into_iter().map(|note| format!("{}: {note}", summary.scenario.name))
    });
    general.chain(own).collect()
}

fn order(report: &Report) -> String {
    let plan = &report.run.plan;
    format!(
        "{} rounds were planned, each visiting every service under every load, in an order balanced by seed {}.",
        plan.rounds, plan.seed
    )
}

fn sources(report: &Report) -> Vec<Source<'_>> {
    let quoted = report.run.services.iter().filter_map(|facts| Some((facts, facts.source.as_ref()?)));
    quoted
        .map(|(facts, source)| Source {
            name: &facts.name,
            path: &source.path,
            spans: code::highlight(&source.path, &source.text),
        })
        .collect()
}

/// The name and colour of a service in charts, pale for one that is not ranked.
pub fn series(report: &Report, service: &str) -> Series {
    let (name, colour) = (label(report, service), colour(report, service));
    if report.disqualified().iter().any(|(failed, _)| *failed == service) {
        return Series { name: format!("{name} ✗"), colour: format!("{colour} off") };
    }
    Series { name, colour }
}

/// The framework, where it names the service.
pub fn label(report: &Report, service: &str) -> String {
    report.facts(service).map_or_else(|| service.to_owned(), |facts| facts.label(&report.run.services))
}

/// The class of a service's colour: a framework's own wherever it appears, others' by their place in the list.
fn colour(report: &Report, service: &str) -> String {
    const OWN: [&str; 5] = ["actix-web", "hyper", "axum", "warp", "poem"];
    let Some(facts) = report.facts(service) else { return "c9".to_owned() };
    if facts.floor {
        return "c9".to_owned();
    }
    let own = |facts: &Facts| OWN.iter().position(|framework| *framework == facts.framework);
    let others = report.run.services.iter().filter(|facts| own(facts).is_none() && !facts.floor);
    let other = others.map(|facts| facts.name.as_str()).position(|name| name == service).unwrap_or_default();
    format!("c{}", own(facts).unwrap_or(OWN.len() + other % 4))
}

/// The load whose latency over time is shown: the first whose latencies are those of a schedule.
fn scheduled(report: &Report) -> Option<&Summary> {
    let open = report.summaries.iter().find(|summary| summary.scenario.model == Model::Open);
    open.or(report.summaries.first())
}
