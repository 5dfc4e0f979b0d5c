//! Few bodies, whole on every rank: the Wisdom-Holman map and IAS15.
//!
//! All ranks compute the same; MPI gains nothing here but in sweeps of many such runs.

use divisi::gravity::events::Body;
use divisi::gravity::ias15::{Ias15, Ias15Options};
use divisi::gravity::stability::{Look, Stability};
use divisi::gravity::system::System;
use divisi::gravity::wisdom_holman::WisdomHolman;
use divisi::{Error, Result};

use super::config::{Config, Method};

/// Which integrator, and how fine.
#[derive(Clone, Debug)]
pub struct Scheme {
    pub method: Method,
    pub dt: Option<f64>,
    pub steps_per_orbit: f64,
    pub corrector: u32,
    pub options: Ias15Options,
    pub megno: bool,
    pub gravity: f64,
    pub seed: u64,
}

enum Engine {
    WisdomHolman(Box<WisdomHolman>),
    Ias15(Box<Ias15>),
}

/// The bodies and their integrator.
pub struct Few {
    scheme: Scheme,
    /// Identity, mass and radius of each body; places are in the engine.
    cards: Vec<Body>,
    engine: Engine,
    is_first_step: bool,
}

impl Scheme {
    /// The scheme that the parameters ask for.
    pub fn new(config: &Config, dt: Option<f64>, gravity: f64, light: Option<f64>, seed: u64) -> Self {
        let post_newtonian = light.filter(|_| config.gravity.post_newtonian);
        let (epsilon, softening) = (config.integrator.epsilon, config.gravity.softening);
        let options = Ias15Options { epsilon, softening, post_newtonian };
        let (method, corrector, megno) =
            (config.integrator.method, config.integrator.corrector, config.integrator.megno);
        let steps_per_orbit = config.integrator.steps_per_orbit;
        Scheme { method, dt, steps_per_orbit, corrector, options, megno, gravity, seed }
    }

    fn engine(&self, system: &System) -> Result<Engine> {
        if self.method == Method::WisdomHolman {
            let dt = self.dt.map_or_else(|| WisdomHolman::step_of(system, self.steps_per_orbit), Ok)?;
            let map = WisdomHolman::new(system, dt, self.corrector)?;
            let map = if self.megno { map.with_megno(self.seed) } else { map };
            return Ok(Engine::WisdomHolman(Box::new(map)));
        }
        let ias15 = Ias15::new(system, &self.options)?;
        Ok(Engine::Ias15(Box::new(if self.megno { ias15.with_megno(self.seed)? } else { ias15 })))
    }

    /// The engine of a checkpoint.
    fn load(&self, state: &[f64]) -> Result<Engine> {
        match self.method {
            Method::WisdomHolman => Ok(Engine::WisdomHolman(Box::new(WisdomHolman::load(state)?))),
            _ => Ok(Engine::Ias15(Box::new(Ias15::load(state, &self.options)?))),
        }
    }
}

impl Few {
    /// Bodies at the start, the same on every rank.
    pub fn new(bodies: Vec<Body>, scheme: Scheme) -> Result<Self> {
        let engine = scheme.engine(&system(&bodies, scheme.gravity))?;
        Ok(Few { scheme, cards: bodies, engine, is_first_step: true })
    }

    /// Bodies whose integrator was saved in `state`.
    pub fn load(cards: Vec<Body>, state: &[f64], scheme: Scheme) -> Result<Self> {
        let engine = scheme.load(state)?;
        Ok(Few { scheme, cards, engine, is_first_step: false })
    }

    /// What [`load`](Few::load) takes: bodies (with places of the start) and the integrator's state.
    pub fn save(&self) -> (&[Body], Vec<f64>) {
        let state = match &self.engine {
            Engine::WisdomHolman(map) => map.save(),
            Engine::Ias15(ias15) => ias15.save(),
        };
        (&self.cards, state)
    }

    /// Takes one step.
    #[inline]
    pub fn step(&mut self, dt_max: f64) -> Result<f64> {
        match &mut self.engine {
            Engine::WisdomHolman(map) => {
                map.step()?;
                Ok(map.dt())
            }
            Engine::Ias15(ias15) => {
                let first = if self.is_first_step { self.scheme.dt.unwrap_or(f64::INFINITY) } else { f64::INFINITY };
                self.is_first_step = false;
                ias15.step(dt_max.min(first))
            }
        }
    }

    /// The bodies at the time of the last step.
    pub fn system(&self) -> Result<System> {
        match &self.engine {
            Engine::WisdomHolman(map) => map.synchronised(),
            Engine::Ias15(ias15) => Ok(ias15.system()),
        }
    }

    /// Looks at the companions of the first body after a step of `dt`: of the map half a step ahead.
    #[inline]
    pub fn look(&self, stability: &mut Stability, dt: f64) -> Result<Look> {
        match &self.engine {
            Engine::WisdomHolman(map) => Ok(stability.look_at_map(map)),
            Engine::Ias15(ias15) => Ok(stability.look(&ias15.system(), dt)),
        }
    }

    /// The ids of all bodies but the first.
    pub fn companions(&self) -> Vec<u64> {
        self.cards.iter().skip(1).map(|card| card.id).collect()
    }

    /// The bodies at the time of the last step, with identity, mass and radius.
    pub fn bodies(&self) -> Result<Vec<Body>> {
        let system = self.system()?;
        let places = system.position.into_iter().zip(system.velocity);
        Ok(self
            .cards
            .iter()
            .zip(places)
            .map(|(card, (position, velocity))| Body { position, velocity, ..*card })
            .collect())
    }

    /// Other bodies from here on: some merged, some gone.
    pub fn replace(&mut self, bodies: Vec<Body>) -> Result<()> {
        if bodies.is_empty() {
            return Err(Error::Numerics { method: "events", reason: "no body is left".into() });
        }
        self.engine = self.scheme.engine(&system(&bodies, self.scheme.gravity))?;
        self.cards = bodies;
        Ok(())
    }

    /// The number of bodies.
    pub fn len(&self) -> usize {
        self.cards.len()
    }

    /// MEGNO and the Lyapunov exponent (1/time), where they are asked for.
    pub fn chaos(&self) -> Option<(f64, f64)> {
        self.scheme.megno.then(|| match &self.engine {
            Engine::WisdomHolman(map) => map.megno().map_or((0.0, 0.0), |megno| (megno.mean(), megno.lyapunov())),
            Engine::Ias15(ias15) => (ias15.megno(), ias15.lyapunov()),
        })
    }

    /// The forces' softening and, for post-Newtonian ones, the speed of light.
    pub fn forces(&self) -> (f64, Option<f64>) {
        (self.scheme.options.softening, self.scheme.options.post_newtonian)
    }
}

fn system(bodies: &[Body], gravity: f64) -> System {
    System {
        gm: bodies.iter().map(|body| gravity * body.mass).collect(),
        position: bodies.iter().map(|body| body.position).collect(),
        velocity: bodies.iter().map(|body| body.velocity).collect(),
    }
}
