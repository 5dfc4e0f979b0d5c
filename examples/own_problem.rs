//! A flow of your own in one file: a jet shoots into gas at rest, cools, and carries a dye.
use std::process::ExitCode;

use divisi::config::schema_of;
use divisi::fluid::{Cell, Cells, Entry, Fluid, Gas, Problem, Problems, Scalar, Section, Setting, State};
use divisi::grid::Ghost;
use divisi::run::Row;
use divisi::{Error, Result};
use libm::exp;
use schemars::JsonSchema;
use serde::Deserialize;

/// The parameters: the section `[problem]`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Jet {
    /// Density of the jet. The gas around has density 1 and pressure 1.
    density: f64,
    /// Speed of the jet.
    speed: f64,
    /// Radius of the nozzle.
    #[schemars(extend("unit" = "length"))]
    radius: f64,
    /// Rate at which the temperature returns to 1.
    #[schemars(extend("unit" = "1 / time"))]
    cooling: f64,
}

impl Problem for Jet {
    fn scalars(&self) -> Vec<Scalar> {
        vec![Scalar::new("dye").within(0.0, 1.0)]
    }

    /// Gas at rest everywhere; what is not said is zero.
    fn initial(&self, _cell: &Cell, state: &mut State) {
        (state.density, state.pressure) = (1.0, 1.0);
    }

    /// Beyond a side that the parameter file calls "user": the jet in the nozzle, and what is inside everywhere else.
    fn boundary(&self, ghost: &Ghost<3>, _time: f64, edge: &[f64], _mirror: &[f64], out: &mut [f64]) {
        let [_, y, _] = ghost.center;
        if y.abs() < self.radius {
            out.copy_from_slice(&[self.density, self.speed, 0.0, 0.0, 1.0, 1.0]);
        } else {
            out.copy_from_slice(edge);
        }
    }

    fn has_after_step(&self) -> bool {
        self.cooling > 0.0
    }

    /// The temperature, pressure over density, returns to 1: dT/dt = -cooling (T - 1), solved exactly, so that no rate is too fast.
    fn after_step(&self, _cell: &Cell, _time: f64, dt: f64, primitive: &mut [f64]) {
        let density = primitive[0];
        let excess = primitive[4] - density;
        primitive[4] = density + excess * exp(-self.cooling * dt);
    }

    /// A column of history.csv: how far the jet has come. Each rank gives that of its cells; the largest counts.
    fn history(&self, cells: &Cells, _time: f64, row: &mut Row) {
        let reach = cells.map(|cell, primitive| if primitive[5] > 0.5 { cell.center[0] } else { 0.0 });
        row.max("reach", reach);
    }
}

fn make(section: &Section, setting: &Setting) -> Result<Box<dyn Problem>> {
    let jet: Jet = section.typed()?;
    if !matches!(setting.gas, Gas::Ideal { .. }) {
        return Err(Error::input("fluid.gas", "a jet needs an ideal gas"));
    }
    Ok(Box::new(jet))
}

/// The simulation: `simulation = "jets"` with all problems that belong to it.
struct Jets;

impl Problems for Jets {
    const NAME: &'static str = "jets";
    const ENTRIES: &'static [Entry] = &[Entry { name: "jet", parameters: schema_of::<Jet>, make }];
}

fn main() -> ExitCode {
    divisi::main::<Fluid<Jets>>()
}
