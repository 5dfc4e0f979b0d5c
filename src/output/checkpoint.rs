//! Checkpoints: the raw state, bit for bit, to go on from.
//!
//! A checkpoint holds named arrays, each rank giving its slab, and named numbers and texts that all ranks share.
//! Each array carries a digest; beside the file, under its name with `.hash`, stands the hash of the whole file,
//! written before the file gets its name. Nothing depends on the number of ranks.

use std::path::{Path, PathBuf};

use bytemuck::Pod;

use super::place::{part_of, write_whole};
use super::snapshot::write_stamp;
use super::{Element, FileWriter, Part, Slab, Stamp, WriteOptions, digest};
use crate::{Comm, Error, Result};

/// What the attribute `Format` of a checkpoint says.
pub(super) const FORMAT: &str = "divisi checkpoint 1";
/// The group of the arrays.
pub(super) const STATE: &str = "State";
/// The group whose attributes are the shared numbers and texts.
pub(super) const VALUES: &str = "Values";

/// The attribute that holds the digest of an array over its elements.
pub(super) const DIGEST: &str = "digest";
/// The attribute that holds the digest of an array over its rows, each a record.
pub(super) const DIGEST_OF_RECORDS: &str = "digest_of_records";

/// A checkpoint being written. All ranks make the same calls.
pub struct Checkpoint {
    file: FileWriter,
}

impl Checkpoint {
    /// Begins the checkpoint of the step that `stamp` tells, in `folder`, which it makes. All ranks.
    ///
    /// # Errors
    /// On all ranks, when the file cannot be made.
    pub fn create(comm: &Comm, folder: &Path, stamp: &Stamp, options: &WriteOptions) -> Result<Self> {
        let made = if comm.is_root() { std::fs::create_dir_all(folder) } else { Ok(()) };
        comm.agree(made.map_err(Error::io("create", folder)))?;
        Self::begin(FileWriter::create(comm, &path_of(folder, stamp.step), options)?, stamp)
    }

    pub(super) fn begin(file: FileWriter, stamp: &Stamp) -> Result<Self> {
        write_stamp(&file, FORMAT, stamp)?;
        file.group(STATE)?;
        file.group(VALUES)?;
        Ok(Checkpoint { file })
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
        let (wide, bytes) = (size_of::<T>(), bytemuck::cast_slice(records));
        let slab = Slab {
            shape: vec![total, wide as u64],
            offset: vec![first, 0],
            count: vec![records.len() as u64, wide as u64],
        };
        self.file.dataset::<u8>(&format!("{STATE}/{name}"), &slab, bytes)?;
        self.digest(name, DIGEST_OF_RECORDS, digest::of_records(first, wide, bytes))
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
        let (comm, first) = (self.file.comm().cloned(), self.file.is_first());
        let (share, hash_path) = (digest::share(comm.as_ref()), hash_of(&path));
        let hash = |part: &Path| digest::hash_share(share, part);
        self.file.finish_with(hash, |hashes| {
            let text = digest::joined(comm.as_ref(), &hashes) + "\n";
            if first { write_whole(&hash_path, text.as_bytes()) } else { Ok(()) }
        })?;
        Ok(path)
    }
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
    let step = |name: String| name.strip_prefix("step_")?.strip_suffix(".hdf5")?.parse().ok();
    let mut steps: Vec<u64> = names.filter_map(step).collect();
    steps.sort_unstable();
    steps
}

/// Removes all checkpoints of a folder but the newest `keep` (at least one), and what was left unfinished. One rank.
///
/// # Errors
/// When a file cannot be removed.
pub fn prune(folder: &Path, keep: usize) -> Result<()> {
    let steps = checkpoint_steps(folder);
    for &step in &steps[..steps.len().saturating_sub(keep.max(1))] {
        let path = path_of(folder, step);
        std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        let _ = std::fs::remove_file(hash_of(&path));
        let _ = std::fs::remove_file(part_of(&path));
    }
    Ok(())
}
