//! Initial conditions in GADGET's HDF5 layout, as the makers of such files write it and as our own snapshots have it.
//!
//! Bodies are those of `/PartType0` to `/PartType5`, one kind after another, each in the file's order. Coordinates and
//! velocities may be single or double precision; masses may stand in the header's `MassTable`, and `Radius` is ours. The numbers are
//! taken as they are: units are the run's business, and cosmological files (comoving coordinates) are refused.
//!
//! What a body needs and the file lacks is refused; what the file has and no body uses is [told](InitialConditions::notes).

use std::ops::Range;
use std::path::Path;

use super::{check_values, from_columns};
use crate::io::{Entry, Reader, Slab};
use crate::nbody::body::BodyList;
use crate::{Error, Result};

/// What is read of each body.
const COLUMNS: [&str; 6] = ["Coordinates", "Velocities", "Masses", "ParticleIDs", "Names", "Radius"];
/// Numbers of the header by which GADGET would take the others for something else, and those by which it wouldn't.
const COSMOLOGY: [(&str, &[f64]); 4] =
    [("BoxSize", &[0.0]), ("Omega0", &[0.0]), ("OmegaLambda", &[0.0]), ("HubbleParam", &[0.0, 1.0])];

/// A file of initial conditions, opened. Every rank opens it by itself and reads the bodies that it wants.
pub struct InitialConditions {
    reader: Reader,
    kinds: Vec<Kind>,
    notes: Vec<String>,
}

/// The bodies of one `/PartType`.
struct Kind {
    group: String,
    count: u64,
    /// The mass of each, where they have no masses of their own.
    mass: f64,
}

/// What has been read of bodies, column by column.
#[derive(Default)]
struct Columns {
    /// `ParticleIDs`; the place in the file where it has none.
    ids: Vec<u64>,
    /// `Masses`, in the file's unit.
    masses: Vec<f64>,
    /// `Coordinates`, in the file's unit.
    positions: Vec<[f64; 3]>,
    /// `Velocities`, in the file's unit.
    velocities: Vec<[f64; 3]>,
    /// `Radius`, in the file's unit; zero where the file has none.
    radii: Vec<f64>,
    /// `Names`; empty where the file has none.
    names: Vec<String>,
}

impl InitialConditions {
    /// Opens a file and takes the bodies of these kinds (0 to 5), or of all kinds for an empty list.
    ///
    /// # Errors
    /// When the file isn't of this layout, is one of several files, is cosmological, has no such bodies, or lacks what they need.
    pub fn open(path: &Path, kinds: &[usize]) -> Result<Self> {
        let reader = Reader::open(path)?;
        if !reader.has("Header") || !(0..6).any(|kind| reader.has(&format!("PartType{kind}"))) {
            let reason = "this is an HDF5 file of another kind: initial conditions have the groups Header and PartType0 to PartType5";
            return Err(Error::file(path, reason));
        }
        if reader.attribute::<i64>("Header", "NumFilesPerSnapshot").is_ok_and(|files| files > 1) {
            return Err(Error::file(path, "this is one of several files of a snapshot: join them into one first"));
        }
        if reader.attribute::<f64>("Header", "Redshift").is_ok_and(|redshift| redshift != 0.0) {
            return Err(Error::file(path, "this is a cosmological snapshot, in comoving coordinates: not supported"));
        }
        if let Ok(time) = reader.attribute::<f64>("Header", "Time")
            && !time.is_finite()
        {
            return Err(Error::file(path, format!("its header's Time is {time}: it must be finite")));
        }
        let wanted = (0..6).filter(|kind| kinds.is_empty() || kinds.contains(kind));
        let kinds: Vec<Kind> =
            wanted.filter_map(|kind| Kind::open(&reader, kind).transpose()).collect::<Result<_>>()?;
        if kinds.iter().all(|kind| kind.count == 0) {
            return Err(Error::file(path, "there are no bodies of the wanted kinds in it"));
        }
        let notes = notes(&reader, &kinds)?;
        Ok(InitialConditions { reader, kinds, notes })
    }

