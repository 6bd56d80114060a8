//! Builds of one service compared with each other: patches, versions, commits, limits, and what Ctrl-C leaves.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{bench, root};
use crate::workspace::{MUCH_WORK, Workspace};
use assert_cmd::assert::Assert;
use predicates::prelude::*;
use predicates::str::contains;

/// A copy of the sources of a crate that this repository is built from.
fn copied(name: &str, to: &Path) {
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(root()).exec().unwrap();
    let package = metadata.packages.iter().find(|package| *package.name == *name).unwrap();
    let from = package.manifest_path.parent().unwrap();
    assert!(Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap().success());
}

fn stderr(assert: &Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stderr).into_owned()
}

#[test]
fn a_patch_is_compared_with_the_crate_of_the_registry_and_a_second_run_finds_both_builds() {
    let workspace = Workspace::new();
    copied("httpdate", &workspace.path("../httpdate"));
    let patch = ["--patch", "httpdate=../httpdate", "--format", "markdown", "--fail-if", "binary>10000%"];
    let first = workspace.command("out1").args(patch).assert().success();
    first.stdout(
        contains("| tiny (httpdate from ../httpdate) | tiny |").and(contains("| service | compared with |")),
    );
    let results = workspace.results("out1");
    let names: Vec<_> =
        results["services"].as_array().unwrap().iter().map(|metadata| &metadata["name"]).collect();
    assert_eq!(names, ["tiny", "tiny (httpdate from ../httpdate)", "tiny (control)"]);
    let row = |name: &str| {
        let rows = results["summaries"][0]["rows"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["service"] == name).unwrap()
    };
    assert!(row("tiny (httpdate from ../httpdate)")["failure"].is_null());
    assert!(row("tiny")["metrics"]["cpu_us_per_request"]["vs_reference"].is_null());
    let lock = fs::read_to_string(workspace.kept("Cargo.lock").first().unwrap()).unwrap();
    assert!(lock.contains("httpdate") && !lock.contains("registry+"), "{lock}");
    let built = || {
        let kept = workspace.kept("tiny").into_iter();
        let kept = kept.filter(|path| path.parent().unwrap().ends_with("bin/dev"));
        kept.map(|path| fs::metadata(path).unwrap().modified().unwrap()).collect::<Vec<_>>()
    };
    let before = built();
    assert_eq!(before.len(), 1);
    workspace.command("out2").args(patch).assert().success();
    assert_eq!(built(), before);
    // What the patch holds is part of what a build is known by.
    workspace
        .write("../httpdate/src/lib.rs", "pub fn fmt_http_date(_: std::time::SystemTime) -> u32 { wrong }");
    let broken = workspace.command("out3").args(patch).assert().code(1);
    let said = "skipped: tiny does not compile with httpdate from ../httpdate: error[E0425]: cannot find value `wrong`";
    assert!(stderr(&broken).contains(said), "{}", stderr(&broken));
    assert!(workspace.kept("unfinished").is_empty());
}

#[test]
fn limits_decide_the_exit_status_between_a_commit_and_the_working_tree() {
    let workspace = Workspace::new();
    workspace.commit();
    let against = |limit| ["--against", "HEAD", "--fail-if", limit, "--fail-if", "binary<-99%"];
    let kept = workspace.command("out1").args(against("cpu>50%")).assert().success();
    // Kept, or not judged where noise leaves no ratio.
    let ruling =
        |line: &str| line.starts_with("cpu>50% ") && line.contains("tiny (working tree) vs tiny (HEAD)");
    assert!(stderr(&kept).lines().any(ruling), "{}", stderr(&kept));
    workspace.serve(MUCH_WORK);
    let broken = workspace.command("out2").args(against("cpu>10%")).assert().code(3);
    broken.stderr(contains("error: cpu>10% is broken").and(contains("tiny (working tree) vs tiny (HEAD)")));
    let rulings = workspace.results("out2")["rulings"].as_array().unwrap().clone();
    assert!(rulings.len() == 2 && rulings[0]["is_broken"] == true, "{rulings:?}");
    workspace.write("tiny/src/main.rs", "fn main() { wrong }");
    let failed = workspace.command("out3").args(against("cpu>10%")).assert().code(1);
    failed.stderr(contains("cannot build tiny").and(contains("wrong")));
    workspace
        .command("out4")
        .args(["--against", "none"])
        .assert()
        .code(1)
        .stderr(contains("no commit \"none\""));
}

