//! Problems with exact solutions that need what a user's own problem may say.

use divisi::Result;
use divisi::config::schema_of;
use divisi::fluid::{Cell, Cells, Entry, Problem, Problems, Scalar, Section, Setting, State};
use divisi::run::Row;
use schemars::JsonSchema;
use serde::Deserialize;

/// The simulation `flows`.
pub(crate) struct Flows;

impl Problems for Flows {
    const NAME: &'static str = "flows";
    const ENTRIES: &'static [Entry] = &[
        Entry { name: "carried", parameters: schema_of::<Carried>, make: made::<Carried> },
        Entry { name: "room", parameters: schema_of::<Room>, make: made::<Room> },
        Entry { name: "channel", parameters: schema_of::<Channel>, make: made::<Channel> },
        Entry { name: "plates", parameters: schema_of::<Plates>, make: made::<Plates> },
        Entry { name: "stove", parameters: schema_of::<Stove>, make: made::<Stove> },
    ];
}

/// Makes a problem that is its own parameters.
fn made<P: Problem + for<'a> Deserialize<'a> + 'static>(section: &Section, _: &Setting) -> Result<Box<dyn Problem>> {
    let problem: P = section.typed()?;
    Ok(Box::new(problem))
}

/// A square, twice as dense as the gas around, is carried along the diagonal with three scalars.
///
/// The dye is 1 in the square and bounded, the debt minus the same without bounds, the age the time since the start.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Carried {
    /// The dye in the square.
    dye: f64,
    /// Bounds of the dye.
    least: f64,
    greatest: f64,
    /// Whether age grows.
    ages: bool,
    /// How fast the dye of the gas grows, whatever its bounds.
    soaks: f64,
}

impl Default for Carried {
    fn default() -> Self {
        Carried { dye: 1.0, least: 0.0, greatest: 1.0, ages: false, soaks: 0.0 }
    }
}

impl Problem for Carried {
    fn scalars(&self) -> Vec<Scalar> {
        vec![Scalar::new("dye").within(self.least, self.greatest), Scalar::new("debt"), Scalar::new("age")]
    }

    fn initial(&self, cell: &Cell, state: &mut State) {
        let inside = cell.center.iter().take(2).all(|place| (place - 0.5).abs() < 0.25);
        (state.density, state.pressure) = (if inside { 2.0 } else { 1.0 }, 0.1);
        state.velocity = [1.0, 1.0, 0.0];
        if inside {
            state.scalars[0] = self.dye;
            state.scalars[1] = -1.0;
        }
    }

    fn has_source(&self) -> bool {
        self.ages || self.soaks > 0.0
    }

    fn source(&self, _cell: &Cell, _time: f64, primitive: &[f64], rates: &mut [f64]) {
        rates[5] += self.soaks * primitive[0];
        rates[7] += if self.ages { primitive[0] } else { 0.0 };
    }
}

/// A closed room with lumps of gas, and a solid pillar in its middle.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Room {
    /// The speed of the gas at the start.
    speed: f64,
    /// What the initial state says of solid cells: density, velocity along each axis, pressure.
    inside: [f64; 3],
}

impl Default for Room {
    fn default() -> Self {
        Room { speed: 0.0, inside: [1.0, 0.0, 1.0] }
    }
}

impl Problem for Room {
    fn initial(&self, cell: &Cell, state: &mut State) {
        if self.is_solid(cell) {
            let [density, speed, pressure] = self.inside;
            (state.density, state.velocity, state.pressure) = (density, [speed; 3], pressure);
            return;
        }
        let lump = ((3 * cell.index[0] + 5 * cell.index[1]) % 7) as f64;
        state.density = 1.0 + 0.1 * lump;
        state.velocity[0] = self.speed;
        state.pressure = 1.0 + 0.05 * ((2 * cell.index[0] + cell.index[1]) % 5) as f64;
    }

    fn is_solid(&self, cell: &Cell) -> bool {
        cell.center.iter().take(2).all(|place| (place - 0.5).abs() < 0.2)
    }

    fn history(&self, cells: &Cells, _time: f64, row: &mut Row) {
        row.sum("gas", cells.map(|cell, primitive| primitive[0] * cell.volume()));
        row.sum("heat", cells.map(|cell, primitive| primitive[4] / (5.0 / 3.0 - 1.0) * cell.volume()));
    }
}

