//! Heat conduction by a rule for one cell, and by rows written by hand: the same numbers, on one rank.
//!
//! This program launches itself under mpirun; the ways take turns, and the best time of each counts.

use std::ops::Range;
use std::process::{Command, ExitCode};
use std::time::Instant;

use divisi::comm::launch;
use divisi::grid::{Boundaries, Boundary, Domain, Field, Grid, Node, Stencil};

use super::Figure;
use super::halo;

/// Tells a launched process what to measure.
pub(crate) const ROLE: &str = "domain:";
const CELLS: usize = 512;
/// Turns, and steps in each.
const TURNS: usize = 40;
const STEPS: usize = 20;
/// a dt/dx² and a dt/dy².
const FACTOR: [f64; 2] = [0.11, 0.13];

/// Millions of cells per second by a rule for one cell, over the same by rows.
pub(crate) fn heat() -> Vec<Figure> {
    let me = std::env::current_exe().expect("this program");
    let mut command = Command::new("mpirun");
    command.args(["-n", "1"]).arg(me).env(halo::ROLE, ROLE);
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    let output = command.output().expect("mpirun starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let rates: Vec<f64> = text.split_whitespace().map(|word| word.parse().expect("a rate")).collect();
    let [rule, rows] = rates[..] else { panic!("two rates in {text}") };
    vec![Figure {
        name: "domain_heat",
        value: rule,
        unit: "Mcells/s",
        command: "cargo bench --bench bench -- domain_heat".into(),
        peer: "rows by hand".into(),
        peer_value: Some(rows),
        note: format!("{CELLS}^2 cells, best of {TURNS} turns of {STEPS} steps"),
    }]
}

/// Measures, and prints both rates.
pub(crate) fn measure() -> ExitCode {
    launch(|comm| {
        let square = Grid::new([CELLS; 2], [0.0; 2], [1.0; 2])?;
        let sides = Boundaries::all(Boundary::Periodic);
        let mut by_rule: Domain<f64, 2> = Domain::new(comm, &square, &sides, Stencil::star(1), Node::Shared)?;
        by_rule.fill(|[x, y]| 1.0 + libm::sin(6.0 * x) * libm::cos(6.0 * y));
        let mut by_rows = by_rule.zeros_like()?;
        by_rows.fill(|[x, y]| 1.0 + libm::sin(6.0 * x) * libm::cos(6.0 * y));
        let mut best = [f64::INFINITY; 2];
        for _ in 0..TURNS {
            best[0] = best[0].min(seconds(|| step_by_rule(&mut by_rule)));
            best[1] = best[1].min(seconds(|| by_rows.update_rows(step_rows)));
        }
        assert!(by_rule.cells().eq(by_rows.cells()), "the same bits");
        let updates = (CELLS * CELLS * STEPS) as f64 / 1e6;
        println!("{} {}", updates / best[0], updates / best[1]);
        Ok(0)
    })
}

/// What some steps take.
fn seconds(mut step: impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..STEPS).for_each(|_| step());
    start.elapsed().as_secs_f64()
}

fn step_by_rule(temperature: &mut Domain<f64, 2>) {
    temperature.update(|t| {
        let along_x = t.at([-1, 0]) + t.at([1, 0]) - 2.0 * t.here();
        let along_y = t.at([0, -1]) + t.at([0, 1]) - 2.0 * t.here();
        t.here() + (FACTOR[0] * along_x + FACTOR[1] * along_y)
    });
}

fn step_rows(now: &Field<f64, 2>, next: &mut Field<f64, 2>, [columns, rows]: &[Range<usize>; 2]) {
    for j in rows.start as isize..rows.end as isize {
        let [below, row, above] = [j - 1, j, j + 1].map(|j| now.row(0, j, 0));
        let out = next.row_mut(0, j, 0);
        for i in columns.start + 1..columns.end + 1 {
            let along_x = row[i - 1] + row[i + 1] - 2.0 * row[i];
            let along_y = below[i] + above[i] - 2.0 * row[i];
            out[i] = row[i] + (FACTOR[0] * along_x + FACTOR[1] * along_y);
        }
    }
}
