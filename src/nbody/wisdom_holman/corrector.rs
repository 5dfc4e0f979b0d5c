//! Symplectic correctors: what turns real coordinates into the map's, and back.
//!
//! The drift-kick-drift map of step h follows a Hamiltonian that differs from the real one, to first order in the
//! planets' masses, by (u/2)/sinh(u/2) - 1 acting on the kick, u = h times the Poisson bracket with the Kepler part.
//! A canonical change of variables removes it (Wisdom, Holman & Touma 1996): the generator 1/(2 sinh(u/2)) - 1/u, an
//! odd series -u/24 + 7u³/5760 - ... A piece (a, b) - drift a, kick -b, drift -2a, kick b, drift a - acts as 2 b
//! sinh(a u), so n pairs of pieces at a = ±i sqrt(7/40), i = 1 to n, match n terms of the series (Wisdom 2006): the
//! corrector of order 2n + 1. Its inverse runs the pieces backwards.

/// The orders that exist, each with its kicks in units of the step, innermost piece (i = 1) first.
///
/// They solve 4 Σ b_i a_i^m/m! = -c_m, m = 1, 3, ..., 2n - 1, with c_m the coefficients of the series above.
const KICKS: [(u32, &[f64]); 5] = [
    (3, &[0.024900596027799867]),
    (5, &[0.041500993379666444, -0.008300198675933288]),
    (7, &[0.0539643990931275, -0.018270923246702132, 0.0024926811426922105]),
    (
        11,
        &[
            0.07259339474884274,
            -0.03812161368128865,
            0.012309078592019946,
            -0.0023487215292295354,
            0.0002036157964785465,
        ],
    ),
    (
        17,
        &[
            0.09305610377142595,
            -0.0651928635763779,
            0.03242219886471358,
            -0.01207176082234229,
            0.0033132577069380654,
            -0.0006359998307581766,
            7.643635522793574e-05,
            -4.334741547337358e-06,
        ],
    ),
];

/// The drift of the innermost piece in units of the step: sqrt(7/40).
const SPACING: f64 = 0.418_330_013_267_037_8;

/// Part of a map: a drift along Kepler orbits, or a kick, for a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    Drift(f64),
    Kick(f64),
}

/// The orders of corrector that exist, besides 0 for none.
pub(super) fn orders() -> impl Iterator<Item = u32> {
    KICKS.iter().map(|&(order, _)| order)
}

/// The corrector of an order for the step `dt`: from real coordinates to the map's. Order 0 has no parts.
pub(super) fn corrector(order: u32, dt: f64) -> Vec<Part> {
    let kicks = KICKS.iter().find(|(known, _)| *known == order).map_or(&[][..], |(_, kicks)| kicks);
    let outward = kicks.iter().enumerate().map(|(i, b)| ((i + 1) as f64 * SPACING * dt, b * dt));
    let inward = outward.clone().rev().map(|(a, b)| (-a, -b));
    let parts = inward
        .chain(outward)
        .flat_map(|(a, b)| [Part::Drift(a), Part::Kick(-b), Part::Drift(-2.0 * a), Part::Kick(b), Part::Drift(a)]);
    parts.collect()
}

/// The inverse of a sequence of parts.
pub(super) fn inverse(parts: &[Part]) -> Vec<Part> {
    let undo = |part: &Part| match *part {
        Part::Drift(dt) => Part::Drift(-dt),
        Part::Kick(dt) => Part::Kick(-dt),
    };
    parts.iter().rev().map(undo).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Coefficients of u, u³, ... in 1/(2 sinh(u/2)) - 1/u: 2 (1 - 2^(2k-1)) B_2k/((2k)! 2^2k).
    const SERIES: [f64; 5] =
        [-1.0 / 24.0, 7.0 / 5760.0, -31.0 / 967_680.0, 127.0 / 154_828_800.0, -73.0 / 3_503_554_560.0];

    #[test]
    fn kicks_match_the_series_to_their_order() {
        for (order, kicks) in KICKS {
            for (m, expected) in (1..order).step_by(2).zip(SERIES) {
                let factorial: f64 = (1..=m).map(f64::from).product();
                let terms = kicks.iter().zip(1..).map(|(b, i)| b * (f64::from(i) * SPACING).powi(m as i32));
                let sum = 4.0 * terms.sum::<f64>() / factorial;
                assert!((sum + expected).abs() < 1e-16, "order {order}, term {m}: {sum:e} for {:e}", -expected);
            }
        }
    }

    #[test]
    fn the_inverse_undoes_the_parts_from_the_last() {
        let parts = corrector(3, 1.0);
        assert_eq!(parts.len(), 10);
        let back = inverse(&parts);
        assert!(parts.iter().zip(back.iter().rev()).all(|pair| match pair {
            (Part::Drift(a), Part::Drift(b)) | (Part::Kick(a), Part::Kick(b)) => *a == -b,
            _ => false,
        }));
        assert!(corrector(0, 1.0).is_empty());
    }
}
