//! Which charts answer which question.

use hello_load::Scenario;

use crate::headline::amount::list;
use crate::metadata::{Group, Metadata};
use crate::metric::Metric;
use crate::render::html::card::{Card, Section};
use crate::render::html::cards::{fact_bars, latency, memory, metric_bars, windows};
use crate::render::html::ratios::{forest_card, rounds_card};
use crate::render::html::{copes, experiment};
use crate::render::tables::Width;
use crate::render::{images, relations, robustness};
use crate::report::Report;
use crate::summary::{Summary, is_ranking};

/// The sections of a page, in order.
pub(crate) fn all(report: &Report) -> Vec<Section> {
    let found = [
        fast(report),
        over_time(report),
        copes::section(report),
        lean(report),
        robust(report),
        easy(report),
        sure(report),
        experiment::section(report),
    ];
    found.into_iter().filter(|section| !section.cards.is_empty()).collect()
}

fn fast(report: &Report) -> Section {
    let mut cards = Vec::new();
    for summary in report.summaries.iter().filter(|summary| !copes::is_about_limits(report, summary)) {
        cards.extend(metric_bars(report, summary, summary.primary));
        cards.push(latency(report, summary));
    }
    Section {
        id: "fast",
        question: "Who is fast?",
        lead: "Bars are medians of the rounds, whiskers their range. Services are ranked by their ratios above, not by these."
            .into(),
        cards,
    }
}

fn over_time(report: &Report) -> Section {
    let mut cards = Vec::new();
    let name = scheduled(report).map(|summary| summary.scenario.clone()).unwrap_or_default();
    if let Some(summary) = scheduled(report) {
        let windows_of = || summary.rows.iter().flat_map(|row| &row.windows);
        let lowest = windows_of().map(|window| window.p50_us).fold(f64::INFINITY, f64::min);
        let highest = windows_of().map(|window| window.p99_us).fold(0.0, f64::max);
        let drawn = summary.rows.iter().filter(|row| !row.windows.is_empty());
        cards.extend(drawn.map(|row| windows(report, row, (lowest, highest))));
    }
    Section {
        id: "over-time",
        question: "Does it stay fast?",
        lead: format!(
            "Latency over time under load {name}, µs, in the round with the median throughput. Thick line: median; thin line: p99."
        ),
        cards,
    }
}

fn lean(report: &Report) -> Section {
    let mut cards: Vec<Card> = Vec::new();
    let has_memory =
        |summary: &&Summary| summary.rows.iter().any(|row| row.metrics.contains_key(&Metric::PeakRssBytes));
    if let Some(summary) = report.summaries.iter().find(has_memory) {
        cards.push(memory(report, summary));
        cards.extend(metric_bars(report, summary, Metric::StartUpUs));
    }
    let mib = |metadata: &Metadata| metadata.binary_bytes.map(|bytes| bytes as f64 / f64::from(1 << 20));
    cards.extend(fact_bars(report, "Binary size", "MiB, less is better", "MiB", mib, 2));
    cards.extend(relations::all(report).into_iter().map(|relation| Card {
        title: relation.title.into(),
        subtitle: relation.subtitle.into(),
        drawing: None,
        table: relation.table,
    }));
    cards.extend(images::table(report, Width::Wide).map(|table| Card {
        title: "Container images".into(),
        subtitle: "all layers, and those above the base image, uncompressed; measured in containers".into(),
        drawing: None,
        table,
    }));
    Section {
        id: "lean",
        question: "Who is lean?",
        lead: "Memory is the resident set: the bar is the peak under load, the mark within it is idle."
            .into(),
        cards,
    }
}

fn robust(report: &Report) -> Section {
    let cards = report.probes.iter().map(|probes| Card {
        title: "Bad and slow peers".into(),
        subtitle: "✗ marks a broken rule; open cases are not judged".into(),
        drawing: None,
        table: robustness::table(probes),
    });
    let kept = report.probes.iter().flat_map(|probes| &probes.services);
    let kept = kept.map(|probed| format!("{}: {}.", probed.service, robustness::kept(probed)));
    Section {
        id: "robust",
        question: "Who is robust?",
        lead: kept.collect::<Vec<_>>().join(" "),
        cards: cards.collect(),
    }
}

