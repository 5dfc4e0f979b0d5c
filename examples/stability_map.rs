//! Which orbits of two planets are stable? A map of the chaos indicator MEGNO over period ratio and eccentricity.
//!
//! 64 x 64 systems, a task for each row of the map; 1000 orbits of the inner planet, fewer where chaos shows before.
//!
//!     mpirun -n 2 target/release/examples/stability_map                  draws runs/stability_map.png and .svg
//!     mpirun -n 2 target/release/examples/stability_map 16 200           16 x 16 systems, 200 orbits
use std::f64::consts::PI;
use std::path::Path;
use std::process::ExitCode;

use divisi::comm::launch;
use divisi::nbody::System;
use divisi::nbody::elements::Elements;
use divisi::nbody::wisdom_holman::WisdomHolman;
use divisi::tasks::{self, Array};
use divisi::{Comm, Error, Result, plot};

/// G times the star's mass, au³/yr²; the mass of each planet over the star's.
const GM: f64 = 4.0 * PI * PI;
const PLANET: f64 = 1e-4;
/// Outer period over inner period, and eccentricity of the outer orbit, at the edges of the map.
const RATIOS: [f64; 2] = [1.05, 2.15];
const ECCENTRICITIES: [f64; 2] = [0.0, 0.4];
/// Steps per orbit of the inner planet, which takes a year.
const STEPS: u32 = 20;
/// Steps between looks at MEGNO, and where it is large enough to call the motion chaotic: regular orbits have 2.
const LOOK: u32 = 500;
const CHAOTIC: f64 = 8.0;

/// The middle of cell `index` out of `count` between two edges.
fn middle(edges: [f64; 2], index: usize, count: usize) -> f64 {
    edges[0] + (edges[1] - edges[0]) * (index as f64 + 0.5) / count as f64
}

/// Star, inner planet on a circle at 1 au, outer planet at its periapsis on the other side of the star.
fn system(ratio: f64, eccentricity: f64) -> System {
    let inner = Elements { a: 1.0, ..Elements::default() };
    let outer = Elements { a: ratio.powf(2.0 / 3.0), e: eccentricity, periapsis: PI, ..Elements::default() };
    let states = [inner, outer].map(|orbit| orbit.to_state(GM));
    System {
        gm: vec![GM, GM * PLANET, GM * PLANET],
        position: vec![[0.0; 3], states[0].0, states[1].0],
        velocity: vec![[0.0; 3], states[0].1, states[1].1],
    }
}

/// MEGNO after a number of orbits, or when it is found large; at most `CHAOTIC`.
fn megno(ratio: f64, eccentricity: f64, orbits: u32) -> Result<f64> {
    let dt = 1.0 / f64::from(STEPS);
    let mut map = WisdomHolman::new(&system(ratio, eccentricity), dt, 0)?.with_megno(1);
    let mut mean = 0.0;
    for step in 1..=orbits * STEPS {
        // Bodies that meet leave the map's reach: no regular motion.
        if map.step().is_err() {
            return Ok(CHAOTIC);
        }
        if step % LOOK == 0 || step == orbits * STEPS {
            mean = map.megno().map_or(CHAOTIC, |megno| megno.mean());
            if mean.is_nan() || mean >= CHAOTIC {
                return Ok(CHAOTIC);
            }
        }
    }
    Ok(mean)
}

/// Where circular orbits never meet: 2 √3 mutual Hill radii apart (Gladman 1993, eq. 21), as a period ratio.
fn hill_ratio() -> f64 {
    let part = 3f64.sqrt() * (2.0 * PLANET / 3.0).cbrt();
    ((1.0 + part) / (1.0 - part)).powf(1.5)
}

/// Of the cells that are `chosen` by their place, the part with chaotic motion.
fn chaotic_part(rows: &[Array<f64>], chosen: impl Fn(f64, f64) -> bool) -> f64 {
    let count = rows.len();
    let mut cells = 0.0;
    let mut chaotic = 0.0;
    for (row, Array(values)) in rows.iter().enumerate() {
        for (column, &value) in values.iter().enumerate() {
            if chosen(middle(RATIOS, column, count), middle(ECCENTRICITIES, row, count)) {
                cells += 1.0;
                chaotic += f64::from(u8::from(value >= CHAOTIC));
            }
        }
    }
    chaotic / cells
}

/// The map must show what is known of circles and of orbits that cross.
fn check(rows: &[Array<f64>]) {
    let nearly_circular = ECCENTRICITIES[1] / rows.len() as f64;
    let far = chaotic_part(rows, |ratio, e| e < nearly_circular && ratio > 1.05 * hill_ratio());
    let close = chaotic_part(rows, |ratio, e| e < nearly_circular && ratio < 0.95 * hill_ratio());
    let crossing = chaotic_part(rows, |ratio, e| ratio.powf(2.0 / 3.0) * (1.0 - e) < 1.0);
    println!(
        "chaotic: {far:.2} of the circles far apart, {close:.2} of those close by, {crossing:.2} of orbits that cross"
    );
    assert!(far == 0.0 && close > 0.8 && crossing > 0.7);
}

fn show(comm: &Comm) -> Result<u8> {
    let words: Vec<u32> = std::env::args().skip(1).map(|word| word.parse().unwrap_or(0)).collect();
    let (cells, orbits) = match words[..] {
        [] => (64, 1000),
        [cells, orbits] if cells > 1 && orbits > 0 => (cells as usize, orbits),
        _ => return Err(Error::input("arguments", "cells along a side of the map, and orbits; or nothing")),
    };
    let rows: Vec<usize> = (0..cells).collect();
    let row = |&row: &usize| {
        let eccentricity = middle(ECCENTRICITIES, row, cells);
        let cell = |column| megno(middle(RATIOS, column, cells), eccentricity, orbits).unwrap_or(f64::NAN);
        Array((0..cells).map(cell).collect())
    };
    let rows = tasks::map(comm, &rows, row)?;
    if comm.is_root() {
        check(&rows);
        std::fs::create_dir_all("runs").map_err(Error::io("create", "runs"))?;
        let values: Vec<f64> = rows.into_iter().flat_map(|row| row.0).collect();
        let ranges = [RATIOS, ECCENTRICITIES].map(|[low, high]| low..high);
        let labels = ["outer period / inner period", "eccentricity of the outer orbit"];
        let title = "Two planets of 1e-4 stellar masses: 2 is regular, 8 and more chaotic";
        plot::Map { title, labels, ranges, values: &values, width: cells, label: "MEGNO" }
            .save(Path::new("runs/stability_map"))?;
    }
    Ok(0)
}

fn main() -> ExitCode {
    launch(show)
}
