//! Few bodies, whole on every rank: the Wisdom-Holman map and IAS15.
//!
//! All ranks compute the same; MPI gains nothing here but in sweeps of many such runs.

use crate::nbody::body::Body;
use crate::nbody::ias15::{Ias15, Ias15Options};
use crate::nbody::potential::External;
use crate::nbody::stability::{Look, Stability};
use crate::nbody::system::System;
use crate::nbody::vector::{minus, norm};
use crate::nbody::wisdom_holman::WisdomHolman;
use crate::{Error, Result};

use super::config::{Config, Method};

/// Steps of the map from this part of a passage of periapsis on are told.
const LONGEST_SHARE: f64 = 0.1;

/// Speeds above this part of that of light are told where forces are of first post-Newtonian order: their error is 1e-4 of them.
const FASTEST: f64 = 0.1;

/// Which integrator, and how fine.
#[derive(Clone, Debug)]
pub(super) struct Scheme {
    pub method: Method,
    pub dt: Option<f64>,
    pub steps_per_orbit: f64,
    pub corrector: u32,
    pub options: Ias15Options,
    pub megno: bool,
    pub gravity: f64,
    pub seed: u64,
    /// What pulls on the bodies beside themselves; for IAS15.
    pub external: External,
}

enum Engine {
    WisdomHolman(Box<WisdomHolman>),
    Ias15(Box<Ias15>),
}

/// The bodies and their integrator.
pub(super) struct Few {
    scheme: Scheme,
    /// Each body with position and velocity of the start; those of now are in the engine.
    bodies: Vec<Body>,
    engine: Engine,
    is_first_step: bool,
    /// The largest speed of a body so far, where forces are post-Newtonian.
    fastest: f64,
}

impl Scheme {
    /// The scheme that the parameters ask for, without external potentials.
    pub(super) fn new(config: &Config, dt: Option<f64>, gravity: f64, light: Option<f64>, seed: u64) -> Self {
        let post_newtonian = light.filter(|_| config.gravity.post_newtonian);
        let epsilon = config.integrator.epsilon;
        let softening = config.gravity.softening;
        let options = Ias15Options { epsilon, softening, post_newtonian };
        let method = config.integrator.method;
        let corrector = config.integrator.corrector;
        let megno = config.integrator.megno;
        let steps_per_orbit = config.integrator.steps_per_orbit;
        let external = External::default();
        Scheme { method, dt, steps_per_orbit, corrector, options, megno, gravity, seed, external }
    }

    fn engine(&self, system: &System) -> Result<Engine> {
        if self.method == Method::WisdomHolman {
            let dt = self.dt.map_or_else(|| WisdomHolman::step_of(system, self.steps_per_orbit), Ok)?;
            let map = WisdomHolman::new(system, dt, self.corrector)?;
            let map = if self.megno { map.with_megno(self.seed) } else { map };
            return Ok(Engine::WisdomHolman(Box::new(map)));
        }
        let ias15 = Ias15::new(system, &self.options)?.with_external(self.external.clone());
        Ok(Engine::Ias15(Box::new(if self.megno { ias15.with_megno(self.seed)? } else { ias15 })))
    }

    /// The engine of a checkpoint.
    fn load(&self, state: &[f64]) -> Result<Engine> {
        match self.method {
            Method::WisdomHolman => Ok(Engine::WisdomHolman(Box::new(WisdomHolman::load(state)?))),
            _ => Ok(Engine::Ias15(Box::new(Ias15::load(state, &self.options)?.with_external(self.external.clone())))),
        }
    }
}

impl Few {
    /// Bodies at the start, the same on every rank.
    pub(super) fn new(bodies: Vec<Body>, scheme: Scheme) -> Result<Self> {
        let engine = scheme.engine(&System::of(&bodies, scheme.gravity))?;
        Ok(Few { scheme, bodies, engine, is_first_step: true, fastest: 0.0 })
    }

