//! A vortex that a uniform flow carries through the periodic box, unchanged (Shu 1998; Yee et al. 1999).

use divisi::Result;
use divisi::config::schema_of;
use divisi::fluid::{Cell, Cells, Entry, Problem, Section, Setting, State};
use divisi::grid::Grid;
use divisi::run::Row;
use schemars::JsonSchema;
use serde::Deserialize;
use smart_default::SmartDefault;
use std::f64::consts::PI;

use super::parameters::{add_mean_error, finite, gamma_of, needs_axes, point_inside};

pub(super) const ENTRY: Entry = Entry { name: "isentropic_vortex", parameters: schema_of::<Parameters>, make };

/// A vortex of radius 1 that a uniform flow carries through the periodic box, unchanged.
#[derive(SmartDefault, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// Circulation of the vortex.
    #[default = 5.0]
    strength: f64,
    /// Where the vortex starts.
    #[schemars(extend("unit" = "length"))]
    center: [f64; 2],
    /// Velocity of all gas along x and y. Far from the vortex density and pressure are 1.
    #[default([1.0; 2])]
    flow: [f64; 2],
}

struct IsentropicVortex {
    parameters: Parameters,
    grid: Grid<3>,
    gamma: f64,
}

fn make(section: &Section, setting: &Setting) -> Result<Box<dyn Problem>> {
    let parameters: Parameters = section.typed()?;
    needs_axes(setting, 2)?;
    finite("strength", &[parameters.strength])?;
    point_inside("center", &parameters.center, setting)?;
    finite("flow", &parameters.flow)?;
    Ok(Box::new(IsentropicVortex { parameters, grid: setting.grid.clone(), gamma: gamma_of(setting)? }))
}

impl IsentropicVortex {
    /// From the vortex's centre at `time`, the one of its periodic images that is nearest.
    fn offset(&self, cell: &Cell, time: f64) -> [f64; 2] {
        let Parameters { center, flow, .. } = self.parameters;
        std::array::from_fn(|axis| {
            let length = self.grid.high()[axis] - self.grid.low()[axis];
            let offset = cell.center[axis] - center[axis] - flow[axis] * time;
            offset - length * (offset / length).round()
        })
    }

    /// Temperature and velocity about the vortex (Shu 1998).
    fn exact(&self, cell: &Cell, time: f64) -> (f64, [f64; 2]) {
        let Parameters { strength, flow, .. } = self.parameters;
        let [x, y] = self.offset(cell, time);
        let decay = libm::exp(0.5 * (1.0 - (x * x + y * y)));
        let speed = 0.5 * strength / PI * decay;
        let temperature = 1.0 - 0.5 * (self.gamma - 1.0) / self.gamma * speed * speed;
        (temperature, [flow[0] - speed * y, flow[1] + speed * x])
    }

    /// The gas keeps its entropy: p = density^gamma, temperature = p / density.
    fn density(&self, temperature: f64) -> f64 {
        libm::pow(temperature, 1.0 / (self.gamma - 1.0))
    }
}

impl Problem for IsentropicVortex {
    fn initial(&self, cell: &Cell, state: &mut State) {
        let (temperature, [u, v]) = self.exact(cell, 0.0);
        state.density = self.density(temperature);
        state.velocity = [u, v, 0.0];
        state.pressure = state.density * temperature;
    }

    /// The mean of |density - exact density|.
    fn history(&self, cells: &Cells, time: f64, row: &mut Row) {
        add_mean_error(row, "error_density", &self.grid, cells, |cell, primitive| {
            primitive[0] - self.density(self.exact(cell, time).0)
        });
    }
}
