//! The two estimates of the evidence from sums over samples, and their jackknife.
//!
//! - *thermodynamic integration*: ln Z is the integral over beta from 0 to 1 of the mean ln likelihood at beta. It is taken over ln beta, since
//!   beta times that mean is constant where the likelihood is normal. Its slope follows from the variance of the ln likelihood, so a
//!   trapezoidal rule with corrected ends is of fourth order (Friel, Hurn & Wyse 2014, Stat. Comput. 24, 709). What the rule leaves
//!   out is estimated by doing without every second temperature, and added (Richardson). From the prior to the hottest other
//!   temperature the integral is the logarithm of a mean over the prior;
//! - *stepping stones*: Z is a product of ratios between neighbours, each the mean of a power of the likelihood at the hotter
//!   of them (Xie et al. 2011, Syst. Biol. 60, 150). Nothing is left out, but a step that is too long has a large error.

/// What a fourth-order rule leaves out with every second point, over what it leaves out with all, less one.
const RICHARDSON: f64 = 15.0;

/// Sums of ln likelihoods at one temperature over a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    pub first: f64,
    pub squares: f64,
    /// The sum of exp(step times ln likelihood), over exp(highest).
    pub powers: f64,
    pub highest: f64,
}

impl Sums {
    pub(super) fn empty() -> Self {
        Sums { highest: f64::NEG_INFINITY, ..Sums::default() }
    }

    /// Adds a ln likelihood; `step` is the difference of beta to the next colder temperature.
    #[inline]
    pub(super) fn add(&mut self, value: f64, step: f64) {
        self.first += value;
        self.squares += value * value;
        if step > 0.0 {
            self.add_power(step * value, 1.0);
        }
    }

    fn add_power(&mut self, exponent: f64, times: f64) {
        if exponent > self.highest {
            self.powers = self.powers * libm::exp(self.highest - exponent) + times;
            self.highest = exponent;
        } else if exponent > f64::NEG_INFINITY {
            self.powers += times * libm::exp(exponent - self.highest);
        }
    }

    pub(super) fn merge(&mut self, other: &Sums) {
        self.first += other.first;
        self.squares += other.squares;
        self.add_power(other.highest, other.powers);
    }
}

/// Sums over a chain, or over most of it.
pub(super) struct Merged {
    pub samples: f64,
    pub sums: Vec<Sums>,
}

impl Merged {
    /// Mean and variance of the ln likelihood at a temperature.
    fn moments(&self, temperature: usize) -> [f64; 2] {
        let Sums { first, squares, .. } = self.sums[temperature];
        let mean = first / self.samples;
        [mean, squares / self.samples - mean * mean]
    }

    /// The integral of the mean ln likelihood over beta, and what is left out.
    pub(super) fn thermodynamic(&self, betas: &[f64]) -> [f64; 2] {
        let all: Vec<usize> = (0..betas.len() - 1).collect();
        let half: Vec<usize> = all.iter().copied().filter(|k| k.is_multiple_of(2) || k + 1 == all.len()).collect();
        let [all, half] = [all, half].map(|temperatures| self.integral(betas, &temperatures));
        [all, (all - half) / RICHARDSON]
    }

    /// The integral of the mean ln likelihood over beta, by the rule over some temperatures, from the coldest to the last but one.
    fn integral(&self, betas: &[f64], temperatures: &[usize]) -> f64 {
        let ends = |k: usize| {
            let [mean, variance] = self.moments(k);
            let beta = betas[k];
            // With x = ln β: f = dln Z/dx = β <ln L>,  df/dx = β <ln L> + β² var(ln L)
            [libm::log(beta), beta * mean, beta * mean + beta * beta * variance]
        };
        let piece = |pair: &[usize]| {
            let [cold, f, f_slope] = ends(pair[0]);
            let [hot, g, g_slope] = ends(pair[1]);
            let step = cold - hot;
            // h/2 (f + g) - h²/12 (f' - g')
            0.5 * step * (f + g) - step * step / 12.0 * (f_slope - g_slope)
        };
        temperatures.windows(2).map(piece).sum::<f64>() + self.ln_ratio(self.sums.len() - 1)
    }

    /// ln of the mean of the likelihood, to the power of the difference of beta to the next colder temperature: ln of a ratio of
    /// evidences, and the integral of the mean ln likelihood between the two.
    fn ln_ratio(&self, temperature: usize) -> f64 {
        let Sums { powers, highest, .. } = self.sums[temperature];
        // ln <L^Δβ>
        highest + libm::log(powers / self.samples)
    }

    /// The sum of ln ratios between neighbours.
    pub(super) fn stepping_stones(&self) -> f64 {
        (1..self.sums.len()).map(|temperature| self.ln_ratio(temperature)).sum()
    }
}

/// The standard error from estimates that each leave out a part (Quenouille 1956; Tukey 1958).
pub(super) fn jackknife(parts: &[f64]) -> f64 {
    let count = parts.len() as f64;
    let mean = parts.iter().sum::<f64>() / count;
    let squares: f64 = parts.iter().map(|part| (part - mean) * (part - mean)).sum();
    (squares * (count - 1.0) / count).sqrt()
}
