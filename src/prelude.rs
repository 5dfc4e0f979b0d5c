//! What a simulation of one's own usually needs: `use divisi::prelude::*;`.
//!
//! The derives of serde, schemars and bytemuck are among it; what they make names these crates, so Cargo.toml must have them too.

pub use std::f64::consts::{PI, TAU};
pub use std::process::ExitCode;

pub use bytemuck::{Pod, Zeroable};
pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};

pub use crate::base::clock::Clock;
pub use crate::base::config::{Parameters, positive};
pub use crate::base::error::{Error, Result};
pub use crate::base::random::Random;
pub use crate::base::units::Units;
pub use crate::comm::{Comm, launch};
pub use crate::grid::{Boundaries, Boundary, CellValue, Domain, Grid, Neighbours, Stencil};
pub use crate::io::{Checkpoint, CheckpointReader, Snapshot};
pub use crate::particles::Particles;
pub use crate::run::{Event, Row, Setup, Simulation};