fn easy(report: &Report) -> Section {
    let lines =
        |metadata: &Metadata| metadata.lines_of_code.filter(|_| !metadata.floor).map(|count| count as f64);
    let crates =
        |metadata: &Metadata| metadata.dependencies.filter(|_| !metadata.floor).map(|count| count as f64);
    let build = |metadata: &Metadata| metadata.clean_build_s.filter(|_| !metadata.floor);
    let cards = [
        fact_bars(
            report,
            "Lines of code",
            "without comments and blank lines, less is better",
            "lines",
            lines,
            0,
        ),
        fact_bars(report, "Dependencies", "third-party packages, less is better", "packages", crates, 0),
        fact_bars(report, "Clean build", "seconds for a clean release build, less is better", "s", build, 0),
    ];
    Section {
        id: "easy",
        question: "Who is easy?",
        lead: "The same service in each framework. The sources are below, with their functions in the same order."
            .into(),
        cards: cards.into_iter().flatten().collect(),
    }
}

fn sure(report: &Report) -> Section {
    let cards = |summary| Some((summary, rounds_card(report, summary)?));
    let (loads, cards): (Vec<&Summary>, Vec<Card>) = report.summaries.iter().filter_map(cards).unzip();
    Section {
        id: "sure",
        question: "How sure are we?",
        lead: format!(
            "Every round starts each service afresh. {} Whether two services differ is decided by the exact sign-flip \
             test, with Holm's correction; an interval holds for its own pair and is not corrected.",
            paired(report, &loads)
        ),
        cards,
    }
}

/// Within what the ratios under these loads are taken, a sentence for each way of measuring.
fn paired(report: &Report, loads: &[&Summary]) -> String {
    let mut ways: Vec<(&str, Vec<String>)> = Vec::new();
    for (summary, scenario) in loads.iter().filter_map(|summary| Some((summary, report.scenario(summary)?))) {
        let way = if report.run.k6.is_some() { ALONE } else { way(scenario) };
        match ways.iter_mut().find(|(other, _)| *other == way) {
            Some((_, names)) => names.push(summary.scenario.clone()),
            None => ways.push((way, vec![summary.scenario.clone()])),
        }
    }
    let sentences = ways.into_iter().map(|(way, names)| format!("Under {}, {way}", list(&names)));
    sentences.collect::<Vec<_>>().join(" ")
}

/// How trials of one service are measured, and what the ratios are of.
const ALONE: &str = "each service of a round is measured alone, and ratios are taken within the round.";

/// How the services of a round are measured under a load, and what the ratios are of.
fn way(scenario: &Scenario) -> &'static str {
    match (scenario.slices, &scenario.stress) {
        (Some(_), _) => {
            "all services of a round are visited in turn, in slices of a fraction of a second, and ratios are taken \
             within each turn."
        }
        (None, Some(_)) => "each service has one value in a round, and ratios are taken within the round.",
        (None, None) => ALONE,
    }
}

/// The picture that answers: the ratios of each group of services under each load.
pub(crate) fn answer(report: &Report) -> Vec<Card> {
    let groups = Group::RANKED.into_iter();
    let cards = groups.flat_map(|group| {
        let ranking = report.summaries.iter();
        let ranking = ranking.filter(|summary| report.scenario(summary).is_none_or(is_ranking));
        ranking.filter_map(move |summary| forest_card(report, summary, group))
    });
    cards.collect()
}

/// The load whose latency over time is shown: the first that has no slices.
fn scheduled(report: &Report) -> Option<&Summary> {
    report
        .summaries
        .iter()
        .find(|summary| summary.rows.iter().any(|row| !row.windows.is_empty()))
}
