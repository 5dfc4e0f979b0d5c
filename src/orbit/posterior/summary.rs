//! The table of a posterior: of each parameter its median, the bounds of the middle 68 %, and where the density is largest.

use std::fmt;
use std::path::Path;

use super::Posterior;
use crate::Result;
use crate::base::csv;
use crate::io::write_whole;

/// The shares of the weight below the numbers of a row.
const SHARES: [f64; 3] = [0.16, 0.5, 0.84];

/// The numbers of one parameter, in the unit in which people read it: angles in degrees.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Quantiles {
    /// The parameter's name.
    pub name: String,
    /// The unit's label; empty where there is none.
    pub unit: String,
    /// 16, 50 and 84 % of the samples' weight are below these.
    pub quantiles: [f64; 3],
    /// Its value in the sample of the highest density.
    pub best: f64,
}

impl Quantiles {
    /// A number with six digits, or more where the middle of the samples is narrower: then with three of the nearer quantile's distance from the
    /// median. All of a row where all samples are alike.
    fn digits(&self, value: f64) -> String {
        let [low, median, high] = self.quantiles;
        let narrow = (median - low).min(high - median);
        let exponent = |value: f64| value.abs().log10().floor() as i32;
        if !(value.is_finite() && narrow.is_finite() && value != 0.0) {
            return six_digits(value);
        }
        if narrow == 0.0 {
            let whole = format!("{value}");
            return if whole.len() <= SHORT && low == high { whole } else { six_digits(value) };
        }
        let digits = (exponent(value) - exponent(narrow) + 3).clamp(6, 17);
        match exponent(value) {
            first @ -4..=9 => format!("{value:.*}", (digits - 1 - first).clamp(0, 14) as usize),
            _ => format!("{value:.*e}", (digits - 1) as usize),
        }
    }
}

/// The longest number that is shown whole.
const SHORT: usize = 14;

/// The table of a posterior.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// How many samples there are.
    pub samples: usize,
    /// A row for each parameter.
    pub rows: Vec<Quantiles>,
    /// Whether `best` is where the posterior is largest; where the prior isn't known it is where the likelihood is.
    pub with_prior: bool,
}

impl Posterior {
    /// The table of all rows: of a posterior that was read, or written by one process.
    pub fn summary(&self) -> Summary {
        let best = self.best();
        let row = |place: usize| {
            let (factor, unit) = self.parameters[place].shown();
            let quantiles = self.quantiles(place, &SHARES);
            Quantiles {
                name: self.parameters[place].name.clone(),
                unit: unit.to_owned(),
                quantiles: std::array::from_fn(|k| factor * quantiles[k]),
                best: best.map_or(f64::NAN, |row| factor * self.row(row)[place]),
            }
        };
        let rows = (0..self.parameters.len()).map(row).collect();
        Summary { samples: self.len(), rows, with_prior: !self.ln_prior.is_empty() }
    }

    /// The first row of the highest posterior density, or likelihood where the prior isn't known; none where there are no rows.
    pub fn best(&self) -> Option<usize> {
        let density = |row: usize| self.ln_likelihood[row] + self.ln_prior.get(row).unwrap_or(&0.0);
        // The last of equal ones would win. In the total order NaN lies above all numbers, but it is no density.
        (0..self.len()).rev().filter(|&row| !density(row).is_nan()).max_by(|&a, &b| density(a).total_cmp(&density(b)))
    }

    /// The numbers below which these shares of the samples' weight are, linear between samples; NaN where there are none.
    pub fn quantiles(&self, parameter: usize, shares: &[f64]) -> Vec<f64> {
        let mut sorted: Vec<(f64, f64)> = self.column(parameter).zip(self.shares()).collect();
        sorted.retain(|(_, weight)| *weight > 0.0);
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Below a sample is the weight of those before it, of all but the last: for equal weights, numpy's rule.
        let below: Vec<f64> = sorted
            .iter()
            .scan(0.0, |sum, (_, weight)| {
                let before = *sum;
                *sum += weight;
                Some(before)
            })
            .collect();
        shares.iter().map(|share| interpolated(&sorted, &below, *share)).collect()
    }
}

/// The number at a share of the weight.
fn interpolated(sorted: &[(f64, f64)], below: &[f64], share: f64) -> f64 {
    let Some(all) = below.last() else { return f64::NAN };
    let wanted = share * all;
    let next = below.partition_point(|weight| *weight <= wanted);
    match (sorted.get(next.wrapping_sub(1)), sorted.get(next)) {
        (Some((low, _)), Some((high, _))) => {
            let part = (wanted - below[next - 1]) / (below[next] - below[next - 1]);
            low + part * (high - low)
        }
        (Some((last, _)), None) => *last,
        _ => sorted[0].0,
    }
}

impl Summary {
    /// Writes the table as CSV, a line for each parameter.
    ///
    /// # Errors
    /// When it can't be written; then the one before is still there.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut text = String::from("parameter,unit,p16,median,p84,best\n");
        for Quantiles { name, unit, quantiles: [low, median, high], best } in &self.rows {
            let numbers = [low, median, high, best].map(|number| format!("{number:?}"));
            text += &csv::row([name, unit].into_iter().chain(&numbers));
            text.push('\n');
        }
        write_whole(path, text.as_bytes())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let best = if self.with_prior { "best (posterior)" } else { "best (likelihood)" };
        let name = self.width(|row| &row.name);
        let unit = self.width(|row| &row.unit);
        writeln!(f, "{:name$}  {:unit$}  {:>14}  {:>14}  {:>14}  {best}", "", "", "16 %", "median", "84 %")?;
        for row in &self.rows {
            let [low, median, high] = row.quantiles.map(|value| row.digits(value));
            let name_of = &row.name;
            let unit_of = &row.unit;
            let best = row.digits(row.best);
            writeln!(f, "{name_of:name$}  {unit_of:unit$}  {low:>14}  {median:>14}  {high:>14}  {best}")?;
        }
        write!(f, "{} samples", self.samples)
    }
}

