//! Drift and kick of all bodies, eight side by side: the part of the map that takes its time.
//!
//! Bodies 1, 2, ... sit in blocks of eight columns; the last block is filled up with bodies that are at rest so far away that
//! nothing they take part in counts. The kick needs three passes, each a loop over the massive bodies: from Jacobi to
//! positions relative to body 0; accelerations; from accelerations to Jacobi. The third uses that the total momentum stays,
//! so that the centre of mass of the bodies before i accelerates by -(sum of gm a over the bodies from i on)/(their mass).
//!
//! The drift guesses the universal anomaly by the reversed series of its time, improves it by one step of fourth order, and
//! shifts Stiefel's functions along by Taylor's series (see `kepler` for the notation). If that shift was not small, it goes round
//! again; a body that is still not there, or whose step is longer than a radian of eccentric anomaly, is left to `kepler`.

use super::Vector;
use super::coordinates::{Jacobi, enclosed};
use super::kepler::{Relative, solve};
use crate::error::{Error, Result};
use crate::lane::{Lane, Level};

/// Bodies in a block.
const WIDTH: usize = 8;
/// How far away the bodies that fill up a block are.
const NOWHERE: f64 = 1e60;
/// A shift of the anomaly, relative to it, whose third power is below rounding.
const SMALL_SHIFT: f64 = 1e-6;

type Column = [f64; WIDTH];

/// Eight bodies.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(super) struct Block {
    /// Jacobi position.
    x: [Column; 3],
    /// Jacobi velocity.
    v: [Column; 3],
    /// What rounding cut off position and velocity: added again with the next change.
    x_rest: [Column; 3],
    v_rest: [Column; 3],
    /// Position relative to body 0, then (separately) acceleration without the mean orbit: scratch of the kick.
    heliocentric: [Column; 3],
    acceleration: [Column; 3],
    /// |x| and 1/|x|.
    radius: Column,
    inverse_radius: Column,
    /// Gravitational parameter of the body and all before it; the inverse of that of all before it.
    enclosed: Column,
    inverse_inner: Column,
    /// The number of the body, less one.
    index: Column,
}

/// A massive body other than body 0.
#[derive(Clone, Debug)]
struct Source {
    block: usize,
    column: usize,
    index: f64,
    gm: f64,
    /// gm over the enclosed one: its weight in the centre of mass.
    weight: f64,
}

/// All bodies but body 0, in Jacobi coordinates, and how they drift and kick.
#[derive(Clone, Debug)]
pub(super) struct Sweep {
    blocks: Vec<Block>,
    sources: Vec<Source>,
    central: f64,
    bodies: usize,
    level: Level,
}

impl Sweep {
    /// The bodies with gravitational parameters `gm` (body 0 first) at `state`.
    pub(super) fn new(gm: &[f64], state: &Jacobi, level: Level) -> Self {
        let bodies = gm.len() - 1;
        let enclosed = enclosed(gm);
        let mut blocks: Vec<Block> = (0..bodies.div_ceil(WIDTH)).map(Block::empty).collect();
        let mut sources = Vec::new();
        for i in 0..bodies {
            let (block, column) = (i / WIDTH, i % WIDTH);
            blocks[block].enclosed[column] = enclosed[i + 1];
            blocks[block].inverse_inner[column] = 1.0 / enclosed[i];
            let gm = gm[i + 1];
            if gm > 0.0 {
                sources.push(Source { block, column, index: i as f64, gm, weight: gm / enclosed[i + 1] });
            }
        }
        let mut sweep = Self { blocks, sources, central: gm[0], bodies, level };
        for i in 0..bodies {
            sweep.place(i, Relative { position: state.position[i], velocity: state.velocity[i] });
        }
        sweep
    }

    /// The number of bodies besides body 0.
    pub(super) fn bodies(&self) -> usize {
        self.bodies
    }

    /// Jacobi state of body `i` + 1.
    pub(super) fn body(&self, i: usize) -> Relative {
        self.blocks[i / WIDTH].body(i % WIDTH)
    }

    /// Gravitational parameter that the Kepler orbit of body `i` + 1 goes around.
    pub(super) fn orbit_gm(&self, i: usize) -> f64 {
        self.blocks[i / WIDTH].enclosed[i % WIDTH]
    }

    fn place(&mut self, i: usize, at: Relative) {
        let block = &mut self.blocks[i / WIDTH];
        block.put(i % WIDTH, at);
        block.measure(i % WIDTH);
    }

