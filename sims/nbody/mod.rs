//! N-body simulations: bodies under their mutual gravity.
//!
//! Many bodies are spread over the ranks and move by leapfrog or Hermite steps with direct sums ([`spread`]); few bodies
//! for long times are whole on every rank ([`few`]). What is written, what is looked for and where bodies come from is the same.

mod config;
mod few;
mod initial;
mod names;
mod quantities;
mod replicated;
mod spread;
mod stability;
mod start;
mod watch;

use divisi::gravity::events;
use divisi::output::{Column, Frame};
use divisi::particles::Particles;
use divisi::partition::balanced_range;
use divisi::run::{Event, Row, Setup, Simulation};
use divisi::units::Units;
use divisi::{Checkpoint, CheckpointReader, Clock, Comm, Error, Result, Snapshot};

use config::{Config, Method};
use few::Few;
use names::Names;
use spread::{Body, Spread};
use stability::Companions;
use watch::Watch;

/// Bodies under their mutual gravity.
pub struct NBody {
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
    first_energy: f64,
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

    /// This rank's part of the list of all bodies, at the time of the last step. All ranks.
    fn share(&self, comm: &Comm) -> Result<Particles<events::Body>> {
        Ok(match self {
            Bodies::Spread(spread) => {
                Particles::new(comm, spread.particles().local().iter().map(|b| b.state).collect())
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

impl NBody {
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

impl Simulation for NBody {
    const NAME: &'static str = "nbody";
    const PARAMETERS: &'static str = config::PARAMETERS;
    type Config = Config;

    fn validate(config: &Config, units: &Units) -> Result<()> {
        config.validate(units)
    }

    fn new(setup: &Setup<Config>, comm: &Comm) -> Result<Self> {
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
        let share = self.bodies.share(&self.comm)?;
        let bodies = share.local();
        let scalar = |value: fn(&events::Body) -> f64| bodies.iter().map(value).collect::<Vec<f64>>();
        let ids: Vec<u64> = bodies.iter().map(|body| body.id).collect();
        let positions: Vec<[f64; 3]> = bodies.iter().map(|body| body.position).collect();
        let velocities: Vec<[f64; 3]> = bodies.iter().map(|body| body.velocity).collect();
        let (masses, radii) = (scalar(|body| body.mass), scalar(|body| body.radius));
        let (length, mass) = (self.units.length_name(), self.units.mass_name());
        let speed = self.units.velocity_name();
        let columns = [
            Column::vector("Coordinates", length, &positions),
            Column::vector("Velocities", &speed, &velocities),
            Column::scalar("Masses", mass, &masses[..]),
            Column::scalar("ParticleIDs", "", &ids[..]),
            Column::scalar("Radius", length, &radii[..]),
        ];
        out.particles(share.count(), share.first(), &columns)?;
        if self.names.is_empty() {
            return Ok(());
        }
        let ids = self.comm.all_gather(&ids);
        out.names(&self.names.of(&ids))
    }

    fn history(&self, row: &mut Row) -> Result<()> {
        self.add_quantities(row)
    }

    fn trajectory(&self, frame: &mut Frame) -> Result<()> {
        let bodies = self.bodies.share(&self.comm)?.gather_all();
        let flat = |vector: fn(&events::Body) -> [f64; 3]| bodies.iter().flat_map(vector).collect::<Vec<f64>>();
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

    fn work(&self) -> (f64, &'static str) {
        match &self.bodies {
            Bodies::Spread(spread) => ((spread.particles().count() as f64).powi(2), "interactions"),
            Bodies::Few(_) => (1.0, "steps"),
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

    fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.value("first_energy", self.first_energy)?;
        self.names.save(to, &self.comm)?;
        self.watch.save(to, &self.comm)?;
        self.companions.as_ref().map_or(Ok(()), |companions| companions.save(to, &self.comm))?;
        replicated::save_records(to, &self.comm, "listed", &self.listed)?;
        match &self.bodies {
            Bodies::Spread(spread) => {
                let particles = spread.particles();
                to.value("next_step", spread.next_step())?;
                to.records("bodies", particles.count(), particles.first(), particles.local())
            }
            Bodies::Few(few) => {
                let (cards, state) = few.save();
                replicated::save_records(to, &self.comm, "bodies", cards)?;
                replicated::save_records(to, &self.comm, "integrator", &state)
            }
        }
    }

    fn load(setup: &Setup<Config>, comm: &Comm, from: &CheckpointReader) -> Result<Self> {
        let (config, units) = (&setup.config, &setup.units);
        let gravity = units.gravity();
        let bodies = if Bodies::is_spread(config.integrator.method) {
            let total = from.shape("bodies")?[0];
            let local: Vec<Body> = from.records("bodies", balanced_range(total, comm.size(), comm.rank()))?;
            let scheme = start::spread_scheme(setup)?;
            Bodies::Spread(Box::new(Spread::load(Particles::new(comm, local), scheme, from.value("next_step")?)))
        } else {
            let cards: Vec<events::Body> = replicated::load_records(from, "bodies")?;
            let state: Vec<f64> = replicated::load_records(from, "integrator")?;
            Bodies::Few(Few::load(cards, &state, start::few_scheme(setup)?)?)
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
            listed: replicated::load_records(from, "listed")?,
            elements: config.history.elements,
            first_energy: from.value("first_energy")?,
        })
    }
}

/// The error of a number that is not finite, after the step that `clock` is about to count.
fn not_finite(clock: &Clock, quantity: &str, place: String, value: f64) -> Error {
    Error::NotFinite { step: clock.step() + 1, quantity: quantity.to_owned(), place, value }
}
