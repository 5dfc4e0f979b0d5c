//! Companions that pull on each other.

use divisi::simd::Level;

use super::reference::{close, fit, list, ln_likelihood, numbers, point};

const TWO: &str = "epoch,object,sep,sep_err,pa,pa_err,rv,rv_err\n50000,1,200,2,80,1,,\n50400,2,350,2,20,1,,\n\
    51000,0,,,,,0.01,0.003\n52500,1,190,2,40,1,,\n53000,0,,,,,-0.02,0.003\n";

#[test]
fn two_companions_move_as_in_rebound() {
    let numbers = &numbers()["rebound"];
    let fit =
        fit(TWO, "companions = 2\ncompanion_masses = true\ndynamics = \"nbody\"\njitter = false", Level::detect())
            .unwrap();
    let mut named = numbers["point"].clone();
    named["gamma_defrv"] = 0.0.into();
    let point = point(&fit, &named);
    let epochs = list(&numbers["epochs"]);
    for companion in [1, 2] {
        let found = fit.positions(&point, companion, &epochs).unwrap();
        let [east, north] = [0, 1].map(|k| found.iter().map(|offset| offset[k]).collect::<Vec<_>>());
        close(&east, &list(&numbers["east"][companion - 1]), 1e-10, "east");
        close(&north, &list(&numbers["north"][companion - 1]), 1e-10, "north");
    }
    for object in [0, 1, 2] {
        let found = fit.velocities(&point, object, &epochs).unwrap();
        close(&found, &list(&numbers["velocity"][object]), 1e-10, "velocities");
    }
}

#[test]
fn a_lone_companion_keeps_its_ellipse() {
    let model = "companion_masses = true\njitter = false";
    let text = TWO.replace("50400,2", "50400,1");
    let kepler = fit(&text, model, Level::detect()).unwrap();
    let nbody = fit(&text, &format!("{model}\ndynamics = \"nbody\""), Level::detect()).unwrap();
    let point = [4.0, 0.6, 0.8, 1.1, 2.0, 0.3, 50.0, 0.01, 0.2, 1.1];
    // Epochs before the first one of the data too.
    let epochs = [45000.0, 49999.0, 50000.0, 50001.0, 53000.0, 60000.0, 48000.0];
    let offsets = |fit: &divisi::orbit::Fit| fit.positions(&point, 1, &epochs).unwrap().concat();
    close(&offsets(&nbody), &offsets(&kepler), 1e-10, "offsets");
    for object in [0, 1] {
        let velocities = |fit: &divisi::orbit::Fit| fit.velocities(&point, object, &epochs).unwrap();
        close(&velocities(&nbody), &velocities(&kepler), 1e-10, "velocities");
    }
    let a = ln_likelihood(&nbody, &point);
    let b = ln_likelihood(&kepler, &point);
    assert!((a / b - 1.0).abs() < 1e-10, "{a} and {b}");
}

#[test]
fn light_companions_move_as_if_alone() {
    // Their pull on each other goes with their masses; what is left is the star's motion about each.
    let model = "companions = 2\ncompanion_masses = true\njitter = false";
    let kepler = fit(TWO, model, Level::detect()).unwrap();
    let nbody = fit(TWO, &format!("{model}\ndynamics = \"nbody\""), Level::detect()).unwrap();
    let point = [4.0, 0.2, 0.8, 1.1, 2.0, 0.3, 9.5, 0.15, 0.7, 2.5, 1.1, 0.6, 50.0, 0.01, 1e-6, 1e-6, 1.1];
    for companion in [1, 2] {
        let offsets =
            |fit: &divisi::orbit::Fit| fit.positions(&point, companion, &[50000.0, 52000.0, 54000.0]).unwrap().concat();
        close(&offsets(&nbody), &offsets(&kepler), 1e-4, "offsets");
    }
    let names = nbody.names();
    assert_eq!(names[13..], ["gamma_defrv", "m1", "m2", "m0"]);
}

#[test]
fn companions_that_collide_are_ruled_out() {
    let fit =
        fit(TWO, "companions = 2\ncompanion_masses = true\ndynamics = \"nbody\"\njitter = false", Level::detect())
            .unwrap();
    // Two companions on one orbit, at one place.
    let orbit = [4.0, 0.2, 0.8, 1.1, 2.0, 0.3];
    let point = [&orbit[..], &orbit[..], &[50.0, 0.01, 1e-9, 1e-9, 1.1]].concat();
    let mut into = [0.0; 1];
    fit.log_likelihoods(&point, &mut into);
    assert!(into[0] == f64::NEG_INFINITY || into[0].is_finite());
}
