//! Writing a posterior: all ranks their rows, or one process all of them.

use std::path::Path;

use super::groups::Chains;
use super::labels::{OTHER, STANDARD};
use super::{FORMAT, Parameter, Posterior, observations};
use crate::io::{FileWriter, Slab, WriteOptions};
use crate::{Comm, Error, Result};

/// What a rank holds of the rows and walkers of all, and which columns there are.
#[derive(Clone, Copy, Default)]
struct Share {
    first: u64,
    total: u64,
    first_walker: u64,
    walkers: u64,
    steps: u64,
    thin: u64,
    has_prior: bool,
    has_weights: bool,
}

impl Posterior {
    /// Writes the rows of all ranks into the file `path`, those of rank 0 first. All ranks.
    ///
    /// # Errors
    /// On all ranks, when parts don't go together, ranks hold chains of different lengths, or the file can't be written.
    pub fn write(&self, comm: &Comm, path: &Path, options: &WriteOptions) -> Result<()> {
        comm.agree(self.check())?;
        let share = self.share(comm);
        comm.agree(self.check_share(&share))?;
        self.write_into(FileWriter::create(comm, path, options)?, &share)
    }

    /// Writes the rows that this process holds, as all that there are, without MPI.
    ///
    /// # Errors
    /// When parts don't go together or the file can't be written.
    pub fn write_alone(&self, path: &Path) -> Result<()> {
        self.check()?;
        let has_prior = !self.ln_prior.is_empty();
        let has_weights = !self.weights.is_empty();
        let walkers = self.walkers();
        let steps = self.steps();
        let total = self.len() as u64;
        let thin = self.thin();
        let share = Share { total, walkers, steps, thin, has_prior, has_weights, ..Share::default() };
        self.write_into(FileWriter::create_alone(path, 0)?, &share)
    }

    fn walkers(&self) -> u64 {
        self.chain.as_ref().map_or(0, |chain| chain.walkers as u64)
    }

    /// The kept steps of this rank's part of the chain.
    fn steps(&self) -> u64 {
        let width = self.parameters.len();
        self.chain.as_ref().map_or(0, |chain| chain.samples.len() / (chain.walkers * width).max(1)) as u64
    }

    fn thin(&self) -> u64 {
        self.chain.as_ref().map_or(0, |chain| chain.thin)
    }

    /// What this rank holds of all. All ranks.
    fn share(&self, comm: &Comm) -> Share {
        let rows = self.len() as u64;
        let walkers = self.walkers();
        let is_there = |numbers: &[f64]| u64::from(!numbers.is_empty());
        let mut most = [self.steps(), self.thin(), is_there(&self.ln_prior), is_there(&self.weights)];
        comm.all_reduce_max_into(&mut most);
        Share {
            first: comm.exclusive_sum(rows),
            total: comm.all_reduce_sum(rows),
            first_walker: comm.exclusive_sum(walkers),
            walkers: comm.all_reduce_sum(walkers),
            steps: most[0],
            thin: most[1],
            has_prior: most[2] > 0,
            has_weights: most[3] > 0,
        }
    }

    fn check_share(&self, share: &Share) -> Result<()> {
        let refuse = |reason: String| Err(Error::input("posterior", reason));
        for (name, has, numbers) in
            [("ln_prior", share.has_prior, &self.ln_prior), ("weights", share.has_weights, &self.weights)]
        {
            if has && numbers.len() != self.len() {
                return refuse(format!("{name} is there on some ranks and missing on this one"));
            }
        }
        if self.walkers() > 0 && self.steps() != share.steps {
            return refuse(format!("the chain has {} steps here and {} on another rank", self.steps(), share.steps));
        }
        Ok(())
    }

