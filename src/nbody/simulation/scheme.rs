//! How many bodies move: the forces on them, the step, and a body with what the next step reads.

use crate::nbody::body::Body;
use crate::nbody::kernel::Precision;
use crate::nbody::potential::External;
use crate::nbody::tree::{Opening, Source, Tree};
use crate::nbody::vector::norm;
use crate::simd::{Level, Rsqrt};
use bytemuck::{Pod, Zeroable};

use super::config::{self, Config, Method};

/// A body with the forces on it, which the next step reads; plain data, to be sent and saved.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub(super) struct Particle {
    /// The body.
    pub body: Body,
    /// Acceleration at this place.
    pub acceleration: [f64; 3],
    /// Its derivative, for Hermite steps.
    pub jerk: [f64; 3],
}

/// How the forces are computed and the bodies moved.
#[derive(Clone, Debug)]
pub(super) struct Scheme {
    pub method: Method,
    /// The fixed step, or the longest one; time.
    pub dt: f64,
    pub eta: f64,
    /// Whether each body has a step of its own.
    pub block_steps: bool,
    pub gravity: f64,
    pub softening: f64,
    pub precision: Precision,
    /// When the tree opens cells; none for direct sums.
    pub opening: Option<Opening>,
    pub level: Level,
    pub rsqrt: Rsqrt,
    /// What pulls on the bodies beside themselves.
    pub external: External,
}

impl Scheme {
    /// The scheme that the parameters ask for, without external potentials.
    pub(super) fn new(config: &Config, dt: Option<f64>, gravity: f64, level: Level, rsqrt: Rsqrt) -> Self {
        let precision = match config.gravity.precision {
            config::Precision::F64 => Precision::Double,
            config::Precision::F32 => Precision::Single,
        };
        let method = config.integrator.method;
        let eta = config.integrator.eta;
        let softening = config.gravity.softening;
        let dt = dt.unwrap_or(f64::INFINITY);
        let block_steps = config.integrator.block_steps;
        Scheme {
            method,
            dt,
            eta,
            block_steps,
            gravity,
            softening,
            precision,
            opening: config.gravity.opening(),
            level,
            rsqrt,
            external: External::default(),
        }
    }

    /// A body as the forces see it: place and G m.
    pub(super) fn source(&self, particle: &Particle) -> [f64; 4] {
        let [x, y, z] = particle.body.position;
        [x, y, z, self.gravity * particle.body.mass]
    }

    /// The tree that the parameters ask for; none for direct sums.
    pub(super) fn tree(&self) -> Option<Tree> {
        self.opening.map(|opening| Tree::new(self.level, self.rsqrt, self.softening, opening))
    }

    /// Bodies as the tree sees them.
    pub(super) fn tree_sources(&self, particles: &[Particle]) -> Vec<Source> {
        let source = |Particle { body, .. }: &Particle| {
            let Body { id, position, mass, .. } = *body;
            Source { id, position, gm: self.gravity * mass }
        };
        particles.iter().map(source).collect()
    }

    /// The sizes of bodies' last accelerations, if the tree opens cells by them.
    pub(super) fn last(&self, particles: &[Particle]) -> Option<Vec<f64>> {
        let is_relative = self.opening.is_some_and(|opening| opening.relative > 0.0);
        is_relative.then(|| particles.iter().map(|particle| norm(particle.acceleration)).collect())
    }

    /// The same with the velocity.
    pub(super) fn moving_source(&self, particle: &Particle) -> [f64; 7] {
        let [x, y, z, gm] = self.source(particle);
        let [vx, vy, vz] = particle.body.velocity;
        [x, y, z, gm, vx, vy, vz]
    }
}
