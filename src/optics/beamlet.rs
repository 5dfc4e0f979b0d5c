//! A Gaussian beamlet: a ray with a complex curvature, traced through surfaces.
//!
//! The field of a beamlet near its ray is A exp(i k n (z + u Q u / 2)), u across the ray and z along it (Siegman 1986, section 20.2; Worku &
//! Gross 2019, J. Opt. Soc. Am. A 36, 859). Over a distance t the curvature Q becomes (I + t Q)^-1 Q and A is divided by sqrt(det(I + t Q)).
//! At a surface both sides have the same phase, to second order along the surface: with T its tangents, N its normal, C how it bends towards N and
//! s the directions, n T M T + n s.N C is the same before and behind it, where M is Q in space. That holds for any angle of incidence, so
//! astigmatism and skew rays need nothing more.
//!
//! Left out: all beyond second order about each ray, so a beamlet must be narrow where wavefronts or surfaces bend strongly.

use num_complex::Complex64;

use super::complex::{Complex, I, Symmetric, inverse};
use super::polarization::Polarization;
use super::system::{Action, Hit, Ray, Surface, System};
use super::vector::{Vector, across, cross, dot, times};
use crate::Result;

/// A beamlet behind all surfaces.
#[derive(Clone, Copy, Debug)]
pub struct Beamlet {
    /// Its ray.
    pub ray: Ray,
    /// Two directions across the ray and each other, of length 1: the axes of the curvature.
    pub axes: [[f64; 3]; 2],
    /// Its field on the ray, in parts of that of the incoming wave, but for the phase of the ray's path.
    pub amplitude: Complex64,
    /// What became of the field's direction.
    pub polarization: Polarization,
    pub(super) curvature: Symmetric,
}

impl Beamlet {
    /// A beamlet whose waist is at `ray.place`: its field is exp(-u^2 / waist^2) there. Traced through the system.
    ///
    /// Without `polarized` no surface takes anything of it: amplitudes change as widths of beams do.
    ///
    /// # Errors
    /// As of [`System::trace`].
    pub fn traced(system: &System, ray: Ray, waist: f64, polarized: bool) -> Result<Self> {
        let first = across([1.0, 0.0, 0.0], ray.direction);
        let flat = I * (system.wavelength / (std::f64::consts::PI * ray.index * waist * waist));
        let mut beamlet = Beamlet {
            ray,
            axes: [first, cross(ray.direction, first)],
            amplitude: Complex::new(1.0, 0.0),
            polarization: Polarization::none(),
            curvature: Symmetric([flat, Complex::new(0.0, 0.0), flat]),
        };
        system.trace(ray, |surface, hit| beamlet.meet(system, surface, hit, polarized))?;
        Ok(beamlet)
    }

    /// The same farther along its ray.
    pub(super) fn along(&self, distance: f64) -> (Symmetric, Complex) {
        let (curvature, factor) = self.curvature.after(distance);
        (curvature, self.amplitude * factor)
    }

    fn meet(&mut self, system: &System, surface: &Surface, hit: &Hit, polarized: bool) {
        (self.curvature, self.amplitude) = self.along(hit.distance);
        if surface.action != Action::Pass {
            self.bend(surface, hit);
            if polarized {
                self.polarization.meet(surface, hit, system.wavelength);
                // Fields count by power: as the root of the index times the electric field.
                self.amplitude *= (hit.ray.index / hit.index_before).sqrt();
            } else {
                // What goes through a part of the surface stays the same.
                let power = |ray: Vector| dot(ray, hit.normal).abs();
                self.amplitude *= (power(hit.before) / power(hit.ray.direction)).sqrt();
            }
        }
        self.ray = hit.ray;
    }

    /// Takes the curvature to the other side of a surface.
    fn bend(&mut self, surface: &Surface, hit: &Hit) {
        let frame = &surface.frame;
        let first = across(frame.axes[0], hit.normal);
        let tangents = [first, cross(hit.normal, first)];
        let [xx, xy, yy] = hit.bend;
        let local = tangents.map(|tangent| frame.turned(tangent));
        let bent = |a: Vector, b: Vector| a[0] * b[0] * xx + (a[0] * b[1] + a[1] * b[0]) * xy + a[1] * b[1] * yy;
        let surface_bend = [bent(local[0], local[0]), bent(local[0], local[1]), bent(local[1], local[1])];
        let onto = |axes: [Vector; 2]| tangents.map(|tangent| axes.map(|axis| dot(tangent, axis)));
        let before = hit.index_before;
        let behind = hit.ray.index;
        let direction = hit.ray.direction;
        let turn = before * dot(hit.before, hit.normal) - behind * dot(direction, hit.normal);
        let on_surface =
            self.curvature.between(onto(self.axes)).times(before).plus(surface_bend, turn).times(1.0 / behind);
        let first = across(self.axes[0], direction);
        self.axes = [first, cross(direction, first)];
        self.curvature = on_surface.between(inverse(onto(self.axes)));
    }
}

