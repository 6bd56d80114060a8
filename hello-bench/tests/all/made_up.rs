//! The made-up run of the fixtures, as it is and changed.

use std::fs;
use std::path::{Path, PathBuf};

use hello_bench::report::Report;
use hello_bench::run;
use hello_bench::sample::Sample;
use hello_load::Scenario;
use serde_json::{Value, json};

use crate::common::fixture;

/// Its report, with what was probed.
pub(crate) fn report() -> Report {
    let (run, samples) = run::read(&fixture()).unwrap();
    Report { probes: hello_bench::probe::read(&fixture()).unwrap(), ..Report::new(run, &samples) }
}

/// The made-up run with this change to run.json, and with these services only; their names are replaced in pairs.
pub(crate) fn changed(names: &[(&str, &str)], change: impl Fn(&mut Value)) -> Report {
    let text = |file: &str| {
        let text = fs::read_to_string(fixture().join(file)).unwrap();
        names
            .iter()
            .fold(text, |text, (from, to)| text.replace(&format!("\"{from}\""), &format!("\"{to}\"")))
    };
    let is_kept = |name: &str| names.iter().any(|(_, to)| *to == name) || name == "hello-floor";
    let mut run: Value = serde_json::from_str(&text("run.json")).unwrap();
    let services = run["services"].as_array_mut().unwrap();
    services.retain(|service| is_kept(service["name"].as_str().unwrap()));
    change(&mut run);
    let samples = text("samples.jsonl");
    let samples = samples.lines().map(|line| serde_json::from_str::<Sample>(line).unwrap());
    let samples: Vec<Sample> = samples.filter(|sample| is_kept(&sample.service)).collect();
    Report::new(serde_json::from_value(run).unwrap(), &samples)
}

/// The service of this name in run.json.
pub(crate) fn service<'a>(run: &'a mut Value, name: &str) -> &'a mut Value {
    let services = run["services"].as_array_mut().unwrap();
    services.iter_mut().find(|service| service["name"] == name).unwrap()
}

/// The made-up run with an overload in the place of `saturate`, after which svc-hyper alone was normal again.
pub(crate) fn overloaded() -> Report {
    let (mut run, mut samples) = run::read(&fixture()).unwrap();
    run.scenarios.extend(Scenario::parse(include_str!("../../../k6/scenarios.json")).unwrap());
    run.plan.scenarios[1] = "overload".to_owned();
    for sample in samples.iter_mut().filter(|sample| sample.scenario == "saturate") {
        let normal = if sample.service == "svc-hyper" { 100 } else { 0 };
        (sample.scenario, sample.load) = ("overload".to_owned(), None);
        sample.slices.clear();
        sample.findings = Some(serde_json::from_value(findings(normal)).unwrap());
    }
    Report::new(run, &samples)
}

/// What an overload found, after which so many of the last hundred requests had a normal answer.
fn findings(normal: u64) -> Value {
    let counts = format!(
        r#""offered": 100, "good": 80, "normal": {normal}, "late": 20, "shed": 0, "dropped": 0, "unsent": 0, "unanswered": 0"#
    );
    let phase = |factor: f64| {
        format!(
            r#"{{"factor": {factor}, "rate_per_s": 9000, "duration_s": 3, "generator_busy": 0.5, {counts}}}"#
        )
    };
    let text = format!(
        r#"{{"kind": "overload", "base_per_s": 9000, "max_connections": 10, "phases": [{}, {}],
            "windows": [{{"phase": 1, "start_s": 3, {counts}}}]}}"#,
        phase(3.0),
        phase(0.5)
    );
    serde_json::from_str(&text).unwrap()
}

/// The made-up run as one of two versions of axum: what was svc-hyper is its later one.
pub(crate) fn versions(to: &Path) -> PathBuf {
    let copy = to.join("versions");
    fs::create_dir(&copy).unwrap();
    for file in ["run.json", "samples.jsonl"] {
        let text = fs::read_to_string(fixture().join(file)).unwrap();
        fs::write(copy.join(file), text.replace("svc-hyper", "svc-axum (axum 0.8.9)")).unwrap();
    }
    let path = copy.join("run.json");
    let mut run: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    for (name, version) in [("svc-axum", "0.8.8"), ("svc-axum (axum 0.8.9)", "0.8.9")] {
        let phrase = format!("with axum {version}");
        let own = service(&mut run, name);
        own["framework"] = "axum".into();
        own["instructions"] = json!({"mean": 6100.0, "least": 6090.0, "most": 6110.0});
        own["variant"] = json!({"service": "svc-axum", "phrase": phrase, "base": "svc-axum"});
    }
    fs::write(&path, run.to_string()).unwrap();
    copy
}