    /// Moves every body along its Kepler orbit for the time `dt`.
    ///
    /// # Errors
    /// A body at the centre of its orbit, or whose state is not finite.
    pub(super) fn drift(&mut self, dt: f64) -> Result<()> {
        let done = match self.level {
            Level::Avx512 => unsafe { drift_avx512(&mut self.blocks, dt) },
            Level::Avx2 => unsafe { drift_avx2(&mut self.blocks, dt) },
            Level::Portable => drift::<crate::lane::P>(&mut self.blocks, dt),
        };
        done.map_err(lost)
    }

    /// Changes the velocities by the interactions over the time `dt`.
    pub(super) fn kick(&mut self, dt: f64) {
        match self.level {
            Level::Avx512 => unsafe { kick_avx512(&mut self.blocks, &self.sources, self.central, dt) },
            Level::Avx2 => unsafe { kick_avx2(&mut self.blocks, &self.sources, self.central, dt) },
            Level::Portable => kick::<crate::lane::P>(&mut self.blocks, &self.sources, self.central, dt),
        };
    }
}
#[target_feature(enable = "avx512f,avx512vl,avx512dq,fma,avx2")]
fn drift_avx512(blocks: &mut [Block], dt: f64) -> std::result::Result<(), usize> {
    drift::<crate::lane::A512>(blocks, dt)
}
#[target_feature(enable = "fma,avx2")]
fn drift_avx2(blocks: &mut [Block], dt: f64) -> std::result::Result<(), usize> {
    drift::<crate::lane::A2>(blocks, dt)
}
#[target_feature(enable = "avx512f,avx512vl,avx512dq,fma,avx2")]
fn kick_avx512(blocks: &mut [Block], sources: &[Source], central: f64, dt: f64) {
    kick::<crate::lane::A512>(blocks, sources, central, dt)
}
#[target_feature(enable = "fma,avx2")]
fn kick_avx2(blocks: &mut [Block], sources: &[Source], central: f64, dt: f64) {
    kick::<crate::lane::A2>(blocks, sources, central, dt)
}

fn lost(body: usize) -> Error {
    Error::Numerics {
        method: "Wisdom-Holman map",
        reason: format!("body {} has no Kepler orbit: it is at the centre of mass of those before it, or not finite", body + 1),
    }
}

impl Block {
    fn empty(number: usize) -> Self {
        let zero = [0.0; WIDTH];
        let mut block = Self {
            x: [[NOWHERE; WIDTH], zero, zero],
            v: [zero; 3],
            x_rest: [zero; 3],
            v_rest: [zero; 3],
            heliocentric: [zero; 3],
            acceleration: [zero; 3],
            radius: [NOWHERE; WIDTH],
            inverse_radius: [1.0 / NOWHERE; WIDTH],
            enclosed: zero,
            inverse_inner: zero,
            index: zero,
        };
        for (i, index) in block.index.iter_mut().enumerate() {
            *index = (number * WIDTH + i) as f64;
        }
        block
    }

    fn body(&self, column: usize) -> Relative {
        Relative { position: self.x.map(|x| x[column]), velocity: self.v.map(|v| v[column]) }
    }

    fn put(&mut self, column: usize, body: Relative) {
        for k in 0..3 {
            self.x[k][column] = body.position[k];
            self.v[k][column] = body.velocity[k];
        }
    }

    fn measure(&mut self, column: usize) {
        let [x, y, z]: Vector = self.body(column).position;
        self.radius[column] = (x * x + y * y + z * z).sqrt();
        self.inverse_radius[column] = 1.0 / self.radius[column];
    }
}

/// Three lanes: a vector of each body.
type Three<L> = [L; 3];

#[inline(always)]
fn load<L: Lane>(columns: &[Column; 3], at: usize) -> Three<L> {
    [L::load(&columns[0][at..]), L::load(&columns[1][at..]), L::load(&columns[2][at..])]
}

#[inline(always)]
fn store<L: Lane>(vector: Three<L>, columns: &mut [Column; 3], at: usize) {
    vector[0].store(&mut columns[0][at..]);
    vector[1].store(&mut columns[1][at..]);
    vector[2].store(&mut columns[2][at..]);
}

/// The vector of one body, in all columns.
#[inline(always)]
fn spread<L: Lane>(columns: &[Column; 3], column: usize) -> Three<L> {
    let column = column % WIDTH;
    [L::splat(columns[0][column]), L::splat(columns[1][column]), L::splat(columns[2][column])]
}

#[inline(always)]
fn product<L: Lane>(a: Three<L>, b: Three<L>) -> L {
    a[0].mul_add(b[0], a[1].mul_add(b[1], a[2] * b[2]))
}

