//! A picture and an integral in parts: each part is a task with a picture of its own, and all are stitched into one.
//!
//! exp(-(x² + y²)) at 4000 x 4000 points of x, y in [-2, 2); its integral is π erf(2)² = 3.11227. How much faster more ranks are
//! shows scaling.rs.
//!
//!     mpirun -n 4 target/release/examples/gaussian 4         4 parts, with their pictures in runs/gaussian
//!     target/release/examples/gaussian --part 2 --of 4       a part alone, counted from 0: a job of its own
//!     target/release/examples/gaussian --stitch 4            puts the parts of such jobs together
use std::f64::consts::PI;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use divisi::bytemuck::cast_slice_mut;
use divisi::comm::launch;
use divisi::partition::balanced_range;
use divisi::tasks::{self, Array};
use divisi::{Comm, Error, Result, bytemuck, plot};

const LOW: f64 = -2.0;
const STEP: f64 = 0.001;
/// Points along a side of a picture's dot, and dots along a side of the whole picture.
const FINER: usize = 4;
const DOTS: usize = 1000;
/// erf(2)
const ERF_2: f64 = 0.995_322_265_018_952_7;

#[derive(Parser)]
struct Arguments {
    /// The number of parts.
    #[arg(default_value_t = 4)]
    parts: usize,
    /// Does this part alone.
    #[arg(long, requires = "of")]
    part: Option<usize>,
    /// The number of parts that it is one of.
    #[arg(long)]
    of: Option<usize>,
    /// Puts together this number of parts, each done by itself before.
    #[arg(long, conflicts_with = "part")]
    stitch: Option<usize>,
    /// The folder of the pictures.
    #[arg(long, default_value = "runs/gaussian")]
    out: PathBuf,
}

/// Some rows of the picture's dots, from above.
struct Part {
    index: usize,
    of: usize,
}

impl Part {
    fn path(&self, folder: &Path, ending: &str) -> PathBuf {
        folder.join(format!("part-{}-of-{}.{ending}", self.index, self.of))
    }

    /// The part's integral and its dots, each the mean of its points: only these travel, not 16 times as many points.
    fn compute(&self) -> (f64, Array<f64>) {
        let mut sum = 0.0;
        let mut dots = Vec::new();
        for row in balanced_range(DOTS as u64, self.of, self.index) {
            for column in 0..DOTS {
                let points = dot(column, DOTS - 1 - row as usize);
                sum += points;
                dots.push(points / (FINER * FINER) as f64);
            }
        }
        (sum * STEP * STEP, Array(dots))
    }
}

/// The sum over the points of a dot. Law: f(x, y) = exp(-(x² + y²)).
fn dot(column: usize, row: usize) -> f64 {
    let place = |dot: usize, point: usize| LOW + STEP * (FINER * dot + point) as f64;
    let mut sum = 0.0;
    for y in (0..FINER).map(|point| place(row, point)) {
        for x in (0..FINER).map(|point| place(column, point)) {
            sum += (-(x * x + y * y)).exp();
        }
    }
    sum
}

/// The integral over some of a picture's dots.
fn integral(dots: &[f64]) -> f64 {
    dots.iter().sum::<f64>() * (FINER * FINER) as f64 * STEP * STEP
}

fn draw(path: &Path, dots: &[f64]) -> Result<()> {
    plot::image(path, DOTS, dots, [0.0, 1.0])
}

/// Writes the whole picture; its integral must be that of the parts together, and the known one.
fn stitch(folder: &Path, parts: Vec<(f64, Array<f64>)>) -> Result<()> {
    let sum: f64 = parts.iter().map(|(integral, _)| integral).sum();
    let whole: Vec<f64> = parts.into_iter().flat_map(|(_, dots)| dots.0).collect();
    assert_eq!(whole.len(), DOTS * DOTS);
    assert!((integral(&whole) - sum).abs() < 1e-12, "the stitched picture's integral is {}", integral(&whole));
    assert!((sum - PI * ERF_2 * ERF_2).abs() < 1e-7, "the integral is {sum}");
    draw(&folder.join("whole.png"), &whole)?;
    println!("integral {sum:.9}, exactly {:.9}", PI * ERF_2 * ERF_2);
    Ok(())
}

/// All parts as tasks of one job; rank 0 draws.
fn sweep_parts(comm: &Comm, count: usize, folder: &Path) -> Result<()> {
    let parts: Vec<Part> = (0..count).map(|index| Part { index, of: count }).collect();
    let done = tasks::map(comm, &parts, Part::compute)?;
    if comm.is_root() {
        for (part, (_, dots)) in parts.iter().zip(&done) {
            draw(&part.path(folder, "png"), &dots.0)?;
        }
        stitch(folder, done)?;
    }
    Ok(())
}

/// One part as a job of its own: its picture, and its numbers for the job that stitches.
fn alone(part: &Part, folder: &Path) -> Result<()> {
    let (integral, dots) = part.compute();
    let path = part.path(folder, "f64");
    let numbers = [&[integral], &dots.0[..]].concat();
    std::fs::write(&path, bytemuck::cast_slice(&numbers)).map_err(Error::io("write", &path))?;
    println!("part {} of {}: integral {integral:.9}", part.index, part.of);
    draw(&part.path(folder, "png"), &dots.0)
}

/// What [`alone`] wrote.
fn read(part: &Part, folder: &Path) -> Result<(f64, Array<f64>)> {
    let path = part.path(folder, "f64");
    let bytes = std::fs::read(&path).map_err(Error::io("read", &path))?;
    let rows = balanced_range(DOTS as u64, part.of, part.index);
    let mut numbers = vec![0.0; 1 + DOTS * (rows.end - rows.start) as usize];
    if bytes.len() != 8 * numbers.len() {
        return Err(Error::file(&path, format!("{} bytes instead of {}", bytes.len(), 8 * numbers.len())));
    }
    cast_slice_mut(&mut numbers).copy_from_slice(&bytes);
    Ok((numbers[0], Array(numbers.split_off(1))))
}

fn run(comm: &Comm) -> Result<u8> {
    let arguments = Arguments::try_parse().map_err(|error| Error::input("arguments", error.to_string()))?;
    let folder = &arguments.out;
    let count = arguments.stitch.or(arguments.of).unwrap_or(arguments.parts);
    if count == 0 || count > DOTS || arguments.part.is_some_and(|part| part >= count) {
        return Err(Error::input("arguments", format!("1 to {DOTS} parts, counted from 0")));
    }
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let part = |index| Part { index, of: count };
    match (arguments.part, arguments.stitch) {
        (None, None) => sweep_parts(comm, count, folder)?,
        (Some(index), _) if comm.is_root() => alone(&part(index), folder)?,
        _ if comm.is_root() => {
            stitch(folder, (0..count).map(|index| read(&part(index), folder)).collect::<Result<_>>()?)?
        }
        _ => {}
    }
    Ok(0)
}

fn main() -> ExitCode {
    launch(run)
}
