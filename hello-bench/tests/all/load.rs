//! One load against a running server, and two runs compared.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::common::{Service, bench, run, scenarios};
use predicates::str::contains;
use serde_json::Value;

/// How long the server is stopped.
const STOP: Duration = Duration::from_millis(600);
/// When, from the first moment of the load: after the warm-up, and long before the end.
const STOP_AFTER: Duration = Duration::from_secs(1);

/// Drives a load during which the server is stopped once; with for how long it was, in µs.
fn stopped(server: &Service, folder: &Path, scenario: &str) -> (Value, f64) {
    let stop = server.stop_under_load(8, STOP_AFTER, STOP);
    let text = r#"{
        "open": {"about": "", "model": "open", "connections": 8, "rate_per_s": 500, "warm_up_s": 0.2, "duration_s": 3},
        "closed": {"about": "", "model": "closed", "connections": 8, "think_time_s": 0, "warm_up_s": 0.2, "duration_s": 3}
    }"#;
    let file = folder.join("stop.json");
    fs::write(&file, text).unwrap();
    let mut command = bench();
    command
        .args(["load", "--format", "json", "--url", &server.url, "--scenario", scenario, "--scenarios"])
        .arg(file);
    let output = command.assert().success().get_output().stdout.clone();
    (serde_json::from_slice(&output).unwrap(), stop.join().unwrap().as_secs_f64() * 1e6)
}

#[test]
fn an_open_model_shows_a_stop_that_a_closed_one_hides() {
    let (folder, server) = (tempfile::tempdir().unwrap(), run("hello-floor"));
    let us = |page: &Value, percentile: &str| page["latency_us"][percentile].as_f64().unwrap();
    let (open, stop) = stopped(&server, folder.path(), "open");
    // 500 a second for 3 s are 1500 requests; 300 of them fall into a stop of 600 ms and wait for what is left of it,
    // 0 to 600 ms evenly. So a fifth is slow, and the 95th percentile is near three quarters of the stop; whatever else
    // makes the server late makes it more.
    assert_eq!(open["requests"].as_u64().unwrap() + open["unsent"].as_u64().unwrap(), 1500);
    assert!(us(&open, "p95") > 0.3 * stop, "{stop} {}", open["latency_us"]);
    assert!(us(&open, "max") > 0.9 * stop, "{stop} {}", open["latency_us"]);
    assert!(us(&open, "p50") < 0.5 * stop, "{stop} {}", open["latency_us"]);
    // A closed model has one request in flight on each of eight connections, and so eight slow ones among thousands.
    let (closed, stop) = stopped(&server, folder.path(), "closed");
    assert!(closed["requests"].as_u64().unwrap() > 1000, "{closed}");
    assert!(us(&closed, "max") > 0.9 * stop, "{stop} {}", closed["latency_us"]);
    assert!(us(&closed, "p99") < 0.5 * stop, "{stop} {}", closed["latency_us"]);
}

#[test]
fn an_exact_number_of_requests_is_sent() {
    let (folder, server) = (tempfile::tempdir().unwrap(), run("hello-floor"));
    let file = folder.path().join("exact.json");
    let text = r#"{"x": {"about": "", "model": "closed", "connections": 10, "think_time_s": 0.01, "requests": 137}}"#;
    fs::write(&file, text).unwrap();
    for threads in ["1", "3"] {
        let mut command = bench();
        command.args([
            "load",
            "--url",
            &server.url,
            "--scenario",
            "x",
            "--format",
            "json",
            "--threads",
            threads,
        ]);
        let output = command.arg("--scenarios").arg(&file).assert().success().get_output().stdout.clone();
        let page: Value = serde_json::from_slice(&output).unwrap();
        assert_eq!(page["requests"], 137);
    }
}

#[test]
fn a_dead_server_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = scenarios(folder.path());
    let dead = ["load", "--url", "http://127.0.0.1:9", "--scenario", "rate", "--scenarios"];
    let failed = bench().args(dead).arg(file).assert().code(1).stderr(contains("error: "));
    let errors = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
    assert!(errors.lines().last().unwrap().contains("Connection refused"), "{errors}");
}

#[test]
fn a_server_that_accepts_and_stays_silent_ends_the_load() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || listener.incoming().flatten().collect::<Vec<_>>());
    let folder = tempfile::tempdir().unwrap();
    let mut command = bench();
    command.args(["load", "--url", &url, "--scenario", "counted", "--scenarios"]);
    let ended = command.arg(scenarios(folder.path())).timeout(Duration::from_secs(40)).assert().code(1);
    ended.stderr(contains(" requests had no answer within 10 s"));
}

/// A server that closes each connection after its answer without saying so. It ends with the test's process.
fn closing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 256];
            let Ok(bytes) = stream.read(&mut request) else { continue };
            let head = String::from_utf8_lossy(&request[..bytes]);
            let name = head.split_once("name=").map_or("", |(_, rest)| &rest[..5]);
            let body = format!("{{\"message\": \"Hello {name}!\"}}");
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
            );
        }
    });
    url
}

#[test]
fn a_request_that_meets_the_end_of_a_served_connection_is_sent_again_where_the_core_is_asked() {
    let (folder, url) = (tempfile::tempdir().unwrap(), closing());
    let file = folder.path().join("scenarios.json");
    let text =
        r#"{"all": {"about": "", "model": "closed", "connections": 4, "think_time_s": 0, "requests": 400}}"#;
    fs::write(&file, text).unwrap();
    let mut command = bench();
    command.args(["load", "--core", "--format", "json", "--url", &url, "--scenario", "all", "--scenarios"]);
    let output = command.arg(file).assert().success().get_output().stdout.clone();
    let page: Value = serde_json::from_slice(&output).unwrap();
    assert_eq!(page["requests"], 400);
    assert!(page["reconnects"].as_u64().unwrap() >= 300, "{page}");
}
