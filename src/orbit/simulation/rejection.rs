//! Rejection sampling on all ranks.
//!
//! A step makes the next [`TRIALS`] trials, shared out in order among the ranks; each keeps the orbits that it accepts, with
//! their place in the order of trials. Which orbits are accepted, and in which order, depends on the seed alone.

use crate::base::partition::{balanced_owner, balanced_range};
use crate::io::{Checkpoint, CheckpointReader, Slab};
use crate::orbit::Fit;
use crate::orbit::ofti::{Accepted, Ofti, OftiSection};
use crate::run::Goal;
use crate::sampler::Share;
use crate::simd::Level;
use crate::{Comm, Error, Result};

/// Trials of a step, on all ranks together.
const TRIALS: u64 = 1 << 20;
/// Trials without any accepted orbit, or trials that fit but for the ends of sma and pan, after which the priors are taken to exclude the data.
const HOPELESS: u64 = 1 << 30;
const BEYOND: u64 = 1000;

/// The state of rejection sampling.
pub(super) struct Rejection {
    comm: Comm,
    fit: Fit,
    level: Level,
    seed: u64,
    settings: OftiSection,
    /// Trials made.
    trials: u64,
    /// Orbits accepted on all ranks.
    count: u64,
    /// Trials on all ranks that fit but for the ends of sma and pan.
    beyond: u64,
    /// Of this rank's orbits, the place of each among all, and its point with ln prior and ln likelihood.
    places: Vec<u64>,
    rows: Vec<f64>,
}

impl Rejection {
    /// Sampling that has not begun.
    ///
    /// # Errors
    /// A fit that it does not apply to.
    pub(super) fn new(comm: &Comm, fit: Fit, level: Level, settings: OftiSection, seed: u64) -> Result<Self> {
        Ofti::new(&fit, level, seed, settings.reference)?;
        let places = Vec::new();
        let rows = Vec::new();
        Ok(Rejection { comm: comm.clone(), fit, level, seed, settings, trials: 0, count: 0, beyond: 0, places, rows })
    }

    /// Numbers of a row: a point, ln prior, ln likelihood.
    fn width(&self) -> usize {
        self.fit.names().len() + 2
    }

    /// Makes the next trials. All ranks.
    ///
    /// # Errors
    /// When so many trials have accepted nothing that the priors must exclude the data.
    pub(super) fn step(&mut self) -> Result<()> {
        let mine = balanced_range(TRIALS, self.comm.size(), self.comm.rank());
        let mut accepted = Accepted::default();
        let ofti = Ofti::new(&self.fit, self.level, self.seed, self.settings.reference)?;
        ofti.trials(self.trials + mine.start..self.trials + mine.end, &mut accepted);
        let found = accepted.trials.len() as u64;
        let before = self.count + self.comm.exclusive_sum(found);
        self.places.extend(before..before + found);
        for (point, ln_likelihood) in accepted.points.chunks_exact(self.width() - 2).zip(&accepted.log_likelihoods) {
            self.rows.extend_from_slice(point);
            self.rows.extend([self.fit.log_prior(point), *ln_likelihood]);
        }
        self.count += self.comm.all_reduce_sum(found);
        self.beyond += self.comm.all_reduce_sum(accepted.beyond);
        self.trials += TRIALS;
        self.refuse_hopeless()
    }

    fn refuse_hopeless(&self) -> Result<()> {
        let trials = self.trials;
        let beyond = self.beyond;
        let reason = match self.count {
            0 if beyond >= BEYOND => {
                format!(
                    "all of {beyond} orbits that fit lie beyond the ends of sma1 or pan1: the priors exclude the data"
                )
            }
            0 if trials >= HOPELESS => format!("{trials} trials gave no orbit that fits: the priors exclude the data"),
            _ => return Ok(()),
        };
        Err(Error::input("priors", reason))
    }

    /// Whether the orbits that are wanted are there.
    pub(super) fn goal(&self) -> Goal {
        match (self.count >= self.settings.orbits, self.trials >= self.settings.most_trials) {
            (true, _) => Goal::Reached,
            (false, false) => Goal::Open,
            (false, true) => Goal::Missed,
        }
    }

    /// Trials made so far.
    pub(super) fn trials(&self) -> u64 {
        self.trials
    }

    /// Orbits accepted so far, those beyond the wanted ones included.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The orbits that are wanted, in the order of trials, each rank an even share. All ranks.
    pub(super) fn share(&self) -> Share {
        self.shared(self.count.min(self.settings.orbits))
    }

    fn shared(&self, total: u64) -> Share {
        let size = self.comm.size();
        let width = self.width();
        let mut places = vec![Vec::new(); size];
        let mut rows = vec![Vec::new(); size];
        for (&place, row) in self.places.iter().zip(self.rows.chunks_exact(width)).filter(|(place, _)| **place < total)
        {
            let owner = balanced_owner(total, size, place);
            places[owner].push(place);
            rows[owner].extend_from_slice(row);
        }
        let places = self.comm.exchange(places).concat();
        let rows = self.comm.exchange(rows).concat();
        let wanted = balanced_range(total, size, self.comm.rank());
        let mut numbers = vec![0.0; rows.len()];
        for (place, row) in places.into_iter().zip(rows.chunks_exact(width)) {
            numbers[(place - wanted.start) as usize * width..][..width].copy_from_slice(row);
        }
        Share { first: wanted.start, total, numbers }
    }

    /// Writes all that goes on from here. All ranks.
    pub(super) fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.values("ofti_counts", &[self.trials, self.count, self.beyond])?;
        if self.count == 0 {
            return Ok(());
        }
        let share = self.shared(self.count);
        let width = self.width() as u64;
        let rows = share.numbers.len() as u64 / width;
        to.array("ofti_rows", &Slab::rows(self.count, share.first, rows, width as usize), &share.numbers)
    }

    /// Goes on from where [`save`](Rejection::save) was. All ranks.
    pub(super) fn load(mut self, from: &CheckpointReader) -> Result<Self> {
        let counts = from.values::<u64>("ofti_counts")?;
        let &[trials, count, beyond] = &counts[..] else {
            return Err(Error::file(from.path(), format!("ofti_counts holds {} numbers, not 3", counts.len())));
        };
        self.trials = trials;
        self.count = count;
        self.beyond = beyond;
        if count > 0 {
            let mine = balanced_range(count, self.comm.size(), self.comm.rank());
            let width = self.width() as u64;
            let shape = from.shape("ofti_rows")?;
            if shape != [count, width] {
                let reason = format!("ofti_rows has shape {shape:?}, and this fit needs {:?}", [count, width]);
                return Err(Error::file(from.path(), reason));
            }
            self.rows =
                from.read_slab("ofti_rows", &Slab::rows(count, mine.start, mine.end - mine.start, width as usize))?;
            self.places = mine.collect();
        }
        Ok(self)
    }
}
