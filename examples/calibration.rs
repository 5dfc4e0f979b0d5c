//! A pipeline with a graph: from a night's raw frames to master frames to calibrated images, all of them FITS files.
//!
//!     mpirun -n 4 target/release/examples/calibration        writes runs/calibration
//!
//! ```text
//! bias frames ── master bias ──┬───────────────┬──────────────┐
//! dark frames ─────────────────┴─ master dark ─┼──────────────┤
//! flat frames ─────────────────────────────────┴─ master flat ┤
//! images ─────────────────────────────────────────────────────┴─ calibrated images
//! ```
//!
//! Each frame, master and image is a task that starts when those before it are done: nothing waits for a whole stage. What
//! goes from task to task is the name of a file. Camera and sky are made up, so the truth is known: the calibrated images
//! must be it, within the noise.
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use divisi::comm::launch;
use divisi::random::Random;
use divisi::tasks::{Executor, Task};
use divisi::{Comm, Error, Result};
use fitskit::{FitsFile, HduData, HeaderValue, ImageData, PixelData};
use serde::{Deserialize, Serialize};

/// Pixels along a side.
const SIDE: usize = 128;
/// Frames for each master, and images of the night.
const FRAMES: usize = 16;
const IMAGES: usize = 12;
const SEED: u64 = 5;
/// The camera's noise at each reading, in counts.
const READING: f64 = 4.0;

/// What a frame is taken of.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Frame {
    Bias,
    Dark,
    Flat,
    Image,
}

/// A task.
#[derive(Serialize, Deserialize)]
enum Work {
    /// Takes a frame with the camera.
    Expose(Frame),
    /// Combines frames to a master; its inputs are the masters made before, in the order bias, dark, and the frames.
    Master(Frame),
    /// Calibrates an image; its inputs are the three masters and the image.
    Calibrate,
}

impl Work {
    fn done(&self, task: &Task, folder: &Path) -> Result<PathBuf> {
        let inputs: Vec<PathBuf> = task.inputs()?;
        let (name, pixels) = match self {
            Work::Expose(frame) => (format!("{frame:?}"), frame.expose(task.random())),
            Work::Master(frame) => ("Master".to_owned() + &format!("{frame:?}"), master(*frame, &inputs)?),
            Work::Calibrate => ("Calibrated".to_owned(), calibrated(&inputs[3], &inputs[..3])?),
        };
        let path = folder.join(format!("{:03}-{}.fits", task.number(), name.to_lowercase()));
        write(&path, pixels, if let Work::Expose(frame) = self { frame.seconds() } else { 1.0 })?;
        Ok(path)
    }
}

impl Frame {
    /// How long the shutter is open, or would be.
    fn seconds(self) -> f64 {
        match self {
            Frame::Bias => 0.0,
            Frame::Dark => 300.0,
            Frame::Flat => 10.0,
            Frame::Image => 100.0,
        }
    }

    /// Light that falls on a pixel, in counts per second.
    fn light(self, pixel: usize) -> f64 {
        match self {
            Frame::Bias | Frame::Dark => 0.0,
            Frame::Flat => 3000.0,
            Frame::Image => sky(pixel),
        }
    }

    /// What the camera reads: the electrons that light and warmth set free, with their noise, over its bias.
    fn expose(self, mut random: Random) -> Vec<f64> {
        let read = |pixel| {
            let electrons = self.seconds() * (flatness(pixel) * self.light(pixel) + warmth(pixel));
            let noise = (electrons + READING * READING).sqrt() * random.normal();
            (bias(pixel) + electrons + noise).round()
        };
        (0..SIDE * SIDE).map(read).collect()
    }
}

// The truth, pixel by pixel.

/// Two stars on an even sky, in counts per second.
fn sky(pixel: usize) -> f64 {
    let star = |x: f64, y: f64, light: f64| {
        let dx = (pixel % SIDE) as f64 - x;
        let dy = (pixel / SIDE) as f64 - y;
        light * libm::exp(-(dx * dx + dy * dy) / 8.0)
    };
    10.0 + star(40.0, 90.0, 150.0) + star(100.0, 30.0, 60.0)
}

/// What the camera reads without light or time.
fn bias(pixel: usize) -> f64 {
    1000.0 + 20.0 * libm::sin((pixel % SIDE) as f64 / 5.0)
}

/// Counts per second in the dark; one pixel in a hundred is hot.
fn warmth(pixel: usize) -> f64 {
    if Random::new(SEED, 1, pixel as u64).uniform() < 0.01 { 8.0 } else { 0.2 }
}

/// The part of the light that counts: less towards the corners, and different in each pixel.
fn flatness(pixel: usize) -> f64 {
    let from_middle = |place: usize| place as f64 / (SIDE as f64 / 2.0) - 1.0;
    let x = from_middle(pixel % SIDE);
    let y = from_middle(pixel / SIDE);
    (1.0 - 0.2 * (x * x + y * y)) * (1.0 + 0.02 * Random::new(SEED, 2, pixel as u64).normal())
}

// The calibration, which knows the files alone.

