//! Image analysis over a folder, a task for each file: sources are found and measured, a bad file is reported, the rest is done.
//!
//!     mpirun -n 2 target/release/examples/images     writes runs/images
//!
//! The images are made first, so the truth is known: stars on a noisy sky, in FITS files, of which one is cut short. What is found
//! must be the stars, where they are and as bright as they are. The picture shows the first image with a ring around each source.
use std::path::{Path, PathBuf};

use divisi::plot::image;
use divisi::prelude::*;
use divisi::tasks::Executor;
use fitskit::{FitsFile, HduData, ImageData, PixelData};

const FILES: u64 = 11;
/// The file that is cut short.
const BAD: u64 = 4;
/// Pixels along a side, and stars along it.
const SIDE: usize = 100;
const STARS: usize = 4;
/// The sky and its noise, and the width of a star (its standard deviation, in pixels).
const SKY: f64 = 100.0;
const NOISE: f64 = 3.0;
const WIDTH: f64 = 1.5;
/// How far around a source light is added up, in pixels.
const REACH: usize = 6;

/// A star, or what was found: its place in pixels and its light.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Source {
    x: f64,
    y: f64,
    light: f64,
}

/// The truth of a file: a star in each of 4 x 4 squares.
fn stars(file: u64) -> Vec<Source> {
    let mut random = Random::new(1, 0, file);
    let square = (SIDE / STARS) as f64;
    let mut place = |k: usize| square * (k as f64 + 0.35 + 0.3 * random.uniform());
    let stars = (0..STARS * STARS).map(|k| [place(k % STARS), place(k / STARS)]).collect::<Vec<_>>();
    stars.into_iter().map(|[x, y]| Source { x, y, light: 2000.0 + 8000.0 * random.uniform() }).collect()
}

fn path(file: u64) -> PathBuf {
    PathBuf::from(format!("runs/images/image-{file:02}.fits"))
}

fn make(file: u64) -> Result<()> {
    let mut random = Random::new(1, 1, file);
    let stars = stars(file);
    let light = |star: &Source, x: f64, y: f64| {
        let square = (x - star.x).powi(2) + (y - star.y).powi(2);
        star.light / (TAU * WIDTH * WIDTH) * libm::exp(-square / (2.0 * WIDTH * WIDTH))
    };
    let mut pixel = |k: usize| {
        let (x, y) = ((k % SIDE) as f64, (k / SIDE) as f64);
        SKY + NOISE * random.normal() + stars.iter().map(|star| light(star, x, y)).sum::<f64>()
    };
    let pixels = PixelData::F32((0..SIDE * SIDE).map(|k| pixel(k) as f32).collect());
    let file_made = FitsFile::with_primary_image(ImageData::new(vec![SIDE, SIDE], pixels));
    let mut bytes = file_made.to_bytes().map_err(|error| Error::file(path(file), error.to_string()))?;
    bytes.truncate(if file == BAD { 10_000 } else { bytes.len() });
    std::fs::write(path(file), bytes).map_err(Error::io("write", path(file)))
}

