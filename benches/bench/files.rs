//! Files of 1 GiB from two ranks, beside plain MPI-IO, which writes the same bytes to the same places (`file_peers.py`).
//!
//! This program launches itself under mpirun for each file, and the other in turn with it, each from numbers in memory to a
//! synced file. Files are made in target/, or in the folder that DIVISI_BENCH_FOLDER names: the speed is that of its disk.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use divisi::comm::launch;
use divisi::io::{
    CellField, Checkpoint, CheckpointReader, Column, GridGeometry, Part, Reader, Slab, Snapshot, Stamp, WriteOptions,
    hash_of, path_of,
};
use divisi::partition::balanced_range;
use divisi::units::Units;
use divisi::{Comm, Result};

use super::{Figure, RUNS, halo, median, peers};

/// Tells a launched process what to measure, after this.
pub(crate) const ROLE: &str = "files:";
/// Cells of a grid of five fields, and bodies of seven numbers and two indices: 1 GiB each.
const CELLS: [u64; 3] = [300, 299, 299];
const BODIES: u64 = (1 << 30) / 72;
/// Fields of a grid.
const NAMES: [&str; 5] = ["density", "velocity_x", "velocity_y", "velocity_z", "pressure"];
/// Bytes of an array beyond what 32 bits count.
const BEYOND: u64 = (1 << 31) + 4099;

/// A kind of file: its writer, its bytes, and the axis along which its large datasets are cut.
struct Kind {
    name: &'static str,
    role: &'static str,
    bytes: u64,
    axis: &'static str,
}

const GRID: Kind = Kind { name: "write_grid", role: "grid:true", bytes: grid_bytes(), axis: "0" };
const BODY: Kind = Kind { name: "write_bodies", role: "bodies:true", bytes: 72 * BODIES, axis: "0" };
const STATE: Kind = Kind { name: "write_checkpoint", role: "checkpoint:true", bytes: grid_bytes(), axis: "1" };

const fn grid_bytes() -> u64 {
    CELLS[0] * CELLS[1] * CELLS[2] * 5 * 8
}

/// A grid's snapshot, through MPI-IO.
pub(crate) fn write_grid() -> Vec<Figure> {
    GRID.in_turn()
}

/// A snapshot of bodies, through MPI-IO.
pub(crate) fn write_bodies() -> Vec<Figure> {
    BODY.in_turn()
}

/// A checkpoint with its digests and its hash, through MPI-IO.
pub(crate) fn write_checkpoint() -> Vec<Figure> {
    STATE.in_turn()
}

/// The three, written by rank 0 for all.
pub(crate) fn write_rank0() -> Vec<Figure> {
    let kinds = [
        Kind { name: "write_grid_rank0", role: "grid:false", ..GRID },
        Kind { name: "write_bodies_rank0", role: "bodies:false", ..BODY },
        Kind { name: "write_checkpoint_rank0", role: "checkpoint:false", ..STATE },
    ];
    kinds.iter().flat_map(Kind::in_turn).collect()
}

/// Plain MPI-IO alone: a grid's bytes.
pub(crate) fn write_mpiio() -> Vec<Figure> {
    let Some(folder) = peers::are_here().then(folder) else { return Vec::new() };
    let (_, template) = GRID.written(folder.path());
    let plain = folder.path().join("plain");
    let rates = (0..RUNS).map(|_| GRID.bytes as f64 / 1e9 / peer("write", &template, &plain, GRID.axis)).collect();
    vec![figure("write_mpiio", median(rates), None, "plain MPI-IO, two ranks, a sync at the end".to_owned())]
}

/// A checkpoint opened, which checks its hash, and read; and plain MPI-IO, which reads alone. From the system's memory.
pub(crate) fn read_grid() -> Vec<Figure> {
    let folder = folder();
    let (_, path) = STATE.written(folder.path());
    let mut rates = Vec::new();
    let mut others = Vec::new();
    for _ in 0..RUNS {
        rates.push(STATE.bytes as f64 / 1e9 / ours("read:", &path));
        others.extend(peers::are_here().then(|| STATE.bytes as f64 / 1e9 / peer("read", &path, &path, STATE.axis)));
    }
    let peer = (!others.is_empty()).then(|| median(others));
    vec![figure(
        "read_grid",
        median(rates),
        peer,
        "hash checked and read; the file is in the system's memory".to_owned(),
    )]
}

