//! Slopes and bends of a climb's way: central differences whose steps follow the curvature, all parameters in one call of the density.

use super::super::density::Density;
use super::climb::{Climber, FIRST_STEP, Position};

/// What differences aim at: a second difference of the ln posterior, and the bounds within which it is good.
const AIM: f64 = 1e-5;
const BOUNDS: [f64; 2] = [1e-7, 1e-3];
/// How far above rounding of the ln posterior a second difference must be.
const ABOVE_ROUNDING: f64 = 1e4 * f64::EPSILON;
/// The largest step of differences.
const LARGEST: f64 = 0.05;
/// How often slopes are taken again, with better steps.
const AGAIN: usize = 6;

/// Slopes at a place.
pub(super) struct Slopes {
    pub slope: Vec<f64>,
    /// Second derivatives along each coordinate.
    pub bend: Vec<f64>,
}

impl<D: Density> Climber<'_, D> {
    /// Slopes by central differences; `steps` are made better for the next time.
    pub(super) fn slopes(&mut self, place: &Position, steps: &mut [f64]) -> Slopes {
        let mut slopes = self.differences(place, steps);
        for _ in 0..AGAIN {
            let (good, better) = self.better_steps(place, steps, &slopes);
            steps.copy_from_slice(&better);
            if good {
                break;
            }
            slopes = self.differences(place, steps);
        }
        slopes
    }

    /// Second derivatives with respect to all pairs of coordinates, without their sign, with steps that slopes have found good.
    pub(super) fn bends(&mut self, place: &Position) -> Vec<f64> {
        let n = place.t.len();
        let mut steps = vec![FIRST_STEP; n];
        let slopes = self.slopes(place, &mut steps);
        let pairs: Vec<(usize, usize)> = (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
        let corners = [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]];
        let mut places = Vec::with_capacity(4 * n * pairs.len());
        for &(i, j) in &pairs {
            for [a, b] in corners {
                let first = places.len();
                places.extend_from_slice(&place.t);
                places[first + i] += a * steps[i];
                places[first + j] += b * steps[j];
            }
        }
        let heights = if pairs.is_empty() { Vec::new() } else { self.heights(&places) };
        let mut bends = vec![0.0; n * n];
        (0..n).for_each(|k| bends[k * n + k] = -slopes.bend[k]);
        for (&(i, j), corner) in pairs.iter().zip(heights.chunks_exact(4)) {
            // ∂²/∂a∂b = (f(h, k) - f(h, -k) - f(-h, k) + f(-h, -k)) / 4hk
            let bend = -(corner[0] - corner[1] - corner[2] + corner[3]) / (4.0 * steps[i] * steps[j]);
            (bends[i * n + j], bends[j * n + i]) = (bend, bend);
        }
        bends
    }

    fn differences(&mut self, place: &Position, steps: &[f64]) -> Slopes {
        let n = steps.len();
        let mut places = Vec::with_capacity(2 * n * n);
        for (k, &step) in steps.iter().enumerate() {
            for step in [step, -step] {
                places.extend_from_slice(&place.t);
                let last = places.len() - n + k;
                places[last] += step;
            }
        }
        let heights = self.heights(&places);
        let mut slope = vec![0.0; n];
        let mut bend = vec![0.0; n];
        for (k, (pair, &step)) in heights.chunks_exact(2).zip(steps).enumerate() {
            let up = pair[0] - place.height;
            let down = pair[1] - place.height;
            (slope[k], bend[k]) = match (up.is_finite(), down.is_finite()) {
                (true, true) => (0.5 * (up - down) / step, (up + down) / (step * step)),
                (true, false) => (up / step, 0.0),
                (false, true) => (-down / step, 0.0),
                (false, false) => (0.0, 0.0),
            };
        }
        Slopes { slope, bend }
    }

    /// Whether the steps of differences were good, and better ones.
    fn better_steps(&self, place: &Position, steps: &[f64], slopes: &Slopes) -> (bool, Vec<f64>) {
        let rounding = ABOVE_ROUNDING * place.height.abs();
        let mut all_good = true;
        let better = steps.iter().enumerate().map(|(k, &step)| {
            // On a steep slope a larger bend does no harm.
            let scale = (slopes.slope[k] * step).abs().max(1.0);
            let [least, aim, most] = [BOUNDS[0], AIM, BOUNDS[1]].map(|bound| (bound * scale).max(rounding));
            let found = (slopes.bend[k] * step * step).abs();
            let too_long = found > most.max(aim * 100.0);
            let too_short = found < least && step < LARGEST;
            all_good &= !too_long && !too_short;
            if too_long || too_short {
                (step * (aim / found.max(1e-300)).sqrt().clamp(1e-3, 10.0)).clamp(1e-12, LARGEST)
            } else {
                step
            }
        });
        let better = better.collect();
        (all_good, better)
    }
}
