//! The program around simulations: its commands, their exit statuses, and what it prints.
//!
//! A process parses its command line and its parameters before MPI starts, so that mistakes are reported once and login nodes
//! need no MPI; only `run`, `resume`, `verify`, `compress` and `decompress` start it. Exit status: 0 done, 1 failed, 2 bad input or usage, 3 tasks of a
//! sweep failed for good, 4 at the end without the goal, 85 stopped with a checkpoint or a journal, not finished.

mod arguments;
mod check;
mod cite;
#[cfg(feature = "compress")]
mod compress;
mod example;
mod inspect;
mod json;
mod list;
#[cfg(all(test, feature = "solvers"))]
mod mutations;
mod new;
mod parameters;
mod scaling;
mod shell;
mod status;
mod submit;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use schemars::Schema;

use crate::base::config::{ParameterFile, nearest_of, schema_of_any};
use crate::base::console::{complain, print, print_by};
use crate::comm::{Comm, launch, launcher_rank};
use crate::run::{Cost, Finished, Outcome, Request, RunFile, RunFolder, Simulation, Span, StopRequest, Verdict};
use crate::serve;
use crate::sweep::{self, Simulations};
use crate::{Error, Result};
use arguments::{Arguments, Command, RunArguments, ScalingArguments, ServeArguments, SubmitArguments};
use json::print_json;

/// Exit status of bad usage.
const USAGE: u8 = 2;
/// How long ranks other than 0 wait before they end with a usage error, so that rank 0's message is out first:
/// launchers kill all others when one ends.
const AFTER_YOU: Duration = Duration::from_millis(300);

/// A simulation that the program knows, whatever its type.
struct Entry {
    name: &'static str,
    /// The names of the files that its runs leave of their own.
    results: &'static [&'static str],
    schema: fn() -> Schema,
    validate: fn(&ParameterFile) -> Result<()>,
    run: fn(&Comm, &Request, &StopRequest) -> Result<Finished>,
    check: fn(&Comm, &Request) -> Result<()>,
    cost: fn(&Comm, &Request) -> Result<Cost>,
    verify: fn(&Comm, &Span, &str, &StopRequest) -> Result<Verdict>,
}

/// The program: the simulations that it can run.
#[derive(Default)]
pub struct Program {
    entries: Vec<Entry>,
    examples: example::Files,
}

/// The whole program for one simulation: `fn main() -> ExitCode { divisi::main::<Heat>() }`.
pub fn main<S: Simulation>() -> ExitCode {
    Program::new().with::<S>().main()
}

impl Program {
    /// A program that knows no simulation yet.
    pub fn new() -> Self {
        Program::default()
    }

    /// Adds a simulation.
    pub fn with<S: Simulation>(mut self) -> Self {
        self.entries.push(Entry {
            name: S::NAME,
            results: S::ending().results(),
            schema: crate::run::schema::<S>,
            validate: crate::run::validate::<S>,
            run: crate::run::run::<S>,
            check: crate::run::check::<S>,
            cost: crate::run::cost::<S>,
            verify: crate::run::verify::<S>,
        });
        self
    }

    /// Adds parameter files that `divisi example` writes, and what they read: by their paths, as `nbody/plummer.toml`, with what is in them.
    pub fn with_examples(mut self, files: impl IntoIterator<Item = (&'static str, &'static [u8])>) -> Self {
        self.examples.extend(files);
        self
    }

