//! Checks that the problems share on their parameters, and the measures of their errors.

use divisi::config;
use divisi::fluid::{Cell, Cells, Gas, Setting};
use divisi::grid::Grid;
use divisi::run::Row;
use divisi::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An axis of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Axis {
    X,
    Y,
    Z,
}

impl Axis {
    /// Its number, if the grid has cells along it.
    pub(super) fn of(self, setting: &Setting) -> Result<usize> {
        let axis = self as usize;
        if axis < setting.dimensions && setting.grid.cells()[axis] > 1 {
            return Ok(axis);
        }
        let reason = format!("\"{}\" is an axis along which grid.cells has one cell", ["x", "y", "z"][axis]);
        Err(Error::input("problem.axis", reason))
    }
}

/// The ratio of specific heats, for problems that need an ideal gas.
pub(super) fn gamma_of(setting: &Setting) -> Result<f64> {
    match setting.gas {
        Gas::Ideal { gamma } => Ok(gamma),
        Gas::Isothermal { .. } => {
            Err(Error::input("fluid.gas", "is \"isothermal\": this problem is one of an ideal gas, gas = \"ideal\""))
        }
    }
}

/// Refuses a parameter that is not positive and finite.
pub(super) fn positive(name: &str, value: f64) -> Result<()> {
    config::positive(&format!("problem.{name}"), value, false)
}

/// Refuses parameters that are not finite.
pub(super) fn finite(name: &str, values: &[f64]) -> Result<()> {
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(Error::input(format!("problem.{name}"), format!("{value} is not a finite number"))),
        None => Ok(()),
    }
}

/// Refuses a place along an axis that lies outside the grid's box.
pub(super) fn inside(name: &str, place: f64, axis: usize, setting: &Setting) -> Result<()> {
    let [low, high] = [setting.grid.low()[axis], setting.grid.high()[axis]];
    if (low..=high).contains(&place) {
        return Ok(());
    }
    let reason =
        format!("{place} lies outside the box, which reaches from {low} to {high} along {}", ["x", "y", "z"][axis]);
    Err(Error::input(format!("problem.{name}"), reason))
}

/// Refuses a point that lies outside the grid's box, along the axes that the grid has.
pub(super) fn point_inside(name: &str, point: &[f64], setting: &Setting) -> Result<()> {
    finite(name, point)?;
    let axes = point.iter().enumerate().take(setting.dimensions);
    axes.into_iter().try_for_each(|(axis, &place)| inside(name, place, axis, setting))
}

/// Refuses a problem that needs more axes than the grid has.
pub(super) fn needs_axes(setting: &Setting, least: usize) -> Result<()> {
    if setting.dimensions >= least {
        Ok(())
    } else {
        let reason =
            format!("{:?}: this problem needs at least {least} axes", &setting.grid.cells()[..setting.dimensions]);
        Err(Error::input("grid.cells", reason))
    }
}

/// The squared distance of a cell's centre from `center`, along the grid's axes alone.
pub(super) fn distance_squared(cell: &Cell, center: [f64; 3], dimensions: usize) -> f64 {
    let square = |axis: usize| {
        if axis < dimensions { (cell.center[axis] - center[axis]) * (cell.center[axis] - center[axis]) } else { 0.0 }
    };
    // The sum of three squares depends on their order: the smallest first, so that the axes may be exchanged.
    let mut squares = [square(0), square(1), square(2)];
    squares.sort_by(f64::total_cmp);
    squares[0] + squares[1] + squares[2]
}

/// Adds a column: the mean over all cells of |number - exact|, the L1 error.
pub(super) fn add_mean_error(
    row: &mut Row,
    name: &str,
    grid: &Grid<3>,
    cells: &Cells,
    error: impl Fn(&Cell, &[f64]) -> f64,
) {
    let count = grid.count() as f64;
    row.sum(name, cells.map(|cell, primitive| error(cell, primitive).abs() / count));
}
