//! The drift: all bodies along their Kepler orbits, side by side.
//!
//! In the notation of `kepler`: the universal anomaly is guessed by the reversed series of its time, improved by one
//! step of fourth order, and Stiefel's functions are shifted along by Taylor's series, so that most steps evaluate
//! them once. Where that shift was not small it goes round again; a body whose anomaly is still not found, or longer
//! than a radian of eccentric anomaly, is left to `kepler`.
//!
//! Rounding errors of the energy then add up as a random walk (Rein & Tamayo 2015): only changes of the state are
//! computed, with constants that are exact on average, and what rounding cuts off the state is kept.

use super::block::{Block, Column, Three, WIDTH, compensated_add, load, product, scaled_add, store};
use super::kepler::{SIXTH_REST, solve};
use crate::simd::{Lane, Simd};

/// A shift of the anomaly, relative to it, whose third power is below rounding.
const SMALL_SHIFT: f64 = 1e-7;
/// How often the anomaly is improved.
const ROUNDS: usize = 4;

/// Moves all bodies along their orbits for the time `dt`; on failure, returns the body that has none.
#[inline(always)]
pub(super) fn drift<S: Simd>(simd: S, blocks: &mut [Block], dt: f64) -> Result<(), usize> {
    for (b, block) in blocks.iter_mut().enumerate() {
        let mut at = 0;
        while at < WIDTH {
            drift_lane::<S::F64>(simd, block, at, dt).map_err(|column| b * WIDTH + column)?;
            at += S::F64::WIDTH;
        }
    }
    Ok(())
}

/// Drifts the lane that begins at column `at`.
#[inline(always)]
fn drift_lane<L: Lane<Scalar = f64>>(simd: L::Simd, block: &mut Block, at: usize, dt: f64) -> Result<(), usize> {
    let orbits = Orbits::new(simd, block, at);
    let time = L::splat(simd, dt);
    let mut s = orbits.first_guess(simd, time);
    let mut end = orbits.improve(simd, s, time);
    for _ in 1..ROUNDS {
        if !L::any(end.unsolved) {
            break;
        }
        // Solved ones stay: a body's bits don't depend on its neighbours.
        s = L::select(end.unsolved, s + end.shift, s);
        end = orbits.improve(simd, s, time);
    }
    if !L::any(end.unsolved) {
        orbits.finish(simd, block, at, &end, time);
        return Ok(());
    }
    let start = block.clone();
    let mut unsolved = [0.0; WIDTH];
    L::select(end.unsolved, L::splat(simd, 1.0), L::splat(simd, 0.0)).store(&mut unsolved[at..]);
    orbits.finish(simd, block, at, &end, time);
    drift_carefully(block, &start, &unsolved, dt)
}

/// Drifts the bodies whose anomaly was not found the quick way.
#[cold]
#[inline(never)]
fn drift_carefully(block: &mut Block, start: &Block, unsolved: &Column, dt: f64) -> Result<(), usize> {
    for column in (0..WIDTH).filter(|&column| unsolved[column] != 0.0) {
        let body = start.body(column);
        let arc = solve(body, start.enclosed[column], dt).ok_or(column)?;
        block.put(column, arc.gauss().apply(body, start.rest(column)));
    }
    Ok(())
}

/// The orbits of a lane, at their start.
struct Orbits<L> {
    x: Three<L>,
    v: Three<L>,
    mu: L,
    r0: L,
    inverse_r0: L,
    eta: L,
    zeta: L,
    beta: L,
}

/// Where the orbits are at the end of the anomaly that was tried, shifted by `shift`.
struct End<L: Lane> {
    /// Stiefel's G1, G2, G3.
    g: Three<L>,
    inverse_r: L,
    shift: L,
    unsolved: L::Mask,
}

