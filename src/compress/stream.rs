//! Compressed bytes that come one after another, on one rank: standard input, and files of programs that leave no index.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::path::Path;

use zstd::stream::raw::{self, Operation};

use super::block::Encoder;
use super::format::Format;
use super::options::{Decompressed, Options, Sizes};
use super::unit::Damage;
use crate::{Error, Result};

/// Bytes that are read, and handed on, at once.
const BUFFER: usize = 1 << 20;

/// Why a stream could not be decoded to its end, other than by damage.
pub(super) enum Failure {
    /// It can't be read.
    Read(std::io::Error),
    /// What came of it can't be taken.
    Put(Error),
}

impl Failure {
    /// As an error about the stream of this name.
    pub(super) fn of(self, name: &Path) -> Error {
        match self {
            Failure::Read(error) => Error::io("read", name)(error),
            Failure::Put(error) => error,
        }
    }
}

/// Takes what was decoded, with the number of bytes of the stream that were read until then.
type Put<'a> = &'a mut dyn FnMut(u64, &[u8]) -> Result<()>;

/// Decodes a stream from its beginning, part by part; the damage at which it ended, if it did not end well. What was decoded until then
/// was handed over, up to the part that is damaged and perhaps into that.
pub(super) fn decode(from: &mut dyn Read, format: Format, put: Put) -> std::result::Result<Option<Damage>, Failure> {
    let mut input = Input { reader: BufReader::with_capacity(BUFFER, from), position: 0, failure: None };
    let mut output = Output { put, written: 0 };
    loop {
        let (start, first) = (input.position, output.written);
        if input.fill()?.is_empty() {
            return Ok(None);
        }
        let ended = match format {
            Format::Zst => frame(&mut input, &mut output)?,
            Format::Gz => member(&mut input, &mut output)?,
        };
        if let Err(reason) = ended {
            let end = output.written;
            let reason = if end > first {
                format!("{reason}; bytes {first} to {end} of the output are unchecked")
            } else {
                reason
            };
            return Ok(Some(Damage { compressed: start..input.position, output: end..end, reason }));
        }
    }
}

/// What is read, and how far.
struct Input<'a> {
    reader: BufReader<&'a mut dyn Read>,
    position: u64,
    failure: Option<std::io::Error>,
}

impl Input<'_> {
    /// What comes next; nothing at the end.
    fn fill(&mut self) -> std::result::Result<&[u8], Failure> {
        self.reader.fill_buf().map_err(Failure::Read)
    }
}

impl Read for Input<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let length = self.fill_buf()?.read(bytes)?;
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Input<'_> {
    /// Keeps an error, so that it isn't taken for damage.
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        match self.reader.fill_buf() {
            Ok(bytes) => Ok(bytes),
            Err(error) => {
                let kind = error.kind();
                self.failure = Some(error);
                Err(kind.into())
            }
        }
    }

    fn consume(&mut self, length: usize) {
        self.reader.consume(length);
        self.position += length as u64;
    }
}

/// What takes the output, and how much that was.
struct Output<'a> {
    put: Put<'a>,
    written: u64,
}

impl Output<'_> {
    fn put(&mut self, read: u64, bytes: &[u8]) -> std::result::Result<(), Failure> {
        self.written += bytes.len() as u64;
        (self.put)(read, bytes).map_err(Failure::Put)
    }
}

/// What is wrong with a part, if anything.
type Ended = std::result::Result<std::result::Result<(), String>, Failure>;

/// A frame of Zstandard, or one that is to be skipped.
fn frame(input: &mut Input, output: &mut Output) -> Ended {
    let mut decoder = raw::Decoder::new().map_err(Failure::Read)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let bytes = input.fill()?;
        if bytes.is_empty() {
            return Ok(Err("it is cut off".to_owned()));
        }
        let status = match decoder.run_on_buffers(bytes, &mut buffer) {
            Ok(status) => status,
            Err(error) => return Ok(Err(error.to_string())),
        };
        input.consume(status.bytes_read);
        output.put(input.position, &buffer[..status.bytes_written])?;
        if status.remaining == 0 {
            return Ok(Ok(()));
        }
    }
}

