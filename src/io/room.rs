//! How much memory a file may ask for: no more than it holds itself.
//!
//! A damaged or hostile file of some kilobytes can speak of 2^60 numbers. Before memory is asked for, the size that a shape and a type
//! give is held against the length of the file, where numbers are stored as they are; in chunks, which may be compressed, or never have
//! been written, and in views of other datasets against a multiple of that. Left out: HDF5's own memory.

use std::collections::BTreeSet;
use std::path::Path;

use hdf5::dataset::Layout;

use super::layout::shape;
use super::transfer;
use crate::{Error, Result};

/// How many times as long as its file the content of chunks may be: more than four times what deflate can compress.
const CHUNKED: u64 = 4096;

/// # Errors
/// When a dataset of the file at `path` is larger than the file can hold, or its numbers lie in files that aren't HDF5's.
pub(super) fn check_dataset(path: &Path, name: &str, dataset: &hdf5::Dataset) -> Result<()> {
    let damaged = |reason| Error::file(path, format!("cannot read {name}: {reason}"));
    let shape = shape(dataset).map_err(damaged)?;
    let width = dataset.dtype().map_err(damaged)?.size();
    let made = dataset.create_plist().map_err(damaged)?;
    if let Some(other) = made.get_external().map_err(damaged)?.first() {
        let reason = format!("{name} has its numbers in another file, {}: they are not read", other.name);
        return Err(Error::file(path, reason));
    }
    let most = match made.get_layout().map_err(damaged)? {
        Layout::Chunked => CHUNKED.saturating_mul(length(path)?),
        Layout::Virtual => CHUNKED.saturating_mul(shown_length(path, &made).map_err(damaged)?),
        Layout::Compact | Layout::Contiguous => length(path)?,
    };
    check(path, name, &shape, width, most)
}

/// # Errors
/// When an attribute is larger than the file at `path`.
pub(super) fn check_attribute(path: &Path, name: &str, attribute: &hdf5::Attribute) -> Result<()> {
    let damaged = |reason| Error::file(path, format!("cannot read {name}: {reason}"));
    let shape = shape(attribute).map_err(damaged)?;
    let width = attribute.dtype().map_err(damaged)?.size();
    check(path, name, &shape, width, length(path)?)
}

fn check(path: &Path, name: &str, shape: &[u64], width: usize, most: u64) -> Result<()> {
    if fits(shape, width, most) {
        return Ok(());
    }
    let elements = format!("{shape:?} elements of {width} bytes");
    Err(Error::file(path, format!("{name} is said to have {elements}, more than the file can hold: it is damaged")))
}

fn fits(shape: &[u64], width: usize, most: u64) -> bool {
    let bytes = shape.iter().try_fold(width as u64, |bytes, &count| bytes.checked_mul(count));
    shape.contains(&0) || bytes.is_some_and(|bytes| bytes <= most)
}

fn length(path: &Path) -> Result<u64> {
    std::fs::metadata(path).map(|about| about.len()).map_err(Error::io("read", path))
}

/// The length of the files whose datasets a view shows.
fn shown_length(path: &Path, made: &hdf5::plist::DatasetCreate) -> hdf5::Result<u64> {
    let files: BTreeSet<String> = transfer::shown_files(made)?.into_iter().collect();
    let folder = path.parent().unwrap_or(Path::new(""));
    let length = |name: &String| {
        let file = if name == "." { path.to_path_buf() } else { folder.join(name) };
        std::fs::metadata(file).map_or(0, |about| about.len())
    };
    Ok(files.iter().map(length).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts that a product of 64 bits would wrap around to something small, among them.
    #[test]
    fn sizes_are_multiplied_without_wrapping() {
        for shape in [&[1 << 40, 3][..], &[(1 << 61) + 3, 3], &[1 << 32, 1 << 32], &[u64::MAX], &[u64::MAX; 5]] {
            assert!(!fits(shape, 8, 1 << 30), "{shape:?}");
        }
        assert!(fits(&[1 << 27], 8, 1 << 30) && !fits(&[(1 << 27) + 1], 8, 1 << 30));
        assert!(fits(&[u64::MAX, u64::MAX, 0], 8, 0) && fits(&[], 8, 8) && !fits(&[], 8, 7));
    }
}
