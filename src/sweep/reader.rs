//! Rank 0's end of a ring: records put together from what comes.

use super::record::{self, Head};
use super::ring::Ring;

/// A ring, and the record that is coming through it.
pub(super) struct Reader {
    pub rank: usize,
    ring: Ring,
    /// The head of the record that is coming.
    head: Option<Head>,
    /// As much of its body as is there.
    body: Vec<u8>,
}

impl Reader {
    pub(super) fn new(rank: usize, ring: Ring) -> Self {
        Reader { rank, ring, head: None, body: Vec::new() }
    }

    /// The next whole record.
    pub(super) fn next(&mut self) -> Option<(Head, Vec<u8>)> {
        let mut available = self.ring.available();
        let head = match self.head {
            Some(head) => head,
            None if available < record::HEAD => return None,
            None => {
                self.body.clear();
                self.ring.read(&mut self.body, record::HEAD);
                let head = Head::read(self.body.first_chunk()?);
                available -= record::HEAD;
                self.body = Vec::with_capacity(head.body());
                *self.head.insert(head)
            }
        };
        let missing = head.body() - self.body.len();
        self.ring.read(&mut self.body, available.min(missing));
        if self.body.len() < head.body() {
            return None;
        }
        self.head = None;
        Some((head, std::mem::take(&mut self.body)))
    }
}
