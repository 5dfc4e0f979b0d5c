//! What only ranks together can tell: hosts, cores, memory, clocks, messages, and the folder from all of them.

use std::path::Path;

use bytemuck::{Pod, Zeroable};

use super::finding::{Finding, Level, size};
use super::{folder, memory, messages};
use crate::comm::{Comm, own_cores, shared_room};

/// Bytes of a host's name that are kept.
const NAME: usize = 64;
/// Hosts whose clocks are compared.
const CLOCKS: usize = 64;
/// Memory of a rank below which few runs fit, bytes.
const LITTLE: u64 = 256 << 20;

/// What a rank tells of itself.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct About {
    host: [u8; NAME],
    /// The lowest rank of its host.
    first: u64,
    ranks_here: u64,
    /// Cores that this rank may use, that those of its host may use together, and that the host has.
    cores: u64,
    cores_here: u64,
    cores_of_host: u64,
    /// Bytes.
    shared: u64,
    memory: u64,
}

/// A host of ranks.
struct Host {
    name: String,
    about: About,
}

/// All that ranks can tell. All ranks; the findings are rank 0's.
pub(super) fn findings(comm: &Comm, place: &Path) -> Vec<Finding> {
    let all = comm.all_gather(&[About::of(comm)]);
    let hosts: Vec<Host> =
        (0..).zip(&all).filter(|(rank, about)| about.first == *rank).map(|(_, about)| about.host()).collect();
    let mut found = vec![ranks(comm.size(), &hosts), cores(&hosts), memory_of_ranks(&hosts)];
    let least = hosts.iter().min_by_key(|host| host.about.shared / host.about.ranks_here);
    found.extend(least.map(|host| memory::shared(host.about.shared, host.about.ranks_here as usize)));
    found.retain(|finding| finding.about != "/dev/shm" || finding.level != Level::Fine);
    if all[0].ranks_here > 1 {
        let other = all.iter().skip(1).position(|about| about.first == 0).unwrap_or(0) + 1;
        let link = messages::judged(false, messages::link(comm, other));
        // Ranks that take turns are told by their cores.
        let is_crowded = found[1].level != Level::Fine;
        found.push(if is_crowded { Finding::fine(&link.about, link.found) } else { link });
    }
    if let Some(other) = hosts.get(1) {
        found.push(messages::judged(true, messages::link(comm, other.about.first as usize)));
        found.push(clocks(comm, &hosts));
    }
    found.extend(folder::together(comm, place, hosts.len()));
    found
}

impl About {
    /// This rank's. All ranks.
    fn of(comm: &Comm) -> Self {
        let node = comm.split_node();
        let own = own_cores();
        let mut here = node.all_gather(&own);
        here.sort_unstable();
        here.dedup();
        let mut host = [0; NAME];
        let uname = rustix::system::uname();
        let name = uname.nodename().to_bytes();
        let kept = name.len().min(NAME);
        host[..kept].copy_from_slice(&name[..kept]);
        About {
            host,
            first: node.all_reduce_min(comm.rank() as u64),
            ranks_here: node.size() as u64,
            cores: own.len() as u64,
            cores_here: here.len() as u64,
            cores_of_host: cores_of_host().unwrap_or(here.len() as u64),
            shared: shared_room(),
            memory: memory::available().unwrap_or(0),
        }
    }

    fn host(&self) -> Host {
        let name = String::from_utf8_lossy(&self.host).trim_end_matches('\0').to_owned();
        Host { name, about: *self }
    }
}

/// The cores of this machine, whoever may use them; nothing where that isn't told.
fn cores_of_host() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    let count = text.lines().filter(|line| line.starts_with("cpu") && !line.starts_with("cpu ")).count() as u64;
    (count > 0).then_some(count)
}

fn ranks(size: usize, hosts: &[Host]) -> Finding {
    let shown: Vec<String> =
        hosts.iter().take(8).map(|host| format!("{} on {}", host.about.ranks_here, host.name)).collect();
    let more = if hosts.len() > 8 { " .." } else { "" };
    let plural = if hosts.len() > 1 { "s" } else { "" };
    let found = format!("{size} on {} host{plural}: {}{more}", hosts.len(), shown.join(", "));
    let [least, most] =
        [hosts.iter().map(|host| host.about.ranks_here).min(), hosts.iter().map(|host| host.about.ranks_here).max()];
    if least == most {
        return Finding::fine("ranks", found);
    }
    Finding::doubtful(
        "ranks",
        found,
        "hosts with fewer ranks wait for the others: give each as many (srun --ntasks-per-node)",
    )
}

