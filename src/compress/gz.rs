//! Members of gzip (RFC 1952) that say how long they are, so that who reads a file goes from member to member without decompressing.
//!
//! The length stands in a field of the header: "IG" of four bytes, as Python's pgzip writes and reads it. A member holds at most 256 KiB:
//! what is repeated across its bounds is compressed anew, which costs a five hundredth then, but a sixtieth with 64 KiB. A last member without
//! contents says that the file ends there. Members are gathered to units of some megabytes.
//!
//! Read, but not written, is BGZF as well, the blocked gzip of `bgzip` (SAM specification, 4.1): its field is "BC" of two bytes, and its
//! members hold 64 KiB.
//!
//! A header that is damaged says no longer where the next one is: that is looked for by its signs.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use libdeflater::{CompressionLvl, Compressor, Decompressor, crc32};

use super::unit::{Damage, Decoded, LARGEST, Unit};
use crate::{Error, Result};

/// Bytes that a member holds.
const MEMBER: usize = 1 << 18;
/// Bytes of a block, which is as many members.
pub(super) const BLOCK: usize = 16 * MEMBER;
/// The most that a member may have: what nothing makes smaller grows by some bytes.
const MOST: usize = MEMBER + 1024;
/// A header: magic, deflate, with an extra field, no time, of no system; of eight bytes, "IG" of four. The member's length follows.
const HEAD: [u8; 16] = [0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 8, 0, b'I', b'G', 4, 0];
/// Bytes of a header with the length, and behind the contents: their CRC-32 and their number.
const HEADER: usize = 20;
const TRAILER: usize = 8;
/// The member with which a file ends.
pub(super) const END: [u8; 30] =
    [0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 8, 0, b'I', b'G', 4, 0, 30, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// Of BGZF the same: how long its header is, how one begins from the number of bytes in its extra field on, and how a file ends.
const BGZF_HEADER: usize = 18;
const BGZF_FIELD: [u8; 6] = [6, 0, b'B', b'C', 2, 0];
const BGZF_END: [u8; 28] =
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
        let mut members = Vec::with_capacity(block.len() / 2 + MOST);
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
        members[start + HEAD.len()..start + HEADER].copy_from_slice(&(all as u32).to_le_bytes());
        members.extend(crc32(contents).to_le_bytes());
        members.extend((contents.len() as u32).to_le_bytes());
        Ok(())
    }
}

/// A header that says how long its member is.
struct Header {
    length: usize,
    member: usize,
}

/// The header with which a member begins, if it says how long that is.
fn header(bytes: &[u8]) -> Option<Header> {
    let bytes: &[u8; HEADER] = bytes.first_chunk()?;
    let [.., a, b, c, d] = *bytes;
    let found = if bytes[..HEAD.len()] == HEAD {
        Header { length: HEADER, member: u32::from_le_bytes([a, b, c, d]) as usize }
    } else if bytes[..4] == HEAD[..4] && bytes[10..16] == BGZF_FIELD {
        Header { length: BGZF_HEADER, member: usize::from(u16::from_le_bytes([a, b])) + 1 }
    } else {
        return None;
    };
    (found.length + TRAILER..=MOST).contains(&found.member).then_some(found)
}

/// How long the member is that begins so, if it says that.
fn member_length(bytes: &[u8]) -> Option<usize> {
    header(bytes).map(|header| header.member)
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

/// Goes through a file of `size` bytes; nothing where it doesn't begin with a member that says how long it is.
pub(super) fn walk(path: &Path, file: &File, size: u64) -> Result<Option<Walk>> {
    let mut walker = Walker { path, file, size, units: Vec::new(), are_members: true };
    let header = walker.read(0, HEADER)?;
    if member_length(&header).is_none() {
        return Ok(None);
    }
    walker.go(header)?;
    let end = walker.read(size.saturating_sub(END.len() as u64), END.len())?;
    Ok(Some(Walk {
        units: walker.units,
        are_members: walker.are_members,
        has_end: end == END || end.ends_with(&BGZF_END),
    }))
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
        let found = header(rest).filter(|header| header.member <= rest.len());
        let (length, reason) = match found {
            Some(Header { length, member }) => {
                (member, inflate(&mut decompressor, &rest[length..member], &mut decoded.bytes).err())
            }
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

/// Adds what a member holds, from what stands behind its header; where it is damaged as many zeros, and says how many and why.
fn inflate(with: &mut Decompressor, member: &[u8], to: &mut Vec<u8>) -> std::result::Result<(), (u64, String)> {
    let start = to.len();
    let (deflated, trailer) = member.split_at(member.len() - TRAILER);
    let contents = contents_length(trailer).min(MOST as u64);
    to.resize(start + contents as usize, 0);
    let room = &mut to[start..];
    let found = with.deflate_decompress(deflated, room);
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

    /// Members as `bgzip` makes them, for which nothing but the header differs.
    #[test]
    fn members_of_bgzf_are_members() {
        let contents = bytes(2000);
        let members = contents.chunks(1000).flat_map(|contents| {
            let member = Encoder::new(1).unwrap().encode(contents).unwrap();
            let length = (member.len() + BGZF_HEADER - HEADER - 1) as u16;
            [&HEAD[..10], &BGZF_FIELD, &length.to_le_bytes(), &member[HEADER..]].concat()
        });
        let file: Vec<u8> = members.chain(BGZF_END).collect();
        let (walk, found, damages) = walked(&file);
        assert!(found == contents && damages.is_empty() && walk.are_members && walk.has_end);
        assert!(!walked(&file[..file.len() - BGZF_END.len()]).0.has_end);
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
