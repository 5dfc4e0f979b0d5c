//! Which file becomes which, and all that can be refused before anything is read or written.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::comm::launcher_size;
use crate::compress::{self, Format};
use crate::program::arguments::{CompressArguments, FileArguments};
use crate::{Error, Result};

/// What stands for standard input and output.
pub(super) const STANDARD: &str = "-";

/// A file, and what is to become of it.
pub(super) struct Pair {
    pub from: PathBuf,
    pub to: PathBuf,
}

impl Pair {
    /// Whether bytes come or go one after another.
    pub(super) fn is_stream(&self) -> bool {
        is_standard(&self.from) || is_standard(&self.to)
    }
}

pub(super) fn is_standard(path: &Path) -> bool {
    path == Path::new(STANDARD)
}

/// The format that is asked for, by `--format` or by the name of the new file.
pub(super) fn format_of(arguments: &CompressArguments) -> Result<Format> {
    let out = arguments.files.out.as_deref().filter(|out| !is_standard(out));
    let of_name = out.and_then(Format::of_name);
    match (arguments.format, of_name, out) {
        (Some(asked), Some(named), Some(out)) if asked != named => {
            let [asked, named] = [asked, named].map(Format::extension);
            Err(Error::input(
                out.display().to_string(),
                format!("is the name of a {named} file, and --format says {asked}"),
            ))
        }
        (None, None, Some(out)) => {
            let reason = "its name ends in neither .zst nor .gz: say by --format which it is to be";
            Err(Error::input(out.display().to_string(), reason))
        }
        (asked, named, _) => Ok(asked.or(named).unwrap_or_default()),
    }
}

/// What is to become of which file, all of which can be done as far as that can be known before.
pub(super) fn pairs(arguments: &FileArguments, name: impl Fn(&Path) -> Result<PathBuf>) -> Result<Vec<Pair>> {
    let FileArguments { files, out, force } = arguments;
    let is_stream = files.iter().chain(out).any(|path| is_standard(path));
    if files.len() > 1 && (out.is_some() || is_stream) {
        let reason = format!("{} files go into as many: give one of them with -o OUT or -", files.len());
        return Err(Error::input("FILE", reason));
    }
    if is_stream && launcher_size() > 1 {
        return Err(Error::input(STANDARD, "is read and written by one process: start it without a launcher"));
    }
    let mut pairs: Vec<Pair> = Vec::new();
    for from in files {
        let to = match out {
            Some(out) => out.clone(),
            None if is_standard(from) => from.clone(),
            None => name(from)?,
        };
        check_input(from)?;
        check_output(from, &to, *force)?;
        if pairs.iter().any(|other| other.to == to) && !is_standard(&to) {
            return Err(Error::input(from.display().to_string(), format!("{} would be written twice", to.display())));
        }
        pairs.push(Pair { from: from.clone(), to });
    }
    Ok(pairs)
}

/// A name as text.
pub(super) fn text(path: &Path) -> Result<&str> {
    let reason = "is no UTF-8 text: say by -o OUT how to call the new file";
    path.to_str().ok_or_else(|| Error::input(path.display().to_string(), reason))
}

fn check_input(from: &Path) -> Result<()> {
    if is_standard(from) { Ok(()) } else { compress::check_readable(from) }
}

/// Refuses an output that stands already, is the input, or lies where nothing can be made.
fn check_output(from: &Path, to: &Path, force: bool) -> Result<()> {
    let refused = |reason: &str| Err(Error::input(to.display().to_string(), reason));
    if is_standard(to) {
        return Ok(());
    }
    if to.is_dir() {
        return refused("is a folder: give the name of a file");
    }
    if let (Ok(a), Ok(b)) = (from.metadata(), to.metadata())
        && (a.dev(), a.ino()) == (b.dev(), b.ino())
    {
        return refused("is the file itself: give another name by -o OUT");
    }
    if to.symlink_metadata().is_ok() && !force {
        return refused("exists: --force replaces it");
    }
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match access(folder, Access::WRITE_OK | Access::EXEC_OK) {
        Err(error) => refused(&format!("cannot be written into {}: {error}", folder.display())),
        Ok(()) => Ok(()),
    }
}
