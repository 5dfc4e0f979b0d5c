//! Trajectories: few bodies at many times, in one file instead of thousands of snapshots.
//!
//! Rank 0 keeps all frames in memory and writes the file whole each time, so that a crash leaves the one before.
//! Datasets: `Time` and `Step` (T), one of shape (T, N) or (T, N, 3) per column, `ParticleIDs` and `Names` (N).
//! Columns lie along `Time`, the bodies by their names (or, without names, by `ParticleIDs`), and `component` ([labels](super::labels)).
//! A body that no longer exists (merged, escaped) has NaN from then on. Not meant for many bodies: use snapshots.

use std::path::{Path, PathBuf};

use super::snapshot::{Stamp, component_axis, write_component_axes, write_stamp};
use super::{FileWriter, Reader, chained};
use crate::base::units::Units;
use crate::{Comm, Error, Result};

/// The attribute `Format` of a trajectory.
pub(crate) const FORMAT: &str = "divisi trajectory 1";

/// The bodies at one time: what a simulation fills, the same on every rank.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    ids: Vec<u64>,
    names: Vec<String>,
    columns: Vec<Series>,
}

/// One quantity: of all bodies at one time in a frame, at all times in a trajectory.
#[derive(Clone, Debug, PartialEq)]
struct Series {
    name: String,
    components: usize,
    values: Vec<f64>,
}

impl Frame {
    /// The numbers by which bodies are known from frame to frame; in frames without, they are 0, 1, 2, ...
    pub fn ids(&mut self, ids: &[u64]) {
        self.ids = ids.to_vec();
    }

    /// The names of the bodies; those of the first frame are kept.
    pub fn names(&mut self, names: &[String]) {
        self.names = names.to_vec();
    }

    /// A quantity with `components` numbers per body, body after body.
    pub fn column(&mut self, name: &str, components: usize, values: &[f64]) {
        self.columns.push(Series { name: name.to_owned(), components, values: values.to_vec() });
    }

    /// The number of bodies, where all parts agree.
    fn bodies(&self) -> Result<usize> {
        let Some(first) = self.columns.first() else { return Ok(0) };
        let bodies = first.values.len() / first.components;
        let ill = |series: &&Series| series.values.len() != bodies * series.components;
        if let Some(series) = self.columns.iter().find(ill) {
            let reason = format!(
                "{} has {} numbers, not {} for each of {bodies}",
                series.name,
                series.values.len(),
                series.components
            );
            return Err(Error::input("trajectory", reason));
        }
        if ![0, bodies].contains(&self.ids.len()) || ![0, bodies].contains(&self.names.len()) {
            let reason = format!("{} numbers and {} names for {bodies} bodies", self.ids.len(), self.names.len());
            return Err(Error::input("trajectory", reason));
        }
        Ok(bodies)
    }
}

/// The frames of a run so far. All ranks hold one; the frames are on rank 0.
pub struct Trajectory {
    comm: Option<Comm>,
    path: PathBuf,
    units: Units,
    rows: u64,
    times: Vec<f64>,
    steps: Vec<u64>,
    ids: Vec<u64>,
    names: Vec<String>,
    columns: Vec<Series>,
    /// Of all frames, on rank 0.
    digest: u64,
}

impl Trajectory {
    /// Takes the first `rows` frames of the file at `path`, which need not exist for none. All ranks.
    ///
    /// # Errors
    /// On all ranks, when the file cannot be read or has fewer frames.
    pub fn open(comm: &Comm, path: &Path, rows: u64, units: Units) -> Result<Self> {
        let mut trajectory = Self::begin(comm, path, units);
        trajectory.count(rows);
        let taken = if rows > 0 && comm.is_root() { trajectory.take(rows) } else { Ok(()) };
        comm.agree(taken)?;
        Ok(trajectory)
    }

    /// One without frames, that will be the file at `path`. All ranks.
    pub(crate) fn begin(comm: &Comm, path: &Path, units: Units) -> Self {
        Self::empty(Some(comm.clone()), path, units)
    }

    fn empty(comm: Option<Comm>, path: &Path, units: Units) -> Self {
        let path = path.to_path_buf();
        let (times, steps, ids, names, columns) = Default::default();
        Trajectory { comm, path, units, rows: 0, times, steps, ids, names, columns, digest: 0 }
    }