    fn write_into(&self, file: FileWriter, share: &Share) -> Result<()> {
        let order = self.standard_order();
        let basis = if order.is_some() { STANDARD } else { OTHER };
        let order = order.unwrap_or_else(|| (0..self.parameters.len()).collect());
        self.write_attributes(&file, basis)?;
        let width = order.len() as u64;
        let rows = Slab::rows(share.total, share.first, self.len() as u64, 1);
        let table =
            Slab { shape: vec![share.total, width], offset: vec![share.first, 0], count: vec![rows.len(), width] };
        file.dataset("post", &table, &sorted(&self.samples, &order))?;
        file.dataset("lnlike", &rows, &self.ln_likelihood)?;
        if share.has_prior {
            file.dataset("lnprior", &rows, &self.ln_prior)?;
            let sum: Vec<f64> = self.ln_prior.iter().zip(&self.ln_likelihood).map(|(a, b)| a + b).collect();
            file.dataset("lnpost", &rows, &sum)?;
        }
        if share.has_weights {
            file.dataset("weights", &rows, &self.weights)?;
        }
        let texts = |of: fn(&Parameter) -> &String| -> Vec<String> {
            order.iter().map(|&place| of(&self.parameters[place]).clone()).collect()
        };
        file.texts("parameter_names", &texts(|parameter| &parameter.name))?;
        file.texts("parameter_units", &texts(|parameter| &parameter.unit))?;
        observations::write(&file, &self.observations)?;
        self.write_chain(&file, share, &order)?;
        self.write_groups(&file, share, &order)?;
        file.finish()
    }

    /// The samples as ArviZ looks for them, where all count alike.
    fn write_groups(&self, file: &FileWriter, share: &Share, order: &[usize]) -> Result<()> {
        if share.has_weights || share.total == 0 {
            return Ok(());
        }
        let parameters: Vec<&Parameter> = order.iter().map(|&place| &self.parameters[place]).collect();
        let beside = [["log_likelihood", "/lnlike"], ["log_prior", "/lnprior"], ["lp", "/lnpost"]];
        let known = if share.has_prior { 3 } else { 1 };
        Chains::of(share.total, share.steps, share.walkers).write(file, &parameters, &beside[..known])?;
        observations::write_group(file, &self.observations)
    }

    /// The chain, where any rank holds walkers.
    fn write_chain(&self, file: &FileWriter, share: &Share, order: &[usize]) -> Result<()> {
        if share.walkers == 0 {
            return Ok(());
        }
        let samples = self.chain.as_ref().map_or(&[][..], |chain| &chain.samples);
        let width = order.len() as u64;
        let slab = Slab {
            shape: vec![share.steps, share.walkers, width],
            offset: vec![0, share.first_walker, 0],
            count: vec![share.steps, self.walkers(), width],
        };
        file.dataset("chain", &slab, &sorted(samples, order))?;
        file.attribute("chain", "thin", share.thin)
    }

    /// What orbitize asks for, and what it doesn't know.
    fn write_attributes(&self, file: &FileWriter, basis: &str) -> Result<()> {
        let about = &self.about;
        let truth = |name: &str, value: bool| file.attribute::<u8>("/", name, value.into());
        let number = |name: &str, value: f64| file.attribute::<f64>("/", name, value);
        file.string("/", "sampler_name", &about.sampler)?;
        file.string("/", "version_number", concat!("divisi ", env!("CARGO_PKG_VERSION")))?;
        file.string("/", "fitting_basis", basis)?;
        file.attribute::<i64>("/", "num_secondary_bodies", about.companions.into())?;
        number("tau_ref_epoch", about.tau_ref_epoch)?;
        number("stellar_or_system_mass", about.mass[0])?;
        number("mass_err", about.mass[1])?;
        number("plx", about.parallax[0])?;
        number("plx_err", about.parallax[1])?;
        truth("restrict_angle_ranges", about.restrict_angle_ranges)?;
        truth("fit_secondary_mass", self.has_masses())?;
        truth("use_rebound", about.nbody)?;
        if let Some([value, deviation]) = about.ln_evidence {
            number("ln_evidence", value)?;
            number("ln_evidence_err", deviation)?;
        }
        file.text("/", "Format", FORMAT)?;
        file.string("/", "note", &about.note)
    }
}

/// The numbers of each row in another order.
fn sorted(samples: &[f64], order: &[usize]) -> Vec<f64> {
    samples.chunks_exact(order.len()).flat_map(|row| order.iter().map(|&place| row[place])).collect()
}
