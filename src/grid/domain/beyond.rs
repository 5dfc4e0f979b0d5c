//! What stands beyond the box of a domain: its boundaries, and the user's rule where they ask for one.

use std::rc::Rc;

use super::CellValue;
use crate::grid::{Boundaries, Boundary, Field, Ghost, Layout};

/// A user's rule for cells beyond a side: the cell, the nearest one within, the mirrored one.
pub(super) type BeyondRule<C, const D: usize> = Rc<dyn Fn(&Ghost<D>, C, C) -> C>;

/// What stands beyond the box.
#[derive(Clone)]
pub(super) struct Beyond<C: CellValue, const D: usize> {
    pub boundaries: Boundaries<C::Number, D>,
    pub rule: Option<BeyondRule<C, D>>,
}

impl<C: CellValue, const D: usize> Beyond<C, D> {
    /// Fills so many layers of a block's halo beyond the box.
    ///
    /// # Panics
    /// If a side asks for a rule and there is none.
    pub(super) fn fill(&self, layout: &Layout<D>, block: usize, width: usize, field: &mut Field<C::Number, D>) {
        let rule = self.rule.as_ref();
        let asks = self.boundaries.kinds.as_flattened().contains(&Boundary::User);
        assert!(!asks || rule.is_some(), "a side is Boundary::User: say what stands there by Domain::set_boundary");
        let mut user = |ghost: &Ghost<D>, edge: &[C::Number], mirror: &[C::Number], out: &mut [C::Number]| {
            let value = |numbers: &[C::Number]| C::from_components(|component| numbers[component]);
            if let Some(rule) = rule {
                let made = rule(ghost, value(edge), value(mirror));
                out.iter_mut().enumerate().for_each(|(component, number)| *number = made.component(component));
            }
        };
        self.boundaries.fill(layout, block, field, [width; D], &mut user);
    }
}
