//! Bad and slow peers, against the floor and against a server that answers wrongly.
#![cfg(target_os = "linux")]

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{bench, catalogue, naive};
use hello_bench::probe::{Level, Observation, Probes};
use predicates::prelude::*;
use predicates::str::contains;

#[test]
fn each_case_is_told_of_each_service_and_what_breaks_a_must_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let services = catalogue(folder.path(), &[("spoiled", "wrong", 1), ("dying", "die", 60)]);
    let gone = "[[service]]\nname = \"gone\"\nframework = \"none\"\nrun = [\"false\"]\n";
    fs::write(&services, fs::read_to_string(&services).unwrap() + gone).unwrap();
    let (out, page) = (folder.path().join("out"), folder.path().join("page.md"));
    fs::write(&page, "a\n<!-- probe -->\n<!-- /probe -->\nb\n").unwrap();
    let mut command = bench();
    command
        .args(["probe", "good", "spoiled", "gone", "dying", "--must", "--services"])
        .arg(services);
    let ended = command.arg("--out").arg(&out).arg("--splice").arg(&page).assert().code(1);
    ended
        .stdout(
            contains("a target in absolute form")
                .and(contains("required  must: an answer (RFC 9112, 3.2.2)")),
        )
        .stderr(
            contains("could not be probed: gone; must-level rules are broken by").and(contains("spoiled")),
        );
    let text = fs::read_to_string(out.join("probe.json")).unwrap();
    let probes: Probes = serde_json::from_str(&text).unwrap();
    let [good, spoiled, gone, dying] = probes.services.as_slice() else { panic!("{text}") };
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
    for observation in good.observations.iter().chain(&spoiled.observations) {
        assert!(!observation.reaction.is_empty() && !observation.rule.is_empty());
        assert!(observation.is_kept || observation.level != Level::Open);
    }
    let page = fs::read_to_string(page).unwrap();
    assert!(
        page.starts_with("a\n<!-- probe -->") && page.contains("| no Host | must: 400 (RFC 9112, 3.2) |")
    );
}

/// Cases of every family that a server without bodies, limits, deadlines and a way to end must break.
const NAIVE_BREAKS: &[&str] = &[
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
    "1000 slow request heads, first and second",
    "200 slow bodies, by length and in chunks",
    "30 peers that flood behind a malformed request",
    "SIGTERM under load, 15 times",
    "SIGTERM under pipelined requests, 16 in a write, 3 times",
    "SIGTERM under offers of HTTP/2 (Upgrade: h2c), 3 times",
];

#[test]
fn a_naive_server_breaks_a_must_of_every_family() {
    let folder = tempfile::tempdir().unwrap();
    let services = naive(folder.path(), "");
    let out = folder.path().join("out");
    bench()
        .args(["probe", "naive", "--services"])
        .arg(services)
        .arg("--out")
        .arg(&out)
        .assert()
        .success();
    let text = fs::read_to_string(out.join("probe.json")).unwrap();
    let probes: Probes = serde_json::from_str(&text).unwrap();
    let broken: Vec<&Observation> = probes.services[0].broken(Level::Must).collect();
    let is_broken = |case: &&&str| broken.iter().any(|seen| seen.case == **case);
    let missed: Vec<_> = NAIVE_BREAKS.iter().filter(|case| !is_broken(case)).collect();
    assert!(missed.is_empty(), "{missed:?}\n{:#?}", probes.services[0].observations);
    let families =
        |seen: &[&Observation]| -> BTreeSet<String> { seen.iter().map(|seen| seen.family.clone()).collect() };
    let all: Vec<&Observation> = probes.services[0].observations.iter().collect();
    assert_eq!(families(&broken), families(&all));
}

#[test]
fn nothing_to_probe_is_one_clear_line() {
    let probed = bench().args(["probe", "svc-none"]).assert().code(1);
    probed.stderr(contains("there is no service \"svc-none\""));
}
