//! Bodies spread over ranks: direct sums with leapfrog or Hermite steps.

use bytemuck::{Pod, Zeroable};
use divisi::gravity::direct::DirectSum;
use divisi::gravity::events;
use divisi::gravity::kernel::Precision;
use divisi::gravity::leapfrog::{drift, kick};
use divisi::lane::{Level, Rsqrt};
use divisi::particles::Particles;
use divisi::{Clock, Error, Result};

use super::config::{self, Config, Method};
use super::names::Names;
use super::watch::Change;

/// A body with what the next step reads.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Body {
    /// Identity, mass, radius, position, velocity.
    pub state: events::Body,
    /// Acceleration at this place.
    pub acceleration: [f64; 3],
    /// Its derivative, for Hermite steps.
    pub jerk: [f64; 3],
}

/// How the forces are computed and the bodies moved.
#[derive(Clone, Debug)]
pub struct Scheme {
    pub method: Method,
    /// The fixed step, or the longest one; time.
    pub dt: f64,
    pub eta: f64,
    pub gravity: f64,
    pub softening: f64,
    pub precision: Precision,
    pub level: Level,
    pub rsqrt: Rsqrt,
}

impl Scheme {
    /// The scheme that the parameters ask for.
    pub fn new(config: &Config, dt: Option<f64>, gravity: f64, level: Level, rsqrt: Rsqrt) -> Self {
        let precision = match config.gravity.precision {
            config::Precision::F64 => Precision::Double,
            config::Precision::F32 => Precision::Single,
        };
        let (method, eta, softening) = (config.integrator.method, config.integrator.eta, config.gravity.softening);
        Scheme { method, dt: dt.unwrap_or(f64::INFINITY), eta, gravity, softening, precision, level, rsqrt }
    }

    /// A body as the forces see it: place and G m.
    pub fn source(&self, body: &Body) -> [f64; 4] {
        let [x, y, z] = body.state.position;
        [x, y, z, self.gravity * body.state.mass]
    }
}

/// Bodies on their ranks.
pub struct Spread {
    particles: Particles<Body>,
    scheme: Scheme,
    forces: DirectSum,
}

impl Spread {
    /// Bodies at the start. All ranks.
    pub fn new(particles: Particles<Body>, scheme: Scheme) -> Result<Self> {
        let mut spread = Spread::load(particles, scheme);
        spread.evaluate();
        Ok(spread)
    }

    /// Bodies of a checkpoint, whose forces are known.
    pub fn load(particles: Particles<Body>, scheme: Scheme) -> Self {
        let forces = DirectSum::new(scheme.level, scheme.rsqrt, scheme.precision, scheme.softening);
        Spread { particles, scheme, forces }
    }

    /// The bodies.
    pub fn particles(&self) -> &Particles<Body> {
        &self.particles
    }

    /// How they move.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Takes one step. All ranks.
    pub fn step(&mut self, clock: &Clock, dt_max: f64, names: &Names) -> Result<f64> {
        let dt = match self.scheme.method {
            Method::Leapfrog => self.leapfrog(),
            _ => todo!(),
        };
        self.check(clock, names)?;
        Ok(dt)
    }

    /// Kick, drift, kick: second order, symplectic.
    fn leapfrog(&mut self) -> f64 {
        let dt = self.scheme.dt;
        for body in self.particles.local_mut() {
            kick(&mut body.state.velocity, body.acceleration, 0.5 * dt);
            drift(&mut body.state.position, body.state.velocity, dt);
        }
        self.evaluate();
        for body in self.particles.local_mut() {
            kick(&mut body.state.velocity, body.acceleration, 0.5 * dt);
        }
        dt
    }

    /// Accelerations, and their derivatives where the method needs them, at the present places.
    fn evaluate(&mut self) {
        let Spread { particles, scheme, forces, .. } = self;
        let results = forces.evaluate(particles, |body| scheme.source(body), false);
        let local: Vec<[f64; 3]> = (0..results.len()).map(|i| results.acceleration(i)).collect();
        for (body, acceleration) in particles.local_mut().iter_mut().zip(local) {
            body.acceleration = acceleration;
        }
    }

    /// Stops at the first body of this rank whose state is not finite.
    fn check(&self, clock: &Clock, names: &Names) -> Result<()> {
        let broken = |body: &Body| {
            let all = body.state.position.iter().chain(&body.state.velocity).chain(&body.acceleration);
            all.copied().find(|x| !x.is_finite())
        };
        match self.particles.local().iter().find_map(|body| Some((body.state.id, broken(body)?))) {
            Some((id, value)) => Err(super::not_finite(clock, "the state", names.one(id), value)),
            None => Ok(()),
        }
    }

    /// Takes bodies out and changes those that have grown. All ranks.
    pub fn change(&mut self, change: &Change) -> Result<()> {
        for body in self.particles.local_mut() {
            if let Some(grown) = change.grown.iter().find(|grown| grown.id == body.state.id) {
                body.state = *grown;
            }
        }
        self.particles.retain(|body| !change.removed.contains(&body.state.id));
        if self.particles.count() == 0 {
            return Err(Error::Numerics { method: "events", reason: "no body is left".into() });
        }
        self.evaluate();
        Ok(())
    }
}
