//! The parameters of a flow: grid, boundaries, gas and schemes.
//!
//! Values that can't be are refused here, before MPI starts; what depends on the number of ranks or on the initial state is
//! checked when the run begins.

use serde::{Deserialize, Deserializer, Serialize};
use toml::Table;

use super::gas::Gas;
use super::scheme::{Reconstruct, Solver, Time};
use crate::config::positive;
use crate::grid::{Boundaries, Boundary, Grid};
use crate::{Error, Result};

/// Every parameter with its default and unit, but for `[problem]`.
pub(super) const PARAMETERS: &str = r#"[grid]
cells = [64, 64, 64]     # along x, y, z; one or two numbers, or ones at the end, for fewer axes
low = [0.0, 0.0, 0.0]    # lower corner, length
high = [1.0, 1.0, 1.0]   # upper corner, length
ranks = "auto"           # ranks along each axis, or "auto": least surface, x split last
blocks = "auto"          # blocks along each axis, or "auto": one per rank

[boundary]               # per axis one word, or two for the lower and the upper side:
x = "periodic"           # "periodic" | "outflow" | "reflecting" | "fixed" | "user" (what the problem says)
y = "periodic"
z = "periodic"
x_low = []               # a "fixed" side's state: density, three velocities, pressure, scalars (so too x_high, y_low, ..)

[fluid]
gas = "ideal"            # "ideal" | "isothermal"
gamma = 1.6666666666666667   # ideal: ratio of specific heats
sound_speed = 1.0        # isothermal: speed
reconstruction = "plm"   # "donor" | "plm" | "ppm" | "weno_z"
riemann = "hllc"         # "llf" | "hlle" | "hllc" | "roe"
time = "vl2"             # "vl2" | "rk2" | "rk3"
cfl = 0.3                # share of the time in which a wave crosses a cell
viscosity = 0.0          # kinematic, length^2 per time
conductivity = 0.0       # thermal diffusivity, length^2 per time: heat flux = -conductivity density grad(pressure / density)
gravity = [0.0, 0.0, 0.0]    # constant acceleration
density_floor = 1e-15    # the least density of a cell
pressure_floor = 1e-15   # ideal: the least pressure of a cell
"#;

/// The sections of a flow's parameter file beside the framework's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The grid.
    pub grid: GridSection,
    /// What stands beyond its sides.
    #[serde(default)]
    pub boundary: BoundarySection,
    /// The gas and the schemes.
    pub fluid: FluidSection,
    /// The problem's name and its own parameters.
    pub problem: Table,
}

/// `[grid]`: the grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GridSection {
    /// Cells along x, y, z.
    #[serde(deserialize_with = "one_or_more")]
    pub cells: Vec<usize>,
    /// The lower corner, length.
    #[serde(default, deserialize_with = "one_or_more")]
    pub low: Vec<f64>,
    /// The upper corner, length.
    #[serde(default, deserialize_with = "one_or_more")]
    pub high: Vec<f64>,
    /// Ranks along each axis.
    #[serde(default)]
    pub ranks: Parts,
    /// Blocks along each axis.
    #[serde(default)]
    pub blocks: Parts,
}

/// Numbers along each axis, or the program's own choice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Parts {
    /// The program chooses.
    #[default]
    #[serde(with = "auto")]
    Auto,
    /// So many along each axis.
    Given(#[serde(deserialize_with = "one_or_more")] Vec<usize>),
}

/// A list, or one number for a list of one.
fn one_or_more<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a number, or a list of numbers")]
    enum Numbers<T> {
        One(T),
        More(Vec<T>),
    }
    Ok(match Numbers::deserialize(deserializer)? {
        Numbers::One(number) => vec![number],
        Numbers::More(numbers) => numbers,
    })
}

/// The word "auto".
mod auto {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("auto")
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "auto" => Ok(()),
            word => Err(D::Error::custom(format!("`{word}`: give \"auto\" or a number for each axis"))),
        }
    }
}

/// `[boundary]`: what stands beyond the sides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BoundarySection {
    /// Along x.
    pub x: Sides,
    /// Along y.
    pub y: Sides,
    /// Along z.
    pub z: Sides,
    /// The state beyond a fixed side.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub x_low: Vec<f64>,
    /// The state beyond a fixed side.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub x_high: Vec<f64>,
    /// The state beyond a fixed side.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub y_low: Vec<f64>,
    /// The state beyond a fixed side.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub y_high: Vec<f64>,
    /// The state beyond a fixed side.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub z_low: Vec<f64>,
    /// The state beyond a fixed side.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub z_high: Vec<f64>,
}

/// The two sides of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Sides {
    /// Both alike.
    Both(Boundary),
    /// The lower and the upper one.
    Each([Boundary; 2]),
}