/// A frame less the master bias, less the master dark (per second) for its time, over the master flat: those that there are.
fn calibrated(frame: &Path, masters: &[PathBuf]) -> Result<Vec<f64>> {
    let (mut pixels, seconds) = read(frame)?;
    for (kind, path) in [Frame::Bias, Frame::Dark, Frame::Flat].into_iter().zip(masters) {
        for (pixel, master) in pixels.iter_mut().zip(read(path)?.0) {
            match kind {
                Frame::Bias => *pixel -= master,
                Frame::Dark => *pixel -= seconds * master,
                _ => *pixel /= master,
            }
        }
    }
    Ok(pixels)
}

/// The mean of frames that the masters before it correct: per second for the dark, of mean 1 for the flat.
fn master(frame: Frame, inputs: &[PathBuf]) -> Result<Vec<f64>> {
    let (masters, frames) = inputs.split_at(inputs.len() - FRAMES);
    let mut sums = vec![0.0; SIDE * SIDE];
    for path in frames {
        sums.iter_mut().zip(calibrated(path, masters)?).for_each(|(sum, pixel)| *sum += pixel);
    }
    let over = match frame {
        Frame::Dark => FRAMES as f64 * frame.seconds(),
        Frame::Flat => sums.iter().sum::<f64>() / sums.len() as f64,
        _ => FRAMES as f64,
    };
    Ok(sums.into_iter().map(|sum| sum / over).collect())
}

fn write(path: &Path, pixels: Vec<f64>, seconds: f64) -> Result<()> {
    let pixels = PixelData::F32(pixels.into_iter().map(|pixel| pixel as f32).collect());
    let mut file = FitsFile::with_primary_image(ImageData::new(vec![SIDE, SIDE], pixels));
    file.primary_mut().header.set("EXPTIME", HeaderValue::Float(seconds), Some("seconds"));
    file.to_file(path).map_err(|error| Error::file(path, error.to_string()))
}

/// The pixels of a file and the seconds of its exposure.
fn read(path: &Path) -> Result<(Vec<f64>, f64)> {
    let file = FitsFile::from_file(path).map_err(|error| Error::file(path, error.to_string()))?;
    let HduData::Image(image) = &file.primary().data else { return Err(Error::file(path, "holds no image")) };
    let seconds = file.primary().header.get_float("EXPTIME");
    Ok((image.scaled_values(1.0, 0.0), seconds.ok_or_else(|| Error::file(path, "has no EXPTIME"))?))
}

/// An image must be the sky, with no more noise than its electrons and the reading give. (The mean of the master flat is 1,
/// that of the flatness is not.)
fn check(path: &Path) -> Result<()> {
    let mean_flatness = (0..SIDE * SIDE).map(flatness).sum::<f64>() / (SIDE * SIDE) as f64;
    let seconds = Frame::Image.seconds();
    let deviation = |(pixel, found): (usize, f64)| {
        let electrons = seconds * (flatness(pixel) * sky(pixel) + warmth(pixel));
        let noise = (electrons + READING * READING).sqrt() / flatness(pixel) * mean_flatness;
        (found - mean_flatness * seconds * sky(pixel)) / noise
    };
    let deviations: Vec<f64> = read(path)?.0.into_iter().enumerate().map(deviation).collect();
    let mean = deviations.iter().sum::<f64>() / deviations.len() as f64;
    let spread = (deviations.iter().map(|d| d * d).sum::<f64>() / deviations.len() as f64).sqrt();
    println!("{} is the sky within the noise: {mean:.3} on average, spread {spread:.3}", path.display());
    assert!(mean.abs() < 0.05, "the mean deviation is {mean} of the noise");
    assert!((0.95..1.1).contains(&spread), "deviations are {spread} of the noise");
    Ok(())
}

fn show(comm: &Comm) -> Result<u8> {
    let folder = Path::new("runs/calibration");
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let images = Executor::new(comm).seed(SEED).pool(
        |task, work: Work| work.done(task, folder),
        |pool| {
            let expose =
                |frame, count| (0..count).map(|_| pool.submit(Work::Expose(frame))).collect::<Result<Vec<_>>>();
            let biases = expose(Frame::Bias, FRAMES)?;
            let darks = expose(Frame::Dark, FRAMES)?;
            let flats = expose(Frame::Flat, FRAMES)?;
            let raw = expose(Frame::Image, IMAGES)?;
            let master = |frame, before: &[_], frames| {
                let inputs: Vec<_> = before.iter().copied().chain(frames).collect();
                pool.task(Work::Master(frame)).after(&inputs).submit()
            };
            let bias = master(Frame::Bias, &[], &biases)?;
            let dark = master(Frame::Dark, &[&bias], &darks)?;
            let flat = master(Frame::Flat, &[&bias, &dark], &flats)?;
            let calibrate = |image| pool.task(Work::Calibrate).after(&[&bias, &dark, &flat, image]).submit();
            let images: Vec<_> = raw.iter().map(calibrate).collect::<Result<_>>()?;
            images.into_iter().map(|image| image.result()).collect::<Result<Vec<_>>>()
        },
    )?;
    for path in images.into_iter().flatten() {
        check(&path)?;
    }
    Ok(0)
}

fn main() -> ExitCode {
    launch(show)
}
