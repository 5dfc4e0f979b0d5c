//! How faint a planet could be seen? Contrast calibrated by fake planets, put into made-up images at many places and found again.
//!
//! A star's halo of speckles stays where it is while the sky turns: the median of all frames is the halo without what turns, and
//! subtracting it leaves planets, dimmed by their share in the median (angular differential imaging, Marois et al. 2006). The
//! injected planets measure by how much: a sweep. The noise is that of apertures at the same separation, few near the star: a
//! planet counts as seen beyond the value that Student's distribution exceeds as rarely as a normal one exceeds 5 sigma (Mawet
//! et al. 2014). In other nights, planets at that limit must come out as bright as they are, and half of them be seen.
//!
//!     mpirun -n 2 target/release/examples/contrast_curve        draws runs/contrast_curve.png and .svg
use std::f64::consts::{PI, TAU};
use std::path::Path;
use std::process::ExitCode;

use divisi::comm::launch;
use divisi::plot::{Fitted, Line, Points};
use divisi::random::Random;
use divisi::{Comm, Error, Result, tasks};

/// Pixels along a side, frames, and the angle by which the sky turns during all of them.
const SIDE: usize = 81;
const MIDDLE: f64 = (SIDE / 2) as f64;
const FRAMES: usize = 15;
const TURN: f64 = 1.2;
/// The width of the star's image at half its height, pixels.
const WIDTH: f64 = 4.0;
/// Separations, pixels, and places at each.
const SEPARATIONS: std::ops::Range<usize> = 3..12;
const PLACES: usize = 8;

/// All frames of a night, in units of the star's highest pixel, had it not been masked.
type Frames = Vec<Vec<f64>>;
/// A place: separation in pixels, and angle on the sky when a night begins.
type Place = [f64; 2];

/// A point source's light in a pixel at this distance.
fn psf(dx: f64, dy: f64) -> f64 {
    libm::exp(-4.0 * std::f64::consts::LN_2 * (dx * dx + dy * dy) / (WIDTH * WIDTH))
}

/// Adds a source to a frame, `x` and `y` from its middle.
fn add(frame: &mut [f64], x: f64, y: f64, light: f64) {
    let near = |place: f64| (place + MIDDLE - 8.0).max(0.0) as usize..((place + MIDDLE + 9.0) as usize).min(SIDE);
    for (row, column) in near(y).flat_map(|row| near(x).map(move |column| (row, column))) {
        frame[row * SIDE + column] += light * psf(column as f64 - MIDDLE - x, row as f64 - MIDDLE - y);
    }
}

/// Where a place is in a frame, from its middle.
fn turned([separation, angle]: Place, frame: usize) -> (f64, f64) {
    let (sin, cos) = libm::sincos(angle + TURN * frame as f64 / (FRAMES - 1) as f64);
    (separation * cos, separation * sin)
}

/// A night's frames: speckles that stay, fewer that don't, and noise.
fn night(night: u64) -> Frames {
    let speckles = |frame: &mut [f64], stream: u32, count: u64, light: f64| {
        for index in 0..count {
            let mut random = Random::new(night, stream, index);
            let separation = 4.0 + 38.0 * random.uniform();
            let angle = TAU * random.uniform();
            let light = light * -libm::log(random.uniform()) * (10.0 / separation).powi(2);
            add(frame, separation * libm::cos(angle), separation * libm::sin(angle), light);
        }
    };
    let mut halo = vec![0.0; SIDE * SIDE];
    speckles(&mut halo, 0, 400, 5e-4);
    let frame = |number: usize| {
        let mut frame = halo.clone();
        speckles(&mut frame, 1 + number as u32, 100, 5e-5);
        for (pixel, light) in frame.iter_mut().enumerate() {
            *light += 1e-5 * Random::new(night, 100 + number as u32, pixel as u64).normal();
        }
        frame
    };
    (0..FRAMES).map(frame).collect()
}

/// The frames with a planet of this contrast in them, less the median of all.
fn reduced(frames: &Frames, place: Place, contrast: f64) -> Frames {
    let mut frames = frames.clone();
    for (number, frame) in frames.iter_mut().enumerate() {
        let (x, y) = turned(place, number);
        add(frame, x, y, contrast);
    }
    let mut column = [0.0; FRAMES];
    for pixel in 0..SIDE * SIDE {
        column.iter_mut().zip(&frames).for_each(|(value, frame)| *value = frame[pixel]);
        column.sort_by(f64::total_cmp);
        frames.iter_mut().for_each(|frame| frame[pixel] -= column[FRAMES / 2]);
    }
    frames
}

/// The light of a source that turns with the sky from this place: by its form, in all frames (a matched filter).
fn light(frames: &Frames, place: Place) -> f64 {
    let mut sum = 0.0;
    let mut weight = 0.0;
    for (number, frame) in frames.iter().enumerate() {
        let (x, y) = turned(place, number);
        let near = |place: f64| (place + MIDDLE).round() as usize - 3..(place + MIDDLE).round() as usize + 4;
        for (row, column) in near(y).flat_map(|row| near(x).map(move |column| (row, column))) {
            let form = psf(column as f64 - MIDDLE - x, row as f64 - MIDDLE - y);
            (sum, weight) = (sum + form * frame[row * SIDE + column], weight + form * form);
        }
    }
    sum / weight
}

