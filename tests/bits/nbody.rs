//! The same bits on any number of ranks, and after a kill and a resume on another number.

use std::path::Path;

use divisi::io::Reader;

use crate::common::case::{Case, kill_and_resume, run};
use crate::common::{assert_same_files, divisi, finish, history};

/// Direct sums of many and of few bodies, in both precisions, fixed and chosen steps, softened and not; by the tree more than the 2048 bodies that
/// one domain has at least.
const CASES: [Case; 12] = [
    Case { name: "leapfrog_1000", file: "nbody/plummer", words: &["run.until=0.125", "output.every_time=0.0625"] },
    Case {
        name: "leapfrog_1000_f32",
        file: "nbody/plummer",
        words: &["run.until=0.125", "gravity.precision=f32", "initial.n=1001", "output.compress=3"],
    },
    Case {
        name: "hermite_1000",
        file: "nbody/plummer",
        words: &["run.until=0.0625", "integrator.method=hermite", "integrator.eta=0.02", "output.every_time=0.02"],
    },
    Case {
        name: "leapfrog_11",
        file: "nbody/solar_system",
        words: &[
            "integrator.method=leapfrog",
            "integrator.dt=\"1 day\"",
            "gravity.post_newtonian=false",
            "run.until=\"1 yr\"",
            "output.history_steps=7",
            "output.times=[100.0]",
        ],
    },
    Case {
        name: "hermite_11",
        file: "nbody/solar_system",
        words: &[
            "integrator.method=hermite",
            "integrator.dt=\"0.5 day\"",
            "gravity.post_newtonian=false",
            "run.until=\"100 day\"",
            "output.every_steps=50",
            "output.times=[]",
        ],
    },
    Case { name: "ias15_11", file: "nbody/solar_system", words: &["run.until=\"1 yr\"", "output.times=[100.0]"] },
    Case {
        name: "block_301",
        file: "nbody/core_collapse",
        words: &[
            "run.until=0.25",
            "initial.n=301",
            "integrator.dt=0.03125",
            "output.history_steps=4",
            "potentials.halo={ kind = 'nfw', mass = 1.0, scale = 5.0 }",
        ],
    },
    Case {
        name: "merging_clusters",
        file: "nbody/merging_clusters",
        words: &["run.until=0.0625", "output.history_steps=4", "events.escape=record", "events.escape_radius=3.0"],
    },
    Case {
        name: "galaxies",
        file: "nbody/galaxies",
        words: &[
            "run.until=0.25",
            "output.history_steps=2",
            "initial.parts.prograde.model.disc_n=301",
            "initial.parts.prograde.model.halo_n=200",
            "initial.parts.inclined.model.disc_n=100",
            "initial.parts.inclined.model.halo_n=99",
        ],
    },
    Case {
        name: "tree_5000",
        file: "nbody/plummer_tree",
        words: &["initial.n=5000", "run.until=0.0625", "output.every_time=0.03125", "output.history_steps=4"],
    },
    Case {
        name: "tree_collapse",
        file: "nbody/cold_sphere",
        words: &[
            "initial.n=2500",
            "gravity.method=tree",
            "gravity.accuracy=fast",
            "integrator.method=leapfrog_dkd",
            "integrator.dt=0.0625",
            "run.until=6.5",
            "output.every_time=3",
        ],
    },
    Case {
        name: "tree_blocks_4000",
        file: "nbody/plummer_tree",
        words: &[
            "initial.n=4000",
            "integrator.block_steps=true",
            "integrator.eta=0.02",
            "integrator.dt=0.0625",
            "run.until=0.125",
            "output.every_time=0.0625",
            "output.history_steps=1",
            "potentials.halo={ kind = 'nfw', mass = 1.0, scale = 5.0 }",
        ],
    },
];

/// Another cadence of output than a case's own.
const OTHER_CADENCE: [&str; 3] = ["output.every_steps=9", "output.history_steps=2", "checkpoint.every_steps=10"];

/// Runs a case on 1, 2, 3, 4 and 7 ranks, and with another cadence on 1 and 3, and holds every file against those of one rank.
fn check(name: &str) {
    let case = CASES.iter().find(|case| case.name == name).expect("a case of that name");
    let folder = tempfile::tempdir().unwrap();
    for (cadence, more, others) in [("own", &[][..], &[2, 3, 4, 7][..]), ("other", &OTHER_CADENCE, &[3])] {
        let out = |ranks: usize| folder.path().join(format!("{cadence}_{ranks}"));
        run(case, 1, &out(1), more);
        for &ranks in others {
            run(case, ranks, &out(ranks), more);
            assert_same_files(&out(1), &out(ranks));
        }
    }
}

#[test]
fn leapfrog_of_1000_bodies() {
    check("leapfrog_1000");
}

#[test]
fn leapfrog_of_1001_bodies_in_single_precision_compressed() {
    check("leapfrog_1000_f32");
}

#[test]
fn hermite_with_chosen_steps_of_1000_bodies() {
    check("hermite_1000");
}

#[test]
fn leapfrog_of_11_bodies() {
    check("leapfrog_11");
}

#[test]
fn hermite_of_11_bodies() {
    check("hermite_11");
}

