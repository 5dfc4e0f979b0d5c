//! Words: the datagrams that ranks send each other.
//!
//! Three numbers (the job's token, what is said, which rank says it), the seconds that it has been at a file, and the file's path.

use std::path::{Path, PathBuf};
use std::time::Duration;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// The bytes of numbers, and of a path at most.
const HEAD: usize = 32;
const PATH: usize = 1024;
/// The bytes of the longest word.
pub(super) const LONGEST: usize = HEAD + PATH;

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The rank is there.
    Here = 1,
    /// The job ends.
    End = 2,
}

/// What a rank says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    pub kind: Kind,
    pub rank: usize,
    /// For how long it has been at which file.
    pub file: Option<(Duration, PathBuf)>,
}

impl Word {
    /// As it travels.
    pub(super) fn encode(&self, token: u64) -> Vec<u8> {
        let (seconds, path) = match &self.file {
            Some((elapsed, path)) => (elapsed.as_secs(), path.as_os_str().as_bytes()),
            None => (0, &[][..]),
        };
        let numbers = [token, self.kind as u64, self.rank as u64, seconds];
        let head = numbers.into_iter().flat_map(u64::to_le_bytes);
        head.chain(path[..path.len().min(PATH)].iter().copied()).collect()
    }

    /// From what came; nothing if it isn't of this job.
    pub(super) fn decode(bytes: &[u8], token: u64) -> Option<Self> {
        let (head, path) = bytes.split_at_checked(HEAD)?;
        let number = |place: usize| u64::from_le_bytes(head[8 * place..][..8].try_into().expect("eight bytes"));
        let kind = [Kind::Here, Kind::End].into_iter().find(|&kind| kind as u64 == number(1))?;
        let file = || (Duration::from_secs(number(3)), Path::new(OsStr::from_bytes(path)).to_owned());
        let file = (!path.is_empty()).then(file);
        (number(0) == token).then_some(Word { kind, rank: number(2) as usize, file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_and_those_of_strangers_are_nothing() {
        let file = Some((Duration::from_secs(70), PathBuf::from("runs/one/history.csv")));
        for word in [Word { kind: Kind::Here, rank: 3, file }, Word { kind: Kind::End, rank: 0, file: None }] {
            assert_eq!(Word::decode(&word.encode(9), 9), Some(word.clone()));
            assert_eq!(Word::decode(&word.encode(9), 8), None);
            assert_eq!(Word::decode(&word.encode(9)[..31], 9), None);
        }
        assert_eq!(Word::decode(&[0; 32], 0), None);
    }
}
