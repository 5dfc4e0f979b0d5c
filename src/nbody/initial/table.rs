//! A table with named columns, each value known by its file and line.
//!
//! The first line that is no comment (`#`) names the columns, in any order, between commas, tabs, semicolons or blanks. What
//! cannot be used is an error such as `bodies.csv:7: column gm: "abc" is not a number`.

use std::io::Read;
use std::path::Path;

use crate::base::config::nearest_of;
use crate::base::table::{self, Line, Unreadable, number};
use crate::{Error, Result};

/// What stands before the numbers in a text of JPL's Horizons.
const HORIZONS: &str = "$$SOE";

/// A table as read.
pub(super) struct Table {
    file: String,
    header_line: u64,
    columns: Vec<String>,
    rows: Vec<Line>,
}

/// One line of a table.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    table: &'a Table,
    line: &'a Line,
}

impl Table {
    /// Opens and parses `path`.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let file = path.display().to_string();
        let source =
            std::fs::File::open(path).map_err(|e| Error::input(&file, format!("cannot read this table: {e}")))?;
        Table::parse(&file, source)
    }

    /// Parses a text; `file` stands in errors.
    pub(super) fn parse(file: &str, mut source: impl Read) -> Result<Self> {
        let mut bytes = Vec::new();
        source.read_to_end(&mut bytes).map_err(|e| Error::input(file, format!("cannot read this table: {e}")))?;
        let text = table::text(bytes).map_err(unreadable(file))?;
        if text.contains(HORIZONS) {
            let reason = "is a text of JPL's Horizons: ask it for vectors as CSV, keep the lines between $$SOE and $$EOE, and put a line of \
                          names above them";
            return Err(Error::input(file, reason));
        }
        let table::Written { names, units, rows } = table::read(&text).map_err(unreadable(file))?;
        let refuse = |line: u64, reason: String| Err(Error::input(format!("{file}:{line}"), reason));
        if let Some(value) = names.fields.iter().find(|name| number(name).is_some()) {
            return refuse(names.number, format!("`{value}` is no name of a column: the first line must name them"));
        }
        if let Some(unit) = units.iter().find(|unit| !unit.is_empty()) {
            let reason =
                format!("a line below the names has units (`{unit}`): bodies are in the run's units; leave it out");
            return refuse(names.number, reason);
        }
        if let Some(row) = rows.iter().find(|row| row.fields.len() != names.fields.len()) {
            return refuse(
                row.number,
                format!("{} values under {} column names", row.fields.len(), names.fields.len()),
            );
        }
        Ok(Table { file: file.to_owned(), header_line: names.number, columns: names.fields, rows })
    }

    /// Refuses columns that are missing, unknown or named twice, and tables without rows.
    pub(super) fn check_columns(&self, required: &[&str], optional: &[&str]) -> Result<()> {
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
    pub(super) fn mass_column(&self, gravity: f64) -> Result<(&'static str, f64)> {
        let fail = |reason| Err(Error::input(format!("{}:{}", self.file, self.header_line), reason));
        match (self.has("gm"), self.has("mass")) {
            (true, true) => fail("columns gm and mass are both there: keep one of them"),
            (true, false) => Ok(("gm", 1.0 / gravity)),
            (false, true) => Ok(("mass", 1.0)),
            (false, false) => {
                let found = self.columns.join(", ");
                let reason = format!("column gm (G m, length³/time²) or mass is missing; there are {found}");
                Err(Error::input(format!("{}:{}", self.file, self.header_line), reason))
            }
        }
    }

    /// Whether there is a column of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column == name)
    }

    /// The lines below the column names.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(move |line| Row { table: self, line })
    }
}

impl<'a> Row<'a> {
    /// The text in a column; empty where there is no such column.
    pub(super) fn text(self, name: &str) -> &'a str {
        let column = self.table.columns.iter().position(|column| column == name);
        column.map_or("", |i| &self.line.fields[i])
    }

    /// The finite number in a column.
    pub(super) fn number(self, name: &str) -> Result<f64> {
        let text = self.text(name);
        match number(text) {
            Some(value) if value.is_finite() => Ok(value),
            Some(_) => self.fail(name, format!("{text} is not a finite number")),
            None if text.is_empty() => self.fail(name, "there is no value".into()),
            None if number(&text.replacen(',', ".", 1)).is_some() => {
                self.fail(name, format!("\"{text}\" has a comma where numbers have a point"))
            }
            None => self.fail(name, format!("\"{text}\" is not a number")),
        }
    }

    /// A number that is not negative; zero where the column or its value is missing, if that is allowed.
    pub(super) fn not_negative(self, name: &str, may_lack: bool) -> Result<f64> {
        if may_lack && self.text(name).is_empty() {
            return Ok(0.0);
        }
        match self.number(name)? {
            value if value >= 0.0 => Ok(value),
            value => self.fail(name, format!("{value} is negative")),
        }
    }

    /// The whole number in column `id`; `index` where there is no such column.
    pub(super) fn id(self, index: usize) -> Result<u64> {
        if !self.table.has("id") {
            return Ok(index as u64);
        }
        let text = self.text("id");
        text.parse().or_else(|_| self.fail("id", format!("\"{text}\" is not a whole number from 0 up")))
    }

    /// An error about a value of this line.
    pub(super) fn fail<T>(self, column: &str, reason: String) -> Result<T> {
        Err(Error::input(format!("{}:{}", self.table.file, self.line.number), format!("column {column}: {reason}")))
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
    pub(super) fn add(&mut self, row: Row, index: usize, id: u64, name: &str) -> Result<()> {
        if name.contains(char::is_control) {
            return row.fail("name", "holds the end of a line or another sign of control".into());
        }
        if !name.is_empty() && self.names.insert(name.to_string(), index).is_some() {
            return row.fail("name", format!("there are two bodies `{name}`"));
        }
        if !self.ids.insert(id) {
            return row.fail("id", format!("there are two bodies with id {id}"));
        }
        Ok(())
    }

    /// The index of the body of that name.
    pub(super) fn index_of(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }
}

/// What is wrong with a text or its bytes, with its place.
fn unreadable(file: &str) -> impl Fn(Unreadable) -> Error {
    move |Unreadable { line, reason }| match line {
        Some(line) => Error::input(format!("{file}:{line}"), reason),
        None => Error::input(file, reason),
    }
}
