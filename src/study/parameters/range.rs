//! Ranges: two ends, cut into equal steps or ratios, or left whole for samples.
//!
//! A range of whole numbers with whole steps gives whole numbers; other values are given to 15 significant digits. Powers
//! and logarithms go through `libm`, so that they are the same everywhere.

use serde::{Deserialize, Serialize};
use toml::{Table, Value as Toml};

use super::Axis;
use super::axis::scalar;
use crate::study::value::Value;
use crate::{Error, Result};

/// A step may miss the end of its range by this share of itself and still reach it.
const REACH: f64 = 1e-9;

/// Two different finite numbers and how to go from one to the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The first end.
    pub from: f64,
    /// The other end.
    pub to: f64,
    /// Whether equal differences or equal ratios count.
    pub scale: Scale,
}

/// What equal steps are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Equal differences.
    #[default]
    Linear,
    /// Equal ratios.
    Log,
}

/// A range as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RangeSection {
    from: Toml,
    to: Toml,
    count: Option<u64>,
    step: Option<Toml>,
    #[serde(default)]
    scale: Scale,
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
                let (rounded, step) = (as_written(number), (self.to - self.from) / last as f64);
                // Where neighbours differ in their last digits alone these are kept.
                let close = (rounded - number).abs() <= 1e-6 * step.abs();
                if number.abs() < nothing {
                    0.0
                } else if close {
                    rounded
                } else {
                    number
                }
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

/// The axis that a table `{ from, to, count or step, scale }` at `place` describes.
pub(super) fn read(place: &str, table: &Table) -> Result<Axis> {
    let section: RangeSection = table.clone().try_into().map_err(|error: toml::de::Error| {
        let allowed = "a range is { from = 1.0, to = 2.0, count = 5 }, with step = 0.25 in place of count, \
                       and scale = \"log\" if wanted";
        Error::input(place, format!("{}; {allowed}", error.message().trim_end()))
    })?;
    let (from, to) = (number(place, "from", &section.from)?, number(place, "to", &section.to)?);
    let range = Range { from, to, scale: section.scale };
    if range.scale == Scale::Log && (from <= 0.0 || to <= 0.0) {
        return Err(Error::input(place, format!("scale = \"log\" needs ends above 0, not {from} and {to}")));
    }
    match (section.count, &section.step) {
        (Some(_), Some(_)) => Err(Error::input(place, "give count or step, not both")),
        (Some(count), None) => counted(place, range, count, &section),
        (None, Some(step)) => stepped(place, range, step, &section),
        (None, None) if from == to => Err(Error::input(place, format!("from and to are both {from}"))),
        (None, None) => Ok(Axis::Continuous(range)),
    }
}

fn counted(place: &str, range: Range, count: u64, section: &RangeSection) -> Result<Axis> {
    let Range { from, to, scale } = range;
    match count {
        0 => return Err(Error::input(place, "count = 0 leaves no value: it must be at least 1")),
        1 if from != to => {
            return Err(Error::input(place, format!("count = 1 cannot reach from {from} to {to}: give one value")));
        }
        1 => return scalar(place, &section.from).map(|value| Axis::List(vec![value])),
        _ if from == to => {
            return Err(Error::input(place, format!("{count} values between {from} and {to} are all the same")));
        }
        _ if !(from.abs().max(to.abs()) * count as f64).is_finite() => return Err(too_large(place, from, to)),
        _ => {}
    }
    let gaps = i128::from(count - 1);
    match (&section.from, &section.to) {
        (Toml::Integer(from), Toml::Integer(to)) if scale == Scale::Linear => {
            let way = i128::from(*to) - i128::from(*from);
            match i64::try_from(way / gaps) {
                Ok(step) if way % gaps == 0 => Ok(Axis::Whole { from: *from, step, count }),
                _ => Ok(Axis::Spaced { range, count }),
            }
        }
        _ => Ok(Axis::Spaced { range, count }),
    }
}

fn stepped(place: &str, range: Range, given: &Toml, section: &RangeSection) -> Result<Axis> {
    let Range { from, to, scale } = range;
    let step = number(place, "step", given)?;
    if scale == Scale::Log {
        return Err(Error::input(place, "scale = \"log\" goes with count, not with step"));
    }
    if step == 0.0 || (to - from) / step < 0.0 {
        return Err(Error::input(place, format!("step = {step} does not lead from {from} to {to}")));
    }
    if let (Toml::Integer(from), Toml::Integer(to), Toml::Integer(step)) = (&section.from, &section.to, given) {
        let count = (i128::from(*to) - i128::from(*from)) / i128::from(*step) + 1;
        let count = u64::try_from(count).map_err(|_| too_large(place, *from as f64, *to as f64))?;
        return Ok(Axis::Whole { from: *from, step: *step, count });
    }
    let gaps = ((to - from) / step + REACH).floor();
    if gaps >= 2f64.powi(53) {
        return Err(Error::input(place, format!("step = {step} makes too many values between {from} and {to}")));
    }
    if gaps == 0.0 {
        return Ok(Axis::List(vec![Value::Number(from)]));
    }
    let end = from + gaps * step;
    let reached = (end - to).abs() <= REACH * step.abs();
    let range = Range { from, to: if reached { to } else { end }, scale };
    Ok(Axis::Spaced { range, count: gaps as u64 + 1 })
}

