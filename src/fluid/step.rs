//! How a flow takes a step.
//!
//! A step goes through the stages of its scheme. In each, in order: the halo exchange begins; sides of the box are filled;
//! the cells that need nothing from other ranks are advanced; the exchange ends; the rest is advanced. After the last stage one
//! reduction gives all ranks the fastest signal, which gives the next step's length, and whether a cell is not finite. Where a
//! stage would leave a cell below a floor or a scalar beyond its bounds, which the reduction tells too, its fluxes are corrected
//! (`correct`).

use super::exchange::exchange_of;
use super::findings::Findings;
use super::flow::Flow;
use super::gas::Gas;
use super::pass::{Arrays, Pass};
use super::region::Split;
use super::scheme::Reconstruct;
use super::scratch::Scratch;
use super::stages::Stage;
use crate::grid::Ghost;
use crate::{Error, Result};

/// What stands for a cell that is not finite where ranks agree; 1 stands for one that must be corrected.
const BROKEN: f64 = 2.0;

/// Which cells of each block to advance: those that need not wait for an exchange, or the others.
#[derive(Clone, Copy)]
enum Cut {
    Inner,
    Rest,
}

/// A stage of a step that is taken.
#[derive(Clone, Copy)]
pub(super) struct StageNow {
    pub stage: Stage,
    /// Whether it is the last one of its step.
    last: bool,
    /// The time of the state that its fluxes are taken of.
    time: f64,
    /// The length of the step.
    dt: f64,
}

/// A block of a rank while a stage is done: its place among the rank's fields, its arrays, and rows to work in.
pub(super) struct BlockNow<'a> {
    pub place: usize,
    pub arrays: Arrays<'a>,
    pub scratch: &'a mut Scratch,
}

impl Flow {
    /// Takes a step of at most `dt_max` from `time`, the `number`-th one; returns its length. All ranks.
    ///
    /// # Errors
    /// On all ranks, a cell that is not finite after the step; a step that the problem forbids, or below the least one.
    pub(super) fn step(&mut self, time: f64, dt_max: f64, number: u64) -> Result<f64> {
        let dt = self.allowed_step(number)?.min(dt_max);
        if !self.start.is_empty() {
            std::mem::swap(&mut self.start, &mut self.conserved);
        }
        for (index, &stage) in self.stages.clone().iter().enumerate() {
            let last = index + 1 == self.stages.len();
            let now = StageNow { stage, last, time: time + stage.time * dt, dt };
            let mut findings = self.stage(&now);
            if stage.predicts {
                continue;
            }
            if self.agree(&findings, number)? {
                findings.merge(&self.correct(&now)?);
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

    /// The longest step that waves, diffusion and the problem allow. All ranks.
    ///
    /// # Errors
    /// On all ranks, one that the problem forbids, or that is below the least one.
    fn allowed_step(&self, number: u64) -> Result<f64> {
        let dt = self.stable_step().min(self.longest_step(number)?);
        if dt >= self.least_step {
            return Ok(dt);
        }
        let [x, y, z] = self.fastest;
        let reason = format!(
            "step {number} may not be longer than {dt:e}, below fluid.least_step, {:e}; the fastest signals along the axes are {x:e}, {y:e}, {z:e}",
            self.least_step
        );
        Err(Error::Numerics { method: "fluid", reason })
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
    fn stage(&mut self, now: &StageNow) -> Findings {
        if !now.stage.predicts {
            self.keep_scalars();
        }
        let which = exchange_of(&now.stage);
        let Some(mut exchange) = self.exchanges[which].take() else { unreachable!("an exchange for each stage") };
        {
            let _phase = self.comm.phase("halo");
            exchange.halo.start(&mut self.primitive);
        }
        self.fill_sides(now);
        let mut findings = self.advance(now, &exchange.splits, Cut::Inner);
        {
            let _phase = self.comm.phase("halo");
            exchange.halo.finish(&mut self.primitive);
        }
        if exchange.splits.iter().any(|split| !split.rest.is_empty()) {
            if self.physics.looks_around() {
                self.fill_sides(now);
            }
            findings.merge(&self.advance(now, &exchange.splits, Cut::Rest));
        }
        self.exchanges[which] = Some(exchange);
        std::mem::swap(&mut self.primitive, &mut self.next);
        findings
    }

    /// Keeps the bounded scalars of the state that the predictor began with, which the next stage writes over.
    fn keep_scalars(&mut self) {
        for (kept, from) in self.kept.iter_mut().zip(&self.next) {
            let length = from.strides().component;
            for (values, (variable, _)) in kept.values_mut().chunks_exact_mut(length).zip(self.physics.bounded()) {
                values.copy_from_slice(&from.values()[variable * length..][..length]);
            }
        }
    }

    /// Fills what stands beyond the box.
    fn fill_sides(&mut self, now: &StageNow) {
        let reach = if now.stage.predicts { Reconstruct::Donor.halo() } else { self.physics.reconstruct.halo() };
        let width = self.physics.widths(reach);
        let Flow { layout, boundaries, problem, primitive, comm, .. } = self;
        for (field, block) in primitive.iter_mut().zip(layout.of_rank(comm.rank())) {
            let mut ask = |ghost: &Ghost<3>, edge: &[f64], mirror: &[f64], out: &mut [f64]| {
                problem.boundary(ghost, now.time, edge, mirror, out);
            };
            boundaries.fill(layout, block, field, width, &mut ask);
        }
    }

    /// Does something for each of this rank's blocks in a stage from `primitive` to `next`; what was found out.
    pub(super) fn each_block(
        &mut self,
        now: &StageNow,
        mut work: impl FnMut(&Pass, &mut BlockNow) -> Findings,
    ) -> Findings {
        let Flow { comm, physics, problem, layout, scratch, conserved, start, primitive, next, solids, .. } = self;
        let pass = Pass::of(physics, problem.as_ref(), layout.grid(), &now.stage, [now.time, now.dt], now.last);
        let mut findings = Findings::default();
        for (place, block) in layout.of_rank(comm.rank()).enumerate() {
            let arrays = Arrays {
                origin: layout.range(block).map(|range| range.start),
                from: &primitive[place],
                to: &mut next[place],
                conserved: &mut conserved[place],
                start: start.get(place),
                solid: solids[place].as_ref(),
            };
            findings.merge(&work(&pass, &mut BlockNow { place, arrays, scratch }));
        }
        findings
    }

    /// Advances one cut of each block.
    fn advance(&mut self, now: &StageNow, splits: &[Split], cut: Cut) -> Findings {
        let comm = self.comm.clone();
        let _phase = comm.phase("flow");
        self.each_block(now, |pass, block| {
            let mut findings = Findings::default();
            let split = &splits[block.place];
            let regions = match cut {
                Cut::Inner => std::slice::from_ref(&split.inner),
                Cut::Rest => &split.rest,
            };
            for region in regions {
                findings.merge(&pass.advance(&mut block.arrays, block.scratch, region));
            }
            findings
        })
    }

    /// All ranks learn the fastest signals and whether a cell must be corrected, and end where one is not finite.
    pub(super) fn agree(&mut self, findings: &Findings, step: u64) -> Result<bool> {
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
}
