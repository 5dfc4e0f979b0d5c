//! Repeated exchanges of fixed size with the same ranks.
//!
//! [`Channels`] are made once. Each exchange lets the caller pack a buffer for each peer and sends it, then lets the caller
//! unpack what was received. Buffers are made once too. To ranks of the same node they go through shared memory, to others as
//! immediate messages. Waiting drives all other communication of the rank along.
//!
//! Messages are counted where they are sent; data through shared memory is mail, which is counted by rank alone. Waiting is
//! counted either way.

use bytemuck::Pod;

use super::message::{OWN_TAGS, Pending};
use super::window::{Mailbox, Pair};
use super::{Comm, ffi};

/// The tag of these messages. Exchanges of several [`Channels`] start in the same order on all ranks, and MPI keeps it.
const TAG: i32 = OWN_TAGS + 16;
/// How often a rank looks for mail before it offers its core to others.
const PATIENCE: u32 = 4096;
/// Looks between two calls that drive communication along.
const LOOKS: u32 = 64;

/// How data travels between ranks of the same node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Node {
    /// Through memory that they share.
    #[default]
    Shared,
    /// As messages, as between nodes.
    Messages,
}

/// A rank to exchange data with.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Peer {
    /// Its number; not this rank's own.
    pub rank: usize,
    /// How many elements it gets in each exchange.
    pub sends: usize,
    /// How many come from it.
    pub receives: usize,
}

/// Exchanges with the same ranks again and again.
pub struct Channels<T: Pod> {
    comm: Comm,
    peers: Vec<Peer>,
    /// Peers reached through shared memory, by their place in the list.
    mailboxes: Vec<(usize, Mailbox)>,
    /// Peers reached by messages, by their place in the list.
    messages: Vec<(usize, Buffers<T>)>,
    started: bool,
    patience: u32,
}

/// Where the buffers of a peer are: at rest or under way.
struct Buffers<T: Pod> {
    outgoing: Buffer<T>,
    incoming: Buffer<T>,
}

enum Buffer<T: Pod> {
    Resting(Vec<T>),
    Moving(Pending<T>),
}

impl<T: Pod> Buffer<T> {
    /// Starts an operation with a buffer at rest.
    fn start(&mut self, operation: impl FnOnce(Vec<T>) -> Pending<T>) {
        if let Buffer::Resting(data) = self {
            *self = Buffer::Moving(operation(std::mem::take(data)));
        }
    }

    /// Waits for the operation and shows the buffer.
    fn wait(&mut self) -> &[T] {
        if let Buffer::Moving(_) = self
            && let Buffer::Moving(pending) = std::mem::replace(self, Buffer::Resting(Vec::new()))
        {
            *self = Buffer::Resting(pending.wait());
        }
        match self {
            Buffer::Resting(data) => data,
            Buffer::Moving(_) => &[],
        }
    }
}

impl Comm {
    /// Prepares exchanges with `peers`, each of which names this rank too. Where a node has no room for memory that its ranks share, they
    /// send messages. All ranks.
    ///
    /// # Panics
    /// If a peer on the same node doesn't name this rank, or with other numbers of elements.
    pub fn channels<T: Pod>(&self, peers: Vec<Peer>, node: Node) -> Channels<T> {
        let mailboxes = if node == Node::Shared { self.mailboxes::<T>(&peers) } else { Vec::new() };
        let by_message = (0..peers.len()).filter(|index| mailboxes.iter().all(|(other, _)| other != index));
        let messages = by_message.map(|index| (index, Buffers::new(&peers[index]))).collect();
        Channels { comm: self.clone(), peers, mailboxes, messages, started: false, patience: PATIENCE }
    }

