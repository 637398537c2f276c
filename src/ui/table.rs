//! Tables like kubectl's (`k8s.io/cli-runtime/pkg/printers/tabwriter.go`): columns at least 6 wide, 3 blanks between them, the last
//! one not padded.

use std::io::Write as _;

use tabwriter::TabWriter;

/// A table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

/// Without the padding, which Go's minimum of 6 includes.
const MINIMUM: usize = 3;
const PADDING: usize = 3;

impl Table {
    /// A table with headers, or without if `headers` is empty.
    pub(crate) fn new(headers: &[&str]) -> Self {
        let rows = if headers.is_empty() { Vec::new() } else { vec![headers.iter().map(|&header| header.to_owned()).collect()] };
        Self { rows }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, cells: Vec<String>) {
        self.rows.push(cells.iter().map(|cell| clean(cell)).collect());
    }

    /// The text, with a newline after each row.
    pub(crate) fn render(&self) -> String {
        let mut lines = TabWriter::new(Vec::new()).minwidth(MINIMUM).padding(PADDING);
        for row in &self.rows {
            // A buffer takes everything.
            let _ = writeln!(lines, "{}", row.join("\t"));
        }
        let text = lines.into_inner().unwrap_or_default();
        String::from_utf8_lossy(&text).lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
    }
}

/// One line, without control characters.
fn clean(cell: &str) -> String {
    let first = cell.split(['\n', '\r', '\u{c}']).next().unwrap_or_default();
    let cut = if first.len() < cell.len() { "..." } else { "" };
    let printable: String = first.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    if printable.is_empty() && cut.is_empty() { "<none>".to_owned() } else { format!("{printable}{cut}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_like_kubectls() {
        let mut table = Table::new(&["NAME", "READY"]);
        table.push(vec!["virtwork-cpu-0".to_owned(), "True".to_owned()]);
        table.push(vec!["a".to_owned(), String::new()]);
        assert_eq!(table.render(), "NAME             READY\nvirtwork-cpu-0   True\na                <none>\n");
    }

    #[test]
    fn a_cell_is_one_line_without_control_characters() {
        let mut table = Table::new(&[]);
        table.push(vec!["a\nb".to_owned(), "\u{1b}[31m".to_owned()]);
        assert_eq!(table.render(), "a...   ?[31m\n");
    }

    #[test]
    fn columns_follow_what_is_seen() {
        let mut table = Table::new(&[]);
        table.push(vec!["größer".to_owned(), "1".to_owned()]);
        table.push(vec!["smaller".to_owned(), "2".to_owned()]);
        assert_eq!(table.render(), "größer    1\nsmaller   2\n");
    }
}
