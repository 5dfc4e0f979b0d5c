//! The walkers of an ensemble, at one temperature or several, and their common step.
//!
//! Every rank knows all walkers. In a half step every second walker of each temperature may move, by a look at the others, which
//! stand still (Foreman-Mackey et al. 2013, PASP 125, 306): each rank proposes, computes and decides for its share of the walkers that may
//! move, then all ranks exchange the rows of these walkers, once. Which walkers a rank has changes no bit: random numbers
//! are those of (seed, walker, step).
//!
//! At an inverse temperature beta a walker samples prior times likelihood to the power beta. Where beta is 0, that is the prior
//! itself, and a walker is drawn from it anew in each step.

use std::ops::Range;

use super::density::Density;
use super::moves::{Frame, Moves, Others};
use super::space::Space;
use crate::base::partition::balanced_range;
use crate::base::random::Random;
use crate::comm::{Channels, Comm, Node, Peer};
use crate::io::{Checkpoint, CheckpointReader, Element};
use crate::{Error, Result};

/// Streams of random numbers: moves, and points of the prior.
const MOVES: u32 = 0x4d4f_5645;
const PRIOR: u32 = 0x5052_4952;
/// The random numbers that a move may take.
const DRAWS: u64 = 16;
/// What a walker's row holds beyond its point: ln prior, ln likelihood, how often it has moved.
pub(super) const BEYOND: usize = 3;

/// All walkers.
pub(super) struct Walkers<D> {
    pub comm: Comm,
    pub density: D,
    pub space: Space,
    seed: u64,
    moves: Moves,
    /// Walkers of each temperature.
    count: usize,
    /// A row for each walker, temperature after temperature, the coldest first.
    rows: Vec<f64>,
    /// Whose history each walker goes on with: a number that goes along in exchanges.
    histories: Vec<u32>,
    /// The pairs of walkers that this rank moves; pair `q` has the walkers `2 q` and `2 q + 1`.
    mine: Range<usize>,
    /// The pairs of each peer.
    theirs: Vec<Range<usize>>,
    channels: Channels<f64>,
    work: Work,
}

/// Room for a half step of this rank's walkers.
#[derive(Default)]
struct Work {
    /// Where walkers may go, a row for each: a point, its ln prior, the ln of the move's factor, and the number that decides.
    proposals: Vec<f64>,
    /// Those points among them that the prior allows, one after another, and their ln likelihoods.
    points: Vec<f64>,
    values: Vec<f64>,
    unit: Vec<f64>,
    /// The rows after the half step.
    outgoing: Vec<f64>,
}

impl<D: Density> Walkers<D> {
    /// `count` walkers at each of `temperatures` temperatures, which stand nowhere yet. All ranks.
    pub(super) fn new(
        comm: &Comm,
        density: D,
        [count, temperatures]: [usize; 2],
        moves: Moves,
        seed: u64,
    ) -> Result<Self> {
        let space = Space::of(&density)?;
        let pairs = count * temperatures / 2;
        let width = space.dimensions() + BEYOND;
        let share = |rank| {
            let range = balanced_range(pairs as u64, comm.size(), rank);
            range.start as usize..range.end as usize
        };
        let mine = share(comm.rank());
        let others: Vec<usize> = (0..comm.size()).filter(|&rank| rank != comm.rank()).collect();
        let theirs: Vec<Range<usize>> = others.iter().map(|&rank| share(rank)).collect();
        let peer = |(&rank, pairs): (&usize, &Range<usize>)| Peer {
            rank,
            sends: width * mine.len(),
            receives: width * pairs.len(),
        };
        let channels = comm.channels(others.iter().zip(&theirs).map(peer).collect(), Node::Shared);
        let rows = vec![0.0; 2 * pairs * width];
        let histories = (0..2 * pairs as u32).collect();
        let comm = comm.clone();
        let work = Work::new(space.dimensions(), mine.len());
        Ok(Walkers { comm, density, space, seed, moves, count, rows, histories, mine, theirs, channels, work })
    }

    /// Numbers in a row.
    pub(super) fn width(&self) -> usize {
        self.space.dimensions() + BEYOND
    }

    /// Walkers of each temperature.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The row of a walker: its point, ln prior, ln likelihood, how often it has moved.
    pub(super) fn row(&self, walker: usize) -> &[f64] {
        &self.rows[walker * self.width()..][..self.width()]
    }

    /// The ln likelihood of a walker.
    #[inline]
    pub(super) fn log_likelihood(&self, walker: usize) -> f64 {
        self.rows[(walker + 1) * self.width() - 2]
    }

    /// Whether there are temperatures between which walkers exchange places.
    fn is_tempered(&self) -> bool {
        self.histories.len() > self.count
    }

