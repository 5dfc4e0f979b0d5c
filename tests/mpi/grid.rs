//! Halo exchanges and boundaries: each halo cell holds the number of the cell that belongs there.

use divisi::Comm;
use divisi::bytemuck::Pod;
use divisi::grid::{Boundaries, Boundary, Field, Grid, Halo, HaloShape, Layout, Node};
use divisi::io::Element;

pub(crate) const CHECKS: &[super::Check] = &[
    ("halos are filled in one dimension", one_dimension),
    ("halos are filled in two dimensions", two_dimensions),
    ("halos are filled in three dimensions", three_dimensions),
    ("halos are filled for numbers of four bytes", small_numbers),
    ("many halo exchanges keep apart", many_exchanges),
    ("exchanges of two halos mix", two_halos),
    ("halos of dropped exchanges give their memory back", many_halos),
    ("waiting for halo data drives other messages", late_ranks),
    ("sides that wait are those of other ranks", waits),
    ("halo messages and bytes are as promised", counted),
    ("halos that don't fit are refused", refused),
];

const NODES: [Node; 2] = [Node::Shared, Node::Messages];
const COMPONENTS: usize = 2;

/// A grid to be cut: cells, blocks, width of the halo.
type Case<const D: usize> = ([usize; D], [usize; D], [usize; D]);

/// A number of its own for each cell, component and round.
fn number<const D: usize>(component: usize, index: [i64; D], round: i64) -> i64 {
    let place = index.iter().rev().fold(0, |sum, i| 40 * sum + i);
    1 + component as i64 + 3 * (place + 64_000 * (round % 100))
}

/// The cells of a block with `width` layers of halo, as local cell and global index.
fn cells<const D: usize>(layout: &Layout<D>, block: usize, width: [usize; D]) -> Vec<([isize; D], [i64; D])> {
    let range = layout.range(block);
    let extent = layout.extent(block);
    let spans: [i64; D] = std::array::from_fn(|a| (extent[a] + 2 * width[a]) as i64);
    let cell = |number: i64| {
        let mut rest = number;
        let cell = std::array::from_fn(|a| {
            let place = rest % spans[a];
            rest /= spans[a];
            place as isize - width[a] as isize
        });
        (cell, std::array::from_fn(|a| range[a].start as i64 + cell[a] as i64))
    };
    (0..spans.iter().product()).map(cell).collect()
}

/// The fields of this rank, with numbers in the interior and zeros in a halo that is wider than needed.
fn fields<T: Pod, const D: usize>(
    comm: &Comm,
    layout: &Layout<D>,
    width: [usize; D],
    round: i64,
    convert: fn(i64) -> T,
) -> Vec<Field<T, D>> {
    let field = |block| {
        let mut field = Field::new(layout.extent(block), COMPONENTS, width.map(|w| w + 1));
        for component in 0..COMPONENTS {
            let numbers = cells(layout, block, [0; D]).into_iter().map(|(_, index)| number(component, index, round));
            field.fill_interior(component, &numbers.map(convert).collect::<Vec<_>>());
        }
        field
    };
    layout.of_rank(comm.rank()).map(field).collect()
}

/// What a cell holds after an exchange and outflow beyond the box.
fn expected<const D: usize>(layout: &Layout<D>, index: [i64; D]) -> [i64; D] {
    let cells = layout.grid().cells();
    let periodic = layout.periodic();
    std::array::from_fn(|a| {
        if periodic[a] { index[a].rem_euclid(cells[a] as i64) } else { index[a].clamp(0, cells[a] as i64 - 1) }
    })
}

/// Whether a cell is an edge or corner that is within the box, which an exchange of faces leaves out.
fn is_left_out<const D: usize>(layout: &Layout<D>, block: usize, cell: [isize; D], index: [i64; D]) -> bool {
    let extent = layout.extent(block);
    let cells = layout.grid().cells();
    let filled_by_exchange = |a: usize| {
        let outside = cell[a] < 0 || cell[a] >= extent[a] as isize;
        outside && (layout.periodic()[a] || (0..cells[a] as i64).contains(&index[a]))
    };
    (0..D).filter(|&a| filled_by_exchange(a)).count() > 1
}

