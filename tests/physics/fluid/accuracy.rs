//! Errors against exact solutions, and growth rates: each figure is what a well-tested code (Athena++) reaches with the same
//! schemes, or follows from theory.

use super::run::Run;

/// An error may be this much larger than its figure.
const MARGIN: f64 = 1.1;
/// The pairs of schemes that the figures are for.
const PLM: &str = "fluid.reconstruction=plm fluid.time=vl2";
const PPM: &str = "fluid.reconstruction=ppm fluid.time=rk3";

#[track_caller]
fn assert_within(what: &str, error: f64, figure: f64) {
    println!("{what}: {error:.4e}, to hold {figure:.4e}");
    assert!(error <= MARGIN * figure, "{what}: {error:e} is more than 10 % above {figure:e}");
}

/// Stone et al. 2008, section 8.1: the box of 3 x 1.5 x 1.5 with N x N/2 x N/2 cells, one period.
fn linear_wave(cells: usize, words: &str) -> f64 {
    let half = cells / 2;
    Run::quietly("linear_wave", &format!("grid.cells={cells},{half},{half} {words}")).last("error")
}

#[test]
fn oblique_sound_waves_have_the_errors_to_hold_and_the_same_to_the_left_and_to_the_right() {
    for (schemes, figures) in [(PLM, [6.252e-7, 1.430e-7, 4.954e-8]), (PPM, [9.563e-8, 5.791e-9, 4.203e-10])] {
        for (cells, figure) in [16, 32, 64].into_iter().zip(figures) {
            let [right, left] =
                ["right", "left"].map(|side| linear_wave(cells, &format!("problem.kind=sound_{side} {schemes}")));
            assert_within(&format!("sound, {cells} cells, {schemes}"), right, figure);
            assert_eq!(left.to_bits(), right.to_bits(), "{cells} cells, {schemes}: left {left:e}, right {right:e}");
        }
    }
}

#[test]
fn oblique_entropy_waves_have_the_errors_to_hold() {
    for (schemes, figures) in [(PLM, [4.320e-7, 1.072e-7, 3.873e-8]), (PPM, [5.823e-8, 4.131e-9, 2.654e-10])] {
        for (cells, figure) in [16, 32, 64].into_iter().zip(figures) {
            let error = linear_wave(cells, &format!("problem.kind=entropy problem.flow=1 {schemes}"));
            assert_within(&format!("entropy, {cells} cells, {schemes}"), error, figure);
        }
    }
}

#[test]
fn shear_waves_and_isothermal_sound_converge() {
    for words in ["problem.kind=shear problem.flow=1", "problem.kind=sound_left fluid.gas=isothermal"] {
        let errors = [16, 32].map(|cells| linear_wave(cells, &format!("{words} {PPM}")));
        assert!(errors[0] < 2e-7 && errors[1] < errors[0] / 8.0, "{words}: {errors:?}");
    }
}

/// Sod 1978.
#[test]
fn the_shock_tube_has_the_errors_to_hold() {
    for (schemes, figures) in [(PLM, [4.242e-3, 2.129e-3, 1.324e-3]), (PPM, [3.149e-3, 1.473e-3, 9.36e-4])] {
        for (cells, figure) in [100, 200, 400].into_iter().zip(figures) {
            let run = Run::quietly("sod", &format!("grid.cells=[{cells}] {schemes}"));
            assert_within(&format!("Sod, {cells} cells, {schemes}"), run.last("error_density"), figure);
        }
    }
}

/// Shu 1998; Yee et al. 1999.
#[test]
fn the_vortex_has_the_errors_to_hold() {
    for (schemes, figures) in [(PLM, [9.41e-3, 1.98e-3, 3.31e-4]), (PPM, [1.09e-3, 2.20e-4, 5.40e-5])] {
        for (cells, figure) in [32, 64, 128].into_iter().zip(figures) {
            let run = Run::quietly("isentropic_vortex", &format!("grid.cells={cells},{cells} {schemes}"));
            assert_within(&format!("vortex, {cells} cells, {schemes}"), run.last("error_density"), figure);
        }
    }
}

