//! The tree on one rank without messages, against exact sums.

use super::body::{Columns, Source};
use super::cells::Cells;
use super::cube::{Cube, Together, power_of_two};
use super::expansion::{HIGHEST, Maps};
use super::forces::{Counts, Forces, Memory, Settings};
use super::group::Active;
use super::keys::key;
use super::moments::fill;
use super::nodes::Nodes;
use super::opening::{Accuracy, Opening};
use super::sort::{Entry, sort};
use crate::base::random::Random;
use crate::nbody::initial::Plummer;
use crate::simd::Level;

/// A rank alone.
struct Alone;

impl Together for Alone {
    fn largest(&mut self, _: &mut [f64]) {}
    fn sum(&mut self, _: &mut [u64]) {}
}

/// How forces are made.
#[derive(Clone, Copy)]
struct Way {
    level: Level,
    exact: bool,
    softening: f64,
    opening: Opening,
}

impl Way {
    fn new(opening: impl Into<Opening>) -> Self {
        Way { level: Level::detect(), exact: false, softening: 0.0, opening: opening.into() }
    }

    /// Acceleration and potential of each body.
    fn forces(&self, bodies: &[Source]) -> Vec<[f64; 4]> {
        self.counted(bodies).0
    }

    fn counted(&self, bodies: &[Source]) -> (Vec<[f64; 4]>, Counts) {
        self.of_active(bodies, |_| true)
    }

    /// The same for bodies whose ids are active; zero for the others.
    fn of_active(&self, bodies: &[Source], is_active: impl Fn(u64) -> bool) -> (Vec<[f64; 4]>, Counts) {
        let Way { level, exact, softening, opening: asked } = *self;
        let opening = asked.guard();
        let cube = Cube::around(bodies, &mut Alone);
        let entry = |(index, body): (usize, &Source)| Entry { key: key(cube.unit(body.position)), index: index as u32 };
        let mut entries: Vec<Entry> = bodies.iter().enumerate().map(entry).collect();
        sort(&mut entries, &mut Vec::new(), |index| bodies[index as usize].id);
        let gm = power_of_two(bodies.iter().map(|body| body.gm).fold(0.0, f64::max) * bodies.len() as f64);
        let mut columns = Columns::default();
        columns.resize(bodies.len());
        for (i, entry) in entries.iter().enumerate() {
            let body = &bodies[entry.index as usize];
            columns.write(i, cube.unit(body.position), (body.gm / gm) as f32);
        }
        let keys: Vec<u64> = entries.iter().map(|entry| entry.key).collect();
        let stray = |&i: &u32| Cube::is_stray(columns.position(i as usize));
        let strays: Vec<u32> = (0..bodies.len() as u32).filter(stray).collect();
        let mut part = Cells::whole(&keys, &strays);
        fill(&mut part.cells, &columns);
        if asked.relative > 0.0 {
            let first = Way { opening: Opening { relative: 0.0, ..asked }, ..*self }.forces(bodies);
            let scale = asked.relative * cube.half().powi(2) / gm;
            let size = |[x, y, z, _]: [f64; 4]| (x * x + y * y + z * z).sqrt();
            let pull = |entry: &Entry| (1.0 / (scale * size(first[entry.index as usize])).sqrt()) as f32;
            columns.pulls = entries.iter().map(pull).collect();
        }
        let flag = |entry: &Entry| u8::from(is_active(bodies[entry.index as usize].id));
        let active: Vec<u8> = entries.iter().map(flag).collect();
        let mut nodes = Nodes::default();
        nodes.take(&part.cells, opening.theta);
        let softening2 = (softening / cube.half()).powi(2);
        let settings = Settings { reach: opening.reach, order: opening.order, softening2, potential: true, exact };
        let mut to = [(); 4].map(|()| vec![0.0; bodies.len()]);
        let counts = level.run(Forces {
            nodes: &nodes,
            bodies: &columns,
            groups: &part.groups,
            bundles: &part.bundles,
            active: Active(&active),
            settings,
            maps: &Maps::new(opening.order),
            memory: &mut Memory::default(),
            to: &mut to,
            costs: &mut Vec::new(),
            timed: false,
        });
        let mut all = vec![[0.0; 4]; bodies.len()];
        for (i, entry) in entries.iter().enumerate() {
            let unit = gm / cube.half();
            let [x, y, z, depth] = to.each_ref().map(|sums| f64::from(sums[i]));
            all[entry.index as usize] =
                [x / cube.half(), y / cube.half(), z / cube.half(), -depth].map(|sum| sum * unit);
        }
        (all, counts)
    }
}

