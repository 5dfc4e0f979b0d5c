//! The curvature of the ln posterior at its maximum, and the errors of parameters that follow from it.

use super::super::density::Density;
use super::super::space::Space;
use super::Peak;

/// What a second difference of the ln posterior aims at, and the bounds within which it is good.
const AIM: f64 = 1e-3;
const BOUNDS: [f64; 2] = [1e-4, 1e-2];
/// How often steps are made better.
const AGAIN: usize = 40;

/// Errors of parameters at a maximum, as if the posterior were normal.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Curvature {
    /// Standard errors; NaN for a parameter along which there is no top: at an edge of the prior, or where nothing changes.
    pub errors: Vec<f64>,
    /// Covariances, row by row; NaN in rows and columns of such parameters.
    pub covariance: Vec<f64>,
}

impl Curvature {
    /// By central differences about a point: the inverse of the matrix of second derivatives, without its sign.
    pub(super) fn at(density: &impl Density, space: &Space, peak: &Peak) -> Self {
        let n = space.dimensions();
        let surface = Surface { density, space, peak };
        let steps: Vec<Option<f64>> = (0..n).map(|parameter| surface.step(parameter)).collect();
        let tops: Vec<(usize, f64)> = steps.iter().enumerate().filter_map(|(k, step)| Some((k, (*step)?))).collect();
        let mut covariance = vec![f64::NAN; n * n];
        if let Some(inverse) = inverse(surface.second_derivatives(&tops), tops.len()) {
            for (i, (row, _)) in tops.iter().enumerate() {
                tops.iter().enumerate().for_each(|(j, (column, _))| {
                    covariance[row * n + column] = inverse[i * tops.len() + j];
                });
            }
        }
        let errors = (0..n).map(|k| covariance[k * n + k].sqrt()).collect();
        Curvature { errors, covariance }
    }
}

struct Surface<'a, D> {
    density: &'a D,
    space: &'a Space,
    peak: &'a Peak,
}

impl<D: Density> Surface<'_, D> {
    /// What is lost in ln posterior by going away from the top by these steps.
    fn loss(&self, steps: &[(usize, f64)]) -> f64 {
        let mut point = self.peak.point.clone();
        steps.iter().for_each(|&(parameter, step)| point[parameter] += step);
        self.space.wrap(&mut point);
        let prior = self.density.log_prior(&point);
        if prior == f64::NEG_INFINITY {
            return f64::INFINITY;
        }
        let mut likelihood = [0.0];
        self.density.log_likelihoods(&point, &mut likelihood);
        (self.peak.ln_prior - prior) + (self.peak.ln_likelihood - likelihood[0])
    }

    /// The second difference along a parameter.
    fn second(&self, parameter: usize, step: f64) -> f64 {
        self.loss(&[(parameter, step)]) + self.loss(&[(parameter, -step)])
    }

    /// A step along a parameter whose second difference is good; nothing if there is none.
    fn step(&self, parameter: usize) -> Option<f64> {
        let mut step = 1e-3 * self.peak.point[parameter].abs().max(1e-3);
        for _ in 0..AGAIN {
            let second = self.second(parameter, step);
            if (BOUNDS[0]..BOUNDS[1]).contains(&second) {
                return Some(step);
            }
            let factor = if second.is_finite() { (AIM / second.max(1e-12)).sqrt() } else { 0.1 };
            step *= factor.clamp(1e-2, 1e2);
        }
        None
    }

    /// Second derivatives with respect to these parameters, taken with these steps, without their sign.
    fn second_derivatives(&self, tops: &[(usize, f64)]) -> Vec<f64> {
        let n = tops.len();
        let mut matrix = vec![0.0; n * n];
        for (i, &(a, h)) in tops.iter().enumerate() {
            matrix[i * n + i] = self.second(a, h) / (h * h);
            for (j, &(b, k)) in tops[..i].iter().enumerate() {
                let corner = |h: f64, k: f64| self.loss(&[(a, h), (b, k)]);
                // ∂²/∂a∂b = (f(h, k) - f(h, -k) - f(-h, k) + f(-h, -k)) / 4hk
                let mixed = (corner(h, k) - corner(h, -k) - corner(-h, k) + corner(-h, -k)) / (4.0 * h * k);
                matrix[i * n + j] = mixed;
                matrix[j * n + i] = mixed;
            }
        }
        matrix
    }
}

/// The inverse of a symmetric matrix by Cholesky's factors; nothing if it isn't positive definite.
fn inverse(mut matrix: Vec<f64>, n: usize) -> Option<Vec<f64>> {
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| matrix[i * n + k] * matrix[j * n + k]).sum();
            let rest = matrix[i * n + j] - sum;
            matrix[i * n + j] = if i > j { rest / matrix[j * n + j] } else { rest.sqrt() };
        }
        if matrix[i * n + i].is_nan() || matrix[i * n + i] <= 0.0 {
            return None;
        }
    }
    let mut inverse = vec![0.0; n * n];
    for column in 0..n {
        let mut x = vec![0.0; n];
        for i in 0..n {
            let sum: f64 = (0..i).map(|k| matrix[i * n + k] * x[k]).sum();
            x[i] = (f64::from(u8::from(i == column)) - sum) / matrix[i * n + i];
        }
        for i in (0..n).rev() {
            let sum: f64 = (i + 1..n).map(|k| matrix[k * n + i] * x[k]).sum();
            x[i] = (x[i] - sum) / matrix[i * n + i];
        }
        (0..n).for_each(|i| inverse[i * n + column] = x[i]);
    }
    Some(inverse)
}

/// A lower triangle whose square is the inverse of a symmetric matrix; nothing if that isn't positive definite.
pub(super) fn root_of_inverse(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut root = inverse(matrix.to_vec(), n)?;
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| root[i * n + k] * root[j * n + k]).sum();
            let rest = root[i * n + j] - sum;
            root[i * n + j] = if i > j { rest / root[j * n + j] } else { rest.sqrt() };
        }
        if root[i * n + i].is_nan() || root[i * n + i] <= 0.0 {
            return None;
        }
        (i + 1..n).for_each(|j| root[i * n + j] = 0.0);
    }
    Some(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inverse_times_its_matrix_is_one() {
        let matrix = vec![4.0, 1.0, -0.5, 1.0, 3.0, 0.2, -0.5, 0.2, 2.0];
        let inverse = inverse(matrix.clone(), 3).unwrap();
        for i in 0..3 {
            for j in 0..3 {
                let product: f64 = (0..3).map(|k| matrix[3 * i + k] * inverse[3 * k + j]).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-14);
            }
        }
        assert_eq!(super::inverse(vec![1.0, 2.0, 2.0, 1.0], 2), None);
        let root = root_of_inverse(&matrix, 3).unwrap();
        for i in 0..3 {
            for j in 0..3 {
                let square: f64 = (0..3).map(|k| root[3 * i + k] * root[3 * j + k]).sum();
                assert!((square - inverse[3 * i + j]).abs() < 1e-14);
            }
        }
    }
}
