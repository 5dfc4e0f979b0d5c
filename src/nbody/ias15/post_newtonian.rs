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

use super::force::{Source, Triple, accumulate, difference, dot_add};
use super::lanes::Lanes;

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
    pub(super) fn new(light: f64, blocks: usize, sources: usize) -> Self {
        PostNewtonian {
            light,
            potential: vec![[Lanes::ZERO]; blocks],
            inverse_distance: vec![Lanes::ZERO; blocks * sources],
            correction: vec![[Lanes::ZERO; 3]; blocks],
        }
    }

    /// The accelerations, Newton's and the correction, of bodies at these positions with these velocities.
    #[inline(always)]
    pub(super) fn accelerations(
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
                // P += G m_j / r,  a += G m_j d / r³
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
        let r = &position[block];
        let v = &velocity[block];
        // What of the bracket is the same for every source: v_i² - 4 P_i.
        let own = self.potential[block][0].scale_add(-4.0, dot_add(v, v, Lanes::ZERO));
        let inverses = &self.inverse_distance[block * sources.len()..][..sources.len()];
        let mut sum = [Lanes::ZERO; 3];
        for (source, &inverse) in sources.iter().zip(inverses) {
            let r_j = source.of(position);
            let v_j = source.of(velocity);
            let a_j = source.of(newton);
            let potential_j = source.of(&self.potential)[0];
            let d = difference(&r_j, r);
            let d_v = dot_add(&d, v, Lanes::ZERO);
            let d_vj = dot_add(&d, &v_j, Lanes::ZERO);
            let weight = inverse * source.gm;
            let pull = inverse * inverse * weight;
            let radial = d_vj * inverse;
            // [v_i² + 2 v_j² - 4 v_i·v_j - 4 P_i - P_j - 3/2 (d·v_j / r)² + 1/2 d·a_j]
            let bracket = dot_add(&d, &a_j, Lanes::ZERO).scale_add(0.5, own - potential_j);
            let bracket = dot_add(&v_j, &v_j, Lanes::ZERO).scale_add(2.0, bracket);
            let bracket = dot_add(v, &v_j, Lanes::ZERO).scale_add(-4.0, bracket);
            let bracket = (radial * -1.5).mul_add(radial, bracket);
            // G m_j/r³ [..] d  +  G m_j/r³ [d·(3 v_j - 4 v_i)] (v_i - v_j)  +  7/2 (G m_j/r) a_j
            accumulate(&mut sum, pull * bracket, &d);
            accumulate(&mut sum, pull * d_v.scale_add(-4.0, d_vj * 3.0), &difference(v, &v_j));
            accumulate(&mut sum, weight * 3.5, &a_j);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nbody::ias15::lanes::WIDTH;
    use crate::nbody::vector::{dot, minus};

    const LIGHT: f64 = 30.0;
    const GM: [f64; 4] = [1.0, 0.3, 0.05, 0.0];
    const POSITION: [[f64; 3]; 4] = [[0.1, 0.2, -0.1], [1.4, -0.3, 0.2], [-0.8, 1.9, 0.6], [0.4, 0.9, -1.3]];
    const VELOCITY: [[f64; 3]; 4] = [[0.1, -0.2, 0.05], [0.2, 0.8, -0.1], [-0.6, -0.2, 0.3], [0.4, -0.5, 0.6]];

    fn potential(i: usize) -> f64 {
        (0..4)
            .filter(|&k| k != i)
            .map(|k| GM[k] / dot(minus(POSITION[i], POSITION[k]), minus(POSITION[i], POSITION[k])).sqrt())
            .sum()
    }

    fn newton(i: usize) -> [f64; 3] {
        let mut sum = [0.0; 3];
        for j in (0..4).filter(|&j| j != i) {
            let d = minus(POSITION[j], POSITION[i]);
            (0..3).for_each(|k| sum[k] += GM[j] * d[k] / dot(d, d).powf(1.5));
        }
        sum
    }

    /// The equation as Newhall, Standish & Williams print it, term by term.
    fn printed(i: usize) -> [f64; 3] {
        let v_i = VELOCITY[i];
        let mut sum = [0.0; 3];
        let c2 = LIGHT * LIGHT;
        for j in (0..4).filter(|&j| j != i) {
            let v_j = VELOCITY[j];
            let a_j = newton(j);
            let to_i = minus(POSITION[i], POSITION[j]);
            let r = dot(to_i, to_i).sqrt();
            let bracket =
                1.0 - 4.0 / c2 * potential(i) - potential(j) / c2 + dot(v_i, v_i) / c2 + 2.0 * dot(v_j, v_j) / c2
                    - 4.0 / c2 * dot(v_i, v_j)
                    - 1.5 / c2 * (dot(to_i, v_j) / r).powi(2)
                    - 0.5 / c2 * dot(to_i, a_j);
            let mixed = [0, 1, 2].map(|k| 4.0 * v_i[k] - 3.0 * v_j[k]);
            for k in 0..3 {
                sum[k] -= GM[j] * to_i[k] / r.powi(3) * bracket;
                sum[k] += GM[j] / (c2 * r.powi(3)) * dot(to_i, mixed) * (v_i[k] - v_j[k]);
                sum[k] += 3.5 / c2 * GM[j] * a_j[k] / r;
            }
        }
        sum
    }

    fn block(vectors: &[[f64; 3]; 4], nowhere: f64) -> Vec<Triple> {
        let mut block = [Lanes::splat(nowhere), Lanes::ZERO, Lanes::ZERO];
        for (lane, vector) in vectors.iter().enumerate() {
            (0..3).for_each(|k| block[k].0[lane] = vector[k]);
        }
        vec![block]
    }

    #[test]
    fn accelerations_are_those_of_the_printed_equation() {
        let sources: Vec<Source> = (0..3).map(|lane| Source { block: 0, lane, gm: GM[lane] }).collect();
        let mut force = PostNewtonian::new(LIGHT, 1, sources.len());
        let mut found = vec![[Lanes::ZERO; 3]];
        force.accelerations(&sources, &block(&POSITION, 1e60), &block(&VELOCITY, 0.0), &mut found);
        for i in 0..4 {
            let expected = printed(i);
            let size = dot(expected, expected).sqrt();
            for k in 0..3 {
                assert!(
                    (found[0][k].0[i] - expected[k]).abs() < 1e-15 * size,
                    "body {i}: {} {}",
                    found[0][k].0[i],
                    expected[k]
                );
            }
        }
        assert!((0..3).all(|k| (4..WIDTH).all(|lane| found[0][k].0[lane].abs() < 1e-50)));
    }
}
