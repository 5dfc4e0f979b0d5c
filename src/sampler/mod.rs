//! Samplers: what is known of parameters after a look at data, from a density that a user writes.
//!
//! A user implements [`Density`], prior times likelihood over some parameters. Then
//!
//! - [`Ensemble`] draws samples of it: the affine-invariant ensemble, at several temperatures where there may be several
//!   modes or the evidence is wanted; [`Convergence`] tells how many samples they are worth;
//! - [`Maximum`] looks for its highest point and the errors there;
//! - [`Grid`] computes it at the nodes of a grid, the best of the other parameters at each.
//!
//! Each is a state that all ranks drive together: `new`, `step` as often as wanted, `save` into a checkpoint, `load` on any number of
//! ranks. So they run in a loop of one's own as well as inside a [`Simulation`](crate::Simulation), whose goal they tell. Results are
//! the same bits on any number of ranks. [`Method`] is the section of a parameter file that chooses one.
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
mod method;
mod moves;
mod replicated;
mod space;
mod start;
mod table;
mod tempering;
mod walkers;

pub use convergence::{Column, Convergence, autocorrelation_time, split_r_hat};
pub use density::Density;
pub use ensemble::{Ensemble, EnsembleSettings};
pub use grid::{Grid, GridAxis, GridSettings};
pub use maximum::{Curvature, Maximum, MaximumSettings, Peak};
pub use method::{KINDS, Method, PARAMETERS};
pub use moves::Moves;
pub use start::{Around, Start};
pub use table::{Share, Table};
pub use tempering::{Estimate, Evidence, Ladder};
