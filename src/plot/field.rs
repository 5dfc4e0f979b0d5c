//! The fields of a grid that can be drawn: those of its snapshot, and what follows from them, speed and Mach number.
//!
//! The speed of sound is that of the gas in the run's config.toml. Cells that the field `solid` marks as obstacles have no numbers.

use std::path::Path;

use super::canvas::with_unit;
use super::units::Units;
use crate::Result;
use crate::io::{Reader, Slab};
use crate::run::RunFolder;

/// The group of a snapshot in which its fields are.
const FIELDS: &str = "VTKHDF/CellData";
/// The field that marks obstacles.
const SOLID: &str = "solid";
/// The components of the velocity.
const VELOCITY: [&str; 3] = ["velocity_x", "velocity_y", "velocity_z"];
/// What is drawn first, in this order; of the velocity its size alone, its components being directions.
const FIRST: [&str; 4] = ["density", "pressure", "speed", "mach"];
/// The most fields of which there are maps, and maps over time.
const MOST: usize = 8;
const MOST_OVER_TIME: usize = 4;

/// What makes the speed of sound.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Gas {
    Ideal { gamma: f64 },
    Isothermal { sound_speed: f64 },
}

impl Gas {
    /// The gas of the run in whose folder a snapshot is; none where there is none, or it is no flow.
    fn of_run(snapshot: &Path) -> Option<Self> {
        let config = RunFolder::at(snapshot.parent()?.parent()?).config();
        let parameters: toml::Table = std::fs::read_to_string(config).ok()?.parse().ok()?;
        let fluid = parameters.get("fluid")?;
        let number = |key: &str| fluid.get(key)?.as_float();
        match fluid.get("gas")?.as_str()? {
            "ideal" => Some(Gas::Ideal { gamma: number("gamma")? }),
            "isothermal" => Some(Gas::Isothermal { sound_speed: number("sound_speed")? }),
            _ => None,
        }
    }
}

/// The names of all fields in a snapshot, and of those that follow from them.
pub(super) fn fields(reader: &Reader) -> Result<Vec<String>> {
    let entries = reader.datasets()?.into_iter().filter(|entry| entry.shape.len() == 3);
    let name = |name: String| Some(name.strip_prefix(FIELDS)?.strip_prefix('/')?.to_owned());
    let mut names: Vec<String> = entries.filter_map(|entry| name(entry.name)).filter(|name| name != SOLID).collect();
    let has = |names: &[String], wanted: &str| names.iter().any(|name| name == wanted);
    if VELOCITY.iter().any(|name| has(&names, name)) && !has(&names, "speed") {
        names.push("speed".to_owned());
    }
    let knows_sound = match Gas::of_run(reader.path()) {
        Some(Gas::Ideal { .. }) => has(&names, "density") && has(&names, "pressure"),
        Some(Gas::Isothermal { .. }) => true,
        None => false,
    };
    if knows_sound && has(&names, "speed") && !has(&names, "mach") {
        names.push("mach".to_owned());
    }
    Ok(names)
}

/// Those of which there are maps: the gas's first, then what it carries along.
pub(super) fn mapped(fields: &[String]) -> Vec<String> {
    let mut names: Vec<String> = fields.iter().filter(|name| !VELOCITY.contains(&&name[..])).cloned().collect();
    names.sort_by_key(|name| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()));
    names.truncate(MOST);
    names
}

/// Those of which there are maps over time: the density, and what the flow carries along.
pub(super) fn mapped_over_time(fields: &[String]) -> Vec<String> {
    let mut names = mapped(fields);
    names.retain(|name| !FIRST[1..].contains(&&name[..]));
    names.truncate(MOST_OVER_TIME);
    names
}

/// A field's name with its unit, in these units, and by what its numbers are multiplied for them.
pub(super) fn label_in(reader: &Reader, field: &str, units: &Units) -> (f64, String) {
    let (factor, unit) = units.of_label(&unit(reader, field));
    (factor, with_unit(&plain(field), &raised(&unit)))
}

/// What is drawn of a field: its numbers, or their integral along an axis.
pub(super) fn drawn_in(reader: &Reader, field: &str, units: &Units, is_integral: bool) -> (f64, String) {
    if is_integral { integral_in(reader, field, units) } else { label_in(reader, field, units) }
}

/// The same of its integral along a length.
fn integral_in(reader: &Reader, field: &str, units: &Units) -> (f64, String) {
    let (factor, unit) = units.of_label(&unit(reader, field));
    let (length, name) = units.length();
    let unit = if unit.is_empty() { name.to_owned() } else { format!("{unit} {name}") };
    (factor * length, with_unit(&format!("integral of {}", plain(field)), &raised(&unit)))
}

/// Powers as they are printed.
fn raised(unit: &str) -> String {
    unit.replace("^2", "²").replace("^3", "³")
}

/// A field's unit as its snapshot has it.
fn unit(reader: &Reader, field: &str) -> String {
    let unit_of = |field: &str| reader.text(&format!("{FIELDS}/{field}"), "unit").unwrap_or_default();
    match field {
        "speed" => VELOCITY.map(unit_of).into_iter().find(|unit| !unit.is_empty()).unwrap_or_default(),
        _ => unit_of(field),
    }
}

/// A field's name in words.
pub(super) fn plain(field: &str) -> String {
    if field == "mach" { "Mach number".to_owned() } else { field.replace('_', " ") }
}

