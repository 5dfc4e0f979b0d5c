//! The values that a rank keeps: put or pushed by rank 0, or kept by its own tasks.
//!
//! Values from rank 0 arrive on the thread that reads the socket. They are counted, and tasks that were posted after a value was
//! sent wait until it is there.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::tasks::wire::sync::lock;
use crate::{Error, Result};

/// The values of a rank.
#[derive(Default)]
pub(crate) struct Values {
    bytes: Mutex<HashMap<String, Arc<[u8]>>>,
    arrived: Condvar,
    /// How many values rank 0 has sent to any rank, as far as has arrived.
    epoch: AtomicU64,
}

/// A decoded value, and the bytes that it was decoded from.
type Decoded = (Arc<[u8]>, Rc<dyn Any>);

thread_local! {
    /// Values of this thread's tasks that have been decoded.
    static DECODED: RefCell<HashMap<String, Decoded>> = RefCell::default();
}

impl Values {
    /// Keeps a value.
    pub(crate) fn set(&self, name: &str, bytes: &[u8]) {
        lock(&self.bytes).insert(name.to_owned(), bytes.into());
    }

    /// Takes in the `epoch`-th value that rank 0 has sent, named bytes, or nothing if it is for others.
    pub(crate) fn arrive(&self, epoch: u64, bytes: &[u8]) {
        let mut kept = lock(&self.bytes);
        if let Some((name, value)) = named(bytes) {
            kept.insert(name.to_owned(), value.into());
        }
        self.epoch.store(epoch, Ordering::Release);
        self.arrived.notify_all();
    }

    /// Waits until so many values have arrived.
    pub(crate) fn wait_for(&self, epoch: u64) {
        if self.epoch.load(Ordering::Acquire) >= epoch {
            return;
        }
        let mut kept = lock(&self.bytes);
        while self.epoch.load(Ordering::Acquire) < epoch {
            kept = self.arrived.wait(kept).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// How many values rank 0 has sent to any rank, as far as has arrived.
    pub(crate) fn sent(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// The bytes of a value, if there is one.
    pub(crate) fn bytes(&self, name: &str) -> Option<Arc<[u8]>> {
        lock(&self.bytes).get(name).cloned()
    }

    /// A value, decoded once by each thread.
    pub(crate) fn get<V: DeserializeOwned + 'static>(&self, name: &str) -> Result<Rc<V>> {
        let missing = || Error::input(format!("value \"{name}\""), "this rank has no such value");
        let bytes = self.bytes(name).ok_or_else(missing)?;
        DECODED.with_borrow_mut(|decoded| {
            if let Some((from, value)) = decoded.get(name)
                && Arc::ptr_eq(from, &bytes)
                && let Ok(value) = Rc::clone(value).downcast()
            {
                return Ok(value);
            }
            let value: Rc<V> = Rc::new(decode(&bytes, "a kept value")?);
            decoded.insert(name.to_owned(), (bytes, Rc::clone(&value) as Rc<dyn Any>));
            Ok(value)
        })
    }
}

/// The bytes of a named value, as they travel.
pub(crate) fn name(name: &str, value: &[u8]) -> Vec<u8> {
    [&(name.len() as u64).to_le_bytes(), name.as_bytes(), value].concat()
}

/// The name and the value in such bytes.
fn named(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (name, value) = rest.split_at_checked(u64::from_le_bytes(*length) as usize)?;
    Some((std::str::from_utf8(name).ok()?, value))
}

/// A value as bytes.
pub(crate) fn encode<V: Serialize + ?Sized>(value: &V, what: &str) -> Result<Vec<u8>> {
    postcard::to_stdvec(value).map_err(|error| Error::input(what, format!("cannot be encoded: {error}")))
}

/// Where an encoded value is appended.
pub(crate) struct Onto<'a>(pub &'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Onto<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Bytes as a value.
pub(crate) fn decode<V: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<V> {
    postcard::from_bytes(bytes).map_err(|error| Error::input(what, format!("is not of the type asked for: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_decoded_once_and_anew_when_it_changes() {
        let values = Values::default();
        values.set("a", &encode(&vec![1.0, 2.0], "").unwrap());
        let (one, two): (Rc<Vec<f64>>, Rc<Vec<f64>>) = (values.get("a").unwrap(), values.get("a").unwrap());
        assert_eq!(*one, [1.0, 2.0]);
        assert!(Rc::ptr_eq(&one, &two));
        assert!(values.get::<String>("b").unwrap_err().to_string().contains("\"b\""));
        values.set("a", &encode(&3u8, "").unwrap());
        assert_eq!(*values.get::<u8>("a").unwrap(), 3);
    }

    #[test]
    fn who_waits_for_a_value_goes_on_when_it_arrives() {
        let values = Values::default();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                values.wait_for(2);
                *values.get::<u8>("x").unwrap()
            });
            values.arrive(1, &[]);
            values.arrive(2, &name("x", &encode(&9u8, "").unwrap()));
            assert_eq!(waiting.join().unwrap(), 9);
        });
    }
}
