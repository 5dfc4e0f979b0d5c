//! Orbit fits by the program: the same bytes on any number of ranks and after a kill, published answers, and what is refused.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::case::{Case, kill_and_resume, run, same_on};
use crate::common::{DIVISI, assert_same_files, divisi, finish, history, mpirun, root};

const LIMIT: u64 = 120;

const OFTI: Case =
    Case { name: "ofti", file: "orbit/gj504_ofti", words: &["method.orbits=1501", "output.history_steps=1"] };
const MAXIMUM: Case = Case {
    name: "maximum",
    file: "orbit/hd164922",
    words: &["method.starts=13", "method.starts_per_step=5", "output.history_steps=1"],
};
const GRID: Case = Case {
    name: "grid",
    file: "orbit/betapic",
    words: &[
        "method={ kind = \"grid\", axes = [{ parameter = \"ecc1\", from = 0.0, to = 0.4, count = 5 }], starts = 2, directions = 40, \
            held = { plx = 51.44, mtot = 1.78, inc1 = 1.5513 } }",
        "output.history_steps=1",
    ],
};
const ENSEMBLE: Case = Case {
    name: "ensemble",
    file: "orbit/hd164922_mcmc",
    words: &[
        "method.start=prior",
        "method.walkers=34",
        "method.burn_in=20",
        "method.thin=3",
        "run.steps=71",
        "method.effective_samples=0",
        "output.history_steps=10",
    ],
};
const TEMPERING: Case = Case {
    name: "tempering",
    file: "orbit/betapic",
    words: &[
        "method.start=prior",
        "method.walkers=18",
        "method.temperatures=5",
        "method.burn_in=40",
        "run.steps=90",
        "method.effective_samples=0",
        "method.evidence_error=0",
        "output.history_steps=30",
        "output.compress=3",
    ],
};
/// Two companions that pull on each other, and the star's velocity beside their places.
const NBODY: Case = Case {
    name: "nbody",
    file: "orbit/betapic",
    words: &[
        "orbit={ companions = 2, companion_masses = true, dynamics = \"nbody\" }",
        "priors={ plx = 51.44, m0 = { normal = [1.75, 0.05] }, m1 = { log_uniform = [1e-3, 2e-2] }, m2 = 8e-3, sma1 = { uniform = [9, 11] }, \
            sma2 = { uniform = [2.5, 2.9] }, ecc = { uniform = [0.0, 0.2] }, inc = 1.55, pan = 0.56 }",
        "method={ kind = \"ensemble\", walkers = 20, burn_in = 4, thin = 2 }",
        "run.steps=15",
        "output.history_steps=5",
    ],
};

#[test]
fn rejection_sampling_has_the_same_bytes_on_any_number_of_ranks() {
    same_on(&OFTI, &[2, 3, 4], &[]);
}

#[test]
fn maxima_and_grids_have_the_same_bytes_on_any_number_of_ranks() {
    same_on(&MAXIMUM, &[2, 3, 4], &[]);
    same_on(&GRID, &[2, 3, 4], &[]);
}

#[test]
fn ensembles_have_the_same_bytes_on_any_number_of_ranks() {
    same_on(&ENSEMBLE, &[2, 3, 4], &[]);
    same_on(&TEMPERING, &[2, 3, 4], &[]);
    same_on(&NBODY, &[2, 3, 4], &[]);
}

#[test]
fn killed_and_resumed_fits_have_the_bytes_of_undisturbed_ones() {
    kill_and_resume(&OFTI, 4, 3, &["checkpoint.every_steps=1", "method.orbits=8001"]);
    kill_and_resume(&MAXIMUM, 2, 1, &["checkpoint.every_steps=1", "method.starts=61", "method.starts_per_step=3"]);
    kill_and_resume(&ENSEMBLE, 3, 2, &["checkpoint.every_steps=50", "run.steps=3001", "output.history_steps=500"]);
    kill_and_resume(&TEMPERING, 2, 4, &["checkpoint.every_steps=50", "run.steps=1503", "output.history_steps=500"]);
}

/// The rows of summary.csv: name, 16 %, median, 84 %, best.
fn summary(run: &Path) -> Vec<(String, [f64; 4])> {
    let text = fs::read_to_string(run.join("summary.csv")).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[0].to_owned(), [2, 3, 4, 5].map(|place| cells[place].parse().unwrap()))
    };
    text.lines().skip(1).map(row).collect()
}

