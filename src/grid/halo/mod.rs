//! Filling the halo of each block with the cells of its neighbours.
//!
//! A [`Halo`] is built once: which cells go where, buffers, memory shared with the ranks of the same node. Each exchange packs
//! what other ranks need and sends it, one packed message per rank; copies between this rank's own blocks; then waits, and
//! unpacks what was received. Interior cells can be worked on in between.
//!
//! Left out: what lies beyond the box ([`Boundaries`](super::Boundaries) fill that, after an exchange).

mod plan;
mod region;

use bytemuck::Pod;

use super::field::Field;
use super::geometry::axis_name;
use super::layout::Layout;
use crate::comm::{Channels, Comm, Node, Peer};
use crate::{Error, Result};
use plan::Plan;
use region::{Region, copy_local, pack, unpack};

/// What is exchanged.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HaloShape<const D: usize> {
    /// How many components of a field, from the first on.
    pub components: usize,
    /// Layers of cells beyond each side, along each axis; a field's halo may be wider.
    pub width: [usize; D],
    /// Whether edges and corners are filled too, or the cells beyond sides alone.
    pub corners: bool,
}

impl<const D: usize> HaloShape<D> {
    /// So many components; the cells beyond sides alone.
    pub fn star(components: usize, width: [usize; D]) -> Self {
        HaloShape { components, width, corners: false }
    }

    /// So many components; edges and corners too.
    pub fn full(components: usize, width: [usize; D]) -> Self {
        HaloShape { components, width, corners: true }
    }
}

/// An exchange of halos between blocks, on one rank or many.
pub struct Halo<T: Pod, const D: usize> {
    layout: Layout<D>,
    shape: HaloShape<D>,
    rank: usize,
    plan: Plan<D>,
    channels: Channels<T>,
}

impl<T: Pod, const D: usize> Halo<T, D> {
    /// Prepares exchanges of that shape between the blocks of `layout`. All ranks.
    ///
    /// # Errors
    /// If the layout is for another number of ranks, or a block is narrower than its neighbours' halos.
    pub fn new(comm: &Comm, layout: &Layout<D>, shape: HaloShape<D>, node: Node) -> Result<Self> {
        if layout.ranks() != comm.size() {
            let reason = format!("{} ranks here, {} in the layout", comm.size(), layout.ranks());
            return Err(Error::input("grid.ranks", reason));
        }
        if let Some(axis) = (0..D).find(|&axis| layout.least_extent()[axis] < shape.width[axis]) {
            let name = axis_name(axis);
            let least = layout.least_extent()[axis];
            let width = shape.width[axis];
            let reason = format!("{least} cells per block along {name}: the halo takes {width}");
            return Err(Error::input("grid.cells", reason));
        }
        let plan = Plan::new(layout, &shape, comm.rank());
        let elements = |regions: &[Region<D>]| shape.components * regions.iter().map(Region::count).sum::<usize>();
        let peers = plan.peers.iter().map(|peer| Peer {
            rank: peer.rank,
            sends: elements(&peer.sends),
            receives: elements(&peer.receives),
        });
        let channels = comm.channels(peers.collect(), node);
        Ok(Halo { layout: layout.clone(), shape, rank: comm.rank(), plan, channels })
    }

    /// Sends what other ranks need, and copies between this rank's blocks. All ranks.
    ///
    /// `fields` are those of this rank's blocks, in order. Until [`finish`](Halo::finish) has filled it, the halo that comes
    /// from other ranks holds what it held before; the interior may be read, and changed.
    ///
    /// # Panics
    /// If the last exchange is not finished, or the fields are not those of the layout.
    pub fn start(&mut self, fields: &mut [Field<T, D>]) {
        self.check(fields);
        let plan = &self.plan;
        let components = self.shape.components;
        self.channels.start(|peer, buffer| {
            let regions = plan.peers[peer].sends.iter();
            regions.fold(0, |at, region| at + pack(region, components, fields, &mut buffer[at..]));
        });
        plan.local.iter().for_each(|[from, to]| copy_local(from, to, components, fields));
    }

    /// Waits for the other ranks and fills the halo that comes from them. All ranks.
    ///
    /// # Panics
    /// If no exchange was started, or the fields are not those of the layout.
    pub fn finish(&mut self, fields: &mut [Field<T, D>]) {
        self.check(fields);
        let plan = &self.plan;
        let components = self.shape.components;
        self.channels.finish(|peer, buffer| {
            let regions = plan.peers[peer].receives.iter();
            regions.fold(0, |at, region| at + unpack(region, components, fields, &buffer[at..]));
        });
    }

    /// A whole exchange: [`start`](Halo::start), then [`finish`](Halo::finish). All ranks.
    pub fn exchange(&mut self, fields: &mut [Field<T, D>]) {
        self.start(fields);
        self.finish(fields);
    }

    /// Which sides of this rank's block, `[axis][high]`, are filled by other ranks, and so only by [`finish`](Halo::finish).
    pub fn waits(&self, block_in_rank: usize) -> [[bool; 2]; D] {
        let block = self.layout.of_rank(self.rank).start + block_in_rank;
        let comes_from_elsewhere = |axis: usize, step: i8| {
            let mut direction = [0; D];
            direction[axis] = step;
            let neighbour = self.layout.neighbour(block, direction);
            self.shape.width[axis] > 0 && neighbour.is_some_and(|other| self.layout.owner(other) != self.rank)
        };
        std::array::from_fn(|axis| [-1, 1].map(|step| comes_from_elsewhere(axis, step)))
    }

    /// What this rank sends to other ranks in an exchange: messages and bytes, those through shared memory included.
    pub fn bytes_per_exchange(&self) -> (u64, u64) {
        let cells: usize = self.plan.peers.iter().flat_map(|peer| &peer.sends).map(Region::count).sum();
        (self.plan.peers.len() as u64, (cells * self.shape.components * size_of::<T>()) as u64)
    }

    /// Panics unless the fields are those of this rank's blocks, with halos that are wide enough.
    fn check(&self, fields: &[Field<T, D>]) {
        let blocks = self.layout.of_rank(self.rank);
        assert_eq!(fields.len(), blocks.len(), "one field per block of this rank");
        for (block, field) in blocks.zip(fields) {
            let wide = (0..D).all(|axis| field.halo()[axis] >= self.shape.width[axis]);
            let fits = field.extent() == self.layout.extent(block) && field.components() >= self.shape.components;
            assert!(wide && fits, "the field of block {block} has another shape than the halo exchange");
        }
    }
}
