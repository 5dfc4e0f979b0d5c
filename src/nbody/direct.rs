//! The direct sum over all pairs, with targets on their ranks and sources passed to all.
//!
//! Each rank holds its share of the bodies as targets; [`Particles::source_blocks`] shows it all bodies in global order, and
//! the kernel takes them in tiles of targets, driving the next block along in between. The sums of a body run over all
//! others in the order of the global list, so their bits don't depend on the number of ranks.

use bytemuck::Pod;

use super::kernel::{Direct, Frame, MovingSources, MovingTargets, Precision, Sources, Targets};
use crate::comm::Comm;
use crate::particles::Particles;
use crate::simd::{Level, Rsqrt};

/// Targets that one call of the kernel takes: their columns stay in the first-level cache.
const TILE: usize = 512;

/// A direct sum: how pairs are computed, and the memory that it uses again.
#[derive(Clone, Debug)]
pub struct DirectSum {
    direct: Direct,
    targets: Targets,
    packed: Sources,
    moving: MovingTargets,
    packed_moving: MovingSources,
}

impl DirectSum {
    /// A sum with Plummer's `softening` length; all ranks take the same `level` and `rsqrt`.
    pub fn new(level: Level, rsqrt: Rsqrt, precision: Precision, softening: f64) -> Self {
        let direct = Direct { level, rsqrt, precision, softening, potential: false, frame: Frame::default() };
        let (targets, packed, moving, packed_moving) = Default::default();
        DirectSum { direct, targets, packed, moving, packed_moving }
    }

    /// Accelerations of this rank's particles by all others, and potentials if wanted; `source` gives x, y, z and G m.
    ///
    /// All ranks. The result holds until the next call.
    pub fn evaluate<P: Pod>(
        &mut self,
        particles: &Particles<P>,
        source: impl Fn(&P) -> [f64; 4],
        potential: bool,
    ) -> &Targets {
        let _phase = particles.comm().phase("forces");
        let DirectSum { direct, targets, packed, .. } = self;
        direct.potential = potential;
        direct.frame = frame(particles.comm(), particles.local().iter().map(&source));
        let position = |particle: &P| {
            let [x, y, z, _] = source(particle);
            [x, y, z]
        };
        direct.place(targets, particles.local().iter().map(position));
        particles.source_blocks(&source, |block| {
            direct.pack(block.sources, packed);
            for tile in targets.tiles(TILE) {
                direct.accelerate(targets, tile.clone(), packed);
                if block.ends_block {
                    direct.flush(targets, tile);
                }
                (block.progress)();
            }
        });
        targets
    }

    /// Accelerations and jerks, in double precision; `source` gives x, y, z, G m and the velocity.
    ///
    /// All ranks. The result holds until the next call.
    pub fn evaluate_moving<P: Pod>(
        &mut self,
        particles: &Particles<P>,
        source: impl Fn(&P) -> [f64; 7],
    ) -> &MovingTargets {
        let _phase = particles.comm().phase("forces");
        let DirectSum { direct, moving, packed_moving, .. } = self;
        let place = |particle: &P| {
            let [x, y, z, gm, ..] = source(particle);
            [x, y, z, gm]
        };
        direct.frame = frame(particles.comm(), particles.local().iter().map(place));
        let motion = |particle: &P| {
            let [x, y, z, _, vx, vy, vz] = source(particle);
            ([x, y, z], [vx, vy, vz])
        };
        direct.place_moving(moving, particles.local().iter().map(motion));
        particles.source_blocks(&source, |block| {
            direct.pack_moving(block.sources, packed_moving);
            for tile in moving.targets().tiles(TILE) {
                direct.accelerate_moving(moving, tile, packed_moving);
                (block.progress)();
            }
        });
        moving
    }
}

/// The frame of all ranks' bodies, from global extremes. All ranks.
fn frame(comm: &Comm, bodies: impl Iterator<Item = [f64; 4]>) -> Frame {
    // Minima as maxima of the negated numbers, so that one message finds all. NaN is left out here: it shows in the sums.
    let mut extremes = [f64::NEG_INFINITY; 7];
    for [x, y, z, gm] in bodies {
        for (extreme, value) in extremes.iter_mut().zip([x, y, z, -x, -y, -z, gm]) {
            *extreme = extreme.max(value);
        }
    }
    comm.all_reduce_max_into(&mut extremes);
    let [high_x, high_y, high_z, low_x, low_y, low_z, gm] = extremes;
    Frame::around([-low_x, -low_y, -low_z], [high_x, high_y, high_z], gm)
}
