//! Another rank's side of its socket to rank 0.
//!
//! A thread reads it. Orders to end, and the end of rank 0 itself, it follows at once, whatever the rank's main thread does;
//! all else it puts into the inbox.

use std::collections::VecDeque;
use std::io::Write;
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::frame::{Frame, Kind};
use super::hub::Line;
use super::task::Token;
use super::values::Values;

/// Exit status of a rank whose rank 0 is gone.
const ORPHANED: u8 = 1;

/// The socket to rank 0.
pub(super) struct Lifeline {
    line: Line,
    inbox: Arc<Inbox>,
    watcher: JoinHandle<()>,
}

/// Frames that the main thread has yet to look at.
#[derive(Default)]
struct Inbox {
    frames: Mutex<VecDeque<Frame>>,
    arrived: Condvar,
    /// Whether there are any.
    mail: AtomicBool,
}

/// Locks; a thread that panicked ends the whole process, so what it left is never seen.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lifeline {
    /// Begins to listen: what should end early goes to `token`, values to `values`.
    pub(super) fn new(line: Line, token: Arc<Token>, values: Arc<Values>) -> std::io::Result<Self> {
        let inbox = Arc::new(Inbox::default());
        let (ear, post) = (line.try_clone()?, Arc::clone(&inbox));
        let watch = move || watch(&ear, &post, &token, &values);
        let watcher = std::thread::Builder::new().name("divisi line".into()).spawn(watch)?;
        Ok(Lifeline { line, inbox, watcher })
    }

    /// The next frame, if there is one. Costs nothing where there is none.
    pub(super) fn next(&self) -> Option<Frame> {
        if !self.inbox.mail.load(Ordering::Acquire) {
            return None;
        }
        let mut frames = lock(&self.inbox.frames);
        let frame = frames.pop_front();
        self.inbox.mail.store(!frames.is_empty(), Ordering::Release);
        frame
    }

    /// Waits for the next frame.
    pub(super) fn wait(&self) -> Frame {
        let mut frames = lock(&self.inbox.frames);
        loop {
            if let Some(frame) = frames.pop_front() {
                self.inbox.mail.store(!frames.is_empty(), Ordering::Release);
                return frame;
            }
            frames = self.inbox.arrived.wait(frames).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for the first frame of a kind, and leaves the others.
    pub(super) fn wait_for(&self, kind: Kind) -> Frame {
        let mut frames = lock(&self.inbox.frames);
        loop {
            if let Some(frame) = frames.iter().position(|frame| frame.kind == kind).and_then(|at| frames.remove(at)) {
                return frame;
            }
            frames = self.inbox.arrived.wait(frames).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Sends a frame, its bytes in parts.
    pub(super) fn send(&self, kind: Kind, numbers: [u64; 2], parts: &[&[u8]]) {
        let mut bytes = Frame::head(kind, numbers, parts).to_vec();
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        // If rank 0 is gone, the watcher ends this process.
        let _ = (&self.line).write_all(&bytes);
    }

    /// Waits for the end of the sweep, and says good-bye; the status that rank 0 told.
    pub(super) fn wait_for_end(self) -> u8 {
        let end = self.wait_for(Kind::End);
        self.close();
        end.numbers[0] as u8
    }

    /// Says good-bye and waits for rank 0's.
    pub(super) fn close(self) {
        self.send(Kind::Bye, [0; 2], &[]);
        // A watcher that panicked has ended the process.
        let _ = self.watcher.join();
        let _ = self.line.shutdown(Shutdown::Both);
    }
}

fn watch(line: &Line, inbox: &Inbox, token: &Token, values: &Values) {
    let mut ended = false;
    loop {
        match Frame::read(line, usize::MAX) {
            Ok(frame) => match frame.kind {
                Kind::Exit => signal_hook::low_level::exit(frame.numbers[0] as i32),
                Kind::Store => values.arrive(frame.numbers[0], &frame.bytes),
                Kind::Pause => token.pause(),
                Kind::Cancel => token.set(frame.numbers[0], frame.numbers[1] == 1),
                kind => {
                    ended |= kind == Kind::End;
                    lock(&inbox.frames).push_back(frame);
                    inbox.mail.store(true, Ordering::Release);
                    inbox.arrived.notify_one();
                }
            },
            Err(_) if ended => return,
            Err(_) => crate::comm::leave(ORPHANED),
        }
    }
}
