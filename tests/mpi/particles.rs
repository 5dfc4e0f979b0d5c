//! Particles on ranks: source blocks, moving, removing.

use divisi::Comm;
use divisi::particles::Particles;

pub(crate) const CHECKS: &[super::Check] = &[
    ("source blocks show all particles in order", source_blocks),
    ("blocks end at the same places on any number of ranks", block_ends),
    ("migrated particles arrive once, in order", migrate),
    ("removal keeps the rest in even shares", retain),
];

fn numbered(comm: &Comm, count: u64) -> Particles<u64> {
    Particles::distribute(comm, count, |range| range.collect())
}

fn source_blocks(comm: &Comm) {
    for count in [0, 1, 11, 1000, 5000] {
        let mut seen = Vec::new();
        numbered(comm, count).source_blocks(
            |&id| [id as f64, 2.0],
            |block| {
                assert_eq!(block.first, seen.len() as u64);
                (block.progress)();
                seen.extend(block.sources.iter().map(|source| source[0] as u64));
            },
        );
        assert_eq!(seen, (0..count).collect::<Vec<_>>());
    }
}

fn block_ends(comm: &Comm) {
    let mut ends = Vec::new();
    numbered(comm, 5000).source_blocks(
        |&id| id,
        |block| {
            if block.ends_block {
                ends.push(block.first + block.sources.len() as u64);
            }
        },
    );
    assert_eq!(ends, [2048, 4096, 5000]);
}

fn migrate(comm: &Comm) {
    let mut particles = numbered(comm, 101);
    let size = comm.size();
    particles.migrate(|_, &id| (id * id) as usize % size);
    assert_eq!(particles.count(), 101);
    assert!(particles.local().is_sorted());
    assert!(particles.local().iter().all(|id| (id * id) as usize % size == comm.rank()));
    particles.rebalance();
    let largest = comm.all_reduce_max(particles.local().len() as u64);
    assert_eq!(largest, 101_u64.div_ceil(size as u64));
    let mut all = particles.gather_all();
    all.sort_unstable();
    assert_eq!(all, (0..101).collect::<Vec<_>>());
}

fn retain(comm: &Comm) {
    let mut particles = numbered(comm, 100);
    particles.retain(|id| id % 10 == 3);
    assert_eq!(particles.gather_all(), (0..10).map(|k| 10 * k + 3).collect::<Vec<_>>());
    assert!(particles.local().len() as u64 <= 10_u64.div_ceil(comm.size() as u64));
}
