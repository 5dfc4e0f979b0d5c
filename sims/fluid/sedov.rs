//! A point explosion in cold gas (Sedov 1959): energy in a small ball or disc drives a shock whose radius is known.

use divisi::fluid::{Cell, Entry, Problem, Section, Setting, State};
use divisi::grid::Grid;
use divisi::{Error, Result};
use serde::Deserialize;

use super::parameters::{distance_squared, finite, gamma_of, positive};

pub const ENTRY: Entry = Entry {
    name: "sedov",
    parameters: r#"energy = 1.0             # of the explosion; for fewer than three axes per length or area
radius = 0.0547          # of the cells that share it: those with their centre within, length
center = [0.0, 0.0, 0.0] # of the explosion, length
density = 1.0            # of the gas
pressure = 1e-5          # of the gas, but for the explosion
"#,
    make,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    energy: f64,
    radius: f64,
    center: [f64; 3],
    density: f64,
    pressure: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters { energy: 1.0, radius: 0.0547, center: [0.0; 3], density: 1.0, pressure: 1e-5 }
    }
}

struct Sedov {
    parameters: Parameters,
    dimensions: usize,
    /// Of the cells that share the energy.
    hot_pressure: f64,
}

fn make(section: &Section, setting: &Setting) -> Result<Box<dyn Problem>> {
    let parameters: Parameters = section.typed()?;
    let Parameters { energy, radius, center, density, pressure } = parameters;
    for (name, value) in [("energy", energy), ("radius", radius), ("density", density), ("pressure", pressure)] {
        positive(name, value)?;
    }
    finite("center", &center)?;
    let (gamma, mut sedov) =
        (gamma_of(setting)?, Sedov { parameters, dimensions: setting.dimensions, hot_pressure: 0.0 });
    let count = sedov.count_within(&setting.grid);
    if count == 0 {
        let reason = format!(
            "{radius} about {center:?} holds no cell's centre: cells of {:?} are too large",
            setting.grid.spacing()
        );
        return Err(Error::input("problem.radius", reason));
    }
    let volume = setting.grid.spacing().iter().product::<f64>() * count as f64;
    sedov.hot_pressure = (gamma - 1.0) * energy / volume;
    Ok(Box::new(sedov))
}

impl Sedov {
    fn is_within(&self, cell: &Cell) -> bool {
        let Parameters { radius, center, .. } = self.parameters;
        distance_squared(cell, center, self.dimensions) < radius * radius
    }

    /// The cells that share the energy, counted over the whole grid, so that together they hold all of it.
    fn count_within(&self, grid: &Grid<3>) -> u64 {
        let Parameters { radius, center, .. } = self.parameters;
        let near = |axis: usize| {
            let (low, size, cells) = (grid.low()[axis], grid.spacing()[axis], grid.cells()[axis] as i64);
            let index = |x: f64| (((x - low) / size).floor() as i64).clamp(0, cells - 1);
            if axis < self.dimensions { index(center[axis] - radius)..=index(center[axis] + radius) } else { 0..=0 }
        };
        let cells = near(2).flat_map(|k| near(1).flat_map(move |j| near(0).map(move |i| [i, j, k])));
        cells.filter(|&index| self.is_within(&Cell::of(grid, index))).count() as u64
    }
}

impl Problem for Sedov {
    fn initial(&self, cell: &Cell, state: &mut State) {
        state.density = self.parameters.density;
        state.pressure = if self.is_within(cell) { self.hot_pressure } else { self.parameters.pressure };
    }
}