impl Default for Sides {
    fn default() -> Self {
        Sides::Both(Boundary::Periodic)
    }
}

impl Sides {
    /// The lower and the upper side.
    pub fn each(self) -> [Boundary; 2] {
        match self {
            Sides::Both(side) => [side, side],
            Sides::Each(sides) => sides,
        }
    }
}

/// The kinds of gas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GasKind {
    /// With an energy.
    #[default]
    Ideal,
    /// Of constant temperature.
    Isothermal,
}

/// `[fluid]`: the gas and the schemes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FluidSection {
    /// The kind of gas.
    pub gas: GasKind,
    /// Ratio of specific heats of an ideal gas.
    pub gamma: f64,
    /// Speed of sound of an isothermal gas.
    pub sound_speed: f64,
    /// How values at faces are found.
    pub reconstruction: Reconstruct,
    /// How fluxes are found.
    pub riemann: Solver,
    /// How time steps are made.
    pub time: Time,
    /// The share of the time in which a wave crosses a cell.
    pub cfl: f64,
    /// Kinematic viscosity.
    pub viscosity: f64,
    /// Thermal diffusivity.
    pub conductivity: f64,
    /// Constant acceleration.
    pub gravity: [f64; 3],
    /// Least density.
    pub density_floor: f64,
    /// Least pressure.
    pub pressure_floor: f64,
}

impl Default for FluidSection {
    fn default() -> Self {
        FluidSection {
            gas: GasKind::Ideal,
            gamma: 5.0 / 3.0,
            sound_speed: 1.0,
            reconstruction: Reconstruct::Plm,
            riemann: Solver::Hllc,
            time: Time::Vl2,
            cfl: 0.3,
            viscosity: 0.0,
            conductivity: 0.0,
            gravity: [0.0; 3],
            density_floor: 1e-15,
            pressure_floor: 1e-15,
        }
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
        let (low, high) = (along("grid.low", low, 0.0)?, along("grid.high", high, 1.0)?);
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

    /// The boundaries of the sides of each axis.
    pub(super) fn boundaries(&self) -> Result<[[Boundary; 2]; 3]> {
        let given = [self.boundary.x, self.boundary.y, self.boundary.z].map(Sides::each);
        Boundaries::<f64, 3> { kinds: given, ..Boundaries::all(Boundary::Periodic) }.periodic()?;
        for (axis, sides) in ["x", "y", "z"].iter().zip(given) {
            for (word, side) in ["low", "high"].iter().zip(sides) {
                self.fixed_is_given(axis, word, side)?;
            }
        }
        Ok(given)
    }

    fn fixed_is_given(&self, axis: &str, word: &str, side: Boundary) -> Result<()> {
        let place = format!("boundary.{axis}_{word}");
        let state = self.fixed(axis, word);
        match (side == Boundary::Fixed, state.is_empty()) {
            (true, true) => {
                let reason = "is missing: a fixed side needs its state: density, three velocities, pressure, scalars";
                Err(Error::input(place, reason))
            }
            (false, false) => {
                Err(Error::input(place, format!("goes with a fixed side; boundary.{axis} is another one")))
            }
            _ => Ok(()),
        }
    }

    /// The state beyond a fixed side; empty where none is given.
    pub(super) fn fixed(&self, axis: &str, word: &str) -> &[f64] {
        let BoundarySection { x_low, x_high, y_low, y_high, z_low, z_high, .. } = &self.boundary;
        match (axis, word) {
            ("x", "low") => x_low,
            ("x", _) => x_high,
            ("y", "low") => y_low,
            ("y", _) => y_high,
            (_, "low") => z_low,
            _ => z_high,
        }
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
        let (limit, dimensions) = (fluid.time.cfl_limit(self.dimensions()), self.dimensions());
        if fluid.cfl > limit {
            let reason = format!(
                "{} is above {limit:.3}, the limit of time = \"{}\" with {dimensions} axes",
                fluid.cfl,
                fluid.time.name()
            );
            return Err(Error::input("fluid.cfl", reason));
        }
        positive("fluid.viscosity", fluid.viscosity, true)?;
        positive("fluid.conductivity", fluid.conductivity, true)?;
        positive("fluid.density_floor", fluid.density_floor, true)?;
        positive("fluid.pressure_floor", fluid.pressure_floor, true)?;
        if fluid.gas == GasKind::Isothermal && fluid.conductivity > 0.0 {
            return Err(Error::input("fluid.conductivity", "goes with gas = \"ideal\": an isothermal gas has no heat"));
        }
        match fluid.gravity.iter().find(|g| !g.is_finite()) {
            Some(g) => Err(Error::input("fluid.gravity", format!("{g} is not a finite number"))),
            None => Ok(()),
        }
    }
}
