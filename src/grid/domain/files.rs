//! A domain in files: snapshots, and checkpoints and back.

use std::slice;

use super::{CellValue, Domain};
use crate::Result;
use crate::io::{CellField, Checkpoint, CheckpointReader, Element, GridGeometry, Snapshot};

/// The fields of a domain for a snapshot, which [`write`](DomainFields::write) writes.
#[must_use = "write() writes them"]
pub struct DomainFields<'a, C: CellValue, const D: usize> {
    out: &'a mut Snapshot,
    domain: &'a Domain<C, D>,
    fields: Vec<CellField<'static>>,
}

impl<C: CellValue, const D: usize> DomainFields<'_, C, D> {
    /// A field with the number that `number` makes of a cell's value, of any type that a file can hold.
    ///
    /// What `density`, `velocity_x`, `velocity_y`, `velocity_z` and `pressure` are, yt knows.
    pub fn field<T: Element>(self, name: &str, number: impl FnMut(C) -> T) -> Self {
        let numbers = self.domain.cells().map(number).collect();
        self.values(name, numbers)
    }

    /// A field with these numbers, one for each of this rank's cells in the order of [`Domain::cells`]: of [`Domain::map`], for one.
    pub fn values<T: Element>(mut self, name: &str, numbers: Vec<T>) -> Self {
        let slab = self.domain.layout().slab(self.domain.comm().rank());
        self.fields.push(CellField::made(name, slab, numbers));
        self
    }

    /// The unit's label of the field before, `Msun/au^3` for instance.
    pub fn unit(mut self, unit: &str) -> Self {
        if let Some(field) = self.fields.last_mut() {
            field.in_unit(unit);
        }
        self
    }

    /// Writes the fields into the snapshot, whose name will end in `.vtkhdf`. All ranks, once for a snapshot.
    ///
    /// # Errors
    /// On all ranks, when a name can't be one of a field, there are not as many numbers as cells, or the file cannot be written.
    pub fn write(self) -> Result<()> {
        let layout = self.domain.layout();
        self.out.grid(&GridGeometry::of(layout.grid(), layout.periodic()), &self.fields)
    }
}

impl Snapshot {
    /// Fields on the cells of a domain: `out.domain(&water).field("depth", |w| w.depth).unit("m").write()`.
    pub fn domain<'a, C: CellValue, const D: usize>(&'a mut self, domain: &'a Domain<C, D>) -> DomainFields<'a, C, D> {
        DomainFields { out: self, domain, fields: Vec::new() }
    }
}

impl Checkpoint {
    /// Writes the numbers of a domain. All ranks.
    ///
    /// # Errors
    /// On all ranks, when the file cannot be written.
    pub fn domain<C: CellValue, const D: usize>(&mut self, name: &str, domain: &Domain<C, D>) -> Result<()> {
        self.fields(name, domain.layout(), slice::from_ref(domain.field()))
    }
}

impl<C: CellValue, const D: usize> Domain<C, D> {
    /// Takes the numbers that [`Checkpoint::domain`] wrote, on any number of ranks.
    ///
    /// # Errors
    /// If there is none of this name and shape, or the file cannot be read.
    pub fn load(&mut self, from: &CheckpointReader, name: &str) -> Result<()> {
        from.fields(name, &self.layout, slice::from_mut(&mut self.now))
    }
}
