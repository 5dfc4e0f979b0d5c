//! `divisi compress` and `divisi decompress`.
//!
//! In order: all files that will be read and written are looked at (`pairs`), so that what can't be done is refused before anything is
//! begun; then each is done by all ranks. `-` is standard input and output, on one rank and without MPI.
//!
//! A rank compresses blocks while MPI starts: for that it needs only its number, which the launcher told.

mod pairs;

use std::cell::RefCell;
use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Read, Write, stdin, stdout};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use super::arguments::{CompressArguments, DecompressArguments};
use crate::base::console::{bytes_text, say};
use crate::base::whole::WholeFile;
use crate::comm::{Comm, launch, launcher_rank, launcher_size};
use crate::compress::{self, Compression, Damage, Options, Progress as Seen, Sizes, without_ending};
use crate::run::{Progress, StopRequest, duration_text, rate_text};
use crate::{Error, Result};
use pairs::{Pair, STANDARD, format_of, is_standard, pairs, text};

/// Exit status of a file that was recovered in part.
const DAMAGED: u8 = 1;

/// Compresses files.
pub(super) fn compress(arguments: &CompressArguments) -> Result<ExitCode> {
    let format = format_of(arguments)?;
    let mut options = Options::default().format(format);
    if let Some(level) = arguments.level {
        format.level(Some(level))?;
        options = options.level(level);
    }
    let name = |from: &Path| Ok(PathBuf::from(format!("{}.{}", text(from)?, format.extension())));
    let pairs = pairs(&arguments.files, name)?;
    let options = if arguments.files.force { options.overwrite() } else { options };
    if let [pair] = &pairs[..]
        && pair.is_stream()
    {
        return stream(pair, &options, arguments.files.force, |from, to, name, options| {
            compress::compress_stream(from, to, name, options).map(|sizes| (sizes, Vec::new()))
        });
    }
    // Blocks of the first file are under way while MPI starts.
    let turn = (launcher_rank(), launcher_size());
    let mut first = Some(Compression::begin(&pairs[0].from, &options, turn)?);
    Ok(launch(|comm| {
        each(
            comm,
            &pairs,
            |pair, options| {
                let sizes = match first.take() {
                    Some(begun) => begun.write(comm, &pair.to, options)?,
                    None => compress::compress(comm, &pair.from, &pair.to, options)?,
                };
                Ok((sizes, Vec::new()))
            },
            &options,
        )
    }))
}

/// Decompresses files.
pub(super) fn decompress(arguments: &DecompressArguments) -> Result<ExitCode> {
    let name = |from: &Path| {
        without_ending(from).ok_or_else(|| {
            let reason =
                "its name doesn't end in .zst, .gz, .bgz, .tzst or .tgz: say by -o OUT how to call what is in it";
            Error::input(from.display().to_string(), reason)
        })
    };
    let pairs = pairs(&arguments.files, name)?;
    pairs.iter().filter(|pair| !is_standard(&pair.from)).try_for_each(|pair| compress::check_format(&pair.from))?;
    let mut options = Options::default();
    if arguments.files.force {
        options = options.overwrite();
    }
    if arguments.keep_going {
        options = options.keep_going();
    }
    if let [pair] = &pairs[..]
        && pair.is_stream()
    {
        return stream(pair, &options, true, |from, to, name, options| {
            compress::decompress_stream(from, to, name, options).map(|done| (done.sizes, done.damages))
        });
    }
    Ok(launch(|comm| {
        each(
            comm,
            &pairs,
            |pair, options| {
                let done = compress::decompress(comm, &pair.from, &pair.to, options)?;
                Ok((done.sizes, done.damages))
            },
            &options,
        )
    }))
}

