//! Samplers: what is known of parameters after a look at data, from a density that a user writes.
//!
//! A user implements [`Density`], prior times likelihood over some parameters. Then
//!
//! - [`Ensemble`] draws samples of it: the affine-invariant ensemble, at several temperatures where there may be several
//!   modes or the evidence is wanted; [`Convergence`] says how many samples they are worth;
//! - [`Maximum`] looks for its highest point and the errors there;
//! - [`Grid`] computes it at the nodes of a grid, the best of the other parameters at each.
//!
//! Each is a state that all ranks drive together: `new`, `step` as often as wanted, `save` into a checkpoint, `load` on any number of
//! ranks. So they run in a loop of one's own as well as inside a [`Simulation`](crate::Simulation), whose goal they give. Results are
//! the same bits on any number of ranks.
//!
//! ```no_run
//! use divisi::comm::launch;
//! use divisi::run::Goal;
//! use divisi::sampler::{Density, Ensemble, EnsembleSettings};
//!
//! /// A normal density about 0.3 in [0, 1].
//! struct Normal;
//!
//! impl Density for Normal {
//!     fn names(&self) -> Vec<String> {
//!         vec!["x".into()]
//!     }
//!     fn log_prior(&self, point: &[f64]) -> f64 {
//!         if (0.0..=1.0).contains(&point[0]) { 0.0 } else { f64::NEG_INFINITY }
//!     }
//!     fn log_likelihoods(&self, points: &[f64], into: &mut [f64]) {
//!         for (x, value) in points.iter().zip(into) {
//!             *value = -50.0 * (x - 0.3) * (x - 0.3);
//!         }
//!     }
//!     fn draw(&self, unit: &[f64], point: &mut [f64]) {
//!         point.copy_from_slice(unit);
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     launch(|comm| {
//!         let settings = EnsembleSettings { effective_samples: 1000.0, ..EnsembleSettings::default() };
//!         let mut ensemble = Ensemble::new(comm, Normal, settings, 1)?;
//!         while ensemble.goal() == Goal::Open {
//!             ensemble.step()?;
//!         }
//!         println!("{:?}", ensemble.look());
//!         Ok(0)
//!     })
//! }
//! ```
//!
//! In the code: `walkers` (who computes what, and the one exchange of a half step), `moves`, `start`, `tempering`,
//! `convergence`, `maximum` (the climb, the curvature), `grid`; `table` holds rows spread over ranks, `space` knows angles.
//!
//! Left out: moves by gradients, nested sampling, densities whose number of parameters changes.

mod convergence;
mod density;
mod ensemble;
mod grid;
mod maximum;
mod moves;
mod space;
mod start;
mod table;
mod tempering;
mod walkers;

pub use convergence::{Column, Convergence, autocorrelation_time, bulk_effective, split_r_hat, tail_effective};
pub use density::Density;
pub use ensemble::{Ensemble, EnsembleSettings};
pub use grid::{Grid, GridAxis, GridSettings};
pub use maximum::{Curvature, Maximum, MaximumSettings, Peak};
pub use moves::Moves;
#[cfg(feature = "solvers")]
pub(crate) use start::equal_mirrors;
pub use start::{Around, Start};
pub use table::{Share, Table};
pub use tempering::{Estimate, Evidence, Ladder};
