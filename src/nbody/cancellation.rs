//! Forces that cancel: where the pulls on a body add up to next to nothing, their sum is the rounding of its terms.
//!
//! A step that follows from how fast each force changes relative to its size must leave such bodies out, as that of a star
//! between two equal planets: what rounding makes changes without limit. Their motion is resolved all the same, since the
//! bodies that pull on them are.

use super::vector::{dot, minus, norm};

/// A body accelerated by more than this part of the largest acceleration is none whose forces cancel: those that pull on it
/// pull on each other.
pub(super) const SLIGHT: f64 = 1e-6;

/// Third derivatives of a force, by differences over a step, have some 1e5 times its rounding; they count from 2^20 times on.
const LEAST: f64 = 1_048_576.0 * f64::EPSILON;

/// Adds to `scale` what rounding a place and the pulls of `sources` (place and G m) there comes to, over the last bit of one.
///
/// A pull of G m d/s^3 with s^2 = d^2 + eps^2 is rounded itself and changes by G m/s^3 times the rounding of either place:
/// at most G m (|r| + |r_j|)/s^3 together.
pub(super) fn add_scale(
    scale: &mut f64,
    place: [f64; 3],
    softening: f64,
    sources: impl IntoIterator<Item = ([f64; 3], f64)>,
) {
    let distance = norm(place);
    for (source, gm) in sources {
        let apart = minus(source, place);
        let d2 = dot(apart, apart);
        let s2 = d2 + softening * softening;
        // A body doesn't pull on itself.
        if d2 > 0.0 {
            *scale += gm * (distance + norm(source)) / (s2 * s2.sqrt());
        }
    }
}

/// Whether an acceleration of this size is the rounding of terms of this scale.
pub(super) fn is_rounding(size: f64, scale: f64) -> bool {
    size <= LEAST * scale
}
