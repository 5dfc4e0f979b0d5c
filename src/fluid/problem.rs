//! What a problem is: its initial state, and whatever it needs of boundaries, sources, obstacles and history columns.
//!
//! A problem is one file: a type that implements [`Problem`], and an [`Entry`] that names it and makes it from the section
//! `[problem]`. A list of entries ([`Problems`]) is a simulation: [`Fluid`](super::Fluid).

use std::path::PathBuf;

use schemars::Schema;
use serde::de::DeserializeOwned;
use toml::Table;

use super::gas::Gas;
use crate::base::config::{nearest_of, read_section, schema_of_kind};
use crate::grid::{Ghost, Grid};
use crate::run::Row;
use crate::{Error, Result};

/// The state of the gas in one cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Mass per volume.
    pub density: f64,
    /// Velocity along x, y, z; all three also where the grid has fewer axes.
    pub velocity: [f64; 3],
    /// Pressure; not used by an isothermal gas.
    pub pressure: f64,
    /// Passive scalars per mass, in the order of [`Problem::scalars`].
    pub scalars: Vec<f64>,
}

/// A passive scalar: a number per mass that the gas carries along.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// Its name, in snapshots and in history.csv.
    pub name: String,
    /// The least and the greatest value that it can have; none by default.
    pub bounds: Option<[f64; 2]>,
}

impl Scalar {
    /// A scalar that may have any value.
    pub fn new(name: impl Into<String>) -> Self {
        Scalar { name: name.into(), bounds: None }
    }

    /// The same, kept from `least` to `greatest`: a value beyond them is put back.
    ///
    /// A step takes a scalar that would go beyond them from upwind, which keeps its amount (`scalars_upwind` in history.csv counts
    /// the cells). What rounding, sources and [`after_step`](Problem::after_step) take beyond them changes the amount;
    /// `scalars_bounded` counts that. An initial value beyond the bounds is refused.
    pub fn within(self, least: f64, greatest: f64) -> Self {
        Scalar { bounds: Some([least, greatest]), ..self }
    }
}

/// Where a cell is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Its index in the whole grid.
    pub index: [i64; 3],
    /// Its centre.
    pub center: [f64; 3],
    /// Its size along each axis.
    pub size: [f64; 3],
}

impl Cell {
    /// The cell of this index.
    pub fn of(grid: &Grid<3>, index: [i64; 3]) -> Self {
        Cell { index, center: grid.center(index), size: grid.spacing() }
    }

    /// Its volume.
    pub fn volume(&self) -> f64 {
        self.size[0] * self.size[1] * self.size[2]
    }
}

/// What a problem is made for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Setting {
    /// The whole grid; missing axes have one cell.
    pub grid: Grid<3>,
    /// The number of axes, 1 to 3.
    pub dimensions: usize,
    /// The gas.
    pub gas: Gas,
    /// The constant acceleration along each axis.
    pub gravity: [f64; 3],
    /// The run's seed of random numbers.
    pub seed: u64,
    /// The folder of the parameter file: where relative paths in it start.
    pub folder: PathBuf,
}

/// A problem: a flow to be followed.
///
/// Methods are functions of their arguments alone, so that the result does not depend on the number of ranks. Primitive
/// variables come as a slice: density, three velocities, pressure (not for an isothermal gas), scalars; conserved ones in the
/// same order: mass, momenta and energy per volume, scalars times density.
pub trait Problem {
    /// Fills in the state of a cell at the start; it comes with the number of scalars right and all else zero.
    fn initial(&self, cell: &Cell, state: &mut State);

    /// The passive scalars, each with its own bounds if it has any.
    fn scalars(&self) -> Vec<Scalar> {
        Vec::new()
    }

    /// The primitive variables in a halo cell on a side whose boundary is "user": by default those of the nearest cell.
    ///
    /// `ghost.side` tells which side it is: `ghost.side.axis`, from 0, and `ghost.side.high`. `out` begins as `edge`.
    /// `edge` is the nearest cell of the grid, `mirror` the cell mirrored about the side, its velocity as it is there.
    fn boundary(&self, _ghost: &Ghost<3>, _time: f64, edge: &[f64], _mirror: &[f64], out: &mut [f64]) {
        out.copy_from_slice(edge);
    }

    /// Whether [`source`](Problem::source) is to be called.
    fn has_source(&self) -> bool {
        false
    }

    /// Adds the rates of change of a cell's conserved variables at `time`, whose primitive variables are given.
    fn source(&self, _cell: &Cell, _time: f64, _primitive: &[f64], _rates: &mut [f64]) {}

    /// Whether [`longest_step`](Problem::longest_step) is to be called.
    fn has_longest_step(&self) -> bool {
        false
    }

