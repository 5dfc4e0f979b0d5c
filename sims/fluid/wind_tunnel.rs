//! A wind tunnel: gas flows in from the left past an obstacle, a step (Woodward & Colella 1984, section IV b), a cylinder, or
//! whatever a picture shows.

use divisi::config::schema_of;
use divisi::fluid::{Cell, Entry, Problem, Section, Setting, State};
use divisi::grid::{Ghost, Grid};
use divisi::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::mask::Mask;
use super::parameters::{distance_squared, finite, gamma_of, needs_axes, positive};

pub(super) const ENTRY: Entry = Entry { name: "wind_tunnel", parameters: schema_of::<Parameters>, make };

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// A step.
    Step,
    /// A cylinder.
    Cylinder,
    /// What a picture shows.
    Mask,
}

/// Gas that flows in from the left past an obstacle.
#[derive(SmartDefault, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// Mach number of the flow. The gas has density 1.4 and, if gamma is 1.4, the speed of sound 1.
    #[default = 3.0]
    mach: f64,
    /// Obstacle in the flow.
    #[default(Kind::Step)]
    obstacle: Kind,
    /// Upper left corner of the step.
    #[default([0.6, 0.2])]
    #[schemars(extend("unit" = "length"))]
    corner: [f64; 2],
    /// Axis of the cylinder, along z.
    #[default([0.6, 0.5])]
    #[schemars(extend("unit" = "length"))]
    center: [f64; 2],
    /// Radius of the cylinder.
    #[default = 0.1]
    #[schemars(extend("unit" = "length"))]
    radius: f64,
    /// Picture of the obstacle, stretched over the box. For mask: rows of 0 and 1 (1 is solid), or a PGM image (dark is solid).
    file: String,
}

enum Obstacle {
    Step { corner: [f64; 2] },
    Cylinder { center: [f64; 3], radius: f64 },
    Mask(Box<Grid<3>>, Mask),
}

struct WindTunnel {
    obstacle: Obstacle,
    /// The primitive variables of the gas that flows in.
    wind: [f64; 5],
}

fn make(section: &Section, setting: &Setting) -> Result<Box<dyn Problem>> {
    let parameters: Parameters = section.typed()?;
    positive("mach", parameters.mach)?;
    needs_axes(setting, 2)?;
    const DENSITY: f64 = 1.4;
    const PRESSURE: f64 = 1.0;
    let speed = parameters.mach * (gamma_of(setting)? * PRESSURE / DENSITY).sqrt();
    let wind = [DENSITY, speed, 0.0, 0.0, PRESSURE];
    Ok(Box::new(WindTunnel { obstacle: parameters.obstacle(setting)?, wind }))
}

impl Parameters {
    fn obstacle(self, setting: &Setting) -> Result<Obstacle> {
        match self.obstacle {
            Kind::Step => finite("corner", &self.corner).map(|()| Obstacle::Step { corner: self.corner }),
            Kind::Cylinder => {
                finite("center", &self.center)?;
                positive("radius", self.radius)?;
                Ok(Obstacle::Cylinder { center: [self.center[0], self.center[1], 0.0], radius: self.radius })
            }
            Kind::Mask if self.file.is_empty() => {
                Err(Error::input("problem.file", "is missing: obstacle = \"mask\" needs a picture"))
            }
            Kind::Mask => {
                Ok(Obstacle::Mask(Box::new(setting.grid.clone()), Mask::read(&setting.folder.join(&self.file))?))
            }
        }
    }
}

impl Problem for WindTunnel {
    fn initial(&self, cell: &Cell, state: &mut State) {
        let [density, u, v, w, pressure] = self.wind;
        let velocity = if self.is_solid(cell) { [0.0; 3] } else { [u, v, w] };
        (state.density, state.velocity, state.pressure) = (density, velocity, pressure);
    }

    fn boundary(&self, _ghost: &Ghost<3>, _time: f64, _edge: &[f64], _mirror: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&self.wind);
    }

    fn is_solid(&self, cell: &Cell) -> bool {
        match &self.obstacle {
            Obstacle::Step { corner } => cell.center[0] > corner[0] && cell.center[1] < corner[1],
            Obstacle::Cylinder { center, radius } => distance_squared(cell, *center, 2) < radius * radius,
            Obstacle::Mask(grid, mask) => mask.is_solid(grid, cell.index),
        }
    }
}
