//! Which columns the table of results has, and of which kind each is.
//!
//! Results become columns in the order in which the tasks, by their index, first name them. A column's kind is found over
//! all rows. A result with the name of an earlier column gets `result.` before its name.

use std::collections::{BTreeMap, BTreeSet};

use super::{Row, one_line};
use crate::sweep::parameters::Points;
use crate::sweep::value::{Kind, Value};
use crate::{Error, Result};

/// A column of the table of results.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    /// Its name.
    pub name: String,
    /// What all its values are.
    pub kind: Kind,
    /// Whether some rows have no value.
    pub gaps: bool,
    source: Source,
}

/// Where a column's values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Task,
    Parameter(usize),
    Result(usize),
    Status,
    Message,
}

/// The columns of the table of results.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    all: Vec<Column>,
    /// The results' own names, in their order.
    results: Names,
    rows: u64,
}

/// Names with their places.
#[derive(Clone, Debug, Default)]
struct Names {
    list: Vec<String>,
    places: BTreeMap<String, usize>,
}

impl Names {
    /// The place of `name`, which is probably at `guess`.
    fn place(&self, name: &str, guess: usize) -> Option<usize> {
        if self.list.get(guess).is_some_and(|known| known == name) {
            return Some(guess);
        }
        self.places.get(name).copied()
    }

    fn add(&mut self, name: &str) -> usize {
        self.list.push(name.to_owned());
        self.places.insert(name.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }
}

impl Columns {
    /// The columns of these rows.
    ///
    /// # Errors
    /// Rows that cannot be read, or that are not in the tasks' order.
    pub(crate) fn find(points: &Points, rows: impl Iterator<Item = Result<Row>>) -> Result<Self> {
        let mut results = Names::default();
        let mut found = Vec::<(Kind, u64)>::new();
        let mut count = 0;
        let mut next = 0;
        for row in rows {
            let row = row?;
            if row.task < next || row.task >= points.len() {
                let reason = format!("the row of task {} is out of order, or there is no such task", row.task);
                return Err(Error::input("results", reason));
            }
            (next, count) = (row.task + 1, count + 1);
            for (guess, (name, value)) in row.outcome.iter().enumerate() {
                let place = results.place(name, guess).unwrap_or_else(|| results.add(name));
                match found.get_mut(place) {
                    Some((kind, present)) => (*kind, *present) = (kind.with(value.kind()), *present + 1),
                    None => found.push((value.kind(), 1)),
                }
            }
        }
        Ok(Self::new(points, results, &found, count))
    }

    fn new(points: &Points, results: Names, found: &[(Kind, u64)], rows: u64) -> Self {
        let column = |name: &str, kind, source| Column { name: name.to_owned(), kind, gaps: false, source };
        let mut all = vec![column("task", Kind::Integer, Source::Task)];
        let parameters = points.names().iter().enumerate();
        all.extend(parameters.map(|(i, name)| column(name, points.kind(i), Source::Parameter(i))));
        let ends = [("status", Source::Status), ("message", Source::Message)];
        let ends = ends.map(|(name, source)| column(name, Kind::Text, source));
        let mut taken: BTreeSet<String> = all.iter().chain(&ends).map(|column| column.name.clone()).collect();
        for (i, (name, &(kind, present))) in results.list.iter().zip(found).enumerate() {
            let mut name = name.clone();
            while !taken.insert(name.clone()) {
                name.insert_str(0, "result.");
            }
            all.push(Column { name, kind, gaps: present < rows, source: Source::Result(i) });
        }
        all.extend(ends);
        Columns { all, results, rows }
    }

    /// All columns, in their order.
    pub(crate) fn all(&self) -> &[Column] {
        &self.all
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// The row's results, each at its column's place among the results.
    pub(super) fn sorted(&self, row: &mut Row) -> Vec<Option<Value>> {
        let mut sorted = vec![None; self.results.list.len()];
        for (guess, (name, value)) in std::mem::take(&mut row.outcome).into_iter().enumerate() {
            if let Some(place) = self.results.place(&name, guess) {
                sorted[place] = Some(value);
            }
        }
        sorted
    }
}

impl Column {
    /// The value of a row, whose results are `sorted`.
    pub(super) fn value(&self, points: &Points, row: &Row, sorted: &[Option<Value>]) -> Option<Value> {
        let value = match self.source {
            Source::Task => Value::Integer(row.task as i64),
            Source::Parameter(parameter) => points.value(row.task, parameter),
            Source::Result(result) => sorted[result].clone()?,
            Source::Status => Value::Text(row.status.name().to_owned()),
            Source::Message => Value::Text(one_line(&row.message)),
        };
        Some(value.among(self.kind))
    }

