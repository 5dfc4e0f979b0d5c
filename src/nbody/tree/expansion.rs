//! The Taylor expansion of a distant cell's potential about a group's centre: which sums it needs, and the polynomial that they make.
//!
//! A cell of G m at d from the centre has at s from it the depth G m (|d - s|² + ε²)^(-1/2). With u = d² + ε², y = u^(-1/2), e = d y, its terms of
//! order q in s are those of Legendre's polynomials, with ε in u alone:
//!
//! ```text
//! G m y^(q+1) Σ_j A(q,j) (s·s)^j (e·s)^(q-2j)     A(q,j) = C(-1/2, q-j) C(q-j, j) (-2)^(q-2j),  C(a, b) binomial
//! ```
//!
//! So the sums over cells of G m y^(q+1) e_x^a e_y^b e_z^c with a + b + c = q, q-2, .. are all that is needed, and the rest is a linear map, made once a
//! group. The expansion of the acceleration to order P needs q <= P + 1 and falls short by (R/D)^(P+1).

/// The highest order of an expansion of the acceleration.
pub(super) const HIGHEST: usize = 5;
/// Monomials of all degrees to the one of the potential.
pub(super) const MONOMIALS: usize = monomials(HIGHEST + 1);
/// Sums over cells for the highest order.
pub(super) const SUMS: usize = sums(HIGHEST + 1);

/// How many monomials of three variables have degree `k`.
pub(super) const fn of_degree(k: usize) -> usize {
    (k + 1) * (k + 2) / 2
}

/// How many have at most degree `k`.
pub(super) const fn monomials(k: usize) -> usize {
    (k + 1) * (k + 2) * (k + 3) / 6
}

/// How many sums the terms of order `q` need.
pub(super) const fn of_order(q: usize) -> usize {
    let mut count = 0;
    let mut j = 0;
    while 2 * j <= q {
        count += of_degree(q - 2 * j);
        j += 1;
    }
    count
}

/// How many the terms up to order `q` need.
pub(super) const fn sums(q: usize) -> usize {
    let mut count = 0;
    let mut at = 0;
    while at <= q {
        count += of_order(at);
        at += 1;
    }
    count
}

/// The exponents of all monomials, in their order: by degree, each from those of the degree below by x, then by y what has no x, then by z what
/// has neither.
pub(super) fn exponents(degree: usize) -> Vec<[usize; 3]> {
    let mut all = vec![[0; 3]];
    let mut first = 0;
    for k in 1..=degree {
        let below = all[first..].to_vec();
        first = all.len();
        all.extend(below.iter().map(|[a, b, c]| [a + 1, *b, *c]));
        let tail = &below[below.len() - k..];
        all.extend(tail.iter().map(|[a, b, c]| [*a, b + 1, *c]));
        all.extend(below.last().map(|[a, b, c]| [*a, *b, c + 1]));
    }
    all
}

/// A term of a linear map: what the sum at `from` adds to the coefficient at `to`, times `factor`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Term {
    pub from: u16,
    pub to: u16,
    pub factor: f32,
}

/// The linear maps from sums to the coefficients of acceleration and depth, one a monomial of s.
#[derive(Clone, Debug)]
pub(super) struct Maps {
    /// For x, y and z.
    pub acceleration: [Vec<Term>; 3],
    pub depth: Vec<Term>,
}

impl Maps {
    /// The maps of the expansion whose acceleration has this order.
    pub(super) fn new(order: usize) -> Self {
        let all = exponents(order + 1);
        let place = |wanted: [usize; 3]| all.iter().position(|found| *found == wanted).expect("of this degree");
        let mut maps = Maps { acceleration: Default::default(), depth: Vec::new() };
        let mut from = 0;
        for q in 0..=order + 1 {
            for j in 0..=q / 2 {
                for &[a, b, c] in all.iter().filter(|found| found.iter().sum::<usize>() == q - 2 * j) {
                    let many = factorial(q - 2 * j) / (factorial(a) * factorial(b) * factorial(c));
                    // (x² + y² + z²)^j, term by term.
                    for &[l, m, n] in all.iter().filter(|found| found.iter().sum::<usize>() == j) {
                        let squares = factorial(j) / (factorial(l) * factorial(m) * factorial(n));
                        let factor = legendre(q, j) * many * squares;
                        maps.add(from, [a + 2 * l, b + 2 * m, c + 2 * n], factor, place);
                    }
                    from += 1;
                }
            }
        }
        maps
    }

    /// Adds to the depth `factor` times a monomial, and its derivatives to the acceleration.
    fn add(&mut self, from: u16, powers: [usize; 3], factor: f64, place: impl Fn([usize; 3]) -> usize) {
        self.depth.push(Term { from, to: place(powers) as u16, factor: factor as f32 });
        for c in (0..3).filter(|&c| powers[c] > 0) {
            let mut lower = powers;
            lower[c] -= 1;
            let factor = (factor * powers[c] as f64) as f32;
            self.acceleration[c].push(Term { from, to: place(lower) as u16, factor });
        }
    }
}

/// A(q, j) of the head of this file.
fn legendre(q: usize, j: usize) -> f64 {
    // C(-1/2, k) = Π (-1/2 - i)/(i + 1)
    let half = (0..q - j).map(|i| (-0.5 - i as f64) / (i as f64 + 1.0)).product::<f64>();
    let pairs = factorial(q - j) / (factorial(j) * factorial(q - 2 * j));
    half * pairs * (-2.0f64).powi((q - 2 * j) as i32)
}

fn factorial(n: usize) -> f64 {
    (1..=n).map(|i| i as f64).product()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_those_of_legendre() {
        // P_4(x) = (35 x⁴ - 30 x² + 3)/8
        assert_eq!([0, 1, 2].map(|j| legendre(4, j)), [35.0 / 8.0, -30.0 / 8.0, 3.0 / 8.0]);
        assert_eq!([0, 1].map(|j| legendre(3, j)), [2.5, -1.5]);
    }

    #[test]
    fn there_are_as_many_monomials_and_sums_as_counted() {
        let all = exponents(HIGHEST + 1);
        assert_eq!(all.len(), MONOMIALS);
        let mut distinct = all.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), all.len());
        assert_eq!([1, 2, 3, 4, 5].map(|order| sums(order + 1)), [11, 24, 46, 80, 130]);
        let maps = Maps::new(HIGHEST);
        let last = maps.depth.iter().map(|term| term.from).max().expect("terms");
        assert_eq!(usize::from(last) + 1, SUMS);
    }
}
