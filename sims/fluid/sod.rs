//! A shock tube: two gases at rest, and what follows when the wall between them is gone (Sod 1978), against the exact
//! solution.

use divisi::Result;
use divisi::fluid::{Cell, Cells, Entry, Problem, Section, Setting, State};
use divisi::grid::Grid;
use divisi::run::Row;
use serde::Deserialize;

use super::exact::{Riemann, Side};
use super::parameters::{Axis, add_mean_error, finite, gamma_of};

pub const ENTRY: Entry = Entry {
    name: "sod",
    parameters: r#"axis = "x"               # the axis along which the gas moves: "x" | "y" | "z"
interface = 0.5          # where the two sides meet, length
left = [1.0, 0.0, 1.0]   # density, velocity along the axis, pressure below it
right = [0.125, 0.0, 0.1]    # and above it
"#,
    make,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    axis: Axis,
    interface: f64,
    left: Side,
    right: Side,
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters { axis: Axis::X, interface: 0.5, left: [1.0, 0.0, 1.0].into(), right: [0.125, 0.0, 0.1].into() }
    }
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
    finite("interface", &[interface])?;
    let axis = axis.of(setting)?;
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
        state.density = side.density;
        state.velocity[self.axis] = side.velocity;
        state.pressure = side.pressure;
    }

    /// The mean of |density - exact cell average|.
    fn history(&self, cells: &Cells, time: f64, row: &mut Row) {
        let exact = self.exact_densities(time);
        add_mean_error(row, "error_density", &self.grid, cells, |cell, primitive| {
            primitive[0] - exact[cell.index[self.axis] as usize]
        });
    }
}
