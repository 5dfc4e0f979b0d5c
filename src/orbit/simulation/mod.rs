//! The simulation `orbit`: a fit, made by the method that its parameter file names.
//!
//! A step is one of the sampler: a million trials of rejection sampling, a move of every walker, the next starts of a search, the next
//! nodes of a grid. The run ends when the sampler has what was asked for; at its end, and at each stop, it leaves `posterior.hdf5` and
//! `summary.csv`. history.csv tells how far it is, with the quantiles of every parameter, so that a fit can be a task of a sweep.
//!
//! In the code: `config` (the sections), `work` (the samplers behind one face), `rejection` (OFTI on all ranks), `results` (posterior,
//! table, convergence).

mod config;
mod rejection;
mod results;
mod work;

use std::path::{Path, PathBuf};

pub use config::{Config, FitMethod};

use super::{Fit, Observations, ofti, sections};
use crate::output::{Posterior, WriteOptions};
use crate::run::{Goal, Row, Setup};
use crate::units::Units;
use crate::{Checkpoint, CheckpointReader, Clock, Comm, Error, Result, Simulation, Snapshot, sampler};
use work::{Start, Work};

/// The files that a fit leaves.
const POSTERIOR: &str = "posterior.hdf5";
const SUMMARY: &str = "summary.csv";

/// A fit under way.
pub struct OrbitFit {
    comm: Comm,
    fit: Fit,
    method: FitMethod,
    work: Work,
}

impl OrbitFit {
    fn with(setup: &Setup<Config>, comm: &Comm, from: Option<&CheckpointReader>) -> Result<Self> {
        let Config { method, .. } = &setup.config;
        let fit = comm.agree(fit_of(&setup.config, &setup.folder, setup.level))?;
        method.check(Some(fit.names().len()))?;
        if let Some(from) = from {
            let read = from.value("orbit_data").and_then(|digest: u64| same_data(digest, &fit));
            comm.agree(read)?;
        }
        let start = Start { comm, fit: fit.clone(), level: setup.level, seed: setup.seed };
        let work = Work::new(start, method.clone(), from)?;
        Ok(OrbitFit { comm: comm.clone(), fit, method: method.clone(), work })
    }
}

/// The fit that a parameter file asks for; relative paths start at `folder`.
///
/// # Errors
/// Data that can't be read; a model or priors that can't be.
pub fn fit_of(config: &Config, folder: &Path, level: crate::lane::Level) -> Result<Fit> {
    let files: Vec<PathBuf> = config.data.files.iter().map(|file| folder.join(file)).collect();
    if let Some(file) = files.iter().find(|file| !file.is_file()) {
        return Err(Error::input("data.files", format!("{} is not there", file.display())));
    }
    let observations = Observations::read(&files, config.data.format)?;
    Fit::new(observations, &config.orbit, &config.priors, level)
}

/// The fit that a parameter file asks for, to the measured values that stand in its posterior: the same as to its files, wherever they are.
///
/// # Errors
/// A posterior without measured values, or with other ones than the model and the priors are for.
pub fn fit_of_posterior(config: &Config, posterior: &Posterior, level: crate::lane::Level) -> Result<Fit> {
    Fit::new(results::measured(posterior)?, &config.orbit, &config.priors, level)
}

fn same_data(digest: u64, fit: &Fit) -> Result<()> {
    if digest == results::digest(fit) {
        return Ok(());
    }
    Err(Error::input("data.files", "hold other measurements than when the run began: start another run with --out"))
}

impl Simulation for OrbitFit {
    const NAME: &'static str = "orbit";
    const PARAMETERS: &'static str = sections::PARAMETERS;
    const CHANGEABLE: &'static [&'static str] =
        &["method.orbits", "method.most_trials", "method.effective_samples", "method.least_times", "method.r_hat"];
    const SNAPSHOTS: bool = false;
    const RESULTS: &'static [&'static str] = &[POSTERIOR, SUMMARY];
    type Config = Config;

    fn parameters() -> String {
        format!("{}\n{}\n# or\n\n{}", sections::PARAMETERS, ofti::PARAMETERS, sampler::PARAMETERS)
    }

    fn validate(config: &Config, _units: &Units) -> Result<()> {
        if config.data.files.is_empty() {
            return Err(Error::input("data.files", "names no file"));
        }
        config.method.check(None)
    }

    fn ends_by_itself(config: &Config) -> bool {
        config.method.ends_by_itself()
    }

    fn new(setup: &Setup<Config>, comm: &Comm) -> Result<Self> {
        OrbitFit::with(setup, comm, None)
    }

    fn step(&mut self, _clock: &Clock, _dt_max: f64) -> Result<f64> {
        self.work.step()?;
        Ok(1.0)
    }

    fn goal(&self) -> Goal {
        self.work.goal()
    }

    /// Never called: a fit has no state that a snapshot shows.
    fn snapshot(&self, _out: &mut Snapshot) -> Result<()> {
        Ok(())
    }

    fn history(&self, row: &mut Row) -> Result<()> {
        let whole = self.whole();
        let parameters = results::parameters(&self.fit);
        let quantiles = results::quantiles(&self.comm, whole.as_ref(), parameters.len());
        let best = whole.as_ref().and_then(|whole| Some((whole, whole.best()?)));
        let best = best.map_or(f64::NAN, |(whole, best)| whole.ln_prior[best] + whole.ln_likelihood[best]);
        let numbers = self.comm.broadcast(&[whole.map_or(0.0, |whole| whole.len() as f64), best], 0);
        row.value("samples", numbers[0]);
        row.value("ln_posterior", numbers[1]);
        match &self.work {
            Work::Rejection(rejection) => row.value("trials", rejection.trials() as f64),
            Work::Maximum(_) | Work::Grid(_) => {}
            Work::Ensemble(ensemble) => {
                row.value("acceptance", ensemble.acceptance());
                row.value("effective_samples", ensemble.seen().least_effective());
                if ensemble.betas().len() > 1 {
                    let evidence = ensemble.evidence().map(|evidence| evidence.stepping_stones);
                    row.value("ln_evidence", evidence.map_or(f64::NAN, |estimate| estimate.value));
                    row.value("ln_evidence_error", evidence.map_or(f64::NAN, |estimate| estimate.error));
                }
            }
        }
        for (parameter, numbers) in parameters.iter().zip(quantiles) {
            for (suffix, number) in ["_p16", "_p50", "_p84", "_best"].iter().zip(numbers) {
                row.value(&format!("{}{suffix}", parameter.name), number);
            }
        }
        Ok(())
    }

    fn describe(&self) -> Vec<(String, String)> {
        let measured = self.fit.observations().rows.len();
        vec![
            ("method".to_owned(), self.method.kind().to_owned()),
            ("data".to_owned(), format!("{measured} measurements")),
            ("parameters".to_owned(), self.fit.names().join(" ")),
        ]
    }

    fn summary(&self) -> Vec<String> {
        self.lines()
    }

    fn conclude(&self, folder: &Path, options: &WriteOptions) -> Result<()> {
        self.posterior().write(&self.comm, &folder.join(POSTERIOR), options)?;
        let written = match self.whole() {
            Some(whole) => whole.summary().write(&folder.join(SUMMARY)),
            None => Ok(()),
        };
        self.comm.agree(written)
    }

    fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.value("orbit_data", results::digest(&self.fit))?;
        self.work.save(to)
    }

    fn load(setup: &Setup<Config>, comm: &Comm, from: &CheckpointReader) -> Result<Self> {
        OrbitFit::with(setup, comm, Some(from))
    }
}
