//! Seasonal means of a climate field: grouped by season on all ranks, weighted by area and by the length of each month.
//!
//!     mpirun -n 2 target/release/examples/seasons     writes runs/seasons
//!
//! Ten years of monthly temperatures are made first and written to a NetCDF-4 file, field.nc. Each rank then reads some latitudes of
//! all months: so a season's months are on one rank, and grouping them needs no message. Only the means of the globe are sums over
//! ranks. The means by place go to seasons.nc, which xarray opens as it opens the field: `xarray.open_dataset("seasons.nc")`.
use std::ops::Range;
use std::path::Path;

use divisi::io::{Axis, FileWriter, Reader, Slab, WriteOptions};
use divisi::partition::balanced_range;
use divisi::plot::Map;
use divisi::prelude::*;

const FOLDER: &str = "runs/seasons";
const YEARS: Range<u32> = 2001..2011;
const LATITUDES: u64 = 37;
const LONGITUDES: u64 = 60;
const SEASONS: [&str; 4] = ["DJF", "MAM", "JJA", "SON"];

/// A month: its year, its number from 0, its length in days, and its middle in days since the beginning.
struct Month {
    year: u32,
    number: u32,
    days: f64,
    middle: f64,
}

impl Month {
    fn season(&self) -> usize {
        ((self.number + 1) / 3 % 4) as usize
    }

    /// 1 in July, -1 in January.
    fn summer(&self) -> f64 {
        -libm::cos(TAU * f64::from(self.number) / 12.0)
    }

    /// The mean of the globe, which the field is made to have.
    fn mean(&self) -> f64 {
        288.0 + 1.5 * self.summer() + 0.02 * f64::from(self.year - YEARS.start)
    }
}

fn months() -> Vec<Month> {
    let mut months = Vec::new();
    let mut begun = 0.0;
    for year in YEARS {
        let february = if year % 4 == 0 { 29.0 } else { 28.0 };
        let days = [31.0, february, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0];
        for (number, days) in (0..).zip(days) {
            months.push(Month { year, number, days, middle: begun + days / 2.0 });
            begun += days;
        }
    }
    months
}

/// The sines of a row's southern and northern edges. A cell's area goes as their difference.
fn edges(row: u64) -> [f64; 2] {
    [row, row + 1].map(|edge| libm::sin(PI * (edge as f64 / LATITUDES as f64 - 0.5)))
}

fn area(row: u64) -> f64 {
    edges(row)[1] - edges(row)[0]
}

/// The temperature of a cell: cold poles, summers that change sides, waves along a circle of latitude. Laws: the mean of s = sin(latitude)
/// over a row is (a + b) / 2, that of s² is (a² + ab + b²) / 3; over the globe they are 0 and 1/3.
fn temperature(month: &Month, row: u64, column: u64) -> f64 {
    let [a, b] = edges(row);
    let wave = libm::cos(TAU * 3.0 * (column as f64 + 0.5) / LONGITUDES as f64);
    month.mean() + 45.0 * (1.0 - (a * a + a * b + b * b)) / 3.0 + 12.0 * month.summer() * (a + b) / 2.0 + 3.0 * wave
}

/// The axes of latitude and longitude, in degrees.
fn places() -> [Axis; 2] {
    let middle = |k: u64, count: u64, width: f64| (k as f64 + 0.5) * width / count as f64;
    let latitudes: Vec<f64> = (0..LATITUDES).map(|row| middle(row, LATITUDES, 180.0) - 90.0).collect();
    let longitudes: Vec<f64> = (0..LONGITUDES).map(|column| middle(column, LONGITUDES, 360.0)).collect();
    [Axis::new("lat", "degrees_north", latitudes), Axis::new("lon", "degrees_east", longitudes)]
}

/// Writes temperatures along an axis and over the globe into a file, each rank its rows.
fn write(comm: &Comm, name: &str, axis: Axis, rows: &Range<u64>, numbers: &[f64]) -> Result<()> {
    let file = FileWriter::create(comm, &Path::new(FOLDER).join(name), &WriteOptions::default())?;
    file.conventions()?;
    for axis in places().iter().chain([&axis]) {
        file.axis(axis)?;
    }
    let length = axis.coordinates.len() as u64;
    file.dataset("temperature", &slab(length, rows), numbers)?;
    file.describe("temperature", "K", "temperature near the ground")?;
    file.along("temperature", &[&axis.name[..], "lat", "lon"])?;
    file.finish()
}

