//! A plane of pixels, and beamlets on it.

use num_complex::Complex64;

use super::beamlet::{Beamlet, place_along, to_plane};
use super::complex::Complex;
use super::field::{COLUMNS, COMPONENTS, LARGEST_PHASE, ROWS, Spot};
use super::vector::{Frame, dot};
use crate::{Error, Result};

/// A plane of square pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detector {
    /// Its middle, and its axes: rows go along x, columns along y.
    pub frame: Frame,
    /// Pixels along x and y.
    pub pixels: [usize; 2],
    /// From one pixel's middle to the next one's, metres.
    pub pitch: f64,
}

/// What all beamlets of a beam are seen against.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// The optical path of the chief ray to the detector, metres: phases count from it.
    pub path: f64,
    /// Where the chief ray meets the detector, in the space.
    pub place: [f64; 3],
    /// The same, along the detector's axes.
    pub across: [f64; 2],
    /// The chief ray's direction there.
    pub direction: [f64; 3],
}

impl Detector {
    /// Tiles along x and y.
    pub fn tiles(&self) -> [usize; 2] {
        [self.pixels[0].div_ceil(COLUMNS), self.pixels[1].div_ceil(ROWS)]
    }

    /// The first pixel of a tile.
    pub fn corner(&self, tile: usize) -> [usize; 2] {
        let across = self.tiles()[0];
        [tile % across * COLUMNS, tile / across * ROWS]
    }

    /// Where a pixel's middle is along an axis.
    pub fn place(&self, axis: usize, pixel: f64) -> f64 {
        (pixel - 0.5 * (self.pixels[axis] as f64 - 1.0)) * self.pitch
    }

    /// Where a beamlet's ray meets the plane: how far along it, and where along the axes.
    ///
    /// # Errors
    /// A ray that goes along the plane, or away from it.
    pub fn meet(&self, beamlet: &Beamlet) -> Result<(f64, [f64; 2])> {
        let distance = to_plane(&beamlet.ray, self.frame.origin, self.frame.axes[2]);
        if !distance.is_finite() || distance < -1e-9 {
            let reason = "the light goes away from it, or along it: check detector.vertex and detector.tilt";
            return Err(Error::input("detector", reason));
        }
        let [x, y, _] = self.frame.inside(place_along(&beamlet.ray, distance));
        Ok((distance, [x, y]))
    }

    /// What beamlets are seen against whose chief is this one.
    ///
    /// # Errors
    /// As of [`Detector::meet`].
    pub fn reference(&self, chief: &Beamlet) -> Result<Reference> {
        let (distance, across) = self.meet(chief)?;
        let ray = &chief.ray;
        let path = ray.path + ray.index * distance;
        Ok(Reference { path, place: place_along(ray, distance), across, direction: ray.direction })
    }

    /// A beamlet of this weight on the plane. `states` are the electric fields that come in, of length 1 each; none: the field has one
    /// component and no direction.
    ///
    /// # Errors
    /// As of [`Detector::meet`]; phases beyond what lanes can take.
    pub fn spot(
        &self,
        beamlet: &Beamlet,
        weight: f64,
        states: &[[Complex64; 3]],
        wavelength: f64,
        reference: &Reference,
    ) -> Result<Spot> {
        let (distance, meets) = self.meet(beamlet)?;
        let (curvature, amplitude) = beamlet.along(distance);
        let ray = &beamlet.ray;
        let [x_axis, y_axis, _] = self.frame.axes;
        let onto = [x_axis, y_axis].map(|axis| beamlet.axes.map(|across| dot(axis, across)));
        let [xx, xy, yy] = curvature.between(onto).0;
        // Radians per metre of path; i times it makes exponents of paths.
        let k = std::f64::consts::TAU * ray.index / wavelength;
        let turns = (ray.path + ray.index * distance - reference.path) / wavelength;
        let constant = Complex::new((turns - libm::rint(turns)) * wavelength / ray.index, 0.0);
        let pitch = self.pitch;
        // The first pixel, from where the ray meets the plane.
        let [x, y] = [0, 1].map(|axis| self.place(axis, 0.0) - meets[axis]);
        let slope = [dot(ray.direction, x_axis) + xx * x + xy * y, dot(ray.direction, y_axis) + xy * x + yy * y];
        let linear = [dot(ray.direction, x_axis), dot(ray.direction, y_axis)];
        let first = constant + linear[0] * x + linear[1] * y + 0.5 * (xx * x * x + 2.0 * xy * x * y + yy * y * y);
        let paths = [
            first,
            slope[0] * pitch,
            slope[1] * pitch,
            0.5 * pitch * pitch * xx,
            pitch * pitch * xy,
            0.5 * pitch * pitch * yy,
        ];
        let exponent = paths.map(|path| [-k * path.im, k * path.re]);
        self.check(&exponent)?;
        let mut weights = [[0.0; 2]; COMPONENTS];
        let scale = amplitude * weight;
        for (state, field) in states.iter().enumerate() {
            for (component, part) in beamlet.polarization.field(*field).iter().enumerate() {
                let weight = scale * part;
                weights[3 * state + component] = [weight.re, weight.im];
            }
        }
        if states.is_empty() {
            weights[0] = [scale.re, scale.im];
        }
        Ok(Spot::new(exponent, weights, self.pixels))
    }

    fn check(&self, exponent: &[[f64; 2]; 6]) -> Result<()> {
        let [x, y] = [self.pixels[0] + COLUMNS, self.pixels[1] + ROWS].map(|length| length as f64);
        let most = [1.0, x, y, x * x, x * y, y * y];
        let phase: f64 = exponent.iter().zip(most).map(|([_, im], most)| im.abs() * most).sum();
        if phase < LARGEST_PHASE {
            return Ok(());
        }
        let reason = format!(
            "phases on it reach {phase:.1e} radians, beyond {LARGEST_PHASE:.0e}: it is too large for this light"
        );
        Err(Error::input("detector.pixels", reason))
    }
}
