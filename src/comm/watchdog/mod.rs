//! Finds hosts that are gone and processes that stand still, which MPI and its launchers notice after many minutes or never.
//!
//! Each other rank and rank 0 say by datagrams (UDP) that they are there, some times within the limit, each from a thread of its own that
//! calls no MPI: so a long step is no silence, a process that is stopped is. Who was heard once and then isn't for longer than the limit is
//! told by rank 0 with its host, and the job ends, or goes on without, as its user has chosen. Who hears nothing of rank 0 ends itself. A job
//! that is stopped as a whole and goes on has lost nothing.
//!
//! A rank also says how long it has been at a file; beyond the limit rank 0 names the file, and the job waits on: file servers come back.
//!
//! Left out: a rank that computes for ever, which nobody can tell from one that computes long.

mod hearing;
mod reports;
mod word;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::addresses::own_addresses;
use super::{Comm, library};
use crate::base::console::say;
use crate::base::file_at;
use crate::{Error, Result};
use hearing::Hearing;
use reports::{Hosts, Slow};
use word::{Kind, LONGEST, Word};

/// How often within the limit a rank says that it is there.
const WORDS: u32 = 8;
/// At most so long lies between two words.
const LONG: Duration = Duration::from_secs(5);
/// How often the end is said, since a datagram may be lost, and how far apart.
const ENDS: u32 = 3;
const BETWEEN_ENDS: Duration = Duration::from_millis(20);
/// How long a launcher may take to pass on what was said last: at a rank's end it ends the job, and what it hasn't read is lost.
const PASSED_ON: Duration = Duration::from_millis(500);

/// Gets ranks that are silent, and what is to be said of them.
type Lose = Box<dyn Fn(&[usize], String) + Send>;

/// What rank 0 does about ranks that are silent.
pub(crate) enum Reaction {
    /// Ends the job.
    End,
    /// Goes on without them, after this was called with them and with what is to be said, unless it is known that they are gone.
    GoOn(Lose),
}

/// A watch over all ranks, until it is dropped.
#[must_use = "dropped, it watches no longer"]
pub(crate) struct Watchdog {
    quit: Arc<AtomicBool>,
    socket: Arc<UdpSocket>,
    thread: Option<JoinHandle<()>>,
    comm: Comm,
}

/// A rank's part.
struct Watch {
    rank: usize,
    token: u64,
    limit: Duration,
    hosts: Hosts,
    socket: Arc<UdpSocket>,
    quit: Arc<AtomicBool>,
    /// By rank: where it was heard; of rank 0: where it may be, until it was heard.
    addresses: Vec<Vec<SocketAddr>>,
    hearing: Hearing,
    slow: Slow,
    reaction: Reaction,
}

impl Watchdog {
    /// Begins to watch, with this limit of silence; none on one rank, where a watch is on already, or without a limit. All ranks.
    ///
    /// # Errors
    /// If there are no sockets or threads left.
    pub(crate) fn start(comm: &Comm, limit: Option<Duration>, reaction: Reaction) -> Result<Option<Self>> {
        let Some(limit) = limit else { return Ok(None) };
        if comm.size() == 1 || comm.inner.job.is_watched.replace(true) {
            return Ok(None);
        }
        let hosts = Hosts::of(comm);
        let socket = comm.agree(listen(hosts.are_one()).map_err(failed))?;
        let token = getrandom::u64().map_err(|error| Error::System(format!("no random numbers: {error}")));
        let token = comm.broadcast(&[comm.agree(token)?], 0)[0];
        let invitation = if comm.is_root() { invite(&socket, hosts.are_one()).map_err(failed) } else { Ok(Vec::new()) };
        let root = comm.broadcast(&comm.agree(invitation)?, 0);
        let mut addresses = vec![Vec::new(); comm.size()];
        addresses[0] =
            root.iter().map(|&word| SocketAddr::from((Ipv4Addr::from((word >> 16) as u32), word as u16))).collect();
        let socket = Arc::new(socket);
        let quit = Arc::new(AtomicBool::new(false));
        let watch = Watch {
            rank: comm.rank(),
            token,
            limit,
            hosts,
            socket: Arc::clone(&socket),
            quit: Arc::clone(&quit),
            addresses,
            hearing: Hearing::new(comm.size(), limit, Instant::now()),
            slow: Slow::new(comm.size(), limit),
            reaction,
        };
        let thread = std::thread::Builder::new().name("divisi watchdog".into()).spawn(move || watch.run());
        let thread = comm.agree(thread.map_err(failed))?;
        Ok(Some(Watchdog { quit, socket, thread: Some(thread), comm: comm.clone() }))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.quit.store(true, Ordering::Release);
        // A word to itself wakes the thread.
        if let Ok(address) = self.socket.local_addr() {
            let _ = self.socket.send_to(&[], (Ipv4Addr::LOCALHOST, address.port()));
        }
        let _ = self.thread.take().map(JoinHandle::join);
        self.comm.inner.job.is_watched.set(false);
    }
}

