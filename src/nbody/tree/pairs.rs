//! Interactions of one's own between bodies within reach of each other: any plain struct, any rule, as often as wanted in a step.
//!
//! In order:
//!
//! 1. bodies in the order of their keys go to ranks, an even share to each ([`even_cuts`](super::domains::even_cuts));
//! 2. each rank tells boxes that hold all within its bodies' reach, and gets the bodies that other ranks have in them;
//! 3. a binary tree of boxes over the sorted bodies leads from each body to its neighbours, for which the rule is called;
//! 4. what it finds goes back to the ranks that gave the bodies.
//!
//! A body's neighbours are those whose distance is at most its reach, to the last bit, in the order of key and id: a function of the set of bodies
//! alone. So a rule that sums over them has the same bits on any number of ranks.

use bytemuck::{Pod, Zeroable};

use super::body::Source;
use super::cube::Cube;
use super::domains::{END, even_cuts};
use super::keys::key;
use super::part::AllRanks;
use super::sort::{Entry, sort};
use crate::comm::Comm;
use crate::{Error, Result};

/// Bodies of the smallest boxes.
const LEAF: usize = 8;
/// Boxes, at most, by which a rank tells what it wants of others.
const TOLD: usize = 64;

/// Where a body is, and how far it looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// A number that no other body has: it orders bodies at one place.
    pub id: u64,
    /// Position, length.
    pub position: [f64; 3],
    /// Neighbours are all within this distance, length; not negative.
    pub reach: f64,
}

/// What `rule` finds for each of this rank's `bodies`, in their order: it is given the body and its neighbours of all ranks, itself among them. All
/// ranks.
///
/// A body may be on any rank. For pairs that both must see, as in smoothed particles, let each reach as far as the farther-reaching of the two.
///
/// # Errors
/// A position or reach that is not finite, or a negative reach, on the rank that has the body.
pub fn interactions<P: Pod, R: Pod>(
    comm: &Comm,
    bodies: &[P],
    place: impl Fn(&P) -> Place,
    rule: impl Fn(&P, &[&P]) -> R,
) -> Result<Vec<R>> {
    let _phase = comm.phase("neighbours");
    let places: Vec<Place> = bodies.iter().map(&place).collect();
    check(&places)?;
    let source = |&Place { id, position, .. }: &Place| Source { id, position, gm: 0.0 };
    let cube = Cube::around(&places.iter().map(source).collect::<Vec<_>>(), &mut AllRanks(comm));
    let given = in_order(&places, cube);
    let came = comm.exchange(shares(comm, bodies, &given));
    let counts: Vec<usize> = came.iter().map(Vec::len).collect();
    let mut all = came.concat();
    let own = all.len();
    let borrowed = borrow(comm, &all, &place, cube);
    all.extend(borrowed);
    let places: Vec<Place> = all.iter().map(&place).collect();
    let order = in_order(&places, cube);
    let points = order.iter().map(|entry| Extent::of(places[entry.index as usize].position, 0.0));
    let boxes = Boxes::new(points.collect());
    let mut found = vec![R::zeroed(); own];
    let mut neighbours = Vec::new();
    for at in order.iter().map(|entry| entry.index as usize).filter(|&at| at < own) {
        let Place { position, reach, .. } = places[at];
        let reach2 = reach * reach;
        neighbours.clear();
        boxes.visit(&|extent| extent.distance2(position) <= reach2, &mut |place| {
            neighbours.push(&all[order[place].index as usize]);
        });
        found[at] = rule(&all[at], &neighbours);
    }
    Ok(give_back(comm, &found, &counts, &given))
}

/// Refuses bodies that are nowhere.
fn check(places: &[Place]) -> Result<()> {
    let is_broken =
        |place: &&Place| !place.position.iter().chain([&place.reach]).all(|x| x.is_finite()) || place.reach < 0.0;
    match places.iter().find(is_broken) {
        Some(Place { id, position: [x, y, z], reach }) => {
            let reason = format!(
                "body {id} is at ({x}, {y}, {z}) and reaches {reach}: all must be finite, and the reach not negative"
            );
            Err(Error::Numerics { method: "neighbours", reason })
        }
        None => Ok(()),
    }
}

/// The places in the order of key and id.
fn in_order(places: &[Place], cube: Cube) -> Vec<Entry> {
    let entry = |(index, place): (usize, &Place)| Entry { key: key(cube.unit(place.position)), index: index as u32 };
    let mut entries: Vec<Entry> = places.iter().enumerate().map(entry).collect();
    sort(&mut entries, &mut Vec::new(), |index| places[index as usize].id);
    entries
}

/// The bodies for each rank. All ranks.
fn shares<P: Pod>(comm: &Comm, bodies: &[P], order: &[Entry]) -> Vec<Vec<P>> {
    let keys: Vec<u64> = order.iter().map(|entry| entry.key).collect();
    let counts: Vec<u64> = (0..=keys.len() as u64).collect();
    let mut first = 0;
    let share = |cut: u64| {
        let end = keys.partition_point(|&key| key < cut).max(first);
        let share = order[first..end].iter().map(|entry| bodies[entry.index as usize]).collect();
        first = end;
        share
    };
    even_cuts(comm, &keys, &counts).into_iter().chain([END]).map(share).collect()
}

