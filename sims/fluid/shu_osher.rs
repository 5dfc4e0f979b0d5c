//! A shock that runs into density waves (Shu & Osher 1989, example 8): do fine waves survive behind it?

use divisi::Result;
use divisi::config::schema_of;
use divisi::fluid::{Cell, Entry, Problem, Section, Setting, State};
use schemars::JsonSchema;
use serde::Deserialize;
use smart_default::SmartDefault;

use super::exact::Side;
use super::parameters::{Axis, finite, gamma_of, inside};
use super::shock::behind_shock;

pub(super) const ENTRY: Entry = Entry { name: "shu_osher", parameters: schema_of::<Parameters>, make };

/// A shock that runs into density waves.
#[derive(SmartDefault, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// Axis along which the shock runs.
    #[default(Axis::X)]
    axis: Axis,
    /// Where the shock starts.
    #[default(-4.0)]
    #[schemars(extend("unit" = "length"))]
    front: f64,
    /// Mach number of the shock, in the gas of density 1 and pressure 1 ahead.
    #[default = 3.0]
    mach: f64,
    /// Amplitude of the density waves ahead.
    #[default = 0.2]
    amplitude: f64,
    /// Wave number of the density waves ahead.
    #[default = 5.0]
    #[schemars(extend("unit" = "radians per length"))]
    wave_number: f64,
}

struct ShuOsher {
    parameters: Parameters,
    axis: usize,
    behind: Side,
}

fn make(section: &Section, setting: &Setting) -> Result<Box<dyn Problem>> {
    let parameters: Parameters = section.typed()?;
    finite("amplitude", &[parameters.amplitude])?;
    finite("wave_number", &[parameters.wave_number])?;
    let axis = parameters.axis.of(setting)?;
    inside("front", parameters.front, axis, setting)?;
    let behind = behind_shock(gamma_of(setting)?, parameters.mach, 1.0, 1.0)?;
    Ok(Box::new(ShuOsher { parameters, axis, behind }))
}

impl Problem for ShuOsher {
    fn initial(&self, cell: &Cell, state: &mut State) {
        let Parameters { front, amplitude, wave_number, .. } = self.parameters;
        let x = cell.center[self.axis];
        if x < front {
            self.behind.fill(state, self.axis);
        } else {
            state.density = 1.0 + amplitude * libm::sin(wave_number * x);
            state.pressure = 1.0;
        }
    }
}
