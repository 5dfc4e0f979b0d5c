//! Files written by all ranks: the same bytes on any number of them, whole or not there, read back bit for bit.

use std::path::{Path, PathBuf};

use divisi::Comm;
use divisi::io::{
    Axis, CellField, Checkpoint, CheckpointReader, Column, FileWriter, Frame, GridGeometry, LabelledArray, Part,
    Reader, Slab, Snapshot, Stamp, Trajectory, WriteOptions, newest, path_of, prune,
};
use divisi::partition::balanced_range;
use divisi::units::{Preset, Units};

pub(crate) const CHECKS: &[super::Check] = &[
    ("snapshots have the bytes that one rank writes", same_bytes),
    ("ranks with nothing to give change no byte", empty_ranks),
    ("labelled datasets have the bytes that one rank writes", labelled),
    ("hints arrive at MPI-IO", hints),
    ("boxes of a grid land where they belong", grid),
    ("a grid in blocks has the bytes of a grid in one", grid_snapshot),
    ("blocks that do not make a grid are an error on all ranks", wrong_blocks),
    ("blocks of a checkpoint are read back as one array", checkpoint_parts),
    ("a checkpoint is read back on other parts", checkpoint_round_trip),
    ("a damaged checkpoint gives way to the one before", damaged_checkpoint),
    ("a file that cannot be written is an error on all ranks", unwritable),
    ("a description that HDF5 refuses is an error on all ranks and leaves no file", refused_description),
    ("a resumed trajectory continues the frames kept", trajectory),
];

const BODIES: u64 = 70_001;

/// Makes a folder for a check, removed by `done`; the same on all ranks.
pub(crate) fn scratch(comm: &Comm) -> PathBuf {
    let made = if comm.is_root() { tempfile::tempdir().expect("a folder").keep() } else { PathBuf::new() };
    let name = comm.broadcast(made.to_string_lossy().as_bytes(), 0);
    PathBuf::from(String::from_utf8(name).expect("text"))
}

pub(crate) fn done(comm: &Comm, folder: &Path) {
    comm.barrier();
    if comm.is_root() {
        std::fs::remove_dir_all(folder).expect("the folder");
    }
}

pub(crate) fn stamp(step: u64) -> Stamp {
    Stamp::new(0.25 * step as f64, step, Units::preset(Preset::AuDayGm))
}

/// Ways of writing that make the same files, a list each: plain and compressed; through MPI-IO and rank 0, which lay out
/// compressed files differently; through buffers that hold all and small ones.
fn ways() -> Vec<Vec<WriteOptions>> {
    let with = |mpiio, compress| {
        let buffers = [WriteOptions::default().buffer, 20_000];
        buffers.map(|buffer| WriteOptions::default().mpiio(mpiio).compress(compress).buffer(buffer))
    };
    let mpiio = cfg!(feature = "parallel-hdf5");
    vec![[with(mpiio, 0), with(false, 0)].concat(), with(mpiio, 4).to_vec(), with(false, 4).to_vec()]
}

/// A number that no other body and column has.
fn number(index: u64, column: u64) -> f64 {
    (1.0 + index as f64 * 3.7 + column as f64 * 0.01).sqrt()
}

pub(crate) fn share(comm: &Comm, total: u64) -> std::ops::Range<u64> {
    balanced_range(total, comm.size(), comm.rank())
}

fn write_snapshot(comm: &Comm, path: &Path, mine: std::ops::Range<u64>, options: &WriteOptions) {
    let vectors = |k| mine.clone().map(|i| [number(i, k), number(i, k + 1), number(i, k + 2)]).collect::<Vec<_>>();
    let positions = vectors(0);
    let velocities = vectors(3);
    let masses: Vec<f64> = mine.clone().map(|i| number(i, 6)).collect();
    let potentials: Vec<f32> = mine.clone().map(|i| -number(i, 7) as f32).collect();
    let ids: Vec<u64> = mine.clone().collect();
    let columns = [
        Column::vector("Coordinates", "au", &positions),
        Column::vector("Velocities", "au/day", &velocities),
        Column::scalar("Masses", "", &masses[..]),
        Column::scalar("ParticleIDs", "", &ids[..]),
        Column::scalar("Potential", "", &potentials[..]),
    ];
    let mut snapshot = Snapshot::create(comm, path, stamp(3), options).expect("a file");
    snapshot.columns(BODIES, mine.start, &columns).expect("columns");
    snapshot.names(&["Sun".to_owned(), "Ceres".to_owned()]).expect("names");
    snapshot.finish().expect("a whole file");
}

