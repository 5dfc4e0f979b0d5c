//! One row of history.csv: local parts of global quantities, merged over all ranks.
//!
//! Sums are exact, extremes are associative and the rest is known on every rank or computed from merged columns, so a
//! row has the same bits on any number of ranks.

use crate::base::clock::Clock;
use crate::comm::{Comm, ExactSum};

/// What a column computes from those before it: `value("kinetic_energy")` is another column of this row.
type Rule = Box<dyn Fn(&dyn Fn(&str) -> f64) -> f64>;

enum Part {
    Sum(Box<ExactSum>),
    /// A sum, divided by the column of that name.
    Mean(Box<ExactSum>, String),
    Max(f64),
    Min(f64),
    Known(f64),
    Derived(Rule),
}

/// A row under way: every rank adds the same columns in the same order.
#[derive(Default)]
pub struct Row {
    columns: Vec<(String, Part)>,
}

impl Row {
    /// A column that is the exact sum of `numbers` over all ranks.
    pub fn sum(&mut self, name: &str, numbers: impl IntoIterator<Item = f64>) {
        self.sum_of(name, numbers.into_iter().collect());
    }

    /// A column that is an exact sum, of which each rank gives its part.
    pub fn sum_of(&mut self, name: &str, part: ExactSum) {
        self.push(name, Part::Sum(Box::new(part)));
    }

    /// A column that is an exact sum, of which each rank gives its part, over the value of column `weight`, which comes
    /// before it: a mean.
    pub fn mean_of(&mut self, name: &str, part: ExactSum, weight: &str) {
        self.push(name, Part::Mean(Box::new(part), weight.to_owned()));
    }

    /// A column that is the largest of `numbers` over all ranks; a NaN anywhere makes it NaN, and no number at all minus infinity.
    pub fn max(&mut self, name: &str, numbers: impl IntoIterator<Item = f64>) {
        self.push(name, Part::Max(numbers.into_iter().fold(f64::NEG_INFINITY, larger)));
    }

    /// A column that is the smallest of `numbers` over all ranks; a NaN anywhere makes it NaN, and no number at all infinity.
    pub fn min(&mut self, name: &str, numbers: impl IntoIterator<Item = f64>) {
        self.push(name, Part::Min(numbers.into_iter().fold(f64::INFINITY, |a, b| -larger(-a, -b))));
    }

    /// A column whose value every rank knows already.
    pub fn value(&mut self, name: &str, value: f64) {
        self.push(name, Part::Known(value));
    }

    /// A column computed from merged columns that come before it.
    pub fn derived(&mut self, name: &str, rule: impl Fn(&dyn Fn(&str) -> f64) -> f64 + 'static) {
        self.push(name, Part::Derived(Box::new(rule)));
    }

    fn push(&mut self, name: &str, part: Part) {
        self.columns.push((name.to_owned(), part));
    }

    /// Merges the parts of all ranks: names and values, step and time first. All ranks.
    pub(super) fn merge(self, clock: &Clock, comm: &Comm) -> Vec<(String, f64)> {
        let mut sums = Vec::new();
        let mut extremes = Vec::new();
        for (_, part) in &self.columns {
            match part {
                Part::Sum(sum) | Part::Mean(sum, _) => sums.push((**sum).clone()),
                Part::Max(value) => extremes.extend([f64::from(u8::from(value.is_nan())), finite(*value)]),
                Part::Min(value) => extremes.extend([f64::from(u8::from(value.is_nan())), -finite(*value)]),
                Part::Known(_) | Part::Derived(_) => {}
            }
        }
        if !sums.is_empty() {
            comm.all_reduce_exact(&mut sums);
        }
        if !extremes.is_empty() {
            comm.all_reduce_max_into(&mut extremes);
        }
        self.fill(clock, sums, &extremes)
    }

    fn fill(self, clock: &Clock, sums: Vec<ExactSum>, extremes: &[f64]) -> Vec<(String, f64)> {
        let mut sums = sums.into_iter();
        let mut extremes = extremes.chunks(2).map(|pair| if pair[0] > 0.0 { f64::NAN } else { pair[1] });
        let mut row = vec![("step".to_owned(), clock.step() as f64), ("time".to_owned(), clock.told())];
        for (name, part) in self.columns {
            let mut next_sum = || sums.next().map_or(f64::NAN, |sum| sum.value());
            let known =
                |wanted: &str| row.iter().find(|(known, _)| known == wanted).map_or(f64::NAN, |(_, value)| *value);
            let value = match part {
                Part::Sum(_) => next_sum(),
                Part::Mean(_, weight) => next_sum() / known(&weight),
                Part::Max(_) => extremes.next().unwrap_or(f64::NAN),
                Part::Min(_) => -extremes.next().unwrap_or(f64::NAN),
                Part::Known(value) => value,
                Part::Derived(rule) => rule(&known),
            };
            row.push((name, value));
        }
        row
    }
}

/// The larger of two numbers; NaN where one is.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

/// NaN travels apart, since it has no place among extremes.
fn finite(value: f64) -> f64 {
    if value.is_nan() { f64::NEG_INFINITY } else { value }
}
