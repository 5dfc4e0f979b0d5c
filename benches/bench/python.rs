//! Python functions on two ranks: `divisi.Pool` beside what else runs Python functions, in one run of benches/bench/sweep_peers.py, with two
//! workers each. The note has all systems, and the pool with a journal.

use super::Figure;
use super::sweep::{figure, others};

/// A figure of the pool beside the best other system's.
fn of_pool(name: &'static str, unit: &'static str, theirs: &str, larger: bool) -> Vec<Figure> {
    let ours = others(theirs);
    let Some(&value) = ours.get("divisi") else { return Vec::new() };
    let mut figures = figure(name, unit, value, theirs, larger);
    if let Some(kept) = ours.get("divisi-journal") {
        figures[0].note += &format!("; with a journal {kept:.4}");
    }
    figures
}

pub(crate) fn noop() -> Vec<Figure> {
    of_pool("python_noop", "calls/s", "noop_per_s", true)
}

pub(crate) fn chunked() -> Vec<Figure> {
    of_pool("python_chunked", "calls/s", "chunked_per_s", true)
}

pub(crate) fn round_trip() -> Vec<Figure> {
    of_pool("python_roundtrip_us", "us", "round_trip_us", false)
}

pub(crate) fn share_10ms() -> Vec<Figure> {
    of_pool("python_share_10ms", "of both cores", "share_10ms", true)
}

pub(crate) fn arrays() -> Vec<Figure> {
    of_pool("python_1mb_mbs", "MB/s", "array_MB_per_s", true)
}

pub(crate) fn first() -> Vec<Figure> {
    of_pool("python_first_s", "s", "first_result_s", false)
}