/// Writes with all ranks in each of these ways, and compares the bytes with those that rank 0 writes by itself in the first.
fn compare_with_one_rank(comm: &Comm, mine: std::ops::Range<u64>, ways: &[WriteOptions]) {
    let folder = scratch(comm);
    let all = folder.join("all.hdf5");
    let one = folder.join("one.hdf5");
    let group = comm.split(u32::from(!comm.is_root()));
    if comm.is_root() {
        write_snapshot(&group, &one, 0..BODIES, &ways[0]);
    }
    for options in ways {
        write_snapshot(comm, &all, mine.clone(), options);
        if comm.is_root() {
            let [all, one] = [&all, &one].map(|path| std::fs::read(path).expect("a file"));
            assert!(all == one, "{options:?}: bytes differ");
            assert!(!folder.join("all.hdf5.part").exists());
        }
        comm.barrier();
    }
    done(comm, &folder);
}

fn same_bytes(comm: &Comm) {
    ways().iter().for_each(|ways| compare_with_one_rank(comm, share(comm, BODIES), ways));
}

fn empty_ranks(comm: &Comm) {
    let last = comm.rank() + 1 == comm.size();
    let mine = if last { 0..BODIES } else { BODIES..BODIES };
    ways().iter().for_each(|ways| compare_with_one_rank(comm, mine.clone(), ways));
}

/// Rows that ranks share along two axes, and an array that all of them hold along one of these.
fn labelled(comm: &Comm) {
    const ROWS: u64 = 1013;
    let folder = scratch(comm);
    let write = |comm: &Comm, name: &str, options: &WriteOptions| {
        let mine = share(comm, ROWS);
        let numbers: Vec<f64> = mine.clone().flat_map(|row| [number(row, 0), number(row, 1)]).collect();
        let axes = [
            Axis::new("x", "km", (0..ROWS).map(|row| row as f64).collect::<Vec<_>>()).long_name("distance"),
            Axis::new("side", "", [-1.0, 1.0]),
        ];
        let file = FileWriter::create(comm, &folder.join(name), options).expect("a file");
        file.conventions().expect("conventions");
        file.labelled(&LabelledArray::new("weights", "", &axes[1..], vec![0.25, 0.75]).expect("an array"))
            .expect("data");
        axes.iter().for_each(|axis| file.axis(axis).expect("an axis"));
        let slab = Slab::rows(ROWS, mine.start, mine.end - mine.start, 2);
        file.dataset("temperature", &slab, &numbers).expect("data");
        file.describe("temperature", "K", "how hot it is").expect("a unit");
        file.along("temperature", &["x", "side"]).expect("axes");
        file.finish().expect("a whole file");
    };
    let group = comm.split(u32::from(!comm.is_root()));
    if comm.is_root() {
        write(&group, "one.nc", &WriteOptions::default());
    }
    for options in [WriteOptions::default(), WriteOptions::default().mpiio(false)] {
        write(comm, "all.nc", &options);
        if comm.is_root() {
            let [all, one] = ["all.nc", "one.nc"].map(|name| std::fs::read(folder.join(name)).expect("a file"));
            assert!(all == one, "{options:?}: bytes differ");
        }
        comm.barrier();
    }
    let read = Reader::open(&folder.join("all.nc")).and_then(|file| file.labelled("temperature")).expect("an array");
    assert_eq!(read.numbers[[7, 1]], number(7, 1));
    assert_eq!((&read.axes[0].long_name[..], &read.axes[1].coordinates[..]), ("distance", &[-1.0, 1.0][..]));
    done(comm, &folder);
}

