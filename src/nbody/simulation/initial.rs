//! The section `[initial]`: where the bodies of a run come from.

use std::collections::BTreeMap;
use std::path::Path;

use crate::base::units::Units;
use crate::nbody::BodyList;
use crate::nbody::initial::{FitPoint, Model, figure_of_eight, kepler_pair, pythagorean, read_elements, read_states};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::models::{ColdSphereSection, GalaxySection, KingSection, PlummerSection};
use super::parts::PartsSection;

/// `[initial]`: where the bodies come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(tag = "kind")]
pub enum Initial {
    /// Cartesian states from a table. Its columns: name, gm or mass, x, y, z, vx, vy, vz, in the run's units.
    Csv(FileSection),
    /// Orbital elements from a table. Its columns: name, gm or mass, a, e, inc, Omega, omega, M in degrees, about primary or, where there is none, the first body.
    Elements(FileSection),
    /// A star and its companions by the parameters of an orbit fit.
    Orbits(OrbitsSection),
    /// HDF5 with the layout of GADGET. A snapshot of this program, or initial conditions made for GADGET; also its binary formats 1 and 2.
    Gadget(FileSection),
    /// Plummer sphere in equilibrium.
    Plummer(PlummerSection),
    /// Uniform sphere at rest.
    ColdSphere(ColdSphereSection),
    /// King sphere, a cluster that ends at its tidal radius.
    King(KingSection),
    /// Disc galaxy in equilibrium, an exponential disc in a Hernquist halo.
    Galaxy(GalaxySection),
    /// Several models, each in its place; two of them may be on an orbit about each other.
    Parts(PartsSection),
    /// Two bodies on an ellipse. At periapsis, their barycentre at rest.
    Kepler(KeplerSection),
    /// Three equal masses that chase each other on a figure of eight. Needs units with G = 1.
    FigureEight {},
    /// Burrau's problem. Masses 3, 4 and 5 at rest at the corners of a right triangle; needs units with G = 1.
    Pythagorean {},
}

/// What is read from a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSection {
    /// File, relative to the parameter file.
    #[schemars(extend("examples" = ["bodies.csv"]))]
    pub file: String,
}

/// A star and its companions.
#[derive(Clone, Debug, SmartDefault, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OrbitsSection {
    /// Parameters by the names and in the units of orbit fits. In au, days, solar masses, radians and m/s: m0, m1, sma1, ecc1, inc1, aop1,
    /// pan1, tau1 and so on; also mtot, per1, secosw1 and sesinw1, tp1, tc1, k1.
    #[schemars(extend("examples" = [{
        "m0": 1.0, "m1": 1e-3, "sma1": 5.2, "ecc1": 0.05, "inc1": 0.0, "aop1": 0.0, "pan1": 0.0, "tau1": 0.5
    }]))]
    pub orbits: BTreeMap<String, f64>,
    /// When the bodies are there. Left out: `tau_ref_epoch`, or without tau the epoch of companion 1.
    #[schemars(extend("unit" = "day"), example = 58849.0)]
    pub epoch: Option<f64>,
    /// Epoch from which tau counts. The default is 2020-01-01.
    #[default = 58849.0]
    #[schemars(extend("unit" = "MJD"))]
    pub tau_ref_epoch: f64,
}

/// Two bodies on an ellipse.
#[derive(Clone, Debug, SmartDefault, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeplerSection {
    /// Masses of both bodies.
    #[default([0.5, 0.5])]
    #[schemars(extend("unit" = "mass"))]
    pub masses: [f64; 2],
    /// Semi-major axis of the relative orbit.
    #[default = 1.0]
    #[schemars(extend("unit" = "length"))]
    pub a: f64,
    /// Eccentricity.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub e: f64,
}

impl Initial {
    /// The bodies; files are looked for in `folder`, and `read_gadget` reads one with the layout of GADGET. `softening` is that of the forces.
    ///
    /// # Errors
    /// Files that can't be used, values that make no bodies, a problem that needs G = 1 in other units.
    pub fn model(
        &self,
        folder: &Path,
        units: &Units,
        seed: u64,
        softening: f64,
        read_gadget: impl FnOnce(&Path) -> Result<Model>,
    ) -> Result<Model> {
        let gravity = units.gravity();
        match self {
            Initial::Csv(FileSection { file }) => Ok(Model::List(read_states(&folder.join(file), gravity)?)),
            Initial::Elements(FileSection { file }) => Ok(Model::List(read_elements(&folder.join(file), gravity)?)),
            Initial::Orbits(OrbitsSection { orbits, epoch, tau_ref_epoch }) => {
                let point = FitPoint { parameters: orbits, epoch: *epoch, tau_ref_epoch: *tau_ref_epoch };
                point.bodies(units).map(Model::List)
            }
            Initial::Gadget(FileSection { file }) => read_gadget(&folder.join(file)),
            Initial::Plummer(section) => section.model(seed, gravity),
            Initial::ColdSphere(section) => section.model(seed),
            Initial::King(section) => section.model(seed, gravity),
            Initial::Galaxy(section) => section.model(seed, gravity, softening),
            Initial::Parts(section) => section.model(seed, gravity, softening),
            &Initial::Kepler(KeplerSection { masses, a, e }) => kepler_pair(gravity, masses, a, e).map(Model::List),
            Initial::FigureEight {} => needs_unit_gravity(gravity, figure_of_eight),
            Initial::Pythagorean {} => needs_unit_gravity(gravity, pythagorean),
        }
    }
}

