//! Dates of tables, and what looks odd about them.

use super::table::{Cells, Table};
use super::{JULIAN, Observation, modified};
use crate::Result;
use crate::base::table::number;

/// The first day that is a date, 17 November 1858, and the day after the last one, 1 January 2150: modified Julian dates.
const FIRST: f64 = 0.0;
const END: f64 = 106_331.0;
/// 1 January 1900: few were measured before it.
const EARLY: f64 = 15_020.0;
/// Days that dates of one file are seldom apart: 80 years.
pub(in crate::orbit) const FAR: f64 = 80.0 * 365.25;
/// The column of dates of DACE, and the Julian date that they are less.
const REDUCED: &str = "rjd";
const REDUCED_FROM: f64 = 2_400_000.0;
/// Columns whose names say that they hold whole Julian dates.
const WHOLE: [&str; 2] = ["jd", "bjd"];
/// Units in which dates are days.
const DAYS: [&str; 6] = ["d", "day", "days", "jd", "bjd", "mjd"];

/// The modified Julian date in a column: from a Julian date where it is above 2400000.5, else it is a modified one, or in the column `rjd` one
/// less 2400000.
pub(super) fn date(table: &Table, cells: &Cells, column: usize) -> Result<f64> {
    table.unit(column, &DAYS)?;
    let text = cells.needed_text(column)?;
    let is_reduced = table.columns()[column] == REDUCED;
    let date = number(text).map(|date| if is_reduced && date < REDUCED_FROM { date + REDUCED_FROM } else { date });
    match date.map(modified).filter(|date| FIRST < *date && *date < END) {
        Some(date) => Ok(date),
        None => {
            let kind =
                if is_reduced { "a Julian date less 2400000" } else { "a modified Julian date or a Julian date" };
            Err(cells.wrong(column, &format!("`{text}` is no date: it must be {kind}, of the years 1858 to 2149")))
        }
    }
}

/// A word on a column of Julian dates whose numbers are taken for modified ones.
pub(super) fn reduced(table: &Table, column: usize, rows: &[Observation]) -> Option<String> {
    let name = table.columns()[column];
    let number = |row: usize| table.rows().nth(row).and_then(|cells| cells.number(column).ok().flatten());
    let row = (0..rows.len()).find(|&row| number(row).is_some_and(|number| (EARLY..JULIAN).contains(&number)))?;
    let place = &rows[row].place;
    let reason = "is taken for a modified Julian date: one less 2400000 is half a day later; call such a column rjd";
    WHOLE.contains(&name).then(|| format!("{place}: column {name} has {}, which {reason}", rows[row].epoch))
}

/// What looks odd about the dates of one file's measurements.
pub(super) fn doubt(rows: &[Observation]) -> Option<String> {
    let first = rows.iter().min_by(|a, b| a.epoch.total_cmp(&b.epoch))?;
    let last = rows.iter().max_by(|a, b| a.epoch.total_cmp(&b.epoch))?;
    let year = |row: &Observation| 1858.877 + row.epoch / 365.25;
    if first.epoch < EARLY {
        let reason = "is it a year, or a Julian date less another number than 2400000.5?";
        return Some(format!(
            "{}: its time {} is a date of the year {:.0}: {reason}",
            first.place,
            first.epoch,
            year(first).floor()
        ));
    }
    let apart = last.epoch - first.epoch;
    (apart > FAR).then(|| {
        let years = apart / 365.25;
        format!(
            "{} and {}: their dates are {years:.0} years apart: are both Julian dates of the same kind?",
            first.place, last.place
        )
    })
}
