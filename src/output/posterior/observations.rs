//! The measured values of a fit, as orbitize's table `data` has them: a row for each.

use hdf5::types::TypeDescriptor;

use crate::output::records::{Cell, Records, float, integer, kind};
use crate::output::{FileWriter, Reader};
use crate::{Error, Result};

/// The name of the dataset.
const DATA: &str = "data";
/// Its fields that are numbers, `object` aside.
const NUMBERS: [&str; 6] = ["epoch", "quant1", "quant1_err", "quant2", "quant2_err", "quant12_corr"];
/// How wide the name of an instrument is at least, bytes.
const INSTRUMENT: usize = 20;

/// What was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measured {
    /// Separation, mas, and position angle, degrees.
    #[default]
    Separation,
    /// Offsets in right ascension and declination, mas.
    Offsets,
    /// A radial velocity.
    Velocity,
}

impl Measured {
    const ALL: [Measured; 3] = [Measured::Separation, Measured::Offsets, Measured::Velocity];

    /// The name in `quant_type`.
    pub fn name(self) -> &'static str {
        match self {
            Measured::Separation => "seppa",
            Measured::Offsets => "radec",
            Measured::Velocity => "rv",
        }
    }
}

/// One measurement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// When, days.
    pub epoch: f64,
    /// Of what: 0 the star, 1 the first companion.
    pub object: i64,
    /// What it is.
    pub measured: Measured,
    /// The value or both values; a velocity is the first, and the second NaN.
    pub values: [f64; 2],
    /// Their standard deviations.
    pub errors: [f64; 2],
    /// The correlation of both; NaN where there is none.
    pub correlation: f64,
    /// Who measured it.
    pub instrument: String,
}

impl Observation {
    fn numbers(&self) -> [f64; 6] {
        let ([first, second], [first_error, second_error]) = (self.values, self.errors);
        [self.epoch, first, first_error, second, second_error, self.correlation]
    }
}

/// Writes the table, the same on every rank.
pub(super) fn write(file: &FileWriter, observations: &[Observation]) -> Result<()> {
    let instrument = observations.iter().map(|one| one.instrument.len()).max().unwrap_or(0).max(INSTRUMENT);
    let text = |width| TypeDescriptor::FixedAscii(width);
    let mut fields: Vec<(&str, TypeDescriptor)> = NUMBERS.map(|name| (name, float())).to_vec();
    fields.insert(1, ("object", integer()));
    fields.extend([("quant_type", text(5)), ("instrument", text(instrument))]);
    let mut bytes = Vec::new();
    for one in observations {
        let [epoch, others @ ..] = one.numbers();
        bytes.extend(epoch.to_ne_bytes());
        bytes.extend(one.object.to_ne_bytes());
        others.iter().for_each(|number| bytes.extend(number.to_ne_bytes()));
        for (text, width) in [(one.measured.name(), 5), (&one.instrument[..], instrument)] {
            bytes.extend(text.bytes());
            bytes.resize(bytes.len() + width - text.len(), 0);
        }
    }
    file.records(DATA, kind(&fields), &bytes)
}

/// Reads the table; a file without one has no observations.
pub(super) fn read(reader: &Reader) -> Result<Vec<Observation>> {
    if !reader.has(DATA) {
        return Ok(Vec::new());
    }
    let records = Records::read(reader, DATA)?;
    (0..records.len()).map(|row| observation(reader, &records, row)).collect()
}

fn observation(reader: &Reader, records: &Records, row: usize) -> Result<Observation> {
    let wrong = |name: &str| Error::file(reader.path(), format!("{DATA}[{row}].{name} is missing or of another kind"));
    let number = |name: &str| match records.cell(row, name) {
        Some(Cell::Number(number)) => Ok(number),
        _ => Err(wrong(name)),
    };
    let text = |name: &str| match records.cell(row, name) {
        Some(Cell::Text(text)) => Ok(text),
        _ => Err(wrong(name)),
    };
    let name = text("quant_type")?;
    let unknown = || Error::file(reader.path(), format!("{DATA}[{row}].quant_type is \"{name}\", which isn't known"));
    Ok(Observation {
        epoch: number("epoch")?,
        object: number("object")? as i64,
        measured: Measured::ALL.into_iter().find(|known| known.name() == name).ok_or_else(unknown)?,
        values: [number("quant1")?, number("quant2")?],
        errors: [number("quant1_err")?, number("quant2_err")?],
        correlation: number("quant12_corr")?,
        instrument: text("instrument")?,
    })
}
