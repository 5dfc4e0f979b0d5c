//! Effective samples of the bulk and of the tails, the walkers as chains (Vehtari et al. 2021, Bayesian Analysis 16, 667).

use super::Column;
use super::r_hat::{halves, scores};

/// The shares below the two quantiles that stand for the tails.
const TAILS: [f64; 2] = [0.05, 0.95];

/// Effective samples for what lies in the middle of a distribution: those of the normal scores of the values' ranks, of the halves of all walkers'
/// chains. NaN for fewer than four steps.
pub fn bulk_effective(column: &Column) -> f64 {
    let Some((values, half)) = halves(column) else { return f64::NAN };
    effective(&scores(&values), half)
}

/// Effective samples for what lies in the tails: the fewer of those of the 5 % and the 95 % quantile. NaN for fewer than four steps.
pub fn tail_effective(column: &Column) -> f64 {
    let Some((values, half)) = halves(column) else { return f64::NAN };
    let mut sorted = column.values.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let of = |share: f64| {
        let limit = quantile(&sorted, share);
        let below: Vec<f64> = values.iter().map(|value| f64::from(u8::from(*value <= limit))).collect();
        effective(&below, half)
    };
    of(TAILS[0]).min(of(TAILS[1]))
}

/// The quantile of sorted values, linear between them.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let low = sorted[place as usize];
    let high = sorted[(place.ceil() as usize).min(sorted.len() - 1)];
    low + (high - low) * place.fract()
}

/// Effective samples of chains of the same length, one after another, by Geyer's initial monotone sequence (equations 10 to 13); all samples where no value
/// differs from another.
fn effective(values: &[f64], length: usize) -> f64 {
    let samples = values.len() as f64;
    if values.iter().all(|value| (value - values[0]).abs() < f64::EPSILON) {
        return samples;
    }
    let chains = Chains::of(values, length);
    // Sums of autocorrelations at lags 2 k and 2 k + 1 are positive and fall, but for noise: up to where they aren't positive, none above the one before.
    let mut lag = 0;
    let mut before = f64::INFINITY;
    let mut time = -1.0;
    loop {
        let pair = [0, 1].map(|odd| chains.autocorrelation(lag + odd));
        let sum = pair[0] + pair[1];
        if sum <= 0.0 || lag + 4 >= length {
            // Of the first pair that is left out the even one counts once, if it is positive.
            time += pair[0].max(0.0);
            break;
        }
        before = before.min(sum);
        time += 2.0 * before;
        lag += 2;
    }
    samples / time.max(1.0 / libm::log10(samples))
}

/// Chains about their means.
struct Chains {
    centred: Vec<f64>,
    length: usize,
    /// Mean of the chains' variances, and the variance of all.
    within: f64,
    all: f64,
}

impl Chains {
    fn of(values: &[f64], length: usize) -> Self {
        let n = length as f64;
        let means: Vec<f64> = values.chunks_exact(length).map(|chain| chain.iter().sum::<f64>() / n).collect();
        let centred =
            values.chunks_exact(length).zip(&means).flat_map(|(chain, mean)| chain.iter().map(move |x| x - mean));
        let mut chains = Chains { centred: centred.collect(), length, within: 0.0, all: 0.0 };
        chains.within = chains.covariance(0) * n / (n - 1.0);
        let count = means.len() as f64;
        let mean = means.iter().sum::<f64>() / count;
        let between = means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / (count - 1.0);
        // var⁺ = (n - 1)/n W + B/n
        chains.all = chains.within * (n - 1.0) / n + if means.len() > 1 { between } else { 0.0 };
        chains
    }

    /// The mean over chains of the covariance of values so many steps apart.
    fn covariance(&self, lag: usize) -> f64 {
        let product = |chain: &[f64]| chain[lag..].iter().zip(chain).map(|(a, b)| a * b).sum::<f64>();
        self.centred.chunks_exact(self.length).map(product).sum::<f64>() / self.centred.len() as f64
    }

    /// ρ(t) = 1 - (W - C(t)) / var⁺, and 1 at once.
    fn autocorrelation(&self, lag: usize) -> f64 {
        if lag == 0 { 1.0 } else { 1.0 - (self.within - self.covariance(lag)) / self.all }
    }
}

