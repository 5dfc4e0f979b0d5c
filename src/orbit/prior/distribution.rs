//! A prior over the values that its parameter can have, ready to be computed with.

use std::f64::consts::{PI, TAU};

use super::Spread;
use super::normal::{quantile, quantile_of, share_below};
use crate::simd::Double;
use crate::simd::functions::{atan2, exp};

/// The share from which on a normal density counts as whole: mean and deviation are then those of the part to five digits.
const WHOLE: f64 = 1.0 - 1e-6;

/// A normalised density between two values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Distribution {
    shape: Shape,
    low: f64,
    high: f64,
    /// ln of what the bare density is divided by.
    ln_norm: f64,
}

/// The bare densities.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    /// 1.
    Uniform,
    /// 1/x.
    LogUniform,
    /// sin x.
    Sine,
    /// exp(-z^2/2) of z = (x - mean) / deviation. Mirrored at the mean where all lies above it, so that shares near 1 don't
    /// round: then `below` and `between` are those of -z.
    Normal { mean: f64, deviation: f64, below: f64, between: f64 },
    /// 1 - x/high.
    Linear,
}

impl Distribution {
    /// The density of `spread` for a parameter that can be from `domain[0]` to `domain[1]`: a normal density is cut there, others must
    /// lie inside.
    ///
    /// # Errors
    /// In words: numbers that make no density, or a density outside the domain.
    pub(crate) fn new(spread: Spread, domain: [f64; 2]) -> Result<Self, String> {
        match spread {
            Spread::Uniform(ends) => Self::between(Shape::Uniform, ends, domain),
            Spread::LogUniform(ends) => Self::between(Shape::LogUniform, ends, domain),
            Spread::Sine => Self::between(Shape::Sine, [0.0, PI], domain),
            Spread::Normal([mean, deviation]) => Self::normal(mean, deviation, domain),
            Spread::TruncatedNormal([mean, deviation, low, high]) => {
                if low.is_nan() || high.is_nan() || low >= high {
                    return Err(format!("the ends {low} and {high} must be in this order"));
                }
                inside([low, high], domain)?;
                Self::normal(mean, deviation, [low, high])
            }
            Spread::HalfNormal(deviation) => Self::normal(0.0, deviation, [domain[0].max(0.0), domain[1]]),
            Spread::Linear([slope, intercept]) => {
                if !(slope < 0.0 && intercept > 0.0 && (intercept / slope).is_finite()) {
                    return Err(format!("linear = [a, b] needs a below and b above zero, not {slope} and {intercept}"));
                }
                Self::between(Shape::Linear, [0.0, -intercept / slope], domain)
            }
        }
    }

    fn between(shape: Shape, [low, high]: [f64; 2], domain: [f64; 2]) -> Result<Self, String> {
        ordered(low, high)?;
        inside([low, high], domain)?;
        let ln_norm = match shape {
            Shape::LogUniform if low <= 0.0 => return Err(format!("log_uniform needs ends above zero, not {low}")),
            Shape::LogUniform => libm::log(libm::log(high / low)),
            Shape::Sine => std::f64::consts::LN_2,
            Shape::Linear => libm::log(0.5 * high),
            _ => libm::log(high - low),
        };
        Ok(Distribution { shape, low, high, ln_norm })
    }

    fn normal(mean: f64, deviation: f64, [low, high]: [f64; 2]) -> Result<Self, String> {
        if !(deviation > 0.0 && deviation.is_finite() && mean.is_finite()) {
            return Err(format!(
                "a normal density needs a finite mean and a positive deviation, not {mean} and {deviation}"
            ));
        }
        let a = (low - mean) / deviation;
        let b = (high - mean) / deviation;
        let (below, above) =
            if a > 0.0 { (share_below(-b), share_below(-a)) } else { (share_below(a), share_below(b)) };
        let between = above - below;
        if between.is_nan() || between <= 1e-290 {
            return Err(format!("a normal density of {mean} +- {deviation} has nothing between {low} and {high}"));
        }
        let ln_norm = libm::log(between) + libm::log(deviation) + 0.5 * libm::log(TAU);
        Ok(Distribution { shape: Shape::Normal { mean, deviation, below, between }, low, high, ln_norm })
    }

    /// The least and the largest value.
    pub(crate) fn ends(&self) -> [f64; 2] {
        [self.low, self.high]
    }

