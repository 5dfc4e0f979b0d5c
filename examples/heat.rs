//! A simulation of your own on a grid: heat conduction in a periodic square, dT/dt = a (d2T/dx2 + d2T/dy2).
use std::f64::consts::TAU;
use std::ops::Range;

use divisi::grid::{Field, Grid, Halo, HaloShape, Layout, inner_and_rim};
use divisi::output::{CellField, GridGeometry, Part, Slab};
use divisi::run::{Row, Setup};
use divisi::{Checkpoint, CheckpointReader, Clock, Comm, Result, Simulation, Snapshot};

#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    heat: Section,
}

#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    cells: [usize; 2],
    diffusivity: f64,
}

/// This rank's block of the grid: its temperatures, now and after the step, and how it sees its neighbours.
struct Heat {
    diffusivity: f64,
    grid: Grid<2>,
    halo: Halo<f64, 2>,
    now: Vec<Field<f64, 2>>,
    next: Vec<Field<f64, 2>>,
    /// The block's place in a file, whose arrays have the axes z, y, x.
    slab: Slab,
}

impl Heat {
    /// The grid cut for these ranks; `fill` gives the temperatures of a block, which lies at a place in the files.
    fn make<F>(setup: &Setup<Config>, comm: &Comm, fill: F) -> Result<Self>
    where
        F: FnOnce(&Layout<2>, &Slab) -> Result<Vec<f64>>,
    {
        let Section { cells, diffusivity } = setup.config.heat;
        let grid = Grid::new(cells, [0.0; 2], [1.0; 2])?;
        let layout = Layout::balanced(grid.clone(), comm.size(), [1; 2], [true; 2])?;
        let shape = HaloShape { components: 1, width: [1; 2], corners: false };
        let halo = Halo::new(comm, &layout, shape, setup.node)?;
        let array = |[x, y]: [usize; 2], z| vec![z, y as u64, x as u64];
        let (first, extent) = (layout.range(comm.rank()).map(|range| range.start), layout.extent(comm.rank()));
        let slab = Slab { shape: array(cells, 1), offset: array(first, 0), count: array(extent, 1) };
        let mut now = layout.fields(comm.rank(), 1, [1; 2]);
        now[0].fill_interior(0, &fill(&layout, &slab)?);
        Ok(Heat { diffusivity, grid, halo, next: now.clone(), now, slab })
    }

    /// Advances some columns and rows; `factor` is a dt/dx^2 and a dt/dy^2.
    fn advance(&mut self, factor: [f64; 2], [columns, rows]: [Range<usize>; 2]) {
        for j in rows.start as isize..rows.end as isize {
            let [below, row, above] = [j - 1, j, j + 1].map(|j| self.now[0].row(0, j, 0));
            let out = self.next[0].row_mut(0, j, 0);
            for i in columns.start + 1..columns.end + 1 {
                let along_x = row[i - 1] + row[i + 1] - 2.0 * row[i];
                let along_y = below[i] + above[i] - 2.0 * row[i];
                out[i] = row[i] + (factor[0] * along_x + factor[1] * along_y);
            }
        }
    }
}

impl Simulation for Heat {
    const NAME: &'static str = "heat";
    const PARAMETERS: &'static str = "[heat]
cells = [64, 48]       # cells along x and y of the square, whose side is 1
diffusivity = 0.01     # length^2 per time
";
    type Config = Config;

    fn new(setup: &Setup<Config>, comm: &Comm) -> Result<Self> {
        let wave = |[x, y]: [f64; 2]| 1.0 + libm::sin(TAU * x) * libm::sin(TAU * y);
        Heat::make(setup, comm, |layout, _| Ok(layout.centers(comm.rank()).map(wave).collect()))
    }

    /// Forward Euler: the inner cells while the halo is on its way, then the rim.
    fn step(&mut self, _clock: &Clock, dt_max: f64) -> Result<f64> {
        let rates = self.grid.spacing().map(|dx| self.diffusivity / (dx * dx));
        let dt = (0.4 / (rates[0] + rates[1])).min(dt_max);
        let factor = rates.map(|rate| rate * dt);
        let (inner, rim) = inner_and_rim(self.now[0].extent(), [[1; 2]; 2]);
        self.halo.start(&mut self.now);
        self.advance(factor, inner);
        self.halo.finish(&mut self.now);
        rim.into_iter().for_each(|cells| self.advance(factor, cells));
        std::mem::swap(&mut self.now, &mut self.next);
        Ok(dt)
    }

    fn snapshot(&self, out: &mut Snapshot) -> Result<()> {
        let [nx, ny] = self.grid.cells().map(|count| count as u64);
        let (low, high) = ([0.0; 3], [1.0; 3]);
        let geometry = GridGeometry { cells: [nx, ny, 1], low, high, periodic: [true, true, false] };
        let cells = self.now[0].interior(0);
        let parts = [Part::new(self.slab.clone(), &cells)];
        out.grid(&geometry, &[CellField { name: "temperature", unit: "", parts: &parts }])
    }

    fn history(&self, row: &mut Row) -> Result<()> {
        row.max("hottest", self.now[0].interior(0).into_iter().fold(f64::NEG_INFINITY, f64::max));
        row.sum("heat", self.now[0].interior(0));
        Ok(())
    }

    fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.array("temperature", &self.slab, &self.now[0].interior(0))
    }

    fn load(setup: &Setup<Config>, comm: &Comm, from: &CheckpointReader) -> Result<Self> {
        Heat::make(setup, comm, |_, slab| from.read_slab("temperature", slab))
    }
}

fn main() -> std::process::ExitCode {
    divisi::main::<Heat>()
}