/// McNally, Lyra & Passy 2012: the amplitude of the mode at t = 1.5, within 1 %.
#[test]
fn the_smooth_shear_layers_of_mcnally_grow_as_they_should() {
    let cases = [(PLM, 64, 0.1051), (PLM, 128, 0.1397), (PLM, 256, 0.1467), (PPM, 64, 0.1247), (PPM, 128, 0.1449)];
    for (schemes, cells, figure) in cases {
        let words = "problem.setup=mcnally grid.low=0,0 grid.high=1,1 run.until=1.5";
        let run = Run::quietly("kelvin_helmholtz", &format!("{words} grid.cells={cells},{cells} {schemes}"));
        let amplitude = run.last("mode_amplitude");
        println!("McNally, {cells} cells, {schemes}: {amplitude:.4}, to hold {figure}");
        assert!((amplitude / figure - 1.0).abs() < 0.01, "{cells} cells, {schemes}: {amplitude}, not {figure}");
    }
}

/// The profile of Lecoanet et al. 2016 with one density: 3.3309 is the largest growth rate of its linear perturbations, the
/// eigenvalue problem solved with 400 Fourier modes across the box.
#[test]
fn a_shear_layer_grows_at_the_rate_of_linear_theory() {
    let words = "grid.cells=128,256 run.until=1.2 problem.amplitude=1e-3 output.history_steps=5";
    let run = Run::quietly("kelvin_helmholtz", words);
    let times = run.column("time");
    let energies = run.column("kinetic_energy_y");
    let logarithms =
        times.iter().zip(&energies).filter(|(time, _)| **time >= 0.8).map(|(time, e)| (*time, 0.5 * e.ln()));
    let rate = slope(&logarithms.collect::<Vec<_>>());
    println!("growth rate, 128 cells: {rate:.4}, by theory 3.3309");
    assert!((rate / 3.3309 - 1.0).abs() < 0.01, "{rate}");
}

/// The slope of the straight line through points, by least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |part: fn(&(f64, f64)) -> f64| points.iter().map(part).sum::<f64>() / count;
    let x = mean(|point| point.0);
    let y = mean(|point| point.1);
    let products = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>();
    products / points.iter().map(|point| (point.0 - x) * (point.0 - x)).sum::<f64>()
}

/// Sedov 1959: the shock is at 1.1517 (E t^2 / density)^(1/5) = 0.3475 when t = 0.05.
#[test]
fn the_point_explosion_has_its_radius_within_a_cell() {
    const CELLS: usize = 64;
    let run = Run::quietly("sedov", "");
    let energy = run.column("energy");
    let ambient = 1e-5 / (2.0 / 3.0);
    assert!(
        (energy[0] - 1.0 - ambient).abs() < 2.0 * ambient,
        "{}: all of the explosion's energy and the gas's",
        energy[0]
    );
    let radius = half_jump_radius(&shell_means(&run.field("density"), CELLS));
    println!("Sedov, {CELLS} cells: half of the jump at {radius:.4}, the shock at 0.3475");
    assert!((radius - 0.3475).abs() < 1.0 / CELLS as f64, "{radius}");
}

/// Mean values over shells of a cell's width about the middle of the unit cube: shell i is about radius (i + 1/2) / cells.
fn shell_means(values: &ndarray::Array3<f64>, cells: usize) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); cells];
    for ((k, j, i), value) in values.indexed_iter() {
        let square = |index: usize| (index as f64 + 0.5 - 0.5 * cells as f64).powi(2);
        let shell = &mut sums[(square(i) + square(j) + square(k)).sqrt() as usize];
        *shell = (shell.0 + value, shell.1 + 1.0);
    }
    sums.into_iter().map(|(sum, count)| sum / f64::max(count, 1.0)).collect()
}

/// Where, beyond its peak, the profile falls through the middle between the peak and the gas at rest, which is 1.
fn half_jump_radius(shells: &[f64]) -> f64 {
    let peak = (0..shells.len() / 2).max_by(|&a, &b| shells[a].total_cmp(&shells[b])).unwrap();
    let half = 0.5 * (shells[peak] + 1.0);
    let after = (peak..).find(|&i| shells[i] < half).unwrap();
    let share = (shells[after - 1] - half) / (shells[after - 1] - shells[after]);
    (after as f64 - 0.5 + share) / shells.len() as f64
}
