//! What is told of each beamlet's ray, as columns of numbers: where it comes in, where it ends, its path, its polarization.

use std::ops::Range;

use super::Optics;
use crate::Result;
use crate::optics::vector::{dot, minus};
use crate::optics::{Polarization, double_pole, mueller, properties};

/// A quantity of all rays.
pub(super) struct Column {
    /// Its name in the file.
    pub name: String,
    /// Its unit; empty where it has none.
    pub unit: &'static str,
    /// The axes behind that of the rays.
    pub shape: Vec<u64>,
    /// This rank's numbers, ray by ray.
    pub numbers: Vec<f64>,
}

/// Columns, in the order in which they were first told of.
#[derive(Default)]
pub(super) struct Columns(pub Vec<Column>);

impl Columns {
    fn add(&mut self, name: &str, unit: &'static str, shape: &[u64], numbers: impl IntoIterator<Item = f64>) {
        let place = self.0.iter().position(|column| column.name == name).unwrap_or_else(|| {
            self.0.push(Column { name: name.to_owned(), unit, shape: shape.to_vec(), numbers: Vec::new() });
            self.0.len() - 1
        });
        self.0[place].numbers.extend(numbers);
    }

    /// The numbers of a column.
    pub(super) fn numbers(&self, name: &str) -> Option<&[f64]> {
        self.0.iter().find(|column| column.name == name).map(|column| &column.numbers[..])
    }
}

/// The columns of so many of the beamlets. A rank that has none of them gets the columns of the first, empty.
///
/// # Errors
/// Rays that don't reach the detector.
pub(super) fn columns(optics: &Optics, mine: Range<usize>) -> Result<Columns> {
    let mut columns = Columns::default();
    let is_none = mine.is_empty();
    for place in if is_none { 0..1 } else { mine } {
        add_ray(optics, place, &mut columns)?;
    }
    if is_none {
        columns.0.iter_mut().for_each(|column| column.numbers.clear());
    }
    Ok(columns)
}

fn add_ray(optics: &Optics, place: usize, columns: &mut Columns) -> Result<()> {
    let (cell, weight) = optics.beamlets[place];
    let bench = &optics.bench;
    let reference = &optics.reference;
    let beamlet = optics.beamlet(cell)?;
    let (_, meets) = bench.detector.meet(&beamlet)?;
    let ray = &beamlet.ray;
    // To the wavefront through the chief ray's place.
    let path = ray.path + ray.index * dot(minus(reference.place, ray.place), ray.direction) - reference.path;
    columns.add("Rays/Cell", "", &[], [cell as f64]);
    columns.add("Rays/Open", "", &[], [optics.open[cell]]);
    columns.add("Rays/Weight", "", &[], [weight]);
    columns.add("Rays/Pupil", "m", &[2], bench.beam.place(cell));
    columns.add("Rays/Detector", "m", &[2], meets);
    columns.add("Rays/Direction", "", &[3], ray.direction);
    columns.add("Rays/PathDifference", "m", &[], [path]);
    bench.system.trace(bench.beam.ray(bench.beam.place(cell)), |surface, hit| {
        columns.add(&format!("Footprints/{}", surface.name), "m", &[2], hit.across);
    })?;
    if bench.is_polarized() {
        add_polarization(optics, &beamlet.polarization, ray.direction, columns);
    }
    Ok(())
}

fn add_polarization(optics: &Optics, polarization: &Polarization, direction: [f64; 3], columns: &mut Columns) {
    let before = optics.bench.beam.axes();
    let proper = polarization.proper_jones(before);
    let behind = double_pole(optics.exit_axes, optics.reference.direction, direction);
    let jones = polarization.jones(before, behind);
    let pair = |z: &num_complex::Complex64| [z.re, z.im];
    let seen = properties(&proper);
    columns.add("Polarization/Matrix", "", &[3, 3, 2], polarization.matrix.as_flattened().iter().flat_map(pair));
    columns.add("Polarization/Jones", "", &[2, 2, 2], jones.as_flattened().iter().flat_map(pair));
    columns.add("Polarization/Mueller", "", &[4, 4], mueller(&jones).as_flattened().iter().copied());
    columns.add("Polarization/Diattenuation", "", &[], [seen.diattenuation]);
    columns.add("Polarization/DiattenuationAxis", "rad", &[], [seen.diattenuation_axis]);
    columns.add("Polarization/Retardance", "rad", &[], [seen.retardance]);
    columns.add("Polarization/RetardanceAxis", "rad", &[], [seen.retardance_axis]);
    columns.add("Polarization/Transmission", "", &[], [seen.transmission]);
}
