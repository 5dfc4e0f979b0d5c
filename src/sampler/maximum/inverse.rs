//! What a climb knows of the curvature: an estimate of its inverse, by Broyden, Fletcher, Goldfarb and Shanno.

use std::f64::consts::TAU;

/// An estimate of the inverse of the curvature, without its sign.
pub(super) struct Inverse {
    n: usize,
    matrix: Vec<f64>,
    /// Whether it knows nothing but second derivatives along the coordinates.
    pub is_fresh: bool,
}

impl Inverse {
    pub(super) fn diagonal(bend: &[f64]) -> Self {
        let n = bend.len();
        let mut matrix = vec![0.0; n * n];
        for (k, bend) in bend.iter().enumerate() {
            matrix[k * n + k] = 1.0 / bend.abs().max(1.0 / (TAU * TAU));
        }
        Inverse { n, matrix, is_fresh: true }
    }

    /// The square of a lower triangle.
    pub(super) fn of_root(root: &[f64], n: usize) -> Self {
        let element = |place: usize| (0..n).map(|k| root[place / n * n + k] * root[place % n * n + k]).sum();
        Inverse { n, matrix: (0..n * n).map(element).collect(), is_fresh: false }
    }

    pub(super) fn times(&self, vector: &[f64]) -> Vec<f64> {
        self.matrix.chunks_exact(self.n).map(|row| dot(row, vector)).collect()
    }

    /// Learns from a step and from how much the slope fell along it (Nocedal & Wright 2006, equation 6.17).
    pub(super) fn learn(&mut self, step: &[f64], fall: &[f64]) {
        let product = dot(step, fall);
        let size = (dot(step, step) * dot(fall, fall)).sqrt();
        if product.is_nan() || product <= 1e-12 * size {
            return;
        }
        // H⁻¹ += (1 + y·H⁻¹y/(y·s)) s sᵀ/(y·s) - (H⁻¹y sᵀ + s (H⁻¹y)ᵀ)/(y·s), s the step and y the fall of the slope
        let moved = self.times(fall);
        let factor = (1.0 + dot(fall, &moved) / product) / product;
        for i in 0..self.n {
            for j in 0..self.n {
                self.matrix[i * self.n + j] +=
                    factor * step[i] * step[j] - (moved[i] * step[j] + step[i] * moved[j]) / product;
            }
        }
        self.is_fresh = false;
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}
