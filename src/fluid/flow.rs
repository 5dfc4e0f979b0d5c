//! The flow on one rank: its blocks' states, and how they take a step.
//!
//! A step goes through the stages of its scheme. In each, in order: the halo exchange begins; sides of the box are filled;
//! the cells that need nothing from other ranks are advanced; the exchange ends; the rest is advanced. After the last stage one
//! reduction tells all ranks the fastest signal, which gives the next step's length, and whether a cell is not finite.

use super::config::Config;
use super::gas::Gas;
use super::initial::fill;
use super::primitive::{Corrected, Findings};
use super::problem::{Cell, Cells, Problem};
use super::region::{Split, split};
use super::rows::{Row, RowMut};
use super::scheme::{Part, Physics, Reconstruct};
use super::scratch::Scratch;
use super::setup::{boundaries, layout, physics};
use super::solid::Solid;
use super::sweep::{Arrays, Blend, Stage};
use crate::comm::{Comm, Node};
use crate::grid::{Boundaries, Field, Ghost, Grid, Halo, HaloShape, Layout};
use crate::lane::Level;
use crate::{Error, Result};

/// The state of one rank.
pub(super) struct Flow {
    comm: Comm,
    pub layout: Layout<3>,
    pub physics: Physics,
    pub problem: Box<dyn Problem>,
    parts: Vec<Part>,
    cfl: f64,
    boundaries: Boundaries<f64, 3>,
    /// The exchange before the predictor, if there is one, and before the other stages.
    halos: [Option<Halo<f64, 3>>; 2],
    /// For each exchange and block, which cells need not wait for it.
    splits: [Vec<Split>; 2],
    pub conserved: Vec<Field<f64, 3>>,
    /// The conserved variables at the beginning of a step, where stages blend with them.
    start: Vec<Field<f64, 3>>,
    pub primitive: Vec<Field<f64, 3>>,
    next: Vec<Field<f64, 3>>,
    solids: Vec<Option<Solid>>,
    scratch: Scratch,
    /// The fastest signal along each axis, over all ranks.
    fastest: [f64; 3],
    /// Cells of this rank that had to be corrected so far.
    pub corrected: Corrected,
    /// The last step.
    pub dt: f64,
    /// The time of the state.
    pub time: f64,
}

/// Scalars that begin as shares, from 0 to 1, stay so.
pub(super) const SHARES: [f64; 2] = [0.0, 1.0];
/// Others may have any value.
const UNBOUNDED: [f64; 2] = [f64::NEG_INFINITY, f64::INFINITY];

/// Which cells of each block to advance: those that need not wait for an exchange, or the others.
#[derive(Clone, Copy)]
enum Cut {
    Inner,
    Rest,
}

/// Where a stage's exchange stands in [`Flow::halos`].
fn exchange_of(part: &Part) -> usize {
    usize::from(!part.predicts)
}

impl Flow {
    /// A flow without a state. All ranks.
    pub fn new(comm: &Comm, config: &Config, problem: Box<dyn Problem>, level: Level, node: Node) -> Result<Self> {
        let physics = physics(config, problem.as_ref(), level)?;
        let boundaries = boundaries(config, &physics)?;
        let layout = layout(comm, config, &physics, boundaries.periodic()?)?;
        let parts = config.fluid.time.parts();
        let variables = physics.variables();
        let halo_width = physics.reconstruct.halo();
        let widths = |width: usize| std::array::from_fn(|axis| if axis < physics.dimensions { width } else { 0 });
        let exchange = |width: usize| {
            let shape = HaloShape { components: variables, width: widths(width), corners: physics.diffuses() };
            Halo::new(comm, &layout, shape, node)
        };
        let predictor = if parts[0].predicts { Some(exchange(Reconstruct::Donor.halo())?) } else { None };
        let halos = [predictor, Some(exchange(halo_width)?)];
        let extents: Vec<_> = layout.of_rank(comm.rank()).map(|block| layout.extent(block)).collect();
        let splits_of = |halo: &Option<Halo<f64, 3>>, reach: usize| match halo {
            Some(halo) => (0..extents.len()).map(|place| split(extents[place], halo.waits(place), reach)).collect(),
            None => Vec::new(),
        };
        let splits = [splits_of(&halos[0], Reconstruct::Donor.halo()), splits_of(&halos[1], halo_width)];
        let fields =
            |width: usize| extents.iter().map(|&extent| Field::new(extent, variables, widths(width))).collect();
        let (conserved, primitive, next): (Vec<_>, _, _) = (fields(0), fields(halo_width), fields(halo_width));
        let start = if parts.iter().any(|part| part.blend != Blend::Same) { fields(0) } else { Vec::new() };
        let (scratch, solids) = (Scratch::new(variables), extents.iter().map(|_| None).collect());
        let (comm, cfl, fastest, dt) = (comm.clone(), config.fluid.cfl, [0.0; 3], 0.0);
        let corrected = Corrected::default();
        let time = 0.0;
        Ok(Flow {
            comm,
            layout,
            physics,
            problem,
            parts,
            cfl,
            boundaries,
            halos,
            splits,
            conserved,
            start,
            primitive,
            next,
            solids,
            scratch,
            fastest,
            corrected,
            dt,
            time,
        })
    }

