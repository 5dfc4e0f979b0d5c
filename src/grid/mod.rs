//! Uniform Cartesian grids in one, two and three dimensions, cut into blocks that are spread over ranks.
//!
//! A [`Domain`] is all that most simulations need: a grid with its numbers, cut for the ranks, and how they advance, cell by cell.
//!
//! What it is made of, for those who work on rows or on several blocks, in the order of use: a [`Grid`] gives the places of cells, a [`Layout`] which rank has which block of them, a [`Field`]
//! holds numbers on the cells of one block and on the halo around it. [`Boundaries`] fill the halo beyond the box.
//!
//! Axes are x, y, z everywhere, x the fastest in memory. A cell has a global index, which doesn't depend on the layout; results
//! that are functions of the global index and of a cell's neighbours are the same on any number of ranks.
//!
//! Left out: refinement, curved coordinates, numbers on faces or corners.

mod boundary;
mod domain;
mod field;
mod files;
mod geometry;
mod halo;
mod layout;

pub use boundary::{Boundaries, Boundary, Ghost, UserBoundary};
pub use domain::{CellValue, Domain, DomainFields, Neighbours, Stencil};
pub use field::{Field, Strides};
pub use geometry::{Grid, Side};
pub use halo::{Halo, HaloShape};
pub use layout::{Cells, Layout, inner_and_rim};

pub use crate::comm::Node;
