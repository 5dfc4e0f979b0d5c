//! Point-to-point messages, collectives, exchanges and exact sums.

use divisi::Comm;
use divisi::comm::{ExactSum, Sent, wait_all, wait_any};
use divisi::partition::balanced_range;

pub(crate) const CHECKS: &[super::Check] = &[
    ("messages travel round a ring", ring),
    ("an unknown length is received whole", unknown_length),
    ("immediate messages complete in any order", immediate),
    ("a large message arrives whole", large_message),
    ("immediate broadcasts overlap", immediate_broadcasts),
    ("gather and scatter are inverse", gather_scatter),
    ("exchange delivers every part", exchange),
    ("all_gather keeps the order of ranks", all_gather),
    ("reductions find extremes and their places", reductions),
    ("unsigned numbers are ordered as such", unsigned_extremes),
    ("ranks that wait leave their cores to others", waiting_ranks),
    ("exact sums do not depend on ranks", exact_sums),
    ("groups of a split speak among themselves", split),
    ("all ranks agree on a failure", agree),
    ("messages and bytes are counted per phase", traffic),
    ("messages and bytes are counted by the rank that gets them", sent_by_rank),
];

/// Seconds of processor time for a round of calls that wait, on more ranks than cores: a time slice of the kernel's is some milliseconds.
const MOST_PER_ROUND: f64 = 0.015;

fn ring(comm: &Comm) {
    let rank = comm.rank();
    let size = comm.size();
    let next = (rank + 1) % size;
    let before = (rank + size - 1) % size;
    let pending = comm.immediate_receive::<u64>(3, before, 7);
    comm.send(&[rank as u64, 10, 20], next, 7);
    assert_eq!(pending.wait(), [before as u64, 10, 20]);
}

fn unknown_length(comm: &Comm) {
    if comm.is_root() {
        for _ in 1..comm.size() {
            let (from, data) = comm.receive_any::<f64>(3);
            assert_eq!(data, vec![from as f64; from]);
        }
    } else {
        comm.send(&vec![comm.rank() as f64; comm.rank()], 0, 3);
    }
}

fn immediate(comm: &Comm) {
    let others: Vec<usize> = (0..comm.size()).filter(|&r| r != comm.rank()).collect();
    let mut receives: Vec<_> = others.iter().map(|&r| comm.immediate_receive::<u64>(2, r, 1)).collect();
    let sends = others.iter().map(|&r| comm.immediate_send(vec![comm.rank() as u64, r as u64], r, 1)).collect();
    let mut sources = others.clone();
    while !receives.is_empty() {
        let (index, data) = wait_any(&mut receives);
        assert_eq!(data, [sources.remove(index) as u64, comm.rank() as u64]);
    }
    wait_all(sends);
}

fn large_message(comm: &Comm) {
    let count = 3_000_001;
    let data: Vec<u64> = (0..count).map(|i| i * i).collect();
    let last = comm.size() - 1;
    if comm.rank() == last && last > 0 {
        comm.send(&data, 0, 5);
    }
    if comm.is_root() && last > 0 {
        assert_eq!(comm.receive::<u64>(last, 5), data);
    }
    let seen = comm.broadcast(if comm.rank() == last { &data } else { &[] }, last);
    assert_eq!(seen, data);
}

fn immediate_broadcasts(comm: &Comm) {
    let pending: Vec<_> = (0..comm.size())
        .map(|root| {
            let data = if root == comm.rank() { vec![root as f64; 1000] } else { vec![0.0; 1000] };
            comm.immediate_broadcast(data, root)
        })
        .collect();
    for (root, data) in wait_all(pending).into_iter().enumerate() {
        assert_eq!(data, vec![root as f64; 1000]);
    }
}

fn gather_scatter(comm: &Comm) {
    let root = comm.size() - 1;
    let mine = vec![comm.rank() as u64; comm.rank() * 2];
    let all = comm.gather(&mine, root);
    assert_eq!(all.is_some(), comm.rank() == root);
    if let Some(all) = &all {
        assert!(all.iter().enumerate().all(|(rank, part)| *part == vec![rank as u64; rank * 2]));
    }
    assert_eq!(comm.scatter(all.unwrap_or_default(), root), mine);
}