fn read(path: &Path) -> Result<Vec<f64>> {
    let unread = |error| Error::file(path, format!("can't be read as FITS: {error}"));
    let file = FitsFile::from_file(path).map_err(unread)?;
    match &file.primary().data {
        HduData::Image(image) if image.axes == [SIDE, SIDE] => Ok(image.scaled_values(1.0, 0.0)),
        _ => Err(Error::file(path, format!("holds no image of {SIDE} x {SIDE} pixels"))),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Whether a pixel is inside the image by this many pixels.
fn is_inside(k: usize, border: usize) -> bool {
    let inside = border..SIDE - border;
    inside.contains(&(k % SIDE)) && inside.contains(&(k / SIDE))
}

/// The pixels around one, itself among them, in a square that reaches so far.
fn around(k: usize, reach: usize) -> impl Iterator<Item = usize> {
    let corner = k - reach - SIDE * reach;
    (0..=2 * reach).flat_map(move |y| (0..=2 * reach).map(move |x| corner + SIDE * y + x))
}

/// The sources of an image: what stands out of the sky by ten times its noise and is the brightest around.
fn sources(pixels: &[f64]) -> Vec<Source> {
    let sky = median(pixels.to_vec());
    // Law: of a normal distribution, the median deviation is 0.6745 standard deviations.
    let noise = median(pixels.iter().map(|pixel| (pixel - sky).abs()).collect()) / 0.6745;
    let is_peak =
        |k: &usize| pixels[*k] > sky + 10.0 * noise && around(*k, REACH / 2).all(|other| pixels[other] <= pixels[*k]);
    let bright = (0..pixels.len()).filter(|k| is_inside(*k, REACH)).filter(is_peak);
    bright.map(|peak| measured(pixels, sky, peak)).collect()
}

/// A source: the centre of the light around a peak, and all of that light.
fn measured(pixels: &[f64], sky: f64, peak: usize) -> Source {
    let sum = |weight: fn(usize) -> f64| around(peak, REACH).map(|k| weight(k) * (pixels[k] - sky)).sum::<f64>();
    let light = sum(|_| 1.0);
    Source { x: sum(|k| (k % SIDE) as f64) / light, y: sum(|k| (k / SIDE) as f64) / light, light }
}

/// Holds the sources of a file against its stars, and returns the largest error of a place.
fn check(file: u64, found: &[Source]) -> f64 {
    let stars = stars(file);
    assert_eq!(found.len(), stars.len(), "sources in file {file}");
    let mut largest: f64 = 0.0;
    for star in &stars {
        let apart = |source: &&Source| libm::hypot(source.x - star.x, source.y - star.y);
        let source = found.iter().min_by(|a, b| apart(a).total_cmp(&apart(b))).expect("a source");
        assert!((source.light / star.light - 1.0).abs() < 0.2, "{} instead of {}", source.light, star.light);
        largest = largest.max(apart(&source));
    }
    assert!(largest < 0.25, "a source of file {file} is {largest} pixels beside its star");
    largest
}

/// Draws an image four times as large, with a ring around each source.
fn draw(pixels: &[f64], found: &[Source]) -> Result<()> {
    let dot = |k: usize| {
        let (x, y) = ((k % (4 * SIDE)) as f64 / 4.0 - 0.375, (4 * SIDE - 1 - k / (4 * SIDE)) as f64 / 4.0 - 0.375);
        let is_ring = |source: &Source| (libm::hypot(source.x - x, source.y - y) - REACH as f64).abs() < 0.2;
        let nearest = x.round() as usize + SIDE * y.round() as usize;
        if found.iter().any(is_ring) { f64::NAN } else { pixels[nearest] }
    };
    let dots: Vec<f64> = (0..16 * SIDE * SIDE).map(dot).collect();
    image(Path::new("runs/images/sources.png"), 4 * SIDE, &dots, [SKY - 5.0 * NOISE, SKY + 60.0 * NOISE])
}

fn show(comm: &Comm) -> Result<u8> {
    std::fs::create_dir_all("runs/images").map_err(Error::io("create", "runs/images"))?;
    let files: Vec<u64> = (0..FILES).collect();
    for made in Executor::new(comm).map(&files, |_task, &file| make(file))? {
        made?;
    }
    let outcomes = Executor::new(comm).retries(0).map(&files, |_task, &file| Ok(sources(&read(&path(file))?)))?;
    if comm.is_root() {
        for (&file, outcome) in files.iter().zip(&outcomes) {
            assert_eq!(outcome.is_err(), file == BAD, "file {file}");
            match outcome {
                Ok(found) => {
                    let largest = check(file, found);
                    println!(
                        "{}: {} sources, at most {largest:.2} pixels beside their stars",
                        path(file).display(),
                        found.len()
                    );
                }
                Err(error) => println!("not measured: {}", error.message),
            }
        }
        draw(&read(&path(0))?, outcomes[0].as_ref().expect("the first file is whole"))?;
    }
    Ok(0)
}

fn main() -> ExitCode {
    launch(show)
}
