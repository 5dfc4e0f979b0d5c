//! A simulation of your own that gets the whole program: masses on springs, to run, resume, compare and list.
use std::process::ExitCode;

use bytemuck::{Pod, Zeroable};
use divisi::output::Column;
use divisi::particles::Particles;
use divisi::partition::balanced_range;
use divisi::random::Random;
use divisi::run::{Row, Setup};
use divisi::units::Units;
use divisi::{Checkpoint, CheckpointReader, Clock, Comm, Error, Result, Simulation, Snapshot};
use serde::{Deserialize, Serialize};

/// The parameters beyond the framework's own: the section `[springs]`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    springs: Section,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    n: u64,
    stiffness: f64,
    dt: f64,
}

/// One mass: plain data, so that it can travel between ranks and into files.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Mass {
    position: [f64; 3],
    velocity: [f64; 3],
}

/// The state on one rank: its share of the masses.
struct Springs {
    section: Section,
    masses: Particles<Mass>,
}

impl Simulation for Springs {
    const NAME: &'static str = "springs";
    const PARAMETERS: &'static str = "[springs]
n = 100            # number of masses of 1, each on a spring of its own
stiffness = 1.0    # force per length
dt = 0.01          # step, time
";
    type Config = Config;

    fn validate(config: &Config, _units: &Units) -> Result<()> {
        match config.springs.dt > 0.0 {
            true => Ok(()),
            false => Err(Error::input("springs.dt", format!("{} is not positive", config.springs.dt))),
        }
    }

    fn new(setup: &Setup<Config>, comm: &Comm) -> Result<Self> {
        let section = setup.config.springs.clone();
        // The start of a mass depends on its index alone, so it is the same on any number of ranks.
        let start = |index| Random::new(setup.seed, 0, index).unit_vector();
        let mass = |index| Mass { position: start(index), velocity: [0.0; 3] };
        let masses = Particles::distribute(comm, section.n, |range| range.map(mass).collect());
        Ok(Springs { section, masses })
    }

    /// Kick, drift, kick, with a fixed step.
    fn step(&mut self, _clock: &Clock, _dt_max: f64) -> Result<f64> {
        let Section { stiffness, dt, .. } = self.section;
        for mass in self.masses.local_mut() {
            for (x, v) in mass.position.iter_mut().zip(&mut mass.velocity) {
                *v -= 0.5 * dt * stiffness * *x;
                *x += dt * *v;
                *v -= 0.5 * dt * stiffness * *x;
            }
        }
        Ok(dt)
    }

    fn snapshot(&self, out: &mut Snapshot) -> Result<()> {
        let (masses, first) = (self.masses.local(), self.masses.first());
        let positions: Vec<[f64; 3]> = masses.iter().map(|mass| mass.position).collect();
        let velocities: Vec<[f64; 3]> = masses.iter().map(|mass| mass.velocity).collect();
        let (ids, ones): (Vec<u64>, Vec<f64>) = (first..).take(masses.len()).map(|index| (index, 1.0)).unzip();
        let columns = [
            Column::vector("Coordinates", "", &positions),
            Column::vector("Velocities", "", &velocities),
            Column::scalar("Masses", "", &ones[..]),
            Column::scalar("ParticleIDs", "", &ids[..]),
        ];
        out.particles(self.masses.count(), first, &columns)
    }

    /// Each rank gives its own masses; the run loop adds them up exactly, over all ranks.
    fn history(&self, row: &mut Row) -> Result<()> {
        let square = |vector: [f64; 3]| vector.iter().map(|x| x * x).sum::<f64>();
        let stiffness = self.section.stiffness;
        let energy = |mass: &Mass| 0.5 * square(mass.velocity) + 0.5 * stiffness * square(mass.position);
        row.sum("energy", self.masses.local().iter().map(energy));
        Ok(())
    }

    fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.records("masses", self.masses.count(), self.masses.first(), self.masses.local())
    }

    fn load(setup: &Setup<Config>, comm: &Comm, from: &CheckpointReader) -> Result<Self> {
        let count = from.shape("masses")?[0];
        let share = from.records("masses", balanced_range(count, comm.size(), comm.rank()))?;
        Ok(Springs { section: setup.config.springs.clone(), masses: Particles::new(comm, share) })
    }
}

fn main() -> ExitCode {
    divisi::main::<Springs>()
}