fn hints(comm: &Comm) {
    let folder = scratch(comm);
    // Those that every MPI-IO keeps; a striping_factor is dropped where the file system has no stripes.
    let wanted = [("cb_buffer_size", "1048576"), ("romio_ds_write", "disable")];
    let hints = wanted.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let options = WriteOptions::default().hints(hints);
    let file = FileWriter::create(comm, &folder.join("hinted.hdf5"), &options).expect("a file");
    let kept = file.hints().expect("hints");
    if cfg!(feature = "parallel-hdf5") {
        for (name, value) in wanted {
            assert!(kept.contains(&(name.to_owned(), value.to_owned())), "{name} is not among {kept:?}");
        }
    }
    file.dataset("x", &Slab::rows(4 * comm.size() as u64, 4 * comm.rank() as u64, 4, 1), &[1.0; 4]).expect("data");
    file.finish().expect("a whole file");
    let plain = FileWriter::create(comm, &folder.join("plain.hdf5"), &WriteOptions::default()).expect("a file");
    let kept = plain.hints().expect("hints");
    for (name, value) in wanted {
        assert!(!kept.contains(&(name.to_owned(), value.to_owned())), "{name} is among {kept:?}");
    }
    plain.finish().expect("a whole file");
    done(comm, &folder);
}

fn grid(comm: &Comm) {
    let folder = scratch(comm);
    let shape = [5, 4, 6];
    let columns = share(comm, shape[2]);
    let slab =
        Slab::new(shape.to_vec(), vec![0, 0, columns.start], vec![shape[0], shape[1], columns.end - columns.start]);
    let cell = |k: u64, j: u64, i: u64| (100 * k + 10 * j + i) as f64;
    let mut mine = Vec::new();
    for line in 0..shape[0] * shape[1] {
        mine.extend(columns.clone().map(|i| cell(line / shape[1], line % shape[1], i)));
    }
    for (number, options) in ways()[0].iter().enumerate() {
        let path = folder.join(format!("grid_{number}.hdf5"));
        let file = FileWriter::create(comm, &path, options).expect("a file");
        file.dataset("rho", &slab, &mine).expect("a dataset");
        file.finish().expect("a whole file");
        let read = divisi::io::Reader::open(&path).expect("a file").read::<f64>("rho").expect("a dataset");
        let wanted: Vec<f64> = (0..120).map(|n| cell(n / 24, n / 6 % 4, n % 6)).collect();
        assert_eq!(read, wanted);
    }
    done(comm, &folder);
}

/// The blocks of a grid, x fastest, that `mine` says are this rank's.
fn blocks(shape: &[u64], cuts: &[usize], mine: impl Fn(usize) -> bool) -> Vec<Slab> {
    let block = |number: usize| {
        let mut rest = number;
        let mut slab = Slab::whole(shape);
        for axis in (0..shape.len()).rev() {
            let range = balanced_range(shape[axis], cuts[axis], rest % cuts[axis]);
            (slab.offset[axis], slab.count[axis]) = (range.start, range.end - range.start);
            rest /= cuts[axis];
        }
        slab
    };
    (0..cuts.iter().product()).filter(|number| mine(*number)).map(block).collect()
}

/// A block with the numbers of its cells, each of which tells where in the whole it is.
fn filled(slab: &Slab, column: u64) -> Vec<f64> {
    let place = |mut cell: u64| {
        let mut index = 0;
        let mut stride = 1;
        for axis in (0..slab.shape.len()).rev() {
            index += (slab.offset[axis] + cell % slab.count[axis]) * stride;
            cell /= slab.count[axis];
            stride *= slab.shape[axis];
        }
        index
    };
    (0..slab.len()).map(|cell| number(place(cell), column)).collect()
}

/// Numbers before the first row and beyond each row of a padded block.
const PADDING: usize = 3;

/// The numbers of a block with others before and between its rows, and how far apart its planes and rows are.
fn padded(slab: &Slab, values: &[f64]) -> (Vec<f64>, Vec<usize>) {
    let row = slab.count[2] as usize;
    let rows = slab.count[1] as usize;
    let mut padded = vec![f64::NAN; PADDING];
    for values in values.chunks(row.max(1)) {
        padded.extend_from_slice(values);
        padded.extend([f64::NAN; PADDING]);
    }
    (padded, vec![rows * (row + PADDING), row + PADDING])
}