    /// The longest step that the problem allows from the state at `time`; all ranks take the least of theirs. Infinite by default.
    ///
    /// For sources that act faster than waves cross a cell: `cells.least(|cell, primitive| ..)` of a share of the time in which a
    /// source changes a cell. A number that is not positive ends the run.
    fn longest_step(&self, _cells: &Cells, _time: f64) -> f64 {
        f64::INFINITY
    }

    /// Whether [`after_step`](Problem::after_step) is to be called.
    fn has_after_step(&self) -> bool {
        false
    }

    /// Changes a cell's primitive variables at the end of a step of length `dt` that has come to `time`: what can be solved exactly,
    /// or in steps of its own, however fast it is.
    ///
    /// Called once per step for each cell of gas; what is changed is still kept above the floors and within bounds. The step and
    /// what is done here are first order in time together.
    fn after_step(&self, _cell: &Cell, _time: f64, _dt: f64, _primitive: &mut [f64]) {}

    /// Whether a cell is solid: no gas flows through its faces, and its state stays as it is.
    fn is_solid(&self, _cell: &Cell) -> bool {
        false
    }

    /// Adds columns to history.csv: sums, least and largest values over this rank's cells of gas, which the run merges.
    fn history(&self, _cells: &Cells, _time: f64, _row: &mut Row) {}
}

/// What is called with each cell and its primitive variables.
pub(super) type See<'a> = &'a mut dyn FnMut(&Cell, &[f64]);

/// The cells of one rank, as a problem sees them.
pub struct Cells<'a> {
    pub(super) visit: &'a dyn Fn(See),
}

impl Cells<'_> {
    /// Calls `see` with each of this rank's cells of gas, and its primitive variables; solid cells
    /// ([`is_solid`](Problem::is_solid)) are left out.
    pub fn each(&self, mut see: impl FnMut(&Cell, &[f64])) {
        (self.visit)(&mut see);
    }

    /// The least of one number of each of this rank's cells of gas; infinite without any. Not a number if one is none.
    pub fn least(&self, number: impl Fn(&Cell, &[f64]) -> f64) -> f64 {
        let mut least = f64::INFINITY;
        self.each(|cell, primitive| {
            let number = number(cell, primitive);
            if number < least || number.is_nan() {
                least = number;
            }
        });
        least
    }

    /// One number of each of this rank's cells of gas, without solid ones, in the order of [`each`](Cells::each).
    pub fn map(&self, number: impl Fn(&Cell, &[f64]) -> f64) -> Vec<f64> {
        let mut numbers = Vec::new();
        self.each(|cell, primitive| numbers.push(number(cell, primitive)));
        numbers
    }
}

/// The parameters of the section `[problem]`, but for its name.
#[derive(Clone, Debug)]
pub struct Section(pub(super) Table);

impl Section {
    /// The parameters as a struct; mark it `#[serde(deny_unknown_fields)]` to have typos refused.
    ///
    /// # Errors
    /// Unknown keys, missing ones and wrong types, each with its place.
    pub fn typed<T: DeserializeOwned>(&self) -> Result<T> {
        read_section("problem", self.0.clone())
    }
}

/// Makes a problem from its parameters.
pub type Make = fn(&Section, &Setting) -> Result<Box<dyn Problem>>;

/// A problem that a parameter file can name.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The name that `problem.name` gives.
    pub name: &'static str,
    /// What its parameters are: `schema_of::<Parameters>`, of the type that [`make`](Entry::make) reads.
    pub parameters: fn() -> Schema,
    /// Makes it.
    pub make: Make,
}

impl Entry {
    /// The schema of the section `[problem]` with this problem's name.
    pub(super) fn schema(&self) -> Schema {
        schema_of_kind("name", self.name, &(self.parameters)())
    }
}

/// The entry that the section's `name` names, and the other keys.
///
/// # Errors
/// No name, or an unknown one.
pub(super) fn entry_of<P: Problems>(section: &Table) -> Result<(&'static Entry, Section)> {
    let known: Vec<&str> = P::ENTRIES.iter().map(|entry| entry.name).collect();
    let mut section = section.clone();
    let Some(name) = section.remove("name").and_then(|name| Some(name.as_str()?.to_owned())) else {
        return Err(Error::input("problem.name", format!("is missing; there are {}", known.join(", "))));
    };
    match P::ENTRIES.iter().find(|entry| entry.name == name) {
        Some(entry) => Ok((entry, Section(section))),
        None => {
            let reason = format!("there is no problem \"{name}\"{}", nearest_of(&name, &known));
            Err(Error::input("problem.name", reason))
        }
    }
}

/// The problems of a simulation.
pub trait Problems: 'static {
    /// The name that `simulation = "..."` gives.
    const NAME: &'static str;
    /// The problems.
    const ENTRIES: &'static [Entry];
}
