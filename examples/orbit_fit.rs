//! An orbit fit on public items: places of a planet and velocities of its star together give the planet's mass.
//!
//!     mpirun -n 2 target/release/examples/orbit_fit        writes runs/orbit_fit: posterior.hdf5, corner and orbits as PNG and SVG
//!
//! The measured values are made up from a known orbit, in the layout of orbitize's CSV files. All ranks sample the posterior with walkers
//! at ten temperatures that start at its maximum; each rank holds its share of the samples, and the samples are the same bits on any number of ranks. The truth
//! must lie where it should: within 3 standard deviations, and the mass must be found to better than a tenth.
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use divisi::comm::launch;
use divisi::io::WriteOptions;
use divisi::orbit::posterior::Posterior;
use divisi::orbit::{Fit, Format, Observations, OrbitSection};
use divisi::plot::{Line, Points, Sky, corner};
use divisi::random::Random;
use divisi::run::Goal;
use divisi::sampler::{Ensemble, EnsembleSettings, Start};
use divisi::simd::Level;
use divisi::{Comm, Error, Result};

const SEED: u64 = 1;
/// The truth: au, radians, a share of the period, mas, km/s, solar masses.
const TRUTH: [(&str, f64); 11] = [
    ("sma1", 3.2),
    ("ecc1", 0.25),
    ("inc1", 0.9),
    ("aop1", 2.0),
    ("pan1", 4.0),
    ("tau1", 0.4),
    ("plx", 80.0),
    ("gamma_tower", 0.004),
    ("sigma_tower", 0.006),
    ("m1", 0.02),
    ("m0", 1.0),
];
/// What is known before; all else has its default.
const PRIORS: &str = "plx = { normal = [80.0, 0.1] }\nm0 = { normal = [1.0, 0.05] }";
/// Places and velocities: how many, from when to when (MJD), and their errors (mas, km/s).
const PLACES: (u64, f64) = (14, 2.0);
const VELOCITIES: (u64, f64) = (40, 0.004);
const SPAN: [f64; 2] = [56000.0, 58500.0];
const FOLDER: &str = "runs/orbit_fit";

fn epoch(index: u64, count: u64) -> f64 {
    SPAN[0] + (SPAN[1] - SPAN[0]) * (index as f64 + 0.5) / count as f64
}

/// The fit to measurements in the layout of orbitize's files.
fn fit_to(text: &str) -> Result<Fit> {
    let observations = Observations::from_texts([("made up", text)], Format::Orbitize)?;
    let model = OrbitSection { companion_masses: true, ..OrbitSection::default() };
    Fit::new(observations, &model, &PRIORS.parse().expect("priors"), Level::detect())
}

/// Measurements that are the truth and an error.
fn made_up() -> Result<String> {
    const HEAD: &str = "epoch,object,raoff,raoff_err,decoff,decoff_err,rv,rv_err,instrument\n";
    // A fit to anything knows the model.
    let model = fit_to(&format!("{HEAD}56000,1,0,1,0,1,,,\n56000,0,,,,,0,1,tower\n"))?;
    let point: Vec<f64> = model.names().iter().map(|name| truth(name)).collect();
    let mut text = HEAD.to_owned();
    let mut random = Random::new(SEED, 0, 0);
    let (count, error) = PLACES;
    let epochs: Vec<f64> = (0..count).map(|index| epoch(index, count)).collect();
    for (epoch, [east, north]) in epochs.iter().zip(model.positions(&point, 1, &epochs)?) {
        let [east, north] = [east, north].map(|offset| offset + error * random.normal());
        writeln!(text, "{epoch},1,{east},{error},{north},{error},,,").expect("a text grows");
    }
    let (count, error) = VELOCITIES;
    let epochs: Vec<f64> = (0..count).map(|index| epoch(index, count)).collect();
    let all_errors = error.hypot(truth("sigma_tower"));
    for (epoch, velocity) in epochs.iter().zip(model.velocities(&point, 0, &epochs)?) {
        let velocity = velocity + truth("gamma_tower") + all_errors * random.normal();
        writeln!(text, "{epoch},0,,,,,{velocity},{error},tower").expect("a text grows");
    }
    Ok(text)
}

