//! The sections of a parameter file that say what is fitted: `[data]`, `[orbit]` and `[priors]`.

use std::path::PathBuf;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;
use toml::Table;

use super::observations::Format;
use crate::{Error, Result};

/// `[data]`: what was measured.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataSection {
    /// Files of measured values, relative to the parameter file.
    #[schemars(extend("examples" = [["GJ504.csv"]]), length(min = 1))]
    pub files: Vec<PathBuf>,
    /// How the files are laid out.
    #[serde(default)]
    pub format: Format,
}

/// `[orbit]`: the model.
#[derive(Clone, Debug, SmartDefault, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OrbitSection {
    /// Number of companions.
    #[default = 1]
    #[schemars(range(min = 1, max = 9))]
    pub companions: usize,
    /// What describes each orbit.
    pub basis: Basis,
    /// Epoch that tau counts from. Or a Julian date.
    #[default = 58849.0]
    #[schemars(extend("unit" = "MJD"))]
    pub tau_ref_epoch: f64,
    /// Whether the masses of companions are fitted. m1, m2 .. and the star's m0, in solar masses, in place of mtot.
    pub companion_masses: bool,
    /// How the star's velocity changes beside its orbits.
    pub trend: Trend,
    /// Whether each instrument of velocities has a jitter. Its sigma_INSTRUMENT is added to the errors in quadrature.
    #[default = true]
    pub jitter: bool,
    /// Epoch that the trend counts from. Or a Julian date; left out: the middle between the star's first and last velocity.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("unit" = "MJD"), example = 56000.0)]
    pub time_base: Option<f64>,
    /// How bodies move.
    pub dynamics: Dynamics,
}

/// What describes an orbit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Basis {
    /// By sma ecc inc aop pan tau of each, plx and masses, as orbitize's `Standard`. Semi-major axis (au), eccentricity, inclination, argument
    /// of periastron of the companion, position angle of the ascending node (radians), and tau, the time of periastron after `tau_ref_epoch`
    /// as a share of the period.
    #[default]
    Sma,
    /// By per tc secosw sesinw k of each, as radvel. Period (days), time of conjunction, sqrt(e) cos omega and sqrt(e) sin omega with the
    /// star's omega, semi-amplitude of the star's velocity (m/s).
    Period,
}

/// How the star's velocity changes beside its orbits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Trend {
    /// It does not.
    #[default]
    None,
    /// By dvdt (t - time_base).
    Linear,
    /// By dvdt (t - time_base) + curv (t - time_base)^2.
    Quadratic,
}

/// How bodies move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Dynamics {
    /// Each companion on an ellipse of its own.
    #[default]
    Kepler,
    /// All bodies pull on all.
    Nbody,
}

/// `[priors]`: a prior for each name, in the order written.
///
/// Kept as TOML until [`Fit::new`](super::Fit::new) knows the names that there are, so that errors name the key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PriorsSection(pub(super) Table);

impl FromStr for PriorsSection {
    type Err = Error;

    /// The priors of such lines as `plx = { normal = [56.95, 0.26] }`.
    fn from_str(text: &str) -> Result<Self> {
        let table = text.parse().map_err(|error: toml::de::Error| Error::input("priors", error.message()))?;
        Ok(PriorsSection(table))
    }
}
