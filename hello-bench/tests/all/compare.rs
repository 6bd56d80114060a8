//! The comparison on real processes: what it measures and writes. `failures.rs` has what goes wrong.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{SWEEPS, bench, catalogue, compare, listed, ours, results, root, samples, scenarios};
use predicates::prelude::*;
use predicates::str::contains;

#[test]
fn all_services_and_the_floor_are_measured_with_every_metric() {
    let folder = tempfile::tempdir().unwrap();
    let scenarios = scenarios(folder.path());
    let out = folder.path().join("out");
    let mut command = bench();
    command
        .arg("compare")
        .args(listed(&[]))
        .args(["--rounds", "1", "--services"])
        .arg(ours(folder.path()));
    command.arg("--scenarios").arg(scenarios).arg("--out").arg(&out);
    let printed = command.assert().success().get_output().stdout.clone();
    let printed = String::from_utf8(printed).unwrap();
    assert!(
        printed
            .lines()
            .filter(|line| !line.contains('!') && !line.contains(':'))
            .all(|line| line.chars().count() <= 80)
    );
    let results = results(folder.path());
    let names = [listed(&[]), vec!["hello-floor".to_owned()]].concat();
    assert!(names.len() >= 6);
    for summary in results["summaries"].as_array().unwrap() {
        let rows = summary["rows"].as_array().unwrap();
        assert_eq!(rows.len(), names.len());
        for row in rows {
            assert!(names.iter().any(|name| row["service"] == name.as_str()));
            for metric in METRICS {
                let value = row["metrics"][metric]["value"].as_f64();
                assert!(value.is_some_and(|value| value > 0.0), "{metric}: {row}");
            }
        }
        assert_eq!(rows.last().unwrap()["service"], "hello-floor");
    }
    for metadata in results["services"].as_array().unwrap() {
        for field in ["binary_bytes", "lines_of_code"] {
            assert!(metadata[field].as_u64().is_some_and(|count| count > 0), "{field}: {metadata}");
        }
    }
    let page = fs::read_to_string(out.join("report.md")).unwrap();
    assert!(page.contains("| rank | service |") && page.contains("## Cost"));
    let before = fs::read_to_string(out.join("results.json")).unwrap();
    bench().arg("report").arg(&out).assert().success();
    let after = fs::read_to_string(out.join("results.json")).unwrap();
    assert!(after == before, "a report from the samples differs");
}

const METRICS: [&str; 11] = [
    "cpu_us_per_request",
    "throughput_per_s",
    "latency_p50_us",
    "latency_p90_us",
    "latency_p95_us",
    "latency_p99_us",
    "latency_p999_us",
    "latency_max_us",
    "idle_rss_bytes",
    "peak_rss_bytes",
    "start_up_us",
];

#[test]
fn after_a_load_with_a_rest_memory_is_read_again_and_the_stop_is_timed() {
    let folder = tempfile::tempdir().unwrap();
    compare(folder.path(), &[], &["good", "--scenario", "rate", "--scenario", "rested", "--rounds", "1"])
        .success();
    let of = |scenario: &str| {
        let all = samples(folder.path());
        all.into_iter().find(|sample| sample["scenario"] == scenario).unwrap()
    };
    let rested = of("rested");
    assert!(rested["rested"]["rss_bytes"].as_u64().unwrap() > 100_000, "{rested}");
    // The floor ends at once, and in any case on SIGTERM and not by SIGKILL.
    assert!(rested["stop_us"].as_f64().is_some_and(|stop| stop > 0.0 && stop < 6e6), "{rested}");
    assert!(of("rate").get("rested").is_none() && of("rate").get("stop_us").is_none());
}

#[test]
fn precision_goes_on_until_there_are_narrow_intervals() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["good", "other", "--scenario", "rate", "--rounds", "1", "--precision", "100%"];
    compare(folder.path(), &[("other", "wrong", u32::MAX)], &arguments).success();
    // Six rounds are the fewest with an interval; each has two services and the control.
    assert!(samples(folder.path()).len() >= 18);
    bench()
        .args(["compare", "--precision", "none"])
        .assert()
        .code(2)
        .stderr(contains("not a percentage"));
}

