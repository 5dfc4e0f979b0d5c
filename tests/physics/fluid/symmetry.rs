//! Mirrored and transposed problems give the mirrored and the transposed numbers, exactly.

use ndarray::Array3;

use super::run::{Run, field};

const RECONSTRUCTIONS: [&str; 4] = ["donor", "plm", "ppm", "weno_z"];
const SOLVERS: [&str; 5] = ["llf", "hlle", "hllc", "roe", "hybrid"];
const TIMES: [&str; 3] = ["vl2", "rk2", "rk3"];

/// Each reconstruction with each solver, in turn with the ways to step.
fn schemes() -> impl Iterator<Item = String> {
    let pairs = RECONSTRUCTIONS.iter().flat_map(|faces| SOLVERS.iter().map(move |solver| (faces, solver)));
    pairs
        .zip(TIMES.iter().cycle())
        .map(|((faces, solver), time)| format!("fluid.reconstruction={faces} fluid.riemann={solver} fluid.time={time}"))
}

/// How a problem is turned: axis i of the original becomes axis `to[i]`, mirrored where `mirrored[i]`.
#[derive(Clone, Copy, Debug)]
struct Turn {
    to: [usize; 3],
    mirrored: [bool; 3],
}

/// A problem without any symmetry of its own: off-centre, three sizes, three kinds of sides, everything switched on.
struct Original {
    cells: [usize; 3],
    center: [f64; 3],
    high: [f64; 3],
    gravity: [f64; 3],
    sides: [[&'static str; 2]; 3],
    dimensions: usize,
}

const IN_SPACE: Original = Original {
    cells: [20, 15, 12],
    center: [0.0625, -0.03125, 0.125],
    high: [0.5, 0.375, 0.25],
    gravity: [0.25, -0.5, 0.75],
    sides: [["reflecting", "outflow"], ["periodic", "periodic"], ["outflow", "reflecting"]],
    dimensions: 3,
};

const IN_THE_PLANE: Original = Original {
    cells: [45, 32, 1],
    high: [0.5, 0.375, 0.5],
    gravity: [0.25, -0.5, 0.0],
    sides: [["reflecting", "outflow"], ["outflow", "reflecting"], ["periodic", "periodic"]],
    dimensions: 2,
    ..IN_SPACE
};

const UNTURNED: Turn = Turn { to: [0, 1, 2], mirrored: [false; 3] };

impl Original {
    /// A blast wave, turned; a few steps, in which it meets the sides.
    fn run(&self, turn: Turn, words: &str) -> Run {
        let mut text = String::new();
        let mut turned = |name: &str, value: &dyn Fn(usize, bool) -> String| {
            let mut numbers = vec![String::new(); 3];
            (0..3).for_each(|axis| numbers[turn.to[axis]] = value(axis, turn.mirrored[axis]));
            text +=
                &format!(" {name}={}", numbers[..if name.contains("grid") { self.dimensions } else { 3 }].join(","));
        };
        let signed = |value: f64, mirrored: bool| if mirrored { -value } else { value };
        turned("grid.cells", &|axis, _| self.cells[axis].to_string());
        turned("grid.low", &|axis, _| (-self.high[axis]).to_string());
        turned("grid.high", &|axis, _| self.high[axis].to_string());
        turned("problem.center", &|axis, mirrored| signed(self.center[axis], mirrored).to_string());
        turned("fluid.gravity", &|axis, mirrored| signed(self.gravity[axis], mirrored).to_string());
        for axis in 0..self.dimensions {
            let [low, high] = self.sides[axis];
            let (low, high) = if turn.mirrored[axis] { (high, low) } else { (low, high) };
            text += &format!(" boundary.{}={low},{high}", ["x", "y", "z"][turn.to[axis]]);
        }
        Run::quietly("blast", &format!("{text} problem.radius=0.15 fluid.cfl=0.2 run.steps=25 run.until=9 {words}"))
    }

    /// Asserts that turning the problem turns its numbers.
    fn assert_turns(&self, turns: &[Turn], words: &str) {
        let original = self.run(UNTURNED, words);
        for &turn in turns {
            let turned = self.run(turn, words);
            for name in ["density", "pressure", "dye"] {
                assert_same(
                    &turn.apply(&original.field(name)),
                    &turned.field(name),
                    &format!("{name}, {turn:?}, {words}"),
                );
            }
            for axis in 0..3 {
                let velocity = |axis: usize| ["velocity_x", "velocity_y", "velocity_z"][axis];
                let sign = if turn.mirrored[axis] { -1.0 } else { 1.0 };
                let expected = turn.apply(&original.field(velocity(axis))) * sign;
                let what = format!("{}, {turn:?}, {words}", velocity(axis));
                assert_same(&expected, &turned.field(velocity(turn.to[axis])), &what);
            }
        }
    }
}

impl Turn {
    /// Turns numbers on cells, whose axes are z, y, x.
    fn apply(self, field: &Array3<f64>) -> Array3<f64> {
        let mut field = field.view();
        for axis in (0..3).filter(|&axis| self.mirrored[axis]) {
            field.invert_axis(ndarray::Axis(2 - axis));
        }
        let mut from = [0; 3];
        (0..3).for_each(|axis| from[2 - self.to[axis]] = 2 - axis);
        field.permuted_axes(from).as_standard_layout().into_owned()
    }
}

#[track_caller]
fn assert_same(expected: &Array3<f64>, found: &Array3<f64>, what: &str) {
    assert_eq!(expected.dim(), found.dim(), "{what}");
    let differs = expected.indexed_iter().zip(found).find(|((_, a), b)| a != b && !(a.is_nan() && b.is_nan()));
    assert!(differs.is_none(), "{what}: cell [z, y, x], expected and found: {differs:?}");
}

#[test]
fn a_turned_blast_wave_in_the_plane_is_the_blast_wave_turned() {
    let turns = [
        Turn { mirrored: [true, false, false], ..UNTURNED },
        Turn { mirrored: [false, true, false], ..UNTURNED },
        Turn { to: [1, 0, 2], ..UNTURNED },
    ];
    for words in schemes() {
        IN_THE_PLANE.assert_turns(&turns, &words);
    }
}

#[test]
fn a_turned_blast_wave_in_space_is_the_blast_wave_turned() {
    let turns = [
        Turn { mirrored: [true; 3], ..UNTURNED },
        Turn { to: [2, 1, 0], ..UNTURNED },
        Turn { to: [1, 2, 0], mirrored: [false, true, false] },
    ];
    for words in schemes() {
        IN_SPACE.assert_turns(&turns, &words);
    }
}

#[test]
fn viscosity_and_conduction_are_the_same_along_all_axes() {
    let turns = [Turn { mirrored: [true; 3], ..UNTURNED }, Turn { to: [2, 0, 1], mirrored: [true, false, false] }];
    for original in [IN_SPACE, IN_THE_PLANE] {
        let turns = if original.dimensions == 3 { turns } else { [turns[0], Turn { to: [1, 0, 2], ..UNTURNED }] };
        original.assert_turns(&turns, "fluid.viscosity=1e-3 fluid.conductivity=2e-3");
    }
}

#[test]
fn the_shock_tube_is_the_same_along_all_axes() {
    let along = |axis: usize, cells: [usize; 3], words: &str| {
        let name = ["x", "y", "z"][axis];
        let cells = format!("grid.cells={},{},{} grid.low=0,0,0 grid.high=1,1,1", cells[0], cells[1], cells[2]);
        let sides = format!("boundary.x=periodic boundary.{name}=outflow problem.axis={name}");
        let run = Run::quietly("sod", &format!("{cells} {sides} fluid.cfl=0.2 run.until=0.1 {words}"));
        let order = [[0, 1, 2], [0, 2, 1], [2, 1, 0]][axis];
        run.field("density").permuted_axes(order).as_standard_layout().into_owned()
    };
    for words in schemes().step_by(5) {
        let original = along(0, [60, 6, 9], &words);
        assert_same(&original, &along(1, [6, 60, 9], &words), &format!("along y, {words}"));
        assert_same(&original, &along(2, [9, 6, 60], &words), &format!("along z, {words}"));
    }
}

/// Liska & Wendroff 2003: what is lost first in a code that treats x before y.
#[test]
fn the_implosion_is_symmetric_about_its_diagonal_at_all_times() {
    for (cells, words) in [(100, ""), (64, "fluid.reconstruction=ppm fluid.time=rk3"), (64, "fluid.riemann=roe")] {
        let words = format!("grid.cells={cells},{cells} output.every_time=0.25 output.history_steps=0 {words}");
        let run = Run::of("implosion", &words.split_whitespace().collect::<Vec<_>>());
        assert!(run.snapshots().len() >= 10);
        for snapshot in run.snapshots() {
            let transposed =
                |name: &str| field(&snapshot, name).permuted_axes([0, 2, 1]).as_standard_layout().into_owned();
            for (name, other) in [("density", "density"), ("pressure", "pressure"), ("velocity_x", "velocity_y")] {
                assert_same(&field(&snapshot, name), &transposed(other), &format!("{name}, {}", snapshot.display()));
            }
        }
    }
}

#[test]
fn spikes_and_bubbles_are_mirror_images() {
    let plane = Run::quietly("rayleigh_taylor", "grid.cells=32,96 run.until=4").field("density");
    let space = Run::quietly(
        "rayleigh_taylor",
        "grid.cells=16,16,48 grid.low=-0.25,-0.25,-0.75 grid.high=0.25,0.25,0.75 fluid.gravity=0,0,-0.1 \
         boundary.z=reflecting run.until=3",
    );
    let space = space.field("density");
    let mirrored = Turn { mirrored: [true, false, false], ..UNTURNED };
    assert_same(&plane, &mirrored.apply(&plane), "in the plane");
    assert_same(&space, &mirrored.apply(&space), "in space");
    assert_same(&space, &Turn { to: [1, 0, 2], ..UNTURNED }.apply(&space), "in space, x and y exchanged");
}