fn plummer(n: u64) -> Vec<Source> {
    let sphere = Plummer { n, seed: 5, gravity: 1.0, mass: 1.0, virial_radius: 1.0, truncation: None };
    let source = |body: crate::nbody::Body| Source { id: body.id, position: body.position, gm: body.mass };
    sphere.bodies(0..n).into_iter().map(source).collect()
}

fn uniform(n: u64) -> Vec<Source> {
    let one = |id| {
        let mut random = Random::new(3, 1, id);
        Source { id, position: [(); 3].map(|()| random.uniform()), gm: 1.0 / n as f64 }
    };
    (0..n).map(one).collect()
}

/// The exact sum at body `i`.
fn exact(bodies: &[Source], i: usize, softening: f64) -> [f64; 4] {
    let mut sum = [0.0; 4];
    let at = bodies[i].position;
    for Source { position, gm, .. } in bodies.iter().filter(|body| body.position != at) {
        let d = [0, 1, 2].map(|c| position[c] - at[c]);
        let r = (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + softening * softening).sqrt();
        for c in 0..3 {
            sum[c] += gm * d[c] / (r * r * r);
        }
        sum[3] -= gm / r;
    }
    sum
}

/// Relative errors of the accelerations of about 1000 bodies, in order.
fn errors(bodies: &[Source], found: &[[f64; 4]], softening: f64) -> Vec<f64> {
    let norm = |a: [f64; 3]| (a[0] * a[0] + a[1] * a[1] + a[2] * a[2]).sqrt();
    let error = |i: usize| {
        let [x, y, z, _] = exact(bodies, i, softening);
        let [fx, fy, fz, _] = found[i];
        norm([fx - x, fy - y, fz - z]) / norm([x, y, z])
    };
    let mut errors: Vec<f64> = (0..bodies.len()).step_by(bodies.len().div_ceil(1000)).map(error).collect();
    errors.sort_by(f64::total_cmp);
    errors
}

fn median(errors: &[f64]) -> f64 {
    errors[errors.len() / 2]
}

#[test]
fn the_presets_are_as_exact_as_they_say() {
    for (name, bodies) in [("Plummer", plummer(20_000)), ("uniform", uniform(20_000))] {
        // Of so few bodies forces are less exact than of the 1e5 and more that the presets are for.
        for (accuracy, bound) in [(Accuracy::Fast, 6e-3), (Accuracy::Standard, 2.5e-3), (Accuracy::Accurate, 1e-3)] {
            let found = Way::new(accuracy).forces(&bodies);
            let errors = errors(&bodies, &found, 0.0);
            println!(
                "{name} {accuracy:?}: median {:.2e}, p99 {:.2e}",
                median(&errors),
                errors[errors.len() * 99 / 100]
            );
            assert!(median(&errors) < bound, "{name} {accuracy:?}: {:e}", median(&errors));
            let potential = |i: usize| (found[i][3] / exact(&bodies, i, 0.0)[3] - 1.0).abs();
            let mut errors: Vec<f64> = (0..bodies.len()).step_by(100).map(potential).collect();
            errors.sort_by(f64::total_cmp);
            assert!(median(&errors) < 0.3 * bound, "{name} {accuracy:?}, potential: {:e}", median(&errors));
        }
    }
}

#[test]
fn each_level_and_both_ways_to_a_root_agree() {
    let bodies = plummer(3000);
    let reference = Way { exact: true, ..Way::new(Accuracy::Accurate) }.forces(&bodies);
    for level in Level::available() {
        for exact in [false, true] {
            let found = Way { level, exact, ..Way::new(Accuracy::Accurate) }.forces(&bodies);
            let difference = |(a, b): (&[f64; 4], &[f64; 4])| {
                let size = b[..3].iter().map(|x| x * x).sum::<f64>().sqrt();
                (0..3).map(|c| (a[c] - b[c]).abs() / size).fold((a[3] / b[3] - 1.0).abs(), f64::max)
            };
            let most = found.iter().zip(&reference).map(difference).fold(0.0, f64::max);
            // Two estimates of 1/r of 6e-5 each, cubed.
            assert!(most < 4e-4, "{} {exact}: {most:e}", level.name());
        }
    }
}

