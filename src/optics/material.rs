//! Indices of refraction by wavelength: constants, Sellmeier's formula, tables of n and k.

use num_complex::Complex64;

use crate::{Error, Result};

/// What light goes through, or is reflected by.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Material {
    /// The same index at all wavelengths.
    Constant(Complex64),
    /// n^2 = 1 + sum of b w^2 / (w^2 - c) over the pairs (b, c), w the wavelength in micrometres (Sellmeier 1871), between two wavelengths.
    Sellmeier {
        /// The pairs (b, c), c in square micrometres.
        terms: Vec<[f64; 2]>,
        /// The shortest and the longest wavelength that it is for, micrometres.
        range: [f64; 2],
    },
    /// Rows of wavelength (micrometres), n and k, the shortest wavelength first; linear between them.
    Table(Vec<[f64; 3]>),
}

/// The materials that need no section of their own, by name.
pub const KNOWN: [&str; 11] =
    ["vacuum", "air", "N-BK7", "N-SF6", "N-SF11", "fused_silica", "CaF2", "MgF2", "silver", "aluminium", "gold"];

/// Sources: Schott's data sheets (2017); Malitson 1965, J. Opt. Soc. Am. 55, 1205 (fused silica); Malitson 1963, Appl. Opt. 2, 1103 (CaF2);
/// Dodge 1984, Appl. Opt. 23, 1980 (MgF2, ordinary ray): each with its b and c, c as a square of a length where the paper gives lengths.
type Glass = (&'static str, [f64; 2], [[f64; 2]; 3]);
const GLASSES: [Glass; 6] = [
    ("N-BK7", [0.3, 2.5], [[1.03961212, 0.00600069867], [0.231792344, 0.0200179144], [1.01046945, 103.560653]]),
    ("N-SF6", [0.37, 2.5], [[1.77931763, 0.0133714182], [0.338149866, 0.0617533621], [2.08734474, 174.01759]]),
    ("N-SF11", [0.37, 2.5], [[1.73759695, 0.013188707], [0.313747346, 0.0623068142], [1.89878101, 155.23629]]),
    ("fused_silica", [0.21, 6.7], [[0.6961663, sq(0.0684043)], [0.4079426, sq(0.1162414)], [0.8974794, sq(9.896161)]]),
    ("CaF2", [0.23, 9.7], [[0.5675888, sq(0.050263605)], [0.4710914, sq(0.1003909)], [3.8484723, sq(34.649040)]]),
    ("MgF2", [0.2, 7.0], [[0.48755108, sq(0.04338408)], [0.39875031, sq(0.09461442)], [2.3120353, sq(23.793604)]]),
];

const fn sq(x: f64) -> f64 {
    x * x
}

impl Material {
    /// The material of this name, if it is one of [`KNOWN`].
    pub fn named(name: &str) -> Option<Self> {
        let table = |text| Material::table(text).ok();
        match name {
            // Air's own dispersion is left out: indices of glasses are relative to air.
            "vacuum" | "air" => Some(Material::Constant(Complex64::new(1.0, 0.0))),
            "silver" => table(include_str!("materials/silver.csv")),
            "aluminium" => table(include_str!("materials/aluminium.csv")),
            "gold" => table(include_str!("materials/gold.csv")),
            _ => {
                let (_, range, terms) = GLASSES.iter().find(|(known, ..)| *known == name)?;
                Some(Material::Sellmeier { terms: terms.to_vec(), range: *range })
            }
        }
    }

    /// A table from text: lines of wavelength (micrometres), n and k between commas or blanks, after lines of names and of `#`.
    ///
    /// # Errors
    /// A line that is none of these, wavelengths that don't grow, fewer than two of them.
    pub fn table(text: &str) -> Result<Self> {
        let mut rows: Vec<[f64; 3]> = Vec::new();
        for (line, number) in text.lines().zip(1..) {
            let words: Vec<&str> = line.split([',', ' ', '\t']).filter(|word| !word.is_empty()).collect();
            let is_names = rows.is_empty() && words.first().is_some_and(|word| word.parse::<f64>().is_err());
            if line.starts_with('#') || words.is_empty() || is_names {
                continue;
            }
            let numbers: Vec<f64> = words.iter().filter_map(|word| word.parse().ok()).collect();
            let refuse = |reason: &str| Err(Error::input(format!("line {number}"), format!("`{line}` {reason}")));
            let &[wavelength, n, k] = &numbers[..] else { return refuse("is not three numbers: wavelength, n, k") };
            if words.len() != 3 || !(wavelength > 0.0 && n > 0.0 && k >= 0.0 && n.is_finite() && k.is_finite()) {
                return refuse("is not three numbers: wavelength and n above 0, k at least 0");
            }
            if rows.last().is_some_and(|last| last[0] >= wavelength) {
                return refuse("has a wavelength that is not above the one before");
            }
            rows.push([wavelength, n, k]);
        }
        match rows.len() {
            0 | 1 => Err(Error::input("table", format!("has {} wavelengths; at least 2 are needed", rows.len()))),
            _ => Ok(Material::Table(rows)),
        }
    }

    /// The index n + i k at a wavelength in metres.
    ///
    /// # Errors
    /// A wavelength that the formula or the table doesn't reach.
    pub fn index(&self, wavelength: f64) -> Result<Complex64> {
        let w = wavelength * 1e6;
        let within = |[low, high]: [f64; 2]| {
            // A wavelength in metres is one in micrometres up to rounding.
            if w >= low * (1.0 - 1e-12) && w <= high * (1.0 + 1e-12) {
                return Ok(());
            }
            Err(Error::input("wavelength", format!("{w} um is beyond what is known: {low} to {high} um")))
        };
        match self {
            Material::Constant(index) => Ok(*index),
            Material::Sellmeier { terms, range } => {
                within(*range)?;
                let square: f64 = terms.iter().map(|[b, c]| b * w * w / (w * w - c)).sum();
                if square <= -1.0 || !square.is_finite() {
                    return Err(Error::input("sellmeier", format!("gives n^2 = {} at {w} um", 1.0 + square)));
                }
                Ok(Complex64::new((1.0 + square).sqrt(), 0.0))
            }
            Material::Table(rows) => {
                within([rows[0][0], rows[rows.len() - 1][0]])?;
                let above = rows.partition_point(|row| row[0] < w).clamp(1, rows.len() - 1);
                let [low, high] = [rows[above - 1], rows[above]];
                let part = ((w - low[0]) / (high[0] - low[0])).clamp(0.0, 1.0);
                let between = |which: usize| low[which] + part * (high[which] - low[which]);
                Ok(Complex64::new(between(1), between(2)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(name: &str, wavelength: f64) -> Complex64 {
        Material::named(name).unwrap().index(wavelength).unwrap()
    }

    /// n at the d line of Schott's data sheets (and of Malitson's paper for fused silica, at the D line), rows of the tables.
    #[test]
    fn known_materials_have_their_published_indices() {
        for (name, n) in [("N-BK7", 1.5168), ("N-SF11", 1.78472), ("N-SF6", 1.80518)] {
            assert!((index(name, 587.5618e-9).re - n).abs() < 5e-6, "{name}");
        }
        assert!((index("fused_silica", 589.29e-9).re - 1.45841).abs() < 1e-5);
        assert!((index("silver", 0.5486e-6) - Complex64::new(0.06, 3.586)).norm() < 1e-12);
        assert!((index("gold", 0.6595e-6) - Complex64::new(0.14, 3.697)).norm() < 1e-12);
        assert!(KNOWN.iter().all(|name| Material::named(name).is_some()) && Material::named("jelly").is_none());
    }

    #[test]
    fn wavelengths_and_tables_that_cannot_be_are_refused() {
        let told = Material::named("silver").unwrap().index(5e-6).unwrap_err().to_string();
        assert!(told.contains("0.1879 to 1.937 um"), "{told}");
        for (text, place) in
            [("0.5 1.2\n0.6 1.2 0", "line 1"), ("w,n,k\n0.6,1,0\n0.5,1,0", "line 3"), ("0.5,1,0", "at least 2")]
        {
            assert!(Material::table(text).unwrap_err().to_string().contains(place), "{text}");
        }
        let between = Material::table("# a\nw n k\n0.5 1.0 0.0\n0.6\t2.0\t1.0").unwrap().index(0.55e-6).unwrap();
        assert!((between - Complex64::new(1.5, 0.5)).norm() < 1e-12);
    }
}
