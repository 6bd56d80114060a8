//! Bad and slow peers, against the floor and against a server that answers wrongly.

use std::collections::BTreeSet;
use std::fs;

use crate::common::{bench, catalogue, naive};
use hello_bench::probe::{Level, Observation, Probes};
use predicates::prelude::*;
use predicates::str::contains;

#[test]
fn each_case_is_told_of_each_service_and_what_breaks_a_must_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let services = catalogue(folder.path(), &[("spoiled", "wrong", 1), ("dying", "die", 60)]);
    let gone = "[[service]]\nname = \"gone\"\nframework = \"none\"\nrun = [\"false\"]\n";
    fs::write(&services, fs::read_to_string(&services).unwrap() + gone).unwrap();
    let out = folder.path().join("out");
    let probe = |names: &[&str], format: &str| {
        let mut command = bench();
        command
            .arg("probe")
            .args(names)
            .args(["--must", "--format", format, "--services"])
            .arg(&services);
        command.args(["--family", "syntax", "--family", "framing", "--out"]).arg(&out);
        command.assert().code(1)
    };
    let told =
        contains("a target in absolute form").and(contains("required  must: an answer (RFC 9112, 3.2.2)"));
    probe(&["spoiled"], "table").stdout(told);
    let ended = probe(&["good", "spoiled", "gone", "dying"], "json").stderr(
        contains("could not be probed: gone; must-level rules are broken by").and(contains("spoiled")),
    );
    let probes: Probes = serde_json::from_slice(&ended.get_output().stdout).unwrap();
    let [good, spoiled, gone, dying] = probes.services.as_slice() else { panic!("{probes:?}") };
    assert!(gone.failure.as_ref().unwrap().contains("before it was ready"), "{gone:?}");
    let cases = |observations: &[Observation]| -> Vec<String> {
        observations.iter().map(|seen| seen.case.clone()).collect()
    };
    assert!(good.observations.len() > 30);
    assert_eq!(cases(&good.observations), cases(&spoiled.observations));
    let seen = |observations: &[Observation], case: &str| {
        observations.iter().find(|seen| seen.case == case).cloned().unwrap()
    };
    let absolute = "a target in absolute form";
    assert!(seen(&good.observations, absolute).is_kept);
    assert!(!seen(&spoiled.observations, absolute).is_kept);
    let body = seen(&good.observations, "a body on GET, then a request");
    assert!(body.is_kept && body.reaction == "200, 200", "{body:?}");
    let survived = "after each message";
    assert_eq!(seen(&good.observations, survived).reaction, "served");
    let died = seen(&dying.observations, survived);
    assert!(!died.is_kept && died.reaction.contains("process exit (signal: 6"), "{died:?}");
    assert!(died.reaction.contains(" after "), "{died:?}");
    let written = fs::read_to_string(out.join("probe.json")).unwrap();
    assert_eq!(serde_json::from_str::<Probes>(&written).unwrap().services.len(), 4);
    for observation in good.observations.iter().chain(&spoiled.observations) {
        assert!(!observation.reaction.is_empty() && !observation.rule.is_empty());
        assert!(observation.is_kept || observation.level != Level::Open);
    }
    // Where nothing but cases with a service of their own is tried, too.
    let mut command = bench();
    command.args(["probe", "gone", "--family", "signals", "--services"]).arg(&services);
    command.assert().code(1).stderr(contains("could not be probed: gone"));
}