fn too_large(place: &str, from: f64, to: f64) -> Error {
    Error::input(place, format!("the range from {from} to {to} is too large for numbers of 64 bits"))
}

/// A number of a range's description.
fn number(place: &str, key: &str, given: &Toml) -> Result<f64> {
    let wrong = || Error::input(place, format!("{key} = {given} is not allowed: it must be a finite number"));
    scalar(place, given).ok().and_then(|value| value.number()).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<Axis> {
        let table: Table = format!("x = {text}").parse().unwrap();
        Axis::read("parameters.values.x", &table["x"])
    }

    fn shown(text: &str) -> String {
        let axis = table(text).unwrap();
        (0..axis.count().unwrap()).map(|k| axis.at(k).to_string()).collect::<Vec<_>>().join(" ")
    }

    fn message(text: &str) -> String {
        table(text).unwrap_err().to_string()
    }

    #[test]
    fn ranges_give_the_values_that_a_person_expects() {
        assert_eq!(shown("{ from = 0.0, to = 1.0, count = 11 }"), "0.0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1.0");
        assert_eq!(shown("{ from = 0.1, to = 0.9, step = 0.1 }"), "0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9");
        assert_eq!(shown("{ from = -0.1, to = 0.3, step = 0.1 }"), "-0.1 0.0 0.1 0.2 0.3");
        assert_eq!(shown("{ from = 0.0, to = 0.3, step = 0.1 }"), "0.0 0.1 0.2 0.3");
        assert_eq!(shown("{ from = 0.0, to = 1.0, step = 0.3 }").split(' ').count(), 4);
        assert_eq!(shown("{ from = 1, to = 1000, count = 4, scale = 'log' }"), "1.0 10.0 100.0 1000.0");
        assert_eq!(shown("{ from = 1.0, to = -1.0, step = -0.5 }"), "1.0 0.5 0.0 -0.5 -1.0");
        let narrow = shown("{ from = 1e15, to = 1.000000000000002e15, count = 5 }");
        assert_eq!(
            narrow,
            "1000000000000000.0 1000000000000000.5 1000000000000001.0 1000000000000001.5 1000000000000002.0"
        );
        assert_eq!(shown("{ from = 2.5, to = 2.5, count = 1 }"), "2.5");
    }

    #[test]
    fn whole_ends_and_steps_give_whole_numbers() {
        assert_eq!(shown("{ from = 0, to = 6, count = 4 }"), "0 2 4 6");
        assert_eq!(shown("{ from = 10, to = 1, step = -4 }"), "10 6 2");
        assert_eq!(shown("{ from = 0, to = 1, count = 3 }"), "0.0 0.5 1.0");
        assert_eq!(shown("{ from = 0, to = 5, count = 4 }"), "0.0 1.66666666666667 3.33333333333333 5.0");
        let all = format!("{{ from = {}, to = {}, count = 2 }}", i64::MIN, i64::MAX);
        assert!(matches!(table(&all).unwrap(), Axis::Spaced { count: 2, .. }));
        assert!(message(&format!("{{ from = {}, to = {}, step = 1 }}", i64::MIN, i64::MAX)).contains("too large"));
    }

    #[test]
    fn ranges_that_cannot_be_are_refused() {
        assert!(message("{ from = 1, to = 2, cuont = 3 }").contains("unknown field `cuont`"));
        assert!(message("{ from = 1, count = 3 }").contains("missing field `to`"));
        assert!(message("{ from = 1, to = 2, count = -1 }").contains("a range is"));
        assert!(message("{ from = 1, to = 2, count = 0 }").contains("count = 0 leaves no value"));
        assert!(message("{ from = 1, to = 2, count = 1 }").contains("give one value"));
        assert!(message("{ from = 2, to = 2, count = 3 }").contains("all the same"));
        assert!(message("{ from = 2, to = 2 }").contains("both 2"));
        assert!(message("{ from = 1, to = 2, count = 3, step = 0.5 }").contains("not both"));
        assert!(message("{ from = 0, to = 2, count = 3, scale = 'log' }").contains("ends above 0"));
        assert!(message("{ from = 1, to = 2, step = 1, scale = 'log' }").contains("goes with count"));
        assert!(message("{ from = 1, to = 2, step = -1 }").contains("does not lead"));
        assert!(message("{ from = 1, to = 2, step = 0 }").contains("does not lead"));
        assert!(message("{ from = 0.0, to = 1.0, step = 1e-300 }").contains("too many"));
        assert!(message("{ from = -1e308, to = 1e308, count = 9 }").contains("too large"));
        assert!(message("{ from = 'a', to = 1, count = 9 }").contains("from = \"a\" is not allowed"));
        assert!(message("{ from = inf, to = 1, count = 9 }").contains("from = inf"));
    }
}
