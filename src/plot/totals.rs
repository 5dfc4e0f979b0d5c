//! The totals of a flow against time: the changes of mass and energy, the kinetic energy, the momenta.

use super::canvas::with_unit;
use super::panels::{Curve, Panel, Panels};
use crate::io::{History, Reader};

/// The most points of a curve.
const POINTS: usize = 2000;

/// The units of the columns of history.csv; empty where there are none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct HistoryUnits {
    pub time: String,
    length: String,
    mass: String,
}

impl HistoryUnits {
    /// Those of a run's snapshots.
    pub(super) fn of(snapshot: &Reader) -> Self {
        let unit = |of: &str| snapshot.text("Units", of).unwrap_or_default();
        HistoryUnits { time: unit("Time"), length: unit("Length"), mass: unit("Mass") }
    }

    /// Mass times length to this power over time to the same one; nothing where one of them has no name.
    fn mass_and_speed(&self, power: &str) -> String {
        let HistoryUnits { time, length, mass } = self;
        if [time, length, mass].iter().any(|unit| unit.is_empty()) {
            return String::new();
        }
        format!("{mass} {length}{power}/{time}{power}")
    }
}

/// From the columns of a flow; none where a table has none of them, or fewer than two rows.
pub(super) fn totals(history: &History, units: &HistoryUnits) -> Option<Panels> {
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
        (moves || names.contains(&"mass")).then(|| Panel { label: label.to_owned(), curves, also: None })
    };
    let value = |numbers: &[f64], row: usize| numbers[row];
    let relative = |numbers: &[f64], row: usize| (numbers[row] - numbers[0]) / numbers[0].abs().max(f64::MIN_POSITIVE);
    let panels = [
        panel("relative change", &["mass", "energy"], &relative),
        panel(&with_unit("kinetic energy", &units.mass_and_speed("²")), &["kinetic_energy"], &value),
        panel(&with_unit("momentum", &units.mass_and_speed("")), &["momentum_x", "momentum_y", "momentum_z"], &value),
    ];
    let panels = panels.into_iter().flatten().filter(|panel| !panel.curves.is_empty()).collect();
    let title = "totals over time".to_owned();
    let label = with_unit("time", &units.time);
    Some(Panels::new(title, label, [times[0], times[times.len() - 1]], panels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_relative_to_the_start_and_resting_momenta_are_left_out() {
        let names = ["time", "mass", "kinetic_energy", "momentum_x", "density_min"].map(str::to_owned).to_vec();
        let columns = vec![vec![0.0, 1.0, 2.0], vec![4.0, 4.0, 5.0], vec![0.0, 1.0, 2.0], vec![0.0; 3], vec![1.0; 3]];
        let [time, length, mass] = ["s", "m", "kg"].map(str::to_owned);
        let history = History { names, columns };
        let labels = |units: &HistoryUnits| -> Vec<String> {
            totals(&history, units).unwrap().panels.into_iter().map(|panel| panel.label).collect()
        };
        assert_eq!(labels(&HistoryUnits::default()), ["relative change", "kinetic energy"]);
        let units = HistoryUnits { time, length, mass };
        assert_eq!(labels(&units), ["relative change", "kinetic energy (kg m²/s²)"]);
        assert_eq!(units.mass_and_speed(""), "kg m/s");
        assert_eq!(totals(&history, &units).unwrap().panels[0].curves[0].points[2], (2.0, 0.25));
        assert!(totals(&History::default(), &units).is_none());
    }
}
