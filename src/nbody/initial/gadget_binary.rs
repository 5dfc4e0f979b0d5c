//! Initial conditions in GADGET's binary formats 1 and 2, in both byte orders (Springel 2005, users' guide of GADGET-2, section 6).
//!
//! A file is a row of records as Fortran writes them: four bytes with the length, the content, the length again. Format 1: the header of
//! 256 bytes, positions, velocities, ids, masses of the kinds that have none in the header's table; format 2 has a record of 8 bytes before each, four of
//! which are its name. Numbers are single or double precision, ids 4 or 8 bytes, as the lengths say. What follows these blocks is told and not read.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{check_values, from_columns};
use crate::nbody::body::BodyList;
use crate::{Error, Result};

/// The length of the header, and of the records that name blocks in format 2: what a file begins with.
const HEADER: u32 = 256;
const NAME: u32 = 8;
/// Bodies are of six kinds.
const KINDS: usize = 6;
/// Places in the header: table of masses, redshift, number of files, box, cosmology.
const MASSES: usize = 24;
const TIME: usize = 72;
const REDSHIFT: usize = 80;
const FILES: usize = 124;
const SETTINGS: [(&str, usize, &[f64]); 4] = [
    ("BoxSize", 128, &[0.0]),
    ("Omega0", 136, &[0.0]),
    ("OmegaLambda", 144, &[0.0]),
    ("HubbleParam", 152, &[0.0, 1.0]),
];

/// The bodies of a file, and what it has that they don't use, in words; none where the file is of another kind.
///
/// # Errors
/// A file that can't be read; a record whose two lengths differ, or that is not as long as the header's numbers of bodies make it, with its place; a
/// block that is missing; a file of several, or with a redshift; numbers that no body can have.
pub fn read_gadget_binary(path: &Path) -> Result<Option<(BodyList, Vec<String>)>> {
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    let mut bytes = Vec::new();
    (&mut file).take(4).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    let Some(format) = Format::of(&bytes) else { return Ok(None) };
    file.read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    let blocks = Blocks::of(path, &bytes, format)?;
    blocks.read().map(Some)
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Format {
    is_big_endian: bool,
    has_names: bool,
}

impl Format {
    /// What the first length says.
    fn of(bytes: &[u8]) -> Option<Self> {
        let first = bytes.first_chunk()?;
        let [little, big] = [u32::from_le_bytes(*first), u32::from_be_bytes(*first)];
        let is_big_endian = [HEADER, NAME].contains(&big);
        let is_known = is_big_endian || [HEADER, NAME].contains(&little);
        is_known.then_some(Format { is_big_endian, has_names: [little, big].contains(&NAME) })
    }

    fn u32(self, bytes: [u8; 4]) -> u32 {
        if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    fn u64(self, bytes: [u8; 8]) -> u64 {
        if self.is_big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) }
    }

    /// The number at a place of the header.
    fn f64_at(self, header: &[u8], place: usize) -> f64 {
        header[place..].first_chunk().map_or(f64::NAN, |bytes| f64::from_bits(self.u64(*bytes)))
    }

    /// Numbers of 4 or 8 bytes.
    fn numbers(self, block: &[u8], is_double: bool) -> Vec<f64> {
        if is_double {
            block.as_chunks().0.iter().map(|bytes| f64::from_bits(self.u64(*bytes))).collect()
        } else {
            block.as_chunks().0.iter().map(|bytes| f64::from(f32::from_bits(self.u32(*bytes)))).collect()
        }
    }
}

/// A record: where its length stands in the file, and what is in it.
#[derive(Clone, Copy)]
struct Record<'a> {
    place: usize,
    content: &'a [u8],
}

/// The records of a file after the header, with their names where it has such.
struct Blocks<'a> {
    path: &'a Path,
    format: Format,
    header: &'a [u8],
    records: Vec<(String, Record<'a>)>,
}

