//! How the companions of the first body fare, and where they stop a run.

use crate::nbody::stability::{Look, Stability};
use crate::run::{Event, Row};
use crate::{Checkpoint, CheckpointReader, Result};

use super::config::StabilitySettings;
use super::few::Few;
use super::names::Names;

/// Companions that are looked at after each step, the same on every rank.
pub(super) struct Companions {
    settings: StabilitySettings,
    stability: Stability,
    ids: Vec<u64>,
    survived: bool,
    /// What happened since the loop last asked.
    pub seen: Vec<Event>,
}

impl Companions {
    /// The companions of the first body, at the start; none where they aren't looked at.
    pub(super) fn new(settings: StabilitySettings, few: &Few) -> Result<Option<Self>> {
        if !settings.any() {
            return Ok(None);
        }
        let stability = Stability::new(&few.system()?)?;
        Ok(Some(Companions { settings, stability, ids: few.companions(), survived: true, seen: Vec::new() }))
    }

    /// Looks at them after a step of `dt`.
    #[inline]
    pub(super) fn look(&mut self, few: &Few, names: &Names, dt: f64) -> Result<()> {
        let look = few.look(&mut self.stability, dt)?;
        if self.survived {
            self.judge(&look, names);
        }
        Ok(())
    }

    /// Stops the run at the first of what may stop it.
    #[inline]
    fn judge(&mut self, look: &Look, names: &Names) {
        let StabilitySettings { hill_radii, axis_drift, escape_radius, .. } = self.settings;
        let (nearest, pair) = look.nearest;
        let (drift, drifter) = look.drift;
        let (far, runaway) = look.unbound;
        let found = if nearest < hill_radii {
            ("close encounter", pair.to_vec(), nearest)
        } else if escape_radius > 0.0 && far > escape_radius {
            ("escape", vec![runaway], far)
        } else if axis_drift > 0.0 && drift > axis_drift {
            ("drift", vec![drifter], drift)
        } else {
            return;
        };
        let (kind, who, value) = found;
        let ids: Vec<u64> = who.iter().map(|&place| self.ids[place]).collect();
        self.survived = false;
        self.seen.push(Event { kind: kind.to_owned(), time: None, subjects: names.of(&ids), value, stop: true });
    }

    /// Adds the columns of history.csv.
    pub(super) fn add_columns(&self, row: &mut Row) {
        row.value("closest_hill", self.stability.closest());
        row.value("axis_drift", self.stability.drift());
        row.value("survived", f64::from(u8::from(self.survived)));
    }

    /// Writes what has been seen. All ranks.
    pub(super) fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.value("stability.survived", u64::from(self.survived))?;
        to.replicated_records("stability.state", &self.stability.save())
    }

    /// Takes up what [`save`](Companions::save) wrote.
    pub(super) fn load(settings: StabilitySettings, few: &Few, from: &CheckpointReader) -> Result<Option<Self>> {
        if !settings.any() {
            return Ok(None);
        }
        let stability = Stability::load(&from.replicated_records::<f64>("stability.state")?)?;
        let survived = from.value::<u64>("stability.survived")? > 0;
        Ok(Some(Companions { settings, stability, ids: few.companions(), survived, seen: Vec::new() }))
    }
}
