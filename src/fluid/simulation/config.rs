//! The parameters of a flow: grid, boundaries, gas and schemes.
//!
//! Values that can't be are refused here, before MPI starts; what depends on the number of ranks or on the initial state is
//! checked when the run begins.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::json;
use smart_default::SmartDefault;
use toml::Table;

use super::numbers::{OneOrMore, counts, one_or_more};
use super::sides::BoundarySection;
use crate::base::config::positive;
use crate::base::units::Units;
use crate::fluid::gas::Gas;
use crate::fluid::problem::{Entry, Problems, entry_of};
use crate::fluid::scheme::{Reconstruct, Solver};
use crate::fluid::stages::Time;
use crate::grid::Grid;
use crate::{Error, Parameters, Result};

/// The sections of a flow's parameter file beside the framework's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The grid.
    pub grid: GridSection,
    /// What stands beyond the sides of the grid; per axis one word, or two for the lower and the upper side.
    #[serde(default)]
    pub boundary: BoundarySection,
    /// The gas and the schemes.
    #[serde(default)]
    pub fluid: FluidSection,
    /// The problem's name and its own parameters.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub problem: Table,
}

/// `[grid]`: the grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GridSection {
    /// Cells along each axis. One or two numbers, or ones at the end, for fewer axes.
    #[serde(deserialize_with = "counts")]
    #[schemars(with = "OneOrMore<usize>", extend("examples" = [[64, 64, 64]]))]
    pub cells: Vec<usize>,
    /// Lower corner. By default 0.
    #[serde(default, deserialize_with = "one_or_more")]
    #[schemars(with = "OneOrMore<f64>", extend("unit" = "length", "examples" = [[0.0, 0.0, 0.0]]))]
    pub low: Vec<f64>,
    /// Upper corner. By default 1.
    #[serde(default, deserialize_with = "one_or_more")]
    #[schemars(with = "OneOrMore<f64>", extend("unit" = "length", "examples" = [[1.0, 1.0, 1.0]]))]
    pub high: Vec<f64>,
    /// Ranks along each axis.
    #[serde(default)]
    pub ranks: Parts,
    /// Blocks along each axis. By themselves one for each rank.
    #[serde(default)]
    pub blocks: Parts,
}

/// Numbers along each axis, or the program's own choice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "must be \"auto\" or a whole number for each axis, each at least 1")]
pub enum Parts {
    /// The program chooses: least surface, x split last.
    #[default]
    #[serde(with = "auto")]
    #[schemars(with = "Auto")]
    Auto,
    /// So many along each axis.
    Given(
        #[serde(deserialize_with = "counts")]
        #[schemars(with = "OneOrMore<usize>")]
        Vec<usize>,
    ),
}

/// The word "auto", as a schema has it.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Auto {
    #[expect(dead_code, reason = "its schema alone is used")]
    Auto,
}

/// The word "auto".
mod auto {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("auto")
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "auto" => Ok(()),
            word => Err(D::Error::custom(format!("`{word}`: give \"auto\" or a number for each axis"))),
        }
    }
}

/// The kinds of gas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GasKind {
    /// A gas with an energy.
    #[default]
    Ideal,
    /// A gas of constant temperature.
    Isothermal,
}

/// `[fluid]`: the gas and the schemes.
#[derive(Clone, Debug, SmartDefault, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FluidSection {
    /// Kind of gas.
    pub gas: GasKind,
    /// Ratio of specific heats. Of an ideal gas.
    #[default(5.0 / 3.0)]
    #[schemars(extend("exclusiveMinimum" = 1.0))]
    pub gamma: f64,
    /// Speed of sound. Of an isothermal gas.
    #[default = 1.0]
    #[schemars(extend("unit" = "length per time", "exclusiveMinimum" = 0.0))]
    pub sound_speed: f64,
    /// How values at faces are found.
    #[default(Reconstruct::Plm)]
    pub reconstruction: Reconstruct,
    /// How fluxes are found.
    #[default(Solver::Hllc)]
    pub riemann: Solver,
    /// How steps are made.
    #[default(Time::Vl2)]
    pub time: Time,
    /// Share of the time in which a wave crosses a cell.
    #[default = 0.3]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub cfl: f64,
    /// Least length of a step. One that stability or the problem would make shorter ends the run with an error.
    #[schemars(extend("unit" = "time"), range(min = 0.0))]
    pub least_step: f64,
    /// Kinematic viscosity.
    #[schemars(extend("unit" = "length^2 per time"), range(min = 0.0))]
    pub viscosity: f64,
    /// Thermal diffusivity. Of an ideal gas: heat flux = -conductivity density grad(pressure / density).
    #[schemars(extend("unit" = "length^2 per time"), range(min = 0.0))]
    pub conductivity: f64,
    /// Constant acceleration.
    #[schemars(extend("unit" = "length per time^2"))]
    pub gravity: [f64; 3],
    /// Least density of a cell. By itself 1e-15 of the least at the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64", extend("unit" = "mass per length^3", "examples" = [1e-6]), range(min = 0.0))]
    pub density_floor: Option<f64>,
    /// Least pressure of a cell. By itself 1e-15 of the least at the start; of an ideal gas.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64", extend("unit" = "mass per length per time^2", "examples" = [1e-6]), range(min = 0.0))]
    pub pressure_floor: Option<f64>,
}

/// The parameters of a flow that is one of the problems `P`: those of a file, whose section `[problem]` is that of its problem.
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct ConfigOf<P> {
    /// The sections.
    pub sections: Config,
    problems: PhantomData<P>,
}