fn exchange(comm: &Comm) {
    let part = |from: usize, to: usize| vec![[from as u64, to as u64]; (from + 2 * to) % 4];
    let outgoing = (0..comm.size()).map(|to| part(comm.rank(), to)).collect();
    for (from, incoming) in comm.exchange(outgoing).into_iter().enumerate() {
        assert_eq!(incoming, part(from, comm.rank()));
    }
}

fn all_gather(comm: &Comm) {
    let all = comm.all_gather(&vec![comm.rank() as u64; comm.rank() + 1]);
    let expected: Vec<u64> = (0..comm.size() as u64).flat_map(|rank| vec![rank; rank as usize + 1]).collect();
    assert_eq!(all, expected);
}

fn reductions(comm: &Comm) {
    let rank = comm.rank();
    let size = comm.size();
    assert_eq!(comm.all_reduce_min(rank as f64), 0.0);
    assert_eq!(comm.all_reduce_max(rank as i64), size as i64 - 1);
    assert_eq!(comm.all_reduce_sum(rank as u64), (size * (size - 1) / 2) as u64);
    assert_eq!(comm.exclusive_sum(rank as u64 + 1), (rank * (rank + 1) / 2) as u64);
    let value = (rank / 2) as f64;
    assert_eq!(comm.min_with_location(value, 100 + rank as u64), (0.0, 100));
    let highest = ((size - 1) / 2) as f64;
    assert_eq!(comm.max_with_location(value, 100 + rank as u64), (highest, 100 + 2 * ((size as u64 - 1) / 2)));
}

/// All that finds extremes of unsigned numbers, with numbers on both sides of 2^63, on which each rank in turn has the extreme:
/// MPICH up to 4.0.2 takes them for signed ones.
fn unsigned_extremes(comm: &Comm) {
    const HALF: u64 = 1 << 63;
    let me = comm.rank() as u64;
    let last = comm.size() as u64 - 1;
    for [low, high] in [[0, u64::MAX], [HALF - 1, HALF], [1, HALF], [HALF, u64::MAX], [2, 3]] {
        for holder in 0..=last {
            let lowest = if me == holder { low } else { high };
            let highest = if me == holder { high } else { low };
            assert_eq!(comm.all_reduce_min(lowest), low);
            assert_eq!(comm.all_reduce_max(highest), high);
            let mut both = [highest, low];
            comm.all_reduce_max_into(&mut both);
            assert_eq!(both, [high, low]);
            let value = if me == holder { 1.0 } else { 2.0 };
            assert_eq!(comm.min_with_location(value, low + me), (1.0, low + holder));
            assert_eq!(comm.max_with_location(-value, low + me), (-1.0, low + holder));
        }
    }
    for [low, high] in [[i64::MIN, i64::MAX], [-1, 0], [i64::MIN, -1]] {
        assert_eq!(comm.all_reduce_min(if me == last { low } else { high }), low);
        assert_eq!(comm.all_reduce_max(if me == last { high } else { low }), high);
    }
}

/// Every call that waits, so often that a call which holds the core until the kernel takes it would cost many times as much as here.
fn waiting_ranks(comm: &Comm) {
    const ROUNDS: u64 = 40;
    let next = (comm.rank() + 1) % comm.size();
    let before = (comm.rank() + comm.size() - 1) % comm.size();
    let began = processor_time();
    for round in 0..ROUNDS {
        comm.barrier();
        assert_eq!(comm.all_reduce_max(round), round);
        assert_eq!(comm.broadcast(&[round], round as usize % comm.size()), [round]);
        assert_eq!(comm.exclusive_sum(1), comm.rank() as u64);
        assert_eq!(comm.all_gather(&[round]), vec![round; comm.size()]);
        assert_eq!(comm.exchange(vec![vec![round]; comm.size()]), vec![vec![round]; comm.size()]);
        let pending = comm.immediate_receive::<u64>(1, before, 4);
        // Longer than what is sent before the receiver asks for it.
        let long = vec![round; 20_000];
        if comm.is_root() && comm.size() > 1 {
            comm.send(&long, next, 5);
            assert_eq!(comm.receive::<u64>(before, 5), long);
        } else if comm.size() > 1 {
            comm.send(&comm.receive::<u64>(before, 5), next, 5);
        }
        comm.send(&[round], next, 4);
        assert_eq!(pending.wait(), [round]);
        let mut pending = vec![comm.immediate_broadcast(vec![round], 0)];
        assert_eq!(wait_any(&mut pending), (0, vec![round]));
    }
    let each = (processor_time() - began) / ROUNDS as f64;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    assert!(comm.size() <= cores || each < MOST_PER_ROUND, "a round takes {each} s of processor time");
}

