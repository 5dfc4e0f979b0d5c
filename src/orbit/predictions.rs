//! What a point of a fit predicts: for each measurement, over a turn, and of one companion alone.

use std::f64::consts::{FRAC_PI_2, TAU};

use super::fit::Fit;
use super::model::Orbit;
use super::observations::{Observation, Quantity, modified, polar};
use crate::simd::{Kernel, Lane, Simd};
use crate::{Error, Result};

impl Fit {
    /// What a point predicts for each measurement, in the order of the observations and in their quantities and units; of a velocity, trend and
    /// instrument's offset included, the first number is the prediction and the second 0.
    ///
    /// # Errors
    /// Companions that come too close to be followed.
    pub fn expected(&self, point: &[f64]) -> Result<Vec<[f64; 2]>> {
        let rows = &self.observations.rows;
        let mut expected = vec![[0.0; 2]; rows.len()];
        for object in 0..=self.orbit.companions {
            for is_velocity in [true, false] {
                let is_one =
                    |row: &Observation| row.object == object && (row.quantity == Quantity::Velocity) == is_velocity;
                let places: Vec<usize> = (0..rows.len()).filter(|&place| is_one(&rows[place])).collect();
                if places.is_empty() {
                    continue;
                }
                let epochs: Vec<f64> = places.iter().map(|&place| rows[place].epoch).collect();
                let predicted = if is_velocity {
                    self.velocities(point, object, &epochs)?.into_iter().map(|velocity| [velocity, 0.0]).collect()
                } else {
                    self.positions(point, object, &epochs)?
                };
                for (&place, predicted) in places.iter().zip(predicted) {
                    expected[place] = self.as_measured(point, &rows[place], predicted);
                }
            }
        }
        Ok(expected)
    }

    /// A prediction, of offsets or of an orbit's velocity, in a row's quantity.
    fn as_measured(&self, point: &[f64], row: &Observation, predicted: [f64; 2]) -> [f64; 2] {
        match row.quantity {
            Quantity::SepPa => polar(predicted),
            Quantity::RaDec => predicted,
            Quantity::Velocity => {
                let trend = if row.object == 0 { self.trend(point, &[row.epoch])[0] } else { 0.0 };
                [predicted[0] + trend + self.instrument(point, &row.instrument)[0], 0.0]
            }
        }
    }

    /// The star's velocity that one companion (1, 2 ..) makes on its ellipse at epochs (dates), in the unit of the observations.
    ///
    /// # Errors
    /// No such companion.
    pub fn velocities_by(&self, point: &[f64], companion: usize, epochs: &[f64]) -> Result<Vec<f64>> {
        let orbit = self.orbit_of(point, companion)?;
        let times: Vec<f64> = epochs.iter().map(|&epoch| modified(epoch) - self.reference).collect();
        Ok(self.level.run(Alone { orbit: &orbit, times: &times }))
    }

    /// Dates over one turn of a companion (1, 2 ..), denser where it is faster: `count` of them from the last periastron before `epoch` (a date) to
    /// the next, both included; modified Julian dates.
    ///
    /// # Errors
    /// No such companion.
    pub fn turn(&self, point: &[f64], companion: usize, epoch: f64, count: usize) -> Result<Vec<f64>> {
        let orbit = self.orbit_of(point, companion)?;
        let turns = ((modified(epoch) - self.reference) * orbit.rate - orbit.phase).floor();
        let at = |place: usize| {
            let anomaly = TAU * place as f64 / (count.max(2) - 1) as f64;
            let mean = (anomaly - orbit.e * libm::sin(anomaly)) / TAU;
            self.reference + (turns + orbit.phase + mean) / orbit.rate
        };
        Ok((0..count).map(at).collect())
    }

    /// The dates between two (modified Julian dates) at which any companion has one of `per_turn` true anomalies at equal distances, in order: a
    /// velocity is a sine of that anomaly, however eccentric the orbit is. Of a companion with many turns there are fewer a turn, so that there
    /// are about `most` of each at most, and of one with more turns than that none.
    #[cfg_attr(not(feature = "plot"), expect(dead_code, reason = "pictures ask for it"))]
    pub(crate) fn passages(&self, point: &[f64], ends: [f64; 2], per_turn: usize, most: usize) -> Vec<f64> {
        let mut dates = Vec::new();
        for orbit in self.orbits(point).all() {
            let [first, last] = ends.map(|end| ((end - self.reference) * orbit.rate - orbit.phase).floor());
            let turns = (last - first + 1.0) as usize;
            let count = per_turn.min(most / turns.max(1));
            let anomaly = |k: usize| TAU * (k as f64 / count as f64 - 0.5);
            let shares: Vec<f64> = (0..count).map(|k| orbit.share_at(anomaly(k))).collect();
            for turn in (0..if count > 0 { turns + 1 } else { 0 }).map(|turn| first + turn as f64) {
                let date = |share: &f64| self.reference + (turn + orbit.phase + share) / orbit.rate;
                dates.extend(shares.iter().map(date).filter(|date| ends[0] < *date && *date < ends[1]));
            }
        }
        dates.sort_by(f64::total_cmp);
        dates
    }

