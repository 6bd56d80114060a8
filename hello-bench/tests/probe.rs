//! Bad and slow peers, against the floor and against a server that answers wrongly.
#![cfg(target_os = "linux")]

mod common;

use std::fs;

use common::{bench, catalogue};
use hello_bench::probe::{Level, Observation, Probes};
use predicates::prelude::*;
use predicates::str::contains;

#[test]
fn each_case_is_told_of_each_service_and_what_breaks_a_must_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let services = catalogue(folder.path(), &[("spoiled", "wrong", 1), ("dying", "die", 60)]);
    let (out, page) = (folder.path().join("out"), folder.path().join("page.md"));
    fs::write(&page, "a\n<!-- probe -->\n<!-- /probe -->\nb\n").unwrap();
    let mut command = bench();
    command.args(["probe", "good", "spoiled", "dying", "--must", "--services"]).arg(services);
    let ended = command.arg("--out").arg(&out).arg("--splice").arg(&page).assert().code(1);
    ended
        .stdout(
            contains("a target in absolute form")
                .and(contains("asked for  must: an answer (RFC 9112, 3.2.2)")),
        )
        .stderr(contains("a must is not kept by").and(contains("spoiled")));
    let text = fs::read_to_string(out.join("probe.json")).unwrap();
    let probes: Probes = serde_json::from_str(&text).unwrap();
    let [good, spoiled, dying] = probes.services.as_slice() else { panic!("{text}") };
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
    assert!(body.is_kept && body.reaction == "200, closed", "{body:?}");
    let survived = "after each of these";
    assert_eq!(seen(&good.observations, survived).reaction, "served");
    let died = seen(&dying.observations, survived);
    assert!(!died.is_kept && died.reaction.contains("process exit (signal: 6"), "{died:?}");
    assert!(died.reaction.contains(" after a header name of "), "{died:?}");
    for observation in good.observations.iter().chain(&spoiled.observations) {
        assert!(!observation.reaction.is_empty() && !observation.rule.is_empty());
        assert!(observation.is_kept || observation.level != Level::Open);
    }
    let page = fs::read_to_string(page).unwrap();
    assert!(
        page.starts_with("a\n<!-- probe -->") && page.contains("| no Host | must: 400 (RFC 9112, 3.2) |")
    );
}

#[test]
fn nothing_to_probe_is_one_clear_line() {
    let probed = bench().args(["probe", "svc-none"]).assert().code(1);
    probed.stderr(contains("there is no service \"svc-none\""));
}
