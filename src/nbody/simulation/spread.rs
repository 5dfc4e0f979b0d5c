//! Bodies spread over ranks: direct sums with leapfrog or Hermite steps.

use crate::nbody::body::Body;
use crate::nbody::cancellation::{SLIGHT, add_scale, is_rounding};
use crate::nbody::direct::DirectSum;
use crate::nbody::hermite::Hermite;
use crate::nbody::leapfrog::{drift, kick};
use crate::nbody::potential::Potential;
use crate::nbody::tree::{Tree, Wanted};
use crate::nbody::vector::norm;
use crate::particles::Particles;
use crate::{Clock, Error, Result};

use super::block::Block;
use super::config::Method;
use super::names::Names;
use super::scheme::{Particle, Scheme};
use super::watch::Change;

/// The first step of chosen ones, before derivatives are known, over eta.
const FIRST_STEP: f64 = 0.1;

/// A step that becomes shorter than this part of the one before is looked at: it may be for a force that is rounding.
const SHRINKS: f64 = 0.5;

/// Bodies on their ranks.
pub(super) struct Spread {
    particles: Particles<Particle>,
    scheme: Scheme,
    forces: DirectSum,
    tree: Option<Tree>,
    hermite: Hermite,
    next_step: f64,
    block: Option<Block>,
}

impl Spread {
    /// Bodies at the start. All ranks.
    pub(super) fn new(particles: Particles<Particle>, scheme: Scheme) -> Result<Self> {
        let block = scheme.block_steps.then(Block::default);
        let mut spread = Spread::load(particles, scheme, f64::NAN, block);
        spread.begin()?;
        if spread.next_step.is_infinite() && spread.scheme.eta > 0.0 {
            let reason = "is needed as the longest step: bodies at rest without softening give none to start with";
            return Err(Error::input("integrator.dt", reason));
        }
        Ok(spread)
    }

    /// Bodies of a checkpoint, whose forces are known. All ranks.
    pub(super) fn load(particles: Particles<Particle>, scheme: Scheme, next_step: f64, block: Option<Block>) -> Self {
        let forces = DirectSum::new(scheme.level, scheme.rsqrt, scheme.precision, scheme.softening);
        let hermite = Self::columns(&particles);
        let tree = scheme.tree();
        Spread { particles, scheme, forces, tree, hermite, next_step, block }
    }

    /// The step that Hermite's criterion asks for next.
    pub(super) fn next_step(&self) -> f64 {
        self.next_step
    }

    /// The steps of single bodies, where they have such.
    pub(super) fn block(&self) -> Option<&Block> {
        self.block.as_ref()
    }

    /// The bodies.
    pub(super) fn particles(&self) -> &Particles<Particle> {
        &self.particles
    }

    /// How they move.
    pub(super) fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Takes one step. All ranks.
    pub(super) fn step(&mut self, clock: &Clock, dt_max: f64, names: &Names) -> Result<f64> {
        let dt = match (self.scheme.method, &mut self.block) {
            (Method::Leapfrog, Some(block)) => {
                let tree = self.tree.as_mut().expect("block steps of leapfrog have a tree");
                block.leapfrog(&mut self.particles, &self.scheme, tree)?
            }
            (Method::Leapfrog, _) => self.leapfrog()?,
            (Method::LeapfrogDkd, _) => self.leapfrog_dkd()?,
            (_, Some(block)) => block.hermite(&mut self.particles, &self.scheme)?,
            _ => self.hermite(dt_max)?,
        };
        self.check(clock, names)?;
        Ok(dt)
    }

    /// Kick, drift, kick: second order, symplectic.
    fn leapfrog(&mut self) -> Result<f64> {
        let dt = self.scheme.dt;
        for particle in self.particles.local_mut() {
            kick(&mut particle.body.velocity, particle.acceleration, 0.5 * dt);
            drift(&mut particle.body.position, particle.body.velocity, dt);
        }
        self.evaluate(true)?;
        for particle in self.particles.local_mut() {
            kick(&mut particle.body.velocity, particle.acceleration, 0.5 * dt);
        }
        Ok(dt)
    }

