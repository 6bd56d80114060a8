//! Sections and cards: charts with their data, laid out, and the names and colours of services in them.

use crate::metadata::Metadata;
use crate::render::html::chart::Series;
use crate::render::html::svg::Drawing;
use crate::render::table::Table;
use crate::report::Report;

/// The charts that answer one question of the reader's.
pub(crate) struct Section {
    pub id: &'static str,
    pub question: &'static str,
    /// What to know before looking.
    pub lead: String,
    pub cards: Vec<Card>,
}

impl Section {
    /// The cards, each with the class of its width.
    pub(super) fn placed(&self) -> Vec<(&Card, &'static str)> {
        placed(&self.cards)
    }
}

/// A chart with its data.
pub(crate) struct Card {
    /// What it shows.
    pub title: String,
    /// In what unit, and which direction is better.
    pub subtitle: String,
    /// The chart; absent where the table is all.
    pub drawing: Option<Drawing>,
    pub table: Table,
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

/// The name and colour of a service in charts, pale for one that is not ranked.
pub(crate) fn series(report: &Report, service: &str) -> Series {
    let (name, colour) = (label(report, service), colour(report, service));
    if report.failed().iter().any(|(failed, _)| *failed == service) {
        return Series { name: format!("{name} ✗"), colour: format!("{colour} off") };
    }
    Series { name, colour }
}

/// The framework, where it names the service.
pub(crate) fn label(report: &Report, service: &str) -> String {
    report
        .metadata(service)
        .map_or_else(|| service.to_owned(), |metadata| metadata.label(&report.run.services))
}

/// The frameworks that have a colour of their own, in the order of the colours.
const OWN: [&str; 5] = ["actix-web", "hyper", "axum", "warp", "poem"];

/// The class of a service's colour: a framework's own wherever it appears, others' by their place in the list.
pub(super) fn colour(report: &Report, service: &str) -> String {
    let Some(metadata) = report.metadata(service) else { return "c9".to_owned() };
    if metadata.floor {
        return "c9".to_owned();
    }
    let own = |metadata: &Metadata| own_colour(&metadata.framework);
    let others = report.run.services.iter().filter(|metadata| own(metadata).is_none() && !metadata.floor);
    let other = others
        .map(|metadata| metadata.name.as_str())
        .position(|name| name == service)
        .unwrap_or_default();
    format!("c{}", own(metadata).unwrap_or(OWN.len() + other % 4))
}

/// The number of a framework's own colour; `None` for one that has none.
pub(super) fn own_colour(framework: &str) -> Option<usize> {
    OWN.iter().position(|own| *own == framework)
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
