//! The sections of a parameter file with `simulation = "orbit"`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::base::config::{nearest_of, read_section};
use crate::base::units::Units;
use crate::orbit::ofti::OftiSection;
use crate::orbit::prior::Prior;
use crate::orbit::sections::{DataSection, OrbitSection, PriorsSection};
use crate::sampler::{KINDS, Method};
use crate::{Error, Parameters, Result};

/// `kind` of rejection sampling.
const OFTI: &str = "ofti";

/// The parameters of a fit.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What was measured.
    pub data: DataSection,
    /// The model.
    #[serde(default)]
    pub orbit: OrbitSection,
    /// What is known of each parameter before the data; those left out have orbitize's priors.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Prior>")]
    #[schemars(extend("examples" = [{ "plx": { "normal": [56.95, 0.26] }, "mtot": { "normal": [1.22, 0.08] } }]))]
    pub priors: PriorsSection,
    /// How the fit is made.
    pub method: FitMethod,
}

/// How a fit is made: `[method]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Table", into = "Table")]
#[schemars(!try_from, !into, tag = "kind", rename_all = "snake_case")]
pub enum FitMethod {
    /// Rejection sampling (OFTI). One companion, relative astrometry.
    Ofti(OftiSection),
    /// A sampler of any density.
    #[schemars(untagged)]
    Sampler(Method),
}

impl Parameters for Config {
    const SECTIONS: bool = true;
    const CHANGEABLE: &'static [&'static str] = &[
        "method.orbits",
        "method.most_trials",
        "method.effective_samples",
        "method.evidence_error",
        "method.least_times",
        "method.r_hat",
    ];

    fn validate(&self, _units: &Units) -> Result<()> {
        if self.data.files.is_empty() {
            return Err(Error::input("data.files", "names no file"));
        }
        self.method.check(None)
    }
}

impl FitMethod {
    /// The name of the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            FitMethod::Ofti(_) => OFTI,
            FitMethod::Sampler(method) => method.kind(),
        }
    }

    /// Refuses settings that can't be, for so many parameters where that is known already.
    pub(super) fn check(&self, dimensions: Option<usize>) -> Result<()> {
        match self {
            FitMethod::Ofti(settings) => settings.check(),
            FitMethod::Sampler(method) => method.check(dimensions),
        }
    }

    /// Whether it ends by itself: all but an ensemble, which goes on as long as it is asked to.
    pub(super) fn ends_by_itself(&self) -> bool {
        !matches!(self, FitMethod::Sampler(Method::Ensemble(_) | Method::Tempering(_)))
    }
}

impl TryFrom<Table> for FitMethod {
    type Error = Error;

    fn try_from(mut table: Table) -> Result<Self> {
        match table.get("kind").and_then(Value::as_str) {
            Some(OFTI) => {
                table.remove("kind");
                read_section("method", table).map(FitMethod::Ofti)
            }
            Some(kind) if !KINDS.contains(&kind) => {
                let known = [&[OFTI][..], &KINDS].concat();
                let reason = format!("there is no `{kind}`{}", nearest_of(kind, &known));
                Err(Error::input("method.kind", reason))
            }
            _ => Method::from_table(&table).map(FitMethod::Sampler),
        }
    }
}

impl From<FitMethod> for Table {
    fn from(method: FitMethod) -> Table {
        match method {
            FitMethod::Ofti(settings) => {
                let mut table = Table::try_from(settings).unwrap_or_default();
                table.insert("kind".to_owned(), Value::String(OFTI.to_owned()));
                table
            }
            FitMethod::Sampler(method) => method.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> std::result::Result<FitMethod, String> {
        FitMethod::try_from(text.parse::<Table>().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn methods_come_back_as_used_and_unknown_ones_are_refused() {
        for text in ["kind = \"ofti\"\norbits = 7", "kind = \"maximum\"", "kind = \"ensemble\"\nthin = 3"] {
            let method = read(text).unwrap();
            assert_eq!(FitMethod::try_from(Table::from(method.clone())).unwrap(), method);
        }
        assert!(
            read("kind = \"oftie\"").unwrap_err().contains("method.kind: there is no `oftie`; did you mean `ofti`?")
        );
        assert!(read("kind = \"ofti\"\norbit = 7").unwrap_err().starts_with("method.orbit: there is no parameter"));
        assert!(read("orbits = 7").unwrap_err().contains("kind"));
        assert!(
            read("kind = \"ofti\"\norbits = 0").unwrap().check(None).unwrap_err().to_string().contains("method.orbits")
        );
    }
}
