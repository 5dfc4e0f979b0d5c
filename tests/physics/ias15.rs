//! IAS15 through the library: exact orbits, published figures, conservation to the last bits, bad input.

use std::f64::consts::{PI, TAU};

use divisi::Error;
use divisi::nbody::System;
use divisi::nbody::energy::{angular_momentum, energy, energy_post_newtonian};
use divisi::nbody::ias15::{Ias15, Ias15Options};

/// Two bodies about their centre of mass, semi-major axis 1, period 2 pi, at pericentre.
fn kepler(eccentricity: f64, small: f64) -> System {
    let speed = ((1.0 + eccentricity) / (1.0 - eccentricity)).sqrt();
    let states = [(1.0 - small, -small), (small, 1.0 - small)];
    System {
        gm: states.iter().map(|state| state.0).collect(),
        position: states.iter().map(|state| [state.1 * (1.0 - eccentricity), 0.0, 0.0]).collect(),
        velocity: states.iter().map(|state| [0.0, state.1 * speed, 0.0]).collect(),
    }
}

fn figure_of_eight() -> System {
    let x = 0.97000436;
    let y = -0.24308753;
    let vx = -0.93240737;
    let vy = -0.86473146;
    System {
        gm: vec![1.0; 3],
        position: vec![[x, y, 0.0], [-x, -y, 0.0], [0.0; 3]],
        velocity: vec![[-0.5 * vx, -0.5 * vy, 0.0], [-0.5 * vx, -0.5 * vy, 0.0], [vx, vy, 0.0]],
    }
}

/// Sun, Jupiter, Saturn, Uranus, Neptune and Pluto without mass (Applegate et al. 1986); au, day.
fn outer_solar_system() -> System {
    let gm = [1.00000597682, 1.0 / 1047.355, 1.0 / 3501.6, 1.0 / 22869.0, 1.0 / 19314.0, 0.0];
    let position = vec![
        [-4.06428567034226e-3, -6.08813756435987e-3, -1.66162304225834e-6],
        [3.40546614227466, 3.62978190075864, 3.42386261766577e-2],
        [6.60801554403466, 6.38084674585064, -1.36145963724542e-1],
        [11.1636331405597, 16.0373479057256, 3.61783279369958e-1],
        [-30.1777776481093, 1.9155314998064, -1.53887595621042e-1],
        [-21.3858977531573, 32.0719104739886, 2.49245689556096],
    ];
    let velocity = vec![
        [6.69048890636161e-6, -6.33922479583593e-6, -3.13202145590767e-9],
        [-5.59797969310664e-3, 5.51815399480116e-3, -2.66711392865591e-6],
        [-4.17354020307064e-3, 3.99723751748116e-3, 1.67206320571441e-5],
        [-3.25884806151064e-3, 2.06438412905916e-3, -2.17699042180559e-5],
        [-2.17471785045538e-4, -3.11361111025884e-3, 3.58344705491441e-5],
        [-1.76936577252484e-3, -2.06720938381724e-3, 6.58091931493844e-4],
    ];
    System { gm: gm.map(|mass| 0.01720209895f64.powi(2) * mass).to_vec(), position, velocity }
}

fn integrator(system: &System) -> Ias15 {
    Ias15::new(system, &Ias15Options::default()).unwrap()
}

fn run_until(integrator: &mut Ias15, end: f64, mut each: impl FnMut(&Ias15)) {
    let mut time = 0.0;
    while time < end {
        time += integrator.step(end - time).unwrap();
        each(integrator);
    }
}

fn steps(integrator: &mut Ias15, count: usize, dt_max: f64) {
    (0..count).for_each(|_| assert!(integrator.step(dt_max).unwrap() > 0.0));
}

fn largest_energy_error(system: &System, end: f64) -> f64 {
    let start = energy(system, 0.0);
    let mut largest = 0.0f64;
    run_until(&mut integrator(system), end, |now| {
        largest = largest.max((energy(&now.system(), 0.0) / start - 1.0).abs())
    });
    largest
}

fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn kepler_orbits_keep_their_energy_for_a_hundred_periods() {
    for (eccentricity, limit) in [(0.0, 2e-15), (0.5, 4e-15), (0.9, 2e-14)] {
        let error = largest_energy_error(&kepler(eccentricity, 1e-3), 100.0 * TAU);
        assert!(error < limit, "e = {eccentricity}: {error:e}");
    }
}

#[test]
fn a_kepler_orbit_returns_after_its_period() {
    let start = kepler(0.6, 0.2);
    let mut integrator = integrator(&start);
    run_until(&mut integrator, 10.0 * TAU, |_| ());
    let missed = distance(integrator.system().position[1], start.position[1]);
    assert!(missed < 1e-12, "{missed:e}");
}

#[test]
fn figure_of_eight_closes_as_published() {
    let system = figure_of_eight();
    assert!((energy(&system, 0.0) + 1.287141991766326).abs() < 1e-14);
    for (periods, x) in [(1.0, 3.0e-8), (10.0, 2.9e-7)] {
        let mut integrator = integrator(&system);
        run_until(&mut integrator, periods * 6.32591398, |_| ());
        let found = integrator.system().position[2][0];
        assert!((found / x - 1.0).abs() < 0.05, "after {periods} periods: {found:e}");
    }
}

#[test]
fn pythagorean_bodies_are_where_they_should_be_at_ten() {
    let system = System {
        gm: vec![3.0, 4.0, 5.0],
        position: vec![[1.0, 3.0, 0.0], [-2.0, -1.0, 0.0], [1.0, -1.0, 0.0]],
        velocity: vec![[0.0; 3]; 3],
    };
    let mut integrator = integrator(&system);
    run_until(&mut integrator, 10.0, |_| ());
    let end = integrator.system();
    let expected =
        [[0.778480410, 0.141392300, 0.0], [-2.025092478, 0.097219384, 0.0], [1.152985736, -0.162610887, 0.0]];
    for (found, expected) in end.position.iter().zip(expected) {
        assert!(distance(*found, expected) < 1e-6, "{found:?}");
    }
    assert!((energy(&end, 0.0) / (-769.0 / 60.0) - 1.0).abs() < 1e-13);
}

#[test]
fn outer_solar_system_keeps_energy_and_angular_momentum_to_the_last_bits() {
    let start = outer_solar_system();
    let mut integrator = integrator(&start);
    run_until(&mut integrator, 1000.0 * 365.25, |_| ());
    let end = integrator.system();
    assert!((energy(&end, 0.0) / energy(&start, 0.0) - 1.0).abs() < 3e-15);
    assert!((angular_momentum(&end)[2] / angular_momentum(&start)[2] - 1.0).abs() < 2e-15);
}

#[test]
fn a_body_without_mass_feels_and_is_not_felt() {
    let with = outer_solar_system();
    let without = System {
        gm: with.gm[..5].to_vec(),
        position: with.position[..5].to_vec(),
        velocity: with.velocity[..5].to_vec(),
    };
    let mut a = integrator(&with);
    let mut b = integrator(&without);
    for _ in 0..50 {
        let dt = a.step(40.0).unwrap();
        assert_eq!(b.step(dt).unwrap(), dt);
    }
    assert_eq!(a.system().position[..5], b.system().position);
    assert!(distance(a.system().position[5], with.position[5]) > 1.0);
}

