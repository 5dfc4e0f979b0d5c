//! The axes of results.h5, by which xarray opens it: columns lie along `task`, and stand in the root too.
//!
//! Where the tasks are a grid of parameters, the root has an axis for each parameter, with its values, and each column of numbers as an
//! array along these; nothing is stored twice (HDF5 virtual datasets). Of other tasks the root has the columns themselves.
//! Left out in the root: texts of a grid's tasks, columns whose names the file's groups have.

use std::collections::BTreeSet;

use super::Columns;
use super::cells::{Cells, dataset_name};
use crate::Result;
use crate::io::{FileWriter, Shown, Slab};
use crate::sweep::parameters::Points;
use crate::sweep::value::{Kind, Value};

/// The axis of tasks.
const TASK: &str = "task";
/// The names of the file's groups.
const GROUPS: [&str; 3] = ["results", "missing", "failures"];

/// The axes of a file that is being written.
pub(super) struct Labels<'a> {
    file: &'a FileWriter,
    tasks: u64,
    /// Of a grid, the names of its axes and their lengths.
    grid: Option<(Vec<String>, Vec<u64>)>,
}

impl<'a> Labels<'a> {
    /// Writes the axes of a grid, where the rows are all of its tasks.
    pub(super) fn begin(file: &'a FileWriter, points: &Points, columns: &Columns) -> Result<Self> {
        file.conventions()?;
        let tasks = columns.rows();
        let Some(values) = points.grid().filter(|_| points.len() == tasks) else {
            return Ok(Labels { file, tasks, grid: None });
        };
        let mut taken: BTreeSet<String> = GROUPS.iter().map(|&name| name.to_owned()).collect();
        let mut names = Vec::new();
        for (place, (name, values)) in points.names().iter().zip(&values).enumerate() {
            let name = dataset_name(&mut taken, name);
            write_axis(file, &name, points.kind(place), values)?;
            names.push(name);
        }
        let lengths = values.iter().map(|values| values.len() as u64).collect();
        Ok(Labels { file, tasks, grid: Some((names, lengths)) })
    }

    /// Labels the column that was written as `results/NAME`.
    pub(super) fn add(&self, name: &str, cells: &Cells) -> Result<()> {
        let dataset = format!("results/{name}");
        if name == TASK {
            self.file.as_axis(&dataset)?;
        } else {
            self.file.along(&dataset, &["results/task"])?;
        }
        match &self.grid {
            _ if GROUPS.contains(&name) => Ok(()),
            None => self.file.link(&format!("/{dataset}"), name),
            Some((axes, _)) if axes.iter().any(|axis| axis == name) => Ok(()),
            Some((axes, lengths)) => self.array(name, cells, axes, lengths),
        }
    }

    /// A column of numbers as an array along the grid's axes.
    fn array(&self, name: &str, cells: &Cells, axes: &[String], lengths: &[u64]) -> Result<()> {
        let dataset = format!("/results/{name}");
        let part = Slab::whole(&[self.tasks]);
        let shown = [Shown { file: ".".to_owned(), dataset, part, place: Slab::whole(lengths) }];
        match cells {
            Cells::Integers(_) | Cells::SomeIntegers(..) => self.file.view::<i64>(name, lengths, &shown)?,
            Cells::Numbers(_) => self.file.view::<f64>(name, lengths, &shown)?,
            Cells::Truths(_) => self.file.view::<u8>(name, lengths, &shown)?,
            Cells::Texts(_) => return Ok(()),
        }
        self.file.along(name, &axes.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

/// A parameter's values as an axis of the root.
fn write_axis(file: &FileWriter, name: &str, kind: Kind, values: &[Value]) -> Result<()> {
    let shape = [values.len() as u64];
    let values = values.iter().map(|value| value.clone().among(kind));
    match kind {
        Kind::Integer | Kind::Long => {
            let integers: Vec<i64> = values.map(|value| value.integer().unwrap_or(0)).collect();
            file.replicated(name, &shape, &integers)?;
        }
        Kind::Number => {
            let numbers: Vec<f64> = values.map(|value| value.number().unwrap_or(f64::NAN)).collect();
            file.replicated(name, &shape, &numbers)?;
        }
        Kind::Bool => {
            let truths: Vec<u8> = values.map(|value| (value == Value::Bool(true)).into()).collect();
            file.replicated(name, &shape, &truths)?;
        }
        Kind::Text => {
            file.strings(name, &values.map(|value| value.to_string().replace('\0', "_")).collect::<Vec<_>>())?
        }
    }
    file.as_axis(name)
}
