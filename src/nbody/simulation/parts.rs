//! The section of several models, each in its place.

use std::collections::BTreeMap;

use crate::base::config::{by_kind, positive};
use crate::nbody::initial::{Encounter, Model, Part, encounter};
use crate::{Error, Result};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::models::{ColdSphereSection, GalaxySection, KingSection, PlummerSection};

/// By how much the seeds of two parts differ: 2^64 over the golden ratio.
const SEED_OF_PARTS: u64 = 0x9e37_79b9_7f4a_7c15;

/// Several models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartsSection {
    /// The orbit of two parts about each other, in place of positions and velocities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orbit: Option<OrbitSection>,
    /// The parts, each with a name of its own, in the order of the file.
    #[schemars(with = "BTreeMap<String, PartSection>")]
    #[schemars(extend("examples" = [{
        "first": { "model": { "kind": "plummer", "n": 500 } },
        "second": { "model": { "kind": "king", "n": 500 }, "position": [5.0, 0.0, 0.0] }
    }]))]
    pub parts: IndexMap<String, PartSection>,
}

/// An orbit of two parts as of two points, in the plane of x and y, on the way in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrbitSection {
    /// Distance at the start.
    #[schemars(extend("unit" = "length"))]
    pub separation: f64,
    /// Least distance.
    #[schemars(extend("unit" = "length"))]
    pub pericenter: f64,
    /// Eccentricity. 1 is a parabola.
    #[serde(default = "parabola")]
    #[schemars(range(min = 0.0))]
    pub eccentricity: f64,
}

fn parabola() -> f64 {
    1.0
}

/// A model in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartSection {
    /// What it is: of kind plummer, king, cold_sphere or galaxy, with their keys.
    #[serde(with = "by_kind")]
    #[schemars(with = "PartModel")]
    pub model: PartModel,
    /// Where its centre is.
    #[serde(default)]
    #[schemars(extend("unit" = "length"))]
    pub position: [f64; 3],
    /// How it moves.
    #[serde(default)]
    #[schemars(extend("unit" = "length per time"))]
    pub velocity: [f64; 3],
    /// Inclination of its plane of x and y, and longitude of the ascending node.
    #[serde(default)]
    #[schemars(extend("unit" = "deg"))]
    pub turn: [f64; 2],
}

/// A model that may be a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(tag = "kind")]
pub enum PartModel {
    /// Plummer sphere in equilibrium.
    Plummer(PlummerSection),
    /// King sphere, a cluster that ends at its tidal radius.
    King(KingSection),
    /// Uniform sphere at rest.
    ColdSphere(ColdSphereSection),
    /// Disc galaxy in equilibrium, an exponential disc in a Hernquist halo.
    Galaxy(GalaxySection),
}

impl PartModel {
    /// # Errors
    /// Values that make no such model.
    pub(super) fn model(&self, seed: u64, gravity: f64, softening: f64) -> Result<Model> {
        match self {
            PartModel::Plummer(section) => section.model(seed, gravity),
            PartModel::King(section) => section.model(seed, gravity),
            PartModel::ColdSphere(section) => section.model(seed),
            PartModel::Galaxy(section) => section.model(seed, gravity, softening),
        }
    }
}

impl PartsSection {
    /// The parts; each has random numbers of its own.
    ///
    /// # Errors
    /// No parts, values that make none, an orbit that can't be.
    pub(super) fn model(&self, seed: u64, gravity: f64, softening: f64) -> Result<Model> {
        if self.parts.is_empty() {
            return Err(Error::input("initial.parts", "is empty: there must be at least one part"));
        }
        let mut parts = Vec::new();
        for (place, (name, part)) in self.parts.iter().enumerate() {
            // Not the same bodies twice: seeds of parts are far apart, and the first has the run's own.
            let own = seed.wrapping_add((place as u64).wrapping_mul(SEED_OF_PARTS));
            let within = |error: Error| match error {
                Error::Input { place, reason } => {
                    let key = place.trim_start_matches("initial.").to_owned();
                    Error::input(format!("initial.parts.{name}.model.{key}"), reason)
                }
                other => other,
            };
            let model = part.model.model(own, gravity, softening).map_err(within)?;
            let &PartSection { position, velocity, turn, .. } = part;
            parts.push(Part { model, position, velocity, turn: turn.map(f64::to_radians) });
        }
        if let Some(OrbitSection { separation, pericenter, eccentricity }) = self.orbit {
            positive("initial.orbit.separation", separation, false)?;
            positive("initial.orbit.pericenter", pericenter, false)?;
            positive("initial.orbit.eccentricity", eccentricity, true)?;
            if self.parts.values().any(|part| part.position != [0.0; 3] || part.velocity != [0.0; 3]) {
                return Err(Error::input(
                    "initial.orbit",
                    "stands beside positions or velocities of parts: give only one of them",
                ));
            }
            encounter(&mut parts, Encounter { separation, pericenter, eccentricity }, gravity)?;
        }
        Ok(Model::Parts(parts))
    }
}