/// Does one file after another on all ranks; the exit status.
fn each(
    comm: &Comm,
    pairs: &[Pair],
    mut work: impl FnMut(&Pair, &Options) -> Result<(Sizes, Vec<Damage>)>,
    options: &Options,
) -> Result<u8> {
    let stop = super::listen()?;
    let mut status = 0;
    for pair in pairs {
        let began = Instant::now();
        let voice = RefCell::new(Voice::new(comm.is_root(), &pair.from)?);
        let watch = |seen: Seen| voice.borrow_mut().hear(seen, &stop);
        let done = work(pair, &options.watch(&watch));
        voice.borrow_mut().progress.end_line();
        let (sizes, damages) = done?;
        if comm.is_root() {
            damages.iter().for_each(|damage| say(&format!("divisi: {}: {damage}", pair.from.display())));
            say(&summary(pair, sizes, began));
        }
        if comm.all_reduce_max(damages.len() as u64) > 0 {
            status = DAMAGED;
        }
    }
    Ok(status)
}

/// From or to standard input and output, on this process alone.
fn stream(
    pair: &Pair,
    options: &Options,
    force: bool,
    work: impl FnOnce(&mut dyn Read, &mut dyn Write, &Path, &Options) -> Result<(Sizes, Vec<Damage>)>,
) -> Result<ExitCode> {
    let began = Instant::now();
    let mut from: Box<dyn Read> = if is_standard(&pair.from) {
        Box::new(stdin().lock())
    } else {
        Box::new(File::open(&pair.from).map_err(Error::io("read", &pair.from))?)
    };
    let name = if is_standard(&pair.from) { Path::new("standard input") } else { &pair.from };
    let damages = if is_standard(&pair.to) {
        if stdout().is_terminal() && !force {
            return Err(Error::input(
                STANDARD,
                "standard output is a terminal: send it to a file or a program, or --force",
            ));
        }
        match work(&mut from, &mut stdout().lock(), name, options) {
            // Whoever read it has what it wanted.
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::BrokenPipe => Vec::new(),
            done => done?.1,
        }
    } else {
        let mut file = WholeFile::create(&pair.to)?;
        let (sizes, damages) = work(&mut from, &mut file, name, options)?;
        file.finish()?;
        say(&summary(pair, sizes, began));
        damages
    };
    damages.iter().for_each(|damage| say(&format!("divisi: {}: {damage}", name.display())));
    Ok(ExitCode::from(if damages.is_empty() { 0 } else { DAMAGED }))
}

/// What rank 0 tells of a file while it is at work, and whether it is to go on.
struct Voice {
    progress: Progress,
    name: String,
    began: Instant,
}

impl Voice {
    fn new(speaks: bool, file: &Path) -> Result<Self> {
        let progress = Progress::new(None, speaks, (0.0, 0))?;
        Ok(Voice { progress, name: file.display().to_string(), began: Instant::now() })
    }

    fn hear(&mut self, Seen { done, all, .. }: Seen, stop: &StopRequest) -> ControlFlow<()> {
        if stop.came() {
            return ControlFlow::Break(());
        }
        if self.progress.is_time() {
            let seconds = self.began.elapsed().as_secs_f64();
            let all = all.unwrap_or(done);
            let left = duration_text(seconds * (all - done) as f64 / done.max(1) as f64);
            let rate = rate_text(done as f64 / seconds, "B");
            let line = format!("{}: {} of {}, {rate}, left {left}", self.name, size_text(done), size_text(all));
            self.progress.show(done as f64 / all.max(1) as f64, &line);
        }
        ControlFlow::Continue(())
    }
}

/// What became of a file.
fn summary(pair: &Pair, Sizes { input, output, .. }: Sizes, began: Instant) -> String {
    let [from, to] = [&pair.from, &pair.to].map(|path| path.display());
    let ratio = input.max(output) as f64 / input.min(output).max(1) as f64;
    let seconds = began.elapsed().as_secs_f64();
    format!("{from} -> {to}: {} to {} ({ratio:.2}) in {seconds:.1} s", size_text(input), size_text(output))
}

/// A number of bytes with a prefix.
fn size_text(bytes: u64) -> String {
    bytes_text(bytes as f64, 2, "B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_three_digits_and_a_unit() {
        let told = [0, 999, 1000, 61_084_541, 5_000_000_000, 7_200_000_000_000].map(size_text);
        assert_eq!(told, ["0 B", "999 B", "1.00 kB", "61.08 MB", "5.00 GB", "7.20 TB"]);
    }
}
