//! Thin gas in the corner of a closed square, into which denser gas falls (Liska & Wendroff 2003): after many
//! reflections a jet runs along the diagonal, if x and y are exactly alike.

use divisi::Result;
use divisi::config::schema_of;
use divisi::fluid::{Cell, Entry, Problem, Section, Setting, State};
use schemars::JsonSchema;
use serde::Deserialize;
use smart_default::SmartDefault;

use super::parameters::{finite, gamma_of, needs_axes, positive};

pub(super) const ENTRY: Entry = Entry { name: "implosion", parameters: schema_of::<Parameters>, make };

/// Thin gas in the corner of a closed square, and what falls in on it.
#[derive(SmartDefault, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// The thin gas is where x + y is below this.
    #[default = 0.15]
    #[schemars(extend("unit" = "length"))]
    sum: f64,
    /// Density and pressure of the thin gas.
    #[default([0.125, 0.14])]
    inside: [f64; 2],
    /// Density and pressure of the other gas.
    #[default([1.0; 2])]
    outside: [f64; 2],
}

fn make(section: &Section, setting: &Setting) -> Result<Box<dyn Problem>> {
    let parameters: Parameters = section.typed()?;
    finite("sum", &[parameters.sum])?;
    for (name, values) in [("inside", parameters.inside), ("outside", parameters.outside)] {
        positive(name, values[0])?;
        positive(name, values[1])?;
    }
    needs_axes(setting, 2)?;
    gamma_of(setting)?;
    Ok(Box::new(parameters))
}

impl Parameters {
    /// The share of a cell that is below the line x + y = sum, the same for the cell with x and y exchanged.
    fn share_below(&self, cell: &Cell) -> f64 {
        let [a, b, _] = cell.size.map(|size| 0.5 * size);
        let distance = self.sum - (cell.center[0] + cell.center[1]);
        if distance.abs() >= a + b {
            return if distance > 0.0 { 1.0 } else { 0.0 };
        }
        // Twice the area of the triangle below the line that begins at a corner of the cell.
        let triangle = |reach: f64| reach.max(0.0) * reach.max(0.0);
        let beyond = triangle(distance + (a - b)) + triangle(distance + (b - a));
        ((triangle(distance + (a + b)) - beyond) / (8.0 * (a * b))).clamp(0.0, 1.0)
    }
}

impl Problem for Parameters {
    /// The mean over the cell: the gas is at rest, so density and pressure are means like mass and energy.
    fn initial(&self, cell: &Cell, state: &mut State) {
        let share = self.share_below(cell);
        let mean = |i: usize| self.outside[i] + (self.inside[i] - self.outside[i]) * share;
        (state.density, state.pressure) = (mean(0), mean(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_cell_has_the_share_below_the_line() {
        let cell = |x: f64, y: f64, size: [f64; 3]| Cell { index: [0; 3], center: [x, y, 0.0], size };
        let share =
            |x: f64, y: f64| Parameters { sum: 1.0, ..Default::default() }.share_below(&cell(x, y, [0.2, 0.2, 1.0]));
        assert_eq!([share(0.5, 0.5), share(0.2, 0.8), share(0.3, 0.3), share(0.9, 0.5)], [0.5, 0.5, 1.0, 0.0]);
        assert!((share(0.5, 0.4) - 0.875).abs() < 1e-14 && (share(0.5, 0.6) - 0.125).abs() < 1e-14);
        let flat = |y: f64| Parameters { sum: 1.0, ..Default::default() }.share_below(&cell(0.5, y, [0.4, 0.2, 1.0]));
        // The line crosses the whole cell: half of it and a quarter of the length to the side.
        assert!((flat(0.5) - 0.5).abs() < 1e-14 && (flat(0.4) - 0.75).abs() < 1e-14, "{}", flat(0.4));
    }
}
