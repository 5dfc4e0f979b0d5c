//! The Newtonian acceleration and its derivative along a deviation, a vector of bodies at a time.

use super::lanes::{Lanes, WIDTH};

/// x, y and z of one block of [`WIDTH`] bodies.
pub(crate) type Triple = [Lanes; 3];

/// A body that attracts: where it stands among the blocks, and G m.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    /// Its block.
    pub block: usize,
    /// Its lane in the block.
    pub lane: usize,
    /// Its gravitational parameter, length^3/time^2.
    pub gm: f64,
}

impl Source {
    /// This body's value in every lane.
    #[inline(always)]
    pub(crate) fn of<const N: usize>(&self, columns: &[[Lanes; N]]) -> [Lanes; N] {
        columns[self.block].map(|column| Lanes::splat(column.0[self.lane]))
    }

    /// What to add to the squared distances from the bodies of `block`: the softening, and in the lane of the body
    /// itself a distance so large that it does not attract itself.
    #[inline(always)]
    pub(crate) fn offset(&self, block: usize, softening2: f64) -> Lanes {
        if block == self.block { ITSELF[self.lane] + Lanes::splat(softening2) } else { Lanes::splat(softening2) }
    }
}

/// `ITSELF[lane]`: 1e150 in that lane, 0 in the others.
const ITSELF: [Lanes; WIDTH] = itself();

const fn itself() -> [Lanes; WIDTH] {
    let mut table = [Lanes::ZERO; WIDTH];
    let mut lane = 0;
    while lane < WIDTH {
        table[lane].0[lane] = 1e150;
        lane += 1;
    }
    table
}

/// a - b by components.
#[inline(always)]
pub(crate) fn difference(a: &Triple, b: &Triple) -> Triple {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// a . b + c.
#[inline(always)]
pub(crate) fn dot_add(a: &Triple, b: &Triple, c: Lanes) -> Lanes {
    a[0].mul_add(b[0], a[1].mul_add(b[1], a[2].mul_add(b[2], c)))
}

/// sum += scale * a.
#[inline(always)]
pub(crate) fn accumulate(sum: &mut Triple, scale: Lanes, a: &Triple) {
    for axis in 0..3 {
        sum[axis] = scale.mul_add(a[axis], sum[axis]);
    }
}

/// a_i = sum_j G m_j (r_j - r_i) / (r_ij^2 + eps^2)^(3/2).
#[inline(always)]
pub(crate) fn newton(sources: &[Source], softening2: f64, position: &[Triple], acceleration: &mut [Triple]) {
    for (block, (r, a)) in position.iter().zip(acceleration).enumerate() {
        let mut sum = [Lanes::ZERO; 3];
        for source in sources {
            // a += G m_j d / s³, s² = d² + ε²
            let d = difference(&source.of(position), r);
            let inverse = dot_add(&d, &d, source.offset(block, softening2)).recip_sqrt();
            accumulate(&mut sum, inverse * inverse * (inverse * source.gm), &d);
        }
        *a = sum;
    }
}

/// The derivative of [`newton`] along a deviation: sum_j G m_j (dd / s^3 - 3 (d . dd) d / s^5) with d = r_j - r_i,
/// dd its deviation and s^2 = d^2 + eps^2.
#[inline(always)]
pub(crate) fn newton_deviation(
    sources: &[Source],
    softening2: f64,
    position: &[Triple],
    deviation: &[Triple],
    acceleration: &mut [Triple],
) {
    for (block, ((r, delta), a)) in position.iter().zip(deviation).zip(acceleration).enumerate() {
        let mut sum = [Lanes::ZERO; 3];
        for source in sources {
            // δa += G m_j (δd - 3 (d·δd / s²) d) / s³
            let d = difference(&source.of(position), r);
            let dd = difference(&source.of(deviation), delta);
            let inverse = dot_add(&d, &d, source.offset(block, softening2)).recip_sqrt();
            let inverse2 = inverse * inverse;
            let weight = inverse2 * (inverse * source.gm);
            let along = dot_add(&d, &dd, Lanes::ZERO) * inverse2 * -3.0;
            accumulate(&mut sum, weight, &dd);
            accumulate(&mut sum, weight * along, &d);
        }
        *a = sum;
    }
}