    /// Whether it has the reason why a task is not done.
    pub(super) fn is_message(&self) -> bool {
        self.source == Source::Message
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::sweep::parameters::ParametersSection;
    use crate::sweep::results::Status;

    /// Points of two parameters and as many tasks as rows.
    pub(crate) fn points(tasks: usize) -> Points {
        let text = format!("values = {{ a = {{ from = 0.0, to = 0.5, count = {tasks} }}, mode = 'x' }}");
        let section: ParametersSection = toml::from_str(&text).unwrap();
        Points::new(&section, std::path::Path::new("."), 1).unwrap()
    }

    pub(crate) fn done(task: u64, outcome: &[(&str, Value)]) -> Row {
        let outcome = outcome.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Row { task, status: Status::Done, outcome, message: String::new() }
    }

    pub(crate) fn failed(task: u64, message: &str) -> Row {
        Row { task, status: Status::Failed, outcome: Vec::new(), message: message.to_owned() }
    }

    fn found(rows: &[Row]) -> Result<Vec<(String, Kind, bool)>> {
        let columns = Columns::find(&points(rows.len()), rows.iter().cloned().map(Ok))?;
        Ok(columns.all().iter().map(|column| (column.name.clone(), column.kind, column.gaps)).collect())
    }

    #[test]
    fn columns_stand_in_the_order_in_which_tasks_name_them() {
        let rows = [
            done(0, &[("n", Value::Integer(1)), ("b", Value::Bool(true))]),
            done(1, &[("x", Value::Text("t".into())), ("n", Value::Number(0.5))]),
            done(2, &[("n", Value::Integer(2)), ("b", Value::Integer(1)), ("x", Value::Text("u".into()))]),
        ];
        let expected = [
            ("task", Kind::Integer, false),
            ("a", Kind::Number, false),
            ("mode", Kind::Text, false),
            ("n", Kind::Number, false),
            ("b", Kind::Text, true),
            ("x", Kind::Text, true),
            ("status", Kind::Text, false),
            ("message", Kind::Text, false),
        ];
        assert_eq!(found(&rows).unwrap(), expected.map(|(name, kind, gaps)| (name.to_owned(), kind, gaps)));
    }

    /// Beside a fraction, beside a task without a result, in a parameter.
    #[test]
    fn a_column_that_no_float_holds_is_of_whole_numbers_or_of_texts() {
        let large = Value::Integer(9_007_199_254_740_993);
        let rows = [done(0, &[("n", large.clone()), ("m", large)]), done(1, &[("m", Value::Number(0.5))])];
        let kinds: Vec<(Kind, bool)> = found(&rows).unwrap()[3..5].iter().map(|column| (column.1, column.2)).collect();
        assert_eq!(kinds, [(Kind::Long, true), (Kind::Text, false)]);
    }

    #[test]
    fn a_result_named_as_another_column_is_told_apart() {
        let rows =
            [done(0, &[("a", Value::Integer(1)), ("status", Value::Integer(2)), ("result.a", Value::Integer(3))])];
        let names: Vec<String> = found(&[rows[0].clone(), done(1, &[])]).unwrap().into_iter().map(|c| c.0).collect();
        assert_eq!(names[3..6], ["result.a", "result.status", "result.result.a"]);
    }

    #[test]
    fn rows_out_of_order_are_refused() {
        assert!(found(&[done(1, &[]), done(0, &[])]).unwrap_err().to_string().contains("task 0 is out of order"));
        assert!(found(&[done(0, &[]), done(0, &[])]).is_err());
        assert!(found(&[done(0, &[]), done(2, &[])]).is_err());
    }
}
