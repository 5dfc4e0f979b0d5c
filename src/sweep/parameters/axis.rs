//! The values of one parameter: a list, or a range that is cut into values or sampled.
//!
//! No axis keeps more than it was given: a value of a range is computed when asked for.

use xxhash_rust::xxh3::Xxh3;

use super::range::Range;
use crate::sweep::value::{Kind, Value};

/// Lists longer than this are described by a digest.
const SHOWN: usize = 64;

/// The values of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Axis {
    /// These.
    List(Vec<Value>),
    /// `count` whole numbers, `step` apart.
    Whole {
        /// The first.
        from: i64,
        /// From one to the next; may be negative, and larger than any of them.
        step: i128,
        /// How many.
        count: u64,
    },
    /// `count` numbers between the ends, both included.
    Spaced {
        /// The ends.
        range: Range,
        /// How many.
        count: u64,
    },
    /// Any number between the ends: only a sample chooses one.
    Continuous(Range),
}

impl Axis {
    /// How many values there are; none where any number will do.
    pub(crate) fn count(&self) -> Option<u64> {
        match self {
            Axis::List(values) => Some(values.len() as u64),
            Axis::Whole { count, .. } | Axis::Spaced { count, .. } => Some(*count),
            Axis::Continuous(_) => None,
        }
    }

    /// Value `k`, from 0; of a continuous range its first end.
    pub(crate) fn at(&self, k: u64) -> Value {
        match self {
            Axis::List(values) => values[k as usize].clone(),
            Axis::Whole { from, step, .. } => Value::Integer((i128::from(*from) + step * i128::from(k)) as i64),
            Axis::Spaced { range, count } => Value::Number(range.of(k, *count)),
            Axis::Continuous(range) => Value::Number(range.from),
        }
    }

    /// The value at the share `u` of the way, 0 <= u < 1: one of equally likely values, or any number of the range.
    pub(crate) fn sample(&self, u: f64) -> Value {
        match (self, self.count()) {
            (Axis::Continuous(range), _) => Value::Number(range.at(u)),
            (_, Some(count)) => self.at(((u * count as f64) as u64).min(count - 1)),
            (_, None) => self.at(0),
        }
    }

    /// The kind of all values.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Axis::List(values) => values.iter().map(Value::kind).reduce(Kind::with).unwrap_or(Kind::Number),
            Axis::Whole { .. } => Kind::Integer,
            Axis::Spaced { .. } | Axis::Continuous(_) => Kind::Number,
        }
    }

    /// Whether all values are numbers.
    pub(crate) fn is_numeric(&self) -> bool {
        match self {
            Axis::List(values) => values.iter().all(|value| value.number().is_some()),
            Axis::Whole { .. } | Axis::Spaced { .. } | Axis::Continuous(_) => true,
        }
    }

    /// One line that differs where the values do.
    pub(crate) fn describe(&self) -> String {
        match self {
            Axis::List(values) if values.len() <= SHOWN => {
                format!("[{}]", values.iter().map(quoted).collect::<Vec<_>>().join(", "))
            }
            Axis::List(values) => {
                let mut hash = Xxh3::new();
                values.iter().for_each(|value| hash.update(format!("{}\n", quoted(value)).as_bytes()));
                format!("{} values, xxh3 {:016x}", values.len(), hash.digest())
            }
            Axis::Whole { from, step, count } => format!("from {from} step {step} count {count}"),
            Axis::Spaced { range, count } => format!("{} count {count}", range.describe()),
            Axis::Continuous(range) => range.describe(),
        }
    }
}

/// A value such that texts and numbers cannot be taken for each other.
fn quoted(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("{text:?}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Result;

    fn read(text: &str) -> Result<Axis> {
        let table: toml::Table = format!("x = {text}").parse().unwrap();
        Axis::read("parameters.values.x", &table["x"])
    }

    #[test]
    fn lists_and_single_values_are_kept_as_they_are() {
        let mixed = [Value::Text("a".into()), Value::Integer(2), Value::Number(0.5), Value::Bool(true)];
        let axis = read("['a', 2, 0.5, true]").unwrap();
        assert_eq!((axis.clone(), axis.kind()), (Axis::List(mixed.to_vec()), Kind::Text));
        assert_eq!(read("3").unwrap(), Axis::List(vec![Value::Integer(3)]));
        assert_eq!(read("[1, 2.5]").unwrap().kind(), Kind::Number);
        let exact = read("[9007199254740993, 0.5]").unwrap();
        assert!(exact.kind() == Kind::Text && exact.is_numeric() && !axis.is_numeric());
    }

    #[test]
    fn values_that_cannot_be_are_refused() {
        let message = |text: &str| read(text).unwrap_err().to_string();
        assert!(message("[]").starts_with("parameters.values.x: the list is empty"));
        assert!(message("[1, nan]").contains("nan is not allowed"));
        assert!(message("[[1]]").contains("[1] is not allowed"));
        assert!(message("1979-05-27").contains("not allowed"));
    }

    #[test]
    fn samples_fill_ranges_and_choose_from_lists() {
        let range = read("{ from = 2.0, to = 4.0 }").unwrap();
        assert_eq!((range.sample(0.0), range.sample(0.25)), (Value::Number(2.0), Value::Number(2.5)));
        let log = read("{ from = 1.0, to = 100.0, scale = 'log' }").unwrap();
        assert_eq!(log.sample(0.5), Value::Number(10.0));
        let list = read("[1, 2, 3]").unwrap();
        assert_eq!([0.0, 0.34, 0.999].map(|u| list.sample(u)), [1, 2, 3].map(Value::Integer));
        assert_eq!(range.count(), None);
    }

    #[test]
    fn a_description_tells_texts_from_numbers_and_long_lists_apart() {
        assert_ne!(read("['1', 2]").unwrap().describe(), read("[1, 2]").unwrap().describe());
        assert_eq!(read("{ from = 1.0, to = 2.0, count = 5 }").unwrap().describe(), "from 1.0 to 2.0 count 5");
        let mut long: Vec<Value> = (0..65).map(Value::Integer).collect();
        let before = Axis::List(long.clone()).describe();
        long[40] = Value::Integer(0);
        assert!(before.starts_with("65 values, xxh3 ") && before != Axis::List(long).describe());
    }
}
