//! Text and tables in the syntax of GitHub-flavoured Markdown.

use crate::render::table::Table;

/// A table in the syntax of GitHub-flavoured Markdown. Lines of a cell stay lines.
pub(crate) fn table(table: &Table) -> String {
    let line = |cells: &[String]| {
        let lines = |cell: &String| cell.lines().map(escape).collect::<Vec<_>>().join("<br>");
        let cells: Vec<String> = cells.iter().map(lines).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = (0..table.header.len()).map(|column| if table.is_numeric(column) { "---:" } else { "---" });
    let rule = format!("| {} |\n", rule.collect::<Vec<_>>().join(" | "));
    let rows: String = table.rows.iter().map(|row| line(row)).collect();
    format!("{}{rule}{rows}", line(&table.header))
}

/// Text in which nothing is markup.
pub(crate) fn escape(text: &str) -> String {
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
