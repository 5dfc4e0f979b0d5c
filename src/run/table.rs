//! Text files that grow with a run (history.csv, events.csv): rows are appended, and a resumed run cuts the rows after
//! its checkpoint.
//!
//! A checkpoint records of each how long it was and a digest of its lines. A table that doesn't begin with these lines any more
//! (edited, cut short, lost) is neither cut nor appended to: it stays under another name, and a new one begins.

use std::fs::{File, OpenOptions, rename};
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::event::Event;
use crate::base::clock::Clock;
use crate::base::csv;
use crate::base::file_at::FileAt;
use crate::base::whole::open_own;
use crate::io::chained;
use crate::{Error, Result};

/// The first line of events.csv.
pub(super) const EVENT_NAMES: &str = "step,time,event,subjects,value";

/// How far a growing file had come: its length (bytes, or frames) and the digest of all in it, where that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extent {
    pub length: u64,
    pub digest: Option<u64>,
}

impl Extent {
    /// That of a file with nothing in it.
    pub(super) const NONE: Extent = Extent { length: 0, digest: Some(0) };
}

/// A growing CSV file; only the rank that holds it writes.
#[derive(Debug)]
pub(super) struct Table {
    path: PathBuf,
    file: BufWriter<File>,
    bytes: u64,
    digest: u64,
}

impl Table {
    /// Opens the table as far as it had come, and cuts off what follows. One that isn't what the run had written by then is set aside
    /// for a new one; then also what there is to say of that.
    ///
    /// A table whose `heading` is known begins with it, also where it has no row yet.
    pub(super) fn open(path: &Path, extent: Extent, heading: Option<&str>) -> Result<(Self, Option<String>)> {
        let (bytes, digest, told) = match beginning(path, extent)? {
            Ok(digest) => (extent.length, digest, None),
            Err(reason) => (0, 0, Some(format!("{reason}: {}a new table begins here", set_aside(path)?))),
        };
        let mut file = open_own(path, OpenOptions::new().create(true).write(true).truncate(false))?;
        let cut = file.set_len(bytes).and_then(|()| file.seek(SeekFrom::End(0)));
        cut.map_err(Error::io("write", path))?;
        let mut table = Table { path: path.to_owned(), file: BufWriter::new(file), bytes, digest };
        if let Some(heading) = heading.filter(|_| bytes == 0) {
            table.append(&format!("{heading}\n"))?;
            table.flush()?;
        }
        Ok((table, told))
    }

    /// How far it has come.
    pub(super) fn extent(&self) -> Extent {
        Extent { length: self.bytes, digest: Some(self.digest) }
    }

    /// Appends whole lines.
    fn append(&mut self, text: &str) -> Result<()> {
        self.bytes += text.len() as u64;
        let _at = FileAt::new(&self.path);
        self.digest = text.split_inclusive('\n').fold(self.digest, |digest, line| chained(digest, line.as_bytes()));
        self.file.write_all(text.as_bytes()).map_err(Error::io("write", &self.path))
    }

    /// Appends a row of numbers, after their names if it is the first; the first two are step and time.
    pub(super) fn row(&mut self, row: &[(String, f64)]) -> Result<()> {
        let [(_, step), values @ ..] = row else { return Ok(()) };
        // `{:?}` is the shortest text that reads back as the same number.
        let values: String = values.iter().map(|(_, value)| format!(",{value:?}")).collect();
        if self.bytes == 0 {
            let names = csv::row(row.iter().map(|(name, _)| one_line(name)));
            self.append(&format!("{names}\n"))?;
        }
        self.append(&format!("{}{values}\n", *step as u64))
    }

    /// Appends what happened.
    pub(super) fn event(&mut self, clock: &Clock, event: &Event) -> Result<()> {
        let subjects = one_line(&event.subjects.join(" + "));
        let step = clock.step().to_string();
        let time = format!("{:?}", event.time.map_or(clock.told(), |time| clock.as_told(time)));
        let value = format!("{:?}", event.value);
        let text = csv::row([&step, &time, &one_line(&event.kind), &subjects, &value]);
        self.append(&format!("{text}\n"))
    }

