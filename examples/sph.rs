//! Smoothed particle hydrodynamics through the tree: Sod's shock tube, held against its exact solution.
//!
//! Monaghan 1992 (ARA&A 30, 543) in one dimension: cubic spline, smoothing lengths of 1.5 spacings, artificial viscosity with α = 1 and β = 2. Each
//! force evaluation asks for neighbours twice: for densities, and for what pressures do.
use std::process::ExitCode;

use bytemuck::{Pod, Zeroable};
use divisi::nbody::tree::{Place, interactions};
use divisi::{Comm, Result, comm::launch, particles::Particles};

const GAMMA: f64 = 1.4;
/// Particles to the left; an eighth as many stand to the right.
const LEFT: u64 = 400;
/// Mass of a particle: density 1 over a length of 1/2.
const MASS: f64 = 0.5 / LEFT as f64;
const DT: f64 = 4e-4;
const STEPS: u32 = 500;
/// Farther out particles stand still; no wave comes so far.
const WALL: f64 = 0.44;

/// A particle of gas: plain data, so that it can travel between ranks.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Gas {
    id: u64,
    x: f64,
    velocity: f64,
    /// Internal energy of a unit of mass.
    energy: f64,
    density: f64,
    /// Smoothing length.
    h: f64,
    /// Acceleration, and rate of the energy.
    rates: [f64; 2],
}

/// Particle `index`, from left to right: density 1 and pressure 1, then 0.125 and 0.1.
fn gas(index: u64) -> Gas {
    let spacing = 0.5 / LEFT as f64;
    let (x, density, pressure) = if index < LEFT {
        ((index as f64 + 0.5) * spacing - 0.5, 1.0, 1.0)
    } else {
        (((index - LEFT) as f64 + 0.5) * 8.0 * spacing, 0.125, 0.1)
    };
    let energy = pressure / (GAMMA - 1.0) / density;
    Gas { id: index, x, velocity: 0.0, energy, density, h: 1.5 * MASS / density, rates: [0.0; 2] }
}

/// Law: the cubic spline of support 2 h in one dimension, and its derivative by r.
fn kernel(r: f64, h: f64) -> [f64; 2] {
    let q = r / h;
    let [value, slope] = if q < 1.0 {
        [1.0 - 1.5 * q * q + 0.75 * q * q * q, -3.0 * q + 2.25 * q * q]
    } else {
        let rest = (2.0 - q).max(0.0);
        [0.25 * rest * rest * rest, -0.75 * rest * rest]
    };
    [2.0 / 3.0 / h * value, 2.0 / 3.0 / (h * h) * slope]
}

fn place(gas: &Gas, reach: f64) -> Place {
    Place { id: gas.id, position: [gas.x, 0.0, 0.0], reach }
}

/// Densities: ρ = Σ m W(r, h), with h from the density so far.
fn densities(comm: &Comm, all: &mut Particles<Gas>) -> Result<()> {
    let sum = |gas: &Gas, near: &[&Gas]| -> f64 {
        near.iter().map(|other| MASS * kernel((gas.x - other.x).abs(), gas.h)[0]).sum()
    };
    let found = interactions(comm, all.local(), |gas| place(gas, 2.0 * gas.h), sum)?;
    for (gas, density) in all.local_mut().iter_mut().zip(found).filter(|(gas, _)| gas.x.abs() < WALL) {
        gas.density = density;
        gas.h = 1.5 * MASS / density;
    }
    Ok(())
}

/// Law: dv/dt = -Σ m (P/ρ² + P'/ρ'² + Π) ∂W, du/dt = Σ m (P/ρ² + Π/2) (v - v') ∂W, with the kernel of the mean smoothing length.
fn rates(gas: &Gas, near: &[&Gas]) -> [f64; 2] {
    let push = |gas: &Gas| (GAMMA - 1.0) * gas.energy / gas.density;
    let sound = |gas: &Gas| (GAMMA * (GAMMA - 1.0) * gas.energy).sqrt();
    let mut rates = [0.0; 2];
    for other in near.iter().filter(|other| other.id != gas.id) {
        let [dx, dv] = [gas.x - other.x, gas.velocity - other.velocity];
        let h = 0.5 * (gas.h + other.h);
        let slope = kernel(dx.abs(), h)[1] * dx.signum();
        let mu = if dx * dv < 0.0 { h * dx * dv / (dx * dx + 0.01 * h * h) } else { 0.0 };
        let mean_sound = 0.5 * (sound(gas) + sound(other));
        let viscosity = (-mean_sound * mu + 2.0 * mu * mu) / (0.5 * (gas.density + other.density));
        rates[0] -= MASS * (push(gas) + push(other) + viscosity) * slope;
        rates[1] += MASS * (push(gas) + 0.5 * viscosity) * dv * slope;
    }
    rates
}

/// Densities, then rates of all particles. Pairs see each other: each reaches as far as the widest kernel.
fn evaluate(comm: &Comm, all: &mut Particles<Gas>) -> Result<()> {
    densities(comm, all)?;
    let widest = comm.all_reduce_max(all.local().iter().map(|gas| gas.h).fold(0.0, f64::max));
    let found = interactions(comm, all.local(), |gas| place(gas, gas.h + widest), rates)?;
    for (gas, rates) in all.local_mut().iter_mut().zip(found) {
        gas.rates = if gas.x.abs() < WALL { rates } else { [0.0; 2] };
    }
    Ok(())
}

fn kick(all: &mut Particles<Gas>) {
    for gas in all.local_mut() {
        gas.velocity += 0.5 * DT * gas.rates[0];
        gas.energy += 0.5 * DT * gas.rates[1];
    }
}

/// The exact density, Sod 1978 (JCP 27, 1), at s = x/t: rarefaction, contact and shock, from the pressure 0.30313 between the last two.
fn exact(s: f64) -> f64 {
    let sound = GAMMA.sqrt();
    match s {
        s if s < -sound => 1.0,
        s if s < -0.07027 => (2.0 / (GAMMA + 1.0) - (GAMMA - 1.0) / (GAMMA + 1.0) * s / sound).powi(5),
        s if s < 0.92745 => 0.42632,
        s if s < 1.75216 => 0.26557,
        _ => 0.125,
    }
}

fn main() -> ExitCode {
    launch(|comm| {
        let mut all = Particles::generate(comm, LEFT + LEFT / 8, gas);
        evaluate(comm, &mut all)?;
        for _step in 0..STEPS {
            kick(&mut all);
            all.local_mut().iter_mut().for_each(|gas| gas.x += DT * gas.velocity);
            evaluate(comm, &mut all)?;
            kick(&mut all);
        }
        let time = f64::from(STEPS) * DT;
        // Each particle stands for the length m/ρ.
        let error = |gas: &Gas| MASS / gas.density * (gas.density - exact(gas.x / time)).abs();
        let error = comm.sum_exact(all.local().iter().map(error));
        let energy = comm.sum_exact(all.local().iter().map(|gas| MASS * (gas.energy + 0.5 * gas.velocity.powi(2))));
        assert!(error < 0.008, "mean error of the density {error}");
        assert!((energy / 1.375 - 1.0).abs() < 1e-3, "energy {energy}");
        comm.is_root().then(|| println!("mean error of the density {error:.15}, energy {energy:.15}"));
        Ok(0)
    })
}
