//! Checks within ranks: each runs on 1, 2, 3 and 4 of them, all of one number in one launch.
//!
//! A check that fails ends its launch, since the other ranks may wait for one that panicked; those after it get another.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use divisi::Comm;
use libtest_mimic::{Arguments, Trial};

use crate::common::runner::within;
use crate::common::{finish, mpirun};
use crate::{domain, fields, grid, messages, output, particles, posterior, sampler, sweep, tree};

/// A claim, and what panics on some rank where it doesn't hold.
pub(crate) type Check = (&'static str, fn(&Comm));

/// The role of a launched process that runs checks.
pub(crate) const ROLE: &str = "checks";
/// The claims of these checks, a line each.
const CLAIMS: &str = "DIVISI_TEST_CLAIMS";
/// The longest that one check may take, and all of a launch.
const LIMIT: Duration = Duration::from_secs(180);
const LAUNCH_LIMIT: u64 = 600;
const RANKS: [usize; 4] = [1, 2, 3, 4];

fn checks() -> Vec<Check> {
    [
        messages::CHECKS,
        particles::CHECKS,
        tree::CHECKS,
        grid::CHECKS,
        domain::CHECKS,
        fields::CHECKS,
        output::CHECKS,
        posterior::CHECKS,
        sampler::CHECKS,
        sweep::CHECKS,
        #[cfg(feature = "compress")]
        crate::compress::CHECKS,
    ]
    .concat()
}

/// On every rank: the checks of the launch, one after another.
pub(crate) fn run_on_this_rank() -> ExitCode {
    let claims = std::env::var(CLAIMS).expect("claims");
    divisi::comm::launch(|comm| {
        for claim in claims.lines() {
            let check = checks().into_iter().find(|(name, _)| *name == claim).expect("a check of this claim").1;
            within(claim, LIMIT, || {
                check(comm);
                comm.barrier();
            });
            if comm.is_root() {
                println!("{claim} ok");
            }
        }
        Ok(0)
    })
}

/// A test for each check and number of ranks. Those of one number share a launch, of the claims that are selected; the launches
/// run in a thread of their own, one after another, beside the tests that come first and wait more than they compute.
pub(crate) fn tests(arguments: &Arguments) -> Vec<Trial> {
    let mut tests = Vec::new();
    let mut launches = Vec::new();
    for ranks in RANKS {
        let outcomes = Arc::new(Outcomes::default());
        let mut launch = Launch { ranks, claims: Vec::new(), outcomes: Arc::clone(&outcomes) };
        for (claim, _) in checks() {
            let test = test(claim, ranks, &outcomes);
            if !arguments.is_filtered_out(&test) {
                launch.claims.push(claim);
            }
            tests.push(test);
        }
        launches.push(launch);
    }
    if !arguments.list {
        thread::spawn(move || {
            let launched = catch_unwind(AssertUnwindSafe(|| launches.into_iter().for_each(Launch::run)));
            // The tests would wait for outcomes for ever.
            launched.unwrap_or_else(|_| std::process::exit(1));
        });
    }
    tests
}

/// What became of each claim on a number of ranks, or what was printed when it failed; there when the launch has ended.
type Outcomes = OnceLock<BTreeMap<&'static str, Result<(), String>>>;

fn test(claim: &'static str, ranks: usize, outcomes: &Arc<Outcomes>) -> Trial {
    let outcomes = Arc::clone(outcomes);
    let ranks = if ranks == 1 { "1 rank".to_owned() } else { format!("{ranks} ranks") };
    Trial::test(format!("{claim} ({ranks})"), move || Ok(outcomes.wait()[claim].clone()?))
}

/// Checks that run together on a number of ranks.
struct Launch {
    ranks: usize,
    claims: Vec<&'static str>,
    outcomes: Arc<Outcomes>,
}

impl Launch {
    /// Runs them in as many jobs as it takes.
    fn run(self) {
        let mut outcomes = BTreeMap::new();
        let mut rest = &self.claims[..];
        while !rest.is_empty() {
            let mut command = mpirun(self.ranks, std::env::current_exe().expect("this program"));
            let ended = finish(command.env(crate::ROLE, ROLE).env(CLAIMS, rest.join("\n")), LAUNCH_LIMIT);
            let done = ended.stdout.lines().filter(|line| line.ends_with(" ok")).count();
            // A job that fails after its last check has failed in that.
            let holds = if ended.status == Some(0) { done } else { done.min(rest.len() - 1) };
            outcomes.extend(rest[..holds].iter().map(|&claim| (claim, Ok(()))));
            let printed = format!("status {:?}\n{}\n{}", ended.status, ended.stdout, ended.stderr);
            outcomes.extend(rest.get(holds).map(|&claim| (claim, Err(printed))));
            rest = rest.get(holds + 1..).unwrap_or_default();
        }
        self.outcomes.set(outcomes).expect("one launch");
    }
}
