//! Orbital elements and Cartesian states of two bodies, elliptic and hyperbolic.
//!
//! The elements are the semi-major axis a (negative on a hyperbola), the eccentricity e, the inclination to the xy
//! plane, the longitude of the ascending node from the x axis, the argument of periapsis from the node, and the mean
//! anomaly; all angles in radians. Where an angle is undefined these conventions hold: an orbit in the xy plane has its
//! node on the x axis (also when retrograde), and a circular orbit has its periapsis at the node.
//!
//! Kepler's equation is solved by Newton's method from a bound above the root: the equation is convex there, so the
//! iterates fall until rounding stops them, and no tolerance is needed. Differences that cancel near e = 1 are written
//! so that they don't (E - e sin E as (1 - e) E + e (E - sin E), and so on), so orbits up to e = 1 - 1e-15 and their
//! hyperbolic neighbours keep full accuracy in the anomaly. Parabolas, whose semi-major axis is infinite, and motion
//! along a straight line, which has no orbital plane, are left out.
//!
//! Sources: Murray & Dermott 1999, "Solar System Dynamics", sections 2.4, 2.8.

use std::f64::consts::{PI, TAU};

use super::vector::dot;

/// Below this, eccentricity or sine of the inclination are those of a circular orbit or of one in the xy plane.
const DEGENERATE: f64 = 4.0 * f64::EPSILON;

/// The orbit of one body about another.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Elements {
    /// Semi-major axis, length; negative on a hyperbola.
    pub a: f64,
    /// Eccentricity: below 1 with positive `a`, above 1 with negative `a`.
    pub e: f64,
    /// Inclination to the xy plane, radians in [0, π].
    pub inc: f64,
    /// Longitude of the ascending node Ω, radians.
    pub node: f64,
    /// Argument of periapsis ω, radians.
    pub periapsis: f64,
    /// Mean anomaly M, radians; on a hyperbola any real number.
    pub mean_anomaly: f64,
}

impl Elements {
    /// The elements of a relative state, `mu` being G times the sum of both masses (length³/time²).
    ///
    /// Angles come out in [0, 2π), the mean anomaly of a hyperbola is negative before periapsis.
    pub fn from_state(mu: f64, position: [f64; 3], velocity: [f64; 3]) -> Self {
        let r = dot(position, position).sqrt();
        let v2 = dot(velocity, velocity);
        let h = cross(position, velocity);
        let a = 1.0 / (2.0 / r - v2 / mu);
        let e_sin = dot(position, velocity) / (mu * a.abs()).sqrt();
        let (e, mean_anomaly, true_anomaly) = if a > 0.0 {
            ellipse_anomalies(r * v2 / mu - 1.0, e_sin)
        } else {
            hyperbola_anomalies(e_sin, dot(h, h) / (mu * -a))
        };
        let (inc, node) = plane(h);
        let latitude = argument_of_latitude(position, h, node);
        if e < DEGENERATE {
            return Elements { a, e: 0.0, inc, node, periapsis: 0.0, mean_anomaly: turn(latitude) };
        }
        let mean_anomaly = if a > 0.0 { turn(mean_anomaly) } else { mean_anomaly };
        Elements { a, e, inc, node, periapsis: turn(latitude - true_anomaly), mean_anomaly }
    }

    /// Relative position and velocity, `mu` being G times the sum of both masses (length³/time²).
    pub fn to_state(&self, mu: f64) -> ([f64; 3], [f64; 3]) {
        let (along, across) = self.axes();
        let ([x, y], [vx, vy]) = self.in_plane(mu);
        let combine = |p: f64, q: f64| std::array::from_fn(|k| p * along[k] + q * across[k]);
        (combine(x, y), combine(vx, vy))
    }

    /// The period of an ellipse, time; infinite on a hyperbola.
    pub fn period(&self, mu: f64) -> f64 {
        if self.a > 0.0 { TAU * (self.a * self.a * self.a / mu).sqrt() } else { f64::INFINITY }
    }

    /// Unit vectors from the focus to periapsis, and at a right angle to it in the sense of motion.
    fn axes(&self) -> ([f64; 3], [f64; 3]) {
        let (so, co) = libm::sincos(self.node);
        let (sw, cw) = libm::sincos(self.periapsis);
        let (si, ci) = libm::sincos(self.inc);
        let along = [co * cw - so * sw * ci, so * cw + co * sw * ci, sw * si];
        let across = [-co * sw - so * cw * ci, -so * sw + co * cw * ci, cw * si];
        (along, across)
    }

