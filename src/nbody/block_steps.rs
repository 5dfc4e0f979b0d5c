//! The Hermite scheme with a step for each body, dt / 2^n: block steps (Aarseth 1985; Makino 1991, PASJ 43, 859).
//!
//! All bodies are at one time at the start and at the end of a whole step of dt; in between:
//!
//! 1. the next time is that at which the shortest steps end; active are all bodies whose step ends there, and since a step
//!    begins at a multiple of itself, these are all whose step divides that time;
//! 2. all bodies are predicted to that time;
//! 3. the forces on the active ones: each rank takes an even share of them and all ranks get what all found; where that is less work than a
//!    message, each rank takes all;
//! 4. active bodies are corrected, once, and take the step of Aarseth's criterion, rounded down to dt / 2^n: shorter at once, twice as long
//!    where the time is a multiple of that.
//!
//! Every rank holds all bodies (160 bytes each) and moves all active ones, so nothing but forces travels. The sums of a body run over all others in
//! the order of the list, whoever computes them: the bits don't depend on the number of ranks. Left out: regularised pairs. A hard binary is
//! followed with steps of its own, some hundred an orbit.

use super::depth::{self, DEEPEST, WHOLE, shallowest, ticks};
use super::hermite::{aarseth_square, corrected, first_step};
use super::kernel::{BlockBodies, Frame, Motion};
use super::potential::{External, Potential};
use crate::base::partition::balanced_range;
use crate::comm::Comm;
use crate::simd::{Level, Rsqrt};
use crate::{Error, Result};

/// Interactions that take about as long as a message to all ranks: up to this number each rank computes all.
const MESSAGE: usize = 16_384;

/// How bodies move.
#[derive(Clone, Debug)]
pub(crate) struct BlockScheme {
    /// The longest step, after which all bodies are at one time.
    pub dt: f64,
    /// The part of the time in which a force changes that a step is, as in Aarseth's criterion.
    pub eta: f64,
    /// Plummer's softening, length.
    pub softening: f64,
    /// The instructions, the same on all ranks.
    pub level: Level,
    /// How 1/r is made.
    pub rsqrt: Rsqrt,
    /// What pulls beside the bodies.
    pub external: External,
}

/// A body between whole steps: G m, its motion, and n of its step dt / 2^n.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Member {
    /// G m, length³/time².
    pub gm: f64,
    /// Position, velocity, acceleration, jerk.
    pub motion: Motion,
    /// n.
    pub depth: u32,
}

/// Bodies on their way through a whole step, the same on every rank.
struct Blocks<'a> {
    scheme: &'a BlockScheme,
    comm: &'a Comm,
    bodies: BlockBodies,
    depths: Vec<u32>,
    /// How many bodies have each depth.
    counts: Vec<usize>,
    /// The unit of length, a power of two, and what forces are multiplied with to be in it.
    length: f64,
    pull: f64,
    active: Vec<usize>,
    found: Vec<[f64; 6]>,
}

impl BlockScheme {
    /// The n of a body's first step, before higher derivatives are known: a tenth of what is taken later.
    pub(crate) fn first_depth(&self, acceleration: [f64; 3], jerk: [f64; 3]) -> u32 {
        depth::depth(self.dt, first_step(acceleration, jerk, 0.1 * self.eta, self.softening)).min(DEEPEST)
    }

    /// Moves all bodies, which every rank gives, by a whole step; returns how many steps of single bodies that took. All ranks.
    ///
    /// # Errors
    /// A body that asks for a step below dt / 2^40.
    pub(crate) fn step(&self, comm: &Comm, members: &mut [Member]) -> Result<u64> {
        let mut blocks = Blocks::new(self, comm, members);
        let mut taken = 0;
        let mut now = 0;
        while now < WHOLE {
            let shortest = blocks.counts.iter().rposition(|&count| count > 0).unwrap_or(0) as u32;
            now += ticks(shortest);
            taken += blocks.advance(now)?;
        }
        blocks.unload(members);
        Ok(taken)
    }
}

