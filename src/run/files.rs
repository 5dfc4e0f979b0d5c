//! The files of a run under way: history, events, trajectory, snapshots, checkpoints.

use std::time::Duration;

use super::Simulation;
use super::event::Event;
use super::folder::RunFolder;
use super::progress::Progress;
use super::row::Row;
use super::sections::Framework;
use super::table::Table;
use crate::clock::Clock;
use crate::comm::Comm;
use crate::output::{
    Checkpoint, CheckpointReader, Frame, Snapshot, Stamp, Trajectory, WriteOptions, prune, write_series,
};
use crate::units::Units;
use crate::{Error, Result};

/// How far the growing files of a run had come: what a resumed run keeps of them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    pub history_bytes: u64,
    pub events_bytes: u64,
    pub snapshots: u64,
    pub trajectory_rows: u64,
    /// The steps of the newest row and of the newest snapshot, each plus one; so that the last state is written once.
    pub written_until: [u64; 2],
}

impl Place {
    fn words(&self) -> [u64; 6] {
        let [history, snapshot] = self.written_until;
        [self.history_bytes, self.events_bytes, self.snapshots, self.trajectory_rows, history, snapshot]
    }

    fn from_words(words: &[u64]) -> Option<Self> {
        let &[history_bytes, events_bytes, snapshots, trajectory_rows, history, snapshot] = words else { return None };
        Some(Place { history_bytes, events_bytes, snapshots, trajectory_rows, written_until: [history, snapshot] })
    }
}

/// The files of a run, on every rank; tables are on rank 0 alone.
pub(super) struct Files {
    comm: Comm,
    folder: RunFolder,
    units: Units,
    options: WriteOptions,
    keep: usize,
    history: Option<Table>,
    events: Option<Table>,
    trajectory: Trajectory,
    place: Place,
    pub checkpoints: u64,
    /// Whether tables alone are written: no snapshots, checkpoints and trajectory.
    bare: bool,
}

impl Files {
    /// Opens the files as far as `place` says that they are good. All ranks.
    pub(super) fn open(
        comm: &Comm,
        folder: &RunFolder,
        framework: &Framework,
        place: Place,
        bare: bool,
    ) -> Result<Self> {
        let options = framework.output.options();
        let opened = match comm.is_root() {
            true => open_tables(folder, place).map(|(history, events)| (Some(history), Some(events))),
            false => Ok((None, None)),
        };
        let (history, events) = comm.agree(opened)?;
        let trajectory = Trajectory::open(comm, &folder.trajectory(), place.trajectory_rows, framework.units.clone())?;
        let (comm, folder) = (comm.clone(), folder.clone());
        let (units, keep) = (framework.units.clone(), framework.checkpoint.keep);
        Ok(Files { comm, folder, units, options, keep, history, events, trajectory, place, checkpoints: 0, bare })
    }

    /// How far the files have come.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// The time that this rank has waited in messages so far.
    pub(super) fn waited(&self) -> Duration {
        self.comm.traffic().phases().iter().map(|(_, counts)| counts.waited).sum()
    }

    /// Writes a row of history.csv. All ranks.
    pub(super) fn history(&mut self, simulation: &impl Simulation, clock: &Clock) -> Result<()> {
        let _phase = self.comm.phase("history");
        let mut row = Row::default();
        simulation.history(&mut row)?;
        let row = row.merge(clock, &self.comm);
        self.place.written_until[0] = clock.step() + 1;
        if let Some(table) = &mut self.history {
            table.row(&row)?;
            self.place.history_bytes = table.bytes();
        }
        Ok(())
    }

    /// Adds a frame to the trajectory. All ranks.
    pub(super) fn trajectory_frame(&mut self, simulation: &impl Simulation, clock: &Clock) -> Result<()> {
        if self.bare {
            return Ok(());
        }
        let mut frame = Frame::default();
        simulation.trajectory(&mut frame)?;
        self.place.trajectory_rows = self.trajectory.push(clock.step(), clock.time(), frame)?;
        Ok(())
    }

    /// Writes the next snapshot. All ranks.
    pub(super) fn snapshot<S: Simulation>(&mut self, simulation: &S, clock: &Clock) -> Result<()> {
        if self.bare || !S::SNAPSHOTS {
            return Ok(());
        }
        let _phase = self.comm.phase("snapshots");
        let path = self.folder.snapshot(self.place.snapshots);
        let mut snapshot = Snapshot::create(&self.comm, &path, self.stamp(clock), &self.options)?;
        simulation.snapshot(&mut snapshot)?;
        snapshot.finish()?;
        self.place.snapshots += 1;
        self.place.written_until[1] = clock.step() + 1;
        Ok(())
    }

