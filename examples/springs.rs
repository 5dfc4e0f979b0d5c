//! A simulation of your own with particles: masses on springs, each on one of its own, by kick, drift, kick.
use divisi::prelude::*;

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Number of masses of 1, each on a spring of its own.
    n: u64,
    /// Stiffness of the springs.
    #[schemars(extend("unit" = "force per length"))]
    stiffness: f64,
    /// Step.
    #[schemars(extend("unit" = "time"))]
    dt: f64,
}

impl Parameters for Config {
    fn validate(&self, _units: &Units) -> Result<()> {
        positive("springs.dt", self.dt, false)
    }
}

/// One mass: plain data, so that it can travel between ranks and into files.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Mass {
    position: [f64; 3],
    velocity: [f64; 3],
}

struct Springs {
    config: Config,
    masses: Particles<Mass>,
}

impl Simulation for Springs {
    const NAME: &'static str = "springs";
    type Config = Config;

    fn new(setup: &Setup<Config>, comm: &Comm) -> Result<Self> {
        // A mass is made from its index alone, so it is the same on any number of ranks.
        let mass = |index| Mass { position: Random::new(setup.seed, 0, index).unit_vector(), velocity: [0.0; 3] };
        Ok(Springs { config: setup.config.clone(), masses: Particles::generate(comm, setup.config.n, mass) })
    }

    fn step(&mut self, _clock: &Clock, _dt_max: f64) -> Result<f64> {
        let Config { stiffness, dt, .. } = self.config;
        for mass in self.masses.local_mut() {
            for (x, v) in mass.position.iter_mut().zip(&mut mass.velocity) {
                *v -= 0.5 * dt * stiffness * *x; // dv/dt = -k x
                *x += dt * *v; // dx/dt = v
                *v -= 0.5 * dt * stiffness * *x;
            }
        }
        Ok(dt)
    }

    fn snapshot(&self, out: &mut Snapshot) -> Result<()> {
        out.particles(&self.masses).vector("Coordinates", |m| m.position).vector("Velocities", |m| m.velocity).write()
    }

    fn history(&self, row: &mut Row) -> Result<()> {
        let square = |vector: [f64; 3]| vector.iter().map(|x| x * x).sum::<f64>();
        let energy = |m: &Mass| 0.5 * square(m.velocity) + 0.5 * self.config.stiffness * square(m.position);
        row.sum("energy", self.masses.local().iter().map(energy));
        Ok(())
    }

    fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.particles("masses", &self.masses)
    }

    fn load(setup: &Setup<Config>, comm: &Comm, from: &CheckpointReader) -> Result<Self> {
        Ok(Springs { config: setup.config.clone(), masses: Particles::load(comm, from, "masses")? })
    }
}

fn main() -> ExitCode {
    divisi::main::<Springs>()
}