fn truth(name: &str) -> f64 {
    TRUTH.iter().find(|(one, _)| *one == name).unwrap_or_else(|| panic!("no truth of {name}")).1
}

/// This rank's share of the samples.
fn posterior(ensemble: &Ensemble<Fit>) -> Posterior {
    let mut mine = ensemble.density().posterior(&ensemble.samples().numbers);
    mine.about.sampler = "MCMC".to_owned();
    mine
}

/// Orbits of samples over the measured places.
fn draw(fit: &Fit, whole: &Posterior) -> Result<()> {
    corner(whole, &["sma1", "ecc1", "inc1", "m1", "m0"], &Path::new(FOLDER).join("corner"))?;
    let orbit = |row: usize, pale: bool| {
        let point = whole.row(row);
        let period = fit.orbital_period(point, 1);
        let epochs: Vec<f64> = (0..=300).map(|step| SPAN[0] + period * f64::from(step) / 300.0).collect();
        Ok(Line { points: fit.positions(point, 1, &epochs)?, pale })
    };
    let mut orbits = (0..60).map(|k| orbit(k * whole.len() / 60, true)).collect::<Result<Vec<_>>>()?;
    orbits.extend(whole.best().map(|best| orbit(best, false)).transpose()?);
    let places = fit.observations().rows.iter().filter(|row| row.object == 1);
    let points = Points {
        name: String::new(),
        at: places.clone().map(|row| row.values).collect(),
        errors: places.map(|row| row.errors).collect(),
    };
    let title = "a made-up planet".to_owned();
    Sky { title, unit: "mas".to_owned(), orbits, points: vec![points], within: None }
        .save(&Path::new(FOLDER).join("orbits"))?;
    Ok(())
}

fn check(whole: &Posterior) {
    for (name, truth) in TRUTH {
        let place = whole.place(name).expect("a parameter");
        let shares = whole.quantiles(place, &[0.16, 0.5, 0.84]);
        let deviation = 0.5 * (shares[2] - shares[0]);
        assert!((shares[1] - truth).abs() < 3.0 * deviation, "{name}: {shares:?} instead of {truth}");
        assert!(name != "m1" || deviation < 0.1 * truth, "the mass is not known well: {shares:?}");
    }
}

fn run(comm: &Comm) -> Result<u8> {
    // Hot walkers, for which the measurements count less, find all orbits that fit and hand them down.
    let settings = EnsembleSettings {
        walkers: 32,
        temperatures: 10,
        burn_in: 2000,
        effective_samples: 2000.0,
        start: Start::Maximum,
        ..EnsembleSettings::tempering()
    };
    let mut ensemble = Ensemble::new(comm, fit_to(&made_up()?)?, settings, SEED)?;
    while ensemble.goal() == Goal::Open && ensemble.steps() < 100_000 {
        ensemble.step()?;
    }
    assert_eq!(ensemble.goal(), Goal::Reached, "after {} steps {:?}", ensemble.steps(), ensemble.seen());
    let file = Path::new(FOLDER).join("posterior.hdf5");
    let made = if comm.is_root() { std::fs::create_dir_all(FOLDER) } else { Ok(()) };
    comm.agree(made.map_err(Error::io("create", FOLDER)))?;
    posterior(&ensemble).write(comm, &file, &WriteOptions::default())?;
    let drawn = if comm.is_root() { report(ensemble.density(), &file) } else { Ok(()) };
    comm.agree(drawn)?;
    Ok(0)
}

/// Rank 0 reads what all ranks wrote: table, pictures, checks.
fn report(fit: &Fit, file: &Path) -> Result<()> {
    let whole = Posterior::read(file)?;
    println!("{}", whole.summary());
    draw(fit, &whole)?;
    check(&whole);
    Ok(())
}

fn main() -> ExitCode {
    launch(run)
}
