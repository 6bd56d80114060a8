//! What the tests of the binary share: the binary, real services, catalogues of faulty ones.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use serde_json::Value;
use toml::Table;

/// The binary, run at the root of the repository.
pub(crate) fn bench() -> assert_cmd::Command {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_hello-bench"));
    command.current_dir(root());
    command
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of the made-up run.
pub(crate) fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/run")
}

/// The services that `list` prints with these options.
pub(crate) fn listed(options: &[&str]) -> Vec<String> {
    let printed = bench().arg("list").args(options).assert().success().get_output().stdout.clone();
    String::from_utf8(printed).unwrap().lines().map(str::to_owned).collect()
}

/// A service, or an example: all are built by the first test that asks for one. One command does so, with the features of
/// the whole workspace: after `cargo test --workspace` no dependency is compiled a second time.
pub(crate) fn built(name: &str) -> PathBuf {
    static BUILD: Once = Once::new();
    BUILD.call_once(|| {
        let services = packages();
        let mut cargo = Command::new(env!("CARGO"));
        // The tool itself is left alone: other tests run it.
        cargo.args(["build", "--quiet", "--workspace", "--examples"]);
        for service in &services {
            cargo.args(["--bin", service["name"].as_str().unwrap()]);
        }
        for tuned in services.iter().filter(|service| service.contains_key("tuned")) {
            cargo.args(["--features", &format!("{}/tuned", tuned["package"].as_str().unwrap())]);
        }
        assert!(cargo.current_dir(root()).status().unwrap().success());
    });
    target().join(name)
}

/// The entries of services.toml that are packages of this workspace.
fn packages() -> Vec<Table> {
    let text = fs::read_to_string(root().join("services.toml")).unwrap();
    let catalogue: Table = toml::from_str(&text).unwrap();
    let services = catalogue["service"].as_array().unwrap().iter();
    let services = services.map(|service| service.as_table().unwrap().clone());
    services.filter(|service| service.contains_key("package")).collect()
}

/// A catalogue of our Rust services, as built for the tests.
pub(crate) fn ours(folder: &Path) -> PathBuf {
    let mut services = packages();
    for service in &mut services {
        service.remove("package");
        service.remove("tuned");
        let program = built(service["name"].as_str().unwrap()).display().to_string();
        service.insert("run".to_owned(), vec![program.clone()].into());
        service.insert("binary".to_owned(), program.into());
        for source in service["sources"].as_array_mut().unwrap() {
            *source = root().join(source.as_str().unwrap()).display().to_string().into();
        }
    }
    let catalogue = Table::from_iter([("service".to_owned(), services.into())]);
    let path = folder.join("services.toml");
    fs::write(&path, toml::to_string(&catalogue).unwrap()).unwrap();
    path
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

    /// Stops the process once, so long after the load that comes next has opened so many connections; for how long, at
    /// least. Whoever starts the load may take any time until then, and a sleeper may wake late.
    pub(crate) fn stop_under_load(
        &self,
        connections: usize,
        after: Duration,
        time: Duration,
    ) -> JoinHandle<Duration> {
        let (pid, idle) = (self.pid(), open_files(self.pid()));
        thread::spawn(move || {
            let limit = Instant::now() + Duration::from_secs(30);
            while open_files(pid) < idle + connections {
                assert!(Instant::now() < limit, "no load");
                thread::sleep(Duration::from_millis(5));
            }
            thread::sleep(after);
            stop(Pid::from_raw(pid), time)
        })
    }
}

/// How many files and connections a process has open.
fn open_files(pid: i32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

/// Stops a child of this process for a while; how long it did nothing.
fn stop(child: Pid, time: Duration) -> Duration {
    kill(child, Signal::SIGSTOP).unwrap();
    // The signal is sent at once, but a process stops when its threads next run.
    waitpid(child, Some(WaitPidFlag::WUNTRACED)).unwrap();
    let begun = Instant::now();
    thread::sleep(time);
    let took = begun.elapsed();
    kill(child, Signal::SIGCONT).unwrap();
    took
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
    let faulty = built("examples/faulty").display().to_string();
    let mut text = format!("[[service]]\nname = \"good\"\nframework = \"none\"\nrun = [{floor:?}]\n");
    for (name, fault, after) in faults {
        // Whoever never says that it is ready is not worth more of a wait. The others may take their time.
        let timeout = if *fault == "silent" { "start_timeout_s = 1\n" } else { "" };
        text.push_str(&format!(
            "[[service]]\nname = {name:?}\nframework = \"none\"\n{timeout}run = [{faulty:?}, {fault:?}, \"{after}\", {floor:?}]\n"
        ));
    }
    let path = folder.join("services.toml");
    fs::write(&path, text).unwrap();
    path
}

/// A catalogue of a server that does almost everything wrong, with these lines in its entry.
pub(crate) fn naive(folder: &Path, lines: &str) -> PathBuf {
    let program = built("examples/naive").display().to_string();
    let path = folder.join("services.toml");
    let text = format!("[[service]]\nname = \"naive\"\nframework = \"none\"\nrun = [{program:?}]\n{lines}");
    fs::write(&path, text).unwrap();
    path
}

/// The slices of each service in a round under a load of [`scenarios`] that comes in slices.
pub(crate) const SWEEPS: usize = 5;

/// A scenarios file with short loads: `rate` and `saturate` in slices, the others as trials of one service. The slices
/// are long enough to have answers in them while the machine does something else.
pub(crate) fn scenarios(folder: &Path) -> PathBuf {
    let path = folder.join("scenarios.json");
    let text = r#"{
        "saturate": {"about": "as fast as it goes", "model": "closed", "connections": 8, "think_time_s": 0, "duration_s": 0.3,
            "slices": {"settle_s": 0.002, "duration_s": 0.05, "sweeps": SWEEPS}},
        "rate": {"about": "on schedule", "model": "open", "connections": 8, "rate_per_s": 500, "warm_up_s": 0.1, "duration_s": 0.4,
            "slices": {"settle_s": 0.005, "duration_s": 0.1, "sweeps": SWEEPS}},
        "rested": {"about": "then nothing", "model": "closed", "connections": 8, "think_time_s": 0, "duration_s": 0.3,
            "slices": {"settle_s": 0.002, "duration_s": 0.05, "sweeps": SWEEPS}, "rest_s": 0.2},
        "counted": {"about": "so many requests", "model": "closed", "connections": 4, "think_time_s": 0.001, "requests": 400},
        "long": {"about": "goes on", "model": "closed", "connections": 2, "think_time_s": 0, "duration_s": 60}
    }"#;
    fs::write(&path, text.replace("SWEEPS", &SWEEPS.to_string())).unwrap();
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
