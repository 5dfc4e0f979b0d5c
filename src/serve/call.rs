//! What a call is to the task engine: the bytes of its argument and of its result.

use bytemuck::{Pod, Zeroable};
use xxhash_rust::xxh3::Xxh3;

use super::frame::{number, plain};

/// What stands before the arguments of a call.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(super) struct CallHead {
    /// The number of its function.
    pub function: u64,
    pub seed: u64,
    /// The other half of its key's hash.
    pub check: u64,
    /// Seconds that an attempt may take; 0: any time.
    pub limit: f64,
    /// Attempts after a first one that failed.
    pub retries: u64,
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Tag {
    /// Its value.
    Value = 1,
    /// The exception that it raised.
    Raised = 2,
    /// Its process died; a text says how.
    Died = 3,
    /// It ran beyond its time limit; a text.
    TimedOut = 4,
    /// It was cancelled, or is not to be run any more; a text.
    Cancelled = 5,
    /// No Python process starts; a text.
    NoPython = 6,
    /// It can't be run as it was submitted; a text.
    Refused = 7,
}

/// What stands before what came of a call.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(super) struct ResultHead {
    pub tag: u64,
    /// As in the call.
    pub check: u64,
}

/// Whether bytes are the value of a call: anything else doesn't count in a later job.
pub(super) fn is_result(bytes: &[u8]) -> bool {
    plain::<ResultHead>(bytes).is_some_and(|(head, _)| head.tag == Tag::Value as u64)
}

/// The first of a call's inputs that has no value: all of its bytes.
pub(super) fn failed_input(inputs: &[u8]) -> Option<&[u8]> {
    let mut rest = inputs;
    while let Some((length, after)) = number(rest) {
        let (input, after) = after.split_at(length as usize);
        if !is_result(input) {
            return Some(input);
        }
        rest = after;
    }
    None
}

/// What a call is known by in the journal: the hash of its function, its inputs and its arguments, in two halves; of the rank, too, where
/// it is meant for one (others have a negative number).
pub(super) fn key(function: &[u8; 16], inputs: impl Iterator<Item = u64>, arguments: &[u8], rank: i32) -> (u64, u64) {
    let mut hash = Xxh3::new();
    hash.update(function);
    if rank >= 0 {
        hash.update(b"rank");
        hash.update(&rank.to_le_bytes());
    }
    inputs.for_each(|input| hash.update(&input.to_le_bytes()));
    hash.update(arguments);
    let whole = hash.digest128();
    (whole as u64, (whole >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(tag: Tag) -> Vec<u8> {
        [bytemuck::bytes_of(&ResultHead { tag: tag as u64, check: 7 }), b"bytes"].concat()
    }

    #[test]
    fn only_values_count_later_and_the_first_failure_among_inputs_is_found() {
        assert!(is_result(&result(Tag::Value)) && !is_result(&result(Tag::Raised)) && !is_result(b"short"));
        let packed = |results: &[Vec<u8>]| -> Vec<u8> {
            results.iter().flat_map(|result| [&(result.len() as u64).to_le_bytes(), &result[..]].concat()).collect()
        };
        assert_eq!(failed_input(&packed(&[result(Tag::Value), result(Tag::Value)])), None);
        let died = result(Tag::Died);
        assert_eq!(failed_input(&packed(&[result(Tag::Value), died.clone(), result(Tag::Raised)])), Some(&died[..]));
    }

    #[test]
    fn keys_tell_function_inputs_and_arguments_apart() {
        let of = |function: u8, inputs: &[u64], arguments: &[u8]| {
            key(&[function; 16], inputs.iter().copied(), arguments, -1)
        };
        let ranked = [0, 1].map(|rank| key(&[1; 16], std::iter::empty(), b"x", rank));
        let all = [
            of(1, &[], b"x"),
            of(2, &[], b"x"),
            of(1, &[3], b"x"),
            of(1, &[], b"y"),
            of(1, &[4], b"x"),
            ranked[0],
            ranked[1],
        ];
        for (place, one) in all.iter().enumerate() {
            assert!(all[..place].iter().all(|other| other != one));
        }
        assert_eq!(all[0], of(1, &[], b"x"));
    }
}
