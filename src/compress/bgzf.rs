//! Members of gzip (RFC 1952) that say how long they are: BGZF, the blocked gzip of the SAM specification (4.1).
//!
//! A member holds at most 64 KiB, and its length in a field of its header, so that who reads the file goes from member to member
//! without decompressing, and `bgzip` and all that is built on it (tabix, samtools) reads from the middle. A last member without
//! contents says that the file ends there. Members are gathered to units of some megabytes.
//!
//! A header that is damaged says no longer where the next one is: that is looked for by its signs.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use libdeflater::{CompressionLvl, Compressor, Decompressor, crc32};

use super::unit::{Damage, Decoded, LARGEST, Unit};
use crate::{Error, Result};

/// Bytes that a member holds, as `bgzip` has it: whatever they are, they fit into 64 KiB when they are compressed.
const MEMBER: usize = 0xFF00;
/// Bytes of a block, which is as many members.
pub(super) const BLOCK: usize = 64 * MEMBER;
/// The most that a member may hold, and have.
const MOST: usize = 1 << 16;
/// A header: magic, deflate, with an extra field, no time, of no system; of six bytes, "BC" of two. The length less one follows.
const HEAD: [u8; 16] = [0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 6, 0, b'B', b'C', 2, 0];
/// Bytes of a header with the length, and behind the contents: their CRC-32 and their number.
const HEADER: usize = 18;
const TRAILER: usize = 8;
/// The member with which a file ends.
pub(super) const END: [u8; 28] =
    [0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 6, 0, b'B', b'C', 2, 0, 0x1B, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Makes members; the same ones, whatever it made before.
pub(super) struct Encoder(Compressor);

impl Encoder {
    pub(super) fn new(level: u32) -> Result<Self> {
        let level = CompressionLvl::new(level as i32);
        let level = level.map_err(|_| Error::System("libdeflate doesn't know its own levels".to_owned()))?;
        Ok(Encoder(Compressor::new(level)))
    }

    /// The members that hold `block`.
    pub(super) fn encode(&mut self, block: &[u8]) -> Result<Vec<u8>> {
        let mut members = Vec::with_capacity(block.len() / 2);
        for contents in block.chunks(MEMBER) {
            self.put(contents, &mut members)?;
        }
        members.shrink_to_fit();
        Ok(members)
    }

    fn put(&mut self, contents: &[u8], members: &mut Vec<u8>) -> Result<()> {
        let start = members.len();
        members.extend(HEAD);
        members.resize(start + MOST, 0);
        let room = &mut members[start + HEADER..start + MOST - TRAILER];
        let length = self.0.deflate_compress(contents, room);
        let length = length.map_err(|error| Error::System(format!("libdeflate can't compress a block: {error}")))?;
        let all = HEADER + length + TRAILER;
        members.truncate(start + all - TRAILER);
        members[start + HEADER - 2..start + HEADER].copy_from_slice(&((all - 1) as u16).to_le_bytes());
        members.extend(crc32(contents).to_le_bytes());
        members.extend((contents.len() as u32).to_le_bytes());
        Ok(())
    }
}

/// How long the member is that begins so, if it is one of BGZF.
fn member_length(header: &[u8]) -> Option<usize> {
    let fits = header.len() >= HEADER && header[..4] == HEAD[..4] && header[10..16] == HEAD[10..16];
    let length = fits.then(|| usize::from(u16::from_le_bytes([header[16], header[17]])) + 1)?;
    (length >= HEADER + TRAILER).then_some(length)
}

/// How much the member holds that ends with these four bytes.
fn contents_length(last: &[u8]) -> u64 {
    last.last_chunk().map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)))
}

/// What a walk from member to member found.
pub(super) struct Walk {
    /// The members, gathered; of lost ones the bytes between those that are whole.
    pub units: Vec<Unit>,
    /// Whether every byte belongs to a member.
    pub are_members: bool,
    /// Whether the last member says that it is the last.
    pub has_end: bool,
}

