//! results.csv and tasks.csv: each has its name only when it is whole.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::ser::Serializer;

use super::{Account, Column, Columns, Row, one_line};
use crate::base::whole::WholeFile;
use crate::sweep::parameters::Points;
use crate::{Error, Result};

/// What messages call the standard output.
const STANDARD_OUTPUT: &str = "standard output";

/// A table of CSV that is being written.
struct Table<W: Write> {
    path: PathBuf,
    lines: csv::Writer<W>,
    field: String,
}

impl<W: Write> Table<W> {
    /// One that goes to `to`, which messages call `path`.
    fn new(path: &Path, to: W) -> Self {
        Table { path: path.to_owned(), lines: csv::Writer::from_writer(to), field: String::new() }
    }

    /// Adds the names of the columns, and a line per row.
    fn results(
        &mut self,
        points: &Points,
        columns: &Columns,
        mut rows: impl Iterator<Item = Result<Row>>,
    ) -> Result<()> {
        columns.all().iter().try_for_each(|column| self.field(&column.name))?;
        self.end_line()?;
        rows.try_for_each(|row| {
            let mut row = row?;
            let sorted = columns.sorted(&mut row);
            for column in columns.all() {
                match column.value(points, &row, &sorted) {
                    Some(value) => self.field(value)?,
                    None => self.field("")?,
                }
            }
            self.end_line()
        })
    }

    /// Adds a field to the line.
    fn field(&mut self, value: impl std::fmt::Display) -> Result<()> {
        self.field.clear();
        let infallible = write!(self.field, "{value}");
        debug_assert!(infallible.is_ok());
        self.lines.write_field(&self.field).map_err(|error| Error::io("write", &self.path)(error.into()))
    }

    fn end_line(&mut self) -> Result<()> {
        self.lines.write_record(None::<&[u8]>).map_err(|error| Error::io("write", &self.path)(error.into()))
    }
}

impl Table<WholeFile> {
    fn create(path: &Path) -> Result<Self> {
        Ok(Table::new(path, WholeFile::create(path)?))
    }

    /// Makes the file last and gives it its name.
    fn finish(self) -> Result<()> {
        let file = self.lines.into_inner().map_err(|error| Error::io("write", &self.path)(error.into_error()))?;
        file.finish()
    }
}

/// Writes the table of results.
pub(super) fn write_results(
    path: &Path,
    points: &Points,
    columns: &Columns,
    rows: impl Iterator<Item = Result<Row>>,
) -> Result<()> {
    let mut table = Table::create(path)?;
    table.results(points, columns, rows)?;
    table.finish()
}

/// Prints the table of results.
pub(super) fn print_results(
    to: &mut dyn Write,
    points: &Points,
    columns: &Columns,
    rows: impl Iterator<Item = Result<Row>>,
) -> Result<()> {
    let mut table = Table::new(STANDARD_OUTPUT.as_ref(), to);
    table.results(points, columns, rows)?;
    table.lines.flush().map_err(Error::io("write", STANDARD_OUTPUT))
}

/// Prints a list of objects, one per row, with the values that it has: numbers as they were written, NaN and infinities as `null`.
pub(super) fn print_objects(
    to: &mut dyn Write,
    points: &Points,
    columns: &Columns,
    rows: impl Iterator<Item = Result<Row>>,
) -> Result<()> {
    let mut before = "[\n";
    for row in rows {
        let mut row = row?;
        let sorted = columns.sorted(&mut row);
        let cell = |column: &Column| Some((column.name.clone(), column.value(points, &row, &sorted)?.to_json()));
        let mut object = before.as_bytes().to_vec();
        let written = serde_json::Serializer::new(&mut object).collect_map(columns.all().iter().filter_map(cell));
        written.map_err(|error| Error::System(error.to_string()))?;
        to.write_all(&object).map_err(Error::io("write", STANDARD_OUTPUT))?;
        before = ",\n";
    }
    let end = if before == "[\n" { "[]\n" } else { "\n]\n" };
    to.write_all(end.as_bytes()).map_err(Error::io("write", STANDARD_OUTPUT))
}

