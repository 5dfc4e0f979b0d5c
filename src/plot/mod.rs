//! Pictures of runs, drawn from their files alone and without a display.
//!
//! [`plot`] makes those that the files allow, each as PNG and SVG: orbits (few bodies), the relative energy error, and
//! the projected density (many bodies). [`report`] puts them into one page with the run's parameters and key figures.
//! Bodies are seen from +z; orbits are drawn about the body that is much heavier than the others, where there is one.
//! Colours can be told apart by colour-blind readers (Okabe & Ito 2008 for lines, cividis for density).

mod canvas;
mod curve;
mod density;
mod energy;
mod labels;
mod orbits;
mod report;
mod tracks;

use std::path::{Path, PathBuf};

use crate::output::{History, Reader, snapshots_in};
use crate::{Error, Result};
use canvas::{save, to_svg};
use density::Density;
use energy::EnergyError;
use orbits::Orbits;

pub use report::report;

/// The most bodies that are drawn as orbits; more are drawn as a density.
const FEW: usize = 30;

/// Draws what a run folder, snapshot, trajectory or history.csv holds, into `out` (by default `figures/` in the run's
/// folder, or the file's folder), and returns the names of the files.
///
/// # Errors
/// When the files cannot be read or hold nothing to draw, or the pictures cannot be written.
pub fn plot(run_or_file: &Path, out: Option<&Path>) -> Result<Vec<PathBuf>> {
    let figures = Figures::of(run_or_file)?;
    if figures.is_empty() {
        return Err(Error::file(run_or_file, "there is nothing to draw: no trajectory, snapshots or energy in it"));
    }
    let beside = if run_or_file.is_dir() { run_or_file.join("figures") } else { folder_of(run_or_file) };
    let folder = out.map_or(beside, Path::to_path_buf);
    std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    let mut paths = Vec::new();
    if let Some(orbits) = &figures.orbits {
        paths.extend(save(orbits, &folder.join("orbits"))?);
    }
    if let Some(energy) = &figures.energy {
        paths.extend(save(energy, &folder.join("energy_error"))?);
    }
    if let Some(density) = &figures.density {
        paths.extend(save(density, &folder.join("density"))?);
    }
    Ok(paths)
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf()
}

/// What can be drawn of a run or a file.
struct Figures {
    orbits: Option<Orbits>,
    energy: Option<EnergyError>,
    density: Option<Density>,
}

impl Figures {
    fn of(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return Self::of_run(path);
        }
        let mut figures = Figures { orbits: None, energy: None, density: None };
        if path.extension().is_some_and(|extension| extension == "csv") {
            figures.energy = EnergyError::of(&History::read(path)?, "");
            return Ok(figures);
        }
        let reader = Reader::open(path)?;
        if reader.has("PartType1/Coordinates") {
            figures.density = Density::of(&reader)?;
        } else if reader.has("Coordinates") {
            figures.orbits = tracks::of_trajectory(&reader)?.and_then(Orbits::of);
        }
        Ok(figures)
    }

    fn of_run(run: &Path) -> Result<Self> {
        let snapshots = if run.join("snapshots").is_dir() { snapshots_in(&run.join("snapshots"))? } else { Vec::new() };
        let trajectory = run.join("trajectory.hdf5");
        let tracks = match trajectory.is_file() {
            true => tracks::of_trajectory(&Reader::open(&trajectory)?)?,
            false => tracks::of_snapshots(&snapshots)?,
        };
        let last = snapshots.last().map(|path| Reader::open(path)).transpose()?;
        let density = last.as_ref().map_or(Ok(None), Density::of)?;
        let known = last.and_then(|reader| reader.text("Units", "Time").ok());
        let time_unit = known.or_else(|| tracks.as_ref().map(|tracks| tracks.time_unit.clone())).unwrap_or_default();
        let history = run.join("history.csv");
        let energy = if history.is_file() { EnergyError::of(&History::read(&history)?, &time_unit) } else { None };
        Ok(Figures { orbits: tracks.and_then(Orbits::of), energy, density })
    }

    fn is_empty(&self) -> bool {
        self.orbits.is_none() && self.energy.is_none() && self.density.is_none()
    }

    /// All of them as SVG text, each with what it shows.
    fn to_svg(&self) -> Result<Vec<(&'static str, String)>> {
        let orbits = self.orbits.iter().map(|figure| Ok(("Orbits", to_svg(figure)?)));
        let energy = self.energy.iter().map(|figure| Ok(("Energy error", to_svg(figure)?)));
        let density = self.density.iter().map(|figure| Ok(("Density", to_svg(figure)?)));
        orbits.chain(energy).chain(density).collect()
    }
}
