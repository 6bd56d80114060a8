//! A tuned service beside the one with the same app.

use crate::common::{bench, results, samples, scenarios};
use predicates::str::contains;

#[test]
fn a_tuned_service_is_measured_beside_its_counterpart_in_a_group_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let scenarios = scenarios(folder.path());
    let mut command = bench();
    command.args(["compare", "svc-hyper", "svc-hyper-tuned", "--profile", "dev", "--rounds", "2"]);
    command.args(["--scenario", "rate", "--scenarios"]).arg(scenarios);
    command.arg("--out").arg(folder.path().join("out"));
    // What it is compared with is asserted of a made-up run: a busy machine may leave nothing to compare.
    command.assert().success().stdout(contains("rate, tuned\n"));
    let results = results(folder.path());
    let rows = results["summaries"][0]["rows"].as_array().unwrap();
    let groups: Vec<_> = rows.iter().map(|row| (row["service"].as_str(), row["group"].as_str())).collect();
    let expected = [("svc-hyper", "service"), ("svc-hyper-tuned", "tuned"), ("hello-floor", "floor")];
    assert_eq!(groups, expected.map(|(service, group)| (Some(service), Some(group))));
    for name in ["svc-hyper", "svc-hyper-tuned", "hello-floor", "svc-hyper (control)"] {
        let samples = samples(folder.path());
        let own: Vec<_> = samples.iter().filter(|sample| sample["service"] == name).collect();
        assert!(own.len() == 2 && own.iter().all(|sample| sample["failure"].is_null()), "{own:?}");
    }
    let metadata = results["services"].as_array().unwrap();
    assert!(metadata[0]["tuned_from"].is_null() && metadata[1]["tuned_from"] == "svc-hyper");
    assert_eq!(metadata[1]["source"]["path"], "svc-hyper/src/tuned.rs");
    assert_ne!(metadata[0]["binary_bytes"], metadata[1]["binary_bytes"]);
    for field in ["binary_bytes", "lines_of_code", "dependencies"] {
        assert!(metadata.iter().all(|metadata| metadata[field].as_u64() > Some(0)), "{field}: {metadata:?}");
    }
}
