//! The job scripts on a real Slurm: `jobscripts/nbody.sbatch`, `orbit.sbatch` and `sweep.sbatch` on two nodes, with srun and with mpirun.
//!
//! Each case submits a job, waits for it (at most `DIVISI_SLURM_WAIT` seconds, 240 by default) and looks at the files:
//! they equal those of the same run without Slurm, byte for byte, also when the job was told to stop in the middle,
//! went back into the queue and continued. Where there is no `sbatch`, or no Slurm behind it, it says that it skips.
//! It runs without the standard harness, since jobs are started one after the other, and ends with one line of numbers.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Output},
    thread::sleep,
    time::{Duration, Instant},
};

type Outcome = Result<(), String>;
type Case = fn(&'static str) -> Outcome;

const PROGRAM: &str = env!("CARGO_BIN_EXE_divisi");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const LAUNCHERS: [&str; 2] = ["srun", "mpirun"];
const SOLAR_SYSTEM: &str = "sims/nbody/solar_system.toml";
const PLUMMER: &str = "sims/nbody/plummer.toml";
const SWEEP: &str = "sims/sweep/eccentricity.toml";
const ORBIT: &str = "sims/orbit/gj504_ofti.toml";

fn main() -> ExitCode {
    if let Err(reason) = slurm() {
        println!("tests/slurm.rs skipped: {reason}");
        println!("0 passed, 0 failed, 1 skipped");
        return ExitCode::SUCCESS;
    }
    let cases: [(&str, Case); 5] = [
        ("two nodes write the files of one process, and arguments get through", same_files_as_without_slurm),
        ("a job told to stop is requeued, continues and ends with the undisturbed bytes", stopped_and_continued),
        ("bad input fails the job with status 2 and writes nothing", bad_input_fails_the_job),
        ("a sweep over two nodes has the results of one process", a_sweep),
        ("an orbit fit over two nodes has the posterior of one process", an_orbit_fit),
    ];
    let (mut passed, mut failed) = (0, 0);
    for launcher in LAUNCHERS {
        for (claim, case) in cases {
            let started = Instant::now();
            let outcome = case(launcher);
            let seconds = started.elapsed().as_secs_f64();
            match outcome {
                Ok(()) => passed += 1,
                Err(_) => failed += 1,
            }
            println!("{launcher}: {claim} ... {} ({seconds:.1} s)", outcome.err().unwrap_or_else(|| "ok".into()));
        }
    }
    println!("{passed} passed, {failed} failed, 0 skipped");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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
    sleep(Duration::from_millis(300));
    checked(Command::new("scancel").args(["--batch", "--signal=USR1", &job.id]))?;
    job.wait("COMPLETED")?;
    if job.show("Restarts") != "1" {
        return Err(format!("the job ran {} more times, not 1\n{}", job.show("Restarts"), job.log()));
    }
    same_bytes(&alone, &job.out)
}

fn bad_input_fails_the_job(launcher: &'static str) -> Outcome {
    let job = Job::submit(launcher, "bad_input", SOLAR_SYSTEM, &["run.untill=1.0"])?;
    job.wait("FAILED")?;
    if job.show("ExitCode") != "2:0" {
        return Err(format!("exit code {}, not 2:0\n{}", job.show("ExitCode"), job.log()));
    }
    if job.out.exists() { Err(format!("{} was made", job.out.display())) } else { Ok(()) }
}

/// One that has what it was asked for, and one that has not within its limit: that job fails with 85, once.
fn an_orbit_fit(launcher: &'static str) -> Outcome {
    let alone = run_alone("orbit", ORBIT, &["method.orbits=2000"])?;
    let job = Job::submit_script("orbit.sbatch", launcher, "orbit", ORBIT, &["method.orbits=2000"])?;
    job.wait("COMPLETED")?;
    job.log_shows_ranks_on_two_nodes()?;
    for name in ["posterior.hdf5", "summary.csv", "history.csv"] {
        if read(&alone.join(name))? != read(&job.out.join(name))? {
            return Err(format!("{name} differs\n{}", job.log()));
        }
    }
    let job = Job::submit_script("orbit.sbatch", launcher, "orbit_limit", ORBIT, &["method.most_trials=1000"])?;
    job.wait("FAILED")?;
    if job.show("ExitCode") != "85:0" || job.show("Restarts") != "0" {
        return Err(format!("exit code {}, restarts {}\n{}", job.show("ExitCode"), job.show("Restarts"), job.log()));
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

/// A job of `jobscripts/nbody.sbatch`, or of another script; it is cancelled when this goes away before the job is done.
struct Job {
    id: String,
    out: PathBuf,
    submitted: Instant,
}

impl Job {
    fn submit(launcher: &str, name: &str, simulation: &str, arguments: &[&str]) -> Result<Job, String> {
        Job::submit_script("nbody.sbatch", launcher, name, simulation, arguments)
    }

    fn submit_script(
        script: &str,
        launcher: &str,
        name: &str,
        simulation: &str,
        arguments: &[&str],
    ) -> Result<Job, String> {
        let folder = fresh_folder(&format!("{launcher}-{name}"))?;
        let out = folder.join("run");
        let mut sbatch = Command::new("sbatch");
        sbatch.current_dir(ROOT).args(["--parsable", "--nodes=2", "--ntasks-per-node=1", "--time=4"]);
        sbatch.arg(format!("--output={}/job.log", folder.display()));
        sbatch.env("DIVISI_LAUNCHER", launcher).env("DIVISI_SIMULATION", simulation);
        sbatch.env("DIVISI_PROGRAM", PROGRAM).env("DIVISI_OUT", &out);
        let reply = checked(sbatch.arg(format!("jobscripts/{script}")).args(arguments))?;
        let id = reply.trim().split(';').next().unwrap_or_default().to_owned();
        Ok(Job { id, out, submitted: Instant::now() })
    }

    /// One field of what Slurm knows about the job.
    fn show(&self, field: &str) -> String {
        let shown = Command::new("scontrol").args(["show", "job", "-o", &self.id]).output();
        let shown = shown.map(|out| stdout(&out)).unwrap_or_default();
        let value = shown.split_whitespace().find_map(|word| word.strip_prefix(field)?.strip_prefix('='));
        value.unwrap_or("unknown").to_owned()
    }

    /// Waits for the end of the job, which is to be in this state.
    fn wait(&self, wanted: &str) -> Outcome {
        let mut state = String::new();
        self.wait_until("the end of the job", || {
            state = self.show("JobState");
            matches!(state.as_str(), "COMPLETED" | "FAILED" | "CANCELLED" | "TIMEOUT" | "NODE_FAIL" | "OUT_OF_MEMORY")
        })?;
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

    fn log(&self) -> String {
        fs::read_to_string(self.out.with_file_name("job.log")).unwrap_or_default()
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
    let (names, others) = (files(&one.join("snapshots"))?, files(&other.join("snapshots"))?);
    if names.is_empty() || names != others {
        return Err(format!("other snapshots: {names:?} and {others:?}"));
    }
    for name in names.iter().map(|name| Path::new("snapshots").join(name)).chain(["history.csv".into()]) {
        let (a, b) = (one.join(&name), other.join(&name));
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
