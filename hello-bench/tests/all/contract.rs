//! The contract against the real binaries of all services, and the check against services that break it.

use crate::common::{bench, catalogue, listed, ours, run};
use predicates::str::contains;

#[test]
fn every_service_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let checked = bench().args(["check", "--services"]).arg(ours(folder.path())).assert().success();
    let printed = String::from_utf8_lossy(&checked.get_output().stdout).into_owned();
    let (plain, tuned) = (listed(&[]), listed(&["--tuned"]));
    assert!(plain.len() >= 5 && tuned.len() >= 5);
    for service in plain.into_iter().chain(tuned).chain(["hello-floor".to_owned()]) {
        let line = printed.lines().find(|line| line.starts_with(&format!("{service}:"))).unwrap_or_default();
        assert!(line.contains("cases, 0 violations"), "{printed}");
        let cases: usize = line.split_whitespace().nth(1).and_then(|count| count.parse().ok()).unwrap();
        assert!(cases > 180, "{printed}");
    }
}

#[test]
fn violations_say_what_was_sent_expected_and_received() {
    let folder = tempfile::tempdir().unwrap();
    let services = catalogue(folder.path(), &[("spoiled", "wrong", 0)]);
    let checked = bench().args(["check", "spoiled", "--services"]).arg(services).assert().code(1);
    checked
        .stdout(contains("sent      GET /"))
        .stdout(contains(r#"expected  200 {"message":"Hello World!"}"#))
        .stdout(contains("Hallo World!"))
        .stderr(contains("the contract is broken by spoiled"));
}

#[test]
fn how_requests_arrive_makes_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    let services = catalogue(folder.path(), &[("short", "short", 0), ("long", "long", 0)]);
    let checked = bench().args(["check", "short", "long", "--services"]).arg(services).assert().code(1);
    let printed = String::from_utf8_lossy(&checked.get_output().stdout).into_owned();
    let (short, long) = printed.split_once("\nlong:").unwrap();
    // Where a request is cut so that the first half arrives by itself is the machine's choice.
    assert!(short.contains("a request in two halves\n    sent      "), "{short}");
    assert!(short.contains(", cut after byte "), "{short}");
    assert!(short.contains("a request byte by byte\n    sent      HEAD /"), "{short}");
    assert!(!short.contains("in one write"), "{short}");
    assert!(long.contains("100 requests in one write\n    sent      number "), "{long}");
    assert!(!long.contains("in two halves") && !long.contains("byte by byte"), "{long}");
}

#[test]
fn a_url_is_checked_and_a_dead_one_is_one_clear_line() {
    let floor = run("hello-floor");
    bench()
        .args(["check", "--url", &floor.url])
        .assert()
        .success()
        .stdout(contains("0 violations"));
    bench().args(["check", "--core", "--url", &floor.url]).assert().success();
    drop(floor);
    let dead = bench().args(["check", "--url", "http://127.0.0.1:9"]).assert().code(1);
    let printed = String::from_utf8_lossy(&dead.get_output().stderr).into_owned();
    assert!(
        printed.starts_with("error: cannot reach 127.0.0.1:9") && printed.lines().count() == 1,
        "{printed}"
    );
    bench().args(["check", "--url", "ftp://x"]).assert().code(1).stderr(contains("http://"));
}
