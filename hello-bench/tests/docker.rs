//! `compare --docker` where there is no engine; what runs with one is tested by CI.
#![cfg(target_os = "linux")]

mod common;

use common::bench;
use predicates::prelude::*;
use predicates::str::contains;

#[test]
fn without_an_engine_docker_is_one_clear_line() {
    for docker in ["/no/such/docker", "/bin/false"] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = bench();
        command
            .env("DOCKER", docker)
            .args(["compare", "--docker", "--out"])
            .arg(folder.path().join("out"));
        let ended = command.assert().code(1);
        ended.stderr(
            contains("docker").and(contains("leave out --docker")).and(predicate::function(one_line)),
        );
        assert!(!folder.path().join("out").exists());
    }
}

fn one_line(text: &str) -> bool {
    text.lines().count() == 1
}