#[test]
fn tree_of_5000_bodies() {
    check("tree_5000");
}

/// Over a hundred steps, in which bodies cross each other and domains.
#[test]
fn tree_of_a_collapse() {
    check("tree_collapse");
}

#[test]
fn block_steps_of_4000_bodies_by_the_tree_in_a_halo() {
    check("tree_blocks_4000");
}

#[test]
fn ias15_of_11_bodies() {
    check("ias15_11");
}

#[test]
fn block_steps_of_301_bodies_in_a_halo() {
    check("block_301");
}

#[test]
fn clusters_that_merge_with_what_is_told_of_them() {
    check("merging_clusters");
}

#[test]
fn galaxies_that_collide() {
    check("galaxies");
}

/// Times are below 0, whether or not the end is given so; wherever the run is cut and resumed.
#[test]
fn bodies_that_go_back_in_time() {
    let words = &["integrator.backwards=true", "run.until=\"-30 day\"", "output.times=[-10.0, 20.0]"];
    let case = Case { name: "back_11", file: "nbody/solar_system", words };
    let folder = tempfile::tempdir().unwrap();
    let out = |name: &str| folder.path().join(name);
    let rows = ["output.history_time=5", "output.trajectory_steps=0", "output.trajectory_time=10"];
    run(&case, 1, &out("1"), &rows);
    for ranks in [2, 3, 4] {
        let name = ranks.to_string();
        run(&case, ranks, &out(&name), &[&rows[..], &["run.until=30"]].concat());
        assert_same_files(&out("1"), &out(&name));
    }
    let times = history(&out("1"), "time");
    assert!(times[0] == 0.0 && times[0].is_sign_positive() && times.is_sorted_by(|a, b| a > b), "{times:?}");
    assert_eq!(times.last(), Some(&-30.0));
    let snapshots = divisi::io::snapshots_in(&out("1").join("snapshots")).unwrap();
    let time = |path: &std::path::PathBuf| Reader::open(path).unwrap().attribute::<f64>("Header", "Time").unwrap();
    assert_eq!(snapshots.iter().map(time).collect::<Vec<_>>(), [0.0, -10.0, -20.0, -30.0]);
    let frames: Vec<f64> = Reader::open(&out("1").join("trajectory.hdf5")).unwrap().read("Time").unwrap();
    assert_eq!(frames, [0.0, -10.0, -20.0, -30.0]);
    let cut = out("cut");
    run(&case, 2, &cut, &[&rows[..], &["run.until=-20"]].concat());
    finish(divisi().arg("resume").arg(&cut).args(["--until", "-30"]), 60).expect(0);
    assert_same_files(&out("1"), &cut);
}

#[test]
fn files_through_rank_0_are_equal_too() {
    let case = &CASES[0];
    let folder = tempfile::tempdir().unwrap();
    let alone = folder.path().join("1");
    let three = folder.path().join("3");
    run(case, 1, &alone, &["output.mpiio=false"]);
    run(case, 3, &three, &["output.mpiio=false"]);
    assert_same_files(&alone, &three);
}

#[test]
fn output_does_not_change_a_fixed_step_run() {
    let case = &CASES[0];
    let folder = tempfile::tempdir().unwrap();
    let often = folder.path().join("often");
    let rarely = folder.path().join("rarely");
    run(case, 1, &often, &["output.every_steps=3", "output.history_steps=1", "checkpoint.every_steps=5"]);
    run(case, 2, &rarely, &["output.every_time=0", "output.history_steps=0"]);
    let last = |run: &Path| {
        let mut files: Vec<_> = std::fs::read_dir(run.join("snapshots")).unwrap().map(|e| e.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "hdf5"));
        files.sort();
        std::fs::read(files.pop().expect("a snapshot")).unwrap()
    };
    assert!(last(&often) == last(&rarely), "the last snapshots differ");
}

#[test]
fn killed_and_resumed_on_another_number_of_ranks() {
    let often = ["run.until=0.5", "checkpoint.every_steps=16", "output.history_steps=3"];
    kill_and_resume(&CASES[0], 2, 3, &often);
    kill_and_resume(&CASES[2], 3, 1, &["run.until=0.5", "checkpoint.every_steps=20"]);
}

#[test]
fn killed_and_resumed_amid_block_steps() {
    kill_and_resume(&CASES[6], 3, 2, &["run.until=4.0", "checkpoint.every_steps=8"]);
}

#[test]
fn killed_and_resumed_with_a_tree() {
    let often = ["initial.n=3000", "run.until=0.125", "checkpoint.every_steps=4", "output.history_steps=3"];
    kill_and_resume(&CASES[9], 2, 3, &often);
}

#[test]
fn killed_and_resumed_amid_block_steps_with_a_tree() {
    kill_and_resume(&CASES[11], 3, 2, &["run.until=1.0", "checkpoint.every_steps=2"]);
}

#[test]
fn killed_and_resumed_few_bodies() {
    let often = ["run.until=\"20 yr\"", "checkpoint.every_steps=100", "output.trajectory_steps=7"];
    kill_and_resume(&CASES[5], 2, 1, &often);
}
