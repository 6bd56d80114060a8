//! `compare --engine k6`, with a stand-in for k6 that writes the summaries and exit statuses that k6 may.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::common::{bench, catalogue, results, scenarios};
use assert_cmd::assert::Assert;
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

/// The summary of 8 requests, of which `$WRONG` got a wrong answer and `$LOST` none, of the load that `$SCENARIO` and
/// `$BASE_URL` name.
const SUMMARY: &str = r#"{
  "scenario": "$SCENARIO", "base_url": "$BASE_URL",
  "metrics": {
    "wrong_answers": {"values": {"count": $WRONG, "rate": 1}},
    "lost_requests": {"values": {"count": $LOST, "rate": 1}},
    "http_reqs": {"values": {"count": 9, "rate": 17}},
    "http_reqs{name:hello}": {"values": {"count": 8, "rate": 16}, "thresholds": {"count==9": {"ok": false}}},
    "http_req_duration{name:hello}": {"values": {"avg": 1, "p(50)": 1, "p(90)": 2, "p(95)": 3, "p(99)": 4, "p(99.9)": 5, "max": 6}}
  },
  "root_group": {"checks": [
    {"name": "body is the greeting", "passes": 7, "fails": $WRONG},
    {"name": "first wrong answer: status 200, body \"Hallo\"", "passes": 0, "fails": 1},
    {"name": "first request without an answer: connection refused", "passes": 0, "fails": 1}
  ]}
}"#;

/// Compares one service by a k6 that runs these lines of shell, after what it is asked for its version.
fn compare(folder: &Path, scenario: &str, lines: &str) -> Assert {
    let k6 = folder.join("k6-stand-in");
    let version = "[ $1 = version ] && echo 'k6 v2.0.0 (stand-in)' && exit 0";
    fs::write(&k6, format!("#!/bin/sh\n{version}\n{lines}\n")).unwrap();
    fs::set_permissions(&k6, fs::Permissions::from_mode(0o755)).unwrap();
    compare_by(folder, scenario, &k6)
}

fn compare_by(folder: &Path, scenario: &str, k6: &Path) -> Assert {
    fs::create_dir_all(folder.join("k6")).unwrap();
    fs::write(folder.join("k6/script.js"), "").unwrap();
    let services = catalogue(folder, &[]);
    bench()
        .env("K6", k6)
        .args(["compare", "good", "--engine", "k6", "--rounds", "1", "--scenario", scenario])
        .arg("--services")
        .arg(services)
        .arg("--scenarios")
        .arg(scenarios(folder))
        .arg("--out")
        .arg(folder.join("out"))
        .assert()
}

fn writing((wrong, lost): (u32, u32), code: u8) -> String {
    format!("WRONG={wrong}\nLOST={lost}\ncat >\"$SUMMARY\" <<END\n{SUMMARY}\nEND\nexit {code}")
}

#[test]
fn a_summary_becomes_a_sample_with_the_service_s_own_cpu_and_memory() {
    let folder = tempfile::tempdir().unwrap();
    compare(folder.path(), "rate", &writing((0, 0), 0))
        .success()
        .stdout(contains("offered by k6 v2.0.0"));
    let results = results(folder.path());
    assert_eq!(results["k6"], "v2.0.0");
    let metrics = &results["summaries"][0]["rows"][0]["metrics"];
    assert_eq!(metrics["latency_p99_us"]["value"], 4000.0);
    assert!(metrics["peak_rss_bytes"]["value"].as_f64().unwrap() > 1e5);
    assert_eq!(results["summaries"][0]["rows"][0]["rank"]["best"], 1);
    assert!(results["summaries"][0]["control"].is_null());
    // All that k6 sends is measured.
    assert_eq!(results["scenarios"][0]["warm_up_s"], 0.0);
    assert_eq!(results["scenarios"][0]["duration_s"], 0.5);
}

#[test]
fn throughput_at_saturation_is_not_ranked_from_k6() {
    let folder = tempfile::tempdir().unwrap();
    let ended = compare(folder.path(), "saturate", &writing((0, 0), 0)).success();
    ended.stdout(
        contains("the throughput is k6's own").and(contains("no service can be ranked by throughput")),
    );
    let results = results(folder.path());
    let row = &results["summaries"][0]["rows"][0];
    assert!(row["rank"].is_null());
    assert_eq!(row["metrics"]["throughput_per_s"]["value"], 16.0);
}

