//! Bodies on their ranks with block steps: a whole step of `dt` takes all of them through steps of their own, `dt` / 2^n.
//!
//! Hermite steps are [`block_steps`](crate::nbody::block_steps). Leapfrog steps, with forces by the tree, are those of GADGET-2 (Springel 2005, MNRAS
//! 364, 1105, sections 4.1 and 4.4): kick by half a step, drift, kick by half a step, each body with its own; drifts of all bodies end where the
//! shortest steps do. A step is the longest dt / 2^n that is at most √(2 η ε / |a|), chosen where one ends; it becomes shorter at once, and longer
//! where the time is a multiple of it. The tree is of all bodies as they are then, and only those whose step ends get forces.

use crate::nbody::block_steps::{BlockScheme, Member};
use crate::nbody::depth::{DEEPEST, WHOLE, depth, shallowest, ticks};
use crate::nbody::leapfrog::{drift, kick};
use crate::nbody::potential::Potential;
use crate::nbody::tree::{Tree, Wanted};
use crate::nbody::vector::norm;
use crate::particles::Particles;
use crate::{Checkpoint, CheckpointReader, Error, Result};

use super::config::Method;
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

    /// First steps of bodies whose accelerations (and jerks, for Hermite) are known.
    pub(super) fn begin(&mut self, bodies: &[Particle], scheme: &Scheme) {
        if scheme.method == Method::Leapfrog {
            self.depths = bodies.iter().map(|body| leapfrog_depth(body, scheme).min(DEEPEST).into()).collect();
            return;
        }
        let scheme = block_scheme(scheme);
        self.depths = bodies.iter().map(|body| scheme.first_depth(body.acceleration, body.jerk).into()).collect();
    }

    /// Takes a whole step of Hermite's; returns its length. All ranks.
    pub(super) fn hermite(&mut self, particles: &mut Particles<Particle>, scheme: &Scheme) -> Result<f64> {
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

    /// Takes a whole step of leapfrog, with forces by the tree; returns its length. All ranks.
    pub(super) fn leapfrog(
        &mut self,
        particles: &mut Particles<Particle>,
        scheme: &Scheme,
        tree: &mut Tree,
    ) -> Result<f64> {
        let comm = particles.comm().clone();
        let tick = scheme.dt / WHOLE as f64;
        let half = |depth: u64| 0.5 * (ticks(depth as u32) as f64 * tick);
        let mut active = vec![true; self.depths.len()];
        for (particle, &depth) in particles.local_mut().iter_mut().zip(&self.depths) {
            kick(&mut particle.body.velocity, particle.acceleration, half(depth));
        }
        let mut now = 0;
        while now < WHOLE {
            let shortest = comm.all_reduce_max(self.depths.iter().copied().max().unwrap_or(0));
            now += ticks(shortest as u32);
            let shallowest = u64::from(shallowest(now));
            for particle in particles.local_mut() {
                drift(&mut particle.body.position, particle.body.velocity, ticks(shortest as u32) as f64 * tick);
            }
            active.iter_mut().zip(&self.depths).for_each(|(active, depth)| *active = *depth >= shallowest);
            let sources = scheme.tree_sources(particles.local());
            let last = scheme.last(particles.local());
            let wanted = Wanted { active: Some(&active), last: last.as_deref(), ..Wanted::default() };
            let field = tree.evaluate_with(&comm, &sources, wanted)?;
            let mut taken = 0;
            for (i, particle) in particles.local_mut().iter_mut().enumerate().filter(|(i, _)| active[*i]) {
                taken += 1;
                let external = scheme.external.acceleration(particle.body.position);
                particle.acceleration = std::array::from_fn(|k| field.acceleration[i][k] + external[k]);
                kick(&mut particle.body.velocity, particle.acceleration, half(self.depths[i]));
                self.depths[i] = u64::from(leapfrog_depth(particle, scheme)).max(shallowest);
                if self.depths[i] > u64::from(DEEPEST) {
                    return Err(too_short(particle, scheme));
                }
                if now < WHOLE {
                    kick(&mut particle.body.velocity, particle.acceleration, half(self.depths[i]));
                }
            }
            self.taken += comm.all_reduce_sum(taken);
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

/// The depth of the step that a body's acceleration asks for.
fn leapfrog_depth(particle: &Particle, scheme: &Scheme) -> u32 {
    depth(scheme.dt, (2.0 * scheme.eta * scheme.softening / norm(particle.acceleration)).sqrt())
}

fn too_short(particle: &Particle, scheme: &Scheme) -> Error {
    let reason = format!(
        "body {} has an acceleration of {:e} and asks for a step below {:e}",
        particle.body.id,
        norm(particle.acceleration),
        scheme.dt / WHOLE as f64
    );
    Error::Numerics { method: "leapfrog with block steps", reason }
}

fn block_scheme(scheme: &Scheme) -> BlockScheme {
    let Scheme { dt, eta, softening, level, rsqrt, ref external, .. } = *scheme;
    BlockScheme { dt, eta, softening, level, rsqrt, external: external.clone() }
}