    /// Runs the command of the command line and returns the exit status.
    pub fn main(self) -> ExitCode {
        let arguments = match Arguments::try_parse() {
            Ok(arguments) => arguments,
            Err(error) => return end_usage(&error),
        };
        let done = match arguments.command {
            Command::Run(arguments) => self.run(arguments).map(|job| self.start(job)),
            Command::Resume { run, arguments } => {
                self.resume(&run, &arguments.overrides(), arguments.retry_failed).map(|job| self.start(job))
            }
            Command::Verify { run, from, to, json } => self.verify(&run, from, to, json),
            Command::List { name, markdown, json } => self.list(name.as_deref(), markdown, json),
            Command::Schema { name } => self.schema(name.as_deref()),
            Command::Example(arguments) => example::run(&self.examples, &arguments).map(|()| ExitCode::SUCCESS),
            Command::New(arguments) => new::make(&arguments).map(|()| ExitCode::SUCCESS),
            Command::Submit(arguments) => self.submit(&arguments),
            Command::Scaling(arguments) => self.scaling(&arguments).map(|()| ExitCode::SUCCESS),
            Command::Status { runs, json, watch } => status::status(&self.folders(runs), json, watch),
            Command::Cancel { runs } => status::cancel(&self.folders(runs)),
            Command::Results { run, json } => inspect::results(&self.folder(run), json),
            Command::Cite { run } => cite::cite(self.folder(run)),
            Command::Check(arguments) => check::check(&arguments),
            Command::Ls { path, json } => inspect::ls(&self.folder(path), json),
            Command::Compare(arguments) => inspect::compare(&arguments, |run| self.folder(run)),
            Command::Completions { shell } => shell::completions(shell).map(|()| ExitCode::SUCCESS),
            Command::Man { folder } => shell::man(&folder).map(|()| ExitCode::SUCCESS),
            Command::Serve(arguments) => Ok(serve(arguments)),
            #[cfg(feature = "compress")]
            Command::Compress(arguments) => compress::compress(&arguments),
            #[cfg(feature = "compress")]
            Command::Decompress(arguments) => compress::decompress(&arguments),
            #[cfg(feature = "solvers")]
            Command::Posterior(arguments) => inspect::posterior(&arguments),
            #[cfg(feature = "plot")]
            Command::Plot(arguments) => inspect::plot(&arguments),
            #[cfg(feature = "plot")]
            Command::Report { run } => inspect::make_report(&self.folder(run)),
            #[cfg(feature = "plot")]
            Command::Watch { run, serve } => crate::report::watch(self.folder(run), serve).map(|()| ExitCode::SUCCESS),
        };
        done.unwrap_or_else(|error| end(&error))
    }

    /// The folder of a run, in which the files of every simulation and of sweeps may be.
    fn folder(&self, root: impl Into<PathBuf>) -> RunFolder {
        let folder = self.entries.iter().fold(RunFolder::at(root), |folder, entry| {
            folder.with(entry.name, entry.results.iter().map(|name| RunFile::result(name)))
        });
        folder.with(sweep::NAME, sweep::FILES)
    }

    fn folders(&self, roots: Vec<PathBuf>) -> Vec<RunFolder> {
        roots.into_iter().map(|root| self.folder(root)).collect()
    }

    /// Submits what `run` would do, checked, as a job.
    fn submit(&self, arguments: &SubmitArguments) -> Result<ExitCode> {
        let parameters = ParameterFile::read(&arguments.file, &arguments.overrides())?;
        let is_sweep = parameters.simulation()? == sweep::NAME;
        let cluster = submit::Cluster::find(arguments.cluster.as_deref())?;
        let request = Request {
            folder: self.folder(submit::folder(arguments, &cluster)?),
            parameters,
            resume: arguments.resume,
            overwrite: false,
            command: command_line(),
            quiet: false,
            bare: false,
        };
        let job = self.job(request, true, arguments.end.retry_failed)?;
        if !arguments.estimate {
            return submit::submit(arguments, &cluster, &job.request.folder, is_sweep).map(|()| ExitCode::SUCCESS);
        }
        let order = submit::Order::new(arguments, &cluster)?;
        match job.work {
            Work::Study { .. } => {
                Err(Error::input("--estimate", "goes with runs: nobody knows how long a sweep's tasks are"))
            }
            Work::Simulation(entry) => Ok(launch(|comm| {
                let cost = (self.entries[entry].cost)(comm, &job.request)?;
                comm.agree(if comm.is_root() { print(&order.estimate(&cost, &cluster)) } else { Ok(()) }).map(|()| 0)
            })),
        }
    }

    /// Makes a study of scaling; what is wrong with the parameters of any number of ranks is told before the first run.
    fn scaling(&self, arguments: &ScalingArguments) -> Result<()> {
        let parameters = ParameterFile::read(&arguments.file, &arguments.end.overrides())?;
        let order = scaling::Order::new(arguments, &parameters)?;
        for parameters in order.each() {
            self.work(&parameters?, arguments.end.retry_failed)?;
        }
        order.study()
    }

