//! Reading the records of a journal, whole ones alone, whatever stands between them.

use std::fs::File;
use std::io::ErrorKind;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::frame;
use super::record::Record;
use crate::{Error, Result};

/// Bytes that are read at a time.
const READ: usize = 1 << 20;

/// What a scan has met beside records.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Scanned {
    /// Where the last whole record ends.
    pub end: u64,
    /// Bytes before that which belong to no whole record.
    pub damaged: Vec<Range<u64>>,
}

/// Gives all whole records from `offset` on to `each`, in the file's order.
pub(super) fn scan(
    window: &mut Window<'_>,
    offset: u64,
    seed: u64,
    mut each: impl FnMut(Record<'_>),
) -> Result<Scanned> {
    let mut scanned = Scanned { end: offset, damaged: Vec::new() };
    let mut offset = offset;
    loop {
        if let Some(bytes) = window.record(offset, seed, &mut each)? {
            if scanned.end < offset {
                scanned.damaged.push(scanned.end..offset);
            }
            offset += bytes;
            scanned.end = offset;
        } else if let Some(next) = window.marker(offset + 1)? {
            offset = next;
        } else {
            return Ok(scanned);
        }
    }
}

/// A part of a file in memory. The file may grow meanwhile, which goes unseen, or be cut.
pub(super) struct Window<'a> {
    file: &'a File,
    path: &'a Path,
    length: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl<'a> Window<'a> {
    pub(super) fn new(file: &'a File, path: &'a Path) -> Result<Self> {
        let length = file.metadata().map_err(Error::io("read", path))?.len();
        Ok(Window { file, path, length, start: 0, bytes: Vec::new() })
    }

    /// The length of the file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// `count` bytes at `offset`; fewer where the file ends.
    pub(super) fn bytes(&mut self, offset: u64, count: u64) -> Result<&[u8]> {
        let end = self.length.min(offset.saturating_add(count)).max(offset);
        if offset < self.start || end > self.start + self.bytes.len() as u64 {
            self.load(offset, ((end - offset) as usize).max(READ))?;
        }
        let end = end.min(self.length);
        let here = |place: u64| (place.min(end) - self.start.min(end)) as usize;
        Ok(&self.bytes[here(offset)..here(end)])
    }

    /// Reads up to `count` bytes at `offset`.
    fn load(&mut self, offset: u64, count: usize) -> Result<()> {
        self.bytes.resize((self.length.saturating_sub(offset)).min(count as u64) as usize, 0);
        self.start = offset;
        let mut filled = 0;
        while filled < self.bytes.len() {
            match self.file.read_at(&mut self.bytes[filled..], offset + filled as u64) {
                Ok(0) => {
                    self.length = offset + filled as u64;
                    self.bytes.truncate(filled);
                }
                Ok(more) => filled += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io("read", self.path)(error)),
            }
        }
        Ok(())
    }

    /// Gives the record at `offset` to `each`, and returns its bytes; nothing if there is no whole one.
    fn record(&mut self, offset: u64, seed: u64, each: &mut impl FnMut(Record<'_>)) -> Result<Option<u64>> {
        let Some(size) = frame::record_bytes(self.bytes(offset, frame::RECORD_HEAD as u64)?) else { return Ok(None) };
        if size > self.length.saturating_sub(offset) {
            return Ok(None);
        }
        let record = self.bytes(offset, size)?;
        if (record.len() as u64) < size {
            return Ok(None);
        }
        let decoded = frame::contents(record, seed).and_then(|(kind, contents)| Record::decode(kind, contents));
        Ok(decoded.map(|record| {
            each(record);
            size
        }))
    }

    /// Where the next marker from `offset` on stands.
    fn marker(&mut self, mut offset: u64) -> Result<Option<u64>> {
        let marker = frame::MARKER.len();
        loop {
            let bytes = self.bytes(offset, READ as u64)?;
            if bytes.len() < marker {
                return Ok(None);
            }
            if let Some(place) = bytes.windows(marker).position(|bytes| bytes == frame::MARKER) {
                return Ok(Some(offset + place as u64));
            }
            offset += (bytes.len() - marker + 1) as u64;
        }
    }
}
