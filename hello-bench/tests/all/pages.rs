//! The pages of one made-up run, which has a tie, a disqualified service, warnings, a missing size and odd names.

use std::fs;

use crate::common::{bench, fixture};
use crate::made_up::{changed, overloaded, report, service, versions};
use hello_bench::render::{html, markdown, terminal};
use hello_bench::report::Report;
use hello_bench::run;
use hello_bench::sample::Sample;
use predicates::prelude::*;
use predicates::str::contains;

#[test]
fn terminal_page() {
    let page = terminal::page(&report(), false);
    assert!(!page.contains('\u{1b}'));
    insta::assert_snapshot!(page);
}

#[test]
fn markdown_page() {
    let page = markdown::page(&report());
    assert!(!page.contains("<script>"));
    insta::assert_snapshot!(page);
}

#[test]
fn html_page() {
    let page = html::page(&report()).unwrap();
    assert!(page.len() < 200_000, "{} bytes", page.len());
    for forbidden in ["<script", "http://", "https://", "NaN", "inf\""] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let drawings = page.matches("<svg").count();
    assert!(drawings > 10 && page.matches("role=\"img\" aria-label=").count() == drawings);
    insta::assert_snapshot!(page);
}

#[test]
fn a_recovery_that_was_not_seen_took_longer_than_it_was_watched_for() {
    let report = overloaded();
    let page = terminal::page(&report, false);
    let has =
        |service: &str, end: &str| page.lines().any(|line| line.contains(service) && line.ends_with(end));
    assert!(has("svc-hyper", "  0.0") && has("svc-actix", "  > 3 s"), "{page}");
    let page = html::page(&report).unwrap();
    assert!(
        page.contains("Normal again after, overload: axum &#62; 3 s, actix-web &#62; 3 s, hyper 0.0, "),
        "{page}"
    );
    assert!(
        page.contains("Under overload, each service has one value in a round") && !page.contains("never")
    );
    assert!(page.contains("9 rounds of rate, 9 of overload, 3 of delay-100ms."), "{page}");
}

#[test]
fn a_reference_that_failed_is_why_there_are_no_ratios() {
    let (run, mut samples) = run::read(&fixture()).unwrap();
    let own = samples.iter_mut().find(|sample| sample.service == run.plan.reference).unwrap();
    own.failure = Some("process exit".to_owned());
    let failed = Report::new(run, &samples);
    let pages = |report: &Report| {
        let (html, excerpt) = (html::page(report).unwrap(), markdown::excerpt(report));
        [terminal::page(report, false), markdown::page(report), html, excerpt]
    };
    for page in pages(&failed) {
        assert!(page.contains("no ratios: the reference svc-axum has no usable value"), "{page}");
        assert!(page.contains("process exit") && page.contains("steal: the hypervisor took 2.0 %"), "{page}");
    }
    assert!(pages(&report()).iter().all(|page| !page.contains("no ratios")));
}

#[test]
fn a_control_that_differs_shows_no_resolution() {
    let (run, mut samples) = run::read(&fixture()).unwrap();
    let is_control =
        |sample: &&mut Sample| sample.service.ends_with("(control)") && sample.scenario == "rate";
    for slice in samples.iter_mut().filter(is_control).flat_map(|sample| &mut sample.slices) {
        slice.service_cpu_ns += slice.service_cpu_ns / 20;
    }
    let report = Report::new(run, &samples);
    assert_eq!(report.summaries[0].control.as_ref().unwrap().resolves, None);
    for page in [terminal::page(&report, false), html::page(&report).unwrap(), markdown::excerpt(&report)] {
        assert!(
            page.contains("differs from 1: this run finds differences of 4.9 % where there are none"),
            "{page}"
        );
        assert!(
            page.contains("the control differs") && page.contains("this run resolves about 0.4 %"),
            "{page}"
        );
    }
}

#[test]
fn an_excerpt_has_the_notes_on_what_it_marks() {
    let excerpt = markdown::excerpt(&report());
    let notes: Vec<&str> = excerpt.lines().skip(3).filter(|line| line.starts_with("- ")).collect();
    assert!(excerpt.contains("| 85 ! | 222 ! |") && excerpt.contains("| 148\u{a0}750 ! |"), "{excerpt}");
    assert_eq!(notes.len(), 5, "{notes:?}");
    for note in ["rate: svc-hyper: schedule lag: ", "saturate: hello-floor: generator-bound: "] {
        assert!(notes.iter().any(|line| line.starts_with(&format!("- {note}"))), "{notes:?}");
    }
}

#[test]
fn a_report_is_printed_in_every_form() {
    let copy = tempfile::tempdir().unwrap();
    for file in ["run.json", "samples.jsonl", "probe.json"] {
        fs::copy(fixture().join(file), copy.path().join(file)).unwrap();
    }
    let print =
        |form: &str| bench().arg("report").arg(copy.path()).args(["--format", form]).assert().success();
    print("table").stdout(contains("rank").and(contains('\u{1b}').not()));
    print("markdown").stdout(contains("| service | compared with |"));
    let json = print("json").get_output().stdout.clone();
    let read: Report = serde_json::from_slice(&json).unwrap();
    assert!(read == report());
    assert!(copy.path().join("report.html").is_file());
}

