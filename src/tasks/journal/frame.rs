//! What stands around the plan and around each record: lengths, hashes, markers.

use xxhash_rust::xxh3::{Xxh3, xxh3_64, xxh3_64_with_seed};

/// What a journal begins with.
const MAGIC: [u8; 8] = *b"divisi-j";
/// The version of the format.
const VERSION: u32 = 1;
/// What a record begins with: not UTF-8, and the bits of no common number.
pub(super) const MARKER: [u8; 4] = [0xf5, 0x4a, 0xc1, 0xe7];
/// Bytes before the plan: the format, its version, the plan's length, the hash.
pub(super) const HEAD: usize = 24;
/// Bytes of a record before what it says: the marker, the hash, the length, the kind.
pub(super) const RECORD_HEAD: usize = 17;
/// Where the hash ends, and what it covers begins.
const HASHED: usize = 12;

/// The head of a journal, and its hash; the plan's bytes where they are too many.
pub(super) fn head(plan: &str) -> Result<(Vec<u8>, u64), usize> {
    let length = u32::try_from(plan.len()).map_err(|_| plan.len())?;
    let mut head = [&MAGIC[..], &VERSION.to_le_bytes(), &length.to_le_bytes(), plan.as_bytes()].concat();
    let hash = xxh3_64(&head);
    head.splice(16..16, hash.to_le_bytes());
    Ok((head, hash))
}

/// How many bytes the plan has of which this is the head, or what is wrong with it.
pub(super) fn plan_bytes(head: &[u8]) -> Result<usize, String> {
    let Some(head) = head.first_chunk::<HEAD>().filter(|head| head[..8] == MAGIC) else {
        return Err("is no journal of a sweep, or its first bytes are damaged".to_owned());
    };
    match u32_at(head, 8) {
        VERSION => Ok(u32_at(head, 12) as usize),
        version => Err(format!("is a journal of format {version}; this program reads format {VERSION}")),
    }
}

/// The plan and the hash from a whole head; nothing if it is damaged.
pub(super) fn plan(head: &[u8]) -> Option<(&str, u64)> {
    let plan = head.get(HEAD..)?;
    let hash = u64_at(head, 16);
    let whole = xxh3_64(&[&head[..16], plan].concat()) == hash;
    std::str::from_utf8(plan).ok().filter(|_| whole).map(|plan| (plan, hash))
}

/// Appends a record to a buffer, but for `rest`, with which it ends and which is left where it is; its bytes where they are too many.
#[inline]
pub(super) fn append(
    buffer: &mut Vec<u8>,
    seed: u64,
    kind: u8,
    encode: impl FnOnce(&mut Vec<u8>),
    rest: &[u8],
) -> Result<(), usize> {
    let start = buffer.len();
    let mut head = [0; RECORD_HEAD];
    head[..4].copy_from_slice(&MARKER);
    head[RECORD_HEAD - 1] = kind;
    buffer.extend_from_slice(&head);
    encode(buffer);
    let bytes = buffer.len() - start - RECORD_HEAD + rest.len();
    let Ok(length) = u32::try_from(bytes) else {
        buffer.truncate(start);
        return Err(bytes);
    };
    let record = &mut buffer[start..];
    record[HASHED..HASHED + 4].copy_from_slice(&length.to_le_bytes());
    let hash = match rest {
        [] => xxh3_64_with_seed(&record[HASHED..], seed),
        rest => {
            let mut hasher = Xxh3::with_seed(seed);
            hasher.update(&record[HASHED..]);
            hasher.update(rest);
            hasher.digest()
        }
    };
    record[4..HASHED].copy_from_slice(&hash.to_le_bytes());
    Ok(())
}

/// The bytes of the record of which this is the head; nothing if it is none.
pub(super) fn record_bytes(head: &[u8]) -> Option<u64> {
    let marked = head.len() >= RECORD_HEAD && head[..4] == MARKER;
    marked.then(|| RECORD_HEAD as u64 + u64::from(u32_at(head, HASHED)))
}

/// Kind and contents of a whole record; nothing if its hash is another.
pub(super) fn contents(record: &[u8], seed: u64) -> Option<(u8, &[u8])> {
    let same = xxh3_64_with_seed(&record[HASHED..], seed) == u64_at(record, 4);
    same.then(|| (record[RECORD_HEAD - 1], &record[RECORD_HEAD..]))
}

/// How many of the first `bytes` bytes of a buffer of records are whole records.
pub(super) fn whole(buffer: &[u8], bytes: usize) -> usize {
    let mut end = 0;
    while let Some(size) = record_bytes(&buffer[end..])
        && end + size as usize <= bytes
    {
        end += size as usize;
    }
    end
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |word| u32::from_le_bytes(*word))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_records_are_counted_to_the_byte() {
        let mut buffer = Vec::new();
        for contents in [3, 0, 8] {
            append(&mut buffer, 1, 2, |buffer| buffer.resize(buffer.len() + contents, 9), &[]).unwrap();
        }
        let ends = [0, 20, 37, 62];
        for bytes in 0..=buffer.len() {
            assert_eq!(Some(&whole(&buffer, bytes)), ends.iter().rfind(|&&end| end <= bytes), "of {bytes}");
        }
    }
}