#[test]
fn what_was_observed_is_written_to_a_folder_and_between_the_markers_of_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let (out, page) = (folder.path().join("out"), folder.path().join("page.md"));
    fs::write(&page, "a\n<!-- probe -->\n<!-- /probe -->\nb\n").unwrap();
    let mut command = bench();
    command.args(["probe", "good", "--family", "syntax", "--family", "pipelines", "--services"]);
    command
        .arg(catalogue(folder.path(), &[]))
        .arg("--out")
        .arg(&out)
        .arg("--splice")
        .arg(&page);
    command.assert().success();
    let text = fs::read_to_string(out.join("probe.json")).unwrap();
    let probes: Probes = serde_json::from_str(&text).unwrap();
    let observations = &probes.services[0].observations;
    let families: BTreeSet<&str> = observations.iter().map(|seen| seen.family.as_str()).collect();
    assert_eq!(families, BTreeSet::from(["Pipelines and offers", "Survival", "Syntax"]));
    let page = fs::read_to_string(page).unwrap();
    assert!(
        page.starts_with("a\n<!-- probe -->") && page.contains("| no Host | must: 400 (RFC 9112, 3.2) |")
    );
}

/// The families of cases, by what they take of a server.
const MESSAGES: [&str; 4] = ["syntax", "limits", "framing", "chunks"];
const PATIENCE: [&str; 2] = ["pipelines", "slow"];
const FORCE: [&str; 2] = ["pressure", "signals"];

#[test]
fn the_naive_server_is_probed_with_every_family() {
    let all = [&MESSAGES[..], &PATIENCE, &FORCE].concat().join(", ");
    bench()
        .args(["probe", "--family", "none"])
        .assert()
        .code(2)
        .stderr(contains(format!("values: {all}]")));
}

/// Probes the naive server with the cases of these families: it must break all of these, and one of each family.
fn breaks(families: &[&str], cases: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let services = naive(folder.path(), "");
    let mut command = bench();
    command.args(["probe", "naive", "--format", "json", "--services"]).arg(services);
    command.args(families.iter().flat_map(|family| ["--family", family]));
    let text = command.assert().success().get_output().stdout.clone();
    let probes: Probes = serde_json::from_slice(&text).unwrap();
    let all: Vec<&Observation> = probes.services[0].observations.iter().collect();
    let broken: Vec<&Observation> = probes.services[0].broken(Level::Must).collect();
    let is_broken = |case: &&&str| broken.iter().any(|seen| seen.case == **case);
    let missed: Vec<_> = cases.iter().filter(|case| !is_broken(case)).collect();
    assert!(missed.is_empty(), "{missed:?}\n{all:#?}");
    let names =
        |seen: &[&Observation]| -> BTreeSet<String> { seen.iter().map(|seen| seen.family.clone()).collect() };
    assert!(names(&broken) == names(&all) && names(&all).len() >= families.len(), "{all:#?}");
}

#[test]
fn messages_to_a_server_without_bodies_and_limits_break_musts_of_every_family() {
    let cases = [
        "no Host",
        "a request line of 1 MiB",
        "Content-Length, then Transfer-Encoding (CL.TE)",
        "Transfer-Encoding, then Content-Length (TE.CL)",
        "two different Content-Lengths, 0 first",
        "Content-Length: +5",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding in HTTP/1.0",
        "a body on GET, then a request",
        "chunk size +5",
        "a chunk size of 2^64 + 5",
        "LF alone in a chunk extension",
        "after all messages",
    ];
    breaks(&MESSAGES, &cases);
}

#[test]
fn unread_answers_and_slow_peers_break_musts_of_a_server_without_deadlines() {
    let cases = [
        "GET and HEAD in one write, in eight orders",
        "a request after Connection: close",
        "1000 slow request heads, first and second",
        "200 slow bodies, by length and in chunks",
    ];
    breaks(&PATIENCE, &cases);
}

#[test]
fn floods_and_signals_break_musts_of_a_server_without_a_way_to_end() {
    let cases = [
        "30 peers that flood behind a malformed request",
        "30 peers that flood a body in chunks",
        "SIGTERM under load, 15 times",
        "SIGTERM under pipelined requests, 16 in a write, 3 times",
        "SIGTERM under offers of HTTP/2 (Upgrade: h2c), 3 times",
    ];
    breaks(&FORCE, &cases);
}

#[test]
fn nothing_to_probe_is_one_clear_line() {
    let probed = bench().args(["probe", "svc-none"]).assert().code(1);
    probed.stderr(contains("there is no service \"svc-none\""));
}
