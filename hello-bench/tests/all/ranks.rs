//! What is compared, and ranked, in the made-up run: on a busy machine a real one may have nothing to compare.

use crate::common::fixture;
use crate::made_up::report;
use hello_bench::render::terminal;
use hello_bench::report::Report;
use hello_bench::run;
use hello_bench::sample::Sample;
use hello_stats::Bounds;
use serde_json::Value;

/// What a report says of a load, as results.json has it.
fn summary(report: &Report, scenario: &str) -> Value {
    let summary = report.summaries.iter().find(|summary| summary.scenario == scenario);
    serde_json::to_value(summary.unwrap()).unwrap()
}

fn row<'a>(summary: &'a Value, service: &str) -> &'a Value {
    let rows = summary["rows"].as_array().unwrap();
    rows.iter().find(|row| row["service"] == service).unwrap()
}

fn assert_rank(row: &Value, best: u64, worst: u64) {
    let rank = &row["rank"];
    assert_eq!((rank["best"].as_u64(), rank["worst"].as_u64()), (Some(best), Some(worst)), "{row}");
}

/// Asserts that a ratio is relative to this service, with an interval around it.
fn assert_ratio(ratio: &Value, to: &str) {
    assert_eq!((ratio["to"].as_str(), ratio["bounds"].as_str()), (Some(to), Some("interval")), "{ratio}");
    let number = |name: &str| ratio[name].as_f64().unwrap();
    assert!(number("low") <= number("ratio") && number("ratio") <= number("high"), "{ratio}");
    // Nine rounds have 512 patterns of signs.
    assert!((2.0 / 512.0..=1.0).contains(&number("p")), "{ratio}");
}

#[test]
fn services_are_ranked_by_ratios_to_the_reference_whose_second_copy_is_the_control() {
    let report = report();
    for (scenario, metric) in [("rate", "cpu_us_per_request"), ("saturate", "throughput_per_s")] {
        let summary = summary(&report, scenario);
        assert_eq!(summary["control"]["service"], "svc-axum (control)");
        assert_ratio(&summary["control"], "svc-axum");
        assert_ratio(&row(&summary, "svc-hyper")["metrics"][metric]["vs_reference"], "svc-axum");
        assert!(row(&summary, "svc-axum")["metrics"][metric]["vs_reference"].is_null());
        assert_rank(row(&summary, "svc-hyper"), 1, 1);
        assert_rank(row(&summary, "svc-axum"), 2, 3);
    }
}

/// The made-up run in which svc-hyper has another place among the services.
fn with_hyper(place: impl Fn(&mut Value)) -> Report {
    let (run, samples) = run::read(&fixture()).unwrap();
    let mut run = serde_json::to_value(run).unwrap();
    let services = run["services"].as_array_mut().unwrap();
    place(services.iter_mut().find(|service| service["name"] == "svc-hyper").unwrap());
    Report::new(serde_json::from_value(run).unwrap(), &samples)
}

#[test]
fn a_tuned_service_is_ranked_apart_and_compared_with_its_counterpart_and_the_floor() {
    let report = with_hyper(|hyper| hyper["tuned_from"] = "svc-axum".into());
    let summary = summary(&report, "rate");
    let metric = |service: &str| &row(&summary, service)["metrics"]["cpu_us_per_request"];
    assert_eq!(row(&summary, "svc-hyper")["group"], "tuned");
    assert_rank(row(&summary, "svc-hyper"), 1, 1);
    assert_ratio(&metric("svc-hyper")["vs_reference"], "svc-axum");
    assert_ratio(&metric("svc-hyper")["vs_floor"], "hello-floor");
    assert_ratio(&metric("svc-axum")["vs_floor"], "hello-floor");
    assert!(metric("svc-axum")["vs_reference"].is_null() && metric("hello-floor")["vs_floor"].is_null());
    let page = terminal::page(&report, false);
    assert!(page.contains(" requests/s, tuned: hyper uses ") && page.contains("CPU vs floor"), "{page}");
}

