//! What is a run's in its folder, and what isn't: checkpoints of other runs, files of a person's, links, tables that were edited.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Ended, divisi, finish, history};
use divisi::io::{CheckpointReader, hash_of, path_of};

/// Seconds after which a run is killed.
const LIMIT: u64 = 60;
/// Three bodies at rest, with growing files of each kind.
const RUN: &str = "simulation = 'nbody'\nrun.steps = 20\ninitial.kind = 'pythagorean'\n\
     integrator = { method = 'leapfrog', dt = 0.01 }\noutput = { trajectory_steps = 5, every_steps = 10 }\n\
     checkpoint = { every_steps = 10, keep = 9 }\n";
/// A sweep of three tasks.
const SWEEP: &str =
    "simulation = 'sweep'\ntask = { command = ['echo', '{x}'], output = 'number' }\nparameters.values.x = [1, 2, 3]\n";

struct Scene(tempfile::TempDir);

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("run.toml"), RUN).unwrap();
        fs::write(folder.path().join("sweep.toml"), SWEEP).unwrap();
        Scene(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, name: &str, words: &[&str]) -> Ended {
        finish(divisi().arg("run").arg(self.path("run.toml")).arg("--out").arg(self.path(name)).args(words), LIMIT)
    }

    fn resume(&self, name: &str, words: &[&str]) -> Ended {
        finish(divisi().arg("resume").arg(self.path(name)).args(words), LIMIT)
    }
}

