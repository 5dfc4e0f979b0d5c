//! The map as a whole: orders, symmetries, limits, and figures of published systems.

use super::super::vector::dot;
use super::*;

/// Kinetic and potential energy times G.
fn energy(system: &System) -> f64 {
    let System { gm, position, velocity } = system;
    let mut energy = 0.0;
    for i in 0..gm.len() {
        energy += 0.5 * gm[i] * dot(velocity[i], velocity[i]);
        for j in 0..i {
            energy -= gm[i] * gm[j] / distance(position[i], position[j]);
        }
    }
    energy
}

fn distance(a: Vector, b: Vector) -> f64 {
    let d: Vector = std::array::from_fn(|k| a[k] - b[k]);
    dot(d, d).sqrt()
}

/// The largest distance between the bodies of two systems, relative to how far out they are.
fn difference(a: &System, b: &System) -> f64 {
    let from_centre = |x: &Vector| distance(*x, a.position[0]).max(1.0);
    let bodies = a.position.iter().zip(&b.position);
    bodies.map(|(a, b)| distance(*a, *b) / from_centre(a)).fold(0.0, f64::max)
}

/// The largest relative energy error of `steps` steps, seen every `every` steps.
fn energy_error(system: &System, dt: f64, corrector: u32, steps: usize, every: usize) -> f64 {
    let start = energy(system);
    let mut map = WisdomHolman::new(system, dt, corrector).unwrap();
    let mut largest = 0f64;
    for step in 1..=steps {
        map.step().unwrap();
        if step % every == 0 {
            largest = largest.max((energy(&map.synchronised().unwrap()) / start - 1.0).abs());
        }
    }
    largest
}

/// Sun, Jupiter, Saturn, Uranus, Neptune, and Pluto as a test particle (Applegate et al. 1986); au, day.
fn outer_solar_system() -> System {
    let table = include_str!("../../../sims/nbody/outer_solar_system.csv");
    let mut system = System::default();
    for line in table.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let numbers: Vec<f64> = line.split(',').skip(1).map(|number| number.parse().unwrap()).collect();
        system.gm.push(numbers[0]);
        system.position.push([numbers[1], numbers[2], numbers[3]]);
        system.velocity.push([numbers[4], numbers[5], numbers[6]]);
    }
    let total: f64 = system.gm.iter().sum();
    let gm = system.gm.clone();
    let centre = |x: &[Vector]| -> Vector {
        std::array::from_fn(|k| gm.iter().zip(x).map(|(m, x)| m * x[k]).sum::<f64>() / total)
    };
    for column in [&mut system.position, &mut system.velocity] {
        let centre = centre(column);
        column.iter_mut().for_each(|x| *x = std::array::from_fn(|k| x[k] - centre[k]));
    }
    system
}

/// A planet of mass 1e-9 that goes around a star of mass 1 with semi-major axis `a`, from its pericentre.
fn one_planet(a: f64, e: f64) -> System {
    let speed = ((1.0 + e) / (1.0 - e) / a).sqrt();
    System {
        gm: vec![1.0, 1e-9],
        position: vec![[0.0; 3], [a * (1.0 - e), 0.0, 0.0]],
        velocity: vec![[0.0; 3], [0.0, 0.8 * speed, 0.6 * speed]],
    }
}

fn two_planets(gm: f64) -> System {
    System {
        gm: vec![1.0, gm, gm],
        position: vec![[0.0; 3], [1.0, 0.0, 0.0], [-1.2, 1.2, 0.1]],
        velocity: vec![[0.0; 3], [0.0, 1.03, 0.02], [-0.55, -0.52, 0.0]],
    }
}

