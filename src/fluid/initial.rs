//! The initial state: refused where no gas can be so, else as conserved variables.

use super::gas::Gas;
use super::problem::{Cell, State};
use crate::{Error, Result};

/// Refuses a state that no gas can have.
pub(super) fn check(state: &State, cell: &Cell, gas: Gas) -> Result<()> {
    let ideal = matches!(gas, Gas::Ideal { .. });
    let wrong = |name: &str, value: f64, wanted: &str| {
        let reason =
            format!("the initial {name} of cell {:?} at {:?} is {value}: it must be {wanted}", cell.index, cell.center);
        Err(Error::input("problem", reason))
    };
    if !(state.density > 0.0 && state.density.is_finite()) {
        return wrong("density", state.density, "positive and finite");
    }
    if ideal && !(state.pressure > 0.0 && state.pressure.is_finite()) {
        return wrong("pressure", state.pressure, "positive and finite");
    }
    match state.velocity.iter().chain(&state.scalars).find(|value| !value.is_finite()) {
        Some(&value) => wrong("velocity or a scalar", value, "finite"),
        None => Ok(()),
    }
}

/// The conserved variables of a state; x, y and z enter alike.
pub(super) fn conserved_of(state: &State, gas: Gas) -> Vec<f64> {
    let momentum = state.velocity.map(|velocity| state.density * velocity);
    let [x, y, z] = [0, 1, 2].map(|axis| momentum[axis] * state.velocity[axis]);
    let (a, b, c) = ((x + y) + z, (y + z) + x, (z + x) + y);
    let twice_kinetic = a.min(b).max(a.max(b).min(c));
    let mut conserved = vec![state.density];
    conserved.extend(momentum);
    if let Gas::Ideal { gamma } = gas {
        conserved.push(state.pressure / (gamma - 1.0) + 0.5 * twice_kinetic);
    }
    conserved.extend(state.scalars.iter().map(|scalar| state.density * scalar));
    conserved
}
