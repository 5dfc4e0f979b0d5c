//! Two streams that slide along each other: their boundary rolls up.
//!
//! Both set-ups are smooth, so that the growth of the wave can be compared with numbers: that of Lecoanet et al. 2016
//! (by default with one density), and that of McNally, Lyra & Passy 2012. A passive scalar, the dye, marks the middle
//! stream. The interfaces are at a quarter and three quarters of the box along y.

use divisi::config::schema_of;
use divisi::fluid::{Cell, Cells, Entry, Problem, Scalar, Section, Setting, State};
use divisi::grid::Grid;
use divisi::run::Row;
use divisi::{Error, Result};
use libm::{cos, exp, sin, tanh};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;
use std::f64::consts::PI;

use super::parameters::{finite, needs_axes, positive};

pub(super) const ENTRY: Entry = Entry { name: "kelvin_helmholtz", parameters: schema_of::<Parameters>, make };

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// Of Lecoanet et al. 2016.
    Lecoanet,
    /// Of McNally et al. 2012.
    Mcnally,
}

/// Two streams that slide along each other: their boundary rolls up.
#[derive(SmartDefault, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// Which set-up.
    #[default(Kind::Lecoanet)]
    setup: Kind,
    /// Velocity along y of the wave at the start.
    #[default = 0.01]
    amplitude: f64,
    /// Wavelengths in the box along x. Left out: 1 of lecoanet, 2 of mcnally.
    #[schemars(example = 1)]
    waves: Option<u32>,
    /// Thickness of the layer between the streams. Left out: 0.05 of lecoanet, 0.025 of mcnally.
    #[schemars(extend("unit" = "length"), example = 0.05)]
    thickness: Option<f64>,
    /// Density of the middle stream over that of the other, less 1. For lecoanet.
    contrast: f64,
}

struct KelvinHelmholtz {
    kind: Kind,
    amplitude: f64,
    thickness: f64,
    contrast: f64,
    /// Sine and cosine of the wave's phase, for each index along x.
    wave: Vec<[f64; 2]>,
    /// The distances from the lower and the upper interface, for each index along y.
    distances: Vec<[f64; 2]>,
    /// How the wave decays away from the interfaces, for each index along y.
    decay: Vec<f64>,
}

fn make(section: &Section, setting: &Setting) -> Result<Box<dyn Problem>> {
    let Parameters { setup, amplitude, waves, thickness, contrast } = section.typed()?;
    needs_axes(setting, 2)?;
    finite("amplitude", &[amplitude])?;
    if !(contrast > -1.0 && contrast.is_finite()) {
        return Err(Error::input(
            "problem.contrast",
            format!("{contrast} is not allowed: it must be above -1 and finite"),
        ));
    }
    let usual = if setup == Kind::Lecoanet { (1, 0.05) } else { (2, 0.025) };
    let waves = f64::from(waves.unwrap_or(usual.0));
    let thickness = thickness.unwrap_or(usual.1);
    positive("thickness", thickness)?;
    let grid = &setting.grid;
    let number = 2.0 * PI * waves / (grid.high()[0] - grid.low()[0]);
    let distances = distances(grid);
    Ok(Box::new(KelvinHelmholtz {
        kind: setup,
        amplitude,
        thickness,
        contrast,
        wave: phases(grid.cells()[0], waves).map(|phase| [sin(phase), cos(phase)]).collect(),
        decay: distances.iter().map(|[lower, upper]| exp(-number * lower.min(*upper).abs())).collect(),
        distances,
    }))
}

/// The phase of the wave at the cells along x, from the lower side.
fn phases(cells: usize, waves: f64) -> impl Iterator<Item = f64> {
    (0..cells).map(move |index| PI * waves * ((2 * index + 1) as f64 / cells as f64))
}

