//! Collectives (MPI 4.0, chapter 6): all ranks call them, in the same order.
//!
//! Reductions are offered where the result can't depend on the number of ranks: extremes, whole numbers, exact sums.

use bytemuck::Pod;
use mpi::collective::{CommunicatorCollectives, SystemOperation};
use mpi::datatype::{Equivalence, PartitionMut};
use mpi::request::scope;

use super::exact::ExactSum;
use super::waiting::{Waiting, barrier, complete};
use super::{Comm, exact, ffi};

/// Numbers of which the smallest and largest can be found over all ranks.
pub trait Extremum: sealed::Ordered + PartialOrd {}
impl Extremum for f64 {}
impl Extremum for f32 {}
impl Extremum for u64 {}
impl Extremum for i64 {}

/// Whole numbers, whose sums don't depend on order (they wrap on overflow).
pub trait Whole: sealed::Sent {}
impl Whole for u64 {}
impl Whole for i64 {}

/// That MPI knows the number stays within the crate: no user can add one, and none sees which crate calls MPI.
mod sealed {
    pub trait Sent: mpi::datatype::Equivalence + bytemuck::Pod {}
    impl Sent for f64 {}
    impl Sent for f32 {}
    impl Sent for u64 {}
    impl Sent for i64 {}

    /// Numbers as MPI is asked for the extremes of them.
    pub trait Ordered: Copy {
        type Sent: Sent;
        /// Another number where MPI can't be trusted with the order of these, in the same order.
        fn sent(self) -> Self::Sent;
        fn received(number: Self::Sent) -> Self;
    }

    impl Ordered for f64 {
        type Sent = f64;
        fn sent(self) -> f64 {
            self
        }
        fn received(number: f64) -> f64 {
            number
        }
    }

    impl Ordered for f32 {
        type Sent = f32;
        fn sent(self) -> f32 {
            self
        }
        fn received(number: f32) -> f32 {
            number
        }
    }

    impl Ordered for i64 {
        type Sent = i64;
        fn sent(self) -> i64 {
            self
        }
        fn received(number: i64) -> i64 {
            number
        }
    }

    /// With its highest bit turned over, an unsigned number is ordered as a signed one. MPICH up to 4.0.2 takes unsigned numbers for signed
    /// ones in minima and maxima, and Open MPI 4.1.4 those of MPI_UNSIGNED_LONG.
    impl Ordered for u64 {
        type Sent = i64;
        fn sent(self) -> i64 {
            (self ^ 1 << 63) as i64
        }
        fn received(number: i64) -> u64 {
            number as u64 ^ 1 << 63
        }
    }
}

impl Comm {
    /// Counts one collective with the bytes that this rank gives and waits for it.
    fn collective<R>(&self, bytes: usize, call: impl FnOnce() -> R) -> R {
        self.traffic().entered(bytes);
        self.traffic().waiting(call)
    }

    /// Returns when all ranks have called it.
    pub fn barrier(&self) {
        self.collective(0, || barrier(self.messages(), self.waiting()));
    }

    /// Copies `data` of rank `root` into `data` of all others, which is as long there.
    pub fn broadcast_into<T: Pod>(&self, data: &mut [T], root: usize) {
        let bytes = bytemuck::cast_slice_mut(data);
        if bytes.is_empty() {
            // Open MPI 4.1 refuses a broadcast of nothing on three ranks and more.
            return;
        }
        let contributed = if self.rank() == root { bytes.len() } else { 0 };
        self.collective(contributed, || ffi::broadcast(self.messages(), bytes, root, self.waiting()));
    }

    /// The `data` of rank `root`, on every rank; the others' argument is ignored and may be empty.
    pub fn broadcast<T: Pod>(&self, data: &[T], root: usize) -> Vec<T> {
        let mut length = [data.len() as u64];
        self.broadcast_into(&mut length, root);
        let mut all = if self.rank() == root { data.to_vec() } else { vec![T::zeroed(); length[0] as usize] };
        self.broadcast_into(&mut all, root);
        all
    }

    /// The smallest of each rank's `value`. NaN is not allowed: MPI leaves its order open.
    pub fn all_reduce_min<T: Extremum>(&self, value: T) -> T {
        let mut least = [value];
        self.extremes(&mut least, SystemOperation::min());
        least[0]
    }

    /// The largest of each rank's `value`. NaN is not allowed: MPI leaves its order open.
    pub fn all_reduce_max<T: Extremum>(&self, value: T) -> T {
        let mut most = [value];
        self.extremes(&mut most, SystemOperation::max());
        most[0]
    }

    /// The largest of each rank's values, element by element.
    pub fn all_reduce_max_into<T: Extremum>(&self, values: &mut [T]) {
        self.extremes(values, SystemOperation::max());
    }

    fn extremes<T: Extremum>(&self, values: &mut [T], operation: SystemOperation) {
        let mut sent: Vec<_> = values.iter().map(|value| value.sent()).collect();
        self.reduce_in_place(&mut sent, operation);
        for (value, sent) in values.iter_mut().zip(sent) {
            *value = T::received(sent);
        }
    }

    /// The smallest of each rank's `value` and the lowest of the `location`s (global indices) that have it.
    pub fn min_with_location(&self, value: f64, location: u64) -> (f64, u64) {
        let least = self.all_reduce_min(value);
        let place = if value == least { location } else { u64::MAX };
        (least, self.all_reduce_min(place))
    }

    /// The largest of each rank's `value` and the lowest of the `location`s (global indices) that have it.
    pub fn max_with_location(&self, value: f64, location: u64) -> (f64, u64) {
        let (negated, place) = self.min_with_location(-value, location);
        (-negated, place)
    }

