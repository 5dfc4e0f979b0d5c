//! Comparing two files or two runs, number by number.
//!
//! Without tolerances numbers must have the same bits. Of two runs, history.csv, events.csv, the trajectory, all
//! snapshots and the final checkpoint are compared, of two sweeps their results, of fits their posterior; parameters, ledger, report, log, journal and
//! tasks.csv tell of the run itself and are not.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use super::grid::{FIELDS, PARAMETERS};
use super::history::lines;
use super::list::is_view;
use super::records::{Cell, Records};
use super::{Element, Entry, Reader, Slab, checkpoint, snapshots_in};
use crate::{Error, Result};

/// Elements compared at once.
const PIECE: u64 = 1 << 22;

/// How far two numbers may be apart: `|a - b| <= absolute + relative * max(|a|, |b|)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
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
    pub fn is_same(&self) -> bool {
        self.differences.is_empty()
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

/// Compares two files, or two run folders; the same bits are asked for without a tolerance.
///
/// # Errors
/// When one of them cannot be read, or they are a file and a folder.
pub fn compare(a: &Path, b: &Path, tolerance: Option<Tolerance>) -> Result<Report> {
    let mut comparison = Comparison { tolerance, report: Report::default() };
    match (a.is_dir(), b.is_dir()) {
        (true, true) => comparison.runs(a, b)?,
        (false, false) => comparison.files(a, b)?,
        _ => {
            return Err(Error::input(
                "compare",
                format!("{} and {} are a file and a folder", a.display(), b.display()),
            ));
        }
    }
    Ok(comparison.report)
}

struct Comparison {
    tolerance: Option<Tolerance>,
    report: Report,
}

impl Comparison {
    fn runs(&mut self, a: &Path, b: &Path) -> Result<()> {
        let (in_a, in_b) = (results_of(a)?, results_of(b)?);
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
        let found = if is_table(a) && is_table(b) { self.tables(a, b)? } else { self.hdf5(a, b)? };
        self.report.files += 1;
        self.report.differing += u64::from(found.is_some());
        self.report.differences.extend(found.map(|place| format!("{}: {place}", a.display())));
        Ok(())
    }

    fn tables(&mut self, a: &Path, b: &Path) -> Result<Option<String>> {
        let (a, b) = (lines(a)?, lines(b)?);
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

    fn fields_agree(&self, x: &str, y: &str) -> bool {
        let within = |tolerance: Tolerance| Some(tolerance.allows(x.parse().ok()?, y.parse().ok()?));
        x == y || self.tolerance.and_then(within).unwrap_or(false)
    }

    fn hdf5(&mut self, a: &Path, b: &Path) -> Result<Option<String>> {
        let (a, b) = (Reader::open(a)?, Reader::open(b)?);
        let (in_a, in_b) = (a.datasets()?, b.datasets()?);
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
        for object in ["/", "Header", "data", PARAMETERS, checkpoint::VALUES] {
            if object != "/" && !a.has(object) {
                continue;
            }
            if let Some(place) = self.attributes(&a, &b, object)? {
                return Ok(Some(place));
            }
        }
        for entry in in_a.iter().filter(|entry| !is_view(entry, &in_a)) {
            if let Some(place) = self.dataset(&a, &b, entry)? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    fn attributes(&mut self, a: &Reader, b: &Reader, object: &str) -> Result<Option<String>> {
        let (names, others) = (a.attribute_names(object)?, b.attribute_names(object)?);
        if names != others {
            return Ok(Some(format!("{object} has the attributes {names:?} and {others:?}")));
        }
        for name in names {
            self.report.values += 1;
            if a.attribute_bytes(object, &name)? == b.attribute_bytes(object, &name)? {
                continue;
            }
            let (x, y) = (a.attributes::<f64>(object, &name), b.attributes::<f64>(object, &name));
            let same = match (&x, &y, self.tolerance) {
                (Ok(x), Ok(y), Some(by)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| by.allows(*x, *y)),
                _ => false,
            };
            if !same {
                let told = |numbers: Result<Vec<f64>>, reader: &Reader| match numbers {
                    Ok(numbers) => Ok(format!("{numbers:?}")),
                    Err(_) => reader.text(object, &name),
                };
                return Ok(Some(format!("{object}.{name}: {} and {}", told(x, a)?, told(y, b)?)));
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
            _ => {
                let (x, y) = (a.texts(&entry.name)?, b.texts(&entry.name)?);
                let place = x.iter().zip(&y).position(|(x, y)| x != y);
                Ok(place.map(|place| format!("{}[{place}]: {} and {}", entry.name, x[place], y[place])))
            }
        }
    }

    fn records(&mut self, a: &Reader, b: &Reader, entry: &Entry) -> Result<Option<String>> {
        let (x, y) = (Records::read(a, &entry.name)?, Records::read(b, &entry.name)?);
        let names: Vec<&str> = x.names().collect();
        if y.names().ne(names.iter().copied()) {
            return Ok(Some(format!("{} has other fields", entry.name)));
        }
        for (row, name) in (0..x.len()).flat_map(|row| names.iter().map(move |name| (row, name))) {
            self.report.values += 1;
            let (x, y) = (x.cell(row, name), y.cell(row, name));
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
        Ok(None)
    }

    fn numbers<T: Element>(&mut self, a: &Reader, b: &Reader, entry: &Entry) -> Result<Option<String>> {
        let whole = Slab::whole(&entry.shape);
        for piece in whole.pieces(PIECE) {
            let (x, y) = (a.read_slab::<T>(&entry.name, &piece)?, b.read_slab::<T>(&entry.name, &piece)?);
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

/// The files of a run that its results are in, by their names in its folder.
fn results_of(run: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut names: BTreeSet<PathBuf> =
        ["history.csv", "events.csv", "trajectory.hdf5", "results.csv", "results.h5", "posterior.hdf5", "summary.csv"]
            .map(PathBuf::from)
            .into();
    let snapshots = if run.join("snapshots").is_dir() { snapshots_in(&run.join("snapshots"))? } else { Vec::new() };
    names.extend(snapshots.iter().filter_map(|path| path.strip_prefix(run).ok().map(Path::to_path_buf)));
    if let Some(&step) = checkpoint::checkpoint_steps(&run.join("checkpoints")).last() {
        names.insert(checkpoint::path_of(Path::new("checkpoints"), step));
    }
    names.retain(|name| run.join(name).is_file());
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{CellField, FileWriter, GridGeometry, Part, Snapshot, Stamp};
    use crate::units::Units;

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
        let (a, b) = (folder.path().join("a.hdf5"), folder.path().join("b.hdf5"));
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
        let (a, b) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
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
        snapshot.grid(&geometry, &[CellField { name: "density", unit: "", parts: &parts }]).unwrap();
        snapshot.finish().unwrap();
    }

    #[test]
    fn the_first_cell_that_differs_is_named_along_x_y_z() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a.vtkhdf"), folder.path().join("b.vtkhdf"));
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
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        for run in [&a, &b] {
            std::fs::create_dir_all(run.join("snapshots")).unwrap();
            std::fs::write(run.join("history.csv"), "step\n0\n").unwrap();
        }
        for number in 0..3 {
            file(&a.join(format!("snapshots/snapshot_00000{number}.hdf5")), &[0.0; 6], 0);
        }
        let report = compare(&a, &b, None).unwrap();
        assert_eq!((report.files, report.differing, report.differences.len()), (4, 3, 1), "{report}");
        assert!(report.to_string().contains("snapshot_000000.hdf5 and 2 more: only in"), "{report}");
        assert!(compare(&a, &folder.path().join("a/history.csv"), None).is_err());
    }
}
