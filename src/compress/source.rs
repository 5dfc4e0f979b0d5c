//! A file that is read by its parts, and doesn't change meanwhile.

use std::fs::{File, Metadata};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// An open file with the size that it had then.
pub(super) struct Source {
    pub path: PathBuf,
    pub file: File,
    pub about: Metadata,
}

impl Source {
    /// Opens a file.
    ///
    /// # Errors
    /// When it can't be read, or is none.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let about = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if !about.is_file() {
            let what = if about.is_dir() {
                "a folder: pack it with tar first"
            } else {
                "no regular file: give - and let it come by standard input"
            };
            return Err(Error::input(path.display().to_string(), what));
        }
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        let about = file.metadata().map_err(Error::io("read", path))?;
        Ok(Source { path: path.to_owned(), file, about })
    }

    /// The same open file, for a thread.
    pub(super) fn again(&self) -> Result<Self> {
        let file = self.file.try_clone().map_err(Error::io("read", &self.path))?;
        Ok(Source { path: self.path.clone(), file, about: self.about.clone() })
    }

    pub(super) fn size(&self) -> u64 {
        self.about.len()
    }

    /// `length` bytes from `offset` on, or those that there are.
    pub(super) fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        let length = length.min(self.size().saturating_sub(offset));
        let mut bytes = vec![0; length as usize];
        self.file.read_exact_at(&mut bytes, offset).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => self.changed(),
            _ => Error::io("read", &self.path)(error),
        })?;
        Ok(bytes)
    }

    /// Sees that the file is still as long as it was.
    ///
    /// # Errors
    /// If not; also where a system makes the file when it is read, and calls it empty.
    pub(super) fn check_size(&self) -> Result<()> {
        let more = self.file.read_at(&mut [0], self.size()).map_err(Error::io("read", &self.path))?;
        if more == 0 { Ok(()) } else { Err(self.changed()) }
    }

    fn changed(&self) -> Error {
        Error::file(&self.path, "it changed while it was read: nothing is written of it")
    }
}

/// Sees that a file can be read.
///
/// # Errors
/// If not: with what is to be done.
pub(crate) fn check_readable(path: &Path) -> Result<()> {
    Source::open(path).map(drop)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::input(path.display().to_string(), format!("cannot be read: {error}"))
}
