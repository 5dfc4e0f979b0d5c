//! Which cells a rule looks at.

/// Which cells around its own a rule may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stencil {
    width: usize,
    corners: bool,
}

impl Stencil {
    /// Along each axis so many cells on both sides.
    pub fn star(width: usize) -> Self {
        Stencil { width, corners: false }
    }

    /// All cells at most so far along each axis: those across edges and corners too.
    pub fn full(width: usize) -> Self {
        Stencil { width, corners: true }
    }

    /// How far it reaches along each axis.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether it reaches across edges and corners.
    pub fn has_corners(&self) -> bool {
        self.corners
    }

    #[inline(always)]
    pub(super) fn reaches<const D: usize>(&self, offset: [isize; D]) -> bool {
        let near = offset.iter().all(|step| step.unsigned_abs() <= self.width);
        let axes = offset.iter().filter(|&&step| step != 0).count();
        near && (self.corners || axes <= 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_reaches_along_axes_and_a_full_stencil_across_corners() {
        let star = Stencil::star(2);
        let full = Stencil::full(1);
        for near in [[0, 0], [-2, 0], [0, 1]] {
            assert!(star.reaches(near), "{near:?}");
        }
        for far in [[3, 0], [0, -3], [1, 1], [-1, 2]] {
            assert!(!star.reaches(far), "{far:?}");
        }
        assert!(full.reaches([1, -1]) && full.reaches([0, 1]) && !full.reaches([2, 0]) && !full.reaches([1, -2]));
    }
}
