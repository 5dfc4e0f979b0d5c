//! Far lists: their cells, in lanes, summed into the expansion about the centre of a group or a bundle, and that evaluated for each body.
//!
//! The sums are those that [`expansion`](super::expansion) names. Cells stand in lanes; the lanes of a sum are added in pairs at a fixed distance, so
//! that their order depends on the level alone. To keep the sums in registers, orders are summed in passes over the list.

use super::expansion::{HIGHEST, MONOMIALS, Maps, SUMS, Term, monomials, sums};
use super::group::Group;
use super::near::{Softened, Sums, inverse_root};
use super::walk::List;
use crate::simd::Single;

/// The nearest that a cell may be for an expansion of this order, in half-sides of the cube: powers of its inverse distance stay in the range of
/// single precision.
pub(super) fn nearest(order: usize) -> f32 {
    0.5f32.powi(120 / (order as i32 + 2))
}

/// The sums of a group, and the polynomials made of them.
#[derive(Clone, Debug)]
pub(super) struct Expansion {
    sums: [f32; SUMS],
    coefficients: [[f32; MONOMIALS]; 4],
}

impl Default for Expansion {
    fn default() -> Self {
        Expansion { sums: [0.0; SUMS], coefficients: [[0.0; MONOMIALS]; 4] }
    }
}

impl Expansion {
    /// Sums the cells of the list into an expansion of this order about the centre that their places are relative to.
    #[inline(always)]
    pub(super) fn make<L: Single>(
        &mut self,
        simd: L::Simd,
        list: &List,
        (maps, order): (&Maps, usize),
        softened: Softened,
    ) {
        let directions = Directions::<L> { simd, list, softened };
        orders_to_2::<L>(directions, &mut self.sums);
        if order >= 2 {
            order_3::<L>(directions, &mut self.sums[sums(2)..]);
        }
        if order >= 3 {
            order_4::<L>(directions, &mut self.sums[sums(3)..]);
        }
        if order >= 4 {
            order_5::<L>(directions, &mut self.sums[sums(4)..]);
        }
        if order >= 5 {
            order_6::<L>(directions, &mut self.sums[sums(5)..]);
        }
        for (terms, coefficients) in maps.acceleration.iter().zip(&mut self.coefficients) {
            map(terms, &self.sums, &mut coefficients[..monomials(order)]);
        }
        if softened.potential {
            map(&maps.depth, &self.sums, &mut self.coefficients[3][..monomials(order + 1)]);
        }
    }

    /// Adds what the cells do to the bodies of a group whose centre stands at `shift` from the expansion's.
    #[inline(always)]
    pub(super) fn add<L: Single>(
        &self,
        simd: L::Simd,
        order: usize,
        (group, shift): (&Group, [f32; 3]),
        potential: bool,
        to: &mut Sums,
    ) {
        match order {
            1 => self.of_order::<L, 1>(simd, group, shift, potential, to),
            2 => self.of_order::<L, 2>(simd, group, shift, potential, to),
            3 => self.of_order::<L, 3>(simd, group, shift, potential, to),
            4 => self.of_order::<L, 4>(simd, group, shift, potential, to),
            HIGHEST => self.of_order::<L, HIGHEST>(simd, group, shift, potential, to),
            _ => unreachable!("an expansion of order {order}"),
        }
    }

    #[inline(always)]
    fn of_order<L: Single, const ORDER: usize>(
        &self,
        simd: L::Simd,
        group: &Group,
        shift: [f32; 3],
        potential: bool,
        to: &mut Sums,
    ) {
        let [ax, ay, az, depth] = &self.coefficients;
        for first in (0..group.len()).step_by(L::WIDTH) {
            let mut place = [L::splat(simd, 0.0); 3];
            for c in 0..3 {
                place[c] = L::load(simd, &group.position[c][first..]) + L::splat(simd, shift[c]);
            }
            for (coefficients, sums) in [ax, ay, az].into_iter().zip(to.iter_mut()) {
                put(polynomial(simd, coefficients, place, ORDER), &mut sums[first..first + L::WIDTH]);
            }
            if potential {
                put(polynomial(simd, depth, place, ORDER + 1), &mut to[3][first..first + L::WIDTH]);
            }
        }
    }
}

/// The cells of a list as directions from the group's centre.
struct Directions<'a, L: Single> {
    simd: L::Simd,
    list: &'a List,
    softened: Softened,
}

impl<L: Single> Clone for Directions<'_, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L: Single> Copy for Directions<'_, L> {}