impl<P: Problems> JsonSchema for ConfigOf<P> {
    fn schema_name() -> Cow<'static, str> {
        "Config".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let problems: Vec<Schema> = P::ENTRIES.iter().map(Entry::schema).collect();
        let mut schema = Config::json_schema(generator);
        if let Some(problem) = schema.pointer_mut("/properties/problem") {
            *problem = json!({ "description": "The problem's name and its own parameters.", "oneOf": problems });
        }
        schema
    }
}

impl<P: Problems> Parameters for ConfigOf<P> {
    const SECTIONS: bool = true;
    const CHANGEABLE: &'static [&'static str] = &["grid.ranks", "grid.blocks"];

    fn validate(&self, _units: &Units) -> Result<()> {
        self.sections.validate()?;
        entry_of::<P>(&self.sections.problem).map(drop)
    }
}

impl Config {
    /// Refuses values that can't be and parameters that don't go together.
    pub(super) fn validate(&self) -> Result<()> {
        self.grid()?;
        self.parts("grid.ranks", &self.grid.ranks)?;
        self.parts("grid.blocks", &self.grid.blocks)?;
        self.boundaries()?;
        self.gas()?;
        self.schemes()
    }

    /// The number of axes: those up to the last one with more than one cell.
    pub(super) fn dimensions(&self) -> usize {
        self.grid.cells.iter().rposition(|&cells| cells != 1).map_or(1, |axis| axis + 1)
    }

    /// The grid; missing axes have one cell.
    pub(super) fn grid(&self) -> Result<Grid<3>> {
        let GridSection { cells, low, high, .. } = &self.grid;
        if cells.is_empty() || cells.len() > 3 {
            return Err(Error::input("grid.cells", format!("{cells:?}: give one to three numbers, as in [64, 64]")));
        }
        let along = |name: &str, given: &[f64], missing: f64| match given.len() {
            n if n > 3 || (n > 0 && n < self.dimensions()) => {
                Err(Error::input(name, format!("{given:?}: give a number for each of the {} axes", self.dimensions())))
            }
            _ => Ok(std::array::from_fn(|axis| given.get(axis).copied().unwrap_or(missing))),
        };
        let low = along("grid.low", low, 0.0)?;
        let high = along("grid.high", high, 1.0)?;
        // A length along an axis that grid.cells doesn't name would go into all totals.
        if let Some(axis) = (cells.len()..3).find(|&axis| high[axis] - low[axis] != 1.0) {
            let reason = format!(
                "{} axes, but the box is {} long along {}: give cells along that axis (1 will do), or no bounds",
                cells.len(),
                high[axis] - low[axis],
                ["x", "y", "z"][axis]
            );
            return Err(Error::input("grid.cells", reason));
        }
        Grid::new(std::array::from_fn(|axis| cells.get(axis).copied().unwrap_or(1)), low, high)
    }

    /// Parts along each axis, if they are given.
    pub(super) fn parts(&self, place: &str, parts: &Parts) -> Result<Option<[usize; 3]>> {
        let Parts::Given(given) = parts else { return Ok(None) };
        let missing = given.len() < self.dimensions() || given.len() > 3;
        if missing || given.contains(&0) || given.iter().skip(self.dimensions()).any(|&parts| parts != 1) {
            let reason = format!("{given:?}: give a number above 0 for each of the {} axes", self.dimensions());
            return Err(Error::input(place, reason));
        }
        Ok(Some(std::array::from_fn(|axis| given.get(axis).copied().unwrap_or(1))))
    }

    /// The gas.
    pub(super) fn gas(&self) -> Result<Gas> {
        let FluidSection { gas, gamma, sound_speed, .. } = self.fluid;
        match gas {
            GasKind::Ideal if !(gamma > 1.0 && gamma.is_finite()) => {
                Err(Error::input("fluid.gamma", format!("{gamma} is not allowed: it must be above 1 and finite")))
            }
            GasKind::Ideal => Ok(Gas::Ideal { gamma }),
            GasKind::Isothermal => {
                positive("fluid.sound_speed", sound_speed, false)?;
                Ok(Gas::Isothermal { sound_speed })
            }
        }
    }

    fn schemes(&self) -> Result<()> {
        let fluid = &self.fluid;
        positive("fluid.cfl", fluid.cfl, false)?;
        let limit = fluid.time.cfl_limit(self.dimensions());
        let dimensions = self.dimensions();
        if fluid.cfl > limit {
            let reason = format!(
                "{} is above {limit:.3}, the limit of time = \"{}\" with {dimensions} axes",
                fluid.cfl,
                fluid.time.name()
            );
            return Err(Error::input("fluid.cfl", reason));
        }
        positive("fluid.least_step", fluid.least_step, true)?;
        positive("fluid.viscosity", fluid.viscosity, true)?;
        positive("fluid.conductivity", fluid.conductivity, true)?;
        positive("fluid.density_floor", fluid.density_floor.unwrap_or(0.0), true)?;
        positive("fluid.pressure_floor", fluid.pressure_floor.unwrap_or(0.0), true)?;
        if fluid.gas == GasKind::Isothermal && fluid.pressure_floor.is_some() {
            return Err(Error::input(
                "fluid.pressure_floor",
                "goes with gas = \"ideal\": an isothermal gas has no pressure of its own",
            ));
        }
        if fluid.gas == GasKind::Isothermal && fluid.conductivity > 0.0 {
            return Err(Error::input("fluid.conductivity", "goes with gas = \"ideal\": an isothermal gas has no heat"));
        }
        match fluid.gravity.iter().find(|g| !g.is_finite()) {
            Some(g) => Err(Error::input("fluid.gravity", format!("{g} is not a finite number"))),
            None => Ok(()),
        }
    }
}
