//! The sections of a parameter file with `simulation = "orbit"`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::method::{self, FitMethod};
use crate::base::units::Units;
use crate::orbit::prior::Prior;
use crate::orbit::sections::{DataSection, OrbitSection, PriorsSection};
use crate::{Error, Parameters, Result};

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
    #[serde(with = "method")]
    #[schemars(with = "FitMethod")]
    pub method: FitMethod,
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