    /// Takes the first `rows` frames of the file, on rank 0, where they are those with this digest; else none, and the reason.
    ///
    /// # Errors
    /// When there is a file that the operating system does not let be read.
    pub(crate) fn take_if_same(&mut self, rows: u64, digest: Option<u64>) -> Result<Option<String>> {
        let reason = match self.take(rows) {
            Ok(()) if digest.is_none_or(|written| written == self.digest) => {
                self.count(rows);
                return Ok(None);
            }
            Ok(()) => format!("its first {rows} frames are not those that the run wrote"),
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => "it is gone".to_owned(),
            Err(Error::File { reason, .. }) => reason,
            Err(other) => return Err(other),
        };
        *self = Self::empty(self.comm.take(), &self.path, self.units.clone());
        Ok(Some(reason))
    }

    /// Goes on with so many frames, which rank 0 has. All ranks.
    pub(crate) fn count(&mut self, rows: u64) {
        self.rows = rows;
    }

    /// The number of frames, and on rank 0 their digest.
    pub(crate) fn frames(&self) -> (u64, u64) {
        (self.rows, self.digest)
    }

    /// Adds a frame, the one of this number, to the digest of those before it.
    fn chain(&mut self, row: usize) {
        let mut bytes = Vec::new();
        if row == 0 {
            bytes.extend_from_slice(bytemuck::cast_slice(&self.ids));
            let names = self.names.iter().chain(self.columns.iter().map(|column| &column.name));
            names.for_each(|name| bytes.extend_from_slice(name.as_bytes()));
        }
        bytes.extend_from_slice(&self.steps[row].to_ne_bytes());
        bytes.extend_from_slice(&self.times[row].to_ne_bytes());
        for column in &self.columns {
            let width = self.ids.len() * column.components;
            bytes.extend_from_slice(bytemuck::cast_slice(&column.values[row * width..][..width]));
        }
        self.digest = chained(self.digest, &bytes);
    }

    fn take(&mut self, rows: u64) -> Result<()> {
        let reader = Reader::open(&self.path)?;
        self.times = reader.read("Time")?;
        if (self.times.len() as u64) < rows {
            let reason =
                format!("it holds {} frames, but the checkpoint was written when it held {rows}", self.times.len());
            return Err(Error::file(&self.path, reason));
        }
        let rows = rows as usize;
        self.times.truncate(rows);
        self.steps = reader.read("Step")?;
        self.steps.truncate(rows);
        self.ids = reader.read("ParticleIDs")?;
        self.names = if reader.has("Names") { reader.texts("Names")? } else { Vec::new() };
        for entry in reader.datasets()?.into_iter().filter(|entry| entry.shape.len() > 1) {
            let components = entry.shape.get(2).map_or(1, |&n| n as usize);
            let mut values: Vec<f64> = reader.read(&entry.name)?;
            values.truncate(rows * self.ids.len() * components);
            self.columns.push(Series { name: entry.name, components, values });
        }
        let whole = self.columns.iter().all(|column| column.values.len() == rows * self.ids.len() * column.components);
        if !whole || self.steps.len() < rows {
            return Err(Error::file(&self.path, "its datasets are not of one length"));
        }
        self.digest = 0;
        (0..rows).for_each(|row| self.chain(row));
        Ok(())
    }

    /// Adds a frame and returns how many there are; one without columns adds nothing. All ranks.
    ///
    /// # Errors
    /// When the frame's parts disagree or, on rank 0, when it has a body or a column that the first frame had not.
    pub fn push(&mut self, step: u64, time: f64, frame: Frame) -> Result<u64> {
        let bodies = frame.bodies()?;
        if frame.columns.is_empty() {
            return Ok(self.rows);
        }
        if self.is_first() {
            self.add(bodies, frame)?;
            self.times.push(time);
            self.steps.push(step);
            self.chain(self.times.len() - 1);
        }
        self.rows += 1;
        Ok(self.rows)
    }

