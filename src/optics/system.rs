//! Surfaces one after another, and the rays that go through them.
//!
//! Every ray meets the surfaces in their order, whatever lies between: a ray that would have to go back to meet its next surface is an error, as
//! is one that misses it or is totally reflected where it should go on. What an aperture stops is told, not lost: the beam's weights are made
//! of it ([`Beam`](super::Beam)).

use num_complex::Complex64;

use super::aperture::Aperture;
use super::film::{Coefficients, Layer, coefficients};
use super::shape::{Local, Shape};
use super::vector::{Frame, Vector, dot, minus, plus, times, unit};
use crate::{Error, Result};

/// How much farther than rounding a ray may have to go back, in parts of its way.
const BACK: f64 = 1e-12;

/// What a surface does to light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing but what its aperture stops.
    Pass,
    /// Reflects it.
    Reflect,
    /// Lets it into another medium.
    Refract,
}

/// A surface in its place.
#[derive(Clone, Debug)]
pub struct Surface {
    /// Its name, for messages.
    pub name: String,
    /// Where its vertex is, and its axes.
    pub frame: Frame,
    /// Its form.
    pub shape: Shape,
    /// The part of it that lets light on.
    pub aperture: Aperture,
    /// What it does.
    pub action: Action,
    /// Of a mirror the index of what reflects, of a refracting surface that of the medium behind it. None of a mirror: it reflects all, s and p
    /// alike.
    pub index: Option<Complex64>,
    /// Layers on it, the first one where the light comes from.
    pub layers: Vec<Layer>,
}

/// Surfaces in the order in which light meets them, from a medium of index 1.
#[derive(Clone, Debug)]
pub struct System {
    /// The surfaces.
    pub surfaces: Vec<Surface>,
    /// The wavelength in vacuum, metres.
    pub wavelength: f64,
}

/// A ray: where it is, where it goes, in which medium.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ray {
    /// A place on it, metres.
    pub place: [f64; 3],
    /// Its direction, of length 1.
    pub direction: [f64; 3],
    /// The index of the medium.
    pub index: f64,
    /// The optical path so far, metres.
    pub path: f64,
}

/// What happened where a ray met a surface.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    /// The ray from there on.
    pub ray: Ray,
    /// Its direction before.
    pub before: [f64; 3],
    /// The index before.
    pub index_before: f64,
    /// How far it came from the surface before.
    pub distance: f64,
    /// The place across the surface's axis, in the surface's own frame.
    pub across: [f64; 2],
    /// The surface's normal there, in the space.
    pub normal: [f64; 3],
    /// Whether the aperture lets it on.
    pub goes_on: bool,
    pub(super) bend: [f64; 3],
}

impl Surface {
    /// Takes a ray to the surface and on from it.
    ///
    /// # Errors
    /// A ray that misses it, has to go back to meet it, or can't go on behind it.
    pub fn meet(&self, ray: &Ray) -> Result<Hit> {
        let fail = |reason: &str| {
            let [x, y, z] = ray.place;
            let reason = format!("the ray from ({x:.6}, {y:.6}, {z:.6}) m {reason}");
            Err(Error::input(format!("surfaces.{}", self.name), reason))
        };
        let place = self.frame.inside(ray.place);
        let along = self.frame.turned(ray.direction);
        let Some(distance) = self.shape.distance(place, along) else { return fail("misses it") };
        if distance < -BACK * (1.0 + dot(place, place).sqrt()) {
            return fail("has passed it: check vertex, tilt and the order of surfaces");
        }
        let at = plus(place, times(along, distance));
        let across = [at[0], at[1]];
        let Some(Local { normal, bend }) = self.shape.local(across) else { return fail("misses it") };
        let normal = self.frame.outside(normal);
        let Some((direction, index)) = self.turned(ray, normal) else { return fail("is totally reflected") };
        // On from the surface's own frame, where numbers are small.
        let place = plus(self.frame.origin, self.frame.outside(at));
        let path = ray.path + ray.index * distance;
        Ok(Hit {
            ray: Ray { place, direction, index, path },
            before: ray.direction,
            index_before: ray.index,
            distance,
            across,
            normal,
            goes_on: self.aperture.lets_on(across),
            bend,
        })
    }

