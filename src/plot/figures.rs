//! What can be drawn of a run or a file.

use std::path::{Path, PathBuf};

use plotters::coord::Shift;
use plotters::prelude::*;

use super::canvas::{Drawn, Figure};
use super::corner::Corner;
use super::density::Density;
use super::energy::EnergyError;
use super::fit::{Fitted, Sky, fit_figures};
use super::maps::Maps;
use super::orbits::Orbits;
use super::panels::Panels;
use super::plane::mapped_fields;
use super::profiles::profiles;
use super::totals::totals;
use super::trace::trace;
use super::tracks;
use crate::Result;
use crate::console::say;
use crate::output::{GridGeometry, History, Posterior, Reader, snapshots_in};

/// The most times at which maps of a field stand side by side.
const TIMES: usize = 5;

/// A picture, what it shows, and how its files are called.
pub(super) struct Named {
    pub stem: String,
    pub title: String,
    pub picture: Picture,
}

/// Any of the pictures.
pub(super) enum Picture {
    Orbits(Orbits),
    Energy(EnergyError),
    Density(Density),
    Maps(Maps),
    Panels(Panels),
    Corner(Corner),
    Sky(Sky),
    Fitted(Fitted),
}

impl Figure for Picture {
    fn size(&self) -> (u32, u32) {
        match self {
            Picture::Orbits(figure) => figure.size(),
            Picture::Energy(figure) => figure.size(),
            Picture::Density(figure) => figure.size(),
            Picture::Maps(figure) => figure.size(),
            Picture::Panels(figure) => figure.size(),
            Picture::Corner(figure) => figure.size(),
            Picture::Sky(figure) => figure.size(),
            Picture::Fitted(figure) => figure.size(),
        }
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        match self {
            Picture::Orbits(figure) => figure.draw(area, scale),
            Picture::Energy(figure) => figure.draw(area, scale),
            Picture::Density(figure) => figure.draw(area, scale),
            Picture::Maps(figure) => figure.draw(area, scale),
            Picture::Panels(figure) => figure.draw(area, scale),
            Picture::Corner(figure) => figure.draw(area, scale),
            Picture::Sky(figure) => figure.draw(area, scale),
            Picture::Fitted(figure) => figure.draw(area, scale),
        }
    }
}

/// All that a run folder or a file has to show.
pub(super) fn figures_of(path: &Path) -> Result<Vec<Named>> {
    let mut figures = Figures(Vec::new());
    match path.extension().and_then(|extension| extension.to_str()) {
        _ if path.is_dir() => figures.add_run(path)?,
        Some("csv") => figures.add_history(&History::read(path)?, ""),
        _ => figures.add_file(&Reader::open(path)?)?,
    }
    Ok(figures.0)
}

struct Figures(Vec<Named>);

impl Figures {
    fn add(&mut self, stem: &str, title: &str, picture: Option<Picture>) {
        let (stem, title) = (stem.to_owned(), title.to_owned());
        self.0.extend(picture.map(|picture| Named { stem, title, picture }));
    }

    fn add_file(&mut self, reader: &Reader) -> Result<()> {
        if let Some(geometry) = GridGeometry::read(reader)? {
            self.add_grid(std::slice::from_ref(reader), &geometry)
        } else if reader.has("post") {
            self.add_posterior(&Posterior::read(reader.path())?);
            Ok(())
        } else if reader.has("PartType1/Coordinates") {
            self.add("density", "Density", Density::of(reader)?.map(Picture::Density));
            Ok(())
        } else {
            let orbits = tracks::of_trajectory(reader)?.and_then(Orbits::of);
            self.add("orbits", "Orbits", orbits.map(Picture::Orbits));
            Ok(())
        }
    }