/// Goes through a file of `size` bytes; nothing where it doesn't begin with a member of BGZF.
pub(super) fn walk(path: &Path, file: &File, size: u64) -> Result<Option<Walk>> {
    let mut walker = Walker { path, file, size, units: Vec::new(), are_members: true };
    let header = walker.read(0, HEADER)?;
    if member_length(&header).is_none() {
        return Ok(None);
    }
    walker.go(header)?;
    let end = walker.read(size.saturating_sub(END.len() as u64), END.len())?;
    Ok(Some(Walk { units: walker.units, are_members: walker.are_members, has_end: end == END }))
}

struct Walker<'a> {
    path: &'a Path,
    file: &'a File,
    size: u64,
    units: Vec<Unit>,
    are_members: bool,
}

impl Walker<'_> {
    /// So many bytes from a place on, or those that there are.
    fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length.min(self.size.saturating_sub(offset) as usize)];
        self.file.read_exact_at(&mut bytes, offset).map_err(Error::io("read", self.path))?;
        Ok(bytes)
    }

    fn go(&mut self, mut header: Vec<u8>) -> Result<()> {
        let mut at = 0;
        while at < self.size {
            let length = member_length(&header).map(|length| length as u64).filter(|length| at + length <= self.size);
            let (end, is_member) = match length {
                Some(length) => (at + length, true),
                None => (self.next_member(at + 1)?, false),
            };
            // The last number of this member and the header of the next one lie side by side.
            let seam = self.read(end - 4, 4 + HEADER)?;
            let contents = contents_length(&seam[..4]).min(MOST as u64);
            self.add(end - at, if is_member || end < self.size { contents } else { 0 }, is_member);
            header = seam[4..].to_vec();
            at = end;
        }
        Ok(())
    }

    /// Adds a member, or what is left of some, to the last unit or as one of its own.
    fn add(&mut self, length: u64, contents: u64, is_member: bool) {
        self.are_members &= is_member;
        match self.units.last_mut() {
            Some(unit) if unit.output_length + contents <= BLOCK as u64 && unit.length + length <= LARGEST => {
                unit.length += length;
                unit.output_length += contents;
            }
            last => {
                let last = last.copied().unwrap_or_default();
                self.units.push(last.followed_by(length, contents));
            }
        }
    }

    /// Where a header begins from here on, or the end of the file.
    fn next_member(&self, from: u64) -> Result<u64> {
        let mut at = from;
        while at < self.size {
            let bytes = self.read(at, MOST + HEADER)?;
            if let Some(place) = bytes.windows(HEADER).position(|window| member_length(window).is_some()) {
                return Ok(at + place as u64);
            }
            at += MOST as u64;
        }
        Ok(self.size)
    }
}

/// What the members of a unit hold, each by itself: `bytes` are the unit's.
pub(super) fn decode(bytes: &[u8], unit: &Unit) -> Decoded {
    let mut decoded = Decoded { output_start: unit.output_start, bytes: Vec::new(), damages: Vec::new() };
    let mut decompressor = Decompressor::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let length = member_length(rest).filter(|length| *length <= rest.len());
        let (length, reason) = match length {
            Some(length) => (length, inflate(&mut decompressor, &rest[..length], &mut decoded.bytes).err()),
            None => {
                let next = rest.windows(HEADER).skip(1).position(|window| member_length(window).is_some());
                let length = next.map_or(rest.len(), |place| place + 1);
                (length, Some(lose(&rest[..length], length == rest.len(), unit, &mut decoded.bytes)))
            }
        };
        if let Some((lost, reason)) = reason {
            let start = unit.start + at as u64;
            let end = unit.output_start + decoded.bytes.len() as u64;
            let output = end - lost..end;
            decoded.damages.push(Damage { compressed: start..start + length as u64, output, reason });
        }
        at += length;
    }
    // The numbers at the ends of members said so.
    decoded.bytes.resize(unit.output_length as usize, 0);
    decoded
}

