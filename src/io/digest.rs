//! Digests: a number that shows whether data is what was written.
//!
//! The digest of a dataset is a sum over its elements, or over its records, so that ranks add theirs in any order and any
//! partition gives the same. That of what grows is a chain, from piece to piece. The digest of a file is a hash of the hashes of its
//! blocks, which ranks share out.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use xxhash_rust::xxh3::{Xxh3Default, xxh3_64, xxh3_64_with_seed, xxh3_128};

use super::objects::Objects;
use super::{Element, Part, Slab, transfer};
use crate::{Comm, Error, Result};

/// Bytes in one block of a file.
const BLOCK: u64 = 1 << 24;
/// Bytes of a block that are read at once: few enough to be hashed from the cache.
const READ: usize = 1 << 17;
/// What a place is multiplied by: the odd number nearest 2^64 over the golden ratio (Knuth's multiplicative hashing).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The digest of elements of which the first has global index `first`: the sum over all, modulo 2^64, of the element's
/// bits and its place mixed.
pub(super) fn of_elements<T: Element>(first: u64, data: &[T]) -> u64 {
    let term = |(index, value): (u64, &T)| mix(value.bits() ^ index.wrapping_add(1).wrapping_mul(GOLDEN));
    (first..).zip(data).map(term).fold(0, u64::wrapping_add)
}

/// The digest of a rank's part, elements numbered in the order of the whole dataset.
pub(super) fn of_part<T: Element>(part: &Part<'_, T>) -> u64 {
    part.lines_of(part.slab()).map(|(start, line)| of_elements(start, line)).fold(0, u64::wrapping_add)
}

/// The digest of a slab whose numbers are contiguous.
pub(super) fn of_slab<T: Element>(slab: &Slab, data: &[T]) -> u64 {
    of_part(&Part::new(slab.clone(), data))
}

/// The digest of records of so many bytes, of which the first has global index `first`: the sum of their hashes.
pub(super) fn of_records(first: u64, wide: usize, bytes: &[u8]) -> u64 {
    let hash = |(index, record): (u64, &[u8])| xxh3_64_with_seed(record, index);
    (first..).zip(bytes.chunks_exact(wide.max(1))).map(hash).fold(0, u64::wrapping_add)
}

/// The digest of what grows, after `piece` was added to what had this digest; nothing has 0.
pub(crate) fn chained(digest: u64, piece: &[u8]) -> u64 {
    xxh3_64_with_seed(piece, digest)
}

/// The digest of all in a file beside the numbers of its datasets: the sum of the hashes of each attribute and of each dataset's
/// name, type and shape. The file's own attribute `but` is left out.
pub(super) fn of_description(file: &hdf5::File, but: &str) -> hdf5::Result<u64> {
    let objects = Objects::of(file)?;
    let groups = objects.groups.iter().map(|name| {
        let but = if name == "/" { but } else { "" };
        of_attributes(&*file.group(name)?, but)
    });
    let datasets = objects.datasets.iter().map(|name| of_dataset(&file.dataset(name)?));
    groups.chain(datasets).try_fold(0u64, |sum, hash| Ok(sum.wrapping_add(hash?)))
}

fn of_dataset(dataset: &hdf5::Dataset) -> hdf5::Result<u64> {
    let kind = dataset.dtype()?.to_descriptor()?;
    let own = xxh3_64(format!("{} {kind} {:?}", dataset.name(), dataset.shape()).as_bytes());
    Ok(own.wrapping_add(of_attributes(dataset, "")?))
}

fn of_attributes(object: &hdf5::Location, but: &str) -> hdf5::Result<u64> {
    object.attr_names()?.iter().filter(|name| *name != but).try_fold(0u64, |sum, name| {
        let attribute = object.attr(name)?;
        let kind = attribute.dtype()?.to_descriptor()?;
        let heading = format!("{} {name} {kind} {:?}", object.name(), attribute.shape());
        let hash = xxh3_64_with_seed(&transfer::read_attribute(&attribute)?, xxh3_64(heading.as_bytes()));
        Ok(sum.wrapping_add(hash))
    })
}

/// A bijection of 64 bits in which each bit of the argument changes about half of the result (the finaliser of
/// splitmix64: Steele, Lea & Flood 2014, with Stafford's variant 13 of the constants).
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The digest of a whole file, as 32 hexadecimal digits; on all ranks of `comm`, or by this process alone.
///
/// # Errors
/// On all ranks, when the file cannot be read.
pub(super) fn of_file(comm: Option<&Comm>, path: &Path) -> Result<String> {
    let hashes = hash_share(share(comm), path);
    let hashes = match comm {
        Some(comm) => comm.agree(hashes)?,
        None => hashes?,
    };
    Ok(joined(comm, &hashes))
}

