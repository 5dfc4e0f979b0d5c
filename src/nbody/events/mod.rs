//! What happens to bodies: collisions, close encounters, escapes.
//!
//! Everything here is a pure function of slices; the caller moves bodies between ranks. After each step, in this order:
//!
//! 1. [`Search::pairs`] on each rank for its own bodies against every block of sources; the pairs of all ranks are
//!    gathered and put in order by [`sort_pairs`], after which every rank holds the same list.
//! 2. Collisions: [`Passages::update`] records each once, or [`groups`] and [`merged`] turn each heap of touching
//!    bodies into one body.
//! 3. Close encounters: [`Passages::update`] gives the passages that ended with their least distance.
//! 4. Escapes: [`outside`] on each rank; when there is any on any rank, [`add_potential`] over all sources in the order
//!    of the global index, then [`is_unbound`].
//!
//! Between the ends of a step bodies are taken to move straight, back from where they are now, so that fast ones don't
//! pass through each other unseen; a step should be short against the time that an encounter takes. Test particles
//! don't meet each other.

mod escape;
mod merge;
mod near;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

pub(super) use escape::{Barycentre, add_potential, is_unbound, outside};
pub(super) use merge::{groups, merged};
pub(super) use near::{Pair, Passage, Passages, Reach, Search, sort_pairs};

/// What is done when two bodies touch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnCollision {
    /// Nothing; collisions aren't looked for.
    #[default]
    None,
    /// The run stops with a checkpoint.
    Stop,
    /// They become one body.
    Merge,
    /// A line in events.csv.
    Record,
}

/// What is done when two bodies come nearer than a given distance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnEncounter {
    /// Nothing; encounters aren't looked for.
    #[default]
    None,
    /// The run stops with a checkpoint.
    Stop,
    /// A line in events.csv when the passage has ended, or the run.
    Record,
}

/// What is done when a body has left for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnEscape {
    /// Nothing; escapes aren't looked for.
    #[default]
    None,
    /// The run stops with a checkpoint.
    Stop,
    /// A line in events.csv, once.
    Record,
    /// The body is taken out of the run.
    Remove,
}

/// The section `[events]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EventSettings {
    /// When two bodies are nearer than the sum of their radii.
    pub collision: OnCollision,
    /// When two bodies are nearer than `close_encounter_distance`.
    pub close_encounter: OnEncounter,
    /// Distance of a close encounter.
    #[schemars(range(min = 0.0), extend("unit" = "length"))]
    pub close_encounter_distance: f64,
    /// When a body is farther than `escape_radius` from the centre of mass, and unbound.
    pub escape: OnEscape,
    /// Distance of an escape.
    #[schemars(range(min = 0.0), extend("unit" = "length"))]
    pub escape_radius: f64,
}

impl EventSettings {
    /// Whether there is anything to look for.
    pub fn any(&self) -> bool {
        (self.collision, self.close_encounter, self.escape) != (OnCollision::None, OnEncounter::None, OnEscape::None)
    }

    /// Refuses distances that make no sense.
    ///
    /// # Errors
    /// Close encounters or escapes wanted without a positive finite distance; a negative distance anywhere.
    pub fn validate(&self) -> Result<()> {
        let encounter = self.close_encounter != OnEncounter::None;
        check_distance("close_encounter_distance", "close_encounter", self.close_encounter_distance, encounter)?;
        check_distance("escape_radius", "escape", self.escape_radius, self.escape != OnEscape::None)
    }
}

fn check_distance(key: &str, action: &str, value: f64, needed: bool) -> Result<()> {
    let place = format!("events.{key}");
    if !(value >= 0.0 && value.is_finite()) {
        return Err(Error::input(place, format!("{value} is not allowed: it must be positive and finite")));
    }
    if needed && value == 0.0 {
        return Err(Error::input(place, format!("is missing: events.{action} needs a positive distance")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_and_distances_checked() {
        let settings: EventSettings =
            toml::from_str("collision = 'merge'\nescape = 'remove'\nescape_radius = 100").unwrap();
        assert_eq!(
            (settings.collision, settings.escape, settings.escape_radius),
            (OnCollision::Merge, OnEscape::Remove, 100.0)
        );
        assert!(settings.validate().is_ok() && settings.any());
        assert!(!EventSettings { escape_radius: 3.0, ..EventSettings::default() }.any());
        let missing = EventSettings { close_encounter: OnEncounter::Record, ..EventSettings::default() };
        assert!(missing.validate().unwrap_err().to_string().starts_with("events.close_encounter_distance: is missing"));
        let negative = EventSettings { escape_radius: -1.0, ..EventSettings::default() };
        assert!(negative.validate().unwrap_err().to_string().starts_with("events.escape_radius: -1"));
        assert!(toml::from_str::<EventSettings>("colision = 'merge'").is_err());
    }
}
