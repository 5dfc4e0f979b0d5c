//! Points at which a density is the same as at another, by a symmetry that it tells of.

use super::super::density::Density;
use super::super::maximum::Peak;

/// How much the ln posteriors of equal points may differ, for rounding: absolutely, and over their size.
const ROUNDING: [f64; 2] = [1e-6, 1e-10];

/// Those of a density's mirrors of a point at which it is the same.
pub(crate) fn equal_mirrors(density: &impl Density, peak: &Peak) -> Vec<Vec<f64>> {
    let expected = peak.ln_posterior();
    let is_equal = |point: &Vec<f64>| {
        let prior = density.log_prior(point);
        let mut likelihood = [f64::NEG_INFINITY];
        if prior > f64::NEG_INFINITY {
            density.log_likelihoods(point, &mut likelihood);
        }
        (prior + likelihood[0] - expected).abs() <= ROUNDING[0] + ROUNDING[1] * expected.abs()
    };
    density.mirrors(&peak.point).into_iter().filter(is_equal).collect()
}