#[test]
fn an_angle_of_zero_gives_the_direct_sum() {
    let bodies = plummer(2000);
    for softening in [0.0, 0.05] {
        let way = Way { exact: true, softening, ..Way::new(Opening::theta(0.0)) };
        let (found, counts) = way.counted(&bodies);
        assert_eq!((counts.near, counts.far), (2000 * 2000, 0));
        let errors = errors(&bodies, &found, softening);
        assert!(errors[errors.len() - 1] < 2e-5 && median(&errors) < 1e-6, "{:e}", median(&errors));
    }
}

#[test]
fn smaller_angles_give_smaller_errors() {
    let bodies = plummer(10_000);
    let error = |theta: f64| median(&errors(&bodies, &Way::new(Opening::theta(theta)).forces(&bodies), 0.0));
    let found = [0.8, 0.6, 0.4, 0.25].map(error);
    assert!(found.is_sorted_by(|a, b| a > b), "{found:?}");
}

#[test]
fn the_relative_criterion_keeps_errors_a_share_of_the_force() {
    for (name, bodies) in [("Plummer", plummer(10_000)), ("uniform", uniform(10_000))] {
        let mut medians = Vec::new();
        for share in [0.01, 0.0025, 0.0005] {
            let way = Way::new(Opening::relative(share));
            let (found, counts) = way.counted(&bodies);
            let errors = errors(&bodies, &found, 0.0);
            let [middle, tail] = [50, 99].map(|part| errors[errors.len() * part / 100]);
            println!("{name} {share}: median {middle:.2e}, p99 {tail:.2e}, {} pairs", counts.near / 10_000);
            assert!(middle < share && tail < 5.0 * share, "{name} {share}: {middle:e} {tail:e}");
            medians.push(middle);
        }
        assert!(medians.is_sorted_by(|a, b| a > b), "{medians:?}");
    }
}

#[test]
fn the_error_of_an_expansion_falls_with_its_order() {
    // A group of bodies about the origin, all in one octant of the cube, and one heavy place on the diagonal that is its only far cell.
    let error = |order: usize, distance: f64, softening: f64| {
        let mut bodies: Vec<Source> = (0..100)
            .map(|id| {
                let mut random = Random::new(9, 1, id);
                Source { id, position: [(); 3].map(|()| random.uniform() - 0.5), gm: 0.0 }
            })
            .collect();
        bodies.push(Source { id: 100, position: [distance; 3], gm: 1.0 });
        let heavy = bodies[100];
        bodies.extend((101..400).map(|id| Source { id, ..heavy }));
        let opening = Opening { theta: 0.9, reach: 0.5, order, relative: 0.0 };
        let way = Way { exact: true, softening, ..Way::new(opening) };
        let (found, counts) = way.counted(&bodies);
        assert!(counts.far > 0);
        let difference = |i: usize| {
            let exact = exact(&bodies, i, softening);
            let size = exact[..3].iter().map(|x| x * x).sum::<f64>().sqrt();
            (0..3).map(|c| (found[i][c] - exact[c]).abs() / size).fold(0.0, f64::max)
        };
        (0..100).map(difference).sum::<f64>() / 100.0
    };
    for softening in [0.0, 0.5] {
        for order in 1..=HIGHEST {
            let [near, far] = [1.75, 3.5].map(|distance| error(order, distance, softening));
            let slope = (near / far).log2();
            let wanted = order as f64 + 1.0;
            println!("order {order}, softening {softening}: errors {near:.2e} {far:.2e}, slope {slope:.2}");
            // At order 5 rounding in single precision shows at the larger distance.
            let less = if order == HIGHEST { 1.25 } else { 0.75 };
            assert!(
                slope > wanted - less && slope < wanted + 0.75,
                "order {order}, softening {softening}: slope {slope}"
            );
        }
    }
}

#[test]
fn the_order_in_which_bodies_are_given_does_not_matter() {
    let bodies = plummer(5000);
    let way = Way::new(Accuracy::Standard);
    let straight = way.forces(&bodies);
    let shuffle = |i: usize| (i * 2887 + 13) % bodies.len();
    let shuffled: Vec<Source> = (0..bodies.len()).map(|i| bodies[shuffle(i)]).collect();
    let found = way.forces(&shuffled);
    for (i, found) in found.iter().enumerate() {
        assert_eq!(found.map(f64::to_bits), straight[shuffle(i)].map(f64::to_bits));
    }
}

