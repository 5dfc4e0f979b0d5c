//! Cold gas that falls in on a point from all sides (Noh 1987): a shock of nearly any Mach number runs outwards, and all energy
//! behind it is heat.
//!
//! The box is the part of space where no coordinate is negative: its lower sides reflect, from its upper sides gas flows in.

use divisi::Result;
use divisi::config::schema_of;
use divisi::fluid::{Cell, Cells, Entry, Problem, Section, Setting, State};
use divisi::grid::{Ghost, Grid};
use divisi::run::Row;
use schemars::JsonSchema;
use serde::Deserialize;
use smart_default::SmartDefault;

use super::parameters::{add_mean_error, distance_squared, gamma_of, positive};

pub(super) const ENTRY: Entry = Entry { name: "noh", parameters: schema_of::<Parameters>, make };

/// Cold gas that falls in on the lower corner from all sides, with density and speed 1.
#[derive(SmartDefault, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// Pressure of the gas at the start: the exact solution is that of none.
    #[default = 1e-6]
    #[schemars(extend("unit" = "mass per length per time^2", "exclusiveMinimum" = 0.0))]
    pressure: f64,
}

struct Noh {
    grid: Grid<3>,
    dimensions: usize,
    gamma: f64,
    pressure: f64,
}

fn make(section: &Section, setting: &Setting) -> Result<Box<dyn Problem>> {
    let Parameters { pressure } = section.typed()?;
    positive("pressure", pressure)?;
    let gamma = gamma_of(setting)?;
    Ok(Box::new(Noh { grid: setting.grid.clone(), dimensions: setting.dimensions, gamma, pressure }))
}

impl Noh {
    /// The distance of a point from the corner, along the grid's axes alone.
    fn radius(&self, center: [f64; 3]) -> f64 {
        let cell = Cell { index: [0; 3], center, size: self.grid.spacing() };
        distance_squared(&cell, [0.0; 3], self.dimensions).sqrt()
    }

    /// The density of the gas that has not met the shock: ρ = (1 + t/r)^(d - 1).
    fn falling(&self, radius: f64, time: f64) -> f64 {
        (1..self.dimensions).fold(1.0, |density, _| density * (1.0 + time / radius))
    }

    /// The density: behind the shock, whose speed is (γ - 1)/2, it is ((γ + 1)/(γ - 1))^d.
    fn density(&self, radius: f64, time: f64) -> f64 {
        if radius > 0.5 * (self.gamma - 1.0) * time {
            return self.falling(radius, time);
        }
        let jump = (self.gamma + 1.0) / (self.gamma - 1.0);
        (0..self.dimensions).fold(1.0, |density, _| density * jump)
    }

    /// The velocity of falling gas.
    fn velocity(&self, center: [f64; 3], radius: f64) -> [f64; 3] {
        std::array::from_fn(|axis| if axis < self.dimensions { -center[axis] / radius } else { 0.0 })
    }
}

impl Problem for Noh {
    fn initial(&self, cell: &Cell, state: &mut State) {
        state.density = 1.0;
        state.velocity = self.velocity(cell.center, self.radius(cell.center));
        state.pressure = self.pressure;
    }

    /// The gas that falls in, compressed by adiabats.
    fn boundary(&self, ghost: &Ghost<3>, time: f64, _edge: &[f64], _mirror: &[f64], out: &mut [f64]) {
        let radius = self.radius(ghost.center);
        let density = self.falling(radius, time);
        out[0] = density;
        out[1..4].copy_from_slice(&self.velocity(ghost.center, radius));
        out[4] = self.pressure * libm::pow(density, self.gamma);
    }

    /// The mean of |density - exact|, at the centres of cells.
    fn history(&self, cells: &Cells, time: f64, row: &mut Row) {
        add_mean_error(row, "error_density", &self.grid, cells, |cell, primitive| {
            primitive[0] - self.density(self.radius(cell.center), time)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_solution_is_that_of_the_paper() {
        let grid = Grid::new([8; 3], [0.0; 3], [1.0; 3]).unwrap();
        let noh = |dimensions| Noh { grid: grid.clone(), dimensions, gamma: 5.0 / 3.0, pressure: 1e-6 };
        // Noh 1987: densities of 4, 16 and 64 within a third of the time, of (1 + t/r)^(d - 1) beyond.
        let inside = [1, 2, 3].map(|dimensions| noh(dimensions).density(0.19, 0.6));
        assert!(inside.iter().zip([4.0, 16.0, 64.0]).all(|(found, exact)| (found / exact - 1.0).abs() < 1e-14));
        let beyond = [1, 2, 3].map(|dimensions| noh(dimensions).density(0.25, 0.5));
        assert_eq!(beyond, [1.0, 3.0, 9.0]);
    }
}
