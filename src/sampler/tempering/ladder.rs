//! The ladder of inverse temperatures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How fast the ladder adapts, in steps, and how soon it slows down: faster than in Vousden, Farr & Mandel (2016), since it does so
/// during the burn-in alone.
const ADAPTATION_TIME: f64 = 20.0;
const ADAPTATION_LAG: f64 = 1000.0;
/// The share of exchanges that the first ladder aims at, as the x with erfc(x) = 0.25.
const QUARTER: f64 = 0.813_419_847_597_618_5;

/// How the inverse temperatures are chosen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ladder {
    /// They move during the burn-in until all neighbours exchange places equally often, and stay from then on.
    #[default]
    Adaptive,
    /// Each is the same multiple of the next, but for the last, which is 0.
    Fixed,
    /// As given: from 1 down to 0.
    #[serde(untagged)]
    Given(Vec<f64>),
}

impl Ladder {
    /// # Errors
    /// Inverse temperatures that don't fall from 1 to 0, or another number of them than of temperatures.
    pub(in super::super) fn check(&self, temperatures: usize) -> Result<()> {
        let Ladder::Given(betas) = self else { return Ok(()) };
        let falls = betas.windows(2).all(|pair| pair[0] > pair[1]);
        if !falls || betas.first() != Some(&1.0) || betas.last() != Some(&0.0) {
            let reason = format!("{betas:?} is not allowed: inverse temperatures must fall from 1.0 to 0.0");
            return Err(Error::input("method.ladder", reason));
        }
        if betas.len() != temperatures {
            let reason = format!("has {} inverse temperatures, and method.temperatures is {temperatures}", betas.len());
            return Err(Error::input("method.ladder", reason));
        }
        Ok(())
    }
}

/// A ladder of so many inverse temperatures from 1 to 0, all but the last in equal ratios: such that neighbours would exchange a quarter
/// of their walkers if the likelihood were normal. One temperature alone is 1.
///
/// For a normal likelihood in d dimensions the gain of an exchange has a mean of -(d/2) (r - 1)^2 / r, where r is the ratio, and twice that
/// as its variance m, so a share of erfc(sqrt(m) / 2) is accepted, where m is this mean without its sign.
pub(in super::super) fn geometric(temperatures: usize, dimensions: usize) -> Vec<f64> {
    let c = 8.0 * QUARTER * QUARTER / dimensions as f64;
    let ratio = 1.0 + 0.5 * c + (c + 0.25 * c * c).sqrt();
    let mut betas: Vec<f64> = (0..temperatures).map(|k| libm::pow(ratio, -(k as f64))).collect();
    if let [_, .., hottest] = &mut betas[..] {
        *hottest = 0.0;
    }
    betas
}

/// Moves all inverse temperatures but the first and the last towards equal shares of exchanges (Vousden, Farr & Mandel 2016); `step`
/// counts from 0.
pub(in super::super) fn adapt(betas: &mut [f64], ratios: &[f64], step: u64) {
    let rate = ADAPTATION_LAG / (step as f64 + ADAPTATION_LAG) / ADAPTATION_TIME;
    let mut temperature = 1.0;
    let mut before = 1.0;
    for k in 1..betas.len().saturating_sub(1) {
        let own = 1.0 / betas[k];
        // Law: d/dt ln(T_k - T_(k-1)) = rate (A_k - A_(k+1)), where A_k is the share exchanged between k - 1 and k.
        temperature += (own - before) * libm::exp(rate * (ratios[k - 1] - ratios[k]));
        before = own;
        betas[k] = 1.0 / temperature;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ladder_falls_from_one_to_zero() {
        assert_eq!(geometric(1, 5), [1.0]);
        assert_eq!(geometric(2, 5), [1.0, 0.0]);
        let betas = geometric(6, 5);
        assert!(betas.is_sorted_by(|a, b| a > b) && betas[0] == 1.0 && betas[5] == 0.0, "{betas:?}");
        let ratio = betas[0] / betas[1];
        assert!((betas[1] / betas[2] / ratio - 1.0).abs() < 1e-14);
        // (r - 1)^2 / r = 4 x^2 / (d / 2), where erfc(x) is a quarter.
        assert!(((ratio - 1.0).powi(2) / ratio * 2.5 - 4.0 * QUARTER * QUARTER).abs() < 1e-12, "{ratio}");
        assert!((libm::erfc(QUARTER) - 0.25).abs() < 1e-15);
    }

    #[test]
    fn gaps_grow_where_exchanges_are_frequent() {
        let mut betas = [1.0, 0.5, 0.25, 0.0];
        adapt(&mut betas, &[0.9, 0.1, 0.1], 0);
        assert!(betas[0] == 1.0 && betas[3] == 0.0 && betas[1] < 0.5, "{betas:?}");
        let first = 1.0 / betas[1] - 1.0;
        let second = 1.0 / betas[2] - 1.0 / betas[1];
        assert!((first - libm::exp(0.04)).abs() < 1e-14 && (second - 2.0).abs() < 1e-14, "{first} {second}");
        let before = betas;
        adapt(&mut betas, &[0.3, 0.3, 0.3], 5);
        assert!(betas.iter().zip(before).all(|(a, b)| (a - b).abs() < 1e-15));
    }

    #[test]
    fn a_ladder_that_does_not_fall_from_one_to_zero_is_refused() {
        for wrong in [&[1.0, 0.5][..], &[0.9, 0.0], &[1.0, 0.5, 0.5, 0.0], &[1.0, f64::NAN, 0.0], &[]] {
            let message = Ladder::Given(wrong.to_vec()).check(wrong.len()).unwrap_err().to_string();
            assert!(message.starts_with("method.ladder"), "{message}");
        }
        assert!(Ladder::Given(vec![1.0, 0.1, 0.0]).check(3).is_ok());
        assert!(Ladder::Given(vec![1.0, 0.1, 0.0]).check(4).unwrap_err().to_string().contains("has 3"));
    }
}
