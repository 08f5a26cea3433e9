//! What a command says: for people as text with tables, for programs as JSON, and whether all is
//! well.

use std::fmt::Write;

use serde_json::Value;

/// What a command says.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// For people.
    pub text: String,
    /// For programs.
    pub json: Value,
    /// Whether all is well: the exit code is 0.
    pub fine: bool,
}

impl Report {
    /// All is well.
    #[must_use]
    pub fn fine(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, fine: true }
    }

    /// What would be done, if `--yes` were given.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.text.push_str("\nNothing was changed: this was a dry run. Add --yes to do it.");
        if let Value::Object(members) = &mut self.json {
            members.insert("dry_run".to_owned(), Value::Bool(true));
        }
        self
    }
}

/// Rows under a head, in columns as wide as their widest word.
#[must_use]
pub fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = head.map(|name| name.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    let head = head.map(str::to_owned);
    for row in std::iter::once(&head).chain(rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            // Writing to a string cannot fail.
            let _written = write!(line, "{cell:width$}  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_word() {
        let rows = [["a".to_owned(), "1".to_owned()], ["accounts".to_owned(), String::new()]];
        assert_eq!(table(["table", "items"], &rows), "table     items\na         1\naccounts\n");
    }

    #[test]
    fn a_dry_run_says_so_to_people_and_programs() {
        let report = Report::fine("would do it", json!({})).dry_run();
        assert!(report.text.contains("--yes"));
        assert_eq!(report.json, json!({"dry_run": true}));
        assert!(report.fine);
    }
}
