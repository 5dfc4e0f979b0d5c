//! Which cells go where in a halo exchange: pure arithmetic on the layout.
//!
//! The part of a block's halo that lies in one direction (a side, an edge, a corner) is a copy of cells of the neighbour in
//! that direction. Between two ranks all parts travel as one packed message, in the order of the receiving block, then of the
//! direction; sender and receiver work out the same order.

use super::HaloShape;
use super::region::Region;
use crate::grid::layout::Layout;

/// All copies that a rank takes part in.
pub(super) struct Plan<const D: usize> {
    /// Other ranks, ascending.
    pub(super) peers: Vec<PeerPlan<D>>,
    /// Copies between this rank's own blocks: from, to.
    pub(super) local: Vec<[Region<D>; 2]>,
}

/// What is exchanged with one other rank, in the order of packing.
pub(super) struct PeerPlan<const D: usize> {
    pub(super) rank: usize,
    /// Interior cells of this rank.
    pub(super) sends: Vec<Region<D>>,
    /// Halo cells of this rank.
    pub(super) receives: Vec<Region<D>>,
}

/// One part of a block's halo and where it comes from, as block numbers.
#[derive(Clone, Copy)]
struct Part<const D: usize> {
    from: usize,
    to: usize,
    /// From `to` towards `from`.
    direction: [i8; D],
}

impl<const D: usize> Plan<D> {
    pub(super) fn new(layout: &Layout<D>, shape: &HaloShape<D>, rank: usize) -> Self {
        let directions = directions(shape);
        let mine = layout.of_rank(rank);
        let mut peers = Vec::new();
        let mut local = Vec::new();
        for part in incoming(layout, &directions, rank) {
            let halo = outside(layout, shape, &part, mine.start);
            match layout.owner(part.from) {
                owner if owner == rank => local.push([inside(layout, shape, &part, mine.start), halo]),
                owner => peer(&mut peers, owner).receives.push(halo),
            }
        }
        for part in outgoing(layout, &directions, rank) {
            peer(&mut peers, layout.owner(part.to)).sends.push(inside(layout, shape, &part, mine.start));
        }
        Plan { peers, local }
    }
}

/// The peer of that rank, added in ascending order if it is new.
fn peer<const D: usize>(peers: &mut Vec<PeerPlan<D>>, rank: usize) -> &mut PeerPlan<D> {
    let place = peers.binary_search_by_key(&rank, |peer| peer.rank).unwrap_or_else(|place| {
        peers.insert(place, PeerPlan { rank, sends: Vec::new(), receives: Vec::new() });
        place
    });
    &mut peers[place]
}

/// The directions in which the halo is filled, in a fixed order.
fn directions<const D: usize>(shape: &HaloShape<D>) -> Vec<[i8; D]> {
    let code = |number: usize| std::array::from_fn(|axis| (number / 3usize.pow(axis as u32) % 3) as i8 - 1);
    let steps = |direction: &[i8; D]| direction.iter().filter(|&&step| step != 0).count();
    let has_width = |direction: &[i8; D]| (0..D).all(|axis| direction[axis] == 0 || shape.width[axis] > 0);
    let wanted = |direction: &[i8; D]| steps(direction) == 1 || (shape.corners && steps(direction) > 1);
    (0..3usize.pow(D as u32)).map(code).filter(|direction| wanted(direction) && has_width(direction)).collect()
}

/// All parts of the halos of a rank's blocks, in the order of packing.
fn incoming<const D: usize>(layout: &Layout<D>, directions: &[[i8; D]], rank: usize) -> Vec<Part<D>> {
    let parts = layout.of_rank(rank).flat_map(|to| {
        directions.iter().filter_map(move |&direction| {
            let from = layout.neighbour(to, direction)?;
            Some(Part { from, to, direction })
        })
    });
    parts.collect()
}

/// All parts of other ranks' halos that come from a rank's blocks, in the order of packing.
fn outgoing<const D: usize>(layout: &Layout<D>, directions: &[[i8; D]], rank: usize) -> Vec<Part<D>> {
    let parts = layout.of_rank(rank).flat_map(|from| {
        directions.iter().filter_map(move |&direction| {
            let to = layout.neighbour(from, direction.map(|step| -step))?;
            (layout.owner(to) != rank).then_some(Part { from, to, direction })
        })
    });
    let mut parts: Vec<Part<D>> = parts.collect();
    let place = |direction| directions.iter().position(|&other| other == direction);
    parts.sort_by_key(|part| (part.to, place(part.direction)));
    parts
}

