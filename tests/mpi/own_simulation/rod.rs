//! A second, small simulation: heat in a rod that conducts better where it is hot, its cells spread over ranks.
//!
//! It chooses its step from the hottest cell, or takes a fixed one. It can be told to fail, or to take its time.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use divisi::comm::wait_all;
use divisi::io::{Column, Frame, WriteOptions, write_whole};
use divisi::partition::balanced_range;
use divisi::run::{Ending, Goal, Row, Setup, Simulation};
use divisi::units::Units;
use divisi::{Checkpoint, CheckpointReader, Clock, Comm, Error, Parameters, Result, Snapshot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The tag of temperatures at the ends of a rank's part.
const HALO: u16 = 1;
/// Tells the step in which a bit is flipped.
pub(crate) const FLIP: &str = "DIVISI_TEST_FLIP";
/// The cell that becomes NaN where this is asked for.
const SPOILT: u64 = 17;

/// The sections of a parameter file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The rod.
    rod: Section,
    #[serde(default)]
    trouble: Trouble,
}

impl Parameters for Config {
    const SECTIONS: bool = true;
    const CHANGEABLE: &'static [&'static str] = &["trouble.pause_ms"];

    fn validate(&self, _units: &Units) -> Result<()> {
        let safety = self.rod.safety;
        if safety > 0.0 && safety <= 0.5 {
            Ok(())
        } else {
            Err(Error::input("rod.safety", format!("{safety} is not allowed: above 0 and at most 0.5")))
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Section {
    /// Number of cells.
    cells: u64,
    length: f64,
    safety: f64,
    /// Step. 0: chosen.
    #[schemars(extend("unit" = "time"))]
    dt: f64,
    /// The run's goal: that no cell is hotter; 0 for none.
    cool_to: f64,
    /// A file with the temperature of each cell on a line of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
}

impl Default for Section {
    fn default() -> Self {
        Section { cells: 60, length: 1.0, safety: 0.4, dt: 0.0, cool_to: 0.0, start: None }
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Trouble {
    nan_at: u64,
    error_at: u64,
    pause_ms: u64,
}

/// The rod: this rank's cells.
pub(crate) struct Rod {
    comm: Comm,
    config: Config,
    first: u64,
    temperature: Vec<f64>,
}

impl Rod {
    fn with(setup: &Setup<Config>, comm: &Comm, make: impl FnOnce(Range<u64>) -> Result<Vec<f64>>) -> Result<Self> {
        let config = setup.config.clone();
        let comm = comm.clone();
        if config.rod.cells < comm.size() as u64 {
            return Err(Error::input(
                "rod.cells",
                format!("{} cells are too few for {} ranks", config.rod.cells, comm.size()),
            ));
        }
        let range = balanced_range(config.rod.cells, comm.size(), comm.rank());
        Ok(Rod { comm, config, first: range.start, temperature: make(range)? })
    }

    fn dx(&self) -> f64 {
        self.config.rod.length / self.config.rod.cells as f64
    }

    /// The temperatures beside this rank's cells; at the ends of the rod, which let no heat out, those of the last cells.
    fn halo(&self) -> [f64; 2] {
        let rank = self.comm.rank();
        let own = &self.temperature;
        let right = Some(rank + 1).filter(|&next| next < self.comm.size());
        let ends = [(rank.checked_sub(1), own[0]), (right, own[own.len() - 1])];
        let sends = ends.iter().filter_map(|&(to, t)| Some(self.comm.immediate_send(vec![t], to?, HALO))).collect();
        let halo = ends.map(|(from, t)| from.map_or(t, |rank| self.comm.receive::<f64>(rank, HALO)[0]));
        wait_all(sends);
        halo
    }

    /// The temperature of the hottest cell. All ranks.
    fn hottest(&self) -> f64 {
        self.comm.all_reduce_max(self.temperature.iter().fold(0.0, |a: f64, &b| a.max(b)))
    }

    /// What a step is asked to suffer.
    fn suffer(&mut self, step: u64) -> Result<()> {
        let Trouble { nan_at, error_at, pause_ms } = self.config.trouble;
        std::thread::sleep(Duration::from_millis(pause_ms));
        self.flip(step);
        if step == error_at && self.comm.rank() + 1 == self.comm.size() {
            return Err(Error::User("the rod broke".into()));
        }
        let spoilt = SPOILT.checked_sub(self.first).and_then(|local| self.temperature.get_mut(local as usize));
        if let Some(cell) = spoilt.filter(|_| step == nan_at) {
            *cell = f64::NAN;
        }
        Ok(())
    }

    /// Flips a bit of the last rank's first cell in the step that the environment names: no parameter, as faults of memory are none.
    fn flip(&mut self, step: u64) {
        let asked = std::env::var(FLIP).ok().and_then(|text| text.parse().ok());
        if asked == Some(step) && self.comm.rank() + 1 == self.comm.size() {
            self.temperature[0] = f64::from_bits(self.temperature[0].to_bits() ^ 1 << 30);
        }
    }

    /// Refuses a state that is not finite.
    fn check(&self, step: u64) -> Result<()> {
        let broken = (self.first..).zip(&self.temperature).find(|(_, value)| !value.is_finite());
        broken.map_or(Ok(()), |(cell, &value)| {
            Err(Error::NotFinite { step, quantity: "the temperature".into(), place: format!("cell {cell}"), value })
        })
    }
}

/// The temperatures of the cells `range` in a file.
fn read_start(path: &Path, range: Range<u64>) -> Result<Vec<f64>> {
    let refuse = |reason: String| Error::input(path.display().to_string(), reason);
    let text = std::fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?;
    let cells = text.lines().skip(range.start as usize).take((range.end - range.start) as usize);
    cells.map(|cell| cell.parse().map_err(|_| refuse(format!("{cell} is no number")))).collect()
}

/// Law: the conductivity grows with the temperature.
fn conductivity(temperature: f64) -> f64 {
    1.0 + temperature
}

impl Simulation for Rod {
    const NAME: &'static str = "rod";
    type Config = Config;

    fn new(setup: &Setup<Config>, comm: &Comm) -> Result<Self> {
        let cells = setup.config.rod.cells as f64;
        let start = |cell: u64| (1.0 - 4.0 * ((cell as f64 + 0.5) / cells - 0.3).abs()).max(0.0);
        Rod::with(setup, comm, |range| match &setup.config.rod.start {
            None => Ok(range.map(start).collect()),
            Some(file) => read_start(&setup.path(file), range),
        })
    }

    /// Law: dT/dt = d/dx (k(T) dT/dx), the flux at the middle of two cells.
    fn step(&mut self, clock: &Clock, dt_max: f64) -> Result<f64> {
        self.suffer(clock.step() + 1)?;
        let dx = self.dx();
        let rod = &self.config.rod;
        let chosen = rod.safety * dx * dx / (2.0 * conductivity(self.hottest()));
        let dt = if rod.dt > 0.0 { rod.dt } else { chosen.min(dt_max) };
        let [left, right] = self.halo();
        let all: Vec<f64> = [&[left], &self.temperature[..], &[right]].concat();
        let flux = |pair: &[f64]| conductivity(0.5 * (pair[0] + pair[1])) * (pair[1] - pair[0]) / dx;
        let fluxes: Vec<f64> = all.windows(2).map(flux).collect();
        for (cell, flux) in self.temperature.iter_mut().zip(fluxes.windows(2)) {
            *cell += dt / dx * (flux[1] - flux[0]);
        }
        self.check(clock.step() + 1)?;
        Ok(dt)
    }

    fn snapshot(&self, out: &mut Snapshot) -> Result<()> {
        let ids: Vec<u64> = (self.first..).take(self.temperature.len()).collect();
        let centres: Vec<[f64; 3]> = ids.iter().map(|&cell| [(cell as f64 + 0.5) * self.dx(), 0.0, 0.0]).collect();
        let still = vec![[0.0; 3]; ids.len()];
        let lengths = vec![self.dx(); ids.len()];
        let columns = [
            Column::vector("Coordinates", "", &centres),
            Column::vector("Velocities", "", &still),
            Column::scalar("Masses", "", &lengths[..]),
            Column::scalar("ParticleIDs", "", &ids[..]),
            Column::scalar("Temperature", "", &self.temperature[..]),
        ];
        out.columns(self.config.rod.cells, self.first, &columns)
    }

    fn history(&self, row: &mut Row) -> Result<()> {
        let dx = self.dx();
        let length = self.config.rod.length;
        row.sum("heat", self.temperature.iter().map(|t| t * dx));
        row.max("hottest", self.temperature.iter().copied());
        row.derived("mean", move |column| column("heat") / length);
        Ok(())
    }

    fn trajectory(&self, frame: &mut Frame) -> Result<()> {
        frame.column("Temperature", 1, &self.comm.all_gather(&self.temperature));
        Ok(())
    }

    fn ending() -> Ending<Config> {
        Ending::at_its_time().leaving(&["profile.txt"])
    }

    fn goal(&self) -> Goal {
        let cool_to = self.config.rod.cool_to;
        match cool_to > 0.0 {
            false => Goal::None,
            true if self.hottest() <= cool_to => Goal::Reached,
            true => Goal::Open,
        }
    }

    fn conclude(&self, folder: &Path, _options: &WriteOptions) -> Result<()> {
        let profile = self.comm.all_gather(&self.temperature);
        let text: String = profile.iter().map(|temperature| format!("{temperature:?}\n")).collect();
        if self.comm.is_root() { write_whole(&folder.join("profile.txt"), text.as_bytes()) } else { Ok(()) }
    }

    fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.column("temperature", self.config.rod.cells, self.first, &self.temperature)
    }

    fn load(setup: &Setup<Config>, comm: &Comm, from: &CheckpointReader) -> Result<Self> {
        Rod::with(setup, comm, |range| from.read("temperature", range))
    }
}
