//! Resuming from a checkpoint: finding the newest whole one, and reading the state back.
//!
//! Every rank opens the file by itself and reads the part that it wants, so a checkpoint may be read on another number
//! of ranks than wrote it. Before HDF5 sees the file, the ranks share out the check that it is what was written: by the hash beside
//! it, or, where that is lost, by the digests within.

use std::ops::Range;
use std::path::Path;

use bytemuck::Pod;

use super::checkpoint::{Beside, DIGEST, DIGEST_OF_RECORDS, FORMAT, STATE, VALUES, checkpoint_steps, path_of};
use super::{Element, Reader, Slab, digest, transfer};
use crate::{Comm, Error, Result};

/// Elements of a column that are read at once to check its digest.
const PIECE: u64 = 1 << 22;

/// A checkpoint opened to be read.
pub struct CheckpointReader {
    reader: Reader,
    step: u64,
    time: f64,
    /// The ranks that opened it together.
    comm: Option<Comm>,
    /// Whether there was a hash beside it.
    has_hash: bool,
}

/// Compares a file's hash with the one beside it; whether there is one. All ranks.
fn check_hash(comm: Option<&Comm>, path: &Path) -> Result<bool> {
    // One rank alone looks, so that all go the same way.
    let first = comm.is_none_or(Comm::is_root);
    let beside = agree(comm, if first { Beside::read(path) } else { Ok(None) })?;
    let has_hash = [u8::from(beside.is_some())];
    if comm.map_or(has_hash.to_vec(), |comm| comm.broadcast(&has_hash, 0)) == [0] {
        return Ok(false);
    }
    let found = digest::of_file(comm, path)?;
    let damaged = beside.is_some_and(|beside| beside.hash != found);
    let reason = "its contents are not those that were written: the file is damaged";
    agree(comm, if damaged { Err(Error::file(path, reason)) } else { Ok(true) })
}

fn agree<T>(comm: Option<&Comm>, outcome: Result<T>) -> Result<T> {
    match comm {
        Some(comm) => comm.agree(outcome),
        None => outcome,
    }
}

impl CheckpointReader {
    /// Opens a checkpoint and checks that it is whole. All ranks.
    ///
    /// # Errors
    /// On all ranks, when it is damaged, cannot be read or is another kind of file.
    pub fn open(comm: &Comm, path: &Path) -> Result<Self> {
        Self::open_checked(Some(comm), path)
    }

    /// Opens a checkpoint and checks that it is whole, by one process without MPI.
    ///
    /// # Errors
    /// When it is damaged, cannot be read or is another kind of file.
    pub fn open_alone(path: &Path) -> Result<Self> {
        Self::open_checked(None, path)
    }

    fn open_checked(comm: Option<&Comm>, path: &Path) -> Result<Self> {
        let has_hash = check_hash(comm, path)?;
        let opened = Self::open_unchecked(comm, path, has_hash)
            .and_then(|reader| if has_hash { Ok(reader) } else { reader.check_digests().map(|()| reader) });
        agree(comm, opened)
    }

    fn open_unchecked(comm: Option<&Comm>, path: &Path, has_hash: bool) -> Result<Self> {
        let reader = Reader::open(path)?;
        if reader.text("/", "Format").ok().as_deref() != Some(FORMAT) {
            return Err(Error::file(path, "this is not a checkpoint of this version of divisi"));
        }
        let step = reader.attribute("/", "Step")?;
        let time = reader.attribute("/", "Time")?;
        Ok(CheckpointReader { reader, step, time, comm: comm.cloned(), has_hash })
    }

    /// This process's rank among those that opened it together.
    pub(crate) fn rank(&self) -> usize {
        self.comm.as_ref().map_or(0, Comm::rank)
    }

    /// Compares the digests of all arrays, and that of all the rest.
    fn check_digests(&self) -> Result<()> {
        let Ok(wanted) = self.reader.attribute::<u64>("/", DIGEST) else {
            let reason = "there is no hash beside it, and in it no digest of all: whether it is whole can't be told";
            return Err(Error::file(self.path(), reason));
        };
        self.compare("what describes its arrays", self.reader.digest(DIGEST)?, wanted)?;
        for entry in self.reader.datasets()? {
            if let Ok(wanted) = self.reader.attribute::<u64>(&entry.name, DIGEST_OF_RECORDS) {
                self.compare(&entry.name, self.digest_of_records(&entry.name)?, wanted)?;
                continue;
            }
            let found = match entry.kind.as_str() {
                "float64" => self.digest::<f64>(&entry.name)?,
                "float32" => self.digest::<f32>(&entry.name)?,
                "uint64" => self.digest::<u64>(&entry.name)?,
                "int64" => self.digest::<i64>(&entry.name)?,
                "uint32" => self.digest::<u32>(&entry.name)?,
                "int32" => self.digest::<i32>(&entry.name)?,
                _ => self.digest::<u8>(&entry.name)?,
            };
            self.compare(&entry.name, found, self.reader.attribute(&entry.name, DIGEST)?)?;
        }
        Ok(())
    }

