//! Gas whose thermal energy is a tiny share of its energy, where a scheme of second order falls below zero and a floor would make
//! energy each time: fluxes of first order at such cells keep the totals.
//!
//! Members: two streams that meet (no side of the box comes near), gas that falls in on a point in one, two and three dimensions
//! (Noh 1987), Mach numbers from 8 to 10^4, each reconstruction with each way to step and each solver, and streams that fly
//! apart, whose density falls below a floor.

use ndarray::Array3;

use super::run::Run;

/// Two streams that meet, in gas of this pressure: after 0.9 the shocks are 0.3 from where they met.
const STREAMS: &str =
    "grid.cells=400 grid.low=-1 grid.high=1 problem.interface=0 fluid.gamma=1.6666666666666667 fluid.cfl=0.4";

fn streams(pressure: f64, words: &str) -> Run {
    let sides = format!("problem.left=1,1,{pressure:e} problem.right=1,-1,{pressure:e} run.until=0.9");
    Run::quietly("sod", &format!("{STREAMS} {sides} {words}"))
}

/// The energy at the end: that of the start and of the gas that flowed in.
fn energy_of_streams(pressure: f64) -> f64 {
    2.0 * (0.5 + 1.5 * pressure) + 2.0 * 0.9 * (0.5 + 2.5 * pressure)
}

/// The mean density behind the shock of gas that fell in with speed 1, where the heated innermost cells don't count.
fn density_behind(density: &Array3<f64>, time: f64) -> f64 {
    let shock = time / 3.0;
    let [z, y, x] = [0, 1, 2].map(|axis| density.shape()[axis]);
    let size = 1.0 / x as f64;
    let radius = |index: [usize; 3]| {
        let along = |axis: usize, count: usize| if count > 1 { (index[axis] as f64 + 0.5) * size } else { 0.0 };
        let squares = [along(0, z), along(1, y), along(2, x)].map(|place| place * place);
        squares.iter().sum::<f64>().sqrt()
    };
    let behind = density.indexed_iter().filter(|((k, j, i), _)| {
        let radius = radius([*k, *j, *i]);
        (0.4 * shock..0.8 * shock).contains(&radius)
    });
    let (sum, count) = behind.fold((0.0, 0), |(sum, count), (_, density)| (sum + density, count + 1));
    sum / f64::from(count)
}

#[test]
fn two_cold_streams_keep_their_energy_and_meet_in_a_shock_of_density_4() {
    // Mach numbers of 775 and 10^4, relative to the gas that has stopped even more.
    for pressure in [1e-6, 6e-9] {
        let run = streams(pressure, "");
        let error = run.last("energy") / energy_of_streams(pressure) - 1.0;
        assert!(error.abs() < 1e-12, "{pressure}: energy is off by {error:e}");
        assert!(run.last("first_order") > 0.0, "{pressure}: an input too easy");
        assert_eq!(run.last("energy_added"), 0.0);
        let density = run.field("density");
        let behind: Vec<f64> = (160..180).chain(220..240).map(|i| density[[0, 0, i]]).collect();
        let mean = behind.iter().sum::<f64>() / behind.len() as f64;
        assert!((mean / 4.0 - 1.0).abs() < 2e-3, "{pressure}: density {mean}");
        // The shocks have come as far as the exact ones, to a cell.
        let wide = density.iter().filter(|&&density| density > 2.5).count();
        assert!((118..=121).contains(&wide), "{pressure}: {wide} cells are behind the shocks");
    }
}

