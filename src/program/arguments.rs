//! The command line.

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::{Args, Parser, Subcommand};

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mpi = crate::comm::library_version();
    let mpi = mpi.lines().next().unwrap_or_default().trim();
    format!("{}\nMPI:  {mpi}\nHDF5: {}", env!("CARGO_PKG_VERSION"), crate::output::library_version())
});

/// Simulations that run as many MPI ranks, with the same bits on any number of them.
#[derive(Debug, Parser)]
#[command(name = "divisi", version = VERSION.as_str(), arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a simulation: alone, or as many ranks under mpirun or srun
    Run(RunArguments),
    /// Continue a run from its newest whole checkpoint
    Resume {
        /// The folder of the run
        run: PathBuf,
        #[command(flatten)]
        arguments: EndArguments,
    },
    /// Show the simulations and all their parameters
    List {
        /// One simulation only
        name: Option<String>,
    },
    /// Show how far a run is; of a sweep, its exit status too: 0 done, 3 tasks failed, 85 tasks are left
    Status {
        /// The folder of the run
        run: PathBuf,
    },
    /// Show what is in a run folder or a file
    Ls {
        /// A run folder, or a snapshot, checkpoint, trajectory or history
        path: PathBuf,
    },
    /// Compare two runs or files bit by bit, or a run with an ephemeris
    Compare(CompareArguments),
    /// Compute part of a run again, on any number of ranks, and compare bits with what it left
    Verify {
        /// The folder of the run
        run: PathBuf,
        /// Start at the checkpoint of this step, 0 for the run's start [default: the oldest checkpoint kept]
        #[arg(long, value_name = "STEP")]
        from: Option<u64>,
        /// End at this step [default: the newest checkpoint]
        #[arg(long, value_name = "STEP")]
        to: Option<u64>,
    },
    /// Draw a run or a file, as PNG and SVG
    Plot {
        /// A run folder, or one of its files
        path: PathBuf,
        /// Folder of the figures [default: RUN/figures]
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// The parameter file
    pub file: PathBuf,
    #[command(flatten)]
    pub end: EndArguments,
    /// The run's folder [default: runs/NAME-OF-FILE]
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Continue the run in the folder, if there is one
    #[arg(long, conflicts_with = "overwrite", overrides_with = "resume")]
    pub resume: bool,
    /// Replace the run in the folder
    #[arg(long)]
    pub overwrite: bool,
    /// Only check the input; print sizes, memory and an estimate
    #[arg(long)]
    pub check: bool,
}

#[derive(Debug, Args)]
pub(super) struct EndArguments {
    /// Parameters over those of the file: gravity.softening=0.01
    #[arg(value_name = "KEY=VALUE")]
    pub words: Vec<String>,
    /// End time, in the run's unit or as "100 yr"
    #[arg(long, value_name = "T")]
    pub until: Option<String>,
    /// End after so many steps
    #[arg(long, value_name = "N")]
    pub steps: Option<u64>,
    /// End with a checkpoint (status 85) before this time is over: minutes, MM:SS, HH:MM:SS or D-HH:MM:SS
    #[arg(long, value_name = "W")]
    pub walltime: Option<String>,
    /// Of a sweep that is continued: run the tasks again that failed for good
    #[arg(long)]
    pub retry_failed: bool,
}

impl EndArguments {
    /// All parameters that the command line gives, as `key=value`.
    pub(super) fn overrides(&self) -> Vec<String> {
        let until = self.until.iter().map(|time| format!("run.until={time}"));
        let steps = self.steps.iter().map(|steps| format!("run.steps={steps}"));
        let walltime = self.walltime.iter().map(|time| format!("run.walltime=\"{time}\""));
        self.words.iter().cloned().chain(until).chain(steps).chain(walltime).collect()
    }
}

#[derive(Debug, Args)]
pub(super) struct CompareArguments {
    /// A run folder or a file
    pub a: PathBuf,
    /// Another; or the table of an ephemeris (.csv) to hold a run against
    pub b: PathBuf,
    /// Numbers may differ by this share of the larger one
    #[arg(long, value_name = "R", default_value_t = 0.0)]
    pub relative: f64,
    /// Numbers may differ by this much
    #[arg(long, value_name = "A", default_value_t = 0.0)]
    pub absolute: f64,
}
