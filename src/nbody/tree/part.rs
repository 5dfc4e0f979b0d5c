//! A rank's part of the tree, from bodies as they are given to forces as they are given back.

use std::ops::Range;
use std::time::Instant;

use bytemuck::{Pod, Zeroable};

use super::body::{Columns, Source};
use super::cells::{Cell, Cells};
use super::cube::{Cube, Together};
use super::domains::{END, cuts, tops};
use super::essential::{self, Essential, covering};
use super::group::Active;
use super::keys::key;
use super::moments::fill;
use super::nodes::Nodes;
use super::opening::Opening;
use super::sort::{Entry, sort};
use super::top::above;
use super::{Field, Spent, Wanted};
use crate::comm::Comm;

/// A rank's domain: its bodies, its groups, and the tree as far as they may open it.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    length: f64,
    gm: f64,
    /// This rank's own bodies in the order of keys, by their indices.
    order: Vec<u32>,
    /// In this order, what the forces on each cost when it was active last.
    costs: Vec<u32>,
    /// The bodies in the order of the last time.
    own: Vec<Source>,
    /// They in the order of keys, by their places there.
    entries: Vec<Entry>,
    spare: Vec<Entry>,
    /// For each rank how many of them went there, in that order.
    sent: Vec<usize>,
    /// For each rank how many bodies came from there.
    came: Vec<usize>,
    /// The bodies of the domain in the order of keys, by their places among those that came.
    places: Vec<Entry>,
    /// The bodies of the domain in this order, then those of leaves of other domains.
    pub columns: Columns,
    /// Which bodies of the domain are active, in this order; empty: all.
    pub active: Vec<u8>,
    pub groups: Vec<Range<u32>>,
    pub bundles: Vec<Range<u32>>,
    pub nodes: Nodes,
    /// What acts on the bodies of the domain.
    pub sums: [Vec<f32>; 4],
    /// Interactions of each group.
    pub group_costs: Vec<u32>,
}

/// A body in the units of the kernels, as it goes to another domain's rank.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
struct Lent {
    position: [f64; 3],
    gm: f64,
}

/// What acts on a body, on its way back, and what that cost.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
struct Acting {
    sums: [f32; 4],
    cost: u32,
}

/// What a body costs that isn't active, in interactions: its key, its place in the tree.
const IDLE_COST: u64 = 300;

/// All ranks of a communicator.
pub(super) struct AllRanks<'a>(pub &'a Comm);

impl Together for AllRanks<'_> {
    fn largest(&mut self, numbers: &mut [f64]) {
        self.0.all_reduce_max_into(numbers);
    }

    fn sum(&mut self, counts: &mut [u64]) {
        self.0.all_reduce_sum_into(counts);
    }
}

impl Part {
    /// The unit of length.
    pub(super) fn length(&self) -> f64 {
        self.length
    }

    /// Makes this rank's part of the tree of all bodies. All ranks.
    pub(super) fn take(
        &mut self,
        comm: &Comm,
        bodies: &[Source],
        wanted: Wanted<'_>,
        opening: Opening,
        spent: &mut Spent,
    ) {
        let Wanted { active, last, .. } = wanted;
        let theta = opening.theta;
        let start = Instant::now();
        let cube = Cube::around(bodies, &mut AllRanks(comm));
        self.length = cube.half();
        self.gm = unit_of_gm(comm, bodies);
        self.sort(bodies, cube);
        spent.sort = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let cuts = self.cut(comm, active);
        let bodies = self.gather(comm, &cuts);
        let keys = self.merge(&bodies, cube);
        self.gather_wanted(comm, active, last, opening.relative);
        spent.domains = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let strays = self.write_columns(&bodies, cube);
        let mine = cuts[comm.rank()]..cuts[comm.rank() + 1];
        let mut part = Cells::below(tops(mine.start, mine.end, &keys), &keys, &strays);
        fill(&mut part.cells, &self.columns);
        spent.build = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let all = self.complete(comm, part.cells, theta, spent);
        spent.essential = start.elapsed().as_secs_f64();
        let start = Instant::now();
        self.nodes.take(&all, theta);
        self.groups = part.groups;
        self.bundles = part.bundles;
        self.group_costs.clear();
        for sums in &mut self.sums {
            sums.clear();
            sums.resize(keys.len(), 0.0);
        }
        spent.build += start.elapsed().as_secs_f64();
    }

