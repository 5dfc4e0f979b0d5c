//! The command line.

#[cfg(feature = "plot")]
mod plot;

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::{Args, Parser, Subcommand};

use super::new::NewArguments;
#[cfg(feature = "compress")]
use crate::compress::Format;
#[cfg(feature = "plot")]
pub(super) use plot::PlotArguments;

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mpi = crate::comm::library_version();
    format!("{}\nMPI:  {mpi}\nHDF5: {}", env!("CARGO_PKG_VERSION"), crate::io::library_version())
});

/// Commands to begin with, in front of the statuses.
const EXAMPLES: &str = "Examples:
  divisi example kepler                        Write the parameter file kepler.toml here
  mpirun -n 4 divisi run kepler.toml           Run it on 4 ranks, into runs/kepler
  divisi plot runs/kepler                      Draw what the run has left

";

/// What the exit statuses mean: the end of `divisi --help`, and the table of docs/reference/exit-statuses.md.
const STATUSES: &str = "Exit statuses:
  0   Done, or its goal reached; compare and verify: no difference
  1   Failed: a file that can't be written, a number that isn't finite, a lost rank; compare and verify: a difference; check: something is wrong; decompress: a damaged file
  2   Bad input or usage: nothing was written
  3   A sweep: tasks failed for good
  4   At its end, but not at its goal: continue to a later end, or with wider limits
  85  Not finished: stopped with a checkpoint (a sweep: with its journal); continue";