#[test]
fn a_round_visits_every_service_in_slices_with_a_control() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["good", "other", "--scenario", "saturate", "--scenario", "counted", "--rounds", "6"];
    let ended = compare(folder.path(), &[("other", "wrong", u32::MAX)], &arguments).success();
    ended.stdout(contains("saturate: as fast as it goes").and(contains("vs good")));
    let samples = samples(folder.path());
    for sample in &samples {
        let slices = sample["slices"].as_array().map(Vec::len);
        assert_eq!(slices, (sample["scenario"] == "saturate").then_some(SWEEPS), "{sample}");
        assert!(sample["failure"].is_null(), "{sample}");
    }
    for name in ["good", "other", "good (control)"] {
        let own = samples
            .iter()
            .filter(|sample| sample["scenario"] == "saturate" && sample["service"] == name);
        assert_eq!(own.count(), 6, "{name}");
    }
    // What comes of them is asserted of a made-up run: a busy machine may leave nothing to compare.
    let results = results(folder.path());
    assert_eq!(results["schema"], 2);
    let summary = &results["summaries"][0];
    assert_eq!((summary["scenario"].as_str(), summary["rounds"].as_u64()), (Some("saturate"), Some(6)));
    let services: Vec<_> =
        summary["rows"].as_array().unwrap().iter().map(|row| row["service"].as_str()).collect();
    assert!(services.len() == 2 && !services.contains(&Some("good (control)")), "{services:?}");
    let host = &results["host"];
    let cores = |name: &str| host[name].as_array().unwrap().clone();
    assert!(!cores("service_cores").is_empty() && !cores("generator_cores").is_empty());
    assert!(host["cores"].as_u64() < Some(2) || cores("service_cores") != cores("generator_cores"));
}

#[test]
fn ctrl_c_keeps_finished_rounds_and_leaves_no_process() {
    let folder = tempfile::tempdir().unwrap();
    let (services, scenarios) = (catalogue(folder.path(), &[]), scenarios(folder.path()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_hello-bench"));
    command
        .current_dir(root())
        .args(["compare", "good", "--rounds", "500", "--scenario", "saturate"]);
    command.arg("--services").arg(services).arg("--scenarios").arg(scenarios);
    command.arg("--out").arg(folder.path().join("out"));
    let mut running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let samples_file = folder.path().join("out/samples.jsonl");
    let limit = Instant::now() + Duration::from_secs(120);
    while fs::read_to_string(&samples_file).unwrap_or_default().lines().count() < 4 {
        assert!(Instant::now() < limit, "no sample");
        std::thread::sleep(Duration::from_millis(20));
    }
    let child = child_of(running.id(), limit);
    let pid = nix::unistd::Pid::from_raw(running.id().cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(1));
    let output = running.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("interrupted; what was measured is in"));
    // Whole rounds of the service and its control, and no part of one.
    let samples = samples(folder.path());
    assert!(samples.len() >= 4 && samples.len().is_multiple_of(2), "{}", samples.len());
    assert!(folder.path().join("out/report.md").is_file());
    assert!(!Path::new(&format!("/proc/{child}")).exists(), "{child} is left");
}

/// The service that the comparison runs, once it runs one.
fn child_of(parent: u32, limit: Instant) -> u32 {
    loop {
        let tasks = fs::read_dir(format!("/proc/{parent}/task")).unwrap().flatten();
        let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
        if let Some(child) = children
            .flat_map(|line| line.split_whitespace().next().and_then(|pid| pid.parse().ok()))
            .next()
        {
            return child;
        }
        assert!(Instant::now() < limit, "no service");
        std::thread::sleep(Duration::from_millis(5));
    }
}
