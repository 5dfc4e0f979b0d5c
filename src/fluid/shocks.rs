//! Which faces lie along a strong shock: there HLLC lets rows of cells overtake each other (Quirk 1994), and HLLE does not.
//!
//! A shock is between two neighbours whose pressures differ by more than a third of the lower one and that approach each other
//! (Colella & Woodward 1984, appendix). A face lies along one if one of its two cells and a neighbour of it across another axis
//! than the face's own have a shock between them.

use super::diffusion::Stencil;
use super::pass::Faces;
use super::rows::{GROUP, RowMut, groups_of};
use crate::grid::Field;
use crate::simd::{Kernel, Lane, Simd};

/// From which difference of pressures on, over the lower one, a shock is strong.
const STRONG: f64 = 1.0 / 3.0;

/// Marks the faces of a row that lie along strong shocks; tells whether there may be any: what follows the row, up to the end of
/// its last group, is looked at too.
pub(super) struct ShockRow<'a> {
    /// The axis that the faces are normal to.
    pub axis: usize,
    /// The primitive variables of the cells about the faces.
    pub cells: Stencil<'a>,
    /// The variable that is the pressure, or goes with it.
    pub pressure: usize,
    /// Becomes 1 for a face along a shock, 0 for others.
    pub marks: RowMut<'a>,
    /// Faces; rows go on to the next whole group.
    pub count: usize,
}

impl Kernel for ShockRow<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) -> bool {
        let zero = S::F64::splat(simd, 0.0);
        let one = S::F64::splat(simd, 1.0);
        let mut most = zero;
        for group in 0..groups_of(self.count) {
            for part in (0..GROUP).step_by(S::F64::WIDTH) {
                let at = (group * GROUP + part) as isize;
                let mut mark = zero;
                for side in 0..2 {
                    // The places above and below the cell along the two other axes.
                    for (velocity, above) in [(1 + (self.axis + 1) % 3, 1), (1 + (self.axis + 2) % 3, 3)] {
                        let lower = self.shock(simd, velocity, [side, above + 1], [side, 0], at);
                        let upper = self.shock(simd, velocity, [side, 0], [side, above], at);
                        mark = S::F64::select(S::F64::or(lower, upper), one, mark);
                    }
                }
                most = most.max(mark);
                mark.store(self.marks.from(0, at as usize));
            }
        }
        S::F64::any(zero.lt(most))
    }
}

impl ShockRow<'_> {
    /// Where a strong shock is between the cells at two places of the stencil, the second above the first.
    #[inline(always)]
    fn shock<S: Simd>(
        &self,
        simd: S,
        velocity: usize,
        below: [usize; 2],
        above: [usize; 2],
        at: isize,
    ) -> <S::F64 as Lane>::Mask {
        let load =
            |variable: usize, [side, place]: [usize; 2]| S::F64::load(simd, self.cells[side][place].from(variable, at));
        let [low, high] = [below, above].map(|place| load(self.pressure, place));
        let strong = (S::F64::splat(simd, STRONG) * low.min(high)).lt((high - low).abs());
        S::F64::and(strong, load(velocity, above).lt(load(velocity, below)))
    }
}

/// Takes away the marks that a solid cell alone has made: its state is nothing that the gas may depend on.
pub(super) fn without_solids(
    marks: &mut Field<f64, 3>,
    cells: &Stencil,
    pressure: usize,
    Faces { axis, cell, count }: Faces,
    is_solid: &dyn Fn([isize; 3]) -> bool,
) {
    for face in (0..count as isize).filter(|&face| marks.at(0, [face, 0, 0]) > 0.0).collect::<Vec<_>>() {
        let gas_alone = sides_and_pairs(axis).any(|(side, along, [low, high])| {
            let place = |step: isize| {
                let mut place = cell;
                place[0] += face;
                place[axis] += side as isize - 1;
                place[along] += step;
                place
            };
            let value = |variable: usize, step: isize| cells[side][place_of(axis, along, step)].from(variable, face)[0];
            let [below, above] = [value(pressure, low), value(pressure, high)];
            let strong = (above - below).abs() > STRONG * below.min(above);
            let closing = value(1 + along, high) < value(1 + along, low);
            !is_solid(place(low)) && !is_solid(place(high)) && strong && closing
        });
        if !gas_alone {
            marks.put(0, [face, 0, 0], 0.0);
        }
    }
}

/// Both sides of a face, the axes that lie in it, and the two pairs of neighbours along each, by their steps from the side's cell.
fn sides_and_pairs(axis: usize) -> impl Iterator<Item = (usize, usize, [isize; 2])> {
    let axes = [(axis + 1) % 3, (axis + 2) % 3];
    (0..2).flat_map(move |side| axes.into_iter().flat_map(move |along| [(side, along, [-1, 0]), (side, along, [0, 1])]))
}

/// Where a stencil has the cell so many steps along an axis.
fn place_of(axis: usize, along: usize, step: isize) -> usize {
    let above = if along == (axis + 1) % 3 { 1 } else { 3 };
    match step {
        0 => 0,
        1 => above,
        _ => above + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fluid::diffusion::stencil;
    use crate::fluid::rows::Row;
    use crate::simd::Level;

    /// Which of the faces across y of a row of cells are marked: the pressure of cell i is `pressure[i]`, its speed `-i * closing`.
    fn marked(axis: usize, pressure: [f64; 6], closing: f64, level: Level) -> Vec<usize> {
        let mut cells = Field::new([6, 1, 1], 5, [2, 2, 2]);
        let places = |width: isize| -2..width + 2;
        for (k, j, i) in places(1).flat_map(|k| places(1).flat_map(move |j| places(6).map(move |i| (k, j, i)))) {
            cells.put(4, [i, j, k], pressure[i.clamp(0, 5) as usize]);
            cells.put(1, [i, j, k], -closing * i as f64);
        }
        let strides = cells.strides().axis.map(|stride| stride as isize);
        let mut marks = Field::new([8, 1, 1], 1, [0; 3]);
        let cells = stencil(Row::of(&cells, [0; 3]), axis, strides);
        let found = level.run(ShockRow { axis, cells, pressure: 4, marks: RowMut::of(&mut marks, [0; 3]), count: 6 });
        let faces: Vec<usize> = (0..6).filter(|&i| marks.at(0, [i as isize, 0, 0]) > 0.0).collect();
        assert!(found || faces.is_empty());
        faces
    }

    #[test]
    fn faces_along_a_strong_shock_are_marked_and_no_others() {
        let shock = [1.0, 1.0, 1.0, 9.0, 9.0, 9.0];
        for level in Level::available() {
            // A shock between the third and the fourth cell lies along their faces across y and z.
            assert_eq!(marked(1, shock, 1.0, level), [2, 3]);
            assert_eq!(marked(2, shock, 1.0, level), [2, 3]);
            // Not along those across x, not where the gas flies apart, not where it is weak or a sound wave.
            for (axis, pressure, closing) in
                [(0, shock, 1.0), (1, shock, -1.0), (1, [1.0, 1.1, 1.2, 1.3, 1.2, 1.1], 1.0), (1, [7.0; 6], 1.0)]
            {
                assert!(marked(axis, pressure, closing, level).is_empty(), "{axis} {pressure:?} {closing}");
            }
        }
    }
}
