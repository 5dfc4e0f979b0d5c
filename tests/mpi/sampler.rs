//! Samplers: the same bits on any number of ranks, also when saved on one number and resumed on another.

use std::path::Path;

use divisi::Comm;
use divisi::io::{Checkpoint, CheckpointReader, WriteOptions, path_of};
use divisi::run::Goal;
use divisi::sampler::{
    Around, Density, Ensemble, EnsembleSettings, Grid, GridAxis, GridSettings, Maximum, MaximumSettings, Moves, Start,
    Table,
};

use super::output::{done, scratch, stamp};
use crate::common::densities::{Boxed, edge, normal, two_modes};

pub(crate) const CHECKS: &[super::Check] = &[
    ("an ensemble has the same bits on any number of ranks", ensemble_bits),
    ("tempering has the same bits on any number of ranks", tempering_bits),
    ("a maximum is the same bits on any number of ranks", maximum_bits),
    ("a grid is the same bits on any number of ranks", grid_bits),
    ("ensembles go on from a checkpoint on other ranks", ensemble_resumed),
    ("searches and grids go on from a checkpoint on other ranks", searches_resumed),
    ("a checkpoint of other settings is refused on all ranks", other_settings),
    ("what is wrong on one rank is an error on all", error_on_one),
];

/// Bits of numbers.
fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

/// All rows of a table in their order. All ranks.
fn rows(comm: &Comm, table: &Table) -> Vec<f64> {
    let share = table.share();
    assert_eq!(share.total, table.len());
    comm.all_gather(&share.numbers)
}

/// Panics unless what `make` makes on all ranks is what rank 0 makes alone.
#[track_caller]
fn assert_same_bits(comm: &Comm, make: impl Fn(&Comm) -> Vec<f64>) {
    let all = make(comm);
    let group = comm.split(u32::from(!comm.is_root()));
    if comm.is_root() {
        let alone = make(&group);
        assert!(!alone.is_empty() && bits(&all) == bits(&alone), "bits differ on {} ranks", comm.size());
    }
    comm.barrier();
}

/// An ensemble, moved by some steps.
fn moved<D: Density>(mut ensemble: Ensemble<D>, steps: u64) -> Ensemble<D> {
    (0..steps).for_each(|_| ensemble.step().expect("a step"));
    ensemble
}

/// All that an ensemble tells. All ranks.
fn told<D: Density>(comm: &Comm, ensemble: &Ensemble<D>) -> Vec<f64> {
    let look = ensemble.look();
    let mut told = rows(comm, ensemble.chain());
    told.extend(ensemble.positions().flatten());
    told.extend(look.times.iter().chain(&look.r_hat).chain(&ensemble.seen().times).chain(ensemble.betas()));
    told.extend(look.bulk.iter().chain(&look.tail));
    told.extend([look.burn_in as f64]);
    told.extend(ensemble.uneven().into_iter().flatten());
    told.extend(comm.all_gather(&ensemble.samples().numbers));
    told.extend(ensemble.exchanges().iter().chain([&ensemble.acceptance()]));
    if let Some(evidence) = ensemble.evidence() {
        told.extend([evidence.thermodynamic, evidence.stepping_stones].map(|e| [e.value, e.error]).concat());
    }
    told
}

const MIXTURE: Moves = Moves { stretch: 0.5, differential: 0.3, snooker: 0.2, scale: 2.0 };

fn settings() -> EnsembleSettings {
    let effective_samples = 1e9;
    let moves = MIXTURE;
    EnsembleSettings {
        walkers: 14,
        burn_in: 10,
        thin: 2,
        look_every: 20,
        effective_samples,
        moves,
        ..Default::default()
    }
}

fn ensemble_bits(comm: &Comm) {
    assert_same_bits(comm, |comm| {
        let ensemble = Ensemble::new(comm, normal(), settings(), 7).expect("walkers");
        told(comm, &moved(ensemble, 151))
    });
    // Fewer pairs of walkers than ranks, and an angle.
    assert_same_bits(comm, |comm| {
        let settings = EnsembleSettings { walkers: 4, moves: Moves::default(), ..settings() };
        told(comm, &moved(Ensemble::new(comm, edge(), settings, 7).expect("walkers"), 151))
    });
}

