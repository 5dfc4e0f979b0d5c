//! Who sent how much to whom: a table over pairs of ranks, of many ranks over pairs of groups, so that it stays small.

use serde::Serialize;

use crate::comm::{Comm, Sent};

/// The most ranks that stand for themselves; of more, neighbours are taken together.
const MOST: usize = 64;
/// The numbers of a pair.
const NUMBERS: usize = 4;

/// The pairs of ranks, or of groups of them, that sent something, one after the other: a number per pair in each list.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct SentTable {
    /// How many consecutive ranks a group is: with 10, `from` 0 is ranks 0 to 9.
    ranks_per_group: usize,
    from: Vec<usize>,
    to: Vec<usize>,
    messages: Vec<u64>,
    bytes: Vec<u64>,
    mails: Vec<u64>,
    mail_bytes: Vec<u64>,
}

/// What these ranks have sent to each other since there was `before`. All ranks.
pub(super) fn gather(comm: &Comm, before: &[Sent]) -> SentTable {
    let now = comm.traffic().sent_by_rank();
    let at = |list: &[Sent], rank: usize| list.get(rank).copied().unwrap_or_default();
    let ranks_per_group = comm.size().div_ceil(MOST);
    let groups = comm.size().div_ceil(ranks_per_group);
    let mut numbers = vec![0; groups * groups * NUMBERS];
    let own = comm.rank() / ranks_per_group * groups;
    for (to, &number) in comm.job_ranks().iter().enumerate() {
        let Sent { messages, bytes, mails, mail_bytes, .. } = at(&now, number).since(at(before, number));
        let place = NUMBERS * (own + to / ranks_per_group);
        for (sum, part) in numbers[place..].iter_mut().zip([messages, bytes, mails, mail_bytes]) {
            *sum += part;
        }
    }
    comm.all_reduce_sum_into(&mut numbers);
    table(ranks_per_group, groups, &numbers)
}

fn table(ranks_per_group: usize, groups: usize, numbers: &[u64]) -> SentTable {
    let mut table = SentTable { ranks_per_group, ..SentTable::default() };
    for (pair, &[messages, bytes, mails, mail_bytes]) in numbers.as_chunks::<NUMBERS>().0.iter().enumerate() {
        if messages + mails > 0 {
            table.from.push(pair / groups);
            table.to.push(pair % groups);
            table.messages.push(messages);
            table.bytes.push(bytes);
            table.mails.push(mails);
            table.mail_bytes.push(mail_bytes);
        }
    }
    table
}
