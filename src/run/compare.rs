//! Comparing two files or two runs, number by number.
//!
//! Without tolerances numbers must have the same bits. Of two runs all [results](RunFolder::results) are compared; records, which describe the
//! run itself, are not.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::RunFolder;
use crate::io::checkpoint::VALUES;
use crate::io::grid::{FIELDS, PARAMETERS};
use crate::io::history::lines;
use crate::io::records::{Cell, Records};
use crate::io::{Element, Entry, Reader, Slab};
use crate::{Error, Result};

/// Groups that say what they hold in the field's words: of these a difference is told rather than of others that show the same.
const FIRST: [&str; 4] = ["/", "Header", PARAMETERS, VALUES];
/// Elements compared at once.
const PIECE: u64 = 1 << 22;

/// How far two numbers may be apart: `|a - b| <= absolute + relative * max(|a|, |b|)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tolerance {
    /// Relative to the larger of the two.
    pub relative: f64,
    /// In the numbers' own unit.
    pub absolute: f64,
}

impl Tolerance {
    fn allows(&self, a: f64, b: f64) -> bool {
        a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= self.absolute + self.relative * a.abs().max(b.abs())
    }
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Report {
    /// How many files, and how many numbers and texts in them, were compared.
    pub files: u64,
    /// How many numbers and texts.
    pub values: u64,
    /// How many files differ, or are in one of two runs alone.
    pub differing: u64,
    /// The first place that differs in each file that does, with both values; then the files that one run lacks.
    pub differences: Vec<String>,
}

impl Report {
    /// Whether nothing differs.
    pub(crate) fn is_same(&self) -> bool {
        self.differences.is_empty()
    }

    /// Nothing compared is no success.
    fn holds_something(self, a: &Path, b: &Path) -> Result<Self> {
        if self.is_same() && self.values == 0 {
            let reason = format!("there is nothing to compare in {} and {}: they are empty", a.display(), b.display());
            return Err(Error::input("compare", reason));
        }
        Ok(self)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_same() {
            return writeln!(f, "the same: {} values in {} files", self.values, self.files);
        }
        self.differences.iter().try_for_each(|difference| writeln!(f, "{difference}"))?;
        writeln!(f, "{} of {} files differ", self.differing, self.files)
    }
}

/// Compares two files; the same bits are asked for without a tolerance.
///
/// # Errors
/// When one of them cannot be read, or both are empty.
pub(crate) fn compare(a: &Path, b: &Path, tolerance: Option<Tolerance>) -> Result<Report> {
    let mut comparison = Comparison { tolerance, report: Report::default() };
    comparison.files(a, b)?;
    comparison.report.holds_something(a, b)
}

/// Compares all results of two runs; the same bits are asked for without a tolerance.
///
/// # Errors
/// When a file cannot be read, or neither folder holds a result.
pub(crate) fn compare_runs(a: &RunFolder, b: &RunFolder, tolerance: Option<Tolerance>) -> Result<Report> {
    let mut comparison = Comparison { tolerance, report: Report::default() };
    comparison.runs(a, b)?;
    comparison.report.holds_something(a.root(), b.root())
}

struct Comparison {
    tolerance: Option<Tolerance>,
    report: Report,
}

impl Comparison {
    fn runs(&mut self, a: &RunFolder, b: &RunFolder) -> Result<()> {
        let in_a = a.results()?;
        let in_b = b.results()?;
        let (a, b) = (a.root(), b.root());
        if in_a.is_empty() && in_b.is_empty() {
            return Err(Error::input("compare", format!("{} and {} hold no run", a.display(), b.display())));
        }
        for name in in_a.intersection(&in_b) {
            self.files(&a.join(name), &b.join(name))?;
        }
        self.alone(in_a.difference(&in_b), a);
        self.alone(in_b.difference(&in_a), b);
        Ok(())
    }

    /// Notes files that only `run` has: they may be many, so the first is named and the others are counted.
    fn alone<'a>(&mut self, mut names: impl Iterator<Item = &'a PathBuf>, run: &Path) {
        let Some(first) = names.next() else { return };
        let others = names.count() as u64;
        let more = if others > 0 { format!(" and {others} more") } else { String::new() };
        self.report.files += 1 + others;
        self.report.differing += 1 + others;
        self.report.differences.push(format!("{}{more}: only in {}", first.display(), run.display()));
    }

