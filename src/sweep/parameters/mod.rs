//! The parameters of a sweep and how they are combined: which values task `i` gets.
//!
//! The point of a task is computed from its index: grids, ranges and samples are never listed. Lists and CSV files are
//! kept as they were given, column by column. In a grid the first parameter varies slowest.

mod axis;
pub(super) mod posterior;
mod range;
mod table;
mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Table;

pub(crate) use axis::Axis;
pub(crate) use posterior::{Choose, Meaning};

use super::sampling::Samples;
use super::value::{Kind, Value};
use crate::{Error, Result};

/// Names that the table of results or the templates have for themselves.
const RESERVED: [&str; 7] = ["task", "status", "message", "index", "seed", "attempt", "folder"];

/// `[parameters]`: names, values and how they are combined.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ParametersSection {
    /// How values make tasks.
    pub combine: Combine,
    /// Number of tasks. For latin_hypercube, sobol (up to 65536) and posterior, where left out: all samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = 100, range(min = 1))]
    pub samples: Option<u64>,
    /// Whether samples are in the middle of their slices, not at random in them. For latin_hypercube.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = false)]
    pub centred: Option<bool>,
    /// File, relative to the plan. For csv, whose first line names the parameters, and posterior: posterior.hdf5 of a fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["points.csv"]))]
    pub file: Option<PathBuf>,
    /// Which samples are taken. For posterior; by their weights, if they have any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["even"]))]
    pub choose: Option<Choose>,
    /// Table of values for each task. For list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<BTreeMap<String, serde_json::Value>>")]
    #[schemars(extend("examples" = [[{ "a": 1, "b": 2 }, { "a": 3, "b": 4 }]]))]
    pub list: Vec<Table>,
    /// Names of the parameters in their order. Left out: as they are written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["a", "b", "c"]]))]
    pub order: Vec<String>,
    /// Values of each parameter, by its name, which may be a key of a simulation such as "gravity.softening". For all but list, csv and
    /// posterior.
    #[serde(skip_serializing_if = "Table::is_empty")]
    #[schemars(schema_with = "written::schema_of_axes")]
    #[schemars(extend("examples" = [{
        "a": [1, 2.5, "text"],
        "b": { "from": 1.2, "to": 2.0, "count": 64 },
        "c": { "from": 1e-3, "to": 1e3, "count": 7, "scale": "log" }
    }]))]
    pub values: Table,
}

/// How values make points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Combine {
    /// Each value with each value of the others. The first parameter varies slowest.
    #[default]
    Grid,
    /// First with first, second with second.
    Zip,
    /// As `list` has them.
    List,
    /// As the lines of a CSV file.
    Csv,
    /// A task for each sample of a fit's posterior.
    Posterior,
    /// Samples, one in each slice of every parameter.
    LatinHypercube,
    /// Samples of a scrambled Sobol sequence. Best a power of two.
    Sobol,
}

/// The points of a sweep: the values of every task.
#[derive(Clone, Debug)]
pub(crate) struct Points {
    names: Vec<String>,
    axes: Vec<Axis>,
    choice: Choice,
    len: u64,
    combine: Combine,
    /// Of a posterior, the rows that the tasks' points are.
    rows: Vec<usize>,
    /// Of a posterior, what its file says of the columns.
    meaning: Option<Meaning>,
}

/// How a task's index chooses values.
#[derive(Clone, Debug)]
enum Choice {
    /// Tasks until the value of each axis changes.
    Grid(Vec<u64>),
    Zip,
    Samples(Samples),
}

impl Combine {
    /// The name in a plan.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Combine::Grid => "grid",
            Combine::Zip => "zip",
            Combine::List => "list",
            Combine::Csv => "csv",
            Combine::Posterior => "posterior",
            Combine::LatinHypercube => "latin_hypercube",
            Combine::Sobol => "sobol",
        }
    }

    fn is_sampled(self) -> bool {
        matches!(self, Combine::LatinHypercube | Combine::Sobol)
    }
}

