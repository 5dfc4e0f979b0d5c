//! Each kind of side, corners, blocks.

use super::*;
use crate::grid::Grid;

/// A number that differs between cells and components.
fn number(component: usize, index: [i64; 3]) -> f64 {
    1.0 + component as f64 + 10.0 * (index[0] + 100 * (index[1] + 100 * index[2])) as f64
}

/// The block's cells and the halo within the box hold their numbers, all others NaN.
fn numbered(layout: &Layout<3>, block: usize, halo: [usize; 3]) -> Field<f64, 3> {
    let mut field = Field::new(layout.extent(block), 2, halo);
    let inside = |index: &[i64; 3]| (0..3).all(|a| (0..layout.grid().cells()[a] as i64).contains(&index[a]));
    each(layout, block, halo, |cell, index| {
        for component in 0..2 {
            field.put(component, cell, if inside(&index) { number(component, index) } else { f64::NAN });
        }
    });
    field
}

fn each(layout: &Layout<3>, block: usize, halo: [usize; 3], mut work: impl FnMut([isize; 3], [i64; 3])) {
    let first = layout.range(block).map(|range| range.start as i64);
    let extent = layout.extent(block);
    let [x, y, z] = std::array::from_fn(|a| -(halo[a] as isize)..(extent[a] + halo[a]) as isize);
    for k in z {
        for j in y.clone() {
            for i in x.clone() {
                let cell = [i, j, k];
                work(cell, std::array::from_fn(|a| first[a] + cell[a] as i64));
            }
        }
    }
}

fn layout(blocks: [usize; 3]) -> Layout<3> {
    Layout::new(Grid::new([7, 6, 5], [0.0; 3], [7.0, 6.0, 5.0]).unwrap(), blocks, 1, [false; 3]).unwrap()
}

#[test]
fn every_cell_holds_what_the_sides_say_whatever_the_blocks() {
    use Boundary::{Fixed, Outflow, Reflecting};
    let mut boundaries = Boundaries::<f64, 3>::all(Outflow);
    boundaries.kinds = [[Outflow, Reflecting], [Reflecting, Fixed], [Reflecting, Outflow]];
    boundaries.fixed[1][1] = vec![-1.0, -2.0];
    boundaries.odd = [Some(0), Some(1), Some(0)];
    for blocks in [[1, 1, 1], [2, 1, 1], [1, 3, 2], [3, 2, 2]] {
        let layout = layout(blocks);
        for block in 0..layout.count() {
            let mut field = numbered(&layout, block, [3, 2, 2]);
            boundaries.fill(&layout, block, &mut field, [2, 2, 2], &mut |_, _, _, _| unreachable!());
            each(&layout, block, [2; 3], |cell, index| {
                for component in 0..2 {
                    let expected = expected(&boundaries, component, index);
                    assert_eq!(field.at(component, cell), expected, "{component} of {index:?} in {blocks:?}");
                }
            });
        }
    }
}

/// The number of a cell by the sides' definitions, from the last axis to the first.
fn expected(boundaries: &Boundaries<f64, 3>, component: usize, mut index: [i64; 3]) -> f64 {
    let mut sign = 1.0;
    for (axis, cells) in [7, 6, 5].into_iter().enumerate().rev() {
        if (0..cells).contains(&index[axis]) {
            continue;
        }
        let high = usize::from(index[axis] >= cells);
        match boundaries.kinds[axis][high] {
            Boundary::Outflow => index[axis] = index[axis].clamp(0, cells - 1),
            Boundary::Fixed => return sign * boundaries.fixed[axis][high][component],
            _ => {
                index[axis] = if high == 1 { 2 * cells - 1 - index[axis] } else { -1 - index[axis] };
                sign *= if boundaries.odd[axis] == Some(component) { -1.0 } else { 1.0 };
            }
        }
    }
    sign * number(component, index)
}

#[test]
fn the_user_is_asked_for_each_cell_once() {
    let layout = layout([1, 1, 1]);
    let mut boundaries = Boundaries::<f64, 3>::all(Boundary::Outflow);
    boundaries.kinds[1] = [Boundary::User; 2];
    let mut field = numbered(&layout, 0, [2; 3]);
    let mut asked = Vec::new();
    boundaries.fill(&layout, 0, &mut field, [1, 2, 1], &mut |ghost, edge, mirror, out| {
        let Ghost { side, index: [i, j, k], center } = *ghost;
        assert_eq!((side.axis, side.high, center[1]), (1, j > 0, j as f64 + 0.5));
        let [near, mirrored] = if j < 0 { [0, -1 - j] } else { [5, 11 - j] };
        let column = i.clamp(0, 6);
        assert_eq!((edge[0], mirror[1]), (number(0, [column, near, k]), number(1, [column, mirrored, k])));
        assert_eq!(out, edge);
        out.copy_from_slice(&[j as f64, 7.0]);
        asked.push(ghost.index);
    });
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), 9 * 2 * 2 * 5);
    assert_eq!((field.at(0, [-1, 7, 3]), field.at(1, [-1, -1, 3])), (7.0, 7.0));
}

#[test]
fn half_periodic_axes_are_refused() {
    let mut boundaries = Boundaries::<f64, 3>::all(Boundary::Periodic);
    assert_eq!(boundaries.periodic().unwrap(), [true; 3]);
    boundaries.kinds[2] = [Boundary::Outflow; 2];
    assert_eq!(boundaries.periodic().unwrap(), [true, true, false]);
    boundaries.kinds[1][1] = Boundary::Fixed;
    assert!(boundaries.periodic().unwrap_err().to_string().starts_with("boundary.y: "));
}
