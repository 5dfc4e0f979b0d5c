//! One client: what it has sent and not been read, what it is to get, and the calls that it has submitted.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::call::Tag;
use super::frame::{HEAD, Head, LONGEST, head, plain, told};

/// Bytes for which there is room at the beginning, and that are read at once.
const ROOM: usize = 1 << 18;
/// Bytes that are read from one client before others have their turn.
const TURN: usize = 8 << 20;
/// Bytes of an outcome from which on it is sent from where it lies.
const LONG: usize = 16 << 10;

/// A client.
pub(super) struct Session {
    pub stream: TcpStream,
    /// What has come: the bytes from `start` to `end` are not read yet.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    outgoing: VecDeque<Piece>,
    /// By the client's numbers: the tasks that its calls are.
    pub calls: FxHashMap<u64, u64>,
    /// By the client's numbers: the number and the key of a function.
    pub functions: FxHashMap<u64, (u64, [u8; 16])>,
    pub is_gone: bool,
}

/// Bytes on their way to a client, and how many are gone.
struct Piece {
    bytes: Bytes,
    sent: usize,
}

enum Bytes {
    Own(Vec<u8>),
    Shared(Arc<Vec<u8>>),
}

impl Bytes {
    fn all(&self) -> &[u8] {
        match self {
            Bytes::Own(bytes) => bytes,
            Bytes::Shared(bytes) => bytes,
        }
    }
}

/// A frame of a client: its kind, its extra number, where its bytes are.
pub(super) struct Frame {
    pub kind: u32,
    pub extra: u32,
    range: std::ops::Range<usize>,
}

impl Session {
    pub(super) fn new(stream: TcpStream) -> Self {
        Session {
            stream,
            buffer: vec![0; ROOM],
            start: 0,
            end: 0,
            outgoing: VecDeque::new(),
            calls: FxHashMap::default(),
            functions: FxHashMap::default(),
            is_gone: false,
        }
    }

    /// Reads what has come. Room is made as it fills, not as the head of a frame says.
    pub(super) fn read(&mut self) {
        let mut left = TURN;
        while left > 0 && !self.is_gone {
            if self.end == self.buffer.len() {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= std::mem::take(&mut self.start);
                if self.end > self.buffer.len() / 2 {
                    self.buffer.resize(2 * self.buffer.len(), 0);
                }
            }
            match self.stream.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.is_gone = true,
                Ok(count) => {
                    self.end += count;
                    left = left.saturating_sub(count);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.is_gone = true,
            }
        }
    }

    /// The next whole frame.
    ///
    /// # Errors
    /// A frame that is longer than any may be.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, String> {
        let Some((Head { length, kind, extra }, rest)) = plain::<Head>(&self.buffer[self.start..self.end]) else {
            return Ok(None);
        };
        if length > LONGEST {
            return Err(format!("a frame of {length} bytes is longer than the {LONGEST} that are allowed"));
        }
        if (rest.len() as u64) < length {
            return Ok(None);
        }
        let first = self.start + HEAD;
        self.start = first + length as usize;
        Ok(Some(Frame { kind, extra, range: first..self.start }))
    }

    /// The bytes of a frame, until more is read.
    pub(super) fn bytes(&self, frame: &Frame) -> &[u8] {
        &self.buffer[frame.range.clone()]
    }

    /// After frames were read: large room that is empty is given back.
    pub(super) fn tidy(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.buffer.len() > 64 * ROOM {
                self.buffer = vec![0; ROOM];
            }
        }
    }

    /// Sends what came of a call.
    pub(super) fn tell(&mut self, call: u64, tag: u32, outcome: &Arc<Vec<u8>>, from: usize) {
        let length = outcome.len() - from;
        let begin = [&head(told::DONE, tag, 8 + length)[..], &call.to_le_bytes()].concat();
        if length < LONG {
            self.put(&[&begin, &outcome[from..]]);
        } else {
            self.put(&[&begin]);
            self.outgoing.push_back(Piece { bytes: Bytes::Shared(Arc::clone(outcome)), sent: from });
        }
    }

    /// Sends that nothing came of a call, and why.
    pub(super) fn refuse(&mut self, call: u64, tag: Tag, reason: &str) {
        self.put(&[&head(told::DONE, tag as u32, 8 + reason.len()), &call.to_le_bytes(), reason.as_bytes()]);
    }

    /// Sends a frame.
    pub(super) fn send(&mut self, kind: u32, bytes: &[u8]) {
        self.put(&[&head(kind, 0, bytes.len()), bytes]);
    }

    fn put(&mut self, parts: &[&[u8]]) {
        let last = self.outgoing.back_mut().map(|piece| &mut piece.bytes);
        if let Some(Bytes::Own(own)) = last
            && own.len() < ROOM
        {
            parts.iter().for_each(|part| own.extend_from_slice(part));
        } else {
            self.outgoing.push_back(Piece { bytes: Bytes::Own(parts.concat()), sent: 0 });
        }
    }

    /// Whether something is on its way to the client.
    pub(super) fn has_more(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Writes as much as the socket takes.
    pub(super) fn write(&mut self) {
        while let Some(piece) = self.outgoing.front_mut()
            && !self.is_gone
        {
            let rest = &piece.bytes.all()[piece.sent..];
            if rest.is_empty() {
                self.outgoing.pop_front();
                continue;
            }
            match self.stream.write(rest) {
                Ok(count) => piece.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.is_gone = true,
            }
        }
    }
}
