//! The two-body problem in universal variables, for any orbit and any step: the careful solver.
//!
//! With r0 = |x|, eta = x·v, beta = 2 mu/r0 - v², zeta = mu - beta r0 and Stiefel's functions G_n(beta, s) = sⁿ
//! c_n(beta s²), the universal anomaly s belongs to the time r0 s + eta G2 + zeta G3, whose derivative is the radius
//! r = r0 + eta G1 + zeta G2 (Stumpff 1962; Danby 1992, section 6.9; Mikkola & Innanen 1999). Time grows with s, so
//! that a bracketed Newton iteration finds s for every eccentricity, step and direction. Whole revolutions are taken
//! off first. An arc whose end rounding has spoilt is none: that of a hyperbola that comes in from very far and leaves
//! in one step, whose radius is a small difference of large terms.
//!
//! `drift`, which moves many bodies at once, solves the easy cases by itself and leaves the rest to this module.

use super::Vector;
use crate::nbody::vector::dot;

/// What is missing from the numbers nearest to 1/6 and 1/24: without it these two would make the energy drift.
pub(super) const SIXTH_REST: f64 = 9.251_858_538_542_97e-18;
const TWENTY_FOURTH_REST: f64 = 2.312_964_634_635_742_7e-18;

/// A step of Newton's iteration, relative to the anomaly, whose square is below rounding.
const CLOSE: f64 = 1e-9;

/// By how much the terms of a hyperbola's radius may exceed it: above, fewer than nine digits of it are left.
const CANCELLATION: f64 = 1e7;

/// A position and a velocity relative to the attracting centre.
#[derive(Clone, Copy, Debug)]
pub(super) struct Relative {
    pub(super) position: Vector,
    pub(super) velocity: Vector,
}

impl Relative {
    pub(super) const ZERO: Relative = Relative { position: [0.0; 3], velocity: [0.0; 3] };
}

/// A solved piece of a Kepler orbit: where it starts, and Stiefel's functions over it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arc {
    /// The gravitational parameter of the orbit.
    pub(super) mu: f64,
    /// The radius at the start.
    pub(super) r0: f64,
    /// Position times velocity at the start.
    pub(super) eta: f64,
    /// mu - beta r0.
    pub(super) zeta: f64,
    /// Twice the binding energy: mu over the semi-major axis.
    pub(super) beta: f64,
    /// The universal anomaly.
    pub(super) s: f64,
    /// G0 to G5.
    pub(super) g: [f64; 6],
    /// The radius at the end.
    pub(super) r: f64,
    /// The time that goes with `s`: the step without whole revolutions.
    pub(super) time: f64,
    /// The time of the whole revolutions left out.
    pub(super) revolutions: f64,
}

/// Gauss's functions: the end is `f` x + `g` v, with velocity `fdot` x + `gdot` v.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gauss {
    pub(super) f_minus_1: f64,
    pub(super) g: f64,
    pub(super) fdot: f64,
    pub(super) gdot_minus_1: f64,
}

/// Stumpff's c0 to c5: c_n(z) = 1/n! - z/(n+2)! + z²/(n+4)! - ...
///
/// The series of c4 and c5 at |z| < 0.1, taken there by quartering z, then the relations for 4 z (Mikkola & Innanen
/// 1999).
pub(super) fn stumpff(z: f64) -> [f64; 6] {
    const INVERSE_FACTORIAL: [f64; 18] = inverse_factorials();
    let mut quarterings = 0;
    let mut small = z;
    while small.abs() > 0.1 && quarterings < 30 {
        small *= 0.25;
        quarterings += 1;
    }
    let series = |n: usize| (0..6).rev().fold(0.0, |sum, k| INVERSE_FACTORIAL[n + 2 * k] - small * sum);
    let mut c4 = (TWENTY_FOURTH_REST - small * series(6)) + INVERSE_FACTORIAL[4];
    let mut c5 = series(5);
    let lower = |z: f64, c4: f64, c5: f64| {
        // c_n(z) = 1/n! - z c_(n+2)(z)
        let c2 = 0.5 - z * c4;
        let c3 = (SIXTH_REST - z * c5) + INVERSE_FACTORIAL[3];
        [1.0 - z * c2, 1.0 - z * c3, c2, c3, c4, c5]
    };
    for _ in 0..quarterings {
        // From z to 4 z.
        let c = lower(small, c4, c5);
        c5 = (c5 + c4 + c[2] * c[3]) / 16.0;
        c4 = (1.0 + c[1]) * c[3] / 8.0;
        small *= 4.0;
    }
    lower(small, c4, c5)
}

