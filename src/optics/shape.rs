//! Forms of surfaces: plane, sphere, conic, even asphere.
//!
//! The sag at distance r from the axis is z = c r^2 / (1 + sqrt(1 - (1 + K) c^2 r^2)) + a4 r^4 + a6 r^6 + ..: c is the curvature, K the
//! conic constant. A ray meets a conic where a quadratic equation says; on an asphere Newton's iteration goes on from there.

use super::vector::{Vector, dot, plus, times, unit};

/// Newton's steps until a ray is on an asphere, at most.
const STEPS: usize = 50;

/// The form of a surface, about its own z axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// One over the radius of curvature, per metre; 0 for a plane. Positive where its centre is towards +z.
    pub curvature: f64,
    /// The conic constant: 0 a sphere, -1 a paraboloid, below that a hyperboloid.
    pub conic: f64,
    /// Coefficients of r^4, r^6 .. in metres.
    pub terms: Vec<f64>,
}

/// A surface at one place, to second order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Local {
    /// The normal, of length 1, towards the surface's +z.
    pub normal: Vector,
    /// The second derivatives of the sag over the length of (-dz/dx, -dz/dy, 1): how the surface bends towards the normal.
    pub bend: [f64; 3],
}

impl Shape {
    /// The sag and its first two derivatives with respect to r^2; none beyond the rim, where there is no surface.
    fn sag(&self, square: f64) -> Option<[f64; 3]> {
        let c = self.curvature;
        let under = 1.0 - (1.0 + self.conic) * c * c * square;
        if under <= 0.0 {
            return None;
        }
        let root = under.sqrt();
        let mut sag =
            [c * square / (1.0 + root), c / (2.0 * root), (1.0 + self.conic) * c * c * c / (4.0 * under * root)];
        let mut power = 1.0;
        for (term, n) in self.terms.iter().zip(2..) {
            let n = f64::from(n);
            // r^(2 n) = square^n, and its derivatives; `power` is square^(n - 2).
            sag[0] += term * power * square * square;
            sag[1] += term * n * power * square;
            sag[2] += term * n * (n - 1.0) * power;
            power *= square;
        }
        Some(sag)
    }

    /// How the surface lies above x and y.
    pub(super) fn local(&self, [x, y]: [f64; 2]) -> Option<Local> {
        let [_, first, second] = self.sag(x * x + y * y)?;
        let slope = [2.0 * x * first, 2.0 * y * first];
        let length = (1.0 + slope[0] * slope[0] + slope[1] * slope[1]).sqrt();
        let normal = unit([-slope[0], -slope[1], 1.0])?;
        let bend = [2.0 * first + 4.0 * x * x * second, 4.0 * x * y * second, 2.0 * first + 4.0 * y * y * second];
        Some(Local { normal, bend: bend.map(|number| number / length) })
    }

    /// How far along the ray, from `place` in the direction `along`, the surface is; none where the ray misses it.
    pub(super) fn distance(&self, place: Vector, along: Vector) -> Option<f64> {
        let t = self.conic_distance(place, along)?;
        if self.terms.iter().all(|term| *term == 0.0) { Some(t) } else { self.refined(place, along, t) }
    }

    /// The crossing with the conic that is nearest its vertex.
    fn conic_distance(&self, place: Vector, along: Vector) -> Option<f64> {
        let c = self.curvature;
        // From the plane of the vertex on: there the crossing wanted is the near one.
        let start = -place[2] / along[2];
        let [x, y, _] = plus(place, times(along, start));
        // A sheet of the quadric c (x^2 + y^2 + (1 + K) z^2) = 2 z.
        let a = c * (along[0] * along[0] + along[1] * along[1] + (1.0 + self.conic) * along[2] * along[2]);
        let b = along[2] - c * (x * along[0] + y * along[1]);
        let d = c * (x * x + y * y);
        let under = b * b - a * d;
        if under < 0.0 {
            return None;
        }
        let t = start + d / (b + under.sqrt().copysign(b));
        let at = plus(place, times(along, t));
        // The other sheet, or the far half of an ellipsoid, is no part of the surface.
        (t.is_finite() && 1.0 - (1.0 + self.conic) * c * at[2] >= 0.0).then_some(t)
    }

    /// The crossing with the asphere near `t`.
    fn refined(&self, place: Vector, along: Vector, mut t: f64) -> Option<f64> {
        let scale = dot(place, place).sqrt() + t.abs();
        for _ in 0..STEPS {
            let at = plus(place, times(along, t));
            let [sag, first, _] = self.sag(at[0] * at[0] + at[1] * at[1])?;
            let slope = along[2] - 2.0 * first * (at[0] * along[0] + at[1] * along[1]);
            let step = (at[2] - sag) / slope;
            t -= step;
            if step.abs() <= 4.0 * f64::EPSILON * scale {
                return Some(t);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(curvature: f64, conic: f64, terms: &[f64]) -> Shape {
        Shape { curvature, conic, terms: terms.to_vec() }
    }

    #[test]
    fn rays_end_on_every_form() {
        let forms = [
            shape(0.0, 0.0, &[]),
            shape(0.5, 0.0, &[]),
            shape(-0.5, -1.0, &[]),
            shape(0.4, -2.3, &[]),
            shape(0.4, 0.7, &[]),
            shape(0.3, -1.0, &[0.02, -0.003]),
            shape(0.0, 0.0, &[1e-3]),
        ];
        for form in forms {
            let place = [0.3, -0.2, -3.0];
            let along = unit([0.05, 0.04, 1.0]).unwrap();
            let t = form.distance(place, along).unwrap();
            let at = plus(place, times(along, t));
            let sag = form.sag(at[0] * at[0] + at[1] * at[1]).unwrap()[0];
            assert!((at[2] - sag).abs() < 1e-15 * 10.0, "{form:?}: {at:?}, {sag}");
        }
    }

    #[test]
    fn rays_that_miss_are_told() {
        let ball = shape(2.0, 0.0, &[]);
        assert!(ball.distance([0.6, 0.0, -1.0], [0.0, 0.0, 1.0]).is_none());
        assert!(shape(0.0, 0.0, &[]).distance([0.0, 0.0, 1.0], [1.0, 0.0, 0.0]).is_none());
    }

    /// Against differences of the sag.
    #[test]
    fn bends_are_second_derivatives() {
        let form = shape(0.3, -1.7, &[0.02, -0.003]);
        let sag = |x: f64, y: f64| form.sag(x * x + y * y).unwrap()[0];
        let [x, y, h] = [0.4, 0.7, 1e-4];
        let Local { normal, bend } = form.local([x, y]).unwrap();
        let slope = [(sag(x + h, y) - sag(x - h, y)) / (2.0 * h), (sag(x, y + h) - sag(x, y - h)) / (2.0 * h)];
        let length = (1.0 + slope[0] * slope[0] + slope[1] * slope[1]).sqrt();
        assert!((normal[0] + slope[0] / length).abs() < 1e-8 && (normal[2] - 1.0 / length).abs() < 1e-8);
        let xx = (sag(x + h, y) - 2.0 * sag(x, y) + sag(x - h, y)) / (h * h);
        let xy = (sag(x + h, y + h) - sag(x + h, y - h) - sag(x - h, y + h) + sag(x - h, y - h)) / (4.0 * h * h);
        assert!((bend[0] * length - xx).abs() < 1e-6 && (bend[1] * length - xy).abs() < 1e-6, "{bend:?}");
    }
}
