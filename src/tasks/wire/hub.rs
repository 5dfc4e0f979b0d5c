//! Rank 0's sockets: one to each other rank.
//!
//! Through them rank 0 learns at once that a rank has died (the kernel closes a dead process's sockets; keep-alive probes find
//! hosts that are gone), and speaks with ranks of other nodes. MPI can do neither: under a launcher that survives deaths its calls to a
//! dead rank succeed or never return.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};

use super::frame::{Assembly, Frame};
use crate::{Error, Result};

/// Bytes read at once.
const PIECE: usize = 1 << 18;

/// Rank 0's sockets.
pub(crate) struct Hub {
    /// By rank; none for rank 0, and for ranks that are gone.
    connections: Vec<Option<Connection>>,
    piece: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    incoming: Assembly,
    outgoing: VecDeque<u8>,
}

/// What has come from a rank.
pub(crate) enum Incoming {
    Frame(Frame),
    /// The rank is gone.
    Gone,
}

/// What went wrong with a rank's socket.
pub(super) fn failed(what: &str) -> impl FnOnce(io::Error) -> Error {
    move |error| Error::System(format!("a sweep's ranks speak with rank 0 by TCP: {what}: {error}"))
}

impl Hub {
    /// Rank 0's end of the ranks' sockets, which block nobody.
    pub(crate) fn new(sockets: Vec<Option<TcpStream>>) -> Self {
        let connection = |stream| Connection { stream, incoming: Assembly::default(), outgoing: VecDeque::new() };
        Hub { connections: sockets.into_iter().map(|socket| socket.map(connection)).collect(), piece: vec![0; PIECE] }
    }

    /// The sockets that are open.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &TcpStream> {
        self.connections.iter().flatten().map(|connection| &connection.stream)
    }

    /// Whether a rank's socket is open.
    pub(crate) fn is_connected(&self, rank: usize) -> bool {
        self.connections[rank].is_some()
    }

    /// Closes a rank's socket, if it is open: should the rank be there again, it ends.
    pub(crate) fn cut(&mut self, rank: usize) -> bool {
        self.connections[rank].take().is_some_and(|connection| {
            let _ = connection.stream.shutdown(Shutdown::Both);
            true
        })
    }

    /// Sends a frame; what the socket doesn't take at once goes with [`flush`](Hub::flush). To a rank that is gone, nothing.
    pub(crate) fn send(&mut self, rank: usize, frame: &Frame) {
        if let Some(connection) = &mut self.connections[rank] {
            frame.encode(&mut connection.outgoing);
            connection.flush();
        }
    }

    /// Sends what is left to be sent; whether anything is still.
    pub(crate) fn flush(&mut self) -> bool {
        self.connections.iter_mut().flatten().fold(false, |left, connection| {
            connection.flush();
            left || !connection.outgoing.is_empty()
        })
    }

    /// The sockets by rank, to wait on.
    ///
    /// # Errors
    /// If the process has no descriptors left.
    pub(crate) fn sockets(&self) -> Result<Vec<(usize, TcpStream)>> {
        let connections =
            self.connections.iter().enumerate().filter_map(|(rank, connection)| Some((rank, connection.as_ref()?)));
        let cloned = |(rank, connection): (usize, &Connection)| Ok((rank, connection.stream.try_clone()?));
        connections.map(cloned).collect::<io::Result<_>>().map_err(failed("rank 0 has no descriptors left (ulimit -n)"))
    }

    /// What a rank has sent.
    pub(crate) fn receive(&mut self, rank: usize) -> Vec<Incoming> {
        let Some(connection) = &mut self.connections[rank] else { return Vec::new() };
        let mut heard = Vec::new();
        let mut gone = false;
        loop {
            match connection.stream.read(&mut self.piece) {
                Ok(0) => gone = true,
                Ok(count) => connection.incoming.add(&self.piece[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => gone = true,
            }
            loop {
                match connection.incoming.next() {
                    Ok(Some(frame)) => heard.push(Incoming::Frame(frame)),
                    Ok(None) => break,
                    Err(_) => {
                        gone = true;
                        break;
                    }
                }
            }
            if gone {
                self.connections[rank] = None;
                heard.push(Incoming::Gone);
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
                // No room now; or the rank is gone, which reading will show.
                Err(_) => return,
            }
        }
    }
}