    fn grid(&self) -> &Grid<3> {
        self.layout.grid()
    }

    /// This rank's blocks: their place among its fields, and the global index of their first cell.
    pub fn blocks(&self) -> impl Iterator<Item = (usize, [usize; 3])> + '_ {
        let blocks = self.layout.of_rank(self.comm.rank());
        blocks.enumerate().map(|(place, block)| (place, self.layout.range(block).map(|range| range.start)))
    }

    /// Sets the problem's initial state. All ranks.
    ///
    /// # Errors
    /// On all ranks, a density or pressure that is not positive, or a number that is not finite, with its cell.
    pub fn begin(&mut self) -> Result<()> {
        let blocks: Vec<_> = self.blocks().collect();
        let (mut outcome, mut bounded) = (Ok(()), true);
        for (place, origin) in blocks {
            let Flow { physics, problem, layout, conserved, .. } = self;
            match fill(&mut conserved[place], origin, layout.grid(), physics, problem.as_ref()) {
                Ok(shares) => bounded &= shares,
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        self.comm.agree(outcome)?;
        let bounded = self.comm.all_reduce_min(u64::from(bounded)) == 1;
        self.physics.bounds = if bounded { SHARES } else { UNBOUNDED };
        self.settle()
    }

    /// The cell of a block at a place counted from the block's first one.
    fn cell(&self, origin: [usize; 3], place: [isize; 3]) -> Cell {
        Cell::of(self.grid(), std::array::from_fn(|axis| origin[axis] as i64 + place[axis] as i64))
    }

    /// Finds all else from the conserved variables. All ranks.
    pub fn settle(&mut self) -> Result<()> {
        let blocks: Vec<_> = self.blocks().collect();
        let mut findings = Findings::default();
        for (place, origin) in blocks {
            let (width, periodic) = (self.primitive[place].halo(), self.layout.periodic());
            let solid = |cell: [isize; 3]| {
                let mut index = self.cell(origin, cell).index;
                for axis in 0..3 {
                    let cells = self.grid().cells()[axis] as i64;
                    match periodic[axis] {
                        true => index[axis] = index[axis].rem_euclid(cells),
                        false if !(0..cells).contains(&index[axis]) => return false,
                        false => {}
                    }
                }
                self.problem.is_solid(&Cell::of(self.grid(), index))
            };
            self.solids[place] = Solid::find(&self.conserved[place], width, solid);
            let (conserved, primitive) = (&mut self.conserved[place], &mut self.primitive[place]);
            for (j, k) in conserved.rows() {
                let count = conserved.extent()[0];
                let (state, row) = (RowMut::of(conserved, [0, j, k]), RowMut::of(primitive, [0, j, k]));
                findings.merge(&self.physics.primitive(state, row, true, count));
            }
        }
        self.agree(&findings, 0)
    }

    /// Takes a step of at most `dt_max` from `time`, the `number`-th one; returns its length. All ranks.
    ///
    /// # Errors
    /// On all ranks, a cell that is not finite after the step.
    pub fn step(&mut self, time: f64, dt_max: f64, number: u64) -> Result<f64> {
        let dt = self.stable_step().min(dt_max);
        if !self.start.is_empty() {
            std::mem::swap(&mut self.start, &mut self.conserved);
        }
        let mut findings = Findings::default();
        for index in 0..self.parts.len() {
            findings = self.stage(index, time, dt);
            self.corrected.add(findings.corrected);
        }
        self.agree(&findings, number)?;
        (self.dt, self.time) = (dt, time + dt);
        Ok(dt)
    }

    /// The longest step that waves and diffusion allow.
    fn stable_step(&self) -> f64 {
        let axes = 0..self.physics.dimensions;
        let waves = axes.clone().map(|axis| self.fastest[axis] * self.physics.per_length[axis]).fold(0.0, f64::max);
        let spread: f64 = axes.map(|axis| self.physics.per_length[axis].powi(2)).fold(0.0, |sum, x| sum + x);
        let gamma = if let Gas::Ideal { gamma } = self.physics.gas { gamma } else { 1.0 };
        let diffusivity = (4.0 / 3.0 * self.physics.viscosity).max(self.physics.conductivity * (gamma - 1.0));
        self.cfl / waves.max(2.0 * diffusivity * spread)
    }

    /// One stage; what was found out about this rank's cells.
    fn stage(&mut self, index: usize, time: f64, dt: f64) -> Findings {
        let (part, last) = (self.parts[index], index + 1 == self.parts.len());
        let stage_time = time + part.time * dt;
        let which = exchange_of(&part);
        let Some(mut halo) = self.halos[which].take() else { unreachable!("an exchange for each stage") };
        {
            let _phase = self.comm.phase("halo");
            halo.start(&mut self.primitive);
        }
        self.fill_sides(&part, stage_time);
        let mut findings = self.sweep(&part, stage_time, dt, last, Cut::Inner);
        {
            let _phase = self.comm.phase("halo");
            halo.finish(&mut self.primitive);
        }
        if self.splits[which].iter().any(|split| !split.rest.is_empty()) {
            if self.physics.diffuses() {
                self.fill_sides(&part, stage_time);
            }
            findings.merge(&self.sweep(&part, stage_time, dt, last, Cut::Rest));
        }
        self.halos[which] = Some(halo);
        std::mem::swap(&mut self.primitive, &mut self.next);
        findings
    }

    /// The layers of cells beyond a block that a stage needs.
    fn reach(&self, part: &Part) -> usize {
        if part.predicts { Reconstruct::Donor.halo() } else { self.physics.reconstruct.halo() }
    }

    /// Fills what stands beyond the box.
    fn fill_sides(&mut self, part: &Part, time: f64) {
        let reach = self.reach(part);
        let width = std::array::from_fn(|axis| if axis < self.physics.dimensions { reach } else { 0 });
        let Flow { layout, boundaries, problem, primitive, comm, .. } = self;
        for (field, block) in primitive.iter_mut().zip(layout.of_rank(comm.rank())) {
            let mut ask = |ghost: &Ghost<3>, edge: &[f64], mirror: &[f64], out: &mut [f64]| {
                problem.boundary(ghost, time, edge, mirror, out);
            };
            boundaries.fill(layout, block, field, width, &mut ask);
        }
    }

    /// Advances one cut of each block.
    fn sweep(&mut self, part: &Part, time: f64, dt: f64, last: bool, cut: Cut) -> Findings {
        let _phase = self.comm.phase("flow");
        let reconstruct = if part.predicts { Reconstruct::Donor } else { self.physics.reconstruct };
        let Flow { comm, physics, problem, layout, splits, scratch, conserved, start, primitive, next, solids, .. } =
            self;
        let stage = Stage {
            physics,
            problem: problem.as_ref(),
            grid: layout.grid(),
            reconstruct,
            time,
            dt: part.share * dt,
            blend: part.blend,
            keep: !part.predicts,
            last,
        };
        let mut findings = Findings::default();
        for ((place, split), block) in splits[exchange_of(part)].iter().enumerate().zip(layout.of_rank(comm.rank())) {
            let regions = match cut {
                Cut::Inner => std::slice::from_ref(&split.inner),
                Cut::Rest => &split.rest,
            };
            let mut arrays = Arrays {
                origin: layout.range(block).map(|range| range.start),
                from: &primitive[place],
                to: &mut next[place],
                conserved: &mut conserved[place],
                start: start.get(place),
                solid: solids[place].as_ref(),
            };
            for region in regions {
                findings.merge(&stage.sweep(&mut arrays, scratch, region));
            }
        }
        findings
    }

    /// All ranks learn the fastest signals, and end where a cell is not finite.
    fn agree(&mut self, findings: &Findings, step: u64) -> Result<()> {
        let _phase = self.comm.phase("reduction");
        let [x, y, z] = findings.fastest;
        let mut words = [x, y, z, f64::from(u8::from(findings.broken))];
        self.comm.all_reduce_max_into(&mut words);
        self.fastest = [words[0], words[1], words[2]];
        if words[3] > 0.0 { Err(self.broken(step)) } else { Ok(()) }
    }

    /// The first cell, in the global order, that is not finite. All ranks.
    fn broken(&self, step: u64) -> Error {
        let cells = self.grid().cells().map(|cells| cells as u64);
        let names = self.names();
        let mut first = (u64::MAX, 0, 0.0);
        self.each(&mut |cell, primitive| {
            let [i, j, k] = cell.index.map(|index| index as u64);
            let global = (k * cells[1] + j) * cells[0] + i;
            if let Some(variable) = primitive.iter().position(|value| !value.is_finite())
                && global < first.0
            {
                first = (global, variable, primitive[variable]);
            }
        });
        let global = self.comm.all_reduce_min(first.0);
        if global == u64::MAX {
            let reason = format!("step {step}: a cell's density is zero or its speed beyond all bounds");
            return Error::Numerics { method: "fluid", reason };
        }
        let mine = if first.0 == global { [first.1 as u64 + 1, first.2.to_bits()] } else { [0; 2] };
        let [variable, bits] = [self.comm.all_reduce_max(mine[0]), self.comm.all_reduce_max(mine[1])];
        let index = [global % cells[0], global / cells[0] % cells[1], global / (cells[0] * cells[1])];
        let center = self.grid().center(index.map(|index| index as i64));
        let place = format!("cell {index:?} at {center:?}");
        Error::NotFinite { step, quantity: names[variable as usize - 1].clone(), place, value: f64::from_bits(bits) }
    }

    /// The number of stages of a step.
    pub fn stages(&self) -> usize {
        self.parts.len()
    }

    /// This rank's cells.
    pub fn cells(&self) -> usize {
        self.conserved.iter().map(|field| field.extent().iter().product::<usize>()).sum()
    }

    /// The bytes of this rank's fields.
    pub fn bytes(&self) -> usize {
        let fields = [&self.conserved, &self.start, &self.primitive, &self.next].into_iter().flatten();
        fields.map(|field| size_of_val(field.values())).sum()
    }

    /// The names of the primitive variables.
    pub fn names(&self) -> Vec<String> {
        let flow = ["density", "velocity_x", "velocity_y", "velocity_z", "pressure"];
        let flow = flow[..self.physics.gas.variables()].iter().map(|name| (*name).to_owned());
        flow.chain(self.problem.scalars()).collect()
    }

    /// Calls `see` with each of this rank's cells that is no obstacle, and its primitive variables.
    pub fn each(&self, see: &mut dyn FnMut(&Cell, &[f64])) {
        let mut values = vec![0.0; self.physics.variables()];
        for (place, origin) in self.blocks() {
            let (field, solid) = (&self.primitive[place], self.solids[place].as_ref());
            for (j, k) in field.rows() {
                let row = Row::of(field, [0, j, k]);
                for i in 0..field.extent()[0] as isize {
                    if solid.is_some_and(|solid| solid.at([i, j, k])) {
                        continue;
                    }
                    for (variable, value) in values.iter_mut().enumerate() {
                        *value = row.from(variable, i)[0];
                    }
                    see(&self.cell(origin, [i, j, k]), &values);
                }
            }
        }
    }

    /// The cells, as a problem sees them.
    pub fn with_cells(&self, work: impl FnOnce(&Cells)) {
        work(&Cells { visit: &|see| self.each(see) });
    }
}
