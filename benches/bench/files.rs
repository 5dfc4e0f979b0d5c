//! Files of 1 GiB on two ranks: what they take beside plain MPI-IO, which writes the same bytes to the same places.
//!
//! This program launches itself under mpirun for each file; `file_peers.py` then takes that file for its template. Both write to
//! target/, in turn, from data in memory to a synced file; the better half of the turns is no better than the disk.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use divisi::comm::launch;
use divisi::output::{CellField, Checkpoint, CheckpointReader, Column, GridGeometry, Part, Slab, Snapshot, Stamp, WriteOptions, path_of};
use divisi::partition::balanced_range;
use divisi::units::Units;
use divisi::{Comm, Result};

/// Tells a launched process what to measure, after this.
pub const ROLE: &str = "files:";
/// Cells of a grid of five fields, and bodies of seven numbers and two indices, which make 1 GiB.
const CELLS: [u64; 3] = [300, 299, 299];
const BODIES: u64 = (1 << 30) / 72;
/// Fields of a grid.
const NAMES: [&str; 5] = ["density", "velocity_x", "velocity_y", "velocity_z", "pressure"];

fn stamp() -> Stamp {
    Stamp { time: 0.5, step: 1, units: Units::default() }
}

/// Numbers that do not compress.
fn numbers(count: u64, seed: u64) -> Vec<f64> {
    (0..count).map(|i| ((i ^ seed) as f64).sqrt()).collect()
}

/// This rank's planes of the grid.
fn planes(comm: &Comm) -> Slab {
    let shape = [CELLS[2], CELLS[1], CELLS[0]];
    let range = balanced_range(shape[0], comm.size(), comm.rank());
    let mut slab = Slab::whole(&shape);
    (slab.offset[0], slab.count[0]) = (range.start, range.end - range.start);
    slab
}

/// On all ranks: measures, and rank 0 prints the seconds.
pub fn measure(role: &str) -> ExitCode {
    let (name, path) = role.split_once(':').expect("a figure and a file");
    let path = Path::new(path);
    launch(|comm| {
        let seconds = match name {
            "grid" => grid(comm, path, true)?,
            "grid_root" => grid(comm, path, false)?,
            "bodies" => bodies(comm, path, true)?,
            "bodies_root" => bodies(comm, path, false)?,
            "checkpoint" => checkpoint(comm, path, true)?,
            "checkpoint_root" => checkpoint(comm, path, false)?,
            "read" => read(comm, path)?,
            _ => unreachable!("a known figure"),
        };
        if comm.is_root() {
            println!("{seconds}");
        }
        Ok(0)
    })
}

fn options(mpiio: bool) -> WriteOptions {
    let buffer = std::env::var("BUF").ok().and_then(|b| b.parse().ok()).unwrap_or(WriteOptions::default().buffer);
    WriteOptions { mpiio, buffer, ..WriteOptions::default() }
}

fn timed(comm: &Comm, work: impl FnOnce() -> Result<()>) -> Result<f64> {
    comm.barrier();
    let began = Instant::now();
    work()?;
    comm.barrier();
    Ok(began.elapsed().as_secs_f64())
}

fn grid(comm: &Comm, path: &Path, mpiio: bool) -> Result<f64> {
    let geometry = GridGeometry { cells: CELLS, low: [0.0; 3], high: [1.0; 3], periodic: [true; 3] };
    let slab = planes(comm);
    let values: Vec<_> = (0..5).map(|seed| numbers(slab.len(), seed)).collect();
    let parts: Vec<_> = values.iter().map(|values| [Part::new(slab.clone(), values)]).collect();
    let fields: Vec<_> = NAMES.iter().zip(&parts).map(|(name, parts)| CellField { name, unit: "", parts }).collect();
    timed(comm, || {
        let mut snapshot = Snapshot::create(comm, path, stamp(), &options(mpiio))?;
        snapshot.grid(&geometry, &fields)?;
        snapshot.finish().map(drop)
    })
}

fn bodies(comm: &Comm, path: &Path, mpiio: bool) -> Result<f64> {
    let range = balanced_range(BODIES, comm.size(), comm.rank());
    let count = range.end - range.start;
    let vectors = |seed| numbers(3 * count, seed).chunks(3).map(|v| [v[0], v[1], v[2]]).collect::<Vec<_>>();
    let (positions, velocities, masses) = (vectors(1), vectors(2), numbers(count, 3));
    let ids: Vec<u64> = range.clone().collect();
    let columns = [
        Column::vector("Coordinates", "", &positions),
        Column::vector("Velocities", "", &velocities),
        Column::scalar("Masses", "", &masses[..]),
        Column::scalar("ParticleIDs", "", &ids[..]),
    ];
    timed(comm, || {
        let mut snapshot = Snapshot::create(comm, path, stamp(), &options(mpiio))?;
        snapshot.particles(BODIES, range.start, &columns)?;
        snapshot.finish().map(drop)
    })
}

fn checkpoint(comm: &Comm, path: &Path, mpiio: bool) -> Result<f64> {
    let slab = planes(comm);
    let widen = |values: &[u64], first: u64| [&[first], values].concat();
    let state = Slab { shape: widen(&slab.shape, 5), offset: widen(&slab.offset, 0), count: widen(&slab.count, 5) };
    let values = numbers(state.len(), 7);
    timed(comm, || {
        let folder = path.parent().expect("a folder");
        let mut checkpoint = Checkpoint::create(comm, folder, &stamp(), &options(mpiio))?;
        checkpoint.array("conserved", &state, &values)?;
        checkpoint.finish().map(drop)
    })
}

fn read(comm: &Comm, path: &Path) -> Result<f64> {
    let slab = planes(comm);
    let widen = |values: &[u64], first: u64| [&[first], values].concat();
    let state = Slab { shape: widen(&slab.shape, 5), offset: widen(&slab.offset, 0), count: widen(&slab.count, 5) };
    timed(comm, || {
        let from = CheckpointReader::open(comm, path)?;
        let values: Vec<f64> = from.read_slab("conserved", &state)?;
        assert_eq!(values.len() as u64, state.len());
        Ok(())
    })
}
