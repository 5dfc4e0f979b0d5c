//! Weather in one layer: the shallow-water equations on a rotating plane, in a channel that is periodic in x with walls in y.
//!
//! Finite volumes for the depth h and the momenta hu, hv: linear reconstruction with the minmod limiter, Rusanov's flux, two-stage
//! SSP Runge-Kutta (Toro 2001, Shock-Capturing Methods for Free-Surface Shallow Flows). The Coriolis force is a source term of
//! the simulation's own. The start is a jet in geostrophic balance, f u = -g dh/dy, with a hill on it that sets off waves.
use divisi::prelude::*;

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Cells along x and y.
    cells: [usize; 2],
    /// Size of the channel.
    #[schemars(extend("unit" = "length"))]
    size: [f64; 2],
    /// Mean depth.
    #[schemars(extend("unit" = "length"))]
    depth: f64,
    /// Acceleration of gravity.
    #[schemars(extend("unit" = "length per time^2"))]
    gravity: f64,
    /// Twice the rate of rotation.
    #[schemars(extend("unit" = "1 / time"))]
    coriolis: f64,
    /// Greatest speed of the jet.
    #[schemars(extend("unit" = "length per time"))]
    jet: f64,
    /// Height of the hill on the surface.
    #[schemars(extend("unit" = "length"))]
    hill: f64,
    /// Step over the time in which a signal crosses a cell along x and y.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    cfl: f64,
}

impl Parameters for Config {
    fn validate(&self, _units: &Units) -> Result<()> {
        if self.cfl > 0.0 && self.cfl < 1.0 {
            return Ok(());
        }
        Err(Error::input("shallow_water.cfl", format!("{} is not between 0 and 1", self.cfl)))
    }
}

/// Depth and momenta of a cell.
type State = [f64; 3];

fn minmod(a: f64, b: f64) -> f64 {
    if a * b <= 0.0 { 0.0 } else { a.signum() * a.abs().min(b.abs()) }
}

impl Config {
    /// Depth and momenta at the start: the jet u = U / cosh²((y - middle) / width) in balance, and the hill.
    fn start(&self, [x, y]: [f64; 2]) -> State {
        let width = self.size[1] / 12.0;
        let slope = libm::tanh((y - 0.5 * self.size[1]) / width);
        let speed = self.jet * (1.0 - slope * slope);
        let depth = self.depth - self.coriolis * self.jet * width / self.gravity * slope;
        let [dx, dy] = [x - 0.5 * self.size[0], y - 0.5 * self.size[1]].map(|d| d / (0.1 * self.size[1]));
        let depth = depth + self.hill * libm::exp(-(dx * dx + dy * dy));
        [depth, depth * speed, 0.0]
    }

    /// The fastest signal along an axis: |u| + sqrt(g h).
    fn signal(&self, [h, hu, hv]: State, axis: usize) -> f64 {
        ([hu, hv][axis] / h).abs() + (self.gravity * h).sqrt()
    }

    /// The flux along an axis: u (h, hu, hv), and the pressure g h² / 2 on the momentum along it.
    fn flux(&self, state: State, axis: usize) -> State {
        let speed = state[1 + axis] / state[0];
        let mut flux = state.map(|number| number * speed);
        flux[1 + axis] += 0.5 * self.gravity * state[0] * state[0];
        flux
    }

    /// Rusanov's flux through the face in the middle of four cells.
    fn face(&self, [a, b, c, d]: [State; 4], axis: usize) -> State {
        let left: State = std::array::from_fn(|v| b[v] + 0.5 * minmod(b[v] - a[v], c[v] - b[v]));
        let right: State = std::array::from_fn(|v| c[v] - 0.5 * minmod(c[v] - b[v], d[v] - c[v]));
        let [from, to] = [left, right].map(|state| self.flux(state, axis));
        let speed = self.signal(left, axis).max(self.signal(right, axis));
        std::array::from_fn(|v| 0.5 * (from[v] + to[v]) - 0.5 * speed * (right[v] - left[v]))
    }

    /// A cell after a step of forward Euler: fluxes through its faces, and the Coriolis force.
    fn advanced(&self, cell: &Neighbours<'_, State, 2>, spacing: [f64; 2], dt: f64) -> State {
        let through = |axis: usize| {
            let line = |step| if axis == 0 { cell.at([step, 0]) } else { cell.at([0, step]) };
            let [a, b, c, d, e] = [-2, -1, 0, 1, 2].map(line);
            [self.face([a, b, c, d], axis), self.face([b, c, d, e], axis)]
        };
        let [x, y] = [through(0), through(1)];
        let here = cell.here();
        let source = [0.0, self.coriolis * here[2], -self.coriolis * here[1]];
        let rate = |v: usize| ((x[0][v] - x[1][v]) / spacing[0] + (y[0][v] - y[1][v]) / spacing[1]) + source[v];
        std::array::from_fn(|v| here[v] + dt * rate(v))
    }
}

struct Water {
    config: Config,
    now: Domain<State, 2>,
    stage: Domain<State, 2>,
}

impl Simulation for Water {
    const NAME: &'static str = "shallow_water";
    type Config = Config;

    fn new(setup: &Setup<Config>, comm: &Comm) -> Result<Self> {
        let config = setup.config;
        let channel = Grid::new(config.cells, [0.0; 2], config.size)?;
        let sides = Boundaries::all(Boundary::Periodic).walls(1, Some(2)); // hv changes its sign at those across y
        let mut now = Domain::new(comm, &channel, &sides, Stencil::star(2), setup.node)?;
        now.fill(|center| config.start(center));
        Ok(Water { config, stage: now.zeros_like()?, now })
    }

    /// Both stages: s = n + dt L(n), then n = (n + s + dt L(s)) / 2.
    fn step(&mut self, _clock: &Clock, dt_max: f64) -> Result<f64> {
        let config = self.config;
        let spacing = self.now.spacing();
        let signal = |state| config.signal(state, 0) / spacing[0] + config.signal(state, 1) / spacing[1];
        let fastest = self.now.cells().map(signal).fold(0.0, f64::max);
        let dt = (config.cfl / self.now.comm().all_reduce_max(fastest)).min(dt_max);
        self.stage.update_from(&mut self.now, |cell, _| config.advanced(cell, spacing, dt));
        self.now.update_from(&mut self.stage, |cell, now: State| {
            let new = config.advanced(cell, spacing, dt);
            std::array::from_fn(|v| 0.5 * (now[v] + new[v]))
        });
        Ok(dt)
    }

    fn snapshot(&self, out: &mut Snapshot) -> Result<()> {
        let depth = out.domain(&self.now).field("depth", |[h, _, _]| h);
        depth.field("momentum_x", |[_, hu, _]| hu).field("momentum_y", |[_, _, hv]| hv).write()
    }

    fn history(&self, row: &mut Row) -> Result<()> {
        let gravity = self.config.gravity;
        row.sum("mass", self.now.cells().map(|[h, _, _]| h));
        row.sum("energy", self.now.cells().map(|[h, hu, hv]| 0.5 * (hu * hu + hv * hv) / h + 0.5 * gravity * h * h));
        row.max("speed_y", self.now.cells().map(|[h, _, hv]| (hv / h).abs()));
        Ok(())
    }

    fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.domain("water", &self.now)
    }

    fn load(setup: &Setup<Config>, comm: &Comm, from: &CheckpointReader) -> Result<Self> {
        let mut water = Water::new(setup, comm)?;
        water.now.load(from, "water").map(|()| water)
    }
}

fn main() -> ExitCode {
    divisi::main::<Water>()
}
