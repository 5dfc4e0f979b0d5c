//! Orbits that measurements don't tell apart: walkers that start at the maximum start in all of them.

use divisi::orbit::Fit;
use divisi::sampler::{Density, Ensemble, EnsembleSettings, Start};
use divisi::simd::Level;

use super::reference::fit;
use crate::common::rank::on_one_rank;

/// Places over two thirds of an orbit; a velocity of the companion tells the two sides of its orbit apart.
const PLACES: &str = "epoch,object,raoff,raoff_err,decoff,decoff_err,rv,rv_err\n\
    50000,1,100,1,20,1,,\n50400,1,60,1,90,1,,\n50800,1,-30,1,100,1,,\n51200,1,-90,1,40,1,,\n51600,1,-90,1,-40,1,,\n";
const VELOCITY: &str = "50400,1,,,,,3.5,0.5\n";
const STAR: &str = "epoch,object,rv,rv_err\n50000,0,0.01,0.001\n50400,0,0.02,0.001\n50800,0,-0.01,0.001\n";

/// The ln likelihoods of a point and of its mirrors.
fn likelihoods(fit: &Fit, point: &[f64]) -> (f64, Vec<f64>) {
    let of = |point: &[f64]| {
        let mut value = [0.0];
        fit.log_likelihoods(point, &mut value);
        value[0]
    };
    (of(point), fit.mirrors(point).iter().map(|point| of(point)).collect())
}

/// How many mirrors of the middle of the prior there are, and how many are equal to it.
fn mirrors(data: &str, model: &str) -> [usize; 2] {
    let fit = fit(data, model, Level::detect()).expect("a fit");
    let unit: Vec<f64> = (0..fit.names().len()).map(|k| 0.3 + 0.02 * k as f64).collect();
    let mut point = unit.clone();
    fit.draw(&unit, &mut point);
    let (value, others) = likelihoods(&fit, &point);
    assert!(value.is_finite());
    [others.len(), others.iter().filter(|other| (*other / value - 1.0).abs() < 1e-9).count()]
}

/// Of each kind of data and model: nodes and sides of one or two companions, each by itself or, where they pull on each other, together.
#[test]
fn mirror_images_are_equal_where_the_data_do_not_tell_them_apart() {
    let two = PLACES.to_owned() + "50000,2,-200,1,80,1,,\n51000,2,-150,1,160,1,,\n";
    let masses = "companion_masses = true";
    assert_eq!(mirrors(PLACES, ""), [2, 1]);
    assert_eq!(mirrors(&(PLACES.to_owned() + VELOCITY), ""), [2, 0]);
    assert_eq!(mirrors(&two, "companions = 2"), [6, 3]);
    assert_eq!(mirrors(STAR, masses), [2, 1]);
    assert_eq!(mirrors(&two, &format!("companions = 2\n{masses}\ndynamics = \"nbody\"")), [2, 1]);
}

#[test]
fn walkers_that_start_at_the_maximum_start_in_both_mirror_images() {
    on_one_rank(|comm| {
        let start = |data: &str| {
            let fit = fit(data, "", Level::detect()).expect("a fit");
            let [aop, pan] = ["aop1", "pan1"].map(|name| fit.names().iter().position(|n| n == name).expect("an angle"));
            let settings = EnsembleSettings { walkers: 32, start: Start::Maximum, ..EnsembleSettings::default() };
            let ensemble = Ensemble::new(comm, fit, settings, 1).expect("walkers");
            let rows: Vec<[f64; 2]> = ensemble.positions().map(|row| [row[aop], row[pan]]).collect();
            let far = |a: f64, b: f64| (a - b).cos() < 0.0;
            rows.iter().filter(|row| far(row[0], rows[0][0]) && far(row[1], rows[0][1])).count()
        };
        assert_eq!(start(PLACES), 16);
        assert_eq!(start(&(PLACES.to_owned() + VELOCITY)), 0);
    });
}
