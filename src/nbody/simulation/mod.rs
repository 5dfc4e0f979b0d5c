//! N-body simulations: bodies under their mutual gravity.
//!
//! Many bodies are spread over the ranks and move by leapfrog or Hermite steps with direct sums, or by leapfrog with a tree ([`spread`]); few bodies
//! for long times are whole on every rank ([`few`]). What is written, what is looked for and where bodies come from is the same.

mod block;
mod config;
mod few;
mod initial;
mod models;
mod names;
mod parts;
mod potentials;
mod quantities;
mod scheme;
mod spread;
mod stability;
mod start;
mod watch;

use std::marker::PhantomData;

use crate::base::units::Units;
use crate::io::Frame;
use crate::nbody::body::Body;
use crate::nbody::potential::External;
use crate::particles::Particles;
use crate::run::{Event, Row, Setup, Simulation};
use crate::{Checkpoint, CheckpointReader, Clock, Comm, Result, Snapshot};

use block::Block;
use config::{ConfigOf, Method};
use few::Few;
use names::Names;
pub use potentials::{BuiltIn, PotentialEntry, Potentials};
use scheme::Particle;
use spread::Spread;
use stability::Companions;
use watch::Watch;

/// Bodies under their mutual gravity, and the potentials around them: those that are built in, and a program's own of `P`.
pub struct NBody<P = BuiltIn> {
    comm: Comm,
    gravity: f64,
    units: Units,
    names: Names,
    bodies: Bodies,
    watch: Watch,
    companions: Option<Companions>,
    /// All bodies of the start, for columns that must not change, where each has columns of its own.
    listed: Vec<u64>,
    elements: bool,
    cluster: bool,
    /// Whether the bodies go back in time: with velocities turned round, until something is written.
    backwards: bool,
    first_energy: f64,
    /// What there is to say about the bodies and the file that they come from.
    notes: Vec<String>,
    /// What pulls on the bodies beside themselves.
    external: External,
    potentials: PhantomData<P>,
}

/// Where the bodies are.
enum Bodies {
    Spread(Box<Spread>),
    Few(Few),
}

impl Bodies {
    fn is_spread(method: Method) -> bool {
        matches!(method, Method::Leapfrog | Method::LeapfrogDkd | Method::Hermite)
    }

    /// This rank's part of the list of all bodies, at the time of the last step, as they move. All ranks.
    fn share(&self, comm: &Comm) -> Result<Particles<Body>> {
        Ok(match self {
            Bodies::Spread(spread) => {
                Particles::new(comm, spread.particles().local().iter().map(|particle| particle.body).collect())
            }
            Bodies::Few(few) => {
                let all = few.bodies()?;
                Particles::distribute(comm, all.len() as u64, |range| {
                    all[range.start as usize..range.end as usize].to_vec()
                })
            }
        })
    }

    fn count(&self) -> u64 {
        match self {
            Bodies::Spread(spread) => spread.particles().count(),
            Bodies::Few(few) => few.len() as u64,
        }
    }
}

impl<P> NBody<P> {
    /// This rank's part of the list of all bodies as they are written: with velocities forward in time. All ranks.
    fn written(&self) -> Result<Particles<Body>> {
        let mut share = self.bodies.share(&self.comm)?;
        if self.backwards {
            share.local_mut().iter_mut().for_each(|body| *body = body.turned());
        }
        Ok(share)
    }

    /// Looks for events after a step, and changes the bodies where they ask for it. All ranks.
    fn watch(&mut self, time: f64, dt: f64) -> Result<()> {
        let share = self.bodies.share(&self.comm)?;
        let change = self.watch.look(&share, &self.names, time, dt);
        if change.is_empty() {
            return Ok(());
        }
        match &mut self.bodies {
            Bodies::Spread(spread) => spread.change(&change),
            Bodies::Few(few) => few.replace(change.apply(few.bodies()?)),
        }
    }
}

impl<P: Potentials> Simulation for NBody<P> {
    const NAME: &'static str = P::NAME;
    type Config = ConfigOf<P>;

    fn new(setup: &Setup<ConfigOf<P>>, comm: &Comm) -> Result<Self> {
        let mut nbody = start::new(setup, comm)?;
        nbody.first_energy = nbody.energy()?;
        Ok(nbody)
    }

    #[inline]
    fn step(&mut self, clock: &Clock, dt_max: f64) -> Result<f64> {
        let dt = match &mut self.bodies {
            Bodies::Spread(spread) => spread.step(clock, dt_max, &self.names)?,
            Bodies::Few(few) => few.step(dt_max)?,
        };
        if let (Bodies::Few(few), Some(companions)) = (&self.bodies, &mut self.companions) {
            companions.look(few, &self.names, dt)?;
        }
        if self.watch.is_needed() {
            let mut after = *clock;
            after.advance(dt);
            self.watch(after.time(), dt)?;
        }
        Ok(dt)
    }