impl<'a> Blocks<'a> {
    fn of(path: &'a Path, bytes: &'a [u8], format: Format) -> Result<Self> {
        let mut place = 0;
        let mut records = Vec::new();
        while place < bytes.len() {
            let name = if format.has_names {
                let name = next(path, bytes, format, &mut place)?;
                if name.content.len() != NAME as usize {
                    let reason = format!(
                        "the record at byte {} is {} bytes long: in format 2 one of 8 names each block",
                        name.place,
                        name.content.len()
                    );
                    return Err(Error::file(path, reason));
                }
                String::from_utf8_lossy(&name.content[..4]).trim_end().to_owned()
            } else {
                String::new()
            };
            records.push((name, next(path, bytes, format, &mut place)?));
        }
        let (name, header) = records.remove(0);
        if header.content.len() != HEADER as usize || (format.has_names && name != "HEAD") {
            let reason = format!("its first block, at byte {}, is no header of 256 bytes", header.place);
            return Err(Error::file(path, reason));
        }
        Ok(Blocks { path, format, header: header.content, records })
    }

    fn refuse<T>(&self, reason: impl Into<String>) -> Result<T> {
        Err(Error::file(self.path, reason.into()))
    }

    /// The number of bodies of each kind, and the mass of each where it isn't in a block.
    fn kinds(&self) -> [(usize, f64); KINDS] {
        std::array::from_fn(|kind| {
            let count = self.header[4 * kind..].first_chunk().map_or(0, |bytes| self.format.u32(*bytes));
            (count as usize, self.format.f64_at(self.header, MASSES + 8 * kind))
        })
    }

    fn check_header(&self) -> Result<()> {
        let files = self.header[FILES..].first_chunk().map_or(0, |bytes| self.format.u32(*bytes));
        if files > 1 {
            return self.refuse("this is one of several files of a snapshot: join them into one first");
        }
        if self.format.f64_at(self.header, REDSHIFT) != 0.0 {
            return self.refuse("this is a cosmological snapshot, in comoving coordinates: not supported");
        }
        let time = self.format.f64_at(self.header, TIME);
        if !time.is_finite() {
            return self.refuse(format!("its header's Time is {time}: it must be finite"));
        }
        if self.kinds().iter().all(|(count, _)| *count == 0) {
            return self.refuse("there are no bodies in it");
        }
        Ok(())
    }

    /// The block of this name, or in format 1 of this place after the header, which has `count` times 4 or 8 bytes; and whether it is 8.
    fn block(&self, name: &str, place: usize, count: usize) -> Result<(&'a [u8], bool)> {
        let found = if self.format.has_names {
            self.records.iter().find(|(other, _)| other == name)
        } else {
            self.records.get(place)
        };
        let Some((_, record)) = found else { return self.refuse(format!("it has no block {name}")) };
        let length = record.content.len();
        match [4, 8].into_iter().find(|size| Some(length) == count.checked_mul(*size)) {
            Some(size) => Ok((record.content, size == 8)),
            None => self.refuse(format!(
                "block {name}, the record at byte {}, is {length} bytes long: the header's numbers of bodies make it {} or {}",
                record.place,
                4 * count,
                8 * count
            )),
        }
    }

    fn read(&self) -> Result<(BodyList, Vec<String>)> {
        self.check_header()?;
        let kinds = self.kinds();
        let count: usize = kinds.iter().map(|(count, _)| count).sum();
        let vectors = |name: &str, place: usize| -> Result<Vec<[f64; 3]>> {
            let (block, is_double) = self.block(name, place, 3 * count)?;
            Ok(self.format.numbers(block, is_double).as_chunks().0.to_vec())
        };
        let positions = vectors("POS", 0)?;
        let velocities = vectors("VEL", 1)?;
        let (block, is_double) = self.block("ID", 2, count)?;
        let ids: Vec<u64> = if is_double {
            block.as_chunks().0.iter().map(|bytes| self.format.u64(*bytes)).collect()
        } else {
            block.as_chunks().0.iter().map(|bytes| self.format.u32(*bytes).into()).collect()
        };
        let without: usize = kinds.iter().filter(|(_, mass)| *mass == 0.0).map(|(count, _)| count).sum();
        let own = if without > 0 {
            let (block, is_double) = self.block("MASS", 3, without)?;
            self.format.numbers(block, is_double)
        } else {
            Vec::new()
        };
        let mut own = own.into_iter();
        let mut masses = Vec::with_capacity(count);
        for (count, mass) in kinds {
            masses.extend((0..count).map(|_| if mass == 0.0 { own.next().unwrap_or(0.0) } else { mass }));
        }
        let place = self.path.display().to_string();
        let list = from_columns(&place, &ids, &masses, &positions, &velocities)?;
        check_values(&place, &list)?;
        Ok((list, self.notes(if without > 0 { 4 } else { 3 })))
    }

