//! The files that this process is at, and since when: so that one whose file system doesn't answer can be named.
//!
//! A call that a dead file server holds up neither fails nor returns, and nothing can end it. What is left is to say which.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

static FILES: Mutex<Vec<At>> = Mutex::new(Vec::new());

#[derive(Clone, Debug)]
struct At {
    path: PathBuf,
    since: Instant,
}

/// This process is at a file, as long as this lives.
#[derive(Debug)]
pub(crate) struct FileAt(Instant);

impl FileAt {
    /// Begins.
    pub(crate) fn new(path: &Path) -> Self {
        let since = Instant::now();
        files().push(At { path: path.to_owned(), since });
        FileAt(since)
    }
}

impl Drop for FileAt {
    fn drop(&mut self) {
        let mut files = files();
        if let Some(place) = files.iter().position(|at| at.since == self.0) {
            files.swap_remove(place);
        }
    }
}

/// The file that this process has been at for longest, and for how long.
pub(crate) fn longest() -> Option<(Duration, PathBuf)> {
    let files = files();
    let oldest = files.iter().min_by_key(|at| at.since)?;
    Some((oldest.since.elapsed(), oldest.path.clone()))
}

fn files() -> MutexGuard<'static, Vec<At>> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_file_is_told_until_it_is_done() {
        let first = FileAt::new(Path::new("first"));
        std::thread::sleep(Duration::from_millis(2));
        let second = FileAt::new(Path::new("second"));
        let (at, path) = longest().expect("a file");
        assert!(path == Path::new("first") && at >= Duration::from_millis(2), "{at:?} {path:?}");
        drop(first);
        assert_eq!(longest().expect("a file").1, Path::new("second"));
        drop(second);
    }
}