    /// Sorts this rank's own bodies. It begins with the order of the last time, which is nearly right: so what is read together lies together.
    fn sort(&mut self, bodies: &[Source], cube: Cube) {
        if self.order.len() != bodies.len() {
            self.order = (0..bodies.len() as u32).collect();
            self.costs = vec![1; bodies.len()];
        }
        self.own.clear();
        self.own.extend(self.order.iter().map(|&index| bodies[index as usize]));
        self.entries.clear();
        let entry = |(place, body): (usize, &Source)| Entry { key: key(cube.unit(body.position)), index: place as u32 };
        self.entries.extend(self.own.iter().enumerate().map(entry));
        let Part { own, entries, spare, order, .. } = self;
        sort(entries, spare, |place| own[place as usize].id);
        *order = entries.iter().map(|entry| order[entry.index as usize]).collect();
    }

    /// The first keys of all domains. All ranks.
    fn cut(&self, comm: &Comm, active: Option<&[bool]>) -> Vec<u64> {
        if comm.size() == 1 {
            return vec![0, END];
        }
        let keys: Vec<u64> = self.entries.iter().map(|entry| entry.key).collect();
        let mut before = Vec::with_capacity(keys.len() + 1);
        let mut sum = 0;
        for (entry, &body) in self.entries.iter().zip(&self.order) {
            before.push(sum);
            let cost = u64::from(self.costs[entry.index as usize]);
            sum += active.map_or(cost, |active| IDLE_COST + if active[body as usize] { cost } else { 0 });
        }
        before.push(sum);
        cuts(comm, &keys, &before)
    }

    /// Sends each body to the rank whose domain it is in; the bodies of this one. All ranks.
    fn gather(&mut self, comm: &Comm, cuts: &[u64]) -> Vec<Source> {
        let ends = cuts[1..].iter().map(|&cut| self.entries.partition_point(|entry| entry.key < cut));
        let ends: Vec<usize> = ends.collect();
        let mut first = 0;
        let mut outgoing = Vec::with_capacity(ends.len());
        self.sent.clear();
        for end in ends {
            outgoing.push(self.entries[first..end].iter().map(|entry| self.own[entry.index as usize]).collect());
            self.sent.push(end - first);
            first = end;
        }
        let incoming: Vec<Vec<Source>> = comm.exchange(outgoing);
        self.came = incoming.iter().map(Vec::len).collect();
        match <[Vec<Source>; 1]>::try_from(incoming) {
            Ok([all]) => all,
            Err(incoming) => incoming.concat(),
        }
    }

    /// Learns which bodies of the domain are active, and how far their last accelerations make them open cells. All ranks.
    fn gather_wanted(&mut self, comm: &Comm, active: Option<&[bool]>, last: Option<&[f64]>, relative: f64) {
        self.active.clear();
        self.columns.pulls.clear();
        if let Some(active) = active {
            self.active = self.gather_each(comm, |body| u8::from(active[body]));
        }
        if let Some(last) = last.filter(|_| relative > 0.0) {
            // 1/√(α a), with a in the units of the kernels.
            let scale = relative * self.length * self.length / self.gm;
            let pull = |body: usize| ((1.0 / (scale * last[body]).sqrt()) as f32).min(f32::MAX);
            self.columns.pulls = self.gather_each(comm, pull);
        }
    }

    /// What the bodies of the domain have on the ranks that gave them. All ranks.
    fn gather_each<T: Pod>(&self, comm: &Comm, of: impl Fn(usize) -> T) -> Vec<T> {
        let mut all = self.order.iter().map(|&body| of(body as usize));
        let outgoing = self.sent.iter().map(|&count| all.by_ref().take(count).collect()).collect();
        let incoming: Vec<T> = comm.exchange(outgoing).concat();
        self.places.iter().map(|place| incoming[place.index as usize]).collect()
    }

    /// Puts the bodies of the domain, which come in one sorted run from each rank, in the order of keys; the keys.
    fn merge(&mut self, bodies: &[Source], cube: Cube) -> Vec<u64> {
        self.places.clear();
        let entry = |(index, body): (usize, &Source)| Entry { key: key(cube.unit(body.position)), index: index as u32 };
        self.places.extend(bodies.iter().enumerate().map(entry));
        sort(&mut self.places, &mut self.spare, |place| bodies[place as usize].id);
        self.places.iter().map(|entry| entry.key).collect()
    }

    /// Writes the bodies of the domain as the kernels read them; those outside the cube.
    fn write_columns(&mut self, bodies: &[Source], cube: Cube) -> Vec<u32> {
        let mut strays = Vec::new();
        self.columns.resize(bodies.len());
        let per_gm = 1.0 / self.gm;
        for (i, entry) in self.places.iter().enumerate() {
            let body = &bodies[entry.index as usize];
            let unit = cube.unit(body.position);
            self.columns.write(i, unit, (body.gm * per_gm) as f32);
            if Cube::is_stray(unit) {
                strays.push(i as u32);
            }
        }
        strays
    }

