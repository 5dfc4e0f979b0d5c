//! The job scripts on a real Slurm: `jobscripts/run.sbatch` and `sweep.sbatch` on two nodes, with srun and with mpirun.
//!
//! Each case submits a job, waits for it (at most `DIVISI_SLURM_WAIT` seconds, 240 by default) and looks at the files:
//! they equal those of the same run without Slurm, byte for byte, also when the job was told to stop in the middle,
//! went back into the queue and continued. Where there is no `sbatch`, or no Slurm behind it, it says that it skips.
//! Jobs are started one after the other. The cases of [`faults`] need a Slurm that may be broken.

#[path = "../common/mod.rs"]
mod common;
mod faults;
mod submit;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Output},
    thread::sleep,
    time::{Duration, Instant},
};

use common::{Signal, kill_process, ranks_of};
use libtest_mimic::{Arguments, Trial};

type Outcome = Result<(), String>;
type Case = fn(&'static str) -> Outcome;

const PROGRAM: &str = env!("CARGO_BIN_EXE_divisi");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const LAUNCHERS: [&str; 2] = ["srun", "mpirun"];
const SOLAR_SYSTEM: &str = "sims/nbody/solar_system.toml";
const PLUMMER: &str = "sims/nbody/plummer.toml";
const SWEEP: &str = "sims/sweep/eccentricity.toml";
const ORBIT: &str = "sims/orbit/gj504_ofti.toml";

const CASES: [(&str, Case); 9] = [
    ("two nodes write the files of one process, and arguments get through", same_files_as_without_slurm),
    ("a job told to stop is requeued, continues and ends with the undisturbed bytes", stopped_and_continued),
    ("bad input fails the job with status 2 and writes nothing", bad_input_fails_the_job),
    ("a sweep over two nodes has the results of one process", a_sweep),
    ("an orbit fit over two nodes has the posterior of one process", an_orbit_fit),
    ("a fit that missed its goal ends its job, and goes on in another that may be put back", a_goal_missed),
    ("a sweep that can't begin ends its job, though tasks are left", a_sweep_that_cannot_begin),
    ("a task that takes longer than its job begins anew in the next start", a_task_that_takes_too_long),
    ("a job submitted in another folder finds its scripts and its files", submitted_elsewhere),
];

fn main() -> ExitCode {
    let absent = slurm().err();
    if let Some(reason) = &absent {
        println!("tests/slurm skipped: {reason}");
    }
    let test = |launcher: &'static str, (claim, case): (&str, Case)| {
        let test = Trial::test(format!("{launcher}: {claim}"), move || Ok(case(launcher)?));
        test.with_ignored_flag(absent.is_some())
    };
    let unbroken = faults::pipe().is_none();
    let breaking = |launcher, case| {
        let test = test(launcher, case);
        test.with_ignored_flag(absent.is_some() || unbroken)
    };
    let cases = || CASES.into_iter().chain(submit::CASES);
    let tests = LAUNCHERS.iter().flat_map(|launcher| cases().map(|case| test(launcher, case)));
    let faults = LAUNCHERS.iter().flat_map(|launcher| faults::CASES.map(|case| breaking(launcher, case)));
    common::runner::run(Arguments::from_args(), tests.chain(faults).collect())
}

/// Whether jobs can be submitted here.
fn slurm() -> Outcome {
    let version = Command::new("sbatch").arg("--version").output();
    if !version.is_ok_and(|out| out.status.success()) {
        return Err("no sbatch, or no Slurm behind it".into());
    }
    let nodes = Command::new("timeout").args(["10", "sinfo", "-h", "-o", "%D"]).output();
    let nodes = nodes.map(|out| stdout(&out)).unwrap_or_default();
    let count: usize = nodes.split_whitespace().filter_map(|n| n.parse::<usize>().ok()).max().unwrap_or(0);
    if count >= 2 { Ok(()) } else { Err("no Slurm with two nodes answers sinfo".into()) }
}

