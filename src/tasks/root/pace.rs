//! How many tasks to hand out at once.

/// What a chunk should take, in seconds: long enough that handing it out costs nothing beside it, short enough that little is lost with a rank.
const CHUNK: f64 = 2e-4;
/// The weight of what was measured last.
const WEIGHT: f64 = 0.25;
/// The most tasks of a chunk.
const MOST: f64 = 65536.0;
/// The last tasks are cut so that each rank still gets about so many chunks.
const LAST: u64 = 4;

/// The measured time of a task.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Seconds for one task; none yet.
    each: Option<f64>,
    /// Tasks of a chunk as the user wants it.
    fixed: Option<u32>,
}

impl Pace {
    /// Nothing is measured yet; chunks of so many tasks, if that is fixed.
    pub(crate) fn new(fixed: Option<u32>) -> Self {
        Pace { each: None, fixed }
    }

    /// Takes in how long some tasks took.
    pub(crate) fn measure(&mut self, seconds: f64, tasks: u32) {
        let each = seconds / f64::from(tasks);
        self.each = Some(self.each.map_or(each, |before| before + WEIGHT * (each - before)));
    }

    /// Seconds for one task, once one has been measured.
    pub(crate) fn each(&self) -> Option<f64> {
        self.each
    }

    /// Tasks of the next chunk, of `waiting` ones for `ranks` ranks: at least one.
    pub(crate) fn chunk(&self, waiting: u64, ranks: usize) -> u64 {
        if let Some(fixed) = self.fixed {
            return u64::from(fixed);
        }
        let by_time = self.each.map_or(1.0, |each| (CHUNK / each).clamp(1.0, MOST)) as u64;
        by_time.min(waiting / (LAST * ranks as u64)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_grow_for_short_tasks_and_shrink_at_the_end() {
        let mut pace = Pace::default();
        assert_eq!(pace.chunk(1_000_000, 2), 1);
        pace.measure(1e-6, 1);
        assert_eq!(pace.chunk(1_000_000, 2), 200);
        assert_eq!(pace.chunk(80, 2), 10);
        assert_eq!(pace.chunk(1, 2), 1);
        (0..100).for_each(|_| pace.measure(1e-2, 1));
        assert_eq!(pace.chunk(1_000_000, 2), 1);
        pace.fixed = Some(7);
        assert_eq!(pace.chunk(1_000_000, 2), 7);
    }
}
