//! Measured values: where companions stood beside their star, how fast star and companions moved along the line of sight.
//!
//! Files are read as the two communities write them:
//!
//! - orbitize's tables (`epoch`, `object`, then `sep` and `pa`, `raoff` and `decoff`, `rv`, each with `_err`, or one quantity a row with
//!   `quant_type`), see `orbitize.rs`;
//! - radvel's (`time`, `mnvel`, `errvel`, `tel`) and what archives give of velocities, see `radvel.rs`;
//!
//! in any layout of text that `base::table` reads. Empty cells are missing values. Dates are checked, see `dates.rs`; what looks odd about a
//! file or isn't read of it is noted.
//! Left out: absolute astrometry of the star (Hipparcos, Gaia) and brightness.

mod dates;
mod orbitize;
#[cfg(feature = "solvers")]
mod polar;
mod radvel;
mod table;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};
#[cfg(feature = "solvers")]
pub(super) use dates::FAR;
#[cfg(feature = "solvers")]
pub(super) use polar::polar;
use table::Table;

/// What makes a Julian date of a modified one; a time above it is a Julian date.
pub(super) const JULIAN: f64 = 2_400_000.5;

/// A time as a modified Julian date: one above [`JULIAN`] is taken for a Julian date.
pub(super) fn modified(time: f64) -> f64 {
    if time > JULIAN { time - JULIAN } else { time }
}

/// How a file is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// As each file's header says.
    #[default]
    Auto,
    /// A table of orbitize.
    Orbitize,
    /// A table of radvel.
    Radvel,
}

/// The unit of velocities, in data and parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VelocityUnit {
    /// km/s, as orbitize has them.
    #[default]
    KmPerS,
    /// m/s, as radvel has them.
    MPerS,
}

impl VelocityUnit {
    /// How many of this unit 1 km/s is.
    pub fn per_km_per_s(self) -> f64 {
        match self {
            VelocityUnit::KmPerS => 1.0,
            VelocityUnit::MPerS => 1000.0,
        }
    }

    /// The unit of this name.
    pub fn named(name: &str) -> Option<Self> {
        [VelocityUnit::KmPerS, VelocityUnit::MPerS].into_iter().find(|unit| unit.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            VelocityUnit::KmPerS => "km/s",
            VelocityUnit::MPerS => "m/s",
        }
    }
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Separation (mas) and position angle (degrees, from north through east) of a companion from the star.
    SepPa,
    /// Offsets of a companion from the star to the east (right ascension times cos declination) and to the north, mas.
    RaDec,
    /// The velocity along the line of sight, positive away from us.
    Velocity,
}

impl Quantity {
    /// The quantity that orbitize calls `name`.
    pub fn named(name: &str) -> Option<Self> {
        [Quantity::SepPa, Quantity::RaDec, Quantity::Velocity].into_iter().find(|quantity| quantity.name() == name)
    }

    /// What orbitize calls it, in `quant_type`.
    pub fn name(self) -> &'static str {
        match self {
            Quantity::SepPa => "seppa",
            Quantity::RaDec => "radec",
            Quantity::Velocity => "rv",
        }
    }
}

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// When, modified Julian date.
    pub epoch: f64,
    /// Of what: 0 the star, 1 the first companion ..
    pub object: usize,
    /// What.
    pub quantity: Quantity,
    /// The value, or both; a velocity is the first, and the second 0.
    pub values: [f64; 2],
    /// Standard deviations, likewise.
    pub errors: [f64; 2],
    /// Pearson's correlation of the two, where it was given.
    pub correlation: Option<f64>,
    /// By what.
    pub instrument: String,
    /// The file and line that say so.
    pub place: String,
}

/// All that was measured, in the order of the files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observations {
    /// The measurements.
    pub rows: Vec<Observation>,
    /// The unit of their velocities: m/s where all files are radvel's, km/s otherwise.
    pub unit: VelocityUnit,
    /// What a person should know of the files: columns that are not read, dates and separations that look odd.
    pub notes: Vec<String>,
}

impl Observations {
    /// Reads files of one format.
    ///
    /// # Errors
    /// No file; a file that can't be read, or of another format; a cell that can't be, with file, line and column.
    pub fn read(files: &[PathBuf], format: Format) -> Result<Self> {
        let texts = files.iter().map(|file| {
            let bytes = std::fs::read(file).map_err(Error::io("read", file))?;
            let name = name(file);
            crate::base::table::text(bytes).map_err(table::unreadable(&name)).map(|text| (name, text))
        });
        let texts = texts.collect::<Result<Vec<_>>>()?;
        Observations::from_texts(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())), format)
    }

    /// Takes the measurements from the texts of files, given with the names that errors show.
    ///
    /// # Errors
    /// As [`Observations::read`].
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>, format: Format) -> Result<Self> {
        let mut parts = Vec::new();
        for (name, text) in texts {
            let table = Table::read(name, text)?;
            let format = if format == Format::Auto { recognised(&table)? } else { format };
            let mut part = if format == Format::Radvel { radvel::rows(&table)? } else { orbitize::rows(&table)? };
            part.notes.extend(dates::doubt(&part.rows));
            parts.push(part);
        }
        if parts.is_empty() {
            return Err(Error::input("data.files", "names no file"));
        }
        let same = parts.iter().all(|part| part.unit == VelocityUnit::MPerS);
        let unit = if same { VelocityUnit::MPerS } else { VelocityUnit::KmPerS };
        let notes = parts.iter_mut().flat_map(|part| std::mem::take(&mut part.notes)).collect();
        let rows = parts.into_iter().flat_map(|part| part.in_unit(unit).rows).collect();
        Ok(Observations { rows, unit, notes })
    }

    fn in_unit(mut self, unit: VelocityUnit) -> Self {
        if unit != self.unit {
            let new = unit.per_km_per_s();
            let old = self.unit.per_km_per_s();
            for row in self.rows.iter_mut().filter(|row| row.quantity == Quantity::Velocity) {
                for number in row.values.iter_mut().chain(&mut row.errors) {
                    *number = if new > old { *number * (new / old) } else { *number / (old / new) };
                }
            }
            self.unit = unit;
        }
        self
    }

    /// Whether there are velocities of the star.
    pub fn has_star_velocities(&self) -> bool {
        self.rows.iter().any(|row| row.object == 0 && row.quantity == Quantity::Velocity)
    }

    /// The instruments that measured velocities, in alphabetical order.
    pub fn velocity_instruments(&self) -> Vec<&str> {
        let velocities = self.rows.iter().filter(|row| row.quantity == Quantity::Velocity);
        let mut names: Vec<&str> = velocities.map(|row| row.instrument.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// The format, recognised by the names of a table's columns.
fn recognised(table: &Table) -> Result<Format> {
    if table.column("epoch").is_some() {
        return Ok(Format::Orbitize);
    }
    if radvel::time_column(table).is_some() {
        return Ok(Format::Radvel);
    }
    let reason = format!(
        "columns {} are neither orbitize's (epoch, object, sep ..) nor radvel's (time, mnvel, errvel, tel)",
        table.columns().join(", ")
    );
    Err(Error::input(table.place(table.header_line()), reason))
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