#[test]
fn a_step_cut_short_leaves_the_proposal() {
    let mut integrator = integrator(&kepler(0.0, 0.1));
    steps(&mut integrator, 20, 1.0);
    let proposed = integrator.proposed_step();
    assert_eq!(integrator.step(1e-6).unwrap(), 1e-6);
    assert!((integrator.proposed_step() / proposed - 1.0).abs() < 0.01);
    assert!(integrator.step(1.0).unwrap() > 0.9 * proposed);
    assert_eq!(integrator.step(1e-18).unwrap(), 1e-18);
    assert_eq!(integrator.step(0.5 * proposed).unwrap(), 0.5 * proposed);
    assert!((integrator.proposed_step() / proposed - 1.0).abs() < 0.01);
    assert!(integrator.step(0.0).is_err());
    assert!((energy(&integrator.system(), 0.0) / energy(&kepler(0.0, 0.1), 0.0) - 1.0).abs() < 1e-15);
}

#[test]
fn softened_gravity_keeps_its_own_energy() {
    let start = kepler(0.9, 0.5);
    let options = Ias15Options { softening: 0.2, ..Ias15Options::default() };
    let mut integrator = Ias15::new(&start, &options).unwrap();
    run_until(&mut integrator, 10.0 * TAU, |_| ());
    assert!((energy(&integrator.system(), 0.2) / energy(&start, 0.2) - 1.0).abs() < 1e-14);
}

#[test]
fn bodies_beyond_one_vector_are_integrated_alike() {
    let inner = kepler(0.5, 0.1);
    let mut crowd = inner.clone();
    for body in 0..9 {
        crowd.gm.push(0.0);
        crowd.position.push([20.0 + f64::from(body), 0.0, 1.0]);
        crowd.velocity.push([0.0, 0.2, 0.0]);
    }
    let mut a = integrator(&inner);
    let mut b = integrator(&crowd);
    for _ in 0..40 {
        let dt = a.step(0.02).unwrap();
        assert_eq!(b.step(dt).unwrap(), dt);
    }
    assert_eq!(a.system().position, b.system().position[..2]);
}

#[test]
fn a_loaded_integrator_goes_on_with_the_same_bits() {
    let options = Ias15Options::default();
    let mut whole = integrator(&outer_solar_system()).with_megno(7).unwrap();
    steps(&mut whole, 30, f64::INFINITY);
    let mut loaded = Ias15::load(&whole.save(), &options).unwrap();
    (0..30).for_each(|_| assert_eq!(whole.step(150.0).unwrap(), loaded.step(150.0).unwrap()));
    assert_eq!(whole.save(), loaded.save());
    assert_eq!(whole.megno(), loaded.megno());
    let cut = whole.save();
    assert!(Ias15::load(&cut[..cut.len() - 1], &options).is_err());
    assert!(Ias15::load(&[], &options).is_err());
}

#[test]
fn bodies_falling_onto_each_other_are_an_error_that_names_them() {
    let mut system = kepler(0.0, 0.3);
    system.velocity = vec![[0.0; 3]; 2];
    let mut integrator = integrator(&system);
    let error = (0..100_000).find_map(|_| integrator.step(1.0).err()).expect("a collision");
    assert!(matches!(error, Error::Numerics { .. }));
    assert!(error.to_string().contains("bodies 0 and 1"), "{error}");
}

#[test]
fn a_lone_body_moves_straight_on() {
    let system = System { gm: vec![1.0], position: vec![[1.0, 2.0, 3.0]], velocity: vec![[1.0, 0.5, -1.0]] };
    let mut integrator = integrator(&system);
    assert!(integrator.step(f64::INFINITY).is_err());
    assert_eq!(integrator.step(2.0).unwrap(), 2.0);
    assert_eq!(integrator.system().position[0], [3.0, 3.0, 1.0]);
}

