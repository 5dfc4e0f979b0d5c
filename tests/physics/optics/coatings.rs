//! Boundaries and films against published values.

use divisi::optics::{Complex64, Layer, Material, coefficients};

fn real(n: f64) -> Complex64 {
    Complex64::new(n, 0.0)
}

/// At Brewster's angle nothing of p waves is reflected, and the transmitted ray is at a right angle to where the reflected one would be.
#[test]
fn at_brewsters_angle_no_p_wave_is_reflected() {
    for n in [1.33f64, 1.5168, 2.4] {
        let cosine = 1.0 / (1.0 + n * n).sqrt();
        let found = coefficients(real(1.0), &[], real(n), cosine, 1.0);
        assert!(found.reflected[1].norm() < 1e-15, "{n}: {:?}", found.reflected);
        // r_s = (1 - n^2) / (1 + n^2) there.
        assert!((found.reflected[0] - (1.0 - n * n) / (1.0 + n * n)).norm() < 1e-15);
    }
}

/// Fresnel's coefficients of glass (n = 1.5) as closed forms, to 1e-12.
#[test]
fn fresnels_coefficients_are_exact() {
    for degrees in [0.0f64, 15.0, 45.0, 60.0, 75.0, 89.0] {
        let angle = degrees.to_radians();
        let behind = (angle.sin() / 1.5).asin();
        let found = coefficients(real(1.0), &[], real(1.5), angle.cos(), 1.0);
        let wanted = if degrees == 0.0 {
            [-0.2, 0.2, 0.8, 0.8]
        } else {
            // The sine and tangent forms (Born & Wolf, equations 1.5.20a and 21a).
            let sum = angle + behind;
            let gap = angle - behind;
            let both = 2.0 * behind.sin() * angle.cos();
            [-gap.sin() / sum.sin(), gap.tan() / sum.tan(), both / sum.sin(), both / (sum.sin() * gap.cos())]
        };
        let all = [found.reflected, found.transmitted].concat();
        for (found, wanted) in all.iter().zip(wanted) {
            assert!((found - wanted).norm() < 1e-12, "{degrees}: {found} {wanted}");
        }
    }
}

/// A quarter wave of index n1 on ns reflects ((1 - n1^2 / ns) / (1 + n1^2 / ns))^2: 1.26 % for MgF2 (1.38) on crown glass of 1.52, and of two
/// quarter waves (1.38, 1.70) 0.0 to 0.1 % (Macleod, Thin-Film Optical Filters, section 4.1). A half wave is as none.
#[test]
fn quarter_waves_reflect_as_macleod_says() {
    let wave = 0.55;
    let quarter = |n: f64| Layer { index: real(n), thickness: wave / (4.0 * n) };
    let reflectance = |layers: &[Layer]| coefficients(real(1.0), layers, real(1.52), 1.0, wave).reflected[0].norm_sqr();
    assert!((reflectance(&[quarter(1.38)]) - 0.0126).abs() < 5e-5, "{}", reflectance(&[quarter(1.38)]));
    let y = 1.38f64 * 1.38 / 1.52;
    assert!((reflectance(&[quarter(1.38)]) - ((1.0 - y) / (1.0 + y)).powi(2)).abs() < 1e-15);
    let both: f64 = (1.38 / 1.70f64).powi(2) * 1.52;
    assert!((reflectance(&[quarter(1.38), quarter(1.70)]) - ((1.0 - both) / (1.0 + both)).powi(2)).abs() < 1e-15);
    let half = Layer { index: real(2.1), thickness: wave / (2.0 * 2.1) };
    assert!((reflectance(&[half]) - reflectance(&[])).abs() < 1e-15);
    // A stack of eleven quarter waves, high and low (ZnS 2.35, MgF2 1.38): Y = (nH/nL)^(2p) nH^2 / ns.
    let stack: Vec<Layer> = (0..11).map(|k| quarter(if k % 2 == 0 { 2.35 } else { 1.38 })).collect();
    let y = (2.35f64 / 1.38).powi(10) * 2.35 * 2.35 / 1.52;
    assert!((reflectance(&stack) - ((1.0 - y) / (1.0 + y)).powi(2)).abs() < 1e-13);
}

/// A thick layer of a metal is the metal alone, and a bare aluminium mirror reflects what its table's source plots: 91 to 92 % at 550 nm.
#[test]
fn metals_reflect_as_published() {
    let aluminium = Material::named("aluminium").unwrap().index(550e-9).unwrap();
    let bare = coefficients(real(1.0), &[], aluminium, 0.8, 550e-9);
    let thick = coefficients(real(1.0), &[Layer { index: aluminium, thickness: 1e-6 }], real(1.5), 0.8, 550e-9);
    for wave in 0..2 {
        assert!((bare.reflected[wave] - thick.reflected[wave]).norm() < 1e-14);
    }
    let straight = coefficients(real(1.0), &[], aluminium, 1.0, 550e-9).reflected[0].norm_sqr();
    assert!((0.91..0.925).contains(&straight), "{straight}");
}