fn needs_unit_gravity(gravity: f64, bodies: fn() -> BodyList) -> Result<Model> {
    if gravity == 1.0 {
        Ok(Model::List(bodies()))
    } else {
        Err(Error::input("initial.kind", "this problem is for G = 1: choose units.preset = \"nbody\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::by_kind;

    fn read(text: &str) -> std::result::Result<Initial, String> {
        by_kind::read("initial", text.parse().unwrap()).map_err(|error| error.to_string())
    }

    fn written(initial: &Initial) -> String {
        toml::to_string(&by_kind::table(initial).unwrap()).unwrap()
    }

    #[test]
    fn defaults_are_filled_in_and_written_back() {
        let sphere = read("kind = 'cold_sphere'").unwrap();
        assert_eq!(sphere, Initial::ColdSphere(ColdSphereSection { n: 1024, mass: 1.0, radius: 3.0 }));
        assert_eq!(written(&sphere), "kind = \"cold_sphere\"\nn = 1024\nmass = 1.0\nradius = 3.0\n");
        for text in [
            "kind = 'csv'\nfile = 'a.csv'",
            "kind = 'plummer'\ntruncation = 3.0",
            "kind = 'orbits'\nepoch = 59000.5\n[orbits]\nm0 = 1\nsma1 = 5.5",
            "kind = 'kepler'",
            "kind = 'pythagorean'",
        ] {
            let initial = read(text).unwrap();
            assert_eq!(read(&written(&initial)).unwrap(), initial);
        }
    }

    #[test]
    fn what_does_not_go_with_the_kind_is_refused() {
        let message = |text: &str| read(text).unwrap_err();
        assert_eq!(
            message("kind = 'csv'\nfile = 'a.csv'\nn = 3"),
            "initial.n: there is no parameter `n` here; known here: file"
        );
        assert_eq!(message("kind = 'figure_eight'\nn = 3"), "initial.n: there is no parameter `n` here");
        assert_eq!(message("kind = 'csv'"), "initial: missing field `file`");
        assert_eq!(message("kind = 'plumer'"), "initial.kind: there is no `plumer`; did you mean `plummer`?");
        assert!(message("n = 3").starts_with("initial: kind = \"...\" is missing: csv, elements"));
        assert!(message("kind = 'plummer'\nm = 3").starts_with("initial.m: there is no parameter `m` here"));
        assert_eq!(message("kind = 'plummer'\nn = 'many'"), "initial.n: invalid type: string \"many\", expected u64");
    }

    #[test]
    fn models_check_their_values_and_units() {
        let model = |text: &str, units: &Units| {
            let no_gadget = |path: &Path| Err(Error::input(path.display().to_string(), "asked for"));
            read(text).unwrap().model(Path::new("folder"), units, 1, 0.0, no_gadget)
        };
        let message = |text: &str, units: &Units| model(text, units).unwrap_err().to_string();
        let plain = Units::default();
        let si = Units::preset(crate::base::units::Preset::Si);
        assert_eq!(model("kind = 'figure_eight'", &plain).unwrap().count(), 3);
        assert!(message("kind = 'figure_eight'", &si).contains("is for G = 1"));
        assert!(message("kind = 'plummer'\nn = 0", &plain).starts_with("initial.n: 0"));
        assert!(message("kind = 'csv'\nfile = 'a.csv'", &plain).starts_with("folder/a.csv: cannot read"));
        assert_eq!(message("kind = 'gadget'\nfile = 'a.hdf5'", &plain), "folder/a.hdf5: asked for");
        assert!(message("kind = 'orbits'\n[orbits]\nm0 = 1", &si).starts_with("initial.orbits: has no companion"));
        let orbit = "m0 = 1\nm1 = 1e-3\nsma1 = 5\necc1 = 0\naop1 = 0\ninc1 = 0\npan1 = 0\ntau1 = 0";
        assert_eq!(model(&format!("kind = 'orbits'\n[orbits]\n{orbit}"), &si).unwrap().count(), 2);
    }
}
