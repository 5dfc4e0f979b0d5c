//! Potentials against their own gradients, closed forms and galpy; orbits in them.

use std::f64::consts::{PI, TAU};

use super::*;
use crate::nbody::hermite::Hermite;
use crate::nbody::leapfrog::{drift, kick};
use crate::nbody::vector::dot;

/// One of each kind, with a name.
fn all() -> Vec<(&'static str, Arc<dyn Potential>)> {
    vec![
        ("point", Arc::new(Point { gm: 2.0, softening: 0.0 })),
        ("plummer", Arc::new(Point { gm: 2.0, softening: 0.7 })),
        ("isochrone", Arc::new(Isochrone { gm: 2.0, scale: 0.8 })),
        ("nfw", Arc::new(Nfw { gm: 3.0, scale: 1.5 })),
        ("nfw far in", Arc::new(Nfw { gm: 3.0, scale: 60.0 })),
        ("power_cutoff", Arc::new(PowerCutoff { gm: 2.0, scale: 0.9, slope: 1.8 })),
        ("miyamoto_nagai", Arc::new(MiyamotoNagai { gm: 2.0, scale: 0.6, height: 0.2 })),
        ("logarithmic", Arc::new(Logarithmic { speed: 1.3, core: 0.2, ratios: [0.9, 0.7] })),
        ("milky way", Arc::new(milky_way_2014(1.0, 1.0))),
    ]
}

const PLACES: [[f64; 3]; 4] = [[1.0, 0.0, 0.0], [0.3, -0.4, 0.2], [-2.0, 1.5, -3.0], [0.02, 0.9, 1e-3]];

/// A derivative by differences of fourth order.
fn derivative(of: impl Fn(f64) -> f64) -> f64 {
    let h = 1e-3;
    (8.0 * (of(h) - of(-h)) - (of(2.0 * h) - of(-2.0 * h))) / (12.0 * h)
}

#[test]
fn the_force_is_minus_the_gradient_of_the_potential() {
    for (name, potential) in all() {
        for place in PLACES {
            let moved = |k: usize, d: f64| std::array::from_fn(|i| place[i] + if i == k { d } else { 0.0 });
            let gradient = [0, 1, 2].map(|k| derivative(|d| potential.potential(moved(k, d))));
            let force = potential.acceleration(place);
            let scale = norm(force);
            for k in 0..3 {
                assert!((force[k] + gradient[k]).abs() < 1e-7 * scale, "{name} {place:?}: {force:?} {gradient:?}");
            }
        }
    }
}

#[test]
fn the_jerk_is_the_derivative_of_the_force_along_the_path() {
    /// The same potential without a jerk of its own.
    struct ByDifferences(Arc<dyn Potential>);
    impl Potential for ByDifferences {
        fn potential(&self, position: [f64; 3]) -> f64 {
            self.0.potential(position)
        }
        fn acceleration(&self, position: [f64; 3]) -> [f64; 3] {
            self.0.acceleration(position)
        }
    }
    for (name, potential) in all() {
        for place in PLACES {
            let velocity = [0.3, -0.5, 0.4];
            let at =
                |k: usize| derivative(|dt| potential.acceleration([0, 1, 2].map(|i| place[i] + dt * velocity[i]))[k]);
            let jerk = potential.jerk(place, velocity);
            let by_differences = ByDifferences(potential.clone()).jerk(place, velocity);
            let scale = norm(jerk);
            for k in 0..3 {
                assert!((jerk[k] - at(k)).abs() < 1e-6 * scale, "{name} {place:?}: {jerk:?}");
                assert!((jerk[k] - by_differences[k]).abs() < 1e-7 * scale, "{name} {place:?}: {by_differences:?}");
            }
        }
    }
}

/// galpy 1.12, `MWPotential2014`: circular speeds, and radial and vertical forces and potentials (less that at the Sun) in its units.
#[test]
fn the_milky_way_is_that_of_galpy() {
    let milky_way = milky_way_2014(8.0, 220.0);
    let speed = |radius: f64| (-milky_way.acceleration([radius, 0.0, 0.0])[0] * radius).sqrt();
    assert!((speed(8.0) - 220.0).abs() < 1e-12, "{}", speed(8.0));
    let speeds = [
        (0.1, 128.90277495536762),
        (0.25, 187.00334097477244),
        (0.5, 222.6959961172364),
        (2.0, 202.7891762068801),
        (4.0, 187.05167332489316),
    ];
    for (radius, expected) in speeds {
        assert!((speed(8.0 * radius) / expected - 1.0).abs() < 1e-12, "{radius}: {}", speed(8.0 * radius));
    }
    let unit = milky_way_2014(1.0, 1.0);
    let forces = [
        (0.3, 0.1, -2.1575887304398313, -2.1912403935089197, -1.026625818810025),
        (1.0, 0.25, -0.8408481850953824, -0.38119141179188804, 0.07141117953031961),
        (2.5, 1.5, -0.21692792913747788, -0.13945995327842184, 0.9621369797089703),
    ];
    for (radius, height, out, up, depth) in forces {
        let place = [0.6 * radius, 0.8 * radius, height];
        let force = unit.acceleration(place);
        let radial = 0.6 * force[0] + 0.8 * force[1];
        let potential = unit.potential(place) - unit.potential([1.0, 0.0, 0.0]);
        for (found, expected) in [(radial, out), (force[2], up), (potential, depth)] {
            assert!((found / expected - 1.0).abs() < 1e-12, "{radius} {height}: {found} {expected}");
        }
    }
}

