//! The file of a plan: its own sections, and those that it shares with every run.

use std::path::Path;
use std::time::Duration;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;
use toml::Table;

use super::plan::{Config, Plan, SECTIONS};
use crate::Result;
use crate::base::config::{ParameterFile, schema_of, schema_of_file};
use crate::run::{MadeBy, SILENCE, silence, table_of, walltime};

/// The framework's part of a plan.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Frame {
    simulation: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    made_by: Option<MadeBy>,
    /// How long the job goes on, and with what.
    #[serde(default)]
    run: RunSection,
}

/// `[run]` of a plan.
#[derive(Clone, Debug, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct RunSection {
    /// Seed of samples, and of the seed of each task.
    #[default = 1]
    seed: u64,
    /// Time after which the job ends. As Slurm writes it; left out: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["01:00:00"]))]
    walltime: Option<String>,
    /// Seconds after which a host or a process of which nothing is heard is lost, and a file system that doesn't answer is named. 0: never.
    #[default = 60.0]
    #[schemars(range(min = 0.0))]
    silence_seconds: f64,
    /// Whether trace.json is written: which rank ran which task when, as ui.perfetto.dev shows it.
    trace: bool,
}

/// A plan's file, typed and checked.
pub(super) struct PlanFile {
    frame: Frame,
    config: Config,
    pub plan: Plan,
}

impl PlanFile {
    /// Reads a plan.
    ///
    /// # Errors
    /// Whatever is wrong with it, with its place.
    pub(super) fn read(parameters: &ParameterFile) -> Result<Self> {
        let frame: Frame = parameters.typed(|key| !SECTIONS.contains(&key), &SECTIONS)?;
        let config: Config = parameters.typed(|key| SECTIONS.contains(&key), &["simulation", "run"])?;
        let beside = parameters.path().parent().unwrap_or(Path::new(""));
        let folder = frame.made_by.as_ref().map_or(beside, |made| &made.folder).to_owned();
        let plan = Plan::new(&config, &folder, frame.run.seed).map_err(|error| parameters.locate(error))?;
        Ok(PlanFile { frame, config, plan })
    }

    /// The seed of the samples and of the tasks' seeds.
    pub(super) fn seed(&self) -> u64 {
        self.frame.run.seed
    }

    /// The time that the job may take, if there is a limit.
    ///
    /// # Errors
    /// One that can't be read.
    pub(super) fn walltime(&self) -> Result<Option<Duration>> {
        self.frame.run.walltime.as_deref().map(|text| walltime("run.walltime", text)).transpose()
    }

    /// Whether a trace is asked for.
    pub(super) fn traces(&self) -> bool {
        self.frame.run.trace
    }

    /// How long nothing may be heard of a rank, if there is a limit.
    ///
    /// # Errors
    /// One that is no length of time.
    pub(super) fn silence(&self) -> Result<Option<Duration>> {
        silence(SILENCE, self.frame.run.silence_seconds)
    }

    /// All parameters, for the config.toml of the run with this id.
    pub(super) fn to_table(&self, id: &str, command: &str) -> Result<Table> {
        let made_by = MadeBy::now(super::NAME, id, command, "", self.plan.folder())?;
        let frame = Frame { made_by: Some(made_by), ..self.frame.clone() };
        let mut config = self.config.clone();
        if !config.parameters.values.is_empty() {
            // TOML writes plain values before tables: without this their order would be lost.
            config.parameters.order = self.plan.points().names().to_vec();
        }
        let mut all = table_of(&frame)?;
        all.extend(table_of(&config)?);
        Ok(all)
    }
}

/// The schema of a plan.
pub(crate) fn schema() -> Schema {
    schema_of_file(super::NAME, &schema_of::<Frame>(), &schema_of::<Config>())
}
