//! Bodies spread over ranks: direct sums with leapfrog or Hermite steps.

use bytemuck::{Pod, Zeroable};
use divisi::gravity::direct::DirectSum;
use divisi::gravity::events;
use divisi::gravity::hermite::Hermite;
use divisi::gravity::kernel::Precision;
use divisi::gravity::leapfrog::{drift, kick};
use divisi::lane::{Level, Rsqrt};
use divisi::particles::Particles;
use divisi::{Clock, Error, Result};

use super::config::{self, Config, Method};
use super::names::Names;
use super::watch::Change;

/// The first step of chosen ones, before derivatives are known, over eta.
const FIRST_STEP: f64 = 0.1;

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

    /// The same with the velocity.
    fn moving_source(&self, body: &Body) -> [f64; 7] {
        let ([x, y, z, gm], [vx, vy, vz]) = (self.source(body), body.state.velocity);
        [x, y, z, gm, vx, vy, vz]
    }
}

/// Bodies on their ranks.
pub struct Spread {
    particles: Particles<Body>,
    scheme: Scheme,
    forces: DirectSum,
    hermite: Hermite,
    next_step: f64,
}

impl Spread {
    /// Bodies at the start. All ranks.
    pub fn new(particles: Particles<Body>, scheme: Scheme) -> Result<Self> {
        let mut spread = Spread::load(particles, scheme, f64::NAN);
        spread.begin();
        if spread.next_step.is_infinite() && spread.scheme.eta > 0.0 {
            let reason = "is needed as the longest step: bodies at rest without softening give none to start with";
            return Err(Error::input("integrator.dt", reason));
        }
        Ok(spread)
    }

    /// Bodies of a checkpoint, whose forces are known. All ranks.
    pub fn load(particles: Particles<Body>, scheme: Scheme, next_step: f64) -> Self {
        let forces = DirectSum::new(scheme.level, scheme.rsqrt, scheme.precision, scheme.softening);
        let hermite = Self::columns(&particles);
        Spread { particles, scheme, forces, hermite, next_step }
    }

    /// The step that Hermite's criterion asks for next.
    pub fn next_step(&self) -> f64 {
        self.next_step
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
            Method::LeapfrogDkd => self.leapfrog_dkd(),
            _ => self.hermite(dt_max)?,
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

    /// Drift, kick, drift: second order, symplectic.
    fn leapfrog_dkd(&mut self) -> f64 {
        let dt = self.scheme.dt;
        self.particles
            .local_mut()
            .iter_mut()
            .for_each(|body| drift(&mut body.state.position, body.state.velocity, 0.5 * dt));
        self.evaluate();
        for body in self.particles.local_mut() {
            kick(&mut body.state.velocity, body.acceleration, dt);
            drift(&mut body.state.position, body.state.velocity, 0.5 * dt);
        }
        dt
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
        self.evaluate();
        let local = self.particles.local();
        self.hermite.correct(|i| (local[i].acceleration, local[i].jerk), dt);
        self.take_end();
        if chooses {
            let wanted = self.hermite.aarseth_step(self.scheme.eta, dt);
            self.next_step = self.particles.comm().all_reduce_min(wanted).min(self.scheme.dt);
        }
        self.hermite.accept();
        Ok(dt)
    }

    /// Moves the bodies to where Hermite's step ends.
    fn take_end(&mut self) {
        let ends = self.hermite.end_position().iter().zip(self.hermite.end_velocity());
        for (body, (position, velocity)) in self.particles.local_mut().iter_mut().zip(ends) {
            (body.state.position, body.state.velocity) = (*position, *velocity);
        }
    }

    /// Hermite's columns of the bodies as they are.
    fn columns(particles: &Particles<Body>) -> Hermite {
        let column = |of: fn(&Body) -> [f64; 3]| particles.local().iter().map(of).collect::<Vec<_>>();
        let places = (column(|body| body.state.position), column(|body| body.state.velocity));
        Hermite::new(places.0, places.1, column(|body| body.acceleration), column(|body| body.jerk))
    }

    /// Forces anew after the bodies were changed from outside, and what follows from them. All ranks.
    fn begin(&mut self) {
        self.evaluate();
        self.hermite = Self::columns(&self.particles);
        if self.scheme.eta > 0.0 {
            let wanted = self.hermite.first_step(FIRST_STEP * self.scheme.eta, self.scheme.softening);
            self.next_step = self.particles.comm().all_reduce_min(wanted).min(self.scheme.dt);
        }
    }

    /// Accelerations, and their derivatives where the method needs them, at the present places.
    fn evaluate(&mut self) {
        let Spread { particles, scheme, forces, .. } = self;
        if scheme.method == Method::Hermite {
            let results = forces.evaluate_moving(particles, |body| scheme.moving_source(body));
            for (i, body) in particles.local_mut().iter_mut().enumerate() {
                (body.acceleration, body.jerk) = (results.acceleration(i), results.jerk(i));
            }
            return;
        }
        let results = forces.evaluate(particles, |body| scheme.source(body), false);
        for (i, body) in particles.local_mut().iter_mut().enumerate() {
            body.acceleration = results.acceleration(i);
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
        self.begin();
        Ok(())
    }
}
