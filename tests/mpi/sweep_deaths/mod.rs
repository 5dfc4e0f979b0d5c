//! Sweeps whose ranks are killed, with and without a launcher that lets the others go on, and what a journal then keeps.

pub(crate) mod job;
mod killers;
pub(crate) mod rounds;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use divisi::tasks::journal::Recovered;
use tempfile::TempDir;

use crate::common::runner::{Check, within};
use crate::common::{Ended, Signal, finish, kill_process, wait};
use job::{Ran, command, processes, ran, start, wait_for};

/// Seconds after which a job is killed.
const LIMIT: u64 = 20;
/// The longest that a scenario may take: many jobs, each within its limit.
const SCENARIO_LIMIT: Duration = Duration::from_secs(180);
/// From a death to the end of a job that ends with it: two seconds, and one for a crowded machine.
const END: Duration = Duration::from_secs(3);
/// From a death to the next attempt.
const NOTICED: Duration = Duration::from_secs(1);

type Scenario = (&'static str, fn());

const SCENARIOS: &[Scenario] = &[
    ("a rank that dies within a task costs that task alone", dies_within),
    ("a rank killed from outside at any time changes no byte", killed_outside),
    ("a task that always kills its rank is given up alone", killer),
    ("a killing task never ends a sweep, on any number of ranks", killers::on_any_number_of_ranks),
    ("a task that killed its rank and then hangs is ended", killers::that_hangs_the_second_time),
    ("a killing task in a chunk with others is given up alone", killer_in_chunk),
    ("tasks that no rank had begun are not blamed for deaths", innocents),
    ("when all other ranks die rank 0 finishes alone", rank_0_alone),
    ("when rank 0 dies all others end, and the journal goes on", rank_0_dies),
    ("without recovery a death ends the job, and the journal goes on", no_recovery),
    ("a task that exits says so, and its status is not the job's", exits),
    ("a killing task is given up over jobs that end with it", killer_over_jobs),
    ("after kill -9 of everything no recorded task runs again", everything_killed),
    ("a member of a group dies", member_dies),
    ("a task that ignores its time limit has its rank ended", ignored_limit),
    ("orders that wait are not under way", waiting_orders),
    ("main's panic and error end the job", main_fails),
    ("a journal that cannot be written ends the job", bad_journal),
    ("failed tasks are run again when asked for", retry_failed),
    ("a sweep that stopped after failures goes on later", stop_after),
];

/// A check for each scenario.
pub(crate) fn checks() -> Vec<(String, Check)> {
    let check = |&(claim, scenario): &Scenario| -> (String, Check) {
        (format!("deaths: {claim}"), Box::new(move || within(claim, SCENARIO_LIMIT, scenario)))
    };
    SCENARIOS.iter().map(check).collect()
}

/// A folder for a job.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Place(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs a job to its end, which leaves no process.
    fn run(&self, recovery: bool, ranks: usize, words: &str) -> Ended {
        let ended = finish(&mut command(recovery, ranks, self.path(), words), LIMIT);
        self.expect_no_orphans();
        ended
    }

    #[track_caller]
    fn expect_no_orphans(&self) {
        let began = Instant::now();
        while !processes(self.path()).is_empty() {
            assert!(began.elapsed() < END, "still running: {:?}", processes(self.path()));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn results(&self) -> String {
        fs::read_to_string(self.path().join("results")).unwrap_or_default()
    }

    fn counts(&self) -> String {
        fs::read_to_string(self.path().join("counts")).unwrap_or_default()
    }

    fn journal(&self) -> PathBuf {
        self.path().join("journal")
    }

    /// How often each task began.
    fn times(&self) -> BTreeMap<u64, Vec<Ran>> {
        let mut times: BTreeMap<u64, Vec<Ran>> = BTreeMap::new();
        ran(self.path()).into_iter().for_each(|it| times.entry(it.task).or_default().push(it));
        times
    }

    /// Tasks that began more than once.
    fn again(&self) -> Vec<(u64, Vec<u64>)> {
        let attempts = |runs: Vec<Ran>| runs.iter().map(|it| it.attempt).collect();
        self.times().into_iter().filter(|(_, runs)| runs.len() > 1).map(|(task, runs)| (task, attempts(runs))).collect()
    }
}

/// The first results of a job that nobody disturbs, on one rank. What a task gives doesn't depend on how many there are.
fn undisturbed(tasks: usize, kind: &str) -> String {
    static LIST: OnceLock<String> = OnceLock::new();
    static POOL: OnceLock<String> = OnceLock::new();
    let whole = if kind.contains("pool") { &POOL } else { &LIST }.get_or_init(|| {
        let place = Place::new();
        place.run(false, 1, &format!("tasks=500 micros=10 {kind}")).expect(0);
        place.results()
    });
    whole.lines().take(tasks).map(|line| format!("{line}\n")).collect()
}

fn dies_within() {
    let wanted = undisturbed(60, "");
    for schedule in ["dynamic", "static", "cyclic"] {
        let place = Place::new();
        let ended =
            place.run(true, 3, &format!("tasks=60 micros=3000 schedule={schedule} root=0 kill_once=41")).expect(0);
        assert_eq!(place.results(), wanted, "{schedule}: {}", ended.stderr);
        assert_eq!(place.again(), [(41, vec![1, 2])], "{schedule}");
        let runs = &place.times()[&41];
        let noticed = runs[1].at - runs[0].at;
        assert!(noticed < NOTICED, "{schedule}: noticed after {noticed:?}");
        assert!(runs[0].rank == 0 || runs[0].rank != runs[1].rank);
        assert!(place.counts().contains("done: 60") && place.counts().contains("deaths: 1"), "{}", place.counts());
    }
}

fn killed_outside() {
    for (kind, ranks) in [("schedule=dynamic", 3), ("schedule=static", 4), ("pool=1", 2), ("schedule=cyclic", 3)] {
        let words = format!("tasks=150 micros=4000 {kind}");
        let wanted = undisturbed(150, kind);
        let place = Place::new();
        let mut job = start(true, ranks, place.path(), &words);
        wait_for("some tasks", || (ran(place.path()).len() > 20).then_some(()));
        let victim = processes(place.path())[&1];
        kill_process(victim, Signal::KILL).expect("rank 1");
        let killed = job::now();
        assert_eq!(wait(&mut job, Duration::from_secs(LIMIT)), Some(0), "{kind}");
        place.expect_no_orphans();
        assert_eq!(place.results(), wanted, "{kind}");
        let again = place.again();
        assert!(again.len() <= 1, "{kind}: {again:?}");
        for (task, _) in again {
            let runs = &place.times()[&task];
            assert_eq!((runs[0].rank, runs.len(), runs[1].attempt), (1, 2, 2), "{runs:?}");
            assert!(runs[1].at.saturating_sub(killed) < NOTICED);
        }
    }
}

fn killer() {
    let wanted = undisturbed(80, "");
    for ranks in [4, 5] {
        let place = Place::new();
        // What the shell sees: mpirun forgets its ranks' statuses here, but is not left with 0.
        let ended = place.run(true, ranks, "tasks=80 micros=2000 kill=11 journal=journal root=0");
        assert!(ended.status.is_some_and(|status| status != 0), "{ended:?}");
        expect_given_up(&place, &wanted, 11);
        assert!(place.counts().contains("deaths: 3"), "{}", place.counts());
        let journal = Recovered::read(&place.journal()).unwrap();
        assert_eq!((journal.counts().done, journal.counts().failed, journal.counts().deaths), (79, 1, 3));
    }
}

/// All as wanted but one task, which has killed its rank three times.
#[track_caller]
fn expect_given_up(place: &Place, wanted: &str, killer: u64) {
    let line = |task: u64| format!("{task} ");
    let others =
        |text: &str| text.lines().filter(|it| !it.starts_with(&line(killer))).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(others(&place.results()), others(wanted));
    let own = place.results().lines().find(|it| it.starts_with(&line(killer))).map(str::to_owned);
    assert_eq!(own, Some(format!("{killer} Died 3")));
    let attempts: Vec<u64> = place.times()[&killer].iter().map(|it| it.attempt).collect();
    assert_eq!(attempts, [1, 2, 3]);
}

fn killer_in_chunk() {
    let wanted = undisturbed(400, "");
    for schedule in ["dynamic", "static"] {
        let place = Place::new();
        place.run(true, 5, &format!("tasks=400 micros=10 chunk=20 kill=217 root=0 schedule={schedule}"));
        expect_given_up(&place, &wanted, 217);
    }
}

fn innocents() {
    let words = "tasks=200 micros=4000 schedule=static";
    let wanted = undisturbed(200, "");
    let place = Place::new();
    let mut job = start(true, 5, place.path(), words);
    let mut seen = 0;
    for victim in 1..5 {
        wait_for("some tasks", || (ran(place.path()).len() > seen + 10).then_some(()));
        seen = ran(place.path()).len();
        kill_process(processes(place.path())[&victim], Signal::KILL).expect("a rank");
    }
    assert_eq!(wait(&mut job, Duration::from_secs(LIMIT)), Some(0));
    assert_eq!(place.results(), wanted);
    assert!(place.again().len() <= 4, "{:?}", place.again());
}

fn rank_0_alone() {
    let wanted = undisturbed(120, "");
    let place = Place::new();
    let mut job = start(true, 4, place.path(), "tasks=120 micros=4000");
    wait_for("some tasks", || (ran(place.path()).len() > 20).then_some(()));
    for (_, victim) in processes(place.path()).into_iter().filter(|(rank, _)| *rank > 0) {
        kill_process(victim, Signal::KILL).expect("a rank");
    }
    assert_eq!(wait(&mut job, Duration::from_secs(LIMIT)), Some(0));
    assert_eq!(place.results(), wanted);
    assert!(place.again().len() <= 3, "{:?}", place.again());
    place.expect_no_orphans();
}

fn rank_0_dies() {
    let wanted = undisturbed(500, "");
    for (recovery, words) in [(true, "micros=9000"), (false, "micros=9000"), (true, "micros=9000 pool=1")] {
        let wanted = if words.contains("pool") { undisturbed(500, "pool=1") } else { wanted.clone() };
        let words = format!("tasks=500 journal=journal {words}");
        let place = Place::new();
        let mut job = start(recovery, 3, place.path(), &words);
        wait_for("records", || Recovered::read(&place.journal()).ok().filter(|it| it.counts().done > 0));
        kill_process(processes(place.path())[&0], Signal::KILL).expect("rank 0");
        let killed = Instant::now();
        assert_ne!(wait(&mut job, Duration::from_secs(LIMIT)), Some(0));
        place.expect_no_orphans();
        assert!(killed.elapsed() < END, "took {:?}", killed.elapsed());
        resume(&place, &words.replace("9000", "10"), 2, &wanted);
    }
}

/// Goes on with a journal; no task that it holds is run again.
#[track_caller]
fn resume(place: &Place, words: &str, ranks: usize, wanted: &str) {
    let recorded = Recovered::read(&place.journal()).expect("the journal");
    let before = ran(place.path()).len();
    place.run(false, ranks, words).expect(0);
    assert_eq!(place.results(), wanted);
    for it in &ran(place.path())[before..] {
        assert!(!recorded.is_done(it.task), "{it:?} was recorded");
    }
    assert!(place.counts().contains(&format!("recovered: {},", recorded.counts().done)), "{}", place.counts());
}

fn no_recovery() {
    let wanted = undisturbed(500, "");
    let place = Place::new();
    let words = "tasks=500 micros=9000 journal=journal";
    let killer = std::thread::spawn({
        let folder = place.path().to_owned();
        move || {
            wait_for("records", || Recovered::read(&folder.join("journal")).ok().filter(|it| it.counts().done > 0));
            kill_process(processes(&folder)[&1], Signal::KILL).expect("rank 1");
            Instant::now()
        }
    });
    let ended = place.run(false, 3, words);
    let killed = killer.join().expect("records");
    assert!(killed.elapsed() < END, "took {:?}", killed.elapsed());
    assert!(ended.status.is_some_and(|status| status != 0), "{ended:?}");
    assert!(
        ended.stderr.matches("rank 1 died").count() == 1 && ended.stderr.contains("--enable-recovery"),
        "{}",
        ended.stderr
    );
    resume(&place, &words.replace("9000", "10"), 4, &wanted);
}

fn killer_over_jobs() {
    let wanted = undisturbed(60, "");
    let place = Place::new();
    let words = "tasks=60 micros=1000 kill=11 journal=journal root=0";
    for _ in 0..3 {
        assert_ne!(place.run(false, 3, words).status, Some(0));
    }
    place.run(false, 3, words).expect(3);
    expect_given_up(&place, &wanted, 11);
}

/// The class: a job that ends with a task and says nothing. Its members: rank 0 alone, and a rank beside others.
fn exits() {
    for (recovery, ranks, words) in [(false, 1, ""), (false, 3, "root=0"), (true, 3, "root=0")] {
        let ended = Place::new().run(recovery, ranks, &format!("tasks=20 exit=7 {words}"));
        assert_ne!(ended.status, Some(0), "{recovery} {ranks}");
        assert!(ended.stderr.contains("task 7 ended this process"), "{recovery} {ranks}: {}", ended.stderr);
    }
}

fn everything_killed() {
    for (kind, seed) in [("schedule=dynamic", 1), ("schedule=static", 2), ("schedule=cyclic", 3), ("pool=1", 4)] {
        let tally = rounds::rounds(kind, 1, seed);
        assert!(tally.kills > 0, "{tally:?}");
        assert_eq!((tally.lost, tally.doubled), (0, 0), "{tally:?}");
    }
}

fn member_dies() {
    let wanted = undisturbed(40, "");
    let place = Place::new();
    place.run(true, 6, "tasks=40 micros=5000 group=2 kill_member=13 root=0").expect(0);
    assert_eq!(place.results(), wanted);
    assert!(place.again().len() <= 1, "{:?}", place.again());
}

fn ignored_limit() {
    let wanted = undisturbed(30, "");
    let place = Place::new();
    place.run(true, 3, "tasks=30 micros=2000 limit=300 hang_once=17 root=0").expect(0);
    assert_eq!(place.results(), wanted);
    assert_eq!(place.again(), [(17, vec![1, 2])]);
    let ended = place.run(false, 3, "tasks=30 micros=2000 limit=300 hang=17 root=0");
    assert!(ended.status.is_some_and(|status| status != 0), "{ended:?}");
    assert!(ended.stderr.contains("task 17") && ended.stderr.contains("time limit"), "{}", ended.stderr);
    assert!(ended.seconds < 6.0, "took {:.1} s", ended.seconds);
}

fn waiting_orders() {
    let place = Place::new();
    // An attempt that has failed stands in the journal, so each task of the next job is an order of its own.
    let ended = place.run(false, 3, "tasks=60 micros=1000 journal=journal fail=40 main_error=12");
    assert_ne!(ended.status, Some(0));
    let journal = Recovered::read(&place.journal()).unwrap();
    assert!(!journal.attempts().is_empty() && journal.counts().done < 40);
    place.run(true, 3, "tasks=60 micros=60000 limit=300 schedule=cyclic journal=journal retries=0").expect(0);
    assert_eq!(place.results(), undisturbed(60, ""));
}

fn main_fails() {
    for recovery in [true, false] {
        for (words, says) in [("main_panic=7", "rank 0 of 3: panicked"), ("main_error=7", "has had enough")] {
            let place = Place::new();
            let ended = place.run(recovery, 3, &format!("tasks=60 micros=2000 {words}"));
            assert!(ended.status.is_some_and(|status| status != 0), "{ended:?}");
            assert!(ended.stderr.contains(says), "{}", ended.stderr);
            assert!(ended.seconds < 5.0, "took {:.1} s", ended.seconds);
        }
    }
}

fn bad_journal() {
    for recovery in [true, false] {
        let place = Place::new();
        // A folder stands where the journal's file would.
        fs::create_dir(place.journal()).unwrap();
        let ended = place.run(recovery, 3, "tasks=60 journal=journal");
        assert!(ended.status.is_some_and(|status| status != 0) && ran(place.path()).is_empty(), "{ended:?}");
        assert!(ended.stderr.contains("journal"), "{}", ended.stderr);
        let ended = place.run(recovery, 3, "tasks=60 journal=nowhere/journal");
        assert!(ended.status.is_some_and(|status| status != 0) && ran(place.path()).is_empty(), "{ended:?}");
    }
    let place = Place::new();
    place.run(false, 2, "tasks=20 micros=10 journal=journal").expect(0);
    let ended = place.run(false, 2, "tasks=21 micros=10 journal=journal").expect(2);
    assert!(ended.stderr.contains("tasks: 20 -> 21"), "{}", ended.stderr);
    let ended = place.run(true, 2, "tasks=20 micros=10 journal=journal plan=other");
    assert!(ended.status != Some(0) && ended.stderr.contains("a test -> other"), "{ended:?}");
}

fn retry_failed() {
    let place = Place::new();
    let words = "tasks=60 micros=10 journal=journal retries=1";
    place.run(false, 3, &format!("{words} fail=10")).expect(3);
    assert_eq!(place.results().matches("Error 2").count(), 6);
    place.run(false, 2, words).expect(3);
    assert_eq!(place.results().matches("Error 2").count(), 6);
    assert_eq!(ran(place.path()).len(), 66);
    place.run(false, 4, &format!("{words} retry_failed=1")).expect(0);
    assert_eq!(place.results(), undisturbed(60, ""));
    assert_eq!(ran(place.path()).len(), 72);
}

fn stop_after() {
    let place = Place::new();
    let words = "tasks=400 micros=2000 journal=journal retries=0 chunk=1";
    place.run(false, 3, &format!("{words} fail=20 stop_after=2")).expect(3);
    let first = ran(place.path()).len();
    assert!((21..300).contains(&first), "{first}");
    let recorded = Recovered::read(&place.journal()).unwrap().counts();
    assert!(recorded.failed >= 2 && recorded.done + recorded.failed == first as u64, "{recorded:?}");
    place.run(false, 2, &format!("{words} retry_failed=1").replace("2000", "10")).expect(0);
    assert_eq!(place.results(), undisturbed(400, ""));
    assert_eq!(ran(place.path()).len() as u64, 400 + recorded.failed);
}
