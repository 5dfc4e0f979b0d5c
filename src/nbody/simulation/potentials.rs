//! The sections `[potentials.NAME]`: external potentials from a parameter file, those that are built in and a program's own.

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml::Table;

use crate::base::config::{by_kind, positive, read_section, schema_of, schema_of_kind};
use crate::base::units::Units;
use crate::nbody::potential::{
    External, Isochrone, Logarithmic, MiyamotoNagai, Nfw, Point, Potential, PowerCutoff, milky_way_2014,
};
use crate::{Error, Result};

/// A kiloparsec in cm, and 1 km/s in cm/s.
const KPC: f64 = 3.085_677_581_491_367_3e21;
const KM_PER_S: f64 = 1e5;
/// The Sun's distance and speed of galpy's `MWPotential2014`, kpc and km/s.
const SUN: [f64; 2] = [8.0, 220.0];

/// The external potentials that a program's parameter files can name beside those that are built in.
pub trait Potentials: 'static {
    /// The name that `simulation = "..."` gives.
    const NAME: &'static str;
    /// The potentials.
    const ENTRIES: &'static [PotentialEntry];
}

/// No potentials but those that are built in: the simulation `nbody` of the program `divisi`.
pub struct BuiltIn;

impl Potentials for BuiltIn {
    const NAME: &'static str = "nbody";
    const ENTRIES: &'static [PotentialEntry] = &[];
}

/// A potential of a program's own: its kind, its parameters and how it is read.
#[derive(Clone, Copy)]
pub struct PotentialEntry {
    kind: &'static str,
    parameters: fn() -> Schema,
    read: fn(&str, Table) -> Result<External>,
}

impl PotentialEntry {
    /// The potential `T`, which a section with `kind = "..."` of this name describes: its fields are the section's other keys.
    pub const fn of<T: Potential + DeserializeOwned + JsonSchema + 'static>(kind: &'static str) -> Self {
        PotentialEntry { kind, parameters: schema_of::<T>, read: read_own::<T> }
    }

    /// What its section may hold.
    pub(super) fn schema(&self) -> Schema {
        schema_of_kind("kind", self.kind, &(self.parameters)())
    }
}

fn read_own<T: Potential + DeserializeOwned + 'static>(place: &str, keys: Table) -> Result<External> {
    let mut external = External::default();
    external.push(read_section::<T>(place, keys)?);
    Ok(external)
}

/// One of `[potentials]`: what pulls on the bodies, from the origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(tag = "kind")]
pub(super) enum Section {
    /// A point mass, or with softening a Plummer sphere.
    Point {
        /// Mass.
        #[schemars(extend("unit" = "mass"))]
        mass: f64,
        /// Scale radius.
        #[serde(default)]
        #[schemars(extend("unit" = "length"))]
        softening: f64,
    },
    /// Hénon's isochrone.
    Isochrone {
        /// Mass.
        #[schemars(extend("unit" = "mass"))]
        mass: f64,
        /// Scale radius.
        #[schemars(extend("unit" = "length"))]
        scale: f64,
    },
    /// A halo of Navarro, Frenk and White; `mass` is 4 pi rho_0 a^3, within 5.3 a.
    Nfw {
        /// Mass.
        #[schemars(extend("unit" = "mass"))]
        mass: f64,
        /// Scale radius a.
        #[schemars(extend("unit" = "length"))]
        scale: f64,
    },
    /// A density r^-slope exp(-(r/scale)^2), slope from 0 to below 2.
    PowerCutoff {
        /// Mass of all.
        #[schemars(extend("unit" = "mass"))]
        mass: f64,
        /// Radius of the cut-off.
        #[schemars(extend("unit" = "length"))]
        scale: f64,
        /// Slope.
        slope: f64,
    },
    /// The disc of Miyamoto and Nagai, in the plane of x and y.
    MiyamotoNagai {
        /// Mass.
        #[schemars(extend("unit" = "mass"))]
        mass: f64,
        /// Scale along the disc.
        #[schemars(extend("unit" = "length"))]
        scale: f64,
        /// Scale across the disc.
        #[schemars(extend("unit" = "length"))]
        height: f64,
    },
    /// A logarithmic halo with a core, whose speed is that of circles far out; axis ratios y/x and z/x of the potential.
    Logarithmic {
        /// Speed.
        #[schemars(extend("unit" = "length per time"))]
        speed: f64,
        /// Radius of the core.
        #[schemars(extend("unit" = "length"))]
        core: f64,
        /// Axis ratios.
        #[serde(default = "round")]
        ratios: [f64; 2],
    },
    /// The Milky Way of galpy (Bovy 2015): bulge, disc and halo; circular speed at a radius, by default 220 km/s at 8 kpc.
    MwPotential2014 {
        /// Radius.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(extend("unit" = "length"))]
        radius: Option<f64>,
        /// Speed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(extend("unit" = "length per time"))]
        speed: Option<f64>,
    },
}