    /// Position and velocity in the orbital plane, periapsis on the first axis.
    fn in_plane(&self, mu: f64) -> ([f64; 2], [f64; 2]) {
        let size = self.a.abs();
        let (x, y, vx, vy) = if self.a > 0.0 {
            point_on_ellipse(self.e, eccentric_anomaly(self.e, self.mean_anomaly))
        } else {
            point_on_hyperbola(self.e, hyperbolic_anomaly(self.e, self.mean_anomaly))
        };
        let speed = (mu / size).sqrt();
        ([size * x, size * y], [speed * vx, speed * vy])
    }
}

/// x = cos E - e, y = √(1 - e²) sin E and their rates, Ė = 1/(1 - e cos E), for a = μ = 1.
fn point_on_ellipse(e: f64, anomaly: f64) -> (f64, f64, f64, f64) {
    let (sin, cos) = libm::sincos(anomaly);
    let below_one = 2.0 * square(libm::sin(0.5 * anomaly));
    let minor = ((1.0 - e) * (1.0 + e)).sqrt();
    let r = (1.0 - e) + e * below_one;
    ((1.0 - e) - below_one, minor * sin, -sin / r, minor * cos / r)
}

/// x = e - cosh H, y = √(e² - 1) sinh H and their rates, Ḣ = 1/(e cosh H - 1), for |a| = μ = 1.
fn point_on_hyperbola(e: f64, anomaly: f64) -> (f64, f64, f64, f64) {
    let sinh = libm::sinh(anomaly);
    let cosh = libm::cosh(anomaly);
    let above_one = 2.0 * square(libm::sinh(0.5 * anomaly));
    let minor = ((e - 1.0) * (e + 1.0)).sqrt();
    let r = (e - 1.0) + e * above_one;
    ((e - 1.0) - above_one, minor * sinh, -sinh / r, minor * cosh / r)
}

/// The eccentric anomaly E of mean anomaly `m` (radians, any turn) on an ellipse: E - e sin E = M, for 0 <= e < 1.
pub fn eccentric_anomaly(e: f64, m: f64) -> f64 {
    let turns = TAU * libm::rint(m / TAU);
    let rest = m - turns;
    let goal = rest.abs();
    // Upper bounds of the root: e sin E <= e, and E - sin E >= E³/π² up to E = π.
    let start = PI.min(goal + e).min(libm::cbrt(PI * PI * goal / e.max(f64::MIN_POSITIVE)));
    let root =
        fall_to_root(start, |x| (kepler_elliptic(e, x) - goal, (1.0 - e) + 2.0 * e * square(libm::sin(0.5 * x))));
    turns + root.copysign(rest)
}

/// The hyperbolic anomaly H of mean anomaly `m`: e sinh H - H = M, for e > 1.
pub fn hyperbolic_anomaly(e: f64, m: f64) -> f64 {
    let goal = m.abs();
    // Upper bounds of the root: sinh H - H is above H³/6 and, from H = 1 on, above 0.149 sinh H; e sinh H - H above (e
    // - 1) sinh H.
    let start = libm::cbrt(6.0 * goal).min(libm::asinh(goal / 0.149).max(1.0)).min(libm::asinh(goal / (e - 1.0)));
    let root =
        fall_to_root(start, |x| (kepler_hyperbolic(e, x) - goal, (e - 1.0) + 2.0 * e * square(libm::sinh(0.5 * x))));
    root.copysign(m)
}

/// Newton's method from above the root of a rising convex function: falls until rounding ends it.
fn fall_to_root(start: f64, function: impl Fn(f64) -> (f64, f64)) -> f64 {
    let mut x = start;
    loop {
        let (value, slope) = function(x);
        let next = x - value / slope;
        if !(next < x && next >= 0.0) {
            return x;
        }
        x = next;
    }
}

/// E - e sin E without the cancellation near e = 1, E = 0.
fn kepler_elliptic(e: f64, x: f64) -> f64 {
    let arc = if x.abs() < 1.0 { cubic_series(x, -1.0) } else { x - libm::sin(x) };
    (1.0 - e) * x + e * arc
}

/// e sinh H - H without the cancellation near e = 1, H = 0.
fn kepler_hyperbolic(e: f64, x: f64) -> f64 {
    let sinh = libm::sinh(x);
    let arc = if x.abs() < 1.0 { cubic_series(x, 1.0) } else { sinh - x };
    (e - 1.0) * sinh + arc
}