    /// The direction behind the surface, and the index there.
    fn turned(&self, ray: &Ray, normal: Vector) -> Option<(Vector, f64)> {
        let s = ray.direction;
        let cosine = dot(s, normal);
        match self.action {
            Action::Pass => Some((s, ray.index)),
            Action::Reflect => unit(minus(s, times(normal, 2.0 * cosine))).map(|direction| (direction, ray.index)),
            Action::Refract => {
                let behind = self.index.map_or(ray.index, |index| index.re);
                let ratio = ray.index / behind;
                let square = 1.0 - ratio * ratio * (1.0 - cosine * cosine);
                if square <= 0.0 {
                    return None;
                }
                let turned = plus(times(s, ratio), times(normal, square.sqrt().copysign(cosine) - ratio * cosine));
                unit(turned).map(|direction| (direction, behind))
            }
        }
    }

    /// What it reflects and transmits of a wave at this hit; none where it is ideal.
    pub(super) fn coefficients(&self, hit: &Hit, wavelength: f64) -> Option<Coefficients> {
        let cosine = dot(hit.before, hit.normal).abs().min(1.0);
        let from = Complex64::new(hit.index_before, 0.0);
        self.index.map(|to| coefficients(from, &self.layers, to, cosine, wavelength))
    }
}

impl System {
    /// Takes a ray through all surfaces, and tells of each hit.
    ///
    /// # Errors
    /// As of [`Surface::meet`].
    pub fn trace(&self, ray: Ray, mut at: impl FnMut(&Surface, &Hit)) -> Result<Ray> {
        let mut ray = ray;
        for surface in &self.surfaces {
            let hit = surface.meet(&ray)?;
            at(surface, &hit);
            ray = hit.ray;
        }
        Ok(ray)
    }

    /// Whether every aperture lets a ray on; one that misses a surface doesn't go on either.
    pub(super) fn lets_on(&self, ray: Ray) -> bool {
        let mut ray = ray;
        self.surfaces.iter().all(|surface| match surface.meet(&ray) {
            Ok(hit) if hit.goes_on => {
                ray = hit.ray;
                true
            }
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surface(z: f64, curvature: f64, conic: f64, action: Action, index: Option<f64>) -> Surface {
        Surface {
            name: "surface".to_owned(),
            frame: Frame::tilted([0.0, 0.0, z], [0.0; 2]),
            shape: Shape { curvature, conic, terms: Vec::new() },
            aperture: Aperture::default(),
            action,
            index: index.map(|index| Complex64::new(index, 0.0)),
            layers: Vec::new(),
        }
    }

    fn ray(x: f64) -> Ray {
        Ray { place: [x, 0.0, -1.0], direction: [0.0, 0.0, 1.0], index: 1.0, path: 0.0 }
    }

    /// All rays parallel to its axis meet in the focus of a paraboloid, on ways of one length; and behind a plano-hyperbolic lens of
    /// conic -n^2 (Descartes).
    #[test]
    fn stigmatic_surfaces_make_points() {
        let mirror = System { surfaces: vec![surface(1.0, -0.25, -1.0, Action::Reflect, None)], wavelength: 5e-7 };
        let lens = vec![
            surface(0.0, 0.0, 0.0, Action::Refract, Some(1.5)),
            surface(0.1, -0.5, -1.5f64 * 1.5, Action::Refract, Some(1.0)),
        ];
        let lens = System { surfaces: lens, wavelength: 5e-7 };
        for (system, focus) in [(mirror, [0.0, 0.0, -1.0]), (lens, [0.0, 0.0, 4.1])] {
            let path = |x: f64| {
                let ray = system.trace(ray(x), |_, _| ()).unwrap();
                let way = minus(focus, ray.place);
                let off = minus(way, times(ray.direction, dot(way, ray.direction)));
                assert!(dot(off, off).sqrt() < 1e-14, "{x}: {off:?}");
                ray.path + dot(way, ray.direction)
            };
            assert!([0.1, 0.2, -0.3].iter().all(|x| (path(*x) - path(0.0)).abs() < 4e-15));
        }
    }

    #[test]
    fn rays_that_cannot_go_on_are_told() {
        let behind = surface(-2.0, 0.0, 0.0, Action::Reflect, None);
        assert!(behind.meet(&ray(0.0)).unwrap_err().to_string().contains("surfaces.surface: the ray from"));
        let mut steep = surface(0.0, 0.0, 0.0, Action::Refract, Some(1.0));
        steep.frame = Frame::tilted([0.0; 3], [50.0, 0.0]);
        let inside = Ray { index: 1.5, ..ray(0.0) };
        assert!(steep.meet(&inside).unwrap_err().to_string().contains("totally reflected"));
        let ball = surface(0.0, 2.0, 0.0, Action::Reflect, None);
        assert!(ball.meet(&ray(0.6)).unwrap_err().to_string().contains("misses it"));
    }
}
