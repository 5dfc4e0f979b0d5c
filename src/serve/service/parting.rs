//! What becomes of the calls of clients that have gone, and the end of a pool.

use std::time::Instant;

use super::{FAREWELL, FIRST, LOOK, Service};
use crate::base::console::say;
use crate::serve::call::is_result;
use crate::serve::frame::told;
use crate::serve::orphans::Key;
use crate::serve::session::Session;
use crate::tasks::desk::AtDesk;

impl Service {
    /// A call like this one whose client has gone: one that is under way or has a value. What raised runs again.
    pub(super) fn adopt(&mut self, key: Key, desk: &mut AtDesk) -> Option<u64> {
        loop {
            let task = self.orphans.adopt(key)?;
            match desk.outcome(task) {
                Some(outcome) if !outcome.as_ref().is_ok_and(|bytes| is_result(bytes)) => desk.release(task),
                _ => return Some(task),
            }
        }
    }

    /// Before clients submit anything: has them find what calls of others have left, who have gone since.
    pub(super) fn look_back(&mut self) {
        let is_time = !self.sessions.is_empty() && self.sessions.values().all(|session| session.calls.is_empty());
        if !(self.has_parted && is_time) {
            return;
        }
        self.has_parted = false;
        let mut desk = self.desk.open();
        // In this order: what ends meanwhile stays an orphan.
        let ended = self.orphans.part(|task| desk.outcome(task).is_some());
        ended.into_iter().for_each(|task| desk.release(task));
        if let Err(error) = desk.look_back(is_result) {
            say(&format!("divisi: calls of clients that have gone run again: {error}"));
        }
    }

    /// Parts with clients that have gone. A pool that doesn't stay ends with the last one, or if none comes.
    pub(super) fn part(&mut self) {
        let gone: Vec<u64> = self.sessions.iter().filter(|(_, it)| it.is_gone).map(|(&id, _)| id).collect();
        let has_lost = !gone.is_empty();
        for id in gone {
            let Some(session) = self.sessions.remove(&id) else { continue };
            let mut desk = self.desk.open();
            let keeps = self.stays && desk.has_journal();
            for &task in session.calls.values() {
                let owner = self.owners.remove(&task);
                // What a journal keeps is worth running; what has ended is there already.
                match owner.zip(desk.key(task)) {
                    Some((owner, key)) if keeps && desk.outcome(task).is_none() => {
                        self.orphans.keep((key, owner.check), task);
                    }
                    _ => {
                        desk.cancel(task);
                        desk.release(task);
                    }
                }
            }
            self.has_parted = true;
        }
        let nobody_came = self.greeted == 0 && self.since.elapsed() > FIRST;
        if !self.stays && self.sessions.is_empty() && (has_lost || nobody_came) {
            self.over.ask();
        }
    }

    /// Tells clients that this is the end, and waits a while for them to hear it.
    pub(super) fn bid_farewell(&mut self) {
        let reason = self.over.reason();
        self.sessions.values_mut().for_each(|session| session.send(told::BYE, reason.as_bytes()));
        let began = Instant::now();
        while began.elapsed() < FAREWELL {
            self.sessions.values_mut().for_each(Session::write);
            if self.sessions.values().all(|session| session.is_gone || !session.has_more()) {
                return;
            }
            std::thread::sleep(LOOK);
        }
    }
}
