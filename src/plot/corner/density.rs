//! Histograms and densities of samples.

/// Cells along each side of a density.
pub(super) const BINS: usize = 48;
/// Parts of the weight within the contours: one and two standard deviations of a normal density of two parameters.
const WITHIN: [f64; 2] = [0.393_469_340_287_366_6, 0.864_664_716_763_387_3];
/// Bins of a histogram, at the fewest and at the most.
const BARS: [usize; 2] = [10, 60];
/// The part of Scott's rule by which densities are smoothed, and cells at the least.
const SMOOTHING: f64 = 0.8;
const LEAST: f64 = 0.7;

/// Weight in each of equal bins of a range: about twice the cube root of the samples.
pub(super) fn histogram(values: &[f64], weights: &[f64], range: [f64; 2]) -> Vec<f64> {
    let bars = ((2.0 * (values.len() as f64).cbrt()) as usize).clamp(BARS[0], BARS[1]);
    let mut heights = vec![0.0; bars];
    for (value, weight) in values.iter().zip(weights) {
        if let Some(bin) = bin(*value, range, bars) {
            heights[bin] += weight;
        }
    }
    heights
}

/// The smoothed weight in each cell, row by row from below; all of it together is 1.
pub(super) fn density(
    (across, x_range): (&[f64], [f64; 2]),
    (up, y_range): (&[f64], [f64; 2]),
    weights: &[f64],
) -> Vec<f64> {
    let mut cells = vec![0.0; BINS * BINS];
    for ((x, y), weight) in across.iter().zip(up).zip(weights) {
        if let (Some(column), Some(row)) = (bin(*x, x_range, BINS), bin(*y, y_range, BINS)) {
            cells[row * BINS + column] += weight;
        }
    }
    let effective = effective(weights);
    let columns: Vec<f64> = (0..BINS).map(|column| (0..BINS).map(|row| cells[row * BINS + column]).sum()).collect();
    let rows: Vec<f64> = cells.chunks_exact(BINS).map(|row| row.iter().sum()).collect();
    let smoothed = [(1, &columns), (BINS, &rows)];
    for (stride, sums) in smoothed {
        let width = (SMOOTHING * spread(sums) * effective.powf(-1.0 / 6.0)).max(LEAST);
        blur(&mut cells, stride, width);
    }
    let whole: f64 = cells.iter().sum();
    if whole > 0.0 {
        cells.iter_mut().for_each(|cell| *cell /= whole);
    }
    cells
}

/// The densities above which the parts [`WITHIN`] of the weight lie.
pub(super) fn levels(cells: &[f64]) -> [f64; 2] {
    let mut sorted = cells.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    WITHIN.map(|part| {
        let mut sum = 0.0;
        let level = sorted.iter().find(|cell| {
            sum += **cell;
            sum >= part
        });
        level.copied().unwrap_or_default()
    })
}

fn bin(value: f64, [low, high]: [f64; 2], bins: usize) -> Option<usize> {
    let place = (value - low) / (high - low) * bins as f64;
    (place >= 0.0 && place < bins as f64).then_some(place as usize)
}

/// How many samples of equal weight say as much (Kish 1965).
fn effective(weights: &[f64]) -> f64 {
    let (sum, squares) =
        weights.iter().fold((0.0, 0.0), |(sum, squares), weight| (sum + weight, squares + weight * weight));
    if squares > 0.0 { sum * sum / squares } else { 1.0 }
}

/// The standard deviation of a distribution over bins, in bins.
fn spread(sums: &[f64]) -> f64 {
    let moment =
        |power: i32| sums.iter().enumerate().map(|(bin, weight)| (bin as f64).powi(power) * weight).sum::<f64>();
    let whole = moment(0);
    let first = moment(1);
    let second = moment(2);
    if whole > 0.0 { (second / whole - (first / whole).powi(2)).max(0.0).sqrt() } else { 0.0 }
}

/// Smooths along one axis by a normal density of this width in cells; what would go beyond an edge is thrown back.
fn blur(cells: &mut [f64], stride: usize, width: f64) {
    let reach = (3.0 * width).ceil() as isize;
    let kernel: Vec<f64> = (-reach..=reach).map(|k| (-0.5 * (k as f64 / width).powi(2)).exp()).collect();
    let whole: f64 = kernel.iter().sum();
    let bins = BINS as isize;
    for line in 0..BINS {
        let start = if stride == 1 { line * BINS } else { line };
        let before: Vec<f64> = (0..BINS).map(|k| cells[start + k * stride]).collect();
        for k in 0..BINS {
            cells[start + k * stride] = 0.0;
        }
        for (k, weight) in before.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            for (offset, part) in (-reach..=reach).zip(&kernel) {
                let place = (k as isize + offset).rem_euclid(2 * bins);
                let place = if place < bins { place } else { 2 * bins - 1 - place };
                cells[start + place as usize * stride] += weight * part / whole;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;

    /// Normal deviates of two parameters, correlated.
    fn normal(count: u64) -> [Vec<f64>; 2] {
        let pairs = (0..count).map(|index| {
            let mut random = Random::new(2, 0, index);
            let a = random.normal();
            let b = random.normal();
            (a, 0.6 * a + 0.8 * b)
        });
        let (x, y) = pairs.unzip();
        [x, y]
    }

    #[test]
    fn contours_of_a_normal_density_hold_what_they_say() {
        let [x, y] = normal(200_000);
        let range = [-4.5, 4.5];
        let weights = vec![1.0; x.len()];
        let cells = density((&x, range), (&y, range), &weights);
        let [inner, outer] = levels(&cells);
        for (level, radius) in [(inner, 1.0), (outer, 2.0)] {
            let inside = |x: f64, y: f64| x * x + ((y - 0.6 * x) / 0.8).powi(2) <= radius * radius;
            let centre = |bin: usize| range[0] + 9.0 * (bin as f64 + 0.5) / BINS as f64;
            let wrong = (0..BINS * BINS).filter(|cell| {
                let within = inside(centre(cell % BINS), centre(cell / BINS));
                within != (cells[*cell] >= level)
            });
            // Cells on the contour itself may lie on either side.
            assert!(wrong.count() < (radius * 45.0) as usize, "{radius}");
        }
        assert!((cells.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn smoothing_keeps_weight_at_an_edge() {
        let mut cells = vec![0.0; BINS * BINS];
        cells[0] = 1.0;
        blur(&mut cells, 1, 3.0);
        blur(&mut cells, BINS, 3.0);
        assert!((cells.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(cells[0] > cells[1] && (cells[1] - cells[BINS]).abs() < 1e-15);
        blur(&mut cells, 1, 100.0);
    }

    #[test]
    fn weights_count() {
        let heights = histogram(&[0.1, 0.1, 0.9], &[1.0, 2.0, 0.5], [0.0, 1.0]);
        assert_eq!((heights.len(), heights[1], heights[9]), (10, 3.0, 0.5));
        assert_eq!(effective(&[1.0, 1.0, 0.0]), 2.0);
        assert_eq!(histogram(&[2.0, f64::NAN], &[1.0, 1.0], [0.0, 1.0]).iter().sum::<f64>(), 0.0);
    }
}
