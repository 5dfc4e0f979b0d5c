//! Reading tables of numbers: history.csv and its like.

use std::path::Path;

use crate::{Error, Result};

/// A table of numbers with named columns; lines that begin with `#` are not part of it.
#[derive(Clone, Debug, Default, PartialEq)]
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
        let lines = lines(path)?;
        let Some((names, rows)) = lines.split_first() else { return Ok(History::default()) };
        let number = |text: &String| text.parse().unwrap_or(f64::NAN);
        let columns = (0..names.len()).map(|column| rows.iter().map(|row| number(&row[column])).collect()).collect();
        Ok(History { names: names.clone(), columns })
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
pub(super) fn lines(path: &Path) -> Result<Vec<Vec<String>>> {
    let file = std::fs::File::open(path).map_err(Error::io("read", path))?;
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).comment(Some(b'#')).trim(csv::Trim::All).from_reader(file);
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
}
