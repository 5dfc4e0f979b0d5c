//! Bodies that turn in three dimensions: their places at some times, as the page's script draws them by WebGL.
//!
//! Few bodies are those of the trajectory, or of the snapshots, with the way that they came; many are those of the snapshots, or, of very
//! many, one out of so many. Places are relative to the middle of the box in which the bodies are, but for a few far ones, in halves of
//! its longest side; they go into the page as numbers of four bytes.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::budget::Budget;
use crate::Result;
use crate::io::Reader;
use crate::plot::spread;
use crate::run::RunFolder;

/// The most bodies whose ways are drawn, and the most places of each.
const FEW: usize = 30;
const PLACES: usize = 500;
/// The most bodies that are shown, and the most times.
const BODIES: usize = 5000;
const TIMES: usize = 25;
/// The share of the page that bodies may take.
const SHARE: f64 = 0.35;
/// The most bytes of snapshots that are read.
const READ: u64 = 512 << 20;
/// The part of the bodies that the box holds.
const SHOWN: f64 = 0.98;
/// A body so many times as heavy as all others is at rest in the middle.
const HEAVY: f64 = 10.0;

/// Bodies at some times.
#[derive(Debug, Default, Serialize)]
pub(super) struct Scene {
    names: Vec<String>,
    /// How large each is drawn, from 1 on.
    sizes: Vec<f32>,
    times: Vec<String>,
    /// Whether their ways are drawn.
    has_trails: bool,
    /// Half of the longest side, in the run's unit.
    half: String,
    /// Time by time, body by body, x, y, z, in base64.
    places: String,
    /// How many there are of which these are some.
    of: usize,
}

/// Places of bodies as files have them.
struct Bodies {
    names: Vec<String>,
    masses: Vec<f64>,
    times: Vec<f64>,
    places: Vec<[f64; 3]>,
    units: [String; 2],
    of: usize,
}

/// The bodies of a run; none where it has none.
pub(super) fn of(folder: &RunFolder, budget: &mut Budget) -> Result<Option<Scene>> {
    let bodies = match of_trajectory(folder)? {
        Some(bodies) => Some(bodies),
        None => of_snapshots(folder, budget.share(SHARE))?,
    };
    let Some(mut bodies) = bodies.filter(|bodies| !bodies.places.is_empty()) else { return Ok(None) };
    let count = bodies.places.len() / bodies.times.len().max(1);
    if count <= FEW {
        centre(&mut bodies, count);
    }
    let (middle, half) = frame(&bodies.places);
    let bytes: Vec<u8> = bodies
        .places
        .iter()
        .flat_map(|place| [0, 1, 2].map(|axis| ((place[axis] - middle[axis]) / half) as f32))
        .flat_map(f32::to_le_bytes)
        .collect();
    let places = STANDARD.encode(bytes);
    let [length, time] = &bodies.units;
    let largest = bodies.masses.iter().copied().fold(0.0, f64::max);
    let size = |mass: &f64| if largest > 0.0 { 1.0 + 2.0 * (mass / largest).cbrt() as f32 } else { 1.0 };
    let scene = Scene {
        sizes: bodies.masses.iter().map(size).collect(),
        times: bodies.times.iter().map(|at| format!("time {}", quantity(*at, time))).collect(),
        has_trails: count <= FEW && bodies.times.len() > 2,
        half: quantity(half, length),
        names: bodies.names,
        places,
        of: bodies.of,
    };
    Ok(budget.takes(scene.places.len()).then_some(scene))
}

fn quantity(value: f64, unit: &str) -> String {
    let number = if value != 0.0 && !(1e-3..1e5).contains(&value.abs()) {
        format!("{value:.3e}")
    } else {
        format!("{value:.4}")
    };
    let number = if number.contains('.') && !number.contains('e') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        &number
    };
    format!("{number} {unit}").trim_end().to_owned()
}

fn of_trajectory(folder: &RunFolder) -> Result<Option<Bodies>> {
    if !folder.trajectory().is_file() {
        return Ok(None);
    }
    let reader = Reader::open(&folder.trajectory())?;
    if !reader.has("Coordinates") {
        return Ok(None);
    }
    let shape = reader.shape("Coordinates")?;
    let &[frames, count, 3] = &shape[..] else { return Ok(None) };
    let count = count as usize;
    if count == 0 || count > FEW || frames < 2 {
        return Ok(None);
    }
    let all: Vec<f64> = reader.read("Coordinates")?;
    let times: Vec<f64> = reader.read("Time")?;
    let kept = spread((0..times.len().min(all.len() / (3 * count))).collect(), PLACES);
    let places =
        kept.iter().flat_map(|frame| all[3 * count * frame..3 * count * (frame + 1)].as_chunks::<3>().0).copied();
    let mut masses: Vec<f64> = if reader.has("Masses") { reader.read("Masses")? } else { Vec::new() };
    masses.resize(count, 0.0);
    Ok(Some(Bodies {
        names: if reader.has("Names") { reader.texts("Names")? } else { Vec::new() },
        masses,
        times: kept.iter().map(|frame| times[*frame]).collect(),
        places: places.collect(),
        units: ["Length", "Time"].map(|of| reader.text("Units", of).unwrap_or_default()),
        of: count,
    }))
}

