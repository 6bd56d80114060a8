//! Loads that look for limits, with windows of a fraction of a second: what they find, and what goes wrong under them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, available_parallelism};
use std::time::{Duration, Instant};

use crate::common::{bench, built, catalogue, root, run, samples};
use assert_cmd::assert::Assert;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

/// Every kind of load, with limits that hold on a machine that does other work as well.
fn scenarios(folder: &Path) -> PathBuf {
    let path = folder.join("scenarios.json");
    let text = r#"{
        "rate": {"about": "", "model": "open", "connections": 8, "rate_per_s": 500, "duration_s": 0.2},
        "churn": {"about": "", "model": "closed", "connections": 8, "connection_per_request": true, "think_time_s": 0,
            "duration_s": 0.3, "slices": {"settle_s": 0.002, "duration_s": 0.02, "sweeps": 5}},
        "sustain": {"about": "", "model": "open", "connections": 8,
            "stress": {"kind": "sustain", "search": {"p99_ms": 300, "window_s": 0.05, "window_requests": 100}}},
        "curve": {"about": "", "model": "open", "connections": 8, "rounds": 1,
            "stress": {"kind": "curve", "search": {"p99_ms": 300, "window_s": 0.05, "window_requests": 100},
                "percent": [50, 10]}},
        "overload": {"about": "", "model": "open", "connections": 8, "rate_per_s": 1000, "rounds": 1,
            "stress": {"kind": "overload", "search": {"p99_ms": 50, "window_s": 0.05, "window_requests": 100},
                "factors": [2], "phase_s": 0.5, "recovery_factor": 0.5, "recovery_s": 2.5, "in_time_ms": 2000,
                "max_connections": 50}},
        "connections": {"about": "", "model": "closed", "connections": 1, "rounds": 1,
            "stress": {"kind": "connections", "counts": [20, 100], "idle_s": 0.1, "left_s": 0.2}}
    }"#;
    fs::write(&path, text).unwrap();
    path
}

const ALL: [&str; 10] = [
    "--scenario",
    "churn",
    "--scenario",
    "sustain",
    "--scenario",
    "curve",
    "--scenario",
    "overload",
    "--scenario",
    "connections",
];

fn compare(folder: &Path, faults: &[(&str, &str, u32)], arguments: &[&str]) -> Assert {
    let mut command = bench();
    command.arg("compare").args(arguments);
    command
        .arg("--services")
        .arg(catalogue(folder, faults))
        .arg("--scenarios")
        .arg(scenarios(folder));
    command.arg("--out").arg(folder.join("out")).assert()
}

fn load(url: &str, folder: &Path, arguments: &[&str]) -> Assert {
    let mut command = bench();
    command
        .args(["load", "--url", url, "--scenarios"])
        .arg(scenarios(folder))
        .args(arguments)
        .assert()
}

fn json(assert: Assert) -> Value {
    serde_json::from_slice(&assert.success().get_output().stdout).unwrap()
}

#[test]
fn one_run_has_them_all_and_a_dead_service_ends_its_row_alone() {
    let folder = tempfile::tempdir().unwrap();
    // It survives the contract, and dies in one of the loads that follow: each load starts it anew, and the overload
    // alone offers it more than twice as many requests.
    let arguments = [&["good", "mortal", "--rounds", "2"][..], &ALL].concat();
    let ended = compare(folder.path(), &[("mortal", "die", 1000)], &arguments).code(1);
    ended.stderr(contains("mortal ended (signal: 6 (SIGABRT)").and(contains("under load")));
    let of = |scenario: &str, service: &str| -> Vec<Value> {
        let all = samples(folder.path()).into_iter();
        all.filter(|sample| sample["scenario"] == scenario && sample["service"] == service)
            .collect()
    };
    for (scenario, rounds) in
        [("churn", 2), ("sustain", 2), ("curve", 1), ("overload", 1), ("connections", 1)]
    {
        let good = of(scenario, "good");
        assert_eq!(good.len(), rounds, "{scenario}");
        assert!(good.iter().all(|sample| sample["failure"].is_null()), "{scenario}: {good:?}");
    }
    assert!(samples(folder.path()).iter().filter(|sample| !sample["failure"].is_null()).count() == 1);
    let sustained = of("sustain", "good")[0]["findings"]["rate_per_s"].as_f64().unwrap();
    let curve = of("curve", "good")[0]["findings"].clone();
    assert_eq!(curve["base_per_s"].as_f64(), Some(sustained));
    let points = curve["points"].as_array().unwrap();
    assert_eq!((points[0]["percent"].as_f64(), points[1]["percent"].as_f64()), (Some(10.0), Some(50.0)));
    let idle = of("connections", "good")[0]["findings"]["counts"].clone();
    assert_eq!((idle[0]["connections"].as_u64(), idle[1]["connections"].as_u64()), (Some(20), Some(100)));
    assert_eq!(of("overload", "good")[0]["findings"]["phases"].as_array().unwrap().len(), 2);
    let read = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    let before = read("results.json");
    bench().arg("report").arg(folder.path().join("out")).assert().success();
    assert!(read("results.json") == before, "a report from the samples differs");
    assert!(read("report.html").contains("Who copes?"));
    let results: Value = serde_json::from_str(&before).unwrap();
    let row = &results["summaries"][1]["rows"][0];
    assert!(
        row["service"] == "good" && row["metrics"]["sustained_per_s"]["value"].as_f64() > Some(0.0),
        "{row}"
    );
    assert_eq!(row["stress"]["rate_per_s"]["bounds"], "range");
}

