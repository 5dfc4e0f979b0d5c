//! Bytes that ranks hold, compressed into one file: that of a stream of the same bytes, however they are shared out.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use divisi::Comm;
use divisi::compress::{Format, Options, Progress, compress, compress_stream, decompress, write};

use crate::Check;

pub(crate) const CHECKS: &[Check] = &[
    ("compressed shares of bytes make the file of all of them", shares_make_one_file),
    ("a watch ends a compression on all ranks and leaves no file", a_watch_ends_it),
    ("a compressed file that stands is replaced only where that is asked for", nothing_is_overwritten),
];

/// A folder that all ranks of this launch know; rank 0 empties it.
fn folder(comm: &Comm, name: &str) -> PathBuf {
    let parent = comm.broadcast(&[u64::from(std::process::id())], 0)[0];
    let folder = std::env::temp_dir().join(format!("divisi-compress-{parent}-{name}"));
    if comm.is_root() {
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).unwrap();
    }
    comm.barrier();
    folder
}

fn remove(comm: &Comm, folder: &Path) {
    comm.barrier();
    if comm.is_root() {
        fs::remove_dir_all(folder).unwrap();
    }
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).leading_zeros() as u8).collect()
}

/// Shares that are empty on some ranks, shorter than a block, of several blocks, all on one rank.
fn shares_make_one_file(comm: &Comm) {
    let folder = folder(comm, "shares");
    let block = 8 << 20;
    let cases: [&dyn Fn(usize) -> usize; 4] = [
        &|_| 0,
        &|rank| if rank == 1 { 0 } else { block / 2 + rank },
        &|rank| if rank == 2 { 77 } else { 1001 },
        &|rank| {
            if rank + 1 == comm.size() { block + 5 } else { 0 }
        },
    ];
    for (case, length) in cases.into_iter().enumerate() {
        let all = bytes((0..comm.size()).map(length).sum());
        let first: usize = (0..comm.rank()).map(length).sum();
        let share = &all[first..first + length(comm.rank())];
        for format in [Format::Zst, Format::Gz] {
            let options = Options::default().format(format).level(1);
            let path = folder.join(format!("{case}.{}", format.extension()));
            let sizes = write(comm, share, &path, &options).unwrap();
            let mut expected = Vec::new();
            compress_stream(&mut &all[..], &mut expected, Path::new("bytes"), &options).unwrap();
            assert!(fs::read(&path).unwrap() == expected, "case {case}, {format:?}");
            assert_eq!((sizes.input, sizes.output), (all.len() as u64, expected.len() as u64));
            let back = path.with_extension("back");
            let done = decompress(comm, &path, &back, &Options::default().overwrite()).unwrap();
            assert!(done.damages.is_empty() && fs::read(&back).unwrap() == all, "case {case}, {format:?}, back");
            comm.barrier();
        }
    }
    remove(comm, &folder);
}

/// The last rank alone says that it is enough.
fn a_watch_ends_it(comm: &Comm) {
    let folder = folder(comm, "watch");
    let path = folder.join("a");
    if comm.is_root() {
        fs::write(&path, bytes(33 << 20)).unwrap();
    }
    comm.barrier();
    let is_last = comm.rank() + 1 == comm.size();
    let watch = |seen: Progress| {
        assert!(seen.done <= seen.all.unwrap());
        if is_last && seen.done > 9 << 20 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let told = compress(comm, &path, &folder.join("a.zst"), &Options::default().watch(&watch)).unwrap_err();
    let expected = if is_last { "stopped" } else { "failed" };
    assert!(told.to_string().contains(expected), "{told}");
    comm.barrier();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    remove(comm, &folder);
}

fn nothing_is_overwritten(comm: &Comm) {
    let folder = folder(comm, "stands");
    let path = folder.join("a.gz");
    let options = Options::default().format(Format::Gz);
    write(comm, b"first", &path, &options).unwrap();
    let told = write(comm, b"second", &path, &options).unwrap_err().to_string();
    assert!(!comm.is_root() || told.contains("exists"), "{told}");
    write(comm, b"third", &path, &options.overwrite()).unwrap();
    let done = decompress(comm, &path, &folder.join("a"), &Options::default()).unwrap();
    assert_eq!(done.sizes.output, 5 * comm.size() as u64);
    assert_eq!(fs::read(folder.join("a")).unwrap(), b"third".repeat(comm.size()));
    remove(comm, &folder);
}
