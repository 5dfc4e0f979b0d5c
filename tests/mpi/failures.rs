//! What happens to a job when a rank fails: it ends within two seconds, with rank and reason, non-zero.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::OnceLock;
use std::time::Duration;

use divisi::Error;
use libtest_mimic::Trial;

use super::ROLE;
use crate::common::{Ended, finish, mpirun};

/// Seconds after which a launch is killed.
const LIMIT: u64 = 60;
/// From the failure to the end, and what starting mpirun itself may take here.
const END: f64 = 2.0;
/// Ranks wait this long before they fail, so that the others are surely waiting for them.
const BEFORE: Duration = Duration::from_millis(300);

struct Failure {
    name: &'static str,
    role: &'static str,
    status: i32,
    says: &'static str,
}

const FAILURES: [Failure; 4] = [
    Failure { name: "a panic ends all", role: "panic", status: 1, says: "rank 1 of 3: panicked at" },
    Failure { name: "an error on one rank ends all", role: "error", status: 2, says: "rank 2: here: wrong" },
    Failure { name: "an error on all ranks is told once", role: "all", status: 2, says: "rank 0: here: wrong" },
    Failure { name: "an error during messages ends all", role: "receive", status: 2, says: "rank 1: here: wrong" },
];

/// Fails in the way that the role says.
pub(crate) fn fail_as(role: &str) -> ExitCode {
    divisi::comm::launch(|comm| {
        if role == "nothing" {
            return Ok(0);
        }
        comm.barrier();
        std::thread::sleep(BEFORE);
        let wrong = || Err(Error::input("here", "wrong"));
        match (role, comm.rank()) {
            ("panic", 1) => panic!("on purpose"),
            ("error", 2) | ("all", _) | ("receive", 1) => return wrong(),
            ("receive", 0) => drop(comm.receive::<u64>(1, 0)),
            ("singleton", _) => {}
            _ => comm.barrier(),
        }
        Ok(0)
    })
}

/// A test for each failure.
pub(crate) fn tests() -> Vec<Trial> {
    let failures =
        FAILURES.iter().map(|failure| Trial::test(format!("failures: {}", failure.name), move || Ok(fails(failure)?)));
    let refused = Trial::test("failures: processes that do not know of each other are refused", || Ok(singletons()?));
    failures.chain([refused]).collect()
}

/// This program in a role, on three ranks.
fn launch(role: &str) -> Ended {
    finish(mpirun(3, this_program()).env(ROLE, role), LIMIT)
}

fn this_program() -> PathBuf {
    std::env::current_exe().expect("this program")
}

fn fails(failure: &Failure) -> Result<(), String> {
    static START_UP: OnceLock<f64> = OnceLock::new();
    let start_up = *START_UP.get_or_init(|| launch("nothing").seconds);
    judge(failure, &launch(failure.role), start_up)
}

fn judge(failure: &Failure, ended: &Ended, start_up: f64) -> Result<(), String> {
    let told = ended.stderr.matches("here: wrong").count() + ended.stderr.matches("on purpose").count();
    let limit = start_up + BEFORE.as_secs_f64() + END;
    match () {
        () if !ended.is(failure.status) => Err(format!("status {:?}: {}", ended.status, ended.stderr)),
        () if !ended.stderr.contains(failure.says) => Err(format!("does not say `{}`: {}", failure.says, ended.stderr)),
        () if told != 1 => Err(format!("told {told} times: {}", ended.stderr)),
        () if ended.seconds > limit => Err(format!("took {:.1} s, limit {limit:.1} s", ended.seconds)),
        () => Ok(()),
    }
}

/// What a launcher of another MPI library does: processes with a count of 4 in the environment, each alone in MPI.
fn singletons() -> Result<(), String> {
    for (name, status) in [("PMI_SIZE", 2), ("SLURM_STEP_NUM_TASKS", 2), ("SLURM_NTASKS", 0)] {
        let ended = finish(Command::new(this_program()).env(ROLE, "singleton").env(name, "4"), LIMIT);
        let told = ended.stderr.contains("4 processes were started together");
        if ended.status != Some(status) || told != (status != 0) {
            return Err(format!("{name}: status {:?}: {}", ended.status, ended.stderr));
        }
    }
    Ok(())
}
