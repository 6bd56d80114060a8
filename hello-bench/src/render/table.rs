//! A table of text, before any renderer decides how it looks.

/// What stands for a value that is not there.
pub(crate) const ABSENT: &str = "–";

/// Columns with a heading each, and rows of as many cells.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// How many columns, from the left, hold text; the others hold numbers, which stand to the right.
    pub text_columns: usize,
}

impl Table {
    /// Whether a column holds numbers.
    pub fn is_numeric(&self, column: usize) -> bool {
        column >= self.text_columns
    }
}