/// Whether each rank has a core of its own.
fn cores(hosts: &[Host]) -> Finding {
    const ABOUT: &str = "cores";
    let crowded = hosts.iter().find(|host| host.about.ranks_here > host.about.cores_here);
    if let Some(Host { name, about }) = crowded {
        let About { ranks_here, cores_here, cores_of_host, .. } = *about;
        let found = format!("{ranks_here} ranks of {name} share {cores_here} of its {cores_of_host} cores");
        return if ranks_here <= cores_of_host {
            let advice = "the binding, or the job's request, leaves cores out: ask for one for each rank (--ntasks-per-node, --cpus-per-task), \
                          bind by mpirun --bind-to core or srun --cpu-bind=cores";
            Finding::wrong(ABOUT, found, advice)
        } else {
            Finding::doubtful(
                ABOUT,
                found,
                "they take turns, and wait for each other: ask for no more ranks than cores",
            )
        };
    }
    let about = hosts[0].about;
    if about.ranks_here > 1 && about.cores == about.cores_of_host {
        let found = format!("ranks aren't bound: each may use all {} of a host", about.cores);
        return Finding {
            advice: "for steady speeds bind them: mpirun --bind-to core, srun --cpu-bind=cores".to_owned(),
            ..Finding::fine(ABOUT, found)
        };
    }
    Finding::fine(ABOUT, format!("{} for each rank, of {} of its host", about.cores, about.cores_of_host))
}

fn memory_of_ranks(hosts: &[Host]) -> Finding {
    const ABOUT: &str = "memory";
    let of_rank = |host: &&Host| host.about.memory / host.about.ranks_here;
    match hosts.iter().min_by_key(of_rank).map(|host| (of_rank(&host), &host.name)) {
        None | Some((0, _)) => Finding::fine(ABOUT, "the system doesn't tell"),
        Some((bytes, name)) if bytes < LITTLE => {
            let found = format!("{} for each rank on {name}", size(bytes as f64));
            Finding::doubtful(
                ABOUT,
                found,
                "ask for more (--mem, --mem-per-cpu), or for fewer ranks on a host; `divisi run --check` tells what a run takes",
            )
        }
        Some((bytes, _)) => Finding::fine(ABOUT, format!("{} for each rank", size(bytes as f64))),
    }
}

/// The clock that is farthest from that of the first host. All ranks.
fn clocks(comm: &Comm, hosts: &[Host]) -> Finding {
    let others = hosts.iter().skip(1).take(CLOCKS);
    let seen = others.map(|host| (messages::clock(comm, host.about.first as usize), &host.name));
    let farthest = seen.max_by(|(a, _), (b, _)| a.0.abs().total_cmp(&b.0.abs()));
    farthest.map_or_else(
        || Finding::fine("clocks", "one host"),
        |((off, sure), name)| messages::judged_clocks(off, sure, name),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(ranks_here: u64, cores: u64, cores_here: u64, cores_of_host: u64) -> Host {
        let about = About { ranks_here, cores, cores_here, cores_of_host, memory: 1 << 30, ..About::zeroed() };
        Host { name: "n1".to_owned(), about }
    }

    #[test]
    fn ranks_that_share_cores_are_told_with_why() {
        let bound = cores(&[host(4, 1, 1, 8)]);
        assert!(bound.level == Level::Wrong && bound.found.contains("4 ranks of n1 share 1 of its 8"), "{bound}");
        let many = cores(&[host(4, 2, 2, 2)]);
        assert!(many.level == Level::Doubtful && many.advice.contains("take turns"), "{many}");
        assert!(cores(&[host(4, 8, 8, 8)]).advice.contains("--bind-to core"));
        assert!(cores(&[host(4, 1, 4, 8)]).advice.is_empty());
    }

    #[test]
    fn uneven_hosts_and_little_memory_are_told() {
        assert_eq!(ranks(6, &[host(4, 1, 4, 4), host(2, 1, 2, 4)]).level, Level::Doubtful);
        assert_eq!(ranks(4, &[host(2, 1, 4, 4), host(2, 1, 2, 4)]).level, Level::Fine);
        assert_eq!(memory_of_ranks(&[host(4, 1, 4, 4)]).level, Level::Fine);
        assert_eq!(memory_of_ranks(&[host(8, 1, 8, 8)]).level, Level::Doubtful);
    }
}
