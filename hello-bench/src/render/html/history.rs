//! The page of a history: for each service its newest sitting in charts, and the earlier ones as tables.

use askama::Template;

use crate::history::{Build, History, ServiceHistory, Sitting, Value};
use crate::metric::{Metric, grouped};
use crate::render::history::{failures, heading, provenance, table, title};
use crate::render::html::card::{Card, own_colour};
use crate::render::html::cards::{spoken, table as data};
use crate::render::html::chart::{Bar, Series, bars};
use crate::render::html::forest::{ForestRow, RowKind, forest};
use crate::render::html::svg::{Mark, WIDTH};
use crate::render::table::{ABSENT, Table};
use crate::ruling::Bounded;

/// The page as the template sees it.
#[derive(Template)]
#[template(path = "history.html")]
struct Page {
    headline: String,
    services: Vec<Part>,
}

/// A service on the page.
struct Part {
    id: String,
    heading: String,
    /// The charts of the newest sitting.
    cards: Vec<Card>,
    /// From the newest to the oldest.
    sittings: Vec<Shown>,
}

/// A sitting on the page.
struct Shown {
    provenance: String,
    command: String,
    failures: Vec<String>,
    table: Table,
}

/// The page of a history.
///
/// # Errors
/// When the template cannot be filled.
pub(crate) fn page(history: &History) -> Result<String, askama::Error> {
    let services = history.services.iter().zip(0..).map(|(service, index)| part(service, index));
    Page { headline: headline(history), services: services.collect() }.render()
}

fn headline(history: &History) -> String {
    match history.services.as_slice() {
        [one] => format!("{} over its versions", one.service),
        all => format!("{} services over their versions", all.len()),
    }
}

fn part(service: &ServiceHistory, index: usize) -> Part {
    let colour = format!("c{}", own_colour(&service.framework).unwrap_or(5 + index % 4));
    let heading = heading(service);
    let mut cards = service.sittings.first().map(|sitting| cards(sitting, &colour)).unwrap_or_default();
    // A page has the same cards for each service.
    for card in &mut cards {
        card.title = format!("{heading}: {}", card.title);
    }
    Part {
        id: service.service.clone(),
        heading,
        cards,
        sittings: service.sittings.iter().map(shown).collect(),
    }
}

fn shown(sitting: &Sitting) -> Shown {
    let failures = failures(sitting).into_iter().map(|(build, cause)| format!("{build}: {cause}"));
    Shown {
        provenance: provenance(sitting),
        command: sitting.command.clone(),
        failures: failures.collect(),
        table: table(sitting),
    }
}

fn cards(sitting: &Sitting, colour: &str) -> Vec<Card> {
    let columns = sitting.builds.first().map_or(0, |build| build.values.len());
    let ratios = (0..columns).filter_map(|column| ratios(sitting, column, colour));
    let mib = |bytes: f64| bytes / Metric::PeakRssBytes.scale();
    let known: [Option<Card>; 4] = [
        known(sitting, colour, ("Instructions per request", "in user space", 0), |build| {
            build.instructions.map(|counted| counted.mean)
        }),
        known(sitting, colour, ("Peak memory", "MiB RSS", 2), |build| build.peak_rss_bytes.map(mib)),
        known(sitting, colour, ("Binary", "MiB", 2), |build| {
            build.binary_bytes.map(|bytes| mib(bytes as f64))
        }),
        known(sitting, colour, ("Clean build", "seconds", 1), |build| build.clean_build_s),
    ];
    ratios.chain(known.into_iter().flatten()).collect()
}

/// The ratios of one metric under one load; `None` where no build has one.
fn ratios(sitting: &Sitting, column: usize, colour: &str) -> Option<Card> {
    let of = |build: &Build| Some((build.name.clone(), build.values.get(column)?.clone()));
    let known: Vec<(String, Value)> = sitting.builds.iter().filter_map(of).collect();
    let rows: Vec<ForestRow> = known
        .iter()
        .enumerate()
        .filter_map(|(index, (name, value))| forest_row(name, colour, value.ratio.as_ref(), index == 0))
        .collect();
    let (base, first) = known.first()?;
    let title = format!("{}, vs {base}", title(first));
    let better = if first.metric.lower_is_better() { "less is better" } else { "more is better" };
    let cells = known.iter().map(|(name, value)| {
        let ratio = value.ratio.as_ref().map_or_else(|| ABSENT.to_owned(), Bounded::shown);
        vec![name.clone(), value.value.map_or_else(|| ABSENT.to_owned(), |own| value.metric.show(own)), ratio]
    });
    let label: Vec<String> = rows.iter().map(|row| format!("{} {}", row.series.name, row.text)).collect();
    (rows.len() > 1).then(|| Card {
        drawing: Some(forest(format!("{title}: {}", label.join(", ")), &rows)),
        subtitle: format!("ratio with its interval, {better}"),
        title,
        table: data(&["build", first.metric.label(), "change"], cells.collect()),
    })
}

fn forest_row(name: &str, colour: &str, ratio: Option<&Bounded>, is_base: bool) -> Option<ForestRow> {
    let series = Series { name: name.to_owned(), colour: colour.to_owned() };
    let kind = RowKind::Service;
    match ratio {
        Some(Bounded { ratio, low, high, .. }) => {
            let text = format!("{ratio:.3}");
            Some(ForestRow { series, ratio: *ratio, bounds: Some((*low, *high)), text, kind })
        }
        None if is_base => Some(ForestRow { series, ratio: 1.0, bounds: None, text: "1".to_owned(), kind }),
        None => None,
    }
}

/// What is known without load, as bars; `None` where no build has it.
fn known(
    sitting: &Sitting,
    colour: &str,
    (title, unit, digits): (&str, &str, usize),
    value: impl Fn(&Build) -> Option<f64>,
) -> Option<Card> {
    let shown = |number: f64| if digits == 0 { grouped(number) } else { format!("{number:.digits$}") };
    let bar = |build: &Build| {
        let value = value(build)?;
        let series = Series { name: build.name.clone(), colour: colour.to_owned() };
        Some(Bar { series, value, whisker: None, text: shown(value), mark: None })
    };
    let all: Vec<Bar> = sitting.builds.iter().filter_map(bar).collect();
    let cells = all.iter().map(|bar| vec![bar.series.name.clone(), bar.text.clone()]);
    (!all.is_empty()).then(|| Card {
        drawing: Some(bars(spoken(title, &all), &all)),
        title: title.to_owned(),
        subtitle: format!("{unit}, less is better"),
        table: data(&["build", unit], cells.collect()),
    })
}
