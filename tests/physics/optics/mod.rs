//! Light through optics: against exact patterns, a Fourier transform of the pupil, published coefficients and other codes' matrices.

mod coatings;
mod images;
mod matrices;
mod refused;

use std::path::Path;

use divisi::io::Reader;

use crate::common::{divisi, finish, root};

/// Runs a file of sims/optics with words after it.
pub(crate) fn run(name: &str, words: &[&str], out: &Path) -> Reader {
    let mut command = divisi();
    command.arg("run").arg(root().join(format!("sims/optics/{name}.toml"))).args(words).arg("--out").arg(out);
    finish(&mut command, 120).expect(0);
    Reader::open(&out.join("optics.hdf5")).expect("the file of the run")
}
