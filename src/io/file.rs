//! One HDF5 file, written by all ranks together.
//!
//! In order: the file is created beside its name, as `NAME.part`; groups, attributes and datasets are added, every rank
//! giving its slab of each dataset; then all ranks close it, it is synced, renamed, and its folder synced.
//! A file that carries its name is whole. Nothing in it depends on the number of ranks or on the time of day.
//!
//! There are two ways to the same layout. With MPI-IO (feature `parallel-hdf5`) all ranks open the file and every
//! transfer is collective. Without, rank 0 alone opens it, and the others hand it their slabs in bounded pieces; so too where MPI's
//! own calls hold cores that other ranks need, unless hints ask for MPI-IO.
//! A failure on any rank becomes an error on all of them. What a file cannot do is grow or be opened again to be written.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};

use hdf5::types::{TypeDescriptor, VarLenUnicode};

use super::axes::Labels;
use super::parts::{Parts, Writers};
use super::place::Place;
use super::{Element, Part, Slab, WriteOptions, digest, layout, transfer};
use crate::base::whole::{part_of, sync};
use crate::{Comm, Error, Result};

/// A dataset that another one shows.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The file that it is in, relative to the folder of the file that shows it; `.` for that file itself.
    pub file: String,
    /// Its name.
    pub dataset: String,
    /// What of it is shown.
    pub part: Slab,
    /// Where it is shown: a box of as many elements, which keep their order.
    pub place: Slab,
}

/// Names longer than this, bytes, are left to rank 0: Open MPI 4.1 adds to a name for a file of its own and ends the process
/// where the two together pass some 250 bytes.
const LONGEST_NAME: usize = 200;

/// An HDF5 file being written. Every method is called on every rank, with the same arguments but for the data.
///
/// What goes wrong with an attribute or a label is told on all ranks by a later call: the next that writes data, at the latest
/// [`finish`](FileWriter::finish).
///
/// Dropped before [`finish`](FileWriter::finish), it leaves no file.
pub struct FileWriter {
    comm: Option<Comm>,
    path: PathBuf,
    /// Where it is written until it is whole.
    part: PathBuf,
    /// On rank 0, what becomes the file.
    place: RefCell<Option<Place>>,
    /// Where the file is open: on all ranks or on rank 0.
    file: Option<hdf5::File>,
    collective: bool,
    compress: u8,
    /// The bytes that a rank may hold in a buffer.
    buffer: u64,
    /// Which axes there are, and which datasets lie along them.
    pub(super) labels: RefCell<Labels>,
    /// The bytes of datasets so far, of a file that is only counted.
    counted: Option<Cell<u64>>,
    /// What went wrong on this rank with a description, until ranks next agree.
    pending: RefCell<Option<Error>>,
}

impl FileWriter {
    /// Creates the file that will be `path`, on all ranks of `comm`.
    ///
    /// # Errors
    /// On all ranks, when the folder is missing or may not be written.
    pub fn create(comm: &Comm, path: &Path, options: &WriteOptions) -> Result<Self> {
        let short = path.as_os_str().len() <= LONGEST_NAME;
        let quick = !comm.is_held_up_by_mpi() || !options.hints.is_empty();
        let collective = cfg!(feature = "parallel-hdf5") && options.mpiio && short && quick;
        Self::open(Some(comm.clone()), path, collective, options)
    }

    /// Creates a file that this process writes by itself, without MPI.
    ///
    /// # Errors
    /// When the folder is missing or may not be written.
    pub fn create_alone(path: &Path, compress: u8) -> Result<Self> {
        Self::open(None, path, false, &WriteOptions { compress, ..WriteOptions::default() })
    }

    /// Counts what would be written, on all ranks of `comm`, and writes nothing.
    pub(crate) fn counting(comm: &Comm) -> Self {
        let WriteOptions { compress, buffer, .. } = WriteOptions::default();
        let (path, part) = (PathBuf::new(), PathBuf::new());
        let counted = Some(Cell::new(0));
        let comm = Some(comm.clone());
        FileWriter {
            comm,
            path,
            part,
            place: None.into(),
            file: None,
            collective: false,
            compress,
            buffer,
            labels: RefCell::default(),
            counted,
            pending: RefCell::default(),
        }
    }