fn of<'a>(summary: &'a [(String, [f64; 4])], name: &str) -> &'a [f64; 4] {
    &summary.iter().find(|(one, _)| one == name).unwrap_or_else(|| panic!("no {name}")).1
}

/// The published middle of 1000 orbits, and orbitize's way of counting; see tests/physics/orbit/ofti.rs for whole distributions.
#[test]
fn gj_504_b_has_the_published_orbit() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    run(&Case { name: "gj504", file: "orbit/gj504_ofti", words: &[] }, 2, &out, &[]);
    let found = summary(&out);
    for (name, low, median, high) in
        [("sma1", 37.2, 46.8, 69.5), ("ecc1", 0.077, 0.228, 0.467), ("inc1", 126.0, 141.0, 157.0)]
    {
        let [p16, p50, p84, _] = *of(&found, name);
        // Three standard errors of a quantile of 1000 orbits, for a density as at the median of a normal one.
        let error = 3.0 * (p84 - p16) / 2.0 * 1.2533 / 1000f64.sqrt();
        println!("{name}: {p16} {p50} {p84}, published {low} {median} {high}, error {error}");
        assert!((p50 - median).abs() < error && (p16 - low).abs() < 1.5 * error && (p84 - high).abs() < 2.0 * error);
    }
    assert_eq!(history(&out, "samples").last(), Some(&10_000.0));
}

/// radvel 1.6.7 with the same flat priors (e below 0.99, jitters to 50 m/s) is at -1003.4502036743 after four restarts of Nelder and Mead's and
/// Powell's methods, and at -1003.90 to -1004.26 after its own `maxlike_fitting`, where P and K are those that are given for it. What its ln
/// posterior has beside ln likelihood is -3 ln 50 - 2 ln 0.99.
#[test]
fn the_maximum_of_hd_164922_is_at_least_as_high_as_radvels() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    run(&Case { name: "hd164922", file: "orbit/hd164922", words: &[] }, 2, &out, &["method.starts=64"]);
    let ln_prior: f64 = [100.0f64, 1200.0, 1.5, 75.0, 20.0, 20.0, 40.0, 40.0, 40.0, 50.0, 50.0, 50.0]
        .iter()
        .map(|width| -width.ln())
        .sum::<f64>()
        - 2.0 * std::f64::consts::PI.ln();
    let ln_likelihood = history(&out, "ln_posterior").last().unwrap() - ln_prior;
    let as_radvel = ln_likelihood - 3.0 * 50f64.ln() - 2.0 * 0.99f64.ln();
    println!("ln posterior as radvel has it: {as_radvel:.10}");
    assert!(as_radvel >= -1_003.450_203_674_3 - 1e-8, "{as_radvel}");
    let found = summary(&out);
    // Within 1.2 standard errors, those of the curvature at the maximum.
    for (name, given, error) in
        [("per1", 1199.20, 3.87), ("k1", 7.25, 0.25), ("per2", 75.726, 0.022), ("k2", 2.27, 0.47)]
    {
        let best = of(&found, name)[3];
        assert!((best - given).abs() < 1.2 * error, "{name}: {best}, and {given} is given");
    }
}

/// Nielsen et al. 2020: e = 0.12 +0.04 -0.03.
#[test]
fn beta_pictoris_b_agrees_with_the_published_eccentricity() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    run(&Case { name: "betapic", file: "orbit/betapic", words: &["method.effective_samples=2000"] }, 2, &out, &[]);
    let [low, median, high, _] = *of(&summary(&out), "ecc1");
    println!("e = {median} +{} -{}", high - median, median - low);
    assert!(low < 0.12 + 0.04 && high > 0.12 - 0.03, "intervals do not meet");
    assert!((median - 0.12).abs() < (0.04f64.powi(2) + (median - low).powi(2)).sqrt());
}

const FITS: [&str; 2] = [
    "parameters.list=[{from=20,to=40,root=1.0,starts=1},{from=70,to=80,root=0.1,starts=1},{from=90,to=110,root=0.1,starts=2}]",
    "task.set={'run.seed' = '{starts}', method.starts = 16, priors = { per2.uniform = ['{from}', '{to}'], tc2.uniform = [2456200, 2456500], \
        secosw2.uniform = ['-{root}', '{root}'], sesinw2.uniform = ['-{root}', '{root}'] }}",
];

