//! orbitize's tables (its `read_input`).
//!
//! A row has `epoch` (modified Julian date, or Julian date where above 2400000.5), `object` (0 the star, 1 the first companion ..) and
//! one or more of: `raoff`, `raoff_err`, `decoff`, `decoff_err` (mas) with `radec_corr`; `sep`, `sep_err` (mas), `pa`, `pa_err` (degrees) with
//! `seppa_corr`; `rv`, `rv_err` (km/s). Where a row has offsets and separation both, the offsets are taken, as orbitize does.
//! `instrument` names what measured; without it the names are orbitize's `defrd`, `defsp`, `defrv`.
//! A column without a name is an index; one of another name is refused.
//!
//! Or a row has one quantity: `quant_type` (`radec`, `seppa` or `rv`), `quant1`, `quant1_err`, `quant2`, `quant2_err`, `quant12_corr`.

use super::dates::date;
use super::radvel::INSTRUMENT;
use super::table::{Cells, Table};
use super::{Observation, Observations, Quantity, VelocityUnit};
use crate::Result;

/// The columns of a quantity of two values: their names, the correlation and the instrument's name where none is given.
struct Columns {
    quantity: Quantity,
    values: [&'static str; 2],
    errors: [&'static str; 2],
    correlation: &'static str,
    instrument: &'static str,
}

const OFFSETS: Columns = Columns {
    quantity: Quantity::RaDec,
    values: ["raoff", "decoff"],
    errors: ["raoff_err", "decoff_err"],
    correlation: "radec_corr",
    instrument: "defrd",
};

const SEPARATION: Columns = Columns {
    quantity: Quantity::SepPa,
    values: ["sep", "pa"],
    errors: ["sep_err", "pa_err"],
    correlation: "seppa_corr",
    instrument: "defsp",
};

const VELOCITY: Columns = Columns {
    quantity: Quantity::Velocity,
    values: ["rv", "rv"],
    errors: ["rv_err", "rv_err"],
    correlation: "",
    instrument: "defrv",
};

/// The columns of a row of one quantity.
const SINGLE: Columns = Columns {
    quantity: Quantity::Velocity,
    values: ["quant1", "quant2"],
    errors: ["quant1_err", "quant2_err"],
    correlation: "quant12_corr",
    instrument: "",
};

/// All columns that such a table may have besides those of its quantities.
const OTHERS: [&str; 6] = ["epoch", "object", "instrument", "quant_type", "brightness", "brightness_err"];
/// Separations, the widest of a file, below which they may be arcseconds: mas.
const TINY: f64 = 10.0;

/// All measurements of a table.
pub(super) fn rows(table: &Table) -> Result<Observations> {
    for column in ["epoch", "object"] {
        if table.column(column).is_none() {
            return Err(table.lacks(column, "orbitize's format needs"));
        }
    }
    check_columns(table)?;
    let mut rows = Vec::new();
    for cells in table.rows() {
        let before = rows.len();
        match table.column("quant_type") {
            Some(column) => rows.push(single(table, &cells, column)?),
            None => wide(table, &cells, &mut rows)?,
        }
        if rows.len() == before {
            return Err(cells.refuse("has no measurement: sep and pa, raoff and decoff, or rv are needed"));
        }
    }
    let notes = close(table, &rows).into_iter().collect();
    Ok(Observations { rows, unit: VelocityUnit::KmPerS, notes })
}

/// Refuses columns that nobody reads, and units other than orbitize's.
fn check_columns(table: &Table) -> Result<()> {
    let names = [OFFSETS, SEPARATION, VELOCITY, SINGLE].map(|columns| {
        let [[a, b], [c, d]] = [columns.values, columns.errors];
        [a, b, c, d, columns.correlation]
    });
    let known: Vec<&str> =
        OTHERS.into_iter().chain(names.into_iter().flatten()).filter(|name| !name.is_empty()).collect();
    for (place, name) in table.columns().into_iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        if !known.contains(&name) {
            let is_instrument = INSTRUMENT.contains(&name) || "instrument".starts_with(name);
            return Err(table.unknown(name, if is_instrument { &["instrument"] } else { &known }));
        }
        match name {
            "rv" | "rv_err" => table.unit(place, &["km/s"])?,
            "pa" | "pa_err" => table.unit(place, &["deg", "degrees"])?,
            "sep" | "sep_err" | "raoff" | "raoff_err" | "decoff" | "decoff_err" => table.unit(place, &["mas"])?,
            _ => "",
        };
    }
    Ok(())
}

/// A word on separations that may be arcseconds.
fn close(table: &Table, rows: &[Observation]) -> Option<String> {
    let places = rows.iter().filter(|row| row.quantity != Quantity::Velocity);
    let separation = |row: &Observation| match row.quantity {
        Quantity::SepPa => row.values[0],
        _ => row.values[0].hypot(row.values[1]),
    };
    let widest = places.map(separation).reduce(f64::max)?;
    (widest < TINY).then(|| {
        format!("{}: the widest separation is {widest} mas: are these arcseconds? Such a table is in mas", table.name())
    })
}

/// The quantities of a row that may have several.
fn wide(table: &Table, cells: &Cells, rows: &mut Vec<Observation>) -> Result<()> {
    let has = |name: &str| table.column(name).is_some_and(|column| cells.text(column).is_some());
    if has("brightness") {
        return Err(cells.refuse("has a brightness, which is not fitted: leave it out"));
    }
    let pair = |columns: &Columns| has(columns.values[0]) || has(columns.values[1]);
    if pair(&OFFSETS) {
        rows.push(observation(table, cells, &OFFSETS)?);
    } else if pair(&SEPARATION) {
        rows.push(observation(table, cells, &SEPARATION)?);
    }
    if has("rv") {
        rows.push(observation(table, cells, &VELOCITY)?);
    }
    Ok(())
}

/// The one quantity of a row that names it.
fn single(table: &Table, cells: &Cells, type_column: usize) -> Result<Observation> {
    let named = match cells.text(type_column) {
        Some("radec") => OFFSETS,
        Some("seppa") => SEPARATION,
        Some("rv") => VELOCITY,
        Some("brightness") => return Err(cells.wrong(type_column, "brightness is not fitted: leave the line out")),
        other => {
            let reason = format!("`{}` is not among radec, seppa and rv", other.unwrap_or(""));
            return Err(cells.wrong(type_column, &reason));
        }
    };
    observation(table, cells, &Columns { quantity: named.quantity, instrument: named.instrument, ..SINGLE })
}

fn observation(table: &Table, cells: &Cells, columns: &Columns) -> Result<Observation> {
    let column = |name: &'static str| table.column(name).ok_or_else(|| table.lacks(name, "this quantity needs"));
    let mut values = [0.0; 2];
    let mut errors = [0.0; 2];
    let mut correlation = None;
    let count = if columns.quantity == Quantity::Velocity { 1 } else { 2 };
    for k in 0..count {
        values[k] = cells.needed(column(columns.values[k])?)?;
        errors[k] = cells.error(column(columns.errors[k])?)?;
    }
    if columns.quantity == Quantity::SepPa && values[0] <= 0.0 {
        let reason = format!("a separation of {} mas must be above zero", values[0]);
        return Err(cells.wrong(column(columns.values[0])?, &reason));
    }
    if let Some(column) = table.column(columns.correlation).filter(|_| count == 2) {
        correlation = cells.number(column)?;
        if let Some(wrong) = correlation.filter(|c| c.abs() >= 1.0) {
            return Err(cells.wrong(column, &format!("a correlation of {wrong} must be between -1 and 1")));
        }
    }
    let instrument = table.column("instrument").and_then(|column| cells.text(column)).unwrap_or(columns.instrument);
    let object = object(cells, column("object")?)?;
    if object == 0 && count == 2 {
        return Err(cells.refuse("is astrometry of the star (object 0), which is not fitted: companions are 1, 2 .."));
    }
    Ok(Observation {
        epoch: date(table, cells, column("epoch")?)?,
        object,
        quantity: columns.quantity,
        values,
        errors,
        correlation,
        instrument: instrument.to_owned(),
        place: cells.place(),
    })
}

fn object(cells: &Cells, column: usize) -> Result<usize> {
    let text = cells.needed_text(column)?;
    let reason = || format!("`{text}` is no object: 0 is the star, 1 the first companion ..");
    text.parse().map_err(|_| cells.wrong(column, &reason()))
}