fn failed(error: io::Error) -> Error {
    Error::System(format!(
        "ranks tell each other that they are there by UDP (run.silence_seconds = 0 leaves it out): {error}"
    ))
}

fn listen(is_one_host: bool) -> io::Result<UdpSocket> {
    UdpSocket::bind((if is_one_host { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED }, 0))
}

/// Where rank 0 may be heard: addresses with its port.
fn invite(socket: &UdpSocket, is_one_host: bool) -> io::Result<Vec<u64>> {
    let port = u64::from(socket.local_addr()?.port());
    let addresses = if is_one_host { vec![Ipv4Addr::LOCALHOST] } else { own_addresses()? };
    Ok(addresses.into_iter().map(|address| u64::from(u32::from(address)) << 16 | port).collect())
}

impl Watch {
    fn run(mut self) {
        let period = (self.limit / WORDS).min(LONG).max(Duration::from_millis(1));
        // A socket that can't wait would be asked without end; this one can.
        let _ = self.socket.set_read_timeout(Some(period / 2));
        let mut spoke = Instant::now() - period;
        let mut bytes = [0; LONGEST];
        while !self.quit.load(Ordering::Acquire) {
            if spoke.elapsed() >= period {
                spoke = Instant::now();
                self.speak(period);
                self.look(period);
            }
            if let Ok((count, from)) = self.socket.recv_from(&mut bytes)
                && let Some(word) = Word::decode(&bytes[..count], self.token)
            {
                self.take_in(word, from);
            }
        }
    }

    /// Looks who is silent.
    fn look(&mut self, patience: Duration) {
        let silent = self.hearing.silent(patience, Instant::now());
        if !silent.is_empty() && !self.quit.load(Ordering::Acquire) {
            self.miss(&silent);
        }
    }

    /// Says to rank 0 that this rank is there; rank 0 says so to all.
    fn speak(&mut self, period: Duration) {
        // What takes less than a period is not worth the bytes.
        let file = file_at::longest().filter(|(elapsed, _)| *elapsed > period);
        if self.rank == 0 {
            let told = self.slow.look(0, file.as_ref(), &self.hosts);
            told.iter().for_each(|line| say(line));
        }
        self.say_to_all(&Word { kind: Kind::Here, rank: self.rank, file });
    }

    fn say_to_all(&self, word: &Word) {
        let bytes = word.encode(self.token);
        // What doesn't arrive, or can't be sent, is silence.
        self.addresses.iter().flatten().for_each(|to| drop(self.socket.send_to(&bytes, to)));
    }

    fn take_in(&mut self, word: Word, from: SocketAddr) {
        let is_known = if self.rank == 0 { word.rank < self.addresses.len() && word.rank > 0 } else { word.rank == 0 };
        if !is_known {
            return;
        }
        if word.kind == Kind::End {
            library::end_by_signal();
        }
        self.addresses[word.rank] = vec![from];
        self.hearing.hear(word.rank, Instant::now());
        if self.rank == 0 {
            let told = self.slow.look(word.rank, word.file.as_ref(), &self.hosts);
            told.iter().for_each(|line| say(line));
        }
    }

    /// Ranks are silent: on rank 0 others, elsewhere rank 0.
    fn miss(&mut self, silent: &[usize]) {
        let told = self.hosts.silent(silent, self.limit);
        if self.rank != 0 {
            if self.hosts.reporter() == self.rank {
                say_the_end(&told);
            }
            std::thread::sleep(PASSED_ON);
            library::end_by_signal();
        }
        if let Reaction::GoOn(lose) = &self.reaction {
            self.hosts.kill_near(self.rank, silent);
            lose(silent, format!("divisi: {told}"));
            silent.iter().for_each(|&rank| self.addresses[rank].clear());
            return;
        }
        say_the_end(&told);
        std::thread::sleep(PASSED_ON);
        self.hosts.kill_near(self.rank, silent);
        for _ in 0..ENDS {
            self.say_to_all(&Word { kind: Kind::End, rank: 0, file: None });
            std::thread::sleep(BETWEEN_ENDS);
        }
        library::end_by_signal();
    }
}

/// The last word of a job whose ranks are silent.
fn say_the_end(told: &str) {
    say(&format!("divisi: {told}; the job ends here: continue it with `divisi resume`"));
}
