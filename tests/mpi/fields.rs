//! Fields on several blocks per rank in files: the same bytes however the grid is cut, and back on other blocks.

use divisi::grid::{Field, Grid, Layout};
use divisi::io::{CheckpointReader, Element, GridGeometry, Reader, Snapshot, Stamp, WriteOptions};
use divisi::units::Units;
use divisi::{Checkpoint, Comm};

use super::output::{done, scratch};

pub(crate) const CHECKS: &[super::Check] = &[
    ("fields are written alike however the grid is cut, and come back", cut_anyhow),
    ("fields that are not those of the layout are refused", refused),
];

fn stamp() -> Stamp {
    Stamp::new(0.5, 3, Units::default())
}

/// The fields of this rank's blocks, with a number of its own for each cell and component.
fn made<T: Element, const D: usize>(
    comm: &Comm,
    layout: &Layout<D>,
    components: usize,
    number: fn(f64) -> T,
) -> Vec<Field<T, D>> {
    let mut fields = layout.fields(comm.rank(), components, [1; D]);
    for (block, field) in layout.of_rank(comm.rank()).zip(&mut fields) {
        for component in 0..components {
            let value = |center: [f64; D]| center.iter().fold(component as f64, |sum, x| 20.0 * sum + x.floor());
            field.fill_interior(component, &layout.centers(block).map(value).map(number).collect::<Vec<_>>());
        }
    }
    fields
}

/// Writes and reads fields cut into so many blocks, and compares with those in as few as there can be.
fn check<T: Element, const D: usize>(
    comm: &Comm,
    cells: [usize; D],
    blocks: [usize; D],
    components: usize,
    number: fn(f64) -> T,
) {
    let folder = scratch(comm);
    let grid = Grid::new(cells, [0.0; D], cells.map(|count| count as f64)).expect("a box");
    let few = Layout::balanced(grid.clone(), comm.size(), [1; D], [true; D]).expect("a layout");
    let many = Layout::new(grid, blocks, comm.size(), [true; D]).expect("a layout");
    let names = &[["density", "kg"], ["dye", ""], ["heat", ""]][..components];
    let files = [("few", &few), ("many", &many)].map(|(name, layout)| {
        let fields = made(comm, layout, components, number);
        let options = WriteOptions::default();
        let mut out = Snapshot::create(comm, &folder.join(format!("{name}.hdf5")), stamp(), &options).expect("a file");
        out.fields(layout, &fields, names).expect("fields");
        let snapshot = out.finish().expect("a whole file");
        let mut to = Checkpoint::create(comm, &folder.join(name), &stamp(), &options).expect("a checkpoint");
        to.fields("all", layout, &fields).expect("fields");
        [snapshot, to.finish().expect("a whole file")]
    });
    for (few, many) in files[0].iter().zip(&files[1]) {
        assert!(std::fs::read(few).expect("a file") == std::fs::read(many).expect("a file"), "{cells:?}: bytes differ");
    }
    let reader = Reader::open(&files[1][0]).expect("a snapshot");
    assert_eq!(GridGeometry::read(&reader).expect("whole"), Some(GridGeometry::of(few.grid(), [true; D])));
    let from = CheckpointReader::open(comm, &files[0][1]).expect("the checkpoint");
    let mut again = many.fields::<T>(comm.rank(), components, [2; D]);
    from.fields("all", &many, &mut again).expect("the numbers");
    for (one, other) in again.iter().zip(made(comm, &many, components, number)) {
        assert!((0..components).all(|component| one.interior(component) == other.interior(component)));
    }
    done(comm, &folder);
}

fn cut_anyhow(comm: &Comm) {
    check(comm, [23], [7], 1, |x| x);
    check(comm, [9, 8], [3, 4], 3, |x| x as f32);
    check(comm, [6, 5, 4], [2, 1, 4], 2, |x| x as i32);
    check(comm, [6, 5, 4], [1, 5, 2], 1, |x| x as u8);
}

fn refused(comm: &Comm) {
    let folder = scratch(comm);
    let grid = Grid::new([8, 8], [0.0; 2], [1.0; 2]).expect("a box");
    let layout = Layout::new(grid, [2, 4], comm.size(), [false; 2]).expect("a layout");
    let fields = made(comm, &layout, 2, |x| x);
    let write = |fields: &[Field<f64, 2>], names: &[[&str; 2]]| {
        let path = folder.join("x.hdf5");
        let mut out = Snapshot::create(comm, &path, stamp(), &WriteOptions::default()).expect("a file");
        out.fields(&layout, fields, names).unwrap_err().to_string()
    };
    let names = [["a", ""], ["b", ""]];
    assert!(write(&fields[1..], &names).contains("fields for the"), "one field too few");
    assert!(write(&fields, &names[1..]).contains("1 names"), "one name too few");
    done(comm, &folder);
}
