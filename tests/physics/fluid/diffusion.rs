//! Viscosity and heat conduction against the decay rates of linear theory.

use std::f64::consts::TAU;

use super::run::Run;

/// The rate at which a column of history.csv decays between its first and last row.
fn decay_rate(run: &Run, column: &str, rest: f64) -> f64 {
    let values = run.column(column);
    let times = run.column("time");
    let first = values[0] - rest;
    let last = values[values.len() - 1] - rest;
    (first / last).ln() / (times[times.len() - 1] - times[0])
}

#[track_caller]
fn assert_near(rate: f64, expected: f64) {
    assert!((rate / expected - 1.0).abs() < 0.01, "{rate} is not {expected}");
}

/// A shear wave decays as exp(-nu k^2 t), its energy twice as fast (Landau & Lifshitz 1987, section 24); along each axis.
#[test]
fn a_shear_wave_decays_at_the_viscous_rate() {
    let words = "fluid.viscosity=0.01 problem.kind=shear problem.amplitude=1e-3 grid.low=0 grid.high=1 grid.cells=64";
    let run = Run::quietly("linear_wave", &format!("{words} output.history_time=0.1"));
    assert_near(decay_rate(&run, "kinetic_energy", 0.0), 2.0 * 0.01 * TAU * TAU);
    let oblique = "fluid.viscosity=0.01 problem.kind=shear problem.amplitude=1e-3 grid.cells=64,32 run.until=0.5";
    let run = Run::quietly("linear_wave", &format!("{oblique} grid.high=2.23606797749979,1.118033988749895"));
    assert_near(decay_rate(&run, "kinetic_energy", 0.0), 2.0 * 0.01 * TAU * TAU);
}

/// Warm and cold gas at one pressure even out at conductivity (gamma - 1) / gamma k^2: heat at constant pressure.
#[test]
fn an_entropy_wave_decays_at_the_rate_of_conduction() {
    let words =
        "fluid.conductivity=0.01 problem.kind=entropy problem.amplitude=1e-3 grid.low=0 grid.high=1 grid.cells=64";
    let run = Run::quietly("linear_wave", &format!("{words} output.history_time=0.1 fluid.gamma=1.4"));
    assert_near(decay_rate(&run, "density_max", 1.0), 0.01 * 0.4 / 1.4 * TAU * TAU);
}

/// Steps that are as long as waves allow and as long as diffusion allows are too long for both, which shows in one dimension, where
/// the largest number is 1.
#[test]
fn waves_and_diffusion_at_once_are_stable_at_every_cfl_number_that_is_accepted() {
    let wave = "grid.cells=[100] grid.low=[0] grid.high=[1] problem.kind=entropy problem.flow=1 problem.amplitude=0.01 run.until=0.5";
    for diffusion in
        ["fluid.viscosity=0.0075 fluid.conductivity=0.0075", "fluid.viscosity=0.01", "fluid.conductivity=0.02"]
    {
        for scheme in ["", "fluid.reconstruction=ppm fluid.time=rk3"] {
            let words = format!("{wave} {diffusion} {scheme} fluid.cfl=1.0");
            let run = Run::quietly("linear_wave", &words);
            let [least, most] = ["density_min", "density_max"].map(|name| run.last(name));
            assert!(least > 0.99 && most < 1.01, "{words}: from {least} to {most}");
        }
    }
}