impl Summary {
    fn width(&self, text: impl Fn(&Quantiles) -> &String) -> usize {
        self.rows.iter().map(|row| text(row).chars().count()).max().unwrap_or(0)
    }
}

/// A number with six digits.
pub(crate) fn six_digits(value: f64) -> String {
    let exponent = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 };
    match exponent {
        -4..=9 if value.is_finite() => format!("{value:.*}", (5 - exponent).clamp(0, 9) as usize),
        _ => format!("{value:.5e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orbit::posterior::Parameter;

    fn posterior(samples: &[f64], weights: &[f64]) -> Posterior {
        Posterior {
            parameters: vec![Parameter::new("x", "rad")],
            samples: samples.to_vec(),
            ln_likelihood: samples.iter().map(|x| -x * x).collect(),
            weights: weights.to_vec(),
            ..Posterior::default()
        }
    }

    #[test]
    fn quantiles_are_linear_between_samples_as_numpys_are() {
        // numpy.quantile([3, 1, 4, 1, 5, 9, 2, 6], [0.16, 0.5, 0.84]) and at the ends.
        let found =
            posterior(&[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0], &[]).quantiles(0, &[0.16, 0.5, 0.84, 0.0, 1.0]);
        let expected = [1.12, 3.5, 5.88, 1.0, 9.0];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-14), "{found:?}");
        assert_eq!(posterior(&[7.0], &[]).quantiles(0, &[0.16, 0.84]), [7.0, 7.0]);
        assert!(posterior(&[], &[]).quantiles(0, &[0.5])[0].is_nan());
    }

    #[test]
    fn a_row_that_counts_twice_is_as_two_rows_but_for_the_ends() {
        let twice = posterior(&[1.0, 2.0, 2.0, 3.0, 3.0, 4.0], &[]).quantiles(0, &[0.4, 0.7]);
        let weighted = posterior(&[4.0, 9.0, 1.0, 2.0, 3.0], &[1.0, 0.0, 1.0, 2.0, 2.0]).quantiles(0, &[0.2, 0.6]);
        assert_eq!(twice, [2.0, 3.0]);
        // Weights 1, 2, 2, 1: below 2 there is 1, below 3 there are 3, of 5.
        assert!((weighted[0] - 2.0).abs() < 1e-14 && (weighted[1] - 3.0).abs() < 1e-14, "{weighted:?}");
    }

    #[test]
    fn the_best_sample_is_that_of_the_highest_posterior() {
        let mut samples = posterior(&[0.5, -0.1, 0.1], &[]);
        assert_eq!(samples.best(), Some(1));
        assert!(!samples.summary().with_prior);
        samples.ln_prior = vec![1.0, -5.0, 0.0];
        assert_eq!(samples.best(), Some(0));
        let summary = samples.summary();
        assert!((summary.rows[0].best - 28.64788975654116).abs() < 1e-12 && summary.rows[0].unit == "deg");
        assert_eq!(posterior(&[], &[]).best(), None);
    }

    /// A date of conjunction, narrow beside its size; wide ones keep six digits; skewed ones have those of the nearer quantile; known values.
    #[test]
    fn numbers_have_the_digits_that_the_samples_tell_apart() {
        let row = |quantiles: [f64; 3]| Quantiles { name: String::new(), unit: String::new(), quantiles, best: 0.0 };
        let shown =
            |low: f64, median: f64, high: f64| [low, median, high].map(|value| row([low, median, high]).digits(value));
        assert_eq!(
            shown(2457123.41288, 2457123.45678, 2457123.51234),
            ["2457123.4129", "2457123.4568", "2457123.5123"]
        );
        assert_eq!(shown(30.0, 44.5, 80.25), ["30.0000", "44.5000", "80.2500"]);
        assert_eq!(shown(1.000001, 1.000002, 1.5), ["1.00000100", "1.00000200", "1.50000000"]);
        assert_eq!(shown(1.0000001e-12, 1.0000004e-12, 1.0000009e-12)[1], "1.000000400e-12");
        assert_eq!(shown(2457123.45, 2457123.45, 2457123.45)[0], "2457123.45");
        assert_eq!(shown(114.59155902616465, 114.59155902616465, 114.59155902616465)[0], "114.592");
        assert_eq!(shown(f64::NAN, f64::NAN, f64::NAN)[0], "NaN");
    }

    #[test]
    fn the_table_is_printed_and_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.csv");
        let mut summary = posterior(&[0.0, 1.0], &[]).summary();
        summary.write(&path).unwrap();
        let expected =
            "parameter,unit,p16,median,p84,best\nx,deg,9.167324722093172,28.64788975654116,48.12845479098915,0.0\n";
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
        summary.rows[0].name = "gamma_HARPS, post".to_owned();
        summary.write(&path).unwrap();
        let expected = expected.replace("\nx,", "\n\"gamma_HARPS, post\",");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
        summary.rows[0].name = "x".to_owned();
        assert!(
            summary.to_string().contains("x  deg         9.16732         28.6479         48.1285  0.00000\n2 samples")
        );
        assert!(summary.write(&folder.path().join("none/summary.csv")).is_err());
        assert_eq!(
            [six_digits(12345678.9), six_digits(1e-7), six_digits(f64::NAN), six_digits(-0.002)].join(" "),
            "12345679 1.00000e-7 NaN -0.00200000"
        );
    }
}
