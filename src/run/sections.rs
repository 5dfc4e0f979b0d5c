//! The sections of a parameter file that belong to every simulation: `[run]`, `[units]`, `[output]`, `[checkpoint]`.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::deadline::walltime;
use super::hint::Hints;
use crate::comm::Node;
use crate::config::Parameters;
use crate::lane::Level;
use crate::output::WriteOptions;
use crate::units::{Quantity, Units};
use crate::{Error, Result};

/// The framework's own keys at the top of a parameter file.
pub const SECTIONS: [&str; 6] = ["simulation", "run", "units", "output", "checkpoint", "made_by"];

/// The commented defaults of these sections, as `divisi list` shows them.
pub const PARAMETERS: &str = r#"[run]
until = 100.0            # end time, in the run's unit or as text ("100 yr"); this or steps is needed
steps = 1000             # end after so many steps; the earlier of both counts
seed = 1                 # of all random numbers
walltime = "01:00:00"    # end with a checkpoint before this time is over (as Slurm writes it); left out: no limit
simd = "avx512"          # or "avx2", "neon", "portable"; left out: the widest that all ranks have
node = "shared"          # halos between ranks of a node through shared memory, or as "messages"

[units]                  # a preset, or all of length, time and mass
preset = "nbody"         # "au-day-gm" | "nbody" | "si" | "kpc-kms-1e10msun"
length = "au"            # metres as a number, or "km", "au", "pc", "kpc"
time = "yr"              # seconds as a number, or "day", "yr", "Myr"
mass = "Msun"            # kilograms as a number, or "Msun", "Mearth"

[output]                 # the first and the last state are always written
every_time = 0.0         # a snapshot each so much time (0: never)
every_steps = 0          # a snapshot each so many steps (0: never)
times = []               # snapshots at these times
history_steps = 1        # a row of history.csv each so many steps (0: first and last only)
history_time = 0.0       # and each so much time (0: never)
trajectory_steps = 0     # a frame of trajectory.hdf5 each so many steps (0: never), for few bodies
trajectory_time = 0.0    # and each so much time (0: never)
compress = 0             # deflate level of snapshots and checkpoints, 0 to 9
mpiio = true             # all ranks write together through MPI-IO; false: rank 0 writes for all
buffer_mib = 4           # MiB of a file that a rank holds in a buffer of its own while it is written
# Hints to MPI-IO and the file system, such as on Lustre striping_factor = 16 (servers), striping_unit = 4194304 (bytes); on GPFS
# IBM_largeblock_io = true; anywhere cb_nodes = 4 (ranks that write), cb_buffer_size = 16777216 (bytes), romio_cb_write = "enable"
hints = {}               # or the keys of a section [output.hints]

[checkpoint]
every_steps = 0          # a checkpoint each so many steps (0: never)
every_time = 0.0         # and each so much time (0: never); steps don't shorten for it
every_minutes = 10.0     # and each so many minutes of the wall clock (0: never); one at the end always
mean_hours_between_failures = 0.0   # above 0: every_minutes is found from it and from what a checkpoint costs
keep = 2                 # the newest so many are kept
"#;

/// The framework's sections, as used.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// Which simulation.
    pub simulation: String,
    /// What made the run; absent in a file that a person wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<MadeBy>,
    /// `[run]`.
    #[serde(default)]
    pub run: RunSection,
    /// `[units]`.
    #[serde(default)]
    pub units: Units,
    /// `[output]`.
    #[serde(default)]
    pub output: OutputSection,
    /// `[checkpoint]`.
    #[serde(default)]
    pub checkpoint: CheckpointSection,
}

/// What made a run: kept in its config.toml.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeBy {
    /// Program and version.
    pub program: String,
    /// The command line.
    pub command: String,
    /// The instructions that all ranks used; a resumed run needs the same.
    pub simd: String,
    /// The folder of the parameter file that a person wrote: relative paths still start there.
    pub folder: PathBuf,
}

/// `[run]`: how long, and from which seed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunSection {
    /// End time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Quantity>,
    /// End after so many steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Seed of all random numbers.
    pub seed: u64,
    /// The SIMD instructions to use; by default the widest that all ranks have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simd: Option<Level>,
    /// How halos travel between ranks of the same node.
    pub node: Node,
    /// The time that the run may take, as Slurm writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub walltime: Option<String>,
}

impl Default for RunSection {
    fn default() -> Self {
        RunSection { until: None, steps: None, seed: 1, simd: None, node: Node::Shared, walltime: None }
    }
}

