//! Arrays of plain numbers that travel as they lie in memory.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use bytemuck::Pod;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A vector whose bytes are copied as a whole where serde would go from element to element.
///
/// Use it in arguments and results of tasks that hold many numbers: `Array(vec![0.0; 1 << 20])`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Array<T>(pub Vec<T>);

impl<T: Pod> Serialize for Array<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytemuck::cast_slice(&self.0))
    }
}

impl<'de, T: Pod> Deserialize<'de> for Array<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Bytes(PhantomData))
    }
}

struct Bytes<T>(PhantomData<T>);

impl<T: Pod> Visitor<'_> for Bytes<T> {
    type Value = Array<T>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(formatter, "the bytes of numbers of {} bytes", size_of::<T>())
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Array<T>, E> {
        if !bytes.len().is_multiple_of(size_of::<T>().max(1)) {
            return Err(E::invalid_length(bytes.len(), &self));
        }
        // The bytes may lie at any address; reading number by number fills the vector once, without zeros before.
        Ok(Array(bytes.chunks_exact(size_of::<T>().max(1)).map(bytemuck::pod_read_unaligned).collect()))
    }
}

impl<T> From<Vec<T>> for Array<T> {
    fn from(values: Vec<T>) -> Self {
        Array(values)
    }
}

impl<T> Deref for Array<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for Array<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_bit_by_bit_and_half_a_number_is_refused() {
        let array = Array(vec![1.5, -0.0, f64::NAN, f64::MIN_POSITIVE]);
        let bytes = postcard::to_stdvec(&array).unwrap();
        assert_eq!(bytes.len(), 33);
        let back: Array<f64> = postcard::from_bytes(&bytes).unwrap();
        assert!(back.iter().zip(&array.0).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert!(postcard::from_bytes::<Array<[f64; 3]>>(&bytes).is_err());
    }
}
