//! A fit as the density that samplers sample.

use super::fit::Fit;
use crate::sampler::Density;

impl Density for Fit {
    fn names(&self) -> Vec<String> {
        Fit::names(self)
    }

    fn log_prior(&self, point: &[f64]) -> f64 {
        Fit::log_prior(self, point)
    }

    fn log_likelihoods(&self, points: &[f64], into: &mut [f64]) {
        Fit::log_likelihoods(self, points, into);
    }

    fn draw(&self, unit: &[f64], point: &mut [f64]) {
        Fit::draw(self, unit, point);
    }

    fn period(&self, parameter: usize) -> Option<f64> {
        Fit::period(self, parameter)
    }

    fn mirrors(&self, point: &[f64]) -> Vec<Vec<f64>> {
        self.mirror_images(point)
    }
}
