//! Particles spread over ranks.
//!
//! A [`Particles`] holds this rank's share of a global list: rank 0 has the first ones, rank 1 the next. The user's own
//! [`bytemuck::Pod`] struct is a particle; what a method needs of it (a position and a mass, say) is packed when it travels.
//! [`Particles::source_blocks`] shows every rank all particles in the order of the global list, block by block;
//! [`Particles::migrate`] and [`Particles::retain`] move or remove particles, [`Particles::rebalance`] evens out the shares.
//!
//! Snapshots and checkpoints take them as they are ([`Snapshot::particles`](crate::Snapshot::particles),
//! [`Checkpoint::particles`](crate::Checkpoint::particles)), and [`Particles::load`] gives them back.
//!
//! Left out: trees and domains in space.

mod blocks;
mod files;

use bytemuck::Pod;

pub use blocks::SourceBlock;
pub use files::ParticleColumns;

use crate::base::partition::{balanced_owner, balanced_range};
use crate::comm::Comm;

/// This rank's share of a global list of particles.
#[derive(Clone)]
pub struct Particles<P: Pod> {
    comm: Comm,
    local: Vec<P>,
    /// The global index of each rank's first particle, then the count of all.
    firsts: Vec<u64>,
}

impl<P: Pod> Particles<P> {
    /// Particles of which each rank gives its own share, in the order of ranks. All ranks.
    pub fn new(comm: &Comm, local: Vec<P>) -> Self {
        let mut particles = Particles { comm: comm.clone(), local, firsts: Vec::new() };
        particles.count_anew();
        particles
    }

    /// `count` particles in even shares; `make` gives those of a range of global indices. All ranks.
    pub fn distribute(comm: &Comm, count: u64, make: impl FnOnce(std::ops::Range<u64>) -> Vec<P>) -> Self {
        Particles::new(comm, make(balanced_range(count, comm.size(), comm.rank())))
    }

    /// `count` particles in even shares, each made from its global index. All ranks.
    ///
    /// What depends on the index alone is the same on any number of ranks.
    pub fn generate(comm: &Comm, count: u64, make: impl FnMut(u64) -> P) -> Self {
        Particles::distribute(comm, count, |range| range.map(make).collect())
    }

    fn count_anew(&mut self) {
        let counts = self.comm.all_gather(&[self.local.len() as u64]);
        let mut next = 0;
        self.firsts = std::iter::once(0)
            .chain(counts.into_iter().map(|count| {
                next += count;
                next
            }))
            .collect();
    }

    /// This rank's particles.
    pub fn local(&self) -> &[P] {
        &self.local
    }

    /// This rank's particles, to change.
    pub fn local_mut(&mut self) -> &mut [P] {
        &mut self.local
    }

    /// The global index of this rank's first particle.
    pub fn first(&self) -> u64 {
        self.firsts[self.comm.rank()]
    }

    /// The number of particles on all ranks.
    pub fn count(&self) -> u64 {
        self.firsts[self.comm.size()]
    }

    /// The ranks that share these particles.
    pub fn comm(&self) -> &Comm {
        &self.comm
    }

    /// Sends every particle to the rank that `owner` names for it (from its global index and itself). All ranks.
    ///
    /// On each rank the particles keep their former global order.
    ///
    /// # Panics
    /// If `owner` names a rank that doesn't exist.
    pub fn migrate(&mut self, owner: impl Fn(u64, &P) -> usize) {
        let mut outgoing = vec![Vec::new(); self.comm.size()];
        for (index, particle) in (self.first()..).zip(&self.local) {
            outgoing[owner(index, particle)].push(*particle);
        }
        self.local = self.comm.exchange(outgoing).concat();
        self.count_anew();
    }

    /// Gives every rank an even share, in the same global order. All ranks.
    pub fn rebalance(&mut self) {
        let count = self.count();
        let ranks = self.comm.size();
        self.migrate(|index, _| balanced_owner(count, ranks, index));
    }

    /// Keeps the particles for which `keep` is true and evens out the shares. All ranks.
    pub fn retain(&mut self, keep: impl FnMut(&P) -> bool) {
        self.local.retain(keep);
        self.count_anew();
        self.rebalance();
    }

    /// All particles, on every rank, in global order: for few. All ranks.
    pub fn gather_all(&self) -> Vec<P> {
        self.comm.all_gather(&self.local)
    }
}
