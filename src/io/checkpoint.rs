//! Checkpoints: the raw state, bit for bit, to resume from.
//!
//! A checkpoint holds named arrays, each rank giving its slab, and named numbers and texts that all ranks share.
//! Each array carries a digest, and the file one of all the rest; beside it, under its name with `.hash`, are the hash of the whole
//! file and the id of the run that wrote it, written before the file gets its name. Nothing depends on the number of ranks.

use std::path::{Path, PathBuf};

use bytemuck::Pod;

use super::snapshot::write_stamp;
use super::{Element, FileWriter, Part, Slab, Stamp, WriteOptions, digest};
use crate::base::partition::balanced_range;
use crate::base::whole::{part_of, write_whole};
use crate::{Comm, Error, Result};

/// The attribute `Format` of a checkpoint.
pub(crate) const FORMAT: &str = "divisi checkpoint 1";
/// The group of the arrays.
pub(crate) const STATE: &str = "State";
/// The group whose attributes are the shared numbers and texts.
pub(crate) const VALUES: &str = "Values";

/// The attribute that holds the digest of an array over its elements, and of the file over all but its arrays' elements.
pub(crate) const DIGEST: &str = "digest";
/// What the line of the run begins with, beside a checkpoint.
const RUN: &str = "run ";
/// The attribute that holds the digest of an array over its rows, each a record.
pub(crate) const DIGEST_OF_RECORDS: &str = "digest_of_records";

/// A checkpoint being written. All ranks make the same calls.
pub struct Checkpoint {
    file: FileWriter,
    /// The id of the run that it is of.
    run: Option<String>,
}

impl Checkpoint {
    /// Begins the checkpoint of the step in `stamp`, in `folder`, which it makes. All ranks.
    ///
    /// # Errors
    /// On all ranks, when the file cannot be made.
    pub fn create(comm: &Comm, folder: &Path, stamp: &Stamp, options: &WriteOptions) -> Result<Self> {
        let made = if comm.is_root() { std::fs::create_dir_all(folder) } else { Ok(()) };
        comm.agree(made.map_err(Error::io("create", folder)))?;
        Self::begin(FileWriter::create(comm, &path_of(folder, stamp.step), options)?, stamp)
    }

    pub(crate) fn begin(file: FileWriter, stamp: &Stamp) -> Result<Self> {
        write_stamp(&file, FORMAT, stamp)?;
        file.group(STATE)?;
        file.group(VALUES)?;
        Ok(Checkpoint { file, run: None })
    }

    /// The same, as the checkpoint of the run with this id.
    pub(crate) fn of_run(self, id: &str) -> Self {
        Checkpoint { run: Some(id.to_owned()), ..self }
    }

    /// The file that is written.
    pub(crate) fn file(&self) -> &FileWriter {
        &self.file
    }

    /// Writes an array of which each rank holds the slab `data`.
    ///
    /// # Errors
    /// On all ranks, when a slab does not fit or the file cannot be written.
    pub fn array<T: Element>(&mut self, name: &str, slab: &Slab, data: &[T]) -> Result<()> {
        self.write(name, &slab.shape, &[Part::new(slab.clone(), data)])
    }

