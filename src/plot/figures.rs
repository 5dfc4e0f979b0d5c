//! What can be drawn of a run or a file.

use std::path::{Path, PathBuf};

use super::corner::Corner;
use super::density::Density;
use super::energy::EnergyError;
use super::field::{fields, mapped, mapped_over_time, plain};
use super::maps::Maps;
use super::optics;
use super::orbits::Orbits;
use super::picture::{Named, Picture};
use super::plane::axes;
use super::profiles::profiles;
use super::sweep;
use super::totals::{HistoryUnits, totals};
use super::trace::trace;
use super::tracks;
use super::units::Units;
use super::view::View;
use crate::io::{GridGeometry, History, Reader};
use crate::orbit::posterior::{self, Posterior};
use crate::run::RunFolder;
use crate::{Error, Result};

/// The most times at which maps of a field are drawn side by side.
const TIMES: usize = 5;
/// The file of light on a detector in a run's folder, and what it is known by.
const OPTICS_FILE: &str = "optics.hdf5";
const OPTICS: &str = "Image/Intensity";

/// All that a run folder or a file has to show, or the pictures of its grid that are wanted.
pub(crate) fn figures_of(path: &Path, view: &View) -> Result<Vec<Named>> {
    let mut figures = Figures { all: Vec::new(), view };
    match path.extension().and_then(|extension| extension.to_str()) {
        _ if path.is_dir() => figures.add_run(path)?,
        Some("csv") => {
            view.check_nothing()?;
            figures.add_history(&History::read(path)?, &HistoryUnits::default());
        }
        _ => figures.add_file(&Reader::open(path)?)?,
    }
    Ok(figures.all)
}

struct Figures<'a> {
    all: Vec<Named>,
    view: &'a View,
}

impl Figures<'_> {
    fn add(&mut self, stem: &str, title: &str, picture: Option<Picture>) {
        let stem = stem.to_owned();
        let title = title.to_owned();
        self.all.extend(picture.map(|picture| Named { stem, title, picture }));
    }

    fn add_file(&mut self, reader: &Reader) -> Result<()> {
        if let Some(geometry) = GridGeometry::read(reader)? {
            return self.add_grid(std::slice::from_ref(reader), &geometry);
        }
        self.view.check_nothing()?;
        if reader.has(OPTICS) {
            self.all.extend(optics::figures_of(reader)?);
            Ok(())
        } else if reader.has("post") {
            self.add_posterior(&Posterior::read(reader.path())?);
            Ok(())
        } else if reader.has("PartType1/Coordinates") {
            self.add("density", "Density", Density::of(reader, &self.view.units)?.map(Picture::Density));
            Ok(())
        } else {
            let orbits = tracks::of_trajectory(reader, &self.view.units)?.and_then(Orbits::of);
            self.add("orbits", "Orbits", orbits.map(Picture::Orbits));
            Ok(())
        }
    }

    fn add_run(&mut self, run: &Path) -> Result<()> {
        let folder = RunFolder::at(run);
        let snapshots = folder.snapshot_files()?;
        let last = snapshots.last().map(|path| Reader::open(path)).transpose()?;
        let geometry = last.as_ref().map_or(Ok(None), GridGeometry::read)?;
        let mut units = last.as_ref().map(HistoryUnits::of).unwrap_or_default();
        if let Some(last) = &last {
            Units::of(last, &self.view.units)?;
        }
        if let Some(geometry) = &geometry {
            let readers = match self.view.time {
                Some(time) => vec![nearest(&snapshots, geometry, time)?],
                None => spread(&snapshots, geometry)?,
            };
            self.add_grid(&readers, geometry)?;
            if self.view.chooses() {
                return Ok(());
            }
        } else {
            self.view.check_nothing()?;
            if let Some(of_tracks) = self.add_tracks(run, &snapshots)? {
                units.time = of_tracks;
            }
        }
        let posterior = run.join(posterior::FILE);
        if posterior.is_file() {
            let posterior = Posterior::read(&posterior)?;
            #[cfg(feature = "solvers")]
            self.all.extend(super::fit::figures_of(run, &posterior));
            self.add_posterior(&posterior);
        }
        self.all.extend(sweep::figures_of(run)?);
        let light = run.join(OPTICS_FILE);
        if light.is_file() {
            self.all.extend(optics::figures_of(&Reader::open(&light)?)?);
        }
        let history = folder.history();
        if history.is_file() {
            self.add_history(&History::read(&history)?, &units);
        }
        let bodies = last.as_ref().filter(|_| geometry.is_none());
        let density = bodies.map_or(Ok(None), |reader| Density::of(reader, &self.view.units))?;
        self.add("density", "Density", density.map(Picture::Density));
        Ok(())
    }

    fn add_posterior(&mut self, posterior: &Posterior) {
        self.add("corner", "Posterior", Corner::of(posterior, &[]).map(Picture::Corner));
        self.add("trace", "Walkers", trace(posterior).map(Picture::Panels));
    }

    /// Orbits; the unit of time, where there are paths of bodies.
    fn add_tracks(&mut self, run: &Path, snapshots: &[PathBuf]) -> Result<Option<String>> {
        let trajectory = RunFolder::at(run).trajectory();
        let tracks = if trajectory.is_file() {
            tracks::of_trajectory(&Reader::open(&trajectory)?, &self.view.units)?
        } else {
            tracks::of_snapshots(snapshots, &self.view.units)?
        };
        let time_unit = tracks.as_ref().map(|tracks| tracks.time_unit.clone());
        self.add("orbits", "Orbits", tracks.and_then(Orbits::of).map(Picture::Orbits));
        Ok(time_unit)
    }

    fn add_history(&mut self, history: &History, units: &HistoryUnits) {
        self.add("energy_error", "Energy error", EnergyError::of(history, &units.time).map(Picture::Energy));
        self.add("totals", "Totals", totals(history, units).map(Picture::Panels));
    }

    /// Pictures of snapshots of one grid, in the order of time: maps, or profiles.
    fn add_grid(&mut self, readers: &[Reader], geometry: &GridGeometry) -> Result<()> {
        let (Some(first), Some(last)) = (readers.first(), readers.last()) else { return Ok(()) };
        self.view.check(axes(geometry).len())?;
        let known = fields(last)?;
        self.add("profiles", "Profiles", profiles(first, last, geometry, self.view)?.map(Picture::Panels));
        for field in self.view.wanted(&known, mapped(&known))? {
            let title = capital(&plain(&field));
            self.add(&field, &title, Maps::of(last, geometry, &field, self.view)?.map(Picture::Maps));
        }
        if readers.len() == 1 {
            return Ok(());
        }
        for field in self.view.wanted(&known, mapped_over_time(&known))? {
            let over_time = Maps::over_time(readers, geometry, &field, self.view)?;
            let title = format!("{} over time", capital(&plain(&field)));
            self.add(&format!("{field}_times"), &title, over_time.map(Picture::Maps));
        }
        Ok(())
    }
}

