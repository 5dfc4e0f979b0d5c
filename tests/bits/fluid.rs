//! Flows have the same bits on any number of ranks, on any process grid, and after a kill and a resume on another number.

use std::path::Path;

use crate::common::case::{Case, kill_and_resume, run, same_on};
use crate::common::{DIVISI, assert_same_files, finish, history, ledger, mpirun, root};

/// Blasts in one, two and three dimensions, of odd sizes, with a scalar; a few steps.
const BOX: Case = Case {
    name: "blast_3d",
    file: "fluid/blast",
    words: &[
        "grid.cells=97,53,31",
        "grid.low=-0.5,-0.5,-0.5",
        "grid.high=0.5,0.5,0.5",
        "run.steps=3",
        "output.every_time=0",
        "output.history_steps=1",
    ],
};
const SHEET: Case = Case {
    name: "blast_2d",
    file: "fluid/blast",
    words: &["grid.cells=67,41", "run.steps=7", "output.every_steps=3", "output.compress=3", "output.every_time=0"],
};
const TUBE: Case = Case {
    name: "shu_osher",
    file: "fluid/shu_osher",
    words: &["grid.cells=101", "run.steps=40", "output.every_time=0.01", "output.history_time=0.003"],
};
/// Sides of every kind: fixed, user, reflecting, outflow, and walls inside.
const TUNNEL: Case = Case {
    name: "wind_tunnel",
    file: "fluid/wind_tunnel",
    words: &["grid.cells=61,21", "run.steps=20", "output.every_time=0"],
};
const DOUBLE_MACH: Case = Case {
    name: "double_mach",
    file: "fluid/double_mach",
    words: &["grid.cells=65,17", "run.steps=15", "output.every_time=0", "output.history_steps=5"],
};
/// A wave of large amplitude.
const WAVE: Case = Case {
    name: "linear_wave",
    file: "fluid/linear_wave",
    words: &["grid.cells=24,13,11", "problem.amplitude=0.3", "run.steps=5", "output.every_time=0"],
};
/// Cold gas: cells that get fluxes of first order, and at cuts between blocks too.
const NOH: Case = Case {
    name: "noh",
    file: "fluid/noh",
    words: &["grid.cells=37,29", "output.every_time=0", "output.history_steps=1", "run.steps=60"],
};
/// A shock along which faces take other fluxes.
const QUIRK: Case = Case {
    name: "quirk",
    file: "fluid/quirk",
    words: &["grid.cells=41,13", "grid.high=41,13", "output.every_time=0", "run.steps=60", "problem.disturbance=0.1"],
};
/// Small boxes for the schemes.
const SMALL: [&str; 1] = ["grid.cells=41,17,13"];

#[test]
fn boxes_sheets_and_tubes_on_any_number_of_ranks() {
    for case in [BOX, SHEET, TUBE] {
        same_on(&case, &[2, 3, 4, 6, 8], &[]);
    }
}

#[test]
fn every_side_and_walls() {
    same_on(&TUNNEL, &[2, 3, 4], &[]);
    same_on(&DOUBLE_MACH, &[2, 3, 4], &[]);
}

#[test]
fn fluxes_of_first_order_and_floors() {
    same_on(&NOH, &[2, 3, 4], &[]);
    same_on(&NOH, &[4], &["fluid.time=rk2", "fluid.reconstruction=weno_z"]);
    same_on(&NOH, &[3], &["grid.cells=13,11,9", "grid.low=0,0,0", "grid.high=1,1,1", "fluid.cfl=0.3", "run.steps=20"]);
    same_on(&NOH, &[4], &["fluid.pressure_floor=1e-7", "fluid.density_floor=0.9"]);
    // Walls in a cold wind.
    same_on(&TUNNEL, &[3], &["problem.mach=100"]);
}

#[test]
fn scalars_from_upwind() {
    for scheme in [&["fluid.reconstruction=ppm"][..], &["fluid.reconstruction=weno_z", "fluid.time=rk3"][..]] {
        let words = [&["run.steps=100", "output.history_steps=20"], scheme].concat();
        same_on(&SHEET, &[2, 3, 4], &words);
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("blocks");
        run(&SHEET, 1, &out, &[&words[..], &["grid.blocks=3,2"]].concat());
        assert!(history(&out, "scalars_upwind").last() > Some(&10.0), "{scheme:?}: an input too easy");
    }
}

#[test]
fn faces_along_strong_shocks() {
    same_on(&QUIRK, &[2, 3, 4], &[]);
    same_on(&TUNNEL, &[2, 3], &["fluid.riemann=hybrid", "fluid.time=rk2"]);
    same_on(
        &NOH,
        &[4],
        &["fluid.riemann=hybrid", "grid.cells=13,11,9", "grid.low=0,0,0", "grid.high=1,1,1", "run.steps=20"],
    );
}

