//! Maxima and grids.

use divisi::Comm;
use divisi::run::Goal;
use divisi::sampler::{Density, Grid, GridAxis, GridSettings, Maximum, MaximumSettings};

use crate::common::densities::{Boxed, KAPPA, MEAN, covariance, edge, normal, rastrigin, rosenbrock};
use crate::common::rank::on_one_rank;

fn search<D: Density>(comm: &Comm, density: D, starts: u64) -> Maximum<D> {
    let settings = MaximumSettings { starts, starts_per_step: 16, ..MaximumSettings::default() };
    let mut search = Maximum::new(comm, density, settings, 3).expect("a search");
    assert_eq!(search.goal(), Goal::Open);
    while !search.is_done() {
        search.step().expect("a step");
    }
    assert_eq!((search.goal(), search.tops().len()), (Goal::Reached, starts));
    search
}

#[test]
fn the_maximum_of_rosenbrocks_valley() {
    on_one_rank(|comm| {
        for dimensions in [2, 3, 10] {
            let search = search(comm, rosenbrock(dimensions), 40);
            let best = search.best().expect("a top");
            assert!(best.point.iter().all(|x| (x - 1.0).abs() < 1e-4), "{best:?}");
            assert!(best.ln_likelihood > -1e-8, "{best:?}");
            let width = dimensions + 2;
            let tops = search.tops().numbers().chunks_exact(width);
            let reached = tops.filter(|top| top[width - 1] > -1e-6).count();
            // In more than three dimensions there is a second top near (-1, 1, .., 1).
            assert!(
                reached >= if dimensions <= 3 { 38 } else { 20 },
                "{reached} of 40 climbs in {dimensions} dimensions"
            );
        }
    });
}

/// Climbs that are cut short in a bent valley, as ones that stall: the top is found from about where they end, or it is told that it wasn't.
#[test]
fn a_climb_that_ends_below_its_top_is_gone_on_with() {
    on_one_rank(|comm| {
        for (dimensions, directions) in [(2, 8), (3, 10), (10, 30)] {
            let settings = MaximumSettings { starts: 1, starts_per_step: 1, directions };
            let mut search = Maximum::new(comm, rosenbrock(dimensions), settings, 3).expect("a search");
            assert!(!search.is_settled());
            search.step().expect("a step");
            let first = search.tops().numbers()[dimensions + 1];
            assert!(first < -1e-3, "the climb has come to the top, {first}: cut it shorter");
            let best = search.best().expect("a top").ln_likelihood;
            assert!(search.is_settled() && best > -1e-5, "{dimensions}: from {first} to {best}");
        }
        // So few directions that no climb gets anywhere.
        let settings = MaximumSettings { starts: 1, starts_per_step: 1, directions: 1 };
        let mut search = Maximum::new(comm, rosenbrock(10), settings, 3).expect("a search");
        search.step().expect("a step");
        assert!(!search.is_settled(), "{:?}", search.best());
    });
}

#[test]
fn the_highest_of_many_tops() {
    on_one_rank(|comm| {
        let search = search(comm, rastrigin(), 1600);
        let best = search.best().expect("a top");
        assert!(best.point.iter().all(|x| x.abs() < 1e-5) && best.ln_likelihood > -1e-8, "{best:?}");
        let tops = search.tops().numbers().chunks_exact(5);
        assert!(tops.filter(|top| top[4] < -0.5).count() > 100, "where are the lower tops?");
    });
}

#[test]
fn a_maximum_at_an_edge_of_the_prior() {
    on_one_rank(|comm| {
        let slope = Boxed::cube(2, 1.0, |x: &[f64]| 3.0 * x[0] - 10.0 * (x[1] - 0.25) * (x[1] - 0.25));
        let search = search(comm, slope, 8);
        let best = search.best().expect("a top");
        assert!((best.point[0] - 1.0).abs() < 1e-6 && (best.point[1] - 0.25).abs() < 1e-5, "{best:?}");
        let curvature = search.curvature().expect("a curvature");
        assert!(curvature.errors[0].is_nan(), "{curvature:?}");
        assert!((curvature.errors[1] / 0.05f64.sqrt() - 1.0).abs() < 1e-3, "{curvature:?}");
    });
}

#[test]
fn a_maximum_of_an_angle_where_its_interval_ends() {
    on_one_rank(|comm| {
        let search = search(comm, edge(), 8);
        let best = search.best().expect("a top");
        assert!((best.point[1].abs() - std::f64::consts::PI).abs() < 1e-5 && best.point[0].abs() < 1e-4, "{best:?}");
        let curvature = search.curvature().expect("a curvature");
        assert!((curvature.errors[1] * KAPPA.sqrt() - 1.0).abs() < 1e-2, "{curvature:?}");
    });
}

