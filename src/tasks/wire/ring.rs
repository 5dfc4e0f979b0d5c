//! A stream of bytes from one process to another through shared memory: how results come back to rank 0 on its node.
//!
//! One process writes, one reads. `written` and `read` count bytes since the beginning; the writer moves the first after it has filled
//! bytes (release), the reader the second after it has copied them out (acquire on the other's count on both sides). Records longer than the ring pass in pieces.

use std::sync::atomic::Ordering;

use super::sync::CacheLine;

/// Bytes that fit into a ring: a power of two.
pub(crate) const CAPACITY: usize = 1 << 20;
/// Bytes of memory that a ring takes.
pub(crate) const BYTES: usize = size_of::<Counters>() + CAPACITY;

#[repr(C)]
struct Counters {
    written: CacheLine,
    read: CacheLine,
}

/// One end of a ring. Which end it is, its user knows: one process writes, one reads.
pub(crate) struct Ring {
    counters: *const Counters,
    /// The other side's count as last seen.
    seen: u64,
    /// This side's count.
    own: u64,
}

// SAFETY: the ring's memory is accessed by the rules of the module's head, whichever thread holds this end.
unsafe impl Send for Ring {}

impl Ring {
    /// Sets up memory of [`BYTES`] bytes, before others see it.
    pub(crate) fn prepare(memory: *mut u8) {
        // SAFETY: the memory is this process's alone and has room for the head, which is valid as zeros.
        unsafe { memory.write_bytes(0, size_of::<Counters>()) };
    }

    /// An end of the ring in fresh, prepared memory of [`BYTES`] bytes, aligned to 128, which outlives it.
    pub(crate) fn at(memory: *mut u8) -> Self {
        Ring { counters: memory.cast(), seen: 0, own: 0 }
    }

    fn counters(&self) -> &Counters {
        // SAFETY: the memory was prepared and is accessed in this way alone.
        unsafe { &*self.counters }
    }

    /// The two parts of the ring's memory where `bytes` bytes from count `at` lie.
    fn parts(&self, at: u64, bytes: usize) -> [(*mut u8, usize); 2] {
        // SAFETY: the bytes follow the head in the same memory.
        let data: *mut u8 = unsafe { self.counters.cast_mut().add(1).cast() };
        let start = at as usize % CAPACITY;
        let first = bytes.min(CAPACITY - start);
        // SAFETY: `start` is below the capacity.
        [(unsafe { data.add(start) }, first), (data, bytes - first)]
    }

    /// The writer: appends as much as there is room for and returns how much that was. The reader sees it after [`publish`](Ring::publish).
    pub(crate) fn write(&mut self, bytes: &[u8]) -> usize {
        if CAPACITY - ((self.own - self.seen) as usize) < bytes.len() {
            self.seen = self.counters().read.0.load(Ordering::Acquire);
        }
        let count = bytes.len().min(CAPACITY - (self.own - self.seen) as usize);
        let mut from = bytes.as_ptr();
        for (to, length) in self.parts(self.own, count) {
            // SAFETY: the reader has read what was there, and reads it again only after it is published.
            unsafe {
                to.copy_from_nonoverlapping(from, length);
                from = from.add(length);
            }
        }
        self.own += count as u64;
        count
    }

    /// The writer: lets the reader see all that was written.
    pub(crate) fn publish(&self) {
        self.counters().written.0.store(self.own, Ordering::Release);
    }

    /// The reader: how many bytes there are.
    pub(crate) fn available(&mut self) -> usize {
        self.seen = self.counters().written.0.load(Ordering::Acquire);
        (self.seen - self.own) as usize
    }

    /// Whether there are bytes to be read; anybody may ask.
    pub(crate) fn has_bytes(&self) -> bool {
        let counters = self.counters();
        counters.written.0.load(Ordering::Relaxed) != counters.read.0.load(Ordering::Relaxed)
    }

    /// The reader: appends the next `count` bytes to `into`; there must be as many.
    pub(crate) fn read(&mut self, into: &mut Vec<u8>, count: usize) {
        assert!(count as u64 <= self.seen - self.own);
        for (from, length) in self.parts(self.own, count) {
            // SAFETY: the writer has published these bytes, and writes there again only after they are counted as read.
            into.extend_from_slice(unsafe { std::slice::from_raw_parts(from, length) });
        }
        self.own += count as u64;
        self.counters().read.0.store(self.own, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_in_order_across_the_end_and_in_pieces() {
        let mut memory = vec![[0u128; 8]; BYTES / 128 + 2];
        let start = memory.as_mut_ptr().cast::<u8>();
        // SAFETY: there is room for the alignment.
        let start = unsafe { start.add(start.align_offset(128)) };
        Ring::prepare(start);
        let mut writer = Ring::at(start);
        let mut reader = Ring::at(start);
        let data: Vec<u8> =
            (0..5 * CAPACITY as u32 + 77).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        std::thread::scope(|scope| {
            let data = &data;
            scope.spawn(move || {
                let mut left = &data[..];
                let mut size = 1;
                while !left.is_empty() {
                    let piece = &left[..left.len().min(size)];
                    let written = writer.write(piece);
                    writer.publish();
                    left = &left[written..];
                    size = (size * 7 + 3) % 300_000;
                }
            });
            let mut got = Vec::new();
            while got.len() < data.len() {
                let count = reader.available();
                assert!(count <= CAPACITY);
                reader.read(&mut got, count);
            }
            assert!(got == *data);
            assert!(!reader.has_bytes());
        });
    }
}
