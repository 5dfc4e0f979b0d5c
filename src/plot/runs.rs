//! Several runs in one figure, and the pictures that are drawn of one or of several alike: histories, phase diagrams, spectra.

use std::path::{Path, PathBuf};

use super::field::{fields, plain};
use super::figures::{capital, nearest};
use super::histories::histories;
use super::logarithmic::Logarithmic;
use super::maps::Maps;
use super::panels::Curve;
use super::phase::phase;
use super::picture::{Named, Picture};
use super::plane::axes;
use super::profiles::profiles_of_runs;
use super::spectrum::spectrum;
use super::units::Units;
use super::view::View;
use crate::io::{GridGeometry, History, Reader};
use crate::run::RunFolder;
use crate::{Error, Result};

/// Columns that are compared where nothing is asked for.
const COMPARED: [&str; 4] = ["energy_error", "mass_drift", "energy_drift", "kinetic_energy"];

/// A run's name, its snapshot that is shown, and its grid.
type Grid = (String, Reader, GridGeometry);

/// What is asked for by name: histories, phase diagrams, spectra; none where nothing is.
pub(super) fn asked(paths: &[PathBuf], view: &View) -> Result<Option<Vec<Named>>> {
    let runs = named(paths);
    let mut all = Vec::new();
    if !view.history.is_empty() {
        let picture = histories(&runs, view)?;
        all.extend(picture.map(|panels| named_picture("history", "History", Picture::Panels(panels))));
    }
    if view.phase.is_some() || !view.spectrum.is_empty() {
        let grids = grids(&runs, view)?;
        for (name, reader, geometry) in &grids {
            let stem = if grids.len() > 1 { format!("phase_{name}") } else { "phase".to_owned() };
            all.extend(
                phase(reader, geometry, view)?
                    .map(|phase| named_picture(&stem, "Phase diagram", Picture::Phase(phase))),
            );
        }
        for field in &view.spectrum {
            let title = format!("Power spectrum of {}", plain(field));
            let picture = spectra(&grids, field, &title, view)?;
            all.extend(
                picture.map(|curves| named_picture(&format!("spectrum_{field}"), &title, Picture::Logarithmic(curves))),
            );
        }
    }
    let is_asked = !view.history.is_empty() || view.phase.is_some() || !view.spectrum.is_empty();
    Ok(is_asked.then_some(all))
}

/// Several runs side by side, or over each other.
pub(super) fn compared(paths: &[PathBuf], view: &View) -> Result<Vec<Named>> {
    let runs = named(paths);
    let mut all = Vec::new();
    let are_grids = runs.iter().all(|(_, path)| last_snapshot(path, view).is_ok_and(|found| found.is_some()));
    if are_grids {
        let grids = grids(&runs, view)?;
        let dimensions: Vec<usize> = grids.iter().map(|(.., geometry)| axes(geometry).len()).collect();
        if dimensions.iter().any(|one| *one != dimensions[0]) {
            return Err(Error::input("plot", "these runs have grids of different numbers of axes"));
        }
        view.check(dimensions[0])?;
        all.extend(profiles_alone(&grids, view)?);
        let known = fields(&grids[0].1)?;
        for field in view.wanted(&known, super::field::mapped_over_time(&known))? {
            let maps = if dimensions[0] > 1 { Maps::of_runs(&grids, &field, view)? } else { None };
            all.extend(maps.map(|maps| named_picture(&field, &capital(&plain(&field)), Picture::Maps(maps))));
        }
    } else {
        view.check_nothing()?;
    }
    let columns = common_columns(&runs);
    if !columns.is_empty() && !view.chooses() {
        let picture = histories(&runs, &View { history: columns, ..view.clone() })?;
        all.extend(picture.map(|panels| named_picture("history", "History", Picture::Panels(panels))));
    }
    Ok(all)
}

fn profiles_alone(grids: &[Grid], view: &View) -> Result<Option<Named>> {
    if axes(&grids[0].2).len() > 1 {
        return Ok(None);
    }
    Ok(profiles_of_runs(grids, view)?.map(|panels| named_picture("profiles", "Profiles", Picture::Panels(panels))))
}

fn spectra(grids: &[Grid], field: &str, title: &str, view: &View) -> Result<Option<Logarithmic>> {
    let mut curves = Vec::new();
    let mut unit = String::new();
    for (ink, (name, reader, geometry)) in grids.iter().enumerate() {
        let units = Units::of(reader, &view.units)?;
        let (length, label) = units.length();
        label.clone_into(&mut unit);
        let points = spectrum(reader, geometry, field)?.into_iter().map(|(k, power)| (k / length, power)).collect();
        let name = if grids.len() > 1 { name.clone() } else { String::new() };
        curves.push(Curve { name, ink, pale: false, points });
    }
    let k = if unit.is_empty() { "wave number".to_owned() } else { format!("wave number (1/{unit})") };
    Ok(Logarithmic::of(title.to_owned(), [k, "variance in a shell".to_owned()], curves))
}

fn named_picture(stem: &str, title: &str, picture: Picture) -> Named {
    Named { stem: stem.to_owned(), title: title.to_owned(), picture }
}

/// The runs by the names of their folders, or by their paths, where these are the same.
fn named(paths: &[PathBuf]) -> Vec<(String, PathBuf)> {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let short = |path: &PathBuf| whole(path).file_name().map(|name| name.to_string_lossy().into_owned());
    let names: Vec<Option<String>> = paths.iter().map(short).collect();
    let is_alone = |name: &Option<String>| names.iter().filter(|other| *other == name).count() == 1;
    let name = |(path, name): (&PathBuf, &Option<String>)| match name {
        Some(short) if is_alone(name) => short.clone(),
        _ => path.display().to_string(),
    };
    paths.iter().zip(&names).map(|pair| (name(pair), pair.0.clone())).collect()
}

/// The snapshot that is shown, if it is one of a grid.
fn last_snapshot(path: &Path, view: &View) -> Result<Option<(Reader, GridGeometry)>> {
    let reader = if path.is_dir() {
        let snapshots = RunFolder::at(path).snapshot_files()?;
        let Some(last) = snapshots.last() else { return Ok(None) };
        let last = Reader::open(last)?;
        match (GridGeometry::read(&last)?, view.time) {
            (Some(geometry), Some(time)) => nearest(&snapshots, &geometry, time)?,
            _ => last,
        }
    } else {
        Reader::open(path)?
    };
    Ok(GridGeometry::read(&reader)?.map(|geometry| (reader, geometry)))
}

fn grids(runs: &[(String, PathBuf)], view: &View) -> Result<Vec<Grid>> {
    let grid = |(name, path): &(String, PathBuf)| {
        let found = last_snapshot(path, view)?;
        let (reader, geometry) = found.ok_or_else(|| Error::file(path, "has no snapshot of a grid"))?;
        Ok((name.clone(), reader, geometry))
    };
    runs.iter().map(grid).collect()
}

/// Columns that all histories have, of those that are compared.
fn common_columns(runs: &[(String, PathBuf)]) -> Vec<String> {
    let history = |path: &PathBuf| History::whole_rows(&RunFolder::at(path).history()).unwrap_or_default();
    let histories: Vec<History> = runs.iter().map(|(_, path)| history(path)).collect();
    let is_common = |name: &&&str| histories.iter().all(|history| history.column(name).is_some());
    COMPARED.iter().filter(is_common).map(|name| (*name).to_owned()).collect()
}
