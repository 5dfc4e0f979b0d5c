//! How the values of a parameter are written in a plan: a list, a range, or one value for all.
//!
//! A range of whole numbers with whole steps gives whole numbers.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use toml::{Table, Value as Toml};

use super::axis::Axis;
use super::range::{Range, Scale, rounded};
use crate::sweep::value::{Kind, Value};
use crate::{Error, Result};

/// A step may miss the end of its range by this share of itself and still reach it.
const REACH: f64 = 1e-9;

/// The schema of the values of all parameters as they are written.
pub(super) fn schema_of_axes(generator: &mut SchemaGenerator) -> Schema {
    let scalar = ["number", "string", "boolean"];
    json_schema!({ "type": "object", "additionalProperties": { "anyOf": [
        { "type": "array", "items": { "type": scalar }, "minItems": 1, "description": "These values." },
        RangeSection::json_schema(generator),
        { "type": scalar, "description": "One value for all." },
    ] } })
}

/// A range. Cut into values by count or step, both ends included; sampled, where both are left out.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RangeSection {
    /// The first value.
    #[schemars(with = "f64")]
    from: Toml,
    /// The last value.
    #[schemars(with = "f64")]
    to: Toml,
    /// How many values.
    count: Option<u64>,
    /// From one value to the next.
    #[schemars(with = "Option<f64>")]
    step: Option<Toml>,
    /// What equal steps are.
    #[serde(default)]
    scale: Scale,
}

impl Axis {
    /// The values that a plan gives at `place`: a list, one value, or `{ from, to, count or step, scale }`.
    ///
    /// # Errors
    /// Empty lists, other kinds of values, ranges that cannot be; each names `place` and what is allowed.
    pub(crate) fn read(place: &str, given: &toml::Value) -> Result<Self> {
        match given {
            toml::Value::Array(list) if list.is_empty() => {
                Err(Error::input(place, "the list is empty: a parameter needs at least one value"))
            }
            toml::Value::Array(list) => {
                list.iter().map(|item| scalar(place, item)).collect::<Result<_>>().map(Self::List)
            }
            toml::Value::Table(table) => read_range(place, table),
            single => Ok(Axis::List(vec![scalar(place, single)?])),
        }
    }
}

/// The value that TOML gives; numbers must be finite.
pub(super) fn scalar(place: &str, given: &toml::Value) -> Result<Value> {
    match given {
        toml::Value::Integer(integer) => Ok(Value::Integer(*integer)),
        toml::Value::Float(number) if number.is_finite() => Ok(Value::Number(*number)),
        toml::Value::Boolean(truth) => Ok(Value::Bool(*truth)),
        toml::Value::String(text) => Ok(Value::Text(text.clone())),
        other => {
            let reason = format!("{other} is not allowed: values are finite numbers, texts, true or false");
            Err(Error::input(place, reason))
        }
    }
}

/// The axis that a table `{ from, to, count or step, scale }` at `place` describes.
fn read_range(place: &str, table: &Table) -> Result<Axis> {
    let section: RangeSection = table.clone().try_into().map_err(|error: toml::de::Error| {
        let allowed = "a range is { from = 1.0, to = 2.0, count = 5 }, with step = 0.25 in place of count, \
                       and scale = \"log\" if wanted";
        Error::input(place, format!("{}; {allowed}", error.message().trim_end()))
    })?;
    let from = number(place, "from", &section.from)?;
    let to = number(place, "to", &section.to)?;
    let range = Range { from, to, scale: section.scale };
    if range.scale == Scale::Log && (from <= 0.0 || to <= 0.0) {
        return Err(Error::input(place, format!("scale = \"log\" needs ends above 0, not {from} and {to}")));
    }
    let axis = match (section.count, &section.step) {
        (Some(_), Some(_)) => return Err(Error::input(place, "give count or step, not both")),
        (Some(count), None) => counted(place, range, count, &section)?,
        (None, Some(step)) => stepped(place, range, step, &section)?,
        (None, None) if from == to => return Err(Error::input(place, format!("from and to are both {from}"))),
        (None, None) => Axis::Continuous(range),
    };
    let is_exact = section.count == Some(1) || matches!(axis, Axis::Whole { .. });
    if is_exact { Ok(axis) } else { check_ends(place, &section).map(|()| axis) }
}

/// Refuses ends of a range of floats that are no floats themselves.
fn check_ends(place: &str, section: &RangeSection) -> Result<()> {
    for (key, end) in [("from", &section.from), ("to", &section.to)] {
        if let Toml::Integer(end) = end
            && Kind::of_whole(*end) == Kind::Long
        {
            let reason = format!("{key} = {end} has more digits than a float holds: give whole ends and whole steps");
            return Err(Error::input(place, reason));
        }
    }
    Ok(())
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
            if way % gaps == 0 {
                Ok(Axis::Whole { from: *from, step: way / gaps, count })
            } else {
                Ok(Axis::Spaced { range, count })
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
        return Ok(Axis::Whole { from: *from, step: i128::from(*step), count });
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
    let range = Range { from, to: if reached { to } else { rounded(end, step) }, scale };
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
        assert_eq!(shown("{ from = 0.0, to = 1.0, step = 0.3 }"), "0.0 0.3 0.6 0.9");
        assert_eq!(shown("{ from = 1.0, to = 0.0, step = -0.3 }"), "1.0 0.7 0.4 0.1");
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
        let all = |cut: &str| format!("{{ from = {}, to = {}, {cut} }}", i64::MIN, i64::MAX);
        assert_eq!(shown(&all("count = 2")), format!("{} {}", i64::MIN, i64::MAX));
        assert_eq!(
            shown(&all("count = 4")),
            "-9223372036854775808 -3074457345618258603 3074457345618258602 9223372036854775807"
        );
        assert_eq!(
            shown("{ from = 9007199254740993, to = 9007199254740995, count = 3 }"),
            "9007199254740993 9007199254740994 9007199254740995"
        );
        for cut in ["count = 3", "scale = 'linear'", "step = 1e18"] {
            assert!(
                message(&all(cut)).contains("to = 9223372036854775807 has more digits than a float holds"),
                "{cut}"
            );
        }
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
