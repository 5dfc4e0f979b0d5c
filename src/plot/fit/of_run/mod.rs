//! Pictures of an orbit fit's run: orbits of its posterior over the measured values.
//!
//! The run's config.toml and the measured values in its posterior make the fit again, so a run that was moved is drawn too. In this order: the places of
//! each companion on the sky, its separation and position angle in time, the star's velocity in time and folded with each period, the
//! velocities of companions. Pale curves are samples spread evenly over the posterior's weight, the bold one is its best row.
//! Samples whose companions come too close to be followed are left out.
//!
//! In the code: `samples` (which rows, and their curves), `places`, `velocities`.

mod places;
mod samples;
#[cfg(test)]
mod tests;
mod velocities;

use std::path::Path;

use self::samples::Samples;
use super::Points;
use crate::base::config::ParameterFile;
use crate::base::console::say;
use crate::orbit::posterior::Posterior;
use crate::orbit::simulation::{Config, fit_of_posterior};
use crate::orbit::{Fit, Observation, OrbitFit};
use crate::plot::picture::Named;
use crate::run::RunFolder;
use crate::simd::Level;
use crate::{Result, Simulation};

/// The sections of config.toml that make the fit.
const SECTIONS: [&str; 4] = ["data", "orbit", "priors", "method"];
/// Times that span fewer days are shown as dates.
const FEW_DAYS: f64 = 200.0;
/// Times before 1900, modified Julian dates, are taken for days since a day of the file's own.
const EARLY: f64 = 15_020.0;
/// Instruments without a name, and what they are called beside others.
const NAMELESS: &str = "no instrument";
const UNNAMED: [&str; 3] = ["defrd", "defsp", "defrv"];

/// All pictures of a run's fit; what hinders them is reported, and hinders no other picture.
pub(in crate::plot) fn figures_of(run: &Path, posterior: &Posterior) -> Vec<Named> {
    fit_figures(run, posterior).unwrap_or_else(|error| {
        say(&format!("divisi: orbits over the data are left out: {error}"));
        Vec::new()
    })
}

/// All pictures of a run's fit; none if the run is no orbit fit or has no samples.
///
/// # Errors
/// Parameters that can't be read, a posterior that is not the one of these parameters.
fn fit_figures(run: &Path, posterior: &Posterior) -> Result<Vec<Named>> {
    let config = RunFolder::at(run).config();
    if !config.is_file() || posterior.is_empty() {
        return Ok(Vec::new());
    }
    let parameters = ParameterFile::read(&config, &[])?;
    if parameters.simulation()? != OrbitFit::NAME {
        return Ok(Vec::new());
    }
    let config: Config = parameters.typed(|key| SECTIONS.contains(&key), &[])?;
    all(&Samples::of(fit_of_posterior(&config, posterior, Level::detect())?, posterior)?)
}

fn all(samples: &Samples) -> Result<Vec<Named>> {
    let mut figures = Vec::new();
    for companion in 1..=samples.fit.orbit().companions {
        figures.extend(places::figures(samples, companion)?);
    }
    figures.extend(velocities::figures(samples)?);
    Ok(figures)
}

/// How times of a window are shown on an axis, and the axis's name and unit: as Julian years, as modified Julian dates where they span days,
/// or as they are where they are no dates.
fn time_axis([first, last]: [f64; 2]) -> (fn(f64) -> f64, [&'static str; 2]) {
    match last - first {
        _ if first < EARLY => (|epoch| epoch, ["time", "d"]),
        span if span < FEW_DAYS => (|epoch| epoch, ["MJD", ""]),
        _ => (year, ["year", ""]),
    }
}

/// The Julian year of a modified Julian date.
fn year(epoch: f64) -> f64 {
    2000.0 + (epoch - 51544.5) / 365.25
}

/// The measurements that are `wanted`, with their places in the fit's list.
fn measured(fit: &Fit, wanted: impl Fn(&Observation) -> bool) -> Vec<(usize, &Observation)> {
    fit.observations().rows.iter().enumerate().filter(|(_, row)| wanted(row)).collect()
}

/// The first and the last epoch of measurements.
fn span(rows: &[(usize, &Observation)]) -> [f64; 2] {
    let ends = [f64::INFINITY, f64::NEG_INFINITY];
    rows.iter().fold(ends, |[first, last], (_, row)| [first.min(row.epoch), last.max(row.epoch)])
}

/// Points with their errors, those of an instrument together; `shown` gives both for the row of this number among `rows`.
fn by_instrument(rows: &[(usize, &Observation)], shown: impl Fn(usize, &Observation) -> [[f64; 2]; 2]) -> Vec<Points> {
    let mut found: Vec<Points> = Vec::new();
    for (number, (_, row)) in rows.iter().enumerate() {
        let name = if UNNAMED.contains(&&row.instrument[..]) { "" } else { &row.instrument };
        let known = found.iter().position(|points| points.name == name);
        let known = known.unwrap_or_else(|| {
            found.push(Points { name: name.to_owned(), ..Points::default() });
            found.len() - 1
        });
        let [at, error] = shown(number, row);
        found[known].at.push(at);
        found[known].errors.push(error);
    }
    if found.len() > 1 {
        found.iter_mut().filter(|points| points.name.is_empty()).for_each(|points| points.name = NAMELESS.to_owned());
    }
    found
}
