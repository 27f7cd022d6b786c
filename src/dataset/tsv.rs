//! Tables as BIDS writes them: UTF-8, tabs, LF, `n/a` for what is not known.
//!
//! In come cells, out comes text, and back. A cell never breaks its row: tabs and line ends in it
//! become spaces (BIDS 1.10.0, *Tabular files*).

use std::collections::BTreeMap;

/// What stands for an unknown value.
pub const NOT_AVAILABLE: &str = "n/a";

/// A table with named columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        Self { columns: columns.iter().map(|c| (*c).to_owned()).collect(), rows: Vec::new() }
    }

    /// Reads a table; a byte-order mark and CR before LF, which spreadsheets add, are dropped.
    /// `None` where a row has more cells than the header, or the text is empty.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = text.lines().map(|line| line.strip_suffix('\r').unwrap_or(line));
        let columns: Vec<String> = lines.next()?.split('\t').map(str::to_owned).collect();
        let mut rows = Vec::new();
        for line in lines.filter(|line| !line.trim().is_empty()) {
            let row: Vec<String> = line.split('\t').map(str::to_owned).collect();
            if row.len() > columns.len() {
                return None;
            }
            rows.push(row);
        }
        Some(Self { columns, rows })
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Appends a row; missing cells at its end are unknown.
    pub fn push(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The rows as maps from column to value; unknown cells are left out.
    pub fn records(&self) -> impl Iterator<Item = BTreeMap<&str, &str>> {
        self.rows.iter().map(|row| {
            let cells = self.columns.iter().zip(row).map(|(column, cell)| (column.as_str(), cell.as_str()));
            cells.filter(|(_, cell)| !cell.is_empty() && *cell != NOT_AVAILABLE).collect()
        })
    }

    /// Unites two tables of one key column (the first): rows of both, sorted by key; columns of both,
    /// `self`'s first. Where both know a cell, `self`'s stays: what an archive says is not rewritten.
    #[must_use]
    pub fn united(&self, other: &Self) -> Self {
        let mut columns = self.columns.clone();
        columns.extend(other.columns.iter().filter(|c| !self.columns.contains(c)).cloned());
        let key = columns.first().cloned().unwrap_or_default();
        let mut rows: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for record in self.records().chain(other.records()) {
            let Some(id) = record.get(key.as_str()) else {
                continue;
            };
            let row = rows.entry((*id).to_owned()).or_default();
            for (column, cell) in record {
                row.entry(column.to_owned()).or_insert_with(|| cell.to_owned());
            }
        }
        let cells = |row: &BTreeMap<String, String>| {
            columns.iter().map(|column| row.get(column).cloned().unwrap_or_default()).collect()
        };
        let rows = rows.values().map(cells).collect();
        Self { columns, rows }
    }

    /// The table without the columns that no row fills, key column excepted.
    #[must_use]
    pub fn without_empty_columns(&self) -> Self {
        let filled = |index: usize| {
            index == 0
                || self
                    .rows
                    .iter()
                    .any(|row| row.get(index).is_some_and(|cell| !cell.is_empty() && cell != NOT_AVAILABLE))
        };
        let keep: Vec<usize> = (0..self.columns.len()).filter(|index| filled(*index)).collect();
        let pick =
            |cells: &Vec<String>| keep.iter().map(|i| cells.get(*i).cloned().unwrap_or_default()).collect();
        Self { columns: pick(&self.columns), rows: self.rows.iter().map(pick).collect() }
    }

    /// The table as text.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        line(&mut text, self.columns.len(), &self.columns);
        for row in &self.rows {
            line(&mut text, self.columns.len(), row);
        }
        text
    }
}

fn line(text: &mut String, width: usize, cells: &[String]) {
    for column in 0..width {
        if column > 0 {
            text.push('\t');
        }
        match cells.get(column).map(|cell| cell.trim()) {
            None | Some("") => text.push_str(NOT_AVAILABLE),
            Some(cell) => text.extend(cell.chars().map(|c| if c.is_control() { ' ' } else { c })),
        }
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;

    #[test]
    fn uniting_keeps_what_is_there_and_users_columns() {
        let old =
            Table::parse("\u{feff}participant_id\tsex\tgroup\r\nsub-b\tF\tcontrol\r\nsub-c\tn/a\tn/a\r\n")
                .unwrap();
        let new =
            Table::parse("participant_id\tage\tsex\nsub-a\t51\tM\nsub-c\t60\tF\nsub-b\t70\tM\n").unwrap();
        let text = old.united(&new).to_text();
        assert_eq!(
            text,
            "participant_id\tsex\tgroup\tage\nsub-a\tM\tn/a\t51\nsub-b\tF\tcontrol\t70\nsub-c\tF\tn/a\t60\n"
        );
        assert_eq!(old.united(&new).united(&new).to_text(), text);
    }

    #[test]
    fn a_cell_cannot_break_its_row() {
        let mut table = Table::new(&["a", "b"]);
        table.push(["x\ty\r\nz".to_owned()]);
        assert_eq!(table.to_text(), "a\tb\nx y  z\tn/a\n");
    }
}