/// x³/3! ± x⁵/5! + x⁷/7! ..., alternating for sign -1: x - sin x or sinh x - x, for |x| < 1.
fn cubic_series(x: f64, sign: f64) -> f64 {
    let x2 = sign * x * x;
    let mut sum = 1.0;
    for k in (2..10).rev() {
        let k = f64::from(k);
        sum = 1.0 + x2 / ((2.0 * k) * (2.0 * k + 1.0)) * sum;
    }
    x * x * x / 6.0 * sum
}

/// Eccentricity, mean anomaly and true anomaly of an ellipse from e cos E = r v²/μ - 1 and e sin E = r·v/√(μa).
fn ellipse_anomalies(e_cos: f64, e_sin: f64) -> (f64, f64, f64) {
    let e = libm::hypot(e_cos, e_sin);
    let anomaly = libm::atan2(e_sin, e_cos);
    let (x, y, ..) = point_on_ellipse(e, anomaly);
    (e, kepler_elliptic(e, anomaly), libm::atan2(y, x))
}

/// The same of a hyperbola, from e sinh H = r·v/√(μ|a|) and e² - 1 = h²/(μ|a|).
fn hyperbola_anomalies(e_sinh: f64, excess: f64) -> (f64, f64, f64) {
    let e = (1.0 + excess).sqrt();
    let anomaly = libm::asinh(e_sinh / e);
    let (x, y, ..) = point_on_hyperbola(e, anomaly);
    (e, kepler_hyperbolic(e, anomaly), libm::atan2(y, x))
}

/// Inclination and longitude of the ascending node of the plane normal to h.
fn plane(h: [f64; 3]) -> (f64, f64) {
    let tilt = libm::hypot(h[0], h[1]);
    if tilt <= DEGENERATE * h[2].abs() {
        return (if h[2] < 0.0 { PI } else { 0.0 }, 0.0);
    }
    (libm::atan2(tilt, h[2]), turn(libm::atan2(h[0], -h[1])))
}

/// The angle from the ascending node to the body, in the sense of motion.
fn argument_of_latitude(position: [f64; 3], h: [f64; 3], node: f64) -> f64 {
    let (sin, cos) = libm::sincos(node);
    let along = [cos, sin, 0.0];
    let across = cross(h, along);
    libm::atan2(dot(position, across), dot(position, along) * dot(h, h).sqrt())
}

/// The angle in [0, 2π).
fn turn(angle: f64) -> f64 {
    let rest = angle - TAU * libm::floor(angle / TAU);
    if rest < TAU { rest } else { 0.0 }
}