const fn inverse_factorials() -> [f64; 18] {
    let mut inverse = [1.0; 18];
    let mut factorial = 1.0;
    let mut n = 1;
    while n < 18 {
        factorial *= n as f64;
        inverse[n] = 1.0 / factorial;
        n += 1;
    }
    inverse
}

/// Solves for the arc that a body at `start` covers in the time `dt` around a centre of gravitational parameter `mu`.
///
/// `None` if there is no such arc in double precision: the body is at the centre, a number is not finite, or rounding
/// spoils the end.
pub(super) fn solve(start: Relative, mu: f64, dt: f64) -> Option<Arc> {
    let Relative { position, velocity } = start;
    let r0 = dot(position, position).sqrt();
    let v2 = dot(velocity, velocity);
    let eta = dot(position, velocity);
    let beta = 2.0 * mu / r0 - v2;
    let usable = r0 > 0.0 && mu > 0.0 && [r0, v2, eta, beta, dt].iter().all(|x| x.is_finite());
    if !usable {
        return None;
    }
    let revolutions = whole_revolutions(mu, beta, dt);
    let time = dt - revolutions;
    let mut arc = Arc { mu, r0, eta, zeta: mu - beta * r0, beta, s: 0.0, g: [0.0; 6], r: r0, time, revolutions };
    let found = arc.find_anomaly() && arc.is_resolved();
    (found && arc.r.is_finite()).then_some(arc)
}

/// The time of the whole revolutions nearest to `dt`; zero on an open orbit.
fn whole_revolutions(mu: f64, beta: f64, dt: f64) -> f64 {
    // P = 2π μ / β^(3/2)
    let period = if beta > 0.0 { std::f64::consts::TAU * mu / (beta * beta.sqrt()) } else { f64::INFINITY };
    let count = (dt / period).round();
    if count == 0.0 || !count.is_finite() { 0.0 } else { count * period }
}

impl Arc {
    /// Evaluates everything at the anomaly `s`; returns the time from the start.
    fn evaluate(&mut self, s: f64) -> f64 {
        // G_n = sⁿ c_n(β s²)
        let c = stumpff(self.beta * s * s);
        let mut power = 1.0;
        for (g, c) in self.g.iter_mut().zip(c) {
            *g = c * power;
            power *= s;
        }
        self.s = s;
        // r = r0 + η G1 + ζ G2,  t = r0 s + η G2 + ζ G3
        self.r = self.r0 + self.eta * self.g[1] + self.zeta * self.g[2];
        self.r0 * s + self.eta * self.g[2] + self.zeta * self.g[3]
    }

    /// Newton's iteration for the anomaly, held in a bracket that only shrinks; whether it converged.
    ///
    /// A step that isn't half as long as the one before is a bisection: far out on a hyperbola, where time grows
    /// exponentially, Newton's steps are all alike.
    fn find_anomaly(&mut self) -> bool {
        let sign = 1f64.copysign(self.time);
        let time = self.time.abs();
        let mut low = 0.0;
        let mut high = self.longest(time);
        let mut s = self.first_guess(sign, time).clamp(0.0, 0.75 * high);
        let mut before = f64::INFINITY;
        let mut converged = false;
        for _ in 0..200 {
            let excess = sign * self.evaluate(sign * s) - time;
            let newton = s - excess / self.r;
            if (newton - s).abs() <= CLOSE * s {
                self.shift(sign * (newton - s));
                converged = true;
                break;
            }
            if excess < 0.0 {
                low = s;
            } else {
                high = s;
            }
            let is_fast = newton > low && newton < high && (newton - s).abs() < 0.5 * before;
            let next = if is_fast { newton } else { 0.5 * (low + high) };
            before = (next - s).abs();
            s = next;
        }
        // A radius that rounding made vanish at a passage through the centre would make the velocity infinite.
        self.r = self.r.max(f64::EPSILON * f64::EPSILON * self.r0);
        converged
    }

