//! The section `[initial]`: where the bodies of a run come from.

use std::collections::BTreeMap;
use std::path::Path;

use divisi::gravity::initial::{
    ColdSphere, FitPoint, InitialBody, Model, Plummer, figure_of_eight, kepler_pair, pythagorean, read_elements,
    read_states,
};
use divisi::units::Units;
use divisi::{Error, Result};
use serde::{Deserialize, Serialize};

/// The epoch from which tau counts where nothing is said, MJD: 2020-01-01.
const TAU_REF_EPOCH: f64 = 58849.0;

/// `[initial]`: where the bodies come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "InitialSection", into = "InitialSection")]
pub enum Initial {
    /// A table of Cartesian states.
    Csv { file: String },
    /// A table of orbital elements.
    Elements { file: String },
    /// A star and its companions, by the parameters of an orbit fit.
    Orbits { orbits: BTreeMap<String, f64>, epoch: Option<f64>, tau_ref_epoch: f64 },
    /// HDF5 with the layout of GADGET.
    Gadget { file: String },
    /// A Plummer sphere.
    Plummer { n: u64, mass: f64, virial_radius: f64, truncation: Option<f64> },
    /// A uniform sphere at rest.
    ColdSphere { n: u64, mass: f64, radius: f64 },
    /// Two bodies on an ellipse.
    Kepler { masses: [f64; 2], a: f64, e: f64 },
    /// Three bodies on a figure of eight.
    FigureEight,
    /// Burrau's problem.
    Pythagorean,
}

/// Which of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Csv,
    Elements,
    Orbits,
    Gadget,
    Plummer,
    ColdSphere,
    Kepler,
    FigureEight,
    Pythagorean,
}

/// `[initial]` as written.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InitialSection {
    kind: Kind,
    file: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    orbits: BTreeMap<String, f64>,
    epoch: Option<f64>,
    tau_ref_epoch: Option<f64>,
    n: Option<u64>,
    mass: Option<f64>,
    virial_radius: Option<f64>,
    truncation: Option<f64>,
    radius: Option<f64>,
    masses: Option<[f64; 2]>,
    a: Option<f64>,
    e: Option<f64>,
}

impl InitialSection {
    /// The keys that are there though their kind doesn't take them.
    fn surplus(&self) -> Vec<&'static str> {
        let given = [
            ("file", self.file.is_some()),
            ("orbits", !self.orbits.is_empty()),
            ("epoch", self.epoch.is_some()),
            ("tau_ref_epoch", self.tau_ref_epoch.is_some()),
            ("n", self.n.is_some()),
            ("mass", self.mass.is_some()),
            ("virial_radius", self.virial_radius.is_some()),
            ("truncation", self.truncation.is_some()),
            ("radius", self.radius.is_some()),
            ("masses", self.masses.is_some()),
            ("a", self.a.is_some()),
            ("e", self.e.is_some()),
        ];
        let taken: &[&str] = match self.kind {
            Kind::Csv | Kind::Elements | Kind::Gadget => &["file"],
            Kind::Orbits => &["orbits", "epoch", "tau_ref_epoch"],
            Kind::Plummer => &["n", "mass", "virial_radius", "truncation"],
            Kind::ColdSphere => &["n", "mass", "radius"],
            Kind::Kepler => &["masses", "a", "e"],
            Kind::FigureEight | Kind::Pythagorean => &[],
        };
        given.into_iter().filter(|(key, there)| *there && !taken.contains(key)).map(|(key, _)| key).collect()
    }
}

impl TryFrom<InitialSection> for Initial {
    type Error = String;

    fn try_from(section: InitialSection) -> std::result::Result<Self, String> {
        let kind = section.kind;
        if let Some(key) = section.surplus().first() {
            return Err(format!("`{key}` doesn't go with this `kind`"));
        }
        let file =
            || section.file.clone().ok_or_else(|| "`file` is missing: this `kind` is read from a file".to_string());
        Ok(match kind {
            Kind::Csv => Initial::Csv { file: file()? },
            Kind::Elements => Initial::Elements { file: file()? },
            Kind::Orbits => Initial::Orbits {
                orbits: section.orbits,
                epoch: section.epoch,
                tau_ref_epoch: section.tau_ref_epoch.unwrap_or(TAU_REF_EPOCH),
            },
            Kind::Gadget => Initial::Gadget { file: file()? },
            Kind::Plummer => Initial::Plummer {
                n: section.n.unwrap_or(1000),
                mass: section.mass.unwrap_or(1.0),
                virial_radius: section.virial_radius.unwrap_or(1.0),
                truncation: section.truncation,
            },
            Kind::ColdSphere => Initial::ColdSphere {
                n: section.n.unwrap_or(1024),
                mass: section.mass.unwrap_or(1.0),
                radius: section.radius.unwrap_or(3.0),
            },
            Kind::Kepler => Initial::Kepler {
                masses: section.masses.unwrap_or([0.5, 0.5]),
                a: section.a.unwrap_or(1.0),
                e: section.e.unwrap_or(0.0),
            },
            Kind::FigureEight => Initial::FigureEight,
            Kind::Pythagorean => Initial::Pythagorean,
        })
    }
}