/// Seconds of processor time of this process so far.
fn processor_time() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    now.tv_sec as f64 + 1e-9 * now.tv_nsec as f64
}

/// Numbers of very different size, whose plain sum depends on the order.
fn number(index: u64) -> f64 {
    let sign = if index.is_multiple_of(3) { -1.0 } else { 1.0 };
    sign * (index as f64 + 0.1) * 2.0_f64.powi((index * 37 % 120) as i32 - 60)
}

fn exact_sums(comm: &Comm) {
    let count = 10_007;
    let alone: ExactSum = (0..count).map(number).collect();
    let range = balanced_range(count, comm.size(), comm.rank());
    let together = comm.sum_exact(range.map(number));
    assert_eq!(together.to_bits(), alone.value().to_bits());
    let in_order: f64 = (0..count).map(number).sum();
    let reversed: f64 = (0..count).rev().map(number).sum();
    assert_ne!(in_order.to_bits(), reversed.to_bits(), "the numbers are too tame to tell an exact sum from another");
}

fn split(comm: &Comm) {
    let group = comm.split((comm.rank() % 2) as u32);
    assert_eq!(group.rank(), comm.rank() / 2);
    let members = group.all_gather(&[comm.rank() as u64]);
    let expected: Vec<u64> = (0..comm.size() as u64).filter(|rank| rank % 2 == comm.rank() as u64 % 2).collect();
    assert_eq!(members, expected);
    assert_eq!(comm.split_node().size(), comm.size(), "all ranks of this test share one node");
}

fn agree(comm: &Comm) {
    assert_eq!(comm.agree(Ok(5)).unwrap(), 5);
    let last = comm.size() - 1;
    let result = if comm.rank() == last { Err(divisi::Error::input("here", "wrong")) } else { Ok(()) };
    let told = comm.agree(result).unwrap_err();
    assert_eq!(told.status(), 2);
    assert_eq!(
        told.to_string(),
        if comm.rank() == last { "here: wrong".into() } else { format!("rank {last} failed") }
    );
}

fn traffic(comm: &Comm) {
    let counts = |name| comm.traffic().phases().into_iter().find(|(known, _)| *known == name).map(|(_, c)| c);
    {
        let _phase = comm.phase("counted");
        let other = comm.size() - 1 - comm.rank();
        let pending = comm.immediate_receive::<f64>(4, other, 2);
        comm.send(&[1.0; 4], other, 2);
        pending.wait();
    }
    comm.barrier();
    let counts = counts("counted").unwrap();
    assert_eq!((counts.messages, counts.bytes), (1, 32));
}

/// By the numbers that they have in the job, also where a part of them speaks.
fn sent_by_rank(comm: &Comm) {
    let part = comm.split((comm.rank() % 2) as u32);
    let before = comm.traffic().sent_by_rank();
    let first = comm.rank() % 2;
    if part.rank() > 0 {
        part.send(&[1.0; 4], 0, 2);
    } else {
        (1..part.size()).for_each(|from| drop(part.receive::<f64>(from, 2)));
    }
    let now = comm.traffic().sent_by_rank();
    let at = |list: &[Sent], rank: usize| list.get(rank).map_or([0; 2], |sent| [sent.messages, sent.bytes]);
    for rank in 0..comm.size() {
        let [now, then] = [at(&now, rank), at(&before, rank)];
        let messages = u64::from(part.rank() > 0 && rank == first);
        assert_eq!([now[0] - then[0], now[1] - then[1]], [messages, 32 * messages], "to {rank}");
    }
}
