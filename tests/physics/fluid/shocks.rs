//! Strong shocks along the grid, where solvers that keep contacts let rows of cells overtake each other (Quirk 1994): hllc and roe
//! must show it, or the tests say nothing; hybrid must not, and is hllc elsewhere.

use super::run::Run;

/// The fastest gas across a duct in which a plane shock of Mach 6 has run down some 200 cells.
fn across(words: &str) -> f64 {
    let short = "grid.cells=300,10 grid.high=300,10 run.until=32";
    Run::quietly("quirk", &format!("{short} {words}")).last("across_max")
}

#[test]
fn a_shock_down_a_duct_stays_plane_with_hybrid_and_breaks_up_with_hllc_and_roe() {
    for disturbance in [1e-4, 1e-6] {
        let with = |solver: &str| across(&format!("problem.disturbance={disturbance} fluid.riemann={solver}"));
        for solver in ["hybrid", "hlle", "llf"] {
            let fastest = with(solver);
            assert!(fastest < disturbance, "{solver}: {disturbance:e} has grown to {fastest:e}");
        }
        for solver in ["hllc", "roe"] {
            let fastest = with(solver);
            assert!(fastest > 0.1, "{solver}: {fastest:e}, an input too easy");
        }
    }
}

#[test]
fn other_schemes_with_hybrid_keep_the_shock_plane_too() {
    for scheme in ["fluid.reconstruction=ppm fluid.time=rk3", "fluid.reconstruction=weno_z fluid.time=rk2"] {
        let fastest = across(&format!("fluid.cfl=0.3 {scheme}"));
        assert!(fastest < 2e-4, "{scheme}: 1e-4 has grown to {fastest:e}");
    }
}

/// Noh 1987: behind the shock all is at rest with density 16.
#[test]
fn gas_that_has_fallen_in_is_nearly_at_rest_with_hybrid() {
    let fastest = |solver: &str| {
        let run = Run::quietly("noh", &format!("fluid.riemann={solver}"));
        let [x, y] = ["velocity_x", "velocity_y"].map(|name| run.field(name));
        let inside = x.indexed_iter().zip(&y).filter(|(((_, j, i), _), _)| {
            let [x, y] = [*i, *j].map(|index| (index as f64 + 0.5) / 100.0);
            (0.06..0.17).contains(&(x * x + y * y).sqrt())
        });
        inside.map(|((_, x), y)| (x * x + y * y).sqrt()).fold(0.0, f64::max)
    };
    let [hllc, hybrid] = ["hllc", "hybrid"].map(fastest);
    assert!(hllc > 0.1, "{hllc}: an input too easy");
    assert!(hybrid < 0.03, "{hybrid}, {hllc} with hllc");
}

#[test]
fn hybrid_is_hllc_where_no_strong_shock_is() {
    for (file, words) in
        [("linear_wave", "grid.cells=16,8,8 problem.amplitude=0.1"), ("isentropic_vortex", "run.steps=50")]
    {
        let [hllc, hybrid] =
            ["hllc", "hybrid"].map(|solver| Run::quietly(file, &format!("{words} fluid.riemann={solver}")));
        for name in ["density", "velocity_x", "velocity_y", "pressure"] {
            assert!(hllc.field(name) == hybrid.field(name), "{file}: {name}");
        }
    }
}
