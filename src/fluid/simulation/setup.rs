//! From parameters to what a flow is made of: physics, boundaries, and how the grid is cut.

use super::boundaries::place;
use super::config::Config;
use crate::comm::{Comm, Node};
use crate::fluid::findings::{AskedFloors, Floors};
use crate::fluid::flow::{Flow, FlowSetup};
use crate::fluid::problem::{Problem, Scalar};
use crate::fluid::scheme::Physics;
use crate::grid::{Boundaries, Boundary, Layout};
use crate::simd::Level;
use crate::{Error, Result};

/// A flow as the parameters describe it, without a state. All ranks.
///
/// # Errors
/// Parameters that don't go with each other, with the problem or with the number of ranks.
pub(super) fn flow(comm: &Comm, config: &Config, problem: Box<dyn Problem>, level: Level, node: Node) -> Result<Flow> {
    let physics = physics(config, problem.as_ref(), level)?;
    let boundaries = boundaries(config, &physics)?;
    let layout = layout(comm, config, &physics, boundaries.periodic()?)?;
    let time = config.fluid.time;
    let cfl = config.fluid.cfl;
    let least_step = config.fluid.least_step;
    let floors = AskedFloors { density: config.fluid.density_floor, pressure: config.fluid.pressure_floor };
    Flow::new(comm, FlowSetup { physics, problem, layout, boundaries, time, cfl, least_step, floors, node })
}

/// What the parameters say to the kernels.
fn physics(config: &Config, problem: &dyn Problem, level: Level) -> Result<Physics> {
    let gas = config.gas()?;
    let fluid = &config.fluid;
    let bounds = problem.scalars().iter().map(bounds_of).collect::<Result<Vec<_>>>()?;
    let scalars = bounds.len();
    let given = Floors { density: fluid.density_floor.unwrap_or(0.0), pressure: fluid.pressure_floor.unwrap_or(0.0) };
    let mut physics = Physics {
        level,
        gas,
        reconstruct: fluid.reconstruction,
        solver: fluid.riemann,
        scalars,
        floors: given,
        bounds,
        dimensions: config.dimensions(),
        per_length: config.grid()?.spacing().map(|size| 1.0 / size),
        gravity: fluid.gravity,
        viscosity: fluid.viscosity,
        conductivity: fluid.conductivity,
        walls: config.walls()?,
        least: vec![f64::NEG_INFINITY; gas.variables() + scalars],
    };
    physics.set_floors(given);
    Ok(physics)
}

/// What a scalar can be.
///
/// # Errors
/// Bounds that no number keeps.
fn bounds_of(scalar: &Scalar) -> Result<[f64; 2]> {
    let [least, greatest] = scalar.bounds.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
    if least <= greatest {
        return Ok([least, greatest]);
    }
    let reason = format!("no number is from {least} to {greatest}, the bounds of the scalar \"{}\"", scalar.name);
    Err(Error::input("problem", reason))
}

/// What stands beyond each side.
fn boundaries(config: &Config, physics: &Physics) -> Result<Boundaries<f64, 3>> {
    let mut boundaries = Boundaries::all(Boundary::Periodic);
    boundaries.kinds = config.boundaries()?;
    boundaries.odd = [Some(1), Some(2), Some(3)];
    for axis in 0..3 {
        if axis >= physics.dimensions {
            boundaries.kinds[axis] = [Boundary::Periodic; 2];
        }
        for high in 0..2 {
            let state = config.fixed(axis, high);
            if !state.is_empty() && state.len() != physics.variables() {
                let reason = format!(
                    "{} numbers; a state has {}: density, three velocities, pressure of an ideal gas, scalars",
                    state.len(),
                    physics.variables()
                );
                return Err(Error::input(place(axis, high), reason));
            }
            boundaries.fixed[axis][high] = state.to_vec();
        }
    }
    Ok(boundaries)
}

/// How the grid is cut and spread over the ranks.
fn layout(comm: &Comm, config: &Config, physics: &Physics, periodic: [bool; 3]) -> Result<Layout<3>> {
    let grid = config.grid()?;
    let width = physics.reconstruct.halo();
    let ranks = config.parts("grid.ranks", &config.grid.ranks)?;
    if let Some(ranks) = ranks.filter(|ranks| ranks.iter().product::<usize>() != comm.size()) {
        let reason = format!("{ranks:?} are {} ranks, but there are {}", ranks.iter().product::<usize>(), comm.size());
        return Err(Error::input("grid.ranks", reason));
    }
    let least = std::array::from_fn(|axis| if axis < physics.dimensions { width } else { 1 });
    match (config.parts("grid.blocks", &config.grid.blocks)?, ranks) {
        (Some(blocks), _) | (None, Some(blocks)) => Layout::new(grid, blocks, comm.size(), periodic),
        (None, None) => Layout::balanced(grid, comm.size(), least, periodic),
    }
}
