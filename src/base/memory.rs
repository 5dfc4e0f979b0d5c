//! Whether what a run asks for can be: its sizes against the memory of this machine, before any of it is asked for.
//!
//! Left out: what else needs memory. A run that passes may still find too little; one that fails could never have run.

use crate::{Error, Result};

/// Refuses `count` things of `bytes` each on this rank, which the parameter at `place` asks for, where the whole machine has less memory.
///
/// # Errors
/// Where it has.
pub(crate) fn check_fits(place: &str, things: &str, count: u64, bytes: usize) -> Result<()> {
    refuse_beyond(installed(), place, things, count, bytes)
}

fn refuse_beyond(installed: Option<u64>, place: &str, things: &str, count: u64, bytes: usize) -> Result<()> {
    let wanted = count as f64 * bytes as f64;
    match installed {
        Some(installed) if wanted > installed as f64 => {
            let gigabytes = |bytes: f64| format!("{:.0} GB", bytes / 1e9);
            let [wanted, installed] = [gigabytes(wanted), gigabytes(installed as f64)];
            let reason = format!("{count} {things} on a rank take {wanted}, and this machine has {installed}");
            Err(Error::input(place, format!("{reason}: ask for fewer, or use more nodes")))
        }
        _ => Ok(()),
    }
}

/// The bytes of memory of this machine, where the system tells.
#[cfg(target_os = "linux")]
fn installed() -> Option<u64> {
    let about = rustix::system::sysinfo();
    let unit = u64::from(about.mem_unit.max(1));
    (about.totalram as u64).checked_mul(unit).filter(|bytes| *bytes > 0)
}

#[cfg(not(target_os = "linux"))]
fn installed() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_memory_could_hold_is_refused_with_both_sizes() {
        let told = refuse_beyond(Some(64_000_000_000), "initial.n", "bodies", 1_000_000_000_000, 100).unwrap_err();
        assert_eq!(told.status(), 2);
        let told = told.to_string();
        assert!(
            told.starts_with("initial.n: 1000000000000 bodies on a rank take 100000 GB") && told.contains("64 GB"),
            "{told}"
        );
        assert!(refuse_beyond(Some(64_000_000_000), "initial.n", "bodies", 640_000_000, 100).is_ok());
        assert!(refuse_beyond(Some(1 << 40), "grid.cells", "cells", u64::MAX, usize::MAX).is_err());
        assert!(refuse_beyond(None, "initial.n", "bodies", u64::MAX, 100).is_ok());
        assert!(check_fits("initial.n", "bodies", 1000, 100).is_ok());
    }
}