    /// An anomaly that no arc of this time exceeds, whatever its eccentricity.
    ///
    /// s³ = 48 t/μ holds for any arc of up to half a revolution. The longest hyperbolic one lies on both sides of
    /// periapsis: with y half its hyperbolic anomaly and n = (-β)^(3/2)/μ, sinh y - y <= n t/2, and sinh y - y is above
    /// 0.149 sinh y from y = 1 on.
    fn longest(&self, time: f64) -> f64 {
        let any = libm::cbrt(48.0 * time / self.mu);
        if self.beta >= 0.0 {
            return any;
        }
        let root = (-self.beta).sqrt();
        let half = 0.5 * time * root * root * root / self.mu;
        any.min(2.0 * libm::asinh(half / 0.149).max(1.0) / root)
    }

    /// Whether rounding has left the radius at the end, which on a hyperbola may be a small difference of large terms.
    /// On an ellipse terms are no larger than the orbit.
    fn is_resolved(&self) -> bool {
        let terms = self.r0 + (self.eta * self.g[1]).abs() + (self.zeta * self.g[2]).abs();
        self.beta >= 0.0 || terms <= CANCELLATION * self.r
    }

    /// The anomaly by the reversed series of the time, to its third power; by the first where that is further off.
    fn first_guess(&self, sign: f64, time: f64) -> f64 {
        let h = time / self.r0;
        let a = 0.5 * sign * self.eta * h / self.r0;
        let b = self.zeta * h * h / (6.0 * self.r0);
        let change = 2.0 * a * a - b - a;
        if change.abs() < 0.5 { h * (1.0 + change) } else { h }
    }

    /// Moves the end by a small change of the anomaly. Without it the anomaly would end on the side that Newton's
    /// iteration comes from, and the energy would drift.
    fn shift(&mut self, ds: f64) {
        let [g0, g1, g2, g3, g4, _] = self.g;
        // dG_n/ds = G_(n-1), dG_0/ds = -β G1,  dr/ds = η G0 + ζ G1
        let rates = [-self.beta * g1, g0, g1, g2, g3, g4];
        for (g, rate) in self.g.iter_mut().zip(rates) {
            *g += ds * rate;
        }
        self.r += ds * (self.eta * g0 + self.zeta * g1);
        self.s += ds;
    }

    /// Gauss's f and g over the arc, and their rates.
    pub(super) fn gauss(&self) -> Gauss {
        let [_, g1, g2, g3, ..] = self.g;
        Gauss {
            // f = 1 - μ G2/r0, g = t - μ G3, f' = -μ G1/(r0 r), g' = 1 - μ G2/r
            f_minus_1: -self.mu * g2 / self.r0,
            g: self.time - self.mu * g3,
            fdot: -self.mu * g1 / (self.r0 * self.r),
            gdot_minus_1: -self.mu * g2 / self.r,
        }
    }
}

impl Gauss {
    /// The end of the arc that starts at `start`, whose `rest` was cut off by rounding before; and what is cut off now.
    pub(super) fn apply(&self, start: Relative, rest: Relative) -> [Relative; 2] {
        let Relative { position: x, velocity: v } = start;
        let sum = |a: f64, b: f64, rest: Vector| std::array::from_fn(|k| a * x[k] + (b * v[k] + rest[k]));
        let (x_new, x_rest) = compensated_add(x, sum(self.f_minus_1, self.g, rest.position));
        let (v_new, v_rest) = compensated_add(v, sum(self.fdot, self.gdot_minus_1, rest.velocity));
        [Relative { position: x_new, velocity: v_new }, Relative { position: x_rest, velocity: v_rest }]
    }
}

