//! Forces of the tree over ranks: the same bits as on one, wherever the bodies are and however they move.

use divisi::Comm;
use divisi::nbody::Body;
use divisi::nbody::initial::Plummer;
use divisi::nbody::tree::{Accuracy, Field, Opening, Place, Source, Tree, Wanted, interactions};
use divisi::random::Random;
use divisi::simd::{Level, Rsqrt};

pub(crate) const CHECKS: &[super::Check] = &[
    ("the tree's forces have the bits of one rank while bodies move", moving),
    ("the tree's forces don't depend on which rank has a body", shuffled),
    ("the tree takes few, coincident, distant and massless bodies", odd),
    ("domains of the tree are balanced by what forces cost", balanced),
    ("the tree's forces on active bodies have the bits of those on all", active),
    ("interactions of one's own have the neighbours of all pairs, in one order", own),
    ("the tree's forces by the relative criterion have the bits of one rank", relative),
];

/// Bodies of many masses: sums of equal ones have the same bits in any order.
fn bodies(n: u64) -> Vec<Source> {
    let sphere = Plummer { n, seed: 2, gravity: 1.0, mass: 1.0, virial_radius: 1.0, truncation: None };
    let gm = |id: u64, mass: f64| mass * (0.5 + Random::new(2, 2, id).uniform());
    let source = |body: &Body| Source { id: body.id, position: body.position, gm: gm(body.id, body.mass) };
    sphere.bodies(0..n).iter().map(source).collect()
}

fn tree(opening: Opening) -> Tree {
    Tree::new(Level::detect(), Rsqrt::Approximate, 0.01, opening)
}

/// This rank's bodies: those whose places in the list it owns.
fn share(comm: &Comm, bodies: &[Source], owner: impl Fn(usize) -> usize) -> Vec<usize> {
    (0..bodies.len()).filter(|&i| owner(i) == comm.rank()).collect()
}

/// Holds what was found for the bodies at `places` against forces on all of them, bit for bit.
fn same_bits(places: &[usize], found: &Field, alone: &Field) {
    assert_eq!((found.acceleration.len(), found.potential.len()), (places.len(), places.len()));
    for (i, &place) in places.iter().enumerate() {
        assert_eq!(found.acceleration[i].map(f64::to_bits), alone.acceleration[place].map(f64::to_bits), "{place}");
        assert_eq!(found.potential[i].to_bits(), alone.potential[place].to_bits());
    }
}

/// Forces by all ranks and by each alone, of bodies that `owner` puts on ranks.
fn check(comm: &Comm, all: &[Source], opening: Opening, owner: impl Fn(usize) -> usize) {
    let alone = comm.split(comm.rank() as u32);
    let places = share(comm, all, owner);
    let mine: Vec<Source> = places.iter().map(|&i| all[i]).collect();
    let mut together = tree(opening);
    let mut single = tree(opening);
    same_bits(&places, together.evaluate(comm, &mine, true).unwrap(), single.evaluate(&alone, all, true).unwrap());
}

fn moving(comm: &Comm) {
    let alone = comm.split(comm.rank() as u32);
    let mut all = bodies(3000);
    let places = share(comm, &all, |i| i % comm.size());
    for accuracy in [Accuracy::Fast, Accuracy::Standard, Accuracy::Accurate] {
        let mut together = tree(accuracy.into());
        let mut single = tree(accuracy.into());
        for step in 0..4 {
            let mine: Vec<Source> = places.iter().map(|&i| all[i]).collect();
            let found = together.evaluate(comm, &mine, true).unwrap();
            same_bits(&places, found, single.evaluate(&alone, &all, true).unwrap());
            for body in &mut all {
                let mut random = Random::new(step, 1, body.id);
                body.position = body.position.map(|x| x + 0.2 * (random.uniform() - 0.5));
            }
        }
    }
}

fn shuffled(comm: &Comm) {
    let mut all = bodies(2000);
    let size = comm.size();
    check(comm, &all, Accuracy::Standard.into(), |i| (i * i + 3) % size);
    check(comm, &all, Opening::theta(0.0), |i| i * size / 2000);
    check(comm, &all, Accuracy::Fast.into(), |_| size - 1);
    all.reverse();
    check(comm, &all, Accuracy::Standard.into(), |i| i * i % size);
}

fn odd(comm: &Comm) {
    let size = comm.size();
    for count in [0, 1, 2, 5, 17, 130] {
        check(comm, &bodies(count.max(1))[..count as usize], Accuracy::Standard.into(), |i| i % size);
    }
    let mut all = bodies(600);
    for (i, body) in all.iter_mut().enumerate() {
        match i {
            100..400 => body.position = [0.25, 0.5, -0.125],
            400..450 => body.gm = 0.0,
            450 => body.position = [1e6, -3e5, 0.0],
            451 => body.position = [-1e20, 0.0, 7.0],
            _ => {}
        }
    }
    check(comm, &all, Accuracy::Standard.into(), |i| i % size);
    for body in &mut all {
        body.position = [3.0; 3];
    }
    check(comm, &all, Accuracy::Standard.into(), |i| i % size);
}