/// Fits as the tasks of a sweep: the window of the second planet's period has the highest posterior, on 1 rank and on 3.
#[test]
fn fits_with_other_priors_starts_and_bounds_are_tasks_of_a_sweep() {
    let folder = tempfile::tempdir().unwrap();
    let one = folder.path().join("1");
    let three = folder.path().join("3");
    let case = Case { name: "fits", file: "orbit/fits", words: &FITS };
    run(&case, 1, &one, &[]);
    run(&case, 3, &three, &[]);
    assert_same_files(&one, &three);
    let text = fs::read_to_string(one.join("results.csv")).unwrap();
    let heights: Vec<f64> = text.lines().skip(1).map(|line| line.split(',').nth(5).unwrap().parse().unwrap()).collect();
    assert_eq!(heights.len(), 3);
    assert!(heights[1] > heights[0] + 10.0 && heights[1] > heights[2] + 10.0, "{heights:?}");
}

/// Without what was wanted within the limit a run ends with 4 and keeps its samples; with a wider one it goes on to the end.
#[test]
fn a_fit_that_does_not_converge_in_time_says_so_and_goes_on_later() {
    let folder = tempfile::tempdir().unwrap();
    let file = root().join("sims/orbit");
    let out = folder.path().join("ensemble");
    let mut command = mpirun(2, DIVISI);
    command.arg("run").arg(file.join("betapic.toml")).args(["run.steps=4400", "method.effective_samples=2000"]);
    finish(command.arg("--out").arg(&out), LIMIT).expect(4).says("not the goal").says("effective samples");
    assert_eq!(history(&out, "samples").last(), Some(&(64.0 * 40.0)));
    let resume = |words: &[&str]| finish(divisi().arg("resume").arg(&out).args(words), LIMIT);
    resume(&["run.steps=4500"]).expect(4).says("not the goal");
    resume(&["run.steps=100000"]).expect(0);
    assert!(*history(&out, "samples").last().unwrap() > 64.0 * 50.0);

    let out = folder.path().join("rejection");
    let run = |words: &[&str]| {
        finish(divisi().arg("run").arg(file.join("gj504_ofti.toml")).args(words).arg("--out").arg(&out), LIMIT)
    };
    run(&["method.most_trials=1000000"]).expect(4).says("a wider limit").says("trials were accepted");
    let resume = |words: &[&str]| finish(divisi().arg("resume").arg(&out).args(words), LIMIT);
    resume(&["method.most_trials=1000000000", "method.orbits=2000"]).expect(0).says("trials were accepted");
    assert_eq!(history(&out, "samples").last(), Some(&2000.0));
}

/// A short fit by walkers of the places of beta Pictoris b, with these words.
fn walked(folder: &Path, name: &str, words: &[&str]) -> std::path::PathBuf {
    let out = folder.join(name);
    let mut command = divisi();
    command.arg("run").arg(root().join("sims/orbit/betapic.toml"));
    finish(command.args(words).arg("--out").arg(&out), LIMIT).expect(0);
    out
}

/// At each step a row would look at all samples: a run would take the square of its steps.
#[test]
fn rows_of_a_fit_come_at_doublings_where_nothing_else_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(root().join("sims/orbit/betapic.toml")).unwrap();
    let text = text
        .replace("history_steps = 10000", "")
        .replace("betaPic.csv", root().join("sims/orbit/betaPic.csv").to_str().unwrap());
    let file = folder.path().join("fit.toml");
    fs::write(&file, text).unwrap();
    let out = folder.path().join("out");
    let words = ["method={ kind = 'ensemble', walkers = 18, burn_in = 10, thin = 1 }", "run.steps=21"];
    finish(divisi().arg("run").arg(&file).args(words).arg("--out").arg(&out), LIMIT).expect(0);
    assert_eq!(history(&out, "step"), [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 21.0]);
    // Goes on as if it had not been stopped.
    finish(divisi().arg("resume").arg(&out).arg("run.steps=40"), LIMIT).expect(0);
    assert_eq!(history(&out, "step"), [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 40.0]);
    let whole = folder.path().join("whole");
    finish(divisi().arg("run").arg(&file).args([words[0], "run.steps=40"]).arg("--out").arg(&whole), LIMIT).expect(0);
    let rows = |run: &Path| fs::read_to_string(run.join("history.csv")).unwrap();
    assert_eq!(rows(&out), rows(&whole));
}

