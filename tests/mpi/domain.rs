//! Domains: each cell gets what it and its neighbours make, whichever ranks have them.

use divisi::grid::{Boundaries, Boundary, CellValue, Domain, Grid, Neighbours, Node, Stencil};
use divisi::io::{CheckpointReader, Element, GridGeometry, Reader, Snapshot, Stamp, WriteOptions};
use divisi::units::Units;
use divisi::{Checkpoint, Comm};

use super::output::{done, scratch};

pub(crate) const CHECKS: &[super::Check] = &[
    ("a domain's rule sees its neighbours in one dimension", one_dimension),
    ("a domain's rule sees its neighbours in two dimensions", two_dimensions),
    ("a domain's rule sees its neighbours in three dimensions", three_dimensions),
    ("a domain's rule sees corners where its stencil has them", corners),
    ("a domain's rule sees what stands beyond the box", beyond),
    ("a domain's stages read one domain and change another", stages),
    ("a domain's rows give what its rule gives", rows),
    ("a domain is looked at with its neighbours and stays as it is", looked_at),
    ("a domain of whole numbers has walls and files of whole numbers", whole_numbers),
    ("a domain of numbers without a sign has boundaries and files, and no walls that change it", unsigned_numbers),
    ("a domain comes back from a checkpoint", checkpoint),
    ("domains that don't fit are refused", refused),
];

/// A box of cells of width 1, whose centres are their indices and a half.
fn grid<const D: usize>(cells: [usize; D]) -> Grid<D> {
    Grid::new(cells, [0.0; D], cells.map(|count| count as f64)).expect("a box")
}

/// A number of its own for each cell.
fn number<const D: usize>(index: [i64; D]) -> f64 {
    1.0 + index.iter().rev().fold(0, |sum, i| 50 * sum + i) as f64
}

/// The global index of the cell with this centre.
fn index_of<const D: usize>(center: [f64; D]) -> [i64; D] {
    center.map(|x| x.floor() as i64)
}

fn domain<C: CellValue, const D: usize>(
    comm: &Comm,
    cells: [usize; D],
    boundaries: &Boundaries<C::Number, D>,
    stencil: Stencil,
) -> Domain<C, D> {
    Domain::new(comm, &grid(cells), boundaries, stencil, Node::Shared).expect("a domain")
}

/// Weights neighbours at these offsets so that none can stand for another, in a periodic box, twice.
fn weigh<const D: usize>(comm: &Comm, cells: [usize; D], stencil: Stencil, offsets: &[[isize; D]]) {
    let mut domain = domain(comm, cells, &Boundaries::all(Boundary::Periodic), stencil);
    domain.fill(|center| number(index_of(center)));
    let weight = |place: usize| (place + 1) as f64;
    let rule = |cell: &Neighbours<'_, f64, D>| {
        assert_eq!(index_of(cell.center()), cell.index().map(|index| index as i64));
        offsets.iter().enumerate().map(|(place, &offset)| weight(place) * cell.at(offset)).sum::<f64>()
    };
    let expected = |index: [i64; D], before: &dyn Fn([i64; D]) -> f64| {
        let wrapped = |offset: &[isize; D]| {
            std::array::from_fn(|axis| (index[axis] + offset[axis] as i64).rem_euclid(cells[axis] as i64))
        };
        offsets.iter().enumerate().map(|(place, offset)| weight(place) * before(wrapped(offset))).sum::<f64>()
    };
    let once = |index| expected(index, &number);
    let twice = |index| expected(index, &once);
    domain.update(rule);
    for (center, value) in domain.centers().zip(domain.cells()) {
        assert_eq!(value, once(index_of(center)), "{center:?}");
    }
    domain.update(rule);
    for (center, value) in domain.centers().zip(domain.cells()) {
        assert_eq!(value, twice(index_of(center)), "{center:?}");
    }
}

fn one_dimension(comm: &Comm) {
    weigh(comm, [13], Stencil::star(1), &[[-1], [0], [1]]);
    weigh(comm, [13], Stencil::star(3), &[[-3], [2], [-1], [0]]);
}

fn two_dimensions(comm: &Comm) {
    weigh(comm, [9, 8], Stencil::star(1), &[[-1, 0], [1, 0], [0, -1], [0, 1], [0, 0]]);
    weigh(comm, [9, 8], Stencil::star(2), &[[-2, 0], [1, 0], [0, -1], [0, 2]]);
    weigh(comm, [40, 1], Stencil::star(1), &[[-1, 0], [1, 0], [0, -1]]);
}