/// More bytes and elements on one rank than 32 bits count, both ways, written and read back; panics where they differ.
pub(crate) fn beyond() -> Vec<Figure> {
    let folder = folder();
    let path = path_of(folder.path(), 1);
    let rates: Vec<f64> = ["beyond:true", "beyond:false"].map(|role| BEYOND as f64 / 1e9 / ours(role, &path)).into();
    let note = format!("{BEYOND} bytes of one rank of two, read back; rank 0 for all: {:.2} GB/s", rates[1]);
    vec![figure("write_beyond_2gib", rates[0], None, note)]
}

fn figure(name: &'static str, value: f64, peer_value: Option<f64>, note: String) -> Figure {
    let command = format!("cargo bench --bench bench -- {name}");
    let peer = "plain MPI-IO".into();
    Figure { name, value, unit: "GB/s", command, peer, peer_value, note }
}

/// A folder for files, on the disk that is measured.
fn folder() -> tempfile::TempDir {
    let place = std::env::var("DIVISI_BENCH_FOLDER").unwrap_or_else(|_| "target".into());
    tempfile::tempdir_in(place).expect("a folder")
}

impl Kind {
    /// GB/s of this kind of file, and of plain MPI-IO, turn by turn.
    fn in_turn(&self) -> Vec<Figure> {
        let mut rates = Vec::new();
        let mut others = Vec::new();
        for _ in 0..RUNS {
            let folder = folder();
            let (seconds, path) = self.written(folder.path());
            rates.push(self.bytes as f64 / 1e9 / seconds);
            let plain = || self.bytes as f64 / 1e9 / peer("write", &path, &folder.path().join("plain"), self.axis);
            others.extend(peers::are_here().then(plain));
        }
        let ratios: Vec<String> = rates.iter().zip(&others).map(|(a, b)| format!("{:.2}", a / b)).collect();
        let note = format!("{} MB; turn by turn {} times it", self.bytes / 1_000_000, ratios.join(", "));
        vec![figure(self.name, median(rates), (!others.is_empty()).then(|| median(others)), note)]
    }

    /// The seconds that a file of this kind took, and its name.
    fn written(&self, folder: &Path) -> (f64, PathBuf) {
        let path = path_of(folder, 1);
        let seconds = ours(self.role, &path);
        let grid = path.with_extension("vtkhdf");
        (seconds, if grid.exists() { grid } else { path })
    }
}

/// The seconds that this program reports on two ranks.
fn ours(role: &str, path: &Path) -> f64 {
    let me = std::env::current_exe().expect("this program");
    seconds(mpirun().arg(me).env(halo::ROLE, format!("{ROLE}{role}:{}", path.display())))
}

/// The seconds that plain MPI-IO reports on two ranks.
fn peer(how: &str, template: &Path, out: &Path, axis: &str) -> f64 {
    let script = "benches/bench/file_peers.py";
    // With this module an exception on one rank ends both.
    seconds(mpirun().args([peers::PYTHON, "-m", "mpi4py", script, how]).arg(template).arg(out).arg(axis))
}

fn mpirun() -> Command {
    let mut command = Command::new("mpirun");
    command.args(["-n", "2"]).env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    command
}

