//! Samplers: moments, evidence, maxima and grids against what is known; what can't be sampled is refused.
//!
//! All on one rank; that other numbers of ranks give the same bits is in tests/mpi.

mod chains;
mod evidence;
mod known;
mod refused;
mod searches;
mod tempering;
