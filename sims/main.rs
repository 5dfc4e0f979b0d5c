//! The program `divisi`: the simulations that come with the framework.

mod fluid;

use std::process::ExitCode;

fn main() -> ExitCode {
    divisi::Program::new()
        .with::<divisi::nbody::NBody>()
        .with::<divisi::fluid::Fluid<fluid::Catalogue>>()
        .with::<divisi::orbit::OrbitFit>()
        .main()
}