fn same_files_as_without_slurm(launcher: &'static str) -> Outcome {
    let arguments = ["--until", "1 yr"];
    let alone = run_alone("solar_system", SOLAR_SYSTEM, &arguments)?;
    let job = Job::submit(launcher, "solar_system", SOLAR_SYSTEM, &arguments)?;
    job.wait("COMPLETED")?;
    job.log_shows_ranks_on_two_nodes()?;
    same_bytes(&alone, &job.out)?;
    let compared = divisi(&["compare", path(&alone), path(&job.out)]);
    if compared.status.success() { Ok(()) } else { Err(format!("divisi compare: {}", stdout(&compared))) }
}

fn stopped_and_continued(launcher: &'static str) -> Outcome {
    let arguments = ["initial.n=2000", "--steps", "3000"];
    let alone = run_alone("plummer", PLUMMER, &arguments)?;
    let job = Job::submit(launcher, "plummer", PLUMMER, &arguments)?;
    job.wait_until("the first snapshot", || files(&job.out.join("snapshots")).is_ok_and(|found| !found.is_empty()))?;
    job.held_while(|| {
        checked(Command::new("scancel").args(["--batch", "--signal=USR1", &job.id]))?;
        sleep(Duration::from_secs(2));
        Ok(())
    })?;
    job.wait("COMPLETED")?;
    if job.show("Restarts") != "1" {
        return Err(format!("the job ran {} more times, not 1\n{}", job.show("Restarts"), job.log()));
    }
    same_bytes(&alone, &job.out)
}

fn bad_input_fails_the_job(launcher: &'static str) -> Outcome {
    let job = Job::submit(launcher, "bad_input", SOLAR_SYSTEM, &["run.untill=1.0"])?;
    job.fails(2)?;
    if job.out.exists() { Err(format!("{} was made", job.out.display())) } else { Ok(()) }
}

fn an_orbit_fit(launcher: &'static str) -> Outcome {
    let alone = run_alone("orbit", ORBIT, &["method.orbits=2000"])?;
    let job = Job::submit(launcher, "orbit", ORBIT, &["method.orbits=2000"])?;
    job.wait("COMPLETED")?;
    job.log_shows_ranks_on_two_nodes()?;
    same_posterior(&alone, &job)
}

/// Its job fails with 4, once. Resumed with a wider limit it is a run like others: told to stop it goes back into the queue, whatever
/// the earlier job left in the folder.
fn a_goal_missed(launcher: &'static str) -> Outcome {
    let wanted = "method.orbits=40000";
    let alone = run_alone("orbit_wider", ORBIT, &[wanted])?;
    let job = Job::submit(launcher, "orbit_limit", ORBIT, &[wanted, "method.most_trials=1000"])?;
    job.fails(4)?;
    let wider = job.again(launcher, &[ORBIT, wanted, "--resume"])?;
    wider.wait_until("work", || wider.show("JobState") == "RUNNING" && wider.log().contains("resumed at step"))?;
    wider.held_while(|| {
        checked(Command::new("scancel").args(["--batch", "--signal=USR1", &wider.id]))?;
        sleep(Duration::from_secs(2));
        Ok(())
    })?;
    wider.wait("COMPLETED")?;
    wider.was_put_back()?;
    same_posterior(&alone, &wider)
}

fn same_posterior(alone: &Path, job: &Job) -> Outcome {
    for name in ["posterior.hdf5", "summary.csv", "history.csv"] {
        if read(&alone.join(name))? != read(&job.out.join(name))? {
            return Err(format!("{name} differs\n{}", job.log()));
        }
    }
    Ok(())
}

fn a_sweep(launcher: &'static str) -> Outcome {
    let alone = run_alone("sweep", SWEEP, &[])?;
    let job = Job::submit_script("sweep.sbatch", launcher, "sweep", SWEEP, &[])?;
    job.wait("COMPLETED")?;
    job.log_shows_ranks_on_two_nodes()?;
    for name in ["results.csv", "results.h5"] {
        if read(&alone.join(name))? != read(&job.out.join(name))? {
            return Err(format!("{name} differs\n{}", job.log()));
        }
    }
    Ok(())
}

