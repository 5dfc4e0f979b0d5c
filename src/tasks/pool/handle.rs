//! Values that rank 0 has put on all ranks.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

/// A value that is on all ranks: send this in arguments in its place.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Handle<V> {
    number: u64,
    kind: PhantomData<fn() -> V>,
}

impl<V> Clone for Handle<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Handle<V> {}

impl<V> Handle<V> {
    pub(crate) fn new(number: u64) -> Self {
        Handle { number, kind: PhantomData }
    }

    pub(crate) fn name(&self) -> String {
        format!("#{}", self.number)
    }
}
