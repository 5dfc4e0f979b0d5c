//! Messages between two ranks at a time: how long one takes, how many bytes per second go, how far two clocks are apart.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::finding::{Finding, size};
use crate::comm::{Comm, Tag};

const TAG: Tag = 1;
/// There and back, of 8 bytes, and of many.
const ROUNDS: usize = 100;
const LARGE_ROUNDS: usize = 5;
const LARGE: usize = 4 << 20;

/// What messages of two ranks take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Link {
    /// Seconds of a short message, one way.
    pub latency: f64,
    /// Bytes per second of long ones.
    pub bandwidth: f64,
}

/// Measures between rank 0 and another rank. All ranks, which get the same.
pub(super) fn link(comm: &Comm, other: usize) -> Link {
    let short = one_way(comm, other, 1, ROUNDS);
    let long = one_way(comm, other, LARGE / 8, LARGE_ROUNDS);
    let both = comm.broadcast(&[short, long], 0);
    Link { latency: both[0], bandwidth: LARGE as f64 / both[1].max(1e-12) }
}

/// Seconds of a message of so many words, one way: the least of all rounds, since other work only adds to it.
fn one_way(comm: &Comm, other: usize, words: usize, rounds: usize) -> f64 {
    let data = vec![0_u64; words];
    let mut least = f64::INFINITY;
    for _ in 0..rounds {
        if comm.is_root() {
            let began = Instant::now();
            comm.send(&data, other, TAG);
            comm.receive::<u64>(other, TAG);
            least = least.min(0.5 * began.elapsed().as_secs_f64());
        } else if comm.rank() == other {
            comm.receive::<u64>(0, TAG);
            comm.send(&data, 0, TAG);
        }
    }
    least
}

/// How far the clock of another rank is before that of rank 0, and how sure that is, s. All ranks.
pub(super) fn clock(comm: &Comm, other: usize) -> (f64, f64) {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    let mut best = [0.0, f64::INFINITY];
    for _ in 0..ROUNDS / 5 {
        if comm.is_root() {
            let before = now();
            comm.send(&[0.0_f64], other, TAG);
            let there = comm.receive::<f64>(other, TAG)[0];
            let after = now();
            let half = 0.5 * (after - before);
            if half < best[1] {
                best = [there - (before + half), half];
            }
        } else if comm.rank() == other {
            comm.receive::<f64>(0, TAG);
            comm.send(&[now()], 0, TAG);
        }
    }
    let best = comm.broadcast(&best, 0);
    (best[0], best[1])
}

/// What a link within a node, or between nodes, is good for.
pub(super) fn judged(between_nodes: bool, link: Link) -> Finding {
    let Link { latency, bandwidth } = link;
    let about = if between_nodes { "between hosts" } else { "within a host" };
    let found = format!("{:.1} us for a short message, {}/s", latency * 1e6, size(bandwidth));
    let (late, slow, advice) = if between_nodes {
        let advice = "that is Ethernet by TCP, or a network that others use: look whether MPI takes the fast network (ompi_info, UCX_TLS, \
                      OMPI_MCA_btl); runs with few cells or bodies per rank will wait";
        (50e-6, 1e9, advice)
    } else {
        let advice = "ranks of a host should speak through its memory: more ranks than cores, or a container without shared memory or \
                      the right to read other processes (OMPI_MCA_btl_vader_single_copy_mechanism=none)";
        (10e-6, 1e9, advice)
    };
    if latency <= late && bandwidth >= slow {
        Finding::fine(about, found)
    } else {
        Finding::doubtful(about, found, advice)
    }
}

/// What clocks that are so far apart mean: the farthest one, how sure, and its host.
pub(super) fn judged_clocks(farthest: f64, sure: f64, host: &str) -> Finding {
    let found = format!("that of {host} is {:.3} ms off the first host's, +- {:.3} ms", farthest * 1e3, sure * 1e3);
    if farthest.abs() < 1.0 + sure {
        return Finding::fine("clocks", found);
    }
    Finding::doubtful("clocks", found, "times of files and logs disagree: let the hosts' clocks be set (chrony, ntpd)")
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn slow_networks_and_wrong_clocks_are_told() {
        let fast = Link { latency: 1e-6, bandwidth: 1e10 };
        let ethernet = Link { latency: 80e-6, bandwidth: 1e8 };
        let levels = [(true, fast), (true, ethernet), (false, fast), (false, ethernet)]
            .map(|(between, link)| judged(between, link).level);
        assert_eq!(levels, [Level::Fine, Level::Doubtful, Level::Fine, Level::Doubtful]);
        assert_eq!(judged_clocks(-0.01, 1e-4, "n2").level, Level::Fine);
        assert_eq!(judged_clocks(-90.0, 1e-4, "n2").level, Level::Doubtful);
    }
}
