//! Point-to-point messages, blocking and immediate (MPI 4.0, chapter 3).
//!
//! Immediate operations own their buffer and give it back when they are complete, so that no buffer can be
//! freed or changed while MPI works on it. One dropped before that is leaked, buffer included.

use std::mem::ManuallyDrop;

use bytemuck::Pod;

use super::{Comm, ffi};

/// A label that distinguishes messages between the same two ranks; below 32000.
pub type Tag = u16;

/// Tags from here on are this crate's own; MPI promises tags to 32767 (MPI 4.0, 9.1.2).
pub(super) const OWN_TAGS: i32 = 32000;

/// MPI's form of a user's tag.
fn user_tag(tag: Tag) -> i32 {
    assert!(i32::from(tag) < OWN_TAGS, "tag {tag} is not below {OWN_TAGS}");
    i32::from(tag)
}

impl Comm {
    /// Sends `data` to rank `to`; returns when `data` may be reused.
    pub fn send<T: Pod>(&self, data: &[T], to: usize, tag: Tag) {
        self.send_tagged(data, to, user_tag(tag));
    }

    /// Receives a message of any length from rank `from`.
    pub fn receive<T: Pod>(&self, from: usize, tag: Tag) -> Vec<T> {
        self.receive_tagged(Some(from), user_tag(tag)).1
    }

    /// Receives the next message of any length from any rank; returns its source with it.
    ///
    /// Which message comes first differs from run to run: results that depend on it break 'same bits'.
    pub fn receive_any<T: Pod>(&self, tag: Tag) -> (usize, Vec<T>) {
        self.receive_tagged(None, user_tag(tag))
    }

    pub(super) fn send_tagged<T: Pod>(&self, data: &[T], to: usize, tag: i32) {
        let bytes: &[u8] = bytemuck::cast_slice(data);
        self.traffic().sent_to(self.job_ranks()[to], bytes.len());
        self.traffic().waiting(|| ffi::send(self.messages(), bytes, to, tag, self.waiting()));
    }

    pub(super) fn receive_tagged<T: Pod>(&self, from: Option<usize>, tag: i32) -> (usize, Vec<T>) {
        let waiting = self.waiting();
        self.traffic().waiting(|| {
            let (source, bytes) = ffi::probe(self.messages(), from, tag, waiting);
            let mut data = vec![T::zeroed(); elements::<T>(bytes)];
            ffi::receive(self.messages(), bytemuck::cast_slice_mut(&mut data), source, tag, waiting);
            (source, data)
        })
    }

    /// Starts sending `data` to rank `to`.
    pub fn immediate_send<T: Pod>(&self, data: Vec<T>, to: usize, tag: Tag) -> Pending<T> {
        self.start_send(data, to, user_tag(tag))
    }

    /// Starts receiving exactly `count` elements from rank `from`.
    pub fn immediate_receive<T: Pod>(&self, count: usize, from: usize, tag: Tag) -> Pending<T> {
        self.start_receive(count, from, user_tag(tag))
    }

    pub(super) fn start_send<T: Pod>(&self, data: Vec<T>, to: usize, tag: i32) -> Pending<T> {
        self.traffic().sent_to(self.job_ranks()[to], size_of_val(&data[..]));
        // SAFETY: the pending operation owns the buffer until it is complete, or leaks it.
        Pending::start(self, data, |bytes| unsafe { ffi::start_send(self.messages(), bytes, to, tag) })
    }

    pub(super) fn start_receive<T: Pod>(&self, count: usize, from: usize, tag: i32) -> Pending<T> {
        self.start_receive_into(vec![T::zeroed(); count], from, tag)
    }

    /// Starts receiving exactly `data.len()` elements into `data`.
    pub(super) fn start_receive_into<T: Pod>(&self, data: Vec<T>, from: usize, tag: i32) -> Pending<T> {
        // SAFETY: the pending operation owns the buffer until it is complete, or leaks it.
        Pending::start(self, data, |bytes| unsafe { ffi::start_receive(self.messages(), bytes, from, tag) })
    }

    /// Starts a broadcast of `data` from rank `root`; the others give a buffer of the same length. All ranks.
    pub fn immediate_broadcast<T: Pod>(&self, data: Vec<T>, root: usize) -> Pending<T> {
        let contributed = if self.rank() == root { size_of_val(&data[..]) } else { 0 };
        self.traffic().entered(contributed);
        // SAFETY: the pending operation owns the buffer until it is complete, or leaks it.
        Pending::start(self, data, |bytes| unsafe { ffi::start_broadcast(self.messages(), bytes, root) })
    }
}

/// How many elements `bytes` bytes are.
fn elements<T>(bytes: usize) -> usize {
    let size = size_of::<T>().max(1);
    assert!(bytes.is_multiple_of(size), "a message of {bytes} bytes holds no whole number of {size}-byte elements");
    bytes / size
}

/// An immediate operation under way, with its buffer.
#[must_use = "an operation that nobody waits for may never be complete"]
pub struct Pending<T: Pod> {
    comm: Comm,
    buffer: ManuallyDrop<Vec<T>>,
    request: ffi::Request,
    done: bool,
}

impl<T: Pod> Pending<T> {
    fn start(comm: &Comm, mut data: Vec<T>, start: impl FnOnce(&mut [u8]) -> ffi::Request) -> Self {
        let request = start(bytemuck::cast_slice_mut(&mut data));
        Pending { comm: comm.clone(), buffer: ManuallyDrop::new(data), request, done: false }
    }

    /// Whether the operation is complete; drives all communication of this rank along.
    pub fn test(&mut self) -> bool {
        self.done = self.done || ffi::test(&mut self.request);
        self.done
    }

    /// Waits until the operation is complete and gives back its buffer (for a receive: with the message in it).
    pub fn wait(mut self) -> Vec<T> {
        if !self.done {
            let Pending { comm, request, .. } = &mut self;
            comm.traffic().waiting(|| ffi::wait(request, comm.waiting()));
            self.done = true;
        }
        std::mem::take(&mut *self.buffer)
    }
}

impl<T: Pod> Drop for Pending<T> {
    fn drop(&mut self) {
        if self.done {
            // SAFETY: MPI is done with the buffer, and it is dropped only here.
            unsafe { ManuallyDrop::drop(&mut self.buffer) }
        }
    }
}

/// Waits for all operations; their buffers in the order given.
pub fn wait_all<T: Pod>(pending: Vec<Pending<T>>) -> Vec<Vec<T>> {
    pending.into_iter().map(Pending::wait).collect()
}

/// Waits for any of the operations, takes it out of the list and returns the place it had with its buffer.
///
/// # Panics
/// If the list is empty.
pub fn wait_any<T: Pod>(pending: &mut Vec<Pending<T>>) -> (usize, Vec<T>) {
    assert!(!pending.is_empty(), "wait_any needs an operation to wait for");
    let index = pending.iter().position(|p| p.done).unwrap_or_else(|| {
        let mut requests: Vec<_> = pending.iter().map(|p| p.request).collect();
        let comm = &pending[0].comm;
        let index = comm.traffic().waiting(|| ffi::wait_any(&mut requests, comm.waiting()));
        pending[index].done = true;
        index
    });
    (index, pending.remove(index).wait())
}