/// The bodies of other ranks that are within reach of these. All ranks.
fn borrow<P: Pod>(comm: &Comm, own: &[P], place: &impl Fn(&P) -> Place, cube: Cube) -> Vec<P> {
    if comm.size() == 1 {
        return Vec::new();
    }
    let places: Vec<Place> = own.iter().map(place).collect();
    let order = in_order(&places, cube);
    let sorted = || order.iter().map(|entry| places[entry.index as usize]);
    let points = Boxes::new(sorted().map(|place| Extent::of(place.position, 0.0)).collect());
    let told = Boxes::new(sorted().map(|place| Extent::of(place.position, place.reach)).collect()).few();
    let counts = comm.all_gather(&[told.len() as u64]);
    let told = comm.all_gather(&told);
    let mut rest = &told[..];
    let mut outgoing = Vec::with_capacity(comm.size());
    for (rank, &count) in counts.iter().enumerate() {
        let (wanted, later) = rest.split_at(count as usize);
        rest = later;
        let mut lent = Vec::new();
        if rank != comm.rank() {
            points.visit(&|extent| wanted.iter().any(|wanted| wanted.meets(extent)), &mut |place| {
                lent.push(own[order[place].index as usize]);
            });
        }
        outgoing.push(lent);
    }
    comm.exchange(outgoing).concat()
}

/// Brings what was found back to the ranks that gave the bodies, `given` in the order in which they went. All ranks.
fn give_back<R: Pod>(comm: &Comm, found: &[R], counts: &[usize], given: &[Entry]) -> Vec<R> {
    let mut rest = found;
    let part = |&count: &usize| {
        let (part, later) = rest.split_at(count);
        rest = later;
        part.to_vec()
    };
    let back = comm.exchange(counts.iter().map(part).collect()).concat();
    assert_eq!(back.len(), given.len(), "no body is lost or doubled");
    let mut all = vec![R::zeroed(); given.len()];
    given.iter().zip(back).for_each(|(entry, found)| all[entry.index as usize] = found);
    all
}

/// A box; to be sent.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
struct Extent {
    low: [f64; 3],
    high: [f64; 3],
}

impl Extent {
    /// The box about all that is within `reach`, wider than rounding.
    fn of(position: [f64; 3], reach: f64) -> Self {
        let wider = |x: f64| if reach > 0.0 { reach * (1.0 + 1e-12) + 4.0 * f64::EPSILON * x.abs() } else { 0.0 };
        Extent { low: position.map(|x| x - wider(x)), high: position.map(|x| x + wider(x)) }
    }

    fn with(self, other: Extent) -> Self {
        Extent {
            low: [0, 1, 2].map(|c| self.low[c].min(other.low[c])),
            high: [0, 1, 2].map(|c| self.high[c].max(other.high[c])),
        }
    }

    fn meets(&self, other: &Extent) -> bool {
        (0..3).all(|c| self.low[c] <= other.high[c] && other.low[c] <= self.high[c])
    }

    /// The square of the distance to a position; of a box around a point never more than that of the point, rounding included.
    fn distance2(&self, position: [f64; 3]) -> f64 {
        let out = |c: usize| (self.low[c] - position[c]).max(position[c] - self.high[c]).max(0.0);
        out(0) * out(0) + out(1) * out(1) + out(2) * out(2)
    }
}

/// Boxes about things in order: of each, of [`LEAF`] one after another, of pairs of these, and so on up to one.
struct Boxes {
    things: Vec<Extent>,
    levels: Vec<Vec<Extent>>,
}

impl Boxes {
    fn new(things: Vec<Extent>) -> Self {
        let around = |extents: &[Extent]| extents[1..].iter().fold(extents[0], |all, &extent| all.with(extent));
        let mut levels: Vec<Vec<Extent>> = vec![things.chunks(LEAF).map(around).collect()];
        while let Some(last) = levels.last().filter(|last| last.len() > 1) {
            let next = last.chunks(2).map(around).collect();
            levels.push(next);
        }
        Boxes { things, levels }
    }

    /// At most [`TOLD`] boxes that hold all.
    fn few(&self) -> Vec<Extent> {
        self.levels.iter().find(|level| level.len() <= TOLD).cloned().unwrap_or_default()
    }

    /// Visits in order the things that `is_wanted`, which holds of a box wherever it holds of a thing inside.
    fn visit(&self, is_wanted: &impl Fn(&Extent) -> bool, found: &mut impl FnMut(usize)) {
        for root in 0..self.levels.last().map_or(0, Vec::len) {
            self.descend(self.levels.len() - 1, root, is_wanted, found);
        }
    }

    fn descend(&self, level: usize, at: usize, is_wanted: &impl Fn(&Extent) -> bool, found: &mut impl FnMut(usize)) {
        if !is_wanted(&self.levels[level][at]) {
            return;
        }
        if level == 0 {
            let end = self.things.len().min((at + 1) * LEAF);
            (at * LEAF..end).filter(|&place| is_wanted(&self.things[place])).for_each(found);
            return;
        }
        for child in 2 * at..self.levels[level - 1].len().min(2 * at + 2) {
            self.descend(level - 1, child, is_wanted, found);
        }
    }
}
