//! The flow on one rank: its blocks' states, from the start of a run or from a checkpoint.
//!
//! Left out: how they take a step (`step`), and what a problem does after one (`after`).

use super::added::{Added, Amounts, Sums};
use super::exchange::Exchange;
use super::findings::{AskedFloors, Care, Corrected, Findings, Floors};
use super::initial::fill;
use super::marks::Marks;
use super::problem::{Cell, Cells, Problem};
use super::rows::{Row, RowMut};
use super::scheme::{Physics, Reconstruct};
use super::scratch::Scratch;
use super::solid::Solid;
use super::stages::{Blend, Stage, Time};
use crate::Result;
use crate::base::memory::check_fits;
use crate::comm::{Comm, Node};
use crate::grid::{Boundaries, Boundary, Field, Grid, Layout};

/// The state of one rank.
pub(super) struct Flow {
    pub comm: Comm,
    pub layout: Layout<3>,
    pub physics: Physics,
    pub problem: Box<dyn Problem>,
    pub stages: Vec<Stage>,
    pub cfl: f64,
    /// The least length of a step.
    pub least_step: f64,
    /// The floors that are given; what holds is in the physics.
    floors: AskedFloors,
    pub boundaries: Boundaries<f64, 3>,
    /// The exchange before the predictor, if there is one, and before the other stages; away while it is under way.
    pub exchanges: [Option<Exchange>; 2],
    pub conserved: Vec<Field<f64, 3>>,
    /// The conserved variables at the beginning of a step, where stages blend with them.
    pub start: Vec<Field<f64, 3>>,
    pub primitive: Vec<Field<f64, 3>>,
    pub next: Vec<Field<f64, 3>>,
    /// The bounded scalars at the beginning of a step, where a stage takes its fluxes of a later state but begins there.
    pub kept: Vec<Field<f64, 3>>,
    pub solids: Vec<Option<Solid>>,
    pub scratch: Scratch,
    /// The fastest signal along each axis, over all ranks.
    pub fastest: [f64; 3],
    /// The cells below a floor, and those with a scalar beyond its bounds, once there were some.
    pub marks: Option<[Marks; 2]>,
    /// Cells of this rank that had to be corrected so far.
    pub corrected: Corrected,
    /// What floors have added so far on all ranks.
    pub added: Added,
    /// The last step.
    pub dt: f64,
    /// The time of the state.
    pub time: f64,
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
    /// The least length of a step.
    pub least_step: f64,
    /// The floors that are given.
    pub floors: AskedFloors,
    /// How halos travel between ranks of the same node.
    pub node: Node,
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
        let FlowSetup { physics, problem, layout, boundaries, time, cfl, least_step, floors, node } = parts;
        let stages = time.stages();
        let reach = physics.reconstruct.halo();
        check_size(comm, &layout, &physics)?;
        let exchange = |reach: usize| Exchange::new(comm, &layout, &physics, reach, node);
        let predictor = if stages[0].predicts { Some(exchange(Reconstruct::Donor.halo())?) } else { None };
        let exchanges = [predictor, Some(exchange(reach)?)];
        let extents: Vec<_> = layout.of_rank(comm.rank()).map(|block| layout.extent(block)).collect();
        let fields_of = |components: usize, width: usize| -> Vec<Field<f64, 3>> {
            extents.iter().map(|&extent| Field::new(extent, components, physics.widths(width))).collect()
        };
        let fields = |width: usize| fields_of(physics.variables(), width);
        let bounded = physics.bounded().count();
        let keeps = stages[0].predicts && bounded > 0;
        let blends = stages.iter().any(|stage| stage.blend != Blend::Same);
        Ok(Flow {
            comm: comm.clone(),
            conserved: fields(0),
            start: if blends { fields(0) } else { Vec::new() },
            primitive: fields(reach),
            next: fields(reach),
            kept: if keeps { fields_of(bounded, reach) } else { Vec::new() },
            solids: extents.iter().map(|_| None).collect(),
            scratch: Scratch::new(physics.variables()),
            layout,
            physics,
            problem,
            stages,
            cfl,
            least_step,
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

    pub(super) fn grid(&self) -> &Grid<3> {
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
            findings.merge(&self.find(place, &mut Sums::new()));
        }
        self.agree(&findings, 0)?;
        Ok(())
    }

    /// The primitive variables of a block's cells from the conserved ones; what is found out about them. What floors add is
    /// summed up.
    pub(super) fn find(&mut self, place: usize, added: &mut Sums) -> Findings {
        let mut findings = Findings::default();
        let has_energy = self.physics.has_energy();
        let solid = self.solids[place].as_ref();
        let conserved = &mut self.conserved[place];
        let primitive = &mut self.primitive[place];
        for (j, k) in conserved.rows() {
            let count = conserved.extent()[0];
            let before = Amounts::of_row(conserved, j, k, has_energy);
            let state = RowMut::of(conserved, [0, j, k]);
            let row = RowMut::of(primitive, [0, j, k]);
            let mut found = self.physics.primitive(state, row, Care::ALL, count);
            if let Some(solid) = solid {
                solid.leave_out(&mut found, self.physics.gas, Row::of(primitive, [0, j, k]), [0, j, k], count);
            }
            if found.corrected.raised() {
                added.take_gain(&before, &Amounts::of_row(conserved, j, k, has_energy));
            }
            findings.merge(&found);
        }
        findings
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
        let fields = [&self.conserved, &self.start, &self.primitive, &self.next, &self.kept].into_iter().flatten();
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
