//! The tree: bodies per second of whole force evaluations on one core, with their errors against exact sums, and two ranks against one.
//!
//! This program launches itself, since an evaluation needs ranks, if only one.

use std::process::{Command, ExitCode};
use std::time::Instant;

use divisi::Comm;
use divisi::comm::launch;
use divisi::nbody::initial::Plummer;
use divisi::nbody::tree::{Accuracy, Source, Tree};
use divisi::random::Random;
use divisi::simd::{Level, Rsqrt};

use super::{Figure, RUNS, halo, median, program};

/// Tells a launched process what to measure, after this.
pub(crate) const ROLE: &str = "tree:";
/// Bodies whose forces are held against exact sums.
const SAMPLES: usize = 1000;
/// Numbers that a launched process prints: the rate, three errors, seven times in ns for each body, pairs for each body, cells for each group.
const NUMBERS: usize = 13;

/// Evaluations of a Plummer sphere or a cube, on this rank: prints the numbers.
pub(crate) fn measure(what: &str) -> ExitCode {
    let [model, count, accuracy] = what.split(' ').collect::<Vec<_>>()[..] else { panic!("three words in {what}") };
    let count = count.parse().expect("a number of bodies");
    let bodies = if model == "plummer" { sphere(count) } else { cube(count) };
    let accuracy = match accuracy {
        "fast" => Accuracy::Fast,
        "standard" => Accuracy::Standard,
        _ => Accuracy::Accurate,
    };
    launch(|comm| {
        let numbers = evaluations(comm, &bodies, accuracy)?;
        println!("{}", numbers.map(|number| format!("{number:e}")).join(" "));
        Ok(0)
    })
}

/// A Plummer sphere of this many bodies, in N-body units.
fn sphere(n: u64) -> Vec<Source> {
    let sphere = Plummer { n, seed: 1, gravity: 1.0, mass: 1.0, virial_radius: 1.0, truncation: None };
    sphere.bodies(0..n).iter().map(|body| Source { id: body.id, position: body.position, gm: body.mass }).collect()
}

/// As many bodies spread evenly in a cube.
fn cube(n: u64) -> Vec<Source> {
    let body = |id| {
        let mut random = Random::new(1, 1, id);
        Source { id, position: [(); 3].map(|()| random.uniform()), gm: 1.0 / n as f64 }
    };
    (0..n).map(body).collect()
}

fn evaluations(comm: &Comm, bodies: &[Source], accuracy: Accuracy) -> divisi::Result<[f64; NUMBERS]> {
    let mut tree = Tree::new(Level::detect(), Rsqrt::Approximate, 0.0, accuracy.into());
    let count = bodies.len() as f64;
    let mut rates = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        tree.evaluate(comm, bodies, false)?;
        rates.push(count / start.elapsed().as_secs_f64());
    }
    let spent = *tree.spent();
    let [walk, near, far] = spent.counts.seconds;
    let times = [spent.sort, spent.domains, spent.build, spent.essential, walk, near, far];
    let [sort, domains, build, essential, walk, near, far] = times.map(|seconds| 1e9 * seconds / count);
    let errors = errors(bodies, &tree.evaluate(comm, bodies, false)?.acceleration);
    let [middle, late, last] = [SAMPLES / 2, SAMPLES * 99 / 100, SAMPLES - 1].map(|place| errors[place]);
    let pairs = spent.counts.near as f64 / count;
    let cells = spent.counts.far as f64 / spent.counts.groups as f64;
    Ok([median(rates), middle, late, last, sort, domains, build, essential, walk, near, far, pairs, cells])
}

/// Relative errors of a sample of accelerations, in order.
fn errors(bodies: &[Source], found: &[[f64; 3]]) -> Vec<f64> {
    let norm = |a: [f64; 3]| (a[0] * a[0] + a[1] * a[1] + a[2] * a[2]).sqrt();
    let error = |i: usize| {
        let mut exact = [0.0; 3];
        for Source { position, gm, .. } in bodies.iter().filter(|body| body.id != bodies[i].id) {
            let d = [0, 1, 2].map(|c| position[c] - bodies[i].position[c]);
            let r = norm(d);
            exact = [0, 1, 2].map(|c| exact[c] + gm * d[c] / (r * r * r));
        }
        norm([0, 1, 2].map(|c| found[i][c] - exact[c])) / norm(exact)
    };
    let mut errors: Vec<f64> = (0..SAMPLES).map(|sample| error(sample * (bodies.len() / SAMPLES))).collect();
    errors.sort_by(f64::total_cmp);
    errors
}

/// The figure of a launched measurement.
fn figure(name: &'static str, what: &str) -> Vec<Figure> {
    let me = std::env::current_exe().expect("this program");
    let output = Command::new(me).env(halo::ROLE, format!("{ROLE}{what}")).output().expect("this program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text.split_whitespace().map(|word| word.parse().expect("numbers")).collect();
    let [rate, middle, late, last, sort, domains, build, essential, walk, near, far, pairs, cells] = numbers[..] else {
        panic!("{NUMBERS} numbers in {text}")
    };
    vec![Figure {
        name,
        value: rate,
        unit: "bodies/s",
        command: format!("cargo bench --bench bench -- {name}"),
        peer: String::new(),
        peer_value: None,
        note: format!(
            "errors: median {middle:.1e}, 99 % {late:.1e}, largest {last:.1e}; ns a body: keys and sort {sort:.0}, domains {domains:.0}, \
             build {build:.0}, essential {essential:.0}, walk {walk:.0}, near {near:.0}, far {far:.0}; {pairs:.0} pairs a body, \
             {cells:.0} far cells a group"
        ),
    }]
}

/// A Plummer sphere of a million bodies.
pub(crate) fn plummer_1e6() -> Vec<Figure> {
    figure("tree_plummer_1e6", "plummer 1000000 standard")
}

/// A million bodies in a cube.
pub(crate) fn uniform_1e6() -> Vec<Figure> {
    figure("tree_uniform_1e6", "uniform 1000000 standard")
}

/// A Plummer sphere of a hundred thousand.
pub(crate) fn plummer_1e5() -> Vec<Figure> {
    figure("tree_plummer_1e5", "plummer 100000 standard")
}

/// A Plummer sphere of a million, with the most exact preset.
pub(crate) fn accurate_1e6() -> Vec<Figure> {
    figure("tree_accurate_1e6", "plummer 1000000 accurate")
}

/// The same with the quickest.
pub(crate) fn fast_1e6() -> Vec<Figure> {
    figure("tree_fast_1e6", "plummer 1000000 fast")
}

/// A leapfrog run of a million bodies on two ranks against one.
pub(crate) fn two_ranks() -> Vec<Figure> {
    let file = "sims/nbody/plummer_tree.toml";
    let words = [
        "initial.n=1000000",
        "run.steps=10",
        "output.history_steps=0",
        "output.every_time=0",
        "checkpoint.every_steps=0",
    ];
    vec![program::two_ranks_speedup("tree_2rank_speedup", file, &words)]
}
