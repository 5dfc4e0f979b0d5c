//! Two HDF5 files: their objects, attributes, and numbers a piece at a time; the first place that differs is told.

use std::path::Path;

use super::Comparison;
use crate::Result;
use crate::io::checkpoint::VALUES;
use crate::io::grid::{FIELDS, PARAMETERS};
use crate::io::records::{Cell, Records};
use crate::io::{Element, Entry, Reader, Slab};

/// Groups that say what they hold in the field's words: of these a difference is told rather than of others that show the same.
const FIRST: [&str; 4] = ["/", "Header", PARAMETERS, VALUES];
/// Elements compared at once.
const PIECE: u64 = 1 << 22;

impl Comparison {
    pub(super) fn hdf5(&mut self, a: &Path, b: &Path) -> Result<Option<String>> {
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