fn seconds(command: &mut Command) -> f64 {
    let output = command.output().expect("mpirun starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    text.split_whitespace().last().and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("{command:?}: {told}"))
}

/// On both ranks: measures, and prints the seconds.
pub(crate) fn measure(words: &str) -> ExitCode {
    let (name, rest) = words.split_once(':').expect("a kind of file");
    let (way, path) = rest.split_once(':').expect("a way and a file");
    let options = WriteOptions::default().mpiio(way != "false");
    let path = Path::new(path);
    launch(|comm| {
        let seconds = match name {
            "grid" => grid(comm, path, &options)?,
            "bodies" => bodies(comm, path, &options)?,
            "checkpoint" => checkpoint(comm, path, &options)?,
            "beyond" => past_32_bits(comm, path, &options)?,
            _ => read(comm, path)?,
        };
        if comm.is_root() {
            println!("{seconds}");
        }
        Ok(0)
    })
}

/// The seconds from when all ranks begin to when all are done.
fn timed(comm: &Comm, work: impl FnOnce() -> Result<()>) -> Result<f64> {
    comm.barrier();
    let began = Instant::now();
    work()?;
    comm.barrier();
    Ok(began.elapsed().as_secs_f64())
}

fn stamp() -> Stamp {
    Stamp::new(0.5, 1, Units::default())
}

/// Numbers of which hardly any are the same.
fn numbers(count: u64, seed: u64) -> Vec<f64> {
    (0..count).map(|i| ((i ^ seed) as f64).sqrt()).collect()
}

/// This rank's planes of the grid.
fn planes(comm: &Comm) -> Slab {
    let [nx, ny, nz] = CELLS;
    let range = balanced_range(nz, comm.size(), comm.rank());
    Slab::new(vec![nz, ny, nx], vec![range.start, 0, 0], vec![range.end - range.start, ny, nx])
}

/// This rank's planes of all fields.
fn state(comm: &Comm) -> Slab {
    let planes = planes(comm);
    Slab::new(
        [&[5], &planes.shape[..]].concat(),
        [&[0], &planes.offset[..]].concat(),
        [&[5], &planes.count[..]].concat(),
    )
}

fn grid(comm: &Comm, path: &Path, options: &WriteOptions) -> Result<f64> {
    let geometry = GridGeometry::new(CELLS, [0.0; 3], [1.0; 3], [true; 3]);
    let slab = planes(comm);
    let values: Vec<_> = (0..5).map(|seed| numbers(slab.len(), seed)).collect();
    let parts: Vec<_> = values.iter().map(|values| [Part::new(slab.clone(), values)]).collect();
    let fields: Vec<_> = NAMES.iter().zip(&parts).map(|(name, parts)| CellField::new(name, "", parts)).collect();
    timed(comm, || {
        let mut snapshot = Snapshot::create(comm, path, stamp(), options)?;
        snapshot.grid(&geometry, &fields)?;
        snapshot.finish().map(drop)
    })
}

fn bodies(comm: &Comm, path: &Path, options: &WriteOptions) -> Result<f64> {
    let range = balanced_range(BODIES, comm.size(), comm.rank());
    let count = range.end - range.start;
    let vectors = |seed| numbers(3 * count, seed).chunks(3).map(|v| [v[0], v[1], v[2]]).collect::<Vec<_>>();
    let positions = vectors(1);
    let velocities = vectors(2);
    let masses = numbers(count, 3);
    let ids: Vec<u64> = range.clone().collect();
    let columns = [
        Column::vector("Coordinates", "", &positions),
        Column::vector("Velocities", "", &velocities),
        Column::scalar("Masses", "", &masses[..]),
        Column::scalar("ParticleIDs", "", &ids[..]),
    ];
    timed(comm, || {
        let mut snapshot = Snapshot::create(comm, path, stamp(), options)?;
        snapshot.columns(BODIES, range.start, &columns)?;
        snapshot.finish().map(drop)
    })
}

fn checkpoint(comm: &Comm, path: &Path, options: &WriteOptions) -> Result<f64> {
    let slab = state(comm);
    let values = numbers(slab.len(), 7);
    timed(comm, || {
        let mut checkpoint = Checkpoint::create(comm, path.parent().expect("a folder"), &stamp(), options)?;
        checkpoint.array("state", &slab, &values)?;
        checkpoint.finish().map(drop)
    })
}

fn read(comm: &Comm, path: &Path) -> Result<f64> {
    let slab = state(comm);
    timed(comm, || {
        let from = CheckpointReader::open(comm, path)?;
        let values: Vec<f64> = from.read_slab("state", &slab)?;
        assert_eq!(values.len() as u64, slab.len());
        Ok(())
    })
}

/// The last rank has it all.
fn past_32_bits(comm: &Comm, path: &Path, options: &WriteOptions) -> Result<f64> {
    let shape = [BEYOND];
    let last = comm.rank() + 1 == comm.size();
    let slab = if last { Slab::whole(&shape) } else { Slab::none(&shape) };
    let mut bytes = vec![0u8; slab.len() as usize];
    let marks = [0, 1 << 30, (1 << 31) - 1, 1 << 31, BEYOND - 1];
    marks.iter().zip(1..).filter(|_| last).for_each(|(&place, mark)| bytes[place as usize] = mark);
    let seconds = timed(comm, || {
        let mut checkpoint = Checkpoint::create(comm, path.parent().expect("a folder"), &stamp(), options)?;
        checkpoint.array("bytes", &slab, &bytes)?;
        checkpoint.finish().map(drop)
    })?;
    std::fs::remove_file(hash_of(path)).ok();
    // Without its hash the digest over all elements is checked.
    let read = CheckpointReader::open(comm, path)?.read_slab::<u8>("bytes", &slab)?;
    assert!(read == bytes, "what was read is not what was written");
    let end = Slab::new(shape.to_vec(), vec![1 << 31], vec![1]);
    assert_eq!(Reader::open(path)?.read_slab::<u8>("State/bytes", &end)?, [4]);
    Ok(seconds)
}