/// The chord of a ray to the plane through `origin` with the normal `normal`.
pub(super) fn to_plane(ray: &Ray, origin: Vector, normal: Vector) -> f64 {
    let gap = [0, 1, 2].map(|i| origin[i] - ray.place[i]);
    dot(gap, normal) / dot(ray.direction, normal)
}

/// The place of a ray so far along.
pub(super) fn place_along(ray: &Ray, distance: f64) -> Vector {
    let step = times(ray.direction, distance);
    [0, 1, 2].map(|i| ray.place[i] + step[i])
}

#[cfg(test)]
mod tests {
    use super::super::aperture::Aperture;
    use super::super::shape::Shape;
    use super::super::vector::{Frame, unit};
    use super::*;

    fn system(tilt: f64, index: Option<f64>) -> System {
        let surface = Surface {
            name: "only".to_owned(),
            frame: Frame::tilted([0.0; 3], [tilt, 0.0]),
            shape: Shape { curvature: -0.2, conic: 0.0, terms: vec![] },
            aperture: Aperture::default(),
            action: if index.is_some() { Action::Refract } else { Action::Reflect },
            index: index.map(|n| Complex::new(n, 0.0)),
            layers: vec![],
        };
        System { surfaces: vec![surface], wavelength: 1e-6 }
    }

    /// The foci of a sphere for a thin bundle at an angle: 1/f = 2 / (R cos) in the plane of incidence and 2 cos / R across it for a mirror, and
    /// Coddington's equations for a refracting surface (Born & Wolf, section 4.6; Kingslake, Lens Design Fundamentals).
    #[test]
    fn tilted_spheres_are_astigmatic_as_coddington_says() {
        let ray = Ray { place: [0.0, 0.0, -1.0], direction: [0.0, 0.0, 1.0], index: 1.0, path: 0.0 };
        for (index, tilt) in [(None, 25.0f64), (Some(1.5), 25.0), (Some(1.5), 0.0)] {
            // A wide waist: the wavefront is plane.
            let beamlet = Beamlet::traced(&system(tilt, index), ray, 10.0, false).unwrap();
            let cos = tilt.to_radians().cos();
            let found = [0, 1].map(|i| beamlet.curvature.0[2 * i].re);
            let n = index.unwrap_or(1.0);
            let behind = (1.0 - (1.0 - cos * cos) / (n * n)).sqrt();
            // The curvature of the surface is -0.2 per metre: of a mirror concave, of a boundary bent away.
            let power = index.map_or(0.4 * cos, |n| 0.2 * (n * behind - cos) / n);
            let wanted = match index {
                None => [-power, -0.4 / cos],
                Some(_) => [power, power / (behind * behind)],
            };
            let far = [0, 1].map(|i| (found[i] - wanted[i]).abs());
            assert!(far.iter().all(|far| *far < 1e-9), "{index:?} {tilt}: {found:?}, {wanted:?}");
            assert!(beamlet.curvature.0[1].norm() < 1e-9);
        }
    }

    /// Rays of a beamlet's wavefront are where its own curvature takes them: the field's phase by paths of rays beside it, through a skew
    /// refraction and a reflection.
    #[test]
    fn the_phase_beside_the_ray_is_the_path_of_rays_there() {
        let mut system = system(20.0, Some(1.6));
        let mut mirror = system.surfaces[0].clone();
        mirror.frame = Frame::tilted([0.05, 0.1, 0.5], [-10.0, 15.0]);
        mirror.shape = Shape { curvature: -0.3, conic: -0.8, terms: vec![0.2] };
        (mirror.action, mirror.index) = (Action::Reflect, None);
        system.surfaces.push(mirror);
        let direction = unit([0.1, -0.05, 1.0]).unwrap();
        let start = Ray { place: [0.0, 0.0, -0.5], direction, index: 1.0, path: 0.0 };
        let beamlet = Beamlet::traced(&system, start, 1e3, false).unwrap();
        let [first, second] =
            [across([1.0, 0.0, 0.0], direction), cross(direction, across([1.0, 0.0, 0.0], direction))];
        for [a, b] in [[1e-4, 0.0], [0.0, 1e-4], [1e-4, -2e-4]] {
            let place = [0, 1, 2].map(|i| start.place[i] + a * first[i] + b * second[i]);
            let beside = system.trace(Ray { place, ..start }, |_, _| ()).unwrap();
            // To the plane across the beamlet's ray.
            let distance = to_plane(&beside, beamlet.ray.place, beamlet.ray.direction);
            let at = place_along(&beside, distance);
            let off = [0, 1, 2].map(|i| at[i] - beamlet.ray.place[i]);
            let u = beamlet.axes.map(|axis| dot(axis, off));
            let path = (beside.path + beside.index * distance - beamlet.ray.path) / beamlet.ray.index;
            let [xx, xy, yy] = beamlet.curvature.0.map(|q| q.re);
            let wanted = 0.5 * (xx * u[0] * u[0] + 2.0 * xy * u[0] * u[1] + yy * u[1] * u[1]);
            assert!((path - wanted).abs() < 1e-3 * wanted.abs() + 1e-15, "{a} {b}: {path} {wanted}");
        }
    }
}