    /// What the file has that is not used, in words.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The number of bodies.
    pub fn len(&self) -> u64 {
        self.kinds.iter().map(|kind| kind.count).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The time in the header; 0 where it has none.
    pub fn time(&self) -> f64 {
        self.reader.attribute("Header", "Time").unwrap_or(0.0)
    }

    /// The bodies `range`, counted through all kinds.
    ///
    /// # Errors
    /// When the file is damaged, lacks what a body needs, or has numbers that no body can have.
    pub fn read(&self, range: Range<u64>) -> Result<BodyList> {
        let mut columns = Columns::default();
        let mut before = 0;
        for kind in &self.kinds {
            let here = |index: u64| index.clamp(before, before + kind.count) - before;
            let first = here(range.start);
            let end = here(range.end);
            if first < end {
                kind.read(&self.reader, first..end, before, &mut columns)?;
            }
            before += kind.count;
        }
        let Columns { ids, masses, positions, velocities, radii, names } = columns;
        let place = self.reader.path().display().to_string();
        let mut list = from_columns(&place, &ids, &masses, &positions, &velocities)?;
        list.bodies.iter_mut().zip(radii).for_each(|(body, radius)| body.radius = radius);
        check_values(&place, &list)?;
        Ok(BodyList { names, ..list })
    }
}

/// What the file has and bodies don't use: of a kind, and in the header.
fn notes(reader: &Reader, kinds: &[Kind]) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    for kind in kinds.iter().filter(|kind| kind.count > 0) {
        let unused: Vec<String> =
            kind.datasets(reader)?.into_iter().filter(|name| !COLUMNS.contains(&&name[..])).collect();
        if !unused.is_empty() {
            notes.push(format!("{} has {}: not used", kind.group, unused.join(", ")));
        }
        if kind.group == "PartType0" {
            notes.push("PartType0 is gas in GADGET: here its bodies feel gravity alone".to_owned());
        }
    }
    let number = |name: &str| reader.attribute::<f64>("Header", name).ok();
    let is_set = |(name, plain): &(&str, &[f64])| number(name).filter(|value| !plain.contains(value));
    let set: Vec<String> =
        COSMOLOGY.iter().filter_map(|entry| Some(format!("{} = {}", entry.0, is_set(entry)?))).collect();
    if !set.is_empty() {
        let meaning = "space is open here, and numbers are taken as they are, in the run's units";
        notes.push(format!("its header has {}: not used, {meaning}", set.join(", ")));
    }
    Ok(notes)
}

/// How many bodies of a kind the header says there are, in its entries that say so.
fn counts(reader: &Reader, kind: usize) -> Vec<u64> {
    let entry = |name: &str| reader.attributes::<u64>("Header", name).ok()?.get(kind).copied();
    let high = entry("NumPart_Total_HighWord").unwrap_or(0);
    let total = entry("NumPart_Total").map(|low| high.saturating_mul(1 << 32).saturating_add(low));
    [entry("NumPart_ThisFile"), total].into_iter().flatten().collect()
}

impl Kind {
    fn open(reader: &Reader, kind: usize) -> Result<Option<Self>> {
        let group = format!("PartType{kind}");
        let refuse = |reason: String| Err(Error::file(reader.path(), reason));
        let said = counts(reader, kind);
        if !reader.has(&format!("{group}/Coordinates")) {
            return match said.iter().find(|&&count| count > 0) {
                Some(count) => refuse(format!("its header has {count} bodies of {group}, which has no Coordinates")),
                None if reader.has(&group) && said.is_empty() => refuse(format!("{group} has no Coordinates")),
                None => Ok(None),
            };
        }
        let shape = reader.shape(&format!("{group}/Coordinates"))?;
        let &[count, 3] = &shape[..] else {
            return refuse(format!("{group}/Coordinates has shape {shape:?}, not (N, 3)"));
        };
        if let Some(other) = said.iter().find(|&&other| other != count) {
            return refuse(format!("its header has {other} bodies of {group}, but there are Coordinates of {count}"));
        }
        let table = reader.attributes::<f64>("Header", "MassTable").unwrap_or_default();
        let mass = table.get(kind).copied().unwrap_or(0.0);
        let kind = Kind { group, count, mass };
        kind.check(reader)?;
        Ok(Some(kind))
    }

    /// # Errors
    /// When bodies lack what they need, or a column has another number of rows than there are bodies.
    fn check(&self, reader: &Reader) -> Result<()> {
        let has = |column: &str| reader.has(&format!("{}/{column}", self.group));
        let refuse = |reason: String| Err(Error::file(reader.path(), format!("{} {reason}", self.group)));
        if self.mass == 0.0 && self.count > 0 && !has("Masses") {
            return refuse("has neither Masses nor an entry in the header's MassTable".to_owned());
        }
        if self.count > 0 && !has("Velocities") {
            let there = self.datasets(reader)?.join(", ");
            return refuse(format!("has no Velocities, only {there}: of bodies at rest they are zeros"));
        }
        for column in COLUMNS.iter().filter(|column| has(column)) {
            let shape = reader.shape(&format!("{}/{column}", self.group))?;
            let wanted =
                if ["Coordinates", "Velocities"].contains(column) { vec![self.count, 3] } else { vec![self.count] };
            if shape != wanted {
                return refuse(format!("has {column} of shape {shape:?}, not {wanted:?}"));
            }
        }
        Ok(())
    }

    /// The names of its datasets.
    fn datasets(&self, reader: &Reader) -> Result<Vec<String>> {
        let name = |entry: Entry| Some(entry.name.strip_prefix(&self.group)?.strip_prefix('/')?.to_owned());
        Ok(reader.datasets()?.into_iter().filter_map(name).collect())
    }

