//! What stands beyond the sides of a flow's box: the words and numbers of `[boundary]`.
//!
//! Left out: whether they go with each other and with the gas, see `boundaries`.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::StrDeserializer;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::numbers::{OneOrMore, one_or_more};
use crate::grid::Boundary;

/// `[boundary]`: what stands beyond the sides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BoundarySection {
    /// Beyond the sides of x.
    pub x: Sides,
    /// Beyond the sides of y.
    pub y: Sides,
    /// Beyond the sides of z.
    pub z: Sides,
    /// State beyond a fixed lower side of x. Density, three velocities, pressure (not if isothermal), scalars. Of a no-slip wall its velocity, of one of fixed temperature pressure / density, and its velocity if it moves.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_more")]
    #[schemars(with = "OneOrMore<f64>", extend("examples" = [[1.0, 0.0, 0.0, 0.0, 1.0]]))]
    pub x_low: Vec<f64>,
    /// State beyond a fixed upper side of x, or velocity or temperature of a wall, as for x_low.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_more")]
    #[schemars(with = "OneOrMore<f64>", extend("examples" = [[1.0, 0.0, 0.0, 0.0, 1.0]]))]
    pub x_high: Vec<f64>,
    /// State beyond a fixed lower side of y, or velocity or temperature of a wall, as for x_low.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_more")]
    #[schemars(with = "OneOrMore<f64>", extend("examples" = [[1.0, 0.0, 0.0, 0.0, 1.0]]))]
    pub y_low: Vec<f64>,
    /// State beyond a fixed upper side of y, or velocity or temperature of a wall, as for x_low.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_more")]
    #[schemars(with = "OneOrMore<f64>", extend("examples" = [[1.0, 0.0, 0.0, 0.0, 1.0]]))]
    pub y_high: Vec<f64>,
    /// State beyond a fixed lower side of z, or velocity or temperature of a wall, as for x_low.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_more")]
    #[schemars(with = "OneOrMore<f64>", extend("examples" = [[1.0, 0.0, 0.0, 0.0, 1.0]]))]
    pub z_low: Vec<f64>,
    /// State beyond a fixed upper side of z, or velocity or temperature of a wall, as for x_low.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_more")]
    #[schemars(with = "OneOrMore<f64>", extend("examples" = [[1.0, 0.0, 0.0, 0.0, 1.0]]))]
    pub z_high: Vec<f64>,
}

/// What stands beyond a side of a flow's box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowBoundary {
    /// The other end of the box. The halo exchange fills it.
    Periodic,
    /// The value of the nearest cell.
    Outflow,
    /// A wall. The gas slides along it: the mirrored cells, with the sign of the velocity across the side changed.
    Reflecting,
    /// A wall that the gas sticks to, without heat through it. At rest, or with the velocity given. Needs viscosity.
    NoSlip,
    /// A wall of a given temperature. The gas sticks to it if there is viscosity. Needs conductivity.
    FixedTemperature,
    /// A given state.
    Fixed,
    /// The values of the problem's function.
    User,
}

impl FlowBoundary {
    /// How the halo is filled beyond it.
    pub(super) fn filled(self) -> Boundary {
        match self {
            FlowBoundary::Periodic => Boundary::Periodic,
            FlowBoundary::Outflow => Boundary::Outflow,
            FlowBoundary::Reflecting | FlowBoundary::NoSlip | FlowBoundary::FixedTemperature => Boundary::Reflecting,
            FlowBoundary::Fixed => Boundary::Fixed,
            FlowBoundary::User => Boundary::User,
        }
    }
}

/// The two sides of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Sides {
    /// Both sides alike.
    Both(FlowBoundary),
    /// The lower and the upper side.
    Each([FlowBoundary; 2]),
}

impl Default for Sides {
    fn default() -> Self {
        Sides::Both(FlowBoundary::Periodic)
    }
}

impl Sides {
    /// The lower and the upper side.
    pub fn each(self) -> [FlowBoundary; 2] {
        match self {
            Sides::Both(side) => [side, side],
            Sides::Each(sides) => sides,
        }
    }
}

/// By hand, so that a word that is none is told with those that there are.
impl<'de> Deserialize<'de> for Sides {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(WordOrTwo)
    }
}

struct WordOrTwo;

impl<'de> Visitor<'de> for WordOrTwo {
    type Value = Sides;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a word for both sides, or a list of two: of the lower and of the upper side")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> std::result::Result<Sides, E> {
        FlowBoundary::deserialize(StrDeserializer::new(word)).map(Sides::Both)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut words: A) -> std::result::Result<Sides, A::Error> {
        let mut sides: Vec<FlowBoundary> = Vec::new();
        while let Some(side) = words.next_element()? {
            sides.push(side);
        }
        let count = sides.len();
        let sides = <[FlowBoundary; 2]>::try_from(sides);
        sides.map(Sides::Each).map_err(|_| A::Error::invalid_length(count, &self))
    }
}

impl BoundarySection {
    /// The sides of each axis.
    pub(super) fn each(&self) -> [[FlowBoundary; 2]; 3] {
        [self.x, self.y, self.z].map(Sides::each)
    }

    /// The numbers that are given for a side.
    pub(super) fn numbers(&self, axis: usize, high: usize) -> &[f64] {
        let BoundarySection { x_low, x_high, y_low, y_high, z_low, z_high, .. } = self;
        [[x_low, x_high], [y_low, y_high], [z_low, z_high]][axis][high]
    }
}
