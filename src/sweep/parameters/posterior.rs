//! Points from a posterior: rows of its samples, all of them or some, evenly chosen or at random.
//!
//! Where samples have different weights, they are chosen by these, so that the chosen ones count alike; one may be chosen twice.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Axis;
use crate::base::random::Random;
use crate::orbit::posterior::Posterior;
use crate::sweep::sampling::Permutation;
use crate::sweep::value::Value;
use crate::{Error, Result};

/// The stream of random choices.
const STREAM: u32 = 0x504f_5354;

/// How samples are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Choose {
    /// At equal distances in the file.
    #[default]
    Even,
    /// By the seed.
    Random,
}

/// What the file of a posterior says of its columns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Meaning {
    /// The epoch from which tau counts, MJD.
    pub tau_ref_epoch: f64,
    /// The epoch of the elements where companions pull on each other, MJD: the first one of the data.
    pub elements_at: Option<f64>,
    /// The unit of each column; empty where it has none, or the file says nothing.
    pub units: Vec<String>,
}

/// Rows that were chosen from a posterior, as parameters.
#[derive(Debug)]
pub(super) struct Chosen {
    pub names: Vec<String>,
    pub axes: Vec<Axis>,
    pub rows: Vec<usize>,
    pub meaning: Meaning,
}

/// Reads a posterior that a plan names.
///
/// # Errors
/// A file that can't be read or holds no posterior.
pub(in crate::sweep) fn read(path: &Path) -> Result<Posterior> {
    // A file that isn't what it should be is bad input here.
    Posterior::read(path).map_err(|error| match error {
        Error::File { path, reason } => Error::input(path.display().to_string(), reason),
        Error::Io { path, source, .. } => {
            Error::input("parameters.file", format!("cannot read {}: {source}", path.display()))
        }
        other => other,
    })
}

/// The parameters of a posterior with their values in the chosen rows.
pub(super) fn points(path: &Path, samples: Option<u64>, choose: Choose, seed: u64) -> Result<Chosen> {
    let posterior = read(path)?;
    let rows = rows(&posterior, samples, choose, seed)?;
    let column = |place: usize| {
        let value = |&row: &usize| match posterior.row(row)[place] {
            number if number.is_finite() => Ok(Value::Number(number)),
            number => {
                let name = &posterior.parameters[place].name;
                Err(Error::input(
                    path.display().to_string(),
                    format!("{name} is {number} in row {row}: it must be finite"),
                ))
            }
        };
        rows.iter().map(value).collect::<Result<_>>().map(Axis::List)
    };
    let axes = (0..posterior.parameters.len()).map(column).collect::<Result<_>>()?;
    let names = posterior.parameters.iter().map(|parameter| parameter.name.clone()).collect();
    Ok(Chosen { names, axes, rows, meaning: meaning(&posterior) })
}

fn meaning(posterior: &Posterior) -> Meaning {
    let first = posterior.observations.rows.iter().map(|row| row.epoch).reduce(f64::min);
    Meaning {
        tau_ref_epoch: posterior.about.tau_ref_epoch,
        elements_at: first.filter(|_| posterior.about.nbody),
        units: posterior.parameters.iter().map(|parameter| parameter.unit.clone()).collect(),
    }
}

/// Which rows are chosen, in the order of the file.
fn rows(posterior: &Posterior, samples: Option<u64>, choose: Choose, seed: u64) -> Result<Vec<usize>> {
    let place = "parameters.samples";
    let all = posterior.len() as u64;
    if all == 0 {
        return Err(Error::input("parameters.file", "the posterior has no samples"));
    }
    let Some(count) = samples else { return Ok((0..posterior.len()).collect()) };
    if count == 0 {
        return Err(Error::input(place, "0 leaves no task: it must be at least 1"));
    }
    if !posterior.weights.is_empty() {
        return by_weight(posterior, count, choose, seed);
    }
    if count > all {
        return Err(Error::input(place, format!("{count} are too many: the posterior has {all}")));
    }
    let permutation = Permutation::new(seed, u64::from(STREAM), all);
    let row = |index: u64| match choose {
        // The middle of the sample's share of the rows.
        Choose::Even => (2 * u128::from(index) + 1) * u128::from(all) / (2 * u128::from(count)),
        Choose::Random => u128::from(permutation.at(index)),
    };
    let mut rows: Vec<usize> = (0..count).map(|index| row(index) as usize).collect();
    rows.sort_unstable();
    Ok(rows)
}

