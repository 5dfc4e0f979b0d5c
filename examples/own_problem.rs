//! A flow of your own in one file: a jet shoots into gas at rest, cools, and carries a dye.
use std::process::ExitCode;

use divisi::fluid::{Cell, Cells, Entry, Fluid, Gas, Problem, Problems, Section, Setting, State};
use divisi::grid::Ghost;
use divisi::run::Row;
use divisi::{Error, Result};
use serde::Deserialize;

/// The parameters: the section `[problem]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Jet {
    density: f64,
    speed: f64,
    radius: f64,
    cooling: f64,
}

impl Problem for Jet {
    fn scalars(&self) -> Vec<String> {
        vec!["dye".to_owned()]
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

    fn has_source(&self) -> bool {
        self.cooling > 0.0
    }

    /// The temperature, pressure over density, returns to 1.
    fn source(&self, _cell: &Cell, _time: f64, primitive: &[f64], rates: &mut [f64]) {
        let (density, pressure) = (primitive[0], primitive[4]);
        rates[4] -= self.cooling * (pressure - density);
    }

    /// A column of history.csv: how far the jet has come. Each rank gives that of its cells; the largest counts.
    fn history(&self, cells: &Cells, _time: f64, row: &mut Row) {
        let reach = cells.map(|cell, primitive| if primitive[5] > 0.5 { cell.center[0] } else { 0.0 });
        row.max("reach", reach.into_iter().fold(0.0, f64::max));
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
    const ENTRIES: &'static [Entry] = &[Entry {
        name: "jet",
        parameters: "density = 1.0            # of the jet; the gas around has density 1 and pressure 1
speed = 6.0              # of the jet
radius = 0.05            # of the nozzle, length
cooling = 0.5            # rate at which the temperature returns to 1, per time
",
        make,
    }];
}

fn main() -> ExitCode {
    divisi::main::<Fluid<Jets>>()
}
