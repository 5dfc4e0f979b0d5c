//! The kick: the interactions of all bodies, without what their Kepler orbits take care of.
//!
//! Three passes, each a loop over the massive bodies:
//!
//! 1. from Jacobi coordinates to positions relative to body 0;
//! 2. inertial accelerations;
//! 3. from them to Jacobi accelerations, less that of the Kepler orbit. Since the total momentum stays, the centre of
//!    mass of the bodies before i accelerates by -(sum of gm a over body i and all after it)/(their gm): body 0 needs
//!    no sum of its own.

use super::block::{Block, Column, Source, Three, WIDTH, compensated_add, load, product, scaled_add, store};
use crate::simd::{Lane, Simd};

/// Changes all velocities by the interactions over the time `dt`; `central` is the gravitational parameter of body 0.
#[inline(always)]
pub(super) fn kick<S: Simd>(simd: S, blocks: &mut [Block], sources: &[Source], central: f64, dt: f64) {
    for b in 0..blocks.len() {
        let mut at = 0;
        while at < WIDTH {
            let position = heliocentric::<S::F64>(simd, blocks, sources, b, at);
            store(position, &mut blocks[b].heliocentric, at);
            at += S::F64::WIDTH;
        }
    }
    for b in 0..blocks.len() {
        let mut at = 0;
        while at < WIDTH {
            let acceleration = inertial::<S::F64>(simd, blocks, sources, central, b, at);
            store(acceleration, &mut blocks[b].acceleration, at);
            at += S::F64::WIDTH;
        }
    }
    for b in 0..blocks.len() {
        let mut at = 0;
        while at < WIDTH {
            let acceleration = jacobi::<S::F64>(simd, blocks, sources, b, at);
            accelerate(simd, &mut blocks[b], at, acceleration, dt);
            at += S::F64::WIDTH;
        }
    }
}

#[inline(always)]
fn accelerate<L: Lane<Scalar = f64>>(simd: L::Simd, block: &mut Block, at: usize, acceleration: Three<L>, dt: f64) {
    // v += a dt, with what rounding cut off v before.
    let change = scaled_add(L::splat(simd, dt), acceleration, load(simd, &block.v_rest, at));
    let (v, rest) = compensated_add(load(simd, &block.v, at), change);
    store(v, &mut block.v, at);
    store(rest, &mut block.v_rest, at);
}

/// The vector of one body, in all places.
#[inline(always)]
fn spread<L: Lane<Scalar = f64>>(simd: L::Simd, columns: &[Column; 3], column: usize) -> Three<L> {
    let column = column % WIDTH;
    [L::splat(simd, columns[0][column]), L::splat(simd, columns[1][column]), L::splat(simd, columns[2][column])]
}

/// Positions relative to body 0: x_i + sum of w_j x_j over the bodies before, w_j the weight of j in its centre of
/// mass.
#[inline(always)]
fn heliocentric<L: Lane<Scalar = f64>>(
    simd: L::Simd,
    blocks: &[Block],
    sources: &[Source],
    b: usize,
    at: usize,
) -> Three<L> {
    let index = L::load(simd, &blocks[b].index[at..]);
    let zero = L::splat(simd, 0.0);
    let mut sum = load(simd, &blocks[b].x, at);
    for source in sources {
        // r_i += w_j x_j for the bodies j before i
        let before = L::splat(simd, source.index).lt(index);
        let weight = L::select(before, L::splat(simd, source.weight), zero);
        sum = scaled_add(weight, spread(simd, &blocks[source.block].x, source.column), sum);
    }
    sum
}

/// Inertial accelerations: sum of gm_j (x_j - x_i)/|x_j - x_i|³ over all other bodies.
#[inline(always)]
fn inertial<L: Lane<Scalar = f64>>(
    simd: L::Simd,
    blocks: &[Block],
    sources: &[Source],
    central: f64,
    b: usize,
    at: usize,
) -> Three<L> {
    let index = L::load(simd, &blocks[b].index[at..]);
    let zero = L::splat(simd, 0.0);
    let one = L::splat(simd, 1.0);
    let x: Three<L> = load(simd, &blocks[b].heliocentric, at);
    // Body 0: a = -G m_0 r / |r|³
    let r2 = product(x, x);
    let pull = L::splat(simd, -central) / (r2 * r2.sqrt());
    let mut sum = [pull * x[0], pull * x[1], pull * x[2]];
    for source in sources {
        let other: Three<L> = spread(simd, &blocks[source.block].heliocentric, source.column);
        let d = [other[0] - x[0], other[1] - x[1], other[2] - x[2]];
        // A body is at distance zero from itself: one instead keeps its pull on itself at zero.
        let itself = L::select(L::splat(simd, source.index).eq(index), one, zero);
        // a += G m_j d / |d|³, d = r_j - r_i
        let r2 = d[0].mul_add(d[0], d[1].mul_add(d[1], d[2].mul_add(d[2], itself)));
        let pull = L::splat(simd, source.gm) / (r2 * r2.sqrt());
        sum = scaled_add(pull, d, sum);
    }
    sum
}

/// Jacobi accelerations: a_i + sum of gm_j a_j over j >= i/(gm of the bodies before i) + mu_i x_i/|x_i|³.
#[inline(always)]
fn jacobi<L: Lane<Scalar = f64>>(simd: L::Simd, blocks: &[Block], sources: &[Source], b: usize, at: usize) -> Three<L> {
    let block = &blocks[b];
    let index = L::load(simd, &block.index[at..]);
    let inverse_inner = L::load(simd, &block.inverse_inner[at..]);
    let inverse_radius = L::load(simd, &block.inverse_radius[at..]);
    let zero = L::splat(simd, 0.0);
    // + mu_i x_i/|x_i|³: the Kepler orbit's own pull is the drift's.
    let pull = L::load(simd, &block.enclosed[at..]) * (inverse_radius * inverse_radius * inverse_radius);
    let mut sum = scaled_add(pull, load(simd, &block.x, at), load(simd, &block.acceleration, at));
    for source in sources {
        // a_i += (gm_j / gm of the bodies before i) a_j for j >= i
        let not_before = index.le(L::splat(simd, source.index));
        let share = L::select(not_before, L::splat(simd, source.gm) * inverse_inner, zero);
        sum = scaled_add(share, spread(simd, &blocks[source.block].acceleration, source.column), sum);
    }
    sum
}
