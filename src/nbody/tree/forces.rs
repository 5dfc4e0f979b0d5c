//! Forces on groups, one after another: the walk, the near list, the far list; with the count of what each took.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::body::Columns;
use super::expansion::Maps;
use super::far::{self, Expansion};
use super::group::{Active, Bounds, Group, ROOM};
use super::near::{self, Softened};
use super::nodes::Nodes;
use super::walk::Walk;
use crate::simd::{Kernel, Simd};

/// What decides how forces are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// For the far list: the most that R/D may be.
    pub reach: f64,
    /// The order of the expansion, 1 to [`HIGHEST`](super::expansion::HIGHEST).
    pub order: usize,
    /// The square of the softening length, in half-sides of the cube.
    pub softening2: f64,
    pub potential: bool,
    pub exact: bool,
}

/// Interactions, and time if it was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Groups of bodies for which a walk was made.
    pub groups: u64,
    /// Pairs of a body and a source of the near list.
    pub near: u64,
    /// Cells that went into expansions of groups.
    pub far: u64,
    /// Cells that went into expansions of bundles of groups.
    pub shared: u64,
    /// Seconds of the walks, of near lists, of far lists.
    pub seconds: [f64; 3],
}

/// Forces on the bodies of groups: accelerations, then potentials with their sign turned, in units of the kernel.
pub(crate) struct Forces<'a> {
    pub nodes: &'a Nodes,
    pub bodies: &'a Columns,
    pub groups: &'a [Range<u32>],
    /// Bundles of groups: whole ones.
    pub bundles: &'a [Range<u32>],
    /// Which of their bodies are looked at.
    pub active: Active<'a>,
    pub settings: Settings,
    pub maps: &'a Maps,
    pub memory: &'a mut Memory,
    /// For each body of the groups; what was there of active ones is replaced.
    pub to: &'a mut [Vec<f32>; 4],
    /// Interactions of each group; none where no body is active.
    pub costs: &'a mut Vec<u32>,
    /// Whether to look at the clock.
    pub timed: bool,
}

/// Memory that is used again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    group: Group,
    walk: Walk,
    expansion: Expansion,
    shared: Expansion,
}

/// What a cell of an expansion costs, in pairs of a body and a source.
const FAR_COST: u64 = 5;
/// What a group costs besides its pairs.
const GROUP_COST: u64 = 1000;

impl Kernel for Forces<'_> {
    type Output = Counts;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Counts {
        let Settings { reach, order, softening2, potential, exact } = self.settings;
        let softened = Softened { softening2: (softening2 as f32).max(near::FLOOR), exact, potential };
        let limits = [reach as f32, far::nearest(order)];
        let Memory { group, walk, expansion, shared } = self.memory;
        let mut counts = Counts::default();
        let mut watch = Watch { last: self.timed.then(Instant::now), spent: [Duration::ZERO; 3] };
        let mut groups = self.groups.iter().peekable();
        for bundle in self.bundles {
            if !self.active.any(bundle) {
                while groups.next_if(|group| group.start < bundle.end).is_some() {
                    self.costs.push(0);
                }
                continue;
            }
            let bounds = Bounds::of::<S::F32>(simd, &(bundle.start as usize..bundle.end as usize), self.bodies);
            walk.share::<S::F32>(simd, self.nodes, &bounds, limits);
            watch.lap(0);
            shared.make::<S::F32>(simd, &walk.shared, (self.maps, order), softened);
            counts.shared += walk.shared.len as u64;
            watch.lap(2);
            while let Some(bodies) = groups.next_if(|group| group.start < bundle.end) {
                if !self.active.any(bodies) {
                    self.costs.push(0);
                    continue;
                }
                let range = bodies.start as usize..bodies.end as usize;
                group.take::<S::F32>(simd, range, self.bodies, self.active);
                walk.walk::<S::F32>(simd, self.nodes, self.bodies, group, limits);
                watch.lap(0);
                let mut sums = [[0.0; ROOM]; 4];
                near::add::<S::F32>(simd, &walk.near, group, softened, &mut sums);
                watch.lap(1);
                expansion.make::<S::F32>(simd, &walk.far, (self.maps, order), softened);
                let shift = [0, 1, 2].map(|c| group.bounds.centre[c] - bounds.centre[c]);
                for (expansion, shift) in [(&*expansion, [0.0; 3]), (&*shared, shift)] {
                    expansion.add::<S::F32>(simd, order, (group, shift), potential, &mut sums);
                }
                for (to, sums) in self.to.iter_mut().zip(&sums).take(if potential { 4 } else { 3 }) {
                    for (&body, &sum) in group.targets.iter().zip(sums) {
                        to[body] = sum as f32;
                    }
                }
                watch.lap(2);
                let near = (walk.near.len * group.len()) as u64;
                let far = walk.far.len as u64;
                counts.groups += 1;
                counts.near += near;
                counts.far += far;
                self.costs.push((near + FAR_COST * far + GROUP_COST).try_into().unwrap_or(u32::MAX));
            }
        }
        counts.seconds = watch.spent.map(|spent| spent.as_secs_f64());
        counts
    }
}

/// The time since the last look.
struct Watch {
    last: Option<Instant>,
    spent: [Duration; 3],
}

impl Watch {
    #[inline(always)]
    fn lap(&mut self, of: usize) {
        if let Some(last) = &mut self.last {
            let now = Instant::now();
            self.spent[of] += now - *last;
            *last = now;
        }
    }
}
