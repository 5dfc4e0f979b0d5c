//! A potential of your own around the bodies of the N-body solver: a harmonic trap, stiffer along z.
use std::process::ExitCode;

use divisi::nbody::potential::Potential;
use divisi::nbody::{NBody, PotentialEntry, Potentials};
use schemars::JsonSchema;
use serde::Deserialize;

/// A trap that is harmonic along each axis.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Trap {
    /// Frequencies along x, y and z.
    #[schemars(extend("unit" = "1 / time"))]
    frequencies: [f64; 3],
}

/// Law: the acceleration is minus the gradient of the potential. Its jerk, for Hermite steps, is taken by differences unless it is given.
impl Potential for Trap {
    fn potential(&self, position: [f64; 3]) -> f64 {
        (0..3).map(|k| 0.5 * (self.frequencies[k] * position[k]).powi(2)).sum()
    }

    fn acceleration(&self, position: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|k| -self.frequencies[k] * self.frequencies[k] * position[k])
    }
}

/// The simulation: `simulation = "trapped"`, whose sections `[potentials.NAME]` may have `kind = "trap"`, or any that is built in.
struct Trapped;

impl Potentials for Trapped {
    const NAME: &'static str = "trapped";
    const ENTRIES: &'static [PotentialEntry] = &[PotentialEntry::of::<Trap>("trap")];
}

fn main() -> ExitCode {
    divisi::main::<NBody<Trapped>>()
}
