//! The program `divisi`: the simulations that come with the framework.

mod fluid;

use std::process::ExitCode;

use include_dir::{Dir, include_dir};

/// The parameter files and what they read, which `divisi example` writes.
static EXAMPLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/sims");

fn main() -> ExitCode {
    divisi::Program::new()
        .with::<divisi::nbody::NBody>()
        .with::<divisi::fluid::Fluid<fluid::Catalogue>>()
        .with::<divisi::orbit::OrbitFit>()
        .with::<divisi::optics::Optics>()
        .with_examples(files(&EXAMPLES))
        .main()
}

/// The files of a folder and of those in it, but for the program's own source.
fn files(folder: &'static Dir<'static>) -> Vec<(&'static str, &'static [u8])> {
    let own = folder.files().filter_map(|file| Some((file.path().to_str()?, file.contents())));
    let within = folder.dirs().flat_map(files);
    own.chain(within).filter(|(path, _)| !path.ends_with(".rs")).collect()
}
