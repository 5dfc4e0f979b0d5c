//! Exact sums of `f64`: the same bits in any order and on any number of ranks.
//!
//! A sum is kept as a wide fixed-point integer that covers the whole range of `f64`, cut into chunks of 32 bits that
//! each live in an `i64` (the small superaccumulator of Neal 2015, arXiv:1505.05571). Adding a number touches three
//! chunks; the spare 31 bits take the carries of 2^30 additions before they must be passed on. Two sums are merged by
//! adding their chunks, which `MPI_SUM` does, and the result is rounded once, to nearest even.
//!
//! It leaves out what a simulation doesn't need: products, and the large accumulator for long arrays.

/// Chunks of 32 bits: 2^-1074 to 2^1024 and the carries above.
const CHUNKS: usize = 68;
/// Counts of NaN, +infinity and -infinity behind the chunks.
const SPECIALS: usize = 3;
/// Additions after which carries are passed on.
const PATIENCE: u32 = 1 << 30;
/// The `i64` words of one sum, as they travel between ranks.
pub(super) const WORDS: usize = CHUNKS + SPECIALS;

/// An exact sum of `f64` numbers.
///
/// ```
/// use divisi::comm::ExactSum;
/// let sum: ExactSum = [1e100, 1.0, -1e100].into_iter().collect();
/// assert_eq!(sum.value(), 1.0);
/// ```
#[derive(Clone, Debug)]
pub struct ExactSum {
    words: [i64; WORDS],
    additions: u32,
}

impl Default for ExactSum {
    fn default() -> Self {
        Self::new()
    }
}

impl ExactSum {
    /// The empty sum, zero.
    pub fn new() -> Self {
        ExactSum { words: [0; WORDS], additions: 0 }
    }

    /// Adds one number.
    #[inline]
    pub fn add(&mut self, x: f64) {
        let bits = x.to_bits();
        let exponent = (bits >> 52) as usize & 0x7ff;
        if exponent == 0x7ff {
            return self.add_special(x);
        }
        let fraction = bits & ((1 << 52) - 1);
        let (mantissa, position) = if exponent == 0 { (fraction, 0) } else { (fraction | 1 << 52, exponent - 1) };
        let wide = u128::from(mantissa) << (position % 32);
        let sign = if x.is_sign_negative() { -1 } else { 1 };
        let first = position / 32;
        for (offset, chunk) in self.words[first..first + 3].iter_mut().enumerate() {
            *chunk += sign * i64::from((wide >> (32 * offset)) as u32);
        }
        self.additions += 1;
        if self.additions == PATIENCE {
            self.carry();
        }
    }

    fn add_special(&mut self, x: f64) {
        let which = if x.is_nan() {
            0
        } else if x > 0.0 {
            1
        } else {
            2
        };
        self.words[CHUNKS + which] += 1;
    }

    /// Adds all that another sum holds.
    pub fn merge(&mut self, other: &ExactSum) {
        let mut other = other.clone();
        other.carry();
        self.carry();
        for (mine, theirs) in self.words.iter_mut().zip(other.words) {
            *mine += theirs;
        }
        self.additions = 2;
    }

    /// Passes carries on, so that every chunk but the last lies in [0, 2^32).
    fn carry(&mut self) {
        let mut carry = 0;
        for chunk in &mut self.words[..CHUNKS - 1] {
            let total = *chunk + carry;
            *chunk = total & 0xffff_ffff;
            carry = total >> 32;
        }
        self.words[CHUNKS - 1] += carry;
        self.additions = 0;
    }

    /// The words that `MPI_SUM` may add across ranks.
    pub(super) fn into_words(mut self) -> [i64; WORDS] {
        self.carry();
        self.words
    }

    /// A sum from words that were added across ranks.
    pub(super) fn from_words(words: &[i64]) -> Self {
        let mut sum = ExactSum::new();
        sum.words.copy_from_slice(words);
        sum.carry();
        sum
    }

    /// The sum, rounded once to the nearest `f64` (ties to even); NaN and infinities as IEEE 754 would give them.
    pub fn value(&self) -> f64 {
        let [nan, plus, minus] = [0, 1, 2].map(|k| self.words[CHUNKS + k] > 0);
        match (nan, plus, minus) {
            (true, _, _) | (_, true, true) => f64::NAN,
            (_, true, _) => f64::INFINITY,
            (_, _, true) => f64::NEG_INFINITY,
            _ => self.finite_value(),
        }
    }

