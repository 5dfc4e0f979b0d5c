//! trace.json: which rank was in which phase when.
//!
//! Each rank notes its phases from a moment on at which all have met, so that tracks lie one above the other to within a message's time.
//! Ranks on hosts of their own need no common clock for that.

use super::folder::RunFolder;
use crate::Result;
use crate::base::timeline;
use crate::comm::{Comm, MOST_SPANS};

/// Begins to note phases, if that is `wanted`. All ranks.
pub(super) fn begin(comm: &Comm, wanted: bool) {
    if wanted {
        comm.barrier();
        comm.traffic().trace();
    }
}

/// Writes what was noted; what there is to say of it. All ranks.
///
/// # Errors
/// If the file can't be written.
pub(super) fn end(comm: &Comm, folder: &RunFolder) -> Result<Option<String>> {
    let Some(spans) = comm.traffic().take_trace() else { return Ok(None) };
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let name = format!("rank {} on {host}", comm.rank());
    let track = timeline::track(comm.rank(), &name, &spans);
    let is_full = comm.all_reduce_max(u64::from(spans.len() >= MOST_SPANS)) == 1;
    let tracks = comm.gather(track.as_bytes(), 0);
    let written = tracks.map_or(Ok(()), |tracks| {
        let texts: Vec<String> = tracks.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect();
        timeline::write(&folder.trace(), &texts)
    });
    comm.agree(written)?;
    Ok(is_full.then(|| format!("trace.json ends early: a rank had {MOST_SPANS} phases by then; trace a shorter run")))
}
