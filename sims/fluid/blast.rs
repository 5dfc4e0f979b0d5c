//! A blast wave: gas at rest with a ball (in 2-D a disc) of a hundred times the pressure (with the numbers of
//! Athena++'s problem; Stone et al. 2008, without a field).

use divisi::Result;
use divisi::config::schema_of;
use divisi::fluid::{Cell, Entry, Problem, Scalar, Section, Setting, State};
use schemars::JsonSchema;
use serde::Deserialize;
use smart_default::SmartDefault;

use super::parameters::{distance_squared, gamma_of, point_inside, positive};

pub(super) const ENTRY: Entry = Entry { name: "blast", parameters: schema_of::<Parameters>, make };

/// A ball, in 2-D a disc, of gas at a hundred times the pressure of the gas around.
#[derive(SmartDefault, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// Pressure of the gas around.
    #[default = 0.1]
    pressure: f64,
    /// Pressure within over that of the gas around.
    #[default = 100.0]
    ratio: f64,
    /// Density within over that of the gas around, which is 1.
    #[default = 1.0]
    density_ratio: f64,
    /// Radius of the ball.
    #[default = 0.1]
    #[schemars(extend("unit" = "length"))]
    radius: f64,
    /// Centre of the ball.
    #[schemars(extend("unit" = "length"))]
    center: [f64; 3],
    /// Whether a passive scalar "dye" marks the gas of the ball.
    dye: bool,
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
    point_inside("center", &center, setting)?;
    gamma_of(setting)?;
    Ok(Box::new(Blast { parameters, dimensions: setting.dimensions }))
}

impl Problem for Blast {
    fn scalars(&self) -> Vec<Scalar> {
        if self.parameters.dye { vec![Scalar::new("dye").within(0.0, 1.0)] } else { Vec::new() }
    }

    fn initial(&self, cell: &Cell, state: &mut State) {
        let Parameters { pressure, ratio, density_ratio, radius, center, .. } = self.parameters;
        let within = distance_squared(cell, center, self.dimensions) < radius * radius;
        state.density = if within { density_ratio } else { 1.0 };
        state.pressure = if within { ratio * pressure } else { pressure };
        state.scalars.fill(if within { 1.0 } else { 0.0 });
    }
}