    /// The share of the density that was written down that lies between the ends: 1 but for a normal one, which is cut there.
    pub(crate) fn share(&self) -> f64 {
        if let Shape::Normal { between, .. } = self.shape { between } else { 1.0 }
    }

    /// Mean and standard deviation of a normal density of which nothing that counts is cut off.
    pub(crate) fn as_normal(&self) -> Option<[f64; 2]> {
        match self.shape {
            Shape::Normal { mean, deviation, between, .. } if between > WHOLE => Some([mean, deviation]),
            _ => None,
        }
    }

    /// Whether the density is the same everywhere between the ends.
    pub(crate) fn is_uniform(&self) -> bool {
        self.shape == Shape::Uniform
    }

    /// Whether the density goes as 1/x.
    pub(crate) fn is_log_uniform(&self) -> bool {
        self.shape == Shape::LogUniform
    }

    /// Whether the density goes as sin x.
    pub(crate) fn is_sine(&self) -> bool {
        self.shape == Shape::Sine
    }

    /// ln of the density at `x`; minus infinity outside the ends.
    pub(crate) fn ln_density(&self, x: f64) -> f64 {
        if !(self.low <= x && x <= self.high) {
            return f64::NEG_INFINITY;
        }
        let bare = match self.shape {
            Shape::Uniform => 0.0,
            Shape::LogUniform => -libm::log(x),
            Shape::Sine => libm::log(libm::sin(x)),
            Shape::Normal { mean, deviation, .. } => {
                let z = (x - mean) / deviation;
                -0.5 * z * z
            }
            Shape::Linear => libm::log(1.0 - x / self.high),
        };
        bare - self.ln_norm
    }

    /// The value below which the share `u` of the density lies, for 0 < `u` < 1.
    pub(crate) fn quantile(&self, u: f64) -> f64 {
        let x = match self.shape {
            Shape::Uniform => (self.high - self.low).mul_add(u, self.low),
            Shape::LogUniform => libm::exp(libm::log(self.high / self.low).mul_add(u, libm::log(self.low))),
            Shape::Sine => libm::atan2(2.0 * (u * (1.0 - u)).sqrt(), (-2.0f64).mul_add(u, 1.0)),
            Shape::Normal { mean, deviation, below, between } if self.low > mean => {
                mean - deviation * quantile_of(between.mul_add(1.0 - u, below))
            }
            Shape::Normal { mean, deviation, below, between } => {
                deviation.mul_add(quantile_of(between.mul_add(u, below)), mean)
            }
            Shape::Linear => self.high * (1.0 - (1.0 - u).sqrt()),
        };
        x.clamp(self.low, self.high)
    }

    /// [`quantile`](Distribution::quantile) in lanes, right to a few units of the last place.
    #[inline(always)]
    pub(in crate::orbit) fn quantiles<L: Double>(&self, simd: L::Simd, u: L) -> L {
        let low = L::splat(simd, self.low);
        let high = L::splat(simd, self.high);
        let one = L::splat(simd, 1.0);
        let x = match self.shape {
            Shape::Uniform => (high - low).mul_add(u, low),
            Shape::LogUniform => {
                let start = libm::log(self.low);
                let way = libm::log(self.high / self.low);
                exp(simd, L::splat(simd, way).mul_add(u, L::splat(simd, start)))
            }
            Shape::Sine => {
                let half_sine = (u * (one - u)).sqrt();
                atan2(simd, half_sine + half_sine, L::splat(simd, -2.0).mul_add(u, one))
            }
            Shape::Normal { mean, deviation, below, between } => {
                let mirrored = self.low > mean;
                let (u, deviation) = if mirrored { (one - u, -deviation) } else { (u, deviation) };
                let z = quantile(simd, L::splat(simd, between).mul_add(u, L::splat(simd, below)));
                L::splat(simd, deviation).mul_add(z, L::splat(simd, mean))
            }
            Shape::Linear => high * (one - (one - u).sqrt()),
        };
        x.max(low).min(high)
    }
}

fn ordered(low: f64, high: f64) -> Result<(), String> {
    let fits = low.is_finite() && high.is_finite() && low < high;
    if fits { Ok(()) } else { Err(format!("the ends {low} and {high} must be finite and in this order")) }
}

fn inside([low, high]: [f64; 2], domain: [f64; 2]) -> Result<(), String> {
    if domain[0] <= low && high <= domain[1] {
        return Ok(());
    }
    Err(format!("{low} to {high} reaches beyond what can be: {} to {}", domain[0], domain[1]))
}
