//! A parameter file, typed and checked: what a run will do.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::sections::{Cadence, Framework, SECTIONS};
use super::setup::Instructions;
use super::{Setup, Simulation};
use crate::config::Parameters;
use crate::{Error, Result};

/// A request whose parameters are typed and checked.
pub(super) struct Plan<C> {
    pub framework: Framework,
    pub cadence: Cadence,
    config: C,
    pub folder: PathBuf,
}

impl<C: DeserializeOwned + Serialize> Plan<C> {
    pub fn read<S: Simulation<Config = C>>(parameters: &Parameters) -> Result<Self> {
        let framework = Framework::read(parameters)?;
        let config = parameters.typed(|key| !SECTIONS.contains(&key), &SECTIONS)?;
        framework.check(parameters, S::ends_by_itself(&config))?;
        let cadence = framework.cadence(parameters)?;
        S::validate(&config, &framework.units).map_err(|error| parameters.locate(error))?;
        let beside = parameters.path().parent().unwrap_or(Path::new(""));
        let folder = framework.made_by.as_ref().map_or(beside, |made| &made.folder).to_owned();
        Ok(Plan { framework, cadence, config, folder })
    }

    pub fn setup(self, instructions: &Instructions) -> Setup<C> {
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

    /// All parameters as used, as TOML.
    pub fn to_table(&self) -> Result<Table> {
        let table = |value: std::result::Result<Value, toml::ser::Error>| match value {
            Ok(Value::Table(table)) => Ok(table),
            Ok(_) => Err(Error::input("config.toml", "the simulation's parameters are no sections")),
            Err(error) => Err(Error::input("config.toml", format!("cannot write the parameters: {error}"))),
        };
        let mut all = table(Value::try_from(&self.framework))?;
        all.extend(table(Value::try_from(&self.config))?);
        Ok(all)
    }
}
