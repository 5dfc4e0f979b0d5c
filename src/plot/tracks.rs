//! The paths of few bodies, read from a trajectory or from snapshots.

use std::path::PathBuf;

use super::units::Units;
use crate::Result;
use crate::io::Reader;

/// The most bodies that are drawn as orbits; more are drawn as a density.
pub(super) const FEW: usize = 30;

/// The paths of bodies in the x-y plane.
#[derive(Clone)]
pub(super) struct Tracks {
    pub length_unit: String,
    pub time_unit: String,
    /// When the bodies were at the places of their paths.
    pub times: Vec<f64>,
    /// Names, as far as there are any.
    pub names: Vec<String>,
    /// Masses, as far as they are known.
    pub masses: Vec<f64>,
    /// One path per body; gone bodies end early.
    pub paths: Vec<Vec<[f64; 2]>>,
}

/// The paths in a trajectory, if it has places and its bodies are few.
pub(super) fn of_trajectory(reader: &Reader, units: &[String]) -> Result<Option<Tracks>> {
    if !reader.has("Coordinates") {
        return Ok(None);
    }
    let shape = reader.shape("Coordinates")?;
    let &[frames, bodies, 3] = &shape[..] else { return Ok(None) };
    if bodies as usize > FEW || bodies == 0 || frames == 0 {
        return Ok(None);
    }
    let times: Vec<f64> = reader.read("Time")?;
    let mut masses: Vec<f64> = if reader.has("Masses") { reader.read("Masses")? } else { Vec::new() };
    masses.truncate(bodies as usize);
    let units = Units::of(reader, units)?;
    let tracks = Tracks {
        length_unit: units.length().1.to_owned(),
        time_unit: units.time().1.to_owned(),
        times: times.into_iter().map(|time| units.time().0 * time).collect(),
        names: if reader.has("Names") { reader.texts("Names")? } else { Vec::new() },
        masses,
        paths: paths(&reader.read("Coordinates")?, bodies as usize, units.length().0),
    };
    Ok(Some(tracks))
}

/// The paths through a run's snapshots, if its bodies are few and always as many, in the order of their ids.
pub(super) fn of_snapshots(snapshots: &[PathBuf], units: &[String]) -> Result<Option<Tracks>> {
    let Some(first) = snapshots.first() else { return Ok(None) };
    let first = Reader::open(first)?;
    if !first.has("PartType1/Coordinates") {
        return Ok(None);
    }
    let bodies = first.shape("PartType1/Coordinates")?[0] as usize;
    if bodies > FEW || bodies == 0 || snapshots.len() < 2 {
        return Ok(None);
    }
    let mut coordinates = Vec::new();
    let mut times = Vec::new();
    for path in snapshots {
        let reader = Reader::open(path)?;
        if reader.shape("PartType1/Coordinates")?[0] as usize != bodies {
            return Ok(None);
        }
        coordinates.extend(reader.read::<f64>("PartType1/Coordinates")?);
        times.push(reader.attribute::<f64>("Header", "Time")?);
    }
    let units = Units::of(&first, units)?;
    let tracks = Tracks {
        length_unit: units.length().1.to_owned(),
        time_unit: units.time().1.to_owned(),
        times: times.into_iter().map(|time| units.time().0 * time).collect(),
        names: if first.has("PartType1/Names") { first.texts("PartType1/Names")? } else { Vec::new() },
        masses: first.read("PartType1/Masses")?,
        paths: paths(&coordinates, bodies, units.length().0),
    };
    Ok(Some(tracks))
}

/// One path per body out of frames of (x, y, z), in other units of length.
fn paths(coordinates: &[f64], bodies: usize, factor: f64) -> Vec<Vec<[f64; 2]>> {
    let frames = coordinates.chunks_exact(3 * bodies);
    let point = |frame: &[f64], body: usize| [factor * frame[3 * body], factor * frame[3 * body + 1]];
    let path =
        |body| frames.clone().map(move |frame| point(frame, body)).filter(|p| p[0].is_finite() && p[1].is_finite());
    (0..bodies).map(|body| path(body).collect()).collect()
}

impl Tracks {
    /// The body that the others orbit: ten times heavier than any other, or the one called Sun.
    pub(super) fn centre(&self) -> Option<usize> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case("sun"));
        named.or_else(|| {
            let heaviest = (0..self.masses.len()).max_by(|&a, &b| self.masses[a].total_cmp(&self.masses[b]))?;
            let others = self.masses.iter().enumerate().filter(|(body, _)| *body != heaviest);
            (others.map(|(_, mass)| *mass).fold(0.0, f64::max) * 10.0 < self.masses[heaviest]).then_some(heaviest)
        })
    }

    /// Shifts all paths so that body `centre` rests at the origin.
    pub(super) fn centre_on(&mut self, centre: usize) {
        let origin = self.paths[centre].clone();
        for path in &mut self.paths {
            for (point, origin) in path.iter_mut().zip(&origin) {
                *point = [point[0] - origin[0], point[1] - origin[1]];
            }
        }
    }
}

/// How far a path gets from the origin.
pub(super) fn reach(path: &[[f64; 2]]) -> f64 {
    path.iter().map(|point| point[0].hypot(point[1])).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart_by_body_and_end_where_a_body_is_gone() {
        let nan = f64::NAN;
        let frames = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, nan, nan, nan];
        assert_eq!(paths(&frames, 2, 1.0), [vec![[1.0, 2.0], [7.0, 8.0]], vec![[4.0, 5.0]]]);
    }
}
