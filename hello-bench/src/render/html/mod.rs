//! `report.html`: one file, without network or script.

pub mod cards;
pub mod chart;
pub mod code;
pub mod difference;
pub mod experiment;
pub mod forest;
pub mod ratios;
pub mod scale;
pub mod sections;
pub mod svg;

use askama::Template;

use crate::metadata::Metadata;
use crate::render::html::chart::Series;
use crate::render::html::code::Span;
use crate::render::html::svg::{Drawing, Mark, WIDTH};
use crate::render::table::Table;
use crate::render::{overview, tables};
use crate::report::Report;
use crate::summary::Summary;

/// The page as the template sees it.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
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
    sources: Vec<Source<'a>>,
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

impl Section {
    /// The cards, each with the class of its width.
    fn placed(&self) -> Vec<(&Card, &'static str)> {
        placed(&self.cards)
    }
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
        notes: notes(report),
        order: order(report),
    };
    page.render()
}

/// The first headline, which the page sets as a title without its full stop.
fn headline(report: &Report) -> String {
    let first = report.headlines.first().map_or("Nothing was measured.", |headline| headline.text.as_str());
    first.trim_end_matches('.').to_owned()
}

fn controls(report: &Report) -> Vec<String> {
    let line = |summary: &Summary| Some(format!("{}: {}", summary.scenario, tables::control(summary)?));
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

fn notes(report: &Report) -> Vec<String> {
    let general = report.warnings.iter().map(ToString::to_string);
    let own = report.summaries.iter().flat_map(|summary| {
        tables::warnings(summary).into_iter().map(|note| format!("{}: {note}", summary.scenario))
    });
    general.chain(own).collect()
}

fn order(report: &Report) -> String {
    let plan = &report.run.plan;
    format!(
        "{} rounds were planned. Each starts every service and visits all of them in random orders, which seed {} decides.",
        plan.rounds, plan.seed
    )
}

fn sources(report: &Report) -> Vec<Source<'_>> {
    let quoted =
        report.run.services.iter().filter_map(|metadata| Some((metadata, metadata.source.as_ref()?)));
    quoted
        .map(|(metadata, source)| Source {
            name: &metadata.name,
            path: &source.path,
            spans: code::highlight(&source.path, &source.text),
        })
        .collect()
}

/// The name and colour of a service in charts, pale for one that is not ranked.
pub fn series(report: &Report, service: &str) -> Series {
    let (name, colour) = (label(report, service), colour(report, service));
    if report.failed().iter().any(|(failed, _)| *failed == service) {
        return Series { name: format!("{name} ✗"), colour: format!("{colour} off") };
    }
    Series { name, colour }
}

/// The framework, where it names the service.
pub fn label(report: &Report, service: &str) -> String {
    report
        .metadata(service)
        .map_or_else(|| service.to_owned(), |metadata| metadata.label(&report.run.services))
}

/// The class of a service's colour: a framework's own wherever it appears, others' by their place in the list.
fn colour(report: &Report, service: &str) -> String {
    const OWN: [&str; 5] = ["actix-web", "hyper", "axum", "warp", "poem"];
    let Some(metadata) = report.metadata(service) else { return "c9".to_owned() };
    if metadata.floor {
        return "c9".to_owned();
    }
    let own = |metadata: &Metadata| OWN.iter().position(|framework| *framework == metadata.framework);
    let others = report.run.services.iter().filter(|metadata| own(metadata).is_none() && !metadata.floor);
    let other =
        others.map(|metadata| metadata.name.as_str()).position(|name| name == service).unwrap_or_default();
    format!("c{}", own(metadata).unwrap_or(OWN.len() + other % 4))
}

/// The load whose latency over time is shown: the first that is not cut into slices.
fn scheduled(report: &Report) -> Option<&Summary> {
    report.summaries.iter().find(|summary| summary.rows.iter().any(|row| !row.windows.is_empty()))
}

/// Cards, each with the class of its width.
pub(crate) fn placed(cards: &[Card]) -> Vec<(&Card, &'static str)> {
    cards.iter().zip(widths(cards.len())).collect()
}

/// The classes that give cards their widths, so that they fill a grid of six columns without a gap: three in a row, and
/// two in the last rows where that leaves one over.
fn widths(cards: usize) -> Vec<&'static str> {
    let pairs = match cards % 3 {
        0 => 0,
        _ if cards == 1 => return vec!["w6"],
        1 => 4,
        _ => 2,
    };
    (0..cards).map(|index| if index + pairs < cards { "w2" } else { "w3" }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_fill_every_row() {
        for cards in 0..30 {
            let columns = |class: &str| class[1..].parse::<usize>().unwrap();
            let widths: Vec<usize> = widths(cards).into_iter().map(columns).collect();
            assert_eq!(widths.len(), cards);
            let mut filled = 0;
            for width in widths {
                assert!(filled % 6 + width <= 6, "{cards}");
                filled += width;
            }
            assert_eq!(filled % 6, 0, "{cards}");
        }
    }
}
