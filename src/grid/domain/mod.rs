//! A grid with its numbers on many ranks: [`Grid`], [`Layout`], [`Halo`], [`Boundaries`] and [`Field`]s in one.
//!
//! In the order of use: a [`Domain`] is made of a grid, of the boundaries beyond its sides and of the [`Stencil`] that its rules read;
//! [`fill`](Domain::fill) gives the start; [`update`](Domain::update) makes the next state by a rule for one cell, which sees its
//! [`Neighbours`]; [`cells`](Domain::cells) are what history is made of. Snapshots take it by
//! [`Snapshot::domain`](crate::Snapshot::domain), checkpoints by [`Checkpoint::domain`](crate::Checkpoint::domain) and
//! [`Domain::load`].
//!
//! Each rank has one block. A rule is called once for each cell, on the rank that has it, so results are the same on any number of
//! ranks.
//!
//! Left out: several blocks per rank, halos wider along one axis than along another: for these there are the parts that it is
//! made of.

mod beyond;
mod files;
mod neighbours;
mod stencil;
mod value;

use std::cell::RefCell;
use std::rc::Rc;
use std::slice;

pub use files::DomainFields;
pub use neighbours::Neighbours;
pub use stencil::Stencil;
pub use value::CellValue;

use super::boundary::{Boundaries, Boundary, Ghost};
use super::field::Field;
use super::geometry::{Grid, Side};
use super::halo::{Halo, HaloShape};
use super::layout::{Cells, Layout, inner_and_rim};
use crate::base::memory::check_fits;
use crate::comm::{Comm, Node};
use crate::io::Element;
use crate::{Error, Result};
use beyond::Beyond;
use neighbours::{Block, each_cell, see_cells};

/// Numbers on the cells of a grid of `D` axes, spread over ranks: `Domain<f64, 2>` has one per cell, `Domain<[f64; 3], 2>` three,
/// `Domain<i32, 2>` a whole one.
pub struct Domain<C: CellValue, const D: usize> {
    comm: Comm,
    node: Node,
    layout: Layout<D>,
    stencil: Stencil,
    beyond: Beyond<C, D>,
    halo: RefCell<Halo<C::Number, D>>,
    now: Field<C::Number, D>,
    /// Where `update` makes the next state; none before the first one.
    next: Option<Field<C::Number, D>>,
}

impl<C: CellValue, const D: usize> Domain<C, D> {
    /// The grid cut into a block for each rank, all numbers zero. All ranks.
    ///
    /// `boundaries` say what is beyond each side of the box, `stencil` which cells the rules of [`update`](Domain::update) look
    /// at, and `node` how halos travel between ranks of a node (`setup.node`).
    ///
    /// # Errors
    /// If the grid can't be cut for so many ranks, one side of an axis is periodic and the other is not, or walls are to change the
    /// sign of numbers that have none.
    pub fn new(
        comm: &Comm,
        grid: &Grid<D>,
        boundaries: &Boundaries<C::Number, D>,
        stencil: Stencil,
        node: Node,
    ) -> Result<Self> {
        const { assert!(C::COMPONENTS > 0, "a cell holds something") }
        if !C::Number::SIGNED && boundaries.odd != [None; D] {
            return Err(Error::input("boundary", "unsigned numbers have no sign that a wall could change"));
        }
        let width = [stencil.width(); D];
        let layout = Layout::balanced(grid.clone(), comm.size(), width, boundaries.periodic()?)?;
        let cells = layout.extent(comm.rank()).iter().map(|&cells| cells as u64).product();
        check_fits("grid.cells", "cells", cells, 2 * C::COMPONENTS * size_of::<C::Number>())?;
        let shape = HaloShape { components: C::COMPONENTS, width, corners: stencil.has_corners() };
        let halo = Halo::new(comm, &layout, shape, node)?;
        let now = Field::new(layout.extent(comm.rank()), C::COMPONENTS, width);
        Ok(Domain {
            comm: comm.clone(),
            node,
            layout,
            stencil,
            beyond: Beyond { boundaries: boundaries.clone(), rule: None },
            halo: RefCell::new(halo),
            now,
            next: None,
        })
    }

