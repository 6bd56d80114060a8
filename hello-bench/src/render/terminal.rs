//! The report on a terminal: tables within 80 columns, colour only where it is wanted.

use std::fmt::{Display, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, Cell, CellAlignment, Table as Comfy};

use crate::diff::{Diff, Verdict};
use crate::metric::{Metric, grouped};
use crate::render::table::Table;
use crate::render::tables::{self, Width};
use crate::render::{costs, images, notes, outcomes, relations};
use crate::report::Report;
use crate::validation::{Power, SIMULATED_SERVICES, Validation};
use crate::warning::Warning;
use hello_load::Traffic;
use hello_stats::ranks::ALPHA;

/// The whole report. `styled` sets headings in bold.
pub fn page(report: &Report, styled: bool) -> String {
    let mut page = String::new();
    for summary in &report.summaries {
        let _ = writeln!(page, "\n{}: {}", summary.scenario, tables::load(report, summary));
        for group in tables::scenario(report, summary, Width::Narrow) {
            if !group.title.is_empty() {
                let _ = writeln!(page, "{}, {}", summary.scenario, group.title);
            }
            page.push_str(&table(&group.table, styled));
        }
        if let Some(control) = notes::control(summary) {
            let _ = writeln!(page, "{control}");
        }
        list(&mut page, &notes::of_load(summary));
    }
    page.push_str("\ncost\n");
    page.push_str(&table(&costs::table(report, Width::Narrow), styled));
    for relation in relations::all(report) {
        let _ = writeln!(page, "\n{}", relation.title.to_lowercase());
        page.push_str(&table(&relation.table, styled));
    }
    if let Some(images) = images::table(report, Width::Narrow) {
        page.push_str("\nimages\n");
        page.push_str(&table(&images, styled));
    }
    list(&mut page, &report.warnings);
    page.push('\n');
    for headline in &report.headlines {
        let _ = writeln!(page, "{headline}");
    }
    page.push_str("best rank: 1 + the services that are significantly better\n");
    page.push_str("worst rank: all services - those that are significantly worse; ! see the notes\n");
    page
}

/// The metrics of one load.
pub fn traffic(traffic: &Traffic, warnings: &[Warning]) -> String {
    let mut page = String::new();
    let wrong = if traffic.wrong > 0 { format!(", {} wrong", traffic.wrong) } else { String::new() };
    let _ = writeln!(
        page,
        "requests    {}{wrong} in {:.2} s",
        grouped(traffic.requests as f64),
        traffic.elapsed_s
    );
    let _ = writeln!(page, "requests/s  {}", grouped(traffic.throughput_per_s));
    let lag = traffic.lag_us.map(|lag| ("lag", lag));
    for (name, latency) in [("latency", traffic.latency_us)].into_iter().chain(lag) {
        let us = |value: f64| Metric::LatencyP50Us.show(value);
        let _ = writeln!(
            page,
            "{name:<11} p50 {}  p90 {}  p95 {}  p99 {}  p99.9 {}  max {} µs",
            us(latency.p50),
            us(latency.p90),
            us(latency.p95),
            us(latency.p99),
            us(latency.p999),
            us(latency.max)
        );
    }
    let _ = writeln!(page, "generator   {:.0} % busy", traffic.generator_busy * 100.0);
    list(&mut page, warnings);
    page
}

/// What changed between two runs.
pub fn diff(diff: &Diff, styled: bool) -> String {
    let mut page = String::new();
    let day = |time: jiff::Timestamp| time.strftime("%Y-%m-%d %H:%M").to_string();
    let _ = writeln!(page, "earlier {}, later {}", day(diff.earlier), day(diff.later));
    page.push_str(&table(&outcomes::changes(diff), styled));
    let counts =
        [Verdict::Improved, Verdict::Regressed, Verdict::NoDifference].map(|verdict| diff.count(verdict));
    let [improved, regressed, same] = counts;
    let _ = writeln!(page, "{improved} improved, {regressed} regressed, {same} unchanged");
    list(&mut page, &diff.unlike);
    list(&mut page, &diff.unrelated());
    page
}

/// What the comparison says of itself.
pub fn validation(validation: &Validation) -> String {
    let mut page = String::new();
    let _ = writeln!(
        page,
        "\n{}, {} rounds; the floor needs {:.2} µs of CPU per request",
        validation.scenario, validation.rounds, validation.calibrated_us
    );
    for copy in &validation.copies {
        let (ratio, p) = (tables::show_ratio(&copy.ratio, 3), copy.ratio.p);
        let mark = if p > ALPHA { "ok  " } else { "FAIL" };
        let _ = writeln!(page, "{mark} equal: {} vs {} is {ratio}, p {p:.3}", copy.service, copy.ratio.to);
    }
    for slowed in &validation.slowed {
        let (by, ratio, p) = (slowed.slower * 100.0, tables::show_ratio(&slowed.ratio, 3), slowed.ratio.p);
        let found = if slowed.is_found() { "ok   found" } else { "     not found" };
        let _ = writeln!(page, "{found}: {by:.0} % slower measures as {ratio}, p {p:.3}");
    }
    let _ = writeln!(
        page,
        "simulated runs of {SIMULATED_SERVICES} services: {:.1} % raise a false alarm",
        validation.false_alarms * 100.0
    );
    for Power { slower, found } in &validation.power {
        let _ =
            writeln!(page, "  {:.0} % slower is detected in {:.0} % of them", slower * 100.0, found * 100.0);
    }
    let _ = match validation.smallest {
        Some(smallest) => {
            writeln!(page, "the smallest difference that 4 of 5 runs detect: {:.1} %", smallest * 100.0)
        }
        None => writeln!(page, "such runs cannot detect even a 50 % difference"),
    };
    page
}

fn list(page: &mut String, notes: &[impl Display]) {
    for note in notes {
        let _ = writeln!(page, "  ! {note}");
    }
}

/// A table without rules, numbers to the right.
pub fn table(table: &Table, styled: bool) -> String {
    let mut comfy = Comfy::new();
    comfy.load_style(NOTHING);
    comfy.set_header(table.header.iter().map(|heading| {
        let cell = Cell::new(heading);
        if styled { cell.add_attribute(Attribute::Bold) } else { cell }
    }));
    for row in &table.rows {
        comfy.add_row(row.iter().map(Cell::new));
    }
    for (index, column) in comfy.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if table.is_numeric(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> =
        comfy.to_string().lines().map(|line| line.trim_end().to_owned() + "\n").collect();
    lines.concat()
}
