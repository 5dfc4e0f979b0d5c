//! What a quantity of a rank becomes with its work n and the number of ranks p: c0 + c1 n^a (log2 p)^b, from a few runs.
//!
//! That is the performance model normal form with one term (Calotoiu et al. 2013, SC '13, doi:10.1145/2503210.2503277). For each pair of
//! exponents the coefficients come from least squares, of relative errors. The pair is chosen by cross-validation: each point is left
//! out in turn and told from the others; the least sum of squared errors wins, of equals the simplest form. How far off points are that were left out
//! is the error that a forecast is told with.

/// The exponents that are tried, the simplest first.
const POWERS: [f64; 8] = [0.0, 1.0, 2.0 / 3.0, 0.5, 1.0 / 3.0, 4.0 / 3.0, 1.5, 2.0];
const LOGARITHMS: [f64; 3] = [0.0, 1.0, 2.0];
/// Errors this small are those of rounding.
const ROUNDING: f64 = 1e-9;
/// A form that isn't better by this factor isn't worth being less simple.
const BETTER: f64 = 0.8;
/// The same of one that goes with a higher power of log p. The runs' own logarithms differ by little, those of a forecast by much, so
/// that neighbours that are shared out otherwise at some p must not look like a law.
const MUCH_BETTER: f64 = 0.25;

/// One run: the work of a rank, the number of ranks, and what was counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    pub work: f64,
    pub ranks: f64,
    pub value: f64,
}

/// A fitted form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Form {
    c0: f64,
    c1: f64,
    power: f64,
    logarithm: f64,
    /// The root mean square of relative errors of points that were left out.
    pub error: f64,
}

impl Form {
    /// The form that tells points best from the others; of one point, or of equal ones, a constant. None of no point.
    pub(super) fn of(samples: &[Sample]) -> Option<Self> {
        let first = samples.first()?;
        let constant = Form { c0: first.value, c1: 0.0, power: 0.0, logarithm: 0.0, error: 0.0 };
        if samples.iter().all(|sample| sample.value == first.value) {
            return Some(constant);
        }
        let pairs = LOGARITHMS.iter().flat_map(|logarithm| POWERS.iter().map(move |power| (*power, *logarithm)));
        let mut best: Option<Form> = None;
        for (power, logarithm) in pairs {
            let Some(form) = validated(samples, power, logarithm) else { continue };
            let is_better = best.is_none_or(|best| {
                let factor = if form.logarithm > best.logarithm { MUCH_BETTER } else { BETTER };
                best.error > ROUNDING && form.error < factor * best.error
            });
            if is_better {
                best = Some(form);
            }
        }
        best.or(Some(constant))
    }

    /// What it tells for so much work of a rank on so many ranks; never less than nothing.
    pub(super) fn at(&self, work: f64, ranks: f64) -> f64 {
        (self.c0 + self.c1 * term(self.power, self.logarithm, work, ranks)).max(0.0)
    }
}

/// n^a (log2 p)^b; one rank counts as two, whose logarithm is 1.
fn term(power: f64, logarithm: f64, work: f64, ranks: f64) -> f64 {
    work.powf(power) * ranks.max(2.0).log2().powf(logarithm)
}

/// The form with these exponents and the error of points that were left out; none where these can't be told apart.
fn validated(samples: &[Sample], power: f64, logarithm: f64) -> Option<Form> {
    let mut sum = 0.0;
    for left_out in 0..samples.len() {
        let others: Vec<Sample> =
            samples.iter().enumerate().filter(|(place, _)| *place != left_out).map(|(_, sample)| *sample).collect();
        let Sample { work, ranks, value } = samples[left_out];
        let told = fitted(&others, power, logarithm)?.at(work, ranks);
        sum += ((told - value) / scale(value)).powi(2);
    }
    let form = fitted(samples, power, logarithm)?;
    let error = (sum / samples.len() as f64).sqrt();
    error.is_finite().then_some(Form { error, ..form })
}

/// What an error is held to: the value itself, or 1 where it is less, since counts are whole.
fn scale(value: f64) -> f64 {
    value.abs().max(1.0)
}

/// Least squares of relative errors.
fn fitted(samples: &[Sample], power: f64, logarithm: f64) -> Option<Form> {
    let constant = power == 0.0 && logarithm == 0.0;
    let [mut w, mut x, mut xx, mut y, mut xy] = [0.0; 5];
    // Terms may be as large as work itself: in units of the largest.
    let terms: Vec<f64> = samples.iter().map(|sample| term(power, logarithm, sample.work, sample.ranks)).collect();
    let unit = terms.iter().fold(0.0_f64, |most, term| most.max(*term));
    for (sample, term) in samples.iter().zip(&terms) {
        let weight = scale(sample.value).powi(-2);
        let term = term / unit;
        w += weight;
        x += weight * term;
        xx += weight * term * term;
        y += weight * sample.value;
        xy += weight * term * sample.value;
    }
    if constant {
        return (w > 0.0).then_some(Form { c0: y / w, c1: 0.0, power, logarithm, error: 0.0 });
    }
    let determinant = w * xx - x * x;
    if samples.len() < 2 || determinant <= 1e-12 * w * xx {
        return None;
    }
    let c0 = (xx * y - x * xy) / determinant;
    let c1 = (w * xy - x * y) / determinant / unit;
    // Nothing that is counted shrinks with work or ranks: such a form would tell of none, far away.
    (c1 >= 0.0).then_some(Form { c0, c1, power, logarithm, error: 0.0 })
}

