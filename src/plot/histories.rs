//! Columns of history.csv against time, of one run or of several in one figure.

use std::path::PathBuf;

use super::canvas::with_unit;
use super::panels::{Curve, Panel, Panels};
use super::units::Units;
use super::view::View;
use crate::io::{History, Reader};
use crate::run::RunFolder;
use crate::{Error, Result};

/// The most points of a curve.
const POINTS: usize = 4000;

/// A panel for each column, in it a curve for each run, under its name.
///
/// # Errors
/// A column that a run doesn't have, histories that can't be read.
pub(super) fn histories(runs: &[(String, PathBuf)], view: &View) -> Result<Option<Panels>> {
    let mut histories = Vec::new();
    let mut unit = String::new();
    for (name, path) in runs {
        let folder = RunFolder::at(path);
        let file = if path.is_dir() { folder.history() } else { path.clone() };
        let history = History::whole_rows(&file)?;
        let last = if path.is_dir() { folder.snapshot_files()?.pop() } else { None };
        let mut factor = 1.0;
        if let Some(last) = last {
            let units = Units::of(&Reader::open(&last)?, &view.units)?;
            let time = units.time();
            (factor, unit) = (time.0, time.1.to_owned());
        }
        let Some(times) = history.column("time").or_else(|| history.column("step")) else {
            return Err(Error::file(&file, "has no column `time` to draw others over"));
        };
        histories.push((name, factor, times.to_vec(), history));
    }
    let columns = view.history.iter().map(|column| panel(column, &histories, runs.len() > 1));
    let panels = columns.collect::<Result<Vec<Panel>>>()?;
    let times = || panels.iter().flat_map(|panel| &panel.curves).flat_map(|curve| &curve.points).map(|point| point.0);
    let range = [times().fold(f64::INFINITY, f64::min), times().fold(f64::NEG_INFINITY, f64::max)];
    let range = if range[0] < range[1] { range } else { [range[0] - 1.0, range[0] + 1.0] };
    let title = view.history.iter().map(|column| column.replace('_', " ")).collect::<Vec<_>>().join(", ");
    let label = with_unit("time", &unit);
    let is_drawn = range.iter().all(|end| end.is_finite()) && !panels.is_empty();
    Ok(is_drawn.then(|| Panels::new(format!("{title} over time"), label, range, panels)))
}

fn panel(column: &str, histories: &[(&String, f64, Vec<f64>, History)], has_names: bool) -> Result<Panel> {
    let curve = |(ink, (name, factor, times, history)): (usize, &(&String, f64, Vec<f64>, History))| {
        let numbers = history.column(column).ok_or_else(|| {
            let known = history.names.join(", ");
            Error::input("--history", format!("{name} has no column `{column}`; there are {known}"))
        })?;
        let every = numbers.len().div_ceil(POINTS).max(1);
        let rows = (0..numbers.len()).filter(|row| row % every == 0 || row + 1 == numbers.len());
        let points = rows.map(|row| (factor * times[row], numbers[row])).collect();
        Ok::<_, Error>(Curve {
            name: if has_names { (*name).clone() } else { String::new() },
            ink,
            pale: false,
            points,
        })
    };
    let curves = histories.iter().enumerate().map(curve).collect::<Result<Vec<_>>>()?;
    Ok(Panel { label: column.replace('_', " "), curves, also: None })
}
