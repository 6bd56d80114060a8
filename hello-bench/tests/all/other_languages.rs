//! Services in other languages beside the ones that are written in Rust.

use std::fs;
use std::path::Path;

use crate::common::{bench, catalogue, results, samples, scenarios};
use predicates::str::contains;

/// Two more services for a catalogue: one that answers the core of the contract, and one that lacks a tool.
fn with_other_languages(catalogue: &Path) {
    let mut text = fs::read_to_string(catalogue).unwrap();
    let floor = crate::common::built("hello-floor").display().to_string();
    text.push_str(&format!(
        r#"
[[service]]
name = "other-language"
framework = "b"
language = "Shell"
core_contract = true
folder = "{}"
needs = [{{ program = "sh", get = "it is there" }}]
build = [["sh", "-c", "echo built > made"]]
run = ["sh", "-c", "exec {floor}"]
given_port = true
binary = "made"
version = ["echo", "1.2"]
dependencies = ["echo", "7"]
warm_up_s = 1

[[service]]
name = "lacking"
framework = "c"
core_contract = true
needs = [{{ program = "no-such-program", get = "make one" }}]
run = ["no-such-program"]
"#,
        catalogue.parent().unwrap().display()
    ));
    fs::write(catalogue, text).unwrap();
}

#[test]
fn services_in_other_languages_are_built_and_measured_in_a_group_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let (services, scenarios) = (catalogue(folder.path(), &[]), scenarios(folder.path()));
    with_other_languages(&services);
    let mut command = bench();
    command.args(["compare", "--other-languages", "--rounds", "2", "--scenario", "rate", "--services"]);
    command
        .arg(services)
        .arg("--scenarios")
        .arg(scenarios)
        .arg("--out")
        .arg(folder.path().join("out"));
    let ended = command.assert().success();
    ended
        .stderr(contains("skipped: lacking needs no-such-program: make one"))
        .stdout(contains("rate, other languages\n"));
    let results = results(folder.path());
    let rows = results["summaries"][0]["rows"].as_array().unwrap();
    let groups: Vec<_> = rows.iter().map(|row| (row["service"].as_str(), row["group"].as_str())).collect();
    assert_eq!(groups, [(Some("good"), Some("service")), (Some("other-language"), Some("other_language"))]);
    let samples = samples(folder.path());
    let own: Vec<_> = samples.iter().filter(|sample| sample["service"] == "other-language").collect();
    assert!(own.len() == 2 && own.iter().all(|sample| sample["failure"].is_null()), "{own:?}");
    let metadata = &results["services"][1];
    assert_eq!((metadata["version"].as_str(), metadata["dependencies"].as_u64()), (Some("1.2"), Some(7)));
    assert_eq!(metadata["binary_bytes"], 6);
}
