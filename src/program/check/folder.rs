//! The folder for runs: whether it can be written, what file system it is on, whether all hosts see it, how fast it is.
//!
//! Speeds are those of bytes that are safe on the disk (fsync); left out: reading, which the memory of the machine answers.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::finding::{Finding, size};
use crate::comm::Comm;

const ABOUT: &str = "folder";
/// Bytes that one rank writes alone, and that all ranks write together.
const ALONE: usize = 32 << 20;
const TOGETHER: usize = 64 << 20;
/// A speed below this is slow for any disk, bytes per second.
const SLOW: f64 = 30e6;
/// Room below which a run soon ends, bytes.
const LITTLE: u64 = 1 << 30;
/// How long a file may take to be seen by other hosts.
const SEEN: Duration = Duration::from_secs(5);

/// File systems by the numbers that the kernel gives them (statfs(2)).
const SYSTEMS: [(u64, &str); 11] = [
    (0x6969, "NFS"),
    (0x0BD0_0BD0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x1983_0326, "BeeGFS"),
    (0x00c3_6400, "Ceph"),
    (0x0102_1994, "tmpfs"),
    (0xEF53, "ext4"),
    (0x5846_5342, "XFS"),
    (0x9123_683E, "Btrfs"),
    (0x794c_7630, "overlay"),
    (0x6573_5546, "FUSE"),
];

/// What one process can tell of the folder.
pub(super) fn alone(folder: &Path) -> Vec<Finding> {
    match rate_of(folder, "0", ALONE) {
        Err(finding) => vec![finding],
        Ok(rate) => vec![place(folder), speed("folder, 1 rank", &[rate])],
    }
}

/// What all ranks can tell of the folder. All ranks; the findings are rank 0's.
pub(super) fn together(comm: &Comm, folder: &Path, hosts: usize) -> Vec<Finding> {
    let one = if comm.is_root() { rate_of(folder, "0", ALONE) } else { Ok(0.0) };
    if comm.all_reduce_max(u64::from(one.is_err())) == 1 {
        return one.err().into_iter().collect();
    }
    let seen = hosts < 2 || is_seen(comm, folder);
    if !seen {
        let found = format!("{} isn't the same on all {hosts} hosts", folder.display());
        return vec![Finding::wrong(
            ABOUT,
            found,
            "take a folder on the shared file system ($SCRATCH, $WORK): --out, or scratch in the cluster's file",
        )];
    }
    comm.barrier();
    let own = rate_of(folder, &comm.rank().to_string(), TOGETHER / comm.size());
    let rates = comm.all_gather(&[own.as_ref().copied().unwrap_or(0.0)]);
    let mut found = vec![place(folder), speed("folder, 1 rank", &[one.unwrap_or(0.0)])];
    if let Some(rank) = rates.iter().position(|rate| *rate == 0.0) {
        found.push(Finding::wrong(
            "folder, all",
            format!("rank {rank} can't write there"),
            "look for its permissions on that host",
        ));
    } else {
        found.push(speed("folder, all", &rates));
    }
    found
}

/// A file that is removed again.
struct Probe(PathBuf);

impl Drop for Probe {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn probe(folder: &Path, name: &str) -> Probe {
    Probe(folder.join(format!(".divisi-check-{}-{name}", std::process::id())))
}

/// Bytes per second of a file that is written and made safe; or why there is none.
fn rate_of(folder: &Path, name: &str, bytes: usize) -> Result<f64, Finding> {
    let file = probe(folder, name);
    let failed = |error: std::io::Error| refused(folder, &error);
    let mut open = OpenOptions::new().write(true).create_new(true).open(&file.0).map_err(failed)?;
    let began = Instant::now();
    write(&mut open, bytes).map_err(failed)?;
    Ok(bytes as f64 / began.elapsed().as_secs_f64().max(1e-9))
}

fn write(file: &mut File, bytes: usize) -> std::io::Result<()> {
    let piece = vec![0x5a_u8; 1 << 20];
    (0..bytes.div_ceil(piece.len())).try_for_each(|_| file.write_all(&piece))?;
    file.sync_all()
}

fn refused(folder: &Path, error: &std::io::Error) -> Finding {
    let advice = match error.kind() {
        std::io::ErrorKind::NotFound => "make it, or name another: --folder",
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            "runs need a folder of your own: --out, or scratch in the cluster's file"
        }
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => "make room, or take another file system",
        _ => "take another folder: --out, or scratch in the cluster's file",
    };
    Finding::wrong(ABOUT, format!("{} can't be written: {error}", folder.display()), advice)
}

