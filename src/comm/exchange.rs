//! Parts of varying size between one rank and all, and between all: gather, scatter, exchange.
//!
//! Each part is one point-to-point message of any size, so nothing here meets MPI's 2^31 limit on counts.

use bytemuck::Pod;

use super::Comm;
use super::message::OWN_TAGS;
use super::message::wait_all;

const GATHER: i32 = OWN_TAGS;
const SCATTER: i32 = OWN_TAGS + 1;
const EXCHANGE: i32 = OWN_TAGS + 2;

impl Comm {
    /// Brings the `data` of all ranks to rank `root`: there a list by rank, elsewhere `None`. Lengths may differ. All ranks.
    pub fn gather<T: Pod>(&self, data: &[T], root: usize) -> Option<Vec<Vec<T>>> {
        if self.rank() != root {
            self.send_tagged(data, root, GATHER);
            return None;
        }
        let from = |rank| if rank == root { data.to_vec() } else { self.receive_tagged(Some(rank), GATHER).1 };
        Some((0..self.size()).map(from).collect())
    }

    /// Hands part `r` of rank `root`'s list to rank `r`; the others pass an empty list. All ranks.
    ///
    /// # Panics
    /// If the list on `root` doesn't have one part for each rank.
    pub fn scatter<T: Pod>(&self, mut parts: Vec<Vec<T>>, root: usize) -> Vec<T> {
        if self.rank() != root {
            return self.receive_tagged(Some(root), SCATTER).1;
        }
        assert_eq!(parts.len(), self.size(), "scatter needs one part for each rank");
        let own = std::mem::take(&mut parts[root]);
        for (rank, part) in parts.iter().enumerate().filter(|(rank, _)| *rank != root) {
            self.send_tagged(part, rank, SCATTER);
        }
        own
    }

    /// Sends `outgoing[r]` to every rank `r` and returns the data received from each rank. Lengths may differ. All ranks.
    ///
    /// # Panics
    /// If `outgoing` doesn't have one part for each rank.
    pub fn exchange<T: Pod>(&self, mut outgoing: Vec<Vec<T>>) -> Vec<Vec<T>> {
        assert_eq!(outgoing.len(), self.size(), "exchange needs one part for each rank");
        let counts: Vec<u64> = outgoing.iter().map(|part| part.len() as u64).collect();
        let expected = self.all_to_all_counts(&counts);
        let me = self.rank();
        let own = std::mem::take(&mut outgoing[me]);
        let others = |counts: &[u64]| (0..counts.len()).filter(|&r| r != me && counts[r] > 0).collect::<Vec<_>>();
        let sources = others(&expected);
        let receives = sources.iter().map(|&r| self.start_receive(expected[r] as usize, r, EXCHANGE)).collect();
        let mut start = |r: usize| self.start_send(std::mem::take(&mut outgoing[r]), r, EXCHANGE);
        let sends = others(&counts).into_iter().map(&mut start).collect();
        let mut incoming = vec![Vec::new(); self.size()];
        incoming[me] = own;
        for (source, part) in sources.into_iter().zip(wait_all(receives)) {
            incoming[source] = part;
        }
        wait_all(sends);
        incoming
    }
}
