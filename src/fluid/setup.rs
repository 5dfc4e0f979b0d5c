//! From parameters to what a flow is made of: physics, boundaries, and how the grid is cut.

use super::config::Config;
use super::gas::Gas;
use super::primitive::Floors;
use super::problem::Problem;
use super::scheme::Physics;
use crate::comm::Comm;
use crate::grid::{Boundaries, Boundary, Layout};
use crate::lane::Level;
use crate::{Error, Result};

/// What the parameters say to the kernels.
pub(super) fn physics(config: &Config, problem: &dyn Problem, level: Level) -> Result<Physics> {
    let (gas, fluid, scalars) = (config.gas()?, &config.fluid, problem.scalars().len());
    let floors = Floors { density: fluid.density_floor, pressure: fluid.pressure_floor };
    let mut least = vec![f64::NEG_INFINITY; gas.variables() + scalars];
    least[0] = floors.density;
    if matches!(gas, Gas::Ideal { .. }) {
        least[4] = floors.pressure;
    }
    Ok(Physics {
        level,
        gas,
        reconstruct: fluid.reconstruction,
        solver: fluid.riemann,
        scalars,
        floors,
        bounds: [f64::NEG_INFINITY, f64::INFINITY],
        dimensions: config.dimensions(),
        per_length: config.grid()?.spacing().map(|size| 1.0 / size),
        gravity: fluid.gravity,
        viscosity: fluid.viscosity,
        conductivity: fluid.conductivity,
        least,
    })
}

/// What stands beyond each side.
pub(super) fn boundaries(config: &Config, physics: &Physics) -> Result<Boundaries<f64, 3>> {
    let mut boundaries = Boundaries::all(Boundary::Periodic);
    boundaries.kinds = config.boundaries()?;
    boundaries.odd = [Some(1), Some(2), Some(3)];
    for (axis, name) in ["x", "y", "z"].into_iter().enumerate() {
        if axis >= physics.dimensions {
            boundaries.kinds[axis] = [Boundary::Periodic; 2];
        }
        for (high, word) in ["low", "high"].into_iter().enumerate() {
            let state = config.fixed(name, word);
            if !state.is_empty() && state.len() != physics.variables() {
                let reason = format!(
                    "{} numbers; a state has {}: density, three velocities, pressure of an ideal gas, scalars",
                    state.len(),
                    physics.variables()
                );
                return Err(Error::input(format!("boundary.{name}_{word}"), reason));
            }
            boundaries.fixed[axis][high] = state.to_vec();
        }
    }
    Ok(boundaries)
}

/// How the grid is cut and spread over the ranks.
pub(super) fn layout(comm: &Comm, config: &Config, physics: &Physics, periodic: [bool; 3]) -> Result<Layout<3>> {
    let (grid, width) = (config.grid()?, physics.reconstruct.halo());
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