fn compensated_add(x: Vector, change: Vector) -> (Vector, Vector) {
    let sum: Vector = std::array::from_fn(|k| x[k] + change[k]);
    (sum, std::array::from_fn(|k| change[k] - (sum[k] - x[k])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;
    use crate::nbody::elements::Elements;

    fn advance(start: Relative, mu: f64, dt: f64) -> Relative {
        solve(start, mu, dt).unwrap().gauss().apply(start, Relative::ZERO)[0]
    }

    /// At the pericentre of an orbit with semi-latus rectum 1 + e, mu = 1.
    fn pericentre(e: f64) -> Relative {
        Relative { position: [1.0, 0.0, 0.0], velocity: [0.0, (1.0 + e).sqrt(), 0.0] }
    }

    fn distance(a: Vector, b: Vector) -> f64 {
        let d: Vector = std::array::from_fn(|k| a[k] - b[k]);
        dot(d, d).sqrt()
    }

    #[test]
    fn stumpff_functions_are_cosine_and_sine() {
        for z in [1e-8, 0.05, 0.3, 2.0, 9.0] {
            let x = f64::sqrt(z);
            let c = stumpff(z);
            assert!((c[0] - libm::cos(x)).abs() < 4e-15 && (c[1] * x - libm::sin(x)).abs() < 4e-15, "z = {z}: {c:?}");
            let c = stumpff(-z);
            assert!((c[0] / libm::cosh(x) - 1.0).abs() < 4e-15, "z = {z}: {c:?}");
            assert!((c[1] * x / libm::sinh(x) - 1.0).abs() < 4e-15, "z = {z}: {c:?}");
        }
    }

    #[test]
    fn the_rests_complete_their_numbers() {
        let rest = |n: f64| (1.0 / n).mul_add(-n, 1.0) / n;
        assert_eq!([rest(6.0), rest(24.0)], [SIXTH_REST, TWENTY_FOURTH_REST]);
    }

    #[test]
    fn ellipses_agree_with_keplers_equation() {
        for e in [0.0, 0.1, 0.5, 0.9, 0.99, 0.9999] {
            let a: f64 = 1.0 / (1.0 - e);
            for eccentric in [-3.0, -0.7, 1e-4, 0.3, 1.0, 2.0, 3.1] {
                let time = a * a.sqrt() * (eccentric - e * libm::sin(eccentric));
                let expected = [a * (libm::cos(eccentric) - e), a * (1.0 - e * e).sqrt() * libm::sin(eccentric), 0.0];
                let found = advance(pericentre(e), 1.0, time).position;
                let error = distance(found, expected) / dot(expected, expected).sqrt();
                assert!(error < 2e-12, "e = {e}, E = {eccentric}: {error:e}");
            }
        }
    }

    #[test]
    fn hyperbolas_and_parabolas_agree_with_their_equations() {
        for e in [1.5, 3.0, 20.0] {
            let a: f64 = 1.0 / (e - 1.0);
            for f in [-4.0, 0.01, 1.0, 6.0] {
                let time = a * a.sqrt() * (e * libm::sinh(f) - f);
                let expected = [a * (e - libm::cosh(f)), a * f64::sqrt(e * e - 1.0) * libm::sinh(f), 0.0];
                let error = distance(advance(pericentre(e), 1.0, time).position, expected) / (a * e * libm::cosh(f));
                assert!(error < 1e-13, "e = {e}, F = {f}: {error:e}");
            }
        }
        let barker = 3.0;
        let time = (barker + barker * barker * barker / 3.0) * f64::sqrt(2.0);
        let expected = [1.0 - barker * barker, 2.0 * barker, 0.0];
        assert!(distance(advance(pericentre(1.0), 1.0, time).position, expected) < 1e-13);
    }

    #[test]
    fn whole_revolutions_come_back() {
        let start = pericentre(0.6);
        let period = std::f64::consts::TAU / f64::powf(0.4, 1.5);
        for turns in [-3.0, 1.0, 10.0] {
            assert!(distance(advance(start, 1.0, turns * period).position, start.position) < 1e-12);
        }
    }

    /// From numbers of any size; what is refused is a fast body that the step takes through periapsis.
    #[test]
    fn every_step_ends_with_numbers_or_is_refused() {
        for speed in [0.0, 1e-9, 1e-3, 1.0, f64::sqrt(2.0), 1.5, 1e3] {
            for radius in [1e-12, 1e-3, 1.0, 1e6] {
                for dt in [0.0, 1e-12, 1.0, -40.0, 1e9, -1e15] {
                    for direction in [[1.0, 0.0], [-1.0, 0.0], [0.6, 0.8], [-0.6, 0.8]] {
                        let start = Relative {
                            position: [radius, 0.0, 0.0],
                            velocity: [speed * direction[0], speed * direction[1], 0.0],
                        };
                        let end = solve(start, 1.0, dt).map(|arc| arc.gauss().apply(start, Relative::ZERO)[0]);
                        let finite = |end: Relative| end.position.iter().chain(&end.velocity).all(|x| x.is_finite());
                        let passes = speed * speed > 2.0 / radius && direction[0] * dt < 0.0;
                        assert!(end.map_or(passes, finite), "{start:?} for {dt}: {end:?}");
                    }
                }
            }
        }
    }

    /// Ellipses to e = 1 - 1e-9, near-parabolic and extreme hyperbolas, from both sides of periapsis, for times from a
    /// millionth to 1e12 in units of 1/n, forwards and backwards.
    #[test]
    fn any_eccentricity_is_right_or_refused() {
        let mut refused = 0;
        for index in 0..20_000 {
            let mut random = Random::new(17, 0, index);
            let mut between = |low: f64, high: f64| low + (high - low) * random.uniform();
            let beyond_one = libm::pow(10.0, between(-9.0, 6.0));
            let e = if index % 3 == 0 { (1.0 - beyond_one).max(0.0) } else { 1.0 + beyond_one };
            let a = if e < 1.0 { 1.0 } else { -1.0 };
            let start = if e < 1.0 { between(-3.0, 3.0) } else { between(-12.0, 12.0) };
            let mean_of =
                |anomaly: f64| a * (anomaly - e * if e < 1.0 { libm::sin(anomaly) } else { libm::sinh(anomaly) });
            let longest = if e < 1.0 { 0.4 } else { 12.0 };
            let time = libm::pow(10.0, between(-6.0, longest)) * if index % 2 == 0 { 1.0 } else { -1.0 };
            let at = |mean_anomaly| Elements { a, e, node: 0.3, inc: 0.7, periapsis: 1.1, mean_anomaly };
            let mean_anomaly = mean_of(start);
            let (position, velocity) = at(mean_anomaly).to_state(1.0);
            let begun = Relative { position, velocity };
            let Some(arc) = solve(begun, 1.0, time) else {
                refused += 1;
                assert!(e > 1.0 && start * time < 0.0, "refused: e = {e}, from {start} for {time}");
                continue;
            };
            let end = arc.gauss().apply(begun, Relative::ZERO)[0];
            let (expected, _) = at(mean_anomaly + time).to_state(1.0);
            // What the last digits of the start make of the end: those of the time, and of where periapsis is.
            let speed = dot(end.velocity, end.velocity).sqrt();
            let reach = dot(position, position).sqrt();
            let lever = dot(expected, expected).sqrt() + reach;
            let digits = 1e-8 * lever
                + 1e-14 * speed * (mean_anomaly.abs() + time.abs())
                + 1e-14 * lever * reach / (e - 1.0).abs();
            let error = distance(end.position, expected);
            assert!(error <= digits, "e = {e}, from {start} for {time}: {error:e}, {digits:e}");
        }
        assert!(refused < 1000, "{refused} refused");
    }

    /// A hyperbola of e = 1500 and a = -7e-6, up to 6e16 of its 1/n; ends from universal variables with 120 digits.
    #[test]
    fn a_body_that_leaves_at_once_is_where_it_should_be() {
        let begun = Relative {
            position: [0.019_600_445_698_304_355, -0.004_469_755_521_554_833, -0.000_598_133_417_804_225_9],
            velocity: [-386.377_721_841_996_96, -20.395_928_319_663_8, 25.060_078_187_131_148],
        };
        let ends = [
            (0.001, [-0.366_745_549_988_520_4, -0.023_993_648_774_804_022, 0.024_353_451_107_497_415]),
            (0.05, [-19.295_613_288_224_043, -0.978_227_581_381_309, 1.246_561_260_312_093_5]),
            (0.1, [-38.610_762_010_905_26, -1.951_934_494_885_928_3, 2.493_710_631_101_244_2]),
            (1e3, [-386_302.862_034_122, -19_474.138_098_766_623, 24_942.980_829_122_13]),
            (1e9, [-386_302_881_498.524_2, -19_474_133_574.521_97, 24_942_981_412.646_66]),
        ];
        for (time, expected) in ends {
            let arc = solve(begun, 1.01, time).unwrap();
            let end = arc.gauss().apply(begun, Relative::ZERO)[0];
            assert!(distance(end.position, expected) < 1e-11 * dot(expected, expected).sqrt(), "{time}: {end:?}");
        }
    }

    #[test]
    fn a_body_at_the_centre_is_refused() {
        let start = Relative { position: [0.0; 3], velocity: [1.0, 0.0, 0.0] };
        assert!(solve(start, 1.0, 1.0).is_none());
    }
}
