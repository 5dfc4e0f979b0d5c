//! The thread of rank 0 that serves clients, while the main thread runs calls.
//!
//! It sleeps until a client sends something, there is room to send something, or the first call has ended that it has not looked at. In
//! each round it takes in what clients have sent, hands out what came of their calls, and writes. Where very many calls wait for ranks it
//! reads no more until some have gone. What clients leave when they go is in [`parting`].

mod parting;

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::base::error::{Cause, TaskError};
use crate::serve::call::{CallHead, ResultHead, Tag, key};
use crate::serve::door::Door;
use crate::serve::frame::{CACHED, LAZY, Submit, asked, named, number, numbers, plain, told};
use crate::serve::orphans::Orphans;
use crate::serve::over::Over;
use crate::serve::session::{Frame, Session};
use crate::tasks::desk::{AtDesk, Desk, Order};
use crate::{Error, Result};

/// Calls that may wait for ranks before clients are read no more.
const WAITING: u64 = 1 << 17;
/// Between two looks at whether they have become fewer.
const LOOK: Duration = Duration::from_millis(2);
/// Between two looks at those who have not proved that they know the key.
const DOOR: Duration = Duration::from_millis(500);
/// How long a pool that doesn't stay waits for its first client.
const FIRST: Duration = Duration::from_secs(60);
/// How long clients may take to hear the end.
const FAREWELL: Duration = Duration::from_secs(5);

/// The service thread's own.
pub(super) struct Service {
    door: Door,
    desk: Desk,
    woken: UnixStream,
    over: Arc<Over>,
    /// Whether the pool stays when its clients go.
    stays: bool,
    sessions: BTreeMap<u64, Session>,
    /// Sessions that there were.
    greeted: u64,
    /// Functions that were sent.
    functions: u64,
    owners: FxHashMap<u64, Owner>,
    orphans: Orphans,
    /// Whether a client has gone since the journal was read.
    has_parted: bool,
    since: Instant,
}

/// Whose a task is.
struct Owner {
    client: u64,
    /// The client's number of it.
    call: u64,
    /// The other half of its key.
    check: u64,
}

impl Service {
    pub(super) fn new(door: Door, desk: Desk, woken: UnixStream, over: Arc<Over>, stays: bool) -> Self {
        Service {
            door,
            desk,
            woken,
            over,
            stays,
            sessions: BTreeMap::new(),
            greeted: 0,
            functions: 0,
            owners: FxHashMap::default(),
            orphans: Orphans::default(),
            has_parted: false,
            since: Instant::now(),
        }
    }

    /// Starts the thread.
    ///
    /// # Errors
    /// If there can be none.
    pub(super) fn start(self) -> Result<JoinHandle<()>> {
        let start = std::thread::Builder::new().name("divisi clients".into()).spawn(move || self.serve());
        start.map_err(|error| Error::System(format!("cannot start a thread: {error}")))
    }

    fn serve(mut self) {
        let mut is_full = false;
        while !self.over.has_ended() {
            self.wait(is_full);
            self.door.accept();
            for stream in self.door.hear() {
                self.sessions.insert(self.greeted, Session::new(stream));
                self.greeted += 1;
            }
            self.look_back();
            is_full = self.take_in(is_full);
            self.hand_out();
            self.part();
        }
        self.hand_out();
        self.bid_farewell();
    }

    /// Waits until there is something to do.
    fn wait(&self, is_full: bool) {
        let patience = if is_full {
            Some(LOOK)
        } else if self.door.strangers().is_empty() && (self.greeted > 0 || self.stays) {
            None
        } else {
            Some(DOOR)
        };
        let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
        let mut polled = vec![PollFd::new(&self.door.listener, PollFlags::IN), PollFd::new(&self.woken, PollFlags::IN)];
        polled.extend(self.door.strangers().iter().map(|stranger| PollFd::new(&stranger.stream, PollFlags::IN)));
        for session in self.sessions.values() {
            let read = if is_full { PollFlags::empty() } else { PollFlags::IN };
            let write = if session.has_more() { PollFlags::OUT } else { PollFlags::empty() };
            polled.push(PollFd::new(&session.stream, read | write));
        }
        // Interrupted by a signal: the next round waits again.
        let _ = poll(&mut polled, patience.as_ref());
        // All that has rung; whether it could be read says nothing.
        let _ = (&self.woken).read(&mut [0; 64]);
    }

