//! A simulation of your own on a grid: heat conduction in a periodic square, dT/dt = a (d²T/dx² + d²T/dy²), by forward Euler.
use divisi::prelude::*;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Cells along x and y of the square, whose side is 1.
    cells: [usize; 2],
    /// Thermal diffusivity.
    #[schemars(extend("unit" = "length^2 per time"))]
    diffusivity: f64,
}

impl Parameters for Config {}

struct Heat {
    diffusivity: f64,
    temperature: Domain<f64, 2>,
}

impl Simulation for Heat {
    const NAME: &'static str = "heat";
    type Config = Config;

    fn new(setup: &Setup<Config>, comm: &Comm) -> Result<Self> {
        let square = Grid::new(setup.config.cells, [0.0; 2], [1.0; 2])?;
        let mut temperature = Domain::periodic(comm, &square, Stencil::star(1), setup.node)?;
        temperature.fill(|[x, y]| 1.0 + libm::sin(TAU * x) * libm::sin(TAU * y));
        Ok(Heat { diffusivity: setup.config.diffusivity, temperature })
    }

    fn step(&mut self, _clock: &Clock, dt_max: f64) -> Result<f64> {
        let [rate_x, rate_y] = self.temperature.spacing().map(|dx| self.diffusivity / (dx * dx));
        let dt = (0.4 / (rate_x + rate_y)).min(dt_max);
        self.temperature.update(|t| {
            let along_x = t.at([-1, 0]) + t.at([1, 0]) - 2.0 * t.here(); // dx² d²T/dx²
            let along_y = t.at([0, -1]) + t.at([0, 1]) - 2.0 * t.here(); // dy² d²T/dy²
            t.here() + (rate_x * dt * along_x + rate_y * dt * along_y)
        });
        Ok(dt)
    }

    fn snapshot(&self, out: &mut Snapshot) -> Result<()> {
        out.domain(&self.temperature).field("temperature", |t| t).write()
    }

    fn history(&self, row: &mut Row) -> Result<()> {
        row.max("hottest", self.temperature.cells());
        row.sum("heat", self.temperature.cells());
        Ok(())
    }

    fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.domain("temperature", &self.temperature)
    }

    fn load(setup: &Setup<Config>, comm: &Comm, from: &CheckpointReader) -> Result<Self> {
        let mut heat = Heat::new(setup, comm)?;
        heat.temperature.load(from, "temperature").map(|()| heat)
    }
}

fn main() -> ExitCode {
    divisi::main::<Heat>()
}
