//! The flow on one rank: its blocks' states, and how they take a step.
//!
//! A step goes through the stages of its scheme. In each, in order: the halo exchange begins; sides of the box are filled;
//! the cells that need nothing from other ranks are advanced; the exchange ends; the rest is advanced. After the last stage one
//! reduction gives all ranks the fastest signal, which gives the next step's length, and whether a cell is not finite. Where a
//! stage would leave a cell below a floor, which the reduction tells too, it gets fluxes of first order (`first_order`).

use super::first_order::{Added, Marks, Passes, correct};
use super::gas::Gas;
use super::initial::fill;
use super::pass::{Arrays, Pass};
use super::primitive::{AskedFloors, Care, Corrected, Findings, Floors};
use super::problem::{Cell, Cells, Problem};
use super::region::{Split, split};
use super::rows::{Row, RowMut};
use super::scheme::{Blend, Physics, Reconstruct, Stage, Time};
use super::scratch::Scratch;
use super::solid::Solid;
use crate::base::memory::check_fits;
use crate::comm::{Comm, Node};
use crate::grid::{Boundaries, Boundary, Field, Ghost, Grid, Halo, HaloShape, Layout};
use crate::{Error, Result};

/// The state of one rank.
pub(super) struct Flow {
    pub comm: Comm,
    pub layout: Layout<3>,
    pub physics: Physics,
    pub problem: Box<dyn Problem>,
    stages: Vec<Stage>,
    cfl: f64,
    /// The floors that are given; what holds is in the physics.
    floors: AskedFloors,
    boundaries: Boundaries<f64, 3>,
    /// The exchange before the predictor, if there is one, and before the other stages; away while it is under way.
    exchanges: [Option<Exchange>; 2],
    pub conserved: Vec<Field<f64, 3>>,
    /// The conserved variables at the beginning of a step, where stages blend with them.
    start: Vec<Field<f64, 3>>,
    pub primitive: Vec<Field<f64, 3>>,
    next: Vec<Field<f64, 3>>,
    pub solids: Vec<Option<Solid>>,
    scratch: Scratch,
    /// The fastest signal along each axis, over all ranks.
    fastest: [f64; 3],
    /// The cells below a floor, where there were some.
    marks: Option<Marks>,
    /// Cells of this rank that had to be corrected so far.
    pub corrected: Corrected,
    /// What floors have added so far on all ranks.
    pub added: Added,
    /// The last step.
    pub dt: f64,
    /// The time of the state.
    pub time: f64,
}

/// What stands for a cell that is not finite where ranks agree; 1 stands for one below a floor.
const BROKEN: f64 = 2.0;

/// Which cells of each block to advance: those that need not wait for an exchange, or the others.
#[derive(Clone, Copy)]
enum Cut {
    Inner,
    Rest,
}

/// What a flow is made of.
pub(super) struct FlowSetup {
    pub physics: Physics,
    pub problem: Box<dyn Problem>,
    pub layout: Layout<3>,
    pub boundaries: Boundaries<f64, 3>,
    pub time: Time,
    /// Share of the longest stable step.
    pub cfl: f64,
    /// The floors that are given.
    pub floors: AskedFloors,
    /// How halos travel between ranks of the same node.
    pub node: Node,
}

/// An exchange of halos, and for each block which cells need not wait for it.
struct Exchange {
    halo: Halo<f64, 3>,
    splits: Vec<Split>,
}

impl Exchange {
    /// The exchange for stages that look `reach` cells deep. All ranks.
    fn new(comm: &Comm, layout: &Layout<3>, physics: &Physics, reach: usize, node: Node) -> Result<Self> {
        let width = physics.widths(reach);
        let shape = HaloShape { components: physics.variables(), width, corners: physics.diffuses() };
        let halo = Halo::new(comm, layout, shape, node)?;
        let blocks = layout.of_rank(comm.rank()).enumerate();
        let splits = blocks.map(|(place, block)| split(layout.extent(block), halo.waits(place), reach)).collect();
        Ok(Exchange { halo, splits })
    }
}

/// Where a stage's exchange stands in [`Flow::exchanges`].
fn exchange_of(stage: &Stage) -> usize {
    usize::from(!stage.predicts)
}

/// Refuses more cells than this rank could hold: a conserved state, a primitive one and the next.
fn check_size(comm: &Comm, layout: &Layout<3>, physics: &Physics) -> Result<()> {
    let cells = |block| layout.extent(block).iter().map(|&cells| cells as u64).product::<u64>();
    let here = layout.of_rank(comm.rank()).map(cells).sum();
    check_fits("grid.cells", "cells", here, 3 * physics.variables() * size_of::<f64>())
}

