//! The simulation `optics`: a plane wave through surfaces onto a detector, as the sum of Gaussian beamlets.
//!
//! A step takes the next [`BEAMLETS`] beamlets. Each rank traces an even share of them; all ranks get all, and each adds them to the pixels of its
//! own tiles, in the beamlets' order. So no sum goes over ranks, and the field is the same in all bits on any number of them. The run ends when
//! all beamlets are in the field; then, and at each stop, it leaves the files of `results`.
//!
//! In the code: `config` (the sections), `check` (what of them is refused), `setup` (system, beam and detector of them), `rays` (what is told of each
//! ray), `results` (the files), `fits` (those of FITS).

mod check;
mod config;
mod fits;
mod rays;
mod results;
mod setup;

use std::path::Path;

use crate::base::partition::balanced_range;
use crate::io::{Slab, WriteOptions};
use crate::optics::vector::dot;
use crate::optics::{Beamlet, COLUMNS, PIXELS, Reference, Spot, Tile};
use crate::run::{Ending, Goal, Row, Setup};
use crate::simd::Level;
use crate::{Checkpoint, CheckpointReader, Clock, Comm, Error, Result, Simulation};
use config::Config;
use setup::Bench;

/// Beamlets of a step.
const BEAMLETS: usize = 1024;
/// Weights of beamlets below this are none.
const NOTHING: f64 = 1e-12;

/// Light on its way to a detector.
pub struct Optics {
    comm: Comm,
    bench: Bench,
    level: Level,
    reference: Reference,
    /// The beam's axes, turned as the surfaces turn the chief ray.
    exit_axes: [[f64; 3]; 2],
    /// The part of each cell that lets light on.
    open: Vec<f64>,
    /// The cells that have beamlets, and the weight of each.
    beamlets: Vec<(usize, f64)>,
    /// Power that comes in through the open parts of the beam, of a wave of power 1 per square metre.
    power: f64,
    /// Beamlets that are in the field.
    done: usize,
    /// The field of this rank's tiles, tile by tile.
    field: Vec<f64>,
    /// What the beamlets so far would make at most: the sum of their sizes, each on its own ray.
    most: f64,
}

impl Optics {
    fn with(setup: &Setup<Config>, comm: &Comm) -> Result<Self> {
        let bench = comm.agree(Bench::new(&setup.config, &setup.folder))?;
        let polarized = bench.is_polarized();
        let chief = Beamlet::traced(&bench.system, bench.beam.ray([0.0; 2]), bench.beam.waist(), polarized);
        let chief = chief.and_then(|chief| Ok((bench.detector.reference(&chief)?, chief)));
        let (reference, chief) = comm.agree(chief)?;
        let exit_axes = bench.beam.axes().map(|axis| chief.polarization.turn.map(|row| dot(row, axis)));
        let cells = bench.beam.side() * bench.beam.side();
        let mine = share(comm, cells);
        let open: Vec<f64> = mine.map(|cell| bench.beam.open_part(&bench.system, cell)).collect();
        let open = comm.all_gather(&open);
        let power = open.iter().sum::<f64>() * bench.beam.spacing() * bench.beam.spacing();
        let weights = bench.beam.weights(&open).into_iter().enumerate();
        let beamlets: Vec<(usize, f64)> = weights.filter(|(_, weight)| weight.abs() > NOTHING).collect();
        if power == 0.0 {
            return Err(Error::input("beam", "no light comes through: every ray misses a surface or is stopped"));
        }
        let mut optics = Optics {
            comm: comm.clone(),
            level: setup.level,
            reference,
            exit_axes,
            open,
            beamlets,
            power,
            done: 0,
            field: Vec::new(),
            most: 0.0,
            bench,
        };
        optics.field = vec![0.0; optics.tiles().len() * optics.tile_len()];
        Ok(optics)
    }

    /// This rank's tiles.
    fn tiles(&self) -> std::ops::Range<usize> {
        let [across, up] = self.bench.detector.tiles();
        share(&self.comm, across * up)
    }

    /// Numbers of a tile.
    fn tile_len(&self) -> usize {
        2 * PIXELS * self.bench.components()
    }

    /// The beamlet of a cell.
    fn beamlet(&self, cell: usize) -> Result<Beamlet> {
        let Bench { system, beam, .. } = &self.bench;
        Beamlet::traced(system, beam.ray(beam.place(cell)), beam.waist(), self.bench.is_polarized())
    }

    fn spot(&self, (cell, weight): (usize, f64)) -> Result<Spot> {
        let Bench { system, detector, states, .. } = &self.bench;
        detector.spot(&self.beamlet(cell)?, weight, states, system.wavelength, &self.reference)
    }

    /// The intensity of each pixel of this rank's tiles: tile, place in it, intensity. Those beyond the detector's edge are left out.
    fn intensities(&self) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        let [width, height] = self.bench.detector.pixels;
        self.tiles().zip(self.field.chunks_exact(self.tile_len())).flat_map(move |(tile, field)| {
            let corner = self.bench.detector.corner(tile);
            let inside = move |place: &usize| {
                let [x, y] = pixel(corner, *place);
                x < width && y < height
            };
            let intensity =
                move |place: usize| field.iter().skip(place).step_by(PIXELS).map(|part| part * part).sum::<f64>();
            (0..PIXELS).filter(inside).map(move |place| (tile, place, intensity(place)))
        })
    }
}