    /// The last date before `epoch` (a date) at which a companion (1, 2 ..) is in conjunction, on our side of the star; a modified Julian
    /// date. It follows from the star's motion, so that of a companion without mass has no meaning.
    ///
    /// # Errors
    /// No such companion.
    pub fn conjunction(&self, point: &[f64], companion: usize, epoch: f64) -> Result<f64> {
        let orbit = self.orbit_of(point, companion)?;
        // The star's omega from its velocity; at conjunction its true anomaly is pi/2 - omega.
        let [p, q] = orbit.star;
        let omega = libm::atan2(-q * orbit.minor, p);
        let after = orbit.phase + orbit.share_at(FRAC_PI_2 - omega);
        let turns = ((modified(epoch) - self.reference) * orbit.rate - after).floor();
        Ok(self.reference + (turns + after) / orbit.rate)
    }

    fn orbit_of(&self, point: &[f64], companion: usize) -> Result<Orbit> {
        let known = self.orbits(point).all().get(companion.wrapping_sub(1)).copied();
        known.ok_or_else(|| Error::input(format!("companion {companion}"), "is not in this model"))
    }
}

impl Orbit {
    /// The share of a turn from periastron to a true anomaly within half a turn of it; before it the share is negative.
    fn share_at(&self, true_anomaly: f64) -> f64 {
        let (sine, cosine) = libm::sincos(true_anomaly);
        let anomaly = libm::atan2(self.minor * sine, self.e + cosine);
        (anomaly - self.e * libm::sin(anomaly)) / TAU
    }
}

/// The star's velocities by one orbit.
struct Alone<'a> {
    orbit: &'a Orbit,
    times: &'a [f64],
}

impl Kernel for Alone<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Vec<f64> {
        let mut velocities = Vec::with_capacity(self.times.len());
        for block in self.times.chunks(8) {
            let mut times = [block[0]; 8];
            times[..block.len()].copy_from_slice(block);
            let mut into = [0.0; 8];
            self.orbit.velocity(simd, S::Eight::load(simd, &times), self.orbit.star).store(&mut into);
            velocities.extend_from_slice(&into[..block.len()]);
        }
        velocities
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orbit::{Basis, Format, Observations, OrbitSection};
    use crate::simd::Level;

    /// Two companions by radvel's parameters, and a point.
    fn two() -> (Fit, [f64; 11]) {
        let text = "time mnvel errvel tel\n2455000.5 1 1 k\n2455900.5 2 1 k\n";
        let observations = Observations::from_texts([("a", text)], Format::Auto).unwrap();
        let orbit = OrbitSection { companions: 2, basis: Basis::Period, jitter: false, ..OrbitSection::default() };
        let priors =
            "per = { uniform = [1, 1e4] }\ntc = { uniform = [2450000.0, 2460000.0] }\nk = { uniform = [0, 99] }";
        let fit = Fit::new(observations, &orbit, &priors.parse().unwrap(), Level::Portable).unwrap();
        (fit, [123.4, 2455100.25, 0.3, -0.4, 9.0, 800.0, 2455400.0, 0.1, 0.6, 5.0, 0.7])
    }

    #[test]
    fn conjunctions_are_where_the_parameters_say() {
        let (fit, point) = two();
        for (companion, period, conjunction) in [(1, 123.4, 55099.75), (2, 800.0, 55399.5)] {
            let found = fit.conjunction(&point, companion, conjunction + 0.4 * period).unwrap();
            assert!((found - conjunction).abs() < 1e-6, "{found} {conjunction}");
            let earlier = fit.conjunction(&point, companion, conjunction - 0.1 * period).unwrap();
            assert!((earlier - (conjunction - period)).abs() < 1e-6);
        }
        assert!(fit.conjunction(&point, 3, 0.0).is_err() && fit.conjunction(&point, 0, 0.0).is_err());
    }

