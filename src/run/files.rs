//! The files of a run under way: history, events, trajectory, snapshots, checkpoints; none of a bare run.

use std::time::Duration;

use super::Simulation;
use super::event::Event;
use super::folder::{EVENTS, HISTORY, RunFolder, TRAJECTORY};
use super::progress::Progress;
use super::row::Row;
use super::sections::Framework;
use super::table::{EVENT_NAMES, Extent, Table, set_aside};
use crate::base::clock::Clock;
use crate::base::console::number_text;
use crate::base::file_at::FileAt;
use crate::base::units::Units;
use crate::comm::Comm;
use crate::io::{Checkpoint, CheckpointReader, Frame, Snapshot, Stamp, Trajectory, WriteOptions, prune, write_series};
use crate::{Error, Result};

/// How far the growing files of a run had come: what a resumed run keeps of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub history: Extent,
    pub events: Extent,
    pub snapshots: u64,
    pub trajectory: Extent,
    /// The steps of the newest row and of the newest snapshot, each plus one; so that the last state is written once.
    pub written_until: [u64; 2],
}

impl Default for Place {
    fn default() -> Self {
        let [history, events, trajectory] = [Extent::NONE; 3];
        Place { history, events, snapshots: 0, trajectory, written_until: [0; 2] }
    }
}

impl Place {
    /// As a checkpoint holds it: lengths and numbers, and the digests.
    fn words(&self) -> ([u64; 6], [u64; 3]) {
        let [history, snapshot] = self.written_until;
        let growing = [self.history, self.events, self.trajectory];
        let [rows, happened, frames] = growing.map(|extent| extent.length);
        let digests = growing.map(|extent| extent.digest.unwrap_or_default());
        ([rows, happened, self.snapshots, frames, history, snapshot], digests)
    }

    /// From the words of a checkpoint; `digests` are none where an older version wrote it.
    fn from_words(words: &[u64], digests: Option<[u64; 3]>) -> Option<Self> {
        let &[rows, happened, snapshots, frames, history_until, snapshot_until] = words else { return None };
        let known = digests.map_or([None; 3], |digests| digests.map(Some));
        let extent = |length: u64, kind: usize| Extent { length, digest: known[kind] };
        Some(Place {
            history: extent(rows, 0),
            events: extent(happened, 1),
            snapshots,
            trajectory: extent(frames, 2),
            written_until: [history_until, snapshot_until],
        })
    }

    /// That of rank 0, on all ranks.
    fn agreed(self, comm: &Comm) -> Self {
        let (mut words, mut digests) = self.words();
        comm.broadcast_into(&mut words, 0);
        comm.broadcast_into(&mut digests, 0);
        Place::from_words(&words, Some(digests)).unwrap_or(self)
    }
}

/// The files of a run, on every rank; tables are on rank 0 alone.
pub(super) struct Files {
    comm: Comm,
    folder: RunFolder,
    /// The run's own id.
    id: String,
    /// The hash of its inputs.
    inputs: String,
    units: Units,
    options: WriteOptions,
    keep: usize,
    history: Option<Table>,
    events: Option<Table>,
    /// The newest row of the history, on every rank.
    pub last_row: Vec<(String, f64)>,
    trajectory: Trajectory,
    place: Place,
    pub checkpoints: u64,
    /// Whether nothing is written at all.
    bare: bool,
}

impl Files {
    /// Opens the files as far as they had come at `place`, and says of which that isn't so any more. The run is known by its id and the hash of
    /// its inputs. All ranks.
    pub(super) fn open(
        comm: &Comm,
        folder: &RunFolder,
        [id, inputs]: [&str; 2],
        framework: &Framework,
        place: Place,
        bare: bool,
    ) -> Result<(Self, Vec<String>)> {
        let mut files = Files {
            comm: comm.clone(),
            folder: folder.clone(),
            id: id.to_owned(),
            inputs: inputs.to_owned(),
            units: framework.units.clone(),
            options: framework.output.options(),
            keep: framework.checkpoint.keep,
            history: None,
            events: None,
            last_row: Vec::new(),
            trajectory: Trajectory::begin(comm, &folder.trajectory(), framework.units.clone()),
            place,
            checkpoints: 0,
            bare,
        };
        let opened = if comm.is_root() && !bare { files.open_growing() } else { Ok(Vec::new()) };
        let told = comm.agree(opened)?;
        files.place = files.place.agreed(comm);
        files.trajectory.count(files.place.trajectory.length);
        Ok((files, told))
    }

    /// Opens what grows, on rank 0; what there is to say of files that aren't what the run had written.
    fn open_growing(&mut self) -> Result<Vec<String>> {
        self.folder.make_folders()?;
        self.folder.remove_snapshots_from(self.place.snapshots)?;
        self.folder.name_inputs(&self.inputs)?;
        let (history, of_history) = Table::open(&self.folder.history(), self.place.history, None)?;
        let (events, of_events) = Table::open(&self.folder.events(), self.place.events, Some(EVENT_NAMES))?;
        let of_trajectory = self.take_trajectory()?;
        (self.place.history, self.place.events) = (history.extent(), events.extent());
        (self.history, self.events) = (Some(history), Some(events));
        let told = [(HISTORY, of_history), (EVENTS, of_events), (TRAJECTORY, of_trajectory)];
        Ok(told.into_iter().filter_map(|(file, told)| Some(format!("{}: {}", file.name(), told?))).collect())
    }

