//! Rank 0's sockets: one to each other rank.
//!
//! Through them rank 0 learns at once that a rank has died (the kernel closes a dead process's sockets; keep-alive probes find
//! hosts that are gone), and speaks with ranks of other nodes. MPI can do neither: under a launcher that survives deaths its calls to a
//! dead rank succeed or never return.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use rustix::net::sockopt;

use super::frame::{Assembly, Frame, Kind};
use crate::comm::Comm;
use crate::{Error, Result};

/// How long ranks may take to find each other.
const MEETING: Duration = Duration::from_secs(60);
/// How long one address of rank 0 is tried.
const TRIAL: Duration = Duration::from_secs(3);
/// A host that says nothing for so long, asked every [`PROBE`], is gone.
const SILENCE: Duration = Duration::from_secs(6);
const PROBE: Duration = Duration::from_secs(2);
/// Probes without an answer.
const PROBES: u32 = 3;
/// Bytes of a presentation.
const GREETING: usize = 64;
/// Bytes read at once.
const PIECE: usize = 1 << 18;

/// A rank's end of its socket to rank 0.
pub(super) type Line = TcpStream;

/// Rank 0's sockets.
pub(super) struct Hub {
    /// By rank; none for rank 0, and for ranks that are gone.
    lines: Vec<Option<Connection>>,
    piece: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    incoming: Assembly,
    outgoing: VecDeque<u8>,
}

/// What has come from a rank.
pub(super) enum Heard {
    Frame(Frame),
    /// The rank is gone.
    Gone,
}

/// Which end of the sockets this rank has.
pub(super) enum End {
    Root(Hub),
    Other(Line),
}

/// Connects every rank with rank 0. All ranks.
///
/// # Errors
/// If rank 0 can't listen, or a rank can't reach it.
pub(super) fn connect(comm: &Comm) -> Result<End> {
    let listener = if comm.is_root() { listen().map(Some) } else { Ok(None) };
    let listener = comm.agree(listener)?;
    let invitation = listener.as_ref().map(|(listener, token)| invite(listener, *token)).transpose();
    let invitation = comm.agree(invitation)?.unwrap_or_default();
    let invitation = comm.broadcast(&invitation, 0);
    let end = match listener {
        Some((listener, token)) => meet(&listener, token, comm.size()).map(End::Root),
        None => call(comm.rank(), &invitation).map(End::Other),
    };
    comm.agree(end)
}

fn failed(what: &str) -> impl FnOnce(io::Error) -> Error {
    move |error| Error::Launch(format!("a sweep's ranks speak with rank 0 by TCP: {what}: {error}"))
}

fn listen() -> Result<(TcpListener, u64)> {
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let listener = TcpListener::bind(any).map_err(failed("rank 0 cannot listen"))?;
    let mut token = [0; 8];
    let source = std::path::Path::new("/dev/urandom");
    std::fs::File::open(source).and_then(|mut file| file.read_exact(&mut token)).map_err(Error::io("read", source))?;
    Ok((listener, u64::from_ne_bytes(token)))
}

/// What ranks need to find rank 0: port, token, addresses.
fn invite(listener: &TcpListener, token: u64) -> Result<Vec<u64>> {
    let port = listener.local_addr().map_err(failed("rank 0 has no address"))?.port();
    let found = if_addrs::get_if_addrs().map_err(failed("rank 0 cannot list its addresses"))?;
    let mut addresses: Vec<Ipv4Addr> = found
        .iter()
        .filter_map(|interface| match interface.ip() {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        })
        .collect();
    // Loopback last: on another host it leads to a stranger at best.
    addresses.sort_by_key(Ipv4Addr::is_loopback);
    let words = addresses.into_iter().map(|address| u64::from(u32::from(address)));
    Ok([u64::from(port), token].into_iter().chain(words).collect())
}

/// Rank 0 waits for all others.
fn meet(listener: &TcpListener, token: u64, ranks: usize) -> Result<Hub> {
    let mut lines: Vec<Option<Connection>> = (0..ranks).map(|_| None).collect();
    let deadline = Instant::now() + MEETING;
    listener.set_nonblocking(true).map_err(failed("rank 0 cannot listen"))?;
    let mut missing = ranks - 1;
    while missing > 0 {
        match listener.accept() {
            Ok((stream, _)) => {
                if let Ok(rank) = recognise(&stream, token)
                    && rank < ranks
                    && lines[rank].is_none()
                {
                    stream.set_nonblocking(true).map_err(failed("rank 0 cannot keep a socket"))?;
                    lines[rank] = Some(Connection { stream, incoming: Assembly::default(), outgoing: VecDeque::new() });
                    missing -= 1;
                }
            }
            Err(_) if Instant::now() < deadline => std::thread::sleep(Duration::from_micros(200)),
            Err(_) => {
                let reason = format!("{missing} ranks have not come within {} s", MEETING.as_secs());
                return Err(Error::Launch(format!("a sweep's ranks speak with rank 0 by TCP: {reason}")));
            }
        }
    }
    Ok(Hub { lines, piece: vec![0; PIECE] })
}

