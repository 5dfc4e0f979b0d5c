//! A flow as a simulation: what the run loop asks of it.

mod boundaries;
mod config;
mod numbers;
mod quantities;
mod setup;
mod sides;

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

use self::config::{Config, ConfigOf};
use self::quantities::{Drift, Totals, add_extremes, add_totals, drifts};
use super::added::Added;
use super::findings::{COLUMNS, Corrected, Floors};
use super::flow::Flow;
use super::gas::Gas;
use super::problem::{Problem, Problems, Setting, entry_of};
use crate::base::units::Units;
use crate::grid::Field;
use crate::io::CellField;
use crate::run::{Row, Setup};
use crate::{Checkpoint, CheckpointReader, Clock, Comm, Error, Result, Simulation, Snapshot};

/// Compressible flow: one of the problems `P`.
pub struct Fluid<P> {
    comm: Comm,
    units: Units,
    flow: Flow,
    /// Steps taken since the start.
    steps: u64,
    first: Totals,
    drifts: RefCell<Vec<Drift>>,
    /// What had to be corrected on all ranks, as history.csv last had it.
    corrected: Cell<Corrected>,
    problems: PhantomData<P>,
}

fn problem<P: Problems>(config: &Config, seed: u64, folder: &std::path::Path) -> Result<Box<dyn Problem>> {
    let (entry, section) = entry_of::<P>(&config.problem)?;
    let setting = Setting {
        grid: config.grid()?,
        dimensions: config.dimensions(),
        gas: config.gas()?,
        gravity: config.fluid.gravity,
        seed,
        folder: folder.to_owned(),
    };
    (entry.make)(&section, &setting)
}

impl<P: Problems> Fluid<P> {
    fn without_state(setup: &Setup<ConfigOf<P>>, comm: &Comm) -> Result<Self> {
        let config = &setup.config.sections;
        let problem = problem::<P>(config, setup.seed, &setup.folder)?;
        let flow = setup::flow(comm, config, problem, setup.level, setup.node)?;
        let comm = comm.clone();
        let units = setup.units.clone();
        let first = Totals::default();
        let drifts = RefCell::default();
        let corrected = Cell::default();
        Ok(Fluid { comm, units, flow, steps: 0, first, drifts, corrected, problems: PhantomData })
    }

    /// Whether nothing enters or leaves, so that totals are conserved.
    fn is_closed(&self) -> bool {
        let periodic = (0..self.flow.physics.dimensions).all(|axis| self.flow.layout.periodic()[axis]);
        let problem = &self.flow.problem;
        periodic && !self.flow.physics.has_gravity() && !problem.has_source() && !problem.has_after_step()
    }

    /// Which cells of this rank's blocks are obstacles: 1, others 0; none where no rank has any. All ranks.
    fn obstacles(&self) -> Option<Vec<Field<u8, 3>>> {
        let mine = self.flow.solids.iter().any(Option::is_some);
        if self.comm.all_reduce_max(u64::from(mine)) == 0 {
            return None;
        }
        let mut marks = self.flow.layout.fields::<u8>(self.comm.rank(), 1, [0; 3]);
        for (field, solid) in marks.iter_mut().zip(&self.flow.solids) {
            let Some(solid) = solid else { continue };
            let extent = field.extent();
            for (j, k) in field.rows() {
                let marks = (0..extent[0]).map(|i| u8::from(solid.at([i as isize, j, k])));
                field.row_mut(0, j, k).iter_mut().zip(marks).for_each(|(cell, mark)| *cell = mark);
            }
        }
        Some(marks)
    }

    /// What had to be corrected so far on all ranks. All ranks.
    fn corrected_everywhere(&self) -> Corrected {
        Corrected::of(self.flow.corrected.counts().map(|count| self.comm.all_reduce_sum(count)))
    }

    /// What had to be corrected, as history.csv last had it, with the names of its columns; no scalars from upwind where none is
    /// bounded.
    fn columns(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let bounded = self.flow.physics.bounded().next().is_some();
        COLUMNS.into_iter().zip(self.corrected.get().counts()).take(if bounded { 5 } else { 4 })
    }

    fn unit_of(&self, name: &str) -> String {
        let units = &self.units;
        let mass = units.mass_name();
        let length = units.length_name();
        match name {
            _ if mass.is_empty() || length.is_empty() => String::new(),
            "density" => format!("{mass}/{length}^3"),
            "pressure" => format!("{mass}/{length}/{}^2", units.time_name()),
            "velocity_x" | "velocity_y" | "velocity_z" => units.velocity_name(),
            _ => String::new(),
        }
    }
}

impl<P: Problems> Simulation for Fluid<P> {
    const NAME: &'static str = P::NAME;
    type Config = ConfigOf<P>;

    fn new(setup: &Setup<ConfigOf<P>>, comm: &Comm) -> Result<Self> {
        let mut fluid = Self::without_state(setup, comm)?;
        fluid.flow.begin()?;
        fluid.first = Totals::of(&fluid.flow, comm);
        Ok(fluid)
    }

    fn step(&mut self, clock: &Clock, dt_max: f64) -> Result<f64> {
        let dt = self.flow.step(clock.time(), dt_max, clock.step() + 1)?;
        self.steps += 1;
        Ok(dt)
    }

