//! Flows: problems that test and show gas on grids, a file each.
//!
//! Each `NAME.rs` has a `NAME.toml` that runs it as its paper has it; [`exact`] has the solutions with which some of them are compared.
//! Initial values are those at the centres of cells, unless a problem says otherwise.

mod blast;
mod double_mach;
mod exact;
mod implosion;
mod isentropic_vortex;
mod kelvin_helmholtz;
mod linear_wave;
mod mask;
mod noh;
mod parameters;
mod quirk;
mod rayleigh_taylor;
mod sedov;
mod shock;
mod shu_osher;
mod sod;
mod wind_tunnel;

use divisi::fluid::{Entry, Problems};

/// The problems that the program knows.
pub(crate) struct Catalogue;

impl Problems for Catalogue {
    const NAME: &'static str = "fluid";
    const ENTRIES: &'static [Entry] = &[
        sod::ENTRY,
        shu_osher::ENTRY,
        linear_wave::ENTRY,
        isentropic_vortex::ENTRY,
        sedov::ENTRY,
        noh::ENTRY,
        blast::ENTRY,
        kelvin_helmholtz::ENTRY,
        rayleigh_taylor::ENTRY,
        quirk::ENTRY,
        double_mach::ENTRY,
        implosion::ENTRY,
        wind_tunnel::ENTRY,
    ];
}
