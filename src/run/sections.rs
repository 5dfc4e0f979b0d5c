//! The sections of a parameter file that belong to every simulation: `[run]`, `[units]`, `[output]`, `[checkpoint]`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::deadline::{SILENCE, silence, walltime};
use super::hint::Hints;
use crate::base::config::ParameterFile;
use crate::base::units::{Quantity, Units};
use crate::comm::Node;
use crate::io::WriteOptions;
use crate::simd::Level;
use crate::{Error, Result};

/// The framework's own keys at the top of a parameter file.
pub(crate) const SECTIONS: [&str; 6] = ["simulation", "run", "units", "output", "checkpoint", "made_by"];

/// The framework's sections, as used.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Framework {
    /// Which simulation.
    pub simulation: String,
    /// What made the run; absent in a file that a person wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub made_by: Option<MadeBy>,
    /// How long the run goes on, and with what.
    #[serde(default)]
    pub run: RunSection,
    /// The units of all numbers: a preset, or all of length, time and mass.
    #[serde(default)]
    pub units: Units,
    /// When files are written, and how; the first and the last state always are.
    #[serde(default)]
    pub output: OutputSection,
    /// When checkpoints are written, and how many are kept.
    #[serde(default)]
    pub checkpoint: CheckpointSection,
}

/// What made a run: kept in its config.toml.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MadeBy {
    /// Program and version.
    pub program: String,
    /// The command line.
    pub command: String,
    /// The instructions that all ranks used; a resumed run needs the same.
    pub simd: String,
    /// The folder of the parameter file that a person wrote: relative paths still start there.
    pub folder: PathBuf,
    /// The run's own id, by which its checkpoints are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl MadeBy {
    /// What makes the run of `what` with this id now, from a parameter file in `folder`.
    ///
    /// # Errors
    /// If the folder can't be found.
    pub(crate) fn now(what: &str, id: &str, command: &str, simd: &str, folder: &Path) -> Result<Self> {
        Ok(MadeBy {
            program: format!("{what} of divisi {}", env!("CARGO_PKG_VERSION")),
            command: command.to_owned(),
            simd: simd.to_owned(),
            folder: std::path::absolute(folder.join(".")).map_err(Error::io("find", folder))?,
            id: Some(id.to_owned()),
        })
    }
}

/// `[run]`: how long, and from which seed.
#[derive(Clone, Debug, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RunSection {
    /// End time. A number, or a text with a unit such as "100 yr"; this or `steps` is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("unit" = "time"), example = 100.0)]
    pub until: Option<Quantity>,
    /// Steps after which the run ends. With `until` too, the earlier of both counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = 1000, range(min = 1))]
    pub steps: Option<u64>,
    /// Seed of all random numbers.
    #[default = 1]
    pub seed: u64,
    /// SIMD instructions. Left out: the widest that all ranks have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["avx512"]))]
    pub simd: Option<Level>,
    /// How halos travel between ranks of a node.
    pub node: Node,
    /// Time after which the run ends with a checkpoint. As Slurm writes it; left out: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["01:00:00"]))]
    pub walltime: Option<String>,
    /// Seconds after which a host or a process of which nothing is heard ends the job, and a file system that doesn't answer is named. 0: never.
    #[default = 60.0]
    #[schemars(range(min = 0.0))]
    pub silence_seconds: f64,
    /// Whether trace.json is written: when each rank was in which phase, as ui.perfetto.dev shows it.
    pub trace: bool,
}

