//! The measured values of a fit, as orbitize's table `data` has them: a row for each.

use crate::io::records::{Cell, Records, float, integer, kind, text};
use crate::io::{FileWriter, Reader};
use crate::orbit::observations::{Observation, Observations, Quantity, VelocityUnit, modified};
use crate::{Error, Result};

/// The name of the dataset.
const DATA: &str = "data";
/// Its attribute that names the unit of velocities.
const VELOCITIES: &str = "velocities";
/// Its fields that are numbers, `object` aside.
const NUMBERS: [&str; 6] = ["epoch", "quant1", "quant1_err", "quant2", "quant2_err", "quant12_corr"];
/// How wide the name of an instrument is at least, bytes.
const INSTRUMENT: usize = 20;

/// The numbers of a row, in the order of [`NUMBERS`]; NaN for what there isn't.
fn numbers(one: &Observation) -> [f64; 6] {
    let [first, mut second] = one.values;
    let [first_error, mut second_error] = one.errors;
    if one.quantity == Quantity::Velocity {
        second = f64::NAN;
        second_error = f64::NAN;
    }
    [one.epoch, first, first_error, second, second_error, one.correlation.unwrap_or(f64::NAN)]
}

/// Writes the table, the same on every rank.
pub(super) fn write(file: &FileWriter, observations: &Observations) -> Result<()> {
    let rows = &observations.rows;
    let instrument = rows.iter().map(|one| one.instrument.len()).max().unwrap_or(0).max(INSTRUMENT);
    let mut fields = NUMBERS.map(|name| (name, float())).to_vec();
    fields.insert(1, ("object", integer()));
    fields.extend([("quant_type", text(5)), ("instrument", text(instrument))]);
    let mut bytes = Vec::new();
    for one in rows {
        let [epoch, others @ ..] = numbers(one);
        bytes.extend(epoch.to_ne_bytes());
        bytes.extend((one.object as i64).to_ne_bytes());
        others.iter().for_each(|number| bytes.extend(number.to_ne_bytes()));
        for (text, width) in [(one.quantity.name(), 5), (&one.instrument[..], instrument)] {
            bytes.extend(text.bytes());
            bytes.resize(bytes.len() + width - text.len(), 0);
        }
    }
    file.records(DATA, kind(&fields), &bytes)?;
    file.string(DATA, "epochs", "MJD")?;
    file.string(DATA, VELOCITIES, observations.unit.name())
}

/// Reads the table; a file without one has no observations.
///
/// # Errors
/// Fields that are missing or of another kind, an object or a quantity that can't be.
pub(super) fn read(reader: &Reader) -> Result<Observations> {
    if !reader.has(DATA) {
        return Ok(Observations::default());
    }
    let records = Records::read(reader, DATA)?;
    let rows = (0..records.len()).map(|row| observation(reader, &records, row)).collect::<Result<_>>()?;
    let unit = reader.text(DATA, VELOCITIES).ok().and_then(|name| VelocityUnit::named(&name));
    Ok(Observations { rows, unit: unit.unwrap_or_default(), ..Observations::default() })
}

fn observation(reader: &Reader, records: &Records, row: usize) -> Result<Observation> {
    let wrong = |name: &str, what: &str| Error::file(reader.path(), format!("{DATA}[{row}].{name} {what}"));
    let missing = |name: &str| wrong(name, "is missing or of another kind");
    let number = |name: &str| match records.cell(row, name) {
        Some(Cell::Number(number)) => Ok(number),
        _ => Err(missing(name)),
    };
    let text = |name: &str| match records.cell(row, name) {
        Some(Cell::Text(text)) => Ok(text),
        _ => Err(missing(name)),
    };
    let name = text("quant_type")?;
    let unknown = || wrong("quant_type", &format!("is \"{name}\", which isn't known"));
    let quantity = Quantity::named(&name).ok_or_else(unknown)?;
    let object = number("object")?;
    if object < 0.0 {
        return Err(wrong("object", &format!("is {object}: there is no such object")));
    }
    let second = |name: &str| if quantity == Quantity::Velocity { Ok(0.0) } else { number(name) };
    Ok(Observation {
        epoch: modified(number("epoch")?),
        object: object as usize,
        quantity,
        values: [number("quant1")?, second("quant2")?],
        errors: [number("quant1_err")?, second("quant2_err")?],
        correlation: Some(number("quant12_corr")?).filter(|correlation| correlation.is_finite()),
        instrument: text("instrument")?,
        place: format!("{DATA}[{row}] of the posterior"),
    })
}
