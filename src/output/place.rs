//! A file's way onto the disk: made beside its name with room reserved, synced, renamed, its folder synced.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate, fstatvfs};
use rustix::io::Errno;

use crate::{Error, Result};

/// Bytes kept free beyond those of the data, for what HDF5 writes around it.
const AROUND: u64 = 1 << 20;

/// A file that has no name of its own yet.
pub(super) struct Place {
    path: PathBuf,
    part: PathBuf,
    file: File,
    reserved: u64,
}

impl Place {
    /// Makes an empty file beside `path`.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let part = part_of(path);
        let file = File::create(&part).map_err(Error::io("write", &part))?;
        Ok(Place { path: path.to_path_buf(), part, file, reserved: 0 })
    }

    /// Reserves room for `bytes` more, so that a full disk or quota is met here, before ranks write together.
    ///
    /// Where a file system cannot reserve, its free space is compared.
    pub(super) fn reserve(&mut self, bytes: u64) -> Result<()> {
        self.reserved += bytes;
        let wanted = self.reserved + AROUND;
        let answer = match fallocate(&self.file, FallocateFlags::KEEP_SIZE, 0, wanted) {
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => self.compare_free_space(bytes),
            answer => answer,
        };
        answer.map_err(|errno| Error::io("write", &self.path)(errno.into()))
    }

    fn compare_free_space(&self, bytes: u64) -> std::result::Result<(), Errno> {
        let system = fstatvfs(&self.file)?;
        if system.f_bavail.saturating_mul(system.f_frsize) < bytes + AROUND { Err(Errno::NOSPC) } else { Ok(()) }
    }

    /// Gives back the room beyond the file's end, makes its contents last, and gives it the name `path`.
    pub(super) fn finish(self, path: &Path) -> Result<()> {
        let trimmed = self.file.metadata().and_then(|about| self.file.set_len(about.len()));
        trimmed.and_then(|()| self.file.sync_all()).map_err(Error::io("sync", &self.part))?;
        rename(&self.part, path)
    }

    /// Empties the file, so that what still has to be written to close it finds room on a full disk, and removes it.
    pub(super) fn discard(self) {
        let _ = self.file.set_len(0);
        let _ = std::fs::remove_file(&self.part);
    }
}

/// Where a file is while it is being written.
pub(super) fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// Writes a small file whole: beside its name, synced, renamed. One rank.
///
/// # Errors
/// When it cannot be written; then there is no file of that name, or still the one before.
pub fn write_whole(path: &Path, contents: &[u8]) -> Result<()> {
    use std::io::Write;
    let mut place = Place::create(path)?;
    if let Err(reason) = place.file.write_all(contents) {
        place.discard();
        return Err(Error::io("write", path)(reason));
    }
    place.finish(path)
}

pub(super) fn sync(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

/// Gives a synced file its name, and makes that last.
fn rename(part: &Path, path: &Path) -> Result<()> {
    std::fs::rename(part, path).map_err(Error::io("rename", part))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync(folder).map_err(Error::io("sync", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_room_than_the_disk_has_is_refused_and_leaves_no_file() {
        let path = std::env::temp_dir().join(format!("divisi-place-{}", std::process::id()));
        let mut place = Place::create(&path).unwrap();
        place.reserve(1000).unwrap();
        let error = place.reserve(1 << 55).unwrap_err();
        assert!(error.to_string().contains("cannot write"), "{error}");
        place.discard();
        assert!(!path.exists() && !part_of(&path).exists());
    }

    #[test]
    fn a_file_gets_its_name_only_when_it_is_whole() {
        let path = std::env::temp_dir().join(format!("divisi-whole-{}", std::process::id()));
        let mut place = Place::create(&path).unwrap();
        place.reserve(1 << 20).unwrap();
        assert!(!path.exists());
        place.finish(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
        write_whole(&path, b"all").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"all");
        std::fs::remove_file(&path).unwrap();
    }
}
