//! radvel's tables: velocities of the star.
//!
//! Columns: `time` (or `t`, `jd`, `bjd`; Julian date, modified where below 2400000.5), `mnvel` (or `vel`, `rv`) and `errvel` (or `err`, `rv_err`) in
//! m/s, `tel` (or `telescope`, `instrument`) for the instrument, `defrv` where there is none. Other columns are passed over.

use super::table::Table;
use super::{Observation, Observations, Quantity, VelocityUnit, modified};
use crate::Result;

const TIME: [&str; 4] = ["time", "t", "jd", "bjd"];
const VELOCITY: [&str; 3] = ["mnvel", "vel", "rv"];
const ERROR: [&str; 3] = ["errvel", "err", "rv_err"];
const INSTRUMENT: [&str; 3] = ["tel", "telescope", "instrument"];

/// The column of times, if there is one.
pub(super) fn time_column(table: &Table) -> Option<usize> {
    table.column_of(&TIME)
}

/// All measurements of a table.
pub(super) fn rows(table: &Table) -> Result<Observations> {
    let column = |names: &[&str]| table.column_of(names).ok_or_else(|| table.lacks(names[0], "radvel's format needs"));
    let (time, velocity, error) = (column(&TIME)?, column(&VELOCITY)?, column(&ERROR)?);
    let instrument = table.column_of(&INSTRUMENT);
    let mut rows = Vec::new();
    for cells in table.rows() {
        let text = cells.text(time).ok_or_else(|| cells.wrong(time, "is empty"))?;
        let epoch = text.parse().ok().filter(|epoch: &f64| epoch.is_finite());
        let epoch =
            epoch.ok_or_else(|| cells.wrong(time, &format!("`{text}` is no date: it must be a Julian date")))?;
        let instrument = match instrument {
            Some(column) => cells.text(column).ok_or_else(|| cells.wrong(column, "is empty"))?,
            None => "defrv",
        };
        rows.push(Observation {
            epoch: modified(epoch),
            object: 0,
            quantity: Quantity::Velocity,
            values: [cells.needed(velocity)?, 0.0],
            errors: [cells.error(error)?, 0.0],
            correlation: None,
            instrument: instrument.to_owned(),
            place: cells.place(),
        });
    }
    Ok(Observations { rows, unit: VelocityUnit::MPerS })
}
