//! The incomplete gamma functions, for mass inside a radius of densities with a Gaussian cut-off.
//!
//! Abramowitz & Stegun 1964, 6.5.29 and 6.5.31: the series of the lower function below x = a + 1, the continued fraction of the
//! upper one beyond (evaluated by Lentz's method). Both to rounding for 0 < a < 3.

/// The lower and the upper incomplete gamma function, which add up to Γ(a); for a > 0 and x >= 0.
pub(super) fn incomplete(a: f64, x: f64) -> [f64; 2] {
    let whole = libm::tgamma(a);
    if x <= 0.0 {
        return [0.0, whole];
    }
    let scale = libm::exp(a * libm::log(x) - x);
    if x < a + 1.0 {
        let lower = scale * series(a, x);
        [lower, whole - lower]
    } else {
        let upper = scale * fraction(a, x);
        [whole - upper, upper]
    }
}

/// Σ xⁿ / (a (a + 1) .. (a + n)).
fn series(a: f64, x: f64) -> f64 {
    let mut term = 1.0 / a;
    let mut sum = term;
    let mut n = 1.0;
    while term > 0.5 * f64::EPSILON * sum {
        term *= x / (a + n);
        sum += term;
        n += 1.0;
    }
    sum
}

/// 1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - 2 (2 - a) / (x + 5 - a - ..))).
fn fraction(a: f64, x: f64) -> f64 {
    const TERMS: u32 = 500;
    let mut b = x + 1.0 - a;
    let mut c = f64::INFINITY;
    let mut d = 1.0 / b;
    let mut value = d;
    for n in (1..TERMS).map(f64::from) {
        let numerator = -n * (n - a);
        b += 2.0;
        d = 1.0 / (numerator * d + b);
        c = b + numerator / c;
        value *= c * d;
        if (c * d - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Γ(1, x) = exp(-x), γ(1/2, x) = √π erf(√x), and the recurrence γ(a + 1, x) = a γ(a, x) - x^a exp(-x), on both sides of x = a + 1.
    #[test]
    fn known_values_and_the_recurrence_hold() {
        for x in [1e-8, 0.3, 1.0, 1.49, 1.51, 1.99, 2.01, 4.0, 17.7, 60.0] {
            let [_, upper] = incomplete(1.0, x);
            assert!((upper / libm::exp(-x) - 1.0).abs() < 1e-13, "{x} {upper}");
            let [lower, _] = incomplete(0.5, x);
            let expected = std::f64::consts::PI.sqrt() * libm::erf(x.sqrt());
            assert!((lower / expected - 1.0).abs() < 1e-14, "{x} {lower}");
            for a in [0.1, 0.6, 1.4] {
                let next = incomplete(a + 1.0, x)[0];
                let expected = a * incomplete(a, x)[0] - libm::pow(x, a) * libm::exp(-x);
                assert!((next - expected).abs() < 1e-14, "{a} {x}: {next} {expected}");
            }
        }
        assert_eq!(incomplete(0.6, 0.0), [0.0, libm::tgamma(0.6)]);
    }
}