    fn compare(&self, name: &str, found: u64, wanted: u64) -> Result<()> {
        if found == wanted {
            Ok(())
        } else {
            let reason = format!("{name} is not what was written: the file is damaged");
            Err(Error::file(self.reader.path(), reason))
        }
    }

    fn digest_of_records(&self, name: &str) -> Result<u64> {
        let shape = self.reader.shape(name)?;
        let wide = shape.last().copied().unwrap_or(0);
        // Rows that are read at once hold whole records.
        let rows = (PIECE / wide.max(1)).max(1);
        let pieces = (0..shape[0]).step_by(rows as usize);
        pieces.map(|first| Slab::whole(&shape).between(first, first + rows)).try_fold(0u64, |sum, piece| {
            let bytes = self.reader.read_slab::<u8>(name, &piece)?;
            Ok(sum.wrapping_add(digest::of_records(piece.offset[0], wide as usize, &bytes)))
        })
    }

    fn digest<T: Element>(&self, name: &str) -> Result<u64> {
        let whole = Slab::whole(&self.reader.shape(name)?);
        whole.pieces(PIECE).try_fold(0u64, |sum, piece| {
            Ok(sum.wrapping_add(digest::of_slab(&piece, &self.reader.read_slab::<T>(name, &piece)?)))
        })
    }

    /// The file's name.
    pub fn path(&self) -> &Path {
        self.reader.path()
    }

    /// The number of steps taken.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The time of the state, in the run's unit of time.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// The global shape of an array.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn shape(&self, name: &str) -> Result<Vec<u64>> {
        self.reader.shape(&format!("{STATE}/{name}"))
    }

    /// The elements `range` of an array of one axis, or the rows `range` of one of several, bit for bit.
    ///
    /// # Errors
    /// When there is none of this name, the rows are not in it, or its elements are not `T`.
    pub fn read<T: Element>(&self, name: &str, range: Range<u64>) -> Result<Vec<T>> {
        let shape = self.shape(name)?;
        let rows = Slab::whole(&shape).between(range.start, range.end);
        if rows.count[0] != range.end.saturating_sub(range.start) {
            return Err(Error::file(self.path(), format!("{name} has {} rows: there are no rows {range:?}", shape[0])));
        }
        self.read_slab(name, &rows)
    }

    /// A box of an array, bit for bit.
    ///
    /// # Errors
    /// When there is none of this name and shape, or its elements are not `T`.
    pub fn read_slab<T: Element>(&self, name: &str, slab: &Slab) -> Result<Vec<T>> {
        let name = format!("{STATE}/{name}");
        let kind = self.reader.dataset(&name)?.dtype().and_then(|kind| kind.to_descriptor());
        let kind = kind.map_err(|reason| self.reader.failed(&name, reason))?;
        if kind != T::type_descriptor() {
            return Err(Error::file(self.path(), format!("{name} holds {kind}, not {}", T::type_descriptor())));
        }
        self.reader.read_slab(&name, slab)
    }

    /// The records `range` of an array of plain structs.
    ///
    /// # Errors
    /// When there is none of this name, or its records are not of the size of `T`.
    pub fn records<T: Pod>(&self, name: &str, range: Range<u64>) -> Result<Vec<T>> {
        let shape = self.shape(name)?;
        let wide = size_of::<T>() as u64;
        if shape.len() != 2 || shape[1] != wide || range.end > shape[0] {
            let reason = format!("{name} has shape {shape:?}: there are no records {range:?} of {wide} bytes");
            return Err(Error::file(self.path(), reason));
        }
        let full = format!("{STATE}/{name}");
        let slab = Slab::whole(&shape).between(range.start, range.end);
        let mut records = vec![T::zeroed(); (range.end - range.start) as usize];
        let byte = hdf5::Datatype::from_type::<u8>();
        byte.and_then(|byte| {
            transfer::read_into(
                &self.reader.dataset(&full).map_err(|error| error.to_string())?,
                &slab,
                &byte,
                bytemuck::cast_slice_mut(&mut records),
            )
        })
        .map_err(|reason| self.reader.failed(name, reason))?;
        Ok(records)
    }

    /// The whole list that [`Checkpoint::replicated`](super::Checkpoint::replicated) wrote.
    ///
    /// # Errors
    /// When there is none of this name, or its elements are not `T`.
    pub fn replicated<T: Element>(&self, name: &str) -> Result<Vec<T>> {
        self.read(name, 0..self.shape(name)?[0])
    }

    /// The whole list that [`Checkpoint::replicated_records`](super::Checkpoint::replicated_records) wrote.
    ///
    /// # Errors
    /// When there is none of this name, or its records are not of the size of `T`.
    pub fn replicated_records<T: Pod>(&self, name: &str) -> Result<Vec<T>> {
        self.records(name, 0..self.shape(name)?[0])
    }

    /// A shared number.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn value<T: Element>(&self, name: &str) -> Result<T> {
        self.reader.attribute(VALUES, name)
    }

    /// A list of shared numbers.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn values<T: Element>(&self, name: &str) -> Result<Vec<T>> {
        self.reader.attributes(VALUES, name)
    }

    /// A shared text.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn text(&self, name: &str) -> Result<String> {
        self.reader.text(VALUES, name)
    }
}