fn square(x: f64) -> f64 {
    x * x
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;
    use crate::nbody::vector::norm;

    fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
        let d: [f64; 3] = std::array::from_fn(|k| a[k] - b[k]);
        dot(d, d).sqrt()
    }

    fn angle_between(a: f64, b: f64) -> f64 {
        (a - b - TAU * ((a - b) / TAU).round()).abs()
    }

    fn random_elements(index: u64) -> Elements {
        let mut random = Random::new(5, 0, index);
        let mut angle = || TAU * random.uniform();
        let node = angle();
        let periapsis = angle();
        let mean_anomaly = angle();
        let inc = 0.5 * angle();
        let e = random.uniform() * if index.is_multiple_of(2) { 1.0 } else { 3.0 };
        let a = if e < 1.0 { 1.7 } else { -1.7 };
        let mean_anomaly = if e < 1.0 { mean_anomaly } else { 3.0 * (mean_anomaly - PI) };
        Elements { a, e, inc, node, periapsis, mean_anomaly }
    }

    #[test]
    fn elements_come_back_from_their_states() {
        let mu = 0.3;
        for index in 0..2000 {
            let given = random_elements(index);
            if (given.e - 1.0).abs() < 0.1 || given.e < 0.05 || (given.inc - 0.5 * PI).abs() > 1.5 {
                continue;
            }
            let (position, velocity) = given.to_state(mu);
            let back = Elements::from_state(mu, position, velocity);
            // A wide hyperbola far out holds the anomaly in few digits: the condition number is |M|.
            let bound = 2e-14 * (1.0 + 10.0 * norm(position) + 1.0 / given.e);
            assert!((back.a / given.a - 1.0).abs() < bound && (back.e - given.e).abs() < bound, "{given:?} {back:?}");
            let angles = [
                (back.inc, given.inc),
                (back.node, given.node),
                (back.periapsis, given.periapsis),
                (back.mean_anomaly, given.mean_anomaly),
            ];
            for (a, b) in angles {
                assert!(angle_between(a, b) < bound * (1.0 + b.abs()), "{given:?} {back:?}");
            }
        }
    }

    #[test]
    fn states_come_back_from_their_elements_to_1e_13() {
        let mu = 0.3;
        let mut worst: f64 = 0.0;
        for index in 0..5000 {
            let given = random_elements(index);
            let e = match index % 5 {
                0 => given.e.min(0.99) * 1e-8,
                _ if (given.e - 1.0).abs() < 0.02 => continue,
                _ => given.e,
            };
            let given = Elements { e, a: if e < 1.0 { 1.7 } else { -1.7 }, ..given };
            let (position, velocity) = given.to_state(mu);
            let (p, v) = Elements::from_state(mu, position, velocity).to_state(mu);
            worst = worst.max(distance(p, position) / norm(position)).max(distance(v, velocity) / norm(velocity));
        }
        assert!(worst < 1e-13, "{worst}");
    }

    #[test]
    fn kepler_is_solved_to_rounding_up_to_e_of_one() {
        for index in 0..20_000 {
            let mut random = Random::new(9, 0, index);
            let e = 1.0 - libm::pow(10.0, -15.0 * random.uniform());
            let m = libm::pow(10.0, 1.0 - 17.0 * random.uniform());
            let anomaly = eccentric_anomaly(e, m);
            // The residual in units of the change of M that rounding E itself makes.
            let slope = (1.0 - e) + 2.0 * e * square(libm::sin(0.5 * anomaly));
            let residual = if m < PI { kepler_elliptic(e, anomaly) - m } else { anomaly - e * libm::sin(anomaly) - m };
            assert!(residual.abs() <= 1e-15 * (anomaly.abs() * slope + m), "e {e} M {m}: {anomaly} {residual}");
        }
    }

    #[test]
    fn hyperbolic_kepler_is_solved_to_rounding() {
        for index in 0..20_000 {
            let mut random = Random::new(10, 0, index);
            let e = 1.0 + libm::pow(10.0, 2.0 - 17.0 * random.uniform());
            let m = libm::pow(10.0, 8.0 - 20.0 * random.uniform());
            let anomaly = hyperbolic_anomaly(e, -m);
            let slope = (e - 1.0) + 2.0 * e * square(libm::sinh(0.5 * anomaly));
            let residual = kepler_hyperbolic(e, anomaly) + m;
            assert!(residual.abs() <= 1e-15 * (anomaly.abs() * slope + 2.0 * m), "e {e} M {m}: {anomaly} {residual}");
        }
    }

    #[test]
    fn anomalies_agree_with_series_and_symmetry() {
        // E = M + e sin M + e²/2 sin 2M + O(e³)
        let e = 1e-6;
        let m = 1.234;
        let series = m + e * libm::sin(m) + 0.5 * e * e * libm::sin(2.0 * m);
        assert!((eccentric_anomaly(e, m) - series).abs() < 1e-15);
        assert_eq!(eccentric_anomaly(0.7, -1.0), -eccentric_anomaly(0.7, 1.0));
        assert_eq!(eccentric_anomaly(0.0, 0.0), 0.0);
        assert_eq!(eccentric_anomaly(0.9, 0.0), 0.0);
        assert_eq!(hyperbolic_anomaly(1.5, 0.0), 0.0);
        assert!((eccentric_anomaly(0.7, 1.0 + 3.0 * TAU) - 3.0 * TAU - eccentric_anomaly(0.7, 1.0)).abs() < 1e-14);
    }

    #[test]
    fn undefined_angles_follow_the_conventions() {
        let circular = Elements::from_state(1.0, [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]);
        assert_eq!((circular.e, circular.inc, circular.node, circular.periapsis), (0.0, 0.0, 0.0, 0.0));
        assert!((circular.mean_anomaly - 0.5 * PI).abs() < 1e-15);
        let retrograde = Elements::from_state(1.0, [1.0, 0.0, 0.0], [0.0, -1.2, 0.0]);
        assert_eq!((retrograde.inc, retrograde.node), (PI, 0.0));
        let (p, v) = retrograde.to_state(1.0);
        assert!(distance(p, [1.0, 0.0, 0.0]) < 1e-15 && distance(v, [0.0, -1.2, 0.0]) < 1e-15);
    }

    #[test]
    fn a_known_orbit_has_its_known_period_and_energy() {
        let orbit = Elements { a: 1.0, e: 0.5, ..Elements::default() };
        assert_eq!(orbit.period(1.0), TAU);
        let (p, v) = orbit.to_state(1.0);
        assert_eq!(p, [0.5, 0.0, 0.0]);
        // Vis viva at periapsis: v² = (1 + e)/(1 - e)
        assert!((v[1] - 3f64.sqrt()).abs() < 1e-15 && v[0] == 0.0);
    }
}