impl<L: Lane<Scalar = f64>> Orbits<L> {
    #[inline(always)]
    fn new(simd: L::Simd, block: &Block, at: usize) -> Self {
        let x = load(simd, &block.x, at);
        let v = load(simd, &block.v, at);
        let mu = L::load(simd, &block.enclosed[at..]);
        let r0 = L::load(simd, &block.radius[at..]);
        let inverse_r0 = L::load(simd, &block.inverse_radius[at..]);
        // β = 2 μ/r0 - v², η = x·v, ζ = μ - β r0
        let beta = (mu + mu).mul_add(inverse_r0, -product(v, v));
        Self { x, v, mu, r0, inverse_r0, eta: product(x, v), zeta: beta.neg_mul_add(r0, mu), beta }
    }

    /// The anomaly by the reversed series of the time, to the fifth power of dt/r0.
    ///
    /// With h = dt/r0 and the anomaly h x: 1 = x + a x² + b x³ + c x⁴ + d x⁵.
    #[inline(always)]
    fn first_guess(&self, simd: L::Simd, dt: L) -> L {
        let constant = [0.5, 1.0 / 6.0, -1.0 / 12.0, -1.0 / 20.0];
        let [half, sixth, twelfth, twentieth] = splat_all::<L, 4>(simd, constant);
        let [one, two, three, five, six, fourteen, twenty_one] =
            splat_all::<L, 7>(simd, [1.0, 2.0, 3.0, 5.0, 6.0, 14.0, 21.0]);
        // a = h η/2r0, b = h² ζ/6r0, c = -z a/12, d = -z b/20 with z = β h²
        let h = dt * self.inverse_r0;
        let h2 = h * h;
        let z = self.beta * h2;
        let a = (half * h) * (self.eta * self.inverse_r0);
        let b = (sixth * h2) * (self.zeta * self.inverse_r0);
        let c = twelfth * (z * a);
        let d = twentieth * (z * b);
        let a2 = a * a;
        // x = 1 - a + (2 a² - b) + (5 a (b - a²) - c) + (14 a⁴ - 21 a² b + 6 a c + 3 b² - d)
        let third = two.mul_add(a2, -b);
        let fourth = (five * a).mul_add(b - a2, -c);
        let fifth =
            a2.mul_add(fourteen.mul_add(a2, -(twenty_one * b)), (six * a).mul_add(c, (three * b).mul_add(b, -d)));
        h * (((one - a) + third) + (fourth + fifth))
    }

    /// The end of the anomaly `s`, and of the shift that one step of fourth order for the time `dt` adds to it.
    #[inline(always)]
    fn improve(&self, simd: L::Simd, s: L, dt: L) -> End<L> {
        let [zero, one, half, sixth, small] = splat_all::<L, 5>(simd, [0.0, 1.0, 0.5, 1.0 / 6.0, SMALL_SHIFT]);
        let Self { r0, eta, zeta, beta, .. } = *self;
        let s2 = s * s;
        let z = beta * s2;
        let (c2, c3) = stumpff_2_and_3(simd, z);
        // G2 = c2 s², G3 = c3 s³, G0 = 1 - β G2, G1 = s - β G3
        let g2 = c2 * s2;
        let g3 = c3 * (s2 * s);
        let g0 = z.neg_mul_add(c2, one);
        let g1 = beta.neg_mul_add(g3, s);
        // The radius and its derivatives by the anomaly; the time that is missing.
        let r = eta.mul_add(g1, zeta.mul_add(g2, r0));
        let r1 = eta.mul_add(g0, zeta * g1);
        let r2 = (beta * eta).neg_mul_add(g1, zeta * g0);
        let missing = r0.neg_mul_add(s, dt) - eta.mul_add(g2, zeta * g3);
        let inverse = one / r;
        // Δs = n - (r'/2r) n² + ((r'/r)²/2 - r''/6r) n³ with Newton's step n = (missing time)/r
        let newton = missing * inverse;
        let a = half * newton * (r1 * inverse);
        let b = sixth * (newton * newton) * (r2 * inverse);
        let shift = newton * ((one - a) + (a + a).mul_add(a, -b));
        // G_n(s + Δs) = G_n + Δs G_(n-1) + Δs²/2 G_(n-2), G_(-1) = -β G1
        let half_shift = half * shift;
        let g = [
            shift.mul_add(half_shift.neg_mul_add(beta * g1, g0), g1),
            shift.mul_add(half_shift.mul_add(g0, g1), g2),
            shift.mul_add(half_shift.mul_add(g1, g2), g3),
        ];
        let r = shift.mul_add(half_shift.mul_add(r2, r1), r);
        // 1/r anew: the old inverse improved by 1 + e + e², e = 1 - r/r_old.
        let error = r.neg_mul_add(inverse, one);
        let inverse_r = inverse.mul_add(error.mul_add(error, error), inverse);
        // Written so that what is not a number is unsolved.
        let short = L::select(shift.abs().le(small * s.abs()), z.abs(), one + one);
        let unsolved = L::select(short.le(one), zero, one);
        End { g, inverse_r, shift, unsolved: zero.lt(unsolved) }
    }

