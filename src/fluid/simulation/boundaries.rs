//! What `[boundary]` means for a flow: how halos are filled, the states beyond fixed sides, and the walls that hold the gas fast.
//!
//! Such walls are reflecting sides to the gas itself; viscosity and heat conduction see what `images` tells.

use super::config::Config;
use super::sides::FlowBoundary;
use crate::fluid::images::Wall;
use crate::grid::{Boundaries, Boundary};
use crate::{Error, Result};

/// The names of the axes and of their sides.
const AXES: [&str; 3] = ["x", "y", "z"];
const ENDS: [&str; 2] = ["low", "high"];

impl Config {
    /// How the halo is filled beyond the sides of each axis.
    ///
    /// # Errors
    /// Sides that don't go with each other or with the gas, and numbers that don't go with their side.
    pub(super) fn boundaries(&self) -> Result<[[Boundary; 2]; 3]> {
        let kinds = self.boundary.each().map(|sides| sides.map(FlowBoundary::filled));
        Boundaries::<f64, 3> { kinds, ..Boundaries::all(Boundary::Periodic) }.periodic()?;
        self.walls()?;
        for (axis, high) in sides() {
            let place = place(axis, high);
            let numbers = self.boundary.numbers(axis, high);
            let kind = self.boundary.each()[axis][high];
            if let Some(number) = numbers.iter().find(|number| !number.is_finite()) {
                return Err(Error::input(place, format!("{number} is not a finite number")));
            }
            match (kind, numbers.is_empty()) {
                (FlowBoundary::Fixed, true) => {
                    let reason =
                        "is missing: a fixed side needs its state: density, three velocities, pressure, scalars";
                    return Err(Error::input(place, reason));
                }
                (
                    FlowBoundary::Periodic | FlowBoundary::Outflow | FlowBoundary::Reflecting | FlowBoundary::User,
                    false,
                ) => {
                    let axis = AXES[axis];
                    let reason = format!(
                        "goes with a side that is fixed, no_slip or fixed_temperature; boundary.{axis} is another one"
                    );
                    return Err(Error::input(place, reason));
                }
                _ => {}
            }
        }
        Ok(kinds)
    }

    /// The state beyond each fixed side; empty beyond others.
    pub(super) fn fixed(&self, axis: usize, high: usize) -> &[f64] {
        match self.boundary.each()[axis][high] {
            FlowBoundary::Fixed => self.boundary.numbers(axis, high),
            _ => &[],
        }
    }

    /// The sides that hold the gas fast, along the axes that the grid has.
    ///
    /// # Errors
    /// Such a side without viscosity or heat conduction, a velocity through it, a temperature that can't be.
    pub(super) fn walls(&self) -> Result<[[Option<Wall>; 2]; 3]> {
        let mut walls = [[None; 2]; 3];
        for (axis, high) in sides().filter(|(axis, _)| *axis < self.dimensions()) {
            walls[axis][high] = self.wall(axis, high)?;
        }
        Ok(walls)
    }

    fn wall(&self, axis: usize, high: usize) -> Result<Option<Wall>> {
        let numbers = self.boundary.numbers(axis, high);
        let given = |reason: &str| Err(Error::input(place(axis, high), format!("{numbers:?}: {reason}")));
        let needs = |key: &str, reason: &str| Err(Error::input(key, format!("boundary.{}: {reason}", AXES[axis])));
        let kind = self.boundary.each()[axis][high];
        let (velocity, temperature) = match (kind, numbers) {
            (FlowBoundary::NoSlip, _) if self.fluid.viscosity == 0.0 => {
                return needs(
                    "fluid.viscosity",
                    "a no_slip side holds a viscous gas; without viscosity it is reflecting",
                );
            }
            (FlowBoundary::NoSlip, []) => ([0.0; 3], None),
            (FlowBoundary::NoSlip, &[x, y, z]) => ([x, y, z], None),
            (FlowBoundary::NoSlip, _) => {
                return given("a no_slip side has three numbers, the wall's velocity, or none");
            }
            (FlowBoundary::FixedTemperature, _) if self.fluid.conductivity == 0.0 => {
                return needs(
                    "fluid.conductivity",
                    "a side of fixed temperature needs heat conduction, of an ideal gas",
                );
            }
            (FlowBoundary::FixedTemperature, &[temperature]) => ([0.0; 3], Some(temperature)),
            (FlowBoundary::FixedTemperature, &[temperature, x, y, z]) => ([x, y, z], Some(temperature)),
            (FlowBoundary::FixedTemperature, _) => {
                return given(
                    "a side of fixed temperature has one number, pressure / density at the wall, and three more, its velocity, if it moves",
                );
            }
            _ => return Ok(None),
        };
        if velocity[axis] != 0.0 {
            return given("a wall moves along itself alone: its velocity across the side must be 0");
        }
        if temperature.is_some_and(|temperature| temperature <= 0.0) {
            return given("a temperature, pressure / density, is positive");
        }
        if velocity != [0.0; 3] && self.fluid.viscosity == 0.0 {
            return given("a wall that moves drags a viscous gas alone: fluid.viscosity is 0");
        }
        Ok(Some(Wall { velocity, temperature }))
    }
}

/// The sides of the box: axis, and 1 for the upper one.
fn sides() -> impl Iterator<Item = (usize, usize)> {
    (0..3).flat_map(|axis| (0..2).map(move |high| (axis, high)))
}

/// The parameter with the numbers of a side.
pub(super) fn place(axis: usize, high: usize) -> String {
    format!("boundary.{}_{}", AXES[axis], ENDS[high])
}
