//! The burn-in of a chain: the kept steps at its start that aren't like those that follow.
//!
//! What the chain has come to is told by its second half. Windows before it, each half as long as the next (from the half back to
//! the quarter, to the eighth ..), are held against it: the mean over walkers of each parameter and of the ln posterior, and their mean distance
//! from the median, which shows a start that is too wide or too narrow (Geweke 1992, with windows of all lengths). Values beyond the middle 98 % of the second half count as
//! its ends, so that a long tail doesn't hide a difference. All up to the end of the last window that differs is burn-in.
//!
//! Few walkers that are left behind don't move a mean. They are seen by their depth: a ln posterior that is twice as far below the median as
//! any of the second half.

use super::{Column, autocorrelation_time};

/// Standard errors by which a window must differ.
const FAR: f64 = 5.0;
/// The share of the second half beyond each of the ends at which values are cut.
const TAIL: f64 = 0.01;
/// A chain of fewer steps tells nothing, and counts as it is.
const FEWEST: usize = 100;
/// How many times as deep as the deepest of the second half a walker is left behind.
const DEEP: f64 = 2.0;

/// What is known of a chain's burn-in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in super::super) struct BurnIn {
    /// Kept steps at the start that belong to it.
    pub steps: u64,
    /// Whether the two halves of what the chain has come to are alike.
    pub is_over: bool,
}

impl BurnIn {
    /// Of one series of numbers.
    pub(in super::super) fn of_column(column: &Column) -> Self {
        BurnIn::of_all(&[burn_in(column, false)])
    }

    /// Of the whole chain, from those of its columns.
    pub(super) fn of_all(columns: &[[f64; 2]]) -> Self {
        let steps = columns.iter().fold(0.0f64, |steps, column| steps.max(column[0])) as u64;
        BurnIn { steps, is_over: columns.iter().all(|column| column[1] == 1.0) }
    }
}

/// The burn-in of a column in steps, and 1 if it is over, else 0.
pub(super) fn burn_in(column: &Column, is_ln_posterior: bool) -> [f64; 2] {
    let steps = column.steps;
    if steps < FEWEST {
        return [0.0, 1.0];
    }
    let ends = Ends::of(column);
    let mut found = if is_ln_posterior { ends.left_behind(column) } else { 0 };
    let mut is_over = true;
    for series in ends.series(column) {
        let reference = Reference::of(&series[steps / 2..]);
        let mut end = steps / 2;
        while end > found {
            let start = end / 2;
            if reference.differs(&series[start..end]) {
                found = end;
            }
            end = start;
        }
        is_over &= reference.is_steady;
    }
    [found as f64, f64::from(u8::from(is_over))]
}

/// Of the second half of a column: its median, the ends of its middle, its lowest value.
struct Ends {
    low: f64,
    median: f64,
    high: f64,
    lowest: f64,
}

impl Ends {
    fn of(column: &Column) -> Self {
        let mut values: Vec<f64> = column.walkers().flat_map(|walker| &walker[column.steps / 2..]).copied().collect();
        let last = values.len() - 1;
        let mut at = |share: f64| *values.select_nth_unstable_by((share * last as f64) as usize, f64::total_cmp).1;
        Ends { low: at(TAIL), median: at(0.5), high: at(1.0 - TAIL), lowest: at(0.0) }
    }

    /// Means over walkers, step by step: of the values within the ends, and of their distance from the median.
    fn series(&self, column: &Column) -> [Vec<f64>; 2] {
        let mut means = [vec![0.0; column.steps], vec![0.0; column.steps]];
        let walkers = column.walkers().len() as f64;
        for walker in column.walkers() {
            for (step, value) in walker.iter().enumerate() {
                let value = value.clamp(self.low, self.high);
                means[0][step] += value / walkers;
                means[1][step] += (value - self.median).abs() / walkers;
            }
        }
        means
    }

    /// The step after the last, in the first half, at which a walker is left behind.
    fn left_behind(&self, column: &Column) -> usize {
        let limit = self.median - DEEP * (self.median - self.lowest);
        let last = |walker: &[f64]| walker[..column.steps / 2].iter().rposition(|value| *value < limit);
        column.walkers().filter_map(last).max().map_or(0, |step| step + 1)
    }
}

/// What a series has come to.
struct Reference {
    mean: f64,
    variance: f64,
    /// Its autocorrelation time, in steps.
    time: f64,
    steps: f64,
    /// Whether its two halves are alike.
    is_steady: bool,
}

impl Reference {
    fn of(series: &[f64]) -> Self {
        let steps = series.len() as f64;
        let mean = mean(series);
        let variance = series.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / steps;
        let time = if variance > 0.0 { autocorrelation_time(&Column::new(series.len(), series.to_vec())) } else { 1.0 };
        let mut reference = Reference { mean, variance, time, steps, is_steady: true };
        let [first, second] = series.split_at(series.len() / 2).into();
        let difference = self::mean(first) - self::mean(second);
        let error = (reference.error_of(first.len()).powi(2) + reference.error_of(second.len()).powi(2)).sqrt();
        reference.is_steady = difference.abs() <= FAR * error;
        reference
    }