/// Simulations that run as many MPI ranks, with the same bits on any number of them.
#[derive(Debug, Parser)]
#[command(name = "divisi", version = VERSION.as_str(), arg_required_else_help = true, after_help = EXAMPLES.to_owned() + STATUSES)]
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
        /// As a page of tables
        #[arg(long)]
        markdown: bool,
        /// As JSON: a list with an object for each simulation
        #[arg(long, conflicts_with = "markdown")]
        json: bool,
    },
    /// Print the JSON Schema of parameter files, by which editors complete and check them
    Schema {
        /// One simulation only
        name: Option<String>,
    },
    /// Write a parameter file that comes with the program, and the data that it reads, into this folder
    Example(ExampleArguments),
    /// Make a crate for a simulation or a sweep of your own, with a test, a job script and a README
    New(NewArguments),
    /// Submit a run or a sweep as a Slurm job, which stops with a checkpoint before its limit and goes on by itself
    Submit(SubmitArguments),
    /// Show how far runs are, and end with their status: 0 done, 3 tasks failed, 4 goal missed, 85 not finished
    Status {
        /// The folders of the runs
        #[arg(required = true)]
        runs: Vec<PathBuf>,
        /// As JSON: a list with an object for each run
        #[arg(long)]
        json: bool,
        /// Look again every two seconds, as long as one is at work or in the queue
        #[arg(long)]
        watch: bool,
    },
    /// Stop runs with a checkpoint, and take their jobs out of the queue
    Cancel {
        /// The folders of the runs
        #[arg(required = true)]
        runs: Vec<PathBuf>,
    },
    /// Print the results of a sweep, also while it is at work: a line for each task that has ended
    Results {
        /// The folder of the sweep
        run: PathBuf,
        /// As JSON: a list with an object for each task
        #[arg(long)]
        json: bool,
    },
    /// Print BibTeX of the methods that a run used
    Cite {
        /// The folder of the run
        run: PathBuf,
    },
    /// Run on several numbers of ranks: how much faster, where more ranks give less, where it breaks, and why; as table and picture
    Scaling(ScalingArguments),
    /// Look whether this machine is fit for runs: MPI, launchers, cores, memory, files, messages; each finding with what to do
    Check(CheckArguments),
    /// Show what is in a run folder or a file
    Ls {
        /// A run folder, or a snapshot, checkpoint, trajectory or history
        path: PathBuf,
        /// As JSON: one object
        #[arg(long)]
        json: bool,
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
        /// As JSON: one object
        #[arg(long)]
        json: bool,
    },
    /// Show the samples of a fit without more of the chain's start, and how many they are worth
    #[cfg(feature = "solvers")]
    Posterior(PosteriorArguments),
    /// Print the script by which a shell completes commands and options
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write man pages: one for the program, one for each command
    Man {
        /// The folder, which is made: share/man/man1 of where the program is
        folder: PathBuf,
    },
    /// Serve as a pool that runs Python functions: divisi.Pool starts it, or joins it by its folder
    Serve(ServeArguments),
    /// Compress files by all ranks: to .zst or .gz, which zstd, gzip and bgzip read
    #[cfg(feature = "compress")]
    Compress(CompressArguments),
    /// Decompress .zst and .gz files by all ranks, whatever program made them
    #[cfg(feature = "compress")]
    Decompress(DecompressArguments),
    /// Draw a run or a file, as PNG and SVG
    #[cfg(feature = "plot")]
    Plot(PlotArguments),
    /// Make the page that shows a run: what was run, whether it is right, what it looks like, where the time went
    #[cfg(feature = "plot")]
    Report {
        /// The folder of the run
        run: PathBuf,
    },
    /// Serve the same page to a browser on this machine while the run is at work; its address is printed
    #[cfg(feature = "plot")]
    Watch {
        /// The folder of the run
        run: PathBuf,
        /// The port on 127.0.0.1 [default: a free one]
        #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
        serve: u16,
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

/// What a job is to do, and what it asks Slurm for.
#[derive(Debug, Args)]
pub(super) struct SubmitArguments {
    /// The parameter file
    pub file: PathBuf,
    #[command(flatten)]
    pub end: EndArguments,
    /// The run's folder, where the script and the log are too [default: runs/NAME-OF-FILE]
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Go on with the run in the folder
    #[arg(long)]
    pub resume: bool,
    /// The nodes of the job
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub nodes: u32,
    /// The ranks of all nodes together [default: the cores that the cluster's file gives]
    #[arg(long, value_name = "N")]
    pub ranks: Option<u32>,
    /// The limit of the job: minutes, MM:SS, HH:MM:SS or D-HH:MM:SS [default: that of the cluster's file]
    #[arg(long, value_name = "T")]
    pub time: Option<String>,
    /// The account that pays
    #[arg(long)]
    pub account: Option<String>,
    /// The partition
    #[arg(long)]
    pub partition: Option<String>,
    /// A job for each of these numbers, each with a folder of its own; {array} in KEY=VALUE becomes the number: 0-9
    #[arg(long, value_name = "LIST")]
    pub array: Option<String>,
    /// So many jobs, one after the other, instead of one that goes back into the queue
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub chain: u32,
    /// The name of the job [default: that of the folder]
    #[arg(long)]
    pub name: Option<String>,
    /// A further option of sbatch; may be given several times: --option=--exclusive
    #[arg(long = "option", value_name = "OPTION", allow_hyphen_values = true)]
    pub options: Vec<String>,
    /// The cluster's file [default: $DIVISI_CLUSTER, divisi-cluster.toml here or above, ~/.config/divisi/cluster.toml]
    #[arg(long, value_name = "FILE")]
    pub cluster: Option<PathBuf>,
    /// Print the script; write and submit nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print memory, core hours and time, by a few steps that are taken here on one rank; write and submit nothing
    #[arg(long, conflicts_with = "dry_run")]
    pub estimate: bool,
}

impl SubmitArguments {
    /// The words for `divisi run` beside the file and the folder.
    pub(super) fn words_of_run(&self) -> Vec<String> {
        let option = |name: &str, value: &Option<String>| {
            value.iter().flat_map(|value| [format!("--{name}"), value.clone()]).collect()
        };
        let EndArguments { words, until, steps, walltime, retry_failed } = &self.end;
        let steps = steps.map(|steps| steps.to_string());
        let retry = if *retry_failed { vec!["--retry-failed".to_owned()] } else { Vec::new() };
        [words.clone(), option("until", until), option("steps", &steps), option("walltime", walltime), retry].concat()
    }

    /// The parameters over those of the file, of an array those of its first job.
    pub(super) fn overrides(&self) -> Vec<String> {
        let first = self.array.as_deref().and_then(|array| array.split(['-', ',', '%', ':']).next());
        let overrides = self.end.overrides().into_iter();
        overrides.map(|word| first.map_or(word.clone(), |first| word.replace("{array}", first))).collect()
    }
}

/// A study of scaling.
#[derive(Debug, Args)]
pub(super) struct ScalingArguments {
    /// The parameter file: of a run, or of a sweep
    pub file: PathBuf,
    #[command(flatten)]
    pub end: EndArguments,
    /// The numbers of ranks: 1,2,4,8 [default: doubled from 1 up to the cores, and the cores]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub ranks: Vec<usize>,
    /// Let this parameter grow with the ranks, so that each has as much to do: grid.cells, initial.n
    #[arg(long, value_name = "KEY")]
    pub weak: Option<String>,
    /// So many runs on each number of ranks, of which the median counts
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub repeats: u32,
    /// The words that start ranks, before -n [default: mpirun; in a Slurm job srun --mpi=pmix]
    #[arg(long, value_name = "WORDS")]
    pub launcher: Option<String>,
    /// Tell what more ranks would take on the cluster of this file, which has a [network]
    #[arg(long, value_name = "FILE")]
    pub predict: Option<PathBuf>,
    /// With --predict: messages and bytes are counted on these numbers of ranks, which may be more than the cores
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "27,36,48,64", requires = "predict")]
    pub count: Vec<usize>,
    /// With --predict: what these numbers of ranks would take
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "64,512,4096", requires = "predict")]
    pub forecast: Vec<usize>,
    /// A new folder for table, picture and ledgers [default: runs/NAME-OF-FILE-scaling]
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// What is to be looked at.
#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// The folder for runs
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// So many ranks are tried by each launcher [default: those of the job, or as many as cores]; under a launcher its own are looked at
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub ranks: Option<u32>,
    /// What srun gives its ranks to find each other by
    #[arg(long, value_name = "NAME", default_value = "pmix")]
    pub mpi: String,
    /// As JSON: one object
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    /// The pool's folder: its key file, and its journal
    pub folder: PathBuf,
    /// The Python of its ranks [default: python3]
    #[arg(long, value_name = "PROGRAM")]
    pub python: Option<String>,
    /// Keep results in a journal: calls that have returned in an earlier job of this folder don't run again
    #[arg(long)]
    pub journal: bool,
    /// Let clients on other machines join
    #[arg(long)]
    pub network: bool,
    /// Stay when clients go, until one of them ends it
    #[arg(long)]
    pub stay: bool,
}

