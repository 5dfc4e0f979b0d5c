//! The eigenvalues of a collection of symmetric matrices, a task for each; a matrix is made where it is needed.
//!
//!     mpirun -n 4 target/release/examples/eigenvalues
use std::f64::consts::PI;
use std::process::ExitCode;

use divisi::comm::launch;
use divisi::random::Random;
use divisi::tasks::{self, Array};
use divisi::{Comm, Result};
use nalgebra::{DMatrix, SymmetricEigen};

/// A matrix of the collection, by its size.
#[derive(Clone, Copy)]
enum Matrix {
    /// 2 on the diagonal, -1 beside it: the second difference. Its eigenvalues are 2 - 2 cos(k π / (n + 1)), k from 1.
    SecondDifference(usize),
    /// Random numbers of variance 1/n, 2/n on the diagonal: the semicircle law holds, all eigenvalues are near [-2, 2]
    /// (Wigner 1958).
    Wigner(usize),
}

impl Matrix {
    fn make(self) -> DMatrix<f64> {
        match self {
            Matrix::SecondDifference(n) => DMatrix::from_fn(n, n, |row, column| match row.abs_diff(column) {
                0 => 2.0,
                1 => -1.0,
                _ => 0.0,
            }),
            Matrix::Wigner(n) => {
                let mut random = Random::new(1, 0, n as u64);
                let half = DMatrix::from_fn(n, n, |_, _| random.normal() / (2.0 * n as f64).sqrt());
                &half + half.transpose()
            }
        }
    }

    /// The matrix's trace and its eigenvalues, the least first.
    fn spectrum(&self) -> (f64, Array<f64>) {
        let matrix = self.make();
        let trace = matrix.trace();
        let mut eigenvalues: Vec<f64> = SymmetricEigen::new(matrix).eigenvalues.iter().copied().collect();
        eigenvalues.sort_by(f64::total_cmp);
        (trace, Array(eigenvalues))
    }

    fn check(self, trace: f64, eigenvalues: &[f64]) {
        let n = eigenvalues.len();
        let sum: f64 = eigenvalues.iter().sum();
        assert!((sum - trace).abs() < 1e-11 * n as f64, "the eigenvalues add up to {sum}, the diagonal to {trace}");
        match self {
            Matrix::SecondDifference(_) => (1..).zip(eigenvalues).for_each(|(k, found)| {
                let exact = 2.0 - 2.0 * (f64::from(k) * PI / (n + 1) as f64).cos();
                assert!((found - exact).abs() < 1e-12, "eigenvalue {k} of {n}: {found} instead of {exact}");
            }),
            Matrix::Wigner(_) => {
                let mean_square = eigenvalues.iter().map(|value| value * value).sum::<f64>() / n as f64;
                assert!((mean_square - 1.0).abs() < 0.1, "the mean square of {n} eigenvalues is {mean_square}");
                assert!(
                    eigenvalues[0].abs().max(eigenvalues[n - 1]) < 2.5,
                    "{} .. {}",
                    eigenvalues[0],
                    eigenvalues[n - 1]
                );
            }
        }
    }
}

fn show(comm: &Comm) -> Result<u8> {
    let sizes = || (40..=200).step_by(20);
    let matrices: Vec<Matrix> = sizes().map(Matrix::SecondDifference).chain(sizes().map(Matrix::Wigner)).collect();
    let spectra = tasks::map(comm, &matrices, Matrix::spectrum)?;
    for (matrix, (trace, Array(eigenvalues))) in matrices.iter().zip(&spectra) {
        matrix.check(*trace, eigenvalues);
        if comm.is_root() {
            let n = eigenvalues.len();
            let least = eigenvalues[0];
            let largest = eigenvalues[eigenvalues.len() - 1];
            println!("{n:3} eigenvalues between {least:9.6} and {largest:8.6}, their sum {trace:9.6}");
        }
    }
    Ok(0)
}

fn main() -> ExitCode {
    launch(show)
}