/// The newest whole checkpoint of a folder, if it has one, and a warning for each newer one that is damaged, or if it has no hash
/// beside it. All ranks.
///
/// # Errors
/// On all ranks, when there are checkpoints and all are damaged.
pub fn newest(comm: &Comm, folder: &Path) -> Result<(Option<CheckpointReader>, Vec<String>)> {
    let steps = comm.broadcast(&steps_in_once(comm, folder), 0);
    choose(folder, &steps, |step| CheckpointReader::open(comm, &path_of(folder, step)))
}

/// As [`newest`], by one process without MPI.
///
/// # Errors
/// When there are checkpoints and all are damaged.
pub fn newest_alone(folder: &Path) -> Result<(Option<CheckpointReader>, Vec<String>)> {
    choose(folder, &checkpoint_steps(folder), |step| CheckpointReader::open_alone(&path_of(folder, step)))
}

fn choose(
    folder: &Path,
    steps: &[u64],
    open: impl Fn(u64) -> Result<CheckpointReader>,
) -> Result<(Option<CheckpointReader>, Vec<String>)> {
    let mut warnings = Vec::new();
    let mut damaged = Vec::new();
    for &step in steps.iter().rev() {
        match open(step) {
            Ok(reader) => {
                if !reader.has_hash {
                    let told =
                        "there is no hash beside it: it is taken by its digests, and nothing says of which run it is";
                    warnings.push(Error::file(reader.path(), told).to_string());
                }
                return Ok((Some(reader), warnings));
            }
            Err(error) => {
                warnings.push(format!("{error}; trying the checkpoint before it"));
                damaged.push(error);
            }
        }
    }
    // That of another rank is told there.
    match damaged.pop() {
        None => Ok((None, warnings)),
        Some(oldest @ Error::Elsewhere { .. }) => Err(oldest),
        Some(oldest) => {
            damaged.push(oldest);
            let told: Vec<String> = damaged.iter().map(Error::to_string).collect();
            let remedy = "put back a copy of one with its .hash, or start anew with `run --overwrite`";
            Err(Error::file(folder, format!("none of its checkpoints can be taken: {remedy}\n  {}", told.join("\n  "))))
        }
    }
}

