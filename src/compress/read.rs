//! Decompression by all ranks, each part of the file by one of them; of a file that doesn't say where its parts are, by rank 0.

use std::io::Read;
use std::path::Path;

use super::ahead::{Ahead, in_turn};
use super::format::Format;
use super::index::Index;
use super::options::{Decompressed, Options, Sizes};
use super::rounds::in_rounds;
use super::source::Source;
use super::stream;
use super::target::Target;
use super::unit::{Damage, Decoded, Unit};
use super::{gz, zst};
use crate::{Comm, Error, Result};

/// Decompresses a file of either format, whatever program made it. All ranks.
///
/// By [`compress`](super::compress), by `bgzip` or by zstd's seekable format: every rank takes parts. Others: rank 0 alone.
///
/// # Errors
/// On all ranks, when the file can't be read, is in neither format, or is damaged and no [`keep_going`](Options::keep_going) asked for;
/// when the new file stands already or can't be written. Then there is no file of that name, or still the one before.
pub fn decompress(comm: &Comm, from: &Path, to: &Path, options: &Options) -> Result<Decompressed> {
    let from = comm.agree(Source::open(from))?;
    let index = shared_index(comm, &from, options)?;
    let mut target = Target::create(comm, to, options.overwrites, Some(&from.about))?;
    let mut damages = Vec::new();
    let written = match index.output() {
        Some(output) => target.reserve(output).and_then(|()| {
            damages = by_units(comm, &from, &index, &target, options)?;
            Ok(output)
        }),
        None => by_stream(comm, &from, index.format, &target, options, &mut damages),
    };
    damages.extend(index.damage.filter(|_| comm.is_root()));
    let checked = match (damages.first(), &written) {
        (Some(damage), Ok(_)) if !options.keeps_going => Err(told(&from, damage)),
        _ => Ok(()),
    };
    let output = *written.as_ref().unwrap_or(&0);
    let written = written.and(checked).and_then(|()| from.check_size());
    target.finish(written, output, Some(&from.about))?;
    Ok(Decompressed { sizes: Sizes { input: from.size(), output }, damages })
}

/// The index, which rank 0 looks for. All ranks.
fn shared_index(comm: &Comm, from: &Source, options: &Options) -> Result<Index> {
    let found = if comm.is_root() { Index::of(from, options.keeps_going).map(Some) } else { Ok(None) };
    let found = comm.agree(found)?;
    let is_gz = u64::from(found.as_ref().is_some_and(|index| index.format == Format::Gz));
    let has_units = u64::from(found.as_ref().is_some_and(|index| index.units.is_some()));
    let [is_gz, has_units] = [is_gz, has_units].map(|told| comm.all_reduce_max(told) == 1);
    let (units, damage) = found.map_or((None, None), |index| (index.units, index.damage));
    let units = comm.broadcast(&units.unwrap_or_default(), 0);
    let format = if is_gz { Format::Gz } else { Format::Zst };
    Ok(Index { format, units: has_units.then_some(units), damage })
}

/// Each unit by one rank, written where it belongs; what is lost, on rank 0.
fn by_units(comm: &Comm, from: &Source, index: &Index, target: &Target, options: &Options) -> Result<Vec<Damage>> {
    let units = index.units.clone().unwrap_or_default();
    let mut ahead = decoded(comm, from, index.format, units.clone(), options.keeps_going)?;
    let mut lost = Vec::new();
    let size = comm.size() as u64;
    in_rounds(comm, units.len() as u64, &mut ahead, |round, decoded| {
        if let Some(decoded) = decoded {
            target.write_at(decoded.output_start, &decoded.bytes)?;
            lost.extend(decoded.damages);
        }
        let last = ((round + 1) * size).min(units.len() as u64) as usize - 1;
        options.tell(units[last].end(), Some(from.size()))
    })?;
    gathered(comm, &lost)
}

/// The units that are this rank's turn, decompressed. Of a damaged one an error comes, or what is whole of it.
fn decoded(comm: &Comm, from: &Source, format: Format, units: Vec<Unit>, keeps_going: bool) -> Result<Ahead<Decoded>> {
    let numbers = in_turn(comm.rank(), comm.size(), units.len() as u64);
    let source = from.again()?;
    let work = move |number| {
        let unit: &Unit = &units[number as usize];
        let decoded = decode(&source.read(unit.start, unit.length)?, unit, format);
        match decoded.damages.first() {
            Some(damage) if !keeps_going => Err(told(&source, damage)),
            _ => Ok(decoded),
        }
    };
    Ok(Ahead::start(numbers, work, |decoded| decoded.bytes.len()))
}

/// What a unit holds: its `bytes` are those of the file.
fn decode(bytes: &[u8], unit: &Unit, format: Format) -> Decoded {
    match format {
        Format::Gz => gz::decode(bytes, unit),
        Format::Zst => {
            let mut block = vec![0; unit.output_length as usize];
            let damages = match zst::decode(bytes, &mut block) {
                Ok(()) => Vec::new(),
                Err(reason) => {
                    block.fill(0);
                    let output = unit.output_start..unit.output_end();
                    vec![Damage { compressed: unit.start..unit.end(), output, reason }]
                }
            };
            Decoded { output_start: unit.output_start, bytes: block, damages }
        }
    }
}

/// What all ranks lost, on rank 0 in the order of the file. All ranks.
fn gathered(comm: &Comm, lost: &[Damage]) -> Result<Vec<Damage>> {
    let unsendable = |error| Error::System(format!("what is lost can't be told: {error}"));
    let own = comm.agree(postcard::to_allocvec(lost).map_err(unsendable))?;
    let of_ranks = comm.gather(&own, 0).unwrap_or_default();
    let read = of_ranks.iter().map(|bytes| postcard::from_bytes::<Vec<Damage>>(bytes).map_err(unsendable));
    let mut all = comm.agree(read.collect::<Result<Vec<_>>>())?.concat();
    all.sort_by_key(|damage| damage.compressed.start);
    Ok(all)
}

/// From the beginning to the end, on rank 0; the bytes of the output. All ranks.
fn by_stream(
    comm: &Comm,
    from: &Source,
    format: Format,
    target: &Target,
    options: &Options,
    damages: &mut Vec<Damage>,
) -> Result<u64> {
    let mut output = 0;
    let mut put = |read: u64, bytes: &[u8]| {
        target.write_at(output, bytes)?;
        output += bytes.len() as u64;
        options.tell(read, Some(from.size()))
    };
    let decoded = if comm.is_root() {
        from.again().and_then(|source| {
            let decoded = stream::decode(&mut source.file.take(from.size()), format, &mut put);
            decoded.map_err(|failure| failure.of(&from.path))
        })
    } else {
        Ok(None)
    };
    damages.extend(comm.agree_asleep(decoded)?);
    Ok(comm.all_reduce_sum(output))
}

/// A damage as the error that ends a decompression.
fn told(from: &Source, damage: &Damage) -> Error {
    Error::file(&from.path, format!("{damage}: what is whole can be recovered by --keep-going"))
}
