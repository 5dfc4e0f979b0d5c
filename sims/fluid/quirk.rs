//! A plane shock that runs down a duct (Quirk 1994, section 2.1): rows of cells that are disturbed by almost nothing overtake each
//! other where a solver is unstable along shocks, and the shock breaks up.
//!
//! Quirk disturbed the middle line of the grid; here the gas ahead has a speed across the duct that turns from cell to cell, in the
//! middle rows.

use divisi::Result;
use divisi::config::schema_of;
use divisi::fluid::{Cell, Cells, Entry, Problem, Section, Setting, State};
use divisi::grid::Grid;
use divisi::run::Row;
use schemars::JsonSchema;
use serde::Deserialize;
use smart_default::SmartDefault;

use super::exact::Side;
use super::parameters::{finite, gamma_of, needs_axes};
use super::shock::behind_shock;

pub(super) const ENTRY: Entry = Entry { name: "quirk", parameters: schema_of::<Parameters>, make };

/// A plane shock that runs along x into gas at rest of density gamma and pressure 1, which is disturbed in the middle rows.
#[derive(SmartDefault, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// Speed of the shock over the speed of sound, which is 1 in the gas ahead.
    #[default = 6.0]
    mach: f64,
    /// Where the shock is at the start.
    #[default = 10.0]
    #[schemars(extend("unit" = "length"))]
    start: f64,
    /// Speed across the duct of the gas ahead in the two middle rows, of a sign that turns from cell to cell.
    #[default = 1e-4]
    disturbance: f64,
}

struct Quirk {
    behind: Side,
    ahead: Side,
    start: f64,
    disturbance: f64,
    grid: Grid<3>,
}

fn make(section: &Section, setting: &Setting) -> Result<Box<dyn Problem>> {
    let Parameters { mach, start, disturbance } = section.typed()?;
    needs_axes(setting, 2)?;
    finite("start", &[start])?;
    finite("disturbance", &[disturbance])?;
    let gamma = gamma_of(setting)?;
    let ahead = Side { density: gamma, velocity: 0.0, pressure: 1.0 };
    let behind = behind_shock(gamma, mach, ahead.density, ahead.pressure)?;
    Ok(Box::new(Quirk { behind, ahead, start, disturbance, grid: setting.grid.clone() }))
}

impl Problem for Quirk {
    fn initial(&self, cell: &Cell, state: &mut State) {
        let side = if cell.center[0] < self.start { &self.behind } else { &self.ahead };
        (state.density, state.velocity[0], state.pressure) = (side.density, side.velocity, side.pressure);
        let middle = self.grid.cells()[1] as i64 / 2;
        if cell.center[0] >= self.start && (middle - 1..=middle).contains(&cell.index[1]) {
            state.velocity[1] = if cell.index[0] % 2 == 0 { self.disturbance } else { -self.disturbance };
        }
    }

    /// The fastest gas across the duct: without the instability it stays below the disturbance.
    fn history(&self, cells: &Cells, _time: f64, row: &mut Row) {
        row.max("across_max", cells.map(|_, primitive| primitive[2].abs()));
    }
}