impl<'a> Blocks<'a> {
    fn new(scheme: &'a BlockScheme, comm: &'a Comm, members: &[Member]) -> Self {
        let (mut low, mut high, mut largest) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3], 0.0f64);
        for Member { gm, motion: [position, ..], .. } in members {
            largest = largest.max(*gm);
            low = [0, 1, 2].map(|k| low[k].min(position[k]));
            high = [0, 1, 2].map(|k| high[k].max(position[k]));
        }
        let frame = Frame::around(low, high, largest);
        let length = frame.length();
        // G m in its unit over lengths³ in theirs: powers of two, so that nothing is rounded.
        let pull = frame.gm() / length / length / length;
        let scaled = |motion: Motion| motion.map(|vector| vector.map(|x| x / length));
        let bodies = BlockBodies::new(members.iter().map(|member| (member.gm / frame.gm(), scaled(member.motion))));
        let mut counts = vec![0; DEEPEST as usize + 1];
        let depths: Vec<u32> = members.iter().map(|member| member.depth).collect();
        depths.iter().for_each(|&depth| counts[depth as usize] += 1);
        let (active, found) = Default::default();
        Blocks { scheme, comm, bodies, depths, counts, length, pull, active, found }
    }

    /// Writes back where bodies are.
    fn unload(&self, members: &mut [Member]) {
        for (i, member) in members.iter_mut().enumerate() {
            member.motion = self.bodies.motion(i).map(|vector| vector.map(|x| x * self.length));
            member.depth = self.depths[i];
        }
    }

    /// Takes the steps that end at `now` (ticks); returns how many.
    fn advance(&mut self, now: u64) -> Result<u64> {
        let tick = self.scheme.dt / WHOLE as f64;
        let shallowest = shallowest(now);
        self.active.clear();
        self.active.extend((0..self.depths.len()).filter(|&i| self.depths[i] >= shallowest));
        self.bodies.predict(self.scheme.level, now as f64, tick);
        self.attract();
        for place in 0..self.active.len() {
            self.correct(place, now, tick, shallowest)?;
        }
        Ok(self.active.len() as u64)
    }

    /// The forces on all active bodies, on every rank. All ranks.
    fn attract(&mut self) {
        let Blocks { scheme, comm, bodies, active, found, .. } = self;
        let is_small = active.len() * bodies.len() <= MESSAGE;
        let mine = if is_small { 0..active.len() } else { share(comm, active.len()) };
        found.clear();
        let softening = scheme.softening / self.length;
        bodies.attract(scheme.level, scheme.rsqrt, softening, &active[mine], found);
        if !is_small {
            *found = comm.all_gather(found);
        }
    }

    /// Corrects the active body of this place, and gives it its next step.
    fn correct(&mut self, place: usize, now: u64, tick: f64, shallowest: u32) -> Result<()> {
        let i = self.active[place];
        let end = self.forces(place, i);
        let dt = (now as f64 - self.bodies.time(i)) * tick;
        let motion = self.bodies.motion(i);
        let [_, _, acceleration, jerk] = motion;
        let [position, velocity] = corrected(motion, end, dt);
        let wanted = (self.scheme.eta * aarseth_square([acceleration, jerk], end, dt)).sqrt();
        self.bodies.put(i, now as f64, [position, velocity, end[0], end[1]]);
        let before = self.depths[i];
        // Longer by no more than a factor of two, and only where the time is a multiple of that.
        let least = if before > shallowest { before - 1 } else { before };
        let depth = depth::depth(self.scheme.dt, wanted).max(least);
        if depth > DEEPEST {
            let reason = format!(
                "body {i} of the list asks for a step of {wanted:e}, below {:e}: two bodies are very close; soften gravity, or take ias15",
                self.scheme.dt / WHOLE as f64
            );
            return Err(Error::Numerics { method: "Hermite with block steps", reason });
        }
        self.counts[before as usize] -= 1;
        self.counts[depth as usize] += 1;
        self.depths[i] = depth;
        Ok(())
    }

    /// Acceleration and jerk of an active body where it is predicted to be, in units of length.
    fn forces(&self, place: usize, i: usize) -> [[f64; 3]; 2] {
        let [ax, ay, az, jx, jy, jz] = self.found[place].map(|x| x * self.pull);
        let mut end = [[ax, ay, az], [jx, jy, jz]];
        if !self.scheme.external.is_empty() {
            let [position, velocity] = self.bodies.predicted(i).map(|vector| vector.map(|x| x * self.length));
            let more = [self.scheme.external.acceleration(position), self.scheme.external.jerk(position, velocity)];
            for (sum, term) in end.iter_mut().zip(more) {
                sum.iter_mut().zip(term).for_each(|(sum, term)| *sum += term / self.length);
            }
        }
        end
    }
}

/// This rank's share of `count` active bodies.
fn share(comm: &Comm, count: usize) -> std::ops::Range<usize> {
    let range = balanced_range(count as u64, comm.size(), comm.rank());
    range.start as usize..range.end as usize
}
