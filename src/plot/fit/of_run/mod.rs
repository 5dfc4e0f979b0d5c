//! Pictures of an orbit fit's run: orbits of its posterior over what was measured.
//!
//! The run's config.toml and the measured values in its posterior make the fit again, so a run that was moved is drawn too. In this order: the places of
//! each companion on the sky, its separation and position angle in time, the star's velocity in time and folded with each period, the
//! velocities of companions. Pale curves are samples spread evenly over the posterior's weight, the bold one is its best row.
//! Samples that can't be followed, as companions come too close, are left out.
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
use crate::config::Parameters;
use crate::lane::Level;
use crate::orbit::{Config, Fit, Observation, OrbitFit, fit_of_posterior};
use crate::output::Posterior;
use crate::plot::figures::Named;
use crate::{Result, Simulation};

/// The sections of config.toml that make the fit.
const SECTIONS: [&str; 4] = ["data", "orbit", "priors", "method"];
/// Times that span fewer days are shown as dates.
const FEW_DAYS: f64 = 200.0;
/// What instruments are called whose names are not told.
const UNNAMED: [&str; 3] = ["defrd", "defsp", "defrv"];

/// All pictures of a run's fit; none if the run is no orbit fit or has no samples.
///
/// # Errors
/// Parameters that can't be read, a posterior that is not the one of these parameters.
pub(in crate::plot) fn fit_figures(run: &Path, posterior: &Posterior) -> Result<Vec<Named>> {
    let config = run.join("config.toml");
    if !config.is_file() || posterior.is_empty() {
        return Ok(Vec::new());
    }
    let parameters = Parameters::read(&config, &[])?;
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

/// How modified Julian dates are shown on an axis: as Julian years, or as they are where they span days; and the axis's name.
fn time_axis(epochs: &[f64]) -> (fn(f64) -> f64, &'static str) {
    match epochs {
        [first, .., last] if last - first < FEW_DAYS => (|epoch| epoch, "MJD"),
        _ => (year, "year"),
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

/// Points with their errors, those of an instrument together; `shown` tells both of a row.
fn by_instrument(rows: &[(usize, &Observation)], shown: impl Fn(usize, &Observation) -> [[f64; 2]; 2]) -> Vec<Points> {
    let mut found: Vec<Points> = Vec::new();
    for (place, row) in rows {
        let name = if UNNAMED.contains(&&row.instrument[..]) { "" } else { &row.instrument };
        let known = found.iter().position(|points| points.name == name);
        let known = known.unwrap_or_else(|| {
            found.push(Points { name: name.to_owned(), ..Points::default() });
            found.len() - 1
        });
        let [at, error] = shown(*place, row);
        found[known].at.push(at);
        found[known].errors.push(error);
    }
    found
}