    /// Notes an event, the same on every rank.
    pub(super) fn event(&mut self, clock: &Clock, event: &Event, progress: &mut Progress) -> Result<()> {
        progress.say(&format!("t = {}: {} of {}", clock.time(), event.kind, event.subjects.join(" and ")));
        if let Some(table) = &mut self.events {
            table.event(clock, event)?;
            self.place.events_bytes = table.bytes();
        }
        Ok(())
    }

    /// Writes the last state where the cadences have not just done so. All ranks.
    pub(super) fn last_outputs(&mut self, simulation: &impl Simulation, clock: &Clock) -> Result<()> {
        let [history, snapshot] = self.place.written_until.map(|next| next == clock.step() + 1);
        if !history {
            self.history(simulation, clock)?;
        }
        if !snapshot {
            self.snapshot(simulation, clock)?;
        }
        Ok(())
    }

    /// Writes a checkpoint of the state and of how far the files have come. All ranks.
    pub(super) fn checkpoint(&mut self, simulation: &impl Simulation, clock: &Clock) -> Result<()> {
        self.checkpoint_at(simulation, clock, self.place)
    }

    /// Writes a checkpoint after which a resumed run keeps the files up to `place`. All ranks.
    pub(super) fn checkpoint_at(&mut self, simulation: &impl Simulation, clock: &Clock, place: Place) -> Result<()> {
        let _phase = self.comm.phase("checkpoints");
        self.make_safe()?;
        if self.bare {
            return Ok(());
        }
        let place = Place::from_words(&self.comm.broadcast(&place.words(), 0)).unwrap_or(place);
        let folder = self.folder.checkpoints();
        let mut checkpoint = Checkpoint::create(&self.comm, &folder, &self.stamp(clock), &self.options)?;
        let (step, raw) = clock.raw();
        checkpoint.value("run.step", step)?;
        checkpoint.values("run.clock", &raw)?;
        checkpoint.values("run.place", &place.words())?;
        simulation.save(&mut checkpoint)?;
        checkpoint.finish()?;
        self.checkpoints += 1;
        self.on_root(|files| prune(&files.folder.checkpoints(), files.keep))
    }

    /// Makes safe on disk what a checkpoint speaks of: tables and trajectory. Of a bare run the tables need only be whole.
    fn make_safe(&mut self) -> Result<()> {
        if !self.bare {
            self.trajectory.write()?;
        }
        let tables = [self.history.as_mut(), self.events.as_mut()].into_iter().flatten();
        let finish = if self.bare { Table::flush } else { Table::sync };
        let synced = tables.into_iter().try_for_each(finish);
        self.comm.agree(synced)
    }

    /// Lets the simulation write files of its own. All ranks.
    pub(super) fn conclude(&self, simulation: &impl Simulation) -> Result<()> {
        let _phase = self.comm.phase("results");
        if self.bare { Ok(()) } else { self.comm.agree(simulation.conclude(self.folder.root(), &self.options)) }
    }

    /// The file that opens all snapshots as a series in time. All ranks.
    pub(super) fn series(&self) -> Result<()> {
        if self.bare {
            return Ok(());
        }
        self.on_root(|files| write_series(&files.folder.snapshots()))
    }

    fn on_root(&self, work: impl FnOnce(&Self) -> Result<()>) -> Result<()> {
        self.comm.agree(if self.comm.is_root() { work(self) } else { Ok(()) })
    }

    fn stamp(&self, clock: &Clock) -> Stamp {
        Stamp { time: clock.time(), step: clock.step(), units: self.units.clone() }
    }
}

fn open_tables(folder: &RunFolder, place: Place) -> Result<(Table, Table)> {
    folder.remove_snapshots_from(place.snapshots)?;
    let history = Table::open(&folder.history(), place.history_bytes)?;
    let events = Table::open(&folder.events(), place.events_bytes)?;
    Ok((history, events))
}

/// The clock and the place in the files that a checkpoint holds.
pub(super) fn read_place(checkpoint: &CheckpointReader) -> Result<(Clock, Place)> {
    let broken = |what: &str| Error::file(checkpoint.path(), format!("{what} is not as this version writes it"));
    let raw: Vec<f64> = checkpoint.values("run.clock")?;
    let raw: [f64; 3] = raw.try_into().map_err(|_| broken("run.clock"))?;
    let place = Place::from_words(&checkpoint.values::<u64>("run.place")?).ok_or_else(|| broken("run.place"))?;
    Ok((Clock::from_raw((checkpoint.value("run.step")?, raw)), place))
}