fn active(comm: &Comm) {
    let alone = comm.split(comm.rank() as u32);
    let mut all = bodies(3000);
    let places = share(comm, &all, |i| i % comm.size());
    let mut together = tree(Accuracy::Standard.into());
    for step in 0..4 {
        let mine: Vec<Source> = places.iter().map(|&i| all[i]).collect();
        let whole = tree(Accuracy::Standard.into()).evaluate(&alone, &all, true).unwrap().clone();
        // All, some everywhere, those of the first half alone, one.
        let is_active = |i: usize| [true, i.is_multiple_of(5), i < 1500, i == 17][step];
        let active: Vec<bool> = places.iter().map(|&i| is_active(i)).collect();
        let wanted = Wanted { potential: true, active: Some(&active), last: None };
        let found = together.evaluate_with(comm, &mine, wanted).unwrap();
        for (i, &place) in places.iter().enumerate() {
            let expected = if active[i] { whole.acceleration[place] } else { [0.0; 3] };
            assert_eq!(found.acceleration[i].map(f64::to_bits), expected.map(f64::to_bits), "{place} at {step}");
            let expected = if active[i] { whole.potential[place] } else { 0.0 };
            assert_eq!(found.potential[i].to_bits(), expected.to_bits(), "{place} at {step}");
        }
        all.iter_mut().for_each(|body| body.position = body.position.map(|x| 1.01 * x));
    }
}

fn relative(comm: &Comm) {
    let alone = comm.split(comm.rank() as u32);
    let mut all = bodies(3000);
    all[17].gm = 0.0;
    let places = share(comm, &all, |i| i % comm.size());
    let [mut together, mut single] = [(); 2].map(|()| tree(Opening::relative(2e-3)));
    let norm = |[x, y, z]: [f64; 3]| (x * x + y * y + z * z).sqrt();
    let first = single.evaluate(&alone, &all, false).unwrap();
    let mut last: Vec<f64> = first.acceleration.iter().copied().map(norm).collect();
    // One that opens all, and one that opens next to nothing.
    last[5] = 0.0;
    last[6] = 1e9;
    let mine: Vec<Source> = places.iter().map(|&i| all[i]).collect();
    let known: Vec<f64> = places.iter().map(|&i| last[i]).collect();
    let wanted = Wanted { potential: true, ..Wanted::default() };
    let found = together.evaluate_with(comm, &mine, Wanted { last: Some(&known), ..wanted }).unwrap();
    same_bits(&places, found, single.evaluate_with(&alone, &all, Wanted { last: Some(&last), ..wanted }).unwrap());
}

fn own(comm: &Comm) {
    let alone = comm.split(comm.rank() as u32);
    for count in [0, 1, 2, 17, 700] {
        let mut all = bodies(700)[..count].to_vec();
        for (i, body) in all.iter_mut().enumerate() {
            match i {
                100..140 => body.position = [0.25, 0.5, -0.125],
                450 => body.position = [1e6, -3e5, 0.0],
                _ => {}
            }
        }
        // Some see nothing but themselves, some all.
        let reach = |body: &Source| [0.0, 0.1, 0.3, 1e9][body.id as usize % 4];
        let place = |body: &Source| Place { id: body.id, position: body.position, reach: reach(body) };
        let square = |a: &Source, b: &Source| (0..3).map(|c| (a.position[c] - b.position[c]).powi(2)).sum::<f64>();
        let rule = |body: &Source, near: &[&Source]| {
            // Rounded after each term: another order has other bits.
            let sum = near.iter().fold(0.0, |sum, other| sum * 1.1 + other.gm / (1.0 + square(body, other)));
            [sum, near.len() as f64]
        };
        let places = share(comm, &all, |i| (i * i + 1) % comm.size());
        let mine: Vec<Source> = places.iter().map(|&i| all[i]).collect();
        let found = interactions(comm, &mine, place, rule).unwrap();
        let single = interactions(&alone, &all, place, rule).unwrap();
        for (&i, found) in places.iter().zip(&found) {
            assert_eq!(found.map(f64::to_bits), single[i].map(f64::to_bits), "{i} of {count}");
            let within = all.iter().filter(|other| square(&all[i], other) <= reach(&all[i]).powi(2)).count();
            assert_eq!(found[1], within as f64, "{i} of {count}");
        }
    }
    let nowhere = Source { id: 3, position: [0.0, f64::NAN, 0.0], gm: 0.0 };
    let place = |body: &Source| Place { id: body.id, position: body.position, reach: 1.0 };
    let error = interactions(&alone, &[nowhere], place, |_, near| near.len() as u64).unwrap_err();
    assert!(error.to_string().contains("body 3 is at"), "{error}");
}

fn balanced(comm: &Comm) {
    let all = bodies(20_000);
    let mine: Vec<Source> = share(comm, &all, |i| i % comm.size()).iter().map(|&i| all[i]).collect();
    let mut tree = tree(Accuracy::Standard.into());
    for _ in 0..3 {
        tree.evaluate(comm, &mine, false).unwrap();
    }
    let counts = tree.spent().counts;
    let total = comm.all_reduce_sum(counts.near);
    let most = comm.all_reduce_max(counts.near);
    let share = most as f64 * comm.size() as f64 / total as f64;
    assert!(share < 1.15, "the rank with most pairs has {share} times its share");
}
