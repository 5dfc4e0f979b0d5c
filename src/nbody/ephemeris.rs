//! How far a run's bodies are from a reference table of positions.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::io::Reader;
use crate::io::history::lines;
use crate::run::RunFolder;
use crate::{Error, Result};

/// Centimetres in a kilometre.
const KM: f64 = 1e5;

/// Each body's distance from where the reference has it, the largest last.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Distances {
    /// The time of the state that was compared, in the run's unit.
    pub time: f64,
    /// The name of that unit.
    pub time_unit: String,
    /// Names and distances.
    #[serde(serialize_with = "by_name")]
    pub bodies: Vec<(String, f64)>,
    /// The unit of the distances: km, or empty where a run has no physical scale.
    pub unit: String,
    /// Bodies of the table that the run has not.
    pub missing: Vec<String>,
}

/// The bodies as an object of distances by name.
fn by_name<S: Serializer>(bodies: &[(String, f64)], serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(bodies.iter().map(|(name, distance)| (name, distance)))
}

impl fmt::Display for Distances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.bodies.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        writeln!(f, "distance from the reference at time {} {}", self.time, self.time_unit)?;
        for (name, distance) in &self.bodies {
            writeln!(f, "  {name:width$}  {:>12} {}", format!("{distance:.3}"), self.unit)?;
        }
        self.missing.iter().try_for_each(|name| writeln!(f, "  {name:width$}  not in the run"))
    }
}

/// Compares the last snapshot of a run, or a snapshot, with a table that has the columns name, x, y and z in the same
/// units and axes.
///
/// # Errors
/// When one cannot be read, the snapshot has no names, or the two have no body in common.
pub(crate) fn compare_ephemeris(run: &Path, table: &Path) -> Result<Distances> {
    let reader = Reader::open(&last_snapshot(run)?)?;
    if !reader.has("PartType1/Names") {
        return Err(Error::file(reader.path(), "its bodies have no names to compare by"));
    }
    let names = reader.texts("PartType1/Names")?;
    let positions: Vec<f64> = reader.read("PartType1/Coordinates")?;
    let time_unit = reader.text("Units", "Time").unwrap_or_default();
    let physical = !time_unit.is_empty();
    let scale = if physical { reader.attribute::<f64>("Units", "UnitLength_in_cm")? / KM } else { 1.0 };
    let mut bodies = Vec::new();
    let mut missing = Vec::new();
    for (name, reference) in read_table(table)? {
        match names.iter().position(|known| known.eq_ignore_ascii_case(&name)) {
            Some(body) => bodies.push((name, scale * distance(&positions[3 * body..3 * body + 3], &reference))),
            None => missing.push(name),
        }
    }
    if bodies.is_empty() {
        return Err(Error::file(table, format!("it has no body in common with {}", run.display())));
    }
    bodies.sort_by(|a, b| a.1.total_cmp(&b.1));
    let time = reader.attribute("Header", "Time")?;
    Ok(Distances { time, time_unit, bodies, unit: if physical { "km".to_owned() } else { String::new() }, missing })
}

fn distance(a: &[f64], b: &[f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

fn last_snapshot(run: &Path) -> Result<PathBuf> {
    if run.is_file() {
        return Ok(run.to_path_buf());
    }
    let snapshots = RunFolder::at(run).snapshot_files()?;
    snapshots.into_iter().next_back().ok_or_else(|| Error::file(run, "it holds no snapshot"))
}

/// Names and positions.
fn read_table(path: &Path) -> Result<Vec<(String, [f64; 3])>> {
    let lines = lines(path)?;
    let Some((heading, rows)) = lines.split_first() else { return Err(Error::file(path, "it is empty")) };
    let column = |name: &str| {
        let place = heading.iter().position(|known| known == name);
        place.ok_or_else(|| Error::file(path, format!("it has no column {name}")))
    };
    let name = column("name")?;
    let axes = [column("x")?, column("y")?, column("z")?];
    let number = |text: &str| text.parse::<f64>().map_err(|_| Error::file(path, format!("{text} is not a number")));
    let row = |row: &Vec<String>| -> Result<(String, [f64; 3])> {
        Ok((row[name].clone(), [number(&row[axes[0]])?, number(&row[axes[1]])?, number(&row[axes[2]])?]))
    };
    rows.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::units::{Preset, Units};
    use crate::io::{Column, Snapshot, Stamp};

    #[test]
    fn distances_are_in_kilometres_and_the_largest_is_last() {
        let folder = tempfile::tempdir().unwrap();
        let snapshot = folder.path().join("s.hdf5");
        let table = folder.path().join("t.csv");
        let stamp = Stamp { time: 365.25, step: 1, units: Units::preset(Preset::AuDayGm) };
        let mut out = Snapshot::create_alone(&snapshot, stamp, 0).unwrap();
        let positions = [[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]];
        let columns = [
            Column::vector("Coordinates", "au", &positions),
            Column::vector("Velocities", "au/day", &positions),
            Column::scalar("Masses", "", &[1.0, 0.0][..]),
            Column::scalar("ParticleIDs", "", &[1u64, 2][..]),
        ];
        out.columns(2, 0, &columns).unwrap();
        out.names(&["Sun".to_owned(), "Earth".to_owned()]).unwrap();
        out.finish().unwrap();
        std::fs::write(&table, "# made by hand\nname,gm,x,y,z\nEarth,0,0,2,1e-6\nSun,1,1,0,0\nVulcan,0,0,0,0\n")
            .unwrap();
        let found = compare_ephemeris(&snapshot, &table).unwrap();
        assert_eq!(found.bodies[0], ("Sun".to_owned(), 0.0));
        assert!((found.bodies[1].1 - 149.5978707).abs() < 1e-6, "{found}");
        assert_eq!((found.time, found.unit.as_str(), &found.missing[..]), (365.25, "km", &["Vulcan".to_owned()][..]));
        std::fs::write(&table, "name,x,y\nEarth,0,2\n").unwrap();
        assert!(compare_ephemeris(&snapshot, &table).unwrap_err().to_string().contains("no column z"));
    }
}