impl Flow {
    /// A flow without a state. All ranks.
    pub(super) fn new(comm: &Comm, parts: FlowSetup) -> Result<Self> {
        let FlowSetup { physics, problem, layout, boundaries, time, cfl, floors, node } = parts;
        let stages = time.stages();
        let reach = physics.reconstruct.halo();
        check_size(comm, &layout, &physics)?;
        let exchange = |reach: usize| Exchange::new(comm, &layout, &physics, reach, node);
        let predictor = if stages[0].predicts { Some(exchange(Reconstruct::Donor.halo())?) } else { None };
        let exchanges = [predictor, Some(exchange(reach)?)];
        let extents: Vec<_> = layout.of_rank(comm.rank()).map(|block| layout.extent(block)).collect();
        let fields = |width: usize| -> Vec<Field<f64, 3>> {
            let field = |&extent| Field::new(extent, physics.variables(), physics.widths(width));
            extents.iter().map(field).collect()
        };
        let blends = stages.iter().any(|stage| stage.blend != Blend::Same);
        Ok(Flow {
            comm: comm.clone(),
            conserved: fields(0),
            start: if blends { fields(0) } else { Vec::new() },
            primitive: fields(reach),
            next: fields(reach),
            solids: extents.iter().map(|_| None).collect(),
            scratch: Scratch::new(physics.variables()),
            layout,
            physics,
            problem,
            stages,
            cfl,
            floors,
            boundaries,
            exchanges,
            fastest: [0.0; 3],
            marks: None,
            corrected: Corrected::default(),
            added: Added::default(),
            dt: 0.0,
            time: 0.0,
        })
    }

    fn grid(&self) -> &Grid<3> {
        self.layout.grid()
    }

