//! Digests: a number that tells whether data is what was written.
//!
//! The digest of a dataset is a sum over its elements, so that ranks add theirs in any order and any partition gives
//! the same. The digest of a file is a hash of the hashes of its blocks, which ranks share out.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::Element;
use crate::{Comm, Error, Result};

/// Bytes in one block of a file.
const BLOCK: u64 = 1 << 24;

/// The digest of elements of which the first has global index `first`: the sum over all, modulo 2^64, of the element's
/// bits mixed with its index.
pub(super) fn of_elements<T: Element>(first: u64, data: &[T]) -> u64 {
    let term = |(index, value): (u64, &T)| mix(value.bits() ^ mix(index.wrapping_add(1)));
    (first..).zip(data).map(term).fold(0, u64::wrapping_add)
}

/// The digest of a slab, elements numbered in the order of the whole dataset.
pub(super) fn of_slab<T: Element>(slab: &super::Slab, data: &[T]) -> u64 {
    let axes = slab.shape.len();
    let run = slab.count[axes - 1] as usize;
    if data.is_empty() || run == 0 {
        return 0;
    }
    let starts = (0..data.len() / run).map(|line| slab.line_start(line as u64));
    data.chunks_exact(run).zip(starts).map(|(line, start)| of_elements(start, line)).fold(0, u64::wrapping_add)
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
    let (rank, size) = comm.map_or((0, 1), |comm| (comm.rank() as u64, comm.size() as u64));
    let hashes = hash_blocks(path, rank, size).map_err(Error::io("read", path));
    let hashes = match comm {
        Some(comm) => comm.all_gather(&comm.agree(hashes)?),
        None => hashes?,
    };
    Ok(format!("{:032x}", xxh3_128(bytemuck::cast_slice(&hashes))))
}

/// The hashes of this rank's share of a file's blocks.
fn hash_blocks(path: &Path, rank: u64, size: u64) -> std::io::Result<Vec<u64>> {
    let mut file = File::open(path)?;
    let blocks = file.metadata()?.len().div_ceil(BLOCK);
    let (first, end) = (blocks * rank / size, blocks * (rank + 1) / size);
    file.seek(SeekFrom::Start(first * BLOCK))?;
    let mut block = Vec::new();
    (first..end)
        .map(|_| {
            block.clear();
            (&mut file).take(BLOCK).read_to_end(&mut block)?;
            Ok(xxh3_64(&block).to_le())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Slab;
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
