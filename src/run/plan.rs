//! A parameter file, typed and checked.

use std::path::{Path, PathBuf};

use schemars::Schema;
use serde::Serialize;
use toml::{Table, Value};

use super::sections::{Cadence, Framework, SECTIONS};
use super::setup::Instructions;
use super::{Setup, Simulation};
use crate::base::config::{ParameterFile, schema_of, schema_of_file, schema_of_section};
use crate::{Error, Parameters, Result};

/// The schema of the sections that all simulations have.
pub(crate) fn framework_schema() -> Schema {
    schema_of::<Framework>()
}

/// The schema of a parameter file of this simulation.
pub(crate) fn schema<S: Simulation>() -> Schema {
    let own = schema_of::<S::Config>();
    let own = if S::Config::SECTIONS { own } else { schema_of_section(S::NAME, own) };
    schema_of_file(S::NAME, &framework_schema(), &own)
}

/// A request whose parameters are typed and checked.
pub(super) struct Plan<C> {
    pub framework: Framework,
    pub cadence: Cadence,
    config: C,
    pub folder: PathBuf,
}

impl<C: Parameters> Plan<C> {
    pub(super) fn read<S: Simulation<Config = C>>(parameters: &ParameterFile) -> Result<Self> {
        let mut framework = Framework::read(parameters)?;
        if !S::ending().has_rows_at_doublings() {
            framework.output.history_steps.get_or_insert(1);
        }
        let config = parameters.parameters::<C>(S::NAME, &SECTIONS)?;
        framework.check(parameters, S::ending().is_by_goal(&config))?;
        let cadence = framework.cadence(parameters, config.is_backwards())?;
        config.validate(&framework.units).map_err(|error| parameters.locate(error))?;
        let beside = parameters.path().parent().unwrap_or(Path::new(""));
        let folder = framework.made_by.as_ref().map_or(beside, |made| &made.folder).to_owned();
        Ok(Plan { framework, cadence, config, folder })
    }

    pub(super) fn setup(self, instructions: &Instructions) -> Setup<C> {
        Setup {
            config: self.config,
            units: self.framework.units,
            seed: self.framework.run.seed,
            level: instructions.level,
            rsqrt: instructions.rsqrt,
            node: self.framework.run.node,
            folder: self.folder,
        }
    }

    /// All parameters as used, as TOML; `name` is the simulation's.
    pub(super) fn to_table(&self, name: &str) -> Result<Table> {
        let mut all = table_of(&self.framework)?;
        let own = table_of(&self.config)?;
        if C::SECTIONS {
            all.extend(own);
        } else {
            all.insert(name.to_owned(), Value::Table(own));
        }
        Ok(all)
    }
}

/// Sections of parameters as they are written into config.toml.
///
/// # Errors
/// Parameters that are no sections, or that TOML can't hold.
pub(crate) fn table_of(sections: &impl Serialize) -> Result<Table> {
    match Value::try_from(sections) {
        Ok(Value::Table(table)) => Ok(table),
        Ok(_) => Err(Error::input("config.toml", "the parameters are no sections")),
        Err(error) => Err(Error::input("config.toml", format!("cannot write the parameters: {error}"))),
    }
}