/// Twenty steps after the burn-in say nothing of the evidence, and that is what stands everywhere.
#[test]
fn an_evidence_that_is_not_known_yet_is_no_number_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let method =
        "method={ kind = 'tempering', temperatures = 5, walkers = 18, burn_in = 40, ladder = 'fixed', thin = 1 }";
    let out = walked(folder.path(), "run", &[method, "run.steps=60"]);
    assert!(history(&out, "ln_evidence").iter().chain(&history(&out, "ln_evidence_error")).all(|value| value.is_nan()));
    let listed = finish(divisi().arg("ls").arg(out.join("posterior.hdf5")), LIMIT).expect(0).stdout;
    assert!(!listed.contains("ln_evidence"), "{listed}");
    let log = fs::read_to_string(out.join("run.log")).unwrap();
    assert!(log.contains("ln evidence isn't known yet: walkers at inverse temperatures from"), "{log}");
}

/// The samples of a run without more of their start, afterwards: no file of the run changes.
#[test]
fn more_of_a_chain_can_be_left_out_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["method={ kind = 'ensemble', walkers = 18, burn_in = 10, thin = 2 }", "run.steps=70"];
    let out = walked(folder.path(), "run", &words);
    let before = fs::read(out.join("posterior.hdf5")).unwrap();
    let posterior = |words: &[&str]| finish(divisi().arg("posterior").arg(&out).args(words), LIMIT);
    let all = posterior(&[]).expect(0).stdout;
    let cut_file = folder.path().join("cut.hdf5");
    let cut_file = cut_file.to_str().unwrap();
    let cut = posterior(&["--discard", "10", "--thin", "3", "--out", cut_file]).expect(0).stdout;
    assert!(all.contains("540 samples") && all.contains("of the bulk"), "{all}");
    // Kept steps 10, 13, .. 28 of 30.
    assert!(cut.contains("126 samples"), "{cut}");
    assert!(finish(divisi().arg("ls").arg(cut_file), LIMIT).expect(0).stdout.contains("126"));
    posterior(&["--discard", "10", "--out", cut_file]).expect(2).says("--out");
    posterior(&["--discard", "30"]).expect(2).says("there are 30 kept steps");
    posterior(&["--thin", "0"]).expect(2).says("--thin");
    assert_eq!(fs::read(out.join("posterior.hdf5")).unwrap(), before);
}

/// A folder with a parameter file and data that a test spoils.
fn refused(file: &str, data: &str, (from, to): (&str, &str), (before, after): (&str, &str), texts: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let spoilt = |name: &str, from: &str, to: &str| {
        let text = fs::read_to_string(root().join("sims/orbit").join(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from:?}");
        fs::write(folder.path().join(name), text.replacen(from, to, 1)).unwrap();
    };
    spoilt(file, from, to);
    spoilt(data, before, after);
    let out = folder.path().join("out");
    for ranks in [1, 3] {
        let mut command = if ranks == 1 { divisi() } else { mpirun(ranks, DIVISI) };
        let ended = finish(command.arg("run").arg(folder.path().join(file)).arg("--out").arg(&out), LIMIT).expect(2);
        let _ = texts.iter().fold(ended, |ended, text| ended.says(text));
        assert!(!out.exists(), "{texts:?}: the folder was made");
    }
}

/// A fit that ends by its goal alone has no end to estimate or to tell; what it leaves is listed and compared.
#[test]
fn a_fit_without_an_end_of_its_own_is_checked_and_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let file = root().join("sims/orbit/gj504_ofti.toml");
    let printed = |command: &mut Command, status: i32| finish(command, LIMIT).expect(status).stdout;
    let told = printed(divisi().arg("run").arg(&file).arg("--check"), 0);
    assert!(told.contains("until the goal is reached"), "{told}");
    run(&OFTI, 1, &out, &[]);
    assert!(out.join("posterior.hdf5").exists() && out.join("summary.csv").exists());
    let told = printed(divisi().arg("status").arg(&out), 0);
    assert!(told.contains("to end at its goal"), "{told}");
    let told = printed(divisi().arg("ls").arg(&out), 0);
    assert!(told.contains("posterior of 1501 samples"), "{told}");
    let other = folder.path().join("other");
    run(&OFTI, 1, &other, &["run.seed=2"]);
    let told = printed(divisi().arg("compare").arg(&out).arg(&other), 1);
    assert!(told.contains("posterior.hdf5: ") && told.contains("summary.csv: "), "{told}");
}

const SAME: (&str, &str) = ("", "");