fn three_dimensions(comm: &Comm) {
    let offsets = [[-1, 0, 0], [1, 0, 0], [0, -1, 0], [0, 1, 0], [0, 0, -1], [0, 0, 1], [0, 0, 0]];
    weigh(comm, [6, 5, 4], Stencil::star(1), &offsets);
}

fn corners(comm: &Comm) {
    weigh(comm, [9, 8], Stencil::full(1), &[[-1, -1], [1, -1], [-1, 1], [1, 1], [0, 0]]);
    weigh(comm, [6, 5, 4], Stencil::full(1), &[[-1, 1, 1], [1, -1, 0], [1, 1, -1], [0, -1, -1]]);
}

/// Walls across x, given values below y and the user's above it.
fn beyond(comm: &Comm) {
    let mut boundaries = Boundaries::all(Boundary::Periodic).walls(0, Some(1));
    boundaries.kinds[1] = [Boundary::Fixed, Boundary::User];
    boundaries.fixed[1][0] = vec![-3.0, -4.0];
    let cells = [7, 6];
    let mut domain: Domain<[f64; 2], 2> = domain(comm, cells, &boundaries, Stencil::star(1));
    domain.set_boundary(|ghost, nearest, mirrored| {
        assert_eq!(nearest, mirrored, "the first layer");
        [nearest[0] + 0.5, ghost.index[1] as f64]
    });
    let start = |index: [i64; 2]| [number(index), -number(index)];
    domain.fill(|center| start(index_of(center)));
    let seen = |index: [i64; 2]| match index {
        [-1, j] => [number([0, j]), number([0, j])],
        [7, j] => [number([6, j]), number([6, j])],
        [_, -1] => [-3.0, -4.0],
        [i, 6] => [number([i, 5]) + 0.5, 6.0],
        _ => start(index),
    };
    domain.update(|cell| {
        let sides = [[-1, 0], [1, 0], [0, -1], [0, 1]].map(|offset| cell.at(offset));
        [0, 1].map(|component| (0..4).map(|side| 10f64.powi(side as i32) * sides[side][component]).sum::<f64>())
    });
    for (center, value) in domain.centers().zip(domain.cells()) {
        let [i, j] = index_of(center);
        let sides = [[i - 1, j], [i + 1, j], [i, j - 1], [i, j + 1]].map(seen);
        let sum = |component: usize| (0..4).map(|side| 10f64.powi(side as i32) * sides[side][component]).sum::<f64>();
        assert_eq!(value, [sum(0), sum(1)], "{i}, {j}");
    }
}

fn stages(comm: &Comm) {
    let mut before: Domain<[f64; 3], 1> = domain(comm, [17], &Boundaries::all(Boundary::Periodic), Stencil::star(1));
    before.fill(|[x]| [x, 2.0 * x, 3.0 * x]);
    let mut after = before.zeros_like().expect("a domain");
    let mut slope: Domain<f64, 1> = domain(comm, [17], &Boundaries::all(Boundary::Periodic), Stencil::star(1));
    after.fill(|_| [1.0; 3]);
    after.update_from(&mut before, |cell, held| [0, 1, 2].map(|v| held[v] + cell.at([-1])[v]));
    slope.update_from(&mut after, |cell, held: f64| held + cell.at([1])[2] - cell.here()[2]);
    for ([x], value) in after.centers().zip(after.cells()) {
        let left = (x - 1.0).rem_euclid(17.0);
        assert_eq!(value, [1.0 + left, 1.0 + 2.0 * left, 1.0 + 3.0 * left]);
    }
    for ([x], value) in slope.centers().zip(slope.cells()) {
        assert_eq!(value, if x < 1.0 { -3.0 * 16.0 } else { 3.0 });
    }
    assert!(before.cells().zip(before.centers()).all(|(value, [x])| value[0] == x), "what is read stays");
}

