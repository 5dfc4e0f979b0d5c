//! An exchange of halos as the stages of a flow have it, and which cells need not wait for it.

use super::region::{Split, split};
use super::scheme::Physics;
use super::stages::Stage;
use crate::Result;
use crate::comm::{Comm, Node};
use crate::grid::{Halo, HaloShape, Layout};

/// An exchange of halos, and for each block which cells need not wait for it.
pub(super) struct Exchange {
    pub halo: Halo<f64, 3>,
    pub splits: Vec<Split>,
}

impl Exchange {
    /// The exchange for stages that look `reach` cells deep. All ranks.
    pub(super) fn new(comm: &Comm, layout: &Layout<3>, physics: &Physics, reach: usize, node: Node) -> Result<Self> {
        let width = physics.widths(reach);
        let shape = HaloShape { components: physics.variables(), width, corners: physics.looks_around() };
        let halo = Halo::new(comm, layout, shape, node)?;
        let blocks = layout.of_rank(comm.rank()).enumerate();
        let splits = blocks.map(|(place, block)| split(layout.extent(block), halo.waits(place), reach)).collect();
        Ok(Exchange { halo, splits })
    }
}

/// Where a stage's exchange stands in `Flow::exchanges`.
pub(super) fn exchange_of(stage: &Stage) -> usize {
    usize::from(!stage.predicts)
}
