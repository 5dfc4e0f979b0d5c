//! Maxima and grids.

use divisi::Comm;
use divisi::run::Goal;
use divisi::sampler::{Density, Grid, GridAxis, GridSettings, Maximum, MaximumSettings};

use super::common::densities::{Boxed, KAPPA, MEAN, covariance, edge, normal, rastrigin, rosenbrock};

pub const CHECKS: &[super::Check] = &[
    ("the maximum of Rosenbrock's valley", valley),
    ("the highest of many tops", many_tops),
    ("a maximum at an edge of the prior", at_an_edge),
    ("a maximum of an angle where its interval ends", angle),
    ("narrow tops in a wide prior", narrow),
    ("the errors at the maximum of a normal density", errors),
    ("a grid of a known function", plain_grid),
    ("a grid with the other parameters at their best", profile),
    ("a grid with a parameter held, and nodes outside the prior", held),
];

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

fn valley(comm: &Comm) {
    for dimensions in [2, 3, 10] {
        let search = search(comm, rosenbrock(dimensions), 40);
        let best = search.best().expect("a top");
        assert!(best.point.iter().all(|x| (x - 1.0).abs() < 1e-4), "{best:?}");
        assert!(best.ln_likelihood > -1e-8, "{best:?}");
        let width = dimensions + 2;
        let tops = search.tops().numbers().chunks_exact(width);
        let reached = tops.filter(|top| top[width - 1] > -1e-6).count();
        // In more than three dimensions there is a second top near (-1, 1, .., 1).
        assert!(reached >= if dimensions <= 3 { 38 } else { 20 }, "{reached} of 40 climbs in {dimensions} dimensions");
    }
}

fn many_tops(comm: &Comm) {
    let search = search(comm, rastrigin(), 1600);
    let best = search.best().expect("a top");
    assert!(best.point.iter().all(|x| x.abs() < 1e-5) && best.ln_likelihood > -1e-8, "{best:?}");
    let tops = search.tops().numbers().chunks_exact(5);
    assert!(tops.filter(|top| top[4] < -0.5).count() > 100, "where are the lower tops?");
}

fn at_an_edge(comm: &Comm) {
    let slope = Boxed::cube(2, 1.0, |x: &[f64]| 3.0 * x[0] - 10.0 * (x[1] - 0.25) * (x[1] - 0.25));
    let search = search(comm, slope, 8);
    let best = search.best().expect("a top");
    assert!((best.point[0] - 1.0).abs() < 1e-6 && (best.point[1] - 0.25).abs() < 1e-5, "{best:?}");
    let curvature = search.curvature().expect("a curvature");
    assert!(curvature.errors[0].is_nan(), "{curvature:?}");
    assert!((curvature.errors[1] / 0.05f64.sqrt() - 1.0).abs() < 1e-3, "{curvature:?}");
}

fn angle(comm: &Comm) {
    let search = search(comm, edge(), 8);
    let best = search.best().expect("a top");
    assert!((best.point[1].abs() - std::f64::consts::PI).abs() < 1e-5 && best.point[0].abs() < 1e-4, "{best:?}");
    let curvature = search.curvature().expect("a curvature");
    assert!((curvature.errors[1] * KAPPA.sqrt() - 1.0).abs() < 1e-2, "{curvature:?}");
}

/// A period as of an orbit: known to a millionth of its prior's width.
fn narrow(comm: &Comm) {
    let density = Boxed::cube(2, 1000.0, |x: &[f64]| {
        let (a, b) = ((x[0] - 123.456) / 1e-3, (x[1] + 321.0) / 10.0);
        -0.5 * (a * a + b * b)
    });
    let search = search(comm, density, 16);
    let best = search.best().expect("a top");
    assert!((best.point[0] - 123.456).abs() < 1e-6 && (best.point[1] + 321.0).abs() < 1e-2, "{best:?}");
    let curvature = search.curvature().expect("a curvature");
    assert!((curvature.errors[0] / 1e-3 - 1.0).abs() < 1e-3 && (curvature.errors[1] / 10.0 - 1.0).abs() < 1e-3);
}

fn errors(comm: &Comm) {
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

fn plain_grid(comm: &Comm) {
    let function = |x: &[f64]| -(x[0] - 0.3) * (x[0] - 0.3) + 0.1 * x[1];
    let axes = vec![axis("x1", -1.0, 1.0, 101), GridAxis { log: true, ..axis("x0", 0.01, 1.0, 51) }];
    let grid = done(comm, Boxed::cube(2, 1.0, function), settings(axes));
    let rows = grid.table().share().numbers;
    for (node, row) in rows.chunks_exact(4).enumerate() {
        let (i, j) = (node / 51, node % 51);
        let (x1, x0) = (-1.0 + 0.02 * i as f64, 0.01 * 10f64.powf(2.0 * j as f64 / 50.0));
        assert!((row[0] / x0 - 1.0).abs() < 1e-13 && (row[1] - x1).abs() < 1e-14, "node {node}: {row:?}");
        assert_eq!(row[3], function(&row[..2]));
    }
    let best = grid.best().expect("a node");
    assert!(best.point[1] == 1.0 && (best.point[0] - 0.3).abs() < 0.03, "{best:?}");
}

fn profile(comm: &Comm) {
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
}

fn held(comm: &Comm) {
    let mut settings = settings(vec![axis("x0", -60.0, 60.0, 13)]);
    settings.held = [("x1".to_owned(), -2.5)].into_iter().collect();
    let grid = done(comm, normal(), settings);
    for row in grid.table().share().numbers.chunks_exact(7) {
        assert_eq!(row[1], -2.5);
        let outside = row[0].abs() > 40.0;
        assert_eq!(row[6] == f64::NEG_INFINITY, outside, "{row:?}");
        assert_eq!(row[2].is_nan(), outside, "{row:?}");
    }
}
