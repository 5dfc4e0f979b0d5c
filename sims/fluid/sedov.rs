//! A point explosion in cold gas (Sedov 1959): energy in a small ball or disc drives a shock whose radius is known.

use divisi::config::schema_of;
use divisi::fluid::{Cell, Entry, Problem, Section, Setting, State};
use divisi::grid::Grid;
use divisi::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use smart_default::SmartDefault;

use super::parameters::{distance_squared, gamma_of, point_inside, positive};

pub(super) const ENTRY: Entry = Entry { name: "sedov", parameters: schema_of::<Parameters>, make };

/// A point explosion in cold gas.
#[derive(SmartDefault, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// Energy of the explosion. For fewer than three axes per length or area.
    #[default = 1.0]
    energy: f64,
    /// Radius of the cells that share the energy. Those with their centre within.
    #[default = 0.0547]
    #[schemars(extend("unit" = "length"))]
    radius: f64,
    /// Centre of the explosion.
    #[schemars(extend("unit" = "length"))]
    center: [f64; 3],
    /// Density of the gas.
    #[default = 1.0]
    density: f64,
    /// Pressure of the gas before the explosion.
    #[default = 1e-5]
    pressure: f64,
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
    point_inside("center", &center, setting)?;
    let gamma = gamma_of(setting)?;
    let mut sedov = Sedov { parameters, dimensions: setting.dimensions, hot_pressure: 0.0 };
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
            let low = grid.low()[axis];
            let size = grid.spacing()[axis];
            let cells = grid.cells()[axis] as i64;
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