    /// What the file has that bodies don't use, in words; in format 1 `used` blocks are.
    fn notes(&self, used: usize) -> Vec<String> {
        let mut notes = Vec::new();
        let others: Vec<String> = if self.format.has_names {
            let known = ["POS", "VEL", "ID", "MASS"];
            self.records.iter().map(|(name, _)| name.clone()).filter(|name| !known.contains(&&name[..])).collect()
        } else {
            self.records.iter().skip(used).map(|(_, record)| format!("a block at byte {}", record.place)).collect()
        };
        if !others.is_empty() {
            notes.push(format!("it has {}: not used", others.join(", ")));
        }
        if self.kinds()[0].0 > 0 {
            notes.push("kind 0 is gas in GADGET: here its bodies feel gravity alone".to_owned());
        }
        let value = |place: usize| self.format.f64_at(self.header, place);
        let set = SETTINGS.iter().filter(|(_, place, plain)| !plain.contains(&value(*place)));
        let set: Vec<String> = set.map(|(name, place, _)| format!("{name} = {}", value(*place))).collect();
        if !set.is_empty() {
            let meaning = "space is open here, and numbers are taken as they are, in the run's units";
            notes.push(format!("its header has {}: not used, {meaning}", set.join(", ")));
        }
        notes
    }
}

