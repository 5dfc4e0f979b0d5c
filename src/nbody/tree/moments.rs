//! Moments of cells, bottom up: G m, centre of mass, and the radius that holds all bodies.
//!
//! A leaf sums its bodies in their order, a cell its children in the order of octants, in double precision: a function of the bodies alone.

use super::body::Columns;
use super::cells::{Cell, LEAVES, Moments};

/// Fills in the moments of cells in the order of their places, all of whose descendants are among them.
pub(super) fn fill(cells: &mut [Cell], bodies: &Columns) {
    // From the last level up; the parents of the cells from here on have been passed, or aren't here.
    let mut end = cells.len();
    for at in (0..cells.len()).rev() {
        let Cell { place, first, count, kind, .. } = cells[at];
        if kind == LEAVES {
            cells[at].moments = of_bodies(bodies, first as usize, count as usize);
            continue;
        }
        while cells[end - 1].place >> 3 > place {
            end -= 1;
        }
        let last = end;
        while cells[end - 1].place >> 3 == place {
            end -= 1;
        }
        cells[at].moments = of_children(&cells[end..last]);
    }
}

fn of_bodies(bodies: &Columns, first: usize, count: usize) -> Moments {
    let part = first..first + count;
    let [hx, hy, hz] = bodies.high.each_ref().map(|column| &column[part.clone()]);
    let [lx, ly, lz] = bodies.low.each_ref().map(|column| &column[part.clone()]);
    let both = |high: f32, low: f32| f64::from(high) + f64::from(low);
    let place = |i: usize| [both(hx[i], lx[i]), both(hy[i], ly[i]), both(hz[i], lz[i])];
    let mut sum = Sum::default();
    for (i, &gm) in bodies.gm[part.clone()].iter().enumerate() {
        let position = place(i);
        sum.add(position, f64::from(gm), position, position);
    }
    let mut moments = sum.moments();
    let mut distance2 = 0.0;
    for i in 0..count {
        distance2 = largest(distance2, square(moments.centre, place(i)));
    }
    moments.radius = distance2.sqrt();
    moments
}

/// The moments of a cell from those of its children.
pub(super) fn of_children(children: &[Cell]) -> Moments {
    let mut sum = Sum::default();
    for Cell { moments: Moments { gm, centre, low, high, .. }, .. } in children {
        sum.add(*centre, *gm, *low, *high);
    }
    let mut moments = sum.moments();
    let reach = |child: &Cell| square(moments.centre, child.moments.centre).sqrt() + child.moments.radius;
    let farthest = children.iter().map(reach).fold(0.0, f64::max);
    let Moments { centre, low, high, .. } = moments;
    let corner = [0, 1, 2].map(|c| (centre[c] - low[c]).max(high[c] - centre[c]));
    moments.radius = farthest.min(square(corner, [0.0; 3]).sqrt());
    moments
}

/// A sum of moments.
struct Sum {
    gm: f64,
    first: [f64; 3],
    low: [f64; 3],
    high: [f64; 3],
}

impl Default for Sum {
    fn default() -> Self {
        Sum { gm: 0.0, first: [0.0; 3], low: [f64::INFINITY; 3], high: [f64::NEG_INFINITY; 3] }
    }
}

impl Sum {
    #[inline]
    fn add(&mut self, centre: [f64; 3], gm: f64, low: [f64; 3], high: [f64; 3]) {
        self.gm += gm;
        for c in 0..3 {
            self.first[c] += gm * centre[c];
            self.low[c] = -largest(-self.low[c], -low[c]);
            self.high[c] = largest(self.high[c], high[c]);
        }
    }

    fn moments(&self) -> Moments {
        let Sum { gm, first, low, high } = *self;
        let mean = |c: usize| if gm > 0.0 { first[c] / gm } else { 0.5 * low[c] + 0.5 * high[c] };
        // Rounding must not put the centre outside the box.
        let centre = [0, 1, 2].map(|c| mean(c).max(low[c]).min(high[c]));
        Moments { gm, centre, radius: 0.0, low, high }
    }
}

#[inline]
fn square(a: [f64; 3], b: [f64; 3]) -> f64 {
    let d = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
}

/// The larger of two numbers, neither of which is not one.
#[inline]
fn largest(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}
