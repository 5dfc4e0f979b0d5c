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

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Newton's constant, m³ kg⁻¹ s⁻² (CODATA 2018).
const GRAVITY_SI: f64 = 6.674_30e-11;
/// The speed of light, m/s.
const LIGHT_SI: f64 = 299_792_458.0;
/// Nominal G M of the Sun, m³/s² (IAU 2015 B3).
pub(crate) const GM_SUN: f64 = 1.327_124_4e20;
/// The astronomical unit, m (IAU 2012 B2).
pub(crate) const AU: f64 = 149_597_870_700.0;
const PARSEC: f64 = AU * 648_000.0 / std::f64::consts::PI;
/// A day, s.
pub(crate) const DAY: f64 = 86_400.0;
const YEAR: f64 = 365.25 * DAY;

/// Lengths in metres.
const LENGTHS: [(&str, f64); 7] =
    [("m", 1.0), ("cm", 0.01), ("km", 1e3), ("au", AU), ("pc", PARSEC), ("kpc", 1e3 * PARSEC), ("Mpc", 1e6 * PARSEC)];
/// Times in seconds.
const TIMES: [(&str, f64); 8] = [
    ("s", 1.0),
    ("min", 60.0),
    ("hour", 3600.0),
    ("day", DAY),
    ("yr", YEAR),
    ("kyr", 1e3 * YEAR),
    ("Myr", 1e6 * YEAR),
    ("Gyr", 1e9 * YEAR),
];
/// Other words for times.
const WORDS: [(&str, &str); 14] = [
    ("sec", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("minute", "min"),
    ("minutes", "min"),
    ("h", "hour"),
    ("hr", "hour"),
    ("hours", "hour"),
    ("d", "day"),
    ("days", "day"),
    ("year", "yr"),
    ("years", "yr"),
    ("yrs", "yr"),
    ("mins", "min"),
];
/// Masses as G m in m³/s².
const MASSES: [(&str, f64); 5] = [
    ("kg", GRAVITY_SI),
    ("g", 1e-3 * GRAVITY_SI),
    ("Msun", GM_SUN),
    ("Mearth", 3.986_004e14),
    ("Mjup", 1.266_865_3e17),
];

/// A number, or text with a number and its unit: `40.0`, `"40 day"`, `"au"` (one au).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number, or text with a unit such as \"100 yr\"")]
pub enum Quantity {
    /// A plain number: code units, or SI in the `[units]` section itself.
    Number(f64),
    /// A number and a unit, or a unit alone.
    Text(String),
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Quantity::Number(number) => write!(f, "{number}"),
            Quantity::Text(text) => f.write_str(text),
        }
    }
}

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

/// The number and the unit of 100.0, "100 yr", "100", "yr"; not a number where the text is neither.
fn split(value: &Quantity) -> (f64, &str) {
    let text = match value {
        Quantity::Number(number) => return (*number, ""),
        Quantity::Text(text) => text.trim(),
    };
    match text.split_once(char::is_whitespace) {
        Some((number, unit)) => (number.parse().unwrap_or(f64::NAN), unit.trim()),
        None => match text.parse() {
            Ok(number) => (number, ""),
            Err(_) if text.starts_with(|c: char| c.is_ascii_alphabetic()) => (1.0, text),
            Err(_) => (f64::NAN, ""),
        },
    }
}

/// The name of a unit that has other words, too.
fn usual(unit: &str) -> &str {
    WORDS.iter().find(|(word, _)| *word == unit).map_or(unit, |(_, name)| name)
}

fn lookup(unit: &str, table: &[(&str, f64)]) -> Option<f64> {
    let unit = usual(unit);
    table.iter().find(|(name, _)| *name == unit).map(|(_, value)| *value)
}

fn unknown(what: &str, unit: &str, table: &[(&str, f64)]) -> String {
    let names: Vec<_> = table.iter().map(|(name, _)| *name).collect();
    format!("\"{unit}\" is not a unit of {what}: known are {}", names.join(", "))
}

/// The size of a unit in SI (masses: G m); plain numbers count `plain` each.
fn convert(key: &str, value: &Quantity, table: &[(&str, f64)], plain: f64) -> std::result::Result<f64, String> {
    let (number, unit) = split(value);
    let size = match unit {
        "" => plain,
        unit => lookup(unit, table).ok_or_else(|| format!("`{key}`: {}", unknown(key, unit, table)))?,
    };
    if number > 0.0 && (number * size).is_finite() {
        Ok(number * size)
    } else {
        Err(format!("{key} = {value}: a unit of {key} is a positive finite number, or such as \"{}\"", table[2].0))
    }
}

