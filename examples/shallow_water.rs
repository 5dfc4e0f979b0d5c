//! Weather in one layer: the shallow-water equations on a rotating plane, in a channel that is periodic in x with walls in y.
//!
//! Finite volumes for the depth h and the momenta hu, hv: linear reconstruction with the minmod limiter, Rusanov's flux, two-stage
//! SSP Runge-Kutta (Toro 2001, Shock-Capturing Methods for Free-Surface Shallow Flows). The Coriolis force is a source term of
//! the simulation's own. The start is a jet in geostrophic balance, f u = -g dh/dy, with a hill on it that sets off waves.
use std::process::ExitCode;

use divisi::grid::{Boundaries, Boundary, Field, Grid, Halo, HaloShape, Layout};
use divisi::output::{CellField, GridGeometry, Part, Slab};
use divisi::run::{Row, Setup};
use divisi::units::Units;
use divisi::{Checkpoint, CheckpointReader, Clock, Comm, Error, Result, Simulation, Snapshot};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    water: Section,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    cells: [usize; 2],
    size: [f64; 2],
    depth: f64,
    gravity: f64,
    coriolis: f64,
    jet: f64,
    hill: f64,
    cfl: f64,
}

/// Depth and momenta of a cell.
type State = [f64; 3];
/// Layers of halo: two cells on each side of a face.
const WIDTH: [usize; 2] = [2; 2];

struct Water {
    section: Section,
    comm: Comm,
    layout: Layout<2>,
    halo: Halo<f64, 2>,
    boundaries: Boundaries<f64, 2>,
    /// This rank's block: now, and at the stages of a step.
    now: Vec<Field<f64, 2>>,
    stage: Vec<Field<f64, 2>>,
}

fn minmod(a: f64, b: f64) -> f64 {
    if a * b <= 0.0 { 0.0 } else { a.signum() * a.abs().min(b.abs()) }
}

impl Section {
    /// The jet and its depth at a height in the channel, in balance: u = U / cosh^2((y - middle) / width).
    fn balanced(&self, y: f64) -> [f64; 2] {
        let width = self.size[1] / 12.0;
        let slope = libm::tanh((y - 0.5 * self.size[1]) / width);
        let depth = self.depth - self.coriolis * self.jet * width / self.gravity * slope;
        [self.jet * (1.0 - slope * slope), depth]
    }

    fn start(&self, [x, y]: [f64; 2]) -> State {
        let [speed, depth] = self.balanced(y);
        let [dx, dy] = [x - 0.5 * self.size[0], y - 0.5 * self.size[1]].map(|d| d / (0.1 * self.size[1]));
        let depth = depth + self.hill * libm::exp(-(dx * dx + dy * dy));
        [depth, depth * speed, 0.0]
    }

    /// The fastest signal along an axis.
    fn signal(&self, [h, hu, hv]: State, axis: usize) -> f64 {
        ([hu, hv][axis] / h).abs() + (self.gravity * h).sqrt()
    }

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
        let (from, to) = (self.flux(left, axis), self.flux(right, axis));
        let speed = self.signal(left, axis).max(self.signal(right, axis));
        std::array::from_fn(|v| 0.5 * (from[v] + to[v]) - 0.5 * speed * (right[v] - left[v]))
    }

    /// How fast a cell changes: fluxes through its faces, and the Coriolis force.
    fn rate(&self, field: &Field<f64, 2>, cell: [isize; 2], spacing: [f64; 2]) -> State {
        let state = |cell| std::array::from_fn(|v| field.at(v, cell));
        let through = |axis: usize| {
            let line: [State; 5] = std::array::from_fn(|k| {
                let mut place = cell;
                place[axis] += k as isize - 2;
                state(place)
            });
            let [a, b, c, d, e] = line;
            (self.face([a, b, c, d], axis), self.face([b, c, d, e], axis))
        };
        let [x, y] = [through(0), through(1)];
        let [_, hu, hv] = state(cell);
        let source = [0.0, self.coriolis * hv, -self.coriolis * hu];
        std::array::from_fn(|v| ((x.0[v] - x.1[v]) / spacing[0] + (y.0[v] - y.1[v]) / spacing[1]) + source[v])
    }
}

impl Water {
    fn make<F>(setup: &Setup<Config>, comm: &Comm, fill: F) -> Result<Self>
    where
        F: Fn(&Layout<2>, usize) -> Result<Vec<f64>>,
    {
        let section = setup.config.water;
        let grid = Grid::new(section.cells, [0.0; 2], section.size)?;
        let layout = Layout::balanced(grid, comm.size(), WIDTH, [true, false])?;
        let shape = HaloShape { components: 3, width: WIDTH, corners: false };
        let halo = Halo::new(comm, &layout, shape, setup.node)?;
        let mut boundaries = Boundaries::all(Boundary::Periodic);
        (boundaries.kinds[1], boundaries.odd[1]) = ([Boundary::Reflecting; 2], Some(2));
        let mut now = layout.fields(comm.rank(), 3, WIDTH);
        (0..3).try_for_each(|v| fill(&layout, v).map(|values| now[0].fill_interior(v, &values)))?;
        Ok(Water { section, comm: comm.clone(), layout, halo, boundaries, stage: now.clone(), now })
    }

    /// The interior cells of this rank's block.
    fn cells(&self) -> impl Iterator<Item = [isize; 2]> + use<> {
        let [nx, ny] = self.now[0].extent().map(|count| count as isize);
        (0..ny).flat_map(move |j| (0..nx).map(move |i| [i, j]))
    }