    fn read(&self, reader: &Reader, rows: Range<u64>, before: u64, columns: &mut Columns) -> Result<()> {
        let name = |column: &str| format!("{}/{column}", self.group);
        let slab = |components| Slab::rows(self.count, rows.start, rows.end - rows.start, components);
        let vectors = |column: &str| -> Result<Vec<[f64; 3]>> {
            Ok(reader.read_slab::<f64>(&name(column), &slab(3))?.as_chunks().0.to_vec())
        };
        let numbers = |column: &str, otherwise: f64| {
            if reader.has(&name(column)) {
                reader.read_slab::<f64>(&name(column), &slab(1))
            } else {
                Ok(vec![otherwise; (rows.end - rows.start) as usize])
            }
        };
        columns.positions.extend(vectors("Coordinates")?);
        columns.velocities.extend(vectors("Velocities")?);
        columns.masses.extend(numbers("Masses", self.mass)?);
        columns.radii.extend(numbers("Radius", 0.0)?);
        if reader.has(&name("ParticleIDs")) {
            columns.ids.extend(reader.read_slab::<u64>(&name("ParticleIDs"), &slab(1))?)
        } else {
            columns.ids.extend(before + rows.start..before + rows.end)
        }
        if reader.has(&name("Names")) {
            columns.names.extend_from_slice(&reader.texts(&name("Names"))?[rows.start as usize..rows.end as usize]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::FileWriter;

    fn file(path: &Path, fill: impl FnOnce(&FileWriter) -> Result<()>) {
        let file = FileWriter::create_alone(path, 0).unwrap();
        fill(&file).unwrap();
        file.finish().unwrap();
    }

    #[test]
    fn single_precision_and_a_mass_table_are_read_through_all_kinds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ic.hdf5");
        file(&path, |file| {
            file.group("Header")?;
            file.attributes("Header", "MassTable", &[0.0f64, 0.25, 0.0, 0.0, 0.0, 0.0])?;
            file.replicated("PartType1/Coordinates", &[2, 3], &[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0])?;
            file.replicated("PartType1/Velocities", &[2, 3], &[0.5f32; 6])?;
            file.replicated("PartType1/ParticleIDs", &[2], &[10u32, 11])?;
            file.replicated("PartType4/Coordinates", &[1, 3], &[7.0f64, 8.0, 9.0])?;
            file.replicated("PartType4/Velocities", &[1, 3], &[0.0f64; 3])?;
            file.replicated("PartType4/Masses", &[1], &[3.0f64])
        });
        let all = InitialConditions::open(&path, &[]).unwrap();
        assert_eq!(all.len(), 3);
        let [first, second] = all.read(1..3).unwrap().bodies[..] else { panic!("two bodies") };
        assert_eq!([first.position, second.position], [[4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]);
        assert_eq!([first.velocity, second.velocity], [[0.5; 3], [0.0; 3]]);
        assert_eq!(([first.mass, second.mass], [first.id, second.id]), ([0.25, 3.0], [11, 2]));
        assert_eq!(InitialConditions::open(&path, &[4]).unwrap().len(), 1);
        assert!(InitialConditions::open(&path, &[2]).is_err());
    }

    #[test]
    fn other_files_are_refused_with_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.hdf5");
        file(&path, |file| file.replicated("density", &[2], &[1.0f64, 2.0]));
        let message = InitialConditions::open(&path, &[]).err().unwrap().to_string();
        assert!(message.contains("HDF5 file of another kind"), "{message}");
        std::fs::write(&path, "name,x\n").unwrap();
        let message = InitialConditions::open(&path, &[]).err().unwrap().to_string();
        assert!(message.contains("not an HDF5 file"), "{message}");
        file(&path, |file| {
            file.group("Header")?;
            file.replicated("PartType1/Coordinates", &[1, 3], &[0.0f64; 3])
        });
        let message = InitialConditions::open(&path, &[]).err().unwrap().to_string();
        assert!(message.contains("MassTable"), "{message}");
    }

    /// A file of two bodies of kind 1, with these changes.
    fn two(path: &Path, change: impl FnOnce(&FileWriter) -> Result<()>) {
        file(path, |file| {
            file.group("Header")?;
            file.replicated("PartType1/Coordinates", &[2, 3], &[0.0f64, 0.0, 0.0, 1.0, 2.0, 3.0])?;
            file.replicated("PartType1/Masses", &[2], &[1.0f64, 2.0])?;
            change(file)
        });
    }

    fn velocities(file: &FileWriter) -> Result<()> {
        file.replicated("PartType1/Velocities", &[2, 3], &[0.5f64; 6])
    }

    /// What bodies need: velocities, under their name; places, of a kind that is there; as many rows as there are bodies in each
    /// column and in the header; a time.
    #[test]
    fn what_bodies_need_and_the_file_lacks_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ic.hdf5");
        let refusal = |change: &dyn Fn(&FileWriter) -> Result<()>| {
            two(&path, change);
            InitialConditions::open(&path, &[]).err().expect("refused").to_string()
        };
        let expect = |told: String, part: &str| assert!(told.contains(part), "{told}");
        let told = refusal(&|file| file.replicated("PartType1/Velocity", &[2, 3], &[0.5f64; 6]));
        expect(told, "PartType1 has no Velocities, only Coordinates, Masses, Velocity");
        let told = refusal(&|file| file.replicated("PartType1/Velocities", &[3, 2], &[0.5f64; 6]));
        expect(told, "has Velocities of shape [3, 2], not [2, 3]");
        let with =
            |change: &dyn Fn(&FileWriter) -> Result<()>| refusal(&|file| velocities(file).and_then(|()| change(file)));
        expect(with(&|file| file.texts("PartType1/Names", &["Sun".to_owned()])), "has Names of shape [1], not [2]");
        expect(with(&|file| file.replicated("PartType1/Radius", &[1], &[0.5f64])), "has Radius of shape [1], not [2]");
        expect(with(&|file| file.replicated("PartType1/ParticleIDs", &[3], &[1u64, 2, 3])), "ParticleIDs of shape [3]");
        expect(with(&|file| file.group("PartType2")), "PartType2 has no Coordinates");
        for name in ["NumPart_ThisFile", "NumPart_Total", "NumPart_Total_HighWord"] {
            let counts =
                if name == "NumPart_Total_HighWord" { [0, 1, 0, 0, 0, 0] } else { [0, 1_000_000_000, 0, 0, 0, 0u32] };
            let told = with(&|file| {
                if name == "NumPart_Total_HighWord" {
                    file.attributes("Header", "NumPart_Total", &[0, 2, 0, 0, 0, 0u32])?;
                }
                file.attributes("Header", name, &counts)
            });
            expect(told, "bodies of PartType1, but there are Coordinates of 2");
        }
        let told = with(&|file| file.attributes("Header", "NumPart_ThisFile", &[0, 2, 0, 7, 0, 0u32]));
        expect(told, "its header has 7 bodies of PartType3, which has no Coordinates");
        expect(with(&|file| file.attribute("Header", "Time", f64::NAN)), "Time is NaN");
    }

    #[test]
    fn what_the_file_has_and_bodies_do_not_use_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ic.hdf5");
        let notes = |change: &dyn Fn(&FileWriter) -> Result<()>| {
            two(&path, |file| velocities(file).and_then(|()| change(file)));
            InitialConditions::open(&path, &[]).unwrap().notes().to_vec()
        };
        let header = |file: &FileWriter, numbers: [f64; 5]| {
            let names = ["Redshift", "BoxSize", "Omega0", "OmegaLambda", "HubbleParam"];
            names.iter().zip(numbers).try_for_each(|(name, number)| file.attribute("Header", name, number))
        };
        assert!(notes(&|file| header(file, [0.0, 0.0, 0.0, 0.0, 1.0])).is_empty());
        let told = notes(&|file| header(file, [0.0, 100.0, 0.3, 0.0, 0.7]));
        assert!(told[0].contains("BoxSize = 100, Omega0 = 0.3, HubbleParam = 0.7: not used"), "{told:?}");
        let told = notes(&|file| file.replicated("PartType1/Potential", &[2], &[0.0f64; 2]));
        assert_eq!(told, ["PartType1 has Potential: not used"]);
        let told = notes(&|file| {
            file.replicated("PartType0/Coordinates", &[1, 3], &[5.0f64; 3])?;
            file.replicated("PartType0/Velocities", &[1, 3], &[5.0f64; 3])?;
            file.replicated("PartType0/Masses", &[1], &[5.0f64])?;
            file.replicated("PartType0/InternalEnergy", &[1], &[5.0f64])
        });
        assert_eq!(told[0], "PartType0 has InternalEnergy: not used");
        assert!(told[1].contains("gravity alone"), "{told:?}");
    }

    #[test]
    fn radii_are_read_where_the_file_has_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ic.hdf5");
        two(&path, |file| velocities(file).and_then(|()| file.replicated("PartType1/Radius", &[2], &[0.25f64, 0.0])));
        let read = InitialConditions::open(&path, &[]).unwrap().read(0..2).unwrap();
        assert_eq!([read.bodies[0].radius, read.bodies[1].radius], [0.25, 0.0]);
        two(&path, |file| velocities(file).and_then(|()| file.replicated("PartType1/Radius", &[2], &[0.25f64, -1.0])));
        assert!(InitialConditions::open(&path, &[]).unwrap().read(0..2).is_err());
    }
}