#[test]
fn a_sample_that_was_cut_off_is_left_out_and_a_broken_one_is_named() {
    let copy = tempfile::tempdir().unwrap();
    fs::copy(fixture().join("run.json"), copy.path().join("run.json")).unwrap();
    let text = fs::read_to_string(fixture().join("samples.jsonl")).unwrap();
    fs::write(copy.path().join("samples.jsonl"), &text[..text.len() - 40]).unwrap();
    bench().arg("report").arg(copy.path()).assert().success();
    fs::write(copy.path().join("samples.jsonl"), text.replacen("\"round\"", "\"square\"", 1)).unwrap();
    bench()
        .arg("report")
        .arg(copy.path())
        .assert()
        .code(1)
        .stderr(contains("line 1: not a sample"));
}

#[test]
fn a_diff_of_a_run_with_itself_has_a_page_without_differences() {
    let copy = tempfile::tempdir().unwrap();
    let page = copy.path().join("diff.html");
    let told = bench()
        .arg("diff")
        .arg(fixture())
        .arg(fixture())
        .arg("--html")
        .arg(&page)
        .assert()
        .success();
    let told = told.stdout(contains("0 improved, 0 regressed"));
    let printed = String::from_utf8(told.get_output().stdout.clone()).unwrap();
    for (load, metric) in [("rate ", "CPU µs"), ("saturate ", "requests/s"), ("delay-100ms ", "CPU µs")] {
        let lines: Vec<&str> = printed.lines().filter(|line| line.starts_with(load)).collect();
        assert!(lines.len() == 5 && lines.iter().all(|line| line.contains(metric)), "{printed}");
    }
    assert!(fs::read_to_string(page).unwrap().contains("No significant difference"));
}

#[test]
fn shells_and_man_are_served_from_the_same_definitions() {
    bench().args(["completions", "bash"]).assert().success().stdout(contains("--precision"));
    bench().arg("man").assert().success().stdout(contains(".TH").and(contains("precision")));
}

#[test]
fn tuned_services_alone_are_relative_to_the_reference() {
    let names = [("svc-axum", "svc-axum-tuned"), ("svc-hyper", "svc-hyper-tuned")];
    let report = changed(&names, |run| {
        for (from, name) in names {
            service(run, name)["tuned_from"] = from.into();
        }
    });
    let page = terminal::page(&report, false);
    assert!(page.contains("CPU µs      vs axum tuned") && !page.contains("vs own server"), "{page}");
    assert!(page.contains("svc-hyper-tuned   12.41  0.89 [0.87, 0.90]"), "{page}");
    assert!(page.contains("tuned: hyper uses 11 % less CPU per request than axum.\n"), "{page}");
    let page = html::page(&report).unwrap();
    assert!(
        page.contains("CPU time per request, rate, tuned, vs axum tuned") && page.contains("id=\"sure\"")
    );
    assert!(page.contains("relative to the reference") && !page.contains("own server</"), "{page}");
}

#[test]
fn a_tuned_service_whose_app_was_not_measured_is_relative_to_the_reference_among_others_that_are_not() {
    let names = [("svc-axum", "svc-axum"), ("svc-actix", "svc-axum-tuned"), ("svc-hyper", "svc-hyper-tuned")];
    let report = changed(&names, |run| {
        service(run, "svc-axum-tuned")["tuned_from"] = "svc-axum".into();
        service(run, "svc-hyper-tuned")["tuned_from"] = "svc-hyper".into();
    });
    let page = markdown::page(&report);
    assert!(page.contains("| vs own server or axum |"), "{page}");
    assert!(page.contains("0.885 \\[0.874, 0.897\\] vs svc-axum |"), "{page}");
    let sentence =
        "tuned: hyper uses 11 % less CPU per request than svc-axum; no significant difference for ";
    assert!(page.contains(sentence) && !page.contains("measured alone"), "{page}");
}

#[test]
fn a_history_shows_each_service_by_version_and_keeps_sittings_apart() {
    let copy = tempfile::tempdir().unwrap();
    let versions = versions(copy.path());
    let page = copy.path().join("page.html");
    let markers = copy.path().join("page.md");
    fs::write(&markers, "a\n<!-- history -->\n<!-- /history -->\nb\n").unwrap();
    let mut history = bench();
    history.arg("history").args([&versions, &versions]).args(["--format", "markdown"]);
    history.arg("--html").arg(&page).arg("--splice").arg(&markers);
    let printed = history.assert().success().get_output().stdout.clone();
    insta::assert_snapshot!(String::from_utf8(printed.clone()).unwrap());
    assert!(fs::read_to_string(markers).unwrap().contains(std::str::from_utf8(&printed).unwrap()));
    let page = fs::read_to_string(page).unwrap();
    for forbidden in ["<script", "http://", "https://", "NaN", "inf\""] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    // The charts are those of the newest sitting, each with its data, and each sitting has its table.
    assert_eq!((page.matches("vs 0.8.8</h3>").count(), page.matches("<details").count()), (4, 10));
    insta::assert_snapshot!("history_page", page);
    let none = bench().arg("history").arg(fixture()).assert().code(1);
    none.stderr(contains("there are no builds of one service"));
}
