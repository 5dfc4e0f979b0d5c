//! All bodies but body 0: the state that the map's parts, kick and drift, work on, and how they are entered.
//!
//! Body by body, the same operations happen at each SIMD level and in each column of a block, so that the bits depend on
//! neither.

use super::block::{Block, Source, WIDTH};
use super::coordinates::{Jacobi, enclosed};
use super::drift::drift;
use super::kepler::Relative;
use super::kick::kick;
use crate::base::error::{Error, Result};
use crate::simd::{Kernel, Level, Simd};

/// All bodies but body 0, in Jacobi coordinates.
#[derive(Clone, Debug)]
pub(super) struct Planets {
    pub(super) blocks: Vec<Block>,
    pub(super) sources: Vec<Source>,
    /// Gravitational parameter of body 0.
    pub(super) central: f64,
    bodies: usize,
    level: Level,
}

impl Planets {
    /// The bodies with gravitational parameters `gm` (body 0 first) at `state`, computed with the instructions of
    /// `level`.
    pub(super) fn new(gm: &[f64], state: &Jacobi, level: Level) -> Self {
        let bodies = gm.len() - 1;
        let enclosed = enclosed(gm);
        let mut blocks: Vec<Block> = (0..bodies.div_ceil(WIDTH)).map(Block::empty).collect();
        let mut sources = Vec::new();
        for i in 0..bodies {
            let block = i / WIDTH;
            let column = i % WIDTH;
            let body = Relative { position: state.position[i], velocity: state.velocity[i] };
            blocks[block].put(column, [body, Relative::ZERO]);
            blocks[block].enclosed[column] = enclosed[i + 1];
            blocks[block].inverse_inner[column] = 1.0 / enclosed[i];
            let gm = gm[i + 1];
            if gm > 0.0 {
                sources.push(Source { block, column, index: i as f64, gm, weight: gm / enclosed[i + 1] });
            }
        }
        Self { blocks, sources, central: gm[0], bodies, level }
    }

    /// The number of bodies besides body 0.
    pub(super) fn len(&self) -> usize {
        self.bodies
    }

    /// Jacobi state of body `i` + 1.
    pub(super) fn body(&self, i: usize) -> Relative {
        self.body_and_rest(i)[0]
    }

    /// Jacobi state of body `i` + 1, and what rounding cut off it.
    pub(super) fn body_and_rest(&self, i: usize) -> [Relative; 2] {
        let block = &self.blocks[i / WIDTH];
        let column = i % WIDTH;
        [block.body(column), block.rest(column)]
    }

    /// Places body `i` + 1.
    pub(super) fn put(&mut self, i: usize, body_and_rest: [Relative; 2]) {
        self.blocks[i / WIDTH].put(i % WIDTH, body_and_rest);
    }

    /// The state of all bodies.
    pub(super) fn jacobi(&self, centre: [super::Vector; 2]) -> Jacobi {
        let bodies = (0..self.bodies).map(|i| self.body(i));
        let (position, velocity) = bodies.map(|body| (body.position, body.velocity)).unzip();
        Jacobi { position, velocity, centre }
    }

    /// Changes all velocities by the interactions over the time `kick`, then moves all bodies along their Kepler
    /// orbits for the time `drift`; a part whose time is `None` is left out.
    ///
    /// # Errors
    /// A body at the centre of its orbit, or whose state is not finite.
    pub(super) fn advance(&mut self, kick: Option<f64>, drift: Option<f64>) -> Result<()> {
        let level = self.level;
        level.run(Advance { planets: self, kick, drift }).map_err(|body| Error::Numerics {
            method: "Wisdom-Holman map",
            reason: format!(
                "body {} can't be moved along its Kepler orbit: it is in the centre of mass of the bodies before it, not finite, or so \
                 fast that one step holds its whole passage: take shorter steps, or ias15",
                body + 1
            ),
        })
    }
}

struct Advance<'a> {
    planets: &'a mut Planets,
    kick: Option<f64>,
    drift: Option<f64>,
}

impl Kernel for Advance<'_> {
    /// On failure, which body has no orbit.
    type Output = std::result::Result<(), usize>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Self::Output {
        if let Some(dt) = self.kick {
            let Planets { blocks, sources, central, .. } = &mut *self.planets;
            kick(simd, blocks, sources, *central, dt);
        }
        match self.drift {
            Some(dt) => drift(simd, &mut self.planets.blocks, dt),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nbody::system::System;

    /// Fifteen bodies, so that the second block is filled up; every third is a test particle.
    fn crowd() -> System {
        let angle = |i: usize| 2.4 * i as f64;
        let radius = |i: usize| 1.0 + 0.35 * i as f64;
        let orbit = |i: usize, r: f64, turn: f64| match i {
            0 => [0.0; 3],
            _ => [r * libm::cos(angle(i) + turn), r * libm::sin(angle(i) + turn), 0.05 * r * libm::sin(7.0 * angle(i))],
        };
        System {
            gm: (0..15)
                .map(|i| {
                    if i == 0 {
                        1.0
                    } else if i % 3 == 0 {
                        0.0
                    } else {
                        1e-5 * i as f64
                    }
                })
                .collect(),
            position: (0..15).map(|i| orbit(i, radius(i), 0.0)).collect(),
            velocity: (0..15).map(|i| orbit(i, 1.05 / radius(i).sqrt(), 1.6)).collect(),
        }
    }

    #[test]
    fn every_simd_level_gives_the_same_bits() {
        let system = crowd();
        let run = |level| {
            let mut planets = Planets::new(&system.gm, &Jacobi::of(&system), level);
            for _ in 0..200 {
                planets.advance(Some(0.3), Some(0.3)).unwrap();
            }
            planets.jacobi([[0.0; 3]; 2])
        };
        let expected = run(Level::Portable);
        for level in Level::available() {
            assert_eq!(run(level).position, expected.position, "{}", level.name());
            assert_eq!(run(level).velocity, expected.velocity, "{}", level.name());
        }
    }

    #[test]
    fn a_body_at_the_centre_of_its_orbit_is_named() {
        let mut system = crowd();
        system.position[1] = system.position[0];
        let mut planets = Planets::new(&system.gm, &Jacobi::of(&system), Level::Portable);
        let message = planets.advance(None, Some(0.1)).unwrap_err().to_string();
        assert!(message.contains("body 1 "), "{message}");
    }
}