/// This rank's number and the number of ranks.
pub(super) fn share(comm: Option<&Comm>) -> (u64, u64) {
    comm.map_or((0, 1), |comm| (comm.rank() as u64, comm.size() as u64))
}

/// The digest of a file from the hashes of each rank's share of it. All ranks.
pub(super) fn joined(comm: Option<&Comm>, hashes: &[u64]) -> String {
    let all = comm.map_or(hashes.to_vec(), |comm| comm.all_gather(hashes));
    format!("{:032x}", xxh3_128(bytemuck::cast_slice(&all)))
}

/// The hashes of a rank's share of a file's blocks; without messages.
pub(super) fn hash_share((rank, size): (u64, u64), path: &Path) -> Result<Vec<u64>> {
    hash_blocks(path, rank, size).map_err(Error::io("read", path))
}

fn hash_blocks(path: &Path, rank: u64, size: u64) -> std::io::Result<Vec<u64>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let blocks = length.div_ceil(BLOCK);
    let first = blocks * rank / size;
    let end = blocks * (rank + 1) / size;
    file.seek(SeekFrom::Start(first * BLOCK))?;
    let mut buffer = vec![0; READ];
    (first..end).map(|block| hash_block(&mut file, BLOCK.min(length - block * BLOCK), &mut buffer)).collect()
}

fn hash_block(file: &mut File, length: u64, buffer: &mut [u8]) -> std::io::Result<u64> {
    let mut hash = Xxh3Default::new();
    let mut left = length;
    while left > 0 {
        let read = &mut buffer[..left.min(READ as u64) as usize];
        file.read_exact(read)?;
        hash.update(read);
        left -= read.len() as u64;
    }
    Ok(hash.digest().to_le())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_partition_gives_the_digest_of_the_whole() {
        let data: Vec<f64> = (0..1000).map(|i| f64::from(i).sin()).collect();
        let whole = of_elements(0, &data);
        let parts = of_elements(0, &data[..13]).wrapping_add(of_elements(13, &data[13..700]));
        assert_eq!(whole, parts.wrapping_add(of_elements(700, &data[700..])));
    }

    #[test]
    fn exchanged_and_changed_elements_are_seen() {
        let whole = of_elements(0, &[1.0f64, 2.0, 2.0]);
        assert_ne!(whole, of_elements(0, &[2.0f64, 1.0, 2.0]));
        assert_ne!(whole, of_elements(0, &[1.0f64, 2.0, 2.0f64.next_up()]));
        assert_ne!(of_elements(0, &[0.0f64]), of_elements(0, &[-0.0f64]));
    }

    #[test]
    fn records_are_seen_to_be_exchanged_cut_or_changed() {
        let bytes: Vec<u8> = (0..120).collect();
        let whole = of_records(0, 12, &bytes);
        let parts = [0..36, 36..48, 48..120].map(|range| of_records(range.start as u64 / 12, 12, &bytes[range]));
        assert_eq!(whole, parts.into_iter().fold(0, u64::wrapping_add));
        let exchanged = [&bytes[12..24], &bytes[..12], &bytes[24..]].concat();
        assert!(of_records(0, 12, &exchanged) != whole && of_records(0, 12, &bytes[..108]) != whole);
        let changed: Vec<u8> = bytes.iter().map(|&byte| byte ^ u8::from(byte == 50)).collect();
        assert_ne!(of_records(0, 12, &changed), whole);
    }

    #[test]
    fn a_file_has_one_hash_whoever_shares_it_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let bytes: Vec<u8> = (0..3 * BLOCK + 12_345).map(|n| ((n * n) >> 7) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let wanted: Vec<u64> = bytes.chunks(BLOCK as usize).map(xxhash_rust::xxh3::xxh3_64).collect();
        for size in [1, 2, 3, 7] {
            let shares: Vec<u64> = (0..size).flat_map(|rank| hash_share((rank, size), &path).unwrap()).collect();
            assert_eq!(shares, wanted, "{size} ranks");
        }
        assert_eq!(of_file(None, &path).unwrap(), joined(None, &wanted));
    }

    #[test]
    fn a_box_of_a_grid_counts_its_elements_in_the_grid_s_order() {
        let data: Vec<u64> = (100..112).collect();
        let whole = of_slab(&Slab::whole(&[3, 4]), &data);
        let left = Slab { shape: vec![3, 4], offset: vec![0, 0], count: vec![3, 1] };
        let right = Slab { shape: vec![3, 4], offset: vec![0, 1], count: vec![3, 3] };
        let parts = of_slab(&left, &[100u64, 104, 108])
            .wrapping_add(of_slab(&right, &[101u64, 102, 103, 105, 106, 107, 109, 110, 111]));
        assert_eq!(whole, parts);
    }
}