fn write_grid(comm: &Comm, path: &Path, cells: [u64; 3], blocks: &[Slab], options: &WriteOptions) -> PathBuf {
    let geometry = GridGeometry::new(cells, [-1.0, 0.0, 0.5], [1.0, 3.0, 0.75], [true, false, false]);
    let padded = |column| blocks.iter().map(|slab| padded(slab, &filled(slab, column))).collect::<Vec<_>>();
    let values = [0, 1, 2, 3].map(padded);
    let parts = values.each_ref().map(|values| {
        let pairs = blocks.iter().zip(values);
        let spread =
            pairs.map(|(slab, (values, strides))| Part::strided(slab.clone(), &values[PADDING..], strides.clone()));
        spread.collect::<Vec<_>>()
    });
    let names = ["colour", "velocity_x", "velocity_y", "velocity_z"].into_iter().zip(&parts);
    let fields: Vec<_> = names.map(|(name, parts)| CellField::new(name, "Msun/au^3", parts)).collect();
    let mut snapshot = Snapshot::create(comm, path, stamp(3), options).expect("a file");
    snapshot.grid(&geometry, &fields).expect("fields");
    snapshot.finish().expect("a whole file")
}

/// The ways in which ranks may share out blocks: in runs, in turn, and all on the last.
fn owners(comm: &Comm, count: usize) -> [Box<dyn Fn(usize) -> bool>; 3] {
    let rank = comm.rank();
    let size = comm.size();
    let run = balanced_range(count as u64, size, rank);
    [
        Box::new(move |block| run.contains(&(block as u64))),
        Box::new(move |block| block % size == rank),
        Box::new(move |_| rank + 1 == size),
    ]
}

fn grid_snapshot(comm: &Comm) {
    let folder = scratch(comm);
    for (cells, cuts) in [([61, 47, 53], [3, 2, 4]), ([401, 347, 1], [1, 3, 5]), ([13, 1, 1], [1, 1, 7])] {
        let [nx, ny, nz] = cells;
        let shape = [nz, ny, nx];
        for ways in ways() {
            let group = comm.split(u32::from(!comm.is_root()));
            let wanted = comm.is_root().then(|| {
                let path = write_grid(&group, &folder.join("one.hdf5"), cells, &[Slab::whole(&shape)], &ways[0]);
                assert_eq!(path, folder.join("one.vtkhdf"));
                let file = Reader::open(&path).expect("a file");
                let y = filled(&Slab::whole(&shape), 2);
                assert!(file.read::<f64>("data/grid_0000000000/velocity_y").expect("a field") == y);
                let vectors = file.read::<f64>("VTKHDF/CellData/velocity").expect("vectors");
                assert!(vectors.chunks_exact(3).zip(y).all(|(vector, y)| vector[1] == y));
                std::fs::read(path).expect("a file")
            });
            let owners = owners(comm, cuts.iter().product());
            for (mine, options) in owners.iter().flat_map(|mine| ways.iter().map(move |way| (mine, way))) {
                let path = write_grid(comm, &folder.join("all.hdf5"), cells, &blocks(&shape, &cuts, mine), options);
                let same = wanted.as_ref().is_none_or(|wanted| *wanted == std::fs::read(path).expect("a file"));
                assert!(same, "{cells:?} {options:?}: bytes differ");
            }
        }
    }
    done(comm, &folder);
}

fn wrong_blocks(comm: &Comm) {
    let folder = scratch(comm);
    let geometry = GridGeometry::new([6, 4, 2], [0.0; 3], [1.0; 3], [true; 3]);
    let write = |parts: &[Part<'_, f64>]| {
        let mut file =
            Snapshot::create(comm, &folder.join("x.vtkhdf"), stamp(0), &WriteOptions::default()).expect("a file");
        let told = file.grid(&geometry, &[CellField::new("density", "", parts)]).unwrap_err();
        drop(file);
        comm.barrier();
        told.to_string()
    };
    let numbers = [0.0; 48];
    let on_root = |part| if comm.is_root() { vec![part] } else { Vec::new() };
    let whole = |shape: &[u64], count| on_root(Part::new(Slab::whole(shape), &numbers[..count]));
    assert!(write(&[]).contains("0 cells in all, for a grid of 48"));
    assert!(write(&whole(&[6, 4, 2], 48)).contains("another shape") || !comm.is_root());
    assert!(write(&whole(&[2, 4, 6], 47)).contains("47 elements") || !comm.is_root());
    let spread = on_root(Part::strided(Slab::whole(&[2, 4, 6]), &numbers, vec![25, 6]));
    assert!(write(&spread).contains("48 elements at strides") || !comm.is_root());
    done(comm, &folder);
}

