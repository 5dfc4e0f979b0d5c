//! Who may come in: those who know the key that stands in the pool's folder, in a file that its owner alone can read.
//!
//! Rank 0 listens to its own host, or to all if the pool is for a network. Who connects gets a greeting with random bytes, and has a few
//! seconds to answer with random bytes of its own and the proof that it knows the key (HMAC-SHA256 of both, by the key); rank 0 answers
//! with its own proof. Nothing else is read from strangers, no more than so many of them wait at a time, and none holds up another.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::base::whole::part_of;
use crate::{Error, Result};

/// The file that says where a pool is and what its key is.
pub(super) const KEY_FILE: &str = "pool.json";
/// What a pool says first.
const GREETING: &[u8; 8] = b"divisi 1";
/// Bytes of a key, of random bytes, and of a proof.
const BYTES: usize = 32;
/// Strangers that may wait at a time.
const STRANGERS: usize = 16;
/// How long they may take to prove that they know the key.
const PATIENCE: Duration = Duration::from_secs(5);

/// The socket at which clients come in.
pub(super) struct Door {
    pub listener: TcpListener,
    key: [u8; BYTES],
    file: PathBuf,
    strangers: Vec<Stranger>,
}

/// Who has connected and not proved anything yet.
pub(super) struct Stranger {
    pub stream: TcpStream,
    said: [u8; BYTES],
    heard: Vec<u8>,
    since: Instant,
}

impl Door {
    /// Listens, and writes the key file. Rank 0.
    ///
    /// # Errors
    /// If there is no socket, no random number or no room for the file.
    pub(super) fn open(folder: &Path, network: bool) -> Result<Self> {
        let no_socket = |error| Error::System(format!("a pool cannot listen: {error}"));
        let address = if network { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
        let listener = TcpListener::bind(SocketAddr::from((address, 0))).map_err(no_socket)?;
        listener.set_nonblocking(true).map_err(no_socket)?;
        let port = listener.local_addr().map_err(no_socket)?.port();
        let key = random()?;
        let door = Door { listener, key, file: folder.join(KEY_FILE), strangers: Vec::new() };
        let text = json!({
            "addresses": addresses(network)?.iter().map(|ip| ip.to_string()).collect::<Vec<_>>(),
            "port": port,
            "key": key.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            "process": std::process::id(),
        });
        write_secret(&door.file, format!("{text}\n").as_bytes())?;
        Ok(door)
    }

    /// Lets strangers come up to the door: as many as may wait.
    pub(super) fn accept(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            let Ok(said) = random() else { continue };
            let greeted = stream.set_nonblocking(true).and_then(|()| stream.set_nodelay(true));
            // So few bytes fit into any socket at once; who doesn't get them isn't served.
            let greeted = greeted.and_then(|()| (&stream).write_all(&[&GREETING[..], &said].concat()));
            if greeted.is_ok() && self.strangers.len() < STRANGERS {
                self.strangers.push(Stranger { stream, said, heard: Vec::new(), since: Instant::now() });
            }
        }
    }

    /// Those who wait, to be polled.
    pub(super) fn strangers(&self) -> &[Stranger] {
        &self.strangers
    }

    /// Hears those who wait; who has proved that it knows the key comes in, who has not in time is sent away.
    pub(super) fn hear(&mut self) -> Vec<TcpStream> {
        let mut known = Vec::new();
        for mut stranger in std::mem::take(&mut self.strangers) {
            match stranger.hear(&self.key) {
                Heard::Proof(proof) => {
                    if (&stranger.stream).write_all(&proof).is_ok() {
                        known.push(stranger.stream);
                    }
                }
                Heard::Nothing if stranger.since.elapsed() < PATIENCE => self.strangers.push(stranger),
                Heard::Nothing | Heard::Nonsense => {}
            }
        }
        known
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // A file that is gone already is what is wanted.
        let _ = fs::remove_file(&self.file);
    }
}

/// What a stranger has said.
enum Heard {
    Nothing,
    Nonsense,
    /// It knows the key; the proof that rank 0 does.
    Proof(Vec<u8>),
}

impl Stranger {
    fn hear(&mut self, key: &[u8; BYTES]) -> Heard {
        let mut piece = [0; 2 * BYTES];
        let wanted = 2 * BYTES - self.heard.len();
        match self.stream.read(&mut piece[..wanted]) {
            Ok(0) => return Heard::Nonsense,
            Ok(count) => self.heard.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return Heard::Nonsense,
        }
        let Some((theirs, proof)) = self.heard.split_first_chunk::<BYTES>().filter(|(_, rest)| rest.len() == BYTES)
        else {
            return Heard::Nothing;
        };
        let sum = |who: &[u8]| {
            let mut sum = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
            [who, &self.said, theirs].into_iter().for_each(|part| sum.update(part));
            sum
        };
        match sum(b"client").verify_slice(proof) {
            Ok(()) => Heard::Proof(sum(b"server").finalize().into_bytes().to_vec()),
            Err(_) => Heard::Nonsense,
        }
    }
}

fn random() -> Result<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| Error::System(format!("no random numbers for a key: {error}")))?;
    Ok(bytes)
}

/// The addresses of this host that a client may try, in order.
fn addresses(network: bool) -> Result<Vec<IpAddr>> {
    let own = IpAddr::from(Ipv4Addr::LOCALHOST);
    if !network {
        return Ok(vec![own]);
    }
    let found = if_addrs::get_if_addrs()
        .map_err(|error| Error::System(format!("a pool cannot list this host's addresses: {error}")))?;
    let others = found.iter().map(if_addrs::Interface::ip).filter(|ip| ip.is_ipv4() && !ip.is_loopback());
    Ok(others.chain([own]).collect())
}

/// Writes a file whole that its owner alone can read.
fn write_secret(path: &Path, bytes: &[u8]) -> Result<()> {
    let part = part_of(path);
    // What a killed job has left may have been readable for others.
    let _ = fs::remove_file(&part);
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(Error::io("create", &part))?;
    file.write_all(bytes).map_err(Error::io("write", &part))?;
    fs::rename(&part, path).map_err(Error::io("rename", &part))
}
