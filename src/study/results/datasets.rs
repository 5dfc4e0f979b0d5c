//! results.h5: a dataset per column.
//!
//! Whole numbers are `i64`, numbers `f64`, truth values `u8` (0 or 1), texts of fixed length in UTF-8. A whole number or
//! truth value that some tasks lack is `f64`, with NaN for none; a text that is lacking is empty. A slash in a name is
//! written `_`. As many columns as fit in memory are gathered in one pass over the rows.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Column, Columns, Row, Status, one_line};
use crate::Result;
use crate::output::FileWriter;
use crate::study::parameters::Points;
use crate::study::value::{Kind, Value};

/// What the attribute `Format` says.
const FORMAT: &str = "divisi results 1";
/// Cells that are gathered at once.
const CELLS: u64 = 1 << 27;
/// Bytes that a column of texts may have; longer texts are cut.
const TEXT_BYTES: u64 = 1 << 30;
/// Texts are not cut below this, bytes.
const SHORTEST_CUT: u64 = 32;

/// The values of one column.
#[derive(Debug, PartialEq)]
enum Cells {
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    Truths(Vec<u8>),
    Texts(Vec<String>),
}

impl Cells {
    fn of(column: &Column) -> Self {
        match column.kind {
            Kind::Text => Cells::Texts(Vec::new()),
            Kind::Integer if !column.gaps => Cells::Integers(Vec::new()),
            Kind::Bool if !column.gaps => Cells::Truths(Vec::new()),
            _ => Cells::Numbers(Vec::new()),
        }
    }

    fn push(&mut self, value: Option<Value>) {
        match (self, value) {
            (Cells::Integers(cells), Some(Value::Integer(integer))) => cells.push(integer),
            (Cells::Truths(cells), Some(Value::Bool(truth))) => cells.push(truth.into()),
            (Cells::Numbers(cells), Some(Value::Bool(truth))) => cells.push(u8::from(truth).into()),
            (Cells::Numbers(cells), value) => cells.push(value.and_then(|value| value.number()).unwrap_or(f64::NAN)),
            (Cells::Texts(cells), value) => cells.push(value.map_or(String::new(), |value| value.to_string())),
            // The column's kind holds all its values.
            (Cells::Integers(cells), _) => cells.push(0),
            (Cells::Truths(cells), _) => cells.push(0),
        }
    }

    fn write(&self, file: &FileWriter, name: &str) -> Result<()> {
        match self {
            Cells::Integers(cells) => file.replicated(name, &[cells.len() as u64], cells),
            Cells::Numbers(cells) => file.replicated(name, &[cells.len() as u64], cells),
            Cells::Truths(cells) => file.replicated(name, &[cells.len() as u64], cells),
            Cells::Texts(cells) => file.texts(name, cells),
        }
    }
}

/// Writes the file.
pub(super) fn write<I>(path: &Path, points: &Points, columns: &Columns, rows: impl Fn() -> I) -> Result<()>
where
    I: Iterator<Item = Result<Row>>,
{
    let file = FileWriter::create_alone(path, 0)?;
    file.text("/", "Format", FORMAT)?;
    file.group("results")?;
    if columns.rows() > 0 {
        let at_once = (CELLS / columns.rows()).max(1) as usize;
        let all: Vec<(usize, &Column)> = columns.all().iter().enumerate().filter(|(_, c)| !c.is_message()).collect();
        let mut names = BTreeSet::new();
        for group in all.chunks(at_once) {
            let gathered = gather(points, columns, group, rows())?;
            for (&(position, column), cells) in group.iter().zip(gathered) {
                write_column(&file, &dataset_name(&mut names, &column.name), position, column, cells)?;
            }
        }
    }
    write_failures(&file, rows())?;
    file.finish()
}

fn gather(
    points: &Points,
    columns: &Columns,
    group: &[(usize, &Column)],
    rows: impl Iterator<Item = Result<Row>>,
) -> Result<Vec<Cells>> {
    let mut gathered: Vec<Cells> = group.iter().map(|(_, column)| Cells::of(column)).collect();
    for row in rows {
        let mut row = row?;
        let sorted = columns.sorted(&mut row);
        for ((_, column), cells) in group.iter().zip(&mut gathered) {
            cells.push(column.value(points, &row, &sorted));
        }
    }
    Ok(gathered)
}

fn write_column(file: &FileWriter, name: &str, position: usize, column: &Column, mut cells: Cells) -> Result<()> {
    let cut = if let Cells::Texts(texts) = &mut cells { cut(texts, TEXT_BYTES) } else { None };
    cells.write(file, name)?;
    file.attribute(name, "position", position as u64)?;
    file.text(name, "name", &column.name)?;
    cut.map_or(Ok(()), |bytes| file.attribute(name, "cut_at_bytes", bytes))
}

/// Cuts texts that would need more than `limit` bytes when all are as long as the longest; returns where.
fn cut(texts: &mut [String], limit: u64) -> Option<u64> {
    let longest = texts.iter().map(String::len).max().unwrap_or(0) as u64;
    let room = (limit / (texts.len() as u64).max(1)).max(SHORTEST_CUT);
    if longest <= room {
        return None;
    }
    for text in texts {
        let end = (0..=text.len().min(room as usize)).rev().find(|&end| text.is_char_boundary(end));
        text.truncate(end.unwrap_or(0));
    }
    Some(room)
}