fn checkpoint_parts(comm: &Comm) {
    let folder = scratch(comm);
    let shape = [5, 7, 9, 11];
    let write = |step, cuts: &[usize], mine: &dyn Fn(usize) -> bool| {
        let blocks = blocks(&shape, cuts, mine);
        let data: Vec<Vec<f64>> = blocks.iter().map(|slab| filled(slab, 2)).collect();
        let parts: Vec<_> = blocks.into_iter().zip(&data).map(|(slab, data)| Part::new(slab, data)).collect();
        let mut checkpoint = Checkpoint::create(comm, &folder, &stamp(step), &WriteOptions::default()).expect("a file");
        checkpoint.array_parts("gas", &parts).expect("an array");
        checkpoint.finish().expect("a whole file")
    };
    let path = write(1, &[1; 4], &|_| comm.is_root());
    let digest = Reader::open(&path).and_then(|file| file.attribute::<u64>("State/gas", "digest")).expect("a digest");
    for mine in owners(comm, 12) {
        let path = write(2, &[1, 2, 3, 2], &mine);
        let reader = Reader::open(&path).expect("a file");
        assert_eq!(reader.attribute::<u64>("State/gas", "digest").expect("a digest"), digest);
        let from = CheckpointReader::open(comm, &path).expect("a checkpoint");
        for slab in blocks(&shape, &[1, 3, 1, 2], |block| block % comm.size() == comm.rank()) {
            assert_eq!(from.read_slab::<f64>("gas", &slab).expect("a box"), filled(&slab, 2));
        }
        comm.barrier();
    }
    done(comm, &folder);
}

fn write_checkpoint(comm: &Comm, folder: &Path, step: u64) {
    let mine = share(comm, BODIES);
    let masses: Vec<f64> = mine.clone().map(|i| number(i, step)).collect();
    let records: Vec<[u32; 3]> = mine.clone().map(|i| [i as u32, step as u32, !0]).collect();
    let mut checkpoint = Checkpoint::create(comm, folder, &stamp(step), &WriteOptions::default()).expect("a file");
    checkpoint.column("masses", BODIES, mine.start, &masses).expect("a column");
    checkpoint.records("records", BODIES, mine.start, &records).expect("records");
    checkpoint.values("odd", &[-0.0, f64::NAN, f64::MIN_POSITIVE / 2.0]).expect("values");
    checkpoint.value("seed", u64::MAX - 1).expect("a value");
    checkpoint.text("method", "leapfrog").expect("a text");
    checkpoint.finish().expect("a whole file");
}

fn checkpoint_round_trip(comm: &Comm) {
    let folder = scratch(comm);
    write_checkpoint(comm, &folder, 7);
    let from = CheckpointReader::open(comm, &path_of(&folder, 7)).expect("a checkpoint");
    // What another number of ranks would read: parts that end elsewhere.
    let cut = BODIES / (comm.rank() as u64 + 2);
    for rows in [0..cut, cut..BODIES] {
        let masses = from.read::<f64>("masses", rows.clone()).expect("masses");
        assert!(masses.iter().zip(rows.clone()).all(|(mass, i)| mass.to_bits() == number(i, 7).to_bits()));
        let records = from.records::<[u32; 3]>("records", rows.clone()).expect("records");
        assert!(records.iter().zip(rows).all(|(record, i)| *record == [i as u32, 7, !0]));
    }
    let odd: Vec<u64> = from.values::<f64>("odd").expect("values").iter().map(|value| value.to_bits()).collect();
    assert_eq!(odd, [-0.0, f64::NAN, f64::MIN_POSITIVE / 2.0].map(f64::to_bits));
    assert_eq!(from.value::<u64>("seed").expect("a value"), u64::MAX - 1);
    assert_eq!((from.step(), from.text("method").expect("a text").as_str()), (7, "leapfrog"));
    assert!(from.read::<f32>("masses", 0..1).is_err() && from.read::<f64>("masses", 0..BODIES + 1).is_err());
    done(comm, &folder);
}

