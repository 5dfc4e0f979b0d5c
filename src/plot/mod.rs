//! Pictures of runs, drawn from their files alone and without a display.
//!
//! [`plot`] makes those that the files allow, each as PNG and SVG. Of bodies: orbits (few), the projected density (many), the
//! relative energy error. Of grids: maps of density, pressure, speed, Mach number and of the scalars that the flow carries along, at the
//! last time, and of some over time; profiles along one axis; totals; or those that a [`View`] asks for. Of posteriors: the corner plot, the walkers' traces. Of light through optics: the image, and over the beam
//! path differences and polarization; footprints. Of a run that fits orbits, before these: orbits
//! over the data, on the sky and in time, and velocities in time and folded with each period. [`report`] puts them into one page
//! with the run's parameters and key figures.
//!
//! Bodies are seen from +z; orbits are drawn about the body that is much heavier than the others, where there is one. Of a
//! grid with three axes the middle planes are shown. [`Sky`] and [`Fitted`] show fits over their data. Colours can be distinguished by
//! colour-blind readers (Okabe & Ito 2008 for lines, cividis for maps).

mod canvas;
mod corner;
mod curve;
mod density;
mod energy;
mod field;
mod figures;
mod fit;
mod image;
mod labels;
mod map;
mod maps;
mod optics;
mod orbits;
mod panels;
mod picture;
mod plane;
mod profiles;
mod report;
mod scale;
pub(crate) mod scaling;
mod squares;
mod totals;
mod trace;
mod tracks;
mod view;

use std::path::{Path, PathBuf};

use crate::run::{FIGURES, RunFolder, refuse_link};
use crate::{Error, Result};
use canvas::save;
use figures::figures_of;

pub use corner::corner;
pub use fit::{Fitted, Line, Points, Sky, phase};
pub use image::image;
pub use map::Map;
pub use report::report;
pub use view::View;

/// Draws what a run folder, snapshot, trajectory, posterior or history.csv holds, into `out` (by default `figures/` in the run's
/// folder, or the file's folder), and returns the names of the files. Of a grid `view` says what is wanted.
///
/// # Errors
/// What the view asks for and can't be drawn; when the files cannot be read or hold nothing to draw, or a picture cannot be drawn or written: then the others are.
pub fn plot(run_or_file: &Path, out: Option<&Path>, view: &View) -> Result<Vec<PathBuf>> {
    let figures = figures_of(run_or_file, view)?;
    if figures.is_empty() {
        return Err(Error::file(
            run_or_file,
            "there is nothing to draw: no trajectory, snapshots, posterior, image or energy in it",
        ));
    }
    let beside = if run_or_file.is_dir() { RunFolder::at(run_or_file).path(FIGURES) } else { folder_of(run_or_file) };
    let folder = out.map_or(beside, Path::to_path_buf);
    if out.is_none() && run_or_file.is_dir() {
        refuse_link(&folder)?;
    }
    std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    let saved: Vec<Result<[PathBuf; 2]>> =
        figures.iter().map(|named| save(&named.picture, &folder.join(&named.stem))).collect();
    Ok(saved.into_iter().collect::<Result<Vec<_>>>()?.concat())
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf()
}
