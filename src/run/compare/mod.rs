//! Comparing two files or two runs, number by number.
//!
//! Without tolerances numbers must have the same bits. Of two runs all [results](RunFolder::results) are compared; records, which describe the
//! run itself, are not.

mod hdf5;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::RunFolder;
use crate::io::Reader;
use crate::io::history::lines;
use crate::{Error, Result};

/// How far two numbers may be apart: `|a - b| <= absolute + relative * max(|a|, |b|)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tolerance {
    /// Relative to the larger of the two.
    pub relative: f64,
    /// In the numbers' own unit.
    pub absolute: f64,
}

impl Tolerance {
    fn allows(&self, a: f64, b: f64) -> bool {
        a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= self.absolute + self.relative * a.abs().max(b.abs())
    }
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Report {
    /// How many files, and how many numbers and texts in them, were compared.
    pub files: u64,
    /// How many numbers and texts.
    pub values: u64,
    /// How many files differ, or are in one of two runs alone.
    pub differing: u64,
    /// The first place that differs in each file that does, with both values; then the files that one run lacks.
    pub differences: Vec<String>,
}

impl Report {
    /// Whether nothing differs.
    pub(crate) fn is_same(&self) -> bool {
        self.differences.is_empty()
    }

    /// Nothing compared is no success.
    fn holds_something(self, a: &Path, b: &Path) -> Result<Self> {
        if self.is_same() && self.values == 0 {
            let reason = format!("there is nothing to compare in {} and {}: they are empty", a.display(), b.display());
            return Err(Error::input("compare", reason));
        }
        Ok(self)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_same() {
            return writeln!(f, "the same: {} values in {} files", self.values, self.files);
        }
        self.differences.iter().try_for_each(|difference| writeln!(f, "{difference}"))?;
        writeln!(f, "{} of {} files differ", self.differing, self.files)
    }
}

/// Compares two files; the same bits are asked for without a tolerance.
///
/// # Errors
/// When one of them cannot be read, or both are empty.
pub(crate) fn compare(a: &Path, b: &Path, tolerance: Option<Tolerance>) -> Result<Report> {
    let mut comparison = Comparison { tolerance, report: Report::default() };
    comparison.files(a, b)?;
    comparison.report.holds_something(a, b)
}

/// Compares all results of two runs; the same bits are asked for without a tolerance.
///
/// # Errors
/// When a file cannot be read, or neither folder holds a result.
pub(crate) fn compare_runs(a: &RunFolder, b: &RunFolder, tolerance: Option<Tolerance>) -> Result<Report> {
    let mut comparison = Comparison { tolerance, report: Report::default() };
    comparison.runs(a, b)?;
    comparison.report.holds_something(a.root(), b.root())
}

struct Comparison {
    tolerance: Option<Tolerance>,
    report: Report,
}

impl Comparison {
    fn runs(&mut self, a: &RunFolder, b: &RunFolder) -> Result<()> {
        let in_a = a.results()?;
        let in_b = b.results()?;
        let (a, b) = (a.root(), b.root());
        if in_a.is_empty() && in_b.is_empty() {
            return Err(Error::input("compare", format!("{} and {} hold no run", a.display(), b.display())));
        }
        for name in in_a.intersection(&in_b) {
            self.files(&a.join(name), &b.join(name))?;
        }
        self.alone(in_a.difference(&in_b), a);
        self.alone(in_b.difference(&in_a), b);
        Ok(())
    }

    /// Notes files that only `run` has: they may be many, so the first is named and the others are counted.
    fn alone<'a>(&mut self, mut names: impl Iterator<Item = &'a PathBuf>, run: &Path) {
        let Some(first) = names.next() else { return };
        let others = names.count() as u64;
        let more = if others > 0 { format!(" and {others} more") } else { String::new() };
        self.report.files += 1 + others;
        self.report.differing += 1 + others;
        self.report.differences.push(format!("{}{more}: only in {}", first.display(), run.display()));
    }

    fn files(&mut self, a: &Path, b: &Path) -> Result<()> {
        let is_table = |path: &Path| path.extension().is_some_and(|extension| extension == "csv");
        let found = if is_table(a) && is_table(b) {
            self.tables(a, b)?
        } else if Reader::can_open(a)? || Reader::can_open(b)? {
            self.hdf5(a, b)?
        } else {
            self.texts(a, b)?
        };
        self.report.files += 1;
        self.report.differing += u64::from(found.is_some());
        self.report.differences.extend(found.map(|place| format!("{}: {place}", a.display())));
        Ok(())
    }

    fn tables(&mut self, a: &Path, b: &Path) -> Result<Option<String>> {
        let a = lines(a)?;
        let b = lines(b)?;
        for (row, (line_a, line_b)) in a.iter().zip(&b).enumerate() {
            self.report.values += line_a.len() as u64;
            if line_a.len() != line_b.len() {
                return Ok(Some(format!("line {}: {} and {} fields", row + 1, line_a.len(), line_b.len())));
            }
            let differs = |(_, (x, y)): &(usize, (&String, &String))| !self.fields_agree(x, y);
            if let Some((column, (x, y))) = line_a.iter().zip(line_b).enumerate().find(differs) {
                return Ok(Some(format!("{}, row {row}: {x} and {y}", a[0].get(column).map_or("?", String::as_str))));
            }
        }
        Ok((a.len() != b.len()).then(|| format!("{} and {} lines", a.len(), b.len())))
    }

    /// Compares files of any other kind line by line, and within a line word by word.
    fn texts(&mut self, a: &Path, b: &Path) -> Result<Option<String>> {
        let a = std::fs::read(a).map_err(Error::io("read", a))?;
        let b = std::fs::read(b).map_err(Error::io("read", b))?;
        let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>();
        let (lines_a, lines_b) = (lines(&a), lines(&b));
        for (number, (x, y)) in lines_a.iter().zip(&lines_b).enumerate() {
            self.report.values += 1;
            let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let (words_x, words_y) = (words(x), words(y));
            let alike =
                words_x.len() == words_y.len() && words_x.iter().zip(&words_y).all(|(x, y)| self.fields_agree(x, y));
            if !alike {
                return Ok(Some(format!("line {}: {x} and {y}", number + 1)));
            }
        }
        if lines_a.len() != lines_b.len() {
            return Ok(Some(format!("{} and {} lines", lines_a.len(), lines_b.len())));
        }
        // What lines don't show: ends of lines, blanks, bytes that are no text.
        Ok((a != b && self.tolerance.is_none()).then(|| format!("{} and {} bytes", a.len(), b.len())))
    }

    fn fields_agree(&self, x: &str, y: &str) -> bool {
        let within = |tolerance: Tolerance| Some(tolerance.allows(x.parse().ok()?, y.parse().ok()?));
        x == y || self.tolerance.and_then(within).unwrap_or(false)
    }
}
