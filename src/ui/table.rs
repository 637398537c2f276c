//! Tables like kubectl's (`k8s.io/cli-runtime/pkg/printers/tabwriter.go`): columns at least 6 wide, 3 blanks between them, the last
//! one not padded.

/// A table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

const MINIMUM: usize = 6;
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
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0);
        let widths: Vec<_> = (0..columns).map(|column| (widest(column) + PADDING).max(MINIMUM)).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.len())));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
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
}
