//! Films, made by all ranks: each draws its share of the frames as PNG, rank 0 joins them to one that moves (APNG) and, where ffmpeg is
//! there, to an MP4.
//!
//! Frames are drawn on one scale, for which all ranks look at the snapshots first. They stay in `film/`, so that other programs can join
//! them, too.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::canvas::to_png;
use super::extent::Extent;
use super::film::Film;
use super::folder_for;
use super::view::View;
use crate::base::console::say;
use crate::base::whole::{WholeFile, write_whole};
use crate::comm::Comm;
use crate::{Error, Result};

/// Frames for a second.
const RATE: u16 = 15;
/// The program that makes MP4 of frames.
const FFMPEG: &str = "ffmpeg";
/// The folder of frames within that of figures.
const FRAMES: &str = "film";

/// Draws a film of a run, into `out` (by default `figures/` in its folder), of so many frames at most, and returns the names of the
/// files on rank 0. All ranks.
///
/// # Errors
/// When there are no two snapshots, when a frame can't be drawn or a file can't be written.
pub(crate) fn film(comm: &Comm, run: &Path, out: Option<&Path>, view: &View, most: usize) -> Result<Vec<PathBuf>> {
    let film = comm.agree(opened(run, view, most))?;
    let folder = comm.agree(if comm.is_root() { made(run, out) } else { Ok(out_of(run, out)) })?;
    let mine = || (comm.rank()..film.len()).step_by(comm.size());
    let seen = mine().try_fold(Extent::default(), |all, index| Ok::<_, Error>(all.join(&film.look(index)?)));
    let extent = of_all(comm, &comm.agree(seen)?);
    let frame = |index: usize| folder.join(FRAMES).join(format!("{}_{index:06}.png", film.stem));
    let drawn = mine().try_for_each(|index| write_whole(&frame(index), &to_png(&film.frame(index, &extent)?.1)?));
    comm.agree(drawn)?;
    comm.agree(if comm.is_root() { joined(&film, &folder, &frame) } else { Ok(Vec::new()) })
}

fn opened(run: &Path, view: &View, most: usize) -> Result<Film> {
    let film = Film::of(run, view, most)?.filter(|film| film.len() > 1);
    film.ok_or_else(|| Error::file(run, "there is no film in it: it takes two snapshots, or places of a trajectory"))
}

fn out_of(run: &Path, out: Option<&Path>) -> PathBuf {
    out.map_or_else(|| run.join(crate::run::FIGURES.name()), Path::to_path_buf)
}

fn made(run: &Path, out: Option<&Path>) -> Result<PathBuf> {
    let folder = folder_for(std::slice::from_ref(&run.to_path_buf()), out)?;
    let frames = folder.join(FRAMES);
    std::fs::create_dir_all(&frames).map_err(Error::io("create", &frames))?;
    Ok(folder)
}

/// The extent of what all ranks have seen. All ranks.
fn of_all(comm: &Comm, seen: &Extent) -> Extent {
    let reduce = |numbers: &[f64], sign: f64| {
        let count = comm.all_reduce_max(numbers.len() as u64) as usize;
        let mut all: Vec<f64> = numbers.iter().map(|number| sign * number).collect();
        all.resize(count, f64::NEG_INFINITY);
        comm.all_reduce_max_into(&mut all);
        all.into_iter().map(|number| sign * number).collect()
    };
    Extent { lows: reduce(&seen.lows, -1.0), highs: reduce(&seen.highs, 1.0) }
}

/// Joins the frames: one PNG that moves, and an MP4, if a program for it is there.
fn joined(film: &Film, folder: &Path, frame: &dyn Fn(usize) -> PathBuf) -> Result<Vec<PathBuf>> {
    let apng = folder.join(format!("{}_film.apng", film.stem));
    animated(&apng, &(0..film.len()).map(frame).collect::<Vec<_>>())?;
    let mp4 = folder.join(format!("{}_film.mp4", film.stem));
    let has_mp4 = video(&folder.join(FRAMES).join(format!("{}_%06d.png", film.stem)), &mp4);
    Ok([Some(apng), has_mp4.then_some(mp4)].into_iter().flatten().collect())
}

/// Writes a PNG that moves.
fn animated(path: &Path, frames: &[PathBuf]) -> Result<()> {
    let failed = |error: &dyn std::fmt::Display| Error::file(path, format!("cannot be written as a film: {error}"));
    let mut file = WholeFile::create(path)?;
    let [first, others @ ..] = frames else { return Ok(()) };
    let (dots, width, height) = decoded(first)?;
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let moves = encoder.set_animated(frames.len() as u32, 0).and_then(|()| encoder.set_frame_delay(1, RATE));
    let mut writer = moves.and_then(|()| encoder.write_header()).map_err(|error| failed(&error))?;
    writer.write_image_data(&dots).map_err(|error| failed(&error))?;
    for frame in others {
        writer.write_image_data(&decoded(frame)?.0).map_err(|error| failed(&error))?;
    }
    writer.finish().map_err(|error| failed(&error))?;
    file.finish()
}

fn decoded(path: &Path) -> Result<(Vec<u8>, u32, u32)> {
    let failed = |error: png::DecodingError| Error::file(path, error.to_string());
    let file = File::open(path).map_err(Error::io("read", path))?;
    let mut reader = png::Decoder::new(file).read_info().map_err(failed)?;
    let mut dots = vec![0; reader.output_buffer_size()];
    let about = reader.next_frame(&mut dots).map_err(failed)?;
    dots.truncate(about.buffer_size());
    Ok((dots, about.width, about.height))
}

/// Whether a video was made; why not is told, unless the program isn't there.
fn video(frames: &Path, path: &Path) -> bool {
    let made = Command::new(FFMPEG)
        .args(["-y", "-loglevel", "error", "-framerate", &RATE.to_string(), "-i"])
        .arg(frames)
        // Both sides even, as the format asks for.
        .args(["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=white", "-pix_fmt", "yuv420p"])
        .arg(path)
        .stdin(Stdio::null())
        .output();
    match made {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            say(&format!("divisi: no MP4: {FFMPEG}: {}", String::from_utf8_lossy(&output.stderr).trim()));
            false
        }
        Err(_) => false,
    }
}
