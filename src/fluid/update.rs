//! The end of a stage for a row of cells: from fluxes to new conserved variables.
//!
//! The differences of the fluxes are summed so that x, y and z enter alike, sources are added, and the stage's blend of states
//! is formed, one variable after the other.

use super::rows::{GROUP, Row, RowMut, groups_of, load};
use crate::simd::{Kernel, Lane, Simd};

/// The fluxes at the lower and the upper faces of a row of cells, along one axis.
#[derive(Clone, Copy)]
pub(super) struct Difference<'a> {
    pub lower: Row<'a>,
    pub upper: Row<'a>,
    /// Time over cell size.
    pub factor: f64,
}

/// What the fluxes' differences are taken from.
#[derive(Clone, Copy)]
pub(super) enum Base<'a> {
    /// The state that is replaced.
    Same,
    /// Another state.
    Other(Row<'a>),
    /// Another state, and this share of the way from it to the state that is replaced less the differences.
    Towards(Row<'a>, f64),
}

/// New conserved variables of a row of cells.
pub(super) struct AdvanceRow<'a> {
    pub axes: [Option<Difference<'a>>; 3],
    /// Rates of change of the conserved variables, and the time that they act for.
    pub source: Option<(Row<'a>, f64)>,
    pub base: Base<'a>,
    pub conserved: RowMut<'a>,
    pub variables: usize,
    /// Cells; rows go on to the next whole group.
    pub count: usize,
}

impl Kernel for AdvanceRow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.axes {
            [Some(x), None, None] => self.advance::<S, 1>(simd, [x]),
            [Some(x), Some(y), None] => self.advance::<S, 2>(simd, [x, y]),
            [Some(x), Some(y), Some(z)] => self.advance::<S, 3>(simd, [x, y, z]),
            _ => unreachable!("axes without gaps"),
        }
    }
}

impl AdvanceRow<'_> {
    #[inline(always)]
    fn advance<S: Simd, const D: usize>(mut self, simd: S, axes: [Difference; D]) {
        let groups = groups_of(self.count);
        for variable in 0..self.variables {
            let lower = axes.map(|axis| axis.lower.groups(variable, groups));
            let upper = axes.map(|axis| axis.upper.groups(variable, groups));
            let source = self.source.map(|(rates, time)| (rates.groups(variable, groups), time));
            let state = self.conserved.groups(variable, groups);
            for group in 0..groups {
                for part in (0..GROUP).step_by(S::F64::WIDTH) {
                    let mut parts = [S::F64::splat(simd, 0.0); D];
                    for axis in 0..D {
                        let low = load(simd, lower[axis], group, part);
                        let high = load(simd, upper[axis], group, part);
                        // (dt/Δx) (F_upper - F_lower), F the flux through a face
                        parts[axis] = S::F64::splat(simd, axes[axis].factor) * (high - low);
                    }
                    let mut loss = symmetric_sum(parts);
                    if let Some((rates, time)) = source {
                        // loss = Σ_axes (dt/Δx) (F_upper - F_lower) - dt S
                        loss = load(simd, rates, group, part).neg_mul_add(S::F64::splat(simd, time), loss);
                    }
                    // U' = U - loss, or U_0 - loss, or U_0 + β (U - loss - U_0), which keeps a state at rest to the last bit
                    let new = match self.base {
                        Base::Same => load(simd, state, group, part) - loss,
                        Base::Other(other) => load(simd, other.groups(variable, groups), group, part) - loss,
                        Base::Towards(start, share) => {
                            let start = load(simd, start.groups(variable, groups), group, part);
                            let stage = load(simd, state, group, part) - loss;
                            S::F64::splat(simd, share).mul_add(stage - start, start)
                        }
                    };
                    new.store(&mut state[group][part..]);
                }
            }
        }
    }
}

/// The sum of up to three numbers, the same bits in any order: of the three ways to add, the one whose result is in the middle.
#[inline(always)]
pub(super) fn symmetric_sum<L: Lane, const D: usize>(parts: [L; D]) -> L {
    match D {
        1 => parts[0],
        2 => parts[0] + parts[1],
        _ => {
            let x = parts[0];
            let y = parts[1];
            let z = parts[2];
            let a = (x + y) + z;
            let b = (y + z) + x;
            let c = (z + x) + y;
            a.min(b).max(a.max(b).min(c))
        }
    }
}

/// [`symmetric_sum`] of plain numbers.
pub(super) fn symmetric_sum_of([x, y, z]: [f64; 3]) -> f64 {
    let a = (x + y) + z;
    let b = (y + z) + x;
    let c = (z + x) + y;
    a.min(b).max(a.max(b).min(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Level;

    struct Sum([f64; 3]);

    impl Kernel for Sum {
        type Output = u64;

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> u64 {
            let parts =
                [S::F64::splat(simd, self.0[0]), S::F64::splat(simd, self.0[1]), S::F64::splat(simd, self.0[2])];
            let mut places = [0.0; GROUP];
            symmetric_sum(parts).store(&mut places);
            places[0].to_bits()
        }
    }

    #[test]
    fn three_numbers_have_the_same_sum_in_any_order_and_mirrored() {
        let mut plain_differs = false;
        for seed in 1..2000u32 {
            let x = f64::from(seed).sqrt().fract() - 0.5;
            let y = f64::from(seed).cbrt() * 1e-3;
            let z = -f64::from(seed).ln() * 1e2;
            plain_differs |= (x + y) + z != (y + z) + x;
            let sum = Level::Portable.run(Sum([x, y, z]));
            for order in [[x, z, y], [y, x, z], [y, z, x], [z, x, y], [z, y, x]] {
                assert_eq!(Level::detect().run(Sum(order)), sum);
            }
            assert_eq!(symmetric_sum_of([x, y, z]).to_bits(), sum);
            let mirrored = Level::Portable.run(Sum([-x, -y, -z]));
            assert_eq!(f64::from_bits(mirrored), -f64::from_bits(sum));
        }
        assert!(plain_differs, "the numbers are too easy");
    }

    #[test]
    fn a_number_that_is_none_is_not_lost() {
        for parts in [[f64::NAN, 1.0, 2.0], [1.0, f64::NAN, 2.0], [1.0, 2.0, f64::NAN]] {
            assert!(f64::from_bits(Level::detect().run(Sum(parts))).is_nan());
        }
    }
}
