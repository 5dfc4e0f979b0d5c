//! Ranges: two ends, cut into equal steps or ratios, or left whole for samples.
//!
//! Values are given to 15 significant digits. Powers and logarithms go through `libm`, so that they are the same everywhere.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Two different finite numbers and how to go from one to the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    /// The first end.
    pub from: f64,
    /// The other end.
    pub to: f64,
    /// Whether equal differences or equal ratios count.
    pub scale: Scale,
}

/// What equal steps are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scale {
    /// Equal differences.
    #[default]
    Linear,
    /// Equal ratios.
    Log,
}

impl Range {
    /// The number at `share` of the way, 0 to 1.
    pub(super) fn at(&self, share: f64) -> f64 {
        let between = |a: f64, b: f64| a * (1.0 - share) + b * share;
        match self.scale {
            Scale::Linear => between(self.from, self.to),
            Scale::Log => libm::exp10(between(libm::log10(self.from), libm::log10(self.to))),
        }
    }

    /// Number `k` of `count` equally spaced ones; the ends are met exactly.
    pub(super) fn of(&self, k: u64, count: u64) -> f64 {
        let last = count - 1;
        match self.scale {
            _ if k == 0 => self.from,
            _ if k == last => self.to,
            Scale::Log => as_written(self.at(k as f64 / last as f64)),
            Scale::Linear => {
                let number = (self.from * (last - k) as f64 + self.to * k as f64) / last as f64;
                let nothing = 1e-15 * self.from.abs().max(self.to.abs());
                let step = (self.to - self.from) / last as f64;
                if number.abs() < nothing { 0.0 } else { rounded(number, step) }
            }
        }
    }

    /// One line that differs where the range does.
    pub(super) fn describe(&self) -> String {
        let scale = if self.scale == Scale::Log { " log" } else { "" };
        format!("from {:?} to {:?}{scale}", self.from, self.to)
    }
}

/// The number to 15 significant digits, so that a tenth between 0 and 1 is 0.3 as in the plan, not 0.30000000000000004.
fn as_written(number: f64) -> f64 {
    format!("{number:.14e}").parse().unwrap_or(number)
}

/// The number as it is written, unless neighbours, `step` apart, differ in their last digits alone: then all digits are kept.
pub(super) fn rounded(number: f64, step: f64) -> f64 {
    let written = as_written(number);
    if (written - number).abs() <= 1e-6 * step.abs() { written } else { number }
}