/// Of snapshots whose bodies are as many: by their ids, where they have them.
fn of_snapshots(folder: &RunFolder, most: usize) -> Result<Option<Bodies>> {
    let snapshots = folder.snapshot_files()?;
    let Some(last) = snapshots.last() else { return Ok(None) };
    let reader = Reader::open(last)?;
    if !reader.has("PartType1/Coordinates") {
        return Ok(None);
    }
    let bytes = last.metadata().map_or(1, |about| about.len().max(1));
    let all = reader.shape("PartType1/Coordinates")?[0] as usize;
    let every = all.div_ceil(BODIES).max(1);
    let count = all.div_ceil(every);
    // Three numbers of four bytes, four letters for three bytes.
    let fit = most / (16 * count).max(1);
    let times = TIMES.min(fit).min((READ / bytes) as usize);
    if all == 0 || times == 0 {
        return Ok(None);
    }
    let chosen: Vec<PathBuf> = spread(snapshots, times);
    let mut bodies = Bodies {
        names: if count <= FEW && reader.has("PartType1/Names") {
            reader.texts("PartType1/Names")?
        } else {
            Vec::new()
        },
        masses: reader.read::<f64>("PartType1/Masses")?.into_iter().step_by(every).collect(),
        times: Vec::new(),
        places: Vec::new(),
        units: ["Length", "Time"].map(|of| reader.text("Units", of).unwrap_or_default()),
        of: all,
    };
    for path in &chosen {
        let reader = Reader::open(path)?;
        if reader.shape("PartType1/Coordinates")?[0] as usize == all {
            let places: Vec<f64> = reader.read("PartType1/Coordinates")?;
            bodies.places.extend(places.as_chunks::<3>().0.iter().step_by(every).copied());
            bodies.times.push(reader.attribute("Header", "Time")?);
        }
    }
    Ok(Some(bodies))
}

/// Puts a body that is much heavier than the others into the middle.
fn centre(bodies: &mut Bodies, count: usize) {
    let Some(heaviest) = (0..count).max_by(|&a, &b| bodies.masses[a].total_cmp(&bodies.masses[b])) else { return };
    let others = (0..count).filter(|body| *body != heaviest).map(|body| bodies.masses[body]).fold(0.0, f64::max);
    if HEAVY * others >= bodies.masses[heaviest] {
        return;
    }
    for frame in bodies.places.chunks_exact_mut(count) {
        let middle = frame[heaviest];
        frame.iter_mut().for_each(|place| (0..3).for_each(|axis| place[axis] -= middle[axis]));
    }
}

/// The middle of the box that holds most places, and half of its longest side.
fn frame(places: &[[f64; 3]]) -> ([f64; 3], f64) {
    let ends: [[f64; 2]; 3] = std::array::from_fn(|axis| {
        let mut along: Vec<f64> = places.iter().map(|place| place[axis]).filter(|x| x.is_finite()).collect();
        along.sort_by(f64::total_cmp);
        let last = along.len().saturating_sub(1);
        let at = |part: f64| along.get((part * last as f64).round() as usize).copied().unwrap_or(0.0);
        let [all, most] = [[at(0.0), at(1.0)], [at((1.0 - SHOWN) / 2.0), at((1.0 + SHOWN) / 2.0)]];
        if all[1] - all[0] > 3.0 * (most[1] - most[0]) && most[1] > most[0] { most } else { all }
    });
    let half = ends.iter().map(|[low, high]| 0.5 * high - 0.5 * low).fold(0.0, f64::max);
    (ends.map(|[low, high]| 0.5 * low + 0.5 * high), if half > 0.0 { half } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_far_bodies_do_not_make_the_rest_a_dot() {
        let mut places: Vec<[f64; 3]> = (0..1000).map(|i| [f64::from(i) / 999.0, 0.0, 2.0]).collect();
        assert_eq!(frame(&places), ([0.5, 0.0, 2.0], 0.5));
        places.push([1e9, 0.0, 2.0]);
        let (middle, half) = frame(&places);
        assert!((middle[0] - 0.5).abs() < 0.02 && half < 0.51, "{middle:?} {half}");
        assert_eq!(frame(&[]), ([0.0; 3], 1.0));
    }

    #[test]
    fn times_and_lengths_are_told_shortly() {
        assert_eq!(
            [
                quantity(1.5, "au"),
                quantity(0.0, ""),
                quantity(2e9, "yr"),
                quantity(36525.0, "day"),
                quantity(-1e-9, "")
            ],
            ["1.5 au", "0", "2.000e9 yr", "36525 day", "-1.000e-9"]
        );
    }
}
