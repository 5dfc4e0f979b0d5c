//! The same picture at each of a run's snapshots, on one scale: what a film shows, and a slider.
//!
//! The scale is that of all snapshots that are shown. [`Film::look`] takes what one of them needs, so that ranks can share this work
//! and join what they saw ([`Extent`]) before they draw. Of a grid one field is shown, as maps or, with one axis, as profiles of several;
//! of many bodies where they are; of few their orbits so far.

use std::path::{Path, PathBuf};

use super::density::Density;
use super::extent::Extent;
use super::field::{fields, mapped};
use super::maps::{self, Maps, time_in};
use super::orbits::Orbits;
use super::picture::Picture;
use super::plane::axes;
use super::profiles::{self, profiles_within};
use super::tracks;
use super::units::Units;
use super::view::View;
use crate::io::{GridGeometry, Reader};
use crate::run::RunFolder;
use crate::{Error, Result};

/// A picture for each snapshot of a run.
pub(crate) struct Film {
    /// What it shows, as a name for files.
    pub stem: String,
    snapshots: Vec<PathBuf>,
    shows: Shows,
    view: View,
}

enum Shows {
    Maps { geometry: GridGeometry, field: String },
    Profiles { geometry: GridGeometry },
    Bodies,
    Orbits { whole: Box<Orbits>, frames: Vec<usize> },
}

impl Film {
    /// Of a run, with so many frames at most, evenly spread; none where it has fewer than two snapshots that can be shown.
    ///
    /// # Errors
    /// Files that can't be read; what the view asks for and can't be drawn.
    pub(crate) fn of(run: &Path, view: &View, most: usize) -> Result<Option<Self>> {
        let folder = RunFolder::at(run);
        let snapshots = folder.snapshot_files()?;
        if let Some(film) = Film::of_orbits(&folder, &snapshots, view, most)? {
            return Ok(Some(film));
        }
        let snapshots = spread(snapshots, most);
        let Some(last) = snapshots.last().filter(|_| snapshots.len() > 1) else { return Ok(None) };
        let reader = Reader::open(last)?;
        let Some(geometry) = GridGeometry::read(&reader)? else {
            view.check_nothing()?;
            let film = Film { stem: "density".to_owned(), snapshots, shows: Shows::Bodies, view: view.clone() };
            return Ok(reader.has("PartType1/Coordinates").then_some(film));
        };
        let axes = axes(&geometry).len();
        view.check(axes)?;
        let known = fields(&reader)?;
        let wanted = view.wanted(&known, mapped(&known))?;
        if axes < 2 {
            let shows = Shows::Profiles { geometry };
            return Ok(Some(Film { stem: "profiles".to_owned(), snapshots, shows, view: view.clone() }));
        }
        let Some(field) = wanted.into_iter().next() else { return Ok(None) };
        let stem = field.clone();
        Ok(Some(Film { stem, snapshots, shows: Shows::Maps { geometry, field }, view: view.clone() }))
    }

    /// Of few bodies: a frame for each of some of their places.
    fn of_orbits(folder: &RunFolder, snapshots: &[PathBuf], view: &View, most: usize) -> Result<Option<Self>> {
        let tracks = if folder.trajectory().is_file() {
            tracks::of_trajectory(&Reader::open(&folder.trajectory())?, &view.units)?
        } else {
            tracks::of_snapshots(snapshots, &view.units)?
        };
        let Some(whole) = tracks.and_then(Orbits::of).filter(|orbits| orbits.frames() > 1) else { return Ok(None) };
        view.check_nothing()?;
        let frames = spread((1..=whole.frames()).collect(), most);
        let shows = Shows::Orbits { whole: Box::new(whole), frames };
        Ok(Some(Film { stem: "orbits".to_owned(), snapshots: Vec::new(), shows, view: view.clone() }))
    }

    /// How many frames it has.
    pub(crate) fn len(&self) -> usize {
        match &self.shows {
            Shows::Orbits { frames, .. } => frames.len(),
            _ => self.snapshots.len(),
        }
    }

    /// What frame number `index` needs of a scale.
    ///
    /// # Errors
    /// When its snapshot can't be read.
    pub(crate) fn look(&self, index: usize) -> Result<Extent> {
        if matches!(self.shows, Shows::Orbits { .. }) {
            return Ok(Extent::default());
        }
        let reader = Reader::open(&self.snapshots[index])?;
        match &self.shows {
            Shows::Maps { geometry, field } => {
                let planes = maps::planes_of(&reader, geometry, field, &self.view)?;
                Ok(maps::extent(planes.iter().flat_map(|plane| &plane.values)))
            }
            Shows::Profiles { geometry } => profiles::extent(&reader, geometry, &self.view),
            Shows::Bodies => Density::extent(&reader, &self.view.units),
            Shows::Orbits { .. } => Ok(Extent::default()),
        }
    }

    /// Frame number `index`, on the scale of all; its time in words.
    ///
    /// # Errors
    /// When its snapshot can't be read or drawn.
    pub(crate) fn frame(&self, index: usize, extent: &Extent) -> Result<(String, Picture)> {
        if let Shows::Orbits { whole, frames } = &self.shows {
            let orbits = whole.until(frames[index]);
            let time = orbits.time();
            return Ok((time, self.fit(Picture::Orbits(orbits))));
        }
        let path = &self.snapshots[index];
        let reader = Reader::open(path)?;
        let picture = match &self.shows {
            Shows::Maps { geometry, field } => {
                Maps::of(&reader, geometry, field, &maps::view_within(&self.view, field, extent))?.map(Picture::Maps)
            }
            Shows::Profiles { geometry } => {
                let first = Reader::open(&self.snapshots[0])?;
                profiles_within(&first, &reader, geometry, &self.view, Some(extent))?.map(Picture::Panels)
            }
            Shows::Bodies => Density::within(&reader, &self.view.units, extent)?.map(Picture::Density),
            Shows::Orbits { .. } => None,
        };
        let picture = picture.ok_or_else(|| Error::file(path, "has nothing to draw, unlike the last snapshot"))?;
        Ok((time_in(&reader, &Units::of(&reader, &self.view.units)?)?, self.fit(picture)))
    }

    fn fit(&self, mut picture: Picture) -> Picture {
        self.view.width.into_iter().for_each(|width| picture.fit(width));
        picture
    }
}

/// So many of all at most, evenly spread, the first and the last among them.
pub(crate) fn spread<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let count = all.len();
    if count <= most.max(1) {
        return all;
    }
    let last = count - 1;
    let kept: Vec<usize> =
        (0..most).map(|k| if most > 1 { (k * last + (most - 1) / 2) / (most - 1) } else { last }).collect();
    all.into_iter().enumerate().filter(|(place, _)| kept.binary_search(place).is_ok()).map(|(_, one)| one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_spread_from_the_first_to_the_last() {
        assert_eq!(spread((0..5).collect(), 9), [0, 1, 2, 3, 4]);
        assert_eq!(spread((0..5).collect(), 3), [0, 2, 4]);
        assert_eq!(spread((0..100).collect(), 4), [0, 33, 66, 99]);
        assert_eq!(spread((0..5).collect(), 1), [4]);
    }
}