#[test]
fn a_limit_that_no_rate_keeps_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let loads = ["--scenario", "sustain", "--scenario", "curve", "--scenario", "churn"];
    let arguments = [&["good", "--rounds", "1", "--p99", "10us"][..], &loads].concat();
    let ended = compare(folder.path(), &[], &arguments).success();
    ended.stdout(contains("p99 is over the limit at every rate"));
    assert!(samples(folder.path()).iter().all(|sample| sample["failure"].is_null()));
}

#[test]
fn each_request_of_a_churn_has_a_connection_of_its_own() {
    let (folder, server) = (tempfile::tempdir().unwrap(), run("hello-floor"));
    let page = json(load(&server.url, folder.path(), &["--scenario", "churn", "--format", "json"]));
    let (requests, opened) = (page["requests"].as_u64().unwrap(), page["reconnects"].as_u64().unwrap());
    // The first eight connections are opened before the first request.
    assert!(requests > 50 && opened + 8 >= requests, "{page}");
    assert!(
        page["warnings"].as_array().unwrap().iter().all(|warning| warning["kind"] != "reconnects"),
        "{page}"
    );
}

/// The floor with this much work added to each request, and where it listens.
fn slowed(ns: u64) -> (Child, String) {
    let mut floor = Command::new(built("hello-floor"));
    floor.env("PORT", "0").env("HELLO_FLOOR_HANDICAP_NS", ns.to_string());
    let mut child = floor.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line.trim_end().rsplit(' ').next().unwrap().to_owned())
}

#[test]
fn no_more_is_sustained_than_the_work_of_a_request_allows() {
    let folder = tempfile::tempdir().unwrap();
    let work_s = 0.002;
    let (mut child, url) = slowed(2_000_000);
    let page = json(load(&url, folder.path(), &["--scenario", "sustain", "--format", "json"]));
    child.kill().unwrap();
    child.wait().unwrap();
    let most = available_parallelism().unwrap().get() as f64 / work_s;
    let rate = page["rate_per_s"].as_f64().unwrap();
    assert!(rate > most / 50.0 && rate < most * 1.5, "{rate} of {most}");
    assert!(page["windows"].as_array().unwrap().len() > 3, "{page}");
}

#[test]
fn a_stop_shows_in_the_recovery_of_an_overload() {
    let (folder, server) = (tempfile::tempdir().unwrap(), run("hello-floor"));
    let recovery = |page: &Value| -> Vec<(u64, u64)> {
        let windows = page["windows"].as_array().unwrap().iter().filter(|window| window["phase"] == 1);
        let count = |window: &Value, name: &str| window[name].as_u64().unwrap();
        windows.map(|window| (count(window, "offered"), count(window, "normal"))).collect()
    };
    // The overload takes half a second, and the recovery two and a half: the stop falls into its middle. Such a load
    // opens its connections as it needs them, the first at once.
    let stop = server.stop_under_load(1, Duration::from_millis(1200), Duration::from_millis(400));
    let page = json(load(&server.url, folder.path(), &["--scenario", "overload", "--format", "json"]));
    stop.join().unwrap();
    let windows = recovery(&page);
    assert_eq!(windows.iter().map(|(offered, _)| offered).sum::<u64>(), 1250, "{page}");
    let abnormal = windows.iter().filter(|(offered, normal)| normal * 2 < *offered).count();
    assert!(abnormal >= 2, "{windows:?}");
    let seconds = page["summary"]["recovery_s"].as_f64();
    assert!(seconds.is_none_or(|seconds| seconds > 0.25), "{seconds:?} {windows:?}");
    // All is accounted for: in time, late, or lost.
    for phase in page["phases"].as_array().unwrap() {
        let count = |name: &str| phase[name].as_u64().unwrap();
        let parts = ["good", "late", "shed", "dropped", "unsent", "unanswered"].map(count);
        assert_eq!(parts.iter().sum::<u64>(), count("offered"), "{phase}");
    }
}

