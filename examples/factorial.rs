//! A lazy, cached factorial as a graph: tasks whose arguments are the futures of others, run once and only if somebody asks.
//!
//!     mpirun -n 2 target/release/examples/factorial
//!
//! ```text
//! a chain:    1! ── 2! ── 3! ── .. ── 34!        34 tasks, one after another: more ranks don't help
//! by halves:  1·2  3·4  5·6 ..                   33 tasks in 6 layers: those of a layer run at the same time
//!               └┬──┘   └┬ ..
//! ```
use divisi::prelude::*;
use divisi::tasks::{Executor, Future, Pool};

/// The largest factorial that 128 bits hold.
const LAST: u128 = 34;

type Product<'p> = Future<'p, u128>;

/// The product of the numbers from `low` to `high` as a graph: that of the lower half times that of the upper one.
fn by_halves<'p>(pool: &'p Pool<'p, u128, u128>, low: u128, high: u128) -> Result<Product<'p>> {
    if low == high {
        return pool.task(low).lazy();
    }
    let middle = u128::midpoint(low, high);
    let lower = by_halves(pool, low, middle)?;
    let upper = by_halves(pool, middle + 1, high)?;
    pool.task(1).after(&[&lower, &upper]).lazy()
}

fn show(comm: &Comm) -> Result<u8> {
    // A task multiplies its number with the results of those that it comes after.
    let product =
        |task: &divisi::tasks::Task, number: u128| Ok(number * task.inputs::<u128>()?.iter().product::<u128>());
    Executor::new(comm).pool(product, |pool| {
        let mut factorials: Vec<Product> = vec![pool.task(1).lazy()?];
        for number in 1..=LAST {
            let last = &factorials[factorials.len() - 1];
            factorials.push(pool.task(number).after(&[last]).lazy()?);
        }
        let ran = || pool.counts().done;
        println!("{} tasks are known, {} have run", pool.counts().tasks, ran());
        // What 5! needs has run when 20! asks for it, and is kept; 10! needs nothing more.
        for (number, so_far) in [(5, 6), (20, 21), (10, 21)] {
            println!("{number}! = {}, {} tasks have run", factorials[number].result()?, ran());
            assert_eq!(ran(), so_far);
        }
        let halves = by_halves(pool, 1, LAST)?.result()?;
        let chain = factorials[LAST as usize].result()?;
        assert_eq!(halves, chain);
        assert_eq!(chain, (1..=LAST).product());
        println!("{LAST}! = {chain}, by the chain and by halves");
        Ok(())
    })?;
    Ok(0)
}

fn main() -> ExitCode {
    launch(show)
}
