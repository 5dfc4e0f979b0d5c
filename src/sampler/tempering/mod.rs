//! Parallel tempering: walkers at several temperatures, which exchange places.
//!
//! At an inverse temperature beta below 1 the likelihood counts less, so walkers there go from mode to mode, and what they find
//! comes to the coldest by exchanges between neighbours (Swendsen & Wang 1986; Vousden, Farr & Mandel 2016, MNRAS 455, 1919). The
//! hottest have beta = 0 and sample the prior itself. The mean ln likelihoods along the ladder give the evidence.

mod estimates;
mod evidence;
mod histories;
mod ladder;
mod stretches;
#[cfg(test)]
mod tests;

pub(super) use evidence::Likelihoods;
pub use evidence::{Estimate, Evidence};
pub use ladder::Ladder;
pub(super) use ladder::{adapt, geometric};

use super::density::Density;
use super::moves::below;
use super::walkers::Walkers;
use crate::base::random::Random;

/// The stream of random numbers.
const SWAPS: u32 = 0x5357_4150;

/// Lets walkers of neighbouring temperatures exchange their places, the hottest first; adds the share of pairs that did to `ratios`.
///
/// Each walker meets one of the next colder temperature, by a rotation that is drawn for each pair of temperatures. All ranks
/// know all walkers, so each does the same.
pub(super) fn swap<D: Density>(walkers: &mut Walkers<D>, step: u64, betas: &[f64], ratios: &mut [f64]) {
    let count = walkers.count();
    for cold in (0..betas.len() - 1).rev() {
        let mut random = Random::new(walkers.seed(), SWAPS, cold as u64);
        random.skip_to(step * (count as u64 + 1).next_multiple_of(2));
        let rotation = below(&mut random, count);
        let mut exchanged = 0;
        for walker in 0..count {
            let a = cold * count + walker;
            let b = (cold + 1) * count + (walker + rotation) % count;
            // Law: p(exchange) = min(1, (L_b / L_a)^(beta_a - beta_b)).
            let gain = (betas[cold] - betas[cold + 1]) * (walkers.log_likelihood(b) - walkers.log_likelihood(a));
            let decision = random.uniform();
            if gain >= 0.0 || libm::log(decision) < gain {
                walkers.swap(a, b);
                exchanged += 1;
            }
        }
        ratios[cold] = f64::from(exchanged) / count as f64;
    }
}
