//! `report.md`: the report as a forge renders it.

use std::fmt::{Display, Write};

use crate::render::table::Table;
use crate::render::tables::{self, Width};
use crate::render::{relations, robustness};
use crate::report::Report;
use crate::summary::Summary;

/// The whole page.
pub fn page(report: &Report) -> String {
    let mut page = String::from("# Which Rust web framework, and what does it cost?\n\n");
    findings(&mut page, report);
    page.push_str(&provenance(report));
    for summary in &report.summaries {
        load(&mut page, report, summary);
    }
    page.push_str("\n## Cost\n\n");
    costs(&mut page, report);
    notes(&mut page, &report.warnings);
    if let Some(probes) = &report.probes {
        page.push_str("\n## Bad and slow peers\n\n");
        page.push_str(&robustness::excerpt(probes));
    }
    page
}

/// The part of the page that a README quotes: what was found, the tables, and where the figures come from.
pub fn excerpt(report: &Report) -> String {
    let mut page = String::new();
    findings(&mut page, report);
    for summary in &report.summaries {
        let _ = write!(
            page,
            "\n**{}**: {}.\n\n",
            escape(&summary.scenario.name),
            escape(&summary.scenario.described())
        );
        page.push_str(&table(&tables::scenario(report, summary, Width::Narrow)));
        notes(&mut page, &tables::warnings(summary));
    }
    page.push('\n');
    costs(&mut page, report);
    page.push_str(&provenance(report));
    page
}

fn costs(page: &mut String, report: &Report) {
    page.push_str(&table(&tables::costs(report, Width::Wide)));
    let relations = relations::all(report).into_iter().map(|relation| relation.table);
    for more in relations.chain(tables::images(report, Width::Wide)) {
        page.push('\n');
        page.push_str(&table(&more));
    }
}

fn findings(page: &mut String, report: &Report) {
    for finding in &report.findings {
        let _ = writeln!(page, "- {}", escape(&finding.to_string()));
    }
}

/// The command and the machine, and how to read the tables.
fn provenance(report: &Report) -> String {
    let run = &report.run;
    format!(
        "\nMeasured by `{}` on {}: {}. Medians over rounds. Ratios are to {}, paired within rounds, with a 95 % interval. \
         Services that share ranks cannot be told apart. `!` marks a figure that a note puts in doubt.\n",
        run.command.replace('`', "'"),
        run.started_at.strftime("%Y-%m-%d"),
        escape(&run.host.line()),
        escape(&run.plan.reference),
    )
}

fn load(page: &mut String, report: &Report, summary: &Summary) {
    let scenario = &summary.scenario;
    let rounds = summary.rounds;
    let _ = write!(
        page,
        "\n## {}\n\n{}. Rounds: {rounds}.\n\n",
        escape(&scenario.name),
        escape(&scenario.described())
    );
    page.push_str(&table(&tables::scenario(report, summary, Width::Wide)));
    notes(page, &tables::warnings(summary));
}

fn notes(page: &mut String, notes: &[impl Display]) {
    if !notes.is_empty() {
        page.push('\n');
    }
    for note in notes {
        let _ = writeln!(page, "- {}", escape(&note.to_string()));
    }
}

/// A table in the syntax of GitHub-flavoured Markdown.
pub fn table(table: &Table) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = (0..table.header.len()).map(|column| if table.is_numeric(column) { "---:" } else { "---" });
    let rule = format!("| {} |\n", rule.collect::<Vec<_>>().join(" | "));
    let rows: String = table.rows.iter().map(|row| line(row)).collect();
    format!("{}{rule}{rows}", line(&table.header))
}

/// Text in which nothing is markup.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '#' => escaped.extend(['\\', character]),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\n' | '\r' => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}
