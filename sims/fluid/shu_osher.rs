//! A shock that runs into density waves (Shu & Osher 1989, example 8): do fine waves survive behind it?

use divisi::Result;
use divisi::fluid::{Cell, Entry, Problem, Section, Setting, State};
use serde::Deserialize;

use super::exact::Side;
use super::parameters::{Axis, finite, gamma_of};
use super::shock::behind_shock;

pub const ENTRY: Entry = Entry {
    name: "shu_osher",
    parameters: r#"axis = "x"               # the axis along which the shock runs: "x" | "y" | "z"
front = -4.0             # where the shock starts, length
mach = 3.0               # its Mach number in the gas of density 1 and pressure 1 ahead
amplitude = 0.2          # of the density waves ahead
wave_number = 5.0        # of the density waves, radians per length
"#,
    make,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    axis: Axis,
    front: f64,
    mach: f64,
    amplitude: f64,
    wave_number: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters { axis: Axis::X, front: -4.0, mach: 3.0, amplitude: 0.2, wave_number: 5.0 }
    }
}

struct ShuOsher {
    parameters: Parameters,
    axis: usize,
    behind: Side,
}

fn make(section: &Section, setting: &Setting) -> Result<Box<dyn Problem>> {
    let parameters: Parameters = section.typed()?;
    finite("front", &[parameters.front])?;
    finite("amplitude", &[parameters.amplitude])?;
    finite("wave_number", &[parameters.wave_number])?;
    let axis = parameters.axis.of(setting)?;
    let behind = behind_shock(gamma_of(setting)?, parameters.mach, 1.0, 1.0)?;
    Ok(Box::new(ShuOsher { parameters, axis, behind }))
}

impl Problem for ShuOsher {
    fn initial(&self, cell: &Cell, state: &mut State) {
        let Parameters { front, amplitude, wave_number, .. } = self.parameters;
        let x = cell.center[self.axis];
        if x < front {
            state.density = self.behind.density;
            state.velocity[self.axis] = self.behind.velocity;
            state.pressure = self.behind.pressure;
        } else {
            state.density = 1.0 + amplitude * libm::sin(wave_number * x);
            state.pressure = 1.0;
        }
    }
}