    /// The standard error of a mean over so many steps that follow each other: that of one step if they are fewer than an autocorrelation time.
    fn error_of(&self, steps: usize) -> f64 {
        (self.variance * (self.time / steps as f64).min(1.0)).sqrt()
    }

    fn differs(&self, window: &[f64]) -> bool {
        let error = self.error_of(window.len()).hypot(self.error_of(self.steps as usize));
        (mean(window) - self.mean).abs() > FAR * error
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::super::autocorrelation::tests::autoregressive;
    use super::*;

    const STEPS: usize = 1600;
    const WALKERS: u64 = 32;

    /// Independent of each other over 20 steps, with `change` made to what walker and step have.
    fn changed(seed: u64, change: impl Fn(usize, usize, f64) -> f64) -> Column {
        let mut column = autoregressive(WALKERS, STEPS, 0.9, seed);
        let values = column.values.iter().enumerate();
        column.values = values.map(|(place, &value)| change(place / STEPS, place % STEPS, value)).collect();
        column
    }

    /// ln of a normal posterior.
    fn height(x: f64) -> f64 {
        -0.5 * x * x
    }

    #[test]
    fn a_chain_that_is_alike_from_its_start_has_none() {
        for seed in 0..8 {
            let column = changed(seed, |_, _, x| x);
            assert_eq!(burn_in(&column, false), [0.0, 1.0], "seed {seed}");
            assert_eq!(burn_in(&changed(seed, |_, _, x| height(x)), true), [0.0, 1.0], "seed {seed}");
            // A long tail: its mean isn't known, its middle is.
            assert_eq!(burn_in(&changed(seed, |_, _, x| (4.0 * x).exp()), false), [0.0, 1.0], "seed {seed}");
        }
    }

    /// What a start can be: elsewhere, too wide, too narrow; the chain comes back by a factor of e in twenty steps.
    #[test]
    fn a_start_elsewhere_or_of_another_width_is_cut_and_little_more() {
        let fades = |step: usize| (-(step as f64) / 20.0).exp();
        let elsewhere = changed(1, |_, step, x| x + 20.0 * fades(step));
        let wide = changed(2, |_, step, x| x * (1.0 + 20.0 * fades(step)));
        let narrow = changed(3, |_, step, x| x * (1.0 - fades(step)));
        for column in [elsewhere, wide, narrow] {
            let [steps, is_over] = burn_in(&column, false);
            assert!((25.0..=200.0).contains(&steps) && is_over == 1.0, "{steps}");
        }
    }

    /// Of 32 walkers 6 stand far below all others for the first 70 steps, or one a little below.
    #[test]
    fn walkers_that_are_left_behind_are_cut_to_the_step() {
        for (walkers, depth) in [(6, 100.0), (1, 40.0)] {
            let behind = |walker, step| if walker < walkers && step < 70 { depth } else { 0.0 };
            let column = changed(4, |walker, step, x| height(x) - behind(walker, step));
            let [steps, is_over] = burn_in(&column, true);
            assert!((70.0..=100.0).contains(&steps) && is_over == 1.0, "{walkers}: {steps}");
        }
    }

    /// A jump in the middle of the second half, of 0.45 standard deviations of the walkers' mean: its autocorrelation of 0.05 doesn't make the time
    /// longer than two steps, and over 4000 steps each that is 14 standard errors.
    #[test]
    fn a_chain_whose_end_is_not_like_its_middle_has_not_come_to_anything() {
        let [walkers, steps] = [8usize, 16_000];
        for seed in 0..4 {
            let mut jump = autoregressive(walkers as u64, steps, 0.0, seed);
            assert_eq!(burn_in(&jump, false)[1], 1.0, "seed {seed}");
            let late = jump.values.iter_mut().enumerate().filter(|(place, _)| place % steps >= 3 * steps / 4);
            late.for_each(|(_, value)| *value += 0.45 / (walkers as f64).sqrt());
            assert_eq!(burn_in(&jump, false)[1], 0.0, "seed {seed}");
        }
    }

    /// A larger jump makes the time as long as the halves: their difference is no wonder then, but nothing is left of the samples.
    #[test]
    fn of_a_chain_with_a_large_jump_few_samples_are_left() {
        let jump = changed(5, |_, step, x| if step < 3 * STEPS / 4 { x } else { x + 3.0 });
        let rest = Column::new(STEPS / 2, jump.walkers().flat_map(|walker| &walker[STEPS / 2..]).copied().collect());
        assert!((STEPS / 2) as f64 / autocorrelation_time(&rest) < 10.0);
    }

    #[test]
    fn what_never_changes_or_is_short_counts_as_it_is() {
        assert_eq!(burn_in(&Column::new(100, vec![1.5; 400]), true), [0.0, 1.0]);
        assert_eq!(
            burn_in(&Column::new(FEWEST - 1, (0..2 * FEWEST - 2).map(|k| k as f64).collect()), true),
            [0.0, 1.0]
        );
    }
}
