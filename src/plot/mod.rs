//! Pictures of runs, drawn from their files alone and without a display.
//!
//! [`plot`] makes those that the files allow, each as PNG and SVG. Of bodies: orbits (few), the projected density (many), the
//! relative energy error. Of grids: maps of density, pressure, speed, Mach number and of the scalars that the flow carries along, at the
//! last time, and of some over time; profiles along one axis; totals; or those that a [`View`] asks for. Of posteriors: the corner plot, the walkers' traces. Of light through optics: the image, and over the beam
//! path differences and polarization; footprints. Of a run that fits orbits, before these: orbits
//! over the data, on the sky and in time, and velocities in time and folded with each period.
//!
//! Bodies are seen from +z; orbits are drawn about the body that is much heavier than the others, where there is one. Of a
//! grid with three axes the middle planes are shown. [`Sky`] and [`Fitted`] show fits over their data. Colours can be distinguished by
//! colour-blind readers (Okabe & Ito 2008 for lines, cividis for maps).

mod canvas;
mod corner;
mod curve;
mod density;
mod energy;
mod extent;
mod field;
mod figures;
mod film;
mod films;
mod fit;
mod histories;
mod image;
mod labels;
mod logarithmic;
mod map;
mod maps;
mod optics;
mod orbits;
mod panels;
mod pdf;
mod phase;
mod picture;
mod plane;
mod profiles;
mod runs;
mod scale;
pub(crate) mod scaling;
mod spectrum;
mod squares;
mod sweep;
mod totals;
mod trace;
mod tracks;
mod units;
mod view;

use std::path::{Path, PathBuf};

use crate::base::whole::write_whole;
use crate::run::{FIGURES, RunFolder, refuse_link};
use crate::{Error, Result};
use canvas::save;
pub(crate) use canvas::{to_png, to_svg};
pub(crate) use extent::Extent;
pub(crate) use figures::figures_of;
pub(crate) use film::{Film, spread};
pub(crate) use picture::Picture;

pub use corner::corner;
pub(crate) use films::film;
pub use fit::{Fitted, Line, Points, Sky, phase};
pub use image::image;
pub use map::Map;
pub use scale::Colours;
pub use view::{View, Width};

/// Draws what a run folder, snapshot, trajectory, posterior or history.csv holds, into `out` (by default `figures/` in the run's
/// folder, or the file's folder), and returns the names of the files; what `view` wants, where it wants something.
///
/// # Errors
/// What the view asks for and can't be drawn; when the files cannot be read or hold nothing to draw, or a picture cannot be drawn or written: then the others are.
pub fn plot(run_or_file: &Path, out: Option<&Path>, view: &View) -> Result<Vec<PathBuf>> {
    plot_all(std::slice::from_ref(&run_or_file.to_path_buf()), out, view)
}

/// The same of several runs, side by side or over each other, by default into `figures/` in this folder.
///
/// # Errors
/// As [`plot`].
pub fn plot_all(paths: &[PathBuf], out: Option<&Path>, view: &View) -> Result<Vec<PathBuf>> {
    let figures = all(paths, view)?;
    if figures.is_empty() {
        let reason = "there is nothing to draw: no trajectory, snapshots, posterior, image, results or energy in it";
        return Err(Error::file(paths.first().cloned().unwrap_or_default(), reason));
    }
    let folder = folder_for(paths, out)?;
    let save_one = |named: &picture::Named| {
        let stem = folder.join(&named.stem);
        let mut saved = save(&named.picture, &stem)?.to_vec();
        if view.pdf {
            let pdf = stem.with_extension("pdf");
            write_whole(&pdf, &pdf::to_pdf(&named.picture, view.width.map(|width| width.points()))?)?;
            saved.push(pdf);
        }
        Ok(saved)
    };
    let saved: Vec<Result<Vec<PathBuf>>> = figures.iter().map(save_one).collect();
    Ok(saved.into_iter().collect::<Result<Vec<_>>>()?.concat())
}

/// All that run folders or a file have to show, or what is wanted of them, in the width that is wanted.
fn all(paths: &[PathBuf], view: &View) -> Result<Vec<picture::Named>> {
    let mut figures = match (runs::asked(paths, view)?, paths) {
        (Some(figures), _) => figures,
        (None, [one]) => figures_of(one, view)?,
        (None, several) => runs::compared(several, view)?,
    };
    for named in &mut figures {
        view.width.into_iter().for_each(|width| named.picture.fit(width));
    }
    Ok(figures)
}

/// The folder of figures, made if need be.
fn folder_for(paths: &[PathBuf], out: Option<&Path>) -> Result<PathBuf> {
    let beside = match paths {
        [one] if one.is_dir() => RunFolder::at(one).path(FIGURES),
        [one] => folder_of(one),
        _ => PathBuf::from(FIGURES.name()),
    };
    let folder = out.map_or(beside, Path::to_path_buf);
    if out.is_none() && paths.iter().all(|path| path.is_dir()) {
        refuse_link(&folder)?;
    }
    std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    Ok(folder)
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf()
}
