//! Each problem runs from its own file, and does what its paper is about.

use std::path::Path;

use super::run::Run;
use crate::common::{divisi, finish, root};

#[test]
fn every_parameter_file_runs() {
    let folder = std::fs::read_dir(root().join("sims/fluid")).unwrap();
    let names: Vec<String> = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let files: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(".toml")).collect();
    assert_eq!(files.len(), 13, "{files:?}");
    for file in files {
        let run = Run::quietly(file, "run.steps=3");
        assert_eq!((run.last("step"), run.last("density_floored")), (3.0, 0.0), "{file}");
    }
}

/// A step of a parameter file whose section [problem] is `problem`: history.csv.
fn a_step_of(name: &str, problem: &str, folder: &Path) -> String {
    let text = std::fs::read_to_string(root().join(format!("sims/fluid/{name}.toml"))).unwrap();
    let (before, rest) = text.split_once("[problem]").unwrap();
    let (_, after) = rest.split_once("[output]").unwrap();
    let file = folder.join("problem.toml");
    let out = folder.join("run");
    std::fs::write(&file, format!("{before}{problem}\n[output]{after}")).unwrap();
    let words = ["--overwrite", "--steps", "1", "output.every_time=0"];
    finish(divisi().arg("run").arg(&file).arg("--out").arg(&out).args(words), 60).expect(0);
    std::fs::read_to_string(out.join("history.csv")).unwrap()
}

#[test]
fn the_defaults_that_list_shows_are_those_that_are_used() {
    let folder = tempfile::tempdir().unwrap();
    let listed = finish(divisi().args(["list", "fluid"]), 60).expect(0).stdout;
    let sections: Vec<&str> = listed.split("\n[problem]").skip(1).collect();
    assert_eq!(sections.len(), 13, "{listed}");
    for section in sections {
        let shown = section.split("\n\n").next().unwrap();
        let name = shown.split('"').nth(1).unwrap();
        let [with, without] = [&format!("[problem]\n{shown}\n"), &format!("[problem]\nname = \"{name}\"\n")]
            .map(|problem| a_step_of(name, problem, folder.path()));
        assert_eq!(with, without, "{name}");
    }
}

/// Shu & Osher 1989: at t = 1.8 the shock is at 2.39, and only good schemes keep the fine waves behind it.
#[test]
fn fine_waves_survive_behind_a_shock() {
    let density = |words: &str| Run::quietly("shu_osher", words).field("density").into_raw_vec_and_offset().0;
    let fine = density("");
    let coarse = density("fluid.reconstruction=plm fluid.time=vl2");
    let shock = fine.iter().rposition(|&density| density > 2.4).unwrap();
    let place = -5.0 + 10.0 * (shock + 1) as f64 / fine.len() as f64;
    assert!((place - 2.39).abs() < 0.05, "{place}");
    let height = |density: &[f64]| {
        let waves = &density[(density.len() as f64 * 0.58) as usize..shock - 3];
        waves.iter().fold(0.0_f64, |most, &value| most.max(value))
            - waves.iter().fold(9.0_f64, |least, &value| least.min(value))
    };
    assert!(height(&fine) > 1.3 && height(&fine) > 1.1 * height(&coarse), "{} {}", height(&fine), height(&coarse));
}

/// Woodward & Colella 1984, section IV c.
#[test]
fn the_incident_shock_stays_where_it_would_be_without_the_ramp() {
    let density = Run::quietly("double_mach", "grid.cells=160,40").field("density");
    let top: Vec<f64> = density.slice(ndarray::s![0, 39, ..]).to_vec();
    let shock = (top.iter().rposition(|&density| density > 0.5 * (8.0 + 1.4)).unwrap() + 1) as f64 * 0.025;
    let expected = 1.0 / 6.0 + (0.9875 + 20.0 * 0.2) / 3.0_f64.sqrt();
    assert!((shock - expected).abs() < 0.05, "{shock}, not {expected}");
    let most = density.iter().fold(0.0_f64, |most, &value| most.max(value));
    assert!((15.0..25.0).contains(&most), "the second reflection compresses the gas to {most}");
}

#[test]
fn an_obstacle_stays_as_it_is_and_the_flow_past_a_cylinder_is_symmetric() {
    let words = "problem.obstacle=cylinder grid.cells=96,32 run.until=2";
    let run = Run::quietly("wind_tunnel", words);
    let density = run.field("density");
    let speed = run.field("velocity_x");
    assert_eq!((density[[0, 15, 19]], speed[[0, 15, 19]]), (1.4, 0.0), "the middle of the cylinder");
    assert!((density[[0, 15, 1]] - 1.4).abs() + (speed[[0, 15, 1]] - 3.0).abs() < 1e-14, "what flows in");
    // Behind the bow shock of Mach 3 the pressure is 10.33; where the gas comes to rest at the cylinder it is 12.06.
    let most = run.field("pressure").slice(ndarray::s![0, 15, ..]).iter().fold(0.0_f64, |most, &value| most.max(value));
    assert!((10.4..12.1).contains(&most), "{most}");
    for j in 0..16 {
        for i in 0..96 {
            assert_eq!(density[[0, j, i]], density[[0, 31 - j, i]], "cell {i}, {j}");
        }
    }
}

#[test]
fn a_picture_is_an_obstacle() {
    let words = "problem.obstacle=mask problem.file=wing.txt grid.cells=90,30 run.until=1.5";
    let run = Run::quietly("wind_tunnel", words);
    let density = run.field("density");
    let speed = run.field("velocity_x");
    assert_eq!((density[[0, 15, 27]], speed[[0, 15, 27]]), (1.4, 0.0), "within the wing");
    let pressure = run.field("pressure");
    let [below, above] = [12, 17].map(|j| pressure[[0, j, 27]]);
    assert!(below > 2.0 * above, "the wing is inclined: {below} below, {above} above");
}

#[test]
fn the_bubble_rises_and_the_spike_falls() {
    let run = Run::quietly("rayleigh_taylor", "grid.cells=32,96 run.until=8");
    let bubble = run.last("bubble");
    let spike = run.last("spike");
    assert!(bubble > 0.1 && spike < -0.1 && spike > -0.6 && bubble < 0.6, "{bubble} {spike}");
    assert_eq!(run.last("scalars_bounded"), 0.0);
    for column in ["mass", "amount_dye"] {
        let amounts = run.column(column);
        let change = (amounts.last().unwrap() / amounts[0] - 1.0).abs();
        assert!(change < 1e-13, "reflecting sides let nothing through: {column} {amounts:?}");
    }
}
