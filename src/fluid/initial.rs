//! The initial state: refused where no gas can be so, else as conserved variables.

use super::flow::SHARES;
use super::gas::Gas;
use super::problem::{Cell, Problem, State};
use super::scheme::Physics;
use super::update::symmetric_sum_of;
use crate::grid::{Field, Grid};
use crate::{Error, Result};

/// Fills a block, whose first cell has the index `origin`, with the problem's conserved variables; whether all scalars are
/// shares, from 0 to 1.
///
/// # Errors
/// A state that no gas can have, with its cell.
pub(super) fn fill(
    field: &mut Field<f64, 3>,
    origin: [usize; 3],
    grid: &Grid<3>,
    physics: &Physics,
    problem: &dyn Problem,
) -> Result<bool> {
    let mut shares = true;
    let mut state = State { scalars: vec![0.0; physics.scalars], ..State::default() };
    for (j, k) in field.rows() {
        for i in 0..field.extent()[0] as isize {
            let place = [i, j, k];
            let cell = Cell::of(grid, std::array::from_fn(|axis| origin[axis] as i64 + place[axis] as i64));
            state.scalars.fill(0.0);
            (state.density, state.velocity, state.pressure) = (0.0, [0.0; 3], 0.0);
            problem.initial(&cell, &mut state);
            check(&state, &cell, physics.gas)?;
            shares &= state.scalars.iter().all(|scalar| (SHARES[0]..=SHARES[1]).contains(scalar));
            for (variable, value) in conserved_of(&state, physics.gas).into_iter().enumerate() {
                field.put(variable, place, value);
            }
        }
    }
    Ok(shares)
}

/// Refuses a state that no gas can have.
fn check(state: &State, cell: &Cell, gas: Gas) -> Result<()> {
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
fn conserved_of(state: &State, gas: Gas) -> Vec<f64> {
    let momentum = state.velocity.map(|velocity| state.density * velocity);
    let twice_kinetic = symmetric_sum_of([0, 1, 2].map(|axis| momentum[axis] * state.velocity[axis]));
    let mut conserved = vec![state.density];
    conserved.extend(momentum);
    if let Gas::Ideal { gamma } = gas {
        conserved.push(state.pressure / (gamma - 1.0) + 0.5 * twice_kinetic);
    }
    conserved.extend(state.scalars.iter().map(|scalar| state.density * scalar));
    conserved
}