    fn files(&mut self, a: &Path, b: &Path) -> Result<()> {
        let is_table = |path: &Path| path.extension().is_some_and(|extension| extension == "csv");
        let found = if is_table(a) && is_table(b) {
            self.tables(a, b)?
        } else if Reader::can_open(a)? || Reader::can_open(b)? {
            self.hdf5(a, b)?
        } else {
            self.texts(a, b)?
        };
        self.report.files += 1;
        self.report.differing += u64::from(found.is_some());
        self.report.differences.extend(found.map(|place| format!("{}: {place}", a.display())));
        Ok(())
    }

    fn tables(&mut self, a: &Path, b: &Path) -> Result<Option<String>> {
        let a = lines(a)?;
        let b = lines(b)?;
        for (row, (line_a, line_b)) in a.iter().zip(&b).enumerate() {
            self.report.values += line_a.len() as u64;
            if line_a.len() != line_b.len() {
                return Ok(Some(format!("line {}: {} and {} fields", row + 1, line_a.len(), line_b.len())));
            }
            let differs = |(_, (x, y)): &(usize, (&String, &String))| !self.fields_agree(x, y);
            if let Some((column, (x, y))) = line_a.iter().zip(line_b).enumerate().find(differs) {
                return Ok(Some(format!("{}, row {row}: {x} and {y}", a[0].get(column).map_or("?", String::as_str))));
            }
        }
        Ok((a.len() != b.len()).then(|| format!("{} and {} lines", a.len(), b.len())))
    }

    /// Compares files of any other kind line by line, and within a line word by word.
    fn texts(&mut self, a: &Path, b: &Path) -> Result<Option<String>> {
        let a = std::fs::read(a).map_err(Error::io("read", a))?;
        let b = std::fs::read(b).map_err(Error::io("read", b))?;
        let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>();
        let (lines_a, lines_b) = (lines(&a), lines(&b));
        for (number, (x, y)) in lines_a.iter().zip(&lines_b).enumerate() {
            self.report.values += 1;
            let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let (words_x, words_y) = (words(x), words(y));
            let alike =
                words_x.len() == words_y.len() && words_x.iter().zip(&words_y).all(|(x, y)| self.fields_agree(x, y));
            if !alike {
                return Ok(Some(format!("line {}: {x} and {y}", number + 1)));
            }
        }
        if lines_a.len() != lines_b.len() {
            return Ok(Some(format!("{} and {} lines", lines_a.len(), lines_b.len())));
        }
        // What lines don't show: ends of lines, blanks, bytes that are no text.
        Ok((a != b && self.tolerance.is_none()).then(|| format!("{} and {} bytes", a.len(), b.len())))
    }

    fn fields_agree(&self, x: &str, y: &str) -> bool {
        let within = |tolerance: Tolerance| Some(tolerance.allows(x.parse().ok()?, y.parse().ok()?));
        x == y || self.tolerance.and_then(within).unwrap_or(false)
    }