/// A member of gzip, or zeros up to the end, with which tapes fill their blocks.
fn member(input: &mut Input, output: &mut Output) -> Ended {
    if input.position > 0 && input.fill()?[0] == 0 {
        return zeros(input);
    }
    let mut buffer = vec![0; BUFFER];
    let mut decoder = flate2::bufread::GzDecoder::new(input);
    loop {
        let length = match decoder.read(&mut buffer) {
            Ok(0) => return Ok(Ok(())),
            Ok(length) => length,
            Err(error) => {
                let cut = error.kind() == ErrorKind::UnexpectedEof;
                let reason = if cut { "it is cut off".to_owned() } else { error.to_string() };
                return decoder.get_mut().failure.take().map_or(Ok(Err(reason)), |error| Err(Failure::Read(error)));
            }
        };
        output.put(decoder.get_ref().position, &buffer[..length])?;
    }
}

/// Passes over zeros that end a stream.
fn zeros(input: &mut Input) -> Ended {
    loop {
        let bytes = input.fill()?;
        if bytes.is_empty() {
            return Ok(Ok(()));
        }
        if bytes.iter().any(|byte| *byte != 0) {
            return Ok(Err("no member begins here".to_owned()));
        }
        let length = bytes.len();
        input.consume(length);
    }
}

/// Compresses what comes from `from`, a stream of the name `name` in messages. The bytes are those of [`compress`](super::compress).
///
/// # Errors
/// When it can't be read, what comes of it can't be written, or there is no such level.
pub fn compress_stream(from: &mut dyn Read, to: &mut dyn Write, name: &Path, options: &Options) -> Result<Sizes> {
    let format = options.format;
    let mut encoder = Encoder::new(format, format.level(options.level)?)?;
    let mut sizes = Sizes { input: 0, output: 0 };
    let mut entries = Vec::new();
    let mut block = Vec::new();
    loop {
        block.clear();
        from.take(format.block()).read_to_end(&mut block).map_err(Error::io("read", name))?;
        if block.is_empty() && !entries.is_empty() {
            break;
        }
        let compressed = encoder.encode(&block)?;
        put(to, &compressed.bytes, &mut sizes)?;
        entries.push(compressed.entry);
        sizes.input += block.len() as u64;
        options.tell(sizes.input, None)?;
    }
    put(to, &format.tail(&entries), &mut sizes)?;
    to.flush().map_err(Error::io("write", "the output"))?;
    Ok(sizes)
}

fn put(to: &mut dyn Write, bytes: &[u8], sizes: &mut Sizes) -> Result<()> {
    sizes.output += bytes.len() as u64;
    to.write_all(bytes).map_err(Error::io("write", "the output"))
}

/// Decompresses a stream of either format, of the name `name` in messages.
///
/// # Errors
/// When it can't be read, is in neither format, is damaged and no [`keep_going`](Options::keep_going) asked for, or what comes of it
/// can't be written. What came before the damage was written.
pub fn decompress_stream(
    from: &mut dyn Read,
    to: &mut dyn Write,
    name: &Path,
    options: &Options,
) -> Result<Decompressed> {
    let mut beginning = Vec::new();
    from.take(4).read_to_end(&mut beginning).map_err(Error::io("read", name))?;
    let unknown = || super::index::unknown(&name.display().to_string(), &beginning);
    let format = Format::of_beginning(&beginning).ok_or_else(unknown)?;
    let mut sizes = Sizes { input: 0, output: 0 };
    let decoded = decode(&mut beginning.chain(from), format, &mut |read, bytes| {
        put(to, bytes, &mut sizes)?;
        sizes.input = read;
        options.tell(read, None)
    });
    let damage = decoded.map_err(|failure| failure.of(name))?;
    to.flush().map_err(Error::io("write", "the output"))?;
    match damage {
        Some(damage) if !options.keeps_going => Err(Error::file(name, damage.to_string())),
        damage => Ok(Decompressed { sizes, damages: damage.into_iter().collect() }),
    }
}
