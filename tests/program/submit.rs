//! `divisi submit`, `status`, `cancel` and `results`, with a Slurm of three scripts: what is asked of it, what is refused before anything is
//! written, and that the script of a job runs. tests/slurm has the real one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::common::{DIVISI, Ended, divisi, finish, root, wait};

const LIMIT: u64 = 60;
const KEPLER: &str = "sims/nbody/kepler.toml";

/// A folder with commands of a Slurm that only writes down what it is asked.
struct Slurm(TempDir);

impl Slurm {
    fn new() -> Self {
        let slurm = Slurm(tempfile::tempdir().unwrap());
        // Jobs have the numbers 101, 102 ...
        slurm.command("sbatch", "echo \"$@\" >>$here/submitted\n[ ! -e $here/refuse ] || { echo 'sbatch: error: Invalid partition' >&2; exit 1; }\necho $((100 + $(wc -l <$here/submitted)))");
        // As the real one it takes no number 0, fails where the only job that is asked for is unknown, and tells of one twice that is named twice.
        let asked = "for word; do case $word in --jobs=*,0 | --jobs=0*) echo 'Invalid job id' >&2; exit 1 ;; --jobs=*,*) ;; --jobs=*) [ -s $here/queue ] || exit 1 ;; esac; done";
        slurm.command("squeue", &format!("{asked}\ncat $here/queue $here/queue 2>/dev/null; true"));
        slurm.command("scancel", "echo \"$@\" >>$here/cancelled");
        slurm.command("scontrol", "true");
        // Ranks: one, without Slurm's options.
        slurm.command("srun", "while [ \"${1#-}\" != \"$1\" ]; do shift; done\nexec \"$@\"");
        slurm
    }

