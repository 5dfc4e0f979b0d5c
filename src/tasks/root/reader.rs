//! Rank 0's end of a ring: reports put together from what comes.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::tasks::wire::report::{HEAD, Report, ReportHead};
use crate::tasks::wire::ring::Ring;

/// Bytes of bodies whose memory is used again once nobody needs them: fresh pages cost as much as copying into them.
const REUSED: RangeInclusive<usize> = 32 << 10..=4 << 20;
/// How many bytes of these are kept: as many as may wait for the journal.
const KEPT: usize = 64 << 20;

/// A ring, and the report that is coming through it.
pub(crate) struct Reader {
    pub rank: usize,
    ring: Ring,
    /// The head of the report that is coming.
    head: Option<ReportHead>,
    /// As much of its body as is there.
    body: Vec<u8>,
    /// Bodies handed out that may come back.
    lent: Vec<Arc<Vec<u8>>>,
}

impl Reader {
    pub(crate) fn new(rank: usize, ring: Ring) -> Self {
        Reader { rank, ring, head: None, body: Vec::new(), lent: Vec::new() }
    }

    /// The next whole report.
    pub(crate) fn next(&mut self) -> Option<Report> {
        let mut available = self.ring.available();
        let head = match self.head {
            Some(head) => head,
            None if available < HEAD => return None,
            None => {
                self.body.clear();
                self.ring.read(&mut self.body, HEAD);
                let head = ReportHead::read(self.body.first_chunk()?);
                available -= HEAD;
                self.body = self.room(head.body());
                *self.head.insert(head)
            }
        };
        let missing = head.body() - self.body.len();
        self.ring.read(&mut self.body, available.min(missing));
        if self.body.len() < head.body() {
            return None;
        }
        self.head = None;
        let body = Arc::new(std::mem::take(&mut self.body));
        let kept: usize = self.lent.iter().map(|body| body.capacity()).sum();
        if REUSED.contains(&body.capacity()) && kept < KEPT {
            self.lent.push(Arc::clone(&body));
        }
        Some(Report { head, body })
    }

    /// Empty memory for so many bytes: that of a body which nobody needs any more, if it is as large.
    fn room(&mut self, bytes: usize) -> Vec<u8> {
        let back = self.lent.iter().position(|body| body.capacity() >= bytes && Arc::strong_count(body) == 1);
        let back =
            back.filter(|_| REUSED.contains(&bytes)).and_then(|place| Arc::into_inner(self.lent.swap_remove(place)));
        back.map_or_else(
            || Vec::with_capacity(bytes),
            |mut body| {
                body.clear();
                body
            },
        )
    }
}
