//! The page of a diff: ratios of the later run to the earlier one.

use askama::Template;

use crate::diff::{Diff, MetricChange, Verdict};
use crate::metric::Metric;
use crate::render::html::card::Card;
use crate::render::html::cards::table;
use crate::render::html::chart::Series;
use crate::render::html::forest::{ForestRow, RowKind, forest};
use crate::render::html::svg::{Mark, WIDTH};
use crate::render::outcomes;

/// The page as the template sees it.
#[derive(Template)]
#[template(path = "diff.html")]
struct DifferencePage<'a> {
    headline: String,
    earlier: String,
    later: String,
    diff: &'a Diff,
    cards: Vec<Card>,
}

/// The page of a diff.
///
/// # Errors
/// When the template cannot be filled.
pub(crate) fn page(diff: &Diff) -> Result<String, askama::Error> {
    let day = |time: jiff::Timestamp| time.strftime("%-d %B %Y, %H:%M").to_string();
    let mut cards = Vec::new();
    for metric in Metric::ALL {
        for scenario in scenarios(diff) {
            cards.extend(card(diff, scenario, metric));
        }
    }
    let headline = headline(diff);
    DifferencePage { headline, earlier: day(diff.earlier), later: day(diff.later), diff, cards }.render()
}

fn headline(diff: &Diff) -> String {
    let (better, worse) = (diff.count(Verdict::Improved), diff.count(Verdict::Regressed));
    match (better, worse) {
        (0, 0) => "No significant difference".to_owned(),
        _ => format!("{better} metrics improved and {worse} regressed, of {}", diff.changes.len()),
    }
}

fn scenarios(diff: &Diff) -> Vec<&str> {
    let mut names: Vec<&str> = diff.changes.iter().map(|change| change.scenario.as_str()).collect();
    names.dedup();
    names
}

fn card(diff: &Diff, scenario: &str, metric: Metric) -> Option<Card> {
    let of = |change: &&MetricChange| change.metric == metric && change.scenario == scenario;
    let changes: Vec<&MetricChange> = diff.changes.iter().filter(of).collect();
    let rows: Vec<ForestRow> = changes.iter().map(|change| forest_row(change)).collect();
    let data = changes.iter().map(|change| {
        let (earlier, later) = (metric.show(change.earlier), metric.show(change.later));
        let ratio = outcomes::change_ratio(change, 3);
        vec![change.service.clone(), earlier, later, ratio, format!("{:.3}", change.p)]
    });
    let title = format!("{}, {scenario}", metric.label());
    let labels: Vec<String> = rows.iter().map(|row| format!("{} {}", row.series.name, row.text)).collect();
    (!rows.is_empty()).then(|| Card {
        drawing: Some(forest(format!("{title}: {}", labels.join(", ")), &rows)),
        title,
        subtitle: if metric.lower_is_better() { "less is better" } else { "more is better" }.to_owned(),
        table: table(&["service", "earlier", "later", "ratio", "p"], data.collect()),
    })
}

fn forest_row(change: &MetricChange) -> ForestRow {
    let (sign, colour) = match change.verdict {
        Verdict::Improved => ("▲", "c2"),
        Verdict::Regressed => ("▼", "c7"),
        Verdict::NoDifference => ("=", "c9"),
    };
    ForestRow {
        series: Series { name: change.service.clone(), colour: colour.to_owned() },
        ratio: change.ratio,
        bounds: change.interval.map(|interval| (interval.low, interval.high)),
        text: format!("{:+.1} % {sign}", (change.ratio - 1.0) * 100.0),
        kind: RowKind::Service,
    }
}
