//! The two formats: how their files are called, how they begin, which levels they know.

use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// A format of compressed files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `.zst`: frames of Zstandard (RFC 8878) and a seek table behind them, as in zstd's contrib/seekable_format.
    #[default]
    Zst,
    /// `.gz`: members of gzip (RFC 1952) that say how long they are, in the field that pgzip reads.
    Gz,
}

/// How the names of compressed files end, the format that is written to such a name, and what stands there when they are decompressed.
const ENDINGS: [(&str, Option<Format>, &str); 6] = [
    (".zst", Some(Format::Zst), ""),
    (".tzst", Some(Format::Zst), ".tar"),
    (".gz", Some(Format::Gz), ""),
    (".tgz", Some(Format::Gz), ".tar"),
    (".bgz", None, ""),
    (".bgzf", None, ""),
];

impl Format {
    /// How the names of its files end.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Zst => "zst",
            Format::Gz => "gz",
        }
    }

    /// The level that is taken when none is given: for `zst` that of the program `zstd`; for `gz` one whose files are as small as those
    /// of `gzip`.
    pub fn default_level(self) -> u32 {
        match self {
            Format::Zst => 3,
            Format::Gz => 6,
        }
    }

    /// The highest level; the lowest is 1. Those of `zst` are zstd's, those of `gz` libdeflate's.
    pub fn highest_level(self) -> u32 {
        match self {
            Format::Zst => 22,
            Format::Gz => 12,
        }
    }

    /// The level asked for, or the default.
    ///
    /// # Errors
    /// When there is no such level.
    pub(crate) fn level(self, asked: Option<u32>) -> Result<u32> {
        let level = asked.unwrap_or(self.default_level());
        let highest = self.highest_level();
        if (1..=highest).contains(&level) {
            return Ok(level);
        }
        let name = self.extension();
        Err(Error::input("level", format!("{name} has levels 1 (fast) to {highest} (small), not {level}")))
    }

    /// The format that is written to a file of this name, if its ending tells it.
    pub(crate) fn of_name(path: &Path) -> Option<Format> {
        ending(path).and_then(|(_, format, _)| *format)
    }

    /// The format of a file that begins so, if it is one of the two.
    pub(crate) fn of_beginning(bytes: &[u8]) -> Option<Format> {
        match bytes {
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Some(Format::Zst),
            [0x1F, 0x8B, 8, ..] => Some(Format::Gz),
            _ => None,
        }
    }
}

/// The name of a compressed file without its ending, if that is known.
pub(crate) fn without_ending(path: &Path) -> Option<PathBuf> {
    let (ending, _, instead) = ending(path)?;
    let name = path.to_str()?;
    Some(PathBuf::from(format!("{}{instead}", &name[..name.len() - ending.len()])))
}

fn ending(path: &Path) -> Option<&'static (&'static str, Option<Format>, &'static str)> {
    let name = path.file_name()?.to_str()?;
    ENDINGS.iter().find(|(ending, ..)| name.len() > ending.len() && name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_format_and_what_is_in_it() {
        let told = |name: &str| (Format::of_name(Path::new(name)), without_ending(Path::new(name)));
        let of = |format, name: &str| (Some(format), Some(PathBuf::from(name)));
        assert_eq!(told("a/run.csv.zst"), of(Format::Zst, "a/run.csv"));
        assert_eq!(told("run.tzst"), of(Format::Zst, "run.tar"));
        assert_eq!(told("run.tgz"), of(Format::Gz, "run.tar"));
        assert_eq!(told("run.csv.bgz"), (None, Some(PathBuf::from("run.csv"))));
        for unknown in ["run.csv", "run.zip", ".gz", "a/.zst", "zst"] {
            assert_eq!(told(unknown), (None, None), "{unknown}");
        }
    }

    #[test]
    fn levels_are_checked() {
        assert_eq!(Format::Zst.level(None).unwrap(), 3);
        assert_eq!(Format::Zst.level(Some(22)).unwrap(), 22);
        let told = Format::Gz.level(Some(13)).unwrap_err().to_string();
        assert_eq!(told, "level: gz has levels 1 (fast) to 12 (small), not 13");
        assert!(Format::Zst.level(Some(0)).is_err());
    }

    #[test]
    fn a_beginning_tells_the_format() {
        assert_eq!(Format::of_beginning(&[0x28, 0xB5, 0x2F, 0xFD, 0]), Some(Format::Zst));
        assert_eq!(Format::of_beginning(&[0x5E, 0x2A, 0x4D, 0x18]), Some(Format::Zst));
        assert_eq!(Format::of_beginning(&[0x1F, 0x8B, 8]), Some(Format::Gz));
        assert_eq!(Format::of_beginning(b"PK"), None);
    }
}