/// The file system, and its room.
fn place(folder: &Path) -> Finding {
    let kind = rustix::fs::statfs(folder).map_or("unknown", |about| system(about.f_type as u64));
    let room = rustix::fs::statvfs(folder).map_or(u64::MAX, |about| about.f_bavail * about.f_frsize);
    let found = format!("{} on {kind}, {} free", folder.display(), size(room as f64));
    if room < LITTLE {
        return Finding::doubtful(ABOUT, found, "make room, or take another folder");
    }
    let advice = match kind {
        "NFS" => "where many ranks write slowly or fail: output.mpiio=false",
        "tmpfs" => "it is memory, and gone with the machine's next start: take a disk for what is to stay",
        "Lustre" => "for files of many GB stripe the folder: lfs setstripe -c 8, or output.hints",
        _ => return Finding::fine(ABOUT, found),
    };
    Finding { advice: advice.to_owned(), ..Finding::fine(ABOUT, found) }
}

fn system(number: u64) -> &'static str {
    SYSTEMS.iter().find(|(known, _)| *known == number & 0xffff_ffff).map_or("another file system", |(_, name)| name)
}

/// The speed of ranks that wrote at the same time.
fn speed(about: &str, rates: &[f64]) -> Finding {
    // Each had the same bytes: the slowest ends last.
    let slowest = rates.iter().fold(f64::INFINITY, |least, rate| least.min(*rate));
    let all = slowest * rates.len() as f64;
    let found = format!("{}/s written and safe", size(all));
    if all >= SLOW {
        return Finding::fine(about, found);
    }
    Finding::doubtful(
        about,
        found,
        "write less often (output.every_steps, checkpoint.every_steps), or take a faster file system",
    )
}

/// Whether ranks of all hosts see a file that rank 0 has made. All ranks.
fn is_seen(comm: &Comm, folder: &Path) -> bool {
    let number = comm.broadcast(&[std::process::id()], 0)[0];
    let path = folder.join(format!(".divisi-check-{number}-seen"));
    let file = comm.is_root().then(|| Probe(path.clone()));
    let made = file.as_ref().is_none_or(|file| File::create(&file.0).is_ok());
    comm.barrier();
    let began = Instant::now();
    let sees = || {
        // Listing the folder makes NFS look again.
        let _ = fs::read_dir(folder).map(Iterator::count);
        path.exists()
    };
    while !sees() && began.elapsed() < SEEN {
        std::thread::sleep(Duration::from_millis(100));
    }
    let misses = u64::from(!made || !path.exists());
    comm.all_reduce_max(misses) == 0
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_written_is_told_and_one_that_can_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let missing = &alone(&folder.path().join("none"))[0];
        assert!(missing.level == Level::Wrong && missing.advice.contains("--folder"), "{missing}");
        let denied = refused(folder.path(), &std::io::ErrorKind::PermissionDenied.into());
        assert!(denied.level == Level::Wrong && denied.advice.contains("of your own"), "{denied}");
        assert_eq!(alone(folder.path()).len(), 2);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_slow_disk_is_told_by_what_its_slowest_rank_writes() {
        let told = speed("folder, all", &[5e6, 90e6, 90e6]);
        assert!(told.level == Level::Doubtful && told.found.starts_with("15.000 MB/s"), "{told}");
        assert_eq!(speed("folder", &[40e6]).level, Level::Fine);
        assert_eq!((system(0x6969), system(0xffff_ffff_9123_683e), system(1)), ("NFS", "Btrfs", "another file system"));
    }
}