/// This rank's share of so many.
fn share(comm: &Comm, count: usize) -> std::ops::Range<usize> {
    let share = balanced_range(count as u64, comm.size(), comm.rank());
    share.start as usize..share.end as usize
}

/// The pixel of a place in a tile.
fn pixel(corner: [usize; 2], place: usize) -> [usize; 2] {
    [corner[0] + place % COLUMNS, corner[1] + place / COLUMNS]
}

impl Simulation for Optics {
    const NAME: &'static str = "optics";
    type Config = Config;

    fn ending() -> Ending<Config> {
        Ending::at_its_steps()
            .or_by_goal(|_: &Config| true)
            .leaving(&[results::FILE, fits::IMAGE, fits::MAPS])
            .with_rows_at_doublings()
    }

    fn new(setup: &Setup<Config>, comm: &Comm) -> Result<Self> {
        Optics::with(setup, comm)
    }

    fn step(&mut self, _clock: &Clock, _dt_max: f64) -> Result<f64> {
        let next = &self.beamlets[self.done..];
        let next = &next[..next.len().min(BEAMLETS)];
        let mine = &next[share(&self.comm, next.len())];
        let mine: Result<Vec<Spot>> = mine.iter().map(|beamlet| self.spot(*beamlet)).collect();
        let spots = self.comm.all_gather(&self.comm.agree(mine)?);
        let detector = self.bench.detector;
        self.most += spots.iter().zip(next).map(|(spot, (_, weight))| weight.signum() * spot.size()).sum::<f64>();
        let length = self.tile_len();
        let components = self.bench.components();
        for (tile, field) in self.tiles().zip(self.field.chunks_exact_mut(length)) {
            Tile { spots: &spots, corner: detector.corner(tile), components, field }.add(self.level);
        }
        self.done += spots.len();
        Ok(1.0)
    }

    fn goal(&self) -> Goal {
        if self.done == self.beamlets.len() { Goal::Reached } else { Goal::Open }
    }

    fn history(&self, row: &mut Row) -> Result<()> {
        row.value("beamlets", self.done as f64);
        let area = self.bench.detector.pitch * self.bench.detector.pitch;
        let incoming = self.power;
        row.sum("on_detector", self.intensities().map(|(.., intensity)| intensity * area));
        row.derived("throughput", move |column| column("on_detector") / incoming);
        row.max("peak", self.intensities().map(|(.., intensity)| intensity));
        let most = self.most * self.most;
        row.derived("strehl", move |column| column("peak") / most);
        Ok(())
    }

    fn work(&self) -> (f64, &'static str) {
        let [width, height] = self.bench.detector.pixels;
        let each = self.beamlets.len() as f64 / self.beamlets.len().div_ceil(BEAMLETS) as f64;
        (each * (width * height) as f64, "beamlet-pixels")
    }

    fn describe(&self) -> Vec<(String, String)> {
        let [width, height] = self.bench.detector.pixels;
        let components = self.bench.components();
        let mib = (16 * width * height * components) as f64 / (1 << 20) as f64;
        vec![
            ("surfaces".to_owned(), self.bench.system.surfaces.len().to_string()),
            ("beamlets".to_owned(), self.beamlets.len().to_string()),
            ("pixels".to_owned(), format!("{width} x {height}, {components} components, {mib:.1} MiB on all ranks")),
        ]
    }

    fn notes(&self) -> Vec<String> {
        results::reach_note(self).into_iter().collect()
    }

    fn summary(&self) -> Vec<String> {
        let area = self.power;
        vec![format!("{} beamlets, {area:.6e} m^2 of the beam open", self.done)]
    }

    fn conclude(&self, folder: &Path, options: &WriteOptions) -> Result<()> {
        results::write(self, folder, options)
    }

    fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.value("beamlets", self.done as u64)?;
        to.value("most", self.most)?;
        let [across, up] = self.bench.detector.tiles();
        let tiles = self.tiles();
        let slab = Slab::rows((across * up) as u64, tiles.start as u64, tiles.len() as u64, self.tile_len());
        to.array("field", &slab, &self.field)
    }

    fn load(setup: &Setup<Config>, comm: &Comm, from: &CheckpointReader) -> Result<Self> {
        let mut optics = Optics::with(setup, comm)?;
        let [across, up] = optics.bench.detector.tiles();
        let tiles = optics.tiles();
        let shape = [(across * up) as u64, optics.tile_len() as u64];
        let read = || {
            let found = from.shape("field")?;
            let done = from.value::<u64>("beamlets")? as usize;
            if found != shape || done > optics.beamlets.len() {
                let reason = format!("its field has shape {found:?} and {done} beamlets; this system needs {shape:?}");
                return Err(Error::file(from.path(), reason));
            }
            let slab = Slab::rows(shape[0], tiles.start as u64, tiles.len() as u64, shape[1] as usize);
            Ok((done, from.value::<f64>("most")?, from.read_slab::<f64>("field", &slab)?))
        };
        (optics.done, optics.most, optics.field) = comm.agree(read())?;
        Ok(optics)
    }
}
