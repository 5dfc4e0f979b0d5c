//! Posteriors: samples of a fit's parameters with their likelihoods, in the layout of orbitize's `results.save_results`.
//!
//! [`Posterior::write`] gathers nothing: each rank gives the rows that it holds, and the file has those of rank 0 first. Its
//! bytes depend on the rows alone, not on how ranks share them. [`Posterior::read`] also reads files that orbitize wrote.
//! [`Posterior::summary`] is the table of medians and intervals.
//!
//! A file holds `post` (N, parameters), `lnlike` (N), the measured values `data`, and the attributes that orbitize asks for. What
//! its layout has no place for stands beside: `parameter_names` and `parameter_units`, `lnprior` and `lnpost` (N), `weights` (N),
//! `chain` (steps, walkers, parameters), and the same for ArviZ in the groups `posterior`, `sample_stats` and `observed_data`. Where the
//! parameters are those of orbitize's standard basis, their columns are put in its order and orbitize opens the file; otherwise `fitting_basis` is `divisi`, which orbitize refuses: it knows columns
//! by their order alone, and would take one for another.
//!
//! Left out: priors (they are in the run's config.toml), orbitize's other bases, astrometry of Hipparcos and Gaia.

mod cut;
mod groups;
mod labels;
mod observations;
#[cfg(feature = "solvers")]
mod of_fit;
mod read;
pub(crate) mod summary;
#[cfg(test)]
mod tests;
mod weights;
mod write;

#[cfg(feature = "solvers")]
pub(in crate::orbit) use labels::SMA_ELEMENTS;
pub use summary::{Quantiles, Summary};

use super::observations::Observations;
use crate::{Error, Result};

/// The name of a posterior's file in a run's folder.
pub const FILE: &str = "posterior.hdf5";
/// The name of its table.
pub const SUMMARY: &str = "summary.csv";

/// What the attribute `Format` of a posterior says.
pub(crate) const FORMAT: &str = "divisi posterior 1";

/// Samples of a fit's parameters. On several ranks each holds some of the rows; all else is the same on every rank.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Posterior {
    /// The parameters, in the order of a row's numbers. One that is fixed is a column with one value.
    pub parameters: Vec<Parameter>,
    /// The samples, row by row.
    pub samples: Vec<f64>,
    /// ln of each row's likelihood.
    pub ln_likelihood: Vec<f64>,
    /// ln of each row's prior density; empty where it isn't known.
    pub ln_prior: Vec<f64>,
    /// How much each row counts; empty where all count alike.
    pub weights: Vec<f64>,
    /// The walkers' ways, if they are to be looked at.
    pub chain: Option<Chain>,
    /// The measured values.
    pub observations: Observations,
    /// How the samples were made.
    pub about: About,
}

/// A parameter of a fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameter {
    /// Its name: `sma1`, `k1`, `gamma_HARPS`.
    pub name: String,
    /// Its unit's label: `au`, `rad`; empty where there is none.
    pub unit: String,
}

/// The places of an ensemble's walkers after each kept step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    /// How many walkers this rank holds: those after the ones of lower ranks.
    pub walkers: usize,
    /// Steps of the sampler from one kept step to the next.
    pub thin: u64,
    /// Kept step by kept step, walker by walker of this rank, their parameters.
    pub samples: Vec<f64>,
}

/// How samples were made, and what orbitize wants to know of the fit.
#[derive(Clone, Debug, PartialEq)]
pub struct About {
    /// The method: `OFTI`, `MCMC`.
    pub sampler: String,
    /// Companions of the star.
    pub companions: u32,
    /// The epoch from which tau counts, MJD.
    pub tau_ref_epoch: f64,
    /// The mass of the system, or of the star where companions have masses of their own, and its standard deviation, solar
    /// masses; NaN where it isn't known, a deviation of 0 where it is fixed.
    pub mass: [f64; 2],
    /// The parallax and its standard deviation, mas; as with the mass.
    pub parallax: [f64; 2],
    /// Whether the ascending node lies in the first half of the circle.
    pub restrict_angle_ranges: bool,
    /// Whether companions pull on each other.
    pub nbody: bool,
    /// ln of the evidence and its standard deviation.
    pub ln_evidence: Option<[f64; 2]>,
    /// A sentence on where the samples come from; may be empty.
    pub note: String,
}