impl From<Initial> for InitialSection {
    fn from(initial: Initial) -> Self {
        let empty = InitialSection::default;
        match initial {
            Initial::Csv { file } => InitialSection { kind: Kind::Csv, file: Some(file), ..empty() },
            Initial::Elements { file } => InitialSection { kind: Kind::Elements, file: Some(file), ..empty() },
            Initial::Orbits { orbits, epoch, tau_ref_epoch } => {
                InitialSection { kind: Kind::Orbits, orbits, epoch, tau_ref_epoch: Some(tau_ref_epoch), ..empty() }
            }
            Initial::Gadget { file } => InitialSection { kind: Kind::Gadget, file: Some(file), ..empty() },
            Initial::Plummer { n, mass, virial_radius, truncation } => InitialSection {
                kind: Kind::Plummer,
                n: Some(n),
                mass: Some(mass),
                virial_radius: Some(virial_radius),
                truncation,
                ..empty()
            },
            Initial::ColdSphere { n, mass, radius } => {
                InitialSection { kind: Kind::ColdSphere, n: Some(n), mass: Some(mass), radius: Some(radius), ..empty() }
            }
            Initial::Kepler { masses, a, e } => {
                InitialSection { kind: Kind::Kepler, masses: Some(masses), a: Some(a), e: Some(e), ..empty() }
            }
            Initial::FigureEight => InitialSection { kind: Kind::FigureEight, ..empty() },
            Initial::Pythagorean => InitialSection { kind: Kind::Pythagorean, ..empty() },
        }
    }
}

impl Initial {
    /// The bodies; files are looked for in `folder`, and `read_gadget` reads one with the layout of GADGET.
    ///
    /// # Errors
    /// Files that can't be used, values that make no bodies, a problem that needs G = 1 in other units.
    pub fn model(
        &self,
        folder: &Path,
        units: &Units,
        seed: u64,
        read_gadget: impl FnOnce(&Path) -> Result<Model>,
    ) -> Result<Model> {
        let gravity = units.gravity();
        match *self {
            Initial::Csv { ref file } => Ok(Model::List(read_states(&folder.join(file), gravity)?)),
            Initial::Elements { ref file } => Ok(Model::List(read_elements(&folder.join(file), gravity)?)),
            Initial::Orbits { ref orbits, epoch, tau_ref_epoch } => {
                FitPoint { parameters: orbits, epoch, tau_ref_epoch }.bodies(units).map(Model::List)
            }
            Initial::Gadget { ref file } => read_gadget(&folder.join(file)),
            Initial::Plummer { n, mass, virial_radius, truncation } => {
                let sphere = Plummer { n, seed, gravity, mass, virial_radius, truncation };
                sphere.validate().map(|()| Model::Plummer(sphere))
            }
            Initial::ColdSphere { n, mass, radius } => {
                let sphere = ColdSphere { n, seed, mass, radius };
                sphere.validate().map(|()| Model::ColdSphere(sphere))
            }
            Initial::Kepler { masses, a, e } => kepler_pair(gravity, masses, a, e).map(Model::List),
            Initial::FigureEight => needs_unit_gravity(gravity, figure_of_eight),
            Initial::Pythagorean => needs_unit_gravity(gravity, pythagorean),
        }
    }
}

fn needs_unit_gravity(gravity: f64, bodies: fn() -> Vec<InitialBody>) -> Result<Model> {
    if gravity == 1.0 {
        Ok(Model::List(bodies()))
    } else {
        Err(Error::input("initial.kind", "this problem is for G = 1: choose units.preset = \"nbody\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> std::result::Result<Initial, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| error.message().to_string())
    }

    #[test]
    fn defaults_are_filled_in_and_written_back() {
        let sphere = read("kind = 'cold_sphere'").unwrap();
        assert_eq!(sphere, Initial::ColdSphere { n: 1024, mass: 1.0, radius: 3.0 });
        assert_eq!(toml::to_string(&sphere).unwrap(), "kind = \"cold_sphere\"\nn = 1024\nmass = 1.0\nradius = 3.0\n");
        for text in [
            "kind = 'csv'\nfile = 'a.csv'",
            "kind = 'plummer'\ntruncation = 3.0",
            "kind = 'orbits'\nepoch = 59000.5\n[orbits]\nm0 = 1\nsma1 = 5.5",
            "kind = 'kepler'",
            "kind = 'pythagorean'",
        ] {
            let initial = read(text).unwrap();
            assert_eq!(read(&toml::to_string(&initial).unwrap()).unwrap(), initial);
        }
    }

    #[test]
    fn what_does_not_go_with_the_kind_is_refused() {
        assert_eq!(read("kind = 'csv'\nfile = 'a.csv'\nn = 3").unwrap_err(), "`n` doesn't go with this `kind`");
        assert!(read("kind = 'csv'").unwrap_err().starts_with("`file` is missing"));
        assert!(read("kind = 'plumer'").unwrap_err().contains("unknown variant `plumer`"));
        assert!(read("kind = 'plummer'\nm = 3").unwrap_err().contains("unknown field `m`"));
    }

    #[test]
    fn models_check_their_values_and_units() {
        let model = |text: &str, units: &Units| {
            let no_gadget = |path: &Path| Err(Error::input(path.display().to_string(), "asked for"));
            read(text).unwrap().model(Path::new("folder"), units, 1, no_gadget)
        };
        let message = |text: &str, units: &Units| model(text, units).unwrap_err().to_string();
        let (plain, si) = (Units::default(), Units::preset(divisi::units::Preset::Si));
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
