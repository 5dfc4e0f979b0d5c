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

/// I_n and K_n of y by their integrals: 1/π ∫ e^(y cos t) cos nt dt, ∫ e^(-y cosh t) cosh nt dt.
fn bessel(n: f64, y: f64) -> [f64; 2] {
    let steps = 4000;
    let middle = |step: i32, width: f64| (f64::from(step) + 0.5) * width / f64::from(steps);
    let first = |t: f64| (y * t.cos()).exp() * (n * t).cos();
    let second = |t: f64| (-y * t.cosh()).exp() * (n * t).cosh();
    let mean = |of: &dyn Fn(f64) -> f64, width: f64| {
        (0..steps).map(|step| of(middle(step, width))).sum::<f64>() / f64::from(steps)
    };
    [mean(&first, std::f64::consts::PI), 10.0 * mean(&second, 10.0)]
}

/// Q = σ_R κ/(3.36 G Σ) of drawn bodies at the Sun's place, with κ of Freeman's thin exponential disc (1970, ApJ 160, 811) and Hernquist's halo.
#[test]
fn discs_have_the_q_of_toomre_that_is_asked_for() {
    // v² = 4π G Σ₀ h y² (I₀ K₀ - I₁ K₁) with y = R/2h and 2π Σ₀ h² = 1, and G M R/(R + a)².
    let circular2 = |r: f64| {
        let y = 0.5 * r;
        let [[i0, k0], [i1, k1]] = [bessel(0.0, y), bessel(1.0, y)];
        2.0 * y * y * (i0 * k0 - i1 * k1) + 5.8 * r / (r + 5.0).powi(2)
    };
    let r = 2.43;
    let slope = (circular2(r + 0.01) - circular2(r - 0.01)) / 0.02;
    let epicycle = (slope / r + 2.0 * circular2(r) / (r * r)).sqrt();
    for wanted in [1.0, 1.5, 2.0] {
        // Without softening, and thin: as in the formula.
        let asked = Galaxy { toomre_q: wanted, disc_height: 0.02, softening: 0.0, ..galaxy(40_000, 1) };
        let bodies = asked.bodies(0..40_000);
        let radius = |b: &Body| b.position[0].hypot(b.position[1]);
        let ring: Vec<&Body> = bodies.iter().filter(|b| (2.33..2.53).contains(&radius(b))).collect();
        let surface = ring.len() as f64 / 40_000.0 / (std::f64::consts::PI * (2.53f64.powi(2) - 2.33f64.powi(2)));
        let out = |b: &&Body| ((b.position[0] * b.velocity[0] + b.position[1] * b.velocity[1]) / radius(b)).powi(2);
        let dispersion = (ring.iter().map(out).sum::<f64>() / ring.len() as f64).sqrt();
        let found = dispersion * epicycle / (3.36 * surface);
        // The noise of some 1900 bodies is 3 %.
        assert!((found / wanted - 1.0).abs() < 0.08, "{found}, not {wanted}");
    }
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
