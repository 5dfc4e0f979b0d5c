//! What a boundary does to light: Fresnel's coefficients, and those of thin films by the transfer matrix.
//!
//! Fields go as exp(i (k x - omega t)): an index is n + i k, k above zero where light is absorbed. Coefficients are ratios of electric
//! fields. Of p waves both fields are counted along k x s, so that r_p = -r_s where light falls straight on a boundary (Yun, Crabtree &
//! Chipman 2011). Films: the characteristic matrix of each layer (Macleod, Thin-Film Optical Filters, 4th ed., section 2.6).

use num_complex::Complex64;

use super::complex::{Complex, I, cos_sin, sqrt};

/// The part of the electric field that a boundary reflects and transmits, for s and p waves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    /// Reflected, s and p.
    pub reflected: [Complex64; 2],
    /// Transmitted, s and p.
    pub transmitted: [Complex64; 2],
    /// Of the power, the part that is transmitted, s and p.
    pub transmittance: [f64; 2],
}

/// A layer of a film.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layer {
    /// Its index of refraction.
    pub index: Complex64,
    /// How thick it is, in the unit of the wavelength.
    pub thickness: f64,
}

/// The boundary of two media with `layers` between them, the first one where the light comes from.
///
/// `cosine` is that of the angle of incidence, `wavelength` the one in vacuum. An index of the first medium that is not real is taken as it is.
pub fn coefficients(from: Complex64, layers: &[Layer], to: Complex64, cosine: f64, wavelength: f64) -> Coefficients {
    let one = Complex::new(1.0, 0.0);
    let across = from * from * (1.0 - cosine * cosine);
    let first = Complex::new(cosine, 0.0);
    let last = cosine_in(to, across);
    let both = [false, true].map(|is_p| {
        let admittance = |index: Complex, cosine: Complex| if is_p { index / cosine } else { index * cosine };
        let start = admittance(from, first);
        let end = admittance(to, last);
        // Electric and magnetic field along the boundary, of the wave that goes on with electric field 1.
        let [electric, magnetic] = layers.iter().rev().fold([one, end], |[electric, magnetic], layer| {
            let cosine = cosine_in(layer.index, across);
            let own = admittance(layer.index, cosine);
            let (c, s) = cos_sin(layer.index * cosine * (std::f64::consts::TAU * layer.thickness / wavelength));
            [c * electric - I * s / own * magnetic, c * magnetic - I * own * s * electric]
        });
        let sum = start * electric + magnetic;
        let reflected = (start * electric - magnetic) / sum;
        let transmitted = start * 2.0 / sum;
        let transmittance = end.re / start.re * transmitted.norm_sqr();
        // From fields along the boundary to whole ones.
        if is_p {
            (-reflected, transmitted * first / last, transmittance)
        } else {
            (reflected, transmitted, transmittance)
        }
    });
    Coefficients {
        reflected: both.map(|(reflected, ..)| reflected),
        transmitted: both.map(|(_, transmitted, _)| transmitted),
        transmittance: both.map(|(.., transmittance)| transmittance),
    }
}

/// The cosine of the wave's angle in a medium, by Snell's law: of a wave that goes on, or dies out; `across` is (n sin)^2.
fn cosine_in(index: Complex, across: Complex) -> Complex {
    let along = sqrt(index * index - across);
    (if along.im < 0.0 { -along } else { along }) / index
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real(n: f64) -> Complex {
        Complex::new(n, 0.0)
    }

    /// Fresnel's formulas as they stand in books (Born & Wolf, section 1.5.2), for glass and, with a complex index, aluminium.
    #[test]
    fn bare_boundaries_are_fresnels() {
        for (n1, n2) in [(1.0, real(1.5)), (1.0, Complex::new(0.96, 6.7)), (1.7, real(1.2))] {
            for degrees in [0.0, 10.0f64, 30.0, 44.0, 56.0, 80.0, 89.0] {
                let (s, c) = degrees.to_radians().sin_cos();
                let c2 = sqrt(1.0 - (n1 * s / n2) * (n1 * s / n2));
                let found = coefficients(real(n1), &[], n2, c, 1.0);
                let rs = (n1 * c - n2 * c2) / (n1 * c + n2 * c2);
                let rp = (n2 * c - n1 * c2) / (n2 * c + n1 * c2);
                let ts = real(2.0 * n1 * c) / (n1 * c + n2 * c2);
                let tp = real(2.0 * n1 * c) / (n2 * c + n1 * c2);
                let far = [
                    found.reflected[0] - rs,
                    found.reflected[1] - rp,
                    found.transmitted[0] - ts,
                    found.transmitted[1] - tp,
                ];
                assert!(far.iter().all(|z| z.norm() < 1e-13), "{n1} {n2} {degrees}: {far:?}");
            }
        }
    }

    #[test]
    fn power_is_kept_where_nothing_absorbs() {
        let layers = [Layer { index: real(1.38), thickness: 0.1 }, Layer { index: real(2.3), thickness: 0.07 }];
        for cosine in [1.0, 0.8, 0.3] {
            let found = coefficients(real(1.0), &layers, real(1.5), cosine, 0.55);
            for wave in 0..2 {
                let sum = found.reflected[wave].norm_sqr() + found.transmittance[wave];
                assert!((sum - 1.0).abs() < 1e-14, "{cosine}: {sum}");
            }
        }
    }

    /// Beyond the angle of total reflection all is reflected, through a film as well.
    #[test]
    fn total_reflection_is_total() {
        for layers in [&[][..], &[Layer { index: real(1.38), thickness: 0.2 }]] {
            let found = coefficients(real(1.5), layers, real(1.0), 0.5, 0.55);
            assert!(found.reflected.iter().all(|r| (r.norm() - 1.0).abs() < 1e-14));
            assert!(found.transmittance.iter().all(|t| t.abs() < 1e-14));
        }
    }
}