    /// As [`new`](Domain::new), in a box that repeats itself along all axes. All ranks.
    ///
    /// # Errors
    /// If the grid can't be cut for so many ranks.
    pub fn periodic(comm: &Comm, grid: &Grid<D>, stencil: Stencil, node: Node) -> Result<Self> {
        Domain::new(comm, grid, &Boundaries::all(Boundary::Periodic), stencil, node)
    }

    /// Another domain of the same shape, for the stages of a step; all numbers zero. All ranks.
    ///
    /// # Errors
    /// As [`new`](Domain::new).
    pub fn zeros_like(&self) -> Result<Self> {
        let grid = self.layout.grid();
        let made = Domain::new(&self.comm, grid, &self.beyond.boundaries, self.stencil, self.node)?;
        Ok(Domain { beyond: self.beyond.clone(), ..made })
    }

    /// Lets `rule` fill the cells beyond the sides that are [`Boundary::User`]: it gets the cell, what the nearest cell within the box
    /// holds and what the mirrored one does.
    pub fn set_boundary(&mut self, rule: impl Fn(&Ghost<D>, C, C) -> C + 'static) {
        self.beyond.rule = Some(Rc::new(rule));
    }

    /// The ranks.
    pub fn comm(&self) -> &Comm {
        &self.comm
    }

    /// The whole grid.
    pub fn grid(&self) -> &Grid<D> {
        self.layout.grid()
    }

    /// How the grid is cut: rank r has block r.
    pub fn layout(&self) -> &Layout<D> {
        &self.layout
    }

    /// A cell's extent along each axis.
    pub fn spacing(&self) -> [f64; D] {
        self.grid().spacing()
    }

    /// This rank's block, for those who work on rows.
    pub fn field(&self) -> &Field<C::Number, D> {
        &self.now
    }

    /// This rank's block, to change its interior.
    pub fn field_mut(&mut self) -> &mut Field<C::Number, D> {
        &mut self.now
    }

    /// The interior cells of this rank, as places in its block, x fastest.
    fn places(&self) -> impl Iterator<Item = [isize; D]> + use<C, D> {
        let width = self.now.extent()[0] as isize;
        let place = |i, j, k| std::array::from_fn(|axis| [i, j, k][axis]);
        self.now.rows().flat_map(move |(j, k)| (0..width).map(move |i| place(i, j, k)))
    }