    /// Bodies whose integrator was saved in `state`.
    pub(super) fn load(bodies: Vec<Body>, state: &[f64], scheme: Scheme) -> Result<Self> {
        let engine = scheme.load(state)?;
        Ok(Few { scheme, bodies, engine, is_first_step: false, fastest: 0.0 })
    }

    /// What [`load`](Few::load) takes: bodies (with places of the start) and the integrator's state.
    pub(super) fn save(&self) -> (&[Body], Vec<f64>) {
        let state = match &self.engine {
            Engine::WisdomHolman(map) => map.save(),
            Engine::Ias15(ias15) => ias15.save(),
        };
        (&self.bodies, state)
    }

    /// Takes one step.
    #[inline]
    pub(super) fn step(&mut self, dt_max: f64) -> Result<f64> {
        match &mut self.engine {
            Engine::WisdomHolman(map) => {
                map.step()?;
                Ok(map.dt())
            }
            Engine::Ias15(ias15) => {
                let first = if self.is_first_step { self.scheme.dt.unwrap_or(f64::INFINITY) } else { f64::INFINITY };
                self.is_first_step = false;
                let dt = ias15.step(dt_max.min(first))?;
                if self.scheme.options.post_newtonian.is_some() {
                    self.fastest = self.fastest.max(ias15.fastest());
                }
                Ok(dt)
            }
        }
    }

    /// The bodies at the time of the last step.
    pub(super) fn system(&self) -> Result<System> {
        match &self.engine {
            // The map has gone half a step already: before its first one the bodies are where they were put.
            Engine::WisdomHolman(map) if map.steps() == 0 => Ok(System::of(&self.bodies, self.scheme.gravity)),
            Engine::WisdomHolman(map) => map.synchronised(),
            Engine::Ias15(ias15) => Ok(ias15.system()),
        }
    }

    /// Looks at the companions of the first body after a step of `dt`: of the map half a step ahead.
    #[inline]
    pub(super) fn look(&self, stability: &mut Stability, dt: f64) -> Result<Look> {
        match &self.engine {
            Engine::WisdomHolman(map) => Ok(stability.look_at_map(map)),
            Engine::Ias15(ias15) => Ok(stability.look(&ias15.system(), dt)),
        }
    }

    /// What may not be meant: steps of the map that are long for a body, speeds for which forces are not made. `name` is that of a body.
    pub(super) fn warnings(&self, name: impl Fn(u64) -> String) -> Vec<String> {
        let system = System::of(&self.bodies, self.scheme.gravity);
        let long = match &self.engine {
            Engine::WisdomHolman(map) => longest_share(map.dt(), &WisdomHolman::passages(&system)),
            Engine::Ias15(_) => None,
        };
        let long = long.map(|(place, share)| {
            format!(
                "the step is {share:.2} of the passage of {} through periapsis (2 pi q/v; of a circle, its period): from a tenth on the \
                 error of Wisdom-Holman is large; take shorter steps, or ias15",
                name(self.bodies[place + 1].id)
            )
        });
        let fast = self.scheme.options.post_newtonian.and_then(|light| fastest(&system, light));
        let fast = fast.map(|(place, share)| {
            format!(
                "{} moves at {share:.2} of the speed of light: first post-Newtonian forces leave out terms of the order of (v/c)^4",
                name(self.bodies[place].id)
            )
        });
        long.into_iter().chain(fast).collect()
    }

    /// What to say at the end of bodies that became too fast for post-Newtonian forces of first order.
    pub(super) fn too_fast(&self) -> Option<String> {
        let share = self.fastest / self.scheme.options.post_newtonian?;
        (share > FASTEST).then(|| {
            format!(
                "bodies moved at up to {share:.2} of the speed of light: first post-Newtonian forces leave out terms of the order of (v/c)^4"
            )
        })
    }

    /// The ids of all bodies but the first.
    pub(super) fn companions(&self) -> Vec<u64> {
        self.bodies.iter().skip(1).map(|body| body.id).collect()
    }

    /// The bodies at the time of the last step, with identity, mass and radius.
    pub(super) fn bodies(&self) -> Result<Vec<Body>> {
        let system = self.system()?;
        let places = system.position.into_iter().zip(system.velocity);
        Ok(self
            .bodies
            .iter()
            .zip(places)
            .map(|(body, (position, velocity))| Body { position, velocity, ..*body })
            .collect())
    }

