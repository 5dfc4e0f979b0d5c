//! The pool's way to rank 0's coordinator.

use std::sync::{Arc, Mutex};

use crate::base::error::{Error, Result};
use crate::tasks::root::coordinator::Coordinator;
use crate::tasks::wire::sync::lock;

/// Says whether it is enough.
pub(crate) type Ready<'r> = dyn FnMut(&mut Coordinator) -> bool + 'r;

/// The coordinator, and what runs tasks until it is enough.
pub(crate) struct Link<'p> {
    pub coordinator: Arc<Mutex<Coordinator>>,
    pub drive: &'p dyn Fn(&mut Ready) -> Result<()>,
}

impl Link<'_> {
    /// Works on the coordinator.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut Coordinator) -> R) -> R {
        work(&mut lock(&self.coordinator))
    }

    /// Runs tasks until `ready` returns something.
    pub(crate) fn until<R>(&self, mut ready: impl FnMut(&mut Coordinator) -> Option<R>) -> Result<R> {
        let mut found = None;
        (self.drive)(&mut |coordinator| {
            found = ready(coordinator);
            found.is_some()
        })?;
        found.ok_or_else(|| Error::System("a sweep came to its end before what it was waiting for".to_owned()))
    }
}
