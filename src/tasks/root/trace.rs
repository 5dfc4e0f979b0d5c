//! Which rank ran which task when, by the reports that rank 0 gets: a chunk ends when its report comes, and began as long before as it took.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::Result;
use crate::base::timeline::{self, Span};
use crate::tasks::wire::report::ReportHead;

/// Chunks that are kept, at most.
const MOST: usize = 1_000_000;

/// The chunks so far, by rank.
pub(crate) struct Trace {
    path: PathBuf,
    began: Instant,
    chunks: usize,
    tracks: Vec<Vec<Span>>,
}

impl Trace {
    /// Of so many ranks, from now on.
    pub(crate) fn begin(path: PathBuf, ranks: usize) -> Self {
        Trace { path, began: Instant::now(), chunks: 0, tracks: vec![Vec::new(); ranks] }
    }

    /// A report of a rank has come.
    pub(crate) fn note(&mut self, rank: usize, head: &ReportHead) {
        self.chunks += 1;
        if self.chunks > MOST {
            return;
        }
        let length = Duration::try_from_secs_f64(head.seconds).unwrap_or_default();
        let start = self.began.elapsed().saturating_sub(length);
        let ReportHead { first, count, .. } = *head;
        let name = if count > 1 { format!("{count} tasks from {first} on") } else { format!("task {first}") };
        self.tracks[rank].push(Span { name, start, length });
    }

    /// Writes the file.
    pub(crate) fn write(&self) -> Result<()> {
        let track = |(rank, spans): (usize, &Vec<Span>)| timeline::track(rank, &format!("rank {rank}"), spans);
        timeline::write(&self.path, &self.tracks.iter().enumerate().map(track).collect::<Vec<_>>())
    }
}
