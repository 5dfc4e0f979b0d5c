//! Where the parts of a compressed file are: by its seek table, or from member to member.

use std::path::Path;

use super::format::Format;
use super::source::Source;
use super::unit::{Damage, Unit};
use super::{gz, zst};
use crate::{Error, Result};

/// A compressed file, as far as its parts are known.
pub(super) struct Index {
    pub format: Format,
    /// None where only reading from the beginning tells where parts are.
    pub units: Option<Vec<Unit>>,
    /// What is wrong with the file as a whole.
    pub damage: Option<Damage>,
}

impl Index {
    /// Of a file; with `keeps_going` parts are also looked for behind damaged ones.
    ///
    /// # Errors
    /// When the file can't be read, or is in neither format.
    pub(super) fn of(source: &Source, keeps_going: bool) -> Result<Self> {
        let format = format(source)?;
        let found = match format {
            Format::Zst => zst::units(&source.path, &source.file, source.size())?.map(|units| (units, None)),
            Format::Gz => members(source, keeps_going)?,
        };
        let (units, damage) = found.map_or((None, None), |(units, damage)| (Some(units), damage));
        Ok(Index { format, units, damage })
    }

    /// Bytes of what is in it, where they are known.
    pub(super) fn output(&self) -> Option<u64> {
        self.units.as_ref().map(|units| units.last().map_or(0, Unit::output_end))
    }
}

/// The format of a file by how it begins.
///
/// # Errors
/// When it can't be read, or is in neither.
pub(super) fn format(source: &Source) -> Result<Format> {
    let beginning = source.read(0, 4)?;
    Format::of_beginning(&beginning).ok_or_else(|| unknown(&source.path.display().to_string(), &beginning))
}

/// Sees that a file can be read and begins like one of the two formats.
///
/// # Errors
/// If not.
pub(crate) fn check_format(path: &Path) -> Result<()> {
    format(&Source::open(path)?).map(drop)
}

/// What is told of bytes that begin like neither format.
pub(super) fn unknown(name: &str, beginning: &[u8]) -> Error {
    let what = if beginning.is_empty() { "is empty" } else { "begins like neither of them" };
    Error::input(name, format!("{what}: a .zst or .gz file is wanted"))
}

/// The members of a file whose members say how long they are. One that isn't whole is read from its beginning where nothing need be recovered: its first part may
/// be followed by members of other kinds, as the standard allows.
fn members(source: &Source, keeps_going: bool) -> Result<Option<(Vec<Unit>, Option<Damage>)>> {
    let Some(walk) = gz::walk(&source.path, &source.file, source.size())? else { return Ok(None) };
    if !walk.are_members && !keeps_going {
        return Ok(None);
    }
    let size = source.size();
    let output = walk.units.last().map_or(0, Unit::output_end);
    let reason = "the member that ends such a file is missing: was it cut off?".to_owned();
    let cut = (!walk.has_end).then_some(Damage { compressed: size..size, output: output..output, reason });
    Ok(Some((walk.units, cut)))
}