    /// The bytes of the datasets of a file that is only [counted](FileWriter::counting), before compression.
    pub(crate) fn counted(&self) -> u64 {
        self.counted.as_ref().map_or(0, Cell::get)
    }

    fn open(comm: Option<Comm>, path: &Path, collective: bool, options: &WriteOptions) -> Result<Self> {
        let (path, part) = (path.to_path_buf(), part_of(path));
        let WriteOptions { compress, buffer, .. } = *options;
        let place = RefCell::new(None);
        let mut writer = FileWriter {
            comm,
            path,
            part,
            place,
            file: None,
            collective,
            compress,
            buffer,
            labels: RefCell::default(),
            counted: None,
            pending: RefCell::default(),
        };
        let place = if writer.is_first() { Place::new(&writer.path).map(Some) } else { Ok(None) };
        writer.place = writer.agree(place)?.into();
        let together = writer.comm().filter(|_| collective);
        let created = if collective || writer.is_first() {
            layout::create(together, &writer.part, &options.hints).map(Some)
        } else {
            Ok(None)
        };
        let created = created.map(|file| writer.file = file).map_err(|reason| writer.failed("anything", reason));
        writer.agree(created)?;
        writer.agree(writer.on_place(|place| place.open().map(drop)))?;
        Ok(writer)
    }

    /// Does something to what becomes the file, on rank 0.
    fn on_place(&self, work: impl FnOnce(&mut Place) -> Result<()>) -> Result<()> {
        self.place.borrow_mut().as_mut().map_or(Ok(()), work)
    }

    /// The hints that MPI-IO keeps with the file; none where rank 0 writes.
    ///
    /// # Errors
    /// When HDF5 cannot report it.
    pub fn hints(&self) -> Result<Vec<(String, String)>> {
        let file = self.file.as_ref().filter(|_| self.collective);
        file.map_or(Ok(Vec::new()), |file| transfer::hints(file).map_err(|reason| self.failed("hints", reason)))
    }

    /// On rank 0, meets a full disk before anything of a dataset is written: MPI-IO may wait for ever where one rank fails.
    fn reserve(&self, bytes: u64) -> Result<()> {
        self.on_place(|place| place.reserve(bytes))
    }

    /// The name that the file will have.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Changes how the name ends that the file will have.
    pub(crate) fn end_name_in(&mut self, extension: &str) {
        self.path.set_extension(extension);
    }

    /// The ranks that write this file; none when one process writes it by itself.
    pub(crate) fn comm(&self) -> Option<&Comm> {
        self.comm.as_ref()
    }

    /// This process's rank among those that write it together.
    pub(crate) fn rank(&self) -> usize {
        self.comm.as_ref().map_or(0, Comm::rank)
    }

    pub(crate) fn is_first(&self) -> bool {
        self.comm.as_ref().is_none_or(Comm::is_root)
    }

    /// Adds a group, with those above it.
    ///
    /// # Errors
    /// On all ranks, when HDF5 refuses.
    pub fn group(&self, name: &str) -> Result<()> {
        self.structure(name, |file| {
            file.create_group_builder().obj_track_times(false).create_intermediate_group(true).create(name).map(drop)
        })
    }

    /// Adds an attribute of one number to the group or dataset `object`.
    ///
    /// # Errors
    /// Told later, as the head of this type says: when HDF5 refuses.
    pub fn attribute<T: Element>(&self, object: &str, name: &str, value: T) -> Result<()> {
        self.description(name, |file| layout::object(file, object)?.new_attr::<T>().create(name)?.write_scalar(&value))
    }

    /// Adds an attribute of several numbers to the group or dataset `object`.
    ///
    /// # Errors
    /// Told later, as the head of this type says: when HDF5 refuses.
    pub fn attributes<T: Element>(&self, object: &str, name: &str, values: &[T]) -> Result<()> {
        self.description(name, |file| {
            layout::object(file, object)?.new_attr::<T>().shape(values.len()).create(name)?.write_raw(values)
        })
    }

