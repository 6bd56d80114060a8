//! Samples files: any text is samples or an error, and whatever samples there are can be reported.
#![no_main]

use std::sync::LazyLock;

use hello_bench::render::{html, markdown, terminal};
use hello_bench::report::Report;
use hello_bench::run::{self, Run};
use libfuzzer_sys::fuzz_target;

static RUN: LazyLock<Run> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../hello-bench/tests/fixtures/run/run.json")).unwrap()
});

fuzz_target!(|text: &str| {
    let Ok(samples) = run::samples(text) else {
        return;
    };
    let report = Report::new(RUN.clone(), &samples);
    let _ = (terminal::page(&report, false), markdown::page(&report));
    html::page(&report).unwrap();
});