fn rows(comm: &Comm) {
    let mut by_rule: Domain<f64, 2> = domain(comm, [23, 9], &Boundaries::all(Boundary::Outflow), Stencil::star(1));
    let mut by_rows = by_rule.zeros_like().expect("a domain");
    let start = |center| number(index_of(center));
    by_rule.fill(start);
    by_rows.fill(start);
    for _ in 0..3 {
        by_rule.update(|cell| 0.25 * (cell.at([-1, 0]) + cell.at([1, 0]) + cell.at([0, -1]) + cell.at([0, 1])));
        by_rows.update_rows(|now, next, [columns, rows]| {
            for j in rows.start as isize..rows.end as isize {
                let [below, row, above] = [j - 1, j, j + 1].map(|j| now.row(0, j, 0));
                let out = next.row_mut(0, j, 0);
                for i in columns.start + 1..columns.end + 1 {
                    out[i] = 0.25 * (row[i - 1] + row[i + 1] + below[i] + above[i]);
                }
            }
        });
    }
    assert!(by_rule.cells().eq(by_rows.cells()));
}

/// Before any update, where halos would hold nothing, and after one, where they would hold the state before.
fn looked_at(comm: &Comm) {
    let mut domain: Domain<f64, 2> = domain(comm, [9, 8], &Boundaries::all(Boundary::Periodic), Stencil::star(1));
    domain.fill(|center| number(index_of(center)));
    let difference = |cell: &Neighbours<'_, f64, 2>| cell.at([1, 0]) + 10.0 * cell.at([0, -1]) - cell.here();
    let check = |domain: &Domain<f64, 2>, factor: f64| {
        let before: Vec<f64> = domain.cells().collect();
        for (center, value) in domain.centers().zip(domain.map(difference)) {
            let [i, j] = index_of(center);
            let [right, below] = [[(i + 1) % 9, j], [i, (j + 7) % 8]].map(number);
            assert_eq!(value, factor * (right + 10.0 * below - number([i, j])), "{i}, {j}");
        }
        assert!(domain.cells().eq(before), "looking changes nothing");
    };
    check(&domain, 1.0);
    domain.update(|cell| 2.0 * cell.here());
    check(&domain, 2.0);
}

fn whole_numbers(comm: &Comm) {
    let folder = scratch(comm);
    let walls = Boundaries::all(Boundary::Periodic).walls(0, Some(0));
    let mut spins: Domain<i32, 2> = domain(comm, [8, 7], &walls, Stencil::star(1));
    spins.fill(|[x, y]| (x + 10.0 * y) as i32);
    let mut beside = spins.zeros_like().expect("a domain");
    beside.update_from(&mut spins, |cell, _| cell.at([-1, 0]));
    for ([x, y], value) in spins.centers().zip(beside.cells()) {
        let expected = if x < 1.0 { -((x + 10.0 * y) as i32) } else { (x - 1.0 + 10.0 * y) as i32 };
        assert_eq!(value, expected, "a wall changes the sign");
    }
    let stamp = Stamp::new(0.5, 3, Units::default());
    let options = WriteOptions::default();
    let mut out =
        Snapshot::create(comm, &folder.join("snapshot_000000.hdf5"), stamp.clone(), &options).expect("a file");
    let up = |spin: i32| u8::from(spin % 2 == 1);
    out.domain(&spins).field("spin", |spin| spin).unit("h").field("up", up).write().expect("fields");
    let reader = Reader::open(&out.finish().expect("a name")).expect("a snapshot");
    let kinds: Vec<String> = reader.datasets().expect("a list").into_iter().map(|entry| entry.kind).collect();
    assert!(kinds.contains(&"int32".to_owned()) && kinds.contains(&"uint8".to_owned()), "{kinds:?}");
    assert_eq!(reader.read::<i32>("VTKHDF/CellData/spin").expect("numbers")[9], 16);
    assert_eq!(reader.text("VTKHDF/CellData/spin", "unit").expect("a unit"), "h");
    assert_eq!(GridGeometry::read(&reader).expect("whole"), Some(GridGeometry::of(spins.grid(), [false, true])));
    let mut to = Checkpoint::create(comm, &folder, &stamp, &options).expect("a checkpoint");
    to.domain("spins", &spins).expect("numbers");
    let from = CheckpointReader::open(comm, &to.finish().expect("a file")).expect("the checkpoint");
    let mut again = spins.zeros_like().expect("a domain");
    again.load(&from, "spins").expect("the numbers");
    assert!(again.cells().eq(spins.cells()));
    done(comm, &folder);
}

fn unsigned_numbers(comm: &Comm) {
    unsigned::<u8>(comm, |number| number as u8, "uint8");
    unsigned::<u32>(comm, |number| number as u32, "uint32");
    unsigned::<u64>(comm, |number| number as u64, "uint64");
    let walls = Boundaries::all(Boundary::Periodic).walls(0, Some(0));
    let refused = Domain::<u8, 2>::new(comm, &grid([8, 7]), &walls, Stencil::star(1), Node::Shared);
    assert!(refused.is_err_and(|error| error.to_string().contains("no sign")));
}