/// The record at a place, which goes on to the next one.
fn next<'a>(path: &Path, bytes: &'a [u8], format: Format, place: &mut usize) -> Result<Record<'a>> {
    let start = *place;
    let length = |at: usize| Some(format.u32(*bytes.get(at..)?.first_chunk()?) as usize);
    let cut = || Error::file(path, format!("it ends within the record at byte {start}"));
    let before = length(start).ok_or_else(cut)?;
    let content = bytes.get(start + 4..start + 4 + before).ok_or_else(cut)?;
    let after = length(start + 4 + before).ok_or_else(cut)?;
    if after != before {
        let reason =
            format!("the record at byte {start} begins with a length of {before} bytes and ends with one of {after}");
        return Err(Error::file(path, reason));
    }
    *place = start + 8 + before;
    Ok(Record { place: start, content })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file as GADGET writes it: two bodies of kind 1 with a mass of the table, one of kind 2 with a mass of its own.
    struct Made {
        is_big_endian: bool,
        has_names: bool,
        is_double: bool,
        has_masses: bool,
    }

    const PLAIN: Made = Made { is_big_endian: false, has_names: false, is_double: false, has_masses: true };

    impl Made {
        fn int(&self, x: u32) -> Vec<u8> {
            if self.is_big_endian { x.to_be_bytes().to_vec() } else { x.to_le_bytes().to_vec() }
        }

        fn long(&self, bits: u64) -> Vec<u8> {
            if self.is_big_endian { bits.to_be_bytes().to_vec() } else { bits.to_le_bytes().to_vec() }
        }

        fn number(&self, x: f64) -> Vec<u8> {
            if self.is_double { self.long(x.to_bits()) } else { self.int((x as f32).to_bits()) }
        }

        fn record(&self, content: &[u8]) -> Vec<u8> {
            let length = self.int(content.len() as u32);
            [&length, content, &length].concat()
        }

        fn block(&self, name: &str, content: &[u8]) -> Vec<u8> {
            let label = [name.as_bytes(), &self.int(content.len() as u32 + 8)].concat();
            let label = if self.has_names { self.record(&label) } else { Vec::new() };
            [label, self.record(content)].concat()
        }

        fn header(&self) -> Vec<u8> {
            let mut header: Vec<u8> = [0, 2, 1, 0, 0, 0].iter().flat_map(|&count| self.int(count)).collect();
            let table = [0.0, 0.25, if self.has_masses { 0.0 } else { 2.0 }, 0.0, 0.0, 0.0];
            header.extend(table.iter().flat_map(|mass: &f64| self.long(mass.to_bits())));
            header.resize(HEADER as usize, 0);
            header
        }

        fn bytes(&self) -> Vec<u8> {
            let numbers = |count: u32| (0..count).flat_map(|i| self.number(f64::from(i) + 0.5)).collect::<Vec<u8>>();
            let id = |id: u32| if self.is_double { self.long(id.into()) } else { self.int(id) };
            let ids: Vec<u8> = [7, 3, 5].iter().flat_map(|&i| id(i)).collect();
            let mut bytes = self.block("HEAD", &self.header());
            bytes.extend(
                [self.block("POS ", &numbers(9)), self.block("VEL ", &numbers(9)), self.block("ID  ", &ids)].concat(),
            );
            if self.has_masses {
                bytes.extend(self.block("MASS", &self.number(1.5)));
            }
            bytes
        }
    }

    fn read(bytes: &[u8]) -> Result<Option<(BodyList, Vec<String>)>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ic.dat");
        std::fs::write(&path, bytes).unwrap();
        read_gadget_binary(&path)
    }

    #[track_caller]
    fn expect(bytes: &[u8], what: &str) {
        let error = read(bytes).expect_err("must be refused").to_string();
        assert!(error.contains(what), "{error}");
    }

    /// Formats 1 and 2, both byte orders, single and double precision, masses in a block or in the header.
    #[test]
    fn all_ways_to_write_a_file_give_the_same_bodies() {
        for ways in 0..16 {
            let way = |bit: u32| ways >> bit & 1 == 1;
            let made = Made { is_big_endian: way(0), has_names: way(1), is_double: way(2), has_masses: way(3) };
            let (list, notes) = read(&made.bytes()).unwrap().expect("a file of this kind");
            let bodies = list.bodies;
            assert!(notes.is_empty(), "{notes:?}");
            assert_eq!(bodies.iter().map(|body| body.id).collect::<Vec<_>>(), [7, 3, 5]);
            let heavy = if made.has_masses { 1.5 } else { 2.0 };
            assert_eq!(bodies.iter().map(|body| body.mass).collect::<Vec<_>>(), [0.25, 0.25, heavy]);
            assert_eq!((bodies[2].position, bodies[1].velocity), ([6.5, 7.5, 8.5], [3.5, 4.5, 5.5]));
        }
    }

    #[test]
    fn lengths_that_do_not_fit_are_refused_with_their_place() {
        let bytes = PLAIN.bytes();
        // The length behind the positions, which stand at byte 264 and are 36 bytes long.
        let mut wrong = bytes.clone();
        wrong[264 + 4 + 36] = 35;
        expect(&wrong, "the record at byte 264 begins with a length of 36 bytes and ends with one of 35");
        let mut fewer = bytes.clone();
        fewer[4 + 4] = 3;
        expect(
            &fewer,
            "block POS, the record at byte 264, is 36 bytes long: the header's numbers of bodies make it 48 or 96",
        );
        let mut far = bytes.clone();
        far[264 + 3] = 0x7f;
        expect(&far, "it ends within the record at byte 264");
        expect(&bytes[..bytes.len() - 2], "it ends within the record at byte ");
        expect(&bytes[..264 + 44 + 44], "it has no block ID");
        let named = Made { has_names: true, ..PLAIN };
        let mut lost = named.bytes();
        lost.splice(16 + 264..16 + 264 + 16, []);
        expect(&lost, "is 36 bytes long: in format 2 one of 8 names each block");
    }

    #[test]
    fn headers_that_are_of_something_else_are_refused() {
        let with = |place: usize, bits: u64| {
            let mut bytes = PLAIN.bytes();
            bytes[4 + place..4 + place + 8].copy_from_slice(&bits.to_le_bytes());
            bytes
        };
        expect(&with(REDSHIFT, 1.0f64.to_bits()), "cosmological");
        expect(&with(FILES, 2), "one of several files");
        expect(&with(TIME, f64::NAN.to_bits()), "Time is NaN");
        expect(&with(4, 0), "there are no bodies in it");
        let (_, notes) = read(&with(128, 50.0f64.to_bits())).unwrap().unwrap();
        assert!(notes[0].contains("BoxSize = 50: not used"), "{notes:?}");
        let more = [PLAIN.bytes(), PLAIN.record(&[0; 12])].concat();
        let (_, notes) = read(&more).unwrap().unwrap();
        assert!(notes[0].starts_with("it has a block at byte "), "{notes:?}");
    }

    #[test]
    fn other_files_are_left_to_others() {
        for bytes in [&b"\x89HDF\r\n\x1a\n"[..], b"name,mass", b"", b"ab"] {
            assert!(read(bytes).unwrap().is_none(), "{bytes:?}");
        }
    }
}