    /// Drift, kick, drift: second order, symplectic.
    fn leapfrog_dkd(&mut self) -> Result<f64> {
        let dt = self.scheme.dt;
        self.particles
            .local_mut()
            .iter_mut()
            .for_each(|particle| drift(&mut particle.body.position, particle.body.velocity, 0.5 * dt));
        self.evaluate(true)?;
        for particle in self.particles.local_mut() {
            kick(&mut particle.body.velocity, particle.acceleration, dt);
            drift(&mut particle.body.position, particle.body.velocity, 0.5 * dt);
        }
        Ok(dt)
    }

    /// Predict, evaluate, correct: fourth order.
    fn hermite(&mut self, dt_max: f64) -> Result<f64> {
        let chooses = self.scheme.eta > 0.0;
        let dt = if chooses { self.next_step.min(dt_max) } else { self.scheme.dt };
        if dt.is_infinite() {
            let reason = "no body is accelerated and no largest step is given".to_owned();
            return Err(Error::Numerics { method: "Hermite", reason });
        }
        self.hermite.predict(dt);
        self.take_end();
        self.evaluate(true)?;
        let local = self.particles.local();
        self.hermite.correct(|i| (local[i].acceleration, local[i].jerk), dt);
        self.take_end();
        if chooses {
            let wanted = self.hermite.aarseth_step(self.scheme.eta, dt);
            let mut next = self.particles.comm().all_reduce_min(wanted);
            if next < SHRINKS * dt {
                let cancelled = self.cancelled();
                let wanted = self.hermite.aarseth_step_of(self.scheme.eta, dt, |i| !cancelled.contains(&i));
                next = self.particles.comm().all_reduce_min(wanted);
            }
            self.next_step = next.min(self.scheme.dt);
        }
        self.hermite.accept();
        Ok(dt)
    }

    /// This rank's bodies whose forces cancel, by their places. All ranks.
    fn cancelled(&self) -> Vec<usize> {
        let Spread { particles, scheme, .. } = self;
        let size = |particle: &Particle| norm(particle.acceleration);
        let local = particles.local();
        let largest = particles.comm().all_reduce_max(local.iter().map(size).fold(0.0, f64::max));
        let slight: Vec<usize> = (0..local.len()).filter(|&i| size(&local[i]) <= SLIGHT * largest).collect();
        if particles.comm().all_reduce_max(slight.len() as u64) == 0 {
            return slight;
        }
        let mut scales = vec![0.0; slight.len()];
        particles.source_blocks(
            |particle| scheme.source(particle),
            |block| {
                for (&i, scale) in slight.iter().zip(&mut scales) {
                    let sources = block.sources.iter().map(|&[x, y, z, gm]| ([x, y, z], gm));
                    add_scale(scale, local[i].body.position, scheme.softening, sources);
                }
            },
        );
        let pairs = slight.into_iter().zip(scales);
        pairs.filter(|&(i, scale)| is_rounding(size(&local[i]), scale)).map(|(i, _)| i).collect()
    }

    /// Moves the bodies to where Hermite's step ends.
    fn take_end(&mut self) {
        let ends = self.hermite.end_position().iter().zip(self.hermite.end_velocity());
        for (particle, (position, velocity)) in self.particles.local_mut().iter_mut().zip(ends) {
            particle.body.position = *position;
            particle.body.velocity = *velocity;
        }
    }

    /// Hermite's columns of the bodies as they are.
    fn columns(particles: &Particles<Particle>) -> Hermite {
        let column = |of: fn(&Particle) -> [f64; 3]| particles.local().iter().map(of).collect::<Vec<_>>();
        let places = (column(|particle| particle.body.position), column(|particle| particle.body.velocity));
        Hermite::new(places.0, places.1, column(|particle| particle.acceleration), column(|particle| particle.jerk))
    }