/// Adds what a member holds; where it is damaged as many zeros, and says how many and why.
fn inflate(with: &mut Decompressor, member: &[u8], to: &mut Vec<u8>) -> std::result::Result<(), (u64, String)> {
    let start = to.len();
    let trailer = &member[member.len() - TRAILER..];
    let contents = contents_length(trailer).min(MOST as u64);
    to.resize(start + contents as usize, 0);
    let room = &mut to[start..];
    let found = with.deflate_decompress(&member[HEADER..member.len() - TRAILER], room);
    let reason = match found {
        Ok(length) if length as u64 != contents => format!("it holds {length} bytes, not {contents}"),
        Ok(_) if crc32(room).to_le_bytes() != trailer[..4] => "its checksum doesn't match".to_owned(),
        Ok(_) => return Ok(()),
        Err(error) => error.to_string(),
    };
    room.fill(0);
    Err((contents, reason))
}

/// Adds zeros for what lies before the next header; how many, and why.
fn lose(bytes: &[u8], is_last: bool, unit: &Unit, to: &mut Vec<u8>) -> (u64, String) {
    let contents = if is_last {
        unit.output_length.saturating_sub(to.len() as u64)
    } else {
        contents_length(bytes).min(MOST as u64)
    };
    to.resize(to.len() + contents as usize, 0);
    (contents, "no member begins here".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|place| (place as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).leading_zeros() as u8).collect()
    }

    /// What a walk through a file of these bytes finds, and what its units hold.
    fn walked(file: &[u8]) -> (Walk, Vec<u8>, Vec<Damage>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.gz");
        std::fs::write(&path, file).unwrap();
        let walk = walk(&path, &File::open(&path).unwrap(), file.len() as u64).unwrap().unwrap();
        let part = |unit: &Unit| decode(&file[unit.start as usize..unit.end() as usize], unit);
        let parts: Vec<Decoded> = walk.units.iter().map(part).collect();
        let damages = parts.iter().flat_map(|part| part.damages.clone()).collect();
        let contents = parts.iter().flat_map(|part| part.bytes.clone()).collect();
        (walk, contents, damages)
    }

    fn file(contents: &[u8]) -> Vec<u8> {
        let members: Vec<u8> =
            contents.chunks(BLOCK).flat_map(|block| Encoder::new(1).unwrap().encode(block).unwrap()).collect();
        [&members[..], &END].concat()
    }

    #[test]
    fn members_come_back_in_units_of_a_block() {
        for length in [0, 1, MEMBER, MEMBER + 1, BLOCK, 2 * BLOCK + 5] {
            let contents = bytes(length);
            let (walk, found, damages) = walked(&file(&contents));
            assert!(found == contents && damages.is_empty() && walk.are_members && walk.has_end, "{length}");
            assert_eq!(walk.units.len(), length.div_ceil(BLOCK).max(1), "{length}");
        }
    }

    #[test]
    fn what_no_level_makes_smaller_fits_into_a_member() {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        let noise: Vec<u8> = (0..MEMBER).map(|_| next()).collect();
        for level in 1..=12 {
            let member = Encoder::new(level).unwrap().encode(&noise).unwrap();
            assert_eq!(member_length(&member), Some(member.len()), "level {level}");
        }
    }

    /// Each byte of a member changed in turn, as far as it matters: the contents are right or a damage is told, and the member behind
    /// it is whole.
    #[test]
    fn no_damaged_byte_passes_unseen_or_takes_the_next_member_with_it() {
        let contents = bytes(MEMBER + 1000);
        let whole = file(&contents);
        let first = member_length(&whole).unwrap();
        for place in (first..whole.len() - END.len()).step_by(7).chain(first..first + HEADER) {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x40;
            let (walk, found, damages) = walked(&damaged);
            assert!(found == contents || !damages.is_empty() || !walk.are_members, "byte {place}");
            assert!(found[..MEMBER] == contents[..MEMBER], "byte {place}");
        }
    }
}