/// Star, Jupiter, and Saturn moved to the semi-major axis and eccentricity 7 au and 0.1, or 7.5 au and 0.25: a
/// regular and a chaotic point of the map of MEGNO in REBOUND's documentation (Megno.ipynb); unit of time year/2 pi.
fn jupiter_and_saturn(chaotic: bool) -> System {
    let (saturn, moving) = if chaotic {
        ([-6.510215076442474, 1.2844227034532703, 0.0], [-0.1673835075657737, -0.3742555606522705, 0.0])
    } else {
        ([-5.818437725616538, 3.101497629157101, 0.0], [-0.21686638973149108, -0.33699574483197525, 0.0])
    };
    System {
        gm: vec![1.0, 0.000954, 0.000285],
        position: vec![[0.0; 3], [3.054102925667227, 3.961242110222339, 0.0], saturn],
        velocity: vec![[0.0; 3], [-0.3530819594865964, 0.2884780825113728, 0.0], moving],
    }
}

#[test]
fn the_energy_error_falls_with_the_order_of_the_corrector() {
    let system = two_planets(1e-7);
    let error = |corrector, steps_per_radian: f64| {
        energy_error(&system, 1.0 / steps_per_radian, corrector, (120.0 * steps_per_radian) as usize, 1)
    };
    for (corrector, power) in [(0, 2), (3, 4), (5, 6), (7, 8)] {
        let ratio = error(corrector, 3.0) / error(corrector, 4.5);
        let expected = 1.5f64.powi(power);
        assert!((0.75..1.35).contains(&(ratio / expected)), "corrector {corrector}: {ratio} for {expected}");
    }
    let seventh = error(7, 4.5);
    let eleventh = error(11, 4.5);
    assert!(eleventh < 0.1 * seventh && error(17, 3.0) < 0.5 * error(11, 3.0), "{seventh:e}, {eleventh:e}");
}

/// REBOUND's WHFast over the same 986 years: 7.35e-11 with the corrector of order 11, 1.082e-7 without.
#[test]
fn the_outer_solar_system_keeps_its_energy_as_published() {
    let system = outer_solar_system();
    assert!(energy_error(&system, 40.0, 11, 9000, 10) < 7.5e-11);
    assert!(energy_error(&system, 40.0, 0, 9000, 10) < 1.09e-7);
}

#[test]
fn a_lone_planet_keeps_its_energy_at_any_eccentricity() {
    for (e, bound) in [(0.0, 1e-13), (0.3, 1e-14), (0.6, 5e-14), (0.9, 1e-12), (0.99, 5e-11)] {
        let error = energy_error(&one_planet(1.0, e), std::f64::consts::TAU / 20.3, 0, 2000, 7);
        assert!(error < bound, "e = {e}: {error:e}");
    }
}

#[test]
fn rounding_makes_the_energy_walk_at_random() {
    let steps = 20_000;
    let walks = (0..6).map(|i| {
        let system = one_planet(1.0 + 0.07 * f64::from(i), 0.05);
        energy_error(&system, 0.0628 * (1.0 + 0.1 * f64::from(i)), 0, steps, steps).powi(2)
    });
    let rms = (walks.sum::<f64>() / 6.0).sqrt();
    assert!(rms < 3e-17 * (steps as f64).sqrt(), "{rms:e}");
}

#[test]
fn the_way_back_ends_at_the_start() {
    let system = outer_solar_system();
    let run = |from: &System, dt: f64| {
        let mut map = WisdomHolman::new(from, dt, 5).unwrap();
        (0..500).for_each(|_| map.step().unwrap());
        map.synchronised().unwrap()
    };
    let there = run(&system, 100.0);
    assert!(difference(&system, &there) > 0.1);
    let back = run(&there, -100.0);
    assert!(difference(&system, &back) < 1e-12, "{:e}", difference(&system, &back));
}

#[test]
fn no_step_changes_nothing() {
    let system = outer_solar_system();
    for corrector in [0, 3, 17] {
        let same = WisdomHolman::new(&system, 40.0, corrector).unwrap().synchronised().unwrap();
        assert!(difference(&system, &same) < 1e-14, "corrector {corrector}: {:e}", difference(&system, &same));
    }
}