    fn command(&self, name: &str, body: &str) {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\nhere={}\n{body}\n", self.0.path().display())).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn told(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// A command that finds this Slurm, and no file of a cluster but those that it is given.
    fn on(&self, mut command: Command) -> Command {
        let paths = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{paths}", self.0.path().display())).current_dir(root());
        command.env_remove("DIVISI_CLUSTER").env("XDG_CONFIG_HOME", self.path("settings"));
        command
    }

    fn divisi(&self, words: &[&str]) -> Ended {
        finish(self.on(divisi()).args(words), LIMIT)
    }

    fn submit(&self, out: &Path, words: &[&str]) -> Ended {
        self.divisi(&[&["submit", KEPLER, "--out", out.to_str().unwrap()], words].concat())
    }
}

#[test]
fn the_script_asks_for_what_the_words_and_the_cluster_say() {
    let slurm = Slurm::new();
    let cluster = slurm.path("cluster.toml");
    let text = "launcher = 'srun'\nmpi = 'pmi2'\nbinding = 'sockets'\nmodules = ['gcc/12']\nsetup = ['export X=1']\npartition = 'short'\n\
                account = 'us'\noptions = ['--exclusive']\ncores_per_node = 8\ntime = '2:00:00'\nstop_before = 120\n";
    fs::write(&cluster, text).unwrap();
    let cluster = cluster.to_str().unwrap();
    let out = slurm.path("it's here");
    let words = ["--nodes", "2", "--partition", "long", "--option=--mem=4G", "--steps", "7", "gravity.softening=0.5"];
    let script = slurm.submit(&out, &[&["--dry-run", "--cluster", cluster], &words[..]].concat()).expect(0).stdout;
    let lines: Vec<&str> = script.lines().collect();
    let asked = [
        "#SBATCH --nodes=2",
        "#SBATCH --ntasks=16",
        "#SBATCH --ntasks-per-node=8",
        "#SBATCH --time=0-02:00:00",
        "#SBATCH --signal=B:USR1@120",
        "#SBATCH --requeue",
        "#SBATCH --partition=long",
        "#SBATCH --account=us",
        "#SBATCH --exclusive",
        "#SBATCH --mem=4G",
        "module load gcc/12",
        "export X=1",
        "export DIVISI_LAUNCHER=srun",
        "export DIVISI_SRUN_MPI=pmi2",
        "export DIVISI_BINDING=sockets",
    ];
    asked.iter().for_each(|line| assert!(lines.contains(line), "{line} in\n{script}"));
    let file = root().join(KEPLER);
    let last = format!("set -- {} gravity.softening=0.5 --steps 7", file.display());
    assert!(lines.contains(&last.as_str()), "{script}");
    assert!(!out.exists() && slurm.told("submitted").is_empty(), "a dry run writes nothing");
    let path = slurm.path("script");
    fs::write(&path, &script).unwrap();
    finish(Command::new("bash").arg("-n").arg(&path), LIMIT).expect(0);
}

#[test]
fn a_job_is_estimated_from_a_few_steps_and_nothing_is_submitted() {
    let slurm = Slurm::new();
    let out = slurm.path("run");
    let words = ["--ranks", "4", "--time", "10", "--steps", "1000", "--estimate"];
    let told = slurm.submit(&out, &words).expect(0).stdout;
    for text in ["MiB for each of 4 ranks", "core hours", "on 4 ranks", "1000 steps of"] {
        assert!(told.contains(text), "{text} in {told}");
    }
    assert!(!out.exists() && slurm.told("submitted").is_empty());
    slurm.submit(&out, &[&words[..], &["gravity.softning=1"]].concat()).expect(2).says("softening");
    slurm.submit(&out, &["--estimate", "--time", "10"]).expect(2).says("--ranks");
    let sweep = ["submit", "sims/sweep/eccentricity.toml", "--ranks", "2", "--time", "10", "--estimate"];
    slurm.divisi(&sweep).expect(2).says("a sweep's tasks");
}

#[test]
fn what_is_wrong_is_refused_before_anything_is_written() {
    let slurm = Slurm::new();
    let right = ["--ranks", "2", "--time", "10"];
    let wrong: &[(&[&str], &str)] = &[
        (&["--time", "10"], "--ranks"),
        (&["--ranks", "2"], "--time"),
        (&["--ranks", "2", "--time", "soon"], "--time"),
        (&["--ranks", "2", "--time", "0:30"], "--time"),
        (&["--ranks", "2", "--time", "10", "--nodes", "0"], "--nodes"),
        (&["--ranks", "2", "--time", "10", "--nodes", "3"], "--ranks"),
        (&["--ranks", "2", "--time", "10", "--chain", "0"], "--chain"),
        (&["--ranks", "2", "--time", "10", "--array", "9-0"], "--array"),
        (&["--ranks", "2", "--time", "10", "--array", "0-3", "--chain", "2"], "--chain"),
        (&["--ranks", "2", "--time", "10", "--partition", "a b"], "--partition"),
        (&["--ranks", "2", "--time", "10", "--account", "x\n#SBATCH --nodes=9"], "--account"),
        (&["--ranks", "2", "--time", "10", "--option", "exclusive"], "--option"),
        (&["--ranks", "2", "--time", "10", "--name", "a b"], "--name"),
        (&["--ranks", "2", "--time", "10", "gravity.softning=1"], "softening"),
        (&["--ranks", "2", "--time", "10", "--cluster", "none.toml"], "none.toml"),
        (&["--ranks", "2", "--time", "10", "--retry-failed"], "--retry-failed"),
    ];
    let out = slurm.path("run");
    for (words, told) in wrong {
        slurm.submit(&out, words).expect(2).says(told);
        assert!(!out.exists() && slurm.told("submitted").is_empty(), "{words:?}");
    }
    fs::write(slurm.path("refuse"), "").unwrap();
    slurm.submit(&out, &right).expect(1).says("Invalid partition");
    assert!(!out.exists(), "what Slurm refuses leaves nothing");
    fs::remove_file(slurm.path("refuse")).unwrap();
    // A folder with a run, and one with a job.
    slurm.divisi(&["run", KEPLER, "--steps", "3", "--out", out.to_str().unwrap()]).expect(0);
    slurm.submit(&out, &right).expect(2).says("--resume");
    slurm.submit(&out, &[&right[..], &["--resume"]].concat()).expect(0);
    fs::write(slurm.path("queue"), "102|PENDING|(Priority)|10:00\n").unwrap();
    slurm.submit(&out, &[&right[..], &["--resume"]].concat()).expect(2).says("job 102 pending (Priority)");
    // Where there is no Slurm.
    let path = slurm.0.path().to_owned();
    for name in ["sbatch", "squeue"] {
        fs::remove_file(path.join(name)).unwrap();
    }
    if finish(Command::new("sh").args(["-c", "command -v sbatch"]), LIMIT).status != Some(0) {
        slurm.submit(&slurm.path("other"), &right).expect(1).says("sbatch");
    }
}

/// The script is run here as Slurm would, twice: the second start finds the run done.
#[test]
fn the_script_of_a_job_runs_and_goes_on() {
    let slurm = Slurm::new();
    let out = slurm.path("my run");
    let told = slurm.submit(&out, &["--ranks", "1", "--time", "10", "--steps", "20"]).expect(0).stdout;
    assert_eq!(told, format!("101\n{}\n", out.display()));
    assert_eq!(fs::read_to_string(out.join("jobs")).unwrap(), "101\n");
    let start = |restarts: &str| {
        let mut bash = slurm.on(Command::new("bash"));
        bash.arg(out.join("job.sbatch")).env("SLURM_JOB_ID", "101").env("SLURM_RESTART_COUNT", restarts);
        bash.env("SLURM_NTASKS", "1").env("SLURM_JOB_NODELIST", "here").env_remove("SLURM_CPUS_PER_TASK");
        finish(&mut bash, LIMIT).expect(0).stdout
    };
    let first = start("0");
    assert!(first.contains("status 0"), "{first}");
    let history = fs::read(out.join("history.csv")).unwrap();
    let second = start("1");
    assert!(second.contains("--resume") && second.contains("status 0"), "{second}");
    assert_eq!(fs::read(out.join("history.csv")).unwrap(), history);
    let alone = slurm.path("alone");
    slurm.divisi(&["run", KEPLER, "--steps", "20", "--out", alone.to_str().unwrap()]).expect(0);
    slurm.divisi(&["compare", alone.to_str().unwrap(), out.to_str().unwrap()]).expect(0);
}

/// The controller is away for two questions, and refuses once what it takes then: as after a failover.
#[test]
fn a_job_that_is_not_done_asks_again_until_it_is_put_back() {
    let slurm = Slurm::new();
    let out = slurm.path("run");
    slurm.submit(&out, &["--ranks", "1", "--time", "10", "--steps", "20"]).expect(0);
    slurm.command(
        "srun",
        &format!("mkdir -p {0}/checkpoints; date +%N | tee {0}/run.log >{0}/checkpoints/one; exit 85", out.display()),
    );
    slurm.command(
        "squeue",
        "echo asked >>$here/squeue_log\n[ $(wc -l <$here/squeue_log) -gt 2 ] || exit 1\necho RUNNING",
    );
    // Where it works, Slurm ends the shell that asked.
    slurm.command(
        "scontrol",
        "echo \"$@\" >>$here/scontrol_log\n[ $(wc -l <$here/scontrol_log) -gt 1 ] || exit 1\nkill -KILL $PPID",
    );
    slurm.command("sleep", "exit 0");
    let mut bash = slurm.on(Command::new("bash"));
    bash.arg(out.join("job.sbatch")).env("SLURM_JOB_ID", "101").env("SLURM_JOB_END_TIME", "0");
    bash.env("SLURM_NTASKS", "1").env("SLURM_JOB_NODELIST", "here").env_remove("SLURM_CPUS_PER_TASK");
    let ended = finish(&mut bash, LIMIT);
    assert_eq!(ended.status, None, "{}{}", ended.stdout, ended.stderr);
    assert_eq!(slurm.told("squeue_log").lines().count(), 4);
    assert_eq!(slurm.told("scontrol_log"), "requeue 101\n".repeat(2));

    // A job that somebody has cancelled stays out.
    for log in ["squeue_log", "scontrol_log"] {
        fs::remove_file(slurm.path(log)).unwrap();
    }
    slurm.command("squeue", "echo COMPLETING");
    finish(&mut bash, LIMIT).expect(85);
    assert_eq!(slurm.told("scontrol_log"), "");
}

#[test]
fn the_links_of_a_chain_wait_for_each_other_and_jobs_of_an_array_have_their_own_folders() {
    let slurm = Slurm::new();
    let chain = slurm.path("chain");
    slurm.submit(&chain, &["--ranks", "2", "--time", "10", "--chain", "3"]).expect(0);
    let script = chain.join("job.sbatch").display().to_string();
    let expected = ["", "--dependency=afterany:101 ", "--dependency=afterany:102 "];
    let expected: String = expected.iter().map(|after| format!("--parsable {after}{script}\n")).collect();
    assert_eq!(slurm.told("submitted"), expected);
    let text = fs::read_to_string(&script).unwrap();
    assert!(text.contains("#SBATCH --no-requeue\n") && text.contains("export DIVISI_RESTARTS=0\n"), "{text}");

    let array = slurm.path("array");
    let words = ["--ranks", "1", "--time", "10", "--array", "3-5", "--steps", "5", "run.seed={array}"];
    slurm.submit(&array, &words).expect(0);
    for number in ["3", "5"] {
        let mut bash = slurm.on(Command::new("bash"));
        bash.arg(array.join("job.sbatch")).env("SLURM_JOB_ID", "104").env("SLURM_ARRAY_TASK_ID", number);
        bash.env("SLURM_NTASKS", "1").env("SLURM_JOB_NODELIST", "here").env_remove("SLURM_CPUS_PER_TASK");
        finish(&mut bash, LIMIT).expect(0);
        let config = fs::read_to_string(array.join(number).join("config.toml")).unwrap();
        assert!(config.contains(&format!("seed = {number}\n")), "{config}");
    }
}

#[test]
fn cancelling_takes_waiting_jobs_first_and_lets_running_ones_stop() {
    let slurm = Slurm::new();
    let out = slurm.path("run");
    slurm.submit(&out, &["--ranks", "2", "--time", "10", "--chain", "3"]).expect(0);
    let queue = "101|RUNNING|n1|9:00\n102|PENDING|(Dependency)|10:00\n103|PENDING|(Dependency)|10:00\n";
    fs::write(slurm.path("queue"), queue).unwrap();
    let told = slurm.divisi(&["cancel", out.to_str().unwrap()]).expect(0).stdout;
    assert_eq!(slurm.told("cancelled"), "103\n102\n--batch --signal USR2 101\n");
    assert!(told.contains("job 101 stops with a checkpoint") && told.contains("job 103 is out of the queue"), "{told}");
    fs::write(slurm.path("queue"), "").unwrap();
    slurm.divisi(&["cancel", out.to_str().unwrap()]).expect(2).says("holds no run");
}

/// Without Slurm, too: a run at work on this machine.
#[test]
fn a_run_at_work_here_is_stopped_and_goes_on() {
    let slurm = Slurm::new();
    let out = slurm.path("run");
    let place = out.to_str().unwrap();
    let mut child = divisi()
        .args(["run", "sims/nbody/plummer.toml", "--steps", "1000000", "checkpoint.every_steps=10", "--out", place])
        .current_dir(root())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while !fs::read_dir(out.join("checkpoints")).is_ok_and(|mut files| files.next().is_some()) {
        assert!(began.elapsed() < Duration::from_secs(LIMIT), "no checkpoint");
        std::thread::sleep(Duration::from_millis(20));
    }
    slurm.divisi(&["cancel", place]).expect(0);
    assert_eq!(wait(&mut child, Duration::from_secs(LIMIT)), Some(85));
    slurm.divisi(&["status", place]).expect(85);
    slurm.divisi(&["cancel", place]).expect(2).says("nobody is at work");
}

#[test]
fn the_status_of_several_runs_is_a_table_or_a_list() {
    let slurm = Slurm::new();
    let [done, waiting, sweep] = ["done", "waiting", "sweep"].map(|name| slurm.path(name));
    let places = [&done, &waiting, &sweep].map(|path| path.to_str().unwrap());
    slurm.divisi(&["run", KEPLER, "--steps", "3", "--out", places[0]]).expect(0);
    slurm.submit(&waiting, &["--ranks", "2", "--time", "10"]).expect(0);
    fs::write(slurm.path("queue"), "101|PENDING|(Resources)|10:00\n").unwrap();
    let plan = slurm.path("plan.toml");
    let points = "parameters.values.x = [1.5, 2.5, 3.5]\ntask.command = ['sh', '-c', '[ {x} != 2.5 ] && echo {x}']\nsweep.retries = 0\n";
    fs::write(&plan, format!("simulation = 'sweep'\n{points}")).unwrap();
    slurm.divisi(&["run", plan.to_str().unwrap(), "--out", places[2]]).expect(3);

    let table = slurm.divisi(&[&["status"], &places[..]].concat()).expect(85).stdout;
    let line = |place: &str| table.lines().find(|line| line.starts_with(place)).unwrap_or_else(|| panic!("{table}"));
    assert!(line(places[0]).contains("done") && line(places[0]).contains("step 3"), "{table}");
    assert!(
        line(places[1]).contains("waiting") && line(places[1]).contains("job 101 pending (Resources), 10:00 left"),
        "{table}"
    );
    assert!(line(places[2]).contains("2 done, 1 failed"), "{table}");
    let json = slurm.divisi(&[&["status", "--json"], &places[..]].concat()).expect(85).stdout;
    let list: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&list[0]["state"], &list[0]["status"], &list[0]["last"]["step"]),
        (&"done".into(), &0.into(), &3.into())
    );
    assert_eq!((&list[1]["state"], &list[1]["jobs"][0]["job"]), (&"waiting".into(), &"101".into()));
    assert_eq!((&list[2]["status"], &list[2]["tasks"]["failed"]), (&3.into(), &1.into()));
    slurm.divisi(&["status", places[0], places[2]]).expect(3);
    slurm.divisi(&["status", "--watch", places[0]]).expect(0);
    slurm.divisi(&["status", places[0], "nowhere"]).expect(2).says("nowhere");
}

