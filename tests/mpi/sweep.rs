//! Sweeps with all ranks alive: every way to hand out tasks and to get results.

use std::cell::Cell;
use std::time::Duration;

use divisi::comm::Comm;
use divisi::error::Cause;
use divisi::tasks::{self, Array, Executor, Future, Handle, Pool, Schedule, Until};
use divisi::{Error, Result};
use serde::{Deserialize, Serialize};

pub(crate) const CHECKS: &[super::Check] = &[
    ("a map has the results in order on every rank", map_in_order),
    ("a map gives the same results however tasks are handed out", schedules),
    ("a map of nothing is nothing", empty),
    ("millions of short tasks come once each", many),
    ("random numbers are those of the task", random),
    ("an error and a panic are their task's own", failures),
    ("a failed task is tried again as often as told", retries),
    ("a sweep stops after so many failures", stop_after),
    ("a task that runs too long is told and fails", time_limit),
    ("futures have results in any order of asking", futures),
    ("as_completed gives every future once", completed),
    ("wait returns at the first, at the first error, and at the end", waiting),
    ("a task after others gets their results", graph),
    ("lazy tasks run only when asked for, and once", lazy),
    ("a task whose input failed is cancelled", lost_input),
    ("tasks that wait are cancelled at once, others are told", cancel),
    ("higher priorities come first", priority),
    ("a value is put on all ranks", put),
    ("values are pushed, pulled, scattered and gathered", values),
    ("chosen ranks run a task", apply),
    ("long arguments and results arrive whole", long),
    ("ranks run a task together", groups),
    ("ranks that run tasks can't be called together, those of one task can", nested),
    ("rank 0 may leave the work to others", root_computes),
    ("the main function's error ends the pool on all ranks", main_fails),
    ("what can't be is refused", refused),
];

fn square(task: &tasks::Task) -> Result<u64> {
    Ok(task.number().wrapping_mul(task.number()))
}

fn map_in_order(comm: &Comm) {
    for count in [1, 2, 7, 1000] {
        let items: Vec<u64> = (0..count).map(|i| 3 * i).collect();
        let doubled = tasks::map(comm, &items, |item| format!("{}", 2 * item)).unwrap();
        assert_eq!(doubled, items.iter().map(|item| format!("{}", 2 * item)).collect::<Vec<_>>());
    }
}

fn schedules(comm: &Comm) {
    let items: Vec<u32> = (0..500).collect();
    for schedule in [Schedule::Dynamic, Schedule::Static, Schedule::Cyclic] {
        for chunk in [None, Some(1), Some(7)] {
            let sweep = Executor::new(comm).schedule(schedule);
            let sweep = if let Some(chunk) = chunk { sweep.chunk(chunk) } else { sweep };
            let got = sweep.map(&items, |task, item| Ok((task.number(), item + 1))).unwrap();
            let wanted: Vec<_> = items.iter().map(|&item| Ok((u64::from(item), item + 1))).collect();
            assert_eq!(got, wanted, "{schedule:?} {chunk:?}");
        }
    }
}

fn empty(comm: &Comm) {
    assert_eq!(tasks::map(comm, &[0u8; 0], |_| 1).unwrap(), Vec::<i32>::new());
    let ran = Executor::new(comm).pool(|_, argument: u8| Ok(argument), |_| Ok(5)).unwrap();
    assert_eq!(ran, comm.is_root().then_some(5));
}

fn many(comm: &Comm) {
    let count = 1_000_000;
    let mut seen = 0;
    let mut sum = 0u64;
    let counts = Executor::new(comm)
        .for_each(count, square, |task, outcome| {
            seen += 1;
            sum = sum.wrapping_add(outcome.unwrap() ^ task);
            Ok(())
        })
        .unwrap();
    if let Some(counts) = counts {
        assert_eq!((seen, counts.done, counts.failed, counts.running), (count, count, 0, 0));
        assert_eq!(sum, (0..count).fold(0, |sum: u64, i| sum.wrapping_add(i.wrapping_mul(i) ^ i)));
    }
}

