//! Split R-hat: whether walkers, and the halves of their chains, follow the same distribution.

use super::Column;

/// Split R-hat of a column: 1 for chains that agree, above 1.01 for such as don't (Vehtari et al. 2021, Bayesian Analysis 16, 667).
///
/// The chain of each walker is cut in halves (of an odd number of steps the middle one is left out), all values are replaced by normal
/// scores of their ranks, and the variance between halves is compared with that within. The same is done with the distances
/// from the median, which shows halves that differ in width; the larger of both counts. NaN for fewer than four steps and
/// for a column that never changes.
pub fn split_r_hat(column: &Column) -> f64 {
    let Some((values, half)) = halves(column) else { return f64::NAN };
    let median = median(&values);
    let folded: Vec<f64> = values.iter().map(|value| (value - median).abs()).collect();
    let [bulk, tail] = [values, folded].map(|values| r_hat(&scores(&values), half));
    if bulk.is_nan() || bulk > tail { bulk } else { tail }
}

/// The halves of all walkers' chains, one after another, and their length; nothing for fewer than four steps.
pub(super) fn halves(column: &Column) -> Option<(Vec<f64>, usize)> {
    let half = column.steps / 2;
    let halves = column.walkers().flat_map(|walker| [&walker[..half], &walker[column.steps - half..]]);
    (half >= 2).then(|| (halves.flatten().copied().collect(), half))
}

/// R-hat of chains of the same length, one after another (Vehtari et al. 2021, equations 1 to 4).
fn r_hat(values: &[f64], length: usize) -> f64 {
    let n = length as f64;
    let m = (values.len() / length) as f64;
    let means: Vec<f64> = values.chunks_exact(length).map(|chain| chain.iter().sum::<f64>() / n).collect();
    let squares = |chain: &[f64], mean: f64| chain.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>();
    let variances = values.chunks_exact(length).zip(&means).map(|(chain, &mean)| squares(chain, mean) / (n - 1.0));
    // W = mean of the variances,  B/n = variance of the means,  R² = ((n - 1)/n W + B/n) / W
    let within = variances.sum::<f64>() / m;
    let mean = means.iter().sum::<f64>() / m;
    let between = n * squares(&means, mean) / (m - 1.0);
    (((n - 1.0) / n * within + between / n) / within).sqrt()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { 0.5 * (sorted[middle - 1] + sorted[middle]) } else { sorted[middle] }
}

/// Normal scores of the ranks of values (Blom 1958); equal values have their mean rank.
pub(super) fn scores(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<(f64, usize)> = values.iter().copied().zip(0..).collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut scores = vec![0.0; values.len()];
    let mut first = 0;
    while first < order.len() {
        let equal = order[first..].iter().take_while(|(value, _)| *value == order[first].0).count().max(1);
        // Ranks count from 1.
        let rank = first as f64 + 0.5 * (equal as f64 + 1.0);
        let score = quantile((rank - 0.375) / (values.len() as f64 + 0.25));
        order[first..first + equal].iter().for_each(|&(_, place)| scores[place] = score);
        first += equal;
    }
    scores
}

/// The quantile of the normal distribution, between 0 and 1 and never either.
///
/// An estimate by Hastings (Abramowitz & Stegun 26.2.23, error 4.5e-4), improved by a step of Halley's on the distribution: error
/// below 1e-9.
fn quantile(share: f64) -> f64 {
    let tail = share.min(1.0 - share);
    let t = (-2.0 * libm::log(tail)).sqrt();
    let above = 2.515517 + t * (0.802853 + t * 0.010328);
    let below = 1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308));
    let mut x = t - above / below;
    let error = 0.5 * libm::erfc(x * std::f64::consts::FRAC_1_SQRT_2) - tail;
    let step = error * (2.0 * std::f64::consts::PI).sqrt() * libm::exp(0.5 * x * x);
    x += step / (1.0 - 0.5 * x * step);
    if share < 0.5 { -x } else { x }
}

#[cfg(test)]
mod tests {
    use super::super::autocorrelation::tests::autoregressive;
    use super::*;

    #[test]
    fn quantiles_are_those_known() {
        // From tables (Wichura 1988, AS 241, gives the first three as its own checks).
        for (share, exact) in [
            (0.25, -0.674_489_750_196_081_7),
            (0.001, -3.090_232_306_167_813_5),
            (1e-20, -9.262_340_089_798_408),
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
        ] {
            assert!((quantile(share) - exact).abs() < 1e-9, "{} instead of {exact}", quantile(share));
        }
    }

    #[test]
    fn scores_follow_ranks_and_equal_values_share_theirs() {
        let scores = scores(&[5.0, -1.0, 5.0, 7.0]);
        let expected = [2.5, 1.0, 2.5, 4.0].map(|rank| quantile((rank - 0.375) / 4.25));
        assert_eq!(scores, expected);
    }

    #[test]
    fn chains_that_agree_have_an_r_hat_near_one() {
        for seed in 0..5 {
            let found = split_r_hat(&autoregressive(8, 4000, 0.5, seed));
            assert!((0.999..1.01).contains(&found), "{found}");
        }
    }

    #[test]
    fn chains_that_differ_in_place_or_width_or_drift_are_told() {
        let agree = autoregressive(4, 1000, 0.0, 1);
        let change = |change: &dyn Fn(usize, f64) -> f64| {
            let values = agree.values.iter().enumerate().map(|(place, &value)| change(place, value)).collect();
            split_r_hat(&Column::new(1000, values))
        };
        assert!(change(&|place, value| if place < 1000 { value + 1.0 } else { value }) > 1.1);
        assert!(change(&|place, value| if place < 1000 { 3.0 * value } else { value }) > 1.1);
        assert!(change(&|place, value| value + (place % 1000) as f64 / 500.0) > 1.1);
        assert!(change(&|_, value| value) < 1.01);
    }

    #[test]
    fn what_never_changes_or_is_too_short_has_no_r_hat() {
        assert!(split_r_hat(&Column::new(10, vec![2.0; 40])).is_nan());
        assert!(split_r_hat(&Column::new(3, vec![1.0, 2.0, 3.0])).is_nan());
    }

    /// Numbers made with ArviZ 0.23.4 (`arviz.rhat(.., method="rank")`) of chains that anyone can make again.
    #[test]
    fn it_is_that_of_arviz() {
        for (chains, steps, expected) in ARVIZ {
            let value = |place: usize| {
                let chain = place / steps;
                let step = place % steps;
                let x = ((chain * 37 + step * 11) % 101) as f64 / 101.0;
                x * x + 0.1 * chain as f64
            };
            let found = split_r_hat(&Column::new(steps, (0..chains * steps).map(value).collect()));
            assert!((found - expected).abs() < 1e-8, "{found} instead of {expected}");
        }
    }

    /// Chains, their steps, and R-hat.
    const ARVIZ: [(usize, usize, f64); 2] = [(4, 50, 1.1008857081746506), (3, 101, 1.069195155978947)];
}