    /// Adds an attribute of text, of fixed length as readers of VTK's formats need it, to the group or dataset `object`.
    ///
    /// # Errors
    /// Told later, as the head of this type says: when HDF5 refuses, beyond 64 KiB for one.
    pub fn text(&self, object: &str, name: &str, text: &str) -> Result<()> {
        self.description(name, |file| {
            let attribute =
                layout::object(file, object)?.new_attr_builder().empty_as(layout::text(text.len(), text.is_ascii()));
            transfer::write_text(&attribute.create(name)?, text)
        })
    }

    /// Adds an attribute of text of any length, which h5py reads as `str`, to the group or dataset `object`.
    ///
    /// # Errors
    /// Told later, as the head of this type says: when HDF5 refuses, or the text holds a zero.
    pub fn string(&self, object: &str, name: &str, text: &str) -> Result<()> {
        self.description(name, |file| {
            let text: VarLenUnicode = text.parse().map_err(|_| hdf5::Error::Internal("a zero in a text".into()))?;
            layout::object(file, object)?.new_attr::<VarLenUnicode>().create(name)?.write_scalar(&text)
        })
    }

    /// Adds a dataset of texts, the same on every rank: of fixed length; where one process writes the file and the longest would make all
    /// too long, of any length.
    ///
    /// # Errors
    /// On all ranks, when HDF5 refuses.
    pub fn texts(&self, name: &str, texts: &[String]) -> Result<()> {
        let width = texts.iter().map(String::len).max().unwrap_or(0).max(1);
        // MPI-IO moves no texts that are stored apart from their dataset, and these can't hold a zero.
        if self.comm.is_none() && is_wasteful(width, texts) && !texts.iter().any(|text| text.contains('\0')) {
            return self.strings(name, texts);
        }
        let mut bytes = vec![0; width * texts.len()];
        for (slot, text) in bytes.chunks_exact_mut(width).zip(texts) {
            slot[..text.len()].copy_from_slice(text.as_bytes());
        }
        self.records(name, layout::text(width, texts.iter().all(|text| text.is_ascii())), &bytes)
    }

    /// Adds a dataset of texts of any length, which readers of NetCDF-4 take for texts and not for bytes. Where one process writes the file.
    pub(crate) fn strings(&self, name: &str, texts: &[String]) -> Result<()> {
        self.structure(name, |file| {
            let parsed = texts.iter().map(|text| text.parse::<VarLenUnicode>());
            let strings = parsed.collect::<std::result::Result<Vec<_>, _>>();
            let strings = strings.map_err(|_| hdf5::Error::Internal("a zero in a text".into()))?;
            let dataset = layout::dataset(file).empty::<VarLenUnicode>().shape(strings.len()).create(name)?;
            dataset.write_raw(&strings)
        })
    }

    /// Adds a dataset of elements of the type `kind`, given as the bytes of all of them, the same on every rank.
    pub(crate) fn records(&self, name: &str, kind: TypeDescriptor, bytes: &[u8]) -> Result<()> {
        let count = bytes.len() / kind.size();
        let first = self.is_first();
        let collective = self.collective;
        self.structure(name, |file| {
            let dataset = layout::contiguous(file).packed(true).empty_as(kind).shape(count).create(name)?;
            let shape = [count as u64];
            let slab = if first { Slab::whole(&shape) } else { Slab::none(&shape) };
            transfer::write_records(&dataset, &slab, bytes, collective)
        })
    }

    /// Gives the dataset or group `target` a second name.
    ///
    /// # Errors
    /// On all ranks, when HDF5 refuses.
    pub fn link(&self, target: &str, name: &str) -> Result<()> {
        self.structure(name, |file| file.link_hard(target, name))
    }

    /// Adds a dataset of which each rank holds the slab `data`.
    ///
    /// # Errors
    /// On all ranks, when a slab does not fit or HDF5 refuses.
    pub fn dataset<T: Element>(&self, name: &str, slab: &Slab, data: &[T]) -> Result<()> {
        self.dataset_parts(name, &slab.shape, &[Part::new(slab.clone(), data)])
    }

