//! results.h5: a dataset per column.
//!
//! Whole numbers are `i64`, numbers `f64`, truth values `u8` (0 or 1), texts in UTF-8, of fixed length where they are about equally
//! long. A whole number or truth value that some tasks lack is `f64`, with NaN for none; where a float doesn't hold the numbers it stays
//! `i64`, and `missing/NAME` is 1 for the tasks that lack it. A text that is lacking is empty. A slash in a name is written `_`, a very
//! long name is cut; the attribute `name` has it whole. Columns lie along `task`; in the root they are again, of a grid's tasks as arrays
//! along its parameters ([`labels`](super::labels)). As many columns as fit in memory are gathered in one pass over the rows.

use std::collections::BTreeSet;
use std::path::Path;

use super::cells::{Cells, LONGEST_NAME, dataset_name};
use super::labels::Labels;
use super::{Column, Columns, Row, Status, one_line};
use crate::Result;
use crate::io::FileWriter;
use crate::sweep::parameters::Points;

/// The attribute `Format`.
const FORMAT: &str = "divisi results 1";
/// Cells that are gathered at once.
const CELLS: u64 = 1 << 27;

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
        let labels = Labels::begin(&file, points, columns)?;
        for group in all.chunks(at_once) {
            let gathered = gather(points, columns, group, rows())?;
            for (&(position, column), cells) in group.iter().zip(gathered) {
                let name = dataset_name(&mut names, &column.name);
                write_column(&file, &name, position, column, &cells)?;
                labels.add(&name, &cells)?;
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

fn write_column(file: &FileWriter, name: &str, position: usize, column: &Column, cells: &Cells) -> Result<()> {
    cells.write(file, name)?;
    let dataset = format!("results/{name}");
    file.attribute(&dataset, "position", position as u64)?;
    if column.name.len() <= LONGEST_NAME {
        file.text(&dataset, "name", &column.name)
    } else {
        // One of fixed length ends at 64 KiB.
        file.string(&dataset, "name", &column.name.replace('\0', "_"))
    }
}

/// Tasks that are not done, with the reason.
fn write_failures(file: &FileWriter, rows: impl Iterator<Item = Result<Row>>) -> Result<()> {
    let mut tasks = Vec::new();
    let mut messages = Vec::new();
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
    file.replicated("failures/task", &[tasks.len() as u64], &tasks)?;
    file.texts("failures/message", &messages)
}

#[cfg(test)]
mod tests {
    use super::super::columns::tests::{done, failed, points};
    use super::*;
    use crate::io::Reader;
    use crate::sweep::value::Value;

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
        let one = tempfile::tempdir().unwrap();
        let two = tempfile::tempdir().unwrap();
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
        assert_eq!(names, ["a_b", "a_b_", "__", "x.y"]);
    }

    /// Of results, of parameters, of two that differ in their ends alone, with a zero in it.
    #[test]
    fn names_of_any_length_have_their_datasets() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["é".repeat(35_000), "é".repeat(35_000) + "x", "a\0".repeat(40_000)];
        let outcome: Vec<(&str, Value)> = names.iter().map(|name| (&name[..], Value::Integer(1))).collect();
        let reader = file(folder.path(), &[done(0, &outcome), done(1, &outcome)]);
        let cut = "é".repeat(512);
        assert_eq!(reader.text(&format!("results/{cut}"), "name").unwrap(), names[0]);
        assert_eq!(reader.text(&format!("results/{cut}_"), "name").unwrap(), names[1]);
        assert_eq!(reader.text(&format!("results/{}", "a_".repeat(512)), "name").unwrap(), "a_".repeat(40_000));
    }

    /// In a result that a task lacks; beside a fraction; a whole number beyond i64, alone and beside others.
    #[test]
    fn numbers_keep_their_digits_whatever_stands_beside_them() {
        let folder = tempfile::tempdir().unwrap();
        let large = 9_007_199_254_740_993;
        let rows = [
            done(
                0,
                &[
                    ("n", Value::parse("+9007199254740993")),
                    ("mixed", Value::Integer(large)),
                    ("hash", Value::spelled("12345678901234567890").unwrap()),
                ],
            ),
            done(
                1,
                &[("n", Value::Integer(-2)), ("mixed", Value::Number(0.5)), ("hash", Value::spelled("3").unwrap())],
            ),
            failed(2, "why"),
        ];
        let reader = file(folder.path(), &rows);
        assert_eq!(reader.read::<i64>("results/n").unwrap(), [large, -2, 0]);
        assert_eq!(reader.read::<u8>("missing/n").unwrap(), [0, 0, 1]);
        assert_eq!(reader.texts("results/mixed").unwrap(), ["9007199254740993", "0.5", ""]);
        assert_eq!(reader.texts("results/hash").unwrap(), ["12345678901234567890", "3", ""]);
        assert!(!reader.has("missing/mixed"));
    }

    /// Of results and of failures; whole, and in a file that is about as large as they are; the same bytes each time.
    #[test]
    fn one_long_text_makes_no_column_long() {
        let folder = tempfile::tempdir().unwrap();
        let long = "é".repeat(500_000);
        let text = |task: u64| if task == 7 { long.clone() } else { "abc".to_owned() };
        let mut rows: Vec<Row> = (0..100).map(|task| done(task, &[("says", Value::Text(text(task)))])).collect();
        rows.extend((100..200).map(|task| failed(task, &text(task - 100))));
        let write = |name: &str| {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            let reader = file(&folder.path().join(name), &rows);
            (reader.texts("results/says").unwrap(), reader.texts("failures/message").unwrap())
        };
        let (says, messages) = write("one");
        assert!(says[7] == long && messages[7] == long);
        assert_eq!((says.len(), &says[8][..], &says[107][..], &messages[99][..]), (200, "abc", "", "abc"));
        let bytes = |name: &str| std::fs::read(folder.path().join(name).join("results.h5")).unwrap();
        write("two");
        assert!(bytes("one") == bytes("two"));
        assert!(bytes("one").len() < 2_200_000, "{}", bytes("one").len());
    }
}
