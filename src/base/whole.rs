//! Files that have their name only when they are whole: written beside it, synced, renamed, their folder synced. And files that
//! grow under their name.
//!
//! Nothing is written through a link: a renamed file takes the link's place, and of a growing file that has other names a copy is
//! made first.

use std::fs::{File, OpenOptions, remove_file, rename, symlink_metadata};
use std::io::{BufWriter, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::{Error, Result};

/// Bytes that are handed to the operating system at once.
const BUFFER: usize = 1 << 20;

/// Writes a small file whole. One rank.
///
/// # Errors
/// When it cannot be written; then there is no file of that name, or still the one before.
pub fn write_whole(path: &Path, contents: &[u8]) -> Result<()> {
    let mut file = WholeFile::create(path)?;
    file.write_all(contents).map_err(Error::io("write", path))?;
    file.finish()
}

/// A file that is being written and has no name of its own yet; dropped before it is finished it leaves nothing.
pub(crate) struct WholeFile {
    path: PathBuf,
    part: PathBuf,
    /// Until it is finished.
    file: Option<BufWriter<File>>,
}

impl WholeFile {
    /// Begins the file that will be `path`.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let part = part_of(path);
        let file = create_anew(&part).map_err(Error::io("write", path))?;
        Ok(WholeFile { path: path.to_owned(), part, file: Some(BufWriter::with_capacity(BUFFER, file)) })
    }

    /// Makes the contents last, and gives the file its name.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.flush().map_err(Error::io("write", &self.path))?;
        let synced = self.file.as_ref().map_or(Ok(()), |file| file.get_ref().sync_all());
        synced.map_err(Error::io("sync", &self.path))?;
        give_name(&self.part, &self.path)?;
        self.file = None;
        Ok(())
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.as_mut().map_or(Ok(()), BufWriter::flush)
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = remove_file(&self.part);
        }
    }
}

/// Where a file is while it is being written.
pub(crate) fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// A new, empty file, in place of whatever had its name.
pub(crate) fn create_anew(path: &Path) -> std::io::Result<File> {
    match remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    File::create_new(path)
}

/// Opens a file that grows, as `options` say: the file of this name alone. One that other names lead to as well, by a link or as a
/// second name of the same file, is copied first, and the others keep what they have.
///
/// # Errors
/// When it cannot be copied or opened.
pub(crate) fn open_own(path: &Path, options: &mut OpenOptions) -> Result<File> {
    match symlink_metadata(path) {
        Ok(about) if about.is_symlink() || about.nlink() > 1 => copy_in_place(path)?,
        _ => {}
    }
    options.custom_flags(OFlags::NOFOLLOW.bits() as i32).open(path).map_err(Error::io("open", path))
}

/// Puts a copy of the file in place of its name.
fn copy_in_place(path: &Path) -> Result<()> {
    let mut copy = WholeFile::create(path)?;
    match File::open(path) {
        Ok(mut from) => std::io::copy(&mut from, &mut copy).map(drop).map_err(Error::io("copy", path))?,
        // A link to nothing.
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(Error::io("read", path)(error)),
    }
    copy.finish()
}

/// Gives the synced file `part` the name `path`, and makes that last.
pub(crate) fn give_name(part: &Path, path: &Path) -> Result<()> {
    rename(part, path).map_err(Error::io("rename", part))?;
    sync_name(path)
}

/// Makes the name of a file last.
pub(crate) fn sync_name(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync(folder).map_err(Error::io("sync", folder))
}

/// Makes a file's contents, or a folder's names, last.
pub(crate) fn sync(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_name_only_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        write_whole(&path, b"before").unwrap();
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        assert!(part_of(&path).exists());
        drop(file);
        assert!(!part_of(&path).exists());
        assert_eq!(std::fs::read(&path).unwrap(), b"before");
        write_whole(&path, b"all").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"all");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let refused = write_whole(&folder.path().join("none/table.csv"), b"").unwrap_err().to_string();
        assert!(refused.starts_with("cannot write") && refused.contains("none/table.csv"), "{refused}");
    }

    /// Where a link may stand: at the name of a file that is renamed into place, at the name that it has until then, and at the name
    /// of a file that grows, where it may also be a second name of the same file, or lead nowhere.
    #[test]
    fn nothing_is_written_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let precious = folder.path().join("precious");
        let path = folder.path().join("table.csv");
        std::fs::write(&precious, "precious\n").unwrap();
        let link = |to: &Path| {
            let _ = remove_file(to);
            std::os::unix::fs::symlink(&precious, to).unwrap();
        };
        let grow = || {
            let mut file = open_own(&path, OpenOptions::new().create(true).append(true)).unwrap();
            file.write_all(b"more\n").unwrap();
        };
        link(&path);
        link(&part_of(&path));
        write_whole(&path, b"whole").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        link(&path);
        grow();
        assert_eq!(std::fs::read(&path).unwrap(), b"precious\nmore\n");
        remove_file(&path).unwrap();
        std::fs::hard_link(&precious, &path).unwrap();
        grow();
        assert_eq!(std::fs::read(&path).unwrap(), b"precious\nmore\n");
        assert_eq!(std::fs::read(&precious).unwrap(), b"precious\n");
        remove_file(&precious).unwrap();
        link(&path);
        grow();
        assert_eq!(std::fs::read(&path).unwrap(), b"more\n");
        assert!(!precious.exists());
    }
}
