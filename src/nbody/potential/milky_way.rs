//! The Milky Way as galpy has it: `MWPotential2014` (Bovy 2015, ApJS 216, 29, table 1).
//!
//! Three closed forms, of which each gives its part of the circular speed at the Sun's distance: a bulge with r^-1.8 cut off at 1.9 kpc (0.05),
//! a Miyamoto-Nagai disc of 3 kpc and 280 pc (0.60), a halo of Navarro, Frenk & White of 16 kpc (0.35); lengths are for the Sun at 8 kpc.

use super::{External, MiyamotoNagai, Nfw, PowerCutoff};

/// The parts of v²/r at the Sun of bulge, disc and halo.
const PARTS: [f64; 3] = [0.05, 0.6, 0.35];
/// Scales over the Sun's distance: the bulge's, the disc's along and across, the halo's.
const BULGE: f64 = 1.9 / 8.0;
const DISC: [f64; 2] = [3.0 / 8.0, 0.28 / 8.0];
const HALO: f64 = 16.0 / 8.0;
/// The density of the bulge goes with the radius to minus this.
const SLOPE: f64 = 1.8;

/// galpy's `MWPotential2014`, with the Sun at `radius` (length; galpy: 8 kpc) where the circular speed is `speed` (length/time; galpy: 220 km/s).
pub fn milky_way_2014(radius: f64, speed: f64) -> External {
    // G M of what pulls as a point at the Sun with all of v²/r.
    let whole = speed * speed * radius;
    let [bulge, disc, halo] = PARTS.map(|part| part * whole);
    let [scale, height] = DISC;
    let depth = 1.0 + (scale + height) * (scale + height);
    let mut external = External::default();
    let gm = bulge / PowerCutoff::share(SLOPE, 1.0 / BULGE);
    external.push(PowerCutoff { gm, scale: BULGE * radius, slope: SLOPE });
    external.push(MiyamotoNagai { gm: disc * depth * depth.sqrt(), scale: scale * radius, height: height * radius });
    external.push(Nfw { gm: halo / Nfw::share(1.0 / HALO), scale: HALO * radius });
    external
}