fn tempered() -> EnsembleSettings {
    EnsembleSettings { walkers: 6, temperatures: 5, ..settings() }
}

fn tempering_bits(comm: &Comm) {
    assert_same_bits(comm, |comm| {
        told(comm, &moved(Ensemble::new(comm, two_modes(), tempered(), 7).expect("walkers"), 151))
    });
}

fn search_settings() -> MaximumSettings {
    MaximumSettings { starts: 23, starts_per_step: 9, ..MaximumSettings::default() }
}

/// All that a search tells, once it is done. All ranks.
fn searched<D: Density>(comm: &Comm, mut search: Maximum<D>) -> Vec<f64> {
    while !search.is_done() {
        search.step().expect("a step");
    }
    let best = search.best().expect("a top").clone();
    let curvature = search.curvature().expect("a curvature");
    let settled = f64::from(u8::from(search.is_settled()));
    [rows(comm, search.tops()), best.point, curvature.covariance, vec![settled]].concat()
}

fn maximum_bits(comm: &Comm) {
    assert_same_bits(comm, |comm| {
        searched(comm, Maximum::new(comm, two_modes(), search_settings(), 3).expect("a search"))
    });
}

fn grid_settings(parameters: &[&str], count: u64) -> GridSettings {
    let axis = |name: &&str| GridAxis { parameter: (*name).into(), from: -6.0, to: 6.0, count, log: false };
    let axes = parameters.iter().map(axis).collect();
    GridSettings { axes, held: Default::default(), starts: 2, directions: 50 }
}

/// All that a grid tells, once it is done. All ranks.
fn gridded<D: Density>(comm: &Comm, mut grid: Grid<D>) -> Vec<f64> {
    while !grid.is_done() {
        grid.step().expect("a step");
    }
    [rows(comm, grid.table()), grid.best().expect("a node").point.clone()].concat()
}

fn grid_bits(comm: &Comm) {
    for (parameters, count) in [(&["x1", "x0"][..], 9), (&["x0", "x1", "x2"], 17)] {
        assert_same_bits(comm, |comm| {
            gridded(comm, Grid::new(comm, two_modes(), grid_settings(parameters, count), 3).expect("a grid"))
        });
    }
}

/// Writes a checkpoint of step 1 in a folder, on these ranks.
fn saved(comm: &Comm, folder: &Path, save: impl FnOnce(&mut Checkpoint)) {
    let options = WriteOptions::default().mpiio(cfg!(feature = "parallel-hdf5"));
    let mut checkpoint = Checkpoint::create(comm, folder, &stamp(1), &options).expect("a file");
    save(&mut checkpoint);
    checkpoint.finish().expect("a whole file");
}

fn read(comm: &Comm, folder: &Path) -> CheckpointReader {
    CheckpointReader::open(comm, &path_of(folder, 1)).expect("a checkpoint")
}

/// Saves on all ranks and goes on alone; saves alone and goes on on all ranks. Both must be as if nothing had happened.
fn assert_resumed(
    comm: &Comm,
    whole: impl Fn(&Comm) -> Vec<f64>,
    part: impl Fn(&Comm, &Path),
    rest: impl Fn(&Comm, &CheckpointReader) -> Vec<f64>,
) {
    let folders = [scratch(comm), scratch(comm)];
    let expected = bits(&whole(comm));
    let group = comm.split(u32::from(!comm.is_root()));
    part(comm, &folders[0]);
    if comm.is_root() {
        part(&group, &folders[1]);
        let files = [0, 1].map(|which| std::fs::read(path_of(&folders[which], 1)).expect("a file"));
        assert!(files[0] == files[1], "checkpoints of {} ranks and of one differ", comm.size());
        assert!(bits(&rest(&group, &read(&group, &folders[0]))) == expected, "resumed on one rank it differs");
    }
    comm.barrier();
    assert!(bits(&rest(comm, &read(comm, &folders[1]))) == expected, "resumed on {} ranks it differs", comm.size());
    folders.iter().for_each(|folder| done(comm, folder));
}

