//! How exact the forces of the tree are: when a cell is opened, when it goes into an expansion, of which order.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How exact forces are, of a million bodies: presets whose errors `docs/explanation/accuracy.md` lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Accuracy {
    /// Half of the bodies have errors below 0.3 % of their acceleration.
    Fast,
    /// Half of the bodies have errors below 0.1 %.
    #[default]
    Standard,
    /// Half of the bodies have errors below 0.025 %.
    Accurate,
}

/// The angle beyond which no cell acts as a whole, whatever accelerations are.
const GUARD: f64 = 0.9;

/// When cells are opened, and how those far away are expanded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Opening {
    /// A cell is opened where its radius over this is more than its distance from the group's box; 0 opens all, below 1.
    pub theta: f64,
    /// A cell is expanded where the group's radius is less than this share of its distance; below 1.
    pub reach: f64,
    /// The order of the expansion of the acceleration, 1 to 5.
    pub order: usize,
    /// The relative criterion of GADGET-2 (Springel 2005, equation 18): a cell is opened where G M b²/d⁴ is more than this share of a body's last
    /// acceleration, with b its radius and d its distance; 0: `theta` alone decides. With it `theta` serves while no acceleration is known.
    pub relative: f64,
}

impl From<Accuracy> for Opening {
    fn from(accuracy: Accuracy) -> Self {
        match accuracy {
            Accuracy::Fast => Opening { theta: 0.7, reach: 0.45, order: 3, relative: 0.0 },
            Accuracy::Standard => Opening { theta: 0.58, reach: 0.4, order: 3, relative: 0.0 },
            Accuracy::Accurate => Opening { theta: 0.34, reach: 0.35, order: 3, relative: 0.0 },
        }
    }
}

impl Opening {
    /// The opening angle alone, with expansions that are as exact as it asks for.
    pub fn theta(theta: f64) -> Self {
        Opening { theta, reach: 0.4, order: if theta < 0.4 { 4 } else { 3 }, relative: 0.0 }
    }

    /// The relative criterion with this share, and expansions that are as exact as it asks for.
    pub fn relative(share: f64) -> Self {
        let order = if share < 1e-3 { 4 } else { 3 };
        Opening { reach: 0.35, order, relative: share, ..Opening::from(Accuracy::Standard) }
    }

    /// The angle that decides beside the relative criterion, where accelerations are known: bodies inside a cell's radius, and near it, open it.
    pub(super) fn guard(self) -> Self {
        if self.relative > 0.0 { Opening { theta: GUARD, ..self } } else { self }
    }
}
