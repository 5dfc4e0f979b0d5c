//! All bodies but body 0, eight side by side: what the map's parts work on, and how the parts are entered.
//!
//! Bodies 1, 2, ... sit in blocks of eight columns; the last block is filled up with bodies at rest, so far away that
//! nothing they take part in counts. Body by body, the same operations happen at each SIMD level and in each column,
//! so that the bits depend on neither.

use super::coordinates::{Jacobi, enclosed};
use super::drift::drift;
use super::kepler::Relative;
use super::kick::kick;
use crate::error::{Error, Result};
use crate::lane::{Kernel, Lane, Level, Simd};

/// Bodies in a block: a whole number of lanes at each level.
pub(super) const WIDTH: usize = 8;
/// How far away the bodies that fill up a block are.
const NOWHERE: f64 = 1e60;

/// A number of each body of a block.
pub(super) type Column = [f64; WIDTH];

/// Eight bodies.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(super) struct Block {
    /// Jacobi position and velocity.
    pub(super) x: [Column; 3],
    pub(super) v: [Column; 3],
    /// What rounding cut off position and velocity: added again with the next change.
    pub(super) x_rest: [Column; 3],
    pub(super) v_rest: [Column; 3],
    /// |x| and 1/|x|.
    pub(super) radius: Column,
    pub(super) inverse_radius: Column,
    /// Scratch of the kick: position relative to body 0, inertial acceleration.
    pub(super) heliocentric: [Column; 3],
    pub(super) acceleration: [Column; 3],
    /// Gravitational parameter of the body and all before it; one over that of all before it.
    pub(super) enclosed: Column,
    pub(super) inverse_inner: Column,
    /// The body's number, less one.
    pub(super) index: Column,
}

/// A massive body other than body 0.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) block: usize,
    pub(super) column: usize,
    /// The body's number, less one.
    pub(super) index: f64,
    pub(super) gm: f64,
    /// Its weight in the centre of mass of itself and all before it.
    pub(super) weight: f64,
}

/// All bodies but body 0, in Jacobi coordinates.
#[derive(Clone, Debug)]
pub(super) struct Sweep {
    pub(super) blocks: Vec<Block>,
    pub(super) sources: Vec<Source>,
    /// Gravitational parameter of body 0.
    pub(super) central: f64,
    bodies: usize,
    level: Level,
}

impl Sweep {
    /// The bodies with gravitational parameters `gm` (body 0 first) at `state`, computed with the instructions of
    /// `level`.
    pub(super) fn new(gm: &[f64], state: &Jacobi, level: Level) -> Self {
        let bodies = gm.len() - 1;
        let enclosed = enclosed(gm);
        let mut blocks: Vec<Block> = (0..bodies.div_ceil(WIDTH)).map(Block::empty).collect();
        let mut sources = Vec::new();
        for i in 0..bodies {
            let (block, column) = (i / WIDTH, i % WIDTH);
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
        let (block, column) = (&self.blocks[i / WIDTH], i % WIDTH);
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
        level.run(Advance { sweep: self, kick, drift }).map_err(|body| Error::Numerics {
            method: "Wisdom-Holman map",
            reason: format!(
                "body {} has no Kepler orbit: it is in the centre of mass of the bodies before it, or not finite",
                body + 1
            ),
        })
    }
}

struct Advance<'a> {
    sweep: &'a mut Sweep,
    kick: Option<f64>,
    drift: Option<f64>,
}

impl Kernel for Advance<'_> {
    /// On failure, which body has no orbit.
    type Output = std::result::Result<(), usize>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Self::Output {
        if let Some(dt) = self.kick {
            kick(simd, self.sweep, dt);
        }
        match self.drift {
            Some(dt) => drift(simd, &mut self.sweep.blocks, dt),
            None => Ok(()),
        }
    }
}

impl Block {
    fn empty(number: usize) -> Self {
        let zero = [0.0; WIDTH];
        Self {
            x: [[NOWHERE; WIDTH], zero, zero],
            v: [zero; 3],
            x_rest: [zero; 3],
            v_rest: [zero; 3],
            radius: [NOWHERE; WIDTH],
            inverse_radius: [1.0 / NOWHERE; WIDTH],
            heliocentric: [zero; 3],
            acceleration: [zero; 3],
            enclosed: zero,
            inverse_inner: zero,
            index: std::array::from_fn(|column| (number * WIDTH + column) as f64),
        }
    }

    pub(super) fn body(&self, column: usize) -> Relative {
        Relative { position: self.x.map(|x| x[column]), velocity: self.v.map(|v| v[column]) }
    }

    pub(super) fn rest(&self, column: usize) -> Relative {
        Relative { position: self.x_rest.map(|x| x[column]), velocity: self.v_rest.map(|v| v[column]) }
    }

    pub(super) fn put(&mut self, column: usize, [body, rest]: [Relative; 2]) {
        for k in 0..3 {
            self.x[k][column] = body.position[k];
            self.v[k][column] = body.velocity[k];
            self.x_rest[k][column] = rest.position[k];
            self.v_rest[k][column] = rest.velocity[k];
        }
        let [x, y, z] = body.position;
        self.radius[column] = x.mul_add(x, y.mul_add(y, z * z)).sqrt();
        self.inverse_radius[column] = 1.0 / self.radius[column];
    }
}

/// A vector of each body of a lane.
pub(super) type Three<L> = [L; 3];

#[inline(always)]
pub(super) fn load<L: Lane<Scalar = f64>>(simd: L::Simd, columns: &[Column; 3], at: usize) -> Three<L> {
    [L::load(simd, &columns[0][at..]), L::load(simd, &columns[1][at..]), L::load(simd, &columns[2][at..])]
}

#[inline(always)]
pub(super) fn store<L: Lane<Scalar = f64>>(vector: Three<L>, columns: &mut [Column; 3], at: usize) {
    vector[0].store(&mut columns[0][at..]);
    vector[1].store(&mut columns[1][at..]);
    vector[2].store(&mut columns[2][at..]);
}

/// The scalar product.
#[inline(always)]
pub(super) fn product<L: Lane>(a: Three<L>, b: Three<L>) -> L {
    a[0].mul_add(b[0], a[1].mul_add(b[1], a[2] * b[2]))
}

/// `a` times the vector `x`, plus `y`.
#[inline(always)]
pub(super) fn scaled_add<L: Lane>(a: L, x: Three<L>, y: Three<L>) -> Three<L> {
    [a.mul_add(x[0], y[0]), a.mul_add(x[1], y[1]), a.mul_add(x[2], y[2])]
}

/// The sum of a vector and a small change, and what its rounding cut off (Kahan 1965).
#[inline(always)]
pub(super) fn compensated_add<L: Lane>(x: Three<L>, change: Three<L>) -> (Three<L>, Three<L>) {
    let sum = [x[0] + change[0], x[1] + change[1], x[2] + change[2]];
    let rest = [change[0] - (sum[0] - x[0]), change[1] - (sum[1] - x[1]), change[2] - (sum[2] - x[2])];
    (sum, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gravity::system::System;

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
            let mut sweep = Sweep::new(&system.gm, &Jacobi::of(&system), level);
            for _ in 0..200 {
                sweep.advance(Some(0.3), Some(0.3)).unwrap();
            }
            sweep.jacobi([[0.0; 3]; 2])
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
        let mut sweep = Sweep::new(&system.gm, &Jacobi::of(&system), Level::Portable);
        let message = sweep.advance(None, Some(0.1)).unwrap_err().to_string();
        assert!(message.contains("body 1 "), "{message}");
    }
}
