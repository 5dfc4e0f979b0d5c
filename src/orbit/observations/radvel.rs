//! Velocities of the star in m/s: radvel's tables, DACE's, those of NASA's Exoplanet Archive.
//!
//! Columns: `time` (or `t`, `jd`, `bjd`; Julian date, modified where below 2400000.5; or DACE's `rjd`, Julian date less 2400000), `mnvel` (or `vel`, `rv`,
//! `vrad`, `radial_velocity`) and `errvel` (or `err`, `rv_err`, `svrad`, `radial_velocity_uncertainty`) in m/s, or in what the table says
//! that they are in, `tel` (or `telescope`, `instrument`, `ins_name`) for the instrument, `defrv` where there is none. Others, such as activity indices,
//! are told and not read; but one that resembles a name which is missing is refused.

use super::dates::{date, reduced};
use super::table::Table;
use super::{Observation, Observations, Quantity, VelocityUnit};
use crate::base::config::nearest_of;
use crate::{Error, Result};

const TIME: [&str; 5] = ["time", "t", "jd", "bjd", "rjd"];
const VELOCITY: [&str; 5] = ["mnvel", "vel", "rv", "vrad", "radial_velocity"];
const ERROR: [&str; 5] = ["errvel", "err", "rv_err", "svrad", "radial_velocity_uncertainty"];
pub(super) const INSTRUMENT: [&str; 4] = ["tel", "telescope", "instrument", "ins_name"];
/// Standard deviations that no spectrograph reaches, m/s.
const TINY: f64 = 0.02;
/// How units are written.
const KM_PER_S: [&str; 3] = ["km/s", "kms-1", "km.s-1"];
const UNITS: [&str; 6] = ["m/s", "ms-1", "m.s-1", "km/s", "kms-1", "km.s-1"];

/// The column of times, if there is one.
pub(super) fn time_column(table: &Table) -> Option<usize> {
    table.column_of(&TIME)
}

/// All measurements of a table.
pub(super) fn rows(table: &Table) -> Result<Observations> {
    let column = |names: &[&str]| table.column_of(names).ok_or_else(|| table.lacks(names[0], "radvel's format needs"));
    let time = column(&TIME)?;
    let velocity = column(&VELOCITY)?;
    let error = column(&ERROR)?;
    let instrument = table.column_of(&INSTRUMENT);
    let unread = unread(table, [Some(time), Some(velocity), Some(error), instrument])?;
    let unit = unit(table, [velocity, error])?;
    let mut rows = Vec::new();
    for cells in table.rows() {
        let epoch = date(table, &cells, time)?;
        let instrument = match instrument {
            Some(column) => cells.needed_text(column)?,
            None => "defrv",
        };
        rows.push(Observation {
            epoch,
            object: 0,
            quantity: Quantity::Velocity,
            values: [cells.needed(velocity)?, 0.0],
            errors: [cells.error(error)?, 0.0],
            correlation: None,
            instrument: instrument.to_owned(),
            place: cells.place(),
        });
    }
    let notes = unread.into_iter().chain(small(table, &rows, unit)).chain(reduced(table, time, &rows)).collect();
    Ok(Observations { rows, unit, notes })
}

/// A word on columns that are not among those read.
///
/// # Errors
/// One that resembles the name of an instrument's column, where there is none: its rows would be taken for those of one instrument.
fn unread(table: &Table, read: [Option<usize>; 4]) -> Result<Option<String>> {
    let columns = table.columns();
    let others = columns.iter().enumerate().filter(|(place, name)| !name.is_empty() && !read.contains(&Some(*place)));
    let others: Vec<&str> = others.map(|(_, name)| *name).collect();
    let resembles = |name: &&&str| nearest_of(name, &INSTRUMENT).contains("did you mean") || name.starts_with("inst");
    if let Some(other) = others.iter().find(|name| read[3].is_none() && resembles(name)) {
        return Err(table.unknown(other, &INSTRUMENT));
    }
    let what = if others.len() == 1 { "column" } else { "columns" };
    Ok((!others.is_empty()).then(|| format!("{}: {what} {} not read", table.name(), others.join(", "))))
}

/// The unit of velocities and their errors.
fn unit(table: &Table, columns: [usize; 2]) -> Result<VelocityUnit> {
    let is_larger = |column: usize| table.unit(column, &UNITS).map(|unit| KM_PER_S.contains(&unit));
    match [is_larger(columns[0])?, is_larger(columns[1])?] {
        [true, true] => Ok(VelocityUnit::KmPerS),
        [false, false] => Ok(VelocityUnit::MPerS),
        _ => Err(Error::input(table.place(table.header_line()), "velocities and their errors are in different units")),
    }
}

/// A word on errors that are too small for velocities in m/s.
fn small(table: &Table, rows: &[Observation], unit: VelocityUnit) -> Option<String> {
    let largest = rows.iter().map(|row| row.errors[0]).reduce(f64::max)?;
    (unit == VelocityUnit::MPerS && largest < TINY).then(|| {
        format!(
            "{}: no error of a velocity is above {largest} m/s: are these km/s? Such a table is in m/s",
            table.name()
        )
    })
}
