//! Beyond the box: halo cells that no other block has.
//!
//! Sides are filled in the order x, y, z, low before high, each over the halo of the axes before it too and over the halo that
//! other blocks have filled, so that edges and corners hold what a larger field would. Where two sides meet, the later axis
//! wins. A halo exchange comes first.
//!
//! Left out: periodic sides, which the halo exchange fills.

mod layers;
#[cfg(test)]
mod tests;

use layers::Layers;

use super::field::Field;
use super::geometry::{Side, axis_name};
use super::layout::Layout;
use crate::io::Element;
use crate::{Error, Result};

/// What lies beyond a side of the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Boundary {
    /// The other end of the box. The halo exchange fills it.
    Periodic,
    /// The value of the nearest cell.
    Outflow,
    /// A wall. The mirrored cells, with the sign of the velocity across the side changed.
    Reflecting,
    /// A given state.
    Fixed,
    /// The values of the problem's function.
    User,
}

/// A halo cell to be filled.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Ghost<const D: usize> {
    /// The side beyond which it lies: `side.axis`, from 0, and whether it is the upper one, `side.high`. Of an edge or corner the
    /// one that is being filled.
    pub side: Side,
    /// Its global index: below 0 or from the number of cells on.
    pub index: [i64; D],
    /// Its centre.
    pub center: [f64; D],
}

/// What lies beyond each side; `[axis][high]`.
#[derive(Clone, Debug)]
pub struct Boundaries<T, const D: usize> {
    /// The kind of each side.
    pub kinds: [[Boundary; 2]; D],
    /// The values at [`Boundary::Fixed`] sides, one per component; empty elsewhere.
    pub fixed: [[Vec<T>; 2]; D],
    /// The component that changes its sign at a [`Boundary::Reflecting`] side across each axis: the velocity along it.
    pub odd: [Option<usize>; D],
}

/// A user's boundary: the cell to fill, the nearest cell within, the mirrored cell (signs unchanged), the values to fill in.
///
/// The values to fill in begin as those of the nearest cell.
pub type UserBoundary<'a, T, const D: usize> = dyn FnMut(&Ghost<D>, &[T], &[T], &mut [T]) + 'a;

impl<T: Element, const D: usize> Boundaries<T, D> {
    /// The same kind at each side.
    pub fn all(kind: Boundary) -> Self {
        Boundaries { kinds: [[kind; 2]; D], fixed: std::array::from_fn(|_| [Vec::new(), Vec::new()]), odd: [None; D] }
    }

    /// The same with walls at both sides of an axis: reflecting ones, at which component `odd`, the velocity across them, changes its
    /// sign.
    pub fn walls(mut self, axis: usize, odd: Option<usize>) -> Self {
        self.kinds[axis] = [Boundary::Reflecting; 2];
        self.odd[axis] = odd;
        self
    }

    /// Along which axes the box is periodic.
    ///
    /// # Errors
    /// If one side of an axis is periodic and the other is not.
    pub fn periodic(&self) -> Result<[bool; D]> {
        let is_periodic = self.kinds.map(|pair| pair.map(|kind| kind == Boundary::Periodic));
        match is_periodic.iter().position(|[low, high]| low != high) {
            Some(axis) => {
                let name = axis_name(axis);
                let reason = "one side is periodic and the other is not: both or neither are";
                Err(Error::input(format!("boundary.{name}"), reason))
            }
            None => Ok(is_periodic.map(|[low, _]| low)),
        }
    }

    /// Fills the `width` nearest halo cells beyond those sides of the box that `block` touches.
    ///
    /// `user` is asked for each cell beyond a [`Boundary::User`] side.
    ///
    /// # Panics
    /// If the field's halo or the block itself is narrower than `width`, a fixed side lacks a component's value, or a number
    /// without a sign is to change it.
    pub fn fill(
        &self,
        layout: &Layout<D>,
        block: usize,
        field: &mut Field<T, D>,
        width: [usize; D],
        user: &mut UserBoundary<'_, T, D>,
    ) {
        let narrow = (0..D).find(|&axis| width[axis] > field.halo()[axis].min(field.extent()[axis]));
        assert!(narrow.is_none(), "halo and block must be {width:?} wide");
        assert!(T::SIGNED || self.odd == [None; D], "unsigned numbers have no sign that a wall could change");
        for axis in 0..D {
            for side in [Side { axis, high: false }, Side { axis, high: true }] {
                if layout.at_border(block, side) {
                    let layers = Layers::beyond(side, layout, block, width);
                    self.fill_side(layout, block, field, &layers, user);
                }
            }
        }
    }

    fn fill_side(
        &self,
        layout: &Layout<D>,
        block: usize,
        field: &mut Field<T, D>,
        layers: &Layers,
        user: &mut UserBoundary<'_, T, D>,
    ) {
        let Side { axis, high } = layers.side;
        match self.kinds[axis][usize::from(high)] {
            Boundary::Periodic => {}
            Boundary::Outflow => layers.copy(field, Layers::edge, None),
            Boundary::Reflecting => layers.copy(field, Layers::mirror, self.odd[axis]),
            Boundary::Fixed => layers.fix(field, &self.fixed[axis][usize::from(high)]),
            Boundary::User => layers.ask(layout, block, field, user),
        }
    }
}
