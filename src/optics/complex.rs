//! What complex numbers need beyond arithmetic, by functions that are the same on every machine.

use num_complex::Complex64;

/// A complex number.
pub(super) type Complex = Complex64;

/// The imaginary unit.
pub(super) const I: Complex = Complex::new(0.0, 1.0);

/// The square root with a real part of at least zero.
pub(super) fn sqrt(z: Complex) -> Complex {
    let size = libm::hypot(z.re, z.im);
    if size == 0.0 {
        return Complex::new(0.0, 0.0);
    }
    // The larger part first; the other from the product of both.
    let large = ((size + z.re.abs()) / 2.0).sqrt();
    let small = z.im.abs() / (2.0 * large);
    let [re, im] = if z.re >= 0.0 { [large, small] } else { [small, large] };
    Complex::new(re, if z.im < 0.0 { -im } else { im })
}

/// e^z.
pub(super) fn exp(z: Complex) -> Complex {
    let size = libm::exp(z.re);
    Complex::new(size * libm::cos(z.im), size * libm::sin(z.im))
}

/// Cosine and sine.
pub(super) fn cos_sin(z: Complex) -> (Complex, Complex) {
    let up = exp(I * z);
    let down = exp(-I * z);
    ((up + down) / 2.0, (up - down) / (2.0 * I))
}

/// A symmetric matrix of two rows: its elements xx, xy, yy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Symmetric(pub [Complex; 3]);

impl Symmetric {
    /// (I + t Q)^-1 Q, and 1/sqrt(det(I + t Q)) as it goes on from t = 0.
    ///
    /// The imaginary part of Q is positive definite, so each factor 1 + t q of the determinant, q an eigenvalue, stays on one side of the
    /// real axis: the product of the factors' roots with positive real parts is the one that is continuous in t.
    pub(super) fn after(self, t: f64) -> (Symmetric, Complex) {
        let Symmetric([a, b, c]) = self;
        let middle = (a + c) / 2.0;
        let half = (a - c) / 2.0;
        let spread = sqrt(half * half + b * b);
        let one = Complex::new(1.0, 0.0);
        let [first, second] = [one + (middle + spread) * t, one + (middle - spread) * t];
        let determinant = first * second;
        let grown = (a * c - b * b) * t;
        let curvature = Symmetric([(a + grown) / determinant, b / determinant, (c + grown) / determinant]);
        (curvature, one / (sqrt(first) * sqrt(second)))
    }

    /// B Q B^T for the real matrix B by rows.
    pub(super) fn between(self, [[p, q], [r, s]]: [[f64; 2]; 2]) -> Symmetric {
        let Symmetric([a, b, c]) = self;
        let xx = a * p * p + b * (2.0 * p * q) + c * q * q;
        let xy = a * p * r + b * (p * s + q * r) + c * q * s;
        let yy = a * r * r + b * (2.0 * r * s) + c * s * s;
        Symmetric([xx, xy, yy])
    }

    /// Q + c A for a real matrix A.
    pub(super) fn plus(self, real: [f64; 3], c: f64) -> Symmetric {
        let Symmetric(all) = self;
        Symmetric([0, 1, 2].map(|i| all[i] + c * real[i]))
    }

    /// c Q.
    pub(super) fn times(self, c: f64) -> Symmetric {
        Symmetric(self.0.map(|x| x * c))
    }
}

/// The inverse of a real matrix by rows.
pub(super) fn inverse([[a, b], [c, d]]: [[f64; 2]; 2]) -> [[f64; 2]; 2] {
    let determinant = a * d - b * c;
    [[d / determinant, -b / determinant], [-c / determinant, a / determinant]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_and_exponentials_are_those_of_complex_numbers() {
        for z in [Complex::new(-2.0, 1e-9), Complex::new(3.0, -4.0), Complex::new(-1.0, -0.5), Complex::new(0.0, 2.0)] {
            let root = sqrt(z);
            assert!((root * root - z).norm() < 4e-16 * z.norm() && root.re >= 0.0, "{z}");
            let (c, s) = cos_sin(z);
            assert!((c * c + s * s - 1.0).norm() < 1e-12 * c.norm().max(1.0));
        }
    }

    /// A waist of radius w in one plane: after the Rayleigh length the beam is wider by the root of two, and its phase lags by an eighth of
    /// a turn per plane (Siegman 1986, section 17.1).
    #[test]
    fn a_beam_widens_and_lags_as_gouy_says() {
        let rayleigh = 2.5;
        let q = I / rayleigh;
        let (after, factor) = Symmetric([q, Complex::new(0.0, 0.0), q]).after(rayleigh);
        assert!((after.0[0].im - 0.5 / rayleigh).abs() < 1e-15);
        assert!((factor - Complex::new(0.5, -0.5)).norm() < 1e-15, "{factor}");
        let far = Symmetric([q, 0.1 * q, 3.0 * q]).after(1e6).1;
        assert!(far.re.abs() < 1e-5 * far.im.abs() && far.im < 0.0, "half a turn in all: {far}");
    }
}