    /// Mailboxes for the peers on this node, with their places in the list.
    fn mailboxes<T: Pod>(&self, peers: &[Peer]) -> Vec<(usize, Mailbox)> {
        const { assert!(align_of::<T>() <= 64) }
        let node = self.split_node();
        let neighbours = node.all_gather(&[self.rank() as u64]);
        let mut places = Vec::new();
        let mut pairs = Vec::new();
        for (place, peer) in peers.iter().enumerate() {
            if let Some(rank) = neighbours.iter().position(|&rank| rank == peer.rank as u64) {
                places.push(place);
                let bytes = |elements: usize| elements * size_of::<T>();
                pairs.push(Pair { rank, sends: bytes(peer.sends), receives: bytes(peer.receives) });
            }
        }
        places.into_iter().zip(self.inner.job.windows.mailboxes(self, &node, &pairs)).collect()
    }
}

impl<T: Pod> Buffers<T> {
    fn new(peer: &Peer) -> Self {
        let zeros = |count| Buffer::Resting(vec![T::zeroed(); count]);
        Buffers { outgoing: zeros(peer.sends), incoming: zeros(peer.receives) }
    }
}

impl<T: Pod> Channels<T> {
    /// Lets `pack` fill the buffer for each peer, by its place in the list, and sends it. Each rank and its peers.
    ///
    /// # Panics
    /// If the last exchange is not finished.
    pub fn start(&mut self, mut pack: impl FnMut(usize, &mut [T])) {
        assert!(!self.started, "an exchange is started before the last one is finished");
        self.started = true;
        let Channels { comm, peers, mailboxes, messages, .. } = self;
        for (index, buffers) in messages {
            let to = peers[*index].rank;
            buffers.incoming.start(|data| comm.start_receive_into(data, to, TAG));
            buffers.outgoing.start(|mut data| {
                pack(*index, &mut data);
                comm.start_send(data, to, TAG)
            });
        }
        for (index, mailbox) in mailboxes {
            mailbox.post(|bytes| pack(*index, bytemuck::cast_slice_mut(bytes)));
            let Peer { rank, sends, .. } = peers[*index];
            comm.traffic().mailed_to(comm.job_ranks()[rank], sends * size_of::<T>());
        }
    }

    /// Waits for each peer's data and lets `unpack` read it, by the peer's place in the list; the order in which peers come
    /// is left open. Each rank and its peers.
    ///
    /// # Panics
    /// If no exchange was started.
    pub fn finish(&mut self, mut unpack: impl FnMut(usize, &[T])) {
        assert!(self.started, "an exchange is finished before it is started");
        self.started = false;
        while self.mailboxes.iter().any(|(_, mailbox)| !mailbox.is_done()) {
            self.await_mail();
            for (index, mailbox) in self.mailboxes.iter_mut().filter(|(_, mailbox)| mailbox.has_mail()) {
                mailbox.take(|bytes| unpack(*index, bytemuck::cast_slice(bytes)));
            }
        }
        for (index, buffers) in &mut self.messages {
            unpack(*index, buffers.incoming.wait());
        }
        for (_, buffers) in &mut self.messages {
            buffers.outgoing.wait();
        }
    }

    fn has_mail(&self) -> bool {
        self.mailboxes.iter().any(|(_, mailbox)| mailbox.has_mail())
    }

    /// Returns when there is mail to take.
    fn await_mail(&mut self) {
        if !self.has_mail() {
            self.patience = self.comm.traffic().waiting(|| self.look_for_mail());
        }
    }

    /// Looks for mail until there is some; returns how often to look next time before yielding.
    ///
    /// Where mail came only after yielding, looking was in vain: most likely the sender had no core. So the patience shrinks
    /// at once where ranks outnumber cores, and grows again where it pays.
    fn look_for_mail(&self) -> u32 {
        let mut looks = 0;
        while !self.has_mail() {
            looks += 1;
            if looks % LOOKS == 0 || looks > self.patience {
                ffi::drive(self.comm.messages());
            }
            if looks > self.patience {
                std::thread::yield_now();
            } else {
                std::hint::spin_loop();
            }
        }
        if looks > self.patience { self.patience / 4 } else { (2 * self.patience).clamp(LOOKS, PATIENCE) }
    }
}
