//! How every rank finds rank 0 at the beginning: a socket each.
//!
//! Rank 0 listens, and tells the others by MPI where, with a token that no stranger knows. A rank says hello, rank 0 welcomes it, and the
//! rank says hello again: only then does the socket count, so it is never one that the rank has given up. All handshakes go side by
//! side, so who connects and says nothing, a port scan say, holds up nobody. A rank tries rank 0's addresses again and again, with more
//! patience each time, as long as rank 0 waits for it. Where all ranks are on one host, rank 0 listens to that host alone.

use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::sockopt;

use super::frame::{Assembly, Frame, Kind};
use super::hub::{Hub, failed};
use crate::comm::{Comm, own_addresses};
use crate::{Error, Result};

/// How long ranks may take to find each other.
const CONNECTING: Duration = Duration::from_secs(60);
/// How long one address of rank 0 is tried the first time, and how long who connects may take to say hello.
const TRIAL: Duration = Duration::from_secs(3);
/// Between two tries, and between two looks at who has come.
const PAUSE: Duration = Duration::from_micros(200);
/// A host that doesn't answer probes so far apart is gone, after as many as fit into the limit of silence.
const PROBE: Duration = Duration::from_secs(2);
/// The kernel sends no more probes than this.
const MOST_PROBES: u64 = 127;
/// Bytes beyond its head of a frame by which a rank introduces itself, at most.
const INTRODUCTION: usize = 64;

/// Which end of the sockets this rank has.
pub(crate) enum Endpoint {
    Root(Hub),
    Other(TcpStream),
}

/// Who has connected to rank 0, and is not known to be a rank's last word.
struct Caller {
    stream: TcpStream,
    incoming: Assembly,
    since: Instant,
    is_welcomed: bool,
}

/// What is known of a caller.
enum Heard {
    /// It is this rank, and knows that it was welcomed.
    Rank(usize),
    /// Nothing yet.
    Nothing,
    /// It is a stranger, or gone.
    Stranger,
}

/// Connects every rank with rank 0; `is_one_host` says whether all are on one, `silence` how long nothing may be heard of a host. All ranks.
///
/// # Errors
/// If rank 0 can't listen, or a rank can't reach it.
pub(crate) fn connect(comm: &Comm, is_one_host: bool, silence: Option<Duration>) -> Result<Endpoint> {
    let listener = if comm.is_root() { listen(is_one_host).map(Some) } else { Ok(None) };
    let listener = comm.agree(listener)?;
    let invitation = listener.as_ref().map(|(listener, token)| invite(listener, *token, is_one_host)).transpose();
    let invitation = comm.agree(invitation)?.unwrap_or_default();
    let invitation = comm.broadcast(&invitation, 0);
    let end = match listener {
        Some((listener, token)) => accept_all(&listener, token, comm.size(), CONNECTING).map(Endpoint::Root),
        None => reach(comm.rank(), &invitation, TRIAL, CONNECTING).map(Endpoint::Other),
    };
    let end = comm.agree(end)?;
    comm.agree(end.watch(silence).map_err(failed("a socket can't be watched")))?;
    Ok(end)
}

impl Endpoint {
    /// A host that is gone is found out here too, after twice the limit of silence: by then the watchdog has told its name, unless its
    /// datagrams have no way.
    fn watch(&self, silence: Option<Duration>) -> io::Result<()> {
        let Some(silence) = silence.map(|silence| 2 * silence) else { return Ok(()) };
        match self {
            Endpoint::Root(hub) => hub.streams().try_for_each(|stream| probe(stream, silence)),
            Endpoint::Other(stream) => probe(stream, silence),
        }
    }
}

