//! The integrated autocorrelation time: how many steps make one independent sample.

use super::Column;

/// Windows are at least this many autocorrelation times long (Sokal 1997, "Monte Carlo methods in statistical mechanics").
const WINDOW: f64 = 5.0;
/// Sums run side by side, in an order of their own.
const LANES: usize = 8;

/// The integrated autocorrelation time of a column, in steps: 1 for independent samples, infinite for a column that never changes.
///
/// tau = 1 + 2 sum rho(t), the sum up to the first t that is 5 tau or more (Sokal's window; Goodman & Weare 2010, section 5). The autocorrelation
/// rho is that of all walkers about their common mean, so walkers that disagree make it long. It can be trusted once the walkers'
/// chains are some 50 times as long.
pub fn autocorrelation_time(column: &Column) -> f64 {
    let steps = column.steps;
    let walkers = (column.values.len() / column.steps) as f64;
    let mean = column.values.iter().sum::<f64>() / column.values.len() as f64;
    let centred: Vec<f64> = column.values.iter().map(|value| value - mean).collect();
    let covariance = |lag: usize| {
        // C(t) = mean of x(s) x(s + t) over walkers and steps s
        let sum: f64 = centred.chunks_exact(steps).map(|walker| product(&walker[lag..], &walker[..steps - lag])).sum();
        sum / (walkers * (steps - lag) as f64)
    };
    let variance = covariance(0);
    if variance == 0.0 {
        return f64::INFINITY;
    }
    let mut time = 1.0;
    for lag in 1..steps {
        // τ = 1 + 2 Σ_t C(t)/C(0), up to the first t >= 5 τ
        time += 2.0 * covariance(lag) / variance;
        if lag as f64 >= WINDOW * time.max(1.0) {
            break;
        }
    }
    // Of chains that swing; the bound is Stan's.
    time.max(1.0 / libm::log10(column.values.len() as f64).max(1.0))
}

/// The sum of products, in an order that lets vectors do it.
fn product(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (whole_a, rest_a) = a.as_chunks::<LANES>();
    let (whole_b, rest_b) = b.as_chunks::<LANES>();
    for (a, b) in whole_a.iter().zip(whole_b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::base::random::Random;

    /// Walkers of x' = phi x + noise, whose autocorrelation time is (1 + phi) / (1 - phi).
    pub(in super::super) fn autoregressive(walkers: u64, steps: usize, phi: f64, seed: u64) -> Column {
        let walker = |walker| {
            let mut random = Random::new(seed, 0, walker);
            let mut x = random.normal();
            (0..steps).map(move |_| {
                x = phi * x + (1.0 - phi * phi).sqrt() * random.normal();
                x
            })
        };
        Column::new(steps, (0..walkers).flat_map(walker).collect())
    }

    #[test]
    fn the_time_of_an_autoregressive_process_is_known() {
        for phi in [0.0, 0.5, 0.9, 0.97] {
            let exact = (1.0 + phi) / (1.0 - phi);
            for seed in 0..5 {
                let found = autocorrelation_time(&autoregressive(20, 20_000, phi, seed));
                // The estimate's own variance (Sokal 1997, equation 3.19): 2 (2 M + 1) / N tau^2, with a window M of 5 tau.
                let deviation = (2.0 * (10.0 * exact + 1.0) / 400_000.0).sqrt() * exact;
                // The window leaves out exp(-10) of the sum.
                assert!((found - exact).abs() < 3.5 * deviation, "{found} +- {deviation} instead of {exact}");
            }
        }
    }

    #[test]
    fn a_chain_that_swings_counts_for_more_than_its_length() {
        let found = autocorrelation_time(&autoregressive(20, 20_000, -0.5, 1));
        assert!((found - 1.0 / 3.0).abs() < 0.05, "{found}");
    }

    #[test]
    fn walkers_that_disagree_make_it_long_and_ones_that_stand_still_infinite() {
        let mut column = autoregressive(4, 1000, 0.5, 1);
        assert!(autocorrelation_time(&column) < 5.0);
        column.values[..1000].iter_mut().for_each(|value| *value += 10.0);
        assert!(autocorrelation_time(&column) > 200.0, "{}", autocorrelation_time(&column));
        assert_eq!(autocorrelation_time(&Column::new(10, vec![1.5; 40])), f64::INFINITY);
    }
}