/// `[output]`: cadences and form of the files.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutputSection {
    /// Time between snapshots; 0: none by time.
    pub every_time: Quantity,
    /// Steps between snapshots; 0: none by count.
    pub every_steps: u64,
    /// Times of snapshots.
    pub times: Vec<Quantity>,
    /// Steps between rows of history.csv; 0: none by count.
    pub history_steps: u64,
    /// Time between rows of history.csv; 0: none by time.
    pub history_time: Quantity,
    /// Steps between frames of the trajectory; 0: none by count.
    pub trajectory_steps: u64,
    /// Time between frames of the trajectory; 0: none by time.
    pub trajectory_time: Quantity,
    /// Deflate level, 0 to 9.
    pub compress: u8,
    /// Whether all ranks write together through MPI-IO.
    pub mpiio: bool,
    /// MiB of a file that a rank holds in a buffer of its own while it is written.
    pub buffer_mib: u64,
    /// Hints to MPI-IO.
    #[serde(skip_serializing_if = "Hints::is_empty")]
    pub hints: Hints,
}

impl Default for OutputSection {
    fn default() -> Self {
        let never = Quantity::Number(0.0);
        OutputSection {
            every_time: never.clone(),
            every_steps: 0,
            times: Vec::new(),
            history_steps: 1,
            history_time: never.clone(),
            trajectory_steps: 0,
            trajectory_time: never,
            compress: 0,
            mpiio: cfg!(feature = "parallel-hdf5"),
            buffer_mib: WriteOptions::default().buffer >> 20,
            hints: Hints::new(),
        }
    }
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
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckpointSection {
    /// Steps between checkpoints; 0: none by count.
    pub every_steps: u64,
    /// Time between checkpoints; 0: none by time.
    pub every_time: Quantity,
    /// Minutes of the wall clock between checkpoints; 0: none by the clock.
    pub every_minutes: f64,
    /// Hours between failures of the machine, on average; above 0 it decides instead of `every_minutes`.
    pub mean_hours_between_failures: f64,
    /// How many are kept.
    pub keep: usize,
}

impl Default for CheckpointSection {
    fn default() -> Self {
        let every_time = Quantity::Number(0.0);
        CheckpointSection { every_steps: 0, every_time, every_minutes: 10.0, mean_hours_between_failures: 0.0, keep: 2 }
    }
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
    pub fn has_end(&self) -> bool {
        self.until.is_finite() || self.steps < u64::MAX
    }
}

impl Framework {
    /// Reads the framework's sections.
    pub(super) fn read(parameters: &Parameters) -> Result<Self> {
        parameters.typed(|key| SECTIONS.contains(&key), &[])
    }

    /// Refuses values that can't be; no end is needed of a run that ends by itself.
    pub(super) fn check(&self, parameters: &Parameters, ends_by_itself: bool) -> Result<()> {
        let refuse = |key: &str, reason: String| Err(Error::input(parameters.place(key), reason));
        if self.run.steps == Some(0) {
            return refuse("run.steps", "is 0, so nothing would run; give a number of at least 1".into());
        }
        if self.run.until.is_none() && self.run.steps.is_none() && !ends_by_itself {
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
        self.walltime(parameters).map(drop)
    }

    /// The time that the run may take.
    pub(super) fn walltime(&self, parameters: &Parameters) -> Result<Option<Duration>> {
        let given = self.run.walltime.as_ref();
        given.map(|text| walltime(&parameters.place("run.walltime"), text)).transpose()
    }

    /// The cadences in the run's units.
    pub(super) fn cadence(&self, parameters: &Parameters) -> Result<Cadence> {
        let duration = |key: &str, quantity: &Quantity| {
            let place = parameters.place(key);
            let value = self.units.duration(&place, quantity)?;
            match value >= 0.0 {
                true => Ok(value),
                false => Err(Error::input(place, format!("is {value}; a time must not be negative"))),
            }
        };
        let until = match &self.run.until {
            None => f64::INFINITY,
            Some(until) => match duration("run.until", until)? {
                0.0 => return Err(Error::input(parameters.place("run.until"), "is 0, so nothing would run")),
                until => until,
            },
        };
        Ok(Cadence {
            until,
            steps: self.run.steps.unwrap_or(u64::MAX),
            every_time: duration("output.every_time", &self.output.every_time)?,
            times: self.output.times.iter().map(|time| duration("output.times", time)).collect::<Result<_>>()?,
            history_time: duration("output.history_time", &self.output.history_time)?,
            trajectory_time: duration("output.trajectory_time", &self.output.trajectory_time)?,
            checkpoint_time: duration("checkpoint.every_time", &self.checkpoint.every_time)?,
        })
    }
}
