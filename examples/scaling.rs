//! Speed-up against ranks: what scales, what can't, and where it breaks, past the cores of the machine.
//!
//!     for ranks in 1 2 3 4 6 8; do mpirun -n $ranks target/release/examples/scaling; done
//!     target/release/examples/scaling draw        the picture of these runs, runs/scaling/speed_up.png
//!
//! The 2-D Gaussian's rows are independent: it scales as far as there are cores. In a hash chain each hash is made of the last
//! one: whichever rank has it, the others wait. Many chains are independent of each other, so together they scale.
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use divisi::partition::balanced_range;
use divisi::plot::{Fitted, Line, Points};
use divisi::prelude::*;
use divisi::random::philox4x32;

const FOLDER: &str = "runs/scaling";
const NAMES: [&str; 3] = ["2-D Gaussian", "one hash chain", "24 hash chains"];
/// Each is done again for so many seconds; the fastest time counts.
const SECONDS: f64 = 0.1;
/// Points along a side of the square from -4 to 4.
const SIDE: u64 = 1000;
const HASHES: u64 = 240_000;
const CHAINS: u64 = 24;

/// The integral of exp(-(x² + y²)), which is π: each rank has some rows.
fn gaussian(comm: &Comm) -> f64 {
    let step = 8.0 / SIDE as f64;
    let place = |k: u64| -4.0 + step * (k as f64 + 0.5);
    let value = |row, column| libm::exp(-(place(row) * place(row) + place(column) * place(column)));
    let row = |row| (0..SIDE).map(|column| value(row, column)).sum::<f64>();
    comm.sum_exact(balanced_range(SIDE, comm.size(), comm.rank()).map(row)) * step * step
}

/// Hashes a state so often, each time what came of it before.
fn chain(state: [u32; 4], hashes: u64) -> [u32; 4] {
    (0..hashes).fold(state, |state, _| philox4x32(state, [2026, 1130]))
}

/// One chain, shared out as well as can be: each rank makes a part of it, and tells all what came of it.
fn one_chain(comm: &Comm) -> [u32; 4] {
    let mut state = [0; 4];
    for rank in 0..comm.size() {
        if rank == comm.rank() {
            let part = balanced_range(HASHES, comm.size(), rank);
            state = chain(state, part.end - part.start);
        }
        comm.broadcast_into(&mut state, rank);
    }
    state
}

/// As many hashes in chains of their own, of which each rank makes some; where they end, on all ranks.
fn many_chains(comm: &Comm) -> Vec<[u32; 4]> {
    let mine = balanced_range(CHAINS, comm.size(), comm.rank());
    let ends: Vec<[u32; 4]> = mine.map(|number| chain([number as u32, 0, 0, 0], HASHES / CHAINS)).collect();
    comm.all_gather(&ends)
}

/// The seconds of the fastest pass, and what it gave.
fn timed<T>(comm: &Comm, work: impl Fn() -> T) -> (f64, T) {
    let mut best = f64::INFINITY;
    let mut all = 0.0;
    loop {
        comm.barrier();
        let start = Instant::now();
        let made = work();
        let seconds = comm.all_reduce_max(start.elapsed().as_secs_f64());
        best = seconds.min(best);
        all += seconds;
        if all > SECONDS {
            return (best, made);
        }
    }
}

fn measure(comm: &Comm) -> Result<()> {
    let (gaussian, integral) = timed(comm, || gaussian(comm));
    let (one, end) = timed(comm, || one_chain(comm));
    let (many, ends) = timed(comm, || many_chains(comm));
    assert!((integral - PI).abs() < 1e-5, "the integral is {integral}");
    assert_eq!(end, chain([0; 4], HASHES));
    assert_eq!(ends[0], chain([0; 4], HASHES / CHAINS));
    if comm.is_root() {
        for (name, seconds) in NAMES.iter().zip([gaussian, one, many]) {
            println!("{} ranks: {name:14} {seconds:.4} s", comm.size());
        }
        let path = Path::new(FOLDER).join("seconds.csv");
        std::fs::create_dir_all(FOLDER).map_err(Error::io("create", FOLDER))?;
        let mut file = File::options().create(true).append(true).open(&path).map_err(Error::io("open", &path))?;
        writeln!(file, "{},{gaussian},{one},{many}", comm.size()).map_err(Error::io("write", &path))?;
    }
    Ok(())
}

/// The fastest of all runs so far, by the number of ranks.
fn fastest() -> Result<BTreeMap<u32, [f64; 3]>> {
    let path = Path::new(FOLDER).join("seconds.csv");
    let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let mut found = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let numbers: Vec<f64> = line.split(',').filter_map(|word| word.parse().ok()).collect();
        let &[ranks, gaussian, one, many] = &numbers[..] else {
            return Err(Error::file(&path, format!("line {number} has {} numbers instead of 4", numbers.len())));
        };
        let best: &mut [f64; 3] = found.entry(ranks as u32).or_insert([f64::INFINITY; 3]);
        *best = [best[0].min(gaussian), best[1].min(one), best[2].min(many)];
    }
    if found.contains_key(&1) { Ok(found) } else { Err(Error::file(&path, "has no run on 1 rank to compare with")) }
}

fn draw() -> Result<()> {
    let fastest = fastest()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    let most = fastest.keys().last().map_or(1.0, |&ranks| f64::from(ranks));
    let points = |(which, name): (usize, &&str)| Points {
        name: (*name).to_owned(),
        at: fastest.iter().map(|(&ranks, seconds)| [f64::from(ranks), fastest[&1][which] / seconds[which]]).collect(),
        errors: Vec::new(),
    };
    let ideal = [[1.0, 1.0], [cores.min(most), cores.min(most)], [most, cores.min(most)]];
    let picture = Fitted {
        title: format!("Times as fast as one rank, on {cores} cores (pale: ideal)"),
        labels: ["ranks", "speed-up"].map(str::to_owned),
        curves: vec![Line { points: ideal.to_vec(), pale: true }],
        points: NAMES.iter().enumerate().map(points).collect(),
        ..Fitted::default()
    };
    picture.save(&Path::new(FOLDER).join("speed_up")).map(drop)
}

fn show(comm: &Comm) -> Result<u8> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words[..] {
        [] => measure(comm)?,
        [word] if word == "draw" && comm.is_root() => draw()?,
        [word] if word == "draw" => {}
        _ => return Err(Error::input("arguments", "nothing, or `draw`")),
    }
    Ok(0)
}

fn main() -> ExitCode {
    launch(show)
}
