//! The power spectrum of a grid's field: how much of its variance is in waves of each length.
//!
//! The field less its mean is taken apart by a Fourier transform along each axis; the squares of the waves' amplitudes are summed over
//! shells of wave numbers, each as wide as the lowest one, so that the sum over all shells is the variance (Parseval). The box is taken
//! as periodic. `velocity` stands for half of the sum over its components: the specific kinetic energy.

use std::f64::consts::TAU;

use rustfft::FftPlanner;
use rustfft::num_complex::Complex64;

use super::field::{fields, values};
use crate::io::{GridGeometry, Reader, Slab};
use crate::{Error, Result};

/// What stands for all components of the velocity.
const VELOCITY: &str = "velocity";

/// The wave number in the middle of each shell, and the variance in it.
pub(super) fn spectrum(reader: &Reader, geometry: &GridGeometry, field: &str) -> Result<Vec<(f64, f64)>> {
    let known = fields(reader)?;
    let components: Vec<String> = if field == VELOCITY {
        known.into_iter().filter(|name| name.starts_with("velocity_")).collect()
    } else {
        known.into_iter().filter(|name| name == field).collect()
    };
    if components.is_empty() {
        return Err(Error::input(
            "--spectrum",
            format!("there is no field `{field}`; there are {VELOCITY}, {}", fields(reader)?.join(", ")),
        ));
    }
    let part = if field == VELOCITY { 0.5 } else { 1.0 };
    let mut sum: Vec<(f64, f64)> = Vec::new();
    for component in components {
        let numbers = values(reader, &component, &Slab::whole(&geometry.shape()))?;
        if numbers.iter().any(|number| !number.is_finite()) {
            let reason = format!("{component} has cells without numbers: obstacles have no waves");
            return Err(Error::input("--spectrum", reason));
        }
        let shells = shells(numbers, geometry.cells.map(|cells| cells as usize), size(geometry));
        sum.resize(shells.len(), (0.0, 0.0));
        sum.iter_mut().zip(shells).for_each(|(sum, shell)| *sum = (shell.0, sum.1 + part * shell.1));
    }
    Ok(sum)
}

fn size(geometry: &GridGeometry) -> [f64; 3] {
    std::array::from_fn(|axis| geometry.high[axis] - geometry.low[axis])
}

/// The variance in shells of wave numbers of numbers whose first axis changes fastest.
fn shells(numbers: Vec<f64>, cells: [usize; 3], size: [f64; 3]) -> Vec<(f64, f64)> {
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let mut waves: Vec<Complex64> = numbers.into_iter().map(|number| Complex64::new(number - mean, 0.0)).collect();
    (0..3).for_each(|axis| transform(&mut waves, cells, axis));
    let lowest = (0..3).filter(|axis| cells[*axis] > 1).map(|axis| TAU / size[axis]).fold(f64::INFINITY, f64::min);
    let most = (0..3).filter(|axis| cells[*axis] > 1).map(|axis| TAU / size[axis] * (cells[axis] / 2) as f64);
    let last = (most.map(|k| k * k).sum::<f64>().sqrt() / lowest).round() as usize;
    let mut shells: Vec<(f64, f64)> = (0..=last).map(|shell| (shell as f64 * lowest, 0.0)).collect();
    for (place, wave) in waves.iter().enumerate() {
        let index = [place % cells[0], place / cells[0] % cells[1], place / (cells[0] * cells[1])];
        let squares = (0..3).map(|axis| {
            let number = index[axis].min(cells[axis] - index[axis]);
            (TAU / size[axis] * number as f64).powi(2)
        });
        let shell = (squares.sum::<f64>().sqrt() / lowest).round() as usize;
        shells[shell.min(last)].1 += wave.norm_sqr() / (count * count);
    }
    shells.remove(0);
    shells
}

/// Transforms all lines along an axis.
fn transform(waves: &mut [Complex64], cells: [usize; 3], axis: usize) {
    let long = cells[axis];
    if long < 2 {
        return;
    }
    let plan = FftPlanner::new().plan_fft_forward(long);
    let step: usize = cells[..axis].iter().product();
    let mut line = vec![Complex64::default(); long];
    for start in (0..waves.len()).filter(|place| (place / step).is_multiple_of(long)) {
        line.iter_mut().enumerate().for_each(|(cell, wave)| *wave = waves[start + cell * step]);
        plan.process(&mut line);
        line.iter().enumerate().for_each(|(cell, wave)| waves[start + cell * step] = *wave);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wave along each axis by itself, on odd cells and a box that is no cube: all of its variance, the half of its amplitude's
    /// square, lies at its wave number.
    #[test]
    fn a_wave_lies_in_its_shell_and_all_shells_have_the_variance() {
        let cells = [15, 12, 7];
        let size = [2.0, 2.0, 1.0];
        for (axis, waves) in [(0, 3.0), (1, 2.0), (2, 1.0)] {
            let number = |place: usize| {
                let index = [place % 15, place / 15 % 12, place / 180];
                5.0 + 0.4 * (TAU * waves * (index[axis] as f64 + 0.5) / cells[axis] as f64).sin()
            };
            let shells = shells((0..15 * 12 * 7).map(number).collect(), cells, size);
            let wanted = TAU * waves / size[axis];
            let found = shells.iter().find(|shell| (shell.0 - wanted).abs() < 1e-9).unwrap();
            let all: f64 = shells.iter().map(|shell| shell.1).sum();
            assert!((found.1 - 0.08).abs() < 1e-12 && (all - 0.08).abs() < 1e-12, "{axis}: {found:?} {all}");
        }
        let line = shells(vec![1.0, -1.0, 1.0, -1.0], [4, 1, 1], [4.0, 1.0, 1.0]);
        assert_eq!(line.len(), 2);
        assert!((line[1].1 - 1.0).abs() < 1e-12 && line[0].1.abs() < 1e-12, "{line:?}");
    }
}
