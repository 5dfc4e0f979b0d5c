//! The beam that comes in, cut into cells: where beamlets begin, and how much light each cell lets on.
//!
//! Cells are squares of a grid across the light's direction, over the beam's diameter and one more all around. Of each cell some rays are traced to
//! see which part of it all apertures let on. Beamlets stand at the middles of cells. Their sum is what the cells let on, spread out by a beamlet's
//! width and by a cell's; that is taken back to second order, by weights a - c (sum of the four neighbours - 4 a): inside the beam they are
//! 1, at its edges they sharpen. Without, a point's image would be too narrow by some 1e-4 of its light.

use super::system::{Ray, System};
use super::vector::{Vector, across, cross, plus, times};

/// A parallel beam, cut into cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beam {
    /// The middle of the beam's cross-section, where waists are.
    pub center: [f64; 3],
    /// The light's direction, of length 1.
    pub direction: [f64; 3],
    /// Light farther from the middle is left out.
    pub diameter: f64,
    /// Cells over the diameter.
    pub across: usize,
    /// The waist of a beamlet, in cells: where its field is 1/e of that on its ray.
    pub overlap: f64,
    /// Rays along each side of a cell, to see which part of it lets light on.
    pub subrays: usize,
}

impl Beam {
    /// Cells along each side of the grid.
    pub fn side(&self) -> usize {
        self.across + 2
    }

    /// The length of a cell's side.
    pub fn spacing(&self) -> f64 {
        self.diameter / self.across as f64
    }

    /// The waist of a beamlet.
    pub fn waist(&self) -> f64 {
        self.overlap * self.spacing()
    }

    /// The directions across the light that the grid goes along.
    pub fn axes(&self) -> [[f64; 3]; 2] {
        let first = across([1.0, 0.0, 0.0], self.direction);
        [first, cross(self.direction, first)]
    }

    /// Where a cell's middle is, along the axes.
    pub fn place(&self, cell: usize) -> [f64; 2] {
        let half = 0.5 * (self.side() as f64 - 1.0);
        [cell % self.side(), cell / self.side()].map(|index| (index as f64 - half) * self.spacing())
    }

    /// The ray through a place across the beam.
    pub fn ray(&self, [x, y]: [f64; 2]) -> Ray {
        let [first, second] = self.axes();
        let place: Vector = plus(self.center, plus(times(first, x), times(second, y)));
        Ray { place, direction: self.direction, index: 1.0, path: 0.0 }
    }

    /// The part of a cell that lets light on.
    pub fn open_part(&self, system: &System, cell: usize) -> f64 {
        let middle = self.place(cell);
        let step = self.spacing() / self.subrays as f64;
        let half = 0.5 * (self.subrays as f64 - 1.0);
        let offset = |index: usize| (index as f64 - half) * step;
        let radius = 0.5 * self.diameter;
        let open = (0..self.subrays * self.subrays).filter(|index| {
            let [x, y] = [middle[0] + offset(index % self.subrays), middle[1] + offset(index / self.subrays)];
            x * x + y * y <= radius * radius && system.lets_on(self.ray([x, y]))
        });
        open.count() as f64 / (self.subrays * self.subrays) as f64
    }

    /// The weight of each cell's beamlet, from the open parts of all cells: the sum of beamlets of these weights is 1 where the beam is.
    ///
    /// # Panics
    /// If there aren't as many parts as cells.
    pub fn weights(&self, open: &[f64]) -> Vec<f64> {
        let side = self.side();
        assert_eq!(open.len(), side * side, "an open part for each cell");
        let sharpen = self.overlap * self.overlap / 4.0 + 1.0 / 24.0;
        let density = 1.0 / (std::f64::consts::PI * self.overlap * self.overlap);
        let at = |x: usize, y: usize| if x < side && y < side { open[y * side + x] } else { 0.0 };
        let weight = |cell: usize| {
            let [x, y] = [cell % side, cell / side];
            let around = at(x.wrapping_sub(1), y) + at(x + 1, y) + at(x, y.wrapping_sub(1)) + at(x, y + 1);
            density * (open[cell] - sharpen * (around - 4.0 * open[cell]))
        };
        (0..side * side).map(weight).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beam_lets_on_as_much_as_its_disc() {
        let system = System { surfaces: vec![], wavelength: 1e-6 };
        let center = [0.1, 0.2, 0.3];
        let beam = Beam { center, direction: [0.0, 0.6, 0.8], diameter: 2.0, across: 20, overlap: 1.2, subrays: 8 };
        let open: Vec<f64> = (0..22 * 22).map(|cell| beam.open_part(&system, cell)).collect();
        let area: f64 = open.iter().sum::<f64>() * beam.spacing() * beam.spacing();
        assert!((area - std::f64::consts::PI).abs() < 1e-2, "{area}");
        let weights = beam.weights(&open);
        // The integral of exp(-u^2 / w^2) is pi w^2.
        let sum = weights.iter().sum::<f64>() * std::f64::consts::PI * beam.waist() * beam.waist();
        assert!((sum - area).abs() < 1e-12);
        assert!((beam.ray(beam.place(0)).place[0] - (0.1 - 1.05)).abs() < 1e-12);
    }
}
