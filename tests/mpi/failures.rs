//! What happens to a job when a rank fails: it ends within two seconds, with rank and reason, non-zero.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::OnceLock;
use std::time::Duration;

use divisi::Error;

use super::ROLE;
use crate::common::runner::Check;
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

/// A check for each failure.
pub(crate) fn checks() -> Vec<(String, Check)> {
    let check = |claim: &str, check: Check| (format!("failures: {claim}"), check);
    let failures = FAILURES.iter().map(|failure| check(failure.name, Box::new(move || fails(failure))));
    let refused = check("processes that do not know of each other are refused", Box::new(singletons));
    failures.chain([refused]).collect()
}

/// This program in a role, on three ranks.
fn launch(role: &str) -> Ended {
    finish(mpirun(3, this_program()).env(ROLE, role), LIMIT)
}

fn this_program() -> PathBuf {
    std::env::current_exe().expect("this program")
}

fn fails(failure: &Failure) {
    static START_UP: OnceLock<f64> = OnceLock::new();
    let start_up = *START_UP.get_or_init(|| launch("nothing").seconds);
    let ended = launch(failure.role).expect(failure.status).says(failure.says);
    let told = ended.stderr.matches("here: wrong").count() + ended.stderr.matches("on purpose").count();
    assert_eq!(told, 1, "{}", ended.stderr);
    let limit = start_up + BEFORE.as_secs_f64() + END;
    assert!(ended.seconds <= limit, "took {:.1} s, limit {limit:.1} s", ended.seconds);
}

/// What a launcher of another MPI library does: processes with a count of 4 in the environment, each alone in MPI.
fn singletons() {
    for (name, status) in [("PMI_SIZE", 2), ("SLURM_STEP_NUM_TASKS", 2), ("SLURM_NTASKS", 0)] {
        let ended = finish(Command::new(this_program()).env(ROLE, "singleton").env(name, "4"), LIMIT);
        let told = ended.stderr.contains("4 processes were started together");
        assert!(ended.status == Some(status) && told == (status != 0), "{name}: {ended:?}");
    }
}