    /// The job that `run` asks for, checked.
    fn run(&self, arguments: RunArguments) -> Result<Job> {
        let parameters = ParameterFile::read(&arguments.file, &arguments.end.overrides())?;
        let out = arguments.out.clone().unwrap_or_else(|| default_folder(&arguments.file));
        if out.to_str().is_none() {
            let reason = format!("{} is no UTF-8 text, and HDF5 has no other names of files", out.display());
            return Err(Error::input("--out", reason));
        }
        let request = Request {
            folder: self.folder(out),
            parameters,
            resume: arguments.resume,
            overwrite: arguments.overwrite,
            command: command_line(),
            quiet: false,
            bare: false,
        };
        self.job(request, arguments.check, arguments.end.retry_failed)
    }

    /// The job that `resume` asks for, checked.
    fn resume(&self, run: &Path, overrides: &[String], retry_failed: bool) -> Result<Job> {
        let folder = self.folder(run).existing()?;
        let parameters = ParameterFile::read(&folder.config(), overrides)?;
        let command = command_line();
        let request =
            Request { folder, parameters, resume: true, overwrite: false, command, quiet: false, bare: false };
        self.job(request, false, retry_failed)
    }

    /// Computes part of a run again on every rank and reports whether it is the same.
    fn verify(&self, run: &Path, from: Option<u64>, to: Option<u64>, json: bool) -> Result<ExitCode> {
        let folder = self.folder(run).existing()?;
        let parameters = ParameterFile::read(&folder.config(), &[])?;
        if parameters.simulation()? == sweep::NAME {
            return Err(Error::input(run.display().to_string(), "holds a sweep; only a simulation is computed again"));
        }
        let entry = &self.entries[self.entry(&parameters)?];
        let span = Span { folder, from, to };
        Ok(launch(|comm| {
            let stop = listen()?;
            let verdict = (entry.verify)(comm, &span, &command_line(), &stop)?;
            if verdict.stopped {
                return Ok(Outcome::Stopped.status());
            }
            let status = comm.agree(inspect::verdict(comm, &verdict, json))?;
            Ok(comm.all_reduce_max(u64::from(status)) as u8)
        }))
    }

    fn job(&self, request: Request, check: bool, retry_failed: bool) -> Result<Job> {
        let work = self.work(&request.parameters, retry_failed)?;
        Ok(Job { work, request, check })
    }

    /// What parameters ask for, checked.
    fn work(&self, parameters: &ParameterFile, retry_failed: bool) -> Result<Work> {
        if parameters.simulation()? == sweep::NAME {
            self.with_simulations(|simulations| sweep::validate(parameters, simulations))?;
            return Ok(Work::Study { retry_failed });
        }
        if retry_failed {
            return Err(Error::input("--retry-failed", "goes with sweeps: nothing else has tasks that fail"));
        }
        let entry = self.entry(parameters)?;
        (self.entries[entry].validate)(parameters)?;
        Ok(Work::Simulation(entry))
    }

    /// Hands over the simulations that a sweep's tasks can be.
    fn with_simulations<R>(&self, work: impl FnOnce(&Simulations) -> R) -> R {
        let entry = |parameters: &ParameterFile| Ok::<_, Error>(&self.entries[self.entry(parameters)?]);
        work(&Simulations {
            validate: &|parameters| (entry(parameters)?.validate)(parameters),
            run: &|comm, request, stop| (entry(&request.parameters)?.run)(comm, request, stop),
        })
    }

