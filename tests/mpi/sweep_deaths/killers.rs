//! A task that kills its rank by a signal never ends or blocks a sweep, with a journal or without.

use std::time::Duration;

use super::{Place, undisturbed};

/// Seconds after which a job that ends with its only rank must be over.
const SOON: f64 = 5.0;
/// Jobs of one rank after which it is given up.
const JOBS: usize = 4;
/// The task that kills.
const KILLER: u64 = 11;

/// All others are done, and the killer has failed with as many attempts as its line says.
#[track_caller]
fn expect_given_up(place: &Place, kind: &str, words: &str) {
    let line = format!("{KILLER} ");
    let others = |text: &str| text.lines().filter(|it| !it.starts_with(&line)).map(str::to_owned).collect::<Vec<_>>();
    let results = place.results();
    let own = results.lines().find(|it| it.starts_with(&line)).unwrap_or_default();
    assert!(own.starts_with(&format!("{KILLER} Died")), "{words}: {own:?}");
    let wanted = others(&undisturbed(40, kind));
    let differing: Vec<_> = others(&results).into_iter().filter(|it| !wanted.contains(it)).collect();
    // In a pool what comes after the killer has no result.
    assert!(differing.iter().all(|it| kind.contains("pool") && it.contains("Cancelled")), "{words}: {differing:?}");
    assert_eq!(others(&results).len(), wanted.len(), "{words}");
}

/// The class: an attempt that rank 0 makes at what has killed another rank, and that ends the job with all its results. Its members: two
/// ranks, of which one dies and rank 0 is left; more, which die one after the other (five: `a task that always kills its rank ..`); lists
/// and pools; with a journal and without. One rank alone: a job without a journal ends with it, soon; one with a journal knows of it, and
/// the next job is done.
pub(super) fn on_any_number_of_ranks() {
    for (ranks, kind) in [(2, ""), (2, "journal=journal"), (2, "pool=1"), (3, ""), (3, "journal=journal")] {
        let place = Place::new();
        let words = format!("tasks=40 micros=500 root=0 kill={KILLER} {kind}");
        let ended = place.run(true, ranks, &words);
        assert!(ended.status.is_some_and(|status| status != 0), "{ranks} ranks, {words}: {ended:?}");
        expect_given_up(&place, kind, &format!("{ranks} ranks, {words}: {}", ended.stderr));
        let deaths = place.times()[&KILLER].len();
        assert!((2..=3).contains(&deaths), "{ranks} ranks, {words}: {deaths} attempts");
    }
    let words = format!("tasks=40 micros=500 kill={KILLER}");
    let place = Place::new();
    let ended = place.run(false, 1, &words);
    assert!(ended.status != Some(0) && ended.seconds < SOON && place.results().is_empty(), "{ended:?}");
    let place = Place::new();
    let words = format!("{words} journal=journal");
    // Of tasks as short as these the first death may not be known to the next job.
    let jobs = (1..=JOBS).find(|_| place.run(false, 1, &words).status == Some(3));
    assert!(jobs.is_some_and(|jobs| jobs > 1), "{jobs:?}");
    expect_given_up(&place, "", &words);
}

/// What a rank has died with may also take too long where rank 0 tries it: it is ended, and counts as late.
pub(super) fn that_hangs_the_second_time() {
    let place = Place::new();
    let words = format!("tasks=20 micros=500 root=0 retries=1 limit=300 kill_once={KILLER} hang={KILLER}");
    let ended = place.run(true, 2, &words);
    assert!(place.results().contains(&format!("{KILLER} TimedOut 2")), "{}: {}", ended.stderr, place.results());
    assert_eq!(place.results().lines().count(), 20);
    assert!(Duration::from_secs_f64(ended.seconds) < Duration::from_secs(10), "took {} s", ended.seconds);
}
