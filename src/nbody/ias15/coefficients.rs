//! The numbers of the 15th-order Gauss-Radau scheme (Everhart 1985; Rein & Spiegel 2015, section 2).
//!
//! Over a step, h = 0 .. 1, the acceleration is one polynomial in two bases:
//!
//! ```text
//! a(h) - a(0) = sum_k b_k h^(k+1) = sum_k g_k h (h - h_1) .. (h - h_k),    k = 0 .. 6
//! ```
//!
//! Everything here follows from the eight nodes at compile time.

/// How many coefficients (b or g) a component has.
pub(super) const TERMS: usize = 7;

/// The Gauss-Radau nodes on 0 .. 1: 0 and the seven roots of (P_7(2h-1) + P_8(2h-1)) / h, P_n Legendre's polynomials.
pub(super) const NODES: [f64; TERMS + 1] = [
    0.0,
    0.05626256053692215,
    0.18024069173689236,
    0.3526247171131696,
    0.5471536263305554,
    0.7342101772154105,
    0.8853209468390958,
    0.9775206135612875,
];

/// What [`NODES`] leave of the true nodes, by which an orbit would drift a little in energy, always the same way.
pub(super) const NODES_LOW: [f64; TERMS + 1] = [
    0.0,
    -2.291625093370933e-18,
    3.8686752831754824e-18,
    2.061826646998368e-17,
    -3.74080474792297e-17,
    4.4905724422883276e-17,
    -2.2269048748061915e-17,
    2.753099537017373e-18,
];

/// The weights of Gauss-Radau quadrature over 0 .. 1 at [`NODES`], exact for polynomials up to degree 14: a double and
/// what it leaves.
pub(super) const WEIGHTS: [(f64, f64); TERMS + 1] = [
    (0.015625, 0.0),
    (0.09267907740148965, -6.411910922594758e-18),
    (0.15206531032339257, -7.323979680246782e-18),
    (0.1882587726945593, -1.157590616594375e-17),
    (0.19578608372624678, 1.1965840956732628e-17),
    (0.17350739781725064, 4.184684546352177e-18),
    (0.12482395066493249, -5.402387592334002e-18),
    (0.0572544073721286, 6.858710502200314e-19),
];

/// The weights times 1 - h: those of the double integral over 0 .. 1.
pub(super) const WEIGHTS_TWICE: [(f64, f64); TERMS + 1] = [
    (0.015625, 0.0),
    (0.08746471519868224, -5.832097741577815e-19),
    (0.12465695360151909, 3.6040987166613755e-18),
    (0.1218740762290678, 4.057873103895739e-18),
    (0.08866101803037313, -2.233967467306897e-18),
    (0.046116500517662314, -3.6737972721823134e-19),
    (0.014314692474057878, 7.97604278250675e-19),
    (0.0012870439486375486, -7.084870219445918e-20),
];

/// `BASIS[n][k]`: the coefficient of h^k in (h - h_1) .. (h - h_n). A change of g_n changes b_k by that much times it.
pub(super) const BASIS: [[f64; TERMS]; TERMS] = basis();

/// `BASIS_INVERSE[j][k]`: b_j's share in g_k.
pub(super) const BASIS_INVERSE: [[f64; TERMS]; TERMS] = basis_inverse();

/// `DIVIDED[n]`: g_n's share of a(h_(n+1)) - a(0).
pub(super) const DIVIDED: [f64; TERMS] = divided();

/// `DIVIDED_LOWER[n][k]`: what g_n loses to g_k, k < n, at node n + 1; zero for the rest.
pub(super) const DIVIDED_LOWER: [[f64; TERMS]; TERMS] = divided_lower();

/// `POSITION[n]`: the shares of a(0), b_0 .. b_6 in the displacement at node n, over dt^2.
pub(super) const POSITION: [[f64; TERMS + 1]; TERMS + 1] = integral(2);

/// `VELOCITY[n]`: the shares of a(0), b_0 .. b_6 in the change of velocity at node n, over dt.
pub(super) const VELOCITY: [[f64; TERMS + 1]; TERMS + 1] = integral(1);

