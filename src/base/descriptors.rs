//! How many files and sockets this process may have open at a time.
//!
//! Rank 0 of a sweep needs two for each rank, and many systems allow a thousand unless they are asked for more. So the soft limit is
//! raised to the hard one; programs that this process starts get the limit that it was started with, since some count on it.

use std::fs::File;
use std::sync::OnceLock;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, setrlimit};

use crate::{Error, Result};

/// The limit that this process was started with.
static FORMER: OnceLock<Rlimit> = OnceLock::new();

/// Raises the limit as far as it may be.
pub(crate) fn raise_limit() {
    let former = FORMER.get_or_init(|| getrlimit(Resource::Nofile));
    // Where it can't be raised, it stays.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: former.maximum, maximum: former.maximum });
}

/// Gives a program that was just started the limit that this process was started with.
#[cfg(target_os = "linux")]
pub(crate) fn restore_limit_of(process: Pid) {
    if let Some(former) = FORMER.get() {
        // One that is gone already needs none.
        let _ = rustix::process::prlimit(Some(process), Resource::Nofile, *former);
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn restore_limit_of(_: Pid) {}

/// Sees that so many more can be opened; `who` needs them.
///
/// # Errors
/// If not: with the limit, and how to raise it.
pub(crate) fn check_room(who: &str, needed: usize) -> Result<()> {
    let open = || -> std::io::Result<()> {
        let first = File::open("/dev/null")?;
        (1..needed).map(|_| first.try_clone()).collect::<std::io::Result<Vec<File>>>().map(drop)
    };
    open().map_err(|error| {
        let limit = getrlimit(Resource::Nofile).current.map_or("any number of".to_owned(), |limit| limit.to_string());
        Error::System(format!(
            "{who} needs {needed} more descriptors than it has open, and may have {limit} in all ({error}): raise the limit (ulimit -n, \
             ulimit -Hn; in Slurm PropagateResourceLimits)"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_there_or_its_lack_is_named() {
        check_room("a test", 20).unwrap();
        let limit = getrlimit(Resource::Nofile).maximum.unwrap_or(1 << 20) as usize;
        let error = check_room("a test", limit + 1).unwrap_err();
        assert_eq!(error.status(), 1);
        assert!(error.to_string().starts_with(&format!("a test needs {} more descriptors", limit + 1)), "{error}");
    }
}
