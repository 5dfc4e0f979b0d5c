//! Memory: what processes share, and what each rank may take.

use super::finding::{Finding, size};

/// Shared memory below which MPI libraries and halos fail or fall back, of a node and of each of its ranks.
const OF_NODE: u64 = 128 << 20;
const OF_RANK: u64 = 16 << 20;

/// Whether the ranks of a node have room for what they share.
pub(super) fn shared(room: u64, ranks: usize) -> Finding {
    const ABOUT: &str = "/dev/shm";
    if room == u64::MAX {
        return Finding::fine(ABOUT, "its size isn't told here");
    }
    let found = format!("{} free", size(room as f64));
    if room >= OF_NODE.max(OF_RANK * ranks as u64) {
        return Finding::fine(ABOUT, found);
    }
    let advice = "make it larger (mount -o remount,size=1g /dev/shm; in a container docker run --shm-size=1g), or remove what others \
                  have left there; else runs with large halos, and sweeps, send messages or stop";
    Finding::doubtful(ABOUT, found, advice)
}

/// The bytes that processes of this machine may still take, also within a control group; nothing where that isn't told.
pub(super) fn available() -> Option<u64> {
    let about = std::fs::read_to_string("/proc/meminfo").ok()?;
    let free = kibibytes(&about, "MemAvailable:")?;
    let limit = |folder: &str, most: &str, used: &str| {
        let number = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).ok()?.trim().parse::<u64>().ok();
        Some(number(most)?.saturating_sub(number(used)?))
    };
    let of_group = limit("/sys/fs/cgroup", "memory.max", "memory.current")
        .or_else(|| limit("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"));
    Some(of_group.map_or(free, |group| group.min(free)))
}

fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let words = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(words.split_whitespace().next()?.parse::<u64>().ok()? << 10)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn shared_memory_of_a_container_is_told_as_small() {
        assert_eq!(shared(8 << 30, 4).level, Level::Fine);
        assert_eq!(shared(u64::MAX, 4).level, Level::Fine);
        let small = shared(64 << 20, 4);
        assert!(small.level == Level::Doubtful && small.advice.contains("--shm-size"), "{small}");
        assert_eq!(shared(1 << 30, 128).level, Level::Doubtful);
    }

    #[test]
    fn memory_is_read_from_the_systems_words() {
        assert_eq!(kibibytes("MemTotal: 9 kB\nMemAvailable:  2048 kB\n", "MemAvailable:"), Some(2 << 20));
        assert_eq!(kibibytes("MemTotal: 9 kB\n", "MemAvailable:"), None);
    }
}
