//! Frames: what rank 0 and another rank say to each other through their socket.
//!
//! A frame is a head of fixed size (kind, two numbers, length) and so many bytes.

use std::io::{self, Read, Write};

use bytemuck::{Pod, Zeroable};

/// What a frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A rank presents itself: its number and the job's token; and again when it was welcomed.
    Hello,
    /// Rank 0 has recognised a rank; or asks for nothing.
    Welcome,
    /// A rank of another node wants a chunk.
    Want,
    /// A report of tasks that were run.
    Report,
    /// A rank asks for the arguments of a posting.
    Fetch,
    /// The answer.
    Arguments,
    /// A rank's ring is full.
    Full,
    /// Tasks for this rank, with their arguments.
    Chunk,
    /// A task should end, for the reason that the second number is.
    Cancel,
    /// Tasks that have not begun are to be given back.
    Pause,
    /// A value to keep, under a number.
    Store,
    /// Rank 0 wants a value that the rank keeps.
    Pull,
    /// The value.
    Pulled,
    /// There are no more tasks.
    End,
    /// A rank has seen the end.
    Bye,
    /// The process must end at once.
    Exit,
}

const KINDS: [Kind; 16] = [
    Kind::Hello,
    Kind::Welcome,
    Kind::Want,
    Kind::Report,
    Kind::Fetch,
    Kind::Arguments,
    Kind::Full,
    Kind::Chunk,
    Kind::Cancel,
    Kind::Pause,
    Kind::Store,
    Kind::Pull,
    Kind::Pulled,
    Kind::End,
    Kind::Bye,
    Kind::Exit,
];

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct FrameHead {
    kind: u64,
    numbers: [u64; 2],
    length: u64,
}

const HEAD: usize = size_of::<FrameHead>();

/// A frame.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Frame {
    pub kind: Kind,
    pub numbers: [u64; 2],
    pub bytes: Vec<u8>,
}

impl Frame {
    pub(crate) fn new(kind: Kind, numbers: [u64; 2]) -> Self {
        Frame { kind, numbers, bytes: Vec::new() }
    }

    pub(crate) fn with(kind: Kind, numbers: [u64; 2], bytes: Vec<u8>) -> Self {
        Frame { kind, numbers, bytes }
    }

    /// The bytes of the frame's head, to be followed by `parts`.
    pub(crate) fn head(kind: Kind, numbers: [u64; 2], parts: &[&[u8]]) -> [u8; HEAD] {
        let place = KINDS.iter().position(|&known| known == kind).unwrap_or(0);
        let length = parts.iter().map(|part| part.len() as u64).sum();
        bytemuck::cast(FrameHead { kind: place as u64, numbers, length })
    }

    /// Appends the frame's bytes.
    pub(crate) fn encode(&self, into: &mut impl Extend<u8>) {
        into.extend(Frame::head(self.kind, self.numbers, &[&self.bytes]));
        into.extend(self.bytes.iter().copied());
    }

    /// Writes the frame to a blocking stream.
    pub(crate) fn write(&self, mut to: impl Write) -> io::Result<()> {
        to.write_all(&Frame::head(self.kind, self.numbers, &[&self.bytes]))?;
        to.write_all(&self.bytes)
    }

    /// Reads a frame from a blocking stream, of at most `limit` bytes beyond its head.
    pub(crate) fn read(mut from: impl Read, limit: usize) -> io::Result<Self> {
        let mut head = [0; HEAD];
        from.read_exact(&mut head)?;
        let (mut frame, length) = Frame::begin(&head)?;
        if length > limit {
            return Err(io::ErrorKind::InvalidData.into());
        }
        frame.bytes.resize(length, 0);
        from.read_exact(&mut frame.bytes)?;
        Ok(frame)
    }

    fn begin(head: &[u8; HEAD]) -> io::Result<(Frame, usize)> {
        let head: FrameHead = bytemuck::pod_read_unaligned(head);
        let kind = *KINDS.get(head.kind as usize).ok_or(io::ErrorKind::InvalidData)?;
        Ok((Frame::new(kind, head.numbers), head.length as usize))
    }
}

/// Frames that arrive in pieces.
#[derive(Default)]
pub(crate) struct Assembly {
    bytes: Vec<u8>,
    used: usize,
}

impl Assembly {
    /// Takes in what has come.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.bytes.drain(..std::mem::take(&mut self.used));
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole frame.
    pub(crate) fn next(&mut self) -> io::Result<Option<Frame>> {
        self.next_within(usize::MAX)
    }

    /// The next whole frame, which must not have more than `limit` bytes beyond its head.
    pub(crate) fn next_within(&mut self, limit: usize) -> io::Result<Option<Frame>> {
        let Some((head, rest)) = self.bytes[self.used..].split_first_chunk::<HEAD>() else { return Ok(None) };
        let (mut frame, length) = Frame::begin(head)?;
        if length > limit {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let Some(body) = rest.get(..length) else { return Ok(None) };
        frame.bytes.extend_from_slice(body);
        self.used += HEAD + length;
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_whole_out_of_pieces_of_any_size() {
        let frames: Vec<Frame> = KINDS
            .iter()
            .enumerate()
            .map(|(place, &kind)| Frame::with(kind, [place as u64, u64::MAX], vec![place as u8; 7 * place]))
            .collect();
        let mut bytes = Vec::new();
        frames.iter().for_each(|frame| frame.encode(&mut bytes));
        for size in [1, 5, 32, 33, 1000] {
            let mut assembly = Assembly::default();
            let mut got = Vec::new();
            for piece in bytes.chunks(size) {
                assembly.add(piece);
                while let Some(frame) = assembly.next().unwrap() {
                    got.push(frame);
                }
            }
            assert_eq!(got, frames);
        }
        let mut from = &bytes[..];
        for frame in frames {
            assert_eq!(Frame::read(&mut from, 1 << 10).unwrap(), frame);
        }
    }

    #[test]
    fn a_kind_that_does_not_exist_and_a_frame_beyond_the_limit_are_refused() {
        let mut bytes = Vec::new();
        Frame::with(Kind::Store, [0; 2], vec![0; 100]).encode(&mut bytes);
        assert!(Frame::read(&bytes[..], 99).is_err());
        bytes[0] = 200;
        let mut assembly = Assembly::default();
        assembly.add(&bytes);
        assert!(assembly.next().is_err());
    }
}