    fn entry(&self, parameters: &ParameterFile) -> Result<usize> {
        let name = parameters.simulation()?;
        self.entries.iter().position(|entry| entry.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.names().collect();
            let reason = format!("there is no simulation \"{name}\"{}", nearest_of(name, &known));
            Error::input(parameters.place("simulation"), reason)
        })
    }

    /// What `simulation = "..."` can name.
    fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.entries.iter().map(|entry| entry.name).chain([sweep::NAME])
    }

    /// Starts MPI and does the job on every rank.
    fn start(&self, job: Job) -> ExitCode {
        launch(|comm| match job.work {
            Work::Simulation(entry) => simulate(comm, &self.entries[entry], &job),
            Work::Study { retry_failed } => self.with_simulations(|simulations| {
                if job.check {
                    return sweep::check(comm, &job.request).map(|()| 0);
                }
                let status = sweep::run(comm, &job.request, &listen()?, simulations, retry_failed)?;
                report(comm, &job.request);
                Ok(status)
            }),
        })
    }

    /// Prints every parameter: as commented TOML, as a page, or as JSON.
    fn list(&self, name: Option<&str>, markdown: bool, json: bool) -> Result<ExitCode> {
        let files = self.schemas("list", name)?;
        if json {
            print_json(&parameters::json(&files))?;
            return Ok(ExitCode::SUCCESS);
        }
        print(&if markdown { parameters::page(&files) } else { parameters::listing(&files) })?;
        Ok(ExitCode::SUCCESS)
    }

    /// Prints the JSON Schema of parameter files.
    fn schema(&self, name: Option<&str>) -> Result<ExitCode> {
        let files = self.schemas("schema", name)?;
        let files: Vec<Schema> = files.into_iter().map(|(_, file)| file).collect();
        print(&format!("{:#}\n", schema_of_any(&files).as_value()))?;
        Ok(ExitCode::SUCCESS)
    }

    /// The simulations with the schemas of their files: all, or the one called `name`.
    fn schemas(&self, command: &str, name: Option<&str>) -> Result<Vec<(&'static str, Schema)>> {
        if let Some(name) = name
            && self.names().all(|known| known != name)
        {
            let known: Vec<&str> = self.names().collect();
            return Err(Error::input(
                command,
                format!("there is no simulation \"{name}\"{}", nearest_of(name, &known)),
            ));
        }
        let own = self.entries.iter().map(|entry| (entry.name, entry.schema));
        let all = own.chain([(sweep::NAME, sweep::schema as fn() -> Schema)]);
        let asked = all.filter(|(known, _)| name.is_none_or(|name| name == *known));
        Ok(asked.map(|(name, schema)| (name, schema())).collect())
    }
}

/// What is to be done once MPI is up.
struct Job {
    work: Work,
    request: Request,
    check: bool,
}

/// What a job runs.
#[derive(Clone, Copy)]
enum Work {
    /// A simulation, by its place in the list.
    Simulation(usize),
    /// The tasks of a sweep.
    Study {
        /// Also those that failed for good in an earlier job.
        retry_failed: bool,
    },
}

/// Runs a simulation, or checks what that would be. All ranks.
fn simulate(comm: &Comm, entry: &Entry, job: &Job) -> Result<u8> {
    if job.check {
        return (entry.check)(comm, &job.request).map(|()| 0);
    }
    let Finished { outcome, .. } = (entry.run)(comm, &job.request, &listen()?)?;
    report(comm, &job.request);
    Ok(outcome.status())
}

/// Rank 0 makes the page that shows a run.
#[cfg(feature = "plot")]
fn report(comm: &Comm, request: &Request) {
    if comm.is_root() {
        inspect::report(&request.folder);
    }
}

/// Without pictures there is no page.
#[cfg(not(feature = "plot"))]
fn report(_: &Comm, _: &Request) {}

/// Serves as a pool on every rank.
fn serve(arguments: ServeArguments) -> ExitCode {
    let settings = serve::Settings {
        folder: arguments.folder,
        python: arguments.python.unwrap_or_else(|| "python3".to_owned()),
        journal: arguments.journal,
        network: arguments.network,
        stays: arguments.stay,
    };
    launch(|comm| serve::run(comm, &settings, &listen()?))
}

fn listen() -> Result<StopRequest> {
    StopRequest::listen().map_err(|error| Error::System(format!("cannot listen to signals: {error}")))
}

fn command_line() -> String {
    std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// `runs/NAME` for `.../NAME.toml`.
fn default_folder(file: &Path) -> PathBuf {
    Path::new("runs").join(file.file_stem().unwrap_or(file.as_os_str()))
}

/// Tells on the launcher's rank 0; the others leave it the time to.
fn once(tell: impl FnOnce()) {
    if launcher_rank() == 0 {
        tell();
    } else {
        std::thread::sleep(AFTER_YOU);
    }
}

/// Tells why there is nothing to do, or no more; the exit status.
fn end(error: &Error) -> ExitCode {
    once(|| complain(&error.to_string()));
    ExitCode::from(error.status())
}

fn end_usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Help and version go to standard output.
        let printed = if launcher_rank() == 0 { print_by(|_| error.print()) } else { Ok(()) };
        return printed.map_or_else(|error| end(&error), |()| ExitCode::SUCCESS);
    }
    once(|| drop(error.print()));
    ExitCode::from(USAGE)
}