/// `PREDICTION[k][j]`: b_j's share in the next step's b_k, over the (k+1)-th power of the ratio of steps: the
/// binomial coefficient of j + 1 over k + 1.
pub(super) const PREDICTION: [[f64; TERMS]; TERMS] = prediction();

const fn basis() -> [[f64; TERMS]; TERMS] {
    let mut table = [[0.0; TERMS]; TERMS];
    table[0][0] = 1.0;
    let mut n = 1;
    while n < TERMS {
        let mut k = 0;
        while k <= n {
            let shifted = if k > 0 { table[n - 1][k - 1] } else { 0.0 };
            table[n][k] = shifted - NODES[n] * table[n - 1][k];
            k += 1;
        }
        n += 1;
    }
    table
}

const fn basis_inverse() -> [[f64; TERMS]; TERMS] {
    let mut table = [[0.0; TERMS]; TERMS];
    table[0][0] = 1.0;
    let mut j = 1;
    while j < TERMS {
        let mut k = 0;
        while k <= j {
            let shifted = if k > 0 { table[j - 1][k - 1] } else { 0.0 };
            table[j][k] = shifted + NODES[k + 1] * table[j - 1][k];
            k += 1;
        }
        j += 1;
    }
    table
}

/// 1 / ((h_n - h_from) .. (h_n - h_(n-1))).
const fn reciprocal(n: usize, from: usize) -> f64 {
    let mut product = 1.0;
    let mut k = from;
    while k < n {
        product *= NODES[n] - NODES[k];
        k += 1;
    }
    1.0 / product
}

const fn divided() -> [f64; TERMS] {
    let mut table = [0.0; TERMS];
    let mut n = 0;
    while n < TERMS {
        table[n] = reciprocal(n + 1, 0);
        n += 1;
    }
    table
}

const fn divided_lower() -> [[f64; TERMS]; TERMS] {
    let mut table = [[0.0; TERMS]; TERMS];
    let mut n = 0;
    while n < TERMS {
        let mut k = 0;
        while k < n {
            table[n][k] = reciprocal(n + 1, k + 1);
            k += 1;
        }
        n += 1;
    }
    table
}

/// The powers of h integrated `times` times: h^(k+times) / ((k+1) .. (k+times)) for k = 0 .. 7.
const fn integral(times: usize) -> [[f64; TERMS + 1]; TERMS + 1] {
    let mut table = [[0.0; TERMS + 1]; TERMS + 1];
    let mut n = 0;
    while n <= TERMS {
        let h = NODES[n];
        let mut power = if times == 1 { h } else { h * h };
        let mut k = 0;
        while k <= TERMS {
            let divisor = if times == 1 { k + 1 } else { (k + 1) * (k + 2) };
            table[n][k] = power / divisor as f64;
            power *= h;
            k += 1;
        }
        n += 1;
    }
    table
}