fn random(comm: &Comm) {
    let items: Vec<u8> = vec![0; 100];
    let draw = |seed| Executor::new(comm).seed(seed).map(&items, |task, _| Ok(task.random().bits())).unwrap();
    let one = draw(1);
    let two = draw(2);
    assert_eq!(one, draw(1));
    assert!(one.iter().zip(&two).all(|(a, b)| a != b));
    let mut distinct: Vec<u64> = one.into_iter().map(|bits| bits.unwrap()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 100);
}

fn failures(comm: &Comm) {
    let items: Vec<u64> = (0..40).collect();
    let got = Executor::new(comm)
        .retries(0)
        .map(&items, |_, &item| match item {
            7 => Err(Error::input("item", "is seven")),
            11 => panic!("eleven is too many"),
            _ => Ok(item),
        })
        .unwrap();
    for (item, outcome) in items.iter().zip(&got) {
        match (item, outcome) {
            (7, Err(error)) => {
                assert_eq!((error.task, error.attempt, error.cause), (7, 1, Cause::Error));
                assert!(error.message.contains("is seven") && error.rank < comm.size(), "{error}");
            }
            (11, Err(error)) => {
                assert_eq!((error.task, error.attempt, error.cause), (11, 1, Cause::Panic));
                assert!(error.message.contains("eleven is too many"), "{error}");
            }
            (item, outcome) => assert_eq!(outcome, &Ok(*item)),
        }
    }
    let failed = Executor::new(comm).retries(0).map(&[1], |_, _| Err::<u8, _>(Error::input("x", "y"))).unwrap();
    let error = Error::from(failed[0].clone().unwrap_err());
    assert_eq!(error.status(), 3);
}

fn retries(comm: &Comm) {
    let items: Vec<u64> = (0..30).collect();
    let got = Executor::new(comm)
        .map(&items, |task, &item| match item % 10 {
            3 if task.attempt() < 4 => Err(Error::input("attempt", task.attempt().to_string())),
            4 => Err(Error::input("attempt", task.attempt().to_string())),
            _ => Ok(task.attempt()),
        })
        .unwrap();
    for (item, outcome) in items.iter().zip(got) {
        match item % 10 {
            3 => assert_eq!(outcome, Ok(4)),
            4 => assert_eq!(outcome.unwrap_err().attempt, 4),
            _ => assert_eq!(outcome, Ok(1)),
        }
    }
}

fn stop_after(comm: &Comm) {
    let items: Vec<u64> = (0..10_000).collect();
    let sweep = Executor::new(comm).retries(0).stop_after(3).chunk(1);
    let got = sweep.map(&items, |_, &item| if item % 5 == 0 { Err(Error::input("x", "y")) } else { Ok(()) }).unwrap();
    let failed = got.iter().filter(|it| it.as_ref().is_err_and(|error| error.cause == Cause::Error)).count();
    let unbegun = got.iter().filter(|it| it.as_ref().is_err_and(|error| error.cause == Cause::Cancelled)).count();
    assert!((3..500).contains(&failed), "{failed}");
    assert!(unbegun > 5000, "{unbegun}");
}