fn damaged_checkpoint(comm: &Comm) {
    let folder = scratch(comm);
    (1..=3).for_each(|step| write_checkpoint(comm, &folder, step));
    if comm.is_root() {
        prune(&folder, 3, 2).expect("two left");
        let path = path_of(&folder, 3);
        let mut bytes = std::fs::read(&path).expect("a file");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).expect("a file");
    }
    comm.barrier();
    assert!(CheckpointReader::open(comm, &path_of(&folder, 3)).is_err());
    let (found, warnings) = newest(comm, &folder).expect("a whole one");
    assert_eq!((found.map(|from| from.step()), warnings.len()), (Some(2), 1));
    assert!(!path_of(&folder, 1).exists());
    done(comm, &folder);
}

fn unwritable(comm: &Comm) {
    let folder = scratch(comm);
    for mpiio in [cfg!(feature = "parallel-hdf5"), false] {
        let options = &WriteOptions::default().mpiio(mpiio);
        assert!(FileWriter::create(comm, &folder.join("none/x.hdf5"), options).is_err());
        let path = folder.join("large.hdf5");
        let file = FileWriter::create(comm, &path, options).expect("a file");
        assert!(file.dataset::<f64>("x", &Slab::none(&[1 << 50]), &[]).is_err(), "more than the disk holds");
        drop(file);
        comm.barrier();
        let file = FileWriter::create(comm, &path, options).expect("a file");
        let count = if comm.rank() + 1 == comm.size() { 3 } else { 0 };
        assert!(file.dataset("x", &Slab::rows(8, 0, count, 1), &[0.5f64; 2][..]).is_err(), "one rank's slab is wrong");
        drop(file);
        comm.barrier();
        assert!(!path.exists() && !folder.join("large.hdf5.part").exists());
    }
    done(comm, &folder);
}

fn refused_description(comm: &Comm) {
    let folder = scratch(comm);
    let path = folder.join("described.hdf5");
    let name = "more than 64 KiB";
    for (mpiio, more) in [(true, true), (true, false), (false, true), (false, false)] {
        let options = &WriteOptions::default().mpiio(mpiio && cfg!(feature = "parallel-hdf5"));
        let file = FileWriter::create(comm, &path, options).expect("a file");
        let outcome = file
            .text("/", name, &"x".repeat(70_000))
            .and_then(|()| if more { file.replicated("x", &[2], &[1.0, 2.0]) } else { Ok(()) })
            .and_then(|()| file.finish());
        let told = outcome.expect_err("an attribute has at most 64 KiB").to_string();
        assert!(!comm.is_root() || told.contains(&format!("cannot write {name}")), "{told}");
        comm.barrier();
        assert!(!path.exists() && !folder.join("described.hdf5.part").exists());
        comm.barrier();
    }
    done(comm, &folder);
}

fn frame(time: f64) -> Frame {
    let mut frame = Frame::default();
    frame.names(&["a".to_owned(), "b".to_owned()]);
    frame.column("Coordinates", 3, &[time, 0.0, 1.0, -time, 0.0, 2.0]);
    frame
}

fn trajectory(comm: &Comm) {
    let folder = scratch(comm);
    let whole = folder.join("whole.hdf5");
    let cut = folder.join("cut.hdf5");
    let open =
        |path: &Path, rows| Trajectory::open(comm, path, rows, Units::preset(Preset::Nbody)).expect("a trajectory");
    let add = |trajectory: &mut Trajectory, steps: std::ops::Range<u64>| {
        for step in steps {
            assert_eq!(trajectory.push(step, step as f64, frame(step as f64)).expect("a frame"), step + 1);
        }
        trajectory.write().expect("a file");
    };
    add(&mut open(&whole, 0), 0..5);
    add(&mut open(&cut, 0), 0..4);
    add(&mut open(&cut, 2), 2..5);
    if comm.is_root() {
        assert!(std::fs::read(&whole).expect("a file") == std::fs::read(&cut).expect("a file"), "frames differ");
    }
    done(comm, &folder);
}