    /// All cells of the tree that groups of this rank may look at, and the bodies of leaves that they may open. All ranks.
    fn complete(&mut self, comm: &Comm, part: Vec<Cell>, theta: f64, spent: &mut Spent) -> Vec<Cell> {
        let own = self.columns.len();
        let tree = essential::Part::new(&part, theta);
        let tops = comm.all_gather(&tree.tops());
        let covering = covering(&part, own, Active(&self.active), &self.columns.pulls);
        let boxes = comm.all_gather(&covering);
        let counts = comm.all_gather(&[covering.len() as u64]);
        let mut cells = Vec::with_capacity(comm.size());
        let mut bodies = Vec::with_capacity(comm.size());
        let mut rest = &boxes[..];
        for (rank, &count) in counts.iter().enumerate() {
            let (boxes, later) = rest.split_at(count as usize);
            rest = later;
            let found = if rank == comm.rank() { Essential::default() } else { tree.essential(boxes) };
            cells.push(found.cells);
            bodies.push(found.bodies.iter().map(|&i| self.lent(i as usize)).collect());
        }
        let cells = comm.exchange(cells);
        let bodies: Vec<Vec<Lent>> = comm.exchange(bodies);
        let mut all = part;
        all.extend(above(&tops));
        let mut first = own;
        self.columns.resize(own + bodies.iter().map(Vec::len).sum::<usize>());
        for (cells, bodies) in cells.iter().zip(&bodies) {
            all.extend(cells.iter().map(|cell| Cell { first: cell.first + first as u32, ..*cell }));
            for (i, lent) in bodies.iter().enumerate() {
                self.columns.write(first + i, lent.position, lent.gm as f32);
            }
            first += bodies.len();
            spent.received += (size_of_val(&cells[..]) + size_of_val(&bodies[..])) as u64;
        }
        if comm.size() > 1 {
            all.sort_by_key(|cell| cell.place);
        }
        all
    }

    fn lent(&self, i: usize) -> Lent {
        Lent { position: self.columns.position(i), gm: self.columns.gm[i].into() }
    }

    /// Brings forces and costs back to the ranks that gave the bodies, in their order. All ranks.
    pub(super) fn give_back(&mut self, comm: &Comm, potential: bool, field: &mut Field, spent: &mut Spent) {
        let start = Instant::now();
        let mut back = vec![Acting::zeroed(); self.places.len()];
        for (group, &cost) in self.groups.iter().zip(&self.group_costs) {
            let active = Active(&self.active);
            let targets = (group.start as usize..group.end as usize).filter(|&i| active.has(i));
            let share = cost / (targets.clone().count().max(1) as u32);
            for i in targets {
                let sums = [0, 1, 2, 3].map(|c| self.sums[c][i]);
                back[self.places[i].index as usize] = Acting { sums, cost: share };
            }
        }
        let ends = self.came.iter().rev().map(|&count| back.split_off(back.len() - count));
        let mut parts: Vec<Vec<Acting>> = ends.collect();
        parts.reverse();
        let acting = comm.exchange(parts);
        let count = self.order.len();
        assert_eq!(acting.iter().map(Vec::len).sum::<usize>(), count, "no body is lost or doubled");
        field.acceleration.resize(count, [0.0; 3]);
        field.potential.resize(if potential { count } else { 0 }, 0.0);
        let unit = self.gm / self.length;
        let before = std::mem::take(&mut self.costs);
        let places = self.order.iter().zip(&self.entries);
        for ((&index, entry), Acting { sums: [x, y, z, depth], cost }) in places.zip(acting.iter().flatten()) {
            let index = index as usize;
            field.acceleration[index] = [x, y, z].map(|a| f64::from(*a) * (unit / self.length));
            self.costs.push(if *cost == 0 { before[entry.index as usize] } else { *cost });
            if potential {
                field.potential[index] = 0.0 - f64::from(*depth) * unit;
            }
        }
        spent.domains += start.elapsed().as_secs_f64();
    }
}

/// The unit of G m: a power of two that all bodies together don't reach. All ranks.
fn unit_of_gm(comm: &Comm, bodies: &[Source]) -> f64 {
    let most = comm.all_reduce_max(bodies.iter().map(|body| body.gm).fold(0.0, f64::max));
    let count = comm.all_reduce_sum(bodies.len() as u64);
    super::cube::power_of_two(most * count as f64)
}
