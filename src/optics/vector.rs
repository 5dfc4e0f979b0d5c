//! Vectors of three numbers, and the axes of a place in space.

use serde::{Deserialize, Serialize};

/// A vector, or a place.
pub(super) type Vector = [f64; 3];

/// a + b.
pub(super) fn plus(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

/// a - b.
pub(super) fn minus(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// c a.
pub(super) fn times(a: Vector, c: f64) -> Vector {
    a.map(|x| c * x)
}

/// The scalar product.
pub(super) fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The vector product.
pub(super) fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// The vector of length 1 in this direction; nothing where there is no direction.
pub(super) fn unit(a: Vector) -> Option<Vector> {
    let length = dot(a, a).sqrt();
    (length > 1e-300 && length.is_finite()).then(|| times(a, 1.0 / length))
}

/// The part of `a` across the unit vector `along`, of length 1; where there is none, any direction across.
pub(super) fn across(a: Vector, along: Vector) -> Vector {
    let part = |a: Vector| minus(a, times(along, dot(a, along)));
    let first = part(a);
    if dot(first, first) > 1e-12 {
        return unit(first).unwrap_or(first);
    }
    let other = if along[0].abs() < 0.7 { [1.0, 0.0, 0.0] } else { [0.0, 1.0, 0.0] };
    unit(part(other)).unwrap_or(other)
}

/// `a` turned as the smallest rotation that takes the unit vector `from` to the unit vector `to` turns it; they are not opposite.
pub(super) fn carried(a: Vector, from: Vector, to: Vector) -> Vector {
    let axis = cross(from, to);
    let turned = plus(times(a, dot(from, to)), cross(axis, a));
    plus(turned, times(axis, dot(axis, a) / (1.0 + dot(from, to))))
}

/// A place in space with three axes at right angles.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Where it is.
    pub origin: [f64; 3],
    /// Its x, y and z axes, of length 1.
    pub axes: [[f64; 3]; 3],
}

impl Frame {
    /// At `origin`, turned by `tilt[0]` degrees about x, then by `tilt[1]` degrees about the y axis of the space.
    pub fn tilted(origin: [f64; 3], tilt: [f64; 2]) -> Self {
        let [a, b] = tilt.map(|degrees| degrees.to_radians());
        let [sa, ca] = [libm::sin(a), libm::cos(a)];
        let [sb, cb] = [libm::sin(b), libm::cos(b)];
        let axes = [[cb, 0.0, -sb], [sb * sa, ca, cb * sa], [sb * ca, -sa, cb * ca]];
        Frame { origin, axes }
    }

    /// A place of the space, seen from here.
    pub(super) fn inside(&self, place: Vector) -> Vector {
        self.turned(minus(place, self.origin))
    }

    /// A direction of the space, seen from here.
    pub(super) fn turned(&self, direction: Vector) -> Vector {
        self.axes.map(|axis| dot(axis, direction))
    }

    /// A direction from here, in the space.
    pub(super) fn outside(&self, direction: Vector) -> Vector {
        let [x, y, z] = self.axes;
        plus(plus(times(x, direction[0]), times(y, direction[1])), times(z, direction[2]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_turn_there_and_back() {
        let frame = Frame::tilted([1.0, 2.0, 3.0], [20.0, -35.0]);
        let a = [0.3, -0.2, 0.9];
        let back = frame.outside(frame.turned(a));
        assert!(minus(back, a).iter().all(|x| x.abs() < 1e-15), "{back:?}");
        let [x, y, z] = frame.axes;
        assert!(minus(cross(x, y), z).iter().all(|x| x.abs() < 1e-15));
        let tilted = Frame::tilted([0.0; 3], [0.0, 45.0]).axes[2];
        assert!((tilted[0] - 0.5f64.sqrt()).abs() < 1e-15 && (tilted[2] - 0.5f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn the_smallest_rotation_takes_one_direction_to_the_other() {
        let from = [0.0, 0.0, 1.0];
        let to = unit([0.3, -0.4, 0.5]).unwrap();
        assert!(minus(carried(from, from, to), to).iter().all(|x| x.abs() < 1e-15));
        let x = carried([1.0, 0.0, 0.0], from, to);
        assert!(dot(x, to).abs() < 1e-15 && (dot(x, x) - 1.0).abs() < 1e-15);
    }
}
