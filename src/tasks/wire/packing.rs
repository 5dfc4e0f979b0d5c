//! How the arguments of a chunk's tasks travel, one after another: two sizes, the argument, and the results of the tasks that it comes after.

/// Bytes before the argument of a task without inputs.
pub(crate) const ALONE: usize = 16;

/// Bytes that an argument and inputs take.
pub(crate) fn packed_size(argument: &[u8], inputs: &[&[u8]]) -> usize {
    ALONE + argument.len() + inputs.iter().map(|input| 8 + input.len()).sum::<usize>()
}

/// Writes an argument and inputs to the beginning of `into` and returns what is left of it.
pub(crate) fn pack<'a>(into: &'a mut [u8], argument: &[u8], inputs: &[&[u8]]) -> &'a mut [u8] {
    let length = packed_size(argument, inputs) - ALONE - argument.len();
    let into = put(into, &(argument.len() as u64).to_le_bytes());
    let into = put(into, &(length as u64).to_le_bytes());
    let into = put(into, argument);
    inputs.iter().fold(into, |into, input| put(put(into, &(input.len() as u64).to_le_bytes()), input))
}

/// Begins the argument, `bytes` long, of a task without inputs; returns where it goes.
pub(crate) fn begin(into: &mut [u8], bytes: usize) -> &mut [u8] {
    put(put(into, &(bytes as u64).to_le_bytes()), &0u64.to_le_bytes())
}

fn put<'a>(into: &'a mut [u8], bytes: &[u8]) -> &'a mut [u8] {
    let (here, rest) = into.split_at_mut(bytes.len());
    here.copy_from_slice(bytes);
    rest
}

/// The first argument with its inputs, and what follows; nothing packed is an empty argument.
pub(crate) fn unpack(packed: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let Some((sizes, rest)) = packed.split_first_chunk::<16>() else { return (&[], &[], &[]) };
    let [argument, inputs]: [u64; 2] = bytemuck::pod_read_unaligned(sizes);
    let (argument, rest) = rest.split_at(argument as usize);
    let (inputs, rest) = rest.split_at(inputs as usize);
    (argument, inputs, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_and_inputs_come_apart_again() {
        let mut packed = vec![0; packed_size(b"first", &[]) + packed_size(b"", &[b"in", b""])];
        let rest = pack(&mut packed, b"first", &[]);
        assert!(pack(rest, b"", &[b"in", b""]).is_empty());
        let (argument, inputs, rest) = unpack(&packed);
        assert_eq!((argument, inputs), (&b"first"[..], &b""[..]));
        let (argument, inputs, rest) = unpack(rest);
        assert_eq!((argument.len(), inputs.len(), rest.len()), (0, 18, 0));
        assert_eq!(unpack(&[]), (&[][..], &[][..], &[][..]));
    }
}