/// Every reconstruction with every Riemann solver, each with one of the time schemes.
#[test]
fn every_scheme() {
    let times = ["vl2", "rk2", "rk3"];
    let ranks = [[2, 6], [3, 8], [4, 6]];
    for (i, reconstruction) in ["donor", "plm", "ppm", "weno_z"].iter().enumerate() {
        for (j, riemann) in ["llf", "hlle", "hllc", "roe", "hybrid"].iter().enumerate() {
            let reconstruction = format!("fluid.reconstruction={reconstruction}");
            let riemann = format!("fluid.riemann={riemann}");
            let time = format!("fluid.time={}", times[(i + j) % 3]);
            let schemes = [SMALL[0], "fluid.cfl=0.3", &reconstruction, &riemann, &time];
            let some = if j % 2 == 0 { &ranks[(i + j) % 3][..1] } else { &ranks[(i + j) % 3][1..] };
            same_on(&BOX, some, &schemes);
        }
    }
}

#[test]
fn isothermal_and_diffusive_gas_under_gravity() {
    for riemann in ["llf", "hlle", "hllc", "roe", "hybrid"] {
        let riemann = format!("fluid.riemann={riemann}");
        same_on(&WAVE, &[3], &["fluid.gas=isothermal", &riemann]);
    }
    let diffusive = ["fluid.viscosity=1e-3", "fluid.conductivity=1e-3", "fluid.gravity=[0.1,-0.2,0.3]"];
    same_on(&BOX, &[4, 6], &[&SMALL[..], &diffusive[..]].concat());
}

#[test]
fn any_process_grid_any_blocks_and_messages_or_memory() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("first");
    run(&BOX, 1, &first, &[]);
    let others: [(usize, &[&str]); 5] = [
        (4, &["grid.ranks=4,1,1"]),
        (4, &["grid.ranks=1,2,2"]),
        (3, &["grid.blocks=2,3,2"]),
        (1, &["grid.blocks=3,2,4"]),
        (4, &["run.node=messages"]),
    ];
    for (number, (ranks, words)) in others.into_iter().enumerate() {
        let out = folder.path().join(number.to_string());
        run(&BOX, ranks, &out, words);
        assert_same_files(&first, &out);
    }
}

#[test]
fn files_through_rank_0_are_equal_too() {
    same_on(&BOX, &[3], &["output.mpiio=false"]);
}

#[test]
fn killed_and_resumed_on_another_number_of_ranks() {
    let often = ["run.steps=300", "checkpoint.every_steps=10", "output.every_steps=40", "output.history_steps=3"];
    kill_and_resume(&SHEET, 2, 3, &often);
    kill_and_resume(&NOH, 1, 2, &["run.steps=300", "checkpoint.every_steps=10", "fluid.pressure_floor=1e-7"]);
    kill_and_resume(&TUNNEL, 3, 1, &["run.steps=400", "checkpoint.every_steps=12", "fluid.time=rk3"]);
}

/// What ledger.json says of one phase: messages and bytes of each rank.
fn traffic(run: &Path, phase: &str) -> Vec<[f64; 2]> {
    let ledger = ledger(run);
    let phase = ledger["phases"].as_array().unwrap().iter().find(|entry| entry["name"] == phase).unwrap();
    let column = |name: &str| phase[name].as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect::<Vec<_>>();
    column("messages").into_iter().zip(column("bytes")).map(|(messages, bytes)| [messages, bytes]).collect()
}

/// The formula of docs/explanation/grids.md: per exchange one message to each of 3 (two ranks along an axis) or 6 neighbours, and 8 bytes
/// times 5 variables times the layers beyond 6 faces; per step one exchange of one layer and one of two, and one reduction.
#[test]
fn messages_and_bytes_per_step_are_those_of_the_formula() {
    let folder = tempfile::tempdir().unwrap();
    let steps = 2.0;
    for (ranks, along, peers) in [(8, 2, 3.0), (27, 3, 6.0), (64, 4, 6.0)] {
        let out = folder.path().join(ranks.to_string());
        let cells = (6 * along).to_string();
        let words = [
            format!("grid.cells={cells},{cells},{cells}"),
            format!("grid.ranks={along},{along},{along}"),
            "problem.dye=false".into(),
            format!("run.steps={steps}"),
            "run.node=messages".into(),
            "output.every_time=0".into(),
        ];
        let file = root().join("sims/fluid/blast.toml");
        let mut command = mpirun(ranks, DIVISI);
        command.arg("run").arg(file).args(["grid.low=0,0,0", "grid.high=1,1,1"]).args(words).arg("--out").arg(&out);
        finish(&mut command, 120).expect(0);
        let layers = 1.0 + 2.0;
        let bytes = 8.0 * 5.0 * layers * 6.0 * 36.0;
        for rank in traffic(&out, "halo") {
            assert_eq!(rank, [steps * 2.0 * peers, steps * bytes], "{ranks} ranks");
        }
        // One more reduction finds the first step's length.
        for rank in traffic(&out, "reduction") {
            assert_eq!(rank, [steps + 1.0, (steps + 1.0) * 32.0], "{ranks} ranks");
        }
    }
}
