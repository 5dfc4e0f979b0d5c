//! Densities of which something is known, for tests of samplers: each in a box with a uniform prior.

use std::f64::consts::{PI, TAU};

use divisi::sampler::Density;

/// A uniform prior in a box, and a likelihood.
#[derive(Clone)]
pub(crate) struct Boxed<F> {
    pub names: Vec<String>,
    pub low: Vec<f64>,
    pub high: Vec<f64>,
    /// The parameter that is an angle, if there is one; its box is one period wide.
    pub angle: Option<usize>,
    /// ln of the prior in the box.
    pub log_prior: f64,
    pub log_likelihood: F,
}

impl<F: Fn(&[f64]) -> f64> Boxed<F> {
    /// With parameters `x0`, `x1`, .. between -`half` and `half`.
    pub(crate) fn cube(dimensions: usize, half: f64, log_likelihood: F) -> Self {
        let names = (0..dimensions).map(|k| format!("x{k}")).collect();
        let low = vec![-half; dimensions];
        let high = vec![half; dimensions];
        Boxed { names, low, high, angle: None, log_prior: -(dimensions as f64) * libm::log(2.0 * half), log_likelihood }
    }
}

impl<F: Fn(&[f64]) -> f64> Density for Boxed<F> {
    fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    fn log_prior(&self, point: &[f64]) -> f64 {
        let inside = point.iter().zip(&self.low).zip(&self.high).all(|((x, low), high)| low <= x && x <= high);
        if inside { self.log_prior } else { f64::NEG_INFINITY }
    }

    fn log_likelihoods(&self, points: &[f64], into: &mut [f64]) {
        for (point, value) in points.chunks_exact(self.names.len()).zip(into) {
            assert!(self.log_prior(point) > f64::NEG_INFINITY, "asked for a point outside the prior");
            *value = (self.log_likelihood)(point);
        }
    }

    fn draw(&self, unit: &[f64], point: &mut [f64]) {
        for (k, value) in point.iter_mut().enumerate() {
            *value = self.low[k] + unit[k] * (self.high[k] - self.low[k]);
        }
    }

    fn period(&self, parameter: usize) -> Option<f64> {
        (self.angle == Some(parameter)).then(|| self.high[parameter] - self.low[parameter])
    }
}

/// The means of a normal density in five dimensions, and the lower triangle of which its covariance is the square.
pub(crate) const MEAN: [f64; 5] = [1.0, -2.0, 0.5, 0.0, 3.0];
pub(crate) const TRIANGLE: [[f64; 5]; 5] = [
    [1.0, 0.0, 0.0, 0.0, 0.0],
    [0.9, 0.3, 0.0, 0.0, 0.0],
    [-0.5, 0.2, 0.1, 0.0, 0.0],
    [0.0, 1.0, 0.5, 2.0, 0.0],
    [3.0, 0.0, -1.0, 0.0, 0.05],
];

/// The covariance of two parameters of [`normal`].
pub(crate) fn covariance(i: usize, j: usize) -> f64 {
    (0..5).map(|k| TRIANGLE[i][k] * TRIANGLE[j][k]).sum()
}

/// A normal density in five dimensions, some of which are strongly correlated: a likelihood whose integral is 1.
pub(crate) fn normal() -> Boxed<impl Fn(&[f64]) -> f64 + Clone> {
    let determinant: f64 = (0..5).map(|i| TRIANGLE[i][i]).product();
    let norm = libm::log(determinant) + 2.5 * libm::log(TAU);
    Boxed::cube(5, 40.0, move |x: &[f64]| {
        let mut y = [0.0; 5];
        let mut square = 0.0;
        for i in 0..5 {
            let sum: f64 = (0..i).map(|k| TRIANGLE[i][k] * y[k]).sum();
            y[i] = (x[i] - MEAN[i] - sum) / TRIANGLE[i][i];
            square += y[i] * y[i];
        }
        -0.5 * square - norm
    })
}

/// How much the banana is bent, and the variance along it.
pub(crate) const BEND: f64 = 0.03;
pub(crate) const LONG: f64 = 100.0;

