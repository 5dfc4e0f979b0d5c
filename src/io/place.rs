//! The way onto the disk of a file that ranks write together: made beside its name with room reserved, then as every file that is
//! to be [whole](crate::base::whole).

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate, fstatvfs};
use rustix::io::Errno;

use crate::base::whole::{create_anew, give_name, part_of};
use crate::{Error, Result};

/// Bytes kept free beyond those of the data, for what HDF5 writes around it.
const AROUND: u64 = 1 << 20;

/// Where a file is that has no name of its own yet.
pub(crate) struct Place {
    path: PathBuf,
    part: PathBuf,
    /// Once it is there.
    file: Option<File>,
    /// Data to come, and the bytes for which there is room.
    wanted: u64,
    reserved: u64,
}

impl Place {
    /// A place beside `path`, in which a file can be made and none is.
    pub(crate) fn new(path: &Path) -> Result<Self> {
        let part = part_of(path);
        create_anew(&part).map_err(Error::io("write", &part))?;
        // Whoever makes the file may give it properties that only a new one can have: MPI-IO its stripes.
        std::fs::remove_file(&part).map_err(Error::io("remove", &part))?;
        Ok(Place { path: path.to_path_buf(), part, file: None, wanted: 0, reserved: 0 })
    }

    /// Opens the file, which is made where nobody did so yet.
    pub(crate) fn open(&mut self) -> Result<&mut File> {
        let opened = File::options().write(true).create(true).truncate(false).open(&self.part);
        Ok(self.file.insert(opened.map_err(Error::io("write", &self.part))?))
    }

    /// Reserves room for `bytes` more, so that a full disk or quota is met here, before ranks write together.
    ///
    /// Where a file system cannot reserve, its free space is compared.
    pub(crate) fn reserve(&mut self, bytes: u64) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        self.wanted += bytes;
        let more = (self.wanted + AROUND).saturating_sub(self.reserved);
        if more == 0 {
            return Ok(());
        }
        let answer = match fallocate(file, FallocateFlags::KEEP_SIZE, self.reserved, more) {
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => compare_free_space(file, bytes),
            answer => answer,
        };
        self.reserved += more;
        answer.map_err(|errno| Error::io("write", &self.path)(errno.into()))
    }

    /// Gives back the room beyond the file's end.
    pub(crate) fn trim(&self) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        file.metadata().and_then(|about| file.set_len(about.len())).map_err(Error::io("write", &self.part))
    }

    /// Gives the synced file the name `path`, and makes that last.
    pub(crate) fn finish(self, path: &Path) -> Result<()> {
        give_name(&self.part, path)
    }

    /// Empties the file, so that what still has to be written to close it finds room on a full disk, and removes it.
    pub(crate) fn discard(self) {
        let _ = self.file.as_ref().map(|file| file.set_len(0));
        let _ = std::fs::remove_file(&self.part);
    }
}

fn compare_free_space(file: &File, bytes: u64) -> std::result::Result<(), Errno> {
    let system = fstatvfs(file)?;
    if system.f_bavail.saturating_mul(system.f_frsize) < bytes + AROUND { Err(Errno::NOSPC) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    /// The bytes that a file takes on the disk.
    fn blocks(path: &Path) -> u64 {
        std::fs::metadata(path).unwrap().blocks() * 512
    }

    #[test]
    fn more_room_than_the_disk_has_is_refused_and_leaves_no_file() {
        let path = std::env::temp_dir().join(format!("divisi-place-{}", std::process::id()));
        let mut place = Place::new(&path).unwrap();
        place.open().unwrap();
        place.reserve(1000).unwrap();
        let error = place.reserve(1 << 55).unwrap_err();
        assert!(error.to_string().contains("cannot write"), "{error}");
        place.discard();
        assert!(!path.exists() && !part_of(&path).exists());
    }

    #[test]
    fn a_file_gets_its_name_only_when_it_is_whole() {
        let path = std::env::temp_dir().join(format!("divisi-whole-{}", std::process::id()));
        let mut place = Place::new(&path).unwrap();
        assert!(!part_of(&path).exists());
        place.open().unwrap();
        place.reserve(1 << 20).unwrap();
        // A file system that cannot reserve takes none.
        let reserved = blocks(&part_of(&path));
        assert!(!path.exists() && (reserved == 0 || reserved >= 1 << 21), "{reserved}");
        place.trim().unwrap();
        assert_eq!(blocks(&part_of(&path)), 0);
        place.finish(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
        std::fs::remove_file(&path).unwrap();
    }
}