fn round() -> [f64; 2] {
    [1.0; 2]
}

/// The potentials of the sections, which have names of their own; `entries` are those of the program beside the built-in ones.
///
/// # Errors
/// Unknown kinds and keys, values that make no potential, a scale in kiloparsecs where units have none.
pub(super) fn external(
    sections: &IndexMap<String, Table>,
    entries: &[PotentialEntry],
    units: &Units,
) -> Result<External> {
    let mut external = External::default();
    for (name, table) in sections {
        let place = format!("potentials.{name}");
        let kind = table.get("kind").and_then(toml::Value::as_str);
        match entries.iter().find(|entry| Some(entry.kind) == kind) {
            Some(entry) => {
                let keys = table.iter().filter(|(key, _)| *key != "kind");
                let keys = keys.map(|(key, value)| (key.clone(), value.clone())).collect();
                external.push((entry.read)(&place, keys)?);
            }
            None => by_kind::read::<Section>(&place, table.clone())?.add(&place, units, &mut external)?,
        }
    }
    Ok(external)
}

impl Section {
    fn add(&self, place: &str, units: &Units, external: &mut External) -> Result<()> {
        self.check(place)?;
        let gravity = units.gravity();
        match *self {
            Section::Point { mass, softening } => external.push(Point { gm: gravity * mass, softening }),
            Section::Isochrone { mass, scale } => external.push(Isochrone { gm: gravity * mass, scale }),
            Section::Nfw { mass, scale } => external.push(Nfw { gm: gravity * mass, scale }),
            Section::PowerCutoff { mass, scale, slope } => {
                external.push(PowerCutoff { gm: gravity * mass, scale, slope });
            }
            Section::MiyamotoNagai { mass, scale, height } => {
                external.push(MiyamotoNagai { gm: gravity * mass, scale, height });
            }
            Section::Logarithmic { speed, core, ratios } => external.push(Logarithmic { speed, core, ratios }),
            Section::MwPotential2014 { radius, speed } => {
                let [kpc, km_per_s] = astronomical(place, units, radius.is_some() && speed.is_some())?;
                let [sun, circular] = SUN;
                external.push(milky_way_2014(radius.unwrap_or(sun * kpc), speed.unwrap_or(circular * km_per_s)));
            }
        }
        Ok(())
    }

    /// Refuses values that make no potential.
    fn check(&self, place: &str) -> Result<()> {
        let check = |key: &str, value: f64, or_zero: bool| positive(&format!("{place}.{key}"), value, or_zero);
        match *self {
            Section::Point { mass, softening } => {
                check("mass", mass, false).and_then(|()| check("softening", softening, true))
            }
            Section::Isochrone { mass, scale } | Section::Nfw { mass, scale } => {
                check("mass", mass, false).and_then(|()| check("scale", scale, false))
            }
            Section::PowerCutoff { mass, scale, slope } => {
                check("mass", mass, false)?;
                check("scale", scale, false)?;
                if (0.0..2.0).contains(&slope) {
                    return Ok(());
                }
                let reason = format!("{slope} is not allowed: it must be at least 0 and below 2");
                Err(Error::input(format!("{place}.slope"), reason))
            }
            Section::MiyamotoNagai { mass, scale, height } => {
                check("mass", mass, false)?;
                check("scale", scale, true)?;
                check("height", height, false)
            }
            Section::Logarithmic { speed, core, ratios } => {
                check("speed", speed, false)?;
                check("core", core, false)?;
                ratios.iter().try_for_each(|&ratio| check("ratios", ratio, false))
            }
            Section::MwPotential2014 { radius, speed } => {
                radius.map_or(Ok(()), |radius| check("radius", radius, false))?;
                speed.map_or(Ok(()), |speed| check("speed", speed, false))
            }
        }
    }
}

