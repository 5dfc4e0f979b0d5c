//! Scalars from upwind where a stage would take one beyond its bounds.
//!
//! In order: cells whose scalar is beyond its bounds are marked (`marks`), each scalar for itself; the scalar's fluxes through all
//! faces of a marked cell become the mass flux that is used there times the scalar of the cell that the mass comes from, as it was
//! before the stage; that is repeated while it takes other cells beyond; what is then still beyond, by sources or by steps that are
//! too long, is put back and counted. Both cells of a face take the same change of its flux, so the amount stays.
//!
//! A cell's new scalar is then a mean of those before, with the masses that stay and come in as weights: within bounds as long as
//! no more mass leaves a cell than there is. The two-stage step of van Leer takes its fluxes from the state at half the step, but
//! starts from the one at its beginning: that one's scalars are kept for it (`Flow::keep_scalars`).

use super::added::Sums;
use super::findings::Findings;
use super::first_order::{Passes, settle};
use super::marks::{FRESH, MARKED, beside_face, near};
use super::pass::Arrays;
use super::scratch::Scratch;
use crate::grid::Field;

/// The marks of a block: on cells below a floor, and on cells whose scalars are beyond their bounds.
#[derive(Clone, Copy)]
pub(super) struct BlockMarks<'a> {
    pub low: &'a Field<u8, 3>,
    pub beyond: &'a Field<u8, 3>,
}

/// A bounded scalar: its kind of mark, its variable, and its values per mass before the stage.
#[derive(Clone, Copy)]
struct Carried<'a> {
    kind: usize,
    variable: usize,
    before: (&'a Field<f64, 3>, usize),
}

impl Carried<'_> {
    /// What replaces the scalar's flux through a face of a cell adds to it; nothing where no mark is fresh or one is older.
    fn change(
        &self,
        passes: &Passes,
        arrays: &Arrays,
        scratch: &mut Scratch,
        marks: BlockMarks,
        [axis, side]: [usize; 2],
        cell: [isize; 3],
    ) -> f64 {
        let sides = beside_face(cell, axis, side);
        let found = sides.map(|cell| marks.beyond.at(self.kind, cell));
        if found.contains(&MARKED) || !found.contains(&FRESH) {
            return 0.0;
        }
        let flux = passes.face(arrays, scratch, marks.low, [axis, side], cell);
        let (before, component) = self.before;
        let upwind = if flux[0] > 0.0 { sides[0] } else { sides[1] };
        flux[0] * before.at(component, upwind) - flux[self.variable]
    }
}

/// Replaces a block's fluxes of scalars through the faces of cells with fresh marks. `before` has the bounded scalars before the
/// stage, where that isn't the state that its fluxes are taken of.
pub(super) fn correct(
    passes: &Passes,
    arrays: &mut Arrays,
    scratch: &mut Scratch,
    marks: BlockMarks,
    before: Option<&Field<f64, 3>>,
) -> Findings {
    let physics = passes.high.physics;
    let mut findings = Findings::default();
    let mut none = Sums::new();
    for (kind, (variable, _)) in physics.bounded().enumerate() {
        let carried = Carried { kind, variable, before: before.map_or((arrays.from, variable), |kept| (kept, kind)) };
        for cell in near(marks.beyond, kind, FRESH) {
            if arrays.is_solid(cell) {
                continue;
            }
            let mut changes = [[0.0; 2]; 3];
            for (axis, sides) in changes.iter_mut().enumerate().take(physics.dimensions) {
                *sides = [0, 1].map(|side| carried.change(passes, arrays, scratch, marks, [axis, side], cell));
            }
            let value = arrays.conserved.at(variable, cell) - passes.loss(changes);
            arrays.conserved.put(variable, cell, value);
            findings.merge(&settle(&passes.high, arrays, scratch, cell, false, &mut none));
            findings.corrected.upwind += u64::from(marks.beyond.at(kind, cell) == FRESH);
        }
    }
    findings
}

/// Puts back what is still beyond its bounds in a block's marked cells and those beside them.
pub(super) fn put_back(passes: &Passes, arrays: &mut Arrays, scratch: &mut Scratch, beyond: &Field<u8, 3>) -> Findings {
    let mut findings = Findings::default();
    let mut none = Sums::new();
    for kind in 0..beyond.components() {
        for cell in near(beyond, kind, MARKED) {
            if !arrays.is_solid(cell) {
                findings.merge(&settle(&passes.high, arrays, scratch, cell, true, &mut none));
            }
        }
    }
    findings
}