impl<L: Single> Directions<'_, L> {
    /// No sum yet.
    #[inline(always)]
    fn zero(&self) -> L {
        L::splat(self.simd, 0.0)
    }

    /// The lanes' first places.
    fn firsts(&self) -> impl Iterator<Item = usize> + use<L> {
        (0..self.list.len).step_by(L::WIDTH)
    }

    /// Of the cells of a lane y = 1/√u, e = d y, and G m.
    #[inline(always)]
    fn at(&self, first: usize) -> (L, [L; 3], L) {
        let Directions { simd, list, softened } = *self;
        let [x, y, z, gm] = &list.columns;
        let [x, y] = [L::load(simd, &x[first..]), L::load(simd, &y[first..])];
        let [z, gm] = [L::load(simd, &z[first..]), L::load(simd, &gm[first..])];
        let u = z.mul_add(z, y.mul_add(y, x.mul_add(x, L::splat(simd, softened.softening2))));
        let inverse = if softened.exact { inverse_root::<L, true>(simd, u) } else { inverse_root::<L, false>(simd, u) };
        (inverse, [x * inverse, y * inverse, z * inverse], gm)
    }
}

/// The sums of orders 0, 1 and 2.
#[inline(always)]
fn orders_to_2<L: Single>(directions: Directions<'_, L>, to: &mut [f32]) {
    let zero = directions.zero();
    let [mut s0, mut s20] = [[zero]; 2];
    let mut s1 = [zero; 3];
    let mut s2 = [zero; 6];
    for first in directions.firsts() {
        let (y, e, gm) = directions.at(first);
        let w1 = gm * y;
        let w2 = w1 * y;
        let w3 = w2 * y;
        s0 = [s0[0] + w1];
        add(&mut s1, w2, &e);
        add(&mut s2, w3, &raise::<L, 3, 6>(e, &e));
        s20 = [s20[0] + w3];
    }
    fold(&s0, &mut to[..1]);
    fold(&s1, &mut to[1..4]);
    fold(&s2, &mut to[4..10]);
    fold(&s20, &mut to[10..11]);
}

/// The sums of order 3.
#[inline(always)]
fn order_3<L: Single>(directions: Directions<'_, L>, to: &mut [f32]) {
    let zero = directions.zero();
    let mut s3 = [zero; 10];
    let mut s1 = [zero; 3];
    for first in directions.firsts() {
        let (y, e, gm) = directions.at(first);
        let y2 = y * y;
        let w = gm * (y2 * y2);
        add(&mut s3, w, &raise::<L, 6, 10>(e, &raise::<L, 3, 6>(e, &e)));
        add(&mut s1, w, &e);
    }
    fold(&s3, &mut to[..10]);
    fold(&s1, &mut to[10..13]);
}

/// The sums of order 4.
#[inline(always)]
fn order_4<L: Single>(directions: Directions<'_, L>, to: &mut [f32]) {
    let zero = directions.zero();
    let mut s4 = [zero; 15];
    let mut s2 = [zero; 6];
    let mut s0 = [zero];
    for first in directions.firsts() {
        let (y, e, gm) = directions.at(first);
        let y2 = y * y;
        let w = (gm * y) * (y2 * y2);
        let e2 = raise::<L, 3, 6>(e, &e);
        add(&mut s4, w, &raise::<L, 10, 15>(e, &raise::<L, 6, 10>(e, &e2)));
        add(&mut s2, w, &e2);
        s0 = [s0[0] + w];
    }
    fold(&s4, &mut to[..15]);
    fold(&s2, &mut to[15..21]);
    fold(&s0, &mut to[21..22]);
}

/// The sums of order 5.
#[inline(always)]
fn order_5<L: Single>(directions: Directions<'_, L>, to: &mut [f32]) {
    let zero = directions.zero();
    let mut s5 = [zero; 21];
    let mut s3 = [zero; 10];
    let mut s1 = [zero; 3];
    for first in directions.firsts() {
        let (y, e, gm) = directions.at(first);
        let y2 = y * y;
        let w = (gm * y2) * (y2 * y2);
        let e3 = raise::<L, 6, 10>(e, &raise::<L, 3, 6>(e, &e));
        add(&mut s5, w, &raise::<L, 15, 21>(e, &raise::<L, 10, 15>(e, &e3)));
        add(&mut s3, w, &e3);
        add(&mut s1, w, &e);
    }
    fold(&s5, &mut to[..21]);
    fold(&s3, &mut to[21..31]);
    fold(&s1, &mut to[31..34]);
}

