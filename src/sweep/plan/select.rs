//! `[select]`: bounds of results.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::task::Work;
use crate::base::config::nearest_of;
use crate::sweep::value::Value;
use crate::{Error, Result};

/// `[select]` as written: results with their bounds.
pub(crate) type SelectSection = BTreeMap<String, Bounds>;

/// Where a result may lie, both ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Bounds {
    /// The least value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    /// The largest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
}

impl Bounds {
    /// Whether a result lies within them; truth values count as 0 and 1.
    pub(in crate::sweep) fn hold(&self, value: &Value) -> bool {
        let number = match value {
            Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
            other => other.number(),
        };
        let within = |number: f64| self.from.is_none_or(|from| number >= from) && self.to.is_none_or(|to| number <= to);
        number.is_some_and(|number| !number.is_nan() && within(number))
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (Some(from), Some(to)) => write!(f, "from {from:?} to {to:?}"),
            (Some(from), None) => write!(f, "from {from:?}"),
            (None, Some(to)) => write!(f, "to {to:?}"),
            (None, None) => write!(f, "any"),
        }
    }
}

/// Refuses bounds that can't be, or that go with no posterior.
pub(super) fn check(section: &SelectSection, is_posterior: bool, work: &Work) -> Result<()> {
    for (name, bounds) in section {
        let refuse = |reason: String| Err(Error::input(format!("select.{name}"), reason));
        if !is_posterior {
            return refuse("goes with combine = \"posterior\": it selects samples of one".to_owned());
        }
        match (bounds.from, bounds.to) {
            (None, None) => return refuse("has no bound: give from, to or both".to_owned()),
            (Some(from), Some(to)) if from > to => return refuse(format!("lets nothing pass: from {from} to {to}")),
            (from, to) if from.into_iter().chain(to).any(f64::is_nan) => return refuse("nan is no bound".to_owned()),
            _ => {}
        }
        if let Work::Simulation(simulation) = work
            && !simulation.result().is_empty()
            && !simulation.result().contains(name)
        {
            let known: Vec<&str> = simulation.result().iter().map(String::as_str).collect();
            return refuse(format!("is not in task.result{}", nearest_of(name, &known)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(text: &str) -> SelectSection {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_text_lies_within_no_bounds() {
        assert!(!Bounds::default().hold(&Value::Text("1".into())));
    }

    #[test]
    fn bounds_that_cannot_be_are_refused() {
        let message = |text: &str, is_posterior| {
            check(&section(text), is_posterior, &Work::Worker { words: Vec::new(), function: None })
                .unwrap_err()
                .to_string()
        };
        assert!(message("x = { from = 2, to = 1 }", true).contains("select.x: lets nothing pass"));
        assert!(message("x = {}", true).contains("has no bound"));
        assert!(message("x = { to = nan }", true).contains("nan is no bound"));
        assert!(message("x = { to = 1 }", false).contains("goes with combine = \"posterior\""));
        assert!(toml::from_str::<SelectSection>("x = { above = 1 }").is_err());
    }
}