fn check<T: Pod + PartialEq + std::fmt::Debug, const D: usize>(
    layout: &Layout<D>,
    shape: &HaloShape<D>,
    comm: &Comm,
    fields: &[Field<T, D>],
    round: i64,
    convert: fn(i64) -> T,
) {
    for (block, field) in layout.of_rank(comm.rank()).zip(fields) {
        for (cell, index) in cells(layout, block, shape.width) {
            if shape.corners || !is_left_out(layout, block, cell, index) {
                for component in 0..COMPONENTS {
                    let wanted = convert(number(component, expected(layout, index), round));
                    assert_eq!(field.at(component, cell), wanted, "{component} at {index:?}, {shape:?}, {layout:?}");
                }
            }
        }
    }
}

fn boundaries<T: Element, const D: usize>(layout: &Layout<D>) -> Boundaries<T, D> {
    let kind = |periodic| if periodic { Boundary::Periodic } else { Boundary::Outflow };
    Boundaries { kinds: layout.periodic().map(|periodic| [kind(periodic); 2]), ..Boundaries::all(Boundary::Outflow) }
}

fn fill<T: Element, const D: usize>(comm: &Comm, layout: &Layout<D>, width: [usize; D], fields: &mut [Field<T, D>]) {
    for (block, field) in layout.of_rank(comm.rank()).zip(fields) {
        boundaries(layout).fill(layout, block, field, width, &mut |_, _, _, _| unreachable!("no side is the user's"));
    }
}

fn layout<const D: usize>(comm: &Comm, (cells, blocks, _): &Case<D>, periodic: [bool; D]) -> Layout<D> {
    let grid = Grid::new(*cells, [0.0; D], [1.0; D]).expect("a grid");
    Layout::new(grid, *blocks, comm.size(), periodic).expect("as many blocks as ranks at least")
}

/// One exchange of a case, in all ways.
fn one_case<T: Element, const D: usize>(comm: &Comm, case: Case<D>, convert: fn(i64) -> T) {
    if case.1.iter().product::<usize>() < comm.size() {
        return;
    }
    for pattern in [0, 1, (1 << D) - 1] {
        let layout = layout(comm, &case, std::array::from_fn(|a| pattern >> a & 1 == 1));
        for (node, corners) in NODES.into_iter().flat_map(|node| [(node, false), (node, true)]) {
            let shape = if corners { HaloShape::full(COMPONENTS, case.2) } else { HaloShape::star(COMPONENTS, case.2) };
            let mut halo = Halo::new(comm, &layout, shape.clone(), node).expect("a halo that fits");
            let mut fields = fields(comm, &layout, case.2, 0, convert);
            halo.exchange(&mut fields);
            fill(comm, &layout, case.2, &mut fields);
            check(&layout, &shape, comm, &fields, 0, convert);
        }
    }
}

fn one_dimension(comm: &Comm) {
    for case in [([37], [4], [3]), ([17], [5], [1]), ([11], [1], [2]), ([23], [2], [2]), ([31], [3], [3])] {
        one_case(comm, case, |number| number as f64);
    }
}

fn two_dimensions(comm: &Comm) {
    let cases = [
        ([13, 7], [1, 4], [1, 1]),
        ([13, 11], [3, 3], [2, 2]),
        ([9, 14], [2, 2], [3, 3]),
        ([9, 7], [3, 1], [3, 0]),
        ([12, 1], [4, 1], [2, 0]),
        ([7, 9], [1, 1], [2, 3]),
    ];
    cases.into_iter().for_each(|case| one_case(comm, case, |number| number as f64));
}