#[test]
fn bad_input_is_refused() {
    let refused = |change: fn(&mut System, &mut Ias15Options)| {
        let mut system = kepler(0.1, 0.1);
        let mut options = Ias15Options::default();
        change(&mut system, &mut options);
        matches!(Ias15::new(&system, &options), Err(Error::Input { .. }))
    };
    assert!(refused(|system, _| system.gm[0] = -1.0));
    assert!(refused(|system, _| system.position[1] = system.position[0]));
    assert!(refused(|system, _| system.velocity[1][2] = f64::NAN));
    assert!(refused(|system, _| *system = System::default()));
    assert!(refused(|_, options| options.epsilon = 0.0));
    assert!(refused(|_, options| options.softening = -1.0));
    assert!(refused(|_, options| options.post_newtonian = Some(0.0)));
    assert!(refused(|_, options| (options.softening, options.post_newtonian) = (0.1, Some(10.0))));
    let relativistic = Ias15Options { post_newtonian: Some(100.0), ..Ias15Options::default() };
    assert!(Ias15::new(&kepler(0.1, 0.1), &relativistic).unwrap().with_megno(1).is_err());
}

/// The pericentre's longitude of body 1 about body 0, from the eccentricity vector.
fn pericentre(system: &System) -> f64 {
    let relative = |columns: &[[f64; 3]]| [0, 1, 2].map(|k| columns[1][k] - columns[0][k]);
    let r = relative(&system.position);
    let v = relative(&system.velocity);
    let gm = system.gm[0] + system.gm[1];
    let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    let e = [0, 1].map(|k| ((dot(v, v) - gm / dot(r, r).sqrt()) * r[k] - dot(r, v) * v[k]) / gm);
    e[1].atan2(e[0])
}

#[test]
fn mercury_advances_by_43_arcseconds_a_century() {
    let (axis, eccentricity, gm, light): (f64, f64, f64, f64) =
        (0.387098309, 0.205630, 2.959122082855911e-4, 173.144632674240);
    let speed = (gm / axis * (1.0 + eccentricity) / (1.0 - eccentricity)).sqrt();
    let system = System {
        gm: vec![gm, 4.9125e-11],
        position: vec![[0.0; 3], [axis * (1.0 - eccentricity), 0.0, 0.0]],
        velocity: vec![[0.0; 3], [0.0, speed, 0.0]],
    };
    let options = Ias15Options { post_newtonian: Some(light), ..Ias15Options::default() };
    let mut integrator = Ias15::new(&system, &options).unwrap();
    let mut angles = Vec::new();
    run_until(&mut integrator, 36525.0, |now| angles.push((now.elapsed(), pericentre(&now.system()))));
    let mean = |part: &[(f64, f64)]| {
        let sums = part.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
        (sums.0 / part.len() as f64, sums.1 / part.len() as f64)
    };
    let early = mean(&angles[..angles.len() / 2]);
    let late = mean(&angles[angles.len() / 2..]);
    let century = (late.1 - early.1) / (late.0 - early.0) * 36525.0 * 180.0 * 3600.0 / PI;
    assert!((century - 42.98).abs() < 0.02, "{century}");
}

#[test]
fn post_newtonian_pairs_keep_their_energy_to_the_order_left_out() {
    let start = kepler(0.5, 0.3);
    let error = |light: f64| {
        let options = Ias15Options { post_newtonian: Some(light), ..Ias15Options::default() };
        let mut integrator = Ias15::new(&start, &options).unwrap();
        let mut newton = 0.0f64;
        let mut full = 0.0f64;
        run_until(&mut integrator, 2.0 * TAU, |now| {
            newton = newton.max((energy(&now.system(), 0.0) / energy(&start, 0.0) - 1.0).abs());
            let ratio = energy_post_newtonian(&now.system(), light) / energy_post_newtonian(&start, light);
            full = full.max((ratio - 1.0).abs());
        });
        (newton, full)
    };
    let (newton, full) = error(100.0);
    let (_, finer) = error(1000.0);
    assert!(newton > 1e-5 && full < 1e-3 * newton, "{newton:e} {full:e}");
    assert!(finer < 2e-4 * full, "falls as 1/c^4: {full:e} {finer:e}");
}