#[test]
fn wrong_answers_and_lost_requests_take_the_rank() {
    let folder = tempfile::tempdir().unwrap();
    let ended = compare(folder.path(), "rate", &writing((1, 0), 99));
    ended.stdout(contains("1 answer was wrong: status 200, body \"Hallo\""));
    let folder = tempfile::tempdir().unwrap();
    let ended = compare(folder.path(), "rate", &writing((0, 0), 99)).code(1);
    ended.stdout(contains("http_reqs is 8, not count==9"));
}

#[test]
fn an_answer_that_never_came_ends_the_trial_with_the_cause_and_is_no_wrong_answer() {
    let folder = tempfile::tempdir().unwrap();
    let ended = compare(folder.path(), "rate", &writing((2, 3), 99)).code(1);
    ended.stdout(
        contains("3 requests had no answer, the first: connection refused; 2 answers were wrong")
            .and(contains("8 answers were wrong").not()),
    );
    let sample = fs::read_to_string(folder.path().join("out/samples.jsonl")).unwrap();
    let sample: serde_json::Value = serde_json::from_str(sample.lines().next().unwrap()).unwrap();
    assert!(sample["failure"].is_string() && sample["load"].is_null(), "{sample}");
}

#[test]
fn a_service_that_is_killed_under_k6_is_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    let others = "for pid in $(cat /proc/$PPID/task/*/children); do [ $pid = $$ ] || kill -9 $pid; done";
    let ended = compare(folder.path(), "rate", &format!("{others}\n{}", writing((0, 3), 99))).code(1);
    ended
        .stdout(contains("good ended (signal: 9 (SIGKILL)) under load"))
        .stderr(contains("good is dropped from the remaining rounds: good ended"));
}

#[test]
fn a_missing_or_foreign_summary_and_each_failure_of_k6_is_told() {
    for (lines, cause) in [
        ("exit 0", "k6 wrote no summary: it gave no cause"),
        ("echo {} >\"$SUMMARY\"", "does not have the format that the script writes"),
        (
            "echo 'time=\"\" level=error msg=\"it hurts\"' >&2; exit 107",
            "the script threw an error): it hurts",
        ),
        ("kill -9 $$", "ended by a signal"),
        (
            &format!("SCENARIO=other\n{}", writing((0, 0), 0)),
            "k6's summary is of another load: other instead of rate",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        compare(folder.path(), "rate", lines).code(1).stdout(contains(cause));
    }
}

#[test]
fn a_summary_that_cannot_be_written_is_told_before_the_load() {
    let folder = tempfile::tempdir().unwrap();
    let (k6, started) = (folder.path().join("k6-stand-in"), folder.path().join("started"));
    fs::write(&k6, format!("#!/bin/sh\necho \"$@\" >{}\n", started.display())).unwrap();
    fs::set_permissions(&k6, fs::Permissions::from_mode(0o755)).unwrap();
    let run = |summary: &Path| {
        let mut run = assert_cmd::Command::new(crate::common::root().join("k6/run"));
        run.arg("--quiet").env("K6", &k6).env("SUMMARY", summary).assert()
    };
    let unwritable = run(&folder.path().join("missing/summary.json")).code(1);
    unwritable.stderr(contains("cannot write SUMMARY=").and(contains("missing/summary.json")));
    assert!(!started.exists());
    run(&folder.path().join("summary.json")).success();
    assert!(fs::read_to_string(&started).unwrap().starts_with("run --quiet "));
}

#[test]
fn without_k6_one_line_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let ended = compare_by(folder.path(), "rate", Path::new("/no/such/k6")).code(1);
    ended.stderr(contains("error: there is no k6: install it").and(contains("the embedded engine")));
    let folder = tempfile::tempdir().unwrap();
    let other = compare_by(folder.path(), "rate", Path::new("/bin/true")).code(1);
    other.stderr(contains("/bin/true is no k6"));
}