/// Those of an ended sweep are its table; while it is at work, those of the tasks that have ended.
#[test]
fn results_are_printed_at_any_time() {
    let slurm = Slurm::new();
    let out = slurm.path("sweep");
    let place = out.to_str().unwrap();
    let plan = slurm.path("plan.toml");
    let gate = slurm.path("gate");
    let task = format!(
        "while [ {{x}} = 3 ] && [ ! -e {} ]; do sleep 0.05; done; [ {{x}} != 2 ] && echo 0.1{{x}}0",
        gate.display()
    );
    let text = format!(
        "simulation = 'sweep'\nparameters.values.x = [1, 2, 3]\ntask.command = ['sh', '-c', '{task}']\nsweep.retries = 0\n"
    );
    fs::write(&plan, text).unwrap();
    let mut child = divisi().args(["run", plan.to_str().unwrap(), "--out", place]).spawn().unwrap();
    let began = Instant::now();
    let early = loop {
        let told = slurm.divisi(&["results", place]);
        if told.status == Some(0) && told.stdout.lines().count() == 3 {
            break told.stdout;
        }
        assert!(began.elapsed() < Duration::from_secs(LIMIT), "{told:?}");
    };
    assert!(early.contains("\n0,1,0.110,done,\n") && early.contains("\n1,2,,failed,"), "{early}");
    fs::write(&gate, "").unwrap();
    assert_eq!(wait(&mut child, Duration::from_secs(LIMIT)), Some(3));
    let table = fs::read_to_string(out.join("results.csv")).unwrap();
    assert_eq!(slurm.divisi(&["results", place]).expect(0).stdout, table);
    let json = slurm.divisi(&["results", "--json", place]).expect(0).stdout;
    let list: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 3);
    assert_eq!((&list[2]["x"], &list[2]["status"]), (&3.into(), &"done".into()));
    assert!(json.contains("\"result\":0.110") && list[1].get("result").is_none(), "digits as they came: {json}");
    let quiet = finish(Command::new("sh").args(["-c", "\"$0\" results \"$1\" | true", DIVISI, place]), LIMIT);
    assert_eq!(quiet.expect(0).stderr, "");
    slurm.divisi(&["run", KEPLER, "--steps", "3", "--out", slurm.path("run").to_str().unwrap()]).expect(0);
    slurm.divisi(&["results", slurm.path("run").to_str().unwrap()]).expect(2).says("no sweep");
}