    /// Takes the frames so far, or, where they aren't those that were written, sets them aside and begins without.
    fn take_trajectory(&mut self) -> Result<Option<String>> {
        let Extent { length, digest } = self.place.trajectory;
        let reason = if length > 0 { self.trajectory.take_if_same(length, digest)? } else { None };
        let told = match reason {
            Some(reason) => Some(format!("{reason}: {}a new one begins here", set_aside(&self.folder.trajectory())?)),
            None => None,
        };
        self.place.trajectory = self.trajectory_extent();
        Ok(told)
    }

    fn trajectory_extent(&self) -> Extent {
        let (length, digest) = self.trajectory.frames();
        Extent { length, digest: Some(digest) }
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
            self.place.history = table.extent();
        }
        self.last_row = row;
        Ok(())
    }

    /// Adds a frame to the trajectory. All ranks.
    pub(super) fn trajectory_frame(&mut self, simulation: &impl Simulation, clock: &Clock) -> Result<()> {
        if self.bare {
            return Ok(());
        }
        let mut frame = Frame::default();
        simulation.trajectory(&mut frame)?;
        self.trajectory.push(clock.step(), clock.told(), frame)?;
        self.place.trajectory = self.trajectory_extent();
        Ok(())
    }

    /// Writes the next snapshot; none where the simulation describes nothing. All ranks.
    pub(super) fn snapshot(&mut self, simulation: &impl Simulation, clock: &Clock) -> Result<()> {
        if self.bare {
            return Ok(());
        }
        let _phase = self.comm.phase("snapshots");
        let path = self.folder.snapshot(self.place.snapshots);
        let _at = FileAt::new(&path);
        let mut snapshot = Snapshot::create(&self.comm, &path, self.stamp(clock), &self.options)?;
        simulation.snapshot(&mut snapshot)?;
        if snapshot.is_empty() {
            return snapshot.discard();
        }
        snapshot.finish()?;
        self.place.snapshots += 1;
        self.place.written_until[1] = clock.step() + 1;
        Ok(())
    }

    /// Notes an event, the same on every rank.
    pub(super) fn event(&mut self, clock: &Clock, event: &Event, progress: &mut Progress) -> Result<()> {
        let time = number_text(clock.told());
        progress.say(&format!("t = {time}: {} of {}", event.kind, event.subjects.join(" and ")));
        if let Some(table) = &mut self.events {
            table.event(clock, event)?;
            self.place.events = table.extent();
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
        if self.bare {
            return Ok(());
        }
        let _phase = self.comm.phase("checkpoints");
        self.make_safe()?;
        let (words, digests) = place.agreed(&self.comm).words();
        let folder = self.folder.checkpoints();
        let _at = FileAt::new(&folder);
        let mut checkpoint =
            Checkpoint::create(&self.comm, &folder, &self.stamp(clock), &self.options)?.of_run(&self.id);
        let (step, raw) = clock.raw();
        checkpoint.value("run.step", step)?;
        checkpoint.values("run.clock", &raw)?;
        checkpoint.values("run.place", &words)?;
        checkpoint.values("run.digests", &digests)?;
        simulation.save(&mut checkpoint)?;
        checkpoint.finish()?;
        self.checkpoints += 1;
        self.on_root(|files| prune(&files.folder.checkpoints(), clock.step(), files.keep))
    }

    /// Syncs the files to whose lengths a checkpoint refers: tables and trajectory.
    fn make_safe(&mut self) -> Result<()> {
        self.trajectory.write()?;
        let mut tables = [self.history.as_mut(), self.events.as_mut()].into_iter().flatten();
        self.comm.agree(tables.try_for_each(Table::sync))
    }

    /// Lets the simulation write files of its own. All ranks.
    pub(super) fn conclude(&self, simulation: &impl Simulation) -> Result<()> {
        let _phase = self.comm.phase("results");
        let _at = FileAt::new(self.folder.root());
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
        Stamp { time: clock.told(), step: clock.step(), units: self.units.clone() }
    }
}

/// The clock and the place in the files that a checkpoint holds.
pub(super) fn read_place(checkpoint: &CheckpointReader) -> Result<(Clock, Place)> {
    let broken = |what: &str| Error::file(checkpoint.path(), format!("{what} is not as this version writes it"));
    let raw: Vec<f64> = checkpoint.values("run.clock")?;
    let raw: [f64; 3] = raw.try_into().map_err(|_| broken("run.clock"))?;
    let digests = checkpoint.values::<u64>("run.digests").ok().and_then(|digests| digests.try_into().ok());
    let words = checkpoint.values::<u64>("run.place")?;
    let place = Place::from_words(&words, digests).ok_or_else(|| broken("run.place"))?;
    Ok((Clock::from_raw((checkpoint.value("run.step")?, raw)), place))
}