impl ParametersSection {
    /// Refuses keys that are missing or belong to another way of combining.
    fn check(&self) -> Result<()> {
        use Combine::{Csv, LatinHypercube, List, Posterior};
        let sampled = self.combine.is_sampled();
        let posterior = self.combine == Posterior;
        let valued = !matches!(self.combine, List | Csv | Posterior);
        let keys = [
            ("order", !self.order.is_empty(), valued, false, "\"grid\", \"zip\", \"latin_hypercube\" or \"sobol\""),
            (
                "samples",
                self.samples.is_some(),
                sampled || posterior,
                sampled,
                "\"latin_hypercube\", \"sobol\" or \"posterior\"",
            ),
            ("choose", self.choose.is_some(), posterior, false, "\"posterior\""),
            ("centred", self.centred.is_some(), self.combine == LatinHypercube, false, "\"latin_hypercube\""),
            ("file", self.file.is_some(), self.combine == Csv || posterior, true, "\"csv\" or \"posterior\""),
            ("list", !self.list.is_empty(), self.combine == List, true, "\"list\""),
            ("values", !self.values.is_empty(), valued, true, "\"grid\", \"zip\", \"latin_hypercube\" or \"sobol\""),
        ];
        let name = self.combine.name();
        for (key, given, goes, needed, with) in keys {
            let place = format!("parameters.{key}");
            if given && !goes {
                return Err(Error::input(place, format!("goes with combine = {with}, not with \"{name}\"")));
            }
            if goes && needed && !given {
                return Err(Error::input(place, format!("is missing or empty: combine = \"{name}\" needs it")));
            }
        }
        Ok(())
    }

    /// The names of the parameters that have values, in their order.
    fn ordered_names(&self) -> Result<Vec<String>> {
        let names: Vec<String> = self.values.keys().cloned().collect();
        if self.order.is_empty() {
            return Ok(names);
        }
        let mut given = self.order.clone();
        let mut known = names;
        given.sort();
        known.sort();
        if given == known {
            Ok(self.order.clone())
        } else {
            Err(Error::input("parameters.order", format!("must name each of {} once", known.join(", "))))
        }
    }

    /// The names and values that are combined.
    fn axes(&self, folder: &Path) -> Result<(Vec<String>, Vec<Axis>)> {
        match (self.combine, &self.file) {
            (Combine::Csv, Some(file)) => table::from_csv(&folder.join(file)),
            (Combine::List, _) => table::from_list(&self.list),
            _ => {
                let place = |name: &String| format!("parameters.values.{name}");
                let names = self.ordered_names()?;
                let axes = names.iter().map(|name| Axis::read(&place(name), &self.values[name]));
                let axes = axes.collect::<Result<_>>()?;
                Ok((names, axes))
            }
        }
    }
}

impl Points {
    /// The points that a plan's section describes; files are relative to `folder`, samples come from `seed`.
    ///
    /// # Errors
    /// Each names its key, or the file and line, and what is allowed.
    pub(crate) fn new(section: &ParametersSection, folder: &Path, seed: u64) -> Result<Self> {
        section.check()?;
        let (names, axes, rows, meaning) = match (section.combine, &section.file) {
            (Combine::Posterior, Some(file)) => {
                let choose = section.choose.unwrap_or_default();
                let chosen = posterior::points(&folder.join(file), section.samples, choose, seed)?;
                (chosen.names, chosen.axes, chosen.rows, Some(chosen.meaning))
            }
            _ => section.axes(folder).map(|(names, axes)| (names, axes, Vec::new(), None))?,
        };
        check_names(&names)?;
        let combine = section.combine;
        let samples = section.samples.unwrap_or_default();
        let choice = match combine {
            Combine::Grid => Choice::Grid(strides(&names, &axes)?),
            Combine::Zip | Combine::List | Combine::Csv | Combine::Posterior => Choice::Zip,
            Combine::LatinHypercube => {
                let centred = section.centred.unwrap_or_default();
                Choice::Samples(Samples::latin_hypercube(seed, samples, axes.len(), centred)?)
            }
            Combine::Sobol => Choice::Samples(Samples::sobol(seed, samples, axes.len())?),
        };
        let len = match &choice {
            Choice::Grid(strides) => strides[0] * length(&names[0], &axes[0])?,
            Choice::Zip => common_length(&names, &axes)?,
            Choice::Samples(samples) => samples.count(),
        };
        Ok(Points { names, axes, choice, len, combine, rows, meaning })
    }

