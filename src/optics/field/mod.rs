//! The field of many beamlets on a plane: the sum of their Gaussians at each pixel.
//!
//! On the plane a beamlet is exp of a quadratic in the pixel's place, with complex coefficients. Pixels are cut into tiles of [`ROWS`] rows and
//! [`COLUMNS`] columns. In a tile a beamlet's values of the first row, and their ratios to those of the next row, come from an exponential each;
//! from row to row the ratio changes by one factor, so that a pixel costs two complex products. Over the rows of a tile that loses some
//! 1e-14 of the beamlet's size. A beamlet that fades away within the detector has each row by exponentials: ratios would lose its size to underflow.
//!
//! A pixel's sum goes over the beamlets in their order, whichever rank has the tile and however wide the lanes are: it is the same in all
//! bits on any number of ranks.

use super::complex::{Complex, exp};
use crate::simd::functions::{exp as exp_lanes, sin_cos};
use crate::simd::{Kernel, Lane, Level, Simd};

/// Rows of a tile.
pub const ROWS: usize = 16;
/// Columns of a tile: some whole lanes of any width.
pub const COLUMNS: usize = 32;
/// Pixels of a tile.
pub(crate) const PIXELS: usize = ROWS * COLUMNS;
/// The lowest exponent of a beamlet on the detector down to which ratios are used.
const FLAT: f64 = -600.0;
/// Below this exponent nothing is left.
const NOTHING: f64 = -700.0;
/// The phases that lanes can take, radians.
pub(super) const LARGEST_PHASE: f64 = 1e6;

/// A beamlet on a plane of pixels.
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Spot {
    /// The exponent at pixel (x, y) is c0 + c1 x + c2 y + c3 x^2 + c4 x y + c5 y^2: real parts, then imaginary parts.
    pub exponent: [[f64; 2]; 6],
    /// The weight of the spot in each component of the field, real and imaginary; those that there are not are 0.
    pub weights: [[f64; 2]; COMPONENTS],
    /// By how much the ratio of a row to the one before grows from row to row: e^(2 c5).
    bend: [f64; 2],
    /// 1 where every row needs exponentials, else 0.
    is_steep: f64,
}

/// The most components of a field: x, y and z for each of two states of polarization.
pub const COMPONENTS: usize = 6;

impl Spot {
    /// A spot with this exponent and these weights on so many columns and rows.
    pub fn new(exponent: [[f64; 2]; 6], weights: [[f64; 2]; COMPONENTS], [width, height]: [usize; 2]) -> Self {
        let bend = exp(Complex::new(2.0 * exponent[5][0], 2.0 * exponent[5][1]));
        let mut spot = Spot { exponent, weights, bend: [bend.re, bend.im], is_steep: 0.0 };
        let ends = |length: usize| [0.0, length as f64];
        let lowest = ends(width + COLUMNS)
            .into_iter()
            .flat_map(|x| ends(height + ROWS).map(|y| spot.at(x, y).re))
            .fold(f64::INFINITY, f64::min);
        // The real part is concave: it is lowest at a corner.
        spot.is_steep = f64::from(u8::from(lowest < FLAT));
        spot
    }

    /// The size of the field on the beamlet's own ray, where the exponent has no real part.
    pub(super) fn size(&self) -> f64 {
        self.weights.as_flattened().iter().map(|part| part * part).sum::<f64>().sqrt()
    }

    /// The exponent at a place.
    pub(super) fn at(&self, x: f64, y: f64) -> Complex {
        let part = |which: usize| {
            let c = self.exponent.map(|c| c[which]);
            (c[0] + c[1] * x + c[3] * x * x) + (c[2] + c[4] * x + c[5] * y) * y
        };
        Complex::new(part(0), part(1))
    }