    fn add(&mut self, bodies: usize, frame: Frame) -> Result<()> {
        let ids = if frame.ids.is_empty() { (0..bodies as u64).collect() } else { frame.ids };
        if self.times.is_empty() {
            (self.ids, self.names, self.columns) = (ids, frame.names, frame.columns);
            // In the order in which a file lists them, so that a continued trajectory is written alike.
            self.columns.sort_by(|a, b| a.name.cmp(&b.name));
            return Ok(());
        }
        let slots = self.slots(&ids)?;
        let width = self.ids.len();
        for column in &mut self.columns {
            let added =
                frame.columns.iter().find(|added| added.name == column.name && added.components == column.components);
            let Some(added) = added else {
                return Err(Error::input("trajectory", format!("a frame lacks {}, which the first had", column.name)));
            };
            let start = column.values.len();
            column.values.resize(start + width * column.components, f64::NAN);
            for (slot, values) in slots.iter().zip(added.values.chunks_exact(column.components)) {
                let place = start + slot * column.components;
                column.values[place..place + column.components].copy_from_slice(values);
            }
        }
        Ok(())
    }

    /// The places of the bodies `ids` in the file.
    fn slots(&self, ids: &[u64]) -> Result<Vec<usize>> {
        if ids == self.ids {
            return Ok((0..ids.len()).collect());
        }
        let place = |id: &u64| {
            let unknown = || Error::input("trajectory", format!("body {id} was not in the first frame"));
            self.ids.iter().position(|known| known == id).ok_or_else(unknown)
        };
        ids.iter().map(place).collect()
    }

    /// Writes the file whole; without frames there is no file. All ranks.
    ///
    /// # Errors
    /// On all ranks, when it cannot be written.
    pub fn write(&self) -> Result<()> {
        let written = if self.is_first() && self.rows > 0 { self.write_file() } else { Ok(()) };
        match &self.comm {
            Some(comm) => comm.agree(written),
            None => written,
        }
    }

    fn write_file(&self) -> Result<()> {
        let file = FileWriter::create_alone(&self.path, 0)?;
        let rows = self.times.len() as u64;
        let bodies = self.ids.len() as u64;
        let time = self.times[rows as usize - 1];
        let step = self.steps[rows as usize - 1];
        write_stamp(&file, FORMAT, &Stamp { time, step, units: self.units.clone() })?;
        let body = self.write_axes(&file)?;
        for column in &self.columns {
            let shape = [rows, bodies, column.components as u64];
            file.replicated(&column.name, &shape[..if column.components == 1 { 2 } else { 3 }], &column.values)?;
            if let Some(unit) = self.unit_of(&column.name) {
                file.describe(&column.name, &unit, "")?;
            }
            let component = component_axis(column.components);
            let axes: Vec<&str> = ["Time", body].into_iter().chain(component.as_deref()).collect();
            file.along(&column.name, &axes)?;
        }
        file.finish()
    }