    /// Hands all rows to the operating system.
    pub(super) fn flush(&mut self) -> Result<()> {
        let _at = FileAt::new(&self.path);
        self.file.flush().map_err(Error::io("write", &self.path))
    }

    /// Makes all rows safe on disk.
    pub(super) fn sync(&mut self) -> Result<()> {
        self.flush()?;
        let _at = FileAt::new(&self.path);
        self.file.get_ref().sync_data().map_err(Error::io("write", &self.path))
    }
}

/// A text without ends of lines and other signs of control: a row is a line, also for those that read it while it grows.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// The digest of the lines of a table up to where it had come; or why they aren't those that were written until then.
fn beginning(path: &Path, extent: Extent) -> Result<std::result::Result<u64, String>> {
    if extent.length == 0 {
        return Ok(Ok(0));
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Err("it is gone".to_owned())),
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    let mut lines = BufReader::new(file.take(extent.length));
    let mut bytes = 0;
    let mut digest = 0;
    let mut line = Vec::new();
    let mut ends_a_line = false;
    while lines.read_until(b'\n', &mut line).map_err(Error::io("read", path))? > 0 {
        bytes += line.len() as u64;
        digest = chained(digest, &line);
        ends_a_line = line.ends_with(b"\n");
        line.clear();
    }
    let wanted = extent.length;
    Ok(if bytes < wanted {
        Err(format!("it holds {bytes} bytes, and held {wanted} when the checkpoint was written"))
    } else if !ends_a_line || extent.digest.is_some_and(|written| written != digest) {
        Err(format!("its first {wanted} bytes are not those that the run wrote"))
    } else {
        Ok(digest)
    })
}