#[test]
fn no_scheme_makes_energy_where_cold_streams_meet() {
    let schemes = [
        "fluid.riemann=roe",
        "fluid.riemann=hlle",
        "fluid.riemann=llf",
        "fluid.reconstruction=ppm",
        "fluid.reconstruction=weno_z",
        "fluid.reconstruction=ppm fluid.time=rk3",
        "fluid.reconstruction=weno_z fluid.time=rk2",
    ];
    // Mach 8, and one of the coldest.
    for pressure in [9.4e-3, 6e-9] {
        for scheme in schemes {
            let run = streams(pressure, &format!("{scheme} grid.cells=200"));
            let error = run.last("energy") / energy_of_streams(pressure) - 1.0;
            let added = run.last("energy_added") / run.last("energy");
            assert!(error.abs() < 1e-6, "{pressure}, {scheme}: energy is off by {error:e}");
            assert!((error - added).abs() < 1e-12, "{pressure}, {scheme}: {error:e} is not the {added:e} that is told");
        }
    }
}

#[test]
fn cold_gas_that_falls_in_on_a_point_reaches_the_density_of_the_exact_solution() {
    let cases = [
        ("grid.cells=200", 4.0, 0.01),
        ("grid.cells=64,64", 16.0, 0.05),
        ("grid.cells=24,24,24 grid.low=0,0,0 grid.high=1,1,1", 64.0, 0.25),
    ];
    for (words, exact, tolerance) in cases {
        let run = Run::quietly("noh", words);
        assert_eq!((run.last("energy_added"), run.last("mass_added")), (0.0, 0.0), "{words}");
        assert!(run.last("first_order") > 0.0, "{words}: an input too easy");
        let found = density_behind(&run.field("density"), 0.6);
        assert!((found / exact - 1.0).abs() < tolerance, "{words}: density {found}, not {exact}");
    }
}

#[test]
fn fluxes_of_first_order_treat_x_and_y_alike() {
    let density = Run::quietly("noh", "grid.cells=40,40").field("density");
    for ((_, j, i), value) in density.indexed_iter() {
        assert_eq!(value.to_bits(), density[[0, i, j]].to_bits(), "{i}, {j}");
    }
}

#[test]
fn what_floors_add_is_told() {
    // Two streams that fly apart leave a density of 0.02 between them.
    let words = "grid.cells=[100] problem.left=1,-2,0.4 problem.right=1,2,0.4 run.until=0.1";
    let run = Run::quietly("sod", &format!("{words} fluid.density_floor=0.1 fluid.pressure_floor=0.05"));
    let exact = |flow: f64, start: f64| start - 2.0 * 0.1 * flow;
    // What has left: mass and energy of gas that has not met the other yet.
    let mass = run.last("mass") - exact(2.0, 1.0);
    let energy = run.last("energy") - exact(2.0 * (2.0 + 1.0 + 0.4), 3.0);
    let added = [run.last("mass_added"), run.last("energy_added")];
    assert!(added[0] > 1e-3 && (added[0] - mass).abs() < 1e-12, "{added:?}, not {mass} and {energy}");
    assert!(added[1] > 1e-3 && (added[1] - energy).abs() < 1e-12, "{added:?}, not {mass} and {energy}");
}

/// Interstellar gas in grams and centimetres, in a tube of a parsec: what a floor in absolute numbers would replace.
#[test]
fn the_units_of_a_run_change_nothing_but_its_numbers() {
    let words = "grid.cells=100 fluid.reconstruction=ppm fluid.time=rk3";
    let plain = Run::quietly("sod", words);
    let scaled =
        "problem.left=1e-24,0,1e-12 problem.right=1.25e-25,0,1e-13 grid.low=0 grid.high=3e18 problem.interface=1.5e18";
    let thin = Run::quietly("sod", &format!("{words} {scaled} run.until=7.5e11"));
    assert_eq!((thin.last("density_floored"), thin.last("pressure_floored")), (0.0, 0.0));
    for name in ["density_min", "density_max", "error_density"] {
        let ratio = thin.last(name) / plain.last(name) / 1e-24;
        assert!((ratio - 1.0).abs() < 1e-6, "{name}: {ratio}");
    }
    let mass = thin.last("mass") / (0.5625 * 3e18 * 1e-24);
    assert!((mass - 1.0).abs() < 1e-9, "{mass}");
}
