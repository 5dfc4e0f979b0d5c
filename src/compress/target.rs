//! The file that all ranks write: made beside its name, written by MPI-IO at places that ranks agree on, synced, renamed.
//!
//! Where MPI-IO can't take a name, each rank writes by itself what it would have written through MPI-IO.

use std::fs::{File, FileTimes, Metadata, Permissions, set_permissions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::base::whole::{part_of, sync};
use crate::comm::SharedFile;
use crate::io::place::Place;
use crate::{Comm, Error, Result};

/// A file being written.
pub(super) struct Target {
    comm: Comm,
    path: PathBuf,
    /// On rank 0, what becomes the file.
    place: Option<Place>,
    way: Way,
}

enum Way {
    Together(SharedFile),
    Alone(File),
}

impl Target {
    /// Begins the file that will be `path`. One that is made from another file nobody else may read meanwhile. All ranks.
    ///
    /// # Errors
    /// On all ranks, when it stands already and isn't to be overwritten, or can't be made.
    pub(super) fn create(comm: &Comm, path: &Path, overwrites: bool, like: Option<&Metadata>) -> Result<Self> {
        let made = if comm.is_root() { make(path, overwrites, like).map(Some) } else { Ok(None) };
        let place = comm.agree(made)?;
        let part = part_of(path);
        let way = if SharedFile::takes(&part) {
            SharedFile::open(comm, &part).map(Way::Together)
        } else {
            let opened = File::options().write(true).open(&part).map_err(Error::io("write", path));
            comm.agree(opened).map(Way::Alone)
        };
        match way {
            Ok(way) => Ok(Target { comm: comm.clone(), path: path.to_owned(), place, way }),
            Err(error) => {
                if let Some(place) = place {
                    place.discard();
                }
                Err(error)
            }
        }
    }

    /// Sees that there is room for so many bytes. All ranks.
    ///
    /// # Errors
    /// On all ranks, if not.
    pub(super) fn reserve(&mut self, bytes: u64) -> Result<()> {
        let reserved = self.place.as_mut().map_or(Ok(()), |place| place.reserve(bytes));
        self.comm.agree(reserved)
    }

    /// Writes bytes at a place of the file; other ranks need not call it.
    ///
    /// # Errors
    /// When they can't be written.
    pub(super) fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        match &self.way {
            Way::Together(file) => file.write_at(offset, bytes),
            Way::Alone(file) => file.write_all_at(bytes, offset).map_err(Error::io("write", &self.path)),
        }
    }

    /// Ends the file of `size` bytes, with the times and the mode of the one that it was made from. All ranks, each with how its writing
    /// ended.
    ///
    /// # Errors
    /// On all ranks, when anything could not be written; then it leaves nothing.
    pub(super) fn finish(self, written: Result<()>, size: u64, like: Option<&Metadata>) -> Result<()> {
        let Target { comm, path, place, way } = self;
        let closed = match way {
            Way::Together(file) => file.close(),
            Way::Alone(_) => Ok(()),
        };
        let synced = || {
            comm.agree_asleep(written.and(closed))?;
            let part = part_of(&path);
            let synced = if place.is_some() { end(&part, size, like) } else { sync(&part) };
            comm.agree(synced.map_err(Error::io("sync", &path)))
        };
        let outcome = synced();
        let Some(place) = place else { return outcome.and_then(|()| comm.agree(Ok(()))) };
        if let Err(error) = outcome {
            place.discard();
            return Err(error);
        }
        let permitted = like.map_or(Ok(()), |like| set_permissions(part_of(&path), mode_of(like)));
        comm.agree(permitted.map_err(Error::io("write", &path)).and_then(|()| place.finish(&path)))
    }
}

/// On rank 0: a new file beside `path`.
fn make(path: &Path, overwrites: bool, like: Option<&Metadata>) -> Result<Place> {
    if !overwrites && path.symlink_metadata().is_ok() {
        return Err(Error::input(
            path.display().to_string(),
            "exists, and is not overwritten unless that is asked for",
        ));
    }
    let mut place = Place::new(path)?;
    let file = place.open()?;
    // What others may not read they must not read meanwhile; who may not write the whole may write it until then.
    let permitted = like.map_or(Ok(()), |_| file.set_permissions(Permissions::from_mode(0o600)));
    if let Err(error) = permitted {
        place.discard();
        return Err(Error::io("write", path)(error));
    }
    Ok(place)
}

/// On rank 0: cuts what was reserved and not needed, gives the file its times, and makes it last.
fn end(part: &Path, size: u64, like: Option<&Metadata>) -> std::io::Result<()> {
    let file = File::options().write(true).open(part)?;
    file.set_len(size)?;
    if let Some(like) = like {
        file.set_times(FileTimes::new().set_modified(like.modified()?))?;
    }
    file.sync_all()
}

/// Who may read and write a file, and run it; nothing else of its mode.
fn mode_of(like: &Metadata) -> Permissions {
    Permissions::from_mode(like.permissions().mode() & 0o777)
}