/// The numbers of a field in a part of the grid; obstacles are no numbers.
pub(super) fn values(reader: &Reader, field: &str, slab: &Slab) -> Result<Vec<f64>> {
    let stored = |name: &str| reader.read_slab::<f64>(&format!("{FIELDS}/{name}"), slab);
    let has = |name: &str| reader.has(&format!("{FIELDS}/{name}"));
    let mut numbers = match field {
        "speed" if !has(field) => speed(&stored, &has, slab)?,
        "mach" if !has(field) => mach(&speed(&stored, &has, slab)?, Gas::of_run(reader.path()), &stored)?,
        _ => stored(field)?,
    };
    if has(SOLID) {
        for (number, solid) in numbers.iter_mut().zip(stored(SOLID)?) {
            *number = if solid == 0.0 { *number } else { f64::NAN };
        }
    }
    Ok(numbers)
}

/// |v|, of the components that there are.
fn speed(stored: &dyn Fn(&str) -> Result<Vec<f64>>, has: &dyn Fn(&str) -> bool, slab: &Slab) -> Result<Vec<f64>> {
    let mut squares = vec![0.0; slab.len() as usize];
    for name in VELOCITY.into_iter().filter(|name| has(name)) {
        squares.iter_mut().zip(stored(name)?).for_each(|(square, v)| *square += v * v);
    }
    Ok(squares.into_iter().map(f64::sqrt).collect())
}

/// |v| / c, with c² = gamma p / rho of an ideal gas.
fn mach(speeds: &[f64], gas: Option<Gas>, stored: &dyn Fn(&str) -> Result<Vec<f64>>) -> Result<Vec<f64>> {
    Ok(match gas {
        Some(Gas::Ideal { gamma }) => {
            let gas = stored("density")?.into_iter().zip(stored("pressure")?);
            speeds
                .iter()
                .zip(gas)
                .map(|(speed, (density, pressure))| speed / (gamma * pressure / density).sqrt())
                .collect()
        }
        Some(Gas::Isothermal { sound_speed }) => speeds.iter().map(|speed| speed / sound_speed).collect(),
        None => vec![f64::NAN; speeds.len()],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::units;
    use crate::io::{CellField, GridGeometry, Part, Snapshot, Stamp};

    /// A run with a snapshot of four cells, the last one solid.
    fn run(folder: &Path, gas: &str) -> Reader {
        let path = folder.join("snapshots/snapshot_000000.vtkhdf");
        std::fs::create_dir_all(folder.join("snapshots")).unwrap();
        std::fs::write(folder.join("config.toml"), format!("[fluid]\n{gas}\n")).unwrap();
        let geometry = GridGeometry::new([4, 1, 1], [0.0; 3], [1.0; 3], [false; 3]);
        let slab = Slab::whole(&geometry.shape());
        let columns = [[2.0; 4], [1.0, 2.0, 4.0, 9.0], [3.0, 0.0, 6.0, 9.0], [4.0, 0.0, 8.0, 9.0]];
        let parts = columns.each_ref().map(|numbers| [Part::new(slab.clone(), numbers)]);
        let solid = [Part::new(slab.clone(), &[0u8, 0, 0, 1])];
        let names = ["density", "pressure", "velocity_x", "velocity_y"];
        let mut fields: Vec<_> =
            names.iter().zip(&parts).map(|(name, parts)| CellField::new(name, "kg/m^3", parts)).collect();
        fields.push(CellField::new(SOLID, "", &solid));
        let stamp = Stamp { time: 0.0, step: 0, units: units::Units::default() };
        let mut snapshot = Snapshot::create_alone(&path, stamp, 0).unwrap();
        snapshot.grid(&geometry, &fields).unwrap();
        snapshot.finish().unwrap();
        Reader::open(&path).unwrap()
    }

    #[test]
    fn speed_and_mach_number_follow_from_a_flow_and_obstacles_have_none() {
        let folder = tempfile::tempdir().unwrap();
        let slab = Slab::whole(&[1, 1, 4]);
        let three = |reader: &Reader, field: &str| {
            let numbers = values(reader, field, &slab).unwrap();
            assert!(numbers[3].is_nan(), "{field} of an obstacle");
            numbers[..3].to_vec()
        };
        let reader = run(folder.path(), "gas = \"ideal\"\ngamma = 2.0");
        assert_eq!(mapped(&fields(&reader).unwrap()), ["density", "pressure", "speed", "mach"]);
        assert_eq!(mapped_over_time(&fields(&reader).unwrap()), ["density"]);
        assert_eq!(three(&reader, "pressure"), [1.0, 2.0, 4.0]);
        assert_eq!(three(&reader, "speed"), [5.0, 0.0, 10.0]);
        assert_eq!(three(&reader, "mach"), [5.0, 0.0, 5.0]);
        let label = |field: &str| label_in(&reader, field, &Units::of(&reader, &[]).unwrap()).1;
        assert_eq!([label("speed"), label("mach")], ["speed (kg/m³)", "Mach number"]);
        drop(reader);
        let reader = run(folder.path(), "gas = \"isothermal\"\nsound_speed = 0.5");
        assert_eq!(three(&reader, "mach"), [10.0, 0.0, 20.0]);
        std::fs::remove_file(folder.path().join("config.toml")).unwrap();
        assert!(!fields(&reader).unwrap().contains(&"mach".to_owned()), "without the run's gas");
    }
}