/// Some rows of an array over the globe, at all of its `length` times.
fn slab(length: u64, rows: &Range<u64>) -> Slab {
    Slab::new([length, LATITUDES, LONGITUDES], [0, rows.start, 0], [length, rows.end - rows.start, LONGITUDES])
}

/// The mean of each season at each place of these rows, weighted by days: season after season.
fn seasonal(months: &[Month], field: &[f64]) -> Vec<f64> {
    let places = field.len() / months.len();
    let mut sums = vec![0.0; 4 * places];
    let mut days = [0.0; 4];
    for (month, temperatures) in months.iter().zip(field.chunks(places.max(1))) {
        let season = month.season();
        days[season] += month.days;
        let sums = sums[season * places..].iter_mut();
        sums.zip(temperatures).for_each(|(sum, temperature)| *sum += month.days * temperature);
    }
    sums.iter().enumerate().map(|(k, sum)| sum / days[k / places]).collect()
}

/// The mean of the globe, by area; all ranks. The sum is exact, so it doesn't depend on ranks.
fn global(comm: &Comm, rows: &Range<u64>, means: &[f64], area: impl Fn(u64) -> f64) -> f64 {
    let weights: Vec<f64> = rows.clone().flat_map(|row| vec![area(row); LONGITUDES as usize]).collect();
    let sum = comm.sum_exact(weights.iter().zip(means).map(|(weight, mean)| weight * mean));
    sum / comm.sum_exact(weights)
}

fn show(comm: &Comm) -> Result<u8> {
    std::fs::create_dir_all(FOLDER).map_err(Error::io("create", FOLDER))?;
    let months = months();
    let rows = balanced_range(LATITUDES, comm.size(), comm.rank());
    let row = |month, row| (0..LONGITUDES).map(move |column| temperature(month, row, column));
    let made: Vec<f64> =
        months.iter().flat_map(|month| rows.clone().flat_map(move |number| row(month, number))).collect();
    let time = Axis::new("time", "days since 2001-01-01", months.iter().map(|month| month.middle).collect::<Vec<_>>());
    write(comm, "field.nc", time, &rows, &made)?;

    let file = Reader::open(&Path::new(FOLDER).join("field.nc"))?;
    let field = file.read_slab::<f64>("temperature", &slab(months.len() as u64, &rows))?;
    let means = seasonal(&months, &field);
    let season = Axis::new("season", "", [0.0, 1.0, 2.0, 3.0]).long_name("0 DJF, 1 MAM, 2 JJA, 3 SON");
    write(comm, "seasons.nc", season, &rows, &means)?;

    let places = means.len() / 4;
    for (number, name) in SEASONS.into_iter().enumerate() {
        let mine = &means[number * places..(number + 1) * places];
        let found = global(comm, &rows, mine, area);
        let unweighted = global(comm, &rows, mine, |_| 1.0);
        let of_season = || months.iter().filter(|month| month.season() == number);
        let days: f64 = of_season().map(|month| month.days).sum();
        let exact = of_season().map(|month| month.days * month.mean()).sum::<f64>() / days;
        assert!((found - exact).abs() < 1e-10, "{name}: {found} instead of {exact}");
        if comm.is_root() {
            println!("{name}: {found:.6} K, without the cells' areas {unweighted:.6} K");
        }
    }
    if let Some(by_rank) = comm.gather(&means[2 * places..3 * places], 0) {
        draw(&by_rank.concat())?;
    }
    Ok(0)
}

fn draw(means: &[f64]) -> Result<()> {
    let picture = Map {
        title: "Mean temperature of June, July and August",
        labels: ["longitude (degrees)", "latitude (degrees)"],
        ranges: [0.0..360.0, -90.0..90.0],
        values: means,
        width: LONGITUDES as usize,
        label: "K",
    };
    picture.save(&Path::new(FOLDER).join("summer")).map(drop)
}

fn main() -> ExitCode {
    launch(show)
}