/// Tasks are left, and stay so: the plan isn't the one that the folder was made with.
fn a_sweep_that_cannot_begin(launcher: &'static str) -> Outcome {
    let folder = fresh_folder(&format!("{launcher}-plans"))?;
    let plan = |name: &str, task: &str| {
        let text = format!(
            "simulation = 'sweep'\n[parameters.values]\nx = {{ from = 1, to = 40, step = 1 }}\n[task]\ncommand = ['sh', '-c', '{task}']\n"
        );
        let file = folder.join(name);
        fs::write(&file, text).map(|()| file).map_err(|e| e.to_string())
    };
    let one = plan("one.toml", "sleep 5; echo {x}")?;
    let other = plan("other.toml", "echo $(({x} + 1))")?;
    let job = Job::submit_script("sweep.sbatch", launcher, "sweep_left", path(&one), &[])?;
    job.wait_until("the journal", || job.out.join("journal").exists())?;
    checked(Command::new("scancel").arg(&job.id))?;
    job.ends()?;
    let again = job.again_with("sweep.sbatch", launcher, &[path(&other), "--resume"])?;
    again.wait("FAILED")?;
    again.was_not_put_back()
}

/// It records what it can before the job's end; the task that is lost then runs in the next start.
fn a_task_that_takes_too_long(launcher: &'static str) -> Outcome {
    let folder = fresh_folder(&format!("{launcher}-long_task"))?;
    let marker = folder.join("marker");
    let plan = folder.join("plan.toml");
    let task = format!("if [ {{x}} = 3 ] && [ ! -e {0} ]; then touch {0}; sleep 600; fi; echo {{x}}", marker.display());
    let text = format!(
        "simulation = 'sweep'\n[parameters.values]\nx = {{ from = 1, to = 6, step = 1 }}\n[task]\ncommand = ['sh', '-c', '{task}']\n"
    );
    fs::write(&plan, text).map_err(|e| e.to_string())?;
    let words = ["--time=1", "--signal=B:USR1@20"];
    let job = Job::submit_with(&words, "sweep.sbatch", launcher, "sweep_long", &[path(&plan)])?;
    job.wait("COMPLETED")?;
    job.was_put_back()?;
    let table = read(&job.out.join("results.csv"))?;
    let lines = String::from_utf8_lossy(&table).lines().filter(|line| line.contains("done")).count();
    if lines == 6 { Ok(()) } else { Err(format!("{lines} tasks done, not 6\n{}", job.log())) }
}

fn submitted_elsewhere(launcher: &'static str) -> Outcome {
    let place = fresh_folder(&format!("{launcher}-elsewhere"))?;
    fs::copy(Path::new(ROOT).join("sims/nbody/kepler.toml"), place.join("mine.toml")).map_err(|e| e.to_string())?;
    let script = Path::new(ROOT).join("jobscripts/run.sbatch");
    let mut sbatch = Command::new("sbatch");
    sbatch.current_dir(&place).args(["--parsable", "--ntasks-per-node=1", "--time=4", "--output=job.log"]);
    sbatch.env("DIVISI_LAUNCHER", launcher).env_remove("DIVISI_OUT");
    // As one that is installed.
    let programs = Path::new(PROGRAM).parent().unwrap_or(Path::new("/"));
    let paths = env::var("PATH").unwrap_or_default();
    sbatch.env("DIVISI_PROGRAM", "divisi").env("PATH", format!("{}:{paths}", programs.display()));
    let reply = checked(sbatch.arg(&script).args(["mine.toml", "--steps", "20"]))?;
    let id = Job::id_of(&reply);
    let out = place.join(format!("runs/mine-{id}"));
    let job = Job { log: place.join("job.log"), id, out, submitted: Instant::now() };
    job.wait("COMPLETED")?;
    if job.out.join("history.csv").exists() { Ok(()) } else { Err(format!("no {}\n{}", job.out.display(), job.log())) }
}

