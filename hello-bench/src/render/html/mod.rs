//! `report.html`: one file, without network or script.

pub(crate) mod card;
pub(crate) mod cards;
pub(crate) mod chart;
pub(crate) mod code;
pub(crate) mod copes;
pub(crate) mod difference;
pub(crate) mod experiment;
pub(crate) mod forest;
pub(crate) mod history;
pub(crate) mod lines;
pub(crate) mod ratios;
pub(crate) mod scale;
pub(crate) mod sections;
pub(crate) mod svg;

use askama::Template;

use crate::render::html::card::{Card, Section, colour, label};
use crate::render::html::code::CodeSpan;
use crate::render::html::svg::{Mark, WIDTH};
use crate::render::notes::{self, RANKS};
use crate::render::{overview, tables};
use crate::report::Report;
use crate::summary::Summary;

/// The page as the template sees it.
#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage<'a> {
    headline: String,
    /// What the other loads and groups show.
    headlines: Vec<String>,
    /// What the control shows under each load.
    controls: Vec<String>,
    /// The picture that answers.
    answer: Vec<Card>,
    report: &'a Report,
    host: String,
    day: String,
    ranking: Ranking,
    failed: Vec<(&'a str, &'a str)>,
    sections: Vec<Section>,
    sources: Vec<SourceListing<'a>>,
    notes: Vec<String>,
    order: String,
}

/// The table at the top.
struct Ranking {
    header: Vec<String>,
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

/// A source file to read.
struct SourceListing<'a> {
    name: &'a str,
    path: &'a str,
    spans: Vec<CodeSpan>,
}

/// The page of a report.
///
/// # Errors
/// When the template cannot be filled.
pub fn page(report: &Report) -> Result<String, askama::Error> {
    let page = ReportPage {
        headline: headline(report),
        headlines: report.headlines.iter().skip(1).map(ToString::to_string).collect(),
        controls: controls(report),
        answer: sections::answer(report),
        report,
        host: report.run.host.line(),
        day: report.run.started_at.strftime("%-d %B %Y").to_string(),
        ranking: ranking(report),
        failed: report.failed(),
        sections: sections::all(report),
        sources: sources(report),
        notes: notes::of_loads(report, report.summaries.iter()),
        order: order(report),
    };
    page.render()
}

/// The first headline, which the page sets as a title without its full stop.
fn headline(report: &Report) -> String {
    let none =
        if report.summaries.is_empty() { "Nothing was measured" } else { "This run claims no difference" };
    let first = report.headlines.first().map_or(none, |headline| headline.text.as_str());
    first.trim_end_matches('.').to_owned()
}

fn controls(report: &Report) -> Vec<String> {
    let line = |summary: &Summary| Some(format!("{}: {}", summary.scenario, notes::control(summary)?));
    report.summaries.iter().filter_map(line).collect()
}

/// Every service in one table.
fn ranking(report: &Report) -> Ranking {
    let Some(summary) = report.summaries.first() else {
        return Ranking { header: Vec::new(), rows: Vec::new() };
    };
    let rows = summary.rows.iter().map(|row| RankingRow {
        colour: colour(report, &row.service),
        rank: tables::rank(row),
        name: label(report, &row.service),
        version: report
            .metadata(&row.service)
            .and_then(|metadata| metadata.version.clone())
            .unwrap_or_default(),
        cells: overview::values(report, row),
    });
    Ranking { header: overview::header(report), rows: rows.collect() }
}

/// How many rounds there were, and in what order services had their turns.
fn order(report: &Report) -> String {
    let (rounds, seed) = (notes::rounds(report), report.run.plan.seed);
    format!(
        "Every ranked service completed {rounds}. Each round starts every service and measures all of them in \
         random order (seed {seed})."
    )
}

fn sources(report: &Report) -> Vec<SourceListing<'_>> {
    let quoted = report
        .run
        .services
        .iter()
        .filter_map(|metadata| Some((metadata, metadata.source.as_ref()?)));
    quoted
        .map(|(metadata, source)| SourceListing {
            name: &metadata.name,
            path: &source.path,
            spans: code::highlight(&source.path, &source.text),
        })
        .collect()
}
