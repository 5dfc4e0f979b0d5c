//! A galaxy of both parts.

use super::*;
use crate::nbody::vector::norm;

fn galaxy(disc_n: u64, halo_n: u64) -> Galaxy {
    Galaxy {
        seed: 1,
        gravity: 1.0,
        disc_n,
        disc_mass: 1.0,
        disc_scale: 1.0,
        disc_height: 0.2,
        toomre_q: 1.5,
        halo_n,
        halo_mass: 5.8,
        halo_scale: 5.0,
        halo_truncation: 50.0,
        softening: 0.1,
    }
}

/// R² dispersions and mean rotation in rings, the mass inside scale radii, height; all within the noise of sampling.
#[test]
fn the_disc_is_as_asked_for() {
    let n = 20_000;
    let all = galaxy(n, 1);
    let bodies = all.bodies(0..n);
    let radius = |b: &Body| b.position[0].hypot(b.position[1]);
    let inside = bodies.iter().filter(|b| radius(b) < 2.0).count() as f64 / n as f64;
    assert!((inside - (1.0 - 3.0 * (-2.0f64).exp())).abs() < 0.015, "{inside}");
    let height = bodies.iter().map(|b| b.position[2].powi(2)).sum::<f64>() / n as f64;
    // The mean of z² under sech² is (π z₀)²/12.
    assert!((height / (std::f64::consts::PI * 0.2).powi(2) * 12.0 - 1.0).abs() < 0.05, "{height}");
    let disc = Disc::new(&all);
    let ring: Vec<&Body> = bodies.iter().filter(|b| (2.3..2.6).contains(&radius(b))).collect();
    let spin = |b: &&Body| (b.position[0] * b.velocity[1] - b.position[1] * b.velocity[0]) / radius(b);
    let mean = ring.iter().map(spin).sum::<f64>() / ring.len() as f64;
    let [rotation, radial, ..] = disc.moments(2.45);
    assert!((mean / rotation - 1.0).abs() < 0.03, "{mean} {rotation}");
    let out = |b: &&Body| ((b.position[0] * b.velocity[0] + b.position[1] * b.velocity[1]) / radius(b)).powi(2);
    let found = (ring.iter().map(out).sum::<f64>() / ring.len() as f64).sqrt();
    assert!((found / radial - 1.0).abs() < 0.1, "{found} {radial}");
}

#[test]
fn the_halo_is_bound_and_ends_where_it_should() {
    let n = 5000;
    let bodies = galaxy(1, n).bodies(1..n + 1);
    assert!(bodies.iter().all(|b| norm(b.position) < 51.0 && b.id > 0));
    let mass: f64 = bodies.iter().map(|b| b.mass).sum();
    assert!((mass - 5.8 * (50.0f64 / 55.0).powi(2)).abs() < 1e-12, "{mass}");
    let half = bodies.iter().filter(|b| norm(b.position) < 5.0).count() as f64 / n as f64;
    assert!((half - 0.25 * (1.1f64 * 1.1)).abs() < 0.02, "{half}");
}

#[test]
fn a_share_of_the_bodies_has_the_bits_of_the_whole() {
    let galaxy = galaxy(100, 200);
    let all = galaxy.bodies(0..300);
    assert_eq!(all[60..140], galaxy.bodies(60..140));
    assert_eq!(all[150..160], galaxy.bodies(150..160));
    assert!(all.iter().zip(0..).all(|(body, id)| body.id == id));
}

#[test]
fn impossible_galaxies_are_refused() {
    let message = |galaxy: Galaxy| galaxy.validate().unwrap_err().to_string();
    assert!(message(galaxy(0, 1)).starts_with("initial.disc_n: 0"));
    assert!(message(Galaxy { toomre_q: 0.0, ..galaxy(1, 1) }).starts_with("initial.toomre_q: 0"));
    assert!(galaxy(1, 1).validate().is_ok());
}
