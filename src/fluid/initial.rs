//! The initial state: refused where no gas can be so, else as conserved variables.

use super::findings::Floors;
use super::gas::Gas;
use super::problem::{Cell, Problem, State};
use super::scheme::Physics;
use super::update::symmetric_sum_of;
use crate::grid::{Field, Grid};
use crate::{Error, Result};

/// Fills a block, whose first cell has the index `origin`, with the problem's conserved variables; solid cells are at
/// rest. Gives the lowest density and pressure.
///
/// # Errors
/// A state that no gas can have or that is below a given floor, or a scalar beyond its bounds, with the cell.
pub(super) fn fill(
    field: &mut Field<f64, 3>,
    origin: [usize; 3],
    grid: &Grid<3>,
    physics: &Physics,
    problem: &dyn Problem,
) -> Result<Floors> {
    let mut lowest = Floors { density: f64::INFINITY, pressure: f64::INFINITY };
    let mut primitive = Vec::with_capacity(physics.variables());
    let mut state = State { scalars: vec![0.0; physics.scalars], ..State::default() };
    for (j, k) in field.rows() {
        for i in 0..field.extent()[0] as isize {
            let place = [i, j, k];
            let cell = Cell::of(grid, std::array::from_fn(|axis| origin[axis] as i64 + place[axis] as i64));
            state.scalars.fill(0.0);
            state.density = 0.0;
            state.velocity = [0.0; 3];
            state.pressure = 0.0;
            problem.initial(&cell, &mut state);
            check(&state, &cell, physics)?;
            if problem.is_solid(&cell) {
                state.velocity = [0.0; 3];
            }
            lowest = lowest.least(Floors { density: state.density, pressure: state.pressure });
            let State { density, velocity: [x, y, z], pressure, ref scalars } = state;
            let flow = [density, x, y, z, pressure];
            primitive.clear();
            primitive.extend(flow[..physics.gas.variables()].iter().chain(scalars));
            put_conserved(&primitive, physics.gas, |variable, value| field.put(variable, place, value));
        }
    }
    Ok(lowest)
}

/// Refuses a state that no gas can have, and scalars beyond their bounds.
fn check(state: &State, cell: &Cell, physics: &Physics) -> Result<()> {
    let ideal = matches!(physics.gas, Gas::Ideal { .. });
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
    if state.density < physics.floors.density {
        return wrong("density", state.density, &format!("at least fluid.density_floor, {:?}", physics.floors.density));
    }
    if ideal && state.pressure < physics.floors.pressure {
        return wrong(
            "pressure",
            state.pressure,
            &format!("at least fluid.pressure_floor, {:?}", physics.floors.pressure),
        );
    }
    if let Some(&value) = state.velocity.iter().chain(&state.scalars).find(|value| !value.is_finite()) {
        return wrong("velocity or a scalar", value, "finite");
    }
    let bounded = state.scalars.iter().zip(&physics.bounds);
    match bounded.into_iter().find(|(scalar, [least, greatest])| !(least..=greatest).contains(scalar)) {
        Some((&value, [least, greatest])) => wrong("scalar", value, &format!("from {least} to {greatest}")),
        None => Ok(()),
    }
}

/// Calls `put` with each conserved variable of primitive ones; x, y and z enter alike.
pub(super) fn put_conserved(primitive: &[f64], gas: Gas, mut put: impl FnMut(usize, f64)) {
    let density = primitive[0];
    let velocity = [primitive[1], primitive[2], primitive[3]];
    let momentum = velocity.map(|velocity| density * velocity);
    put(0, density);
    (0..3).for_each(|axis| put(1 + axis, momentum[axis]));
    if let Gas::Ideal { gamma } = gas {
        let twice_kinetic = symmetric_sum_of([0, 1, 2].map(|axis| momentum[axis] * velocity[axis]));
        // E = p/(γ - 1) + ρ v²/2
        put(4, primitive[4] / (gamma - 1.0) + 0.5 * twice_kinetic);
    }
    let first = gas.variables();
    primitive.iter().enumerate().skip(first).for_each(|(variable, scalar)| put(variable, density * scalar));
}
