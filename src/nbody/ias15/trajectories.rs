//! A set of bodies through a step: their columns, and where they are at the node at hand.

use super::column::Column;
use super::force::{Triple, dot_add};
use super::lanes::{Lanes, WIDTH};

/// Bodies in blocks of [`WIDTH`], or their deviations. Body i is lane i mod WIDTH of block i / WIDTH.
///
/// Lanes without a body stand still: far away for bodies, so that they add nothing to any maximum; at 0 for deviations.
#[derive(Clone, Debug)]
pub(super) struct Trajectories {
    bodies: usize,
    columns: Vec<[Column; 3]>,
    /// Positions at the node.
    pub position: Vec<Triple>,
    /// Velocities at the node, where they were asked for.
    pub velocity: Vec<Triple>,
    /// Accelerations at the node, filled in by the force.
    pub acceleration: Vec<Triple>,
}

/// What a pass over the nodes changed: the largest change of b_6 and the largest acceleration.
#[derive(Clone, Copy)]
pub(super) struct Change {
    change: Lanes,
    size: Lanes,
}

impl Change {
    /// The change relative to the acceleration.
    #[inline(always)]
    pub(super) fn relative(&self) -> f64 {
        let size = self.size.largest();
        if size > 0.0 { self.change.largest() / size } else { 0.0 }
    }
}

impl Trajectories {
    /// Bodies with the given positions and velocities; lanes without a body stand at x = `nowhere`.
    pub(super) fn new(states: impl ExactSizeIterator<Item = [[f64; 3]; 2]>, nowhere: f64) -> Self {
        let bodies = states.len();
        let blocks = bodies.div_ceil(WIDTH);
        let place = [Lanes::splat(nowhere), Lanes::ZERO, Lanes::ZERO];
        let mut columns = vec![place.map(Column::at); blocks];
        for (body, [position, velocity]) in states.enumerate() {
            let block = body / WIDTH;
            let lane = body % WIDTH;
            for axis in 0..3 {
                columns[block][axis].position.0[lane] = position[axis];
                columns[block][axis].velocity.0[lane] = velocity[axis];
            }
        }
        let zero = vec![[Lanes::ZERO; 3]; blocks];
        Trajectories { bodies, columns, position: zero.clone(), velocity: zero.clone(), acceleration: zero }
    }

    /// How many bodies.
    pub(super) fn len(&self) -> usize {
        self.bodies
    }

    /// Position and velocity of a body at the step's start.
    pub(super) fn state(&self, body: usize) -> [[f64; 3]; 2] {
        let columns = &self.columns[body / WIDTH];
        let lane = body % WIDTH;
        [[0, 1, 2].map(|axis| columns[axis].position.0[lane]), [0, 1, 2].map(|axis| columns[axis].velocity.0[lane])]
    }

    /// How many values a body has in a saved state.
    pub(super) const STATE: usize = 3 * Column::STATE;

    /// Appends all that the next step reads, body by body.
    pub(super) fn save(&self, to: &mut Vec<f64>) {
        for body in 0..self.bodies {
            for column in &self.columns[body / WIDTH] {
                to.extend(column.state().map(|lanes| lanes.0[body % WIDTH]));
            }
        }
    }

    /// Puts back what [`save`](Trajectories::save) wrote, for as many bodies.
    pub(super) fn load(&mut self, from: &[f64]) {
        let mut values = from.iter();
        for body in 0..self.bodies {
            let vectors = self.columns[body / WIDTH].iter_mut().flat_map(Column::state_mut);
            vectors.zip(&mut values).for_each(|(lanes, &value)| lanes.0[body % WIDTH] = value);
        }
    }

    /// Multiplies all that the next step reads by a power of two.
    pub(super) fn scale(&mut self, factor: f64) {
        let vectors = self.columns.as_flattened_mut().iter_mut().flat_map(Column::state_mut);
        vectors.for_each(|lanes| *lanes = *lanes * factor);
    }

    /// Goes to the step's start.
    #[inline(always)]
    pub(super) fn go_to_start(&mut self) {
        for ((columns, position), velocity) in self.columns.iter().zip(&mut self.position).zip(&mut self.velocity) {
            *position = [columns[0].position, columns[1].position, columns[2].position];
            *velocity = [columns[0].velocity, columns[1].velocity, columns[2].velocity];
        }
    }

    /// Takes the accelerations found there as those at the step's start.
    #[inline(always)]
    pub(super) fn set_start(&mut self) {
        for (columns, acceleration) in self.columns.iter_mut().zip(&self.acceleration) {
            for axis in 0..3 {
                columns[axis].acceleration = acceleration[axis];
            }
        }
    }

    /// Begins a step `ratio` times as long as the last.
    #[inline(always)]
    pub(super) fn predict(&mut self, ratio: f64) {
        for column in self.columns.as_flattened_mut() {
            column.predict(ratio);
        }
    }