    /// Other bodies from here on: some merged, some gone.
    pub(super) fn replace(&mut self, bodies: Vec<Body>) -> Result<()> {
        if bodies.is_empty() {
            return Err(Error::Numerics { method: "events", reason: "no body is left".into() });
        }
        self.engine = self.scheme.engine(&System::of(&bodies, self.scheme.gravity))?;
        self.bodies = bodies;
        Ok(())
    }

    /// The number of bodies.
    pub(super) fn len(&self) -> usize {
        self.bodies.len()
    }

    /// MEGNO and the Lyapunov exponent (1/time), where they are asked for.
    pub(super) fn chaos(&self) -> Option<(f64, f64)> {
        self.scheme.megno.then(|| match &self.engine {
            Engine::WisdomHolman(map) => map.megno().map_or((0.0, 0.0), |megno| (megno.mean(), megno.lyapunov())),
            Engine::Ias15(ias15) => (ias15.megno(), ias15.lyapunov()),
        })
    }

    /// The forces' softening and, for post-Newtonian ones, the speed of light.
    pub(super) fn forces(&self) -> (f64, Option<f64>) {
        (self.scheme.options.softening, self.scheme.options.post_newtonian)
    }
}

/// The largest share of a passage that a step is, and whose, where it is above a tenth.
fn longest_share(dt: f64, passages: &[f64]) -> Option<(usize, f64)> {
    let shares = passages.iter().map(|passage| dt / passage).enumerate();
    shares.filter(|(_, share)| *share > LONGEST_SHARE).max_by(|a, b| a.1.total_cmp(&b.1))
}

/// The fastest body in the frame of the centre of mass, in speeds of light, where it is too fast for the first order.
fn fastest(system: &System, light: f64) -> Option<(usize, f64)> {
    let mass: f64 = system.gm.iter().sum();
    let weighted = |k: usize| system.gm.iter().zip(&system.velocity).map(|(gm, v)| gm * v[k]).sum::<f64>();
    let mean: [f64; 3] = std::array::from_fn(|k| if mass > 0.0 { weighted(k) / mass } else { 0.0 });
    let shares = system.velocity.iter().map(|v| norm(minus(*v, mean)) / light).enumerate();
    shares.filter(|(_, share)| *share > FASTEST).max_by(|a, b| a.1.total_cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bodies of the map at the start, and of a map made anew: also one that comes so fast that half a step to and fro would lose it.
    #[test]
    fn before_the_first_step_bodies_are_where_they_were_put() {
        let body = |id, mass, position, velocity| Body { id, mass, radius: 0.0, position, velocity };
        let star = body(0, 1.01, [0.1, 0.2, 0.3], [1e-3, 0.0, 0.0]);
        let fast = body(1, 0.0, [0.0196, -0.004_469_755, -0.0006], [-386.377, -20.396, 25.06]);
        let slow = body(2, 1e-3, [1.3, 0.1, 0.7], [0.1, 0.9, 0.0]);
        let method = Method::WisdomHolman;
        let options = Ias15Options::default();
        let scheme = Scheme {
            method,
            dt: Some(0.1),
            steps_per_orbit: 0.0,
            corrector: 11,
            options,
            megno: false,
            gravity: 1.0,
            seed: 1,
            external: External::default(),
        };
        let bodies = vec![star, fast, slow];
        let mut few = Few::new(bodies.clone(), scheme.clone()).unwrap();
        assert_eq!(few.bodies().unwrap(), bodies);
        let (saved, state) = few.save();
        assert_eq!(Few::load(saved.to_vec(), &state, scheme).unwrap().bodies().unwrap(), bodies);
        few.replace(vec![star, slow]).unwrap();
        assert_eq!(few.bodies().unwrap(), [star, slow]);
        few.step(f64::INFINITY).unwrap();
        assert_ne!(few.bodies().unwrap(), [star, slow]);
    }
}
