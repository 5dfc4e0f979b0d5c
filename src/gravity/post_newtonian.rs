//! The first post-Newtonian accelerations of any number of bodies (Einstein, Infeld & Hoffmann 1938), as ephemerides
//! use them: Newhall, Standish & Williams 1983, eq. 1, with beta = gamma = 1; Park et al. 2021 for DE440.
//!
//! With d = r_j - r_i, P_i = sum_k G m_k / r_ik and a_j the Newtonian acceleration of body j:
//!
//! ```text
//! c^2 (a_i - Newton) = sum_j G m_j d / r^3 [v_i^2 + 2 v_j^2 - 4 v_i . v_j - 4 P_i - P_j
//!                                           - 3/2 (d . v_j / r)^2 + 1/2 d . a_j]
//!                    + sum_j G m_j / r^3 [d . (3 v_j - 4 v_i)] (v_i - v_j) + 7/2 sum_j G m_j a_j / r
//! ```
//!
//! The right-hand side takes the Newtonian accelerations: the difference is of the order left out. Two passes over the
//! pairs: Newton with the potentials P, then the correction. Bodies without mass feel all of it. Softening, rotation
//! and flattening of the bodies are left out.

use super::ias15::force::{Source, Triple, accumulate, difference, dot_add};
use super::ias15::lanes::Lanes;

/// The post-Newtonian force and the space it computes in.
#[derive(Clone, Debug)]
pub(super) struct PostNewtonian {
    light: f64,
    potential: Vec<[Lanes; 1]>,
    inverse_distance: Vec<Lanes>,
    correction: Vec<Triple>,
}

impl PostNewtonian {
    /// For `light`, the speed of light, and as many blocks and sources.
    pub fn new(light: f64, blocks: usize, sources: usize) -> Self {
        PostNewtonian {
            light,
            potential: vec![[Lanes::ZERO]; blocks],
            inverse_distance: vec![Lanes::ZERO; blocks * sources],
            correction: vec![[Lanes::ZERO; 3]; blocks],
        }
    }

    /// The accelerations, Newton's and the correction, of bodies at these positions with these velocities.
    #[inline(always)]
    pub fn accelerations(
        &mut self,
        sources: &[Source],
        position: &[Triple],
        velocity: &[Triple],
        acceleration: &mut [Triple],
    ) {
        self.newton(sources, position, acceleration);
        for block in 0..position.len() {
            self.correction[block] = self.correction_of(block, sources, position, velocity, acceleration);
        }
        let scale = 1.0 / (self.light * self.light);
        for (sum, correction) in acceleration.iter_mut().zip(&self.correction) {
            accumulate(sum, Lanes::splat(scale), correction);
        }
    }

    /// Newton's accelerations, the potentials, and the inverse distances.
    #[inline(always)]
    fn newton(&mut self, sources: &[Source], position: &[Triple], acceleration: &mut [Triple]) {
        for (block, r) in position.iter().enumerate() {
            let mut sum = [Lanes::ZERO; 3];
            let mut potential = Lanes::ZERO;
            let inverses = &mut self.inverse_distance[block * sources.len()..][..sources.len()];
            for (source, kept) in sources.iter().zip(inverses) {
                let d = difference(&source.of(position), r);
                let inverse = dot_add(&d, &d, source.offset(block, 0.0)).recip_sqrt();
                let weight = inverse * source.gm;
                potential += weight;
                accumulate(&mut sum, inverse * inverse * weight, &d);
                *kept = inverse;
            }
            acceleration[block] = sum;
            self.potential[block] = [potential];
        }
    }

    /// c^2 times the correction for the bodies of a block.
    #[inline(always)]
    fn correction_of(
        &self,
        block: usize,
        sources: &[Source],
        position: &[Triple],
        velocity: &[Triple],
        newton: &[Triple],
    ) -> Triple {
        let (r, v) = (&position[block], &velocity[block]);
        let own = self.potential[block][0].scale_add(-4.0, dot_add(v, v, Lanes::ZERO));
        let inverses = &self.inverse_distance[block * sources.len()..][..sources.len()];
        let mut sum = [Lanes::ZERO; 3];
        for (source, &inverse) in sources.iter().zip(inverses) {
            let (r_j, v_j, a_j) = (source.of(position), source.of(velocity), source.of(newton));
            let potential_j = source.of(&self.potential)[0];
            let d = difference(&r_j, r);
            let (d_v, d_vj) = (dot_add(&d, v, Lanes::ZERO), dot_add(&d, &v_j, Lanes::ZERO));
            let weight = inverse * source.gm;
            let pull = inverse * inverse * weight;
            let radial = d_vj * inverse;
            let bracket = dot_add(&d, &a_j, Lanes::ZERO).scale_add(0.5, own - potential_j);
            let bracket = dot_add(&v_j, &v_j, Lanes::ZERO).scale_add(2.0, bracket);
            let bracket = dot_add(v, &v_j, Lanes::ZERO).scale_add(-4.0, bracket);
            let bracket = (radial * -1.5).mul_add(radial, bracket);
            accumulate(&mut sum, pull * bracket, &d);
            accumulate(&mut sum, pull * d_v.scale_add(-4.0, d_vj * 3.0), &difference(v, &v_j));
            accumulate(&mut sum, weight * 3.5, &a_j);
        }
        sum
    }
}