    fn snapshot(&self, out: &mut Snapshot) -> Result<()> {
        let share = self.written()?;
        let length = self.units.length_name();
        out.particles(&share)
            .vector("Coordinates", |body| body.position)
            .unit(length)
            .vector("Velocities", |body| body.velocity)
            .unit(&self.units.velocity_name())
            .scalar("Masses", |body| body.mass)
            .unit(self.units.mass_name())
            .whole("ParticleIDs", |body| body.id)
            .scalar("Radius", |body| body.radius)
            .unit(length)
            .write()?;
        if self.names.is_empty() {
            return Ok(());
        }
        let ids: Vec<u64> = share.local().iter().map(|body| body.id).collect();
        let ids = self.comm.all_gather(&ids);
        out.names(&self.names.of(&ids))
    }

    fn history(&self, row: &mut Row) -> Result<()> {
        self.add_quantities(row)
    }

    fn trajectory(&self, frame: &mut Frame) -> Result<()> {
        let bodies = self.written()?.gather_all();
        let flat = |vector: fn(&Body) -> [f64; 3]| bodies.iter().flat_map(vector).collect::<Vec<f64>>();
        let ids: Vec<u64> = bodies.iter().map(|body| body.id).collect();
        frame.ids(&ids);
        if !self.names.is_empty() {
            frame.names(&self.names.of(&ids));
        }
        frame.column("Coordinates", 3, &flat(|body| body.position));
        frame.column("Velocities", 3, &flat(|body| body.velocity));
        frame.column("Masses", 1, &bodies.iter().map(|body| body.mass).collect::<Vec<_>>());
        Ok(())
    }

    #[inline]
    fn events(&mut self) -> Vec<Event> {
        let mut seen = std::mem::take(&mut self.watch.seen);
        if let Some(companions) = &mut self.companions {
            seen.append(&mut companions.seen);
        }
        seen
    }

    fn events_under_way(&self) -> Vec<Event> {
        self.watch.under_way(&self.names)
    }

    fn work(&self) -> (f64, &'static str) {
        match &self.bodies {
            Bodies::Spread(spread) if spread.block().is_none() => {
                let count = spread.particles().count() as f64;
                if spread.scheme().opening.is_some() { (count, "bodies") } else { (count.powi(2), "interactions") }
            }
            Bodies::Spread(_) | Bodies::Few(_) => (1.0, "steps"),
        }
    }

    fn describe(&self) -> Vec<(String, String)> {
        let ranks = self.comm.size();
        let where_they_are = match &self.bodies {
            Bodies::Spread(_) => format!("at most {} on a rank", self.bodies.count().div_ceil(ranks as u64)),
            Bodies::Few(_) => "whole on every rank: more ranks gain nothing here but in sweeps".to_owned(),
        };
        vec![("bodies".to_owned(), format!("{}, {where_they_are}", self.bodies.count()))]
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn summary(&self) -> Vec<String> {
        match &self.bodies {
            Bodies::Few(few) => few.too_fast().into_iter().collect(),
            Bodies::Spread(_) => Vec::new(),
        }
    }

    fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.value("first_energy", self.first_energy)?;
        self.names.save(to)?;
        self.watch.save(to)?;
        self.companions.as_ref().map_or(Ok(()), |companions| companions.save(to))?;
        to.replicated_records("listed", &self.listed)?;
        match &self.bodies {
            Bodies::Spread(spread) => {
                let particles = spread.particles();
                to.value("next_step", spread.next_step())?;
                spread.block().map_or(Ok(()), |block| block.save(to, particles))?;
                to.particles("bodies", particles)
            }
            Bodies::Few(few) => {
                let (bodies, state) = few.save();
                to.replicated_records("bodies", bodies)?;
                to.replicated_records("integrator", &state)
            }
        }
    }

    fn load(setup: &Setup<ConfigOf<P>>, comm: &Comm, from: &CheckpointReader) -> Result<Self> {
        let config = &setup.config.sections;
        let units = &setup.units;
        let gravity = units.gravity();
        let bodies = if Bodies::is_spread(config.integrator.method) {
            let particles: Particles<Particle> = Particles::load(comm, from, "bodies")?;
            let scheme = start::spread_scheme(setup)?;
            let block = scheme.block_steps.then(|| Block::load(from, &particles)).transpose()?;
            Bodies::Spread(Box::new(Spread::load(particles, scheme, from.value("next_step")?, block)))
        } else {
            let bodies: Vec<Body> = from.replicated_records("bodies")?;
            let state: Vec<f64> = from.replicated_records("integrator")?;
            Bodies::Few(Few::load(bodies, &state, start::few_scheme(setup)?)?)
        };
        let companions = match &bodies {
            Bodies::Few(few) => Companions::load(config.stability, few, from)?,
            Bodies::Spread(_) => None,
        };
        Ok(NBody {
            comm: comm.clone(),
            gravity,
            units: units.clone(),
            names: Names::load(from)?,
            bodies,
            companions,
            watch: Watch::new(config.events, gravity, config.gravity.softening).load(from)?,
            listed: from.replicated_records("listed")?,
            elements: config.history.elements,
            cluster: config.history.cluster,
            backwards: config.integrator.backwards,
            first_energy: from.value("first_energy")?,
            notes: Vec::new(),
            external: setup.config.external(units)?,
            potentials: PhantomData,
        })
    }
}