    /// The number of the history that a walker goes on with.
    #[inline]
    pub(super) fn history(&self, walker: usize) -> usize {
        self.histories[walker] as usize
    }

    /// Exchanges the places of two walkers, and their histories; how often each has moved stays with it.
    pub(super) fn swap(&mut self, a: usize, b: usize) {
        let width = self.width();
        self.histories.swap(a, b);
        for k in 0..width - 1 {
            self.rows.swap(a * width + k, b * width + k);
        }
    }

    /// The share of all proposals, since the start, that the walkers of a temperature have taken; `steps` were done.
    pub(super) fn acceptance(&self, temperature: usize, steps: u64) -> f64 {
        let walkers = temperature * self.count..(temperature + 1) * self.count;
        let moved: f64 = walkers.map(|walker| self.row(walker)[self.width() - 1]).sum();
        moved / (self.count as f64 * steps.max(1) as f64)
    }

    /// Moves every walker of each temperature once; `step` counts from 0. All ranks.
    ///
    /// # Errors
    /// On all ranks, if a ln prior or ln likelihood is NaN or plus infinity.
    pub(super) fn step(&mut self, step: u64, betas: &[f64]) -> Result<()> {
        for half in 0..2 {
            self.propose(step, half, betas);
            self.evaluate();
            self.decide(half, betas);
            self.exchange(half);
            self.refuse(step, half)?;
        }
        Ok(())
    }

    /// Chooses where this rank's walkers of a half may go.
    fn propose(&mut self, step: u64, half: usize, betas: &[f64]) {
        let dimensions = self.space.dimensions();
        let width = self.width();
        self.work.points.clear();
        for (pair, proposal) in self.mine.clone().zip(self.work.proposals.chunks_exact_mut(width)) {
            let walker = 2 * pair + half;
            let mut random = Random::new(self.seed, MOVES, walker as u64);
            random.skip_to(DRAWS * step);
            let choice = random.uniform();
            let decision = random.uniform();
            let (point, rest) = proposal.split_at_mut(dimensions);
            let factor = if betas[walker / self.count] == 0.0 {
                let mut random = Random::new(self.seed, PRIOR, walker as u64);
                random.skip_to(step * (dimensions as u64).next_multiple_of(2));
                self.work.unit.fill_with(|| random.uniform());
                self.density.draw(&self.work.unit, point);
                0.0
            } else {
                let first = walker / self.count * self.count + 1 - half;
                let others = Others { rows: &self.rows[first * width..], stride: 2 * width, count: self.count / 2 };
                let from = &self.rows[walker * width..][..dimensions];
                let frame = Frame { space: &self.space, from, others };
                self.moves.propose(choice, &mut random, &frame, point)
            };
            self.space.wrap(point);
            let prior = if factor == f64::NEG_INFINITY { factor } else { self.density.log_prior(point) };
            if prior > f64::NEG_INFINITY {
                self.work.points.extend_from_slice(point);
            }
            rest.copy_from_slice(&[prior, factor, decision]);
        }
    }

    /// Computes the ln likelihoods of all proposals within the prior.
    fn evaluate(&mut self) {
        let Work { points, values, .. } = &mut self.work;
        values.clear();
        values.resize(points.len() / self.space.dimensions(), f64::NAN);
        if !values.is_empty() {
            self.density.log_likelihoods(points, values);
        }
    }

    /// Which of this rank's walkers go where they were asked to: their rows.
    fn decide(&mut self, half: usize, betas: &[f64]) {
        let dimensions = self.space.dimensions();
        let width = self.width();
        let Work { proposals, values, outgoing, .. } = &mut self.work;
        let mut values = values.iter();
        outgoing.clear();
        for (pair, proposal) in self.mine.clone().zip(proposals.chunks_exact(width)) {
            let walker = 2 * pair + half;
            let row = &mut self.rows[walker * width..][..width];
            let [prior, factor, decision] = [0, 1, 2].map(|k| proposal[dimensions + k]);
            let likelihood =
                if prior > f64::NEG_INFINITY { values.next().copied().unwrap_or(f64::NAN) } else { f64::NEG_INFINITY };
            let gain = match betas[walker / self.count] {
                // Drawn from the prior, the density itself.
                0.0 if prior > f64::NEG_INFINITY => 0.0,
                0.0 => f64::NEG_INFINITY,
                // ln q + ln π(Y) - ln π(X) + β (ln L(Y) - ln L(X)), q the factor of the move
                beta => factor + prior - row[dimensions] + beta * (likelihood - row[dimensions + 1]),
            };
            // Metropolis: taken with min(1, exp(gain)). What is no number is taken too: all ranks then see it.
            let broken = prior.is_nan() || likelihood.is_nan() || likelihood == f64::INFINITY;
            if broken || gain >= 0.0 || libm::log(decision) < gain {
                row[..dimensions].copy_from_slice(&proposal[..dimensions]);
                row[dimensions] = prior;
                row[dimensions + 1] = likelihood;
                row[dimensions + 2] += 1.0;
            }
            outgoing.extend_from_slice(row);
        }
    }

