//! Damaged files, a few hundred each time, always the same: each is read or refused, never with a panic, a signal, a hang or memory
//! without end; and a run is never continued from one.
//!
//! Each is looked at by the program in a process of its own, whose memory and time are limited. Files of HDF5: a snapshot of bodies and one
//! of a grid, a trajectory, a posterior, a sweep's results; a run's checkpoints with their hashes; a sweep's journal. HDF5 itself ends with a
//! signal on some damage to what our hash doesn't protect: of libraries older than [`MENDED`] that is no fault of ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use divisi::io::{hash_of, path_of};
use divisi::random::Random;
use tempfile::TempDir;

use crate::common::{DIVISI, Ended, divisi, finish, root};

/// Seconds after which a process is killed.
const LIMIT: u64 = 20;
/// Seconds within which one that computes for seconds before it gives up has done so, however busy the machine is.
const BUSY: u64 = 120;
/// The seed of all damage.
const SEED: u64 = 13;
/// Damaged versions of each file of HDF5, of checkpoints, of journals.
const VERSIONS: [u64; 3] = [16, 40, 40];
/// Address space of a process, in KiB.
const MEMORY: u64 = 4 << 20;
/// What a number in a file may have become.
const NUMBERS: [u64; 8] = [0, 1, u64::MAX, 1 << 40, (1 << 61) + 3, 0x7ff8_0000_0000_0000, 1 << 63, 0xffff_ffff];
/// The first release of HDF5 that ends with an error, not with a signal, on the damage that is known.
const MENDED: [u64; 3] = [1, 14, 2];

/// Whole files, made once.
struct Whole(TempDir);

impl Whole {
    fn get() -> &'static Self {
        static WHOLE: OnceLock<Whole> = OnceLock::new();
        WHOLE.get_or_init(|| {
            let whole = Whole(tempfile::tempdir().unwrap());
            whole.run("nbody/pythagorean.toml", "bodies", &["output.trajectory_steps=1", "checkpoint.every_steps=2"]);
            whole.run("fluid/sod.toml", "grid", &["grid.cells=16"]);
            let plan = whole.path("plan.toml");
            let points = "parameters.values.x = [1.5, 2.5, 3.5]\ntask.command = ['echo', '{x}']\n";
            fs::write(&plan, format!("simulation = 'sweep'\n{points}")).unwrap();
            finish(divisi().arg("run").arg(plan).arg("--out").arg(whole.path("sweep")), LIMIT).expect(0);
            whole
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, file: &str, name: &str, words: &[&str]) {
        let mut command = divisi();
        command.arg("run").arg(root().join("sims").join(file)).args(["--steps", "4"]).args(words);
        finish(command.arg("--out").arg(self.path(name)), LIMIT).expect(0);
    }

    fn files(&self) -> [PathBuf; 5] {
        [
            self.path("bodies/snapshots/snapshot_000001.hdf5"),
            self.path("grid/snapshots/snapshot_000001.vtkhdf"),
            self.path("bodies/trajectory.hdf5"),
            root().join("sims/orbit/two_planets.hdf5"),
            self.path("sweep/results.h5"),
        ]
    }
}

fn random(kind: u64, index: u64) -> Random {
    Random::new(SEED, kind as u32, index)
}

fn below(random: &mut Random, count: usize) -> usize {
    (random.bits() % count.max(1) as u64) as usize
}

/// Bytes with one to three faults; half of them where files of HDF5 describe themselves.
fn damaged(whole: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..=below(random, 3) {
        let reach = if below(random, 2) == 0 { bytes.len() } else { bytes.len().min(4096) };
        let place = below(random, reach);
        match below(random, 5) {
            0 => bytes[place] ^= 1 << below(random, 8),
            1 => {
                let number = NUMBERS[below(random, NUMBERS.len())].to_le_bytes();
                let place = place / 8 * 8;
                let end = bytes.len().min(place + 8);
                bytes[place..end].copy_from_slice(&number[..end - place]);
            }
            2 => bytes.truncate(place.max(1)),
            3 => {
                let end = bytes.len().min(place + 64);
                bytes[place..end].iter_mut().for_each(|byte| *byte = random.bits() as u8);
            }
            _ => {
                let other = below(random, bytes.len());
                bytes.swap(place, other);
            }
        }
    }
    bytes
}

/// The program, with so much memory and, of processor time, [`LIMIT`].
fn limited() -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v {MEMORY}; ulimit -t {LIMIT}; ulimit -c 0; exec \"$0\" \"$@\""), DIVISI]);
    command
}

/// Whether the library ends with a signal on damage that it should report.
fn library_may_crash() -> bool {
    let text = divisi::io::library_version();
    let version = text.split(' ').next().unwrap_or_default();
    let numbers: Vec<u64> = version.split('.').filter_map(|part| part.parse().ok()).collect();
    numbers < MENDED.to_vec()
}