/// `a` times the vector `x`, plus `y`.
#[inline(always)]
fn scaled_add<L: Lane>(a: L, x: Three<L>, y: Three<L>) -> Three<L> {
    [a.mul_add(x[0], y[0]), a.mul_add(x[1], y[1]), a.mul_add(x[2], y[2])]
}

/// The sum of two vectors, and what its rounding cut off (Kahan 1965).
#[inline(always)]
fn compensated_add<L: Lane>(x: Three<L>, change: Three<L>) -> (Three<L>, Three<L>) {
    let sum = [x[0] + change[0], x[1] + change[1], x[2] + change[2]];
    let cut = [
        change[0] - (sum[0] - x[0]),
        change[1] - (sum[1] - x[1]),
        change[2] - (sum[2] - x[2]),
    ];
    (sum, cut)
}

#[inline(always)]
fn kick<L: Lane>(blocks: &mut [Block], sources: &[Source], central: f64, dt: f64) {
    for b in 0..blocks.len() {
        let mut at = 0;
        while at < WIDTH {
            let from_first = heliocentric::<L>(blocks, b, at, sources);
            store(from_first, &mut blocks[b].heliocentric, at);
            at += L::WIDTH;
        }
    }
    for b in 0..blocks.len() {
        let mut at = 0;
        while at < WIDTH {
            let acceleration = acceleration::<L>(blocks, b, at, sources, central);
            store(acceleration, &mut blocks[b].acceleration, at);
            at += L::WIDTH;
        }
    }
    for b in 0..blocks.len() {
        let mut at = 0;
        while at < WIDTH {
            let change = jacobi_acceleration::<L>(blocks, b, at, sources);
            let block = &mut blocks[b];
            let change = scaled_add(L::splat(dt), change, load(&block.v_rest, at));
            let (v, rest) = compensated_add(load::<L>(&block.v, at), change);
            store(v, &mut block.v, at);
            store(rest, &mut block.v_rest, at);
            at += L::WIDTH;
        }
    }
}

/// Position relative to body 0: the Jacobi one plus the weighted ones of the bodies before.
#[inline(always)]
fn heliocentric<L: Lane>(blocks: &[Block], b: usize, at: usize, sources: &[Source]) -> Three<L> {
    let index = L::load(&blocks[b].index[at..]);
    let mut sum = load::<L>(&blocks[b].x, at);
    for source in sources {
        let before = L::splat(source.index).lt(index);
        let weight = L::select(before, L::splat(source.weight), L::splat(0.0));
        sum = scaled_add(weight, spread(&blocks[source.block].x, source.column), sum);
    }
    sum
}

/// Inertial acceleration by all other bodies.
#[inline(always)]
fn acceleration<L: Lane>(blocks: &[Block], b: usize, at: usize, sources: &[Source], central: f64) -> Three<L> {
    let index = L::load(&blocks[b].index[at..]);
    let x = load::<L>(&blocks[b].heliocentric, at);
    let r2 = product(x, x);
    let pull = L::splat(-central) / (r2 * r2.sqrt());
    let mut sum = [pull * x[0], pull * x[1], pull * x[2]];
    for source in sources {
        let other = spread::<L>(&blocks[source.block].heliocentric, source.column);
        let d = [other[0] - x[0], other[1] - x[1], other[2] - x[2]];
        let itself = L::select(L::splat(source.index).eq(index), L::splat(1.0), L::splat(0.0));
        let r2 = d[0].mul_add(d[0], d[1].mul_add(d[1], d[2].mul_add(d[2], itself)));
        let pull = L::splat(source.gm) / (r2 * r2.sqrt());
        sum = scaled_add(pull, d, sum);
    }
    sum
}

/// Acceleration in Jacobi coordinates, without that of the Kepler orbit.
#[inline(always)]
fn jacobi_acceleration<L: Lane>(blocks: &[Block], b: usize, at: usize, sources: &[Source]) -> Three<L> {
    let block = &blocks[b];
    let (index, inverse_inner) = (L::load(&block.index[at..]), L::load(&block.inverse_inner[at..]));
    let inverse_radius = L::load(&block.inverse_radius[at..]);
    let pull = L::load(&block.enclosed[at..]) * (inverse_radius * inverse_radius * inverse_radius);
    let mut sum = scaled_add(pull, load(&block.x, at), load(&block.acceleration, at));
    for source in sources {
        let from_here_on = index.le(L::splat(source.index));
        let share = L::select(from_here_on, L::splat(source.gm) * inverse_inner, L::splat(0.0));
        sum = scaled_add(share, spread(&blocks[source.block].acceleration, source.column), sum);
    }
    sum
}