#[test]
fn forces_on_active_bodies_have_the_bits_of_forces_on_all() {
    let bodies = plummer(5000);
    for level in Level::available() {
        let way = Way { level, ..Way::new(Accuracy::Standard) };
        let (all, whole) = way.counted(&bodies);
        for stride in [1, 3, 50, 4000] {
            let is_active = |id: u64| id % stride == 1 % stride;
            let (found, counts) = way.of_active(&bodies, is_active);
            for ((body, found), all) in bodies.iter().zip(found).zip(&all) {
                let expected = if is_active(body.id) { *all } else { [0.0, 0.0, 0.0, -0.0] };
                assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits), "{} of {stride}", body.id);
            }
            assert!(counts.near <= 2 * whole.near / stride, "{stride}: {} pairs of {}", counts.near, whole.near);
        }
    }
}

#[test]
fn softened_forces_are_those_of_plummer() {
    let bodies = plummer(5000);
    let way = Way { softening: 0.1, ..Way::new(Accuracy::Accurate) };
    let errors = errors(&bodies, &way.forces(&bodies), 0.1);
    assert!(median(&errors) < 1e-3, "{:e}", median(&errors));
}

#[test]
fn odd_bodies_get_forces() {
    let way = Way::new(Accuracy::Standard);
    let one = Source { id: 0, position: [3.0, -1e9, 0.5], gm: 2.0 };
    assert_eq!(way.forces(&[one]), [[0.0, 0.0, 0.0, -0.0]]);
    assert_eq!(way.forces(&[]), [[0.0; 4]; 0]);
    // No mass at all.
    let massless: Vec<Source> = plummer(300).into_iter().map(|body| Source { gm: 0.0, ..body }).collect();
    assert!(way.forces(&massless).iter().flatten().all(|x| *x == 0.0));
    // A thousand bodies at one place, and one beside them.
    let mut bodies = vec![Source { id: 0, position: [1.0; 3], gm: 1e-3 }; 1000];
    (0..).zip(&mut bodies).for_each(|(id, body)| body.id = id);
    assert!(way.forces(&bodies).iter().flatten().all(|x| *x == 0.0));
    bodies.push(Source { id: 1000, position: [2.0, 1.0, 1.0], gm: 1.0 });
    let found = way.forces(&bodies);
    let close = |a: f64, b: f64| (a - b).abs() < 2e-4;
    assert!(close(found[1000][0], -1.0) && close(found[1000][3], -1.0), "{:?}", found[1000]);
    assert!(close(found[7][0], 1.0) && close(found[7][3], -1.0), "{:?}", found[7]);
}

/// With few bodies, all would be a group with the one far away.
#[test]
fn one_body_far_away_leaves_the_others_their_digits() {
    let mut bodies = plummer(100);
    bodies.push(Source { id: 100, position: [1e7, 0.0, 0.0], gm: 0.01 });
    let errors = errors(&bodies, &Way { exact: true, ..Way::new(Accuracy::Accurate) }.forces(&bodies), 0.0);
    assert!(errors[errors.len() - 1] < 1e-2, "{:e}", errors[errors.len() - 1]);
}

#[test]
fn one_body_far_away_costs_the_others_nothing() {
    let mut bodies = plummer(4000);
    let way = Way::new(Accuracy::Standard);
    let (found, before) = way.counted(&bodies);
    let error = median(&errors(&bodies, &found, 0.0));
    for distance in [1e6, 1e11] {
        bodies.push(Source { id: bodies.len() as u64, position: [0.0, distance, 0.0], gm: 1.0 / 4000.0 });
        let (found, counts) = way.counted(&bodies);
        let errors = errors(&bodies, &found, 0.0);
        assert!(median(&errors) < 1.2 * error, "{distance:e}: {:e}, {error:e} before", median(&errors));
        assert!(counts.near < before.near * 3 / 2, "{distance:e}: {} pairs, {} before", counts.near, before.near);
        let at_last = found[found.len() - 1];
        assert!(at_last.iter().all(|x| x.is_finite()), "{at_last:?}");
    }
}