/// `[output]`: cadences and form of the files.
#[derive(Clone, Debug, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OutputSection {
    /// Time between snapshots. 0: none by time.
    #[default(Quantity::Number(0.0))]
    #[schemars(extend("unit" = "time"))]
    pub every_time: Quantity,
    /// Steps between snapshots. 0: none by count.
    pub every_steps: u64,
    /// Times of snapshots.
    #[schemars(extend("unit" = "time"))]
    pub times: Vec<Quantity>,
    /// Steps between rows of history.csv. 0: none by count; left out: 1, or for fits of orbits at the steps 1, 2, 4, 8 ..
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = 10)]
    pub history_steps: Option<u64>,
    /// Time between rows of history.csv. 0: none by time.
    #[default(Quantity::Number(0.0))]
    #[schemars(extend("unit" = "time"))]
    pub history_time: Quantity,
    /// Steps between frames of trajectory.hdf5, for few bodies. 0: none by count.
    pub trajectory_steps: u64,
    /// Time between frames of trajectory.hdf5, for few bodies. 0: none by time.
    #[default(Quantity::Number(0.0))]
    #[schemars(extend("unit" = "time"))]
    pub trajectory_time: Quantity,
    /// Deflate level of snapshots and checkpoints.
    #[schemars(range(min = 0, max = 9))]
    pub compress: u8,
    /// Whether all ranks write together through MPI-IO. Otherwise rank 0 writes for all.
    #[default(cfg!(feature = "parallel-hdf5"))]
    pub mpiio: bool,
    /// Buffer of each rank for a file that is written.
    #[default(WriteOptions::default().buffer >> 20)]
    #[schemars(extend("unit" = "MiB"), range(min = 1, max = 1024))]
    pub buffer_mib: u64,
    /// Hints to MPI-IO and the file system, by their names. On Lustre striping_factor (servers) and striping_unit (bytes); on GPFS
    /// IBM_largeblock_io; anywhere cb_nodes (ranks that write), cb_buffer_size (bytes), romio_cb_write.
    #[serde(skip_serializing_if = "Hints::is_empty")]
    #[schemars(extend("examples" = [{
        "striping_factor": 16, "striping_unit": 4194304, "IBM_largeblock_io": true, "cb_nodes": 4, "romio_cb_write": "enable"
    }]))]
    pub hints: Hints,
}

impl OutputSection {
    /// How files are written.
    pub(super) fn options(&self) -> WriteOptions {
        let hints = self.hints.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
        WriteOptions { mpiio: self.mpiio, compress: self.compress, buffer: self.buffer_mib << 20, hints }
    }

    /// Refuses values that can't be.
    fn check(&self, refuse: impl Fn(&str, String) -> Result<()>) -> Result<()> {
        if self.compress > 9 {
            return refuse("output.compress", format!("is {}; deflate levels go from 0 to 9", self.compress));
        }
        if self.mpiio && !cfg!(feature = "parallel-hdf5") {
            return refuse("output.mpiio", "is true, but this program was built with serial HDF5".into());
        }
        if !(1..=1024).contains(&self.buffer_mib) {
            return refuse("output.buffer_mib", format!("is {}; give 1 to 1024", self.buffer_mib));
        }
        if !self.hints.is_empty() && !self.mpiio {
            return refuse("output.hints", "are for MPI-IO, and output.mpiio is false: leave one of them out".into());
        }
        self.hints.iter().try_for_each(|(name, value)| {
            let checked = WriteOptions::check_hint(name, &value.to_string());
            checked.or_else(|reason| refuse(&format!("output.hints.{name}"), reason))
        })
    }
}

/// `[checkpoint]`: when, and how many are kept.
#[derive(Clone, Debug, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CheckpointSection {
    /// Steps between checkpoints. 0: none by count.
    pub every_steps: u64,
    /// Time between checkpoints. 0: none by time; steps don't shorten for it.
    #[default(Quantity::Number(0.0))]
    #[schemars(extend("unit" = "time"))]
    pub every_time: Quantity,
    /// Minutes of the wall clock between checkpoints. 0: none by the clock; there is one at the end always.
    #[default = 10.0]
    #[schemars(range(min = 0.0))]
    pub every_minutes: f64,
    /// Hours between failures of the machine, on average. Above 0, `every_minutes` is found from it and from what a checkpoint costs.
    #[schemars(range(min = 0.0))]
    pub mean_hours_between_failures: f64,
    /// Number of the newest checkpoints that are kept.
    #[default = 2]
    #[schemars(range(min = 1))]
    pub keep: usize,
}

/// The cadences in the run's own units, checked.
#[derive(Clone, Debug)]
pub(super) struct Cadence {
    pub until: f64,
    pub steps: u64,
    pub every_time: f64,
    pub times: Vec<f64>,
    pub history_time: f64,
    pub trajectory_time: f64,
    pub checkpoint_time: f64,
}

impl Cadence {
    /// Whether a time or a number of steps ends the run; else it is its goal.
    pub(super) fn has_end(&self) -> bool {
        self.until.is_finite() || self.steps < u64::MAX
    }
}

