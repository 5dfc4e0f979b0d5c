//! Moves of an ensemble: where a walker may go, given others.
//!
//! All of them draw a line through the space from walkers that don't move meanwhile, so they work alike in any linear
//! coordinates: a narrow valley is no harder than a round one. Along angles the way from one walker to another is the shorter one; a move whose
//! way back would be another is refused, which keeps detailed balance.
//!
//! - *stretch* (Goodman & Weare 2010, Comm. App. Math. Comp. Sci. 5, 65): along the line to one other walker;
//! - *differential* (ter Braak 2006, Stat. Comput. 16, 239; Nelson, Ford & Payne 2014, ApJS 210, 11): by the difference of two
//!   others, in one move of ten by the whole of it, which leads from mode to mode;
//! - *snooker* (ter Braak & Vrugt 2008, Stat. Comput. 18, 435): along the line to one other, by the difference of two more.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::space::Space;
use crate::base::config::positive;
use crate::base::random::Random;
use crate::{Error, Result};

/// The share of differential moves that go by the whole difference.
const WHOLE: f64 = 0.1;
/// The spread of the length of differential moves.
const SPREAD: f64 = 1e-5;
/// The length of snooker moves, in differences; the value of ter Braak & Vrugt.
const SNOOKER: f64 = 1.7;

/// How often each move is tried: weights, of which only ratios count.
#[derive(Clone, Copy, Debug, SmartDefault, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Moves {
    /// Weight of stretch moves.
    #[default = 1.0]
    #[schemars(range(min = 0.0))]
    pub stretch: f64,
    /// Weight of differential moves.
    #[schemars(range(min = 0.0))]
    pub differential: f64,
    /// Weight of snooker moves.
    #[schemars(range(min = 0.0))]
    pub snooker: f64,
    /// Longest stretch. A walker comes to between 1/scale and scale times its distance from the other.
    #[default = 2.0]
    #[schemars(extend("exclusiveMinimum" = 1.0))]
    pub scale: f64,
}

impl Moves {
    /// # Errors
    /// Weights that are negative or all zero, a scale of 1 or less, fewer walkers than a move needs.
    pub(super) fn check(&self, walkers: usize) -> Result<()> {
        for (key, weight, least) in self.each() {
            positive(key, weight, true)?;
            if weight > 0.0 && walkers < least {
                let reason = format!("this move needs at least {least} walkers, and there are {walkers}");
                return Err(Error::input(key, reason));
            }
        }
        if self.each().iter().all(|(_, weight, _)| *weight == 0.0) {
            return Err(Error::input("method.moves", "all weights are 0: no move would be tried"));
        }
        if self.scale > 1.0 && self.scale.is_finite() {
            Ok(())
        } else {
            Err(Error::input("method.moves.scale", format!("{} is not allowed: it must be above 1", self.scale)))
        }
    }

    /// Each move's key, weight, and the walkers that it needs.
    fn each(&self) -> [(&'static str, f64, usize); 3] {
        [
            ("method.moves.stretch", self.stretch, 2),
            ("method.moves.differential", self.differential, 4),
            ("method.moves.snooker", self.snooker, 6),
        ]
    }

    /// Proposes a point for a walker that stands at `from`: the ln of what its density must be multiplied with, minus infinity if
    /// there is no way back. `choice`, between 0 and 1, chooses the move.
    pub(super) fn propose(&self, choice: f64, random: &mut Random, frame: &Frame<'_>, to: &mut [f64]) -> f64 {
        let share = choice * (self.stretch + self.differential + self.snooker);
        if share < self.stretch {
            frame.stretch(random, self.scale, to)
        } else if share < self.stretch + self.differential {
            frame.differential(random, to)
        } else {
            frame.snooker(random, to)
        }
    }
}

/// What a move sees.
pub(super) struct Frame<'a> {
    pub space: &'a Space,
    /// Where the walker stands.
    pub from: &'a [f64],
    /// The others, which don't move meanwhile.
    pub others: Others<'a>,
}