/// Gas between walls a distance 1 apart, which gravity along another axis drives; the walls are solid cells or sides of the box.
///
/// In the long run the flow is a parabola (plane Poiseuille): u = g/(2 nu) y (1 - y).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Channel {
    /// The axis across the walls.
    across: usize,
    /// The axis of the flow.
    along: usize,
    /// The greatest speed of the parabola.
    fastest: f64,
}

impl Channel {
    fn parabola(&self, cell: &Cell) -> f64 {
        let y = cell.center[self.across];
        4.0 * self.fastest * y * (1.0 - y)
    }
}

impl Problem for Channel {
    fn initial(&self, _cell: &Cell, state: &mut State) {
        (state.density, state.pressure) = (1.0, 1.0);
    }

    fn is_solid(&self, cell: &Cell) -> bool {
        !(0.0..1.0).contains(&cell.center[self.across])
    }

    fn history(&self, cells: &Cells, _time: f64, row: &mut Row) {
        row.max("fastest", cells.map(|_, primitive| primitive[1 + self.along]));
        row.max("error", cells.map(|cell, primitive| (primitive[1 + self.along] - self.parabola(cell)).abs()));
    }
}

/// Gas between two plates, sides of the box at 0 and 1 along an axis, of which the upper may move and both have a temperature.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plates {
    /// The axis across the plates.
    across: usize,
    /// The axis along which the upper one moves, and its speed.
    along: usize,
    speed: f64,
    /// Their temperatures.
    temperatures: [f64; 2],
    /// Viscosity over conductivity.
    ratio: f64,
}

impl Plates {
    /// The temperature of gas at a place that moves at `u`.
    ///
    /// Without motion the heat flux -kappa p/T dT/dy is constant: T = T_0 (T_1/T_0)^y. Between plates of one temperature the
    /// stress is constant as well: T = T_0 + nu/(2 kappa) u (U - u).
    fn temperature(&self, y: f64, u: f64) -> f64 {
        let [low, high] = self.temperatures;
        low * libm::pow(high / low, y) + 0.5 * self.ratio * u * (self.speed - u)
    }
}

impl Problem for Plates {
    fn initial(&self, cell: &Cell, state: &mut State) {
        let y = cell.center[self.across];
        let [low, high] = self.temperatures;
        state.pressure = 1.0;
        state.density = 1.0 / (low + y * (high - low));
    }

    fn history(&self, cells: &Cells, _time: f64, row: &mut Row) {
        let speed = |primitive: &[f64]| primitive[1 + self.along];
        let place = |cell: &Cell| cell.center[self.across];
        row.max("error_speed", cells.map(|cell, primitive| (speed(primitive) - self.speed * place(cell)).abs()));
        row.max(
            "error_temperature",
            cells.map(|cell, primitive| {
                let temperature = primitive.get(4).map_or(1.0, |pressure| pressure / primitive[0]);
                (temperature - self.temperature(place(cell), speed(primitive))).abs()
            }),
        );
    }
}

/// Gas at rest, of density 1 and temperature 3, that cools: dT/dt = -rate (T - 1), so that T = 1 + 2 exp(-rate t).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stove {
    rate: f64,
    /// Whether it cools at the end of each step, exactly; else by a source.
    exact: bool,
    /// The longest step, times the rate; 0 for none.
    longest: f64,
    /// From this time on steps are next to nothing.
    stalls: f64,
}

impl Problem for Stove {
    fn initial(&self, _cell: &Cell, state: &mut State) {
        (state.density, state.pressure) = (1.0, 3.0);
    }

    fn has_source(&self) -> bool {
        !self.exact
    }

    fn source(&self, _cell: &Cell, _time: f64, primitive: &[f64], rates: &mut [f64]) {
        rates[4] -= self.rate * (primitive[4] - primitive[0]) / (5.0 / 3.0 - 1.0);
    }

    fn has_longest_step(&self) -> bool {
        self.longest != 0.0
    }

    fn longest_step(&self, cells: &Cells, time: f64) -> f64 {
        if time >= self.stalls {
            return 1e-30;
        }
        cells.least(|cell, _| if cell.index == [2, 0, 0] { self.longest / self.rate } else { 1.0 })
    }

    fn has_after_step(&self) -> bool {
        self.exact
    }

    fn after_step(&self, _cell: &Cell, _time: f64, dt: f64, primitive: &mut [f64]) {
        primitive[4] = primitive[0] + (primitive[4] - primitive[0]) * libm::exp(-self.rate * dt);
    }
}