fn three_dimensions(comm: &Comm) {
    let cases = [
        ([9, 7, 5], [1, 2, 2], [2, 2, 2]),
        ([11, 8, 7], [2, 2, 2], [3, 3, 3]),
        ([7, 5, 6], [3, 1, 2], [1, 2, 3]),
        ([8, 7, 5], [1, 1, 4], [4, 3, 1]),
        ([13, 1, 6], [4, 1, 1], [2, 0, 2]),
        ([13, 7, 5], [1, 1, 1], [5, 2, 2]),
    ];
    cases.into_iter().for_each(|case| one_case(comm, case, |number| number as f64));
}

fn small_numbers(comm: &Comm) {
    one_case(comm, ([9, 7, 5], [2, 2, 2], [2, 2, 2]), |number| number as i32);
    one_case(comm, ([9, 14], [1, 4], [3, 2]), |number| number as f32);
}

/// The case for checks of many exchanges.
fn small(comm: &Comm) -> Layout<3> {
    layout(comm, &([7, 6, 5], [2, 2, 2], [1; 3]), [true; 3])
}

fn many_exchanges(comm: &Comm) {
    let layout = small(comm);
    let width = [2; 3];
    for node in NODES {
        let shape = HaloShape::full(COMPONENTS, width);
        let mut halo = Halo::new(comm, &layout, shape.clone(), node).unwrap();
        for round in 0..300 {
            let mut fields = fields(comm, &layout, width, round, |number| number);
            halo.start(&mut fields);
            // Ranks drift apart: a different one is slow in each round.
            if round % 7 == comm.rank() as i64 {
                std::thread::sleep(std::time::Duration::from_micros(200));
            }
            halo.finish(&mut fields);
            if round % 5 == 0 || round > 290 {
                check(&layout, &shape, comm, &fields, round, |number| number);
            }
        }
    }
}

fn two_halos(comm: &Comm) {
    let layout = small(comm);
    let shape = |width| {
        if width == 2 { HaloShape::full(COMPONENTS, [width; 3]) } else { HaloShape::star(COMPONENTS, [width; 3]) }
    };
    for (first, second) in
        [(Node::Shared, Node::Messages), (Node::Messages, Node::Messages), (Node::Shared, Node::Shared)]
    {
        let mut wide = Halo::new(comm, &layout, shape(2), first).unwrap();
        let mut narrow = Halo::new(comm, &layout, shape(1), second).unwrap();
        for round in 0..20 {
            let mut a = fields(comm, &layout, [2; 3], round, |number| number);
            let mut b = fields(comm, &layout, [2; 3], round + 50, |number| number as f64);
            wide.start(&mut a);
            narrow.start(&mut b);
            match round % 2 {
                0 => (wide.finish(&mut a), narrow.finish(&mut b)).1,
                _ => (narrow.finish(&mut b), wide.finish(&mut a)).1,
            }
            check(&layout, &shape(2), comm, &a, round, |number| number);
            check(&layout, &shape(1), comm, &b, round + 50, |number| number as f64);
        }
    }
}

fn many_halos(comm: &Comm) {
    let layout = small(comm);
    let shape = HaloShape::star(COMPONENTS, [1; 3]);
    let before = shared_pages();
    let mut kept = Vec::new();
    for round in 0..40 {
        let mut halo = Halo::new(comm, &layout, shape.clone(), Node::Shared).unwrap();
        let mut fields = fields(comm, &layout, [1; 3], round, |number| number);
        halo.exchange(&mut fields);
        check(&layout, &shape, comm, &fields, round, |number| number);
        // Some are kept on all ranks, one on a single rank.
        if round % 20 == 0 || (round == 5 && comm.is_root()) {
            kept.push(halo);
        }
    }
    let mapped = shared_pages() - before;
    assert!(mapped <= 8, "{mapped} segments are still mapped");
}

/// How many shared segments of windows this process has mapped.
fn shared_pages() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    maps.lines().filter(|line| line.contains("osc") || line.contains("mpich_sh")).count()
}

