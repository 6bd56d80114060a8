//! The two tests of the 2022 experiment, with its published metrics beside ours.

use crate::metric::Metric;
use crate::render::html::card::{Card, Section};
use crate::render::html::cards::table;
use crate::render::tables;
use crate::report::Report;
use crate::summary::Summary;

/// The loads that repeat its tests.
const TESTS: [&str; 2] = ["delay-1s", "delay-100ms"];

/// What it published of its second test: 100 virtual users, 0.1 s think time, a 4-core laptop. Name, requests/s, p95 ms,
/// memory MiB, image MB.
const PUBLISHED: [(&str, &str, &str, &str, &str); 7] = [
    ("Gin", "916", "5.58", "14.6", "20.4"),
    ("Axum", "912", "6.25", "2.4", "10.9"),
    ("Express", "906", "15.0", "51.3", "174"),
    ("Opine/Deno", "904", "12.6", "127", "118"),
    ("Flask+uwsgi", "883", "23.8", "651", "354"),
    ("Spring Boot", "873", "17.6", "160", "346"),
    ("Flask", "590", "93.0", "18.5", "59"),
];

/// Ours where it was measured, and theirs.
pub(crate) fn section(report: &Report) -> Section {
    let own = report.summaries.iter().filter(|summary| TESTS.contains(&summary.scenario.as_str()));
    let mut cards: Vec<Card> = own.map(|summary| ours(report, summary)).collect();
    if !cards.is_empty() {
        cards.push(theirs());
    }
    Section {
        id: "experiment",
        question: "And the 2022 experiment?",
        lead: "This repository descends from a blog post that loaded one service in five languages with 100 virtual users and \
               10 000 requests. With think time the users set the throughput, and most services look alike."
            .into(),
        cards,
    }
}

fn ours(report: &Report, summary: &Summary) -> Card {
    let rows = summary.rows.iter().map(|row| {
        let ms = |metric| row.metrics.get(&metric).map(|summary| format!("{:.2}", summary.value / 1e3));
        vec![
            row.service.clone(),
            tables::cell(row, Metric::ThroughputPerS),
            ms(Metric::LatencyP95Us).unwrap_or_else(|| tables::ABSENT.to_owned()),
            tables::cell(row, Metric::PeakPssBytes),
        ]
    });
    Card {
        title: format!("Ours: {}", summary.scenario),
        subtitle: tables::load(report, summary),
        drawing: None,
        table: table(&["service", "requests/s", "p95 ms", "peak PSS MiB"], rows.collect()),
    }
}

fn theirs() -> Card {
    let rows = PUBLISHED
        .map(|(name, rate, p95, memory, image)| [name, rate, p95, memory, image].map(str::to_owned).to_vec());
    Card {
        title: "Published in 2022: the second test".into(),
        subtitle: "not measured by us: theirs, on a 4-core laptop, in containers, by k6, 0.1 s think time"
            .into(),
        drawing: None,
        table: table(&["system", "requests/s", "p95 ms", "memory MiB", "image MB"], rows.to_vec()),
    }
}