/// Drifts all blocks; on failure, the body that has no orbit.
#[inline(always)]
fn drift<L: Lane>(blocks: &mut [Block], dt: f64) -> std::result::Result<(), usize> {
    for (b, block) in blocks.iter_mut().enumerate() {
        let mut at = 0;
        while at < WIDTH {
            if !drift_lane::<L>(block, at, dt) {
                rescue(block, at..at + L::WIDTH, dt).map_err(|column| b * WIDTH + column)?;
            }
            at += L::WIDTH;
        }
    }
    Ok(())
}

/// The Kepler advance of the bodies whose universal anomaly was not found the quick way.
#[cold]
#[inline(never)]
fn rescue(block: &mut Block, columns: std::ops::Range<usize>, dt: f64) -> std::result::Result<(), usize> {
    for column in columns {
        if block.enclosed[column] > 0.0 {
            let start = block.body(column);
            let arc = solve(start, block.enclosed[column], dt).ok_or(column)?;
            block.put(column, arc.gauss().apply(start));
            block.measure(column);
        }
    }
    Ok(())
}

/// A lane's orbits at their start.
struct Orbits<L> {
    mu: L,
    r0: L,
    inverse_r0: L,
    beta: L,
    eta: L,
    zeta: L,
}

/// Stiefel's G1 to G3 and the radius at an anomaly.
struct Stiefel<L> {
    g1: L,
    g2: L,
    g3: L,
    r: L,
    inverse_r: L,
}

/// Drifts the lane at column `at`. False, and nothing is changed, if an anomaly was not found.
#[inline(always)]
fn drift_lane<L: Lane>(block: &mut Block, at: usize, dt: f64) -> bool {
    let (x, v) = (load::<L>(&block.x, at), load::<L>(&block.v, at));
    let (mu, r0) = (L::load(&block.enclosed[at..]), L::load(&block.radius[at..]));
    let inverse_r0 = L::load(&block.inverse_radius[at..]);
    let v2 = product(v, v);
    let beta = (mu + mu).mul_add(inverse_r0, L::splat(0.0) - v2);
    let orbits = Orbits { mu, r0, inverse_r0, beta, eta: product(x, v), zeta: mu - beta * r0 };
    let dt = L::splat(dt);
    let mut s = first_guess(&orbits, dt);
    for _ in 0..4 {
        let (stiefel, shift, good) = improve(&orbits, s, dt);
        if L::all(good) {
            finish(block, at, x, v, &orbits, &stiefel, dt);
            return true;
        }
        s = s + shift;
    }
    false
}

/// Root near zero of d + a d² + b d³ + c d⁴ + e d⁵ = u, over u, by the reversed series; the arguments are a u, b u², c u³, e u⁴.
#[inline(always)]
fn reversed<L: Lane>(a: L, b: L, c: L, e: L) -> L {
    let one = L::splat(1.0);
    let a2 = a * a;
    let third = (a2 + a2) - b;
    let fourth = a.mul_add(L::splat(5.0) * (b - a2), L::splat(0.0) - c);
    let fifth = a2.mul_add(L::splat(14.0) * a2 - L::splat(21.0) * b, (L::splat(6.0) * a).mul_add(c, (L::splat(3.0) * b).mul_add(b, L::splat(0.0) - e)));
    ((one - a) + third) + (fourth + fifth)
}

#[inline(always)]
fn first_guess<L: Lane>(o: &Orbits<L>, dt: L) -> L {
    let h = dt * o.inverse_r0;
    let z = o.beta * (h * h);
    let a = L::splat(0.5) * (o.eta * o.inverse_r0) * h;
    let b = L::splat(1.0 / 6.0) * (o.zeta * o.inverse_r0) * (h * h);
    let c = L::splat(-1.0 / 12.0) * (z * a);
    let e = L::splat(-1.0 / 20.0) * (z * b);
    h * reversed(a, b, c, e)
}

/// Sum of c_k z^k, k = 0 to 7.
#[inline(always)]
fn polynomial<L: Lane>(z: L, z2: L, z4: L, c: [f64; 8]) -> L {
    let low = z2.mul_add(L::splat(c[3]).mul_add(z, L::splat(c[2])), L::splat(c[1]).mul_add(z, L::splat(c[0])));
    let high = z2.mul_add(L::splat(c[7]).mul_add(z, L::splat(c[6])), L::splat(c[5]).mul_add(z, L::splat(c[4])));
    z4.mul_add(high, low)
}