/// A banana: x1 + b x0^2 - b v is normal, and so is x0, of variance v (Haario, Saksman & Tamminen 1999).
pub(crate) fn banana() -> Boxed<impl Fn(&[f64]) -> f64 + Clone> {
    Boxed::cube(2, 200.0, |x: &[f64]| {
        let straight = x[1] + BEND * x[0] * x[0] - BEND * LONG;
        -0.5 * (x[0] * x[0] / LONG + straight * straight)
    })
}

/// Two narrow normal densities far apart, of weights 0.7 and 0.3: a likelihood whose integral is 1.
pub(crate) fn two_modes() -> Boxed<impl Fn(&[f64]) -> f64 + Clone> {
    let norm = 1.5 * libm::log(TAU * 0.01);
    Boxed::cube(3, 10.0, move |x: &[f64]| {
        let mode = |centre: f64, weight: f64| {
            let square: f64 = x.iter().map(|x| (x - centre) * (x - centre)).sum();
            libm::log(weight) - 0.5 * square / 0.01 - norm
        };
        let a = mode(-5.0, 0.7);
        let b = mode(5.0, 0.3);
        let most = a.max(b);
        most + libm::log(libm::exp(a - most) + libm::exp(b - most))
    })
}

/// How narrow the density of [`edge`] is.
pub(crate) const KAPPA: f64 = 0.7;

/// An angle in [-pi, pi) whose von Mises density has its top where the interval ends, and a length that goes with it.
pub(crate) fn edge() -> Boxed<impl Fn(&[f64]) -> f64 + Clone> {
    let mut density = Boxed::cube(2, 20.0, |x: &[f64]| {
        let length = x[0] - 2.0 * libm::sin(x[1]);
        KAPPA * libm::cos(x[1] - PI) - 0.5 * length * length
    });
    (density.low[1], density.high[1], density.angle) = (-PI, PI, Some(1));
    density.log_prior = -libm::log(40.0 * TAU);
    density
}

/// Rosenbrock's valley in so many dimensions, upside down: 0 at (1, 1, ..).
pub(crate) fn rosenbrock(dimensions: usize) -> Boxed<impl Fn(&[f64]) -> f64 + Clone> {
    Boxed::cube(dimensions, 30.0, |x: &[f64]| {
        let term = |pair: &[f64]| {
            let across = pair[1] - pair[0] * pair[0];
            let along = 1.0 - pair[0];
            100.0 * across * across + along * along
        };
        -x.windows(2).map(term).sum::<f64>()
    })
}

/// Rastrigin's function in three dimensions, upside down: 0 at 0, and a lower top near all other whole numbers.
pub(crate) fn rastrigin() -> Boxed<impl Fn(&[f64]) -> f64 + Clone> {
    Boxed::cube(3, 5.12, |x: &[f64]| -x.iter().map(|x| 10.0 + x * x - 10.0 * libm::cos(TAU * x)).sum::<f64>())
}

/// A prior that isn't uniform, 2 x in [0, 1] for each of two parameters, and a likelihood exp(-3 x) for each.
pub(crate) struct Ramp;

/// The evidence of [`Ramp`] for one parameter, and the mean of a parameter in its posterior, from the integrals.
pub(crate) fn ramp() -> (f64, f64) {
    let tail = (-3.0f64).exp();
    let first = (1.0 - 4.0 * tail) / 9.0;
    let second = (2.0 - 17.0 * tail) / 27.0;
    (2.0 * first, second / first)
}

impl Density for Ramp {
    fn names(&self) -> Vec<String> {
        vec!["a".into(), "b".into()]
    }

    fn log_prior(&self, point: &[f64]) -> f64 {
        let inside = point.iter().all(|x| (0.0..=1.0).contains(x));
        if inside { point.iter().map(|x| libm::log(2.0 * x)).sum() } else { f64::NEG_INFINITY }
    }

    fn log_likelihoods(&self, points: &[f64], into: &mut [f64]) {
        for (point, value) in points.chunks_exact(2).zip(into) {
            *value = -3.0 * (point[0] + point[1]);
        }
    }

    fn draw(&self, unit: &[f64], point: &mut [f64]) {
        point.iter_mut().zip(unit).for_each(|(x, u)| *x = u.sqrt());
    }
}
