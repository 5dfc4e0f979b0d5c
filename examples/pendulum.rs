//! A sweep of your own: the period of a pendulum for many amplitudes, each a task for whichever rank is free.
//!
//!     mpirun -n 4 target/release/examples/pendulum examples/pendulum.toml runs/pendulum
//!
//! The periods are in results.csv of that folder, and in a journal from the moment they are known: a sweep that was killed goes on
//! where it was.
use std::fmt::Write;
use std::path::Path;

use divisi::config::ParameterFile;
use divisi::io::write_whole;
use divisi::prelude::*;
use divisi::tasks::Executor;

/// The file has one section, `[pendulum]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    pendulum: Pendulum,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pendulum {
    /// How many amplitudes, evenly spaced.
    count: u32,
    /// The least and the largest amplitude, radians.
    amplitudes: [f64; 2],
    /// Metres, and metres per second squared.
    length: f64,
    gravity: f64,
    /// Seconds of a step.
    dt: f64,
}

impl Pendulum {
    fn amplitude(&self, number: u32) -> f64 {
        let [least, largest] = self.amplitudes;
        least + (largest - least) * f64::from(number) / f64::from((self.count - 1).max(1))
    }

    /// Four times the time from rest at an amplitude to the lowest point, by small steps of d²a/dt² = -g/l sin a.
    fn period(&self, amplitude: f64) -> f64 {
        let mut angle = amplitude;
        let mut speed = 0.0;
        let mut steps = 0.0;
        while angle > 0.0 {
            speed -= self.dt * self.gravity / self.length * libm::sin(angle);
            angle += self.dt * speed;
            steps += 1.0;
        }
        4.0 * steps * self.dt
    }
}

fn sweep(comm: &Comm) -> Result<u8> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [file, folder, values @ ..] = &words[..] else {
        let reason = "a parameter file, a folder for the results, and any key=value over the file";
        return Err(Error::input("arguments", reason));
    };
    let parameters = ParameterFile::read(Path::new(file), values)?;
    let File { pendulum } = parameters.typed(|_| true, &[])?;
    positive("pendulum.dt", pendulum.dt, false).map_err(|error| parameters.locate(error))?;

    let folder = Path::new(folder);
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let amplitudes: Vec<f64> = (0..pendulum.count).map(|number| pendulum.amplitude(number)).collect();
    let outcomes = Executor::new(comm)
        .journal(&folder.join("journal"), &format!("{pendulum:?}"))
        .map(&amplitudes, |_task, &amplitude| Ok(pendulum.period(amplitude)))?;

    let mut table = String::from("amplitude,period\n");
    for (amplitude, outcome) in amplitudes.iter().zip(outcomes) {
        writeln!(table, "{amplitude},{}", outcome?).expect("a text takes all");
    }
    if comm.is_root() {
        write_whole(&folder.join("results.csv"), table.as_bytes())?;
    }
    Ok(0)
}

fn main() -> ExitCode {
    launch(sweep)
}