    fn add_run(&mut self, run: &Path) -> Result<()> {
        let snapshots = if run.join("snapshots").is_dir() { snapshots_in(&run.join("snapshots"))? } else { Vec::new() };
        let last = snapshots.last().map(|path| Reader::open(path)).transpose()?;
        let geometry = last.as_ref().map_or(Ok(None), GridGeometry::read)?;
        let known = last.as_ref().and_then(|reader| reader.text("Units", "Time").ok());
        let mut time_unit = known.unwrap_or_default();
        if let Some(geometry) = &geometry {
            self.add_grid(&spread(&snapshots, geometry)?, geometry)?;
        } else if let Some(of_tracks) = self.add_tracks(run, &snapshots)? {
            time_unit = of_tracks;
        }
        let posterior = run.join("posterior.hdf5");
        if posterior.is_file() {
            let posterior = Posterior::read(&posterior)?;
            self.add_fit(run, &posterior);
            self.add_posterior(&posterior);
        }
        let history = run.join("history.csv");
        if history.is_file() {
            self.add_history(&History::read(&history)?, &time_unit);
        }
        let density = last.as_ref().filter(|_| geometry.is_none()).map_or(Ok(None), Density::of)?;
        self.add("density", "Density", density.map(Picture::Density));
        Ok(())
    }

    /// Orbits over the data; what hinders them hinders no other picture.
    fn add_fit(&mut self, run: &Path, posterior: &Posterior) {
        match fit_figures(run, posterior) {
            Ok(figures) => self.0.extend(figures),
            Err(error) => say(&format!("divisi: orbits over the data are left out: {error}")),
        }
    }

    fn add_posterior(&mut self, posterior: &Posterior) {
        self.add("corner", "Posterior", Corner::of(posterior, &[]).map(Picture::Corner));
        self.add("trace", "Walkers", trace(posterior).map(Picture::Panels));
    }

    /// Orbits; the unit of time, where there are paths of bodies.
    fn add_tracks(&mut self, run: &Path, snapshots: &[PathBuf]) -> Result<Option<String>> {
        let trajectory = run.join("trajectory.hdf5");
        let tracks = match trajectory.is_file() {
            true => tracks::of_trajectory(&Reader::open(&trajectory)?)?,
            false => tracks::of_snapshots(snapshots)?,
        };
        let time_unit = tracks.as_ref().map(|tracks| tracks.time_unit.clone());
        self.add("orbits", "Orbits", tracks.and_then(Orbits::of).map(Picture::Orbits));
        Ok(time_unit)
    }

    fn add_history(&mut self, history: &History, time_unit: &str) {
        self.add("energy_error", "Energy error", EnergyError::of(history, time_unit).map(Picture::Energy));
        self.add("totals", "Totals", totals(history, time_unit).map(Picture::Panels));
    }

    /// Pictures of snapshots of one grid, in the order of time: maps, or profiles.
    fn add_grid(&mut self, readers: &[Reader], geometry: &GridGeometry) -> Result<()> {
        let [first, .., last] = readers else {
            return readers.iter().try_for_each(|only| self.add_fields(only, only, geometry));
        };
        self.add_fields(first, last, geometry)?;
        for field in mapped_fields(last)? {
            let over_time = Maps::over_time(readers, geometry, &field)?;
            self.add(&format!("{field}_times"), &format!("{field} over time"), over_time.map(Picture::Maps));
        }
        Ok(())
    }

    fn add_fields(&mut self, first: &Reader, last: &Reader, geometry: &GridGeometry) -> Result<()> {
        self.add("profiles", "Profiles", profiles(first, last, geometry)?.map(Picture::Panels));
        for field in mapped_fields(last)? {
            self.add(&field, &field, Maps::of(last, geometry, &field)?.map(Picture::Maps));
        }
        Ok(())
    }
}

/// Snapshots of this grid evenly spread over those of a run, the first and the last among them.
fn spread(snapshots: &[PathBuf], geometry: &GridGeometry) -> Result<Vec<Reader>> {
    let (last, times) = (snapshots.len() - 1, snapshots.len().min(TIMES));
    let place = |time: usize| if times > 1 { (time * last + (times - 1) / 2) / (times - 1) } else { last };
    let readers = (0..times).map(|time| Reader::open(&snapshots[place(time)])).collect::<Result<Vec<_>>>()?;
    let is_alike = |reader: &Reader| Ok(GridGeometry::read(reader)? == Some(*geometry));
    readers
        .into_iter()
        .filter_map(|reader| is_alike(&reader).map(|alike| alike.then_some(reader)).transpose())
        .collect()
}
