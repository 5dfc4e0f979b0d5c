//! A shock of Mach 10 that runs along a ramp and is reflected twice (Woodward & Colella 1984, section IV c). The ramp is the
//! lower side of the box, so the shock comes in at an angle of 60 degrees.

use divisi::Result;
use divisi::config::schema_of;
use divisi::fluid::{Cell, Entry, Problem, Section, Setting, State};
use divisi::grid::Ghost;
use schemars::JsonSchema;
use serde::Deserialize;
use smart_default::SmartDefault;

use super::parameters::{gamma_of, inside, needs_axes};
use super::shock::behind_shock;

/// Sine and cosine of the angle between the shock and the ramp, 60 degrees.
const SINE: f64 = 0.866_025_403_784_438_6;
const COSINE: f64 = 0.5;
/// The gas ahead, at rest: its speed of sound is 1 for gamma = 1.4.
const DENSITY: f64 = 1.4;
const PRESSURE: f64 = 1.0;

pub(super) const ENTRY: Entry = Entry { name: "double_mach", parameters: schema_of::<Parameters>, make };

/// A shock that runs along a ramp, the lower side of the box, and is reflected twice.
#[derive(SmartDefault, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// Mach number of the shock, in gas of density 1.4 and pressure 1.
    #[default = 10.0]
    mach: f64,
    /// Where the ramp begins and the shock is at the start, along x.
    #[default(1.0 / 6.0)]
    #[schemars(extend("unit" = "length"))]
    corner: f64,
}

struct DoubleMach {
    corner: f64,
    /// How fast the shock runs, across itself.
    speed: f64,
    /// The primitive variables behind and ahead of it.
    behind: [f64; 5],
    ahead: [f64; 5],
}

fn make(section: &Section, setting: &Setting) -> Result<Box<dyn Problem>> {
    let Parameters { mach, corner } = section.typed()?;
    needs_axes(setting, 2)?;
    inside("corner", corner, 0, setting)?;
    let gamma = gamma_of(setting)?;
    let side = behind_shock(gamma, mach, DENSITY, PRESSURE)?;
    Ok(Box::new(DoubleMach {
        corner,
        speed: mach * (gamma * PRESSURE / DENSITY).sqrt(),
        behind: [side.density, side.velocity * SINE, -side.velocity * COSINE, 0.0, side.pressure],
        ahead: [DENSITY, 0.0, 0.0, 0.0, PRESSURE],
    }))
}

impl DoubleMach {
    /// The undisturbed gas at a point: behind or ahead of the shock.
    fn undisturbed(&self, center: [f64; 3], time: f64) -> &[f64; 5] {
        let across = (center[0] - self.corner) * SINE - center[1] * COSINE;
        if across < self.speed * time { &self.behind } else { &self.ahead }
    }
}

impl Problem for DoubleMach {
    fn initial(&self, cell: &Cell, state: &mut State) {
        let [density, u, v, w, pressure] = *self.undisturbed(cell.center, 0.0);
        (state.density, state.velocity, state.pressure) = (density, [u, v, w], pressure);
    }

    /// The ramp reflects; before it, and on the left and at the top, the gas is the undisturbed one of that time.
    fn boundary(&self, ghost: &Ghost<3>, time: f64, _edge: &[f64], mirror: &[f64], out: &mut [f64]) {
        let is_ramp = ghost.side.axis == 1 && !ghost.side.high && ghost.center[0] >= self.corner;
        if is_ramp {
            out.copy_from_slice(mirror);
            out[2] = -mirror[2];
        } else if ghost.side.axis == 1 && !ghost.side.high {
            out.copy_from_slice(&self.behind);
        } else {
            out.copy_from_slice(self.undisturbed(ghost.center, time));
        }
    }
}
