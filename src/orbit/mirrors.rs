//! Orbits that measurements may not tell apart.
//!
//! Places on the sky are those of an orbit whose periastron and node are both half a turn further: it is the same ellipse, its far side near. The
//! star's velocities are those of an orbit that is seen from the other side, inc and pi - inc. Where companions don't pull on each other, each
//! has its own mirror; else all of them have one together.

use std::f64::consts::PI;

use super::fit::Fit;
use super::parameters::Slot;
use super::sections::Dynamics;

impl Fit {
    /// The mirror images of a point, whether the measurements tell them apart or not.
    pub(super) fn mirror_images(&self, point: &[f64]) -> Vec<Vec<f64>> {
        let companions = self.orbit.companions;
        let all = (1u32 << companions) - 1;
        let sets: Vec<u32> = if self.orbit.dynamics == Dynamics::Nbody { vec![all] } else { (1..=all).collect() };
        let nodes = sets.iter().filter_map(|&set| {
            self.image(point, set, |fit, companion, image| {
                let [periastron, node] = [fit.turning("aop", companion)?, fit.turning("pan", companion)?];
                image[periastron] = (image[periastron] + PI).rem_euclid(2.0 * PI);
                image[node] = (image[node] + PI).rem_euclid(2.0 * PI);
                Some(())
            })
        });
        let sides = sets.iter().filter_map(|&set| {
            self.image(point, set, |fit, companion, image| {
                let inclination = fit.free_place("inc", companion)?;
                image[inclination] = PI - image[inclination];
                Some(())
            })
        });
        nodes.chain(sides).collect()
    }

    /// A point with a change to each companion of a set; nothing where one can't be made.
    fn image(
        &self,
        point: &[f64],
        set: u32,
        change: impl Fn(&Fit, usize, &mut [f64]) -> Option<()>,
    ) -> Option<Vec<f64>> {
        let mut image = point.to_vec();
        let companions = (0..self.orbit.companions).filter(|companion| set >> companion & 1 == 1);
        companions.into_iter().try_for_each(|companion| change(self, companion + 1, &mut image))?;
        Some(image)
    }

    /// The place in a point of a companion's element, if it is free.
    fn free_place(&self, family: &str, companion: usize) -> Option<usize> {
        let name = format!("{family}{companion}");
        match self.parameters.all.iter().find(|one| one.name == name)?.slot {
            Slot::Free(place) => Some(place),
            Slot::Fixed(_) => None,
        }
    }

    /// The place of one that may be anywhere on a circle.
    fn turning(&self, family: &str, companion: usize) -> Option<usize> {
        self.free_place(family, companion).filter(|&place| self.period(place).is_some())
    }
}