/// The value that Student's distribution exceeds as rarely as a normal one 5 sigma. With x = √ν tan φ its density is cos^(ν-1) φ.
fn student(freedom: f64) -> f64 {
    let integral = |from: f64| {
        let step = (0.5 * PI - from) / 300.0;
        let value = |k: usize| libm::pow(libm::cos(from + (k as f64 + 0.5) * step), freedom - 1.0);
        step * (0..300).map(value).sum::<f64>()
    };
    let rare = 2.866_515_7e-7 * 2.0 * integral(0.0);
    let halved = |[low, high]: [f64; 2], _| {
        let middle = 0.5 * (low + high);
        if integral(middle) > rare { [middle, high] } else { [low, middle] }
    };
    freedom.sqrt() * libm::tan((0..60).fold([0.0, 0.5 * PI], halved)[0])
}

/// The mean of the other apertures at a place's separation, one beside the other, their noise, and the threshold in units of it.
fn others(frames: &Frames, [separation, angle]: Place) -> [f64; 3] {
    let count = (TAU * separation / WIDTH) as usize;
    let place = |k: usize| [separation, angle + TAU * k as f64 / count as f64];
    let found: Vec<f64> = (1..count).map(|k| light(frames, place(k))).collect();
    let number = found.len() as f64;
    let mean = found.iter().sum::<f64>() / number;
    let noise = (found.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (number - 1.0)).sqrt();
    [mean, noise, student(number - 1.0) * (1.0 + 1.0 / number).sqrt()]
}

/// The threshold in units of the noise, the noise, and what part is left of a planet put in, about as faint as can be seen.
fn calibrate(frames: &Frames, place: Place) -> [f64; 3] {
    let plain = reduced(frames, place, 0.0);
    let [_, noise, threshold] = others(&plain, place);
    let with = reduced(frames, place, threshold * noise);
    [threshold, noise, (light(&with, place) - light(&plain, place)) / (threshold * noise)]
}

/// Whether a planet is seen, and how bright it is found.
fn find(frames: &Frames, place: Place, limit: &[f64; 3]) -> (bool, f64) {
    let [mean, noise, threshold] = others(&reduced(frames, place, 0.0), place);
    let light = light(&reduced(frames, place, contrast(limit)), place) - mean;
    (light > threshold * noise, light / limit[2])
}

fn contrast([threshold, noise, left]: &[f64; 3]) -> f64 {
    threshold * noise / left
}

fn show(comm: &Comm) -> Result<u8> {
    let separations: Vec<f64> = SEPARATIONS.map(|k| 3.0 * k as f64).collect();
    // The places, each in nights of its own.
    let places: Vec<usize> = (0..separations.len() * PLACES).collect();
    let at = |place: usize| [separations[place / PLACES], TAU * (place % PLACES) as f64 / PLACES as f64];
    let measured = tasks::map(comm, &places, |&place| calibrate(&night(place as u64), at(place)))?;
    let mean = |of: &[[f64; 3]], k: usize| of.iter().map(|limit| limit[k]).sum::<f64>() / PLACES as f64;
    let limits: Vec<[f64; 3]> = measured.chunks(PLACES).map(|of| [0, 1, 2].map(|k| mean(of, k))).collect();
    // In other nights planets at the limit.
    let limit = |place: usize| &limits[place / PLACES];
    let found = tasks::map(comm, &places, |&place| find(&night(1000 + place as u64), at(place), limit(place)))?;
    if comm.is_root() {
        let count = found.len() as f64;
        let ratio = places.iter().map(|&place| found[place].1 / contrast(limit(place))).sum::<f64>() / count;
        let seen = found.iter().filter(|(seen, _)| *seen).count() as f64 / count;
        for (separation, limit @ [threshold, _, left]) in separations.iter().zip(&limits) {
            let contrast = contrast(limit);
            println!("{separation:4} pixels: {contrast:.2e} ({threshold:.2} sigma, {left:.2} of a planet left)");
        }
        println!("planets at the limit: found with {ratio:.3} of their light, {seen:.2} of them seen");
        assert!((ratio - 1.0).abs() < 0.05 && (seen - 0.5).abs() < 0.12);
        draw(&separations, &limits, places.iter().map(|&place| (at(place)[0], found[place].1)))?;
    }
    Ok(0)
}

/// Draws the contrast of the limits, and the planets as they were found.
fn draw(separations: &[f64], limits: &[[f64; 3]], found: impl Iterator<Item = (f64, f64)>) -> Result<()> {
    std::fs::create_dir_all("runs").map_err(Error::io("create", "runs"))?;
    let point = |(separation, contrast): (f64, f64)| [separation / WIDTH, libm::log10(contrast)];
    let line = |of: fn(&[f64; 3]) -> f64, pale| {
        let points = separations.iter().zip(limits).map(|(separation, limit)| point((*separation, of(limit))));
        Line { points: points.collect(), pale }
    };
    let at = found.filter(|(_, contrast)| *contrast > 0.0).map(point).collect();
    let picture = Fitted {
        title: "Contrast that 5 sigma allow (pale: without the correction for few apertures)".to_owned(),
        labels: ["separation / width of the star's image", "log₁₀ contrast"].map(str::to_owned),
        curves: vec![line(contrast, false), line(|[_, noise, left]| 5.0 * noise / left, true)],
        points: vec![Points { name: "planets at the limit, as found".to_owned(), at, errors: Vec::new() }],
        ..Fitted::default()
    };
    picture.save(Path::new("runs/contrast_curve")).map(drop)
}

fn main() -> ExitCode {
    launch(show)
}
