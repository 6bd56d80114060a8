//! The pages of one made-up run, which has a tie, a disqualified service, warnings, a missing size and odd names.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{bench, fixture};
use hello_bench::render::{html, markdown, terminal};
use hello_bench::report::Report;
use hello_bench::run;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

fn report() -> Report {
    let (run, samples) = run::read(&fixture()).unwrap();
    Report { probes: hello_bench::probe::read(&fixture()).unwrap(), ..Report::new(run, &samples) }
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
fn a_reference_that_failed_is_why_there_are_no_ratios() {
    let (run, mut samples) = run::read(&fixture()).unwrap();
    let own = samples.iter_mut().find(|sample| sample.service == run.plan.reference).unwrap();
    own.failure = Some("process exit".to_owned());
    let page = terminal::page(&Report::new(run, &samples), false);
    assert!(page.contains("no ratios: the reference svc-axum has no usable value"), "{page}");
    assert!(page.contains("process exit") && !terminal::page(&report(), false).contains("no ratios"));
}

#[test]
fn a_report_is_printed_in_every_form() {
    let copy = tempfile::tempdir().unwrap();
    for file in ["run.json", "samples.jsonl", "probe.json"] {
        fs::copy(fixture().join(file), copy.path().join(file)).unwrap();
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
    fs::copy(fixture().join("run.json"), copy.path().join("run.json")).unwrap();
    let text = fs::read_to_string(fixture().join("samples.jsonl")).unwrap();
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
        .arg(fixture())
        .arg(fixture())
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

/// The made-up run as one of two versions of axum: what was svc-hyper is its later one.
fn versions(to: &Path) -> PathBuf {
    let folder = to.join("versions");
    fs::create_dir(&folder).unwrap();
    for file in ["run.json", "samples.jsonl"] {
        let text = fs::read_to_string(fixture().join(file)).unwrap();
        fs::write(folder.join(file), text.replace("svc-hyper", "svc-axum (axum 0.8.9)")).unwrap();
    }
    let path = folder.join("run.json");
    let mut run: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    for (name, version) in [("svc-axum", "0.8.8"), ("svc-axum (axum 0.8.9)", "0.8.9")] {
        let services = run["services"].as_array_mut().unwrap();
        let own = services.iter_mut().find(|service| service["name"] == name).unwrap();
        own["framework"] = "axum".into();
        own["instructions"] = serde_json::json!({"mean": 6100.0, "least": 6090.0, "most": 6110.0});
        own["variant"] = serde_json::json!({"service": "svc-axum", "phrase": format!("with axum {version}"), "base": "svc-axum"});
    }
    fs::write(&path, run.to_string()).unwrap();
    folder
}

#[test]
fn a_history_shows_each_service_by_version_and_keeps_sittings_apart() {
    let copy = tempfile::tempdir().unwrap();
    let versions = versions(copy.path());
    let page = copy.path().join("page.html");
    let markers = copy.path().join("page.md");
    fs::write(&markers, "a\n<!-- history -->\n<!-- /history -->\nb\n").unwrap();
    let mut history = bench();
    history.arg("history").args([&versions, &versions]).args(["--format", "markdown"]);
    history.arg("--html").arg(&page).arg("--splice").arg(&markers);
    let printed = history.assert().success().get_output().stdout.clone();
    insta::assert_snapshot!(String::from_utf8(printed.clone()).unwrap());
    assert!(fs::read_to_string(markers).unwrap().contains(std::str::from_utf8(&printed).unwrap()));
    let page = fs::read_to_string(page).unwrap();
    for forbidden in ["<script", "http://", "https://", "NaN", "inf\""] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    // The charts are those of the newest sitting, each with its data, and each sitting has its table.
    assert_eq!((page.matches("vs 0.8.8</h3>").count(), page.matches("<details").count()), (4, 10));
    insta::assert_snapshot!("history_page", page);
    let none = bench().arg("history").arg(fixture()).assert().code(1);
    none.stderr(contains("there are no builds of one service"));
}
