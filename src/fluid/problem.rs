//! What a problem is: its initial state, and whatever it needs of boundaries, sources, obstacles and history columns.
//!
//! A problem is one file: a type that implements [`Problem`], and an [`Entry`] that names it and makes it from the section
//! `[problem]`. A list of entries ([`Problems`]) is a simulation: [`Fluid`](super::Fluid).

use std::path::PathBuf;

use serde::de::DeserializeOwned;
use toml::Table;

use super::gas::Gas;
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

    /// The names of the passive scalars.
    fn scalars(&self) -> Vec<String> {
        Vec::new()
    }

    /// The primitive variables in a halo cell on a side whose boundary is "user": by default those of the nearest cell.
    ///
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

    /// Whether a cell is solid: no gas flows through its faces, and its state stays as it is.
    fn is_solid(&self, _cell: &Cell) -> bool {
        false
    }

    /// Adds columns to history.csv: sums, least and largest values over this rank's cells, which the run merges.
    fn history(&self, _cells: &Cells, _time: f64, _row: &mut Row) {}
}

/// What is called with each cell and its primitive variables.
pub(super) type See<'a> = &'a mut dyn FnMut(&Cell, &[f64]);

/// The cells of one rank, as a problem sees them.
pub struct Cells<'a> {
    pub(super) visit: &'a dyn Fn(See),
}

impl Cells<'_> {
    /// Calls `see` with each of this rank's cells that is no obstacle, and its primitive variables.
    pub fn each(&self, mut see: impl FnMut(&Cell, &[f64])) {
        (self.visit)(&mut see);
    }

    /// One number of each cell.
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
        serde_path_to_error::deserialize(self.0.clone()).map_err(|error| {
            let path = error.path().to_string();
            let place = if path == "." { "problem".to_owned() } else { format!("problem.{path}") };
            Error::input(place, error.into_inner().message().trim().to_owned())
        })
    }
}

/// Makes a problem from its parameters.
pub type Make = fn(&Section, &Setting) -> Result<Box<dyn Problem>>;

/// A problem that a parameter file can name.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The name that `problem.name` gives.
    pub name: &'static str,
    /// Its parameters as commented TOML lines with defaults and units, without the section's title.
    pub parameters: &'static str,
    /// Makes it.
    pub make: Make,
}

/// The problems of a simulation.
pub trait Problems: 'static {
    /// The name that `simulation = "..."` gives.
    const NAME: &'static str;
    /// The problems.
    const ENTRIES: &'static [Entry];
}