/// Gives the file another name, of which there is none yet, and says so; nothing where there is no file.
pub(super) fn set_aside(path: &Path) -> Result<String> {
    if path.symlink_metadata().is_err() {
        return Ok(String::new());
    }
    let kind = path.extension().unwrap_or_default().to_string_lossy();
    let free =
        (1u64..).map(|n| path.with_extension(format!("{n}.{kind}"))).find(|name| name.symlink_metadata().is_err());
    let name = free.unwrap_or_else(|| path.with_extension("aside"));
    rename(path, &name).map_err(Error::io("rename", path))?;
    Ok(format!("it stays as {}, and ", name.file_name().unwrap_or_default().to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::History;

    /// Commas, quotes, ends of lines, in columns of history.csv and in subjects and kinds of events.csv.
    #[test]
    fn names_of_any_kind_are_one_field_each() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.csv");
        let names = ["step", "time", "gamma_HARPS, post", "say \"no\"", "a\nb"];
        let row: Vec<(String, f64)> = names.iter().map(|name| ((*name).to_owned(), 1.0)).collect();
        let mut table = Table::open(&path, Extent::NONE, None).unwrap().0;
        table.row(&row).unwrap();
        table.flush().unwrap();
        let expected = "step,time,\"gamma_HARPS, post\",\"say \"\"no\"\"\",a b\n1,1.0,1.0,1.0,1.0\n";
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
        let read = History::read(&path).unwrap();
        assert_eq!((&read.names[..4], &read.names[4][..]), (&names.map(str::to_owned)[..4], "a b"));
        let last = History::last_row(&path).unwrap();
        assert_eq!((last.len(), &last[2].0[..], &last[2].1[..]), (5, "gamma_HARPS, post", "1.0"));
        let path = folder.path().join("events.csv");
        let mut table = Table::open(&path, Extent::NONE, Some(EVENT_NAMES)).unwrap().0;
        table.event(&Clock::default(), &Event::new("close, very").of(["a, b", "c\n\"d\""]).with(0.5)).unwrap();
        table.flush().unwrap();
        let written = std::fs::read_to_string(&path).unwrap();
        assert!(written.ends_with("\n0,0.0,\"close, very\",\"a, b + c \"\"d\"\"\",0.5\n"), "{written}");
    }

    /// New, resumed before and after a first event, by a checkpoint that was written before tables had names from the start, gone.
    #[test]
    fn events_without_a_row_have_their_line_of_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.csv");
        let open = |extent| Table::open(&path, extent, Some(EVENT_NAMES)).unwrap().0;
        let text = || std::fs::read_to_string(&path).unwrap();
        let quiet = open(Extent::NONE).extent();
        assert_eq!(text(), format!("{EVENT_NAMES}\n"));
        let mut table = open(quiet);
        assert_eq!(table.extent(), quiet);
        table.event(&Clock::default(), &Event::new("escape")).unwrap();
        table.sync().unwrap();
        let with_one = table.extent();
        assert_eq!(text(), format!("{EVENT_NAMES}\n0,0.0,escape,,0.0\n"));
        assert_eq!(open(with_one).extent(), with_one);
        for before in [quiet, Extent::NONE, Extent { length: 0, digest: None }] {
            assert_eq!(open(before).extent(), quiet);
            assert_eq!(text(), format!("{EVENT_NAMES}\n"));
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(open(with_one).extent(), quiet);
    }

    const HEAD: &str = "step,time\n";

    fn row(table: &mut Table, step: u64) {
        table.row(&[("step".to_owned(), step as f64), ("time".to_owned(), 0.5 * step as f64)]).unwrap();
    }

    /// A table of three rows, and how far it had come after two.
    fn table(path: &Path) -> Extent {
        let mut table = Table::open(path, Extent::NONE, None).unwrap().0;
        row(&mut table, 0);
        row(&mut table, 1);
        let extent = table.extent();
        row(&mut table, 2);
        table.sync().unwrap();
        extent
    }

    #[test]
    fn a_table_goes_on_where_it_had_come_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.csv");
        let extent = table(&path);
        let (mut again, told) = Table::open(&path, extent, None).unwrap();
        assert_eq!((again.extent(), told), (extent, None));
        row(&mut again, 3);
        again.sync().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("{HEAD}0,0.0\n1,0.5\n3,1.5\n"));
        // Of a checkpoint without a digest the length alone is known.
        let (known, told) = Table::open(&path, Extent { digest: None, ..extent }, None).unwrap();
        assert_eq!((known.extent(), told), (extent, None));
    }

    /// What may have happened to a table between two jobs: saved with other line ends (so that the cut falls into a line), a digit
    /// changed, a line cut out, cut short within a line and at its end, emptied, another run's in its place, gone.
    #[test]
    fn a_table_that_is_not_what_the_run_wrote_stays_and_a_new_one_begins() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.csv");
        let edited = [
            (Some("step,time\r\n0,0.0\r\n1,0.5\r\n2,1.0\r\n"), "first 22 bytes"),
            (Some("step,time\n0,0.0\n1,0.6\n2,1.0\n"), "first 22 bytes"),
            (Some("step,time\n1,0.5\n2,1.0\n"), "first 22 bytes"),
            (Some("step,time\n0,0.0\n1,0"), "holds 19 bytes, and held 22"),
            (Some("step,time\n0,0.0\n"), "holds 16 bytes, and held 22"),
            (Some(""), "holds 0 bytes"),
            (Some("step,heat\n0,0.0\n1,0.5\n2,1.0\n3,2.0\n"), "first 22 bytes"),
            (None, "it is gone: a new table"),
        ];
        for (number, (text, expected)) in (1..).zip(edited) {
            let extent = table(&path);
            match text {
                Some(text) => std::fs::write(&path, text).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            let (mut new, told) = Table::open(&path, extent, None).unwrap();
            let told = told.unwrap();
            assert!(told.contains(expected), "{told}");
            assert_eq!(new.extent(), Extent::NONE);
            row(&mut new, 3);
            new.sync().unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{HEAD}3,1.5\n"));
            let aside = folder.path().join(format!("history.{number}.csv"));
            assert_eq!(std::fs::read_to_string(&aside).ok().as_deref(), text, "{told}");
            assert_eq!(told.contains(&format!("it stays as history.{number}.csv")), text.is_some(), "{told}");
        }
    }
}
