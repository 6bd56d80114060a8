//! The comparison when something goes wrong: wrong answers, services that die or do not start, bad arguments.

use std::fs;

use crate::common::{bench, compare, results, samples, scenarios};
use predicates::prelude::*;
use predicates::str::contains;

#[test]
fn a_wrong_body_is_a_failure_of_its_service_alone_and_the_samples_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    // More than the check of the contract needs, which has a process of its own, and less than any load brings.
    let faults = [("spoiled", "wrong", 150)];
    let arguments = ["good", "spoiled", "--scenario", "saturate", "--rounds", "2", "--no-control"];
    let ended = compare(folder.path(), &faults, &arguments)
        .code(1)
        .stderr(contains("spoiled; see the notes above"));
    ended.stdout(contains("answers were wrong, the first: body").and(contains("Hallo")));
    let results = results(folder.path());
    let rows = results["summaries"][0]["rows"].as_array().unwrap();
    let row = |name: &str| rows.iter().find(|row| row["service"] == name).unwrap();
    assert!(row("spoiled")["failure"].is_string() && row("spoiled")["rank"].is_null());
    assert!(row("good")["failure"].is_null());
    assert_eq!(samples(folder.path()).len(), 4);
}

#[test]
fn a_service_that_dies_is_reported_in_one_line_and_the_others_continue() {
    let folder = tempfile::tempdir().unwrap();
    let faults = [("mortal", "die", 150), ("dropper", "drop", 150)];
    let arguments = ["good", "mortal", "dropper", "--scenario", "saturate", "--rounds", "2"];
    let ended = compare(folder.path(), &faults, &arguments).code(1);
    ended.stderr(
        contains("mortal ended (signal: 6 (SIGABRT)")
            .and(contains("under load"))
            .and(contains("dropper is dropped from the remaining rounds")),
    );
    let good = samples(folder.path())
        .iter()
        .filter(|sample| sample["service"] == "good" && sample["failure"].is_null())
        .count();
    assert_eq!(good, 2);
}

#[test]
fn a_broken_contract_is_shown_and_not_measured() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["good", "spoiled", "--scenario", "saturate", "--rounds", "1"];
    let ended = compare(folder.path(), &[("spoiled", "wrong", 0)], &arguments).code(1);
    ended.stdout(contains("spoiled is not ranked: saturate, round 1: breaks the contract"));
}

#[test]
fn a_first_service_that_answers_nothing_leaves_the_others_in_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["dropper", "good", "--reference", "good", "--scenario", "saturate", "--rounds", "1"];
    compare(folder.path(), &[("dropper", "drop", 0)], &arguments).code(1);
    let failed = |service: &str| {
        let samples = samples(folder.path());
        let own: Vec<_> = samples.iter().filter(|sample| sample["service"] == service).collect();
        assert_eq!(own.len(), 1, "{service}");
        own[0]["failure"].is_string()
    };
    assert!(failed("dropper") && !failed("good"));
}

#[test]
fn a_service_that_cannot_start_is_reported_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let silent = compare(folder.path(), &[("mute", "silent", 0)], &["mute"]).code(1);
    silent.stderr(contains("error: mute printed no line like").and(contains("within 1 s")));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let floor = crate::common::built("hello-floor");
    let text = format!(
        "[[service]]\nname='taken'\nframework='none'\nrun=['sh', '-c', 'PORT={port} exec {}']\n[[service]]\nname='gone'\nframework='none'\nrun=['./no-such-binary']\n",
        floor.display()
    );
    fs::write(folder.path().join("services.toml"), text).unwrap();
    for (service, cause) in [("taken", "in use"), ("gone", "no-such-binary")] {
        let mut command = bench();
        command.args(["compare", service, "--services"]).arg(folder.path().join("services.toml"));
        command
            .arg("--scenarios")
            .arg(scenarios(folder.path()))
            .arg("--out")
            .arg(folder.path().join(service));
        let failed = command.assert().code(1).stderr(contains(cause));
        let errors = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
        assert_eq!(errors.lines().filter(|line| line.starts_with("error:")).count(), 1, "{errors}");
        assert!(!errors.contains("panicked"), "{errors}");
    }
}

#[test]
fn bad_input_is_reported_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "{\"x\": 1}").unwrap();
    let path = file.to_str().unwrap();
    let cases: [(&[&str], i32, &str); 11] = [
        (&["compare", "--rounds", "0"], 2, "rounds"),
        (&["compare", "--rounds", "many"], 2, "rounds"),
        (&["compare", "--seed", "x"], 2, "--seed"),
        (&["compare", "axum"], 1, "there is no service \"axum\""),
        (&["compare", "--scenario", "fast"], 1, "there is no scenario \"fast\""),
        (&["compare", "--reference", "svc-none"], 1, "svc-none"),
        (&["compare", "--scenarios", "/no/such/file"], 1, "cannot read /no/such/file"),
        (&["compare", "--scenarios", path], 1, "is not a list of scenarios"),
        (&["compare", "--services", path], 1, "is not a list of services"),
        (&["compare", "--out", "/proc/no"], 1, "cannot write to /proc/no"),
        (&["report", "/no/such/folder"], 1, "is it the folder of a run?"),
    ];
    for (arguments, code, names) in cases {
        let failed = bench().args(arguments).assert().code(code).stderr(contains(names));
        let errors = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
        assert!(code == 2 || errors.lines().count() <= 6, "{arguments:?}: {errors}");
        assert!(!errors.contains("panicked"), "{errors}");
    }
}
