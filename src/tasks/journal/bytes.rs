//! Numbers at the front of bytes, little endian.

/// The next u32, cut off the front; none where too few bytes are left.
pub(super) fn u32_from(bytes: &mut &[u8]) -> Option<u32> {
    let (word, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*word))
}

/// The next u64, likewise.
pub(super) fn u64_from(bytes: &mut &[u8]) -> Option<u64> {
    let (word, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*word))
}