fn ensemble_resumed(comm: &Comm) {
    // Within the burn-in, before the first look, and after it.
    for (settings, steps) in [(settings(), 5), (tempered(), 6), (settings(), 30), (tempered(), 90)] {
        let new = |comm: &Comm| Ensemble::new(comm, two_modes(), settings.clone(), 11).expect("walkers");
        assert_resumed(
            comm,
            |comm| told(comm, &moved(new(comm), 133)),
            |comm, folder| {
                let ensemble = moved(new(comm), steps);
                saved(comm, folder, |to| ensemble.save(to).expect("all written"));
            },
            |comm, from| {
                let loaded = Ensemble::load(comm, two_modes(), settings.clone(), 11, from).expect("walkers");
                assert_eq!(loaded.steps(), steps);
                told(comm, &moved(loaded, 133 - steps))
            },
        );
    }
}

fn searches_resumed(comm: &Comm) {
    let new = |comm: &Comm| Maximum::new(comm, two_modes(), search_settings(), 3).expect("a search");
    for steps in [0, 1, 2] {
        assert_resumed(
            comm,
            |comm| searched(comm, new(comm)),
            |comm, folder| {
                let mut search = new(comm);
                (0..steps).for_each(|_| search.step().expect("a step"));
                saved(comm, folder, |to| search.save(to).expect("all written"));
            },
            |comm, from| {
                searched(comm, Maximum::load(comm, two_modes(), search_settings(), 3, from).expect("a search"))
            },
        );
    }
    let settings = || grid_settings(&["x0", "x1"], 15);
    let new = |comm: &Comm| Grid::new(comm, two_modes(), settings(), 3).expect("a grid");
    assert_resumed(
        comm,
        |comm| gridded(comm, new(comm)),
        |comm, folder| {
            let mut grid = new(comm);
            grid.step().expect("a step");
            saved(comm, folder, |to| grid.save(to).expect("all written"));
        },
        |comm, from| gridded(comm, Grid::load(comm, two_modes(), settings(), 3, from).expect("a grid")),
    );
}

fn other_settings(comm: &Comm) {
    let folder = scratch(comm);
    let ensemble = moved(Ensemble::new(comm, two_modes(), tempered(), 1).expect("walkers"), 30);
    saved(comm, &folder, |to| ensemble.save(to).expect("all written"));
    let from = read(comm, &folder);
    for settings in [
        EnsembleSettings { walkers: 8, ..tempered() },
        EnsembleSettings { temperatures: 4, ..tempered() },
        EnsembleSettings { temperatures: 1, ..tempered() },
    ] {
        assert!(Ensemble::load(comm, two_modes(), settings, 1, &from).is_err());
    }
    assert!(Maximum::load(comm, two_modes(), search_settings(), 1, &from).is_err());
    // What is wanted may change, and counts at once.
    let settings = EnsembleSettings { effective_samples: 1e-3, least_times: 0.0, ..tempered() };
    let loaded = Ensemble::load(comm, two_modes(), settings, 1, &from).expect("walkers");
    assert!(loaded.seen().times.is_empty() || loaded.goal() == Goal::Reached);
    done(comm, &folder);
}

/// A density that is no number at points that only some ranks compute: every rank must hear of it, in the same step.
fn error_on_one(comm: &Comm) {
    let rank = comm.rank();
    let last = comm.size() - 1;
    let broken = Boxed::cube(2, 1.0, move |x: &[f64]| if rank == last && x[0] > 0.9 { f64::NAN } else { x[0] });
    let mut settings = settings();
    settings.start = Start::Around(Around { around: [("x0".to_owned(), -0.5)].into_iter().collect(), spread: 0.01 });
    let mut ensemble = Ensemble::new(comm, broken, settings, 1).expect("walkers");
    let step = (0..3000u64).find(|_| ensemble.step().is_err()).expect("a walker that comes there");
    assert_eq!((comm.all_reduce_min(step), comm.all_reduce_max(step)), (step, step));
}