    /// What this rank's cells hold, x fastest.
    pub fn cells(&self) -> impl Iterator<Item = C> + '_ {
        self.places().map(|place| C::from_components(|component| self.now.at(component, place)))
    }

    /// The centres of this rank's cells, in the order of [`cells`](Domain::cells).
    pub fn centers(&self) -> impl Iterator<Item = [f64; D]> + '_ {
        self.layout.centers(self.comm.rank())
    }

    /// Gives each cell the value that `value` gives for its centre.
    pub fn fill(&mut self, mut value: impl FnMut([f64; D]) -> C) {
        let values: Vec<C> = self.centers().map(&mut value).collect();
        for (place, value) in self.places().zip(values) {
            for component in 0..C::COMPONENTS {
                self.now.put(component, place, value.component(component));
            }
        }
    }

    /// What `rule` makes of each of this rank's cells and its neighbours, in the order of [`cells`](Domain::cells). All ranks.
    ///
    /// For columns of history.csv and fields of snapshots that look at neighbours: nothing is changed, a copy of the numbers gets the
    /// halo.
    ///
    /// # Panics
    /// As [`update`](Domain::update).
    pub fn map<V>(&self, mut rule: impl FnMut(&Neighbours<'_, C, D>) -> V) -> Vec<V> {
        let mut copy = self.now.clone();
        self.halo.borrow_mut().exchange(slice::from_mut(&mut copy));
        self.beyond.fill(&self.layout, self.comm.rank(), self.stencil.width(), &mut copy);
        let block = self.block(&copy);
        let mut values = Vec::with_capacity(copy.extent().iter().product());
        see_cells(&block, |neighbours| values.push(rule(neighbours)));
        values
    }

    /// Makes the next state: each cell gets what `rule` makes of it and its neighbours. All ranks.
    ///
    /// The rule is called for the inner cells while the halo is on its way between ranks, then for the rest.
    ///
    /// # Panics
    /// If a side is [`Boundary::User`] and no [rule](Domain::set_boundary) was given for it.
    pub fn update(&mut self, mut rule: impl FnMut(&Neighbours<'_, C, D>) -> C) {
        let mut next = self.take_next();
        self.in_parts(|block, cells| each_cell(block, &mut next, cells, |neighbours, _: C| rule(neighbours)));
        self.next = Some(std::mem::replace(&mut self.now, next));
    }

    /// Gives each cell what `rule` makes of the same cell of `from` with its neighbours, and of what this cell holds. All ranks.
    ///
    /// For steps of several stages: `to.update_from(&mut from, |cell, held| ..)`.
    ///
    /// # Panics
    /// If `from` is cut in another way; as [`update`](Domain::update).
    pub fn update_from<F: CellValue>(
        &mut self,
        from: &mut Domain<F, D>,
        mut rule: impl FnMut(&Neighbours<'_, F, D>, C) -> C,
    ) {
        from.in_parts(|block, cells| each_cell(block, &mut self.now, cells, &mut rule));
    }

    /// Makes the next state by rows: `work` gets this rank's block with its halo, the next block, and the cells of it that are to be
    /// made, counted from the first interior one. It is called for the inner cells, and for each part of the rim. All ranks.
    ///
    /// # Panics
    /// As [`update`](Domain::update).
    pub fn update_rows(&mut self, mut work: impl FnMut(&Field<C::Number, D>, &mut Field<C::Number, D>, &Cells<D>)) {
        let mut next = self.take_next();
        self.in_parts(|block, cells| work(block.field(), &mut next, cells));
        self.next = Some(std::mem::replace(&mut self.now, next));
    }

    /// Room for the next state.
    fn take_next(&mut self) -> Field<C::Number, D> {
        self.next.take().unwrap_or_else(|| self.now.clone())
    }

    /// Calls `work` for the cells that need nothing of others while the halo travels, then for the rest.
    fn in_parts(&mut self, mut work: impl FnMut(&Block<'_, C::Number, D>, &Cells<D>)) {
        let (inner, rim) = inner_and_rim(self.now.extent(), self.margins());
        self.halo.get_mut().start(slice::from_mut(&mut self.now));
        work(&self.block(&self.now), &inner);
        self.halo.get_mut().finish(slice::from_mut(&mut self.now));
        self.beyond.fill(&self.layout, self.comm.rank(), self.stencil.width(), &mut self.now);
        let block = self.block(&self.now);
        rim.iter().for_each(|cells| work(&block, cells));
    }

    /// This rank's block as rules see it.
    fn block<'a>(&'a self, field: &'a Field<C::Number, D>) -> Block<'a, C::Number, D> {
        let first = self.layout.range(self.comm.rank()).map(|range| range.start);
        Block::new(field, self.stencil, self.layout.grid(), first)
    }

    /// How many layers of cells, at the low and the high side of each axis, wait for other ranks or for the boundaries.
    fn margins(&self) -> [[usize; 2]; D] {
        let waits = self.halo.borrow().waits(0);
        std::array::from_fn(|axis| {
            [false, true].map(|high| {
                let at_border = self.layout.at_border(self.comm.rank(), Side { axis, high });
                if at_border || waits[axis][usize::from(high)] { self.stencil.width() } else { 0 }
            })
        })
    }
}