impl std::fmt::Display for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Form { c0, c1, power, logarithm, .. } = *self;
        if c1 == 0.0 {
            return write!(f, "{c0:.4}");
        }
        // What is nothing beside the other part isn't shown.
        if c0.abs() > ROUNDING * c1.abs() {
            write!(f, "{c0:.4} + ")?;
        }
        write!(f, "{c1:.4}")?;
        match power {
            0.0 => {}
            1.0 => write!(f, " n")?,
            _ => write!(f, " n^{power:.3}")?,
        }
        match logarithm {
            0.0 => Ok(()),
            1.0 => write!(f, " log2 p"),
            _ => write!(f, " (log2 p)^{logarithm}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(of: impl Fn(f64, f64) -> f64) -> Vec<Sample> {
        // A problem of 128^3 on 8, 27, 64 ranks, and one of 64^3 on 8 and 64.
        let runs = [(128, 8.0), (128, 27.0), (128, 64.0), (64, 8.0), (64, 64.0)];
        runs.map(|(side, ranks)| (f64::from(side).powi(3) / ranks, ranks))
            .map(|(work, ranks)| Sample { work, ranks, value: of(work, ranks) })
            .to_vec()
    }

    #[test]
    fn laws_with_known_exponents_are_found_again() {
        type Law = fn(f64, f64) -> f64;
        let laws: [(Law, [f64; 2]); 6] = [
            (|_, _| 12.0, [0.0, 0.0]),
            (|work, _| 96.0 * work.powf(2.0 / 3.0), [2.0 / 3.0, 0.0]),
            (|work, _| 1e7 + 80.0 * work, [1.0, 0.0]),
            (|_, ranks| 3.0 + 2.0 * ranks.log2(), [0.0, 1.0]),
            (|work, ranks| 5.0 * work.sqrt() * ranks.log2(), [0.5, 1.0]),
            (|work, _| 7.0 * work * work, [2.0, 0.0]),
        ];
        for (law, [power, logarithm]) in laws {
            let form = Form::of(&samples(law)).unwrap();
            assert_eq!([form.power, form.logarithm], [power, logarithm], "{form:?}");
            let [told, right] = [form.at(2_097_152.0, 4096.0), law(2_097_152.0, 4096.0)];
            assert!((told / right - 1.0).abs() < 1e-6 && form.error < 1e-6, "{form:?}: {told} for {right}");
        }
    }

    #[test]
    fn counts_that_are_a_little_off_have_an_error_to_tell() {
        // Shares of cells that differ by one.
        let off = samples(|work, ranks| (96.0 * work.powf(2.0 / 3.0) * (1.0 + 0.02 * (ranks - 27.0).signum())).round());
        let form = Form::of(&off).unwrap();
        let right = 96.0 * 2_097_152.0_f64.powf(2.0 / 3.0);
        assert!(form.error > 1e-3 && form.error < 0.2, "{form:?}");
        assert!((form.at(2_097_152.0, 4096.0) / right - 1.0).abs() < 0.15, "{form:?}");
    }

    /// Fewer messages where the domain of a rank has fewer neighbours, as it happens at small numbers of ranks.
    #[test]
    fn no_form_tells_of_nothing_far_away() {
        let counted = [(9.0, 4.0), (16.0, 6.0), (36.0, 8.0), (64.0, 8.0)];
        let samples = counted.map(|(ranks, value)| Sample { work: 2304.0 / ranks, ranks, value });
        let form = Form::of(&samples).unwrap();
        assert!(form.at(1e6, 4096.0) >= 6.0, "{form:?}");
    }

    /// As counted of gas in three sizes: shares of 8, 16 and 32 cells each way, on 64 ranks long ones with fewer neighbours.
    #[test]
    fn a_surface_is_found_where_shares_have_other_shapes_on_some_ranks() {
        let shapes = [(27.0, 1.0), (36.0, 1.03), (48.0, 1.05), (64.0, 1.33)];
        let counted = [8.0_f64, 16.0, 32.0].into_iter().flat_map(|side| {
            shapes.map(|(ranks, shape)| Sample { work: side.powi(3), ranks, value: shape * 720.0 * side.powi(2) })
        });
        let form = Form::of(&counted.collect::<Vec<_>>()).unwrap();
        assert_eq!([form.power, form.logarithm], [2.0 / 3.0, 0.0], "{form:?}");
        let told = form.at(128.0_f64.powi(3), 4096.0) / (720.0 * 128.0_f64.powi(2));
        assert!((1.0..1.33).contains(&told) && form.error > 0.05, "{told} {form:?}");
    }

    #[test]
    fn one_run_tells_a_constant_and_none_nothing() {
        let one = [Sample { work: 10.0, ranks: 2.0, value: 7.0 }];
        assert_eq!(Form::of(&one).unwrap().at(1e6, 64.0), 7.0);
        assert_eq!(Form::of(&[]), None);
    }
}
