//! Random sequences of events: no task is lost or has two outcomes, and every sequence ends.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::world::{World, check};
use crate::base::error::Cause;
use crate::tasks::journal::{Attempt, Reason};
use crate::tasks::ledger::history::DEATHS;
use crate::tasks::ledger::submissions::Submission;
use crate::tasks::ledger::{Event, Ledger, Rules};

/// Something that happens. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Step {
    Submit { inputs: Vec<usize>, priority: i32, lazy: bool, rank: Option<usize> },
    Want(usize),
    Release(usize),
    Cancel(usize),
    Room,
    Claim(usize),
    Begin(usize),
    End(usize, Option<Cause>),
    Report(usize),
    Late(usize, bool),
    Kill(usize),
    Pause,
    Drop,
}

/// How tasks of a list find their ranks.
#[derive(Clone, Copy, Debug)]
enum Spread {
    Dynamic,
    Blocks,
    Cyclic,
}

/// What there is at the beginning.
#[derive(Clone, Debug)]
struct Setup {
    near: usize,
    far: usize,
    group: usize,
    rules: Rules,
    /// Tasks of a list; without one, tasks are submitted.
    list: Option<(u64, Spread)>,
    /// Tasks of which an earlier job began an attempt, and whether a rank died with it.
    attempted: Vec<(u64, bool)>,
}

fn rules() -> impl Strategy<Value = Rules> {
    (0..3u32, prop_oneof![4 => Just(0u64), 1 => 1..4u64], prop::bool::weighted(0.9))
        .prop_map(|(retries, stop_after, survives_deaths)| Rules { retries, stop_after, survives_deaths })
}

fn setups() -> impl Strategy<Value = Setup> {
    let schedule = prop_oneof![3 => Just(Spread::Dynamic), 1 => Just(Spread::Blocks), 1 => Just(Spread::Cyclic)];
    let list = prop::option::of((0..40u64, schedule));
    let attempted = prop::collection::vec((0..40u64, any::<bool>()), 0..4);
    (1..4usize, 0..3usize, 1..3usize, rules(), list, attempted).prop_map(
        |(near, far, group, rules, list, attempted)| Setup {
            near,
            far,
            group: group.min(near + far),
            rules,
            list,
            attempted,
        },
    )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let at = 0..64usize;
    let inputs = prop::collection::vec(0..64usize, 0..3);
    let cause = prop_oneof![3 => Just(None), 1 => Just(Some(Cause::Error)), 1 => Just(Some(Cause::Panic))];
    let submit = (inputs, -1..2i32, prop::bool::weighted(0.2), prop::option::weighted(0.1, 0..8usize));
    let step = prop_oneof![
        12 => submit.prop_map(|(inputs, priority, lazy, rank)| Step::Submit { inputs, priority, lazy, rank }),
        2 => at.clone().prop_map(Step::Want),
        4 => at.clone().prop_map(Step::Release),
        3 => at.clone().prop_map(Step::Cancel),
        10 => Just(Step::Room),
        15 => at.clone().prop_map(Step::Claim),
        20 => at.clone().prop_map(Step::Begin),
        20 => (at.clone(), cause).prop_map(|(rank, cause)| Step::End(rank, cause)),
        5 => at.clone().prop_map(Step::Report),
        3 => (at.clone(), any::<bool>()).prop_map(|(rank, too_late)| Step::Late(rank, too_late)),
        3 => at.prop_map(Step::Kill),
        1 => prop::bool::weighted(0.1).prop_map(|pause| if pause { Step::Pause } else { Step::Room }),
        1 => prop::bool::weighted(0.1).prop_map(|drop| if drop { Step::Drop } else { Step::Room }),
    ];
    prop::collection::vec(step, 0..200)
}

/// A ledger, its world, and who asks for what.
struct Case {
    ledger: Ledger,
    world: World,
    is_list: bool,
    /// By submitted task: whether somebody still asks for it.
    held: Vec<bool>,
    dropped: bool,
    /// Deaths of ranks with a task under way, by task.
    deaths: BTreeMap<u64, u32>,
}

impl Case {
    fn new(setup: &Setup) -> Self {
        let (mut ledger, mut world) = World::new(setup.near, setup.far, setup.group, setup.rules.clone());
        for &(task, died) in &setup.attempted {
            let former = died.then(|| Reason { cause: Cause::Died, message: String::new() });
            ledger.apply(Event::Attempted { task, last: Attempt { number: 2, rank: 0, former } }, &mut world);
        }
        if let Some((count, schedule)) = setup.list {
            ledger.expect(count);
            let takers: Vec<usize> = ledger.takers().collect();
            for (place, &rank) in takers.iter().enumerate() {
                let place = place as u64;
                let size = takers.len() as u64;
                let event = match schedule {
                    Spread::Dynamic if place == 0 => Event::Listed(0..count),
                    Spread::Dynamic => continue,
                    Spread::Blocks => {
                        Event::Assigned { rank, tasks: count * place / size..count * (place + 1) / size, stride: 1 }
                    }
                    Spread::Cyclic => Event::Assigned { rank, tasks: place..count.max(place), stride: size },
                };
                ledger.apply(event, &mut world);
            }
        }
        let is_list = setup.list.is_some();
        Case { ledger, world, is_list, held: Vec::new(), dropped: false, deaths: BTreeMap::new() }
    }