/// Writes the table of which rank ran which task.
pub(super) fn write_accounts(path: &Path, first: f64, accounts: impl Iterator<Item = Account>) -> Result<()> {
    let mut table = Table::create(path)?;
    let names = ["task", "rank", "attempts", "start", "seconds", "status", "message"];
    names.iter().try_for_each(|name| table.field(name))?;
    table.end_line()?;
    for account in accounts {
        let Account { task, rank, attempts, began, seconds, status, message } = account;
        table.field(task)?;
        table.field(rank.map_or(String::new(), |rank| rank.to_string()))?;
        table.field(attempts)?;
        table.field(began.map_or(String::new(), |began| format!("{:.6}", began - first)))?;
        table.field(format_args!("{seconds:.6}"))?;
        table.field(status.name())?;
        table.field(one_line(&message))?;
        table.end_line()?;
    }
    table.finish()
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::super::columns::tests::{done, failed, points};
    use super::*;
    use crate::run::RunFolder;
    use crate::sweep::files::TASKS_CSV;
    use crate::sweep::value::Value;

    fn written(rows: &[Row]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.csv");
        let points = points(rows.len());
        let columns = Columns::find(&points, rows.iter().cloned().map(Ok)).unwrap();
        write_results(&path, &points, &columns, rows.iter().cloned().map(Ok)).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "only the file itself is left");
        std::fs::read_to_string(&path).unwrap()
    }

    #[test]
    fn the_table_has_a_line_per_task() {
        let rows = [
            done(0, &[("n", Value::Integer(3)), ("x", Value::Number(0.1 + 0.2))]),
            failed(1, "exit status 1\n\n  no \"luck\"\n"),
            done(2, &[("x", Value::Integer(2)), ("n", Value::Integer(4)), ("says", Value::Text("a, b".into()))]),
            Row { task: 3, status: Status::Cancelled, outcome: Vec::new(), message: String::new() },
            done(5, &[("n", Value::Integer(-1)), ("x", Value::Number(f64::NAN))]),
            done(4, &[]),
        ];
        let expected = "\
task,a,mode,n,x,says,status,message
0,0.0,x,3,0.30000000000000004,,done,
1,0.1,x,,,,failed,\"exit status 1 | no \"\"luck\"\"\"
2,0.2,x,4,2,\"a, b\",done,
3,0.3,x,,,,cancelled,
5,0.5,x,-1,NaN,,done,
";
        let points = points(6);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.csv");
        let rows = || rows[..5].iter().cloned().map(Ok);
        let columns = Columns::find(&points, rows()).unwrap();
        write_results(&path, &points, &columns, rows()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    }

    #[test]
    fn a_table_that_cannot_be_finished_leaves_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.csv");
        std::fs::write(&path, "before").unwrap();
        let points = points(2);
        let columns = Columns::find(&points, [Ok(done(0, &[]))].into_iter()).unwrap();
        let broken = [Ok(done(0, &[])), Err(Error::input("journal", "torn"))];
        assert!(write_results(&path, &points, &columns, broken.into_iter()).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let error = write_accounts(Path::new("/nowhere/tasks.csv"), 0.0, std::iter::empty()).unwrap_err();
        assert!(error.to_string().starts_with("cannot write /nowhere/tasks.csv"), "{error}");
    }

    #[test]
    fn one_failed_task_is_a_whole_line() {
        let told = written(&[done(0, &[]), failed(1, "a\nb")]);
        assert_eq!(told, "task,a,mode,status,message\n0,0.0,x,done,\n1,0.5,x,failed,a | b\n");
    }

    #[test]
    fn accounts_tell_who_did_what() {
        let folder = tempfile::tempdir().unwrap();
        let account = |task, rank: Option<usize>, status| {
            let attempts = 2;
            let seconds = 0.25;
            let message = "b\na".to_owned();
            let began = rank.map(|_| 1000.5);
            Account { task, rank, attempts, began, seconds, status, message }
        };
        let accounts = [account(0, Some(3), Status::Done), account(1, None, Status::Cancelled)];
        super::super::write_accounts(&RunFolder::at(folder.path()), 1000.0, accounts.into_iter()).unwrap();
        let told = std::fs::read_to_string(folder.path().join(TASKS_CSV.name())).unwrap();
        let expected = "\
task,rank,attempts,start,seconds,status,message
0,3,2,0.500000,0.250000,done,b | a
1,,2,,0.250000,cancelled,b | a
";
        assert_eq!(told, expected);
    }
}
