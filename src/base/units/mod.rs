//! Units of a run: what the numbers 1 of length, time and mass mean.
//!
//! A parameter file's `[units]` section names a preset, or gives length, time and mass. From these follow the
//! gravitational constant, the speed of light and what analysis tools want to know. All numbers inside a run are in
//! these units; only durations may be written with a unit of their own (`until = "100 yr"`).
//!
//! Masses are known in astronomy through G m far better than in kilograms, so a mass unit is kept as its G m:
//! the gravitational constant in au, days and solar masses is good to ten digits though G itself is known to five.
//!
//! Values: astronomical unit IAU 2012 B2 (exact), parsec IAU 2015 B2 (exact), G M of Sun, Earth and Jupiter IAU 2015 B3
//! (nominal), G CODATA 2018, speed of light SI (exact), Julian year of 365.25 days of 86400 s.

mod quantity;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use quantity::Quantity;
pub(crate) use quantity::{AU, DAY, GM_SUN};
#[cfg(feature = "plot")]
pub(crate) use quantity::{Dimension, unit_of_name};
use quantity::{GRAVITY_SI, LENGTHS, MASSES, PARSEC, TIMES, convert, lookup, name, split, unknown};

use crate::{Error, Result};

/// The speed of light, m/s.
const LIGHT_SI: f64 = 299_792_458.0;

/// A ready-made set of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum Preset {
    /// Astronomical units and days. The mass of a body is its G m in au³/day², so that G = 1.
    #[serde(rename = "au-day-gm")]
    AuDayGm,
    /// G = 1, no physical scale. Those of Heggie & Mathieu 1986 where total mass and virial radius are 1.
    #[serde(rename = "nbody")]
    Nbody,
    /// Metres, seconds, kilograms.
    #[serde(rename = "si")]
    Si,
    /// Kiloparsecs, km/s and 10¹⁰ solar masses. The habit of galaxy codes.
    #[serde(rename = "kpc-kms-1e10msun")]
    KpcKms,
}

/// The `[units]` section as written: a preset, or length, time and mass.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitsSection {
    /// Ready-made set of units. By default nbody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["nbody"]))]
    pub preset: Option<Preset>,
    /// Unit of length. A number of metres, or "km", "au", "pc", "kpc".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["au"]))]
    pub length: Option<Quantity>,
    /// Unit of time. A number of seconds, or "day", "yr", "Myr".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["yr"]))]
    pub time: Option<Quantity>,
    /// Unit of mass. A number of kilograms, or "Msun", "Mearth".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["Msun"]))]
    pub mass: Option<Quantity>,
}

/// The units of a run; by default N-body units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "UnitsSection", into = "UnitsSection")]
pub struct Units {
    section: UnitsSection,
    /// Length, time and mass for labels; empty without a physical scale.
    names: [String; 3],
    /// Metres, seconds, and G m in m³/s²; none without a physical scale.
    scale: Option<[f64; 3]>,
    gravity: f64,
}

impl Default for Units {
    fn default() -> Self {
        Units::preset(Preset::Nbody)
    }
}

impl From<Units> for UnitsSection {
    fn from(units: Units) -> Self {
        units.section
    }
}

impl TryFrom<UnitsSection> for Units {
    type Error = String;

    fn try_from(section: UnitsSection) -> std::result::Result<Self, String> {
        match (section.preset, &section.length, &section.time, &section.mass) {
            (Some(preset), None, None, None) => Ok(Units::preset(preset)),
            (Some(_), ..) => Err("`preset` stands beside `length`, `time` or `mass`: give the preset alone, or all \
                                  three without it"
                .into()),
            (None, Some(length), Some(time), Some(mass)) => {
                let scale = [
                    convert("length", length, &LENGTHS, 1.0)?,
                    convert("time", time, &TIMES, 1.0)?,
                    convert("mass", mass, &MASSES, GRAVITY_SI)?,
                ];
                let names = [name(length, "m"), name(time, "s"), name(mass, "kg")];
                Ok(Units { names, gravity: gravity(scale), scale: Some(scale), section })
            }
            (None, None, None, None) => Ok(Units::default()),
            (None, length, time, mass) => {
                let given = [("length", length), ("time", time), ("mass", mass)];
                let missing: Vec<_> = given.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| *key).collect();
                Err(format!(
                    "`{}` missing: give `length`, `time` and `mass`, or a `preset` alone",
                    missing.join("` and `")
                ))
            }
        }
    }
}

