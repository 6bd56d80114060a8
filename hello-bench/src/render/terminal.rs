//! The report on a terminal: tables within 80 columns, colour only where it is wanted.

use std::fmt::Write;

use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, Cell, CellAlignment, Table as Comfy};

use crate::render::table::Table;
use crate::render::tables::{self, Width};
use crate::report::Report;

/// The whole report. `styled` sets headings in bold.
pub fn page(report: &Report, styled: bool) -> String {
    let mut page = String::new();
    for summary in &report.summaries {
        let _ = writeln!(page, "\n{}: {}", summary.scenario.name, summary.scenario.about);
        page.push_str(&table(&tables::scenario(report, summary, Width::Narrow), styled));
        notes(&mut page, &tables::warnings(summary));
    }
    page.push_str("\ncost\n");
    page.push_str(&table(&tables::costs(report, Width::Narrow), styled));
    notes(&mut page, &report.warnings.iter().map(ToString::to_string).collect::<Vec<_>>());
    page.push('\n');
    for finding in &report.findings {
        let _ = writeln!(page, "{finding}");
    }
    let _ = writeln!(
        page,
        "ratios are to {}; services that share ranks cannot be told apart; ! see the notes",
        report.run.plan.reference
    );
    page
}

fn notes(page: &mut String, notes: &[String]) {
    for note in notes {
        let _ = writeln!(page, "  ! {note}");
    }
}

/// A table without rules, numbers to the right.
fn table(table: &Table, styled: bool) -> String {
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
