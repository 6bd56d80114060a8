//! The pages of one made-up run, which has a tie, a disqualified service, warnings, a missing size and odd names.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::bench;
use hello_bench::render::{html, markdown, terminal};
use hello_bench::report::Report;
use hello_bench::run;
use hello_stats::Bounds;
use predicates::prelude::*;
use predicates::str::contains;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/run")
}

fn report() -> Report {
    let (run, samples) = run::read(&folder()).unwrap();
    Report { probes: hello_bench::probe::read(&folder()).unwrap(), ..Report::new(run, &samples) }
}

#[test]
fn terminal_page() {
    let page = terminal::page(&report(), false);
    assert!(!page.contains('\u{1b}'));
    insta::assert_snapshot!(page);
}

#[test]
fn markdown_page() {
    let page = markdown::page(&report());
    assert!(!page.contains("<script>"));
    insta::assert_snapshot!(page);
}

#[test]
fn html_page() {
    let page = html::page(&report()).unwrap();
    assert!(page.len() < 200_000, "{} bytes", page.len());
    for forbidden in ["<script", "http://", "https://", "NaN", "inf\""] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let drawings = page.matches("<svg").count();
    assert!(drawings > 10 && page.matches("role=\"img\" aria-label=").count() == drawings);
    insta::assert_snapshot!(page);
}

#[test]
fn below_six_rounds_there_is_a_range_and_no_interval() {
    let (run, mut samples) = run::read(&folder()).unwrap();
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

#[test]
fn a_report_is_printed_in_every_form() {
    let copy = tempfile::tempdir().unwrap();
    for file in ["run.json", "samples.jsonl", "probe.json"] {
        fs::copy(folder().join(file), copy.path().join(file)).unwrap();
    }
    let print =
        |form: &str| bench().arg("report").arg(copy.path()).args(["--format", form]).assert().success();
    print("table").stdout(contains("rank").and(contains('\u{1b}').not()));
    print("markdown").stdout(contains("| service | compared with |"));
    let json = print("json").get_output().stdout.clone();
    let read: Report = serde_json::from_slice(&json).unwrap();
    assert!(read == report());
    assert!(copy.path().join("report.html").is_file());
}

#[test]
fn a_sample_that_was_cut_off_is_left_out_and_a_broken_one_is_named() {
    let copy = tempfile::tempdir().unwrap();
    fs::copy(folder().join("run.json"), copy.path().join("run.json")).unwrap();
    let text = fs::read_to_string(folder().join("samples.jsonl")).unwrap();
    fs::write(copy.path().join("samples.jsonl"), &text[..text.len() - 40]).unwrap();
    bench().arg("report").arg(copy.path()).assert().success();
    fs::write(copy.path().join("samples.jsonl"), text.replacen("\"round\"", "\"square\"", 1)).unwrap();
    bench()
        .arg("report")
        .arg(copy.path())
        .assert()
        .code(1)
        .stderr(contains("line 1: not a sample"));
}

#[test]
fn a_diff_of_a_run_with_itself_has_a_page_without_differences() {
    let copy = tempfile::tempdir().unwrap();
    let page = copy.path().join("diff.html");
    let told = bench()
        .arg("diff")
        .arg(folder())
        .arg(folder())
        .arg("--html")
        .arg(&page)
        .assert()
        .success();
    told.stdout(contains("0 improved, 0 regressed"));
    assert!(fs::read_to_string(page).unwrap().contains("No significant difference"));
}

#[test]
fn shells_and_man_are_served_from_the_same_definitions() {
    bench().args(["completions", "bash"]).assert().success().stdout(contains("--precision"));
    bench().arg("man").assert().success().stdout(contains(".TH").and(contains("precision")));
}
