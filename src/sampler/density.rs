//! What is sampled: the one trait that users implement for it.

/// A density over some parameters, known but for a factor: prior times likelihood.
///
/// Every rank has the same one. A value must depend on its point alone, neither on the rank that asks nor on the points beside it,
/// so that results are the same bits on any number of ranks.
pub trait Density {
    /// Names of the parameters, in the order of a point's numbers.
    fn names(&self) -> Vec<String>;

    /// ln of the prior density of a point; minus infinity outside the prior.
    fn log_prior(&self, point: &[f64]) -> f64;

    /// ln-likelihoods of points that lie one after another, row by row; never asked for points outside the prior. Minus infinity is a
    /// likelihood of zero; NaN and plus infinity are errors, which end the sampling.
    fn log_likelihoods(&self, points: &[f64], into: &mut [f64]);

    /// The point of the prior that belongs to a point of the unit cube (inverse transform): uniform points of the cube, all
    /// coordinates between 0 and 1 and never either, give points that are distributed as the prior.
    ///
    /// Where the prior is zero in a part of the range (a limit that joins two parameters), points there may come too: they are dropped.
    fn draw(&self, unit: &[f64], point: &mut [f64]);

    /// The period of a parameter that is an angle: values that differ by a period are the same. By default none is.
    ///
    /// The prior of an angle covers one period, from where [`draw`](Density::draw) begins; samplers keep it there.
    fn period(&self, _parameter: usize) -> Option<f64> {
        None
    }

    /// Other points at which the density may be the same as at this one, by a symmetry of the model. By default there is none.
    ///
    /// Samplers test whether it is. Walkers that start at the maximum start at the mirrors that are as high too, which no move would lead to.
    fn mirrors(&self, _point: &[f64]) -> Vec<Vec<f64>> {
        Vec::new()
    }
}

impl<D: Density + ?Sized> Density for &D {
    fn names(&self) -> Vec<String> {
        (**self).names()
    }

    fn log_prior(&self, point: &[f64]) -> f64 {
        (**self).log_prior(point)
    }

    fn log_likelihoods(&self, points: &[f64], into: &mut [f64]) {
        (**self).log_likelihoods(points, into);
    }

    fn draw(&self, unit: &[f64], point: &mut [f64]) {
        (**self).draw(unit, point);
    }

    fn period(&self, parameter: usize) -> Option<f64> {
        (**self).period(parameter)
    }

    fn mirrors(&self, point: &[f64]) -> Vec<Vec<f64>> {
        (**self).mirrors(point)
    }
}
