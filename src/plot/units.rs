//! The units in which a picture shows its numbers: the run's own, or those that are asked for.
//!
//! A label of a snapshot (`kg/m^3`) is known by its dimensions: it is that of one of the products of length, time and mass that
//! simulations write. Runs without a physical scale have no units to convert.

use crate::base::units::{Dimension, unit_of_name};
use crate::io::Reader;
use crate::{Error, Result};

/// The dimensions that labels may have: powers of mass, length and time.
const DIMENSIONS: [[i32; 3]; 12] = [
    [0, 1, 0],
    [0, 2, 0],
    [0, 3, 0],
    [0, 0, 1],
    [0, 0, -1],
    [1, 0, 0],
    [0, 1, -1],
    [0, 1, -2],
    [1, -3, 0],
    [1, -2, 0],
    [1, -1, -2],
    [1, 2, -2],
];

/// A unit by its size, in cgs, and its name.
#[derive(Clone, Debug, Default, PartialEq)]
struct Unit {
    size: f64,
    name: String,
}

/// The units of a file's numbers, and those in which they are shown: mass, length, time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Units {
    own: [Unit; 3],
    shown: [Unit; 3],
}

impl Units {
    /// Those of a file, and in their place those that are asked for by name.
    ///
    /// # Errors
    /// An unknown unit; any, where the file's numbers have no physical scale.
    pub(super) fn of(reader: &Reader, asked: &[String]) -> Result<Self> {
        let own = [("Mass", "UnitMass_in_g"), ("Length", "UnitLength_in_cm"), ("Time", "UnitTime_in_s")].map(
            |(name, size)| Unit {
                size: reader.attribute("Units", size).unwrap_or(1.0),
                name: reader.text("Units", name).unwrap_or_default(),
            },
        );
        let mut shown = own.clone();
        for name in asked {
            let (dimension, size) = unit_of_name(name).map_err(|reason| Error::input("--units", reason))?;
            if own[1].name.is_empty() {
                return Err(Error::input("--units", "the run's numbers have no physical scale to be converted from"));
            }
            let (place, size) = match dimension {
                Dimension::Mass => (0, 1e3 * size),
                Dimension::Length => (1, 100.0 * size),
                Dimension::Time => (2, size),
            };
            shown[place] = Unit { size, name: name.clone() };
        }
        Ok(Units { own, shown })
    }

    /// By what lengths are multiplied, and their label.
    pub(super) fn length(&self) -> (f64, &str) {
        (self.own[1].size / self.shown[1].size, &self.shown[1].name)
    }

    /// The same of times.
    pub(super) fn time(&self) -> (f64, &str) {
        (self.own[2].size / self.shown[2].size, &self.shown[2].name)
    }

    /// The same of masses.
    pub(super) fn mass(&self) -> (f64, &str) {
        (self.own[0].size / self.shown[0].size, &self.shown[0].name)
    }

    /// The same of what has this label. Labels that aren't known stay as they are.
    pub(super) fn of_label(&self, label: &str) -> (f64, String) {
        let known = DIMENSIONS.into_iter().find(|powers| !label.is_empty() && written(&self.own, *powers) == label);
        let Some(powers) = known.filter(|_| self.own != self.shown) else { return (1.0, label.to_owned()) };
        let factors = (0..3).map(|place| (self.own[place].size / self.shown[place].size).powi(powers[place]));
        (factors.product(), written(&self.shown, powers))
    }
}

/// A product of powers as snapshots write it: `kg/m/s^2`.
fn written(units: &[Unit; 3], powers: [i32; 3]) -> String {
    let power = |place: usize, power: i32| match power {
        1 => units[place].name.clone(),
        power => format!("{}^{power}", units[place].name),
    };
    let above: Vec<String> =
        (0..3).filter(|&place| powers[place] > 0).map(|place| power(place, powers[place])).collect();
    let below = (0..3).filter(|&place| powers[place] < 0).map(|place| format!("/{}", power(place, -powers[place])));
    let above = if above.is_empty() { "1".to_owned() } else { above.join(" ") };
    above + &below.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(size: f64, name: &str) -> Unit {
        Unit { size, name: name.to_owned() }
    }

    #[test]
    fn numbers_are_converted_by_the_dimensions_of_their_label() {
        let own = [unit(1e3, "kg"), unit(100.0, "m"), unit(1.0, "s")];
        let mut shown = own.clone();
        shown[1] = unit(1e5, "km");
        let units = Units { own, shown };
        assert_eq!(units.length(), (1e-3, "km"));
        let (factor, label) = units.of_label("kg/m^3");
        assert!((factor / 1e9 - 1.0).abs() < 1e-12 && label == "kg/km^3", "{factor} {label}");
        assert_eq!(units.of_label("m/s"), (1e-3, "km/s".to_owned()));
        assert_eq!(units.of_label("kg/m/s^2").1, "kg/km/s^2");
        assert_eq!(units.of_label("K"), (1.0, "K".to_owned()));
        assert_eq!(units.of_label(""), (1.0, String::new()));
    }
}
