//! Text files that grow with a run (history.csv, events.csv): rows are appended, and a resumed run cuts what came after
//! its checkpoint.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::event::Event;
use crate::clock::Clock;
use crate::{Error, Result};

/// A growing CSV file; only the rank that holds it writes.
#[derive(Debug)]
pub(super) struct Table {
    path: PathBuf,
    file: BufWriter<File>,
    bytes: u64,
}

impl Table {
    /// Opens the file and cuts it to its first `bytes` bytes (0 for a new one).
    pub(super) fn open(path: &Path, bytes: u64) -> Result<Self> {
        let open = OpenOptions::new().create(true).write(true).truncate(false).open(path);
        let mut file = open.map_err(Error::io("write", path))?;
        let length = file.metadata().map_err(Error::io("read", path))?.len();
        if length < bytes {
            let reason = format!("holds {length} bytes, but the checkpoint was written when it held {bytes}");
            return Err(Error::file(path, reason));
        }
        let cut = file.set_len(bytes).and_then(|()| file.seek(SeekFrom::End(0)));
        cut.map_err(Error::io("write", path))?;
        Ok(Table { path: path.to_owned(), file: BufWriter::new(file), bytes })
    }

    /// The length so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Appends a line, with a heading before it if the file is empty.
    fn line(&mut self, heading: impl FnOnce() -> String, line: &str) -> Result<()> {
        let text = if self.bytes == 0 { format!("{}\n{line}\n", heading()) } else { format!("{line}\n") };
        self.bytes += text.len() as u64;
        self.file.write_all(text.as_bytes()).map_err(Error::io("write", &self.path))
    }

    /// Appends a row of numbers; the first two are step and time.
    pub(super) fn row(&mut self, row: &[(String, f64)]) -> Result<()> {
        let names = || row.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(",");
        let [(_, step), values @ ..] = row else { return Ok(()) };
        // `{:?}` is the shortest text that reads back as the same number.
        let values: String = values.iter().map(|(_, value)| format!(",{value:?}")).collect();
        self.line(names, &format!("{}{values}", *step as u64))
    }

    /// Appends what happened.
    pub(super) fn event(&mut self, clock: &Clock, event: &Event) -> Result<()> {
        let text = format!(
            "{},{:?},{},{},{:?}",
            clock.step(),
            event.time.unwrap_or(clock.time()),
            event.kind,
            event.subjects.join(" + ").replace([',', '"', '\n'], " "),
            event.value
        );
        self.line(|| "step,time,event,subjects,value".to_owned(), &text)
    }

    /// Hands all rows to the operating system.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.file.flush().map_err(Error::io("write", &self.path))
    }

    /// Makes all rows safe on disk.
    pub(super) fn sync(&mut self) -> Result<()> {
        self.flush()?;
        self.file.get_ref().sync_data().map_err(Error::io("write", &self.path))
    }
}