/// Tasks that are not done, with the reason.
fn write_failures(file: &FileWriter, rows: impl Iterator<Item = Result<Row>>) -> Result<()> {
    let (mut tasks, mut messages) = (Vec::new(), Vec::new());
    for row in rows {
        let row = row?;
        if row.status != Status::Done {
            tasks.push(row.task);
            messages.push(one_line(&row.message));
        }
    }
    file.group("failures")?;
    if tasks.is_empty() {
        return Ok(());
    }
    let cut = cut(&mut messages, TEXT_BYTES);
    file.replicated("failures/task", &[tasks.len() as u64], &tasks)?;
    file.texts("failures/message", &messages)?;
    cut.map_or(Ok(()), |bytes| file.attribute("failures/message", "cut_at_bytes", bytes))
}

/// A name that HDF5 takes for one dataset, and that no other column has.
fn dataset_name(taken: &mut BTreeSet<String>, column: &str) -> String {
    let mut name = column.replace(['/', '\0'], "_");
    if name.chars().all(|c| c == '.') {
        name = "_".repeat(name.len().max(1));
    }
    while !taken.insert(name.clone()) {
        name.push('_');
    }
    format!("results/{name}")
}

#[cfg(test)]
mod tests {
    use super::super::columns::tests::{done, failed, points};
    use super::*;
    use crate::output::Reader;

    fn file(folder: &Path, rows: &[Row]) -> Reader {
        let points = points(rows.len());
        let again = || rows.iter().cloned().map(Ok);
        let columns = Columns::find(&points, again()).unwrap();
        write(&folder.join("results.h5"), &points, &columns, again).unwrap();
        Reader::open(&folder.join("results.h5")).unwrap()
    }

    #[test]
    fn each_column_is_a_dataset_of_its_kind() {
        let folder = tempfile::tempdir().unwrap();
        let rows = [
            done(0, &[("n", Value::Integer(1 << 60)), ("x", Value::Number(0.1)), ("ok", Value::Bool(true))]),
            done(1, &[("n", Value::Integer(-2)), ("ok", Value::Bool(false)), ("word", Value::Text("é".into()))]),
        ];
        let reader = file(folder.path(), &rows);
        assert_eq!(reader.read::<i64>("results/task").unwrap(), [0, 1]);
        assert_eq!(reader.read::<f64>("results/a").unwrap(), [0.0, 0.5]);
        assert_eq!(reader.read::<i64>("results/n").unwrap(), [1 << 60, -2]);
        assert_eq!(reader.read::<u8>("results/ok").unwrap(), [1, 0]);
        let x: Vec<f64> = reader.read("results/x").unwrap();
        assert!(x[0] == 0.1 && x[1].is_nan());
        assert_eq!(reader.texts("results/word").unwrap(), ["", "é"]);
        assert_eq!(reader.texts("results/status").unwrap(), ["done", "done"]);
        assert_eq!(reader.attributes::<u64>("results/word", "position").unwrap(), [6]);
        assert_eq!(reader.text("/", "Format").unwrap(), FORMAT);
        assert!(!reader.has("results/message") && !reader.has("failures/task"));
    }

    #[test]
    fn failures_have_their_messages_and_gaps() {
        let folder = tempfile::tempdir().unwrap();
        let reader = file(folder.path(), &[failed(0, "a\nb"), done(1, &[("n", Value::Integer(7))])]);
        let n: Vec<f64> = reader.read("results/n").unwrap();
        assert!(n[0].is_nan() && n[1] == 7.0);
        assert_eq!(reader.read::<u64>("failures/task").unwrap(), [0]);
        assert_eq!(reader.texts("failures/message").unwrap(), ["a | b"]);
        assert_eq!(reader.texts("results/status").unwrap(), ["failed", "done"]);
    }

    #[test]
    fn the_same_rows_make_the_same_bytes() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let rows = [failed(0, "why"), done(1, &[("a/b", Value::Text("t".into()))])];
        let readers = [file(one.path(), &rows), file(two.path(), &rows)];
        assert!(readers.iter().all(|reader| reader.has("results/a_b")));
        let bytes = |folder: &Path| std::fs::read(folder.join("results.h5")).unwrap();
        assert_eq!(bytes(one.path()), bytes(two.path()));
    }

    #[test]
    fn names_are_fit_for_hdf5_and_differ() {
        let mut taken = BTreeSet::new();
        let names = ["a/b", "a_b", "..", "x.y"].map(|name| dataset_name(&mut taken, name));
        assert_eq!(names, ["results/a_b", "results/a_b_", "results/__", "results/x.y"]);
    }

    #[test]
    fn texts_too_long_for_a_column_are_cut_between_letters() {
        let mut texts = vec!["é".repeat(40), "short".to_owned()];
        assert_eq!(cut(&mut texts, 1 << 20), None);
        assert_eq!(cut(&mut texts, 82), Some(41));
        assert_eq!((texts[0].as_str(), texts[1].as_str()), ("é".repeat(20).as_str(), "short"));
    }
}