/// Far out and at the centre: what the closed forms become there.
#[test]
fn limits_are_those_of_the_closed_forms() {
    let far = [3e4, 0.0, 4e4];
    let bulge = PowerCutoff { gm: 2.0, scale: 0.9, slope: 1.8 };
    assert!((bulge.potential(far) / (-2.0 / 5e4) - 1.0).abs() < 1e-14);
    // A density of r^-α falls towards the centre: Φ(0) = -G M / r_c Γ(1 - α/2)/Γ((3 - α)/2).
    let depth = -2.0 / 0.9 * libm::tgamma(0.1) / libm::tgamma(0.6);
    assert!((bulge.potential([0.0; 3]) / depth - 1.0).abs() < 1e-14);
    let halo = Nfw { gm: 3.0, scale: 1.5 };
    assert_eq!((halo.potential([0.0; 3]), halo.acceleration([0.0; 3])), (-2.0, [-0.0; 3]));
    for (x, share) in [(0.05 - 1e-12, 0.05), (1e-9, 1e-9)] {
        let exact = if share < 1e-3 { 0.5 * x * x } else { libm::log1p(x) - x / (1.0 + x) };
        assert!((Nfw::share(x) / exact - 1.0).abs() < 2e-9, "{x}");
    }
    let flat = Logarithmic { speed: 1.3, core: 0.2, ratios: [1.0, 1.0] };
    assert!((norm(flat.acceleration(far)) * 5e4 / 1.69 - 1.0).abs() < 1e-10);
}

/// Energies of orbits of leapfrog and of Hermite steps.
#[test]
fn energy_is_conserved_along_orbits() {
    for (name, potential) in all() {
        let energy = |r: [f64; 3], v: [f64; 3]| 0.5 * dot(v, v) + potential.potential(r);
        let mut position = [1.0, 0.2, 0.3];
        let mut velocity = [0.1, 0.8, 0.4];
        let start = energy(position, velocity);
        let forces = |r: &[[f64; 3]], v: &[[f64; 3]]| (potential.acceleration(r[0]), potential.jerk(r[0], v[0]));
        let first = forces(&[position], &[velocity]);
        let mut hermite = Hermite::new(vec![position], vec![velocity], vec![first.0], vec![first.1]);
        let mut worst = [0.0f64; 2];
        for _ in 0..20_000 {
            let dt = 2e-3;
            kick(&mut velocity, potential.acceleration(position), 0.5 * dt);
            drift(&mut position, velocity, dt);
            kick(&mut velocity, potential.acceleration(position), 0.5 * dt);
            hermite.predict(dt);
            let found = forces(hermite.end_position(), hermite.end_velocity());
            hermite.correct(|_| found, dt);
            hermite.accept();
            let now = [energy(position, velocity), energy(hermite.position()[0], hermite.velocity()[0])];
            worst = [0, 1].map(|k| worst[k].max((now[k] - start).abs()));
        }
        // Energies are of the order of 1; that of the point mass swings most, since its orbit comes to a quarter of its largest distance.
        assert!(worst[0] < 1e-3 && worst[1] < 2e-6, "{name}: {worst:?}");
    }
}

/// Radial period 2π G M / (-2E)^(3/2) (Binney & Tremaine 2008, eq. 3.41): from one apocentre to the 10th after it.
#[test]
fn an_orbit_in_the_isochrone_has_its_exact_radial_period() {
    let isochrone = Isochrone { gm: 1.0, scale: 0.5 };
    let mut position = [2.0, 0.0, 0.0];
    let mut velocity = [0.0, 0.3, 0.1];
    let energy = 0.5 * dot(velocity, velocity) + isochrone.potential(position);
    let period = TAU / (-2.0 * energy).powf(1.5);
    let first = (isochrone.acceleration(position), isochrone.jerk(position, velocity));
    let mut hermite = Hermite::new(vec![position], vec![velocity], vec![first.0], vec![first.1]);
    let steps = 20_000;
    let dt = 10.0 * period / f64::from(steps);
    for _ in 0..steps {
        hermite.predict(dt);
        (position, velocity) = (hermite.end_position()[0], hermite.end_velocity()[0]);
        let found = (isochrone.acceleration(position), isochrone.jerk(position, velocity));
        hermite.correct(|_| found, dt);
        hermite.accept();
    }
    (position, velocity) = (hermite.position()[0], hermite.velocity()[0]);
    // At an apocentre again: no radial speed, and the distance of the start.
    let radial = dot(position, velocity) / norm(position);
    assert!((norm(position) - 2.0).abs() < 1e-8 && radial.abs() < 1e-7, "{} {radial:e}", norm(position));
    // The angle in between is not a whole turn: the orbit is a rosette, 1 + L/√(L² + 4 G M b) half turns a period (eq. 3.43).
    let spin: f64 = 2.0 * (0.3f64 * 0.3 + 0.1 * 0.1).sqrt();
    let turns = 5.0 * (1.0 + spin / (spin * spin + 4.0 * 0.5).sqrt());
    let plane = position[1] * 0.3 / 0.1f64.hypot(0.3) + position[2] * 0.1 / 0.1f64.hypot(0.3);
    let angle = plane.atan2(position[0]) / (2.0 * PI);
    assert!((angle - turns + (turns - angle).round()).abs() < 1e-7, "{angle} {turns}");
}