/// Stumpff's c2 and c3 for |z| <= 1, without systematic error.
///
/// 1/6 is a third of a unit in the last place above its nearest number: left out, that alone would make the energy drift.
#[inline(always)]
fn stumpff2_and_3<L: Lane>(z: L) -> (L, L) {
    const SIXTH_REST: f64 = 9.251858538542970e-18;
    let z2 = z * z;
    let z4 = z2 * z2;
    let c2 = z.mul_add(polynomial(z, z2, z4, SERIES_4), L::splat(0.5));
    let c3 = z.mul_add(polynomial(z, z2, z4, SERIES_5), L::splat(SIXTH_REST)) + L::splat(1.0 / 6.0);
    (c2, c3)
}

/// -1/n!, 1/(n + 2)!, -1/(n + 4)!, ...
const fn series(n: usize) -> [f64; 8] {
    let mut terms = [-1.0; 8];
    let mut k = 0;
    while k < 8 {
        let mut factor = 2;
        while factor <= n + 2 * k {
            terms[k] /= factor as f64;
            factor += 1;
        }
        if k % 2 == 1 {
            terms[k] = -terms[k];
        }
        k += 1;
    }
    terms
}

const SERIES_4: [f64; 8] = series(4);
const SERIES_5: [f64; 8] = series(5);

/// One step of fourth order for the anomaly: Stiefel's functions at its end, its length, and whether it was short enough.
#[inline(always)]
fn improve<L: Lane>(o: &Orbits<L>, s: L, dt: L) -> (Stiefel<L>, L, L::Mask) {
    let (one, half) = (L::splat(1.0), L::splat(0.5));
    let s2 = s * s;
    let z = o.beta * s2;
    let (c2, c3) = stumpff2_and_3(z);
    let (g2, g3) = (c2 * s2, c3 * (s2 * s));
    let (g0, g1) = (one - z * c2, s - z * (c3 * s));
    let r = o.eta.mul_add(g1, o.zeta.mul_add(g2, o.r0));
    let missing = (dt - o.r0 * s) - o.eta.mul_add(g2, o.zeta * g3);
    let rate = o.eta.mul_add(g0, o.zeta * g1);
    let rate2 = o.zeta * g0 - (o.beta * o.eta) * g1;
    let inverse = one / r;
    let u = missing * inverse;
    let a = half * (rate * inverse) * u;
    let b = L::splat(1.0 / 6.0) * (rate2 * inverse) * (u * u);
    let shift = u * ((one - a) + ((a + a) * a - b));
    let half_shift = half * shift;
    let g3 = shift.mul_add(half_shift.mul_add(g1, g2), g3);
    let g2_new = shift.mul_add(half_shift.mul_add(g0, g1), g2);
    let g1_new = shift.mul_add(g0 - half_shift * (o.beta * g1), g1);
    let r_new = shift.mul_add(half_shift.mul_add(rate2, rate), r);
    let e = one - r_new * inverse;
    let inverse_r = inverse.mul_add(e.mul_add(e, e), inverse);
    let short = (shift.abs()).le(L::splat(SMALL_SHIFT) * s.abs());
    let good = L::select(short, z.abs(), L::splat(2.0)).le(one);
    (Stiefel { g1: g1_new, g2: g2_new, g3, r: r_new, inverse_r }, shift, good)
}

/// Applies Gauss's f and g.
#[inline(always)]
fn finish<L: Lane>(block: &mut Block, at: usize, x: Three<L>, v: Three<L>, o: &Orbits<L>, s: &Stiefel<L>, dt: L) {
    let zero = L::splat(0.0);
    let minus_mu = zero - o.mu;
    let g2 = minus_mu * s.g2;
    let (f_minus_1, g) = (g2 * o.inverse_r0, minus_mu.mul_add(s.g3, dt));
    let (fdot, gdot_minus_1) = (minus_mu * s.g1 * (o.inverse_r0 * s.inverse_r), g2 * s.inverse_r);
    let dx = scaled_add(f_minus_1, x, scaled_add(g, v, load(&block.x_rest, at)));
    let dv = scaled_add(fdot, x, scaled_add(gdot_minus_1, v, load(&block.v_rest, at)));
    let (x, x_rest) = compensated_add(x, dx);
    let (v, v_rest) = compensated_add(v, dv);
    store(x, &mut block.x, at);
    store(v, &mut block.v, at);
    store(x_rest, &mut block.x_rest, at);
    store(v_rest, &mut block.v_rest, at);
    let r = product(x, x).sqrt();
    r.store(&mut block.radius[at..]);
    (L::splat(1.0) / r).store(&mut block.inverse_radius[at..]);
    let _ = s.r;
}