    fn step(&mut self, step: &Step) {
        if self.world.aborted.is_some() {
            return;
        }
        let size = self.world.ranks.len();
        match step {
            Step::Submit { .. } | Step::Want(_) | Step::Release(_) | Step::Cancel(_) if self.is_list => {}
            Step::Submit { inputs, priority, lazy, rank } => self.submit(inputs, *priority, *lazy, *rank),
            Step::Want(task) => self.with_held(*task, |_, task| Event::Wanted(task)),
            Step::Cancel(task) => self.with_held(*task, |_, task| Event::Cancelled(task)),
            Step::Release(task) => self.with_held(*task, |held, task| {
                held[task as usize] = false;
                Event::Released(task)
            }),
            Step::Room => self.ledger.apply(Event::Room, &mut self.world),
            Step::Claim(rank) => self.world.claim(&mut self.ledger, rank % size),
            Step::Begin(rank) => self.world.begin(&mut self.ledger, rank % size),
            Step::End(rank, cause) => self.world.end(&mut self.ledger, rank % size, *cause),
            Step::Report(rank) => self.world.flush(&mut self.ledger, rank % size),
            Step::Late(rank, too_late) => self.world.late(&mut self.ledger, rank % size, *too_late),
            Step::Kill(rank) => self.kill(rank % size),
            Step::Pause => self.ledger.apply(Event::Paused, &mut self.world),
            Step::Drop => {
                self.dropped = true;
                self.ledger.apply(Event::Dropped, &mut self.world);
            }
        }
    }

    fn submit(&mut self, inputs: &[usize], priority: i32, lazy: bool, rank: Option<usize>) {
        let task = self.held.len() as u64;
        let held: Vec<u64> = (0..task).filter(|&task| self.held[task as usize]).collect();
        let inputs = if held.is_empty() { &[] } else { inputs };
        let takers: Vec<usize> = self.ledger.takers().collect();
        let submission = Submission {
            inputs: inputs.iter().map(|&input| held[input % held.len()]).collect(),
            priority,
            rank: rank.map(|rank| takers[rank % takers.len()]),
            users: 1,
            ..Submission::default()
        };
        self.ledger.apply(Event::Submitted(submission), &mut self.world);
        self.held.push(true);
        if !lazy {
            self.ledger.apply(Event::Wanted(task), &mut self.world);
        }
    }

    fn with_held(&mut self, place: usize, event: impl Fn(&mut [bool], u64) -> Event) {
        let held: Vec<u64> = (0..self.held.len() as u64).filter(|&task| self.held[task as usize]).collect();
        if !held.is_empty() {
            let event = event(&mut self.held, held[place % held.len()]);
            self.ledger.apply(event, &mut self.world);
        }
    }

    fn kill(&mut self, rank: usize) {
        if let Some(task) = self.world.running(rank).filter(|_| rank > 0 && !self.world.ranks[rank].is_dead) {
            *self.deaths.entry(task).or_default() += 1;
        }
        self.world.kill(&mut self.ledger, rank);
    }

    /// Asks for all that somebody can ask for, lets everything come to its end, and checks what came of each task.
    fn finish(&mut self, setup: &Setup) {
        for task in 0..self.held.len() {
            if self.held[task] {
                self.ledger.apply(Event::Wanted(task as u64), &mut self.world);
            }
        }
        self.world.finish(&mut self.ledger);
        check(&self.ledger, &self.world);
        // A death beyond the time limit is a failed attempt, and one in a chunk of a rank elsewhere is nobody's.
        let most = DEATHS + setup.rules.retries + 2;
        assert!(self.deaths.values().all(|&deaths| deaths <= most), "too many deaths: {:?}", self.deaths);
        if self.world.aborted.is_some() || self.ledger.is_paused() {
            return;
        }
        let all = setup.list.map_or(self.held.len() as u64, |(count, _)| count);
        let missing: Vec<u64> = (0..all).filter(|task| !self.world.outcomes.contains_key(task)).collect();
        assert!(missing.is_empty(), "lost: {missing:?}");
        let counts = self.ledger.counts();
        assert_eq!(counts.done + counts.failed + counts.cancelled, counts.tasks);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_task_is_lost_or_done_twice_and_every_sequence_ends(setup in setups(), steps in steps()) {
        let mut case = Case::new(&setup);
        for step in &steps {
            case.step(step);
            check(&case.ledger, &case.world);
        }
        case.finish(&setup);
    }
}
