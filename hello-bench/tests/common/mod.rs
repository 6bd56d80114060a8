//! What the tests of the binary share: the binary, real services, catalogues of faulty ones.
#![allow(dead_code, reason = "each test file uses a part")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;

use serde_json::Value;

/// The binary, run at the root of the repository.
pub(crate) fn bench() -> assert_cmd::Command {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_hello-bench"));
    command.current_dir(root());
    command
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The services that `list` prints with these options.
pub(crate) fn listed(options: &[&str]) -> Vec<String> {
    let printed = bench().arg("list").args(options).assert().success().get_output().stdout.clone();
    String::from_utf8(printed).unwrap().lines().map(str::to_owned).collect()
}

/// A binary of the workspace, built if it is not there yet.
pub(crate) fn built(package: &str) -> PathBuf {
    static BUILD: Once = Once::new();
    BUILD.call_once(|| {
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "-p", "hello-floor"])
            .current_dir(root())
            .status();
        assert!(status.unwrap().success());
    });
    target().join(package)
}

/// Where the tests' own binary lies, and so all others of the profile.
fn target() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_hello-bench")).parent().unwrap().to_owned()
}

/// A running service.
pub(crate) struct Service {
    child: Child,
    pub(crate) url: String,
}

impl Service {
    pub(crate) fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a service on a free port.
pub(crate) fn run(package: &str) -> Service {
    let mut child = Command::new(built(package)).env("PORT", "0").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim_end().rsplit(' ').next().unwrap().to_owned();
    Service { child, url }
}

/// A catalogue of faulty services: name, fault, and how many answers are right before.
pub(crate) fn catalogue(folder: &Path, faults: &[(&str, &str, u32)]) -> PathBuf {
    let floor = built("hello-floor").display().to_string();
    let faulty = target().join("examples/faulty").display().to_string();
    let mut text = format!("[[service]]\nname = \"good\"\nframework = \"none\"\nrun = [{floor:?}]\n");
    for (name, fault, after) in faults {
        text.push_str(&format!(
            "[[service]]\nname = {name:?}\nframework = \"none\"\nstart_timeout_s = 1\nrun = [{faulty:?}, {fault:?}, \"{after}\", {floor:?}]\n"
        ));
    }
    let path = folder.join("services.toml");
    fs::write(&path, text).unwrap();
    path
}

/// A catalogue of a server that does almost everything wrong, with these lines in its entry.
pub(crate) fn naive(folder: &Path, lines: &str) -> PathBuf {
    let program = target().join("examples/naive").display().to_string();
    let path = folder.join("services.toml");
    let text = format!("[[service]]\nname = \"naive\"\nframework = \"none\"\nrun = [{program:?}]\n{lines}");
    fs::write(&path, text).unwrap();
    path
}

/// A scenarios file with short loads: `rate` and `saturate` in slices, the others as trials of one service.
pub(crate) fn scenarios(folder: &Path) -> PathBuf {
    let path = folder.join("scenarios.json");
    let text = r#"{
        "saturate": {"about": "as fast as it goes", "model": "closed", "connections": 8, "think_time_s": 0, "duration_s": 0.3,
            "slices": {"settle_s": 0.002, "duration_s": 0.02, "sweeps": 5}},
        "rate": {"about": "on schedule", "model": "open", "connections": 8, "rate_per_s": 500, "warm_up_s": 0.1, "duration_s": 0.4,
            "slices": {"settle_s": 0.004, "duration_s": 0.04, "sweeps": 5}},
        "rested": {"about": "then nothing", "model": "closed", "connections": 8, "think_time_s": 0, "duration_s": 0.3,
            "slices": {"settle_s": 0.002, "duration_s": 0.02, "sweeps": 5}, "rest_s": 0.2},
        "counted": {"about": "so many requests", "model": "closed", "connections": 4, "think_time_s": 0.001, "requests": 400},
        "long": {"about": "goes on", "model": "closed", "connections": 2, "think_time_s": 0, "duration_s": 60}
    }"#;
    fs::write(&path, text).unwrap();
    path
}

/// `hello-bench compare` with a catalogue of faulty services, all in `folder`.
pub(crate) fn compare(
    folder: &Path,
    faults: &[(&str, &str, u32)],
    arguments: &[&str],
) -> assert_cmd::assert::Assert {
    let (services, scenarios) = (catalogue(folder, faults), scenarios(folder));
    let mut command = bench();
    command
        .arg("compare")
        .args(arguments)
        .arg("--services")
        .arg(services)
        .arg("--scenarios")
        .arg(scenarios);
    command.arg("--out").arg(folder.join("out")).assert()
}

/// The `results.json` of that run.
pub(crate) fn results(folder: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join("out/results.json")).unwrap()).unwrap()
}

/// The lines of its `samples.jsonl`.
pub(crate) fn samples(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("out/samples.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