    /// Writes times, steps, numbers and names of the bodies; returns which of these are the axis of bodies.
    fn write_axes(&self, file: &FileWriter) -> Result<&'static str> {
        file.conventions()?;
        file.replicated("Time", &[self.times.len() as u64], &self.times)?;
        file.describe("Time", self.units.time_name(), "time of the frame")?;
        file.text("Time", "axis", "T")?;
        file.as_axis("Time")?;
        file.replicated("Step", &[self.steps.len() as u64], &self.steps)?;
        file.along("Step", &["Time"])?;
        file.replicated("ParticleIDs", &[self.ids.len() as u64], &self.ids)?;
        write_component_axes(file, self.columns.iter().map(|column| column.components))?;
        if self.names.is_empty() {
            return file.as_axis("ParticleIDs").map(|()| "ParticleIDs");
        }
        if self.names.iter().any(|name| name.contains('\0')) {
            file.texts("Names", &self.names)?;
        } else {
            file.strings("Names", &self.names)?;
        }
        file.as_axis("Names")?;
        file.along("ParticleIDs", &["Names"])?;
        Ok("Names")
    }

    /// The unit's label of a column of a well-known name.
    fn unit_of(&self, column: &str) -> Option<String> {
        match column {
            "Coordinates" => Some(self.units.length_name().to_owned()),
            "Velocities" => Some(self.units.velocity_name()),
            "Masses" => Some(self.units.mass_name().to_owned()),
            _ => None,
        }
    }

    fn is_first(&self) -> bool {
        self.comm.as_ref().is_none_or(Comm::is_root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::units::Preset;

    fn frame(ids: &[u64], x: f64) -> Frame {
        let mut frame = Frame::default();
        frame.ids(ids);
        frame.names(&ids.iter().map(|id| format!("body {id}")).collect::<Vec<_>>());
        frame.column("Coordinates", 3, &ids.iter().flat_map(|&id| [x, id as f64, 0.1]).collect::<Vec<_>>());
        frame.column("Masses", 1, &vec![x; ids.len()]);
        frame
    }

    fn scratch(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("divisi-{name}-{}.hdf5", std::process::id()))
    }

    #[test]
    fn a_body_that_is_gone_is_nan_from_then_on() {
        let path = scratch("gone");
        let mut trajectory = Trajectory::empty(None, &path, Units::preset(Preset::AuDayGm));
        trajectory.push(0, 0.0, frame(&[7, 3, 5], 1.0)).unwrap();
        assert_eq!(trajectory.push(4, 0.5, frame(&[5, 7], 2.0)).unwrap(), 2);
        trajectory.write().unwrap();
        let reader = Reader::open(&path).unwrap();
        let masses: Vec<f64> = reader.read("Masses").unwrap();
        assert_eq!(masses[..4], [1.0, 1.0, 1.0, 2.0]);
        assert!(masses[4].is_nan() && masses[5] == 2.0);
        assert_eq!(reader.shape("Coordinates").unwrap(), [2, 3, 3]);
        assert_eq!(reader.texts("Names").unwrap(), ["body 7", "body 3", "body 5"]);
        assert_eq!(reader.text("Coordinates", "unit").unwrap(), "au");
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_trajectory_cut_and_continued_is_the_undisturbed_one() {
        let path = scratch("whole");
        let other = scratch("cut");
        let units = Units::preset(Preset::Si);
        let mut whole = Trajectory::empty(None, &path, units.clone());
        (0..5).for_each(|i| assert_eq!(whole.push(i, i as f64, frame(&[1, 2], i as f64)).unwrap(), i + 1));
        whole.write().unwrap();
        std::fs::copy(&path, &other).unwrap();
        let mut cut = Trajectory::empty(None, &other, units);
        cut.take(3).unwrap();
        cut.rows = 3;
        (3..5).for_each(|i| assert_eq!(cut.push(i, i as f64, frame(&[1, 2], i as f64)).unwrap(), i + 1));
        cut.write().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&other).unwrap());
        assert!(cut.take(6).is_err());
        std::fs::remove_file(&path).unwrap();
        std::fs::remove_file(&other).unwrap();
    }

    /// What may have happened to the file: fewer frames, another run's, a number changed, damaged, gone.
    #[test]
    fn a_trajectory_that_is_not_what_was_written_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trajectory.hdf5");
        let units = || Units::preset(Preset::Si);
        let empty = || Trajectory::empty(None, &path, units());
        let write = |count: u64, x: f64| {
            let mut written = empty();
            for i in 0..count {
                written.push(i, i as f64, frame(&[1, 2], i as f64 + x)).unwrap();
            }
            written.write().unwrap();
            written.frames()
        };
        let (_, digest) = write(3, 0.0);
        write(5, 0.0);
        let mut whole = empty();
        assert_eq!(whole.take_if_same(3, Some(digest)).unwrap(), None);
        assert_eq!((whole.frames(), whole.steps.len()), ((3, digest), 3));
        let expect = |reason: &str| {
            let mut taken = empty();
            let told = taken.take_if_same(3, Some(digest)).unwrap().unwrap();
            assert!(told.contains(reason), "{told}");
            assert_eq!((taken.frames(), taken.times.len()), ((0, 0), 0));
        };
        write(2, 0.0);
        expect("holds 2 frames");
        write(3, 1e-9);
        expect("its first 3 frames");
        std::fs::write(&path, "no HDF5").unwrap();
        expect("HDF5");
        std::fs::remove_file(&path).unwrap();
        expect("it is gone");
    }

    #[test]
    fn frames_that_do_not_fit_are_refused() {
        let mut trajectory = Trajectory::empty(None, Path::new("none"), Units::preset(Preset::Si));
        trajectory.push(0, 0.0, frame(&[1, 2], 0.0)).unwrap();
        assert!(trajectory.push(1, 1.0, frame(&[1, 3], 0.0)).is_err());
        let mut ill = Frame::default();
        ill.column("Coordinates", 3, &[0.0; 6]);
        ill.column("Masses", 1, &[0.0; 3]);
        assert!(trajectory.push(1, 1.0, ill).is_err());
        assert_eq!(trajectory.push(1, 1.0, Frame::default()).unwrap(), 1);
    }
}