    /// The sum of each rank's whole number.
    pub fn all_reduce_sum<T: Whole>(&self, value: T) -> T {
        let mut total = [value];
        self.reduce_in_place(&mut total, SystemOperation::sum());
        total[0]
    }

    /// The sums of each rank's whole numbers, element by element.
    pub fn all_reduce_sum_into<T: Whole>(&self, values: &mut [T]) {
        self.reduce_in_place(values, SystemOperation::sum());
    }

    /// Merges exact sums over all ranks, each with its namesake, in one message.
    pub fn all_reduce_exact(&self, sums: &mut [ExactSum]) {
        let mut words: Vec<i64> = sums.iter().flat_map(|sum| sum.clone().into_words()).collect();
        self.reduce_in_place(&mut words, SystemOperation::sum());
        for (sum, words) in sums.iter_mut().zip(words.chunks(exact::WORDS)) {
            *sum = ExactSum::from_words(words);
        }
    }

    /// The sum of `numbers` over all ranks, exact and rounded once: it depends on neither order nor ranks.
    pub fn sum_exact(&self, numbers: impl IntoIterator<Item = f64>) -> f64 {
        let mut sums = [numbers.into_iter().collect()];
        self.all_reduce_exact(&mut sums);
        sums[0].value()
    }

    /// The sum of the `value`s of all ranks below this one; zero on rank 0.
    pub fn exclusive_sum(&self, value: u64) -> u64 {
        let mut before = 0;
        let comm = self.messages();
        let sum = SystemOperation::sum();
        self.collective(8, || match self.waiting() {
            Waiting::Inside => comm.exclusive_scan_into(&value, &mut before, sum),
            Waiting::Outside => {
                scope(|scope| complete(comm.immediate_exclusive_scan_into(scope, &value, &mut before, sum)))
            }
        });
        if self.is_root() { 0 } else { before }
    }

    /// The `data` of all ranks, one rank after another; lengths may differ.
    pub fn all_gather<T: Pod>(&self, data: &[T]) -> Vec<T> {
        let bytes: &[u8] = bytemuck::cast_slice(data);
        let lengths = self.all_gather_counts(bytes.len() as u64);
        let total = lengths.iter().sum::<u64>() as usize;
        let mut all = vec![T::zeroed(); total / size_of::<T>().max(1)];
        let target = bytemuck::cast_slice_mut(&mut all);
        if total <= i32::MAX as usize {
            self.collective(bytes.len(), || self.all_gather_bytes(bytes, &lengths, target));
        } else {
            self.all_gather_pieces(bytes, &lengths, target);
        }
        all
    }

    /// One number of each rank, on every rank.
    fn all_gather_counts(&self, count: u64) -> Vec<u64> {
        let mut counts = vec![0u64; self.size()];
        let comm = self.messages();
        self.collective(8, || match self.waiting() {
            Waiting::Inside => comm.all_gather_into(&count, &mut counts[..]),
            Waiting::Outside => scope(|scope| complete(comm.immediate_all_gather_into(scope, &count, &mut counts[..]))),
        });
        counts
    }

    fn all_gather_bytes(&self, bytes: &[u8], lengths: &[u64], target: &mut [u8]) {
        let counts: Vec<i32> = lengths.iter().map(|&length| length as i32).collect();
        let starts: Vec<i32> = starts(&counts);
        let mut parts = PartitionMut::new(target, counts, starts);
        let comm = self.messages();
        match self.waiting() {
            Waiting::Inside => comm.all_gather_varcount_into(bytes, &mut parts),
            Waiting::Outside => {
                scope(|scope| complete(comm.immediate_all_gather_varcount_into(scope, bytes, &mut parts)))
            }
        }
    }

    /// For more bytes than MPI's counts hold: every rank broadcasts its part.
    fn all_gather_pieces(&self, bytes: &[u8], lengths: &[u64], mut target: &mut [u8]) {
        for (root, &length) in lengths.iter().enumerate() {
            let (part, rest) = target.split_at_mut(length as usize);
            if root == self.rank() {
                part.copy_from_slice(bytes);
            }
            self.broadcast_into(part, root);
            target = rest;
        }
    }

    /// One number from each rank to each: `counts[r]` goes to rank `r`; the number from rank `r` is at `r`.
    pub(super) fn all_to_all_counts(&self, counts: &[u64]) -> Vec<u64> {
        let mut received = vec![0u64; self.size()];
        let comm = self.messages();
        self.collective(8 * counts.len(), || match self.waiting() {
            Waiting::Inside => comm.all_to_all_into(counts, &mut received[..]),
            Waiting::Outside => {
                scope(|scope| complete(comm.immediate_all_to_all_into(scope, counts, &mut received[..])))
            }
        });
        received
    }

    fn reduce_in_place<T: Equivalence + Pod>(&self, values: &mut [T], operation: SystemOperation) {
        let mine = values.to_vec();
        let mine = &mine[..];
        let comm = self.messages();
        self.collective(size_of_val(mine), || match self.waiting() {
            Waiting::Inside => comm.all_reduce_into(mine, values, operation),
            Waiting::Outside => scope(|scope| complete(comm.immediate_all_reduce_into(scope, mine, values, operation))),
        });
    }
}

/// Where each part starts when parts of these lengths follow each other.
fn starts(lengths: &[i32]) -> Vec<i32> {
    lengths.iter().scan(0, |next, length| Some(std::mem::replace(next, *next + length))).collect()
}