/// Two numbers per cell, of walls along x that change no sign and a box that repeats itself along y.
fn unsigned<T: Element + Ord>(comm: &Comm, number: fn(f64) -> T, kind: &str) {
    let folder = scratch(comm);
    let walls = Boundaries::all(Boundary::Periodic).walls(0, None);
    let mut counts: Domain<[T; 2], 2> = domain(comm, [8, 7], &walls, Stencil::star(1));
    counts.fill(|[x, y]| [number(x + 10.0 * y), number(x)]);
    let beside = counts.map(|cell| [cell.at([-1, 0])[0], cell.at([0, 1])[0]]);
    for ([x, y], [left, above]) in counts.centers().zip(beside) {
        let expected = [(x - 1.0).max(0.5) + 10.0 * y, x + 10.0 * ((y + 1.0) % 7.0)];
        assert_eq!([left, above], expected.map(number));
    }
    let stamp = Stamp::new(0.5, 3, Units::default());
    let options = WriteOptions::default();
    let mut out =
        Snapshot::create(comm, &folder.join("snapshot_000000.hdf5"), stamp.clone(), &options).expect("a file");
    out.domain(&counts).field("count", |count| count[0]).write().expect("fields");
    let reader = Reader::open(&out.finish().expect("a name")).expect("a snapshot");
    let kinds: Vec<String> = reader.datasets().expect("a list").into_iter().map(|entry| entry.kind).collect();
    assert!(kinds.contains(&kind.to_owned()), "{kinds:?}");
    assert_eq!(reader.read::<T>("VTKHDF/CellData/count").expect("numbers")[9], number(16.5));
    let mut to = Checkpoint::create(comm, &folder, &stamp, &options).expect("a checkpoint");
    to.domain("counts", &counts).expect("numbers");
    let from = CheckpointReader::open(comm, &to.finish().expect("a file")).expect("the checkpoint");
    let mut again = counts.zeros_like().expect("a domain");
    again.load(&from, "counts").expect("the numbers");
    assert!(again.cells().eq(counts.cells()));
    done(comm, &folder);
}

fn checkpoint(comm: &Comm) {
    let folder = scratch(comm);
    let mut scalars: Domain<f64, 1> = domain(comm, [11], &Boundaries::all(Boundary::Periodic), Stencil::star(1));
    scalars.fill(|[x]| x);
    let mut vectors: Domain<[f64; 3], 2> = domain(comm, [8, 7], &Boundaries::all(Boundary::Outflow), Stencil::star(2));
    vectors.fill(|[x, y]| [x, y, x * y]);
    let stamp = Stamp::new(0.5, 3, Units::default());
    let mut to = Checkpoint::create(comm, &folder, &stamp, &WriteOptions::default()).expect("a checkpoint");
    to.domain("scalars", &scalars).expect("one number per cell");
    to.domain("vectors", &vectors).expect("three numbers per cell");
    let path = to.finish().expect("a file");
    let from = CheckpointReader::open(comm, &path).expect("the checkpoint");
    assert_eq!(from.shape("scalars").expect("a shape"), [1, 1, 11]);
    assert_eq!(from.shape("vectors").expect("a shape"), [3, 1, 7, 8]);
    let mut again = scalars.zeros_like().expect("a domain");
    again.load(&from, "scalars").expect("the numbers");
    assert!(again.cells().eq(scalars.cells()));
    let mut again = vectors.zeros_like().expect("a domain");
    again.load(&from, "vectors").expect("the numbers");
    assert!(again.cells().eq(vectors.cells()));
    assert!(scalars.load(&from, "vectors").is_err(), "another shape");
    done(comm, &folder);
}

fn refused(comm: &Comm) {
    let make = |boundaries: &Boundaries<f64, 2>, cells| {
        Domain::<f64, 2>::new(comm, &grid(cells), boundaries, Stencil::star(2), Node::Shared)
    };
    let mut mixed = Boundaries::all(Boundary::Periodic);
    mixed.kinds[1][0] = Boundary::Outflow;
    assert!(make(&mixed, [16, 16]).is_err_and(|error| error.to_string().contains("one side is periodic")));
    assert!(make(&Boundaries::all(Boundary::Periodic), [1, 64]).is_err(), "a halo wider than the block");
}
