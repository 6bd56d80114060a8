//! `compare --docker` where there is no engine; what runs with one is tested by CI.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::common::{bench, catalogue};
use assert_cmd::assert::Assert;
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

/// `compare --docker` with a client that is these lines of shell.
fn compare(folder: &Path, lines: &str) -> Assert {
    let docker = folder.join("docker-stand-in");
    fs::write(&docker, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(&docker, fs::Permissions::from_mode(0o755)).unwrap();
    let services = catalogue(folder, &[]);
    let good = fs::read_to_string(&services).unwrap();
    fs::write(&services, good + "image = {}\n").unwrap();
    let mut command = bench();
    command
        .env("DOCKER", docker)
        .args(["compare", "good", "--docker", "--services"])
        .arg(services);
    command.arg("--out").arg(folder.join("out")).assert()
}

#[test]
fn without_buildx_one_line_says_so_before_anything_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let lines = r#"[ "$1" = version ] && echo 28.2.2 && exit 0
echo "ERROR: BuildKit is enabled but the buildx component is missing or broken.
       Install the buildx component to build images with BuildKit:
       https://docs.docker.com/go/buildx/" >&2
exit 1"#;
    let ended = compare(folder.path(), lines).code(1);
    ended.stderr(contains("install buildx").and(predicate::function(one_line)));
    assert!(!folder.path().join("out").exists());
}

#[test]
fn an_engine_without_buildkit_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let lines = r#"[ "$1 $2" = "version --format" ] || [ "$1 $2" = "build --help" ] && exit 0
echo "the --mount option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/" >&2
exit 1"#;
    let ended = compare(folder.path(), lines).code(1);
    ended.stderr(contains("error: the images need BuildKit: install buildx").and(contains("Refer to").not()));
}

fn one_line(text: &str) -> bool {
    text.lines().count() == 1
}