    fn snapshot(&self, out: &mut Snapshot) -> Result<()> {
        let names = self.flow.names();
        let units: Vec<String> = names.iter().map(|name| self.unit_of(name)).collect();
        let named: Vec<[&str; 2]> = names.iter().zip(&units).map(|(name, unit)| [&name[..], &unit[..]]).collect();
        let layout = &self.flow.layout;
        let obstacles = self.obstacles();
        let blocks =
            obstacles.as_ref().map(|obstacles| layout.of_rank(self.comm.rank()).zip(obstacles).collect::<Vec<_>>());
        let solid = blocks.as_ref().map(|blocks| CellField::of_component("solid", "", layout, blocks, 0));
        out.fields_and(layout, &self.flow.primitive, &named, solid)
    }

    fn history(&self, row: &mut Row) -> Result<()> {
        let totals = Totals::of(&self.flow, &self.comm);
        row.value("dt", self.flow.dt);
        add_totals(row, &self.flow, &totals);
        add_extremes(row, &self.flow);
        self.corrected.set(self.corrected_everywhere());
        for (name, count) in self.columns() {
            row.value(name, count as f64);
        }
        let Added { mass, energy } = self.flow.added;
        row.value("mass_added", mass);
        if self.flow.physics.has_energy() {
            row.value("energy_added", energy);
        }
        if self.is_closed() {
            let drifts = drifts(&self.flow, &self.first, &totals, self.steps);
            for Drift { name, drift, bound } in &drifts {
                row.value(&format!("{name}_drift"), *drift);
                row.value(&format!("{name}_bound"), *bound);
            }
            self.drifts.replace(drifts);
        }
        self.flow.with_cells(|cells| self.flow.problem.history(cells, self.flow.time, row));
        Ok(())
    }

    fn work(&self) -> (f64, &'static str) {
        (self.flow.layout.grid().count() as f64, "cell updates")
    }

    fn describe(&self) -> Vec<(String, String)> {
        let layout = &self.flow.layout;
        let axes = self.flow.physics.dimensions;
        let by = |numbers: [usize; 3]| numbers[..axes].iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
        let largest =
            (0..layout.count()).map(|block| layout.extent(block)).max_by_key(|extent| extent.iter().product::<usize>());
        let gas = match self.flow.physics.gas {
            Gas::Ideal { gamma } => format!("ideal, gamma {gamma}"),
            Gas::Isothermal { sound_speed } => format!("isothermal, sound speed {sound_speed}"),
        };
        let bytes = self.flow.bytes();
        let per_cell = bytes as f64 / 8.0 / self.flow.cells() as f64;
        vec![
            ("cells".to_owned(), by(layout.grid().cells())),
            ("gas".to_owned(), gas),
            ("blocks".to_owned(), format!("{} of up to {}", by(layout.blocks()), by(largest.unwrap_or([1; 3])))),
            ("fields".to_owned(), format!("{:.1} MB on rank 0, {per_cell:.1} numbers per cell", bytes as f64 / 1e6)),
        ]
    }

    fn summary(&self) -> Vec<String> {
        let drift = |drift: &Drift| {
            format!("{} drifted by {:.3e}; rounding alone explains {:.3e}", drift.name, drift.drift, drift.bound)
        };
        let corrected = self.columns().filter(|(_, count)| *count > 0);
        let corrected = corrected.map(|(name, count)| format!("{name}: {count} cells, counted at each stage"));
        let Added { mass, energy } = self.flow.added;
        let added = (self.flow.added != Added::default()).then(|| {
            format!("floors added mass {mass:.3e} and energy {energy:.3e}, as mass_added and energy_added have it")
        });
        self.drifts.borrow().iter().map(drift).chain(corrected).chain(added).collect()
    }

    fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.fields("conserved", &self.flow.layout, &self.flow.conserved)?;
        to.values("corrected", &self.corrected_everywhere().counts())?;
        let Floors { density, pressure } = self.flow.physics.floors;
        to.values("floors", &[density, pressure])?;
        to.values("added", &[self.flow.added.mass, self.flow.added.energy])?;
        to.value("steps", self.steps)?;
        to.value("dt", self.flow.dt)?;
        to.value("flow_time", self.flow.time)?;
        to.values("first_sums", &self.first.sums)?;
        to.values("first_sizes", &self.first.sizes)
    }

    fn load(setup: &Setup<ConfigOf<P>>, comm: &Comm, from: &CheckpointReader) -> Result<Self> {
        let mut fluid = Self::without_state(setup, comm)?;
        from.fields("conserved", &fluid.flow.layout, &mut fluid.flow.conserved)?;
        fluid.flow.time = from.value("flow_time")?;
        let broken = |what: &str| Error::file(from.path(), format!("{what} is not as this version writes it"));
        let floors: Vec<f64> = from.values("floors")?;
        let &[density, pressure] = &floors[..] else { return Err(broken("floors")) };
        fluid.flow.physics.set_floors(Floors { density, pressure });
        fluid.flow.settle()?;
        fluid.flow.dt = from.value("dt")?;
        fluid.steps = from.value("steps")?;
        fluid.first = Totals { sums: from.values("first_sums")?, sizes: from.values("first_sizes")? };
        let corrected: Vec<u64> = from.values("corrected")?;
        let Ok(corrected) = corrected.try_into() else { return Err(broken("corrected")) };
        let added: Vec<f64> = from.values("added")?;
        let &[mass, energy] = &added[..] else { return Err(broken("added")) };
        fluid.flow.added = Added { mass, energy };
        // The counts of all ranks together stand on rank 0 from here on.
        if comm.is_root() {
            fluid.flow.corrected = Corrected::of(corrected);
        }
        Ok(fluid)
    }
}
