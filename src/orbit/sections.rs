//! The sections of a parameter file that say what is fitted: `[data]`, `[orbit]` and `[priors]`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::Table;

use super::observations::Format;

/// The commented defaults of these sections, as `divisi list` shows them.
pub const PARAMETERS: &str = r#"[data]
files = ["GJ504.csv"]    # measured values, beside this file
format = "auto"          # or "orbitize", "radvel"; auto: as each file's header says

[orbit]
companions = 1           # how many, 1 to 9
basis = "sma"            # sma ecc inc aop pan tau of each, plx and masses; or "period": per tc secosw sesinw k of each
tau_ref_epoch = 58849.0  # the epoch that tau counts from, modified Julian date
companion_masses = false # fit m1, m2 .. and m0, the star's mass (Msun), in place of mtot
trend = "none"           # of the star's velocity: "linear" adds dvdt, "quadratic" also curv
jitter = true            # a sigma_INSTRUMENT for each instrument of velocities, added to its errors in quadrature
time_base = 56000.0      # the epoch that the trend counts from (date); left out: the middle of the star's velocities
dynamics = "kepler"      # or "nbody": companions pull on each other

[priors]                 # a number: known; { uniform = [0, 1] }, { log_uniform = [1e-3, 1e4] }, "sine", { normal = [1.2, 0.1] },
plx = { normal = [56.95, 0.26] }    # { truncated_normal = [1.2, 0.1, 1, 1.4] }, { half_normal = 3 }, { linear = [-1, 1] }
mtot = { normal = [1.22, 0.08] }
"#;

/// `[data]`: what was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSection {
    /// The files; relative ones start at the parameter file's folder.
    pub files: Vec<PathBuf>,
    /// How they are laid out.
    #[serde(default)]
    pub format: Format,
}

/// `[orbit]`: the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OrbitSection {
    /// How many companions, 1 to 9.
    pub companions: usize,
    /// What describes each orbit.
    pub basis: Basis,
    /// The epoch that tau counts from, modified Julian date (or Julian date).
    pub tau_ref_epoch: f64,
    /// Whether the masses of companions are parameters.
    pub companion_masses: bool,
    /// How the star's velocity changes beside its orbits.
    pub trend: Trend,
    /// Whether each instrument of velocities has a jitter.
    pub jitter: bool,
    /// The epoch that the trend counts from, modified Julian date (or Julian date); by default the middle between the star's first and
    /// last velocity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_base: Option<f64>,
    /// How bodies move.
    pub dynamics: Dynamics,
}

impl Default for OrbitSection {
    fn default() -> Self {
        OrbitSection {
            companions: 1,
            basis: Basis::Sma,
            tau_ref_epoch: 58849.0,
            companion_masses: false,
            trend: Trend::None,
            jitter: true,
            time_base: None,
            dynamics: Dynamics::Kepler,
        }
    }
}

/// What describes an orbit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// orbitize's `Standard`: semi-major axis (au), eccentricity, inclination, argument of periastron of the companion, position angle of
    /// the ascending node (radians), and tau, the time of periastron after `tau_ref_epoch` as a share of the period.
    #[default]
    Sma,
    /// radvel's `per tc secosw sesinw k`: period (days), time of conjunction, sqrt(e) cos omega and sqrt(e) sin omega with the star's omega,
    /// semi-amplitude of the star's velocity.
    Period,
}

/// How the star's velocity changes beside its orbits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// Not.
    #[default]
    None,
    /// By dvdt (t - time_base).
    Linear,
    /// By dvdt (t - time_base) + curv (t - time_base)^2.
    Quadratic,
}

/// How bodies move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dynamics {
    /// Each companion on an ellipse of its own.
    #[default]
    Kepler,
    /// All pull on all.
    Nbody,
}

/// `[priors]`: a prior for each name, in the order written.
///
/// Kept as TOML until [`Fit::new`](super::Fit::new) knows the names that there are, so that errors name the key.
pub type PriorsSection = Table;