#[track_caller]
fn expect_clean(ended: &Ended, what: &str, may_crash: bool) {
    let told = format!("{what}: {ended:?}");
    assert!(!ended.stderr.contains("panicked") && !ended.stderr.contains("memory allocation"), "{told}");
    assert!(ended.seconds < LIMIT as f64, "{told}");
    match ended.status {
        Some(status) => assert!([0, 1, 2, 3, 85].contains(&status), "{told}"),
        None => assert!(may_crash, "{told}"),
    }
}

#[test]
fn damaged_hdf5_files_are_listed_and_compared_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, whole) in Whole::get().files().iter().enumerate() {
        let bytes = fs::read(whole).unwrap();
        let path = folder.path().join(whole.file_name().unwrap());
        for index in 0..VERSIONS[0] {
            fs::write(&path, damaged(&bytes, &mut random(kind as u64, index))).unwrap();
            let what = format!("version {index} of {}", whole.display());
            expect_clean(&finish(limited().arg("ls").arg(&path), LIMIT), &what, library_may_crash());
            let compared = finish(limited().arg("compare").arg(&path).arg(whole), LIMIT);
            expect_clean(&compared, &what, library_may_crash());
        }
    }
}

/// A text of any length lies in a heap, here in one whose first object is said to have as many bytes as bring HDF5 back to it, for ever.
#[test]
fn a_heap_in_which_hdf5_goes_round_and_round_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("heap.hdf5");
    let mut bytes = fs::read(root().join("sims/orbit/two_planets.hdf5")).unwrap();
    let heap = bytes.windows(4).position(|part| part == b"GCOL").expect("a heap");
    bytes[heap + 24..heap + 32].copy_from_slice(&(u64::MAX - 15).to_le_bytes());
    fs::write(&path, bytes).unwrap();
    let plot = ["plot", "--out", folder.path().to_str().unwrap()];
    for words in [&["ls"][..], &plot] {
        let ended = finish(limited().args(words).arg(&path), BUSY).expect(1);
        assert!(ended.stderr.contains("heap.hdf5: ") && ended.stderr.contains("damaged"), "{words:?}: {ended:?}");
    }
}

/// The file, its hash, or both; the one before it is taken.
#[test]
fn a_damaged_checkpoint_is_never_the_newest_whole_one() {
    let checkpoints = Whole::get().path("bodies/checkpoints");
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path();
    let copied = run.join("checkpoints");
    fs::create_dir(&copied).unwrap();
    fs::copy(Whole::get().path("bodies/config.toml"), run.join("config.toml")).unwrap();
    let copy = |path: &Path| fs::copy(path, copied.join(path.file_name().unwrap())).unwrap();
    let [older, newer] = [2, 4].map(|step| path_of(&checkpoints, step));
    for path in [&older, &newer] {
        copy(path);
        copy(&hash_of(path));
    }
    let whole = finish(limited().arg("ls").arg(run), LIMIT).expect(0).stdout;
    assert!(whole.contains("the newest whole one: step 4"), "{whole}");
    for index in 0..VERSIONS[1] {
        let mut random = random(10, index);
        let file = if index % 4 == 3 { hash_of(&newer) } else { newer.clone() };
        let bytes = fs::read(&file).unwrap();
        let changed = damaged(&bytes, &mut random);
        let target = copied.join(file.file_name().unwrap());
        fs::write(&target, &changed).unwrap();
        let ended = finish(limited().arg("ls").arg(run), LIMIT);
        let what = format!("version {index} of {}", file.display());
        expect_clean(&ended, &what, false);
        // Of the hash only its digits count.
        let taken = |step: u64| ended.stdout.contains(&format!("the newest whole one: step {step}"));
        let is_hash = file != newer;
        assert!(if changed == bytes { taken(4) } else { taken(2) || (is_hash && taken(4)) }, "{what}: {ended:?}");
        copy(&file);
    }
}

/// A record that is damaged or cut off: what comes before it counts.
#[test]
fn damaged_journals_are_read_or_refused() {
    let sweep = Whole::get().path("sweep");
    let folder = tempfile::tempdir().unwrap();
    fs::copy(sweep.join("config.toml"), folder.path().join("config.toml")).unwrap();
    let bytes = fs::read(sweep.join("journal")).unwrap();
    for index in 0..VERSIONS[2] {
        fs::write(folder.path().join("journal"), damaged(&bytes, &mut random(20, index))).unwrap();
        let ended = finish(limited().arg("status").arg(folder.path()), LIMIT);
        expect_clean(&ended, &format!("version {index} of the journal"), false);
    }
}