fn steps_in_once(comm: &Comm, folder: &Path) -> Vec<u64> {
    if comm.is_root() { checkpoint_steps(folder) } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::super::{Checkpoint, FileWriter, Stamp, hash_of};
    use super::*;
    use crate::base::units::{Preset, Units};

    fn write(folder: &Path, step: u64) {
        let stamp = Stamp { time: 0.5, step, units: Units::preset(Preset::Nbody) };
        let file = FileWriter::create_alone(&path_of(folder, step), 0).unwrap();
        let mut checkpoint = Checkpoint::begin(file, &stamp).unwrap();
        checkpoint.column("mass", 3, 0, &[1.1f64, 2.2, 3.3]).unwrap();
        checkpoint.column("id", 3, 0, &[7u64, 8, 9]).unwrap();
        checkpoint.replicated("limits", &[0.5f64, 0.25]).unwrap();
        checkpoint.replicated_records("pairs", &[[1u32, 2], [3, 4]]).unwrap();
        checkpoint.value("dt", 1234.5f64).unwrap();
        checkpoint.text("method", "leapfrog").unwrap();
        checkpoint.finish().unwrap();
    }

    /// Changes one bit of the byte sequence of `value` in a file.
    fn damage(path: &Path, value: f64) {
        let mut bytes = std::fs::read(path).unwrap();
        let place = bytes.windows(8).position(|eight| eight == value.to_le_bytes()).unwrap();
        bytes[place] ^= 1;
        std::fs::write(path, bytes).unwrap();
    }

    #[test]
    fn without_its_hash_a_checkpoint_is_checked_by_the_digests_of_its_arrays() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), 4);
        let path = path_of(folder.path(), 4);
        std::fs::remove_file(hash_of(&path)).unwrap();
        assert_eq!(CheckpointReader::open_alone(&path).unwrap().read::<f64>("mass", 1..3).unwrap(), [2.2, 3.3]);
        damage(&path, 2.2);
        let told = CheckpointReader::open_alone(&path).err().unwrap().to_string();
        assert!(told.contains("State/mass") && told.contains("damaged"), "{told}");
    }

    /// What a digest of the file's arrays doesn't see: the time, a number and a text of the run, the name of an array.
    #[test]
    fn without_its_hash_a_checkpoint_is_refused_where_anything_but_its_arrays_was_changed() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), 4);
        let path = path_of(folder.path(), 4);
        std::fs::remove_file(hash_of(&path)).unwrap();
        let (taken, warnings) = newest_alone(folder.path()).unwrap();
        assert_eq!((taken.unwrap().time(), warnings.len()), (0.5, 1));
        assert!(warnings[0].contains("no hash beside it"), "{warnings:?}");
        let whole = std::fs::read(&path).unwrap();
        for wanted in [&0.5f64.to_le_bytes()[..], &1234.5f64.to_le_bytes(), b"leapfrog", b"limits"] {
            let mut bytes = whole.clone();
            let place = bytes.windows(wanted.len()).position(|found| found == wanted).unwrap();
            bytes[place + 1] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            let told = CheckpointReader::open_alone(&path).err().expect("refused").to_string();
            assert!(told.contains("damaged") || told.contains("cannot read"), "{told}");
        }
    }

    /// What may stand where the hash should: nothing of use, no text, a folder; that of another file.
    #[test]
    fn a_hash_that_cannot_be_read_or_is_another_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), 4);
        let path = path_of(folder.path(), 4);
        let hash = hash_of(&path);
        let cases: [(&[u8], &str); 3] =
            [(b"", "damaged"), (b"00ff\n", "damaged"), (&[0xff, 0xfe, b'\n'], "cannot read")];
        for (content, expected) in cases {
            std::fs::write(&hash, content).unwrap();
            let told = CheckpointReader::open_alone(&path).err().expect("refused").to_string();
            assert!(told.contains(expected), "{told}");
        }
        std::fs::remove_file(&hash).unwrap();
        std::fs::create_dir(&hash).unwrap();
        let told = CheckpointReader::open_alone(&path).err().expect("refused").to_string();
        assert!(told.contains("cannot read") && told.contains(".hash"), "{told}");
    }

    #[test]
    fn lists_that_all_ranks_hold_come_back_whole() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), 4);
        let read = CheckpointReader::open_alone(&path_of(folder.path(), 4)).unwrap();
        assert_eq!(read.replicated::<f64>("limits").unwrap(), [0.5, 0.25]);
        assert_eq!(read.replicated_records::<[u32; 2]>("pairs").unwrap(), [[1, 2], [3, 4]]);
        assert!(read.replicated::<u64>("limits").is_err() && read.replicated::<f64>("none").is_err());
    }

    #[test]
    fn the_newest_whole_checkpoint_is_taken_with_a_warning_for_each_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        assert!(newest_alone(folder.path()).unwrap().0.is_none());
        (1..=3).for_each(|step| write(folder.path(), step));
        damage(&path_of(folder.path(), 3), 3.3);
        std::fs::write(path_of(folder.path(), 2), "").unwrap();
        let (found, warnings) = newest_alone(folder.path()).unwrap();
        assert_eq!((found.unwrap().step(), warnings.len()), (1, 2));
        damage(&path_of(folder.path(), 1), 1.1);
        let told = newest_alone(folder.path()).err().expect("none is whole").to_string();
        assert!(told.contains("none of its checkpoints can be taken") && told.contains("--overwrite"), "{told}");
        assert!((1..=3).all(|step| told.contains(&format!("step_000000000{step}.hdf5: "))), "{told}");
    }

    #[test]
    fn an_unfinished_checkpoint_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = Stamp { time: 0.0, step: 9, units: Units::preset(Preset::Si) };
        let file = FileWriter::create_alone(&path_of(folder.path(), 9), 0).unwrap();
        drop(Checkpoint::begin(file, &stamp).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