    /// The same about another pixel.
    fn about(&self, x: f64, y: f64) -> [[f64; 2]; 6] {
        let c = &self.exponent;
        let start = self.at(x, y);
        let of = |which: usize| {
            let c = c.map(|c| c[which]);
            [c[1] + 2.0 * c[3] * x + c[4] * y, c[2] + c[4] * x + 2.0 * c[5] * y]
        };
        let [re, im] = [of(0), of(1)];
        [[start.re, start.im], [re[0], im[0]], [re[1], im[1]], c[3], c[4], c[5]]
    }
}

/// The sum of spots on one tile: for each of `components` fields the real parts of its pixels, row by row, then the imaginary parts.
pub struct Tile<'a> {
    /// The spots, in the order in which they are added.
    pub spots: &'a [Spot],
    /// The tile's first pixel, across and up.
    pub corner: [usize; 2],
    /// How many components the field has: 1, 3, or 6 of two states of polarization.
    pub components: usize,
    /// What is added to.
    pub field: &'a mut [f64],
}

impl Tile<'_> {
    /// Adds the spots.
    ///
    /// # Panics
    /// If the field isn't as long as a tile of so many components, or these are not 1, 3 or 6.
    pub fn add(self, level: Level) {
        assert_eq!(self.field.len(), 2 * PIXELS * self.components, "a tile of {} components", self.components);
        let Tile { spots, corner, components, field } = self;
        match components {
            1 => level.run(Sum::<1> { spots, corner, first: 0, field }),
            3 | COMPONENTS => {
                for (state, field) in field.chunks_exact_mut(2 * PIXELS * 3).enumerate() {
                    level.run(Sum::<3> { spots, corner, first: 3 * state, field });
                }
            }
            other => panic!("{other} components"),
        }
    }
}

/// The sum of `N` components, from `first` on.
struct Sum<'a, const N: usize> {
    spots: &'a [Spot],
    corner: [usize; 2],
    first: usize,
    field: &'a mut [f64],
}

impl<const N: usize> Kernel for Sum<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Sum { spots, corner, first, field } = self;
        for spot in spots {
            let about = spot.about(corner[0] as f64, corner[1] as f64);
            let rows = Rows::<S> { simd, spot, weights: &spot.weights[first..], about };
            if spot.is_steep == 0.0 { rows.add_by_ratios::<N>(field) } else { rows.add_by_exponentials::<N>(field) }
        }
    }
}

/// A spot on a tile. Without closures: they would be compiled without the wide instructions.
struct Rows<'a, S: Simd> {
    simd: S,
    spot: &'a Spot,
    weights: &'a [[f64; 2]],
    /// The exponent about the tile's corner.
    about: [[f64; 2]; 6],
}

/// Complex numbers, one in each place: real and imaginary parts.
#[derive(Clone, Copy)]
struct Complexes<L>(L, L);

impl<L: Lane> Complexes<L> {
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        Complexes(self.1.neg_mul_add(other.1, self.0 * other.0), self.0.mul_add(other.1, self.1 * other.0))
    }
}

