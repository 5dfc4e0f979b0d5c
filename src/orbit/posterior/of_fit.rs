//! The posterior of a fit: samples with all that a file says of them.

use super::labels::unit_of;
use super::{About, Parameter, Posterior};
use crate::orbit::observations::modified;
use crate::orbit::parameters::Slot;
use crate::orbit::{Dynamics, Fit};

/// The share of a normal density below its mean less one standard deviation.
const ONE_BELOW: f64 = 0.158_655_253_931_457_05;

impl Fit {
    /// Samples as a posterior, with parameters, measured values and what is known of mass and parallax; how they were made (`about.sampler`,
    /// `about.note`, `about.ln_evidence`), weights and a chain are left to be added.
    ///
    /// `rows` are those of [`sampler::Table`](crate::sampler::Table): a point, its ln prior and its ln likelihood, one row after another. Rows whose likelihood is zero
    /// are left out. On several ranks each gives its own.
    pub fn posterior(&self, rows: &[f64]) -> Posterior {
        let mut posterior = Posterior {
            parameters: parameters(self),
            observations: self.observations.clone(),
            about: about(self),
            ..Posterior::default()
        };
        for row in rows.chunks_exact(self.parameters.free() + 2) {
            let (point, &[ln_prior, ln_likelihood]) = row.split_last_chunk().expect("two numbers beside the point");
            if ln_likelihood > f64::NEG_INFINITY {
                posterior.samples.extend(self.all_values(point));
                posterior.ln_prior.push(ln_prior);
                posterior.ln_likelihood.push(ln_likelihood);
            }
        }
        posterior
    }
}

fn about(fit: &Fit) -> About {
    let of = |families: &[&str]| families.iter().find_map(|family| known(fit, family)).unwrap_or([f64::NAN, 0.0]);
    About {
        companions: fit.orbit.companions as u32,
        tau_ref_epoch: modified(fit.orbit.tau_ref_epoch),
        mass: of(&["mtot", "m0"]),
        parallax: of(&["plx"]),
        nbody: fit.orbit.dynamics == Dynamics::Nbody,
        ..About::default()
    }
}

/// The parameters of a fit with their units.
fn parameters(fit: &Fit) -> Vec<Parameter> {
    let unit = fit.observations.unit;
    fit.parameters.all.iter().map(|one| Parameter::new(one.name.clone(), unit_of(one.family, unit))).collect()
}

/// Mean and standard deviation of a parameter's prior where it is a normal density, else its median and half of the middle 68 %; its value and
/// 0 where it is known; nothing if there is no such parameter.
fn known(fit: &Fit, family: &str) -> Option<[f64; 2]> {
    let one = fit.parameters.all.iter().find(|one| one.family == family)?;
    Some(match (one.slot, &one.prior) {
        (Slot::Free(_), Some(prior)) => prior.as_normal().unwrap_or_else(|| {
            let [low, median, high] = [ONE_BELOW, 0.5, 1.0 - ONE_BELOW].map(|share| prior.quantile(share));
            [median, 0.5 * (high - low)]
        }),
        (Slot::Fixed(value), _) => [value, 0.0],
        (Slot::Free(_), None) => [f64::NAN, 0.0],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orbit::{Format, Observations, OrbitSection};
    use crate::simd::Level;

    /// Of normal densities, parallax and mass; of one that is cut; of another kind; of a known value.
    #[test]
    fn a_priors_deviation_is_written_as_it_was_given() {
        let text = "epoch,object,sep,sep_err,pa,pa_err\n55645.95,1,2479,16,327.94,0.39\n";
        let about = |priors: &str| {
            let observations = Observations::from_texts([("a", text)], Format::Auto).unwrap();
            let section = OrbitSection::default();
            about(&Fit::new(observations, &section, &priors.parse().unwrap(), Level::Portable).unwrap())
        };
        let normal = about("plx = { normal = [56.95, 0.1] }\nmtot = { normal = [1.22, 0.08] }");
        assert_eq!((normal.parallax, normal.mass), ([56.95, 0.1], [1.22, 0.08]));
        let cut = about("plx = { normal = [0.0, 1.0] }\nmtot = 1.5");
        assert!((cut.parallax[0] - 0.67448975).abs() < 1e-8 && cut.mass == [1.5, 0.0], "{cut:?}");
        let uniform = about("plx = { uniform = [10.0, 20.0] }\nmtot = 1.5");
        assert!((uniform.parallax[0] - 15.0).abs() < 1e-12 && (uniform.parallax[1] - 3.413447460685429).abs() < 1e-12);
    }
}