fn listen(is_one_host: bool) -> Result<(TcpListener, u64)> {
    let address = if is_one_host { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
    let listener = TcpListener::bind(SocketAddr::from((address, 0))).map_err(failed("rank 0 cannot listen"))?;
    listener.set_nonblocking(true).map_err(failed("rank 0 cannot listen"))?;
    let no_token = |error| Error::System(format!("no random numbers for the token of a job: {error}"));
    Ok((listener, getrandom::u64().map_err(no_token)?))
}

/// What ranks need to find rank 0: port, token, addresses.
fn invite(listener: &TcpListener, token: u64, is_one_host: bool) -> Result<Vec<u64>> {
    let port = listener.local_addr().map_err(failed("rank 0 has no address"))?.port();
    let all = || own_addresses().map_err(failed("rank 0 cannot list its addresses"));
    let addresses = if is_one_host { vec![Ipv4Addr::LOCALHOST] } else { all()? };
    let words = addresses.into_iter().map(|address| u64::from(u32::from(address)));
    Ok([u64::from(port), token].into_iter().chain(words).collect())
}

/// Rank 0 waits for all others, at most so long.
fn accept_all(listener: &TcpListener, token: u64, ranks: usize, patience: Duration) -> Result<Hub> {
    let mut known: Vec<Option<TcpStream>> = (0..ranks).map(|_| None).collect();
    let mut callers: Vec<Caller> = Vec::new();
    let deadline = Instant::now() + patience;
    loop {
        take_callers(listener, &mut callers)?;
        for mut caller in std::mem::take(&mut callers) {
            match caller.hear(token, ranks) {
                Heard::Rank(rank) => known[rank] = Some(caller.stream),
                Heard::Nothing => callers.push(caller),
                Heard::Stranger => {}
            }
        }
        let missing = known.iter().skip(1).filter(|stream| stream.is_none()).count();
        if missing == 0 {
            return Ok(Hub::new(known));
        }
        if Instant::now() > deadline {
            let reason = format!("{missing} ranks have not come within {} s", patience.as_secs());
            return Err(Error::System(format!("a sweep's ranks speak with rank 0 by TCP: {reason}")));
        }
        std::thread::sleep(PAUSE);
    }
}

/// Accepts all who have connected.
fn take_callers(listener: &TcpListener, callers: &mut Vec<Caller>) -> Result<()> {
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(true).map_err(failed("rank 0 cannot keep a socket"))?;
                let since = Instant::now();
                callers.push(Caller { stream, incoming: Assembly::default(), since, is_welcomed: false });
            }
            Err(error)
                if [Errno::MFILE, Errno::NFILE].iter().any(|it| error.raw_os_error() == Some(it.raw_os_error())) =>
            {
                return Err(failed("rank 0 has no descriptors left for them (ulimit -n)")(error));
            }
            // Nobody waits; or who did is gone.
            Err(_) => return Ok(()),
        }
    }
}

impl Caller {
    /// Takes in what the caller has said, and answers.
    fn hear(&mut self, token: u64, ranks: usize) -> Heard {
        let is_late = self.since.elapsed() > TRIAL && !self.is_welcomed;
        match self.next_rank(token, ranks) {
            Ok(Some(rank)) => Heard::Rank(rank),
            Ok(None) if !is_late => Heard::Nothing,
            Ok(None) | Err(_) => Heard::Stranger,
        }
    }

    /// The caller's rank, once it has introduced itself and knows that it is welcome.
    fn next_rank(&mut self, token: u64, ranks: usize) -> io::Result<Option<usize>> {
        let mut piece = [0; 2 * INTRODUCTION];
        match self.stream.read(&mut piece) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => self.incoming.add(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        }
        while let Some(hello) = self.incoming.next_within(INTRODUCTION)? {
            let rank = hello.numbers[0] as usize;
            if hello.kind != Kind::Hello || hello.numbers[1] != token || !(1..ranks).contains(&rank) {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
            if self.is_welcomed {
                return Ok(Some(rank));
            }
            self.stream.set_nodelay(true)?;
            Frame::new(Kind::Welcome, [0; 2]).write(&self.stream)?;
            self.is_welcomed = true;
        }
        Ok(None)
    }
}

/// Another rank tries rank 0's addresses again and again: the first time `trial` each, in all as long as `patience`.
fn reach(rank: usize, invitation: &[u64], trial: Duration, patience: Duration) -> Result<TcpStream> {
    let [port, token, addresses @ ..] = invitation else {
        return Err(Error::System("rank 0 has sent no address".to_owned()));
    };
    let deadline = Instant::now() + patience;
    let mut trial = trial;
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        for &address in addresses {
            let address = SocketAddr::from((Ipv4Addr::from(address as u32), *port as u16));
            match introduce(rank, *token, &address, trial) {
                Ok(connection) => return Ok(connection),
                Err(error) => last = error,
            }
        }
        if Instant::now() > deadline {
            let known: Vec<String> = addresses.iter().map(|&word| Ipv4Addr::from(word as u32).to_string()).collect();
            return Err(failed(&format!("rank {rank} cannot reach it at {} port {port}", known.join(", ")))(last));
        }
        std::thread::sleep(PAUSE);
        trial = (2 * trial).min(patience);
    }
}