    /// Applies Gauss's f and g and their rates.
    #[inline(always)]
    fn finish(&self, simd: L::Simd, block: &mut Block, at: usize, end: &End<L>, dt: L) {
        let [g1, g2, g3] = end.g;
        let minus_mu = -self.mu;
        // f = 1 - μ G2/r0, g = dt - μ G3, f' = -μ G1/(r0 r), g' = 1 - μ G2/r
        let f_minus_1 = minus_mu * g2 * self.inverse_r0;
        let g = minus_mu.mul_add(g3, dt);
        let fdot = minus_mu * g1 * (self.inverse_r0 * end.inverse_r);
        let gdot_minus_1 = minus_mu * g2 * end.inverse_r;
        let x_rest = load(simd, &block.x_rest, at);
        let v_rest = load(simd, &block.v_rest, at);
        // x += (f - 1) x + g v,  v += f' x + (g' - 1) v
        let dx = scaled_add(f_minus_1, self.x, scaled_add(g, self.v, x_rest));
        let dv = scaled_add(fdot, self.x, scaled_add(gdot_minus_1, self.v, v_rest));
        let (x, x_rest) = compensated_add(self.x, dx);
        let (v, v_rest) = compensated_add(self.v, dv);
        store(x, &mut block.x, at);
        store(v, &mut block.v, at);
        store(x_rest, &mut block.x_rest, at);
        store(v_rest, &mut block.v_rest, at);
        let r = product(x, x).sqrt();
        r.store(&mut block.radius[at..]);
        (L::splat(simd, 1.0) / r).store(&mut block.inverse_radius[at..]);
    }
}

#[inline(always)]
fn splat_all<L: Lane<Scalar = f64>, const N: usize>(simd: L::Simd, numbers: [f64; N]) -> [L; N] {
    let mut lanes = [L::splat(simd, numbers[0]); N];
    let mut i = 1;
    while i < N {
        lanes[i] = L::splat(simd, numbers[i]);
        i += 1;
    }
    lanes
}

/// Stumpff's c2 and c3 for |z| <= 1, without systematic error.
#[inline(always)]
fn stumpff_2_and_3<L: Lane<Scalar = f64>>(simd: L::Simd, z: L) -> (L, L) {
    const SERIES_4: [f64; 8] = series(4);
    const SERIES_5: [f64; 8] = series(5);
    let z2 = z * z;
    let z4 = z2 * z2;
    let [half, sixth, rest] = splat_all::<L, 3>(simd, [0.5, 1.0 / 6.0, SIXTH_REST]);
    let c2 = z.mul_add(polynomial([z, z2, z4], splat_all(simd, SERIES_4)), half);
    let c3 = z.mul_add(polynomial([z, z2, z4], splat_all(simd, SERIES_5)), rest) + sixth;
    (c2, c3)
}

/// Sum of c_k z^k, k = 0 to 7, from z, z² and z⁴.
#[inline(always)]
fn polynomial<L: Lane>([z, z2, z4]: [L; 3], c: [L; 8]) -> L {
    let low = z2.mul_add(c[3].mul_add(z, c[2]), c[1].mul_add(z, c[0]));
    let high = z2.mul_add(c[7].mul_add(z, c[6]), c[5].mul_add(z, c[4]));
    z4.mul_add(high, low)
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
