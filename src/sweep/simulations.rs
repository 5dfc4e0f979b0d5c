//! The simulations that the tasks of a sweep can be, whatever their types.

use crate::base::config::ParameterFile;
use crate::run::{Finished, Request, StopRequest};
use crate::{Comm, Result};

/// The simulations that tasks can be.
pub(crate) struct Simulations<'a> {
    /// Refuses parameters that can't be.
    pub validate: &'a dyn Fn(&ParameterFile) -> Result<()>,
    /// Runs a simulation on the ranks of a group.
    pub run: &'a dyn Fn(&Comm, &Request, &StopRequest) -> Result<Finished>,
}
