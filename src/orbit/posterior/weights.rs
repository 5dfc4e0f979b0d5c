//! What the rows of a posterior count: weights that can be used, of a size at which sums of them can be.

use super::Posterior;

/// The largest exponent of two by which a weight is multiplied at once, so that the factor is a number.
const LARGEST: i32 = 1000;

impl Posterior {
    /// How much each row counts, in the proportions of its weights.
    ///
    /// A power of two, which changes no bits, brings the largest near 1: no sum of them overflows or vanishes.
    pub(crate) fn shares(&self) -> Vec<f64> {
        let largest = self.weights.iter().copied().fold(0.0, f64::max);
        let exponent = if largest > 0.0 { largest.log2().floor() as i32 } else { 0 };
        let factor = 2f64.powi((-exponent).clamp(-LARGEST, LARGEST));
        (0..self.len()).map(|row| if self.weights.is_empty() { 1.0 } else { factor * self.weight(row) }).collect()
    }
}

/// Why weights can't be used, if they can't.
pub(super) fn fault(weights: &[f64]) -> Option<String> {
    let row = weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0))?;
    Some(format!("a weight is {} (row {row}): weights are finite and not negative", weights[row]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(weights: &[f64]) -> Posterior {
        Posterior { ln_likelihood: vec![0.0; weights.len()], weights: weights.to_vec(), ..Posterior::default() }
    }

    #[test]
    fn shares_are_in_the_proportions_of_the_weights_and_can_be_summed() {
        assert_eq!(of(&[0.75, 0.0, 3.0]).shares(), [0.375, 0.0, 1.5]);
        for weights in [[f64::MAX, f64::MAX / 2.0], [1e-323, 5e-324], [6e-310, 3e-310]] {
            let shares = of(&weights).shares();
            assert!(shares[0] == 2.0 * shares[1] && (1e-30..1e30).contains(&shares[0]), "{weights:?}: {shares:?}");
        }
        assert_eq!(of(&[0.0, 0.0]).shares(), [0.0, 0.0]);
        let unweighted = Posterior { ln_likelihood: vec![0.0; 2], ..Posterior::default() };
        assert_eq!(unweighted.shares(), [1.0, 1.0]);
    }

    #[test]
    fn weights_that_are_no_weights_are_told_with_their_row() {
        for (weight, shown) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (-0.5, "-0.5")] {
            let told = fault(&[1.0, weight]).unwrap();
            assert!(told.contains(&format!("a weight is {shown} (row 1)")), "{told}");
        }
        assert_eq!(fault(&[0.0, -0.0, f64::MAX, 5e-324]), None);
    }
}
