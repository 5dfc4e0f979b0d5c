//! Frames of Zstandard (RFC 8878), and the seek table behind them.
//!
//! A frame holds a block, its length and its checksum. The table is a skippable frame, which every reader passes over: for each frame its
//! length, that of its block and the checksum again; then how many there are. So a reader that knows it finds any block from the end
//! of the file (zstd's contrib/seekable_format, version 0.1.0).
//!
//! A context is made anew for each frame: what one that is used again puts out may depend on what it saw before.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::unit::{LARGEST, Unit};
use crate::{Error, Result};

/// Bytes of a block. Of half as many each, files of programs and documents become a fiftieth larger: zstd looks 2 MiB back at its level 3,
/// and at the beginning of a block there is nothing to look at.
pub(super) const BLOCK: usize = 8 << 20;
/// How a skippable frame begins, of the kind that holds a table.
const SKIPPABLE: u32 = 0x184D_2A5E;
/// How the table ends.
const SEEKABLE: u32 = 0x8F92_EAB1;
/// Bytes before the entries, and behind them.
const HEAD: u64 = 8;
const FOOT: u64 = 9;
/// Of the descriptor: entries have checksums; bits that must be zero.
const HAS_CHECKSUMS: u8 = 0x80;
const RESERVED: u8 = 0x7C;

/// A frame that holds `block`.
pub(super) fn encode(block: &[u8], level: u32) -> Result<Vec<u8>> {
    let framed = || -> std::io::Result<Vec<u8>> {
        let mut compressor = zstd::bulk::Compressor::new(level as i32)?;
        compressor.include_checksum(true)?;
        compressor.compress(block)
    };
    let mut frame = framed().map_err(|error| Error::System(format!("zstd can't compress a block: {error}")))?;
    frame.shrink_to_fit();
    Ok(frame)
}

/// What a frame says of its block: the lower half of its hash XXH64, with which it ends.
pub(super) fn checksum(frame: &[u8]) -> u32 {
    frame.last_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// Fills `block` with what the frames hold; what is wrong with them, if anything.
pub(super) fn decode(frames: &[u8], block: &mut [u8]) -> std::result::Result<(), String> {
    let decoded = zstd::bulk::Decompressor::new().and_then(|mut it| it.decompress_to_buffer(frames, block));
    match decoded {
        Ok(length) if length == block.len() => Ok(()),
        Ok(length) => Err(format!("it holds {length} bytes, not {}", block.len())),
        Err(error) => Err(error.to_string()),
    }
}

/// A frame's entry in the table: its length, that of its block, its checksum.
pub(super) type Entry = [u32; 3];

/// The table of these frames.
pub(super) fn table(entries: &[Entry]) -> Vec<u8> {
    let length = size_of_val(entries) + FOOT as usize;
    let mut table = Vec::with_capacity(HEAD as usize + length);
    let mut put = |number: u32| table.extend(number.to_le_bytes());
    [SKIPPABLE, length as u32].into_iter().chain(entries.iter().flatten().copied()).for_each(&mut put);
    put(entries.len() as u32);
    table.push(HAS_CHECKSUMS);
    table.extend(SEEKABLE.to_le_bytes());
    table
}

/// The frames that the table of a file of `size` bytes tells of; none where it has no table that fits it.
pub(super) fn units(path: &Path, file: &File, size: u64) -> Result<Option<Vec<Unit>>> {
    let read = |offset: u64, length: u64| {
        let mut bytes = vec![0; length as usize];
        file.read_exact_at(&mut bytes, offset).map(|()| bytes).map_err(Error::io("read", path))
    };
    if size < HEAD + FOOT {
        return Ok(None);
    }
    let foot = read(size - FOOT, FOOT)?;
    let descriptor = foot[4];
    let width = if descriptor & HAS_CHECKSUMS != 0 { 12 } else { 8 };
    let count = u64::from(number(&foot, 0));
    let length = HEAD + count * width + FOOT;
    if number(&foot, 5) != SEEKABLE || descriptor & RESERVED != 0 || length > size {
        return Ok(None);
    }
    let table = read(size - length, length)?;
    if number(&table, 0) != SKIPPABLE || u64::from(number(&table, 4)) != length - HEAD {
        return Ok(None);
    }
    let entries = table[HEAD as usize..(length - FOOT) as usize].chunks_exact(width as usize);
    let mut units = Vec::with_capacity(count as usize);
    let mut next = Unit::default();
    for entry in entries {
        next = next.followed_by(u64::from(number(entry, 0)), u64::from(number(entry, 4)));
        units.push(next);
    }
    let fits = next.end() == size - length && units.iter().all(|unit| unit.length.max(unit.output_length) <= LARGEST);
    Ok(fits.then_some(units))
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(file: &[u8]) -> Option<Vec<Unit>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zst");
        std::fs::write(&path, file).unwrap();
        units(&path, &File::open(&path).unwrap(), file.len() as u64).unwrap()
    }

    /// Frames of these contents, with their table.
    fn file(contents: &[&[u8]]) -> Vec<u8> {
        let frames: Vec<Vec<u8>> = contents.iter().map(|contents| encode(contents, 3).unwrap()).collect();
        let entries = frames.iter().zip(contents);
        let entries: Vec<Entry> =
            entries.map(|(frame, contents)| [frame.len() as u32, contents.len() as u32, checksum(frame)]).collect();
        [frames.concat(), table(&entries)].concat()
    }

    #[test]
    fn the_table_tells_where_frames_are() {
        let whole = file(&[b"first", b"", b"third and last"]);
        let units = found(&whole).unwrap();
        assert_eq!(units.iter().map(|unit| unit.output_length).collect::<Vec<_>>(), [5, 0, 14]);
        let last = &units[2];
        assert_eq!(last.output_start, 5);
        let mut contents = vec![0; 14];
        decode(&whole[last.start as usize..last.end() as usize], &mut contents).unwrap();
        assert_eq!(contents, b"third and last");
    }

    /// Cut, changed anywhere in the table, or behind another file, whose frames it doesn't tell of.
    #[test]
    fn a_table_that_does_not_fit_the_file_is_none() {
        let whole = file(&[b"first", b"second"]);
        let table = whole.len() - 8 - 9 - 24;
        for cut in 0..whole.len() {
            assert_eq!(found(&whole[..cut]), None, "cut at {cut}");
        }
        // Of an entry the length of the frame; the checksum is not looked at, and the other length is held against what comes out.
        for place in (table..table + 12).chain(whole.len() - 9..whole.len()) {
            let mut changed = whole.clone();
            changed[place] ^= 0x04;
            assert_eq!(found(&changed), None, "byte {place}");
        }
        assert_eq!(found(&[&whole[..], &whole[..]].concat()), None);
    }

    #[test]
    fn a_frame_that_is_damaged_or_of_another_length_is_told() {
        let contents = b"some words, some words, and some more words".repeat(20);
        let frame = encode(&contents, 3).unwrap();
        let mut found = vec![0; contents.len()];
        for place in 0..frame.len() {
            let mut damaged = frame.clone();
            damaged[place] ^= 0x10;
            assert!(decode(&damaged, &mut found).is_err() || found == contents, "byte {place}");
        }
        let mut longer = vec![0; contents.len() + 1];
        assert!(decode(&frame, &mut longer).unwrap_err().starts_with("it holds"));
    }
}
