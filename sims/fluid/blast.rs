//! A blast wave: gas at rest with a ball (in 2-D a disc) of a hundred times the pressure (with the numbers of
//! Athena++'s problem; Stone et al. 2008, without a field).

use divisi::Result;
use divisi::fluid::{Cell, Entry, Problem, Section, Setting, State};
use serde::Deserialize;

use super::parameters::{distance_squared, finite, gamma_of, positive};

pub const ENTRY: Entry = Entry {
    name: "blast",
    parameters: r#"pressure = 0.1           # of the gas around
ratio = 100.0            # of the pressure within to that
density_ratio = 1.0      # of the density within to that of the gas around, which is 1
radius = 0.1             # of the ball, length
center = [0.0, 0.0, 0.0] # of the ball, length
dye = false              # whether a passive scalar "dye" marks the gas of the ball
"#,
    make,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    pressure: f64,
    ratio: f64,
    density_ratio: f64,
    radius: f64,
    center: [f64; 3],
    dye: bool,
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters { pressure: 0.1, ratio: 100.0, density_ratio: 1.0, radius: 0.1, center: [0.0; 3], dye: false }
    }
}

struct Blast {
    parameters: Parameters,
    dimensions: usize,
}

fn make(section: &Section, setting: &Setting) -> Result<Box<dyn Problem>> {
    let parameters: Parameters = section.typed()?;
    let Parameters { pressure, ratio, density_ratio, radius, center, .. } = parameters;
    let numbers = [("pressure", pressure), ("ratio", ratio), ("density_ratio", density_ratio), ("radius", radius)];
    for (name, value) in numbers {
        positive(name, value)?;
    }
    finite("center", &center)?;
    gamma_of(setting)?;
    Ok(Box::new(Blast { parameters, dimensions: setting.dimensions }))
}

impl Problem for Blast {
    fn scalars(&self) -> Vec<String> {
        if self.parameters.dye { vec!["dye".to_owned()] } else { Vec::new() }
    }

    fn initial(&self, cell: &Cell, state: &mut State) {
        let Parameters { pressure, ratio, density_ratio, radius, center, .. } = self.parameters;
        let within = distance_squared(cell, center, self.dimensions) < radius * radius;
        state.density = if within { density_ratio } else { 1.0 };
        state.pressure = if within { ratio * pressure } else { pressure };
        state.scalars.fill(if within { 1.0 } else { 0.0 });
    }
}