#[test]
fn a_test_particle_moves_as_the_lightest_planet_wherever_it_stands() {
    let run = |gm: f64| {
        let mut system = outer_solar_system();
        system.gm[3] = gm;
        let mut map = WisdomHolman::new(&system, 40.0, 3).unwrap();
        (0..1000).for_each(|_| map.step().unwrap());
        map.synchronised().unwrap()
    };
    let light = run(1e-20);
    let test = run(0.0);
    assert!(difference(&light, &test) < 1e-12, "{:e}", difference(&light, &test));
    assert!(difference(&run(1e-8), &test) > 1e-9);
}

#[test]
fn the_centre_of_mass_moves_uniformly() {
    let mut system = two_planets(1e-3);
    system.velocity.iter_mut().for_each(|v| v[0] += 3.0);
    let centre = |system: &System| Jacobi::of(system).centre;
    let mut map = WisdomHolman::new(&system, 0.1, 0).unwrap();
    (0..100).for_each(|_| map.step().unwrap());
    let start = centre(&system);
    let end = centre(&map.synchronised().unwrap());
    for k in 0..3 {
        assert!((end[0][k] - start[0][k] - 10.0 * start[1][k]).abs() < 1e-13, "{start:?} {end:?}");
    }
}

#[test]
fn the_state_ahead_is_half_a_step_on() {
    let system = one_planet(1.0, 0.2);
    let map = WisdomHolman::new(&system, 0.3, 0).unwrap();
    let mut half = WisdomHolman::new(&system, 0.15, 0).unwrap();
    half.step().unwrap();
    assert!(difference(&map.ahead(), &half.synchronised().unwrap()) < 1e-14);
}

#[test]
fn a_loaded_state_goes_on_with_the_same_bits() {
    let mut map = WisdomHolman::new(&outer_solar_system(), 40.0, 11).unwrap().with_megno(3);
    (0..100).for_each(|_| map.step().unwrap());
    let mut loaded = WisdomHolman::load(&map.save()).unwrap();
    for map in [&mut map, &mut loaded] {
        (0..100).for_each(|_| map.step().unwrap());
    }
    assert_eq!(map.save(), loaded.save());
    assert_eq!(map.synchronised().unwrap(), loaded.synchronised().unwrap());
    let state = map.save();
    assert!(WisdomHolman::load(&state[..state.len() - 1]).is_err() && WisdomHolman::load(&[]).is_err());
}

#[test]
fn output_does_not_change_the_run() {
    let mut watched = WisdomHolman::new(&outer_solar_system(), 40.0, 7).unwrap();
    let mut unwatched = watched.clone();
    for _ in 0..50 {
        watched.step().unwrap();
        watched.synchronised().unwrap();
        unwatched.step().unwrap();
    }
    assert_eq!(watched.save(), unwatched.save());
}

#[test]
fn input_that_cannot_be_used_is_refused() {
    let good = two_planets(1e-3);
    let refused = |system: &System, dt, corrector, word: &str| {
        let message = WisdomHolman::new(system, dt, corrector).unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    };
    refused(&good, 0.1, 4, "0 (none) or one of 3, 5, 7, 11, 17");
    refused(&good, 0.0, 0, "dt");
    refused(&good, f64::NAN, 0, "dt");
    refused(&System::default(), 0.1, 0, "body 0");
    refused(&System { gm: vec![0.0, 1.0, 1.0], ..good.clone() }, 0.1, 0, "body 0");
    refused(&System { gm: vec![1.0, -1.0, 1.0], ..good.clone() }, 0.1, 0, "body 1");
    let mut bad = good.clone();
    bad.velocity[2][1] = f64::INFINITY;
    refused(&bad, 0.1, 0, "body 2");
    bad.velocity[2][1] = 0.0;
    bad.position[1] = bad.position[0];
    refused(&bad, 0.1, 0, "centre of mass");
}

