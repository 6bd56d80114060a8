//! Servers of the user's own: checked by what they are expected to answer, started here or loaded by their URL.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use crate::common::{bench, built, results, run, samples, scenarios};
use assert_cmd::assert::Assert;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

const GREETING: &str = r#"request = { path = "/?name=Ford", headers = { accept = "*/*" } }
expect = { body = '{"message":"Hello Ford!"}' }
"#;

fn compare(folder: &Path, catalogue: &str, arguments: &[&str]) -> Assert {
    fs::write(folder.join("services.toml"), catalogue).unwrap();
    let mut command = bench();
    command
        .current_dir(folder)
        .args(["compare", "--scenario", "saturate", "--rounds", "2", "--out", "out"]);
    command.arg("--scenarios").arg(scenarios(folder)).args(arguments).assert()
}

fn row(results: &Value, name: &str) -> Value {
    let rows = results["summaries"][0]["rows"].as_array().unwrap();
    rows.iter().find(|row| row["service"] == name).unwrap().clone()
}

#[test]
fn servers_are_compared_by_what_they_are_expected_to_answer_under_load_too() {
    let folder = tempfile::tempdir().unwrap();
    let floor = built("hello-floor").display().to_string();
    let faulty = built("examples/faulty").display().to_string();
    let json = r#"request = { path = "/?name=Ford" }
expect = { json = { message = "Hello Ford!" } }
"#;
    let catalogue = format!(
        "[[service]]\nname = \"exact\"\nrun = {floor:?}\n{GREETING}\
         [[service]]\nname = \"value\"\nrun = \"cd . && exec {floor}\"\n{json}\
         [[service]]\nname = \"spoiled\"\nrun = [{faulty:?}, \"wrong\", \"50\", {floor:?}]\n{GREETING}\
         [[service]]\nname = \"other\"\nrun = {floor:?}\nexpect = {{ status = 404 }}\n"
    );
    let ended = compare(folder.path(), &catalogue, &[]).code(1);
    ended.stderr(
        contains("spoiled, other; see the notes above").or(contains("other, spoiled; see the notes above")),
    );
    let results = results(folder.path());
    for name in ["exact", "value"] {
        let row = row(&results, name);
        assert!(row["failure"].is_null(), "{row}");
        assert!(row["metrics"]["cpu_us_per_request"]["value"].as_f64() > Some(0.0), "{row}");
    }
    let failure = |name: &str| row(&results, name)["failure"].as_str().unwrap().to_owned();
    assert!(failure("spoiled").contains("answers were wrong, the first: body"), "{}", failure("spoiled"));
    assert!(failure("other").contains("expected status 404 received status 200"), "{}", failure("other"));
}

#[test]
fn a_server_by_its_url_has_latency_and_throughput_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = run("hello-floor");
    let with = format!("theirs={}/?name=Ford", elsewhere.url);
    let mine = format!("mine={}", built("hello-floor").display());
    let catalogue = "service = []\n";
    let ended = compare(folder.path(), catalogue, &["--with", &mine, "--with", &with]).success();
    ended.stdout(contains("theirs was loaded by its URL: its CPU time, memory and start-up are unknown"));
    let results = results(folder.path());
    let theirs = row(&results, "theirs");
    let metric = |row: &Value, name: &str| row["metrics"][name]["value"].as_f64();
    assert!(metric(&theirs, "throughput_per_s") > Some(0.0) && metric(&theirs, "latency_p99_us") > Some(0.0));
    for name in ["cpu_us_per_request", "idle_rss_bytes", "peak_rss_bytes", "start_up_us"] {
        assert_eq!(metric(&theirs, name), None, "{name}");
        assert!(metric(&row(&results, "mine"), name) > Some(0.0), "{name}");
    }
    assert!(samples(folder.path()).iter().any(|sample| sample["service"] == "mine (control)"));
}

#[test]
fn services_of_a_file_and_servers_beside_it_are_compared_together() {
    let folder = tempfile::tempdir().unwrap();
    let floor = built("hello-floor").display().to_string();
    let with = format!("theirs={floor}");
    let catalogue = format!("[[service]]\nname = \"mine\"\nrun = {floor:?}\n{GREETING}");
    let both = ["--services", "services.toml", "--with", &with];
    compare(folder.path(), &catalogue, &both).success();
    let results = results(folder.path());
    for name in ["mine", "theirs"] {
        assert!(row(&results, name)["failure"].is_null(), "{name}");
    }
}

#[test]
fn a_fixed_port_leaves_no_room_for_a_control_and_must_be_free() {
    let folder = tempfile::tempdir().unwrap();
    let floor = built("hello-floor").display().to_string();
    // Below the ports that connections get: it stays free once this listener is gone.
    let taken = (12_000..13_000).find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok()).unwrap();
    let port = taken.local_addr().unwrap().port();
    let catalogue = format!("[[service]]\nname = \"fixed\"\nrun = {floor:?}\nport = {port}\n{GREETING}");
    let busy = compare(folder.path(), &catalogue, &[]).code(1);
    busy.stderr(contains(format!("cannot start fixed: port {port} is in use")));
    drop(taken);
    fs::remove_dir_all(folder.path().join("out")).unwrap();
    let ended = compare(folder.path(), &catalogue, &[]).success();
    ended.stderr(contains("no control: a second fixed cannot run"));
    assert!(row(&results(folder.path()), "fixed")["failure"].is_null());
}

#[test]
fn what_makes_no_server_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&[&str], i32, &str); 5] = [
        (&["--with", "mine"], 2, "not of the form NAME=COMMAND or NAME=http://HOST:PORT/"),
        (&["--with", "mine=https://127.0.0.1/"], 1, "not a URL of the form http://HOST:PORT/PATH"),
        (&["--with", "mine=sh -c 'exit 3'"], 1, "mine ended (exit status: 3)"),
        (&["--with", "mine=true", "--with", "mine=true"], 1, "\"mine\" is named twice"),
        (&["--with", "mine=http://127.0.0.1:1/"], 1, "mine is not ranked"),
    ];
    for (arguments, code, names) in cases {
        let failed = compare(folder.path(), "service = []\n", arguments).code(code);
        let output = failed.get_output();
        let printed =
            String::from_utf8_lossy(&[output.stderr.clone(), output.stdout.clone()].concat()).into_owned();
        assert!(printed.contains(names), "{arguments:?}: {printed}");
        let _ = fs::remove_dir_all(folder.path().join("out"));
    }
}
