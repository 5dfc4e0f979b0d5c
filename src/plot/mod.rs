//! Pictures of runs, drawn from their files alone and without a display.
//!
//! [`plot`] makes those that the files allow, each as PNG and SVG. Of bodies: orbits (few), the projected density (many), the
//! relative energy error. Of grids: maps of the density and of what the flow carries along, at the last time and over time;
//! profiles along one axis; totals. Of posteriors: the corner plot, the walkers' ways. Of a run that fits orbits, before these: orbits
//! over the data, on the sky and in time, and velocities in time and folded with each period. [`report`] puts them into one page
//! with the run's parameters and key figures.
//!
//! Bodies are seen from +z; orbits are drawn about the body that is much heavier than the others, where there is one. Of a
//! grid with three axes the middle planes are shown. [`Sky`] and [`Fitted`] show fits over their data. Colours can be told apart by
//! colour-blind readers (Okabe & Ito 2008 for lines, cividis for maps).

mod canvas;
mod corner;
mod curve;
mod density;
mod energy;
mod figures;
mod fit;
mod image;
mod labels;
mod map;
mod maps;
mod orbits;
mod panels;
mod plane;
mod profiles;
mod report;
mod scale;
mod totals;
mod trace;
mod tracks;

use std::path::{Path, PathBuf};

use crate::{Error, Result};
use canvas::save;
use figures::figures_of;

pub use corner::corner;
pub use fit::{Fitted, Line, Points, Sky, phase};
pub use image::image;
pub use map::Map;
pub use report::report;

/// The most bodies that are drawn as orbits; more are drawn as a density.
const FEW: usize = 30;

/// Draws what a run folder, snapshot, trajectory, posterior or history.csv holds, into `out` (by default `figures/` in the run's
/// folder, or the file's folder), and returns the names of the files.
///
/// # Errors
/// When the files cannot be read or hold nothing to draw, or the pictures cannot be written.
pub fn plot(run_or_file: &Path, out: Option<&Path>) -> Result<Vec<PathBuf>> {
    let figures = figures_of(run_or_file)?;
    if figures.is_empty() {
        return Err(Error::file(
            run_or_file,
            "there is nothing to draw: no trajectory, snapshots, posterior or energy in it",
        ));
    }
    let beside = if run_or_file.is_dir() { run_or_file.join("figures") } else { folder_of(run_or_file) };
    let folder = out.map_or(beside, Path::to_path_buf);
    std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    let mut paths = Vec::new();
    for named in &figures {
        paths.extend(save(&named.picture, &folder.join(&named.stem))?);
    }
    Ok(paths)
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf()
}