impl<S: Simd> Rows<'_, S> {
    #[inline(always)]
    fn number(&self, x: f64) -> S::F64 {
        S::F64::splat(self.simd, x)
    }

    #[inline(always)]
    fn numbers(&self, [re, im]: [f64; 2]) -> Complexes<S::F64> {
        Complexes(self.number(re), self.number(im))
    }

    /// The exponent in columns `x` of row `y`: its real part, or with 1 its imaginary part.
    #[inline(always)]
    fn exponent(&self, x: S::F64, y: f64, part: usize) -> S::F64 {
        let c = &self.about;
        let constant = self.number(c[0][part] + (c[2][part] + c[5][part] * y) * y);
        let linear = self.number(c[3][part]).mul_add(x, self.number(c[1][part] + c[4][part] * y));
        linear.mul_add(x, constant)
    }

    /// How much it grows from the first row to the second.
    #[inline(always)]
    fn growth(&self, x: S::F64, part: usize) -> S::F64 {
        let c = &self.about;
        self.number(c[4][part]).mul_add(x, self.number(c[2][part] + c[5][part]))
    }

    #[inline(always)]
    fn exp(&self, re: S::F64, im: S::F64) -> Complexes<S::F64> {
        let size = exp_lanes(self.simd, re.max(self.number(NOTHING)));
        let (sine, cosine) = sin_cos(self.simd, im);
        Complexes(size * cosine, size * sine)
    }

    /// The first row; of one component the weight is in it.
    #[inline(always)]
    fn value<const N: usize>(&self, x: S::F64, y: f64) -> Complexes<S::F64> {
        let value = self.exp(self.exponent(x, y, 0), self.exponent(x, y, 1));
        if N == 1 { value.times(self.numbers(self.weights[0])) } else { value }
    }

    /// Adds values to the sums from `place` on, times the weights.
    #[inline(always)]
    fn add<const N: usize>(&self, field: &mut [f64], place: usize, value: Complexes<S::F64>) {
        for component in 0..N {
            let real = 2 * PIXELS * component + place;
            let imaginary = real + PIXELS;
            let sums = [S::F64::load(self.simd, &field[real..]), S::F64::load(self.simd, &field[imaginary..])];
            let mut sums = Complexes(sums[0], sums[1]);
            if N == 1 {
                sums = Complexes(sums.0 + value.0, sums.1 + value.1);
            } else {
                let weight = self.numbers(self.weights[component]);
                sums.0 = value.1.neg_mul_add(weight.1, value.0.mul_add(weight.0, sums.0));
                sums.1 = value.0.mul_add(weight.1, value.1.mul_add(weight.0, sums.1));
            }
            sums.0.store(&mut field[real..]);
            sums.1.store(&mut field[imaginary..]);
        }
    }

    #[inline(always)]
    fn add_by_ratios<const N: usize>(&self, field: &mut [f64]) {
        let bend = self.numbers(self.spot.bend);
        let width = S::F64::WIDTH;
        // Two lanes at once, so that neither waits for its own last product.
        for column in (0..COLUMNS).step_by(2 * width) {
            let x = S::F64::load(self.simd, &PLACES[column..]);
            let mut value = self.value::<N>(x, 0.0);
            let mut ratio = self.exp(self.growth(x, 0), self.growth(x, 1));
            let x = S::F64::load(self.simd, &PLACES[column + width..]);
            let mut other_value = self.value::<N>(x, 0.0);
            let mut other_ratio = self.exp(self.growth(x, 0), self.growth(x, 1));
            for row in 0..ROWS {
                self.add::<N>(field, row * COLUMNS + column, value);
                self.add::<N>(field, row * COLUMNS + column + width, other_value);
                value = value.times(ratio);
                other_value = other_value.times(other_ratio);
                ratio = ratio.times(bend);
                other_ratio = other_ratio.times(bend);
            }
        }
    }

    #[inline(always)]
    fn add_by_exponentials<const N: usize>(&self, field: &mut [f64]) {
        let nothing = self.number(NOTHING);
        for row in 0..ROWS {
            for column in (0..COLUMNS).step_by(S::F64::WIDTH) {
                let x = S::F64::load(self.simd, &PLACES[column..]);
                let is_there = nothing.lt(self.exponent(x, row as f64, 0));
                if S::F64::any(is_there) {
                    let zero = self.number(0.0);
                    let value = self.value::<N>(x, row as f64);
                    let value =
                        Complexes(S::F64::select(is_there, value.0, zero), S::F64::select(is_there, value.1, zero));
                    self.add::<N>(field, row * COLUMNS + column, value);
                }
            }
        }
    }
}

/// 0, 1, 2 ..
const PLACES: [f64; COLUMNS] = {
    let mut places = [0.0; COLUMNS];
    let mut place = 0;
    while place < COLUMNS {
        places[place] = place as f64;
        place += 1;
    }
    places
};

#[cfg(test)]
mod tests;