    #[test]
    fn the_stars_velocity_is_the_sum_of_its_companions() {
        let (fit, point) = two();
        let epochs: Vec<f64> = (0..19).map(|k| 55000.0 + 31.0 * f64::from(k)).collect();
        let [one, other] = [1, 2].map(|companion| fit.velocities_by(&point, companion, &epochs).unwrap());
        let all = fit.velocities(&point, 0, &epochs).unwrap();
        assert!((0..19).all(|k| (one[k] + other[k] - all[k]).abs() < 1e-12));
    }

    #[test]
    fn a_turn_goes_from_periastron_to_periastron() {
        let (fit, point) = two();
        let dates = fit.turn(&point, 1, 55555.0, 50).unwrap();
        let period = fit.orbital_period(&point, 1);
        assert!((dates[49] - dates[0] - period).abs() < 1e-6 && dates[0] <= 55555.0 && dates[49] >= 55555.0);
        let turns = (dates[0] - fit.periastron(&point, 1)) / period;
        assert!((turns - turns.round()).abs() < 1e-9 && dates[1] - dates[0] < dates[25] - dates[24]);
    }

    /// Nearly round, eccentric, both together; one with too many turns for the dates that there may be.
    #[test]
    fn dates_of_anomalies_reach_the_peaks_of_the_velocity() {
        let (fit, mut point) = two();
        for squares in [0.0, 0.25, 0.9, 0.98f64] {
            [point[2], point[3]] = [squares.sqrt() * 0.6, squares.sqrt() * 0.8];
            let dates = fit.passages(&point, [55000.0, 55900.0], 36, 24_000);
            assert!(dates.is_sorted() && dates[0] > 55000.0 && dates[dates.len() - 1] < 55900.0);
            // 7.3 turns of one and 1.1 of the other.
            assert!((290..=315).contains(&dates.len()), "{}", dates.len());
            let drawn = fit.velocities_by(&point, 1, &dates).unwrap();
            let fine: Vec<f64> = (0..200_000).map(|k| 55000.0 + 0.0045 * f64::from(k)).collect();
            let whole = fit.velocities_by(&point, 1, &fine).unwrap();
            let span = |numbers: &[f64]| {
                numbers.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(*x), high.max(*x)])
            };
            let [drawn, whole] = [span(&drawn), span(&whole)];
            assert!((drawn[0] - whole[0]).abs() < 0.08 && (drawn[1] - whole[1]).abs() < 0.08, "{drawn:?} {whole:?}");
        }
        let few = fit.passages(&point, [55000.0, 55900.0], 36, 16);
        assert!((20..=34).contains(&few.len()), "{}", few.len());
        assert!(fit.passages(&point, [0.0, 1e6], 36, 100).is_empty());
    }

    #[test]
    fn what_a_point_predicts_gives_its_likelihood() {
        let text = "epoch,object,raoff,raoff_err,decoff,decoff_err,sep,sep_err,pa,pa_err,rv,rv_err\n\
            57000,1,10,2,20,3,,,,,,\n57100,1,,,,,90,4,359,1.5,,\n57200,1,,,,,,,,,-2,0.5\n57300,0,,,,,,,,,0.1,0.2\n";
        let observations = Observations::from_texts([("a", text)], Format::Auto).unwrap();
        let orbit = OrbitSection { companion_masses: true, jitter: false, ..OrbitSection::default() };
        let priors = "plx = 50.0\nm0 = { normal = [1.5, 0.05] }".parse().unwrap();
        let fit = Fit::new(observations, &orbit, &priors, Level::Portable).unwrap();
        let point = [2.0, 0.3, 1.1, 0.7, 2.5, 0.4, 0.2, 0.02, 1.5];
        let mut likelihood = [0.0];
        fit.log_likelihoods(&point, &mut likelihood);
        let mut expected = 0.0;
        for (row, predicted) in fit.observations().rows.iter().zip(fit.expected(&point).unwrap()) {
            let count = if row.errors[1] > 0.0 { 2 } else { 1 };
            for (k, predicted) in predicted.iter().enumerate().take(count) {
                let mut residual = row.values[k] - predicted;
                if row.errors == [4.0, 1.5] && k == 1 {
                    residual -= 360.0 * (residual / 360.0).round();
                }
                expected -= 0.5
                    * ((residual / row.errors[k]).powi(2)
                        + (std::f64::consts::TAU * row.errors[k] * row.errors[k]).ln());
            }
        }
        assert!((likelihood[0] - expected).abs() < 1e-9 * expected.abs(), "{} {expected}", likelihood[0]);
    }
}
