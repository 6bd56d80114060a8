//! A tuned service beside the one with the same app.
#![cfg(target_os = "linux")]

mod common;

use std::fs;

use common::{bench, scenarios};
use predicates::str::contains;
use serde_json::Value;

#[test]
fn a_tuned_service_is_ranked_apart_and_compared_with_its_counterpart_and_the_floor() {
    let folder = tempfile::tempdir().unwrap();
    let scenarios = scenarios(folder.path());
    let mut command = bench();
    command.args(["compare", "svc-hyper", "svc-hyper-tuned", "--profile", "dev", "--rounds", "6"]);
    command.args(["--scenario", "rate", "--scenarios"]).arg(scenarios);
    command.arg("--out").arg(folder.path().join("out"));
    command
        .assert()
        .success()
        .stdout(contains("At 500 requests/s, tuned: "))
        .stdout(contains("CPU vs floor"));
    let results = fs::read_to_string(folder.path().join("out/results.json")).unwrap();
    let results: Value = serde_json::from_str(&results).unwrap();
    let rows = results["summaries"][0]["rows"].as_array().unwrap();
    let groups: Vec<_> = rows.iter().map(|row| (row["service"].as_str(), row["group"].as_str())).collect();
    let expected = [("svc-hyper", "service"), ("svc-hyper-tuned", "tuned"), ("hello-floor", "floor")];
    assert_eq!(groups, expected.map(|(service, group)| (Some(service), Some(group))));
    let metric = |row: usize| &rows[row]["metrics"]["cpu_us_per_request"];
    for row in [0, 1] {
        let ratio = metric(row)["vs_floor"]["ratio"].as_f64().unwrap();
        assert!((0.2..20.0).contains(&ratio), "{ratio}");
    }
    assert!(metric(0)["vs_reference"].is_null() && metric(2)["vs_floor"].is_null());
    let ratio = &metric(1)["vs_reference"];
    assert_eq!((ratio["to"].as_str(), ratio["bounds"].as_str()), (Some("svc-hyper"), Some("interval")));
    let metadata = results["services"].as_array().unwrap();
    assert!(metadata[0]["tuned_from"].is_null() && metadata[1]["tuned_from"] == "svc-hyper");
    assert_eq!(metadata[1]["source"]["path"], "svc-hyper/src/tuned.rs");
    assert_ne!(metadata[0]["binary_bytes"], metadata[1]["binary_bytes"]);
}