    fn finite_value(&self) -> f64 {
        let mut sum = self.clone();
        sum.carry();
        if sum.words[CHUNKS - 1] >= 0 {
            return sum.magnitude();
        }
        sum.words[..CHUNKS].iter_mut().for_each(|chunk| *chunk = -*chunk);
        sum.carry();
        -sum.magnitude()
    }

    /// The value of a non-negative sum whose carries have been passed on.
    fn magnitude(&self) -> f64 {
        let Some(top) = (0..CHUNKS).rev().find(|&k| self.words[k] != 0) else { return 0.0 };
        let chunk = |k: usize| if k < CHUNKS { self.words[k] as u128 } else { 0 };
        let [high, middle, low] = [0, 1, 2].map(|below| chunk(top.wrapping_sub(below)));
        let sticky = u128::from(self.words[..top.saturating_sub(2)].iter().any(|&chunk| chunk != 0));
        // At least 65 significant bits stand above the sticky bit, so it can only break ties.
        let leading = high << 64 | middle << 32 | low | sticky;
        libm::ldexp(leading as f64, 32 * (top as i32 - 2) - 1074)
    }
}

impl Extend<f64> for ExactSum {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, numbers: I) {
        numbers.into_iter().for_each(|x| self.add(x));
    }
}

impl FromIterator<f64> for ExactSum {
    fn from_iter<I: IntoIterator<Item = f64>>(numbers: I) -> Self {
        let mut sum = ExactSum::new();
        sum.extend(numbers);
        sum
    }
}

#[cfg(test)]
mod tests {
    use xsum::{Xsum, XsumSmall};

    use super::*;

    fn sum(numbers: &[f64]) -> f64 {
        numbers.iter().copied().collect::<ExactSum>().value()
    }

    /// Numbers over the whole range of exponents from a small linear congruential generator.
    fn wild_numbers(count: usize) -> Vec<f64> {
        let mut state = 12345u64;
        let mut next = move || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            state ^ (state >> 29)
        };
        (0..count).map(|_| f64::from_bits(next())).filter(|x| x.is_finite() && x.abs() < 1e300).collect()
    }

    #[test]
    fn single_numbers_come_back_unchanged() {
        let numbers = [0.0, 1.0, -1.0, 0.1, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, -5e-324, 2.0_f64.powi(1023)];
        for x in numbers.into_iter().chain(wild_numbers(10000)) {
            assert_eq!(sum(&[x]).to_bits(), if x == 0.0 { 0 } else { x.to_bits() }, "{x:e}");
        }
    }

    #[test]
    fn agrees_with_an_independent_exact_sum() {
        let numbers = wild_numbers(20000);
        let mut reference = XsumSmall::new();
        reference.add_list(&numbers);
        assert_eq!(sum(&numbers).to_bits(), reference.sum().to_bits());
    }

    #[test]
    fn order_and_grouping_do_not_matter() {
        let mut numbers = wild_numbers(5000);
        let forward = sum(&numbers);
        numbers.reverse();
        assert_eq!(forward.to_bits(), sum(&numbers).to_bits());
        let mut merged: ExactSum = numbers[..1234].iter().copied().collect();
        merged.merge(&numbers[1234..].iter().copied().collect());
        assert_eq!(forward.to_bits(), merged.value().to_bits());
    }

    #[test]
    fn ties_round_to_even() {
        assert_eq!(sum(&[1.0, f64::EPSILON / 2.0]), 1.0);
        assert_eq!(sum(&[1.0, f64::EPSILON / 2.0, 5e-324]), 1.0 + f64::EPSILON);
        assert_eq!(sum(&[-1.0, -f64::EPSILON / 2.0, -5e-324]), -1.0 - f64::EPSILON);
        assert_eq!(sum(&[f64::MAX, f64::MAX]), f64::INFINITY);
    }

    #[test]
    fn specials_follow_ieee() {
        assert!(sum(&[1.0, f64::NAN]).is_nan());
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert_eq!(sum(&[f64::NEG_INFINITY, 1.0]), f64::NEG_INFINITY);
    }
}