/// A job of `jobscripts/run.sbatch`, or of another script; it is cancelled when this goes away before the job is done.
struct Job {
    id: String,
    out: PathBuf,
    log: PathBuf,
    submitted: Instant,
}

impl Job {
    fn submit(launcher: &str, name: &str, simulation: &str, arguments: &[&str]) -> Result<Job, String> {
        Job::submit_script("run.sbatch", launcher, name, simulation, arguments)
    }

    fn submit_script(
        script: &str,
        launcher: &str,
        name: &str,
        simulation: &str,
        arguments: &[&str],
    ) -> Result<Job, String> {
        Job::submit_with(&["--time=4"], script, launcher, name, &[&[simulation], arguments].concat())
    }

    /// A job on two nodes with these words for sbatch, in a folder of its own.
    fn submit_with(options: &[&str], script: &str, launcher: &str, name: &str, words: &[&str]) -> Result<Job, String> {
        let folder = fresh_folder(&format!("{launcher}-{name}"))?;
        let options = [&["--nodes=2", "--ntasks-per-node=1"], options].concat();
        Job::submit_into(&folder, &options, script, launcher, words)
    }

    fn submit_into(
        folder: &Path,
        options: &[&str],
        script: &str,
        launcher: &str,
        words: &[&str],
    ) -> Result<Job, String> {
        let out = folder.join("run");
        let log = folder.join("job.log");
        let _ = fs::remove_file(&log);
        let mut sbatch = Command::new("sbatch");
        sbatch.current_dir(ROOT).arg("--parsable").args(options).arg(format!("--output={}", log.display()));
        sbatch.env("DIVISI_LAUNCHER", launcher).env("DIVISI_PROGRAM", PROGRAM).env("DIVISI_OUT", &out);
        let reply = checked(sbatch.arg(format!("jobscripts/{script}")).args(words))?;
        Ok(Job { id: Job::id_of(&reply), out, log, submitted: Instant::now() })
    }

    fn id_of(reply: &str) -> String {
        reply.trim().split(';').next().unwrap_or_default().to_owned()
    }

    /// Another job in the same folder.
    fn again(&self, launcher: &str, words: &[&str]) -> Result<Job, String> {
        self.again_with("run.sbatch", launcher, words)
    }

    fn again_with(&self, script: &str, launcher: &str, words: &[&str]) -> Result<Job, String> {
        let folder = self.out.parent().unwrap_or(Path::new("/"));
        Job::submit_into(folder, &["--nodes=2", "--ntasks-per-node=1", "--time=4"], script, launcher, words)
    }

    /// One field of what Slurm knows about the job.
    fn show(&self, field: &str) -> String {
        let shown = Command::new("scontrol").args(["show", "job", "-o", &self.id]).output();
        let shown = shown.map(|out| stdout(&out)).unwrap_or_default();
        let value = shown.split_whitespace().find_map(|word| word.strip_prefix(field)?.strip_prefix('='));
        value.unwrap_or("unknown").to_owned()
    }

    /// Waits for the end of the job; the state that it is in then.
    fn ends(&self) -> Result<String, String> {
        let mut state = String::new();
        self.wait_until("the end of the job", || {
            state = self.show("JobState");
            matches!(state.as_str(), "COMPLETED" | "FAILED" | "CANCELLED" | "TIMEOUT" | "NODE_FAIL" | "OUT_OF_MEMORY")
        })?;
        Ok(state)
    }

    /// Waits for the end of the job, which is to fail with this status, at once.
    fn fails(&self, status: u8) -> Outcome {
        self.wait("FAILED")?;
        let code = self.show("ExitCode");
        if code != format!("{status}:0") {
            return Err(format!("exit code {code}, not {status}:0\n{}", self.log()));
        }
        self.was_not_put_back()
    }

    fn was_put_back(&self) -> Outcome {
        if self.show("Restarts") == "0" { Err(format!("it was not put back\n{}", self.log())) } else { Ok(()) }
    }

    fn was_not_put_back(&self) -> Outcome {
        match self.show("Restarts").as_str() {
            "0" => Ok(()),
            restarts => Err(format!("it was put back {restarts} times\n{}", self.log())),
        }
    }