/// The sums of order 6.
#[inline(always)]
fn order_6<L: Single>(directions: Directions<'_, L>, to: &mut [f32]) {
    let zero = directions.zero();
    let mut s6 = [zero; 28];
    let mut s4 = [zero; 15];
    let mut s2 = [zero; 6];
    let mut s0 = [zero];
    for first in directions.firsts() {
        let (y, e, gm) = directions.at(first);
        let y2 = y * y;
        let w = (gm * y) * (y2 * y2 * y2);
        let e2 = raise::<L, 3, 6>(e, &e);
        let e4 = raise::<L, 10, 15>(e, &raise::<L, 6, 10>(e, &e2));
        add(&mut s6, w, &raise::<L, 21, 28>(e, &raise::<L, 15, 21>(e, &e4)));
        add(&mut s4, w, &e4);
        add(&mut s2, w, &e2);
        s0 = [s0[0] + w];
    }
    fold(&s6, &mut to[..28]);
    fold(&s4, &mut to[28..43]);
    fold(&s2, &mut to[43..49]);
    fold(&s0, &mut to[49..50]);
}

/// The `HERE` monomials of a degree from the `BELOW` of the degree below, in the order of [`exponents`](super::expansion::exponents).
#[inline(always)]
fn raise<L: Single, const BELOW: usize, const HERE: usize>([x, y, z]: [L; 3], below: &[L; BELOW]) -> [L; HERE] {
    let degree = HERE - BELOW - 1;
    let mut here = [x; HERE];
    for t in 0..BELOW {
        here[t] = x * below[t];
    }
    for t in 0..degree {
        here[BELOW + t] = y * below[BELOW - degree + t];
    }
    here[HERE - 1] = z * below[BELOW - 1];
    here
}

/// Adds `weight` times each number.
#[inline(always)]
fn add<L: Single, const N: usize>(sums: &mut [L; N], weight: L, numbers: &[L; N]) {
    for t in 0..N {
        sums[t] = weight.mul_add(numbers[t], sums[t]);
    }
}

/// A polynomial of this degree at the places of a lane.
#[inline(always)]
fn polynomial<L: Single>(simd: L::Simd, coefficients: &[f32; MONOMIALS], at: [L; 3], degree: usize) -> L {
    let constant = L::splat(simd, coefficients[0]);
    let d1 = at;
    let mut value = terms(simd, constant, coefficients, &d1);
    let d2 = raise::<L, 3, 6>(at, &d1);
    if degree >= 2 {
        value = terms(simd, value, coefficients, &d2);
    }
    let d3 = raise::<L, 6, 10>(at, &d2);
    if degree >= 3 {
        value = terms(simd, value, coefficients, &d3);
    }
    let d4 = raise::<L, 10, 15>(at, &d3);
    if degree >= 4 {
        value = terms(simd, value, coefficients, &d4);
    }
    let d5 = raise::<L, 15, 21>(at, &d4);
    if degree >= 5 {
        value = terms(simd, value, coefficients, &d5);
    }
    if degree >= 6 {
        value = terms(simd, value, coefficients, &raise::<L, 21, 28>(at, &d5));
    }
    value
}

/// Adds the terms of one degree.
#[inline(always)]
fn terms<L: Single, const N: usize>(simd: L::Simd, value: L, coefficients: &[f32; MONOMIALS], powers: &[L; N]) -> L {
    // Those of lower degrees stand before them: 1, 4, 10, 20, 35, 56 of them.
    let before = match N {
        3 => 1,
        6 => 4,
        10 => 10,
        15 => 20,
        21 => 35,
        _ => 56,
    };
    let mut value = value;
    for t in 0..N {
        value = powers[t].mul_add(L::splat(simd, coefficients[before + t]), value);
    }
    value
}

/// Adds a lane to sums.
#[inline(always)]
fn put<L: Single>(lane: L, sums: &mut [f64]) {
    let mut numbers = [0.0; 16];
    lane.store(&mut numbers);
    for (sum, &number) in sums.iter_mut().zip(&numbers) {
        *sum += f64::from(number);
    }
}

/// The sums of the lanes.
#[inline(always)]
fn fold<L: Single>(lanes: &[L], to: &mut [f32]) {
    for (lane, to) in lanes.iter().zip(to) {
        let mut numbers = [0.0; 16];
        lane.store(&mut numbers);
        let mut width = L::WIDTH;
        while width > 1 {
            width /= 2;
            for i in 0..width {
                numbers[i] += numbers[i + width];
            }
        }
        *to = numbers[0];
    }
}

/// Applies a linear map.
#[inline(always)]
fn map(terms: &[Term], from: &[f32; SUMS], to: &mut [f32]) {
    to.fill(0.0);
    for term in terms {
        to[usize::from(term.to)] += term.factor * from[usize::from(term.from)];
    }
}