    fn hdf5(&mut self, a: &Path, b: &Path) -> Result<Option<String>> {
        let a = Reader::open(a)?;
        let b = Reader::open(b)?;
        let in_a = a.datasets()?;
        let in_b = b.datasets()?;
        if let Some(entry) = in_a.iter().find(|entry| !in_b.contains(entry)) {
            return Ok(Some(format!(
                "{} {} {:?} is not in {}",
                entry.name,
                entry.kind,
                entry.shape,
                b.path().display()
            )));
        }
        if let Some(entry) = in_b.iter().find(|entry| !in_a.contains(entry)) {
            return Ok(Some(format!("it lacks {} {} {:?}", entry.name, entry.kind, entry.shape)));
        }
        let [groups, second_names] = a.groups_and_second_names()?;
        let others = b.groups_and_second_names()?;
        if [&groups, &second_names] != [&others[0], &others[1]] {
            let told = |groups: &[String], second: &[String]| [groups, second].concat().join(", ");
            let [a, b] = [told(&groups, &second_names), told(&others[0], &others[1])];
            return Ok(Some(format!("its groups and second names are {a} and {b}")));
        }
        let is_first = |entry: &&Entry| !second_names.contains(&entry.name);
        let mut groups: Vec<&String> = groups.iter().collect();
        groups.sort_by_key(|name| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()));
        for object in groups.into_iter().chain(in_a.iter().filter(is_first).map(|entry| &entry.name)) {
            if let Some(place) = self.attributes(&a, &b, object)? {
                return Ok(Some(place));
            }
        }
        for entry in in_a.iter().filter(is_first) {
            if let Some(place) = self.dataset(&a, &b, entry)? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    fn attributes(&mut self, a: &Reader, b: &Reader, object: &str) -> Result<Option<String>> {
        let names = a.attribute_names(object)?;
        let others = b.attribute_names(object)?;
        if names != others {
            return Ok(Some(format!("{object} has the attributes {names:?} and {others:?}")));
        }
        for name in names {
            self.report.values += 1;
            if a.attribute_bytes(object, &name)? == b.attribute_bytes(object, &name)? {
                continue;
            }
            let x = a.attributes::<f64>(object, &name);
            let y = b.attributes::<f64>(object, &name);
            let same = match (&x, &y, self.tolerance) {
                (Ok(x), Ok(y), Some(by)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| by.allows(*x, *y)),
                _ => false,
            };
            if !same {
                let told = |numbers: Result<Vec<f64>>, reader: &Reader| {
                    let shown = numbers.map(|numbers| format!("{numbers:?}"));
                    shown.or_else(|_| reader.text(object, &name)).unwrap_or_else(|_| "other bytes".to_owned())
                };
                return Ok(Some(format!("{object}.{name}: {} and {}", told(x, a), told(y, b))));
            }
        }
        Ok(None)
    }

    fn dataset(&mut self, a: &Reader, b: &Reader, entry: &Entry) -> Result<Option<String>> {
        match entry.kind.as_str() {
            "float64" => self.numbers::<f64>(a, b, entry),
            "float32" => self.numbers::<f32>(a, b, entry),
            "uint64" => self.numbers::<u64>(a, b, entry),
            "int64" => self.numbers::<i64>(a, b, entry),
            "uint32" => self.numbers::<u32>(a, b, entry),
            "int32" => self.numbers::<i32>(a, b, entry),
            "uint8" => self.numbers::<u8>(a, b, entry),
            kind if kind.starts_with("compound") => self.records(a, b, entry),
            kind if kind.starts_with("string") || kind.starts_with("unicode") => self.names(a, b, entry),
            _ => {
                self.report.values += Slab::whole(&entry.shape).len();
                self.bytes(a, b, entry)
            }
        }
    }

    fn names(&mut self, a: &Reader, b: &Reader, entry: &Entry) -> Result<Option<String>> {
        let x = a.texts(&entry.name)?;
        let y = b.texts(&entry.name)?;
        self.report.values += x.len() as u64;
        match x.iter().zip(&y).position(|(x, y)| x != y) {
            Some(place) => Ok(Some(format!("{}[{place}]: {} and {}", entry.name, x[place], y[place]))),
            None if entry.kind.ends_with("(var len)") => Ok(None),
            // What fills texts of fixed length up.
            None => self.bytes(a, b, entry),
        }
    }

    /// Compares elements of any kind by their bytes.
    fn bytes(&self, a: &Reader, b: &Reader, entry: &Entry) -> Result<Option<String>> {
        let whole = Slab::whole(&entry.shape);
        for piece in whole.pieces(PIECE) {
            let (x, size) = a.read_bytes(&entry.name, &piece)?;
            let (y, _) = b.read_bytes(&entry.name, &piece)?;
            if let Some(place) = x.iter().zip(&y).position(|(x, y)| x != y) {
                let index = index_of(&entry.shape, (whole.memory(&piece).start + place / size) as u64);
                return Ok(Some(format!("{}: other bytes", named(entry, &index))));
            }
        }
        Ok(None)
    }

    /// Compares records field by field, those of fields that have no numbers or texts by their bytes.
    fn records(&mut self, a: &Reader, b: &Reader, entry: &Entry) -> Result<Option<String>> {
        let (Ok(x), Ok(y)) = (Records::read(a, &entry.name), Records::read(b, &entry.name)) else {
            return self.bytes(a, b, entry);
        };
        let names: Vec<&str> = x.names().collect();
        if y.names().ne(names.iter().copied()) {
            return Ok(Some(format!("{} has other fields", entry.name)));
        }
        for (row, name) in (0..x.len()).flat_map(|row| names.iter().map(move |name| (row, name))) {
            self.report.values += 1;
            let x = x.cell(row, name);
            let y = y.cell(row, name);
            let same = match (&x, &y) {
                (Some(Cell::Number(x)), Some(Cell::Number(y))) => {
                    x.to_bits() == y.to_bits() || self.tolerance.is_some_and(|by| by.allows(*x, *y))
                }
                _ => x == y,
            };
            if !same {
                let shown = |cell: Option<Cell>| cell.map_or(String::new(), |cell| cell.to_string());
                return Ok(Some(format!("{}[{row}].{name}: {} and {}", entry.name, shown(x), shown(y))));
            }
        }
        // What cells don't show: digits of large whole numbers, what fills texts up.
        if self.tolerance.is_some() { Ok(None) } else { self.bytes(a, b, entry) }
    }

    fn numbers<T: Element>(&mut self, a: &Reader, b: &Reader, entry: &Entry) -> Result<Option<String>> {
        let whole = Slab::whole(&entry.shape);
        for piece in whole.pieces(PIECE) {
            let x = a.read_slab::<T>(&entry.name, &piece)?;
            let y = b.read_slab::<T>(&entry.name, &piece)?;
            self.report.values += x.len() as u64;
            let agree =
                |x: T, y: T| x.bits() == y.bits() || self.tolerance.is_some_and(|by| by.allows(x.to_f64(), y.to_f64()));
            if let Some(place) = x.iter().zip(&y).position(|(x, y)| !agree(*x, *y)) {
                let index = index_of(&entry.shape, (whole.memory(&piece).start + place) as u64);
                return Ok(Some(format!("{}: {:?} and {:?}", named(entry, &index), x[place], y[place])));
            }
        }
        Ok(None)
    }
}

/// An element of a dataset; of a grid's field, its cell (i, j, k) along x, y, z.
fn named(entry: &Entry, index: &[u64]) -> String {
    match (entry.name.strip_prefix(FIELDS).and_then(|name| name.strip_prefix('/')), index) {
        (Some(field), [k, j, i]) => format!("{field} in cell ({i}, {j}, {k})"),
        _ => format!("{}{index:?}", entry.name),
    }
}

/// The index along each axis of an element of a dataset.
fn index_of(shape: &[u64], mut place: u64) -> Vec<u64> {
    let mut index = vec![0; shape.len()];
    for axis in (0..shape.len()).rev() {
        index[axis] = place % shape[axis];
        place /= shape[axis];
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::units::Units;
    use crate::io::{CellField, FileWriter, GridGeometry, Part, Snapshot, Stamp};
    use crate::run::RunFile;

    fn file(path: &Path, numbers: &[f64], seed: u64) {
        let file = FileWriter::create_alone(path, 0).unwrap();
        file.replicated("a/x", &[2, 3], numbers).unwrap();
        file.attribute("/", "seed", seed).unwrap();
        file.text("/", "name", "Sun").unwrap();
        file.finish().unwrap();
    }

    #[test]
    fn the_first_place_that_differs_is_named_with_both_values() {
        let folder = tempfile::tempdir().unwrap();
        let a = folder.path().join("a.hdf5");
        let b = folder.path().join("b.hdf5");
        file(&a, &[1.0, 2.0, 3.0, 4.0, 0.0, f64::NAN], 1 << 60);
        file(&b, &[1.0, 2.0, 3.0, 4.0, -0.0, f64::NAN], 1 << 60);
        let report = compare(&a, &b, None).unwrap();
        assert!(report.differences[0].ends_with("a/x[1, 1]: 0.0 and -0.0"), "{report}");
        assert!(compare(&a, &b, Some(Tolerance { relative: 0.0, absolute: 0.0 })).unwrap().is_same());
        file(&b, &[1.0, 2.0, 3.0, 4.0, 0.0, f64::NAN], (1 << 60) + 1);
        assert!(compare(&a, &b, None).unwrap().differences[0].contains("/.seed"));
    }

    #[test]
    fn tolerances_are_relative_to_the_larger_number_or_absolute() {
        let folder = tempfile::tempdir().unwrap();
        let a = folder.path().join("a.csv");
        let b = folder.path().join("b.csv");
        std::fs::write(&a, "step,x\n0,100.0\n1,1e-9\n").unwrap();
        std::fs::write(&b, "step,x\n0,100.1\n1,2e-9\n").unwrap();
        assert!(compare(&a, &b, None).unwrap().differences[0].ends_with("x, row 1: 100.0 and 100.1"));
        assert!(compare(&a, &b, Some(Tolerance { relative: 2e-3, absolute: 1e-8 })).unwrap().is_same());
        assert!(!compare(&a, &b, Some(Tolerance { relative: 2e-3, absolute: 0.0 })).unwrap().is_same());
    }

    fn grid(path: &Path, low: f64, numbers: &[f64]) {
        let geometry = GridGeometry { cells: [4, 3, 2], low: [low, 0.0, 0.0], high: [1.0; 3], periodic: [false; 3] };
        let stamp = Stamp { time: 0.5, step: 2, units: Units::default() };
        let mut snapshot = Snapshot::create_alone(path, stamp, 0).unwrap();
        let parts = [Part::new(Slab::whole(&geometry.shape()), numbers)];
        snapshot.grid(&geometry, &[CellField::new("density", "", &parts)]).unwrap();
        snapshot.finish().unwrap();
    }

    #[test]
    fn the_first_cell_that_differs_is_named_along_x_y_z() {
        let folder = tempfile::tempdir().unwrap();
        let a = folder.path().join("a.vtkhdf");
        let b = folder.path().join("b.vtkhdf");
        let numbers: Vec<f64> = (0..24).map(f64::from).collect();
        let mut others = numbers.clone();
        others[12 + 2 * 4 + 3] = 0.5;
        grid(&a, 0.0, &numbers);
        grid(&b, 0.0, &others);
        let report = compare(&a, &b, None).unwrap();
        assert!(report.differences[0].ends_with("density in cell (3, 2, 1): 23.0 and 0.5"), "{report}");
        grid(&b, -1.0, &numbers);
        assert!(compare(&a, &b, None).unwrap().differences[0].contains("domain_left_edge"));
        assert!(compare(&a, &a, None).unwrap().is_same());
    }

    #[test]
    fn a_file_that_one_run_lacks_is_a_difference() {
        let folder = tempfile::tempdir().unwrap();
        let a = folder.path().join("a");
        let b = folder.path().join("b");
        for run in [&a, &b] {
            std::fs::create_dir_all(run.join("snapshots")).unwrap();
            std::fs::write(run.join("history.csv"), "step\n0\n").unwrap();
        }
        for number in 0..3 {
            file(&a.join(format!("snapshots/snapshot_00000{number}.hdf5")), &[0.0; 6], 0);
        }
        let runs = [&a, &b].map(|run| RunFolder::at(run).with("rod", [RunFile::result("profile.txt")]));
        let compared = || compare_runs(&runs[0], &runs[1], None).unwrap();
        let report = compared();
        assert_eq!((report.files, report.differing, report.differences.len()), (4, 3, 1), "{report}");
        assert!(report.to_string().contains("snapshot_000000.hdf5 and 2 more: only in"), "{report}");
        assert!(compare(&a, &folder.path().join("a/history.csv"), None).is_err());
        // A simulation's own results are compared, records aren't.
        std::fs::remove_dir_all(a.join("snapshots")).unwrap();
        for (run, number) in [(&a, "0.5"), (&b, "0.25")] {
            std::fs::write(run.join("profile.txt"), format!("cell 1\ncell {number}\n")).unwrap();
            std::fs::write(run.join("run.log"), number).unwrap();
        }
        let report = compared();
        assert_eq!((report.files, report.differing), (2, 1), "{report}");
        assert!(report.differences[0].ends_with("profile.txt: line 2: cell 0.5 and cell 0.25"), "{report}");
        assert!(compare_runs(&runs[0], &runs[1], Some(Tolerance { relative: 0.5, absolute: 0.0 })).unwrap().is_same());
        let none = RunFolder::at(folder.path().join("none"));
        assert!(compare_runs(&none, &none, None).unwrap_err().to_string().contains("hold no run"));
    }

    /// What stands beside the numbers: the unit of a dataset, numbers and texts of any group, NaN with other bits, whole numbers that are one
    /// as floats, what fills a text up; a group that is empty, a second name.
    #[test]
    fn all_that_is_said_of_any_object_is_compared() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, change: &dyn Fn(&FileWriter)| {
            let path = folder.path().join(name);
            let file = FileWriter::create_alone(&path, 0).unwrap();
            file.replicated("deep/er/x", &[2], &[1.0f64, 2.0]).unwrap();
            file.attribute("/", "seed", 1u64).unwrap();
            change(&file);
            file.finish().unwrap();
            path
        };
        type Changes<'a> = [&'a dyn Fn(&FileWriter); 2];
        let parts: [(&str, Changes<'_>); 8] = [
            (
                "deep/er/x.unit",
                [&|f| f.text("deep/er/x", "unit", "au").unwrap(), &|f| f.text("deep/er/x", "unit", "km").unwrap()],
            ),
            (
                "deep.Spacing",
                [&|f| f.attributes("deep", "Spacing", &[1.0f64, f64::NAN]).unwrap(), &|f| {
                    f.attributes("deep", "Spacing", &[2.0f64, f64::NAN]).unwrap()
                }],
            ),
            (
                "deep/er.Length",
                [&|f| f.attribute("deep/er", "Length", 1u64 << 60).unwrap(), &|f| {
                    f.attribute("deep/er", "Length", (1u64 << 60) + 1).unwrap()
                }],
            ),
            (
                "deep.Origin",
                [&|f| f.attribute("deep", "Origin", f64::NAN).unwrap(), &|f| {
                    f.attribute("deep", "Origin", -f64::NAN).unwrap()
                }],
            ),
            ("deep has the attributes", [&|f| f.text("deep", "a", "").unwrap(), &|f| f.text("deep", "b", "").unwrap()]),
            ("its groups", [&|f| f.group("one").unwrap(), &|f| f.group("two").unwrap()]),
            (
                "its groups and second names",
                [&|f| f.link("/deep/er/x", "y").unwrap(), &|f| f.replicated("y", &[2], &[1.0f64, 2.0]).unwrap()],
            ),
            (
                "units/length",
                [&|f| f.scalar("units/length", 1.0f64).unwrap(), &|f| f.scalar("units/length", 2.0f64).unwrap()],
            ),
        ];
        for (place, [one, other]) in parts {
            let a = write("a.hdf5", one);
            let b = write("b.hdf5", other);
            assert!(compare(&a, &a, None).unwrap().is_same(), "{place}");
            let report = compare(&a, &b, None).unwrap();
            assert!(report.to_string().contains(place), "{place}: {report}");
        }
    }

    #[test]
    fn nothing_compared_is_no_success() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty.csv");
        std::fs::write(&empty, "").unwrap();
        let told = compare(&empty, &empty, None).unwrap_err();
        assert!(told.to_string().contains("nothing to compare") && told.status() == 2, "{told}");
        let runs = [0, 1].map(|place| RunFolder::at(folder.path().join(place.to_string())));
        for run in &runs {
            std::fs::create_dir_all(run.root()).unwrap();
            std::fs::write(run.history(), "").unwrap();
        }
        assert!(compare_runs(&runs[0], &runs[1], None).unwrap_err().to_string().contains("nothing to compare"));
        runs.iter().for_each(|run| std::fs::write(run.history(), "step\n0\n").unwrap());
        assert!(compare_runs(&runs[0], &runs[1], None).unwrap().is_same());
    }
}