    /// Begins a pass over the nodes.
    #[inline(always)]
    pub(super) fn begin_pass(&mut self) {
        for column in self.columns.as_flattened_mut() {
            column.begin_pass();
        }
    }

    /// Goes to a node of a step of `dt`, with velocities if wanted.
    #[inline(always)]
    pub(super) fn go_to(&mut self, node: usize, dt: f64, velocities: bool) {
        for (columns, position) in self.columns.iter().zip(&mut self.position) {
            for axis in 0..3 {
                position[axis] = columns[axis].position_at(node, dt);
            }
        }
        if velocities {
            for (columns, velocity) in self.columns.iter().zip(&mut self.velocity) {
                for axis in 0..3 {
                    velocity[axis] = columns[axis].velocity_at(node, dt);
                }
            }
        }
    }

    /// Brings the polynomials through the accelerations found at a node.
    #[inline(always)]
    pub(super) fn correct(&mut self, node: usize) -> Change {
        let mut change = Lanes::ZERO;
        let mut size = Lanes::ZERO;
        for (columns, acceleration) in self.columns.iter_mut().zip(&self.acceleration) {
            for axis in 0..3 {
                change = change.max_abs(columns[axis].correct(node, acceleration[axis]));
                size = size.max_abs(acceleration[axis]);
            }
        }
        Change { change, size }
    }

    /// Takes the step of `dt`, `ratio` times as long as the last.
    #[inline(always)]
    pub(super) fn accept(&mut self, dt: f64, ratio: f64) {
        for column in self.columns.as_flattened_mut() {
            column.accept(dt, ratio);
        }
    }

    /// The shortest time, over dt, in which the acceleration of a body that `counts` (by its number and the size of its
    /// acceleration) changes; infinite where none is accelerated, NaN where a number is not finite.
    ///
    /// With a, j, s, c the acceleration at the end of the step and its derivatives it is, squared, 2 a^2 / (j^2 + a s)
    /// (Pham, Rein & Spiegel 2024). That vanishes where an orbit is straight for a moment, though nothing happens there:
    /// j^2 / (s^2 + j c), next to never the larger one elsewhere, takes its place.
    #[inline(always)]
    pub(super) fn timescale(&self, counts: impl Fn(usize, f64) -> bool) -> Timescale {
        let mut least = f64::INFINITY;
        let mut size = 0.0;
        for (block, columns) in self.columns.iter().enumerate() {
            let sizes = end_sizes(columns);
            for lane in 0..WIDTH.min(self.bodies - block * WIDTH) {
                let sizes = sizes.map(|size| size.0[lane]);
                let squared = squared_timescale(sizes);
                if (squared < least || squared.is_nan()) && counts(block * WIDTH + lane, sizes[0]) {
                    least = squared;
                    size = sizes[0];
                }
            }
        }
        Timescale { shortest: least.sqrt(), acceleration: size }
    }

    /// The largest acceleration of a body at the end of the step.
    #[inline(always)]
    pub(super) fn largest_acceleration(&self) -> f64 {
        let mut largest = 0.0;
        for (block, columns) in self.columns.iter().enumerate() {
            let sizes = end_sizes(columns)[0];
            for size in &sizes.0[..WIDTH.min(self.bodies - block * WIDTH)] {
                largest = if *size > largest { *size } else { largest };
            }
        }
        largest
    }
}

/// The shortest time in which an acceleration changes, over dt, and the size of that acceleration.
#[derive(Clone, Copy)]
pub(super) struct Timescale {
    pub shortest: f64,
    pub acceleration: f64,
}

/// |a|, |a'| dt, |a''| dt², |a'''| dt³ at the end of the step, of eight bodies.
#[inline(always)]
fn end_sizes(columns: &[Column; 3]) -> [Lanes; 4] {
    let ends = [columns[0].end_derivatives(), columns[1].end_derivatives(), columns[2].end_derivatives()];
    let mut sizes = [Lanes::ZERO; 4];
    for order in 0..4 {
        let vector = [ends[0][order], ends[1][order], ends[2][order]];
        sizes[order] = dot_add(&vector, &vector, Lanes::ZERO).sqrt();
    }
    sizes
}

/// The square of the time in which one body's acceleration changes, from the sizes of its derivatives.
#[inline(always)]
fn squared_timescale([a, j, s, c]: [f64; 4]) -> f64 {
    if !(a + j + s + c).is_finite() {
        return f64::NAN;
    }
    let ratio =
        |numerator: f64, denominator: f64| if denominator > 0.0 { numerator / denominator } else { f64::INFINITY };
    // τ² = 2 a² / (j² + a s); on a straight piece j² / (s² + j c)
    let usual = ratio(2.0 * a * a, j * j + a * s);
    let straight = ratio(j * j, s * s + j * c);
    if straight > usual && usual < f64::INFINITY { straight } else { usual }
}
