//! The cells of one column of results.h5, and the name of its dataset.

use std::collections::BTreeSet;

use super::Column;
use crate::Result;
use crate::base::console::beginning;
use crate::io::FileWriter;
use crate::sweep::value::{Kind, Value};

/// Longer names, in bytes, no dataset has.
pub(super) const LONGEST_NAME: usize = 1024;

/// The values of one column.
#[derive(Debug, PartialEq)]
pub(super) enum Cells {
    Integers(Vec<i64>),
    /// Whole numbers, and for each whether it is lacking.
    SomeIntegers(Vec<i64>, Vec<u8>),
    Numbers(Vec<f64>),
    Truths(Vec<u8>),
    Texts(Vec<String>),
}

impl Cells {
    /// None yet, of what the column holds.
    pub(super) fn of(column: &Column) -> Self {
        match column.kind {
            Kind::Text => Cells::Texts(Vec::new()),
            Kind::Integer | Kind::Long if !column.gaps => Cells::Integers(Vec::new()),
            Kind::Long => Cells::SomeIntegers(Vec::new(), Vec::new()),
            Kind::Bool if !column.gaps => Cells::Truths(Vec::new()),
            _ => Cells::Numbers(Vec::new()),
        }
    }

    /// Adds the value of the next task, if it has one.
    pub(super) fn push(&mut self, value: Option<Value>) {
        match (self, value) {
            // The column's kind holds all its values.
            (Cells::Integers(cells), value) => cells.push(value.and_then(|value| value.integer()).unwrap_or(0)),
            (Cells::SomeIntegers(cells, missing), value) => {
                let integer = value.and_then(|value| value.integer());
                cells.push(integer.unwrap_or(0));
                missing.push(integer.is_none().into());
            }
            (Cells::Truths(cells), Some(Value::Bool(truth))) => cells.push(truth.into()),
            (Cells::Numbers(cells), Some(Value::Bool(truth))) => cells.push(u8::from(truth).into()),
            (Cells::Numbers(cells), value) => cells.push(value.and_then(|value| value.number()).unwrap_or(f64::NAN)),
            (Cells::Texts(cells), value) => cells.push(value.map_or(String::new(), |value| value.to_string())),
            (Cells::Truths(cells), _) => cells.push(0),
        }
    }

    /// Writes them as `results/NAME`.
    pub(super) fn write(&self, file: &FileWriter, name: &str) -> Result<()> {
        let dataset = format!("results/{name}");
        match self {
            Cells::Integers(cells) => file.replicated(&dataset, &[cells.len() as u64], cells),
            Cells::SomeIntegers(cells, missing) => {
                let shape = [cells.len() as u64];
                file.replicated(&dataset, &shape, cells)?;
                file.replicated(&format!("missing/{name}"), &shape, missing)
            }
            Cells::Numbers(cells) => file.replicated(&dataset, &[cells.len() as u64], cells),
            Cells::Truths(cells) => file.replicated(&dataset, &[cells.len() as u64], cells),
            Cells::Texts(cells) => file.texts(&dataset, cells),
        }
    }
}

/// A name that HDF5 takes for one dataset, and that no other column has.
pub(super) fn dataset_name(taken: &mut BTreeSet<String>, column: &str) -> String {
    let mut name = column.replace(['/', '\0'], "_");
    name.truncate(beginning(&name, LONGEST_NAME).len());
    if name.chars().all(|c| c == '.') {
        name = "_".repeat(name.len().max(1));
    }
    while !taken.insert(name.clone()) {
        name.push('_');
    }
    name
}
