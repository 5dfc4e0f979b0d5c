//! Steps of powers of two: dt / 2^n, where dt is the longest step and n a step's depth.
//!
//! A step begins at a multiple of itself. So at any time those end that divide it, and a step may become twice as long only where the time is a
//! multiple of that. Time within a step of dt is counted in ticks, dt / 2^[`DEEPEST`].

/// The largest depth.
pub(crate) const DEEPEST: u32 = 40;

/// Ticks of the longest step.
pub(crate) const WHOLE: u64 = 1 << DEEPEST;

/// The depth of the longest step dt / 2^n that is at most `wanted`; more than [`DEEPEST`] where that is too short.
pub(crate) fn depth(dt: f64, wanted: f64) -> u32 {
    let mut step = dt;
    let mut depth = 0;
    while step > wanted && depth <= DEEPEST {
        step *= 0.5;
        depth += 1;
    }
    depth
}

/// Ticks of a step of this depth.
pub(crate) fn ticks(depth: u32) -> u64 {
    1 << (DEEPEST - depth)
}

/// The depth of the longest steps that end, and may begin, at this tick.
pub(crate) fn shallowest(now: u64) -> u32 {
    DEEPEST - now.trailing_zeros().min(DEEPEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_end_at_multiples_of_themselves() {
        assert_eq!([1.0, 0.75, 0.25, 0.2].map(|wanted| depth(1.0, wanted)), [0, 1, 2, 3]);
        assert_eq!(depth(1.0, 0.0), DEEPEST + 1);
        for depth in [0, 1, 7, DEEPEST] {
            assert_eq!(shallowest(3 * ticks(depth)), depth.max(shallowest(ticks(depth))));
        }
        assert_eq!([WHOLE / 2, WHOLE / 4 * 3, 5, WHOLE].map(shallowest), [1, 2, DEEPEST, 0]);
    }
}