/// The rank of a caller that knows the token.
fn recognise(stream: &TcpStream, token: u64) -> io::Result<usize> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(TRIAL))?;
    let hello = Frame::read(stream, GREETING)?;
    if hello.kind != Kind::Hello || hello.numbers[1] != token {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    tune(stream)?;
    Frame::new(Kind::Welcome, [0; 2]).write(stream)?;
    Ok(hello.numbers[0] as usize)
}

/// Another rank calls rank 0 at each of its addresses.
fn call(rank: usize, invitation: &[u64]) -> Result<Line> {
    let [port, token, addresses @ ..] = invitation else {
        return Err(Error::Launch("rank 0 has told no address".to_owned()));
    };
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for &address in addresses {
        let address = SocketAddr::from((Ipv4Addr::from(address as u32), *port as u16));
        match greet(rank, *token, &address) {
            Ok(line) => return Ok(line),
            Err(error) => last = error,
        }
    }
    let known: Vec<String> = addresses.iter().map(|&word| Ipv4Addr::from(word as u32).to_string()).collect();
    Err(failed(&format!("rank {rank} cannot reach it at {} port {port}", known.join(", ")))(last))
}

fn greet(rank: usize, token: u64, address: &SocketAddr) -> io::Result<Line> {
    let stream = TcpStream::connect_timeout(address, TRIAL)?;
    stream.set_read_timeout(Some(TRIAL))?;
    Frame::new(Kind::Hello, [rank as u64, token]).write(&stream)?;
    if Frame::read(&stream, GREETING)?.kind != Kind::Welcome {
        return Err(io::ErrorKind::InvalidData.into());
    }
    stream.set_read_timeout(None)?;
    tune(&stream)?;
    Ok(stream)
}

/// Small frames go at once; a host that is gone is found out.
fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, PROBE)?;
    sockopt::set_tcp_keepintvl(stream, PROBE)?;
    sockopt::set_tcp_keepcnt(stream, PROBES)?;
    sockopt::set_tcp_user_timeout(stream, SILENCE.as_millis() as u32)?;
    Ok(())
}

impl Hub {
    /// Whether a rank's socket is open.
    pub(super) fn is_connected(&self, rank: usize) -> bool {
        self.lines[rank].is_some()
    }

    /// Sends a frame; what the socket doesn't take at once goes with [`flush`](Hub::flush). To a rank that is gone, nothing.
    pub(super) fn send(&mut self, rank: usize, frame: &Frame) {
        if let Some(line) = &mut self.lines[rank] {
            frame.encode(&mut line.outgoing);
            line.flush();
        }
    }

    /// Sends what is left to be sent; whether anything is still.
    pub(super) fn flush(&mut self) -> bool {
        self.lines.iter_mut().flatten().fold(false, |left, line| {
            line.flush();
            left || !line.outgoing.is_empty()
        })
    }

    /// The sockets by rank, to wait on.
    ///
    /// # Errors
    /// If the process has no descriptors left.
    pub(super) fn sockets(&self) -> Result<Vec<(usize, TcpStream)>> {
        let lines = self.lines.iter().enumerate().filter_map(|(rank, line)| Some((rank, line.as_ref()?)));
        let cloned = |(rank, line): (usize, &Connection)| Ok((rank, line.stream.try_clone()?));
        lines.map(cloned).collect::<io::Result<_>>().map_err(failed("rank 0 has no descriptors left (ulimit -n)"))
    }

    /// What a rank has sent.
    pub(super) fn hear(&mut self, rank: usize) -> Vec<Heard> {
        let Some(line) = &mut self.lines[rank] else { return Vec::new() };
        let mut heard = Vec::new();
        let mut gone = false;
        loop {
            match line.stream.read(&mut self.piece) {
                Ok(0) => gone = true,
                Ok(count) => line.incoming.add(&self.piece[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => gone = true,
            }
            loop {
                match line.incoming.next() {
                    Ok(Some(frame)) => heard.push(Heard::Frame(frame)),
                    Ok(None) => break,
                    Err(_) => {
                        gone = true;
                        break;
                    }
                }
            }
            if gone {
                self.lines[rank] = None;
                heard.push(Heard::Gone);
                break;
            }
        }
        heard
    }
}

impl Connection {
    fn flush(&mut self) {
        while !self.outgoing.is_empty() {
            match self.stream.write(self.outgoing.as_slices().0) {
                Ok(0) => return,
                Ok(count) => drop(self.outgoing.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // No room now; or the rank is gone, which reading will tell.
                Err(_) => return,
            }
        }
    }
}