    /// Writes an array of which each rank holds any number of parts of its shape, also none, and at least one rank some.
    ///
    /// # Errors
    /// On all ranks, when a part does not fit or the file cannot be written.
    pub fn array_parts<T: Element>(&mut self, name: &str, parts: &[Part<'_, T>]) -> Result<()> {
        let mine = parts.first().map_or(&[][..], |part| &part.slab().shape);
        let shape = self.file.comm().map_or(mine.to_vec(), |comm| longest(comm, mine));
        self.write(name, &shape, parts)
    }

    fn write<T: Element>(&mut self, name: &str, shape: &[u64], parts: &[Part<'_, T>]) -> Result<()> {
        self.file.dataset_parts(&format!("{STATE}/{name}"), shape, parts)?;
        self.digest(name, DIGEST, parts.iter().map(digest::of_part).fold(0, u64::wrapping_add))
    }

    /// Notes the digest of an array, of which `mine` is this rank's share.
    fn digest(&self, name: &str, kind: &str, mine: u64) -> Result<()> {
        let all = self.file.comm().map_or(mine, |comm| comm.all_reduce_sum(mine));
        self.file.attribute(&format!("{STATE}/{name}"), kind, all)
    }

    /// Writes an array of one axis, of which this rank holds the elements from `first` of `total`.
    ///
    /// # Errors
    /// As [`array`](Checkpoint::array).
    pub fn column<T: Element>(&mut self, name: &str, total: u64, first: u64, data: &[T]) -> Result<()> {
        self.array(name, &Slab::rows(total, first, data.len() as u64, 1), data)
    }

    /// Writes plain structs as their bytes; this rank holds those from `first` of `total`.
    ///
    /// # Errors
    /// As [`array`](Checkpoint::array).
    pub fn records<T: Pod>(&mut self, name: &str, total: u64, first: u64, records: &[T]) -> Result<()> {
        let wide = size_of::<T>();
        let bytes = bytemuck::cast_slice(records);
        let slab = Slab {
            shape: vec![total, wide as u64],
            offset: vec![first, 0],
            count: vec![records.len() as u64, wide as u64],
        };
        self.file.dataset::<u8>(&format!("{STATE}/{name}"), &slab, bytes)?;
        self.digest(name, DIGEST_OF_RECORDS, digest::of_records(first, wide, bytes))
    }

    /// Writes a list of numbers that is the same on all ranks: each rank writes its share of it.
    ///
    /// # Errors
    /// As [`array`](Checkpoint::array).
    pub fn replicated<T: Element>(&mut self, name: &str, list: &[T]) -> Result<()> {
        let mine = self.share_of(list.len());
        self.column(name, list.len() as u64, mine.start as u64, &list[mine])
    }

    /// Writes a list of plain structs that is the same on all ranks: each rank writes its share of it.
    ///
    /// # Errors
    /// As [`array`](Checkpoint::array).
    pub fn replicated_records<T: Pod>(&mut self, name: &str, list: &[T]) -> Result<()> {
        let mine = self.share_of(list.len());
        self.records(name, list.len() as u64, mine.start as u64, &list[mine])
    }

    /// What this rank writes of a list that all ranks hold.
    fn share_of(&self, length: usize) -> std::ops::Range<usize> {
        let share = self.file.comm().map(|comm| balanced_range(length as u64, comm.size(), comm.rank()));
        share.map_or(0..length, |share| share.start as usize..share.end as usize)
    }

    /// Writes one number, the same on all ranks.
    ///
    /// # Errors
    /// On all ranks, when the file cannot be written.
    pub fn value<T: Element>(&mut self, name: &str, value: T) -> Result<()> {
        self.file.attribute(VALUES, name, value)
    }

    /// Writes a few numbers (at most 64 KiB), the same on all ranks.
    ///
    /// # Errors
    /// On all ranks, when the file cannot be written.
    pub fn values<T: Element>(&mut self, name: &str, values: &[T]) -> Result<()> {
        self.file.attributes(VALUES, name, values)
    }

    /// Writes a text (at most 64 KiB), the same on all ranks.
    ///
    /// # Errors
    /// On all ranks, when the file cannot be written.
    pub fn text(&mut self, name: &str, text: &str) -> Result<()> {
        self.file.text(VALUES, name, text)
    }

    /// Ends the checkpoint and returns its name.
    ///
    /// # Errors
    /// On all ranks, when anything could not be written.
    pub fn finish(self) -> Result<PathBuf> {
        let path = self.file.path().to_path_buf();
        let comm = self.file.comm().cloned();
        let first = self.file.is_first();
        let share = digest::share(comm.as_ref());
        let run = self.run;
        let hash_path = hash_of(&path);
        let hash = |part: &Path| digest::hash_share(share, part);
        self.file.digest(DIGEST)?;
        self.file.finish_with(hash, |hashes| {
            let beside = Beside { hash: digest::joined(comm.as_ref(), &hashes), run };
            if first { write_whole(&hash_path, beside.text().as_bytes()) } else { Ok(()) }
        })?;
        Ok(path)
    }
}

/// What stands beside a checkpoint: the hash of the file and, in a second line, the run that it is of.
#[derive(Debug, PartialEq)]
pub(super) struct Beside {
    pub hash: String,
    pub run: Option<String>,
}

impl Beside {
    fn text(&self) -> String {
        let run = self.run.as_ref().map_or(String::new(), |run| format!("{RUN}{run}\n"));
        format!("{}\n{run}", self.hash)
    }

    /// What stands beside the checkpoint at `path`, if anything does.
    ///
    /// # Errors
    /// When it can't be read.
    pub(super) fn read(path: &Path) -> Result<Option<Self>> {
        let path = hash_of(path);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        let mut lines = text.lines();
        let hash = lines.next().unwrap_or_default().trim().to_owned();
        Ok(Some(Beside { hash, run: lines.find_map(|line| line.strip_prefix(RUN)).map(str::to_owned) }))
    }
}

/// The checkpoints of a folder that say that they are of another run than the one with this id.
pub(crate) fn of_others(folder: &Path, id: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = checkpoint_steps(folder).into_iter().map(|step| path_of(folder, step)).collect();
    // What can't be read is reported where a checkpoint is opened.
    let run = |path: &PathBuf| Beside::read(path).ok().flatten().and_then(|beside| beside.run);
    paths.retain(|path| run(path).is_some_and(|run| run != id));
    paths
}

/// Whether a file in the folder of checkpoints is one, what stands beside one, or what was left unfinished of either.
pub(crate) fn is_checkpoint(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let name = name.strip_suffix(".part").unwrap_or(name);
    step_in(name.strip_suffix(".hash").unwrap_or(name)).is_some()
}

/// The step in the name of a checkpoint.
fn step_in(name: &str) -> Option<u64> {
    name.strip_prefix("step_")?.strip_suffix(".hdf5")?.parse().ok()
}

/// The shape that the ranks know which hold anything.
fn longest(comm: &Comm, mine: &[u64]) -> Vec<u64> {
    let mut shape = vec![0; comm.all_reduce_max(mine.len() as u64) as usize];
    shape[..mine.len()].copy_from_slice(mine);
    comm.all_reduce_max_into(&mut shape);
    shape
}

/// The name of the checkpoint of a step.
pub fn path_of(folder: &Path, step: u64) -> PathBuf {
    folder.join(format!("step_{step:010}.hdf5"))
}

/// The name of the file that holds a checkpoint's hash.
pub fn hash_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".hash");
    name.into()
}