    /// Takes in what clients have sent, unless too many calls wait; whether they do.
    fn take_in(&mut self, was_full: bool) -> bool {
        let numbers: Vec<u64> = self.sessions.keys().copied().collect();
        for id in numbers {
            let Some(mut session) = self.sessions.remove(&id) else { continue };
            if !was_full {
                session.read();
            }
            let desk = self.desk.clone();
            let mut desk = desk.open();
            while desk.waiting() < WAITING {
                match session.next() {
                    Ok(Some(frame)) => {
                        if let Err(reason) = self.handle(id, &mut session, &frame, &mut desk) {
                            session.send(told::BYE, reason.as_bytes());
                            session.write();
                            session.is_gone = true;
                        }
                    }
                    Ok(None) => break,
                    Err(reason) => {
                        session.send(told::BYE, reason.as_bytes());
                        session.write();
                        session.is_gone = true;
                    }
                }
                if session.is_gone {
                    break;
                }
            }
            session.tidy();
            self.sessions.insert(id, session);
        }
        self.desk.open().waiting() >= WAITING
    }

    /// Does what a frame says.
    ///
    /// # Errors
    /// What no client says that speaks this language: it is sent away.
    fn handle(
        &mut self,
        id: u64,
        session: &mut Session,
        frame: &Frame,
        desk: &mut AtDesk,
    ) -> std::result::Result<(), String> {
        let bytes = session.bytes(frame);
        let cut = || format!("a frame of kind {} is too short", frame.kind);
        match frame.kind {
            asked::SUBMIT => return self.submit(id, session, frame, desk),
            asked::FUNCTION => {
                let (function, rest) = number(bytes).ok_or_else(cut)?;
                let (key, code) = rest.split_first_chunk::<16>().ok_or_else(cut)?;
                self.functions += 1;
                desk.send_value(&all_ranks(desk), &format!("f{}", self.functions), code);
                let key = *key;
                session.functions.insert(function, (self.functions, key));
            }
            asked::VALUE => {
                let (ranks, rest) = bytes.split_at_checked(8 * frame.extra as usize).ok_or_else(cut)?;
                let (name, value) = named(rest).ok_or_else(cut)?;
                let chosen: Vec<usize> = numbers(ranks).map(|rank| rank as usize).collect();
                desk.send_value(&if chosen.is_empty() { all_ranks(desk) } else { chosen }, name, value);
            }
            asked::CANCEL => tasks(session, frame).for_each(|task| desk.cancel(task)),
            asked::WANT => tasks(session, frame).for_each(|task| desk.want(task)),
            asked::RELEASE => {
                let calls: Vec<u64> = numbers(bytes).collect();
                for task in calls.iter().filter_map(|call| session.calls.remove(call)) {
                    self.owners.remove(&task);
                    desk.release(task);
                }
            }
            asked::STATE => session.send(told::STATE, &state(desk)),
            asked::END => self.over.ask(),
            kind => return Err(format!("no frame has the kind {kind}")),
        }
        Ok(())
    }

