//! The bodies that are acted on: positions in, sums out, a column for each.

use std::ops::Range;

use super::Precision;
use super::frame::Frame;

/// Columns are padded to a multiple of this, the widest lane of all levels.
pub const LANES: usize = 16;

/// Positions and sums in the precision of the kernel, in units of the frame, padded to whole lanes.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns<T> {
    pub position: [Vec<T>; 3],
    pub acceleration: [Vec<T>; 3],
    /// The potential with its sign turned.
    pub depth: Vec<T>,
}

impl<T: Copy + Default> Columns<T> {
    /// Zero sums and positions for `len` bodies.
    fn reset(&mut self, len: usize) {
        for column in self.position.iter_mut().chain(&mut self.acceleration).chain([&mut self.depth]) {
            column.clear();
            column.resize(padded(len), T::default());
        }
    }
}

/// The bodies that are acted on, and what has been summed for them.
///
/// The sums of body `i` have the same bits wherever it stands among the targets.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    len: usize,
    frame: Frame,
    pub(super) double: Columns<f64>,
    pub(super) single: Columns<f32>,
}

impl Targets {
    /// Takes new positions (length), with all sums zero; keeps the memory.
    pub(super) fn place(
        &mut self,
        frame: Frame,
        precision: Precision,
        positions: impl ExactSizeIterator<Item = [f64; 3]>,
    ) {
        self.reset(frame, precision, positions.len());
        for (i, position) in positions.enumerate() {
            match precision {
                Precision::Double => scatter(&mut self.double.position, i, frame.double(position)),
                Precision::Single => scatter(&mut self.single.position, i, frame.single(position)),
            }
        }
    }

    /// Makes room for `len` bodies at the origin, with all sums zero; keeps the memory.
    pub(super) fn reset(&mut self, frame: Frame, precision: Precision, len: usize) {
        self.len = len;
        self.frame = frame;
        self.double.reset(len);
        self.single.reset(if precision == Precision::Single { len } else { 0 });
    }

    /// The number of bodies.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no body.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Ranges of about `size` bodies, in order, that together are all: what one call of a kernel may be given.
    pub fn tiles(&self, size: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let size = padded(size.clamp(1, self.len.max(1)));
        let len = self.len;
        (0..len).step_by(size).map(move |first| first..len.min(first + size))
    }

    /// The acceleration of body `i`, length/time².
    pub fn acceleration(&self, i: usize) -> [f64; 3] {
        self.vector(&self.double.acceleration, i)
    }

    /// The sum of body `i` in these columns, out of units of the frame.
    pub(super) fn vector(&self, columns: &[Vec<f64>; 3], i: usize) -> [f64; 3] {
        self.frame.acceleration([0, 1, 2].map(|c| columns[c][..self.len][i]))
    }

    /// The potential at body `i`, length²/time²: zero unless the kernel was asked to sum it.
    pub fn potential(&self, i: usize) -> f64 {
        0.0 - self.double.depth[..self.len][i] * (self.frame.gm() / self.frame.length())
    }

    /// Adds the partial sums of single precision to those of double precision, and empties them.
    pub(super) fn flush(&mut self, lanes: Range<usize>) {
        let Columns { acceleration, depth, .. } = &mut self.single;
        let partial = acceleration.iter_mut().chain([depth]);
        let total = self.double.acceleration.iter_mut().chain([&mut self.double.depth]);
        for (total, partial) in total.zip(partial) {
            for (total, partial) in total[lanes.clone()].iter_mut().zip(&mut partial[lanes.clone()]) {
                *total += f64::from(std::mem::take(partial));
            }
        }
    }
}

/// The length of a column for `len` bodies.
pub(super) fn padded(len: usize) -> usize {
    len.next_multiple_of(LANES)
}

/// `range` of `len` targets with its end at the end of its last lane.
pub(super) fn lanes(range: Range<usize>, len: usize) -> Range<usize> {
    let Range { start, end } = range;
    assert!(
        start % LANES == 0 && end <= len && (end == len || end % LANES == 0),
        "{start}..{end} cuts lanes of {len} targets"
    );
    start..padded(end)
}

/// Writes `vector` to place `i` of three columns.
pub(super) fn scatter<T>(columns: &mut [Vec<T>; 3], i: usize, vector: [T; 3]) {
    for (column, component) in columns.iter_mut().zip(vector) {
        column[i] = component;
    }
}