/// A period as of an orbit: known to a millionth of its prior's width.
#[test]
fn narrow_tops_in_a_wide_prior() {
    on_one_rank(|comm| {
        let density = Boxed::cube(2, 1000.0, |x: &[f64]| {
            let a = (x[0] - 123.456) / 1e-3;
            let b = (x[1] + 321.0) / 10.0;
            -0.5 * (a * a + b * b)
        });
        let search = search(comm, density, 16);
        let best = search.best().expect("a top");
        assert!((best.point[0] - 123.456).abs() < 1e-6 && (best.point[1] + 321.0).abs() < 1e-2, "{best:?}");
        let curvature = search.curvature().expect("a curvature");
        assert!((curvature.errors[0] / 1e-3 - 1.0).abs() < 1e-3 && (curvature.errors[1] / 10.0 - 1.0).abs() < 1e-3);
    });
}

#[test]
fn the_errors_at_the_maximum_of_a_normal_density() {
    on_one_rank(|comm| {
        let search = search(comm, normal(), 16);
        let best = search.best().expect("a top");
        let curvature = search.curvature().expect("a curvature");
        for (i, mean) in MEAN.iter().enumerate() {
            assert!((best.point[i] - mean).abs() < 1e-3 * covariance(i, i).sqrt(), "{best:?}");
            assert!((curvature.errors[i] / covariance(i, i).sqrt() - 1.0).abs() < 1e-3, "{curvature:?}");
            for j in 0..5 {
                let scale = (covariance(i, i) * covariance(j, j)).sqrt();
                assert!((curvature.covariance[5 * i + j] - covariance(i, j)).abs() < 1e-3 * scale, "{curvature:?}");
            }
        }
    });
}

fn axis(parameter: &str, from: f64, to: f64, count: u64) -> GridAxis {
    GridAxis { parameter: parameter.to_owned(), from, to, count, log: false }
}

fn settings(axes: Vec<GridAxis>) -> GridSettings {
    GridSettings { axes, held: Default::default(), starts: 4, directions: 100 }
}

fn done<D: Density>(comm: &Comm, density: D, settings: GridSettings) -> Grid<D> {
    let mut grid = Grid::new(comm, density, settings, 1).expect("a grid");
    while grid.goal() == Goal::Open {
        grid.step().expect("a step");
    }
    assert_eq!(grid.table().len(), grid.nodes());
    grid
}

#[test]
fn a_grid_of_a_known_function() {
    on_one_rank(|comm| {
        let function = |x: &[f64]| -(x[0] - 0.3) * (x[0] - 0.3) + 0.1 * x[1];
        let axes = vec![axis("x1", -1.0, 1.0, 101), GridAxis { log: true, ..axis("x0", 0.01, 1.0, 51) }];
        let grid = done(comm, Boxed::cube(2, 1.0, function), settings(axes));
        let rows = grid.table().share().numbers;
        for (node, row) in rows.chunks_exact(4).enumerate() {
            let i = node / 51;
            let j = node % 51;
            let x1 = -1.0 + 0.02 * i as f64;
            let x0 = 0.01 * 10f64.powf(2.0 * j as f64 / 50.0);
            assert!((row[0] / x0 - 1.0).abs() < 1e-13 && (row[1] - x1).abs() < 1e-14, "node {node}: {row:?}");
            assert_eq!(row[3], function(&row[..2]));
        }
        let best = grid.best().expect("a node");
        assert!(best.point[1] == 1.0 && (best.point[0] - 0.3).abs() < 0.03, "{best:?}");
    });
}

#[test]
fn a_grid_with_the_other_parameters_at_their_best() {
    on_one_rank(|comm| {
        let grid = done(comm, normal(), settings(vec![axis("x0", -2.0, 4.0, 13)]));
        let rows = grid.table().share().numbers;
        let top = rows.chunks_exact(7).map(|row| row[6]).fold(f64::NEG_INFINITY, f64::max);
        for row in rows.chunks_exact(7) {
            let away = row[0] - MEAN[0];
            assert!((row[6] - top + 0.5 * away * away / covariance(0, 0)).abs() < 1e-6, "{row:?}");
            for k in 1..5 {
                let expected = MEAN[k] + covariance(k, 0) / covariance(0, 0) * away;
                assert!((row[k] - expected).abs() < 1e-3 * covariance(k, k).sqrt(), "{row:?}");
            }
        }
        assert_eq!(grid.best().expect("a node").point[0], 1.0);
    });
}

#[test]
fn a_grid_with_a_parameter_held_and_nodes_outside_the_prior() {
    on_one_rank(|comm| {
        let mut settings = settings(vec![axis("x0", -60.0, 60.0, 13)]);
        settings.held = [("x1".to_owned(), -2.5)].into_iter().collect();
        let grid = done(comm, normal(), settings);
        for row in grid.table().share().numbers.chunks_exact(7) {
            assert_eq!(row[1], -2.5);
            let outside = row[0].abs() > 40.0;
            assert_eq!(row[6] == f64::NEG_INFINITY, outside, "{row:?}");
            assert_eq!(row[2].is_nan(), outside, "{row:?}");
        }
    });
}
