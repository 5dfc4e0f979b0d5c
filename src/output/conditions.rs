//! Initial conditions in GADGET's HDF5 layout, as the makers of such files write it and as our own snapshots have it.
//!
//! Bodies are those of `/PartType0` to `/PartType5`, one kind after another, each in the file's order. Coordinates and
//! velocities may be single or double precision; masses may stand in the header's `MassTable`. The numbers are taken as
//! they are: units are the run's business, and cosmological files (comoving coordinates) are refused.

use std::ops::Range;
use std::path::Path;

use super::{Reader, Slab};
use crate::{Error, Result};

/// A file of initial conditions, opened. Every rank opens it by itself and reads the bodies that it wants.
pub struct InitialConditions {
    reader: Reader,
    kinds: Vec<Kind>,
}

/// The bodies of one `/PartType`.
struct Kind {
    group: String,
    count: u64,
    /// The mass of each, where they have no masses of their own.
    mass: f64,
}

/// Bodies as read, column by column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bodies {
    /// `ParticleIDs`; the place in the file where it has none.
    pub ids: Vec<u64>,
    /// `Masses`, in the file's unit.
    pub masses: Vec<f64>,
    /// `Coordinates`, in the file's unit.
    pub positions: Vec<[f64; 3]>,
    /// `Velocities`, in the file's unit; zero where the file has none.
    pub velocities: Vec<[f64; 3]>,
    /// `Names`; empty where the file has none.
    pub names: Vec<String>,
}

impl InitialConditions {
    /// Opens a file and takes the bodies of these kinds (0 to 5), or of all kinds for an empty list.
    ///
    /// # Errors
    /// When the file isn't of this layout, is one of several files, is cosmological, or has no such bodies.
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
        let wanted = (0..6).filter(|kind| kinds.is_empty() || kinds.contains(kind));
        let kinds: Vec<Kind> =
            wanted.filter_map(|kind| Kind::open(&reader, kind).transpose()).collect::<Result<_>>()?;
        if kinds.iter().all(|kind| kind.count == 0) {
            return Err(Error::file(path, "there are no bodies of the wanted kinds in it"));
        }
        Ok(InitialConditions { reader, kinds })
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
    /// When the file is damaged, or lacks what a body needs.
    pub fn read(&self, range: Range<u64>) -> Result<Bodies> {
        let mut bodies = Bodies::default();
        let mut before = 0;
        for kind in &self.kinds {
            let here = |index: u64| index.clamp(before, before + kind.count) - before;
            let (first, end) = (here(range.start), here(range.end));
            if first < end {
                kind.read(&self.reader, first..end, before, &mut bodies)?;
            }
            before += kind.count;
        }
        Ok(bodies)
    }
}

impl Kind {
    fn open(reader: &Reader, kind: usize) -> Result<Option<Self>> {
        let group = format!("PartType{kind}");
        if !reader.has(&format!("{group}/Coordinates")) {
            return Ok(None);
        }
        let shape = reader.shape(&format!("{group}/Coordinates"))?;
        let &[count, 3] = &shape[..] else {
            return Err(Error::file(reader.path(), format!("{group}/Coordinates has shape {shape:?}, not (N, 3)")));
        };
        let table = reader.attributes::<f64>("Header", "MassTable").unwrap_or_default();
        let mass = table.get(kind).copied().unwrap_or(0.0);
        if mass == 0.0 && count > 0 && !reader.has(&format!("{group}/Masses")) {
            return Err(Error::file(
                reader.path(),
                format!("{group} has neither Masses nor an entry in the header's MassTable"),
            ));
        }
        Ok(Some(Kind { group, count, mass }))
    }

    fn read(&self, reader: &Reader, rows: Range<u64>, before: u64, bodies: &mut Bodies) -> Result<()> {
        let name = |column: &str| format!("{}/{column}", self.group);
        let slab = |components| Slab::rows(self.count, rows.start, rows.end - rows.start, components);
        let vectors = |column: &str| -> Result<Vec<[f64; 3]>> {
            Ok(reader.read_slab::<f64>(&name(column), &slab(3))?.as_chunks().0.to_vec())
        };
        let count = (rows.end - rows.start) as usize;
        bodies.positions.extend(vectors("Coordinates")?);
        match reader.has(&name("Velocities")) {
            true => bodies.velocities.extend(vectors("Velocities")?),
            false => bodies.velocities.resize(bodies.positions.len(), [0.0; 3]),
        }
        match reader.has(&name("Masses")) {
            true => bodies.masses.extend(reader.read_slab::<f64>(&name("Masses"), &slab(1))?),
            false => bodies.masses.extend(std::iter::repeat_n(self.mass, count)),
        }
        match reader.has(&name("ParticleIDs")) {
            true => bodies.ids.extend(reader.read_slab::<u64>(&name("ParticleIDs"), &slab(1))?),
            false => bodies.ids.extend(before + rows.start..before + rows.end),
        }
        if reader.has(&name("Names")) {
            bodies.names.extend_from_slice(&reader.texts(&name("Names"))?[rows.start as usize..rows.end as usize]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::FileWriter;

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
            file.replicated("PartType4/Masses", &[1], &[3.0f64])
        });
        let all = InitialConditions::open(&path, &[]).unwrap();
        assert_eq!(all.len(), 3);
        let bodies = all.read(1..3).unwrap();
        assert_eq!(bodies.positions, [[4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]);
        assert_eq!(bodies.velocities, [[0.5; 3], [0.0; 3]]);
        assert_eq!((bodies.masses, bodies.ids), (vec![0.25, 3.0], vec![11, 2]));
        assert_eq!(InitialConditions::open(&path, &[4]).unwrap().len(), 1);
        assert!(InitialConditions::open(&path, &[2]).is_err());
    }

    #[test]
    fn other_files_are_refused_with_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.hdf5");
        file(&path, |file| file.replicated("density", &[2], &[1.0f64, 2.0]));
        let told = InitialConditions::open(&path, &[]).err().unwrap().to_string();
        assert!(told.contains("HDF5 file of another kind"), "{told}");
        std::fs::write(&path, "name,x\n").unwrap();
        let told = InitialConditions::open(&path, &[]).err().unwrap().to_string();
        assert!(told.contains("not an HDF5 file"), "{told}");
        file(&path, |file| {
            file.group("Header")?;
            file.replicated("PartType1/Coordinates", &[1, 3], &[0.0f64; 3])
        });
        let told = InitialConditions::open(&path, &[]).err().unwrap().to_string();
        assert!(told.contains("MassTable"), "{told}");
    }
}