impl Framework {
    /// Reads the framework's sections.
    pub(super) fn read(parameters: &ParameterFile) -> Result<Self> {
        parameters.typed(|key| SECTIONS.contains(&key), &[])
    }

    /// Refuses values that can't be; no end is needed of a run that ends by its goal.
    pub(super) fn check(&self, parameters: &ParameterFile, is_by_goal: bool) -> Result<()> {
        let refuse = |key: &str, reason: String| Err(Error::input(parameters.place(key), reason));
        if self.run.steps == Some(0) {
            return refuse("run.steps", "is 0, so nothing would run; give a number of at least 1".into());
        }
        if self.run.until.is_none() && self.run.steps.is_none() && !is_by_goal {
            return refuse("run", "needs an end: until = ... (a time) or steps = ... (a number of steps)".into());
        }
        self.output.check(refuse)?;
        if self.checkpoint.keep == 0 {
            return refuse("checkpoint.keep", "is 0; at least 1 checkpoint must be kept".into());
        }
        let minutes = self.checkpoint.every_minutes;
        if !(minutes >= 0.0 && minutes.is_finite()) {
            return refuse("checkpoint.every_minutes", format!("is {minutes}; give 0 (never) or a positive number"));
        }
        let hours = self.checkpoint.mean_hours_between_failures;
        if !(hours >= 0.0 && hours.is_finite()) {
            let reason = format!("is {hours}; give 0 (unknown) or a positive number");
            return refuse("checkpoint.mean_hours_between_failures", reason);
        }
        self.silence(parameters)?;
        self.walltime(parameters).map(drop)
    }

    /// How long nothing may be heard of a rank, if there is a limit.
    pub(super) fn silence(&self, parameters: &ParameterFile) -> Result<Option<Duration>> {
        silence(&parameters.place(SILENCE), self.run.silence_seconds)
    }

    /// The time that the run may take.
    pub(super) fn walltime(&self, parameters: &ParameterFile) -> Result<Option<Duration>> {
        let given = self.run.walltime.as_ref();
        given.map(|text| walltime(&parameters.place("run.walltime"), text)).transpose()
    }

    /// The cadences in the run's units. Times of a run that goes back in time may be below 0: they count from the start on all the same.
    pub(super) fn cadence(&self, parameters: &ParameterFile, is_backwards: bool) -> Result<Cadence> {
        let duration = |key: &str, quantity: &Quantity| {
            let place = parameters.place(key);
            let value = self.units.duration(&place, quantity)?;
            if value >= 0.0 {
                Ok(value)
            } else {
                Err(Error::input(place, format!("is {value}; a time must not be negative")))
            }
        };
        let moment = |key: &str, quantity: &Quantity| {
            let place = parameters.place(key);
            match self.units.duration(&place, quantity)? {
                back if is_backwards => Ok(back.abs()),
                time if time >= 0.0 => Ok(time),
                time => Err(Error::input(
                    place,
                    format!("is {time}; a time must not be negative, but in a run that goes back in time"),
                )),
            }
        };
        let until = match &self.run.until {
            None => f64::INFINITY,
            Some(until) => match moment("run.until", until)? {
                0.0 => return Err(Error::input(parameters.place("run.until"), "is 0, so nothing would run")),
                until => until,
            },
        };
        // Multiples beyond this are no longer told apart, so they could not be counted.
        let most = 2f64.powi(f64::MANTISSA_DIGITS as i32);
        let cadence = |key: &str, quantity: &Quantity| match duration(key, quantity)? {
            every if every > 0.0 && until.is_finite() && until / every > most => {
                Err(Error::input(parameters.place(key), format!("is {every:e}, too short to be counted until {until}")))
            }
            every => Ok(every),
        };
        Ok(Cadence {
            until,
            steps: self.run.steps.unwrap_or(u64::MAX),
            every_time: cadence("output.every_time", &self.output.every_time)?,
            times: self.output.times.iter().map(|time| moment("output.times", time)).collect::<Result<_>>()?,
            history_time: cadence("output.history_time", &self.output.history_time)?,
            trajectory_time: cadence("output.trajectory_time", &self.output.trajectory_time)?,
            checkpoint_time: cadence("checkpoint.every_time", &self.checkpoint.every_time)?,
        })
    }
}