    /// Adds a dataset of this shape, the same on all ranks, of which each rank holds any number of parts, also none; none
    /// of them meets another.
    ///
    /// # Errors
    /// On all ranks, when a part does not fit or HDF5 refuses.
    pub fn dataset_parts<T: Element>(&self, name: &str, shape: &[u64], parts: &[Part<'_, T>]) -> Result<()> {
        self.write(name, &Parts::new(shape, parts))
    }

    fn write<T: Element>(&self, name: &str, parts: &Parts<'_, '_, T>) -> Result<()> {
        self.agree(parts.check(name).and_then(|()| self.reserve(parts.bytes())))?;
        if let Some(counted) = &self.counted {
            counted.set(counted.get() + parts.bytes());
            return Ok(());
        }
        let mut dataset = None;
        self.structure(name, |file| {
            dataset = Some(self.layout::<T>(file, parts.shape()).create(name)?);
            Ok(())
        })?;
        let chunk = layout::chunk_len(parts.shape(), size_of::<T>() as u64);
        let writers = Writers {
            comm: self.comm(),
            dataset: dataset.as_ref(),
            together: self.collective,
            chunk: self.compresses::<T>(parts.shape()).then_some(chunk),
            buffer: self.buffer,
        };
        let outcome = parts.write_all(&writers);
        self.agree(outcome.map_err(|reason| self.failed(name, reason)))
    }

    /// Adds a dataset of which every rank holds the whole: rank 0 gives it.
    ///
    /// # Errors
    /// On all ranks, when HDF5 refuses.
    pub fn replicated<T: Element>(&self, name: &str, shape: &[u64], data: &[T]) -> Result<()> {
        if self.is_first() {
            self.dataset(name, &Slab::whole(shape), data)
        } else {
            self.dataset::<T>(name, &Slab::none(shape), &[])
        }
    }

    /// Adds a dataset of one number without axes, the same on every rank.
    ///
    /// # Errors
    /// On all ranks, when HDF5 refuses.
    pub fn scalar<T: Element>(&self, name: &str, value: T) -> Result<()> {
        let first = self.is_first();
        self.structure(name, |file| {
            let dataset = layout::contiguous(file).empty::<T>().create(name)?;
            if first { dataset.write_scalar(&value) } else { Ok(()) }
        })
    }

    /// Adds a dataset of this shape that holds nothing itself: each of its boxes shows a dataset of another file.
    ///
    /// # Errors
    /// On all ranks, when HDF5 refuses.
    pub fn view<T: Element>(&self, name: &str, shape: &[u64], shown: &[Shown]) -> Result<()> {
        self.structure(name, |file| {
            let builder = shown.iter().fold(layout::contiguous(file), |builder, shown| {
                let file = &shown.file[..];
                let dataset = &shown.dataset[..];
                let from = layout::selection(&shown.part);
                let to = layout::selection(&shown.place);
                let extents = layout::extents(&shown.part.shape);
                builder.virtual_map(file, dataset, extents, from, layout::extents(shape), to)
            });
            builder.empty::<T>().shape(layout::extents(shape)).create(name).map(drop)
        })
    }

    /// Ends the file: all ranks close it, then it is synced and gets its name.
    ///
    /// # Errors
    /// On all ranks, when anything could not be written; then there is no file of that name, or still the one before.
    pub fn finish(self) -> Result<()> {
        self.finish_with(|_| Ok(()), |()| Ok(()))
    }

    /// Ends the file. On all ranks `read` sees it when it is whole and has no name yet, on a thread of its own while the file
    /// is synced; `then` gets its outcome before the file gets its name.
    pub(crate) fn finish_with<R: Send>(
        mut self,
        read: impl FnOnce(&Path) -> Result<R> + Send,
        then: impl FnOnce(R) -> Result<()>,
    ) -> Result<()> {
        self.end_labels()?;
        let open = self.file.take();
        let holds_file = open.is_some();
        let closed = open.map_or(Ok(()), |file| file.close()).map_err(|reason| self.failed("close", reason));
        self.agree(closed)?;
        self.agree(self.on_place(|place| place.trim()))?;
        let part = &self.part;
        let (synced, found) = std::thread::scope(|scope| {
            let reading = scope.spawn(|| read(part));
            let synced = if holds_file { sync(part) } else { Ok(()) };
            (synced, reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        self.agree(synced.map_err(Error::io("sync", &self.path)))?;
        let found = self.agree(found)?;
        self.agree(then(found))?;
        self.agree(self.place.take().map_or(Ok(()), |place| place.finish(&self.path)))
    }

    /// Gives the file up: what was begun is closed and removed.
    ///
    /// # Errors
    /// On all ranks, when it cannot be closed.
    pub fn discard(mut self) -> Result<()> {
        let closed = self.file.take().map_or(Ok(()), |file| file.close());
        self.agree(closed.map_err(|reason| self.failed("close", reason)))
    }

    /// Notes in the attribute `name` the digest of all in the file beside the numbers of its datasets.
    pub(super) fn digest(&self, name: &str) -> Result<()> {
        self.structure(name, |file| {
            let digest = digest::of_description(file, name)?;
            layout::object(file, "/")?.new_attr::<u64>().create(name)?.write_scalar(&digest)
        })
    }

    /// Runs `change` where the file is open; every rank learns whether it went well everywhere.
    pub(super) fn structure(&self, name: &str, change: impl FnOnce(&hdf5::File) -> hdf5::Result<()>) -> Result<()> {
        let outcome = self.file.as_ref().map_or(Ok(()), change);
        self.agree(outcome.map_err(|reason| self.failed(name, reason)))
    }

    /// As [`structure`](FileWriter::structure), but ranks agree later: the next one that they agree on fails where this did, at
    /// the latest the end of the file. A file has many descriptions, and each agreement takes its time where ranks outnumber cores.
    pub(super) fn description(&self, name: &str, change: impl FnOnce(&hdf5::File) -> hdf5::Result<()>) -> Result<()> {
        if self.comm.is_none() {
            return self.structure(name, change);
        }
        let mut pending = self.pending.borrow_mut();
        if pending.is_none() {
            let outcome = self.file.as_ref().map_or(Ok(()), change);
            *pending = outcome.map_err(|reason| self.failed(name, reason)).err();
        }
        Ok(())
    }

    pub(crate) fn agree<T>(&self, outcome: Result<T>) -> Result<T> {
        let outcome = self.pending.borrow_mut().take().map_or(outcome, Err);
        match &self.comm {
            Some(comm) => comm.agree(outcome),
            None => outcome,
        }
    }

    fn failed(&self, name: &str, reason: hdf5::Error) -> Error {
        Error::file(&self.path, format!("cannot write {name}: {reason}"))
    }

    /// Whether a dataset of this shape is compressed; small ones are not worth their chunks' bookkeeping.
    fn compresses<T: Element>(&self, shape: &[u64]) -> bool {
        self.compress > 0 && shape.iter().product::<u64>() * size_of::<T>() as u64 >= layout::CHUNK_BYTES / 16
    }

    /// Contiguous, or in chunks that are compressed; space is reserved at once and not filled first.
    fn layout<T: Element>(&self, file: &hdf5::File, shape: &[u64]) -> hdf5::DatasetBuilderEmptyShape {
        let extents = layout::extents(shape);
        if !self.compresses::<T>(shape) {
            return layout::contiguous(file).empty::<T>().shape(extents);
        }
        let chunk = layout::chunk(shape, size_of::<T>() as u64);
        let builder = layout::dataset(file).chunk(chunk).chunk_cache(521, 16 * layout::CHUNK_BYTES as usize, 1.0);
        builder.shuffle().deflate(self.compress).empty::<T>().shape(extents)
    }
}

/// What a text of any length costs beside its bytes.
const REFERENCE: usize = 32;

/// Whether texts take more than twice the room when all are as long as the longest.
fn is_wasteful(width: usize, texts: &[String]) -> bool {
    let apart: usize = texts.iter().map(|text| text.len() + REFERENCE).sum();
    width.saturating_mul(texts.len()) > 2 * apart
}

impl Drop for FileWriter {
    /// Removes what was begun. A file that all ranks opened is left open: closing it is collective, and here one rank may be alone.
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            place.discard();
        }
        if self.collective {
            std::mem::forget(self.file.take());
        }
    }
}