#[test]
fn a_pull_request_gets_a_table_and_the_exit_status_of_its_limits() {
    let workspace = Workspace::new();
    workspace.commit();
    let summary = workspace.path("../summary.md");
    let run = |out: &str, limit: &str| {
        let mut script = assert_cmd::Command::new("bash");
        script.current_dir(workspace.root()).arg(root().join(".ci/pull-request"));
        script
            .env("HELLO_BENCH", env!("CARGO_BIN_EXE_hello-bench"))
            .env("GITHUB_STEP_SUMMARY", &summary);
        script.env("CARGO_NET_OFFLINE", "true");
        script.args(["HEAD", "--profile", "dev", "--scenario", "saturate", "--rounds", "6"]);
        script.args(["--scenarios", "scenarios.json", "--out", out, "--fail-if", limit]).assert()
    };
    run("out1", "binary>10000%").success().stdout(contains("| service | compared with |"));
    let first = fs::read_to_string(&summary).unwrap();
    assert!(first.contains("tiny (working tree)") && !first.contains("**broken**"), "{first}");
    workspace.serve(MUCH_WORK);
    run("out2", "cpu>10%").code(3);
    let both = fs::read_to_string(&summary).unwrap();
    assert!(both.starts_with(&first) && both.contains("**broken**"), "{both}");
    let usage = assert_cmd::Command::new("bash").arg(root().join(".ci/pull-request")).assert();
    usage.code(2).stderr(contains("usage: "));
}

#[test]
fn what_cannot_be_built_or_judged_is_one_clear_line() {
    let workspace = Workspace::new();
    // All into one folder: what ended before it measured anything leaves it free.
    let cases: [(&[&str], i32, &str); 9] = [
        (&["--history"], 1, "--history shows builds of one service"),
        (&["httpdate@9.9.9"], 1, "httpdate 9.9.9"),
        (&["serde@1.0.0"], 1, "none of the services depends on serde"),
        (&["httpdate@1.0.3"], 1, "tiny (httpdate 1.0.3) is named twice"),
        (&["httpdate@1"], 2, "not a whole version such as 1.2.3"),
        (&["--patch", "httpdate=none"], 1, "there is no folder none"),
        (&["--patch", "httpdate=."], 1, "there is no crate httpdate in ."),
        (&["--fail-if", "speed>1%"], 2, "there is no metric \"speed\""),
        (&["--fail-if", "cpu>1%", "--precision", "none"], 2, "not a percentage"),
    ];
    for (arguments, code, names) in cases {
        let failed = workspace.command("out").args(arguments).assert().code(code);
        assert!(stderr(&failed).contains(names), "{arguments:?}: {}", stderr(&failed));
    }
    let mut few = bench();
    few.args(["compare", "--rounds", "5", "--fail-if", "cpu>1%"]);
    few.assert().code(1).stderr(contains("--fail-if needs at least 6 rounds"));
}

#[test]
fn ctrl_c_during_a_build_leaves_neither_process_nor_half_a_folder() {
    let workspace = Workspace::new();
    workspace.write("tiny/build.rs", "fn main() { std::thread::sleep(std::time::Duration::from_secs(300)) }");
    workspace.commit();
    workspace.write("tiny/build.rs", "fn main() {}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_hello-bench"));
    command.current_dir(workspace.root()).env("CARGO_NET_OFFLINE", "true");
    command.args(["compare", "--profile", "dev", "--against", "HEAD", "--out", "out"]);
    let mut running = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let limit = Instant::now() + Duration::from_secs(180);
    while !is_at_work(&workspace.root()) {
        assert!(Instant::now() < limit, "nothing is built");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = nix::unistd::Pid::from_raw(running.id().cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(1));
    // What is killed may take a moment to be gone.
    let limit = Instant::now() + Duration::from_secs(30);
    while is_at_work(&workspace.root()) {
        assert!(Instant::now() < limit, "the build goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(workspace.kept("unfinished").is_empty() && workspace.kept("tiny.").is_empty());
}

/// Whether the build script of the workspace runs.
fn is_at_work(folder: &Path) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let programs = processes.filter_map(|entry| fs::read_link(entry.path().join("exe")).ok());
    let mut own = programs.filter(|program| program.starts_with(folder));
    own.any(|program| program.ends_with("build-script-build"))
}
