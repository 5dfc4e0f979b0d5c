//! The section `[stability]`: how companions fare, and where they stop a run.

use divisi::config::positive;
use divisi::gravity::stability::{Look, Stability};
use divisi::run::{Event, Row};
use divisi::{Checkpoint, CheckpointReader, Comm, Result};
use serde::{Deserialize, Serialize};

use super::few::Few;
use super::names::Names;
use super::replicated;

/// `[stability]`: what is looked at, and what stops a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StabilitySettings {
    /// Whether companions are looked at.
    pub watch: bool,
    /// Stop where two come nearer than so many mutual Hill radii; 0: never.
    pub hill_radii: f64,
    /// Stop where a semi-major axis has changed by this share; 0: never.
    pub axis_drift: f64,
    /// Stop where one is unbound and farther than this, length; 0: never.
    pub escape_radius: f64,
}

impl StabilitySettings {
    /// Whether companions are looked at.
    pub fn any(&self) -> bool {
        self.watch || [self.hill_radii, self.axis_drift, self.escape_radius].iter().any(|limit| *limit > 0.0)
    }

    /// # Errors
    /// A limit that is negative or not finite.
    pub fn validate(&self) -> Result<()> {
        positive("stability.hill_radii", self.hill_radii, true)?;
        positive("stability.axis_drift", self.axis_drift, true)?;
        positive("stability.escape_radius", self.escape_radius, true)
    }
}

/// Companions that are looked at after each step, the same on every rank.
pub struct Companions {
    settings: StabilitySettings,
    stability: Stability,
    ids: Vec<u64>,
    survived: bool,
    /// What happened since the loop last asked.
    pub seen: Vec<Event>,
}

impl Companions {
    /// The companions of the first body, at the start; none where they aren't looked at.
    pub fn new(settings: StabilitySettings, few: &Few) -> Result<Option<Self>> {
        if !settings.any() {
            return Ok(None);
        }
        let stability = Stability::new(&few.system()?)?;
        Ok(Some(Companions { settings, stability, ids: few.companions(), survived: true, seen: Vec::new() }))
    }

    /// Looks at them after a step of `dt`.
    #[inline]
    pub fn look(&mut self, few: &Few, names: &Names, dt: f64) -> Result<()> {
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
        let ((nearest, pair), (drift, drifter), (far, runaway)) = (look.nearest, look.drift, look.unbound);
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
    pub fn add_columns(&self, row: &mut Row) {
        row.value("closest_hill", self.stability.closest());
        row.value("axis_drift", self.stability.drift());
        row.value("survived", f64::from(u8::from(self.survived)));
    }

    /// Writes what has been seen. All ranks.
    pub fn save(&self, to: &mut Checkpoint, comm: &Comm) -> Result<()> {
        to.value("stability.survived", u64::from(self.survived))?;
        replicated::save_records(to, comm, "stability.state", &self.stability.save())
    }

    /// Takes up what [`save`](Companions::save) wrote.
    pub fn load(settings: StabilitySettings, few: &Few, from: &CheckpointReader) -> Result<Option<Self>> {
        if !settings.any() {
            return Ok(None);
        }
        let stability = Stability::load(&replicated::load_records::<f64>(from, "stability.state")?)?;
        let survived = from.value::<u64>("stability.survived")? > 0;
        Ok(Some(Companions { settings, stability, ids: few.companions(), survived, seen: Vec::new() }))
    }
}