/// The distances of the cells along y from the lower and the upper interface; they change places in the mirrored cell.
fn distances(grid: &Grid<3>) -> Vec<[f64; 2]> {
    let cells = grid.cells()[1] as i64;
    let length = grid.high()[1] - grid.low()[1];
    let from_middle = |index: i64| 0.5 * length * ((2 * index + 1 - cells) as f64 / cells as f64);
    (0..cells).map(|index| [0.25 * length + from_middle(index), 0.25 * length - from_middle(index)]).collect()
}

impl KelvinHelmholtz {
    fn distances_of(&self, cell: &Cell) -> [f64; 2] {
        self.distances[cell.index[1] as usize]
    }

    /// The velocity along y at the interfaces.
    fn push(&self, cell: &Cell) -> f64 {
        self.amplitude * self.wave[cell.index[0] as usize][0]
    }

    /// The wave's sine and cosine, weighted by their nearness to an interface, and the weight.
    fn mode(&self, cell: &Cell) -> [f64; 3] {
        let [sine, cosine] = self.wave[cell.index[0] as usize];
        let weight = self.decay[cell.index[1] as usize] * cell.volume();
        [sine * weight, cosine * weight, weight]
    }

    /// The density is 1, and 1 + contrast in the middle stream; the streams move at -1 and 1.
    fn lecoanet(&self, cell: &Cell, state: &mut State) {
        const WIDTH: f64 = 0.2;
        let [lower, upper] = self.distances_of(cell);
        // From 0 in the outer to 1 in the middle stream.
        let share = 0.5 * (tanh(lower / self.thickness) + tanh(upper / self.thickness));
        let bell = |distance: f64| exp(-(distance * distance) / (WIDTH * WIDTH));
        state.density = 1.0 + self.contrast * share;
        state.velocity[0] = 2.0 * share - 1.0;
        state.velocity[1] = self.push(cell) * (bell(lower) + bell(upper));
        state.pressure = 10.0;
        state.scalars[0] = share.clamp(0.0, 1.0);
    }

    /// The density is 1, and 2 in the middle stream; the streams move at 1/2 and -1/2.
    fn mcnally(&self, cell: &Cell, state: &mut State) {
        let [lower, upper] = self.distances_of(cell);
        let inside = lower.min(upper);
        let ramp = 0.5 * exp(-inside.abs() / self.thickness);
        let share = if inside < 0.0 { ramp } else { 1.0 - ramp };
        state.density = 1.0 + share;
        state.velocity[0] = 0.5 - share;
        state.velocity[1] = self.push(cell);
        state.pressure = 2.5;
        state.scalars[0] = share;
    }
}

impl Problem for KelvinHelmholtz {
    fn scalars(&self) -> Vec<Scalar> {
        vec![Scalar::new("dye").within(0.0, 1.0)]
    }

    fn initial(&self, cell: &Cell, state: &mut State) {
        match self.kind {
            Kind::Lecoanet => self.lecoanet(cell, state),
            Kind::Mcnally => self.mcnally(cell, state),
        }
    }

    /// The kinetic energy along y, and the amplitude of the wave's velocity about the interfaces (McNally et al. 2012).
    fn history(&self, cells: &Cells, _time: f64, row: &mut Row) {
        let kinetic =
            |cell: &Cell, primitive: &[f64]| 0.5 * primitive[0] * (primitive[2] * primitive[2]) * cell.volume();
        row.sum("kinetic_energy_y", cells.map(kinetic));
        row.sum("mode_sine", cells.map(|cell, primitive| primitive[2] * self.mode(cell)[0]));
        row.sum("mode_cosine", cells.map(|cell, primitive| primitive[2] * self.mode(cell)[1]));
        row.sum("mode_weight", cells.map(|cell, _| self.mode(cell)[2]));
        row.derived("mode_amplitude", |column| {
            let sine = column("mode_sine");
            let cosine = column("mode_cosine");
            2.0 * (sine * sine + cosine * cosine).sqrt() / column("mode_weight")
        });
    }
}