    /// Waits for the end of the job, which is to be in this state.
    fn wait(&self, wanted: &str) -> Outcome {
        let state = self.ends()?;
        if state == wanted { Ok(()) } else { Err(format!("the job is {state}, not {wanted}\n{}", self.log())) }
    }

    fn wait_until(&self, what: &str, mut happened: impl FnMut() -> bool) -> Outcome {
        let seconds = env::var("DIVISI_SLURM_WAIT").ok().and_then(|text| text.parse().ok()).unwrap_or(240);
        while !happened() {
            if self.submitted.elapsed() > Duration::from_secs(seconds) {
                return Err(format!("waited {seconds} s for {what} (job {})\n{}", self.show("JobState"), self.log()));
            }
            sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    /// What is done here happens in the middle of the run, however fast the machine is: its ranks stand still meanwhile.
    fn held_while(&self, act: impl FnOnce() -> Outcome) -> Outcome {
        let ranks = ranks_of(&self.out);
        if ranks.is_empty() {
            return Err(format!("no rank is at work\n{}", self.log()));
        }
        let signal = |signal| ranks.iter().try_for_each(|&rank| kill_process(rank, signal)).map_err(|e| e.to_string());
        signal(Signal::STOP)?;
        let acted = act();
        signal(Signal::CONT)?;
        acted
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The job prints where its ranks are bound: on two hosts.
    fn log_shows_ranks_on_two_nodes(&self) -> Outcome {
        let log = self.log();
        let mut hosts: Vec<_> = log
            .lines()
            .filter_map(|line| line.strip_prefix("rank ")?.split_once(" on ")?.1.split_once(": cores "))
            .map(|(host, _)| host)
            .collect();
        hosts.sort_unstable();
        hosts.dedup();
        if hosts.len() == 2 { Ok(()) } else { Err(format!("ranks on {hosts:?}, not on two nodes\n{log}")) }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let _ = Command::new("scancel").args(["--quiet", &self.id]).status();
    }
}

/// The same run without Slurm, as one process.
fn run_alone(name: &str, simulation: &str, arguments: &[&str]) -> Result<PathBuf, String> {
    let out = fresh_folder(&format!("alone-{name}"))?.join("run");
    checked(Command::new(PROGRAM).current_dir(ROOT).args(["run", simulation, "--out", path(&out)]).args(arguments))?;
    Ok(out)
}

/// Snapshots and history.csv are the same bytes in two run folders.
fn same_bytes(one: &Path, other: &Path) -> Outcome {
    let names = files(&one.join("snapshots"))?;
    let others = files(&other.join("snapshots"))?;
    if names.is_empty() || names != others {
        return Err(format!("other snapshots: {names:?} and {others:?}"));
    }
    for name in names.iter().map(|name| Path::new("snapshots").join(name)).chain(["history.csv".into()]) {
        let a = one.join(&name);
        let b = other.join(&name);
        if read(&a)? != read(&b)? {
            return Err(format!("{} differs from {}", b.display(), a.display()));
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|e| format!("{}: {e}", file.display()))
}

/// The sorted names of the files in a folder.
fn files(folder: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

/// An empty folder that all nodes see: it lies in the checkout.
fn fresh_folder(name: &str) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("slurm").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(folder)
}

fn divisi(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).current_dir(ROOT).args(arguments).output().expect("the program was built with this test")
}

/// Runs a command; its standard output when it succeeds, else what it said.
fn checked(command: &mut Command) -> Result<String, String> {
    let out = command.output().map_err(|e| format!("{:?}: {e}", command.get_program()))?;
    if out.status.success() {
        return Ok(stdout(&out));
    }
    let name = command.get_program().to_string_lossy().into_owned();
    Err(format!("{name}: {}\n{}", out.status, String::from_utf8_lossy(&out.stderr)))
}

fn stdout(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned()
}

fn path(path: &Path) -> &str {
    path.to_str().expect("the checkout's path is UTF-8")
}