#[test]
fn bad_data_name_their_line_and_column() {
    let gj504 = |to: (&str, &str), texts: &[&str]| refused("gj504_ofti.toml", "GJ504.csv", SAME, to, texts);
    gj504(("55702.89", "yesterday"), &["GJ504.csv, line 5", "epoch", "yesterday"]);
    gj504(("55702.89", "-3e9"), &["GJ504.csv, line 5", "epoch"]);
    gj504(("2483,8,", "2483,0,"), &["GJ504.csv, line 5", "sep_err"]);
    gj504(("2483,8,", "2483,-8,"), &["GJ504.csv, line 5", "sep_err"]);
    gj504(("sep_err,pa", "sep_error,pa"), &["GJ504.csv", "sep_error"]);
    refused(
        "hd164922.toml",
        "HD164922.txt",
        SAME,
        ("10.865898802", "fast"),
        &["HD164922.txt, line 2", "mnvel", "fast"],
    );
    refused("hd164922.toml", "HD164922.txt", SAME, ("1.14224851131", "-1.1"), &["HD164922.txt, line 2", "errvel"]);
    refused("hd164922.toml", "HD164922.txt", SAME, ("mnvel", "velocity"), &["HD164922.txt", "velocity"]);
    // A file of the other community's layout under the wrong name of a format.
    let format = ("files = [\"GJ504.csv\"]", "files = [\"GJ504.csv\"]\nformat = \"radvel\"");
    refused("gj504_ofti.toml", "GJ504.csv", format, SAME, &["GJ504.csv", "radvel"]);
}

#[test]
fn impossible_fits_name_their_key() {
    let gj504 = |to: (&str, &str), texts: &[&str]| refused("gj504_ofti.toml", "GJ504.csv", to, SAME, texts);
    gj504(("\"sma\"", "\"smaa\""), &["orbit.basis", "smaa"]);
    gj504(("\"sma\"", "\"period\""), &["orbit.basis", "velocities of the star alone"]);
    gj504(("kind = \"ofti\"", "kind = \"otfi\""), &["method.kind", "did you mean `ofti`?"]);
    gj504(("orbits = 10000", "orbits = 0"), &["method.orbits", "at least 1"]);
    gj504(("[56.95, 0.26]", "[56.95, -0.26]"), &["priors.plx", "positive deviation"]);
    gj504(("GJ504.csv", "GJ405.csv"), &["data.files", "GJ405.csv is not there"]);
    let betapic = |to: (&str, &str), texts: &[&str]| refused("betapic.toml", "betaPic.csv", to, SAME, texts);
    betapic(("walkers = 64", "walkers = 63"), &["method.walkers", "63 is odd"]);
    betapic(("steps = 100000", "steps = 0"), &["run.steps"]);
    // Sampling that never ends by itself needs an end.
    betapic(("steps = 100000", "seed = 3"), &["run", "needs an end"]);
    betapic(("start = \"maximum\"", "start = { around = { sma2 = 9.0 } }"), &["method.start", "sma2"]);
    // Rejection sampling of velocities alone.
    let ofti = ("kind = \"maximum\"", "kind = \"ofti\"");
    refused("hd164922.toml", "HD164922.txt", ofti, SAME, &["method.kind"]);
}

/// Priors far from the data: rejection sampling finds no orbit and says so, walkers find the nearest and say how far it is.
#[test]
fn priors_that_exclude_the_data_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| root().join("sims/orbit").join(name);
    let near = "priors.sma1={ log_uniform = [1.0, 2.0] }";
    for ranks in [1, 3] {
        let out = folder.path().join(ranks.to_string());
        let mut command = if ranks == 1 { divisi() } else { mpirun(ranks, DIVISI) };
        command.arg("run").arg(file("gj504_ofti.toml")).arg(near).arg("--out").arg(out);
        finish(&mut command, LIMIT)
            .expect(2)
            .says("lie beyond the ends of sma1 or pan1")
            .says("the priors exclude the data");
    }
    let mut command = divisi();
    command.arg("run").arg(file("betapic.toml")).arg("priors.ecc1={ uniform = [0.9, 0.95] }");
    command.args(["run.steps=400", "method.burn_in=200", "method.start=prior"]);
    command.args(["method.effective_samples=0", "method.evidence_error=0"]);
    finish(command.arg("--out").arg(folder.path().join("walkers")), LIMIT)
        .expect(0)
        .says("do the priors exclude the data");
}
