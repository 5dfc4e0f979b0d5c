//! What must not change: sums in periodic boxes, the range of passive scalars; and what is said when something does.

use super::run::{Run, ended};

/// Each reconstruction, each solver, each way to step.
const SCHEMES: [&str; 5] = [
    "",
    "fluid.reconstruction=donor fluid.riemann=llf fluid.time=rk2",
    "fluid.reconstruction=ppm fluid.time=rk3",
    "fluid.reconstruction=weno_z fluid.riemann=hlle fluid.time=rk3",
    "fluid.reconstruction=ppm fluid.riemann=roe fluid.time=rk2",
];

#[test]
fn sums_over_periodic_boxes_drift_no_more_than_rounding_explains() {
    let cases = [
        ("blast", "grid.cells=40,60 run.until=0.5"),
        ("kelvin_helmholtz", "grid.cells=32,64 run.until=1"),
        ("linear_wave", "grid.cells=16,8,8 problem.amplitude=0.1"),
    ];
    for (file, words) in cases {
        for scheme in SCHEMES {
            let run = Run::quietly(file, &format!("{words} output.history_steps=7 {scheme}"));
            for name in ["mass", "energy"] {
                let drift = run.column(&format!("{name}_drift"));
                let bound = run.column(&format!("{name}_bound"));
                let within = drift.iter().zip(&bound).all(|(drift, bound)| drift.abs() <= *bound);
                assert!(within && bound.last() > bound.first(), "{file}, {scheme}: {name} drifts by {drift:?}");
                let sum = run.column(name);
                let bound = bound.last().expect("a row");
                assert!(bound / sum[0] < 1e-11, "{file}, {scheme}: a bound of {bound:e} says nothing");
                let change = (sum[sum.len() - 1] - sum[0]).abs();
                assert!(change <= *bound, "{file}, {scheme}: {name} changed by {change:e}");
            }
        }
    }
}

/// Most of a shear layer's box hardly changes from step to step, so that a rounding that leans one way adds up there: weights whose sum isn't 1
/// to the last bit, or rounded by themselves, cost 0.3 to 0.8 of 2^-54 of all mass in each step.
#[test]
fn rounding_does_not_lean_one_way_whatever_the_steps_stages_are() {
    for scheme in SCHEMES {
        let run = Run::quietly(
            "kelvin_helmholtz",
            &format!("grid.cells=32,64 run.until=3 output.history_steps=100 {scheme}"),
        );
        let steps = run.last("step");
        assert!(steps > 900.0, "{steps} steps show nothing");
        for name in ["mass", "energy"] {
            let leaning = run.last(&format!("{name}_drift")) / run.last(name) / steps * 2f64.powi(54);
            assert!(leaning.abs() < 0.03, "{scheme}: {name} changes by {leaning:.3} of 2^-54 in each step");
        }
    }
}

#[test]
fn scalars_between_nought_and_one_stay_there_and_their_amounts_are_kept() {
    let mut upwind = 0.0;
    let cases = [
        ("blast", "grid.cells=40,60 run.until=0.5"),
        ("blast", "grid.cells=24,24,24 grid.low=-0.5,-0.5,-0.5 grid.high=0.5,0.5,0.5 fluid.cfl=0.3 run.until=0.2"),
        ("kelvin_helmholtz", "grid.cells=48,96 run.until=3"),
        ("kelvin_helmholtz", "grid.cells=48,96 run.until=3 fluid.viscosity=1e-4"),
    ];
    for (file, words) in cases {
        for scheme in SCHEMES {
            let run = Run::quietly(file, &format!("{words} output.history_steps=5 {scheme}"));
            let least = run.column("dye_min").into_iter().fold(f64::INFINITY, f64::min);
            let most = run.column("dye_max").into_iter().fold(f64::NEG_INFINITY, f64::max);
            let stays = least >= 0.0 && most <= 1.0;
            assert!(stays, "{file}, {words}, {scheme}: from {least:e} to 1 + {:e}", most - 1.0);
            assert!(most > 0.1, "{file}, {words}, {scheme}: the dye is gone");
            let [drift, bound] = ["drift", "bound"].map(|name| run.last(&format!("amount_dye_{name}")));
            assert!(drift.abs() <= bound, "{file}, {words}, {scheme}: the amount drifts by {drift:e}, not {bound:e}");
            assert_eq!(run.last("scalars_bounded"), 0.0, "{file}, {words}, {scheme}");
            upwind += run.last("scalars_upwind");
        }
    }
    assert!(upwind > 1e3, "an input too easy: {upwind}");
}

#[test]
fn cells_raised_to_a_floor_are_counted() {
    // Two streams that fly apart leave a density of 0.02 between them.
    let words = "grid.cells=[100] problem.left=1,-2,0.4 problem.right=1,2,0.4 run.until=0.15";
    let free = Run::quietly("sod", words);
    assert_eq!((free.last("density_floored"), free.last("pressure_floored")), (0.0, 0.0));
    assert!(free.last("density_min") < 0.05, "{}", free.last("density_min"));
    let raised = Run::quietly("sod", &format!("{words} fluid.density_floor=0.1 fluid.pressure_floor=0.05"));
    assert!(raised.last("density_floored") > 0.0 && raised.last("pressure_floored") > 0.0);
    assert!(raised.last("density_min") >= 0.1 && raised.last("pressure_min") >= 0.05);
}

#[test]
fn a_state_that_is_not_finite_stops_the_run_with_its_step_cell_and_quantity() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    // Energy times speed exceeds the largest number.
    let ended = ended("blast", &["grid.cells=16,24", "problem.ratio=1e220"], &out).expect(1);
    let line = ended.stderr.lines().find(|line| line.contains("step 1:")).unwrap_or_else(|| panic!("{}", ended.stderr));
    assert!(line.contains("cell [") && (line.contains("NaN") || line.contains("inf")), "{line}");
    assert!(["density", "momentum", "velocity", "energy", "pressure"].iter().any(|word| line.contains(word)), "{line}");
    assert!(out.join("snapshots/snapshot_000000.vtkhdf").exists(), "the last good snapshot is kept");
}
