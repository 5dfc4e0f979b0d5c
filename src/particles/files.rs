//! Particles in files: snapshots, and checkpoints and back.

use bytemuck::Pod;

use super::Particles;
use crate::Result;
use crate::base::partition::balanced_range;
use crate::comm::Comm;
use crate::io::{Checkpoint, CheckpointReader, Column, Snapshot, Values};

/// The columns of particles for a snapshot, which [`write`](ParticleColumns::write) writes.
#[must_use = "write() writes them"]
pub struct ParticleColumns<'a, P: Pod> {
    out: &'a mut Snapshot,
    particles: &'a Particles<P>,
    columns: Vec<Named>,
}

/// A quantity of this rank's particles.
struct Named {
    name: String,
    unit: String,
    numbers: Numbers,
}

enum Numbers {
    Scalars(Vec<f64>),
    Vectors(Vec<[f64; 3]>),
    Whole(Vec<u64>),
}

impl<P: Pod> ParticleColumns<'_, P> {
    /// A column of one number per particle.
    pub fn scalar(self, name: &str, number: impl FnMut(&P) -> f64) -> Self {
        let numbers = self.particles.local().iter().map(number).collect();
        self.with(name, Numbers::Scalars(numbers))
    }

    /// A column of one vector per particle.
    pub fn vector(self, name: &str, vector: impl FnMut(&P) -> [f64; 3]) -> Self {
        let vectors = self.particles.local().iter().map(vector).collect();
        self.with(name, Numbers::Vectors(vectors))
    }

    /// A column of one whole number per particle.
    pub fn whole(self, name: &str, number: impl FnMut(&P) -> u64) -> Self {
        let numbers = self.particles.local().iter().map(number).collect();
        self.with(name, Numbers::Whole(numbers))
    }

    /// The unit's label of the column before, `au/day` for instance.
    pub fn unit(mut self, unit: &str) -> Self {
        if let Some(column) = self.columns.last_mut() {
            unit.clone_into(&mut column.unit);
        }
        self
    }

    /// Writes the columns into the snapshot. All ranks.
    ///
    /// Two are needed: `Coordinates` and `Velocities`. Without `Masses` each particle has mass 1, without `ParticleIDs` its global index.
    ///
    /// # Errors
    /// On all ranks, when one of the two is missing, or the file cannot be written.
    pub fn write(mut self) -> Result<()> {
        let here = self.particles.local().len();
        let first = self.particles.first();
        if !self.has("Masses") {
            self = self.with("Masses", Numbers::Scalars(vec![1.0; here]));
        }
        if !self.has("ParticleIDs") {
            self = self.with("ParticleIDs", Numbers::Whole((first..first + here as u64).collect()));
        }
        let columns: Vec<Column<'_>> = self.columns.iter().map(Named::column).collect();
        self.out.columns(self.particles.count(), first, &columns)
    }

    fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name == name)
    }

    fn with(mut self, name: &str, numbers: Numbers) -> Self {
        self.columns.push(Named { name: name.to_owned(), unit: String::new(), numbers });
        self
    }
}

impl Named {
    fn column(&self) -> Column<'_> {
        match &self.numbers {
            Numbers::Scalars(numbers) => Column::scalar(&self.name, &self.unit, &numbers[..]),
            Numbers::Vectors(vectors) => Column::vector(&self.name, &self.unit, vectors),
            Numbers::Whole(numbers) => Column::scalar(&self.name, &self.unit, Values::U64(numbers)),
        }
    }
}

impl Snapshot {
    /// Columns of particles: `out.particles(&bodies).vector("Coordinates", |b| b.position).vector("Velocities", |b| b.velocity).write()`.
    pub fn particles<'a, P: Pod>(&'a mut self, particles: &'a Particles<P>) -> ParticleColumns<'a, P> {
        ParticleColumns { out: self, particles, columns: Vec::new() }
    }
}

impl Checkpoint {
    /// Writes particles as they are. All ranks.
    ///
    /// # Errors
    /// On all ranks, when the file cannot be written.
    pub fn particles<P: Pod>(&mut self, name: &str, particles: &Particles<P>) -> Result<()> {
        self.records(name, particles.count(), particles.first(), particles.local())
    }
}

impl<P: Pod> Particles<P> {
    /// The particles that [`Checkpoint::particles`] wrote, in even shares of any number of ranks. All ranks.
    ///
    /// # Errors
    /// When there are none of this name and size, or the file cannot be read.
    pub fn load(comm: &Comm, from: &CheckpointReader, name: &str) -> Result<Self> {
        let count = from.shape(name)?.first().copied().unwrap_or(0);
        let share = from.records(name, balanced_range(count, comm.size(), comm.rank()))?;
        Ok(Particles::new(comm, share))
    }
}
