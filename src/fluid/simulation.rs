//! A flow as a simulation: what the run loop asks of it.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

use super::config::{self, Config};
use super::flow::Flow;
use super::gas::Gas;
use super::primitive::Corrected;
use super::problem::{Entry, Problem, Problems, Section, Setting};
use super::quantities::{Drift, Totals, add_extremes, add_totals, drifts};
use crate::config::nearest_of;
use crate::grid::{Boundary, Field, Strides};
use crate::output::{CellField, GridGeometry, Part, Slab};
use crate::run::{Row, Setup};
use crate::units::Units;
use crate::{Checkpoint, CheckpointReader, Clock, Comm, Error, Result, Simulation, Snapshot};

/// Compressible flow: one of the problems `P`.
pub struct Fluid<P> {
    comm: Comm,
    units: Units,
    flow: Flow,
    geometry: GridGeometry,
    /// Steps taken since the start.
    steps: u64,
    first: Totals,
    drifts: RefCell<Vec<Drift>>,
    /// What had to be corrected on all ranks, as history.csv last had it.
    corrected: Cell<[(&'static str, u64); 3]>,
    problems: PhantomData<P>,
}

/// The entry that `problem.name` names, and its parameters.
fn entry<P: Problems>(config: &Config) -> Result<(&'static Entry, Section)> {
    let known: Vec<&str> = P::ENTRIES.iter().map(|entry| entry.name).collect();
    let mut section = config.problem.clone();
    let Some(name) = section.remove("name").and_then(|name| Some(name.as_str()?.to_owned())) else {
        return Err(Error::input("problem.name", format!("is missing; there are {}", known.join(", "))));
    };
    match P::ENTRIES.iter().find(|entry| entry.name == name) {
        Some(entry) => Ok((entry, Section(section))),
        None => {
            let reason = format!("there is no problem \"{name}\"{}", nearest_of(&name, &known));
            Err(Error::input("problem.name", reason))
        }
    }
}

fn problem<P: Problems>(config: &Config, seed: u64, folder: &std::path::Path) -> Result<Box<dyn Problem>> {
    let (entry, section) = entry::<P>(config)?;
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
    fn without_state(setup: &Setup<Config>, comm: &Comm) -> Result<Self> {
        let config = &setup.config;
        let problem = problem::<P>(config, setup.seed, &setup.folder)?;
        let flow = Flow::new(comm, config, problem, setup.level, setup.node)?;
        let grid = flow.layout.grid();
        let geometry = GridGeometry {
            cells: grid.cells().map(|cells| cells as u64),
            low: grid.low(),
            high: grid.high(),
            periodic: config.boundaries()?.map(|sides| sides[0] == Boundary::Periodic),
        };
        let (comm, units) = (comm.clone(), setup.units.clone());
        let (first, drifts) = (Totals::default(), RefCell::default());
        let corrected = Cell::new(Corrected::default().columns());
        Ok(Fluid { comm, units, flow, geometry, steps: 0, first, drifts, corrected, problems: PhantomData })
    }

    /// Whether nothing enters or leaves, so that totals are conserved.
    fn is_closed(&self) -> bool {
        let periodic = (0..self.flow.physics.dimensions).all(|axis| self.geometry.periodic[axis]);
        periodic && !self.flow.physics.has_gravity() && !self.flow.problem.has_source()
    }

    /// Where each block of this rank lies in a dataset of the grid's cells.
    fn slabs(&self) -> Vec<Slab> {
        let reversed = |[x, y, z]: [usize; 3]| vec![z as u64, y as u64, x as u64];
        let extents = self.flow.conserved.iter().map(|field| field.extent());
        let blocks = self.flow.blocks().zip(extents);
        let shape = self.geometry.shape().to_vec();
        blocks
            .map(|((_, origin), extent)| Slab {
                shape: shape.clone(),
                offset: reversed(origin),
                count: reversed(extent),
            })
            .collect()
    }

    /// The slabs with all variables as their first axis.
    fn state_slabs(&self) -> Vec<Slab> {
        let variables = self.flow.physics.variables() as u64;
        let widen = |part: &[u64], first: u64| std::iter::once(first).chain(part.iter().copied()).collect();
        let slabs = self.slabs().into_iter();
        slabs
            .map(|slab| Slab {
                shape: widen(&slab.shape, variables),
                offset: widen(&slab.offset, 0),
                count: widen(&slab.count, variables),
            })
            .collect()
    }

    fn unit_of(&self, name: &str) -> String {
        let units = &self.units;
        let (mass, length) = (units.mass_name(), units.length_name());
        match name {
            _ if mass.is_empty() || length.is_empty() => String::new(),
            "density" => format!("{mass}/{length}^3"),
            "pressure" => format!("{mass}/{length}/{}^2", units.time_name()),
            "velocity_x" | "velocity_y" | "velocity_z" => units.velocity_name(),
            _ => String::new(),
        }
    }
}

/// The numbers of a field from a variable's first interior cell on, and how far the next variable, plane and row are.
fn cells(field: &Field<f64, 3>, variable: usize) -> (&[f64], [usize; 3]) {
    let Strides { component, axis: [_, row, plane] } = field.strides();
    (&field.values()[field.index(variable, [0; 3])..], [component, plane, row])
}

impl<P: Problems> Simulation for Fluid<P> {
    const NAME: &'static str = P::NAME;
    const PARAMETERS: &'static str = config::PARAMETERS;
    const CHANGEABLE: &'static [&'static str] = &["grid.ranks", "grid.blocks"];
    type Config = Config;

    fn parameters() -> String {
        let problem = |entry: &Entry| format!("[problem]\nname = \"{}\"\n{}", entry.name, entry.parameters);
        let problems: Vec<String> = P::ENTRIES.iter().map(problem).collect();
        format!("{}\n{}", Self::PARAMETERS, problems.join("\n"))
    }

    fn validate(config: &Config, _units: &Units) -> Result<()> {
        config.validate()?;
        entry::<P>(config).map(|_| ())
    }

    fn new(setup: &Setup<Config>, comm: &Comm) -> Result<Self> {
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
        let (slabs, names) = (self.slabs(), self.flow.names());
        let mut parts: Vec<Vec<Part<'_, f64>>> = vec![Vec::new(); names.len()];
        for (slab, field) in slabs.iter().zip(&self.flow.primitive) {
            for (variable, parts) in parts.iter_mut().enumerate() {
                let (cells, [_, strides @ ..]) = cells(field, variable);
                parts.push(Part::strided(slab.clone(), cells, strides.to_vec()));
            }
        }
        let units: Vec<String> = names.iter().map(|name| self.unit_of(name)).collect();
        let fields: Vec<CellField<'_>> = (0..names.len())
            .map(|variable| CellField { name: &names[variable], unit: &units[variable], parts: &parts[variable] })
            .collect();
        out.grid(&self.geometry, &fields)
    }

    fn history(&self, row: &mut Row) -> Result<()> {
        let totals = Totals::of(&self.flow, &self.comm);
        row.value("dt", self.flow.dt);
        add_totals(row, &self.flow, &totals);
        add_extremes(row, &self.flow);
        let corrected = self.flow.corrected.columns().map(|(name, count)| (name, self.comm.all_reduce_sum(count)));
        corrected.iter().for_each(|(name, count)| row.value(name, *count as f64));
        self.corrected.set(corrected);
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
        let corrected = self.corrected.get().into_iter().filter(|(_, count)| *count > 0);
        let corrected = corrected.map(|(name, count)| format!("{name}: {count} cells, counted at each stage"));
        self.drifts.borrow().iter().map(drift).chain(corrected).collect()
    }

    fn save(&self, to: &mut Checkpoint) -> Result<()> {
        let part = |(slab, field)| {
            let (cells, strides) = cells(field, 0);
            Part::strided(slab, cells, strides.to_vec())
        };
        let parts: Vec<_> = self.state_slabs().into_iter().zip(&self.flow.conserved).map(part).collect();
        to.array_parts("conserved", &parts)?;
        let corrected = self.flow.corrected.columns().map(|(_, count)| self.comm.all_reduce_sum(count));
        to.values("corrected", &corrected)?;
        to.values("scalar_bounds", &self.flow.physics.bounds)?;
        to.value("steps", self.steps)?;
        to.value("dt", self.flow.dt)?;
        to.value("flow_time", self.flow.time)?;
        to.values("first_sums", &self.first.sums)?;
        to.values("first_sizes", &self.first.sizes)
    }

    fn load(setup: &Setup<Config>, comm: &Comm, from: &CheckpointReader) -> Result<Self> {
        let mut fluid = Self::without_state(setup, comm)?;
        for (slab, field) in fluid.state_slabs().into_iter().zip(&mut fluid.flow.conserved) {
            for variable in 0..slab.count[0] {
                let mut slab = slab.clone();
                (slab.offset[0], slab.count[0]) = (variable, 1);
                field.fill_interior(variable as usize, &from.read_slab::<f64>("conserved", &slab)?);
            }
        }
        fluid.flow.time = from.value("flow_time")?;
        let broken = |what: &str| Error::file(from.path(), format!("{what} is not as this version writes it"));
        let bounds: Vec<f64> = from.values("scalar_bounds")?;
        fluid.flow.physics.bounds = bounds.try_into().map_err(|_| broken("scalar_bounds"))?;
        fluid.flow.settle()?;
        fluid.flow.dt = from.value("dt")?;
        fluid.steps = from.value("steps")?;
        fluid.first = Totals { sums: from.values("first_sums")?, sizes: from.values("first_sizes")? };
        let corrected: Vec<u64> = from.values("corrected")?;
        let &[densities, pressures, scalars] = &corrected[..] else { return Err(broken("corrected")) };
        // The counts of all ranks together stand on rank 0 from here on.
        if comm.is_root() {
            fluid.flow.corrected = Corrected { densities, pressures, scalars };
        }
        Ok(fluid)
    }
}
