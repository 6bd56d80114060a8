//! Two runs compared: made-up ones whose difference is known, and one of an older schema.

use std::fs;
use std::path::Path;

use crate::common::{bench, fixture};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

/// A copy of the made-up run in which `change` was applied to every sample.
fn copy(folder: &Path, change: impl Fn(&mut Value)) {
    fs::create_dir_all(folder).unwrap();
    fs::copy(fixture().join("run.json"), folder.join("run.json")).unwrap();
    let text = fs::read_to_string(fixture().join("samples.jsonl")).unwrap();
    let lines = text.lines().map(|line| {
        let mut sample: Value = serde_json::from_str(line).unwrap();
        change(&mut sample);
        format!("{sample}\n")
    });
    fs::write(folder.join("samples.jsonl"), lines.collect::<String>()).unwrap();
}

/// Multiplies the CPU time of a sample.
fn scale(sample: &mut Value, factor: f64) {
    let load = &mut sample["load"];
    load["cpu_us_per_request"] = (load["cpu_us_per_request"].as_f64().unwrap() * factor).into();
    for slice in sample.get_mut("slices").and_then(Value::as_array_mut).into_iter().flatten() {
        let ns = slice["service_cpu_ns"].as_f64().unwrap() * factor;
        slice["service_cpu_ns"] = (ns as u64).into();
    }
}

/// The verdicts on CPU time under `rate`, by service.
fn verdicts(earlier: &Path, later: &Path) -> Vec<(String, String)> {
    let mut command = bench();
    let printed = command.arg("diff").arg(earlier).arg(later).args(["--format", "json"]).assert().success();
    let page: Value = serde_json::from_slice(&printed.get_output().stdout).unwrap();
    let changes = page["changes"].as_array().unwrap().clone();
    let is_cpu = |change: &&Value| change["scenario"] == "rate" && change["metric"] == "cpu_us_per_request";
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    changes
        .iter()
        .filter(is_cpu)
        .map(|change| (text(&change["service"]), text(&change["verdict"])))
        .collect()
}

fn verdict_on(service: &str, verdicts: &[(String, String)]) -> String {
    verdicts.iter().find(|(name, _)| name == service).unwrap().1.clone()
}

#[test]
fn what_improved_and_what_regressed_is_found_and_a_slower_machine_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (earlier, later) = (folder.path().join("earlier"), folder.path().join("later"));
    copy(&earlier, |_| ());
    // Everything takes half as long again, as on a machine that others use; axum improves by 15 % and hyper loses 15 %.
    copy(&later, |sample| {
        let own = match sample["service"].as_str().unwrap() {
            "svc-axum" => 0.85,
            "svc-hyper" => 1.15,
            _ => 1.0,
        };
        scale(sample, 1.5 * own);
    });
    let found = verdicts(&earlier, &later);
    assert_eq!(verdict_on("svc-axum", &found), "improved");
    assert_eq!(verdict_on("svc-hyper", &found), "regressed");
    assert_eq!(verdict_on("svc-actix", &found), "no_difference");
    assert!(!found.iter().any(|(service, _)| service == "hello-floor"));
    let back = verdicts(&later, &earlier);
    assert_eq!(verdict_on("svc-axum", &back), "regressed");
    assert_eq!(verdict_on("svc-hyper", &back), "improved");
}

#[test]
fn a_run_and_itself_have_no_difference_and_unlike_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    copy(&one, |_| ());
    copy(&two, |_| ());
    let diff = |options: &[&str]| bench().arg("diff").args([&one, &two]).args(options).assert();
    diff(&[]).success().stdout(contains("0 improved, 0 regressed"));
    let path = two.join("run.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("rustc ", "rustc 0.", 1)).unwrap();
    diff(&[]).code(1).stderr(contains("the compiler was rustc"));
    diff(&["--anyway"]).success().stdout(contains("! the compiler was rustc"));
}

#[test]
fn a_run_of_an_older_schema_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    copy(folder.path(), |_| ());
    let path = folder.path().join("run.json");
    fs::write(&path, r#"{"schema": 1, "figures": []}"#).unwrap();
    let message = || contains("this run has schema 1").and(contains("reads schema 2: measure again"));
    bench().arg("diff").arg(folder.path()).arg(fixture()).assert().code(1).stderr(message());
    bench().arg("report").arg(folder.path()).assert().code(1).stderr(message());
}

#[test]
fn without_a_floor_the_values_are_compared_as_measured_with_a_note() {
    let folder = tempfile::tempdir().unwrap();
    let (with, without) = (folder.path().join("with"), folder.path().join("without"));
    copy(&with, |_| ());
    copy(&without, |sample| {
        if sample["service"] == "hello-floor" {
            sample["failure"] = "it ended".into();
        }
    });
    let note = |services: &str| {
        contains("! saturate: compared as measured, not relative to the floor: ")
            .and(contains(services.to_owned()))
    };
    let diff = |later: &Path| bench().arg("diff").arg(&with).arg(later).assert().success();
    diff(&without).stdout(note("svc-actix, svc-axum, svc-broken, svc-hyper;"));
    // A service that is not ranked has no ratio to the floor either.
    diff(&with).stdout(note("floor: svc-broken;"));
}
