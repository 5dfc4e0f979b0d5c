//! Hints to MPI: pairs of texts that an implementation may use or ignore (MPI 4.0, chapter 10; those of MPI-IO: 14.2.8).

use super::ffi;
#[cfg(feature = "parallel-hdf5")]
use super::{RawFile, RawInfo};

/// Hints, freed on drop.
#[cfg(feature = "parallel-hdf5")]
pub(crate) struct Info(ffi::Info);

#[cfg(feature = "parallel-hdf5")]
impl Info {
    /// Hints from pairs that [`check_hint`] found good.
    pub(crate) fn new<'a>(hints: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let info = ffi::Info::create();
        hints.into_iter().for_each(|(key, value)| info.set(key, value));
        Info(info)
    }

    /// The hints that MPI-IO keeps with an open file: those that it was given, and perhaps its own.
    pub(crate) fn of_file(file: RawFile) -> Self {
        Info(ffi::Info::of_file(file))
    }

    /// All pairs.
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        self.0.pairs()
    }

    /// The raw handle, which lives as long as this.
    pub(crate) fn raw(&self) -> RawInfo {
        self.0.raw()
    }
}

/// What is wrong with a hint, if anything: MPI ends the job where a text is empty, too long or has a zero in it.
pub(crate) fn check_hint(key: &str, value: &str) -> std::result::Result<(), String> {
    for (what, text, longest) in [("name", key, ffi::LONGEST_KEY), ("value", value, ffi::LONGEST_VALUE)] {
        if text.is_empty() || text.len() > longest || text.contains('\0') {
            return Err(format!("its {what} \"{text}\" must have 1 to {longest} bytes, none of them zero"));
        }
    }
    Ok(())
}
