//! Datasets of records: rows whose fields are numbers and texts of fixed length (HDF5's compound types).
//!
//! A row is kept as its bytes, in this machine's order. Left out: fields that are lists, records, or texts of any length.

use hdf5::Datatype;
use hdf5::types::{CompoundField, CompoundType, FloatSize, IntSize, TypeDescriptor};

use super::reader::trimmed;
use super::{Reader, Slab, transfer};
use crate::{Error, Result};

/// The kind of a record of these fields, without gaps between them.
pub(crate) fn kind(fields: &[(&str, TypeDescriptor)]) -> TypeDescriptor {
    let mut packed = Vec::new();
    let mut size = 0;
    for (index, (name, kind)) in fields.iter().enumerate() {
        packed.push(CompoundField::new(name, kind.clone(), size, index));
        size += kind.size();
    }
    TypeDescriptor::Compound(CompoundType { fields: packed, size })
}

/// A number in a field.
pub(crate) fn float() -> TypeDescriptor {
    TypeDescriptor::Float(FloatSize::U8)
}

/// A whole number in a field.
pub(crate) fn integer() -> TypeDescriptor {
    TypeDescriptor::Integer(IntSize::U8)
}

/// A text of so many bytes in a field.
pub(crate) fn text(width: usize) -> TypeDescriptor {
    TypeDescriptor::FixedAscii(width)
}

/// What is in a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Number(f64),
    Text(String),
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Cell::Number(number) => write!(f, "{number:?}"),
            Cell::Text(text) => f.write_str(text),
        }
    }
}

/// All rows of a dataset.
pub(crate) struct Records {
    fields: Vec<CompoundField>,
    width: usize,
    bytes: Vec<u8>,
}

impl Records {
    /// Reads a dataset.
    ///
    /// # Errors
    /// When there is none of this name, it holds no records, or a field is neither a number nor a text of fixed length.
    pub(crate) fn read(reader: &Reader, name: &str) -> Result<Self> {
        let dataset = reader.dataset(name)?;
        let failed = |reason| reader.failed(name, reason);
        let kind = dataset.dtype().and_then(|kind| kind.to_descriptor()).map_err(failed)?;
        let TypeDescriptor::Compound(CompoundType { fields, size }) = &kind else {
            return Err(Error::file(reader.path(), format!("{name} holds {kind}, not records")));
        };
        if let Some(field) = fields.iter().find(|field| cell(&field.ty, &[0; 8]).is_none()) {
            let reason = format!("{name}.{} is {}, neither a number nor a text of fixed length", field.name, field.ty);
            return Err(Error::file(reader.path(), reason));
        }
        let slab = Slab::whole(&reader.shape(name)?);
        let mut bytes: Vec<u8> = transfer::zeros(slab.len() as usize * size).map_err(failed)?;
        let memory = Datatype::from_descriptor(&kind).map_err(failed)?;
        transfer::read_into(&dataset, &slab, &memory, &mut bytes).map_err(failed)?;
        Ok(Records { fields: fields.clone(), width: *size, bytes })
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() / self.width
    }

    /// The names of the fields.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| &field.name[..])
    }

    /// What a row holds in the field of this name; nothing where there is no such field.
    pub(crate) fn cell(&self, row: usize, name: &str) -> Option<Cell> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        let bytes = &self.bytes[row * self.width + field.offset..][..field.ty.size()];
        cell(&field.ty, bytes)
    }
}

/// The value that a field's bytes are; none for kinds that are left out.
fn cell(kind: &TypeDescriptor, bytes: &[u8]) -> Option<Cell> {
    fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
        std::array::from_fn(|place| bytes[place])
    }
    let number = match kind {
        TypeDescriptor::Float(FloatSize::U8) => f64::from_ne_bytes(first(bytes)),
        TypeDescriptor::Float(FloatSize::U4) => f64::from(f32::from_ne_bytes(first(bytes))),
        TypeDescriptor::Integer(IntSize::U8) => i64::from_ne_bytes(first(bytes)) as f64,
        TypeDescriptor::Integer(IntSize::U4) => f64::from(i32::from_ne_bytes(first(bytes))),
        TypeDescriptor::Unsigned(IntSize::U8) => u64::from_ne_bytes(first(bytes)) as f64,
        TypeDescriptor::Unsigned(IntSize::U4) => f64::from(u32::from_ne_bytes(first(bytes))),
        TypeDescriptor::FixedAscii(_) | TypeDescriptor::FixedUnicode(_) => return Some(Cell::Text(trimmed(bytes))),
        _ => return None,
    };
    Some(Cell::Number(number))
}
