//! The cube that keys divide: where most bodies are, in units that are powers of two.
//!
//! A cell of the lowest level is 2^-21 of the cube, so a cube around a body at a million radii would put all others into a few cells.
//! The cube is therefore at most [`REACH`] times as wide as what holds nine tenths of the bodies along each axis. Bodies outside
//! have the keys of the nearest cells at its border; moments and distances come of their true positions, so that they cost
//! time and no accuracy. In order: the extremes along each axis; a histogram between them, and as long as most bodies stand in few
//! of its bins, another one of those bins.
//!
//! Extremes and counts don't depend on the order of bodies or on ranks: neither does the cube.

use super::body::Source;

/// How many times as wide as the nine tenths of the bodies in the middle the cube may be.
const REACH: f64 = 1024.0;
/// Bins along an axis.
const BINS: usize = 4096;
/// Bins that the bodies in the middle must fill, for the histogram to tell how far they reach.
const FEW: usize = 4;
/// Histograms, at most: each narrows by a factor of hundreds, and so many pass the range of numbers.
const ROUNDS: usize = 200;
/// The widest that bodies may stand, in half-sides of the cube: third powers of it are in the range of single precision.
const WIDEST: f64 = 1.0e9;

/// A cube with a centre, length, and a half-side, a power of two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cube {
    centre: [f64; 3],
    half: f64,
}

/// What ranks do together: the largest of each number, the sum of each count.
pub(crate) trait Together {
    fn largest(&mut self, numbers: &mut [f64]);
    fn sum(&mut self, counts: &mut [u64]);
}

impl Cube {
    /// The cube of finite bodies. All ranks.
    pub(crate) fn around(bodies: &[Source], ranks: &mut impl Together) -> Self {
        let mut extremes = [f64::NEG_INFINITY; 6];
        for Source { position, .. } in bodies {
            for c in 0..3 {
                let x = position[c];
                extremes[c] = if x > extremes[c] { x } else { extremes[c] };
                extremes[c + 3] = if -x > extremes[c + 3] { -x } else { extremes[c + 3] };
            }
        }
        ranks.largest(&mut extremes);
        let whole = [0, 1, 2].map(|c| Span { low: -extremes[c + 3], high: extremes[c] });
        let middle = middle(bodies, whole, ranks);
        let widest = |spans: [Span; 3]| spans.iter().map(|span| span.half()).fold(0.0, f64::max);
        let most = widest(whole);
        if most <= REACH * widest(middle) {
            return Cube { centre: whole.map(|span| span.centre()), half: power_of_two(most) };
        }
        let half = power_of_two((REACH * widest(middle)).max(most / WIDEST));
        Cube { centre: middle.map(|span| span.centre()), half }
    }

    /// The half-side, length.
    pub(crate) fn half(&self) -> f64 {
        self.half
    }

    /// Whether a position in half-sides is outside.
    #[inline]
    pub(crate) fn is_stray(unit: [f64; 3]) -> bool {
        unit.iter().any(|x| x.abs() > 1.0)
    }

    /// A position in half-sides, from the centre.
    #[inline]
    pub(crate) fn unit(&self, position: [f64; 3]) -> [f64; 3] {
        let per_length = 1.0 / self.half;
        [0, 1, 2].map(|c| (position[c] - self.centre[c]) * per_length)
    }
}

/// A stretch of an axis.
#[derive(Clone, Copy, Debug)]
struct Span {
    low: f64,
    high: f64,
}

impl Span {
    fn half(self) -> f64 {
        0.5 * self.high - 0.5 * self.low
    }

    fn centre(self) -> f64 {
        self.low + self.half()
    }

    /// How many bins make up a unit of length; none can be told apart in a span of no length.
    fn bins_per_length(self) -> f64 {
        BINS as f64 / (self.high - self.low)
    }

    /// The bin of a place inside the span.
    fn bin(self, bins_per_length: f64, x: f64) -> Option<usize> {
        let bin = (x - self.low) * bins_per_length;
        (bin >= 0.0 && x <= self.high).then(|| (bin as usize).min(BINS - 1))
    }

    fn of_bins(self, first: usize, last: usize) -> Span {
        let width = (self.high - self.low) / BINS as f64;
        Span { low: self.low + first as f64 * width, high: self.low + (last + 1) as f64 * width }
    }
}

/// Along each axis, the bins that hold all but a twentieth of the bodies at either end.
fn middle(bodies: &[Source], whole: [Span; 3], ranks: &mut impl Together) -> [Span; 3] {
    let mut spans = whole;
    for _ in 0..ROUNDS {
        let mut counts = vec![0; 3 * BINS];
        let scales = spans.map(Span::bins_per_length);
        for Source { position, .. } in bodies {
            for c in 0..3 {
                if let Some(bin) = spans[c].bin(scales[c], position[c]) {
                    counts[c * BINS + bin] += 1;
                }
            }
        }
        ranks.sum(&mut counts);
        let mut narrowed = false;
        for c in 0..3 {
            let (first, last) = filled(&counts[c * BINS..(c + 1) * BINS]);
            let inner = spans[c].of_bins(first, last);
            // A span that its own bins can't resolve any more stays as it is.
            if last - first < FEW && inner.half() < 0.5 * spans[c].half() && inner.half() > 0.0 {
                narrowed = true;
                spans[c] = inner;
            }
        }
        if !narrowed {
            return [0, 1, 2].map(|c| {
                let (first, last) = filled(&counts[c * BINS..(c + 1) * BINS]);
                spans[c].of_bins(first, last)
            });
        }
    }
    spans
}

/// The first and the last bin of those in the middle.
fn filled(counts: &[u64]) -> (usize, usize) {
    let all: u64 = counts.iter().sum();
    let below = |share: u64| {
        let mut before = 0;
        counts.iter().position(|count| {
            before += count;
            20 * before > share * all
        })
    };
    (below(1).unwrap_or(0), below(19).or_else(|| counts.iter().rposition(|&count| count > 0)).unwrap_or(BINS - 1))
}

/// The smallest power of two above `x`; 1 for what is not a positive number.
pub(super) fn power_of_two(x: f64) -> f64 {
    if !(x.is_normal() && x > 0.0) {
        return 1.0;
    }
    2.0 * f64::from_bits(x.to_bits() & f64::INFINITY.to_bits())
}