    /// The parameters' names, in their order.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// How many tasks there are; at least one.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The values of `task`, below [`len`](Points::len), in the order of the names.
    pub(crate) fn point(&self, task: u64) -> Vec<Value> {
        (0..self.axes.len()).map(|parameter| self.value(task, parameter)).collect()
    }

    /// The value of one parameter in `task`.
    pub(crate) fn value(&self, task: u64, parameter: usize) -> Value {
        let axis = &self.axes[parameter];
        match &self.choice {
            Choice::Grid(strides) => axis.at(task / strides[parameter] % axis.count().unwrap_or(1)),
            Choice::Zip => axis.at(task),
            Choice::Samples(samples) => axis.sample(samples.coordinate(task, parameter)),
        }
    }

    /// Of a grid, the values of each parameter, the first of which varies slowest; none where tasks are other points.
    pub(crate) fn grid(&self) -> Option<Vec<Vec<Value>>> {
        let Choice::Grid(_) = self.choice else { return None };
        let values = |axis: &Axis| (0..axis.count().unwrap_or(0)).map(|place| axis.at(place)).collect();
        Some(self.axes.iter().map(values).collect())
    }

    /// Of samples of a posterior, the row of each task; empty for other points.
    pub(crate) fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// Of samples of a posterior, what its file says of the columns.
    pub(crate) fn meaning(&self) -> Option<&Meaning> {
        self.meaning.as_ref()
    }

    /// Of what kind a parameter is in all tasks.
    pub(crate) fn kind(&self, parameter: usize) -> Kind {
        self.axes[parameter].kind()
    }

    /// Whether a parameter is a number in all tasks.
    pub(crate) fn is_numeric(&self, parameter: usize) -> bool {
        self.axes[parameter].is_numeric()
    }

    /// Lines `key = value` that differ where points do, for a given seed.
    pub(crate) fn describe(&self) -> Vec<String> {
        let combine = match &self.choice {
            // Where a grid of few values is listed, the same points are the same plan.
            Choice::Zip => "zip",
            _ => self.combine.name(),
        };
        let head = [format!("parameters.combine = {combine}"), format!("parameters.tasks = {}", self.len)];
        let axes = self.names.iter().zip(&self.axes);
        let values = axes.map(|(name, axis)| format!("parameters.values.{name} = {}", axis.describe()));
        head.into_iter().chain(values).collect()
    }
}

/// For each axis of a grid, how many tasks in a row have the same value of it.
fn strides(names: &[String], axes: &[Axis]) -> Result<Vec<u64>> {
    let mut product = 1u64;
    let mut strides = vec![1; axes.len()];
    for (i, axis) in axes.iter().enumerate().rev() {
        strides[i] = product;
        let grown = product.checked_mul(length(&names[i], axis)?);
        product = grown.ok_or_else(|| Error::input("parameters.values", "the grid has more than 2^64 points"))?;
    }
    Ok(strides)
}

fn length(name: &str, axis: &Axis) -> Result<u64> {
    let place = format!("parameters.values.{name}");
    let reason = "count or step is missing; without, a range goes with combine = \"latin_hypercube\" or \"sobol\"";
    axis.count().ok_or_else(|| Error::input(place, reason))
}

fn common_length(names: &[String], axes: &[Axis]) -> Result<u64> {
    let first = length(&names[0], &axes[0])?;
    for (name, axis) in names.iter().zip(axes) {
        let other = length(name, axis)?;
        if other != first {
            let reason = format!("has {other} values, but `{}` has {first}: combine = \"zip\" needs as many", names[0]);
            return Err(Error::input(format!("parameters.values.{name}"), reason));
        }
    }
    Ok(first)
}

fn check_names(names: &[String]) -> Result<()> {
    for (i, name) in names.iter().enumerate() {
        let refuse = |reason: String| Err(Error::input("parameters", format!("the name `{name}` {reason}")));
        if name.trim() != name || name.is_empty() || name.contains(|c: char| "{}:=".contains(c) || c.is_control()) {
            return refuse("is not allowed: no blanks at its ends, no { } : = and not empty".to_owned());
        }
        if RESERVED.contains(&name.as_str()) {
            return refuse(format!("is taken; so are {}", RESERVED.join(", ")));
        }
        if names[..i].contains(name) {
            return refuse("stands twice".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