/// The interior cells that a part is a copy of, in the sender's block; `first` is the sender's first block.
fn inside<const D: usize>(layout: &Layout<D>, shape: &HaloShape<D>, part: &Part<D>, first: usize) -> Region<D> {
    let cells = layout.extent(part.from);
    let low = std::array::from_fn(|axis| match part.direction[axis] {
        -1 => (cells[axis] - shape.width[axis]) as isize,
        _ => 0,
    });
    Region { block: part.from - first, low, extent: extent(&cells, shape, part) }
}

/// The halo cells that a part fills, in the receiver's block; `first` is the receiver's first block.
fn outside<const D: usize>(layout: &Layout<D>, shape: &HaloShape<D>, part: &Part<D>, first: usize) -> Region<D> {
    let cells = layout.extent(part.to);
    let low = std::array::from_fn(|axis| match part.direction[axis] {
        -1 => -(shape.width[axis] as isize),
        0 => 0,
        _ => cells[axis] as isize,
    });
    Region { block: part.to - first, low, extent: extent(&cells, shape, part) }
}

fn extent<const D: usize>(cells: &[usize; D], shape: &HaloShape<D>, part: &Part<D>) -> [usize; D] {
    std::array::from_fn(|axis| if part.direction[axis] == 0 { cells[axis] } else { shape.width[axis] })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::grid::halo::region::{copy_local, pack, unpack};
    use crate::grid::{Field, Grid};

    const WIDTH: [usize; 3] = [3, 2, 1];

    fn number(component: usize, index: [usize; 3]) -> u64 {
        (component + 10 * (index[0] + 100 * (index[1] + 100 * index[2]))) as u64 + 1
    }

    /// Fields of all ranks with numbers in their interior, zero in their halo.
    fn fields(layout: &Layout<3>) -> Vec<Vec<Field<u64, 3>>> {
        let field = |block| {
            let mut field = Field::new(layout.extent(block), 2, [3; 3]);
            let range = layout.range(block);
            for component in 0..2 {
                let cells = range[2].clone().flat_map(|k| range[1].clone().map(move |j| (j, k)));
                let numbers = cells.flat_map(|(j, k)| range[0].clone().map(move |i| number(component, [i, j, k])));
                field.fill_interior(component, &numbers.collect::<Vec<_>>());
            }
            field
        };
        (0..layout.ranks()).map(|rank| layout.of_rank(rank).map(field).collect()).collect()
    }

    /// Exchanges as many ranks would, in one process.
    fn exchange(layout: &Layout<3>, shape: &HaloShape<3>, fields: &mut [Vec<Field<u64, 3>>]) {
        let plans: Vec<_> = (0..layout.ranks()).map(|rank| Plan::new(layout, shape, rank)).collect();
        let mut mail = BTreeMap::new();
        for (rank, plan) in plans.iter().enumerate() {
            for peer in &plan.peers {
                let mut buffer = vec![0; 2 * peer.sends.iter().map(Region::count).sum::<usize>()];
                peer.sends.iter().fold(0, |at, region| at + pack(region, 2, &fields[rank], &mut buffer[at..]));
                mail.insert((rank, peer.rank), buffer);
            }
            plan.local.iter().for_each(|[from, to]| copy_local(from, to, 2, &mut fields[rank]));
        }
        for (rank, plan) in plans.iter().enumerate() {
            for peer in &plan.peers {
                let buffer = mail.remove(&(peer.rank, rank)).expect("a message from each peer");
                let unpacked =
                    peer.receives.iter().fold(0, |at, region| at + unpack(region, 2, &mut fields[rank], &buffer[at..]));
                assert_eq!(unpacked, buffer.len());
            }
        }
        assert!(mail.is_empty());
    }

    /// What a halo cell must hold: zero where no block is or where corners are left out.
    fn expected(layout: &Layout<3>, corners: bool, block: usize, component: usize, cell: [isize; 3]) -> u64 {
        let range = layout.range(block);
        let cells = layout.grid().cells();
        let extent = layout.extent(block);
        let outside = (0..3).filter(|&a| cell[a] < 0 || cell[a] >= extent[a] as isize).count();
        let mut index = [0; 3];
        for axis in 0..3 {
            let place = range[axis].start as isize + cell[axis];
            let within = (0..cells[axis] as isize).contains(&place);
            if !(within || layout.periodic()[axis]) || (outside > 1 && !corners) {
                return 0;
            }
            index[axis] = place.rem_euclid(cells[axis] as isize) as usize;
        }
        number(component, index)
    }

    #[test]
    fn each_halo_cell_gets_the_cell_that_stands_there() {
        for (blocks, ranks) in [([1, 1, 1], 1), ([2, 1, 1], 2), ([1, 2, 2], 3), ([3, 2, 2], 5), ([2, 3, 3], 4)] {
            for (periodic, corners) in [([true; 3], true), ([true, false, true], true), ([false; 3], false)] {
                let grid = Grid::new([11, 7, 4], [0.0; 3], [1.0; 3]).unwrap();
                let layout = Layout::new(grid, blocks, ranks, periodic).unwrap();
                let mut fields = fields(&layout);
                exchange(&layout, &HaloShape { components: 2, width: WIDTH, corners }, &mut fields);
                for block in 0..layout.count() {
                    let rank = layout.owner(block);
                    check(&layout, corners, block, &fields[rank][block - layout.of_rank(rank).start]);
                }
            }
        }
    }

    fn check(layout: &Layout<3>, corners: bool, block: usize, field: &Field<u64, 3>) {
        let range = |axis: usize| -(WIDTH[axis] as isize)..(field.extent()[axis] + WIDTH[axis]) as isize;
        for k in range(2) {
            for j in range(1) {
                for i in range(0) {
                    for component in 0..2 {
                        let expected = expected(layout, corners, block, component, [i, j, k]);
                        assert_eq!(field.at(component, [i, j, k]), expected, "{i} {j} {k} of {block} in {layout:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn each_pair_of_ranks_has_one_message_and_thin_axes_have_none() {
        let grid = Grid::new([8, 8, 1], [0.0; 3], [1.0; 3]).unwrap();
        let layout = Layout::new(grid, [4, 4, 1], 2, [true; 3]).unwrap();
        let plan = Plan::new(&layout, &HaloShape { components: 1, width: [2, 2, 0], corners: false }, 0);
        assert_eq!(plan.peers.len(), 1);
        assert_eq!((plan.peers[0].rank, plan.peers[0].sends.len(), plan.peers[0].receives.len()), (1, 8, 8));
        assert_eq!(plan.local.len(), 8 * 4 - 8);
    }

    /// Messages and cells by the formulas of docs/explanation/grids.md, for a rank with one block.
    fn by_formula(layout: &Layout<3>, shape: &HaloShape<3>, rank: usize) -> (usize, usize) {
        let beside = |axis: usize| {
            let step = |step| {
                let mut direction = [0; 3];
                direction[axis] = step;
                layout.neighbour(rank, direction)
            };
            [step(-1), step(1)]
        };
        let n = layout.extent(rank);
        let grown = |a: usize| n[a] + beside(a).iter().flatten().count() * shape.width[a];
        let others = |a: usize| {
            let mut others: Vec<usize> = beside(a).into_iter().flatten().filter(|&block| block != rank).collect();
            others.dedup();
            others.len()
        };
        let (cut, whole): (Vec<usize>, Vec<usize>) = (0..3).partition(|&a| layout.blocks()[a] > 1);
        if shape.corners {
            let (after, before): (usize, usize) =
                (cut.iter().map(|&a| grown(a)).product(), cut.iter().map(|&a| n[a]).product());
            let along: usize = whole.iter().map(|&a| grown(a)).product();
            return ((0..3).map(|a| 1 + others(a)).product::<usize>() - 1, (after - before) * along);
        }
        let face = |a: usize| (0..3).filter(|&b| b != a).map(|b| n[b]).product::<usize>();
        ((0..3).map(others).sum(), cut.iter().map(|&a| (grown(a) - n[a]) * face(a)).sum())
    }

    #[test]
    fn messages_and_cells_are_those_of_the_formulas() {
        for blocks in [[2, 2, 2], [3, 3, 3], [4, 4, 4], [1, 8, 8], [1, 2, 4], [1, 1, 64], [27, 1, 1]] {
            for (periodic, corners) in
                [([true; 3], false), ([true; 3], true), ([false, true, false], true), ([false; 3], false)]
            {
                let grid = Grid::new([97, 83, 131], [0.0; 3], [1.0; 3]).unwrap();
                let layout = Layout::new(grid, blocks, blocks.iter().product(), periodic).unwrap();
                let shape = HaloShape { components: 1, width: [2, 2, 1], corners };
                for rank in 0..layout.count() {
                    let plan = Plan::new(&layout, &shape, rank);
                    let cells = plan.peers.iter().flat_map(|peer| &peer.sends).map(Region::count).sum();
                    let wanted = by_formula(&layout, &shape, rank);
                    assert_eq!((plan.peers.len(), cells), wanted, "{rank} of {blocks:?} {periodic:?} {shape:?}");
                }
            }
        }
        let layout = Layout::new(Grid::new([256; 3], [0.0; 3], [1.0; 3]).unwrap(), [4; 3], 64, [true; 3]).unwrap();
        let sent = |corners| by_formula(&layout, &HaloShape { components: 5, width: [2; 3], corners }, 21);
        assert_eq!([sent(false), sent(true)], [(6, 1_966_080 / 40), (26, 2_091_520 / 40)]);
    }
}
