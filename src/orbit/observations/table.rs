//! A text as named columns, each cell with its line.

use crate::{Error, Result};

/// The rows of a file under the names of its header.
#[derive(Debug)]
pub(super) struct Table {
    name: String,
    header_line: u64,
    columns: Vec<String>,
    rows: Vec<Row>,
}

/// The cells of a line.
#[derive(Debug)]
struct Row {
    line: u64,
    cells: Vec<String>,
}

/// A row of a table, to be asked for its cells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells<'a> {
    table: &'a Table,
    row: &'a Row,
}

impl Table {
    /// Cuts a text into cells: at commas or tabs where its first line has any, else at blanks.
    pub fn read(name: &str, text: &str) -> Result<Self> {
        let header = lines(text).next().map_or("", |(_, line)| line);
        let mut rows = match [',', '\t'].into_iter().find(|&sign| header.contains(sign)) {
            Some(sign) => separated(name, text, sign as u8)?,
            None => blank_separated(text),
        }
        .into_iter();
        let header = rows
            .next()
            .ok_or_else(|| Error::input(name, "is empty: a first line with the names of columns is needed"))?;
        let columns: Vec<String> = header.cells.iter().map(|cell| cell.to_lowercase()).collect();
        let table = Table { name: name.to_owned(), header_line: header.line, columns, rows: rows.collect() };
        table.check()?;
        Ok(table)
    }

    fn check(&self) -> Result<()> {
        if let Some(twice) = self.columns.iter().enumerate().find(|(k, name)| self.columns[..*k].contains(name)) {
            return Err(Error::input(self.place(self.header_line), format!("the column {} is there twice", twice.1)));
        }
        if self.rows.is_empty() {
            return Err(Error::input(&self.name, "has no line of values"));
        }
        for row in &self.rows {
            let (found, wanted) = (row.cells.len(), self.columns.len());
            if found > wanted {
                return Err(Error::input(self.place(row.line), format!("{found} cells stand under {wanted} columns")));
            }
        }
        Ok(())
    }

    /// The names of the columns, in lower case.
    pub fn columns(&self) -> Vec<&str> {
        self.columns.iter().map(String::as_str).collect()
    }

    /// The line of the names.
    pub fn header_line(&self) -> u64 {
        self.header_line
    }

    /// Where the column of that name stands.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The first of several names that is a column.
    pub fn column_of(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.column(name))
    }

    /// A line, in words.
    pub fn place(&self, line: u64) -> String {
        format!("{}, line {line}", self.name)
    }

    /// The error that a column is not there.
    pub fn lacks(&self, column: &str, what: &str) -> Error {
        let there = self.columns.join(", ");
        Error::input(
            self.place(self.header_line),
            format!("there is no column {column}, which {what}; there are {there}"),
        )
    }

    pub fn rows(&self) -> impl Iterator<Item = Cells<'_>> {
        self.rows.iter().map(|row| Cells { table: self, row })
    }
}

impl<'a> Cells<'a> {
    /// The line, in words.
    pub fn place(&self) -> String {
        self.table.place(self.row.line)
    }

    /// The cell of a column; nothing where it is empty or says that it is missing.
    pub fn text(&self, column: usize) -> Option<&'a str> {
        let cell = self.row.cells.get(column).map_or("", |cell| cell.trim());
        (!["", "nan", "--", "n/a"].contains(&cell.to_lowercase().as_str())).then_some(cell)
    }

    /// The cell as a finite number.
    pub fn number(&self, column: usize) -> Result<Option<f64>> {
        let Some(text) = self.text(column) else { return Ok(None) };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(self.wrong(column, &format!("`{text}` is not a number"))),
        }
    }

    /// The cell as a number that must be there.
    pub fn needed(&self, column: usize) -> Result<f64> {
        self.number(column)?.ok_or_else(|| self.wrong(column, "is empty"))
    }

    /// The cell as a standard deviation.
    pub fn error(&self, column: usize) -> Result<f64> {
        let error = self.needed(column)?;
        if error > 0.0 {
            Ok(error)
        } else {
            Err(self.wrong(column, &format!("an error of {error} must be above zero")))
        }
    }

    /// An error about a cell.
    pub fn wrong(&self, column: usize, reason: &str) -> Error {
        Error::input(format!("{}, column {}", self.place(), self.table.columns[column]), reason)
    }

    /// An error about the whole line.
    pub fn refuse(&self, reason: impl Into<String>) -> Error {
        Error::input(self.place(), reason)
    }
}

/// The lines that are neither empty nor comments, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    let lines = (1..).zip(text.lines().map(str::trim_end));
    lines.filter(|(_, line)| !line.trim_start().starts_with('#') && !line.trim().is_empty())
}

fn separated(name: &str, text: &str, sign: u8) -> Result<Vec<Row>> {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).delimiter(sign).trim(csv::Trim::All);
    let mut rows = Vec::new();
    for (line, text) in lines(text) {
        // Each line by itself, since the reader counts neither comments nor empty lines.
        let record = builder.from_reader(text.as_bytes()).into_records().next();
        let record = record.unwrap_or_else(|| Ok(csv::StringRecord::new()));
        let record = record.map_err(|error| Error::input(format!("{name}, line {line}"), error.to_string()))?;
        if record.iter().any(|cell| !cell.is_empty()) {
            rows.push(Row { line, cells: record.iter().map(str::to_owned).collect() });
        }
    }
    Ok(rows)
}

fn blank_separated(text: &str) -> Vec<Row> {
    let row = |(line, text): (u64, &str)| Row { line, cells: text.split_whitespace().map(str::to_owned).collect() };
    lines(text).map(row).collect()
}
