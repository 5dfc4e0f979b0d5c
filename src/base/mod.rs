//! The ground of all layers: errors, messages to people, parameters, time, shares, random numbers, units. It calls neither MPI nor
//! HDF5.

pub mod clock;
pub mod config;
pub(crate) mod console;
pub(crate) mod csv;
pub(crate) mod descriptors;
pub mod error;
pub(crate) mod file_at;
pub(crate) mod memory;
pub mod partition;
pub mod random;
pub(crate) mod table;
pub(crate) mod timeline;
pub mod units;
pub(crate) mod whole;