/// A name at the beginning of a line.
pub(super) fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// The snapshot of this grid whose time is nearest.
///
/// # Errors
/// A time before the first snapshot or after the last one.
pub(super) fn nearest(snapshots: &[PathBuf], geometry: &GridGeometry, time: f64) -> Result<Reader> {
    let mut readers = Vec::new();
    for path in snapshots {
        let reader = Reader::open(path)?;
        if GridGeometry::read(&reader)? == Some(*geometry) {
            readers.push((reader.attribute::<f64>("/", "Time")?, reader));
        }
    }
    let times = || readers.iter().map(|(time, _)| *time);
    let [first, last] = [times().fold(f64::INFINITY, f64::min), times().fold(f64::NEG_INFINITY, f64::max)];
    let distance = |(of, _): &(f64, Reader)| (of - time).abs();
    let found = readers.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
    found
        .filter(|_| (first..=last).contains(&time))
        .map(|(_, reader)| reader)
        .ok_or_else(|| Error::input("--time", format!("{time} is not among the times of snapshots, {first} to {last}")))
}

/// Snapshots of this grid evenly spread over those of a run, the first and the last among them.
fn spread(snapshots: &[PathBuf], geometry: &GridGeometry) -> Result<Vec<Reader>> {
    let last = snapshots.len() - 1;
    let times = snapshots.len().min(TIMES);
    let place = |time: usize| if times > 1 { (time * last + (times - 1) / 2) / (times - 1) } else { last };
    let readers = (0..times).map(|time| Reader::open(&snapshots[place(time)])).collect::<Result<Vec<_>>>()?;
    let is_alike = |reader: &Reader| Ok(GridGeometry::read(reader)? == Some(*geometry));
    readers
        .into_iter()
        .filter_map(|reader| is_alike(&reader).map(|alike| alike.then_some(reader)).transpose())
        .collect()
}
