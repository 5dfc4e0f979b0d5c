//! Gravity of many bodies by an octree, over all ranks: a step costs N log N in place of N².
//!
//! Barnes & Hut 1986 (Nature 324, 446) with walks for groups of bodies (Barnes 1990) in SIMD lanes and with one level of local expansions, as in fast
//! multipole methods (Greengard & Rokhlin 1987; Dehnen 2002). A force evaluation, in order:
//!
//! 1. `cube`: where the bodies are; `keys`: each body's path in the octree; `sort`: bodies in the order of keys;
//! 2. `domains`: which rank computes the forces of which bodies; those go there;
//! 3. `cells`: the part of the octree below a rank's own cells; `moments`: what each cell does to bodies far away;
//! 4. `top`, `essential`: the cells that domains divide, and what of other ranks' parts this rank may open;
//! 5. `nodes`: the tree as walks read it; `forces`: for each bundle of groups, and each `group`, a `walk`, which lists what acts `near` by and
//!    what `far` away, the latter through an `expansion`;
//! 6. the forces go back to the ranks that asked for them.
//!
//! `pairs` has interactions of one's own between bodies near each other, of the same cube, keys and order.
//!
//! Everything that decides about a force (the cube, the cells, their moments, the groups, the order of lists) is a function of the set of
//! bodies alone: the forces have the same bits on any number of ranks, and in whatever order the bodies are given. `README.md` beside
//! this file says why, and what each part costs.
//!
//! Left out: periodic boxes, quadrupoles of cells.

mod body;
mod cells;
mod cube;
mod domains;
mod essential;
mod expansion;
mod far;
mod forces;
mod group;
mod keys;
mod lanes;
mod moments;
mod near;
mod nodes;
mod opening;
mod pairs;
mod part;
mod sort;
#[cfg(test)]
mod tests;
mod top;
mod walk;

use crate::comm::Comm;
use crate::simd::{Level, Rsqrt};
use crate::{Error, Result};

pub use body::Source;
use expansion::Maps;
pub use forces::Counts;
use forces::{Forces, Memory, Settings};
use group::Active;
pub use opening::{Accuracy, Opening};
pub use pairs::{Place, interactions};
use part::Part;

/// A tree code: how forces are made, and the memory that it uses again.
#[derive(Clone, Debug)]
pub struct Tree {
    level: Level,
    rsqrt: Rsqrt,
    softening: f64,
    opening: Opening,
    maps: Maps,
    memory: Memory,
    part: Part,
    field: Field,
    spent: Spent,
}

/// What acts on this rank's bodies, in their order.
#[derive(Clone, Debug, Default)]
pub struct Field {
    /// Accelerations, length/time².
    pub acceleration: Vec<[f64; 3]>,
    /// Potentials, length²/time²; empty unless asked for.
    pub potential: Vec<f64>,
}

/// What is wanted of an evaluation, and what is known for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Potentials too.
    pub potential: bool,
    /// Which of this rank's bodies are looked at, as block steps need it; none: all. The others attract, and have accelerations (and potentials) of
    /// zero. What is found has the same bits as if all were looked at.
    pub active: Option<&'a [bool]>,
    /// The sizes of these bodies' last accelerations, length/time², for [`Opening::relative`].
    pub last: Option<&'a [f64]>,
}

/// What the last evaluation took on this rank.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// Seconds of keys and sorting.
    pub sort: f64,
    /// Seconds of the exchange of bodies between domains, both ways.
    pub domains: f64,
    /// Seconds of cells, moments and the tree for walks.
    pub build: f64,
    /// Seconds of the exchange of essential trees.
    pub essential: f64,
    /// Interactions, and seconds of walks, near and far lists.
    pub counts: Counts,
    /// Bytes of bodies and cells that came from other ranks' trees.
    pub received: u64,
}

impl Tree {
    /// Memory that an evaluation takes for each of a rank's bodies, about; what other ranks' parts add to it is less where each has thousands.
    pub const BYTES_PER_BODY: usize = 250;

    /// A tree code with Plummer's `softening` length; all ranks take the same of all.
    pub fn new(level: Level, rsqrt: Rsqrt, softening: f64, opening: Opening) -> Self {
        let (memory, part, field, spent) = Default::default();
        let maps = Maps::new(opening.order);
        Tree { level, rsqrt, softening, opening, maps, memory, part, field, spent }
    }

    /// Accelerations of this rank's `bodies` by those of all ranks, and potentials if wanted. All ranks.
    ///
    /// A body may be on any rank; forces are quickest where bodies that are near each other are on one.
    ///
    /// # Errors
    /// A place or G m that is not finite, on the rank that has the body.
    pub fn evaluate(&mut self, comm: &Comm, bodies: &[Source], potential: bool) -> Result<&Field> {
        self.evaluate_with(comm, bodies, Wanted { potential, ..Wanted::default() })
    }

    /// The same with more said about what is wanted, and known; each rank gives the same parts of it. All ranks.
    ///
    /// # Errors
    /// A place or G m that is not finite, on the rank that has the body.
    pub fn evaluate_with(&mut self, comm: &Comm, bodies: &[Source], wanted: Wanted<'_>) -> Result<&Field> {
        let Wanted { potential, active, last } = wanted;
        let counts = [active.map(<[bool]>::len), last.map(<[f64]>::len)];
        assert!(counts.into_iter().flatten().all(|count| count == bodies.len()), "what is said is said of each body");
        let opening = if last.is_some() { self.opening.guard() } else { self.opening };
        let _phase = comm.phase("forces");
        check(bodies)?;
        self.spent = Spent::default();
        self.part.take(comm, bodies, wanted, opening, &mut self.spent);
        let length = self.part.length();
        let softening = self.softening / length;
        let settings = Settings {
            reach: self.opening.reach,
            order: self.opening.order,
            softening2: softening * softening,
            potential,
            exact: self.rsqrt == Rsqrt::Exact,
        };
        let Part { nodes, columns, active, groups, bundles, sums, group_costs, .. } = &mut self.part;
        let (maps, memory) = (&self.maps, &mut self.memory);
        let forces = Forces {
            nodes,
            bodies: columns,
            groups,
            bundles,
            active: Active(active),
            settings,
            maps,
            memory,
            to: sums,
            costs: group_costs,
            timed: true,
        };
        self.spent.counts = self.level.run(forces);
        self.part.give_back(comm, potential, &mut self.field, &mut self.spent);
        Ok(&self.field)
    }

    /// What the last evaluation took on this rank.
    pub fn spent(&self) -> &Spent {
        &self.spent
    }
}

/// Refuses bodies that are nowhere.
fn check(bodies: &[Source]) -> Result<()> {
    let broken = |body: &&Source| !body.position.iter().chain([&body.gm]).all(|x| x.is_finite());
    match bodies.iter().find(broken) {
        Some(Source { id, position: [x, y, z], gm }) => {
            let reason = format!("body {id} is at ({x}, {y}, {z}) with G m = {gm}: all must be finite");
            Err(Error::Numerics { method: "tree", reason })
        }
        None => Ok(()),
    }
}