fn late_ranks(comm: &Comm) {
    let layout = small(comm);
    let width = [1; 3];
    let shape = HaloShape::full(COMPONENTS, width);
    let mut halo = Halo::new(comm, &layout, shape.clone(), Node::Shared).unwrap();
    let large = vec![comm.rank() as u64; 100_000];
    let next = (comm.rank() + 1) % comm.size();
    let before = (comm.rank() + comm.size() - 1) % comm.size();
    for round in 0..5 {
        let pending = comm.immediate_receive::<u64>(large.len(), before, 9);
        let mut fields = fields(comm, &layout, width, round, |number| number);
        // Odd ranks come late: they wait until a large message is taken by a rank that waits for their halo data meanwhile.
        if comm.rank() % 2 == 1 {
            comm.send(&large, next, 9);
        }
        halo.exchange(&mut fields);
        if comm.rank().is_multiple_of(2) {
            comm.send(&large, next, 9);
        }
        assert_eq!(pending.wait(), vec![before as u64; large.len()]);
        check(&layout, &shape, comm, &fields, round, |number| number);
    }
}

fn waits(comm: &Comm) {
    let layout = layout(comm, &([4, 8], [1, 4], [1; 2]), [true, false]);
    let shape = HaloShape::star(1, [1, 1]);
    let halo = Halo::<f64, 2>::new(comm, &layout, shape, Node::Shared).unwrap();
    for (place, block) in layout.of_rank(comm.rank()).enumerate() {
        let other = |block: Option<usize>| block.is_some_and(|block| layout.owner(block) != comm.rank());
        let [low, high] = [block.checked_sub(1), Some(block + 1).filter(|&block| block < 4)].map(other);
        assert_eq!(halo.waits(place), [[false, false], [low, high]]);
    }
}

fn counted(comm: &Comm) {
    let layout = layout(comm, &([6, 5, 8], [1, 1, comm.size()], [1; 3]), [true; 3]);
    let shape = HaloShape::star(COMPONENTS, [2, 2, 1]);
    let peers = match comm.size() {
        1 => 0,
        2 => 1,
        _ => 2,
    };
    let sides = if comm.size() == 1 { 0 } else { 2 };
    let next = (comm.rank() + 1) % comm.size();
    let mailed = || comm.traffic().sent_by_rank().get(next).map_or(0, |sent| sent.mail_bytes);
    let mailed_before = mailed();
    for (node, phase) in NODES.into_iter().zip(["shared", "as messages"]) {
        let mut halo = Halo::new(comm, &layout, shape.clone(), node).unwrap();
        assert_eq!(halo.bytes_per_exchange(), (peers, sides * 6 * 5 * COMPONENTS as u64 * 8));
        let mut fields = fields(comm, &layout, [2; 3], 0, |number| number as f64);
        let _phase = comm.phase(phase);
        (0..3).for_each(|_| halo.exchange(&mut fields));
    }
    comm.barrier();
    let counts = |name| comm.traffic().phases().into_iter().find(|(known, _)| *known == name).unwrap().1;
    let [shared, sent] = ["shared", "as messages"].map(counts);
    assert_eq!((shared.messages, shared.bytes), (0, 0));
    assert_eq!((sent.messages, sent.bytes), (3 * peers, 3 * sides * 480));
    assert_eq!(mailed() - mailed_before, 3 * sides * 480 / peers.max(1), "through shared memory to the next rank");
}

fn refused(comm: &Comm) {
    let layout = layout(comm, &([16, 9], [1, 4], [1; 2]), [true; 2]);
    let refusal = |layout: &Layout<2>, width| {
        let shape = HaloShape::star(1, width);
        Halo::<f64, 2>::new(comm, layout, shape, Node::Shared).err().expect("a refusal").to_string()
    };
    assert!(refusal(&layout, [2, 3]).contains("2 cells per block along y: the halo takes 3"));
    let other = Layout::new(layout.grid().clone(), [1, 9], comm.size() + 1, [true; 2]).unwrap();
    assert!(refusal(&other, [1, 1]).contains("in the layout"));
}