    fn submit(
        &mut self,
        id: u64,
        session: &mut Session,
        frame: &Frame,
        desk: &mut AtDesk,
    ) -> std::result::Result<(), String> {
        let cut = || "a call is too short".to_owned();
        let (submit, rest): (Submit, _) = plain(session.bytes(frame)).ok_or_else(cut)?;
        let inputs = usize::try_from(submit.inputs).ok().and_then(|inputs| inputs.checked_mul(8)).ok_or_else(cut)?;
        let (inputs, arguments) = rest.split_at_checked(inputs).ok_or_else(cut)?;
        let &(function, code) = session
            .functions
            .get(&submit.function)
            .ok_or_else(|| format!("there is no function {}", submit.function))?;
        let inputs: Option<Vec<u64>> = numbers(inputs).map(|call| session.calls.get(&call).copied()).collect();
        let rank = usize::try_from(submit.rank).ok();
        let takes = rank.is_none_or(|rank| desk.ranks().contains(&rank));
        let Some(inputs) = inputs.filter(|_| takes) else {
            let reason = if takes { "an input is not known" } else { "this rank takes no calls" };
            session.refuse(submit.call, Tag::Refused, reason);
            return Ok(());
        };
        let keys = inputs.iter().filter_map(|&input| desk.key(input));
        let (key, check) = if desk.has_journal() { key(&code, keys, arguments, submit.rank) } else { (0, 0) };
        let head =
            CallHead { function, seed: submit.seed, check, limit: submit.limit, retries: u64::from(submit.retries) };
        let order = Order {
            argument: &[bytemuck::bytes_of(&head), arguments],
            key,
            // What is meant for a rank is about that rank as it is now.
            fits: &|result| rank.is_none() && plain::<ResultHead>(result).is_some_and(|(head, _)| head.check == check),
            again: submit.flags & CACHED != 0,
            inputs,
            priority: submit.priority,
            rank,
            is_lazy: submit.flags & LAZY != 0,
        };
        let orphan = if rank.is_none() { self.adopt((key, check), desk) } else { None };
        if let Some(task) = orphan.filter(|_| !order.is_lazy) {
            desk.want(task);
        }
        let task = orphan.unwrap_or_else(|| desk.submit(order));
        session.calls.insert(submit.call, task);
        self.owners.insert(task, Owner { client: id, call: submit.call, check });
        tell(session, submit.call, task, desk);
        Ok(())
    }

    /// Sends clients what came of their calls.
    fn hand_out(&mut self) {
        let mut desk = self.desk.open();
        while let Some(task) = desk.next_ended() {
            // One without an owner is an orphan, or nobody will ask for it.
            let Some(owner) = self.owners.get(&task) else { continue };
            if let Some(session) = self.sessions.get_mut(&owner.client) {
                tell(session, owner.call, task, &desk);
            }
        }
        drop(desk);
        self.sessions.values_mut().for_each(Session::write);
    }
}

/// Every rank that takes calls; in front rank 0, whose values others of its node don't see.
fn all_ranks(desk: &AtDesk) -> Vec<usize> {
    desk.ranks()
}

/// The tasks of the calls whose numbers are in a frame.
fn tasks<'s>(session: &'s Session, frame: &Frame) -> impl Iterator<Item = u64> + use<'s> {
    numbers(session.bytes(frame)).filter_map(|call| session.calls.get(&call).copied())
}

/// Sends a client what came of its call, if something did.
fn tell(session: &mut Session, call: u64, task: u64, desk: &AtDesk) {
    match desk.outcome(task) {
        None => {}
        Some(Ok(bytes)) => match plain::<ResultHead>(bytes) {
            Some((head, _)) => session.tell(call, head.tag as u32, bytes, size_of::<ResultHead>()),
            None => session.refuse(call, Tag::Died, "its result is lost"),
        },
        Some(Err(TaskError { cause: Cause::Cancelled, message, .. })) => session.refuse(call, Tag::Cancelled, message),
        Some(Err(TaskError { message, .. })) => session.refuse(call, Tag::Died, message),
    }
}

/// What was counted, and the ranks.
fn state(desk: &AtDesk) -> Vec<u8> {
    let counts = desk.counts();
    let counted = [
        counts.tasks,
        counts.done,
        counts.failed,
        counts.cancelled,
        counts.running,
        counts.recovered,
        counts.retries,
        counts.deaths,
    ];
    counted.into_iter().chain(desk.ranks().into_iter().map(|rank| rank as u64)).flat_map(u64::to_le_bytes).collect()
}
