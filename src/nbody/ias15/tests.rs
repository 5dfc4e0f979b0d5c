//! What needs the inside of the integrator; what it shows outside is tested in tests/physics/ias15.rs.

use super::*;

/// A star and two planets that disturb each other.
fn planets() -> System {
    System {
        gm: vec![1.0, 2e-3, 1e-3],
        position: vec![[0.0; 3], [0.7, 0.0, 0.1], [-1.5, 0.3, 0.0]],
        velocity: vec![[0.0; 3], [0.1, 1.1, 0.0], [0.0, -0.8, 0.2]],
    }
}

fn integrator(system: &System) -> Ias15 {
    Ias15::new(system, &Ias15Options::default()).unwrap()
}

fn run_until(integrator: &mut Ias15, end: f64) {
    while integrator.elapsed() < end {
        integrator.step(end - integrator.elapsed()).unwrap();
    }
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    let ends = Level::available().into_iter().map(|level| {
        let mut integrator = integrator(&planets());
        integrator.level = level;
        (0..10).for_each(|_| assert!(integrator.step(f64::INFINITY).unwrap() > 0.0));
        integrator.save()
    });
    assert!(ends.collect::<Vec<_>>().windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn the_deviation_is_the_difference_of_neighbouring_orbits() {
    let start = planets();
    let mut with = integrator(&start).with_megno(3).unwrap();
    let deviation = crate::nbody::megno::unit_deviation(3, 3);
    let moved = |sign: f64| {
        let mut system = start.clone();
        for (body, [position, velocity]) in deviation.iter().enumerate() {
            for k in 0..3 {
                system.position[body][k] += sign * 1e-6 * position[k];
                system.velocity[body][k] += sign * 1e-6 * velocity[k];
            }
        }
        system
    };
    let mut above = integrator(&moved(1.0));
    let mut below = integrator(&moved(-1.0));
    for integrator in [&mut with, &mut above, &mut below] {
        run_until(integrator, 5.0);
    }
    let variation = with.variation.as_ref().unwrap();
    for body in 0..3 {
        let [position, _] = variation.orbit.state(body);
        let a = above.system().position[body];
        let b = below.system().position[body];
        for k in 0..3 {
            let difference = (a[k] - b[k]) / 2e-6;
            assert!((position[k] - difference).abs() < 1e-6, "body {body}: {position:?}, {difference}");
        }
    }
}
