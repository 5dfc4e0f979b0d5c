//! Posteriors written by all ranks: the same bytes on any number of them and in both ways, refused by all or by none.

use std::ops::Range;

use divisi::Comm;
use divisi::io::WriteOptions;
use divisi::orbit::posterior::{About, Chain, Parameter, Posterior};
use divisi::orbit::{Observation, Observations, Quantity};

use super::output::{done, scratch, share};

pub(crate) const CHECKS: &[super::Check] = &[
    ("posteriors have the bytes that one process writes", same_bytes),
    ("ranks without samples change no byte of a posterior", empty_ranks),
    ("a posterior that one rank cannot give is refused on all", refused),
];

const ROWS: u64 = 4003;
const WALKERS: u64 = 10;
const STEPS: u64 = 31;
/// Orbitize's parameters of one companion, in an order of our own.
const NAMES: [(&str, &str); 8] = [
    ("plx", "mas"),
    ("mtot", "Msun"),
    ("sma1", "au"),
    ("ecc1", ""),
    ("inc1", "rad"),
    ("aop1", "rad"),
    ("pan1", "rad"),
    ("tau1", ""),
];

/// A number that no other row, walker or parameter has.
fn number(row: u64, column: usize) -> f64 {
    (1.0 + row as f64 * 3.7 + column as f64 * 0.01).sqrt()
}

/// A measured place.
fn measured() -> Observation {
    Observation {
        epoch: 55645.95,
        object: 1,
        quantity: Quantity::RaDec,
        values: [12.5, -3.25],
        errors: [0.5, 0.25],
        correlation: None,
        instrument: String::new(),
        place: String::new(),
    }
}

/// These rows, and the steps of these walkers.
fn part(rows: Range<u64>, walkers: Range<u64>) -> Posterior {
    let numbers = |row: u64| (0..NAMES.len()).map(move |column| number(row, column));
    let steps = (0..STEPS).flat_map(|step| walkers.clone().map(move |walker| 10_000 + step * WALKERS + walker));
    Posterior {
        parameters: NAMES.iter().map(|(name, unit)| Parameter::new(*name, *unit)).collect(),
        samples: rows.clone().flat_map(numbers).collect(),
        ln_likelihood: rows.clone().map(|row| -number(row, 20)).collect(),
        ln_prior: rows.clone().map(|row| -number(row, 21)).collect(),
        weights: rows.map(|row| number(row, 22)).collect(),
        chain: Some(Chain {
            walkers: (walkers.end - walkers.start) as usize,
            thin: 2,
            samples: steps.flat_map(numbers).collect(),
        }),
        observations: Observations { rows: vec![measured()], ..Observations::default() },
        about: About { sampler: "MCMC".to_owned(), note: "made up".to_owned(), ..About::default() },
    }
}

fn compare_with_one_process(comm: &Comm, mine: &Posterior, options: WriteOptions) {
    let folder = scratch(comm);
    let all = folder.join("all.hdf5");
    let one = folder.join("one.hdf5");
    mine.write(comm, &all, &options).expect("a posterior");
    if comm.is_root() {
        let whole = part(0..ROWS, 0..WALKERS);
        if options.compress == 0 {
            whole.write_alone(&one).expect("a posterior");
            let [all, one] = [&all, &one].map(|path| std::fs::read(path).expect("a file"));
            assert!(all == one, "{options:?}: bytes differ");
        }
        let read = Posterior::read(&all).expect("a posterior");
        assert!(read.parameters[0].name == "sma1" && read.row(77)[0] == number(77, 2), "{:?}", read.row(77));
        assert!(read.row(77)[7] == number(77, 1) && read.ln_likelihood == whole.ln_likelihood);
        let chain = read.chain.expect("a chain");
        let place = (5 * WALKERS as usize + 7) * NAMES.len();
        assert!(chain.walkers == WALKERS as usize && chain.samples[place] == number(10_000 + 5 * WALKERS + 7, 2));
    }
    done(comm, &folder);
}

fn same_bytes(comm: &Comm) {
    let mine = part(share(comm, ROWS), share(comm, WALKERS));
    for mpiio in [cfg!(feature = "parallel-hdf5"), false] {
        for compress in [0, 4] {
            compare_with_one_process(comm, &mine, WriteOptions::default().mpiio(mpiio).compress(compress));
        }
    }
}

fn empty_ranks(comm: &Comm) {
    let last = comm.rank() + 1 == comm.size();
    let mut mine = if last { part(0..ROWS, 0..WALKERS) } else { part(0..0, 0..0) };
    if !last {
        mine.chain = None;
    }
    for mpiio in [cfg!(feature = "parallel-hdf5"), false] {
        compare_with_one_process(comm, &mine, WriteOptions::default().mpiio(mpiio));
    }
}

fn refused(comm: &Comm) {
    let folder = scratch(comm);
    let path = folder.join("posterior.hdf5");
    let last = comm.rank() + 1 == comm.size();
    let changes: [fn(&mut Posterior); 3] =
        [|p| p.weights.clear(), |p| p.samples.truncate(9), |p| p.chain.iter_mut().for_each(|c| c.samples.truncate(0))];
    for change in changes {
        let mut mine = part(share(comm, ROWS), share(comm, WALKERS));
        if last {
            change(&mut mine);
        }
        let written = mine.write(comm, &path, &WriteOptions::default());
        // Alone, a rank without weights or steps is a posterior without.
        assert!(written.is_err() || (comm.size() == 1 && mine.samples.len() > 9));
        assert!(!path.exists() || comm.size() == 1);
    }
    done(comm, &folder);
}
