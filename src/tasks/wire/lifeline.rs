//! Another rank's side of its socket to rank 0.
//!
//! A thread reads it. What can't wait, such as the end of rank 0 itself, it does at once, whatever the rank's main thread does;
//! all else it puts into the inbox.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::frame::{Frame, Kind};
use super::sync::lock;

/// Exit status of a rank whose rank 0 is gone.
const ORPHANED: u8 = 1;

/// The socket to rank 0.
pub(crate) struct Lifeline {
    socket: TcpStream,
    inbox: Arc<Inbox>,
    watcher: JoinHandle<()>,
}

/// Frames that the main thread has yet to look at.
#[derive(Default)]
struct Inbox {
    frames: Mutex<VecDeque<Frame>>,
    arrived: Condvar,
    /// Whether there are any.
    has_frames: AtomicBool,
}

impl Lifeline {
    /// Begins to listen. `at_once` does what a frame asks if that can't wait, and says whether it did.
    ///
    /// # Errors
    /// If there are no descriptors or threads left.
    pub(crate) fn new(socket: TcpStream, at_once: impl Fn(&Frame) -> bool + Send + 'static) -> io::Result<Self> {
        let inbox = Arc::new(Inbox::default());
        let incoming = socket.try_clone()?;
        let outbox = Arc::clone(&inbox);
        let watch = move || watch(&incoming, &outbox, at_once);
        let watcher = std::thread::Builder::new().name("divisi socket".into()).spawn(watch)?;
        Ok(Lifeline { socket, inbox, watcher })
    }

    /// The next frame, if there is one. Costs nothing where there is none.
    pub(crate) fn next(&self) -> Option<Frame> {
        if !self.inbox.has_frames.load(Ordering::Acquire) {
            return None;
        }
        let mut frames = lock(&self.inbox.frames);
        let frame = frames.pop_front();
        self.inbox.has_frames.store(!frames.is_empty(), Ordering::Release);
        frame
    }

    /// Waits for the next frame.
    pub(crate) fn wait(&self) -> Frame {
        let mut frames = lock(&self.inbox.frames);
        loop {
            if let Some(frame) = frames.pop_front() {
                self.inbox.has_frames.store(!frames.is_empty(), Ordering::Release);
                return frame;
            }
            frames = self.inbox.arrived.wait(frames).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for the first frame that is the one, and leaves the others.
    pub(crate) fn wait_for(&self, is_it: impl Fn(&Frame) -> bool) -> Frame {
        let mut frames = lock(&self.inbox.frames);
        loop {
            if let Some(frame) = frames.iter().position(&is_it).and_then(|at| frames.remove(at)) {
                return frame;
            }
            frames = self.inbox.arrived.wait(frames).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Sends a frame, its bytes in parts.
    pub(crate) fn send(&self, kind: Kind, numbers: [u64; 2], parts: &[&[u8]]) {
        let mut bytes = Frame::head(kind, numbers, parts).to_vec();
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        // If rank 0 is gone, the watcher ends this process.
        let _ = (&self.socket).write_all(&bytes);
    }

    /// Waits for the end of the sweep, and says good-bye; the status that rank 0 has sent.
    pub(crate) fn wait_for_end(self) -> u8 {
        let end = self.wait_for(|frame| frame.kind == Kind::End);
        self.close();
        end.numbers[0] as u8
    }

    /// Says good-bye and waits for rank 0's.
    pub(crate) fn close(self) {
        self.send(Kind::Bye, [0; 2], &[]);
        // A watcher that panicked has ended the process.
        let _ = self.watcher.join();
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

fn watch(socket: &TcpStream, inbox: &Inbox, at_once: impl Fn(&Frame) -> bool) {
    let mut has_ended = false;
    loop {
        match Frame::read(socket, usize::MAX) {
            Ok(frame) if frame.kind == Kind::Exit => signal_hook::low_level::exit(frame.numbers[0] as i32),
            Ok(frame) if at_once(&frame) => {}
            Ok(frame) => {
                has_ended |= frame.kind == Kind::End;
                lock(&inbox.frames).push_back(frame);
                inbox.has_frames.store(true, Ordering::Release);
                inbox.arrived.notify_one();
            }
            Err(_) if has_ended => return,
            Err(_) => crate::comm::leave(ORPHANED),
        }
    }
}