fn introduce(rank: usize, token: u64, address: &SocketAddr, trial: Duration) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(address, trial)?;
    stream.set_read_timeout(Some(trial))?;
    let hello = Frame::new(Kind::Hello, [rank as u64, token]);
    hello.write(&stream)?;
    if Frame::read(&stream, INTRODUCTION)?.kind != Kind::Welcome {
        return Err(io::ErrorKind::InvalidData.into());
    }
    stream.set_nodelay(true)?;
    hello.write(&stream)?;
    stream.set_read_timeout(None)?;
    Ok(stream)
}

/// The other host is asked every so often whether it is there; what it doesn't take in within the limit ends the socket.
fn probe(stream: &TcpStream, silence: Duration) -> io::Result<()> {
    let interval = PROBE.max(silence / MOST_PROBES as u32);
    let probes = (silence.as_secs() / interval.as_secs()).clamp(1, MOST_PROBES);
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, interval)?;
    sockopt::set_tcp_keepintvl(stream, interval)?;
    sockopt::set_tcp_keepcnt(stream, probes as u32)?;
    sockopt::set_tcp_user_timeout(stream, u32::try_from(silence.as_millis()).unwrap_or(u32::MAX))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const SOON: Duration = Duration::from_millis(50);
    const LATER: Duration = Duration::from_secs(20);

    /// Rank 0's side for two more ranks, which try to reach it at once; rank 0 begins `late`, after `first` has been at its port.
    fn meet(late: Duration, first: impl FnOnce(SocketAddr) -> Vec<TcpStream>) -> (Hub, Vec<TcpStream>) {
        let (listener, token) = listen(true).unwrap();
        let invitation = invite(&listener, token, true).unwrap();
        let _strangers = first(listener.local_addr().unwrap());
        std::thread::scope(|scope| {
            let invitation = &invitation;
            let ranks: Vec<_> =
                (1..3).map(|rank| scope.spawn(move || reach(rank, invitation, SOON, LATER).unwrap())).collect();
            std::thread::sleep(late);
            let began = Instant::now();
            let hub = accept_all(&listener, token, 3, LATER).unwrap();
            assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
            (hub, ranks.into_iter().map(|rank| rank.join().unwrap()).collect())
        })
    }

    /// Whether what rank 0 sends arrives.
    fn are_connected((mut hub, ranks): (Hub, Vec<TcpStream>)) -> bool {
        ranks.iter().zip(1..).all(|(stream, rank)| {
            hub.send(rank, &Frame::new(Kind::Want, [rank as u64, 7]));
            Frame::read(stream, 0).unwrap().numbers == [rank as u64, 7]
        })
    }

    /// The class: one end of a handshake that comes late, twice or not at all. Its members: rank 0 after ranks have given up their first
    /// tries, silent strangers, strangers that talk, ranks that have died after their hello, a rank that never comes.
    #[test]
    fn a_rank_0_that_comes_late_keeps_the_sockets_that_ranks_still_have() {
        assert!(are_connected(meet(Duration::ZERO, |_| Vec::new())));
        assert!(are_connected(meet(12 * SOON, |_| Vec::new())));
    }

    #[test]
    fn strangers_hold_up_nobody() {
        let silent = |address| (0..100).map(|_| TcpStream::connect(address).unwrap()).collect();
        assert!(are_connected(meet(SOON, silent)));
        let talking = |address| {
            let mut stranger = TcpStream::connect(address).unwrap();
            stranger.write_all(b"GET / HTTP/1.0\r\n\r\n and more than a frame's head is long").unwrap();
            vec![stranger]
        };
        assert!(are_connected(meet(SOON, talking)));
        let forger = |address| {
            let stranger = TcpStream::connect(address).unwrap();
            (0..2).for_each(|_| Frame::new(Kind::Hello, [1, 12345]).write(&stranger).unwrap());
            vec![stranger]
        };
        assert!(are_connected(meet(SOON, forger)));
    }

    #[test]
    fn a_rank_that_never_comes_is_an_error_of_the_system() {
        let (listener, token) = listen(true).unwrap();
        let Err(error) = accept_all(&listener, token, 2, SOON) else { panic!("nobody came") };
        assert!(error.to_string().ends_with("1 ranks have not come within 0 s"), "{error}");
        assert_eq!(error.status(), 1);
        let invitation = invite(&listener, token, true).unwrap();
        drop(listener);
        let error = reach(1, &invitation, SOON, SOON).unwrap_err();
        assert!(error.to_string().contains("rank 1 cannot reach it at 127.0.0.1 port "), "{error}");
        assert_eq!(error.status(), 1);
    }
}