/// All files below a folder, with what is in them.
fn all(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files.extend(all(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

/// Where the bodies are at a step, from its checkpoint.
fn bodies(run: &Path, step: u64) -> Vec<u64> {
    let checkpoint = CheckpointReader::open_alone(&path_of(&run.join("checkpoints"), step)).unwrap();
    let entries = divisi::io::Reader::open(checkpoint.path()).unwrap();
    let arrays = entries.datasets().unwrap().into_iter().filter(|entry| entry.kind == "float64");
    arrays.flat_map(|entry| entries.read::<f64>(&entry.name).unwrap()).map(f64::to_bits).collect()
}

/// Left in a folder without its config.toml, and put into the folder of a run.
#[test]
fn checkpoints_of_another_run_never_become_a_runs_own() {
    let scene = Scene::new();
    scene.run("d", &["--steps", "200", "checkpoint.every_steps=50"]).expect(0);
    fs::remove_file(scene.path("d/config.toml")).unwrap();
    let before = all(&scene.path("d"));
    for more in [&[][..], &["--overwrite"], &["--resume"], &["--check"]] {
        let words = [&["integrator.dt=0.02", "--steps", "100"], more].concat();
        scene.run("d", &words).expect(2).says("is no run's (there is no config.toml");
    }
    assert_eq!(all(&scene.path("d")), before);
    scene.run("e", &["integrator.dt=0.02", "--steps", "100", "checkpoint.keep=1"]).expect(0);
    let config = fs::read(scene.path("e/config.toml")).unwrap();
    let theirs = path_of(&scene.path("d/checkpoints"), 200);
    let among = path_of(&scene.path("e/checkpoints"), 200);
    fs::copy(&theirs, &among).unwrap();
    fs::copy(hash_of(&theirs), hash_of(&among)).unwrap();
    scene.resume("e", &["--steps", "210"]).expect(2).says("is a checkpoint of another run");
    assert_eq!(fs::read(&among).unwrap(), fs::read(&theirs).unwrap());
    assert_eq!(fs::read(scene.path("e/config.toml")).unwrap(), config);
    fs::remove_file(&among).unwrap();
    fs::remove_file(hash_of(&among)).unwrap();
    scene.resume("e", &["--steps", "210"]).expect(0).says("resumed at step 100");
    scene.run("whole", &["integrator.dt=0.02", "--steps", "210"]).expect(0);
    assert_eq!(bodies(&scene.path("e"), 210), bodies(&scene.path("whole"), 210));
}

#[test]
fn overwriting_removes_the_files_of_a_run_alone() {
    let scene = Scene::new();
    let write = |name: &str| {
        let path = scene.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "[package]\n").unwrap();
    };
    let mine = ["config.toml", "figures/thesis.png", "tasks/000001/notes", "checkpoints/model.pt", "results.csv"];
    mine.iter().for_each(|name| write(&format!("p/{name}")));
    let before = all(&scene.path("p"));
    scene.run("p", &["--overwrite"]).expect(2).says("has no [made_by]");
    assert_eq!(all(&scene.path("p")), before);
    fs::remove_file(scene.path("p/config.toml")).unwrap();
    // Nothing is in the way of a run of bodies now, and nothing is taken for its own.
    scene.run("p", &[]).expect(0);
    scene.run("p", &["--overwrite", "--steps", "10"]).expect(0);
    for (path, content) in before.iter().filter(|(path, _)| !path.ends_with("config.toml")) {
        assert_eq!(fs::read(path).ok().as_ref(), Some(content), "{}", path.display());
    }
    assert_eq!(history(&scene.path("p"), "step").last(), Some(&10.0));
    assert!(!path_of(&scene.path("p/checkpoints"), 20).exists());
}

#[test]
fn a_run_is_not_replaced_by_one_that_reads_its_files() {
    let scene = Scene::new();
    scene.run("d", &[]).expect(0);
    let before = all(&scene.path("d"));
    let snapshot = format!("initial.file={}", scene.path("d/snapshots/snapshot_000001.hdf5").display());
    fs::write(scene.path("run.toml"), RUN.replace("pythagorean", "gadget")).unwrap();
    scene.run("d", &["--overwrite", &snapshot]).expect(2).says("which this run would replace");
    assert_eq!(all(&scene.path("d")), before);
    scene.run("e", &[&snapshot]).expect(0);
}

/// What happens to history.csv between two jobs: saved with other line ends, cut, lost; and to events.csv and the trajectory.
#[test]
fn a_run_whose_tables_were_changed_goes_on_and_says_from_where() {
    let scene = Scene::new();
    scene.run("whole", &["--steps", "40"]).expect(0);
    type Edit = fn(&Path);
    let edits: [(&str, Edit, &str); 5] = [
        (
            "history.csv",
            |path| fs::write(path, fs::read_to_string(path).unwrap().replace('\n', "\r\n")).unwrap(),
            "not those",
        ),
        ("history.csv", |path| fs::write(path, &fs::read(path).unwrap()[..100]).unwrap(), "it holds 100 bytes"),
        ("history.csv", |path| fs::remove_file(path).unwrap(), "it is gone"),
        ("trajectory.hdf5", |path| fs::remove_file(path).unwrap(), "it is gone"),
        ("trajectory.hdf5", |path| fs::write(path, "none").unwrap(), "HDF5"),
    ];
    for (number, (name, edit, reason)) in edits.into_iter().enumerate() {
        let run = format!("d{number}");
        scene.run(&run, &[]).expect(0);
        let path = scene.path(&run).join(name);
        edit(&path);
        let edited = fs::read(&path).ok();
        let ended = scene.resume(&run, &["--steps", "40"]).expect(0).says("resumed at step 20").says(reason);
        assert!(fs::read_to_string(scene.path(&run).join("run.log")).unwrap().contains(reason), "{}", ended.stderr);
        assert_eq!(bodies(&scene.path(&run), 40), bodies(&scene.path("whole"), 40));
        let stem = name.split('.').next().unwrap();
        let aside = path.with_file_name(name.replace(stem, &format!("{stem}.1")));
        assert_eq!(fs::read(aside).ok(), edited, "{name}");
        let steps = history(&scene.path(&run), "step");
        let first = if name == "history.csv" { 21 } else { 0 };
        assert_eq!(steps, (first..=40).map(f64::from).collect::<Vec<_>>(), "{reason}");
    }
}

/// A copy of a folder whose files are links to those of the other.
fn linked(from: &Path, to: &Path, link: fn(&Path, &Path)) {
    fs::create_dir(to).unwrap();
    for path in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let name = to.join(path.file_name().unwrap());
        if path.is_dir() { linked(&path, &name, link) } else { link(&path, &name) }
    }
}

/// A run, and a sweep, in a copy that shares its files with the first by links (`cp -rs`), or by second names (`cp -rl`).
#[test]
fn a_run_in_a_linked_copy_leaves_the_first_as_it_is() {
    let scene = Scene::new();
    scene.run("run", &[]).expect(0);
    let sweep = ["--out".into(), scene.path("sweep")];
    finish(divisi().arg("run").arg(scene.path("sweep.toml")).args(&sweep), LIMIT).expect(0);
    type Link = fn(&Path, &Path);
    let links: [(&str, Link); 2] = [
        ("soft", |from, to| std::os::unix::fs::symlink(from, to).unwrap()),
        ("hard", |from, to| fs::hard_link(from, to).unwrap()),
    ];
    for (kind, link) in links {
        for (run, words) in [("run", &["--steps", "40"][..]), ("sweep", &[])] {
            let before = all(&scene.path(run));
            let copy = format!("{kind}-{run}");
            linked(&scene.path(run), &scene.path(&copy), link);
            scene.resume(&copy, words).expect(0);
            assert!(all(&scene.path(run)) == before, "{copy} wrote into {run}");
        }
        assert_eq!(history(&scene.path(&format!("{kind}-run")), "step").len(), 41);
    }
}

/// What may fail after the folder is taken: the log, the tables; of a sweep the log.
#[test]
fn a_resume_that_fails_leaves_the_parameters_as_they_are() {
    let scene = Scene::new();
    scene.run("run", &[]).expect(0);
    finish(divisi().arg("run").arg(scene.path("sweep.toml")).arg("--out").arg(scene.path("sweep")), LIMIT).expect(0);
    for (run, words, name) in [
        ("run", &["--steps", "40"][..], "run.log"),
        ("run", &["--steps", "40"], "events.csv"),
        ("sweep", &["--walltime", "1:00:00"], "run.log"),
    ] {
        let config = scene.path(run).join("config.toml");
        let before = fs::read(&config).unwrap();
        let path = scene.path(run).join(name);
        let kept = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        scene.resume(run, words).expect(1).says(name);
        assert_eq!(fs::read(&config).unwrap(), before, "{name}");
        fs::remove_dir(&path).unwrap();
        fs::write(&path, kept).unwrap();
    }
}

/// A folder of a person's by the name of the scratch folder; and what a verification that was killed has left there.
#[test]
fn a_verification_removes_its_own_scratch_folder_alone() {
    let scene = Scene::new();
    scene.run("d", &[]).expect(0);
    let mine = scene.path("d/verify/notes.txt");
    fs::create_dir(scene.path("d/verify")).unwrap();
    fs::write(&mine, "mine").unwrap();
    let verify = || finish(divisi().arg("verify").arg(scene.path("d")), LIMIT);
    verify().expect(2).says("move it away");
    assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");
    fs::remove_file(&mine).unwrap();
    for name in ["config.toml", "history.csv", "run.log"] {
        fs::copy(scene.path("d").join(name), scene.path("d/verify").join(name)).unwrap();
    }
    verify().expect(0);
    assert!(!scene.path("d/verify").exists());
}

#[test]
fn a_checkpoint_without_its_hash_is_told_and_one_whose_time_was_changed_is_not_taken() {
    let scene = Scene::new();
    scene.run("d", &[]).expect(0);
    let newest = path_of(&scene.path("d/checkpoints"), 20);
    fs::remove_file(hash_of(&newest)).unwrap();
    scene.resume("d", &["--steps", "21"]).expect(0).says("no hash beside it").says("resumed at step 20");
    let mut bytes = fs::read(&newest).unwrap();
    fs::remove_file(path_of(&scene.path("d/checkpoints"), 21)).unwrap();
    let time = CheckpointReader::open_alone(&newest).unwrap().time().to_le_bytes();
    let place = bytes.windows(8).position(|eight| eight == time).unwrap();
    bytes[place] ^= 1;
    fs::write(&newest, bytes).unwrap();
    fs::remove_file(hash_of(&newest)).ok();
    scene.resume("d", &["--steps", "21"]).expect(0).says("the file is damaged").says("resumed at step 10");
}
