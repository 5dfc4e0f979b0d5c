//! Places in the other coordinates: separation and position angle as offsets, and the reverse.
//!
//! Errors and their correlation go along to first order, as is right where they are small beside the separation.

use super::{Observation, Quantity};

impl Observation {
    /// The same place as offsets to the east and to the north, mas; what is no separation with a position angle stays as it is.
    pub fn in_offsets(&self) -> Observation {
        if self.quantity != Quantity::SepPa {
            return self.clone();
        }
        let separation = self.values[0];
        let angle = self.values[1].to_radians();
        let (sine, cosine) = libm::sincos(angle);
        let turned = separation.to_radians();
        let slopes = [[sine, turned * cosine], [cosine, -turned * sine]];
        self.changed(Quantity::RaDec, [separation * sine, separation * cosine], slopes)
    }

    /// The same place as separation (mas) and position angle (degrees, 0 to 360); what is no pair of offsets stays as it is.
    pub fn in_polar(&self) -> Observation {
        if self.quantity != Quantity::RaDec {
            return self.clone();
        }
        let [east, north] = self.values;
        let [separation, angle] = polar(self.values);
        let square = (separation * separation).to_radians();
        let slopes = [[east / separation, north / separation], [north / square, -east / square]];
        self.changed(Quantity::SepPa, [separation, angle], slopes)
    }

    /// This place with other values, which change with the old ones by `slopes`.
    fn changed(&self, quantity: Quantity, values: [f64; 2], slopes: [[f64; 2]; 2]) -> Observation {
        let shared = self.correlation.unwrap_or(0.0) * self.errors[0] * self.errors[1];
        let covariances = [[self.errors[0] * self.errors[0], shared], [shared, self.errors[1] * self.errors[1]]];
        let between = |[a, b]: [f64; 2], [c, d]: [f64; 2]| {
            a * (covariances[0][0] * c + covariances[0][1] * d) + b * (covariances[1][0] * c + covariances[1][1] * d)
        };
        let errors = slopes.map(|slope| between(slope, slope).sqrt());
        let correlation = between(slopes[0], slopes[1]) / (errors[0] * errors[1]);
        Observation { quantity, values, errors, correlation: Some(correlation.clamp(-1.0, 1.0)), ..self.clone() }
    }
}

/// Separation and position angle (degrees, 0 to 360) of offsets to the east and to the north.
pub(crate) fn polar([east, north]: [f64; 2]) -> [f64; 2] {
    [east.hypot(north), libm::atan2(east, north).to_degrees().rem_euclid(360.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Observation {
        Observation {
            epoch: 55000.0,
            object: 1,
            quantity: Quantity::SepPa,
            values: [200.0, 211.0],
            errors: [3.0, 0.7],
            correlation: Some(0.2),
            instrument: String::new(),
            place: String::new(),
        }
    }

    #[test]
    fn there_and_back_is_the_same_place() {
        let back = place().in_offsets().in_polar();
        let pairs = back.values.into_iter().chain(back.errors).zip([200.0, 211.0, 3.0, 0.7]);
        assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-10), "{back:?}");
        assert!((back.correlation.unwrap() - 0.2).abs() < 1e-12);
        assert_eq!(place().in_polar(), place());
    }

    #[test]
    fn errors_point_where_they_should() {
        let north = Observation { values: [200.0, 0.0], correlation: None, ..place() }.in_offsets();
        assert!(north.values[0].abs() < 1e-12 && (north.values[1] - 200.0).abs() < 1e-12);
        let across = 200.0 * 0.7f64.to_radians();
        assert!((north.errors[0] - across).abs() < 1e-12 && (north.errors[1] - 3.0).abs() < 1e-12);
        let east = Observation { values: [200.0, 90.0], correlation: None, ..place() }.in_offsets();
        assert!((east.values[0] - 200.0).abs() < 1e-12 && (east.errors[0] - 3.0).abs() < 1e-12);
        assert_eq!(polar([0.0, -2.0]), [2.0, 180.0]);
        assert_eq!(polar([-2.0, 0.0]), [2.0, 270.0]);
    }
}