/// Walkers in a list of rows: each second one.
#[derive(Clone, Copy)]
pub(super) struct Others<'a> {
    /// The first walker's row and all that follow.
    pub rows: &'a [f64],
    /// Numbers from one of them to the next.
    pub stride: usize,
    pub count: usize,
}

impl<'a> Others<'a> {
    #[inline]
    fn point(&self, index: usize, dimensions: usize) -> &'a [f64] {
        &self.rows[index * self.stride..][..dimensions]
    }
}

impl<'a> Frame<'a> {
    /// `K` others, no two of them the same.
    fn choose<const K: usize>(&self, random: &mut Random) -> [&'a [f64]; K] {
        let mut chosen = [0; K];
        for k in 0..K {
            let mut index = below(random, self.others.count - k);
            // Skip those that were chosen before, the lowest first.
            let mut before = chosen;
            before[..k].sort_unstable();
            before[..k].iter().for_each(|&taken| index += usize::from(index >= taken));
            chosen[k] = index;
        }
        chosen.map(|index| self.others.point(index, self.from.len()))
    }

    /// Goes to a multiple z of the way from another walker, with a density of z proportional to 1/sqrt(z) in [1/scale, scale].
    fn stretch(&self, random: &mut Random, scale: f64, to: &mut [f64]) -> f64 {
        let [other] = self.choose(random);
        // z = (1 + (a - 1) u)²/a has the density g(z) ~ 1/√z in [1/a, a].
        let root = 1.0 + (scale - 1.0) * random.uniform();
        let z = root * root / scale;
        let mut returns = true;
        for p in 0..to.len() {
            // Y = X_j + z (X_k - X_j)
            let way = z * self.space.way(p, other[p], self.from[p]);
            returns &= self.space.is_shorter(p, way);
            to[p] = other[p] + way;
        }
        // Accepted with min(1, z^(d-1) p(Y)/p(X_k)).
        if returns { (to.len() - 1) as f64 * libm::log(z) } else { f64::NEG_INFINITY }
    }

    fn differential(&self, random: &mut Random, to: &mut [f64]) -> f64 {
        let [a, b] = self.choose(random);
        // Y = X + γ (X_b - X_a), γ = 2.38/√(2d): the best for a normal density; 1 leads from one mode to another.
        let length = if random.uniform() < WHOLE { 1.0 } else { 2.38 / (2.0 * to.len() as f64).sqrt() };
        let length = length * (1.0 + SPREAD * random.normal());
        for p in 0..to.len() {
            to[p] = self.from[p] + length * self.space.way(p, a[p], b[p]);
        }
        0.0
    }

    fn snooker(&self, random: &mut Random, to: &mut [f64]) -> f64 {
        let [centre, a, b] = self.choose(random);
        let mut square = 0.0;
        let mut product = 0.0;
        for p in 0..to.len() {
            let away = self.space.way(p, centre[p], self.from[p]);
            square += away * away;
            product += away * self.space.way(p, a[p], b[p]);
        }
        if square == 0.0 {
            return f64::NEG_INFINITY;
        }
        // Y = C + z (X - C), z = 1 + 1.7 (X_b - X_a)·(X - C)/|X - C|²; the factor is |z|^(d-1).
        let z = 1.0 + SNOOKER * product / square;
        let mut returns = true;
        for p in 0..to.len() {
            let way = z * self.space.way(p, centre[p], self.from[p]);
            returns &= self.space.is_shorter(p, way);
            to[p] = centre[p] + way;
        }
        if returns { (to.len() - 1) as f64 * libm::log(z.abs()) } else { f64::NEG_INFINITY }
    }
}

/// A random whole number below `count`.
#[inline]
pub(super) fn below(random: &mut Random, count: usize) -> usize {
    ((u128::from(random.bits()) * count as u128) >> 64) as usize
}
