//! A CSV table with named columns, each value known by its file and line.
//!
//! The first line that is no comment (`#`) names the columns, in any order; spaces around values don't count. What
//! cannot be used is an error such as `bodies.csv:7: column gm: "abc" is not a number`.

use std::io::Read;
use std::path::Path;

use crate::config::nearest_of;
use crate::{Error, Result};

/// A table as read.
pub(super) struct Table {
    file: String,
    header_line: u64,
    columns: Vec<String>,
    rows: Vec<(u64, csv::StringRecord)>,
}

/// One line of a table.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    table: &'a Table,
    line: u64,
    cells: &'a csv::StringRecord,
}

impl Table {
    /// Opens and parses `path`.
    pub fn read(path: &Path) -> Result<Self> {
        let file = path.display().to_string();
        let source =
            std::fs::File::open(path).map_err(|e| Error::input(&file, format!("cannot read this table: {e}")))?;
        Table::parse(&file, source)
    }

    /// Parses CSV text; `file` stands in errors.
    pub fn parse(file: &str, mut source: impl Read) -> Result<Self> {
        let mut bytes = Vec::new();
        source.read_to_end(&mut bytes).map_err(|e| Error::input(file, format!("cannot read this table: {e}")))?;
        let text = String::from_utf8(bytes).map_err(|e| not_text(file, &e))?;
        let text = text.trim_start_matches('\u{feff}');
        // Comments and empty lines go before the parser sees them, whose line numbers would not count them.
        let is_data = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let (lines, data): (Vec<u64>, Vec<&str>) = (1..).zip(text.lines()).filter(|(_, line)| is_data(line)).unzip();
        let data = data.join("\n");
        let line_of = |position: Option<&csv::Position>| {
            position.and_then(|p| lines.get(p.line() as usize - 1)).copied().unwrap_or(1)
        };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(data.as_bytes());
        let fail = |e| unreadable(file, &e, line_of);
        let columns = reader.headers().map_err(fail)?.iter().map(String::from).collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(fail)?;
            rows.push((line_of(record.position()), record));
        }
        Ok(Table { file: file.to_string(), header_line: lines.first().copied().unwrap_or(1), columns, rows })
    }

    /// Refuses columns that are missing, unknown or named twice, and tables without rows.
    pub fn check_columns(&self, required: &[&str], optional: &[&str]) -> Result<()> {
        let known: Vec<&str> = required.iter().chain(optional).copied().collect();
        let fail = |reason| Err(Error::input(format!("{}:{}", self.file, self.header_line), reason));
        for (i, column) in self.columns.iter().enumerate() {
            if !known.contains(&column.as_str()) {
                return fail(format!("there is no column `{column}` in such a table{}", nearest_of(column, &known)));
            }
            if self.columns[..i].contains(column) {
                return fail(format!("column {column} stands twice"));
            }
        }
        if let Some(missing) = required.iter().find(|name| !self.has(name)) {
            return fail(format!("column {missing} is missing; needed are {}", required.join(", ")));
        }
        if self.rows.is_empty() { fail("there are no lines below the column names".into()) } else { Ok(()) }
    }

    /// The one column of `gm` and `mass` that is there, and what a value of it is multiplied with to be a mass.
    pub fn mass_column(&self, gravity: f64) -> Result<(&'static str, f64)> {
        let fail = |reason| Err(Error::input(format!("{}:{}", self.file, self.header_line), reason));
        match (self.has("gm"), self.has("mass")) {
            (true, true) => fail("columns gm and mass are both there: keep one of them"),
            (true, false) => Ok(("gm", 1.0 / gravity)),
            (false, true) => Ok(("mass", 1.0)),
            (false, false) => fail("column gm (G m, length³/time²) or mass is missing"),
        }
    }

    /// Whether there is a column of this name.
    pub fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column == name)
    }

    /// The lines below the column names.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(move |(line, cells)| Row { table: self, line: *line, cells })
    }
}

impl<'a> Row<'a> {
    /// The text in a column; empty where there is no such column.
    pub fn text(self, name: &str) -> &'a str {
        let column = self.table.columns.iter().position(|column| column == name);
        column.and_then(|i| self.cells.get(i)).unwrap_or_default()
    }

    /// The finite number in a column.
    pub fn number(self, name: &str) -> Result<f64> {
        let text = self.text(name);
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            Ok(_) => self.fail(name, format!("{text} is not a finite number")),
            Err(_) if text.is_empty() => self.fail(name, "there is no value".into()),
            Err(_) => self.fail(name, format!("\"{text}\" is not a number")),
        }
    }

    /// A number that is not negative; zero where the column or its value is missing, if that is allowed.
    pub fn not_negative(self, name: &str, may_lack: bool) -> Result<f64> {
        if may_lack && self.text(name).is_empty() {
            return Ok(0.0);
        }
        match self.number(name)? {
            value if value >= 0.0 => Ok(value),
            value => self.fail(name, format!("{value} is negative")),
        }
    }

    /// The whole number in column `id`; `index` where there is no such column.
    pub fn id(self, index: usize) -> Result<u64> {
        if !self.table.has("id") {
            return Ok(index as u64);
        }
        let text = self.text("id");
        text.parse().or_else(|_| self.fail("id", format!("\"{text}\" is not a whole number from 0 up")))
    }

    /// An error about a value of this line.
    pub fn fail<T>(self, column: &str, reason: String) -> Result<T> {
        Err(Error::input(format!("{}:{}", self.table.file, self.line), format!("column {column}: {reason}")))
    }
}

/// Remembers names and ids that must not come twice.
#[derive(Default)]
pub(super) struct Seen {
    names: std::collections::HashMap<String, usize>,
    ids: std::collections::HashSet<u64>,
}

impl Seen {
    /// Adds the body of `row`, the `index`-th.
    pub fn add(&mut self, row: Row, index: usize, id: u64, name: &str) -> Result<()> {
        if !name.is_empty() && self.names.insert(name.to_string(), index).is_some() {
            return row.fail("name", format!("there are two bodies `{name}`"));
        }
        if !self.ids.insert(id) {
            return row.fail("id", format!("there are two bodies with id {id}"));
        }
        Ok(())
    }

    /// The index of the body of that name.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }
}

fn unreadable(file: &str, error: &csv::Error, line_of: impl Fn(Option<&csv::Position>) -> u64) -> Error {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let place = format!("{file}:{}", line_of(pos.as_ref()));
            Error::input(place, format!("{len} values under {expected_len} column names"))
        }
        _ => Error::input(file, format!("cannot read this table: {error}")),
    }
}

fn not_text(file: &str, error: &std::string::FromUtf8Error) -> Error {
    let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let line = 1 + good.iter().filter(|&&byte| byte == b'\n').count();
    Error::input(format!("{file}:{line}"), "this line is not UTF-8 text")
}
