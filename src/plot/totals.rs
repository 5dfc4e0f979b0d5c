//! The totals of a flow against time: the changes of mass and energy, the kinetic energy, the momenta.

use super::canvas::with_unit;
use super::panels::{Curve, Panel, Panels};
use crate::output::History;

/// The most points of a curve.
const POINTS: usize = 2000;

/// From the columns of a flow; none where a table has none of them, or fewer than two rows.
pub(super) fn totals(history: &History, time_unit: &str) -> Option<Panels> {
    let times = history.column("time").filter(|times| times.first() < times.last())?;
    history.column("density_min")?;
    let every = times.len().div_ceil(POINTS);
    let curve = |ink: usize, name: &str, change: &dyn Fn(&[f64], usize) -> f64| {
        let numbers = history.column(name)?;
        let rows = (0..numbers.len()).filter(|row| row % every == 0 || row + 1 == numbers.len());
        let points = rows.map(|row| (times[row], change(numbers, row))).collect();
        Some(Curve { name: name.replace('_', " "), ink, pale: false, points })
    };
    let panel = |label: &str, names: &[&str], change: &dyn Fn(&[f64], usize) -> f64| {
        let mut curves: Vec<Curve> =
            names.iter().enumerate().filter_map(|(ink, name)| curve(ink, name, change)).collect();
        if let [only] = &mut curves[..] {
            only.name.clear();
        }
        let moves = curves.iter().any(|curve| curve.points.iter().any(|point| point.1 != 0.0));
        (moves || names.contains(&"mass")).then(|| Panel { label: label.to_owned(), curves })
    };
    let value = |numbers: &[f64], row: usize| numbers[row];
    let relative = |numbers: &[f64], row: usize| (numbers[row] - numbers[0]) / numbers[0].abs().max(f64::MIN_POSITIVE);
    let panels = [
        panel("relative change", &["mass", "energy"], &relative),
        panel("kinetic energy", &["kinetic_energy"], &value),
        panel("momentum", &["momentum_x", "momentum_y", "momentum_z"], &value),
    ];
    let panels = panels.into_iter().flatten().filter(|panel| !panel.curves.is_empty()).collect();
    let (title, label) = ("totals over time".to_owned(), with_unit("time", time_unit));
    Some(Panels { title, label, range: [times[0], times[times.len() - 1]], panels })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_relative_to_the_start_and_resting_momenta_are_left_out() {
        let names = ["time", "mass", "kinetic_energy", "momentum_x", "density_min"].map(str::to_owned).to_vec();
        let columns = vec![vec![0.0, 1.0, 2.0], vec![4.0, 4.0, 5.0], vec![0.0, 1.0, 2.0], vec![0.0; 3], vec![1.0; 3]];
        let figure = totals(&History { names, columns }, "yr").unwrap();
        let labels: Vec<&str> = figure.panels.iter().map(|panel| &panel.label[..]).collect();
        assert_eq!(labels, ["relative change", "kinetic energy"]);
        assert_eq!(figure.panels[0].curves[0].points[2], (2.0, 0.25));
        assert!(totals(&History::default(), "").is_none());
    }
}
