//! A text as named columns, each cell with its line.

use crate::base::config::nearest_of;
use crate::base::table::{self, Line, Unreadable, number};
use crate::{Error, Result};

/// The rows of a file under the names of its header.
#[derive(Debug)]
pub(super) struct Table {
    name: String,
    header_line: u64,
    columns: Vec<String>,
    /// The units of columns, in lower case and without blanks; as many as columns, or none.
    units: Vec<String>,
    rows: Vec<Line>,
}

/// A row of a table, to be asked for its cells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells<'a> {
    table: &'a Table,
    row: &'a Line,
}

impl Table {
    /// The table that a text is.
    pub(super) fn read(name: &str, text: &str) -> Result<Self> {
        let written = table::read(text).map_err(unreadable(name))?;
        let header = written.names;
        if header.fields.is_empty() {
            return Err(Error::input(name, "is empty: a first line with the names of columns is needed"));
        }
        let columns: Vec<String> = header.fields.iter().map(|cell| cell.to_lowercase()).collect();
        let unit = |cell: &String| cell.to_lowercase().replace(' ', "");
        let units = written.units.iter().map(unit).collect();
        let has_value = |row: &Line| row.fields.iter().any(|cell| !cell.is_empty());
        let rows = written.rows.into_iter().filter(has_value).collect();
        let table = Table { name: name.to_owned(), header_line: header.number, columns, units, rows };
        table.check()?;
        Ok(table)
    }

    fn check(&self) -> Result<()> {
        if let Some(value) = self.columns.iter().find(|name| number(name).is_some()) {
            let reason = format!("begins with values (`{value}`): its first line must name the columns");
            return Err(Error::input(self.place(self.header_line), reason));
        }
        let is_twice = |k: usize, name: &String| !name.is_empty() && self.columns[..k].contains(name);
        if let Some(twice) = self.columns.iter().enumerate().find(|(k, name)| is_twice(*k, name)) {
            return Err(Error::input(self.place(self.header_line), format!("the column {} is there twice", twice.1)));
        }
        if self.rows.is_empty() {
            return Err(Error::input(&self.name, "has no line of values"));
        }
        for row in &self.rows {
            let found = row.fields.len();
            let wanted = self.columns.len();
            if found > wanted {
                return Err(Error::input(
                    self.place(row.number),
                    format!("{found} cells stand under {wanted} columns"),
                ));
            }
        }
        Ok(())
    }

    /// The names of the columns, in lower case; that of an index may be empty.
    pub(super) fn columns(&self) -> Vec<&str> {
        self.columns.iter().map(String::as_str).collect()
    }

    /// The name of the table, as errors show it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The line of the names.
    pub(super) fn header_line(&self) -> u64 {
        self.header_line
    }

    /// Where the column of that name stands.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The first of several names that is a column.
    pub(super) fn column_of(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.column(name))
    }

    /// The unit of a column, which must be one of those known; empty where the table says none.
    pub(super) fn unit(&self, column: usize, known: &[&str]) -> Result<&str> {
        let unit = self.units.get(column).map_or("", String::as_str);
        if unit.is_empty() || known.contains(&unit) {
            return Ok(unit);
        }
        let place = format!("{}, column {}", self.place(self.header_line), self.columns[column]);
        Err(Error::input(place, format!("has the unit {unit}: it must be in {}", known.join(" or "))))
    }

    /// The error that nobody reads a column, with the one of these that it resembles.
    pub(super) fn unknown(&self, column: &str, known: &[&str]) -> Error {
        let reason = format!("there is no column `{column}` in such a table{}", nearest_of(column, known));
        Error::input(self.place(self.header_line), reason)
    }

    /// A line, in words.
    pub(super) fn place(&self, line: u64) -> String {
        format!("{}, line {line}", self.name)
    }

    /// The error that a column is not there.
    pub(super) fn lacks(&self, column: &str, what: &str) -> Error {
        let there = self.columns.join(", ");
        Error::input(
            self.place(self.header_line),
            format!("there is no column {column}, which {what}; there are {there}"),
        )
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Cells<'_>> {
        self.rows.iter().map(|row| Cells { table: self, row })
    }
}

impl<'a> Cells<'a> {
    /// The line, in words.
    pub(super) fn place(&self) -> String {
        self.table.place(self.row.number)
    }

    /// The cell of a column; nothing where it is empty or says that it is missing.
    pub(super) fn text(&self, column: usize) -> Option<&'a str> {
        let cell = self.row.fields.get(column).map_or("", |cell| cell.trim());
        (!["", "nan", "--", "n/a", "null"].contains(&cell.to_lowercase().as_str())).then_some(cell)
    }

    /// The cell, which must have a value.
    pub(super) fn needed_text(&self, column: usize) -> Result<&'a str> {
        self.text(column).ok_or_else(|| self.wrong(column, "is empty"))
    }

    /// The cell as a finite number.
    pub(super) fn number(&self, column: usize) -> Result<Option<f64>> {
        let Some(text) = self.text(column) else { return Ok(None) };
        match number(text) {
            Some(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(self.wrong(column, &format!("`{text}` is not a number"))),
        }
    }

    /// The cell as a number that must be there.
    pub(super) fn needed(&self, column: usize) -> Result<f64> {
        self.number(column)?.ok_or_else(|| self.wrong(column, "is empty"))
    }

    /// The cell as a standard deviation.
    pub(super) fn error(&self, column: usize) -> Result<f64> {
        let error = self.needed(column)?;
        if error > 0.0 {
            Ok(error)
        } else {
            Err(self.wrong(column, &format!("an error of {error} must be above zero")))
        }
    }

    /// An error about a cell.
    pub(super) fn wrong(&self, column: usize, reason: &str) -> Error {
        Error::input(format!("{}, column {}", self.place(), self.table.columns[column]), reason)
    }

    /// An error about the whole line.
    pub(super) fn refuse(&self, reason: impl Into<String>) -> Error {
        Error::input(self.place(), reason)
    }
}

/// What is wrong with a text or its bytes, with its place.
pub(super) fn unreadable(name: &str) -> impl Fn(Unreadable) -> Error {
    move |Unreadable { line, reason }| match line {
        Some(line) => Error::input(format!("{name}, line {line}"), reason),
        None => Error::input(name, reason),
    }
}