impl Default for About {
    /// Of one companion, with nothing known of mass and parallax.
    fn default() -> Self {
        About {
            sampler: String::new(),
            companions: 1,
            tau_ref_epoch: 58849.0,
            mass: [f64::NAN, 0.0],
            parallax: [f64::NAN, 0.0],
            restrict_angle_ranges: false,
            nbody: false,
            ln_evidence: None,
            note: String::new(),
        }
    }
}

impl Parameter {
    /// A parameter of this name, with this unit's label.
    pub fn new(name: impl Into<String>, unit: impl Into<String>) -> Self {
        Parameter { name: name.into(), unit: unit.into() }
    }

    /// The factor to the unit in which people read it, and that unit's label: angles in degrees, all else as it is.
    pub fn shown(&self) -> (f64, &str) {
        if self.unit == "rad" { (180.0 / std::f64::consts::PI, "deg") } else { (1.0, &self.unit) }
    }
}

impl Posterior {
    /// How many rows there are, on this rank.
    pub fn len(&self) -> usize {
        self.ln_likelihood.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of a row.
    pub fn row(&self, row: usize) -> &[f64] {
        let width = self.parameters.len();
        &self.samples[row * width..][..width]
    }

    /// The numbers of a parameter in all rows.
    pub fn column(&self, parameter: usize) -> impl Iterator<Item = f64> + '_ {
        self.samples.iter().skip(parameter).step_by(self.parameters.len()).copied()
    }

    /// The place of the parameter of this name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.parameters.iter().position(|parameter| parameter.name == name)
    }

    /// How much a row counts.
    pub fn weight(&self, row: usize) -> f64 {
        self.weights.get(row).copied().unwrap_or(1.0)
    }

    /// These rows alone, in this order, without the chain.
    pub fn select(&self, rows: &[usize]) -> Self {
        let of = |numbers: &[f64]| rows.iter().filter_map(|&row| numbers.get(row).copied()).collect();
        Posterior {
            parameters: self.parameters.clone(),
            samples: rows.iter().flat_map(|&row| self.row(row)).copied().collect(),
            ln_likelihood: of(&self.ln_likelihood),
            ln_prior: of(&self.ln_prior),
            weights: of(&self.weights),
            chain: None,
            observations: self.observations.clone(),
            about: self.about.clone(),
        }
    }

    /// Refuses parts that don't go together.
    fn check(&self) -> Result<()> {
        let refuse = |reason: String| Err(Error::input("posterior", reason));
        let rows = self.len();
        let width = self.parameters.len();
        if width == 0 {
            return refuse("has no parameters".to_owned());
        }
        let twice = |place: &usize| self.place(&self.parameters[*place].name) != Some(*place);
        if let Some(place) = (0..width).find(twice) {
            return refuse(format!("two parameters are called {}", self.parameters[place].name));
        }
        if self.samples.len() != rows * width {
            return refuse(format!("{} numbers are not {rows} samples of {width} parameters", self.samples.len()));
        }
        for (name, numbers) in [("ln_prior", &self.ln_prior), ("weights", &self.weights)] {
            if !numbers.is_empty() && numbers.len() != rows {
                return refuse(format!("{name} has {} numbers for {rows} samples", numbers.len()));
            }
        }
        if let Some(fault) = weights::fault(&self.weights) {
            return refuse(fault);
        }
        match &self.chain {
            Some(chain) if !chain.samples.len().is_multiple_of((chain.walkers * width).max(1)) => {
                let numbers = chain.samples.len();
                refuse(format!("{numbers} numbers are no steps of {} walkers with {width} parameters", chain.walkers))
            }
            _ => Ok(()),
        }
    }
}