/// The steps of the checkpoints in a folder, oldest first; none if there is no folder.
pub fn checkpoint_steps(folder: &Path) -> Vec<u64> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut steps: Vec<u64> = names.filter_map(|name| step_in(&name)).collect();
    steps.sort_unstable();
    steps
}

/// Removes the checkpoints of a folder before that of `newest`, which was just written, but for the last of them: `keep` are left (at
/// least that one). Those of later steps, which a resumed run has not taken, stay. One rank.
///
/// # Errors
/// When a file cannot be removed.
pub fn prune(folder: &Path, newest: u64, keep: usize) -> Result<()> {
    let mut before = checkpoint_steps(folder);
    before.retain(|&step| step < newest);
    for &step in &before[..(before.len() + 1).saturating_sub(keep.max(1))] {
        let path = path_of(folder, step);
        std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        let _ = std::fs::remove_file(hash_of(&path));
        let _ = std::fs::remove_file(part_of(&path));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::units::Units;

    fn write(folder: &Path, step: u64, run: Option<&str>) {
        let stamp = Stamp { time: 0.5, step, units: Units::default() };
        let file = FileWriter::create_alone(&path_of(folder, step), 0).unwrap();
        let checkpoint = Checkpoint::begin(file, &stamp).unwrap();
        let checkpoint = if let Some(run) = run { checkpoint.of_run(run) } else { checkpoint };
        checkpoint.finish().unwrap();
    }

    #[test]
    fn a_checkpoint_is_of_the_run_that_wrote_it_and_its_bytes_are_those_of_any() {
        let folder = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        write(folder.path(), 1, Some("one"));
        write(folder.path(), 2, Some("two"));
        write(folder.path(), 3, None);
        assert_eq!(of_others(folder.path(), "one"), [path_of(folder.path(), 2)]);
        assert_eq!(of_others(&folder.path().join("none"), "one"), Vec::<PathBuf>::new());
        write(other.path(), 1, Some("two"));
        let bytes = |folder: &Path| std::fs::read(path_of(folder, 1)).unwrap();
        assert_eq!(bytes(folder.path()), bytes(other.path()));
        let beside = Beside::read(&path_of(folder.path(), 1)).unwrap().unwrap();
        assert_eq!((beside.hash.len(), beside.run.as_deref()), (32, Some("one")));
    }

    /// Also where later ones are left, by a job that took an earlier one since they were damaged.
    #[test]
    fn the_checkpoint_just_written_is_never_removed() {
        let folder = tempfile::tempdir().unwrap();
        let steps = |keep: usize, newest: u64| {
            [100, 150, 200, 300, 400].iter().for_each(|&step| write(folder.path(), step, None));
            prune(folder.path(), newest, keep).unwrap();
            checkpoint_steps(folder.path())
        };
        assert_eq!(steps(2, 400), [300, 400]);
        assert_eq!(steps(2, 150), [100, 150, 200, 300, 400]);
        assert_eq!(steps(2, 200), [150, 200, 300, 400]);
        assert_eq!(steps(1, 100), [100, 150, 200, 300, 400]);
        assert_eq!(steps(0, 300), [300, 400]);
    }
}