#[test]
fn the_deviation_is_that_of_a_run_nearby() {
    let system = two_planets(1e-3);
    let step = 1e-7;
    let mut map = WisdomHolman::new(&system, 0.2, 0).unwrap().with_megno(5);
    let mut nearby = map.clone();
    nearby.variation = None;
    let first = map.variation.as_ref().unwrap().deviation.clone();
    let moved = |x: Vector, d: Vector| -> Vector { std::array::from_fn(|k| x[k] + step * d[k]) };
    for (i, d) in first.iter().enumerate() {
        let Relative { position, velocity } = map.planets.body(i);
        let body = Relative { position: moved(position, d.position), velocity: moved(velocity, d.velocity) };
        nearby.planets.put(i, [body, Relative::ZERO]);
    }
    for _ in 0..100 {
        map.step().unwrap();
        nearby.step().unwrap();
    }
    for (i, d) in map.variation.as_ref().unwrap().deviation.iter().enumerate() {
        let here = map.planets.body(i);
        let there = nearby.planets.body(i);
        for k in 0..3 {
            let difference = (there.position[k] - here.position[k]) / step;
            assert!((difference - d.position[k]).abs() < 1e-4 * dot(d.position, d.position).sqrt(), "body {i}");
            let difference = (there.velocity[k] - here.velocity[k]) / step;
            assert!((difference - d.velocity[k]).abs() < 1e-4 * dot(d.velocity, d.velocity).sqrt(), "body {i}");
        }
    }
}

/// After 1000 years REBOUND's WHFast has, for three seeds, 2.02 to 2.05 and 13.6 to 14.2.
#[test]
fn megno_tells_a_regular_orbit_from_a_chaotic_one() {
    let megno = |chaotic| {
        let mut map = WisdomHolman::new(&jupiter_and_saturn(chaotic), 5.0, 0).unwrap().with_megno(1);
        (0..1256).for_each(|_| map.step().unwrap());
        map.megno().unwrap().clone()
    };
    let regular = megno(false);
    let chaotic = megno(true);
    assert!((regular.mean() - 2.0).abs() < 0.1 && regular.lyapunov() < 3e-4, "{regular:?}");
    assert!((13.0..15.0).contains(&chaotic.mean()), "{}", chaotic.mean());
    assert!((3.6e-3..4.3e-3).contains(&chaotic.lyapunov()), "{}", chaotic.lyapunov());
}

/// A circle, an ellipse at apoapsis, hyperbolas that come and go.
#[test]
fn a_passage_is_a_period_or_shorter() {
    let body = |x: f64, vy: f64, vx: f64| ([x, 0.0, 0.0], [vx, vy, 0.0]);
    let bodies =
        [body(4.0, 0.5, 0.0), body(1.8, (0.2f64 / 1.8).sqrt(), 0.0), body(-3.0, 0.5, 2.0), body(3.0, 0.5, 2.0)];
    let mut system = System { gm: vec![1.0], position: vec![[0.0; 3]], velocity: vec![[0.0; 3]] };
    for (position, velocity) in bodies {
        system.gm.push(0.0);
        system.position.push(position);
        system.velocity.push(velocity);
    }
    let passages = WisdomHolman::passages(&system);
    let tau = std::f64::consts::TAU;
    // Of the ellipse q = 0.2 and v_q = 3; of the hyperbola q (e + 1) = h² = 2.25 and v_q = h / q.
    let e = (1.0f64 + 2.25 * (4.25 - 2.0 / 3.0)).sqrt();
    let q = 2.25 / (1.0 + e);
    for (found, expected) in passages.iter().zip([8.0 * tau, 0.2 / 3.0 * tau, q * q / 1.5 * tau]) {
        assert!((found / expected - 1.0).abs() < 1e-12, "{passages:?}");
    }
    assert_eq!(passages[3], f64::INFINITY);
}