const fn prediction() -> [[f64; TERMS]; TERMS] {
    let mut table = [[0.0; TERMS]; TERMS];
    let mut j = 0;
    while j < TERMS {
        let mut binomial = 1.0;
        let mut k = 0;
        while k <= j {
            binomial = binomial * (j + 1 - k) as f64 / (k + 1) as f64;
            table[k][j] = binomial;
            k += 1;
        }
        j += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Legendre's polynomial P_n.
    fn legendre(n: usize, x: f64) -> f64 {
        let mut before = 1.0;
        let mut value = x;
        for k in 1..n {
            (before, value) = (value, ((2 * k + 1) as f64 * x * value - k as f64 * before) / (k + 1) as f64);
        }
        value
    }

    /// The exact sum of doubles, as nearly as a chain of compensated sums gives it.
    fn sum(terms: impl IntoIterator<Item = f64>) -> f64 {
        let mut high = 0.0f64;
        let mut low = 0.0;
        for term in terms {
            let total = high + term;
            let part = total - high;
            low += (high - (total - part)) + (term - part);
            high = total;
        }
        high + low
    }

    #[test]
    fn nodes_are_the_roots_of_the_radau_polynomial() {
        for h in NODES {
            let x = 2.0 * h - 1.0;
            assert!((legendre(7, x) + legendre(8, x)).abs() < 3e-14, "{h}");
        }
        assert!(NODES.is_sorted());
    }

    #[test]
    fn weights_integrate_powers_up_to_degree_fourteen() {
        for degree in 0..=14 {
            let once: f64 = (0..8).map(|n| WEIGHTS[n].0 * NODES[n].powi(degree)).sum();
            assert!((once - 1.0 / f64::from(degree + 1)).abs() < 2e-16, "degree {degree}: {once}");
            let twice: f64 = (0..8).map(|n| WEIGHTS_TWICE[n].0 * NODES[n].powi(degree)).sum();
            let expected = 1.0 / f64::from((degree + 1) * (degree + 2));
            assert!(degree == 14 || (twice - expected).abs() < 2e-16, "degree {degree}: {twice}");
        }
    }

    #[test]
    fn low_parts_complete_nodes_and_weights_to_thirty_digits() {
        let pairs = |table: &[(f64, f64)]| -> Vec<f64> { table.iter().flat_map(|&(high, low)| [high, low]).collect() };
        assert!(sum(pairs(&WEIGHTS).into_iter().chain([-1.0])).abs() < 1e-31);
        assert!(sum(pairs(&WEIGHTS_TWICE).into_iter().chain([-0.5])).abs() < 1e-31);
        // The seven other roots of the Radau polynomial add up to 56/15.
        let roots = 56.0 / 15.0;
        let low = (-15.0f64).mul_add(roots, 56.0) / 15.0;
        assert!(sum(NODES.into_iter().chain(NODES_LOW).chain([-roots, -low])).abs() < 1e-31);
    }

    #[test]
    fn both_bases_describe_the_same_polynomial() {
        let b = [0.3, -1.2, 0.7, 2.0, -0.4, 0.9, -1.5];
        let g: Vec<f64> = (0..TERMS).map(|k| (k..TERMS).map(|j| BASIS_INVERSE[j][k] * b[j]).sum()).collect();
        for k in 0..TERMS {
            let back: f64 = (k..TERMS).map(|n| BASIS[n][k] * g[n]).sum();
            assert!((back - b[k]).abs() < 1e-13, "b_{k}: {back}");
        }
        let rise = |h: f64| (0..TERMS).map(|k| b[k] * h.powi(k as i32 + 1)).sum::<f64>();
        for n in 0..TERMS {
            let lower: f64 = (0..n).map(|k| DIVIDED_LOWER[n][k] * g[k]).sum();
            let found = DIVIDED[n] * rise(NODES[n + 1]) - lower;
            assert!((found - g[n]).abs() < 1e-12, "g_{n}: {found} {}", g[n]);
        }
    }

    #[test]
    fn prediction_continues_the_polynomial() {
        let b = [0.3, -1.2, 0.7, 2.0, -0.4, 0.9, -1.5];
        let value = |b: &[f64], h: f64| (0..TERMS).map(|k| b[k] * h.powi(k as i32 + 1)).sum::<f64>();
        let ratio: f64 = 0.7;
        let next: Vec<f64> = (0..TERMS)
            .map(|k| ratio.powi(k as i32 + 1) * (k..TERMS).map(|j| PREDICTION[k][j] * b[j]).sum::<f64>())
            .collect();
        for h in [0.1, 0.5, 1.0] {
            assert!((value(&next, h) - (value(&b, 1.0 + ratio * h) - value(&b, 1.0))).abs() < 1e-12);
        }
    }

    #[test]
    fn integrals_of_the_basis_match_a_quadrature() {
        for n in 1..=TERMS {
            for k in 0..=TERMS {
                let h = NODES[n];
                let once: f64 = (0..8).map(|m| WEIGHTS[m].0 * h * (h * NODES[m]).powi(k as i32)).sum();
                let twice: f64 = (0..8).map(|m| WEIGHTS_TWICE[m].0 * h * h * (h * NODES[m]).powi(k as i32)).sum();
                assert!((VELOCITY[n][k] / once - 1.0).abs() < 1e-14);
                assert!((POSITION[n][k] / twice - 1.0).abs() < 1e-14);
            }
        }
    }
}
