//! The end of a stream, up to a limit.

use std::io::{ErrorKind, Read};

/// So much is taken from a pipe at once, so that one that is written without end can't hold the reader.
const CHUNK: u64 = 1 << 20;

/// The last bytes that came, and how many came before them.
#[derive(Debug)]
pub(crate) struct Tail {
    /// At most twice the limit, so that cutting costs little.
    bytes: Vec<u8>,
    limit: usize,
    dropped: u64,
}

/// The outcome of reading a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sweep) enum Drained {
    /// More may come.
    Open,
    /// Nothing will come any more.
    Ended,
}

impl Tail {
    /// Keeps the last `limit` bytes.
    pub(in crate::sweep) fn new(limit: usize) -> Self {
        Tail { bytes: Vec::new(), limit, dropped: 0 }
    }

    /// The last bytes that came.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.bytes.len().saturating_sub(self.limit)..]
    }

    /// How many bytes came before those that are kept.
    pub(crate) fn cut(&self) -> u64 {
        self.dropped + self.bytes.len().saturating_sub(self.limit) as u64
    }

    /// The last line that isn't blank, without the blanks around it; bytes that are no text become U+FFFD.
    pub(crate) fn last_line(&self) -> Option<String> {
        self.last_line_bytes().map(|line| String::from_utf8_lossy(line).into_owned())
    }

    /// The same line as it is.
    pub(in crate::sweep) fn last_line_bytes(&self) -> Option<&[u8]> {
        let mut lines = self.bytes().rsplit(|byte| matches!(byte, b'\n' | b'\r'));
        lines.find(|line| !line.trim_ascii().is_empty()).map(<[u8]>::trim_ascii)
    }

    /// The first `length` bytes of those that are kept go.
    pub(in crate::sweep) fn consume(&mut self, length: usize) {
        self.bytes.drain(..length);
    }

    /// Takes what a non-blocking pipe holds, a chunk at most.
    pub(in crate::sweep) fn read(&mut self, pipe: &mut impl Read) -> Drained {
        let drained = match pipe.take(CHUNK).read_to_end(&mut self.bytes) {
            Ok(read) if read as u64 == CHUNK => Drained::Open,
            Err(error) if error.kind() == ErrorKind::WouldBlock => Drained::Open,
            Ok(_) | Err(_) => Drained::Ended,
        };
        if self.bytes.len() > 2 * self.limit {
            let surplus = self.bytes.len() - self.limit;
            self.bytes.drain(..surplus);
            self.dropped += surplus as u64;
        }
        drained
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bytes_are_kept_and_the_others_counted() {
        let all: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
        for limit in [1, 1000, 399_999, 400_000, 1_000_000] {
            let mut tail = Tail::new(limit);
            for piece in all.chunks(777) {
                assert_eq!(tail.read(&mut { piece }), Drained::Ended);
                assert!(tail.bytes.len() <= 2 * limit);
            }
            let kept = limit.min(all.len());
            assert_eq!(tail.bytes(), &all[all.len() - kept..]);
            assert_eq!(tail.cut(), (all.len() - kept) as u64);
        }
    }

    #[test]
    fn an_endless_stream_gives_a_chunk_at_a_time() {
        let mut tail = Tail::new(10);
        assert_eq!(tail.read(&mut std::io::repeat(7)), Drained::Open);
        assert_eq!((tail.bytes(), tail.cut()), (&[7; 10][..], CHUNK - 10));
    }

    #[test]
    fn the_last_line_is_the_last_that_is_not_blank() {
        for (text, line) in [
            (&b"1\n2\n"[..], Some("2")),
            (b"1\n 2 \r\n \n\n", Some("2")),
            (b"progress 1\rprogress 2", Some("progress 2")),
            (b" \n", None),
            (b"", None),
            (b"\xff\n", Some("\u{fffd}")),
        ] {
            let mut tail = Tail::new(100);
            tail.read(&mut { text });
            assert_eq!(tail.last_line().as_deref(), line, "{text:?}");
        }
    }
}