#[test]
fn a_refusal_is_shed_under_an_overload_and_wrong_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    // So soon that a slow machine, too, comes to shed a part of the thousand requests.
    let faults = [("shedder", "shed", 200)];
    let arguments = ["shedder", "--scenario", "overload", "--rounds", "1", "--no-control"];
    compare(folder.path(), &faults, &arguments).success();
    let phase = samples(folder.path())[0]["findings"]["phases"][0].clone();
    let count = |name: &str| phase[name].as_u64().unwrap();
    assert!(count("shed") > 50 && count("good") > 50, "{phase}");
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["shedder", "--scenario", "sustain", "--rounds", "1", "--no-control"];
    let ended = compare(folder.path(), &faults, &arguments).code(1);
    ended.stderr(contains("answers were wrong, the first: status 503"));
}

#[test]
fn memory_and_cpu_of_a_process_are_read_where_it_is_named() {
    let (folder, server) = (tempfile::tempdir().unwrap(), run("hello-floor"));
    let pid = server.pid().to_string();
    let arguments = ["--scenario", "connections", "--format", "json", "--pid", &pid];
    let page = json(load(&server.url, folder.path(), &arguments));
    assert!(page["before"]["rss_bytes"].as_u64() > Some(0) && page["after"]["rss_bytes"].as_u64() > Some(0));
    assert!(page["counts"][1]["cpu_us_per_s"].as_f64().is_some(), "{page}");
    load(&server.url, folder.path(), &["--scenario", "connections"])
        .success()
        .stdout(contains("KiB/connection"));
    load(&server.url, folder.path(), &["--scenario", "connections", "--pid", "4194304"])
        .code(1)
        .stderr(contains("there is no process 4194304"));
}

#[test]
fn what_cannot_be_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let server = run("hello-floor");
    let refused = |arguments: &[&str], code: i32, names: &str| {
        load(&server.url, folder.path(), arguments).code(code).stderr(contains(names));
    };
    refused(&["--scenario", "sustain", "--p99", "5"], 2, "not a time");
    refused(&["--scenario", "rate", "--p99", "5ms"], 1, "--p99 is for the scenarios");
    refused(&["--scenario", "rate", "--pid", "1"], 1, "--pid is only for");
    compare(folder.path(), &[], &["good", "--stress", "--scenario", "rate"])
        .code(2)
        .stderr(contains("cannot be used with"));
    let arguments = ["good", "--scenario", "sustain", "--engine", "k6"];
    let folder = tempfile::tempdir().unwrap();
    compare(folder.path(), &[], &arguments)
        .code(1)
        .stderr(contains("k6 cannot offer the scenario \"sustain\""));
}

#[test]
fn ctrl_c_in_a_search_keeps_finished_rounds_and_leaves_no_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hello-bench"));
    command
        .current_dir(root())
        .args(["compare", "good", "--rounds", "500", "--scenario", "sustain"]);
    command.arg("--services").arg(catalogue(folder.path(), &[]));
    command.arg("--scenarios").arg(scenarios(folder.path()));
    command.arg("--out").arg(folder.path().join("out"));
    let mut running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let file = folder.path().join("out/samples.jsonl");
    let limit = Instant::now() + Duration::from_secs(120);
    while fs::read_to_string(&file).unwrap_or_default().lines().count() < 2 {
        assert!(Instant::now() < limit, "no sample");
        thread::sleep(Duration::from_millis(20));
    }
    thread::sleep(Duration::from_millis(300));
    let children = children(running.id());
    kill(Pid::from_raw(running.id().cast_signed()), Signal::SIGINT).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(1));
    let samples = samples(folder.path());
    assert!(samples.len().is_multiple_of(2) && samples.iter().all(|sample| sample["failure"].is_null()));
    assert!(folder.path().join("out/report.md").is_file());
    for child in children {
        assert!(!Path::new(&format!("/proc/{child}")).exists(), "{child} is left");
    }
}

fn children(parent: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{parent}/task")).unwrap().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}