#[cfg(test)]
mod tests {
    use super::super::autocorrelation::tests::autoregressive;
    use super::super::split_r_hat;
    use super::*;

    /// Chains that anyone can make again: of some numbers in turn, or a slow walk by a linear congruential generator.
    fn made(chains: usize, steps: usize, is_slow: bool) -> Column {
        let in_turn = |chain: usize| -> Vec<f64> {
            let value = |step: usize| ((chain * 37 + step * 11) % 101) as f64 / 101.0;
            (0..steps).map(|step| value(step) * value(step) + 0.1 * chain as f64).collect()
        };
        let slow = |chain: usize| -> Vec<f64> {
            let mut state = chain as u64 + 1;
            let mut x = 0.0;
            let next = |_| {
                state = (state * 1_103_515_245 + 12_345) % (1 << 31);
                x = 0.9 * x + state as f64 / (1u64 << 31) as f64 - 0.5;
                x
            };
            (0..steps).map(next).collect()
        };
        Column::new(steps, (0..chains).flat_map(|chain| if is_slow { slow(chain) } else { in_turn(chain) }).collect())
    }

    /// Chains, their steps, whether they are slow; then R-hat and the effective samples of bulk and tails by ArviZ 0.23.4 (`rhat(.., method="rank")`,
    /// `ess(.., method="bulk")`, `ess(.., method="tail")`).
    const ARVIZ: [(usize, usize, bool, [f64; 3]); 5] = [
        (4, 50, false, [1.1008857081746506, 87.09314723114758, 116.68003482576832]),
        (3, 101, false, [1.069195155978947, 157.2815338391291, 192.12250433515288]),
        (6, 400, false, [1.197448724062653, 818.9343249061193, 894.4668698665455]),
        (4, 400, true, [1.0291257086147032, 111.3152877118849, 215.65533185881057]),
        (3, 1001, true, [1.036050264078501, 137.73921800403323, 331.6906126222752]),
    ];

    #[test]
    fn they_are_those_of_arviz() {
        for (chains, steps, is_slow, expected) in ARVIZ {
            let column = made(chains, steps, is_slow);
            let found = [split_r_hat(&column), bulk_effective(&column), tail_effective(&column)];
            for (found, expected) in found.iter().zip(expected) {
                assert!((found / expected - 1.0).abs() < 1e-7, "{chains} chains of {steps}: {found}, not {expected}");
            }
        }
    }

    #[test]
    fn of_an_autoregressive_process_they_are_the_samples_over_its_time() {
        let column = autoregressive(20, 20_000, 0.9, 1);
        let found = bulk_effective(&column) / (400_000.0 / 19.0);
        assert!((found - 1.0).abs() < 0.1, "{found}");
        assert!(tail_effective(&column) > bulk_effective(&column));
    }

    /// A part of the values lies far above or below all others, and whether a value does changes slowly: the other tail is one of independent values.
    #[test]
    fn the_slower_one_of_both_tails_counts() {
        let slow = autoregressive(8, 4000, 0.99, 1);
        let fast = autoregressive(8, 4000, 0.0, 2);
        let value = |(slow, fast): (&f64, &f64)| fast.clamp(-2.0, 2.0) + if *slow > 1.3 { 9.0 } else { 0.0 };
        let values: Vec<f64> = slow.values.iter().zip(&fast.values).map(value).collect();
        for sign in [1.0, -1.0] {
            let column = Column::new(4000, values.iter().map(|value| sign * value).collect());
            let found = tail_effective(&column) / 32_000.0;
            assert!(found < 0.2, "{sign}: {found}");
        }
    }

    #[test]
    fn what_never_changes_counts_in_full_and_what_is_too_short_not_at_all() {
        let constant = Column::new(10, vec![2.0; 40]);
        assert_eq!([bulk_effective(&constant), tail_effective(&constant)], [40.0, 40.0]);
        assert!(bulk_effective(&Column::new(3, vec![1.0, 2.0, 3.0])).is_nan());
        assert!(tail_effective(&Column::new(3, vec![1.0, 2.0, 3.0])).is_nan());
    }
}