/// Rows at equal or random places of the sum of the weights.
fn by_weight(posterior: &Posterior, count: u64, choose: Choose, seed: u64) -> Result<Vec<usize>> {
    let sums: Vec<f64> = posterior
        .shares()
        .iter()
        .scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect();
    let whole = sums.last().copied().unwrap_or_default();
    if whole <= 0.0 {
        return Err(Error::input("parameters.file", "all samples of the posterior have the weight 0"));
    }
    let share = |index: u64| match choose {
        Choose::Even => (index as f64 + 0.5) / count as f64,
        Choose::Random => Random::new(seed, STREAM, index).uniform(),
    };
    let row = |index: u64| sums.partition_point(|sum| *sum <= share(index) * whole).min(sums.len() - 1);
    let mut rows: Vec<usize> = (0..count).map(row).collect();
    rows.sort_unstable();
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orbit::posterior::Parameter;

    fn posterior(rows: usize, weights: &[f64]) -> Posterior {
        Posterior {
            parameters: vec![Parameter::new("sma1", "au"), Parameter::new("m1", "Msun")],
            samples: (0..2 * rows).map(|k| k as f64).collect(),
            ln_likelihood: vec![0.0; rows],
            weights: weights.to_vec(),
            ..Posterior::default()
        }
    }

    fn chosen(posterior: &Posterior, samples: Option<u64>, choose: Choose) -> Vec<usize> {
        rows(posterior, samples, choose, 7).unwrap()
    }

    #[test]
    fn even_samples_stand_for_equal_shares_of_the_rows() {
        let posterior = posterior(10, &[]);
        assert_eq!(chosen(&posterior, Some(5), Choose::Even), [1, 3, 5, 7, 9]);
        assert_eq!(chosen(&posterior, Some(3), Choose::Even), [1, 5, 8]);
        assert_eq!(chosen(&posterior, Some(10), Choose::Even), (0..10).collect::<Vec<_>>());
        assert_eq!(chosen(&posterior, None, Choose::Random).len(), 10);
    }

    #[test]
    fn random_samples_differ_from_each_other_and_with_the_seed() {
        let posterior = posterior(1000, &[]);
        let some = chosen(&posterior, Some(100), Choose::Random);
        assert!(some.windows(2).all(|pair| pair[0] < pair[1]) && some.len() == 100);
        assert_ne!(some, rows(&posterior, Some(100), Choose::Random, 8).unwrap());
        let mean = some.iter().sum::<usize>() as f64 / 100.0;
        assert!((mean - 500.0).abs() < 90.0, "{mean}");
        assert_eq!(chosen(&posterior, Some(1000), Choose::Random), (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn samples_are_chosen_by_their_weights() {
        let posterior = posterior(4, &[1.0, 0.0, 2.0, 1.0]);
        assert_eq!(chosen(&posterior, Some(8), Choose::Even), [0, 0, 2, 2, 2, 2, 3, 3]);
        // However large or small they are.
        for factor in [f64::MAX / 2.0, 1e-323] {
            let extreme = super::tests::posterior(4, &[factor, 0.0, 2.0 * factor, factor]);
            assert_eq!(chosen(&extreme, Some(8), Choose::Even), [0, 0, 2, 2, 2, 2, 3, 3]);
        }
        let random = chosen(&posterior, Some(4000), Choose::Random);
        let part = |row| random.iter().filter(|&&one| one == row).count() as f64 / 4000.0;
        assert!((part(0) - 0.25).abs() < 0.03 && part(1) == 0.0 && (part(2) - 0.5).abs() < 0.03);
    }

    #[test]
    fn what_cannot_be_chosen_is_refused() {
        let message =
            |posterior: &Posterior, samples| rows(posterior, Some(samples), Choose::Even, 1).unwrap_err().to_string();
        assert!(message(&posterior(4, &[]), 5).contains("parameters.samples: 5 are too many: the posterior has 4"));
        assert!(message(&posterior(4, &[]), 0).contains("0 leaves no task"));
        assert!(message(&posterior(0, &[]), 1).contains("the posterior has no samples"));
        assert!(message(&posterior(2, &[0.0, 0.0]), 1).contains("the weight 0"));
    }

    #[test]
    fn a_file_gives_an_axis_for_each_parameter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("posterior.hdf5");
        let mut given = posterior(3, &[]);
        given.write_alone(&path).unwrap();
        let chosen = points(&path, Some(2), Choose::Even, 1).unwrap();
        assert_eq!((chosen.names, chosen.rows), (vec!["sma1".to_owned(), "m1".to_owned()], vec![0, 2]));
        assert_eq!(chosen.axes[1], Axis::List(vec![Value::Number(1.0), Value::Number(5.0)]));
        given.samples[5] = f64::NAN;
        given.write_alone(&path).unwrap();
        let told = points(&path, None, Choose::Even, 1).unwrap_err();
        assert!(told.to_string().contains("m1 is NaN in row 2") && told.status() == 2, "{told}");
        std::fs::write(&path, "no HDF5").unwrap();
        assert_eq!(points(&path, None, Choose::Even, 1).unwrap_err().status(), 2);
        let missing = points(&folder.path().join("none"), None, Choose::Even, 1).unwrap_err();
        assert!(missing.to_string().starts_with("parameters.file: cannot read"), "{missing}");
    }
}