    /// Gives this rank's rows of a half to all others, and takes theirs. All ranks.
    pub(super) fn exchange(&mut self, half: usize) {
        let width = self.width();
        let Walkers { channels, rows, theirs, work, .. } = self;
        channels.start(|_, buffer| buffer.copy_from_slice(&work.outgoing));
        channels.finish(|peer, incoming| {
            for (pair, row) in theirs[peer].clone().zip(incoming.chunks_exact(width)) {
                rows[(2 * pair + half) * width..][..width].copy_from_slice(row);
            }
        });
    }

    /// Refuses walkers of a half whose densities aren't numbers; the same on all ranks, since all know all walkers.
    fn refuse(&self, step: u64, half: usize) -> Result<()> {
        let dimensions = self.space.dimensions();
        let is_broken = |value: f64| value.is_nan() || value == f64::INFINITY;
        for row in self.rows.chunks_exact(self.width()).skip(half).step_by(2) {
            if is_broken(row[dimensions]) || is_broken(row[dimensions + 1]) {
                return Err(self.broken(step + 1, row));
            }
        }
        Ok(())
    }

    /// The error for a point whose density isn't a number.
    pub(super) fn broken(&self, step: u64, row: &[f64]) -> Error {
        let dimensions = self.space.dimensions();
        let prior_is_finite = row[dimensions].is_finite();
        let quantity = if prior_is_finite { "the ln likelihood" } else { "the ln prior" };
        let value = if prior_is_finite { row[dimensions + 1] } else { row[dimensions] };
        let named = self.space.names().iter().zip(row).map(|(name, value)| format!("{name} = {value}"));
        let place = format!("the point {}", named.collect::<Vec<_>>().join(", "));
        Error::NotFinite { step, quantity: quantity.to_owned(), place, value }
    }

    /// Puts this rank's walkers of both halves at rows that `make` gives, and exchanges them. All ranks.
    pub(super) fn place(&mut self, mut make: impl FnMut(usize, &mut [f64])) {
        let width = self.width();
        for half in 0..2 {
            self.work.outgoing.clear();
            for pair in self.mine.clone() {
                let row = &mut self.rows[(2 * pair + half) * width..][..width];
                make(2 * pair + half, row);
                self.work.outgoing.extend_from_slice(row);
            }
            self.exchange(half);
        }
    }

    /// The walkers that this rank moves.
    pub(super) fn mine(&self) -> Range<usize> {
        2 * self.mine.start..2 * self.mine.end
    }

    /// All walkers' rows.
    pub(super) fn rows(&self) -> &[f64] {
        &self.rows
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// Writes all rows. All ranks.
    pub(super) fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.replicated("sampler_walkers", &self.rows)?;
        if self.is_tempered() { to.replicated("sampler_owners", &self.histories) } else { Ok(()) }
    }

    /// Takes the rows of a checkpoint. All ranks.
    pub(super) fn load(&mut self, from: &CheckpointReader) -> Result<()> {
        self.rows = replicated(from, "sampler_walkers", self.rows.len())?;
        if self.is_tempered() {
            self.histories = replicated(from, "sampler_owners", self.histories.len())?;
        }
        if self.histories.iter().any(|&history| history as usize >= self.histories.len()) {
            return Err(Error::file(from.path(), "sampler_owners holds a history that no walker has"));
        }
        Ok(())
    }
}

impl Work {
    fn new(dimensions: usize, pairs: usize) -> Self {
        let width = dimensions + BEYOND;
        Work {
            proposals: vec![0.0; width * pairs],
            points: Vec::with_capacity(dimensions * pairs),
            values: Vec::with_capacity(pairs),
            unit: vec![0.0; dimensions],
            outgoing: Vec::with_capacity(width * pairs),
        }
    }
}
/// The numbers of a checkpoint that every rank holds, of which there must be `count`.
pub(super) fn replicated<T: Element>(from: &CheckpointReader, name: &str, count: usize) -> Result<Vec<T>> {
    let numbers: Vec<T> = from.replicated(name)?;
    if numbers.len() == count {
        return Ok(numbers);
    }
    let reason = format!("{name} holds {} numbers, and these settings need {count}", numbers.len());
    Err(Error::file(from.path(), reason))
}
