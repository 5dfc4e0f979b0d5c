//! Waves of tiny amplitude that cross the periodic box obliquely and return after a period (Stone et al. 2008, section 8.1).
//!
//! One wavelength fits into the box along each of its axes, so the phase is 2 pi (x / L_x + y / L_y + z / L_z). It counts from
//! the middle of the box, where the wave has a crest: sound waves to the left and to the right are then mirror images.

use divisi::config::schema_of;
use divisi::fluid::{Cell, Cells, Entry, Gas, Problem, Section, Setting, State};
use divisi::grid::Grid;
use divisi::run::Row;
use divisi::{Error, Result};
use libm::cos;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;
use std::f64::consts::PI;

use super::parameters::{add_mean_error, finite};

pub(super) const ENTRY: Entry = Entry { name: "linear_wave", parameters: schema_of::<Parameters>, make };

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// Sound to the left.
    SoundLeft,
    /// Sound to the right.
    SoundRight,
    /// Density alone.
    Entropy,
    /// Velocity across the wave.
    Shear,
}

/// A wave of tiny amplitude that crosses the periodic box obliquely.
#[derive(SmartDefault, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// Kind of wave.
    #[default(Kind::SoundRight)]
    kind: Kind,
    /// Amplitude of the density; of the velocity in a shear wave.
    #[default = 1e-6]
    amplitude: f64,
    /// Velocity of all gas along the wave. Density is 1, and so is the speed of sound of an ideal gas.
    flow: f64,
}

struct LinearWave {
    grid: Grid<3>,
    dimensions: usize,
    gas: Gas,
    amplitude: f64,
    /// Mass, momenta and energy per volume: of the gas at rest in the wave's frame, and their change at a crest for a unit
    /// of amplitude (an eigenvector: Stone et al. 2008, appendix B).
    background: [f64; 5],
    crest: [f64; 5],
    /// How fast the phase runs, radians per time.
    frequency: f64,
}

fn make(section: &Section, setting: &Setting) -> Result<Box<dyn Problem>> {
    let Parameters { kind, amplitude, flow } = section.typed()?;
    finite("amplitude", &[amplitude])?;
    finite("flow", &[flow])?;
    let (sound, enthalpy) = match setting.gas {
        // The speed of sound is 1 where p = 1 / gamma.
        Gas::Ideal { gamma } => (1.0, 1.0 / (gamma - 1.0) + 0.5 * flow * flow),
        Gas::Isothermal { .. } if kind == Kind::Entropy => {
            return Err(Error::input(
                "problem.kind",
                "\"entropy\" goes with gas = \"ideal\": an isothermal gas has none",
            ));
        }
        Gas::Isothermal { sound_speed } => (sound_speed, 0.0),
    };
    let (along, length) = direction(setting);
    let moving =
        |density: f64, speed: f64, energy: f64| [density, speed * along[0], speed * along[1], speed * along[2], energy];
    let energy = match setting.gas {
        Gas::Ideal { gamma } => 1.0 / (gamma * (gamma - 1.0)) + 0.5 * flow * flow,
        Gas::Isothermal { .. } => 0.0,
    };
    let (crest, speed) = match kind {
        Kind::SoundLeft => (moving(1.0, flow - sound, enthalpy - flow * sound), flow - sound),
        Kind::SoundRight => (moving(1.0, flow + sound, enthalpy + flow * sound), flow + sound),
        Kind::Entropy => (moving(1.0, flow, 0.5 * flow * flow), flow),
        Kind::Shear => ([0.0, across(along)[0], across(along)[1], 0.0, 0.0], flow),
    };
    Ok(Box::new(LinearWave {
        grid: setting.grid.clone(),
        dimensions: setting.dimensions,
        gas: setting.gas,
        amplitude,
        background: moving(1.0, flow, energy),
        crest,
        frequency: 2.0 * PI / length * speed,
    }))
}

/// The unit vector along which the wave runs, and the wavelength.
fn direction(setting: &Setting) -> ([f64; 3], f64) {
    let low = setting.grid.low();
    let high = setting.grid.high();
    let inverse = |axis: usize| if axis < setting.dimensions { 1.0 / (high[axis] - low[axis]) } else { 0.0 };
    let inverse = [inverse(0), inverse(1), inverse(2)];
    let length = 1.0 / (inverse[0] * inverse[0] + inverse[1] * inverse[1] + inverse[2] * inverse[2]).sqrt();
    (inverse.map(|component| component * length), length)
}

/// A unit vector across a wave, in the plane of x and y.
fn across([x, y, _]: [f64; 3]) -> [f64; 2] {
    let length = (x * x + y * y).sqrt();
    [-y / length, x / length]
}

impl LinearWave {
    /// The exact conserved variables at a cell's centre.
    fn exact(&self, cell: &Cell, time: f64) -> [f64; 5] {
        let cells = self.grid.cells();
        // From -pi to pi across the box; of mirrored cells it is exactly the negative.
        let part = |axis: usize| (2 * cell.index[axis] + 1 - cells[axis] as i64) as f64 / cells[axis] as f64;
        let phase = PI * (0..self.dimensions).map(part).sum::<f64>();
        let wave = self.amplitude * cos(phase - self.frequency * time);
        std::array::from_fn(|i| self.background[i] + wave * self.crest[i])
    }

    /// Conserved variables of a cell's primitive ones.
    fn conserved(&self, primitive: &[f64]) -> [f64; 5] {
        let density = primitive[0];
        let u = primitive[1];
        let v = primitive[2];
        let w = primitive[3];
        let energy = match self.gas {
            Gas::Ideal { gamma } => primitive[4] / (gamma - 1.0) + 0.5 * density * (u * u + v * v + w * w),
            Gas::Isothermal { .. } => 0.0,
        };
        [density, density * u, density * v, density * w, energy]
    }
}

impl Problem for LinearWave {
    fn initial(&self, cell: &Cell, state: &mut State) {
        let [density, x, y, z, energy] = self.exact(cell, 0.0);
        state.density = density;
        state.velocity = [x / density, y / density, z / density];
        if let Gas::Ideal { gamma } = self.gas {
            state.pressure = (gamma - 1.0) * (energy - 0.5 * (x * x + y * y + z * z) / density);
        }
    }

    /// The L1 errors of the conserved variables, and the root of the sum of their squares (Stone et al. 2008, section 8.1).
    fn history(&self, cells: &Cells, time: f64, row: &mut Row) {
        const NAMES: [&str; 5] =
            ["error_density", "error_momentum_x", "error_momentum_y", "error_momentum_z", "error_energy"];
        let count = self.gas.variables();
        for (i, name) in NAMES.iter().enumerate().take(count) {
            add_mean_error(row, name, &self.grid, cells, |cell, primitive| {
                self.conserved(primitive)[i] - self.exact(cell, time)[i]
            });
        }
        row.derived("error", move |column| {
            NAMES[..count].iter().map(|name| column(name) * column(name)).sum::<f64>().sqrt()
        });
    }
}
