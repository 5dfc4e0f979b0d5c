//! The measured values of a fit, as orbitize's table `data` has them: a row for each; and as ArviZ looks for them, the group
//! `observed_data`: an array for each column of that table, along `observation`.

use crate::io::records::{Cell, Records, float, integer, kind, text};
use crate::io::{FileWriter, Reader};
use crate::orbit::observations::{Observation, Observations, Quantity, VelocityUnit, modified};
use crate::{Error, Result};

/// The name of the table.
const DATA: &str = "data";
/// The group for ArviZ.
const GROUP: &str = "observed_data";
/// Its axis.
const AXIS: &str = "observed_data/observation";
/// The table's attribute that names the unit of velocities.
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

/// How wide the texts of all rows are, bytes: what was measured, and by which instrument.
fn widths(rows: &[Observation]) -> [usize; 2] {
    [5, rows.iter().map(|one| one.instrument.len()).max().unwrap_or(0).max(INSTRUMENT)]
}

/// Appends a text of fixed width.
fn put_text(bytes: &mut Vec<u8>, text: &str, width: usize) {
    bytes.extend(text.bytes());
    bytes.resize(bytes.len() + width - text.len(), 0);
}

/// Writes the table, the same on every rank.
pub(super) fn write(file: &FileWriter, observations: &Observations) -> Result<()> {
    let rows = &observations.rows;
    let [kind_width, instrument_width] = widths(rows);
    let mut fields = NUMBERS.map(|name| (name, float())).to_vec();
    fields.insert(1, ("object", integer()));
    fields.extend([("quant_type", text(kind_width)), ("instrument", text(instrument_width))]);
    let mut bytes = Vec::new();
    for one in rows {
        let [epoch, others @ ..] = numbers(one);
        bytes.extend(epoch.to_ne_bytes());
        bytes.extend((one.object as i64).to_ne_bytes());
        others.iter().for_each(|number| bytes.extend(number.to_ne_bytes()));
        put_text(&mut bytes, one.quantity.name(), kind_width);
        put_text(&mut bytes, &one.instrument, instrument_width);
    }
    file.records(DATA, kind(&fields), &bytes)?;
    file.string(DATA, "epochs", "MJD")?;
    file.string(DATA, VELOCITIES, observations.unit.name())
}

/// Writes the group, the same on every rank; none where nothing was measured.
pub(super) fn write_group(file: &FileWriter, observations: &Observations) -> Result<()> {
    let rows = &observations.rows;
    let count = rows.len() as u64;
    if count == 0 {
        return Ok(());
    }
    let column = |name: &str| format!("{GROUP}/{name}");
    let along = |name: &str| file.along(&column(name), &[AXIS]);
    file.group(GROUP)?;
    file.replicated(AXIS, &[count], &(0..count as i64).collect::<Vec<_>>())?;
    file.as_axis(AXIS)?;
    for (place, name) in NUMBERS.iter().enumerate() {
        let values: Vec<f64> = rows.iter().map(|one| numbers(one)[place]).collect();
        file.replicated(&column(name), &[count], &values)?;
        along(name)?;
    }
    file.describe(&column("epoch"), "d", "modified Julian date")?;
    let objects: Vec<i64> = rows.iter().map(|one| one.object as i64).collect();
    file.replicated(&column("object"), &[count], &objects)?;
    along("object")?;
    // Of the table's width: files of other instruments differ in their texts alone.
    let texts = |name: &str, width: usize, of: fn(&Observation) -> &str| {
        let mut bytes = Vec::new();
        rows.iter().for_each(|one| put_text(&mut bytes, of(one), width));
        file.records(&column(name), text(width), &bytes).and_then(|()| along(name))
    };
    let [kind_width, instrument_width] = widths(rows);
    texts("quant_type", kind_width, |one| one.quantity.name())?;
    texts("instrument", instrument_width, |one| &one.instrument)
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