impl Units {
    /// Ready-made set of units. By default nbody.
    pub fn preset(preset: Preset) -> Self {
        let (names, scale) = match preset {
            Preset::AuDayGm => (["au", "day", "au^3/day^2 (G m)"], Some([AU, DAY, AU * AU * AU / (DAY * DAY)])),
            Preset::Nbody => (["", "", ""], None),
            Preset::Si => (["m", "s", "kg"], Some([1.0, 1.0, GRAVITY_SI])),
            Preset::KpcKms => (["kpc", "kpc/(km/s)", "1e10 Msun"], Some([1e3 * PARSEC, PARSEC, 1e10 * GM_SUN])),
        };
        // Exactly 1 where masses are G m, whatever rounding makes of the product.
        let gravity = if preset == Preset::AuDayGm { 1.0 } else { scale.map_or(1.0, gravity) };
        let section = UnitsSection { preset: Some(preset), ..UnitsSection::default() };
        Units { section, names: names.map(String::from), scale, gravity }
    }

    /// The units that a section describes.
    ///
    /// # Errors
    /// A preset together with others, one of length, time and mass without the rest, an unknown unit, a unit that is
    /// not a positive finite number.
    pub fn new(section: UnitsSection) -> Result<Self> {
        Units::try_from(section).map_err(|reason| Error::input("units", reason))
    }

    /// The gravitational constant, length³ mass⁻¹ time⁻².
    pub fn gravity(&self) -> f64 {
        self.gravity
    }

    /// The speed of light, length/time; none where units have no physical scale.
    pub fn speed_of_light(&self) -> Option<f64> {
        self.scale.map(|[length, time, _]| LIGHT_SI * time / length)
    }

    /// The unit of length in cm; 1 without a physical scale.
    pub fn length_cm(&self) -> f64 {
        self.scale.map_or(1.0, |[length, ..]| 100.0 * length)
    }

    /// The unit of time in s; 1 without a physical scale.
    pub fn time_s(&self) -> f64 {
        self.scale.map_or(1.0, |[_, time, _]| time)
    }

    /// The unit of mass in g; 1 without a physical scale.
    pub fn mass_g(&self) -> f64 {
        self.scale.map_or(1.0, |[.., gm]| 1e3 * gm / GRAVITY_SI)
    }

    /// The unit of velocity in cm/s; 1 without a physical scale.
    pub fn velocity_cm_per_s(&self) -> f64 {
        self.length_cm() / self.time_s()
    }

    /// An astronomical unit, a day and a solar mass in these units; none without a physical scale.
    pub fn au_day_solar_mass(&self) -> Option<[f64; 3]> {
        self.scale.map(|[length, time, mass]| [AU / length, DAY / time, GM_SUN / mass])
    }

    /// The unit of length for labels, such as "au"; empty without a physical scale.
    pub fn length_name(&self) -> &str {
        &self.names[0]
    }

    /// The unit of time for labels, such as "day"; empty without a physical scale.
    pub fn time_name(&self) -> &str {
        &self.names[1]
    }

    /// The unit of mass for labels, such as "Msun"; empty without a physical scale.
    pub fn mass_name(&self) -> &str {
        &self.names[2]
    }

    /// The unit of velocity for labels, such as "au/day"; empty without a physical scale.
    pub fn velocity_name(&self) -> String {
        if self.length_name().is_empty() {
            String::new()
        } else {
            format!("{}/{}", self.length_name(), self.time_name())
        }
    }

    /// A duration in code units: a plain number is one already, text such as "100 yr" is converted.
    /// `place` names the parameter in errors.
    ///
    /// # Errors
    /// An unknown unit of time, not a finite number, or a unit where the run's units have no physical scale.
    pub fn duration(&self, place: &str, value: &Quantity) -> Result<f64> {
        let fail = |reason| Err(Error::input(place, reason));
        let (number, unit) = split(value);
        if !number.is_finite() {
            return fail(format!("\"{value}\" is not a duration: give a number or such as \"100 yr\""));
        }
        match (unit, self.scale) {
            ("", _) => Ok(number),
            (_, None) if lookup(unit, &TIMES).is_none() => {
                fail(format!("\"{value}\" is not a duration: {}", unknown("time", unit, &TIMES)))
            }
            (_, None) => fail(format!(
                "\"{value}\" has a unit, but N-body units have no physical scale: give a number alone, or choose \
                 [units] with a scale, such as preset = \"au-day-gm\""
            )),
            (unit, Some([_, time, _])) => match lookup(unit, &TIMES) {
                Some(seconds) if seconds == time => Ok(number),
                Some(seconds) => Ok(number * seconds / time),
                None => fail(format!("\"{value}\": {}", unknown("time", unit, &TIMES))),
            },
        }
    }
}

/// G in the given units: the G m of the unit of mass, in units of length³/time².
fn gravity([length, time, gm]: [f64; 3]) -> f64 {
    gm / length * (time / length) * (time / length)
}

#[cfg(test)]
mod tests;
