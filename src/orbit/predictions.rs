//! What a point of a fit predicts: for each measurement, over a turn, and of one companion alone.

use std::f64::consts::TAU;

use super::Fit;
use super::model::Orbit;
use super::observations::{Observation, Quantity, modified, polar};
use crate::lane::{Kernel, Lane, Simd};
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
                let predicted = match is_velocity {
                    true => {
                        self.velocities(point, object, &epochs)?.into_iter().map(|velocity| [velocity, 0.0]).collect()
                    }
                    false => self.positions(point, object, &epochs)?,
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

    /// The last date before `epoch` (a date) at which a companion (1, 2 ..) is in conjunction, on our side of the star; a modified Julian
    /// date. It is told by the star's motion, so a companion without mass has none of meaning.
    ///
    /// # Errors
    /// No such companion.
    pub fn conjunction(&self, point: &[f64], companion: usize, epoch: f64) -> Result<f64> {
        let orbit = self.orbit_of(point, companion)?;
        // The star's omega from its velocity; at conjunction its true anomaly is pi/2 - omega.
        let [p, q] = orbit.star;
        let omega = libm::atan2(-q * orbit.minor, p);
        let (sine, cosine) = libm::sincos(omega);
        let anomaly = libm::atan2(orbit.minor * cosine, orbit.e + sine);
        let after = orbit.phase + (anomaly - orbit.e * libm::sin(anomaly)) / TAU;
        let turns = ((modified(epoch) - self.reference) * orbit.rate - after).floor();
        Ok(self.reference + (turns + after) / orbit.rate)
    }

    fn orbit_of(&self, point: &[f64], companion: usize) -> Result<Orbit> {
        let known = self.orbits(point).all().get(companion.wrapping_sub(1)).copied();
        known.ok_or_else(|| Error::input(format!("companion {companion}"), "is not in this model"))
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