fn time_limit(comm: &Comm) {
    let items = [0, 1, 2, 3];
    let sweep = Executor::new(comm).retries(1).time_limit(Duration::from_millis(100));
    let got = sweep
        .map(&items, |task, &item| {
            while item == 2 && !task.is_cancelled() {
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(item)
        })
        .unwrap();
    for (item, outcome) in items.iter().zip(got) {
        match item {
            2 => {
                let error = outcome.unwrap_err();
                assert_eq!((error.cause, error.attempt), (Cause::TimedOut, 2));
            }
            _ => assert_eq!(outcome, Ok(*item)),
        }
    }
}

/// Runs a pool that adds one to numbers.
fn adding(comm: &Comm, main: impl FnOnce(&Pool<u64, u64>) -> Result<()>) {
    let ran = Executor::new(comm).pool(|_, argument| Ok(argument + 1), main).unwrap();
    assert_eq!(ran.is_some(), comm.is_root());
}

fn futures(comm: &Comm) {
    adding(comm, |pool| {
        let futures: Vec<Future<u64>> = (0..200).map(|i| pool.submit(10 * i)).collect::<Result<_>>()?;
        for future in futures.iter().rev() {
            assert_eq!(future.result()?, 10 * future.number() + 1);
            assert!(future.done()?);
            assert_eq!(future.try_result()?, Some(10 * future.number() + 1));
        }
        assert_eq!(pool.map(0..50)?, (1..51).collect::<Vec<_>>());
        let mut seen = vec![0; 50];
        pool.map_unordered(0..50, |place, result| {
            assert_eq!(result?, place as u64 + 1);
            seen[place] += 1;
            Ok(())
        })?;
        assert_eq!(seen, vec![1; 50]);
        for _ in 0..100 {
            assert_eq!(pool.submit(5)?.result()?, 6);
        }
        Ok(())
    });
}

fn completed(comm: &Comm) {
    adding(comm, |pool| {
        let mut futures: Vec<Future<u64>> = (0..300).map(|i| pool.submit(i)).collect::<Result<_>>()?;
        let ahead = futures[17].result()?;
        assert_eq!(ahead, 18);
        let others = futures.split_off(150);
        let mut seen = vec![0; 300];
        let mut second = pool.as_completed(others);
        for future in pool.as_completed(futures) {
            seen[future?.number() as usize] += 1;
            let other = second.next().unwrap()?;
            seen[other.number() as usize] += 1;
        }
        assert!(second.next().is_none());
        assert_eq!(seen, vec![1; 300]);
        Ok(())
    });
}

fn waiting(comm: &Comm) {
    let worker = |task: &tasks::Task, millis: i64| {
        let began = std::time::Instant::now();
        while began.elapsed() < Duration::from_millis(millis.unsigned_abs()) && !task.is_cancelled() {
            std::hint::spin_loop();
        }
        if millis < 0 { Err(Error::input("time", "is negative")) } else { Ok(millis) }
    };
    let sweep = Executor::new(comm).retries(0);
    sweep
        .pool(worker, |pool| {
            let futures = [pool.submit(30)?, pool.submit(1)?, pool.submit(-2)?];
            let (done, open) = pool.wait(&futures, Until::First)?;
            assert!(!done.is_empty() && done.len() + open.len() == 3);
            let (done, _) = pool.wait(&futures, Until::FirstError)?;
            assert!(done.contains(&2), "{done:?}");
            let (done, open) = pool.wait(&futures, Until::All)?;
            assert_eq!((done, open), (vec![0, 1, 2], vec![]));
            assert_eq!(pool.wait(&[], Until::First)?, (vec![], vec![]));
            Ok(())
        })
        .unwrap();
}

fn sum_of_inputs(task: &tasks::Task, argument: u64) -> Result<u64> {
    Ok(argument + task.inputs::<u64>()?.iter().sum::<u64>())
}

fn graph(comm: &Comm) {
    Executor::new(comm)
        .pool(sum_of_inputs, |pool| {
            let leaves: Vec<Future<u64>> = (0..64).map(|i| pool.submit(i)).collect::<Result<_>>()?;
            let mut level = leaves;
            while level.len() > 1 {
                let pairs = level.chunks(2);
                level = pairs.map(|pair| pool.task(0).after(&[&pair[0], &pair[1]]).submit()).collect::<Result<_>>()?;
            }
            assert_eq!(level[0].result()?, 64 * 63 / 2);
            let early = pool.submit(1)?;
            early.result()?;
            assert_eq!(pool.task(5).after(&[&early, &early]).submit()?.result()?, 7);
            Ok(())
        })
        .unwrap();
}

fn lazy(comm: &Comm) {
    let ran = Executor::new(comm)
        .pool(
            |task, argument: u64| Ok((task.number(), argument, task.inputs::<(u64, u64, u64)>()?.len() as u64)),
            |pool| {
                let never = pool.task(1).lazy()?;
                let root = pool.task(2).lazy()?;
                let left = pool.task(3).after(&[&root]).lazy()?;
                let right = pool.task(4).after(&[&root]).lazy()?;
                let top = pool.task(5).after(&[&left, &right]).lazy()?;
                std::thread::sleep(Duration::from_millis(30));
                assert!(!root.done()? && !never.done()?);
                assert_eq!(top.result()?, (4, 5, 2));
                assert!(root.done()? && !never.done()?);
                assert_eq!(pool.counts().done, 4);
                drop(never);
                Ok(pool.counts().tasks)
            },
        )
        .unwrap();
    assert_eq!(ran, comm.is_root().then_some(4));
}

fn lost_input(comm: &Comm) {
    let worker = |task: &tasks::Task, argument: u64| {
        if argument == 0 { Err(Error::input("argument", "is zero")) } else { sum_of_inputs(task, argument) }
    };
    Executor::new(comm)
        .retries(1)
        .pool(worker, |pool| {
            let bad = pool.submit(0)?;
            let next = pool.task(1).after(&[&bad]).submit()?;
            let last = pool.task(1).after(&[&next]).submit()?;
            assert!(matches!(bad.result(), Err(Error::Task(error)) if error.attempt == 2));
            for lost in [next, last] {
                assert!(matches!(lost.result(), Err(Error::Task(error)) if error.cause == Cause::Cancelled));
            }
            let late = pool.task(1).after(&[&bad]).submit()?;
            assert!(matches!(late.result(), Err(Error::Task(error)) if error.message.contains("task 0")));
            Ok(())
        })
        .unwrap();
}

fn cancel(comm: &Comm) {
    let worker = |task: &tasks::Task, _: u8| {
        while !task.is_cancelled() {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(task.number())
    };
    Executor::new(comm)
        .root_computes(false)
        .pool(worker, |pool| {
            if pool.ranks() == [0] {
                // Alone, rank 0 would run a task that nobody can cancel.
                let waiting = pool.submit(0)?;
                waiting.cancel();
                assert!(matches!(waiting.result(), Err(Error::Task(error)) if error.attempt == 0));
                return Ok(());
            }
            let futures: Vec<Future<u64>> = (0..20).map(|_| pool.submit(0)).collect::<Result<_>>()?;
            std::thread::sleep(Duration::from_millis(50));
            // Those that wait first: a rank whose task ends would begin one of them.
            futures.iter().rev().for_each(Future::cancel);
            let errors: Vec<_> = futures.iter().map(|future| future.result().unwrap_err()).collect();
            let begun = |error: &&Error| matches!(error, Error::Task(error) if error.attempt == 1);
            assert_eq!(errors.iter().filter(begun).count(), comm.size() - 1);
            assert!(errors.iter().all(|it| matches!(it, Error::Task(error) if error.cause == Cause::Cancelled)));
            assert_eq!(pool.counts().cancelled, 20);
            Ok(())
        })
        .unwrap();
}

fn priority(comm: &Comm) {
    if comm.size() > 2 {
        return;
    }
    let worker = |_: &tasks::Task, millis: u64| {
        std::thread::sleep(Duration::from_millis(millis));
        Ok(0u8)
    };
    Executor::new(comm)
        .root_computes(false)
        .pool(worker, |pool| {
            let mut futures = vec![pool.submit(30)?];
            for priority in [0, 0, -1, 5, 9, 5] {
                futures.push(pool.task(1).priority(priority).submit()?);
            }
            let order: Vec<u64> =
                pool.as_completed(futures).map(|future| future.map(|it| it.number())).collect::<Result<_>>()?;
            let tail: Vec<u64> = order.into_iter().filter(|&task| task != 0).collect();
            assert_eq!(tail, [5, 4, 6, 1, 2, 3]);
            Ok(())
        })
        .unwrap();
}

#[derive(Serialize, Deserialize)]
struct Lookup {
    table: Handle<Vec<f64>>,
    place: usize,
}

fn put(comm: &Comm) {
    Executor::new(comm)
        .pool(
            |task, lookup: Lookup| Ok(task.get(&lookup.table)?[lookup.place]),
            |pool| {
                for round in 0..5 {
                    let table: Vec<f64> = (0..1000).map(|i| f64::from(i) * f64::from(round)).collect();
                    let handle = pool.put(&table)?;
                    assert_eq!(pool.map((0..1000).map(|place| Lookup { table: handle, place }))?, table);
                }
                Ok(())
            },
        )
        .unwrap();
}

fn values(comm: &Comm) {
    Executor::new(comm)
        .pool(
            |task, name: String| {
                let part = task.value::<Vec<u64>>(&name)?;
                task.keep("sums", &vec![part.iter().sum::<u64>()])?;
                Ok(part.len() as u64)
            },
            |pool| {
                let all: Vec<u64> = (0..1001).collect();
                pool.scatter("part", &all)?;
                assert_eq!(pool.gather::<u64>("part")?, all);
                let sizes = pool.apply(&pool.ranks(), &"part".to_owned())?;
                let sizes: Vec<u64> = sizes.iter().map(Future::result).collect::<Result<_>>()?;
                assert_eq!(sizes.iter().sum::<u64>(), 1001);
                assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
                assert_eq!(pool.gather::<u64>("sums")?.iter().sum::<u64>(), 1001 * 500);
                let last = comm.size() - 1;
                pool.push(&[last], "part", &vec![5u64])?;
                assert_eq!(pool.apply(&[last], &"part".to_owned())?[0].result()?, 1);
                assert_eq!(pool.pull::<Vec<u64>>(&[last], "part")?, [vec![5]]);
                assert!(pool.pull::<u64>(&[last], "nothing").unwrap_err().to_string().contains("nothing"));
                Ok(())
            },
        )
        .unwrap();
}

fn apply(comm: &Comm) {
    let rank = comm.rank();
    Executor::new(comm)
        .pool(
            move |_, ()| Ok(rank),
            |pool| {
                let ranks: Vec<usize> = (0..comm.size()).rev().collect();
                let who = pool.apply(&ranks, &())?.iter().map(Future::result).collect::<Result<Vec<_>>>()?;
                assert_eq!(who, ranks);
                assert!(
                    pool.apply(&[comm.size()], &()).is_err_and(|error| error.to_string().contains("takes no tasks"))
                );
                Ok(())
            },
        )
        .unwrap();
}

fn long(comm: &Comm) {
    Executor::new(comm)
        .pool(
            |task, mut array: Array<u64>| {
                if array.len() % 2 == 1 && task.attempt() == 1 {
                    return Err(Error::input("attempt", "the first"));
                }
                array.reverse();
                Ok(array)
            },
            |pool| {
                for length in [0, 1, 11, 12, 13, 130_000, 131_071, 131_072, 400_001, 3_000_000] {
                    let array: Vec<u64> = (0..length).map(|i| i * 2_654_435_761).collect();
                    let futures: Vec<_> = (0..3).map(|_| pool.submit(Array(array.clone()))).collect::<Result<_>>()?;
                    for future in futures {
                        let mut back = future.result()?;
                        back.reverse();
                        assert!(*back == array, "{length}");
                    }
                }
                Ok(())
            },
        )
        .unwrap();
}

fn groups(comm: &Comm) {
    let items: Vec<u64> = (0..20).collect();
    for size in 1..=comm.size() {
        let sweep = Executor::new(comm).ranks_per_task(size);
        let together = |task: &tasks::Task, item: &u64| {
            let group = task.comm();
            let sum = group.all_reduce_max(group.rank() as u64) + item;
            Ok((group.size(), sum))
        };
        let got = sweep.map(&items, together).unwrap();
        let wanted: Vec<_> = items.iter().map(|item| Ok((size, size as u64 - 1 + item))).collect();
        assert_eq!(got, wanted);
        let failing = |task: &tasks::Task, item: &u64| {
            task.comm().agree(if *item == 3 && task.comm().rank() + 1 == size {
                Err(Error::input("x", "y"))
            } else {
                Ok(1)
            })
        };
        let got = sweep.retries(0).map(&items, failing).unwrap();
        assert!(got.iter().enumerate().all(|(item, outcome)| outcome.is_err() == (item == 3)));
    }
}

/// The class: ranks that are in different tasks are called together, which hangs or answers with what belongs to another. Its members: tasks
/// within a task, by a map, an executor and a pool; what all ranks must call, also by a clone, a part of the ranks or one that has more;
/// rank 0 between tasks, too.
fn nested(comm: &Comm) {
    let items: Vec<u64> = (0..4).collect();
    let part = comm.split(comm.rank() as u32 / 2);
    let sweep = Executor::new(comm).retries(0);
    let within: [fn(&Comm) -> Result<()>; 3] = [
        |comm| tasks::map(comm, &[1, 2], |x| 2 * x).map(drop),
        |comm| Executor::new(comm).map(&[1, 2], |_, x| Ok(2 * x)).map(drop),
        |comm| Executor::new(comm).pool(|_, x: u64| Ok(x), |_| Ok(())).map(drop),
    ];
    let together: [fn(&Comm); 5] = [
        |comm| comm.barrier(),
        |comm| comm.agree(Ok(())).unwrap(),
        |comm| drop(comm.clone().all_gather(&[1u64])),
        |comm| drop(comm.split(0)),
        |comm| drop(comm.split_node()),
    ];
    let fails = |call: &dyn Fn(&Comm) -> Result<()>, cause: Cause, says: &str| {
        for ranks in [comm, &part] {
            for outcome in sweep.map(&items, |_, _| call(ranks)).unwrap() {
                let error = outcome.unwrap_err();
                assert!(error.cause == cause && error.message.contains(says), "{error}");
            }
        }
    };
    within.iter().for_each(|call| fails(call, Cause::Error, "tasks within a task"));
    for call in together {
        let call = |ranks: &Comm| {
            call(ranks);
            Ok(())
        };
        fails(&call, Cause::Panic, "by Task::comm alone");
    }
    let refused = sweep.pool(|_, x: u64| Ok(x), |_| tasks::map(comm, &[1], |x| *x).map(drop));
    assert!(refused.is_err());
    let inner = |task: &tasks::Task, x: &u64| {
        task.comm().barrier();
        Ok(tasks::map(task.comm(), &[1, 2], |y| x * y)?.iter().sum::<u64>())
    };
    let sums = sweep.map(&items, inner).unwrap();
    assert_eq!(sums, [0, 3, 6, 9].map(Ok));
    assert_eq!(comm.all_reduce_sum(1u64), comm.size() as u64);
}

fn root_computes(comm: &Comm) {
    let items: Vec<u8> = vec![0; 200];
    let rank = comm.rank();
    let ran = Cell::new(0);
    let who = Executor::new(comm)
        .root_computes(false)
        .map(&items, |_, _| {
            ran.set(ran.get() + 1);
            Ok(rank)
        })
        .unwrap();
    assert_eq!(who.iter().filter(|it| **it == Ok(rank)).count(), ran.get());
    assert!(comm.size() == 1 || !who.contains(&Ok(0)));
}

fn main_fails(comm: &Comm) {
    let sweep = Executor::new(comm);
    let failed = sweep.pool(
        |_, argument: u64| Ok(argument),
        |pool| {
            let _open: Vec<_> = (0..100).map(|i| pool.submit(i)).collect::<Result<Vec<_>>>()?;
            Err::<(), _>(Error::input("main", "has had enough"))
        },
    );
    match failed {
        Err(Error::Input { reason, .. }) => assert!(comm.is_root() && reason == "has had enough"),
        Err(Error::Elsewhere { rank: 0, status: 2 }) => assert!(!comm.is_root()),
        other => panic!("{other:?}"),
    }
}

fn refused(comm: &Comm) {
    let sweep = Executor::new(comm).ranks_per_task(comm.size() + 1);
    assert!(sweep.map(&[1], |_, item| Ok(*item)).unwrap_err().to_string().contains("ranks_per_task"));
}