/// A kiloparsec and 1 km/s in the run's units; what is all given in numbers needs none.
fn astronomical(place: &str, units: &Units, is_given: bool) -> Result<[f64; 2]> {
    if units.speed_of_light().is_none() && !is_given {
        let reason = "is in kiloparsecs and km/s, but these units have no physical scale: give radius and speed, or choose others in [units]";
        return Err(Error::input(place, reason));
    }
    Ok([KPC / units.length_cm(), KM_PER_S / units.velocity_cm_per_s()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::units::Preset;

    /// A potential of a program's own: a harmonic one.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Spring {
        /// The square of the frequency.
        stiffness: f64,
    }

    impl Potential for Spring {
        fn potential(&self, position: [f64; 3]) -> f64 {
            0.5 * self.stiffness * position.iter().map(|x| x * x).sum::<f64>()
        }
        fn acceleration(&self, position: [f64; 3]) -> [f64; 3] {
            position.map(|x| -self.stiffness * x)
        }
    }

    const OWN: [PotentialEntry; 1] = [PotentialEntry::of::<Spring>("spring")];

    fn read(text: &str, units: &Units) -> Result<External> {
        let table: Table = text.parse().unwrap();
        external(&table.try_into().unwrap(), &OWN, units)
    }

    #[test]
    fn sections_of_all_kinds_act_together() {
        let units = Units::default();
        let text = "
            a = { kind = 'point', mass = 2.0 }
            b = { kind = 'isochrone', mass = 1.0, scale = 2.0 }
            c = { kind = 'nfw', mass = 1.0, scale = 2.0 }
            d = { kind = 'power_cutoff', mass = 1.0, scale = 2.0, slope = 1.0 }
            e = { kind = 'miyamoto_nagai', mass = 1.0, scale = 2.0, height = 0.1 }
            f = { kind = 'logarithmic', speed = 1.0, core = 0.1 }
            g = { kind = 'mw_potential2014', radius = 1.0, speed = 1.0 }
            h = { kind = 'spring', stiffness = 3.0 }";
        let all = read(text, &units).unwrap();
        let place = [0.4, -0.5, 0.3];
        let alone = text.lines().filter(|line| line.contains('=')).map(|line| read(line, &units).unwrap());
        let sum = alone.map(|one| one.potential(place)).sum::<f64>();
        assert!((all.potential(place) - sum).abs() < 1e-14, "{sum}");
        assert_eq!(
            read("h = { kind = 'spring', stiffness = 3.0 }", &units).unwrap().acceleration(place)[0],
            -1.2000000000000002
        );
        assert!(read("", &units).unwrap().is_empty());
    }

    #[test]
    fn the_milky_way_is_in_the_units_of_the_run() {
        let text = "galaxy.kind = 'mw_potential2014'";
        let galaxy = read(text, &Units::preset(Preset::KpcKms)).unwrap();
        let speed = (-galaxy.acceleration([8.0, 0.0, 0.0])[0] * 8.0).sqrt();
        assert!((speed - 220.0).abs() < 1e-9, "{speed}");
        let refused = read(text, &Units::default()).unwrap_err().to_string();
        assert!(refused.starts_with("potentials.galaxy: is in kiloparsecs"), "{refused}");
    }

    #[test]
    fn what_makes_no_potential_is_named_by_its_key() {
        let message = |text: &str| read(text, &Units::default()).unwrap_err().to_string();
        assert_eq!(message("a.kind = 'nfv'"), "potentials.a.kind: there is no `nfv`; did you mean `nfw`?");
        assert!(
            message("a = { kind = 'nfw', mass = 1, scale = 0 }").starts_with("potentials.a.scale: 0 is not allowed")
        );
        assert_eq!(message("a = { kind = 'point' }"), "potentials.a: missing field `mass`");
        assert!(
            message("a = { kind = 'point', mas = 1 }").starts_with("potentials.a.mas: there is no parameter `mas`")
        );
        assert!(message("a = { kind = 'spring', mass = 1 }").starts_with("potentials.a.mass: there is no parameter"));
        let slope = message("a = { kind = 'power_cutoff', mass = 1, scale = 1, slope = 2 }");
        assert!(slope.starts_with("potentials.a.slope: 2 is not allowed"), "{slope}");
        assert!(message("a = { kind = 'miyamoto_nagai', mass = 1, scale = 1, height = 0 }").contains("a.height: 0"));
        assert!(
            message("a = { kind = 'logarithmic', speed = 1, core = 1, ratios = [1, -1] }").contains("a.ratios: -1")
        );
        assert!(message("a.mass = 1").starts_with("potentials.a: kind = \"...\" is missing"));
    }
}
