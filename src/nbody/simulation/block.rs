//! Bodies on their ranks with Hermite's block steps: a whole step of `dt` takes all of them through steps of their own.

use crate::nbody::block_steps::{BlockScheme, Member};
use crate::particles::Particles;
use crate::{Checkpoint, CheckpointReader, Result};

use super::scheme::{Particle, Scheme};

/// What is known beyond bodies and forces: which steps they take, and how many they took.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    /// The n of the step dt / 2^n of each body of this rank.
    depths: Vec<u64>,
    /// Steps of single bodies since the run's start.
    taken: u64,
}

impl Block {
    /// Steps of single bodies since the run's start.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// First steps of bodies whose accelerations and jerks are known.
    pub(super) fn begin(&mut self, bodies: &[Particle], scheme: &Scheme) {
        let scheme = block_scheme(scheme);
        self.depths = bodies.iter().map(|body| scheme.first_depth(body.acceleration, body.jerk).into()).collect();
    }

    /// Takes a whole step; returns its length. All ranks.
    pub(super) fn step(&mut self, particles: &mut Particles<Particle>, scheme: &Scheme) -> Result<f64> {
        let comm = particles.comm().clone();
        let _phase = comm.phase("forces");
        let depths = comm.all_gather(&self.depths);
        let all = particles.gather_all();
        let member = |(particle, depth): (&Particle, u64)| Member {
            gm: scheme.gravity * particle.body.mass,
            motion: [particle.body.position, particle.body.velocity, particle.acceleration, particle.jerk],
            depth: depth as u32,
        };
        let mut members: Vec<Member> = all.iter().zip(depths).map(member).collect();
        self.taken += block_scheme(scheme).step(&comm, &mut members)?;
        let mine = &members[particles.first() as usize..];
        for ((particle, depth), member) in particles.local_mut().iter_mut().zip(&mut self.depths).zip(mine) {
            [particle.body.position, particle.body.velocity, particle.acceleration, particle.jerk] = member.motion;
            *depth = member.depth.into();
        }
        Ok(scheme.dt)
    }

    /// Writes the steps. All ranks.
    pub(super) fn save(&self, to: &mut Checkpoint, particles: &Particles<Particle>) -> Result<()> {
        to.value("block.taken", self.taken)?;
        to.particles("block.depths", &Particles::new(particles.comm(), self.depths.clone()))
    }

    /// The steps that [`save`](Block::save) wrote. All ranks.
    pub(super) fn load(from: &CheckpointReader, particles: &Particles<Particle>) -> Result<Self> {
        let depths: Particles<u64> = Particles::load(particles.comm(), from, "block.depths")?;
        Ok(Block { depths: depths.local().to_vec(), taken: from.value("block.taken")? })
    }
}

fn block_scheme(scheme: &Scheme) -> BlockScheme {
    let Scheme { dt, eta, softening, level, rsqrt, ref external, .. } = *scheme;
    BlockScheme { dt, eta, softening, level, rsqrt, external: external.clone() }
}