#[derive(Debug, Args)]
pub(super) struct EndArguments {
    /// Parameters over those of the file: gravity.softening=0.01
    #[arg(value_name = "KEY=VALUE")]
    pub words: Vec<String>,
    /// End time, in the run's unit or as "100 yr"
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
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

#[cfg(feature = "solvers")]
#[derive(Debug, Args)]
pub(super) struct PosteriorArguments {
    /// The folder of a fit by walkers, or its posterior.hdf5
    pub run: PathBuf,
    /// Kept steps of the chain to leave out at the start [default: those that were found to be burn-in]
    #[arg(long, value_name = "N")]
    pub discard: Option<u64>,
    /// Of the other kept steps take each M-th
    #[arg(long, value_name = "M", default_value_t = 1)]
    pub thin: u64,
    /// Write these samples into a file of their own, which `plot` draws
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[cfg(feature = "compress")]
#[derive(Debug, Args)]
pub(super) struct CompressArguments {
    #[command(flatten)]
    pub files: FileArguments,
    /// zst or gz [default: as OUT is called; zst]
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub format: Option<Format>,
    /// zst: 1 to 22 [default: 3]; gz: 1 to 12 [default: 7]; higher ones are slower, and the files smaller
    #[arg(long, value_name = "N")]
    pub level: Option<u32>,
}

#[cfg(feature = "compress")]
#[derive(Debug, Args)]
pub(super) struct DecompressArguments {
    #[command(flatten)]
    pub files: FileArguments,
    /// Of a damaged file write what is whole, with zeros in the place of the rest, and say what is lost (status 1)
    #[arg(long)]
    pub keep_going: bool,
}

#[cfg(feature = "compress")]
#[derive(Debug, Args)]
pub(super) struct FileArguments {
    /// The files, which stay; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The name of the new file, for one FILE; - is standard output [default: FILE with the ending of the format, or without]
    #[arg(short, long, value_name = "OUT")]
    pub out: Option<PathBuf>,
    /// Replace a file that has the name of the new one
    #[arg(short, long)]
    pub force: bool,
}

/// A format by the ending of its files.
#[cfg(feature = "compress")]
fn format(text: &str) -> Result<Format, String> {
    let known = [Format::Zst, Format::Gz].into_iter().find(|format| format.extension() == text);
    known.ok_or_else(|| "there are zst and gz".to_owned())
}

#[derive(Debug, Args)]
pub(super) struct ExampleArguments {
    /// The example [default: all are listed]
    pub name: Option<String>,
    /// List the examples
    #[arg(long)]
    pub list: bool,
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
    /// As JSON: one object
    #[arg(long)]
    pub json: bool,
}