    /// Forces anew after the bodies were changed from outside, and what follows from them. All ranks.
    fn begin(&mut self) -> Result<()> {
        self.evaluate(false)?;
        if self.scheme.opening.is_some_and(|opening| opening.relative > 0.0) {
            self.evaluate(true)?;
        }
        if let Some(block) = &mut self.block {
            block.begin(self.particles.local(), &self.scheme);
            return Ok(());
        }
        self.hermite = Self::columns(&self.particles);
        if self.scheme.eta > 0.0 {
            let eta = FIRST_STEP * self.scheme.eta;
            let cancelled = self.cancelled();
            let wanted = self.hermite.first_step_of(eta, self.scheme.softening, |i| !cancelled.contains(&i));
            self.next_step = self.particles.comm().all_reduce_min(wanted).min(self.scheme.dt);
        }
        Ok(())
    }

    /// Accelerations, and their derivatives where the method needs them, at the present places; `known` are those of the last time. All ranks.
    fn evaluate(&mut self, known: bool) -> Result<()> {
        let Spread { particles, scheme, forces, tree, .. } = self;
        if let Some(tree) = tree {
            let sources = scheme.tree_sources(particles.local());
            let last = scheme.last(particles.local()).filter(|_| known);
            let wanted = Wanted { last: last.as_deref(), ..Wanted::default() };
            let field = tree.evaluate_with(particles.comm(), &sources, wanted)?;
            for (particle, acceleration) in particles.local_mut().iter_mut().zip(&field.acceleration) {
                particle.acceleration = *acceleration;
            }
        } else if scheme.method == Method::Hermite {
            let results = forces.evaluate_moving(particles, |particle| scheme.moving_source(particle));
            for (i, particle) in particles.local_mut().iter_mut().enumerate() {
                particle.acceleration = results.acceleration(i);
                particle.jerk = results.jerk(i);
            }
        } else {
            let results = forces.evaluate(particles, |particle| scheme.source(particle), false);
            for (i, particle) in particles.local_mut().iter_mut().enumerate() {
                particle.acceleration = results.acceleration(i);
            }
        }
        self.add_external();
        Ok(())
    }

    /// Adds what external potentials do, and where the method needs it its derivative.
    fn add_external(&mut self) {
        let Spread { particles, scheme, .. } = self;
        if scheme.external.is_empty() {
            return;
        }
        for particle in particles.local_mut() {
            let Body { position, velocity, .. } = particle.body;
            add(&mut particle.acceleration, scheme.external.acceleration(position));
            if scheme.method == Method::Hermite {
                add(&mut particle.jerk, scheme.external.jerk(position, velocity));
            }
        }
    }

    /// Stops at the first body of this rank whose state is not finite.
    fn check(&self, clock: &Clock, names: &Names) -> Result<()> {
        let broken = |particle: &Particle| {
            let all = particle.body.position.iter().chain(&particle.body.velocity).chain(&particle.acceleration);
            all.copied().find(|x| !x.is_finite())
        };
        match self.particles.local().iter().find_map(|particle| Some((particle.body.id, broken(particle)?))) {
            Some((id, value)) => Err(not_finite(clock, "the state", names.one(id), value)),
            None => Ok(()),
        }
    }

    /// Takes bodies out and changes those that have grown. All ranks.
    pub(super) fn change(&mut self, change: &Change) -> Result<()> {
        for particle in self.particles.local_mut() {
            if let Some(grown) = change.grown.iter().find(|grown| grown.id == particle.body.id) {
                particle.body = *grown;
            }
        }
        self.particles.retain(|particle| !change.removed.contains(&particle.body.id));
        if self.particles.count() == 0 {
            return Err(Error::Numerics { method: "events", reason: "no body is left".into() });
        }
        self.begin()
    }
}

fn add(sum: &mut [f64; 3], term: [f64; 3]) {
    sum.iter_mut().zip(term).for_each(|(sum, term)| *sum += term);
}

/// The error of a number that is not finite, after the step that `clock` is about to count.
fn not_finite(clock: &Clock, quantity: &str, place: String, value: f64) -> Error {
    Error::NotFinite { step: clock.step() + 1, quantity: quantity.to_owned(), place, value }
}
