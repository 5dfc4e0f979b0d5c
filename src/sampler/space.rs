//! The space of a density's parameters: their names, and angles that wrap.

use super::density::Density;
use crate::base::config::nearest_of;
use crate::{Error, Result};

/// The parameters of a density.
#[derive(Clone, Debug)]
pub(super) struct Space {
    names: Vec<String>,
    angles: Vec<Option<Angle>>,
}

/// The interval in which an angle is kept.
#[derive(Clone, Copy, Debug)]
struct Angle {
    low: f64,
    period: f64,
}

impl Space {
    /// # Errors
    /// A density without parameters, two of the same name, a period that isn't positive.
    pub(super) fn of(density: &impl Density) -> Result<Self> {
        let names = density.names();
        if names.is_empty() {
            return Err(Error::input("priors", "no parameter is free: there is nothing to sample"));
        }
        if let Some(twice) = names.iter().enumerate().find(|(place, name)| names[..*place].contains(name)) {
            return Err(Error::input("priors", format!("two parameters have the name `{}`", twice.1)));
        }
        let angle = |parameter| density.period(parameter).map(|period| Angle::of(density, &names, parameter, period));
        let angles = (0..names.len()).map(|parameter| angle(parameter).transpose()).collect::<Result<_>>()?;
        Ok(Space { names, angles })
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of parameters.
    pub(super) fn dimensions(&self) -> usize {
        self.names.len()
    }

    /// The place of a parameter that `key` names.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn place(&self, key: &str, name: &str) -> Result<usize> {
        self.names.iter().position(|known| known == name).ok_or_else(|| {
            let known: Vec<&str> = self.names.iter().map(String::as_str).collect();
            Error::input(key, format!("there is no free parameter `{name}`{}", nearest_of(name, &known)))
        })
    }

    /// Whether a parameter is an angle.
    pub(super) fn is_angle(&self, parameter: usize) -> bool {
        self.angles[parameter].is_some()
    }

    /// Brings the angles of a point back into their intervals.
    pub(super) fn wrap(&self, point: &mut [f64]) {
        for (value, angle) in point.iter_mut().zip(&self.angles) {
            if let Some(Angle { low, period }) = angle {
                *value -= period * ((*value - low) / period).floor();
            }
        }
    }

    /// How far it is from one value of a parameter to another; for an angle the shorter way.
    #[inline]
    pub(super) fn way(&self, parameter: usize, from: f64, to: f64) -> f64 {
        let way = to - from;
        match self.angles[parameter] {
            None => way,
            Some(Angle { period, .. }) => way - period * (way / period).round(),
        }
    }

    /// Whether a way is the shorter one.
    #[inline]
    pub(super) fn is_shorter(&self, parameter: usize, way: f64) -> bool {
        self.angles[parameter].is_none_or(|angle| way.abs() <= 0.5 * angle.period)
    }
}

impl Angle {
    /// The interval of one period that begins where the prior begins.
    fn of(density: &impl Density, names: &[String], parameter: usize, period: f64) -> Result<Self> {
        if !(period > 0.0 && period.is_finite()) {
            let reason = format!("the period of the angle `{}` is {period}; it must be positive", names[parameter]);
            return Err(Error::input("priors", reason));
        }
        let mut unit = vec![0.5; names.len()];
        let mut point = vec![0.0; names.len()];
        unit[parameter] = f64::MIN_POSITIVE;
        density.draw(&unit, &mut point);
        Ok(Angle { low: if point[parameter].is_finite() { point[parameter] } else { 0.0 }, period })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A uniform prior of a length in [-1, 1] and of an angle in [-pi, pi), and a likelihood of one.
    pub(crate) struct Flat;

    impl Density for Flat {
        fn names(&self) -> Vec<String> {
            vec!["length".into(), "angle".into()]
        }

        fn log_prior(&self, point: &[f64]) -> f64 {
            let inside = point[0].abs() <= 1.0 && point[1].abs() <= std::f64::consts::PI;
            if inside { -(4.0 * std::f64::consts::PI).ln() } else { f64::NEG_INFINITY }
        }

        fn log_likelihoods(&self, _points: &[f64], into: &mut [f64]) {
            into.fill(0.0);
        }

        fn draw(&self, unit: &[f64], point: &mut [f64]) {
            point.copy_from_slice(&[2.0 * unit[0] - 1.0, std::f64::consts::TAU * (unit[1] - 0.5)]);
        }

        fn period(&self, parameter: usize) -> Option<f64> {
            (parameter == 1).then_some(std::f64::consts::TAU)
        }
    }

    #[test]
    fn angles_stay_where_their_prior_is_and_go_the_shorter_way() {
        let space = Space::of(&Flat).unwrap();
        let mut point = [7.0, 7.0];
        space.wrap(&mut point);
        assert_eq!(point[0], 7.0);
        assert!((point[1] - (7.0 - std::f64::consts::TAU)).abs() < 1e-15);
        assert!((space.way(1, 3.0, -3.0) - (std::f64::consts::TAU - 6.0)).abs() < 1e-15);
        assert_eq!(space.way(0, 3.0, -3.0), -6.0);
        assert!(space.is_shorter(1, 3.0) && !space.is_shorter(1, -3.2) && space.is_shorter(0, 1e9));
    }

    #[test]
    fn an_unknown_parameter_is_told_with_the_nearest() {
        let message = Space::of(&Flat).unwrap().place("method.at", "lenght").unwrap_err().to_string();
        assert!(message.starts_with("method.at") && message.contains("did you mean `length`?"), "{message}");
    }
}
