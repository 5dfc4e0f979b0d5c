//! Files compressed and decompressed by all ranks, in standard formats that `zstd`, `gzip`, `pigz` and `bgzip` read.
//!
//! Compression is the simplest problem for which ranks must agree on something: blocks are compressed apart, but where each one stands
//! in the file depends on how small those before it became. In order: every rank reads and compresses blocks in turn, on a thread of its
//! own (`ahead`); in each round an exclusive scan over the lengths tells each rank its place (`write`); each writes there by
//! MPI-IO, beside the file's name until it is whole (`target`). A block has a size that the format decides, so the bytes don't depend
//! on the number of ranks.
//!
//! A [`.zst`](Format::Zst) file ends with a table of its blocks, the members of a [`.gz`](Format::Gz) file say how long they are
//! (`zst`, `gz`). By these (`index`) ranks decompress blocks apart (`read`), and a damaged block takes none of the others with it
//! (`unit`). Files without, of other programs, and streams are read by one rank from beginning to end (`stream`).
//!
//! Each rank holds some blocks of a few megabytes, whatever the size of the file.
//!
//! ```no_run
//! use divisi::compress::{Format, Options, compress, decompress};
//! # fn work(comm: &divisi::Comm) -> divisi::Result<()> {
//! let sizes = compress(comm, "run.csv".as_ref(), "run.csv.zst".as_ref(), &Options::default())?;
//! println!("{} bytes became {}", sizes.input, sizes.output);
//! compress(comm, "run.csv".as_ref(), "run.csv.gz".as_ref(), &Options::default().format(Format::Gz).level(9))?;
//! decompress(comm, "run.csv.zst".as_ref(), "again.csv".as_ref(), &Options::default())?;
//! # Ok(())
//! # }
//! ```
//!
//! Left out: other formats, dictionaries, encryption, archives of many files.

mod ahead;
mod block;
mod format;
mod gz;
mod index;
mod options;
mod read;
mod rounds;
mod source;
mod stream;
mod target;
mod unit;
mod write;
mod zst;

pub use format::Format;
pub(crate) use format::without_ending;
pub(crate) use index::check_format;
pub use options::{Decompressed, Options, Progress, Sizes};
pub use read::decompress;
pub(crate) use source::check_readable;
pub use stream::{compress_stream, decompress_stream};
pub use unit::Damage;
pub(crate) use write::Compression;
pub use write::{compress, write};
