//! Walkers must be independent: moves go along the differences between walkers, so none leads out of a plane in which all of them lie, or away from a
//! value that all of them have (emcee refuses such walkers too: Foreman-Mackey et al. 2013, PASP 125, 306).

use super::super::density::Density;
use super::super::walkers::{BEYOND, Walkers};
use crate::{Error, Result};

/// The least spread of a parameter, over its largest value: of a thousand numbers that can be told apart.
const LEAST: f64 = 1e3 * f64::EPSILON;
/// The least part of a parameter's spread that isn't that of the others.
const PART: f64 = 1e-8;

/// Refuses walkers that aren't independent, at any temperature; the same on all ranks, since all know all walkers.
///
/// # Errors
/// The parameter that has one value, or follows from the others.
pub(super) fn refuse_dependent<D: Density>(walkers: &Walkers<D>) -> Result<()> {
    let width = walkers.width();
    let mut temperatures = walkers.rows().chunks_exact(walkers.count() * width);
    temperatures.try_for_each(|rows| {
        let columns = (0..width - BEYOND).map(|parameter| column(walkers, rows, parameter));
        let columns: Vec<Column> = columns.collect();
        match fault(&columns) {
            None => Ok(()),
            Some((parameter, why)) => {
                let name = &walkers.space.names()[parameter];
                let reason = format!("the walkers' values of `{name}` {why}: no move would ever change that");
                Err(Error::input("method.start", reason))
            }
        }
    })
}

/// The values of a parameter about those of the first walker, the shorter way for an angle.
struct Column {
    away: Vec<f64>,
    largest: f64,
}

fn column<D: Density>(walkers: &Walkers<D>, rows: &[f64], parameter: usize) -> Column {
    let values = || rows.chunks_exact(walkers.width()).map(|row| row[parameter]);
    let first = rows[parameter];
    let away: Vec<f64> = values().map(|value| walkers.space.way(parameter, first, value)).collect();
    let mean = away.iter().sum::<f64>() / away.len() as f64;
    let largest = values().fold(0.0f64, |largest, value| largest.max(value.abs()));
    Column { away: away.into_iter().map(|away| away - mean).collect(), largest }
}

/// The first parameter that has one value, or that a combination of those before it gives, by Gram and Schmidt; and which of both.
fn fault(columns: &[Column]) -> Option<(usize, &'static str)> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for (parameter, Column { away, largest }) in columns.iter().enumerate() {
        let spread = (dot(away, away) / away.len() as f64).sqrt();
        if spread <= LEAST * largest {
            return Some((parameter, "are the same but for rounding (give a wider spread, or a number as its prior)"));
        }
        let length = dot(away, away).sqrt();
        let mut rest: Vec<f64> = away.iter().map(|x| x / length).collect();
        for direction in &basis {
            let along = dot(&rest, direction);
            rest.iter_mut().zip(direction).for_each(|(x, d)| *x -= along * d);
        }
        let left = dot(&rest, &rest).sqrt();
        if left <= PART {
            return Some((parameter, "follow from those of other parameters"));
        }
        basis.push(rest.into_iter().map(|x| x / left).collect());
    }
    None
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;

    fn columns(make: impl Fn(&mut Random) -> [f64; 3]) -> Vec<Column> {
        let mut random = Random::new(1, 0, 0);
        let rows: Vec<[f64; 3]> = (0..16).map(|_| make(&mut random)).collect();
        let column = |k: usize| {
            let mean = rows.iter().map(|row| row[k]).sum::<f64>() / 16.0;
            let largest = rows.iter().fold(0.0f64, |largest, row| largest.max(row[k].abs()));
            Column { away: rows.iter().map(|row| row[k] - mean).collect(), largest }
        };
        (0..3).map(column).collect()
    }

    #[test]
    fn walkers_on_a_plane_or_at_one_value_are_told_with_their_parameter() {
        let free = |random: &mut Random| [random.normal(), 40.0 + 1e-9 * random.normal(), 1e9 * random.normal()];
        assert_eq!(fault(&columns(free)), None);
        let plane = |random: &mut Random| {
            let [a, b] = [random.normal(), random.normal()];
            [a, b, 3.0 * a - b]
        };
        let told = fault(&columns(plane)).unwrap();
        assert!(told.0 == 2 && told.1.contains("follow from"), "{told:?}");
        for spread in [0.0, 1e-30, 1e-15] {
            let told = fault(&columns(|random| [random.normal(), 40.0 + spread * random.normal(), random.normal()]));
            assert!(told.is_some_and(|told| told.0 == 1 && told.1.contains("are the same")), "{spread}: {told:?}");
        }
    }
}
