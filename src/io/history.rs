//! Reading tables of numbers: history.csv and its like.

use std::path::Path;

use crate::base::csv as strict;
use crate::{Error, Result};

/// A table of numbers with named columns; lines that begin with `#` are not part of it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct History {
    /// The names of the columns, from the first line.
    pub names: Vec<String>,
    /// The numbers, column by column; NaN where a field holds none.
    pub columns: Vec<Vec<f64>>,
}

impl History {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or a line has another number of fields than the first.
    pub fn read(path: &Path) -> Result<Self> {
        History::of_lines(lines(path)?)
    }

    fn of_lines(lines: Vec<Vec<String>>) -> Result<Self> {
        let Some((names, rows)) = lines.split_first() else { return Ok(History::default()) };
        let number = |text: &String| text.parse().unwrap_or(f64::NAN);
        let columns = (0..names.len()).map(|column| rows.iter().map(|row| number(&row[column])).collect()).collect();
        Ok(History { names: names.clone(), columns })
    }

    /// Reads a file that may be growing: a last line without its end is left out. No file is no rows.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn whole_rows(path: &Path) -> Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(History::default()),
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        let end = text.rfind('\n').map_or(0, |end| end + 1);
        History::of_lines(lines_of(&text.as_bytes()[..end], path)?)
    }

    /// The last whole row of a file, also while it grows: the columns' names with its texts; nothing where there is no file or no row.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_row(path: &Path) -> Result<Vec<(String, String)>> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        let mut lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let head = strict::lines(lines.next().unwrap_or_default(), ',');
        let head = head.map_err(|wrong| Error::file(path, format!("line {}: {}", wrong.line, wrong.reason)))?;
        let names = head.into_iter().next().map(|line| line.fields).unwrap_or_default();
        let last = lines.next_back().unwrap_or_default().trim_end().split(',');
        Ok(names.into_iter().zip(last).map(|(name, value)| (name, value.to_owned())).collect())
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        let place = self.names.iter().position(|known| known == name)?;
        Some(&self.columns[place])
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The fields of a CSV file, line by line, the heading first.
pub(crate) fn lines(path: &Path) -> Result<Vec<Vec<String>>> {
    let file = std::fs::File::open(path).map_err(Error::io("read", path))?;
    lines_of(file, path)
}

/// The fields of the CSV text of a file.
fn lines_of(text: impl std::io::Read, path: &Path) -> Result<Vec<Vec<String>>> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).comment(Some(b'#')).trim(csv::Trim::All).from_reader(text);
    let fields = |record: csv::StringRecord| record.iter().map(str::to_owned).collect();
    reader.records().map(|record| record.map(fields).map_err(|error| Error::file(path, error.to_string()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_with_their_bits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.csv");
        let value = 0.1f64 + 0.2;
        std::fs::write(&path, format!("# made by hand\nstep,time,energy\n0,0.0,{value:?}\n1,0.5,NaN\n")).unwrap();
        let history = History::read(&path).unwrap();
        assert_eq!(history.column("energy").unwrap()[0].to_bits(), value.to_bits());
        assert!(history.column("energy").unwrap()[1].is_nan());
        assert_eq!((history.len(), history.column("step")), (2, Some(&[0.0, 1.0][..])));
        std::fs::write(&path, "a,b\n1,2\n3\n").unwrap();
        assert!(History::read(&path).is_err());
    }

    #[test]
    fn the_last_row_is_the_last_whole_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.csv");
        assert!(History::last_row(&path).unwrap().is_empty());
        std::fs::write(&path, "step,time\n0,0.0\n7,0.35\n8,0.").unwrap();
        let expected = [("step", "7"), ("time", "0.35")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(History::last_row(&path).unwrap(), expected);
        std::fs::write(&path, "step,time\n").unwrap();
        assert!(History::last_row(&path).unwrap().iter().all(|(_, value)| value.is_empty()));
    }
}
