//! The simulation `orbit`: a fit, made by the method that its parameter file names.
//!
//! A step is one of the sampler: a million trials of rejection sampling, a move of every walker, the next starts of a search, the next
//! nodes of a grid. The run ends when the sampler has what was asked for; at its end, and at each stop, it leaves `posterior.hdf5` and
//! `summary.csv`. history.csv shows how far it is, with the quantiles of every parameter, so that a fit can be a task of a sweep.
//!
//! In the code: `config` (the sections), `method` (which sampler), `sampler` (the samplers behind one type), `rejection` (OFTI on all ranks), `results` (samples,
//! table, convergence).

mod config;
mod method;
mod rejection;
mod results;
mod sampler;

use std::path::{Path, PathBuf};

pub(crate) use config::Config;
pub(crate) use method::FitMethod;

use super::fit::Fit;
use super::observations::Observations;
use super::posterior::{self, Posterior};
use crate::io::WriteOptions;
use crate::run::{Ending, Goal, Row, Setup};
use crate::{Checkpoint, CheckpointReader, Clock, Comm, Error, Result, Simulation};
use sampler::{Sampler, Start};

/// A fit under way.
pub struct OrbitFit {
    comm: Comm,
    fit: Fit,
    method: FitMethod,
    sampler: Sampler,
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
        let sampler = Sampler::new(start, method.clone(), from)?;
        Ok(OrbitFit { comm: comm.clone(), fit, method: method.clone(), sampler })
    }
}

/// The fit that a parameter file asks for; relative paths start at `folder`.
///
/// # Errors
/// Data that can't be read; a model or priors that can't be.
pub(crate) fn fit_of(config: &Config, folder: &Path, level: crate::simd::Level) -> Result<Fit> {
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
#[cfg_attr(not(feature = "plot"), expect(dead_code, reason = "pictures ask for it"))]
pub(crate) fn fit_of_posterior(config: &Config, posterior: &Posterior, level: crate::simd::Level) -> Result<Fit> {
    let measured = &posterior.observations;
    if measured.rows.is_empty() {
        return Err(Error::input("posterior", "has no measured values"));
    }
    Fit::new(measured.clone(), &config.orbit, &config.priors, level)
}

fn same_data(digest: u64, fit: &Fit) -> Result<()> {
    if digest == results::digest(fit) {
        return Ok(());
    }
    Err(Error::input("data.files", "hold other measurements than when the run began: start another run with --out"))
}

impl Simulation for OrbitFit {
    const NAME: &'static str = "orbit";
    type Config = Config;

    fn ending() -> Ending<Config> {
        Ending::at_its_steps()
            .or_by_goal(|config: &Config| config.method.ends_by_itself())
            .leaving(&[posterior::FILE, posterior::SUMMARY])
            .with_rows_at_doublings()
    }

    fn new(setup: &Setup<Config>, comm: &Comm) -> Result<Self> {
        OrbitFit::with(setup, comm, None)
    }

    fn step(&mut self, _clock: &Clock, _dt_max: f64) -> Result<f64> {
        self.sampler.step()?;
        Ok(1.0)
    }

    fn goal(&self) -> Goal {
        self.sampler.goal()
    }

    fn goal_at_end(&self) -> Goal {
        self.sampler.goal_at_end()
    }

    fn history(&self, row: &mut Row) -> Result<()> {
        let whole = self.whole(&self.samples());
        let names = self.fit.all_names();
        let quantiles = results::quantiles(&self.comm, whole.as_ref(), names.len());
        let best = whole.as_ref().and_then(|whole| Some((whole, whole.best()?)));
        let best = best.map_or(f64::NAN, |(whole, best)| whole.ln_prior[best] + whole.ln_likelihood[best]);
        let numbers = self.comm.broadcast(&[whole.map_or(0.0, |whole| whole.len() as f64), best], 0);
        row.value("samples", numbers[0]);
        row.value("ln_posterior", numbers[1]);
        match &self.sampler {
            Sampler::Rejection(rejection) => row.value("trials", rejection.trials() as f64),
            Sampler::Maximum(_) | Sampler::Grid(_) => {}
            Sampler::Ensemble(ensemble) => {
                row.value("acceptance", ensemble.acceptance());
                row.value("effective_samples", ensemble.seen().least_effective());
                if ensemble.betas().len() > 1 {
                    let evidence = results::known_evidence(ensemble);
                    row.value("ln_evidence", evidence.map_or(f64::NAN, |estimate| estimate.value));
                    row.value("ln_evidence_error", evidence.map_or(f64::NAN, |estimate| estimate.error));
                }
            }
        }
        for (name, numbers) in names.iter().zip(quantiles) {
            for (suffix, number) in ["_p16", "_p50", "_p84", "_best"].iter().zip(numbers) {
                row.value(&format!("{name}{suffix}"), number);
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

    fn notes(&self) -> Vec<String> {
        self.fit.notes()
    }

    fn summary(&self) -> Vec<String> {
        self.lines()
    }

    fn conclude(&self, folder: &Path, options: &WriteOptions) -> Result<()> {
        let samples = self.samples();
        let summary = self.whole(&samples).map(|whole| whole.summary());
        self.filed(samples).write(&self.comm, &folder.join(posterior::FILE), options)?;
        self.comm.agree(summary.map_or(Ok(()), |summary| summary.write(&folder.join(posterior::SUMMARY))))
    }

    fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.value("orbit_data", results::digest(&self.fit))?;
        self.sampler.save(to)
    }

    fn load(setup: &Setup<Config>, comm: &Comm, from: &CheckpointReader) -> Result<Self> {
        OrbitFit::with(setup, comm, Some(from))
    }
}
