//! A shock tube: two gases at rest, and what follows when the wall between them is gone (Sod 1978), against the exact
//! solution.

use divisi::Result;
use divisi::config::schema_of;
use divisi::fluid::{Cell, Cells, Entry, Problem, Section, Setting, State};
use divisi::grid::Grid;
use divisi::run::Row;
use schemars::JsonSchema;
use serde::Deserialize;
use smart_default::SmartDefault;

use super::exact::{Riemann, Side};
use super::parameters::{Axis, add_mean_error, gamma_of, inside};

pub(super) const ENTRY: Entry = Entry { name: "sod", parameters: schema_of::<Parameters>, make };

/// A shock tube: two gases at rest, and what follows when the wall between them is gone.
#[derive(SmartDefault, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// Axis along which the gas moves.
    #[default(Axis::X)]
    axis: Axis,
    /// Where the two sides meet.
    #[default = 0.5]
    #[schemars(extend("unit" = "length"))]
    interface: f64,
    /// Density, velocity along the axis and pressure below the interface.
    #[default(Side { density: 1.0, velocity: 0.0, pressure: 1.0 })]
    left: Side,
    /// Density, velocity along the axis and pressure above the interface.
    #[default(Side { density: 0.125, velocity: 0.0, pressure: 0.1 })]
    right: Side,
}

struct Sod {
    grid: Grid<3>,
    axis: usize,
    interface: f64,
    left: Side,
    right: Side,
    exact: Riemann,
}

fn make(section: &Section, setting: &Setting) -> Result<Box<dyn Problem>> {
    let Parameters { axis, interface, left, right } = section.typed()?;
    let axis = axis.of(setting)?;
    inside("interface", interface, axis, setting)?;
    let exact = Riemann::new(gamma_of(setting)?, left, right)?;
    Ok(Box::new(Sod { grid: setting.grid.clone(), axis, interface, left, right, exact }))
}

impl Sod {
    /// The exact mean densities of all cells along the axis.
    fn exact_densities(&self, time: f64) -> Vec<f64> {
        let half = 0.5 * self.grid.spacing()[self.axis];
        let of_cell = |index: usize| {
            let offset = self.grid.center([index as i64; 3])[self.axis] - self.interface;
            self.exact.mean_density(offset - half, offset + half, time)
        };
        (0..self.grid.cells()[self.axis]).map(of_cell).collect()
    }
}

impl Problem for Sod {
    fn initial(&self, cell: &Cell, state: &mut State) {
        let side = if cell.center[self.axis] < self.interface { self.left } else { self.right };
        side.fill(state, self.axis);
    }

    /// The mean of |density - exact cell average|.
    fn history(&self, cells: &Cells, time: f64, row: &mut Row) {
        let exact = self.exact_densities(time);
        add_mean_error(row, "error_density", &self.grid, cells, |cell, primitive| {
            primitive[0] - exact[cell.index[self.axis] as usize]
        });
    }
}