#[test]
fn megno_of_a_regular_orbit_tends_to_two() {
    let mut integrator = integrator(&outer_solar_system()).with_megno(1).unwrap();
    run_until(&mut integrator, 1e4 * 365.25, |_| ());
    assert!((integrator.megno() - 2.0).abs() < 0.15, "{}", integrator.megno());
    assert!(integrator.lyapunov().abs() < 1e-6, "{}", integrator.lyapunov());
}

#[test]
fn megno_of_a_chaotic_orbit_grows_and_the_exponent_settles() {
    let system = System {
        gm: vec![1.0, 1e-3, 1e-3],
        position: vec![[0.0; 3], [1.0, 0.0, 0.0], [-1.28, 0.0, 0.01]],
        velocity: vec![[0.0; 3], [0.0, 1.0, 0.0], [0.0, -0.85, 0.0]],
    };
    let mut integrator = integrator(&system).with_megno(1).unwrap();
    run_until(&mut integrator, 100.0 * TAU, |_| ());
    let early = integrator.megno();
    run_until(&mut integrator, 150.0 * TAU, |_| ());
    let late = integrator.megno();
    let exponent = integrator.lyapunov();
    assert!(early > 4.0 && late > 1.4 * early, "{early} {late}");
    assert!((0.02..0.2).contains(&exponent), "{exponent}");
}

/// `count` bodies of `gm` on a ring of radius 1 about one of unit mass, each with this speed.
fn ring(count: u32, gm: f64, speed: f64) -> System {
    let mut system = System { gm: vec![1.0], position: vec![[0.0; 3]], velocity: vec![[0.0; 3]] };
    for k in 0..count {
        let (sin, cos) = libm::sincos(TAU * f64::from(k) / f64::from(count));
        system.gm.push(gm);
        system.position.push([cos, sin, 0.0]);
        system.velocity.push([-speed * sin, speed * cos, 0.0]);
    }
    system
}

/// Forces cancel on a star between two equal planets, exactly and to 1e-12, on circles and ellipses; in the middle of rings of three
/// and six; on a test particle between two stars, which leaves after some turns; in a frame whose origin is far away. Steps to 2 pi
/// and 20 pi: as many as REBOUND 5.2.2 takes with `adaptive_mode = 1`, whose measure is the largest force of all.
#[test]
fn forces_that_cancel_do_not_shorten_steps() {
    let pair = ring(2, 1e-3, 1.0);
    let mut nearly = pair.clone();
    nearly.position[2][0] -= 1e-12;
    let particle = System {
        gm: vec![0.5, 0.5, 0.0],
        position: vec![[0.5, 0.0, 0.0], [-0.5, 0.0, 0.0], [0.0; 3]],
        velocity: vec![[0.0, 0.5, 0.3], [0.0, -0.5, -0.3], [0.0; 3]],
    };
    let mut moved = pair.clone();
    moved.position.iter_mut().for_each(|place| place[1] += 1e3);
    let systems = [
        ("pair", pair, &[40, 364][..]),
        ("nearly", nearly, &[40, 364]),
        ("ellipses", ring(2, 1e-3, 1.3), &[62, 256]),
        ("three", ring(3, 0.1, 1.0), &[61, 583]),
        ("six", ring(6, 1e-3, 1.0), &[42, 366]),
        ("particle", particle, &[55]),
        ("moved", moved, &[40, 364]),
    ];
    for (name, system, rebound) in systems {
        for (end, rebound) in [TAU, 10.0 * TAU].into_iter().zip(rebound) {
            let start = energy(&system, 0.0);
            let mut steps = 0;
            let mut largest = 0.0f64;
            run_until(&mut integrator(&system), end, |now| {
                steps += 1;
                largest = largest.max((energy(&now.system(), 0.0) / start - 1.0).abs());
            });
            assert!(steps <= *rebound, "{name}: {steps} steps to {end}, not {rebound}");
            let limit = if name == "moved" { 1e-12 } else { 4e-15 };
            assert!(largest < limit, "{name}: {largest:e} to {end}");
        }
    }
}