#[test]
fn another_language_is_ranked_apart_and_compared_with_the_reference() {
    let report = with_hyper(|hyper| hyper["other_language"] = true.into());
    let summary = summary(&report, "rate");
    let hyper = row(&summary, "svc-hyper");
    assert_eq!(hyper["group"], "other_language");
    assert_rank(hyper, 1, 1);
    assert_ratio(&hyper["metrics"]["cpu_us_per_request"]["vs_reference"], "svc-axum");
    assert!(terminal::page(&report, false).contains("rate, other languages\n"));
}

#[test]
fn below_six_rounds_there_is_a_range_and_no_interval() {
    let (run, mut samples) = run::read(&fixture()).unwrap();
    samples.retain(|sample| sample.round <= 2);
    let report = Report::new(run, &samples);
    let page = terminal::page(&report, false);
    assert!(page.contains("(range ") && page.contains("too few rounds"), "{page}");
    let ratios = report.summaries.iter().flat_map(|summary| &summary.rows);
    let ratios = ratios
        .flat_map(|row| row.metrics.values())
        .filter_map(|metric| metric.vs_reference.as_ref());
    let bounds: Vec<Bounds> = ratios.map(|ratio| ratio.bounds).collect();
    assert!(bounds.len() > 3 && bounds.iter().all(|bounds| *bounds == Bounds::Range), "{bounds:?}");
}

/// Each service of a load, by name, and whether it is ranked.
fn ranked(report: &Report, scenario: &str) -> Vec<(String, bool)> {
    let summary = report.summaries.iter().find(|summary| summary.scenario == scenario).unwrap();
    let mut ranked: Vec<_> =
        summary.rows.iter().map(|row| (row.service.clone(), row.rank.is_some())).collect();
    ranked.sort();
    ranked
}

/// Changes svc-actix's sample of the second round under rate, and asserts that its rank is lost under these loads, and no
/// other.
fn assert_that_one_rank_is_lost(scenarios: &[&str], change: impl Fn(&mut Sample)) {
    let (run, mut samples) = run::read(&fixture()).unwrap();
    let before = Report::new(run.clone(), &samples);
    let is_spoiled = |sample: &&mut Sample| {
        (sample.round, sample.scenario.as_str(), sample.service.as_str()) == (2, "rate", "svc-actix")
    };
    change(samples.iter_mut().find(is_spoiled).unwrap());
    let after = Report::new(run, &samples);
    for scenario in ["rate", "saturate"] {
        let is_lost = |name: &str| name == "svc-actix" && scenarios.contains(&scenario);
        let expected = ranked(&before, scenario).into_iter();
        let expected: Vec<_> =
            expected.map(|(name, is_ranked)| (name.clone(), is_ranked && !is_lost(&name))).collect();
        assert_eq!(expected != ranked(&before, scenario), is_lost("svc-actix"));
        assert_eq!(ranked(&after, scenario), expected, "{scenario}");
        assert!(expected.iter().filter(|(_, is_ranked)| *is_ranked).count() > 1, "{expected:?}");
    }
}

#[test]
fn a_round_that_one_service_spoiled_takes_its_rank_alone() {
    assert_that_one_rank_is_lost(&["rate"], |sample| sample.slices.truncate(3));
}

#[test]
fn a_wrong_answer_takes_the_rank_of_its_service_under_every_load() {
    assert_that_one_rank_is_lost(&["rate", "saturate"], |sample| {
        let traffic = &mut sample.load.as_mut().unwrap().traffic;
        (traffic.wrong, traffic.first_wrong) = (1, Some("status 500".to_owned()));
    });
}

#[test]
fn rows_are_in_the_order_of_their_ranks() {
    for summary in report().summaries {
        let ranks: Vec<_> = summary.rows.iter().filter_map(|row| row.rank).collect();
        assert!(ranks.len() > 2);
        assert!(ranks.is_sorted_by_key(|rank| (rank.best, rank.worst)), "{ranks:?}");
    }
}