    /// This rank's blocks: their place among its fields, and the global index of their first cell.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (usize, [usize; 3])> + '_ {
        let blocks = self.layout.of_rank(self.comm.rank());
        blocks.enumerate().map(|(place, block)| (place, self.layout.range(block).map(|range| range.start)))
    }

    /// Sets the problem's initial state. All ranks.
    ///
    /// # Errors
    /// On all ranks, a density or pressure that is not positive, a number that is not finite or a scalar beyond its bounds, with
    /// its cell.
    pub(super) fn begin(&mut self) -> Result<()> {
        let blocks: Vec<_> = self.blocks().collect();
        let mut outcome = Ok(());
        let mut lowest = Floors { density: f64::INFINITY, pressure: f64::INFINITY };
        for (place, origin) in blocks {
            let Flow { physics, problem, layout, conserved, .. } = self;
            let filled = fill(&mut conserved[place], origin, layout.grid(), physics, problem.as_ref());
            match filled {
                Ok(least) => lowest = lowest.least(least),
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        self.comm.agree(outcome)?;
        let [density, pressure] = [lowest.density, lowest.pressure].map(|least| self.comm.all_reduce_min(least));
        self.physics.set_floors(self.floors.chosen(Floors { density, pressure }));
        self.settle()
    }

    /// The cell of a block at a place counted from the block's first one.
    pub(super) fn cell(&self, origin: [usize; 3], place: [isize; 3]) -> Cell {
        Cell::of(self.grid(), std::array::from_fn(|axis| origin[axis] as i64 + place[axis] as i64))
    }

    /// The cell of the box that a cell of the halo shows, or itself; none beyond a side whose states the parameters or the
    /// problem give.
    fn shown(&self, mut index: [i64; 3]) -> Option<[i64; 3]> {
        for (axis, place) in index.iter_mut().enumerate() {
            let cells = self.grid().cells()[axis] as i64;
            if (0..cells).contains(place) {
                continue;
            }
            *place = match self.boundaries.kinds[axis][usize::from(*place >= cells)] {
                Boundary::Periodic => place.rem_euclid(cells),
                Boundary::Outflow => (*place).clamp(0, cells - 1),
                // Cells -1 and n show 0 and n - 1.
                Boundary::Reflecting if *place < 0 => -1 - *place,
                Boundary::Reflecting => 2 * cells - 1 - *place,
                Boundary::Fixed | Boundary::User => return None,
            };
        }
        Some(index)
    }

    /// Finds all else from the conserved variables. All ranks.
    pub(super) fn settle(&mut self) -> Result<()> {
        let blocks: Vec<_> = self.blocks().collect();
        let mut findings = Findings::default();
        for (place, origin) in blocks {
            let width = self.primitive[place].halo();
            let solid = |cell: [isize; 3]| {
                let shown = self.shown(self.cell(origin, cell).index);
                shown.is_some_and(|index| self.problem.is_solid(&Cell::of(self.grid(), index)))
            };
            self.solids[place] = Solid::find(&self.conserved[place], width, solid);
            findings.merge(&self.find(place));
        }
        self.agree(&findings, 0)?;
        Ok(())
    }

    /// The primitive variables of a block's cells from the conserved ones; what is found out about them.
    pub(super) fn find(&mut self, place: usize) -> Findings {
        let mut findings = Findings::default();
        let solid = self.solids[place].as_ref();
        let conserved = &mut self.conserved[place];
        let primitive = &mut self.primitive[place];
        for (j, k) in conserved.rows() {
            let count = conserved.extent()[0];
            let state = RowMut::of(conserved, [0, j, k]);
            let row = RowMut::of(primitive, [0, j, k]);
            let mut found = self.physics.primitive(state, row, Care { look: true, raise: true }, count);
            if let Some(solid) = solid {
                solid.leave_out(&mut found, self.physics.gas, Row::of(primitive, [0, j, k]), [0, j, k], count);
            }
            findings.merge(&found);
        }
        findings
    }

    /// Takes a step of at most `dt_max` from `time`, the `number`-th one; returns its length. All ranks.
    ///
    /// # Errors
    /// On all ranks, a cell that is not finite after the step; a step that the problem forbids.
    pub(super) fn step(&mut self, time: f64, dt_max: f64, number: u64) -> Result<f64> {
        let dt = self.stable_step().min(self.longest_step(number)?).min(dt_max);
        if !self.start.is_empty() {
            std::mem::swap(&mut self.start, &mut self.conserved);
        }
        for index in 0..self.stages.len() {
            let mut findings = self.stage(index, time, dt);
            if !self.stages[index].predicts && self.agree(&findings, number)? {
                findings.merge(&self.correct(index, time, dt)?);
                findings.low = false;
                self.agree(&findings, number)?;
            }
            self.corrected.add(findings.corrected);
        }
        if self.problem.has_after_step() {
            let findings = self.after_step(time + dt, dt);
            self.corrected.add(findings.corrected);
            self.agree(&findings, number)?;
        }
        self.dt = dt;
        self.time = time + dt;
        Ok(dt)
    }

    /// The longest step that waves and diffusion allow.
    fn stable_step(&self) -> f64 {
        let axes = 0..self.physics.dimensions;
        let waves = axes.clone().map(|axis| self.fastest[axis] * self.physics.per_length[axis]).fold(0.0, f64::max);
        // dt = C / (max_i (|v_i| + c)/Δx_i + 2 D Σ_i 1/Δx_i²), D the larger of 4/3 ν and (γ - 1) κ: both act in one step.
        let spread: f64 = axes.map(|axis| self.physics.per_length[axis].powi(2)).fold(0.0, |sum, x| sum + x);
        let gamma = if let Gas::Ideal { gamma } = self.physics.gas { gamma } else { 1.0 };
        let diffusivity = (4.0 / 3.0 * self.physics.viscosity).max(self.physics.conductivity * (gamma - 1.0));
        self.cfl / (waves + 2.0 * diffusivity * spread)
    }

    /// One stage; what was found out about this rank's cells.
    fn stage(&mut self, index: usize, time: f64, dt: f64) -> Findings {
        let stage = self.stages[index];
        let last = index + 1 == self.stages.len();
        let stage_time = time + stage.time * dt;
        let which = exchange_of(&stage);
        let Some(mut exchange) = self.exchanges[which].take() else { unreachable!("an exchange for each stage") };
        {
            let _phase = self.comm.phase("halo");
            exchange.halo.start(&mut self.primitive);
        }
        self.fill_sides(&stage, stage_time);
        let mut findings = self.advance(&stage, &exchange.splits, stage_time, dt, last, Cut::Inner);
        {
            let _phase = self.comm.phase("halo");
            exchange.halo.finish(&mut self.primitive);
        }
        if exchange.splits.iter().any(|split| !split.rest.is_empty()) {
            if self.physics.diffuses() {
                self.fill_sides(&stage, stage_time);
            }
            findings.merge(&self.advance(&stage, &exchange.splits, stage_time, dt, last, Cut::Rest));
        }
        self.exchanges[which] = Some(exchange);
        std::mem::swap(&mut self.primitive, &mut self.next);
        findings
    }

    /// The layers of cells beyond a block that a stage needs.
    fn reach(&self, stage: &Stage) -> usize {
        if stage.predicts { Reconstruct::Donor.halo() } else { self.physics.reconstruct.halo() }
    }

    /// Fills what stands beyond the box.
    fn fill_sides(&mut self, stage: &Stage, time: f64) {
        let reach = self.reach(stage);
        let width = self.physics.widths(reach);
        let Flow { layout, boundaries, problem, primitive, comm, .. } = self;
        for (field, block) in primitive.iter_mut().zip(layout.of_rank(comm.rank())) {
            let mut ask = |ghost: &Ghost<3>, edge: &[f64], mirror: &[f64], out: &mut [f64]| {
                problem.boundary(ghost, time, edge, mirror, out);
            };
            boundaries.fill(layout, block, field, width, &mut ask);
        }
    }

    /// Advances one cut of each block.
    fn advance(&mut self, stage: &Stage, splits: &[Split], time: f64, dt: f64, last: bool, cut: Cut) -> Findings {
        let _phase = self.comm.phase("flow");
        let Flow { comm, physics, problem, layout, scratch, conserved, start, primitive, next, solids, .. } = self;
        let pass = Pass::of(physics, problem.as_ref(), layout.grid(), stage, [time, dt], last);
        let mut findings = Findings::default();
        for ((place, split), block) in splits.iter().enumerate().zip(layout.of_rank(comm.rank())) {
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
                findings.merge(&pass.advance(&mut arrays, scratch, region));
            }
        }
        findings
    }

    /// Gives the cells that the stage just done left below a floor fluxes of first order, and then the floor. All ranks.
    fn correct(&mut self, index: usize, time: f64, dt: f64) -> Result<Findings> {
        let _phase = self.comm.phase("first order");
        let stage = self.stages[index];
        let last = index + 1 == self.stages.len();
        if self.marks.is_none() {
            self.marks = Some(Marks::new(&self.comm, &self.layout, &self.physics)?);
        }
        let Flow { comm, physics, problem, layout, scratch, conserved, start, primitive, next, solids, marks, .. } =
            self;
        let Some(marks) = marks else { unreachable!("made above") };
        marks.find(primitive, physics);
        let plain = Passes::plain(physics);
        let high = Pass::of(physics, problem.as_ref(), layout.grid(), &stage, [time + stage.time * dt, dt], last);
        let passes = Passes::new(high, &plain);
        let mut findings = Findings::default();
        let mut added = Added::sums();
        for ((place, marks), block) in marks.fields.iter().enumerate().zip(layout.of_rank(comm.rank())) {
            let mut arrays = Arrays {
                origin: layout.range(block).map(|range| range.start),
                from: &next[place],
                to: &mut primitive[place],
                conserved: &mut conserved[place],
                start: start.get(place),
                solid: solids[place].as_ref(),
            };
            findings.merge(&correct(&passes, &mut arrays, scratch, marks, &mut added));
        }
        comm.all_reduce_exact(&mut added);
        self.added.take(&added, layout.grid());
        Ok(findings)
    }

    /// All ranks learn the fastest signals and whether a cell is below a floor, and end where one is not finite.
    fn agree(&mut self, findings: &Findings, step: u64) -> Result<bool> {
        let _phase = self.comm.phase("reduction");
        let [x, y, z] = findings.fastest;
        let state = if findings.broken { BROKEN } else { f64::from(u8::from(findings.low)) };
        let mut words = [x, y, z, state];
        self.comm.all_reduce_max_into(&mut words);
        self.fastest = [words[0], words[1], words[2]];
        if words[3] == BROKEN { Err(self.broken(step)) } else { Ok(words[3] > 0.0) }
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
        let variable = self.comm.all_reduce_max(mine[0]);
        let bits = self.comm.all_reduce_max(mine[1]);
        let index = [global % cells[0], global / cells[0] % cells[1], global / (cells[0] * cells[1])];
        let center = self.grid().center(index.map(|index| index as i64));
        let place = format!("cell {index:?} at {center:?}");
        Error::NotFinite { step, quantity: names[variable as usize - 1].clone(), place, value: f64::from_bits(bits) }
    }

    /// The number of stages of a step.
    pub(super) fn stages(&self) -> usize {
        self.stages.len()
    }

    /// This rank's cells.
    pub(super) fn cells(&self) -> usize {
        self.conserved.iter().map(|field| field.extent().iter().product::<usize>()).sum()
    }

    /// The bytes of this rank's fields.
    pub(super) fn bytes(&self) -> usize {
        let fields = [&self.conserved, &self.start, &self.primitive, &self.next].into_iter().flatten();
        fields.map(|field| size_of_val(field.values())).sum()
    }

    /// The names of the primitive variables.
    pub(super) fn names(&self) -> Vec<String> {
        let flow = ["density", "velocity_x", "velocity_y", "velocity_z", "pressure"];
        let flow = flow[..self.physics.gas.variables()].iter().map(|name| (*name).to_owned());
        flow.chain(self.problem.scalars().into_iter().map(|scalar| scalar.name)).collect()
    }

    /// Calls `see` with each of this rank's cells that is no obstacle, and its primitive variables.
    pub(super) fn each(&self, see: &mut dyn FnMut(&Cell, &[f64])) {
        let mut values = vec![0.0; self.physics.variables()];
        for (place, origin) in self.blocks() {
            let field = &self.primitive[place];
            let solid = self.solids[place].as_ref();
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
    pub(super) fn with_cells<T>(&self, work: impl FnOnce(&Cells) -> T) -> T {
        work(&Cells { visit: &|see| self.each(see) })
    }
}