fn name(value: &Quantity, si: &str) -> String {
    match value {
        Quantity::Number(1.0) => si.to_string(),
        Quantity::Number(number) => format!("{number:e} {si}"),
        Quantity::Text(text) => match text.trim().rsplit_once(char::is_whitespace) {
            Some((number, unit)) => format!("{number} {}", usual(unit)),
            None => usual(text.trim()).to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> std::result::Result<Units, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    fn text(units: &Units, value: &str) -> Result<f64> {
        units.duration("run.until", &Quantity::Text(value.to_string()))
    }

    fn close(a: f64, b: f64, relative: f64) {
        assert!((a - b).abs() <= relative * b.abs(), "{a} is not {b}");
    }

    #[test]
    fn gravity_is_exactly_one_in_gm_and_nbody_units() {
        assert_eq!(Units::preset(Preset::AuDayGm).gravity(), 1.0);
        assert_eq!(Units::default().gravity(), 1.0);
    }

    #[test]
    fn gravity_in_other_units_is_the_known_number() {
        // Gauss's constant squared, good to the difference between his and the nominal G M of the Sun.
        close(
            units("length = 'au'\ntime = 'day'\nmass = 'Msun'").unwrap().gravity(),
            0.017_202_098_95_f64.powi(2),
            1e-8,
        );
        close(units("length = 'pc'\ntime = 'Myr'\nmass = 'Msun'").unwrap().gravity(), 4.498_5e-3, 1e-4);
        close(Units::preset(Preset::KpcKms).gravity(), 43_009.17, 1e-6);
        assert_eq!(Units::preset(Preset::Si).gravity(), 6.674_30e-11);
        assert_eq!(units("length = 1.0\ntime = 1.0\nmass = 1.0").unwrap().gravity(), 6.674_30e-11);
    }

    #[test]
    fn light_and_cgs_sizes_follow_the_units() {
        let solar = Units::preset(Preset::AuDayGm);
        close(solar.speed_of_light().unwrap(), 173.144_632_674_240_3, 1e-15);
        close(solar.velocity_cm_per_s(), 1.731_456_836_8e8, 1e-10);
        close(solar.mass_g() * 2.959_122_082_841_196e-4, 1.988_4e33, 1e-4);
        close(Units::preset(Preset::KpcKms).velocity_cm_per_s(), 1e5, 1e-15);
        assert_eq!(Units::default().speed_of_light(), None);
    }

    #[test]
    fn durations_with_and_without_units_become_code_units() {
        let solar = Units::preset(Preset::AuDayGm);
        assert_eq!(text(&solar, "100 yr").unwrap(), 36_525.0);
        assert_eq!(solar.duration("run.until", &Quantity::Number(40.0)).unwrap(), 40.0);
        assert_eq!(text(&solar, " 40 ").unwrap(), 40.0);
        assert_eq!(text(&solar, "1e6 yr").unwrap(), 365.25e6);
        assert_eq!(text(&solar, "36525 day").unwrap(), 36_525.0);
        for words in ["100 years", "100 year", "100 yrs", "36525 days", "876600 h", "876600 hours", "52596000 minutes"]
        {
            assert_eq!(text(&solar, words).unwrap(), 36_525.0, "{words}");
        }
        assert_eq!(text(&solar, "864 seconds").unwrap(), text(&solar, "864 s").unwrap());
        assert_eq!(text(&Units::default(), "10").unwrap(), 10.0);
    }

    #[test]
    fn wrong_durations_say_what_is_wrong() {
        let message = |units: &Units, value: &str| text(units, value).unwrap_err().to_string();
        let solar = Units::preset(Preset::AuDayGm);
        assert!(message(&Units::default(), "100 yr").contains("no physical scale"));
        assert!(message(&solar, "100 weeks").contains("\"weeks\" is not a unit of time: known are s, min"));
        assert!(message(&solar, "100yr").contains("not a duration"));
        assert!(message(&solar, "a lot").contains("not a duration"));
        assert!(message(&solar, "nan").starts_with("run.until: \"nan\""));
    }

    #[test]
    fn mixed_incomplete_and_unknown_units_are_refused() {
        let message = |text| units(text).unwrap_err();
        assert!(message("preset = 'si'\nlength = 'au'").contains("preset alone"));
        assert!(message("length = 'au'\nmass = 'Msun'").contains("`time` missing"));
        assert!(message("length = 'au'").contains("`time` and `mass` missing"));
        assert!(message("length = 'parsec'\ntime = 's'\nmass = 'kg'").contains("known are m, cm, km, au"));
        assert!(message("length = -1.0\ntime = 's'\nmass = 'kg'").contains("positive finite"));
        assert!(message("preset = 'cgs'").contains("unknown variant"));
        assert_eq!(
            Units::new(UnitsSection { length: Some(Quantity::Number(1.0)), ..Default::default() })
                .unwrap_err()
                .status(),
            2
        );
    }

    #[test]
    fn other_words_for_a_unit_of_time_name_the_same_unit() {
        let of = |time: &str| units(&format!("length = 'au'\ntime = '{time}'\nmass = 'Msun'")).unwrap();
        for (word, name) in [("days", "day"), ("h", "hour"), ("2 years", "2 yr"), ("10  days", "10  day")] {
            assert_eq!((of(word).time_s(), of(word).time_name()), (of(name).time_s(), of(name).time_name()), "{word}");
        }
        assert!(units("length = 'days'\ntime = 's'\nmass = 'kg'").unwrap_err().contains("is not a unit of length"));
    }

    #[test]
    fn units_are_written_as_they_were_read() {
        for text in ["preset = \"au-day-gm\"\n", "length = \"au\"\ntime = 86400.0\nmass = \"1e3 Msun\"\n"] {
            assert_eq!(toml::to_string(&units(text).unwrap()).unwrap(), text);
        }
    }
}
