//! `report.md`: the report as a forge renders it.

use std::fmt::{Display, Write};

use crate::render::markup::{escape, table};
use crate::render::notes::{self, RANKS};
use crate::render::tables::{self, Width};
use crate::render::{costs, images, overview, relations, robustness};
use crate::report::Report;
use crate::summary::Summary;

/// The whole page.
pub fn page(report: &Report) -> String {
    let mut page = String::from("# Which Rust web framework, and what does it cost?\n\n");
    headlines(&mut page, report);
    page.push_str(&provenance(report));
    for summary in &report.summaries {
        let rounds = summary.rounds;
        let (name, load) = (escape(&summary.scenario), escape(&tables::load(report, summary)));
        let _ = write!(page, "\n## {name}\n\n{load}. Rounds: {rounds}.\n");
        scenario(&mut page, report, summary, Width::Wide);
        list(&mut page, &notes::of_load(summary));
    }
    page.push_str("\n## Cost\n\n");
    page.push_str(&table(&costs::table(report, Width::Wide)));
    let relations = relations::all(report).into_iter().map(|relation| relation.table);
    for more in relations.chain(images::table(report, Width::Wide)) {
        page.push('\n');
        page.push_str(&table(&more));
    }
    list(&mut page, &report.warnings);
    if let Some(probes) = &report.probes {
        page.push_str("\n## Bad and slow peers\n\n");
        page.push_str(&robustness::excerpt(probes));
    }
    page
}

/// The tables of a scenario, and what the control shows.
fn scenario(page: &mut String, report: &Report, summary: &Summary, width: Width) {
    for group in tables::scenario(report, summary, width) {
        page.push('\n');
        if !group.title.is_empty() {
            let _ = write!(page, "**{}, {}**\n\n", escape(&summary.scenario), group.title);
        }
        page.push_str(&table(&group.table));
    }
    if let Some(control) = notes::control(summary) {
        let _ = write!(page, "\n{}\n", escape(&control));
    }
}

/// The part of the page that a README quotes: what was found, one table with what a reader asks first, the notes on it,
/// and where the numbers come from.
pub fn excerpt(report: &Report) -> String {
    let mut page = String::new();
    headlines(&mut page, report);
    page.push('\n');
    page.push_str(&table(&overview::table(report)));
    let control = |summary: &Summary| {
        let control = notes::control(summary)?;
        Some(escape(&format!("{}, {control}.", summary.scenario)))
    };
    let controls: Vec<String> = overview::loads(report).filter_map(control).collect();
    if !controls.is_empty() {
        let _ = write!(page, "\n{}\n", controls.join("\n"));
    }
    list(&mut page, &notes::of_loads(report, overview::loads(report)));
    page.push_str(&provenance(report));
    page
}

fn headlines(page: &mut String, report: &Report) {
    for headline in &report.headlines {
        let _ = writeln!(page, "- {}", escape(&headline.to_string()));
    }
}

/// The command and the machine, and how to read the tables.
fn provenance(report: &Report) -> String {
    let run = &report.run;
    format!(
        "\nMeasured by `{}` on {}: {}. Values are medians of the rounds; ratios are paired within them, with a 95 % \
         interval in brackets, or the range of few rounds in parentheses. {RANKS} `!` marks a value that a note \
         puts in doubt.\n",
        run.command.replace('`', "'"),
        run.started_at.strftime("%Y-%m-%d"),
        escape(&run.host.line()),
    )
}

fn list(page: &mut String, notes: &[impl Display]) {
    if !notes.is_empty() {
        page.push('\n');
    }
    for note in notes {
        let _ = writeln!(page, "- {}", escape(&note.to_string()));
    }
}
