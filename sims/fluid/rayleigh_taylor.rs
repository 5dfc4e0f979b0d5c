//! Heavy gas on light gas, in equilibrium but for one wave (Liska & Wendroff 2003; Stone et al. 2008): it falls
//! in a spike and the light gas rises as a bubble.
//!
//! Gravity is that of `fluid.gravity`, along the grid's last axis. The interface is at zero, where the pressure is given; a
//! passive scalar, the dye, marks the heavy gas.

use divisi::config::schema_of;
use divisi::fluid::{Cell, Cells, Entry, Problem, Scalar, Section, Setting, State};
use divisi::grid::Grid;
use divisi::run::Row;
use divisi::{Error, Result};
use libm::cos;
use schemars::JsonSchema;
use serde::Deserialize;
use smart_default::SmartDefault;
use std::f64::consts::PI;

use super::parameters::{finite, gamma_of, needs_axes, positive};

pub(super) const ENTRY: Entry = Entry { name: "rayleigh_taylor", parameters: schema_of::<Parameters>, make };

/// Heavy gas on light gas, in equilibrium but for one wave; gravity is that of [fluid], along the last axis.
#[derive(SmartDefault, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// Density above the interface, which is at zero along the last axis.
    #[default = 2.0]
    heavy: f64,
    /// Density below the interface.
    #[default = 1.0]
    light: f64,
    /// Pressure at the interface.
    #[default = 2.5]
    pressure: f64,
    /// Velocity of the wave at the start, along the last axis.
    #[default = 0.01]
    amplitude: f64,
}

struct RayleighTaylor {
    parameters: Parameters,
    grid: Grid<3>,
    /// The axis of gravity.
    axis: usize,
    gravity: f64,
}

fn make(section: &Section, setting: &Setting) -> Result<Box<dyn Problem>> {
    let parameters: Parameters = section.typed()?;
    let Parameters { heavy, light, pressure, amplitude } = parameters;
    for (name, value) in [("heavy", heavy), ("light", light), ("pressure", pressure)] {
        positive(name, value)?;
    }
    finite("amplitude", &[amplitude])?;
    needs_axes(setting, 2)?;
    gamma_of(setting)?;
    let axis = setting.dimensions - 1;
    let problem = RayleighTaylor { parameters, grid: setting.grid.clone(), axis, gravity: setting.gravity[axis] };
    let top = setting.grid.high()[axis];
    if problem.pressure_at(top) <= 0.0 {
        let reason =
            format!("{pressure} is not enough to carry the gas up to {top}: fluid.gravity is {:?}", setting.gravity);
        return Err(Error::input("problem.pressure", reason));
    }
    Ok(Box::new(problem))
}

impl RayleighTaylor {
    fn density_at(&self, height: f64) -> f64 {
        if height > 0.0 { self.parameters.heavy } else { self.parameters.light }
    }

    /// Hydrostatic: dp/dz = density gravity.
    fn pressure_at(&self, height: f64) -> f64 {
        self.parameters.pressure + self.density_at(height) * self.gravity * height
    }

    /// From 1 in the middle of the box to 0 at its sides along an axis, exactly the same in mirrored cells.
    fn bell(&self, cell: &Cell, axis: usize) -> f64 {
        let cells = self.grid.cells()[axis] as i64;
        0.5 * (1.0 + cos(PI * ((2 * cell.index[axis] + 1 - cells) as f64 / cells as f64)))
    }
}

impl Problem for RayleighTaylor {
    fn scalars(&self) -> Vec<Scalar> {
        vec![Scalar::new("dye").within(0.0, 1.0)]
    }

    fn initial(&self, cell: &Cell, state: &mut State) {
        let height = cell.center[self.axis];
        state.density = self.density_at(height);
        state.pressure = self.pressure_at(height);
        let across: f64 = (0..self.axis).map(|axis| self.bell(cell, axis)).product();
        state.velocity[self.axis] = self.parameters.amplitude * across * self.bell(cell, self.axis);
        state.scalars[0] = if height > 0.0 { 1.0 } else { 0.0 };
    }

    /// The highest cell with light gas (the bubble's top) and the lowest with heavy gas (the spike's), the dye's half being
    /// the limit.
    fn history(&self, cells: &Cells, _time: f64, row: &mut Row) {
        let mut bubble = self.grid.low()[self.axis];
        let mut spike = self.grid.high()[self.axis];
        cells.each(|cell, primitive| {
            let height = cell.center[self.axis];
            match primitive.last() {
                Some(&dye) if dye < 0.5 => bubble = bubble.max(height),
                _ => spike = spike.min(height),
            }
        });
        row.max("bubble", [bubble]);
        row.min("spike", [spike]);
    }
}
