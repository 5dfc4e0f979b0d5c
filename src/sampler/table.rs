//! Rows of numbers that come in batches, spread over ranks: chains of walkers, and what searches have found.

use std::ops::Range;

use crate::base::partition::{balanced_owner, balanced_range};
use crate::comm::Comm;
use crate::io::{Checkpoint, CheckpointReader, Slab};
use crate::{Error, Result};

/// A table whose rows come in batches of the same size. Each rank holds an even share of every batch.
///
/// Of a chain, a batch is what all walkers are after a step that is kept.
pub struct Table {
    comm: Comm,
    columns: Vec<String>,
    /// Rows of a batch, and those among them that this rank holds.
    rows: u64,
    mine: Range<u64>,
    batches: u64,
    /// Rows so far; the last batch may be shorter.
    length: u64,
    numbers: Vec<f64>,
}

/// Rows of a table that follow each other.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Share {
    /// The first row's number.
    pub first: u64,
    /// Rows of the whole table.
    pub total: u64,
    /// This rank's rows, one after another.
    pub numbers: Vec<f64>,
}

impl Table {
    /// An empty table with batches of `rows` rows.
    pub(super) fn new(comm: &Comm, columns: Vec<String>, rows: u64) -> Self {
        let mine = balanced_range(rows, comm.size(), comm.rank());
        Table { comm: comm.clone(), columns, rows, mine, batches: 0, length: 0, numbers: Vec::new() }
    }

    /// Points of these parameters with their ln prior and ln likelihood.
    pub(super) fn of_points(comm: &Comm, parameters: &[String], rows: u64) -> Self {
        let columns = parameters.iter().cloned().chain(["ln_prior".to_owned(), "ln_likelihood".to_owned()]);
        Table::new(comm, columns.collect(), rows)
    }

    /// What the columns hold: parameters, `ln_prior`, `ln_likelihood`.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The number of batches; of a chain, the steps that are kept.
    pub fn batches(&self) -> u64 {
        self.batches
    }

    /// Rows of a batch; of a chain, its walkers.
    pub fn rows_per_batch(&self) -> u64 {
        self.rows
    }

    /// The number of rows of all batches.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Which rows of each batch this rank holds.
    pub fn mine(&self) -> Range<u64> {
        self.mine.clone()
    }

    /// This rank's part, of shape (batches, its rows of a batch, columns).
    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    /// Where [`numbers`](Table::numbers) lie in the whole table, of shape (batches, rows, columns).
    pub fn slab(&self) -> Slab {
        let width = self.columns.len() as u64;
        Slab {
            shape: vec![self.batches, self.rows, width],
            offset: vec![0, self.mine.start, 0],
            count: vec![self.batches, self.mine.end - self.mine.start, width],
        }
    }

    /// Makes room for one batch more, so that adding it allocates nothing where there is some.
    fn reserve(&mut self) {
        let batch = (self.mine.end - self.mine.start) as usize * self.columns.len();
        if self.numbers.capacity() < self.numbers.len() + batch {
            self.numbers.reserve(batch.max(self.numbers.len()).max(1 << 16));
        }
    }

    /// Adds a batch of which the first `length` rows are there; `fill` makes each of this rank's rows by its number in the batch.
    pub(super) fn push(&mut self, length: u64, mut fill: impl FnMut(u64, &mut Vec<f64>)) {
        self.reserve();
        let width = self.columns.len();
        for row in self.mine.clone() {
            if row < length {
                fill(row, &mut self.numbers)
            } else {
                self.numbers.extend(std::iter::repeat_n(f64::NAN, width))
            }
        }
        debug_assert!(self.numbers.len().is_multiple_of(width));
        self.length = self.batches * self.rows + length;
        self.batches += 1;
    }

    /// The same rows in even shares of rows that follow each other, batch after batch, as files hold them. All ranks.
    pub fn share(&self) -> Share {
        self.share_of(0, 1)
    }

    /// The rows without those of the first `from` batches, and of the others those of each `thin`-th batch. All ranks.
    pub(super) fn share_of(&self, from: u64, thin: u64) -> Share {
        let size = self.comm.size();
        let width = self.columns.len();
        let total = self.taken(self.length, from, thin);
        let ends = |rank| balanced_range(total, size, rank);
        let mut outgoing = vec![Vec::new(); size];
        for (row, numbers) in self.held(&self.mine).zip(self.numbers.chunks_exact(width)) {
            if self.is_taken(row, from, thin) {
                let row = self.taken(row, from, thin);
                outgoing[balanced_owner(total, size, row)].extend_from_slice(numbers);
            }
        }
        let incoming = self.comm.exchange(outgoing);
        let wanted = ends(self.comm.rank());
        let mut numbers = vec![0.0; (wanted.end - wanted.start) as usize * width];
        for (rank, incoming) in incoming.iter().enumerate() {
            let theirs = balanced_range(self.rows, size, rank);
            let taken = self.held(&theirs).filter(|row| self.is_taken(*row, from, thin));
            let rows = taken.map(|row| self.taken(row, from, thin)).filter(|row| wanted.contains(row));
            for (row, incoming) in rows.zip(incoming.chunks_exact(width)) {
                numbers[(row - wanted.start) as usize * width..][..width].copy_from_slice(incoming);
            }
        }
        Share { first: wanted.start, total, numbers }
    }

    /// Whether a row is among those of each `thin`-th batch from `from` on.
    fn is_taken(&self, row: u64, from: u64, thin: u64) -> bool {
        let batch = row / self.rows;
        row < self.length && batch >= from && (batch - from).is_multiple_of(thin)
    }

    /// How many of the rows before `row` are among those of each `thin`-th batch from `from` on.
    fn taken(&self, row: u64, from: u64, thin: u64) -> u64 {
        let batch = (row / self.rows).saturating_sub(from);
        let is_within = row / self.rows >= from && batch.is_multiple_of(thin);
        batch.div_ceil(thin) * self.rows + if is_within { row % self.rows } else { 0 }
    }

    /// The numbers of all rows, batch after batch, that a rank holds which has `rows` of each.
    fn held(&self, rows: &Range<u64>) -> impl Iterator<Item = u64> {
        let rows = rows.clone();
        let all = self.rows;
        (0..self.batches).flat_map(move |batch| rows.clone().map(move |row| batch * all + row))
    }

    /// Writes the table. All ranks.
    pub(super) fn save(&self, to: &mut Checkpoint, name: &str) -> Result<()> {
        to.values(&format!("{name}_length"), &[self.batches, self.length])?;
        if self.batches == 0 { Ok(()) } else { to.array(name, &self.slab(), &self.numbers) }
    }

    /// Reads what [`save`](Table::save) wrote, on any number of ranks. All ranks.
    pub(super) fn load(&mut self, from: &CheckpointReader, name: &str) -> Result<()> {
        let lengths = from.values::<u64>(&format!("{name}_length"))?;
        let &[batches, length] = &lengths[..] else {
            return Err(Error::file(from.path(), format!("{name}_length holds {} numbers, not 2", lengths.len())));
        };
        self.batches = batches;
        self.length = length;
        if batches > 0 {
            let slab = self.slab();
            let shape = from.shape(name)?;
            if shape != slab.shape {
                let reason = format!("{name} has shape {shape:?}, and these settings need {:?}", slab.shape);
                return Err(Error::file(from.path(), reason));
            }
            self.numbers = from.read_slab(name, &slab)?;
        }
        Ok(())
    }
}