    fn state(&self, cell: [isize; 2]) -> State {
        std::array::from_fn(|v| self.now[0].at(v, cell))
    }

    /// The longest stable step, the same on all ranks.
    fn longest_step(&self) -> f64 {
        let [dx, dy] = self.layout.grid().spacing();
        let signal = |cell, axis| self.section.signal(self.state(cell), axis);
        let fastest = self.cells().map(|cell| signal(cell, 0) / dx + signal(cell, 1) / dy).fold(0.0, f64::max);
        self.section.cfl / self.comm.all_reduce_max(fastest)
    }

    /// A stage: halo and walls of the state `from`, then `to = keep * now + give * (from + dt * rate)`.
    fn advance(&mut self, first: bool, dt: f64) {
        let from = if first { &mut self.now } else { &mut self.stage };
        self.halo.exchange(from);
        self.boundaries.fill(&self.layout, self.comm.rank(), &mut from[0], WIDTH, &mut |_, _, _, _| {});
        let (spacing, section) = (self.layout.grid().spacing(), self.section);
        let stage = |from: &Field<f64, 2>, cell| {
            let rate = section.rate(from, cell, spacing);
            std::array::from_fn::<f64, 3, _>(|v| from.at(v, cell) + dt * rate[v])
        };
        for cell in self.cells() {
            match first {
                true => (0..3).zip(stage(&self.now[0], cell)).for_each(|(v, new)| self.stage[0].put(v, cell, new)),
                false => (0..3).zip(stage(&self.stage[0], cell)).for_each(|(v, new)| {
                    let half = 0.5 * (self.now[0].at(v, cell) + new);
                    self.now[0].put(v, cell, half);
                }),
            }
        }
    }

    /// This rank's block in an array with the axes z, y, x.
    fn slab(layout: &Layout<2>, rank: usize) -> Slab {
        let array = |[x, y]: [usize; 2], z| vec![z, y as u64, x as u64];
        let first = layout.range(rank).map(|range| range.start);
        Slab { shape: array(layout.grid().cells(), 1), offset: array(first, 0), count: array(layout.extent(rank), 1) }
    }
}

const NAMES: [&str; 3] = ["depth", "momentum_x", "momentum_y"];

impl Simulation for Water {
    const NAME: &'static str = "shallow_water";
    const PARAMETERS: &'static str = "[water]
cells = [96, 48]       # cells along x and y
size = [6e6, 3e6]      # of the channel, length
depth = 1000.0         # mean depth, length
gravity = 9.81         # length per time^2
coriolis = 1e-4        # twice the rate of rotation, 1 / time
jet = 30.0             # its greatest speed
hill = 100.0           # height of the hill on the surface, length
cfl = 0.8              # step over the time in which a signal crosses a cell along x and y; below 1
";
    type Config = Config;

    fn validate(config: &Config, _units: &Units) -> Result<()> {
        let cfl = config.water.cfl;
        match cfl > 0.0 && cfl < 1.0 {
            true => Ok(()),
            false => Err(Error::input("water.cfl", format!("{cfl} is not between 0 and 1"))),
        }
    }

    fn new(setup: &Setup<Config>, comm: &Comm) -> Result<Self> {
        let section = setup.config.water;
        Water::make(setup, comm, |layout, v| Ok(layout.centers(comm.rank()).map(|at| section.start(at)[v]).collect()))
    }

    fn step(&mut self, _clock: &Clock, dt_max: f64) -> Result<f64> {
        let dt = self.longest_step().min(dt_max);
        self.advance(true, dt);
        self.advance(false, dt);
        Ok(dt)
    }

    fn snapshot(&self, out: &mut Snapshot) -> Result<()> {
        let ([nx, ny], [width, height]) = (self.section.cells.map(|count| count as u64), self.section.size);
        let (high, periodic) = ([width, height, self.section.depth], [true, false, false]);
        let geometry = GridGeometry { cells: [nx, ny, 1], low: [0.0; 3], high, periodic };
        let slab = Water::slab(&self.layout, self.comm.rank());
        let cells = [0, 1, 2].map(|v| self.now[0].interior(v));
        let parts = cells.each_ref().map(|cells| [Part::new(slab.clone(), cells)]);
        let field = |v: usize| CellField { name: NAMES[v], unit: "", parts: &parts[v] };
        out.grid(&geometry, &[field(0), field(1), field(2)])
    }

    fn history(&self, row: &mut Row) -> Result<()> {
        let gravity = self.section.gravity;
        let energy = |[h, hu, hv]: State| 0.5 * (hu * hu + hv * hv) / h + 0.5 * gravity * h * h;
        row.sum("mass", self.now[0].interior(0));
        row.sum("energy", self.cells().map(|cell| energy(self.state(cell))));
        let across = |cell| self.state(cell)[2] / self.state(cell)[0];
        row.max("speed_y", self.cells().map(|cell| across(cell).abs()).fold(0.0, f64::max));
        Ok(())
    }

    fn save(&self, to: &mut Checkpoint) -> Result<()> {
        let slab = Water::slab(&self.layout, self.comm.rank());
        (0..3).try_for_each(|v| to.array(NAMES[v], &slab, &self.now[0].interior(v)))
    }

    fn load(setup: &Setup<Config>, comm: &Comm, from: &CheckpointReader) -> Result<Self> {
        Water::make(setup, comm, |layout, v| from.read_slab(NAMES[v], &Water::slab(layout, comm.rank())))
    }
}

fn main() -> ExitCode {
    divisi::main::<Water>()
}
