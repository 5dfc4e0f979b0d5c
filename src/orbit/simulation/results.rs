//! What a fit has found, as files and words: the posterior, its table, how far the samples can be trusted.

use super::{OrbitFit, Work};
use crate::orbit::observations::modified;
use crate::orbit::parameters::Slot;
use crate::orbit::{Dynamics, Fit, Observations, Quantity, VelocityUnit};
use crate::output::{About, Chain, Measured, Observation, Parameter, Posterior};
use crate::sampler::{Convergence, Share};
use crate::{Comm, Error, Result};

/// Standard deviations in the mean beyond which a fit is told to be far from the data.
const FAR: f64 = 5.0;

impl OrbitFit {
    /// This rank's part of the posterior. All ranks.
    pub(super) fn posterior(&self) -> Posterior {
        let Share { numbers, .. } = self.work.share(&self.comm);
        let mut posterior = Posterior { parameters: parameters(&self.fit), ..Posterior::default() };
        for row in numbers.chunks_exact(self.fit.names().len() + 2) {
            let (point, [ln_prior, ln_likelihood]) = (&row[..row.len() - 2], [row[row.len() - 2], row[row.len() - 1]]);
            if ln_likelihood > f64::NEG_INFINITY {
                posterior.samples.extend(self.fit.all_values(point));
                posterior.ln_prior.push(ln_prior);
                posterior.ln_likelihood.push(ln_likelihood);
            }
        }
        posterior.weights = self.weights(&posterior);
        posterior.chain = self.chain();
        posterior.observations = observations(&self.fit);
        posterior.about = self.about();
        posterior
    }

    /// The posterior on rank 0, without the chain; elsewhere nothing. All ranks.
    pub(super) fn whole(&self) -> Option<Posterior> {
        let mine = self.posterior();
        let gather = |numbers: &[f64]| self.comm.gather(numbers, 0).map(|parts| parts.concat());
        let parts = [&mine.samples, &mine.ln_prior, &mine.ln_likelihood, &mine.weights].map(|part| gather(part));
        let [Some(samples), Some(ln_prior), Some(ln_likelihood), Some(weights)] = parts else { return None };
        Some(Posterior { samples, ln_prior, ln_likelihood, weights, chain: None, ..mine })
    }

    /// Nodes of a grid count by their density; all else counts alike. All ranks.
    fn weights(&self, posterior: &Posterior) -> Vec<f64> {
        if !matches!(self.work, Work::Grid(_)) {
            return Vec::new();
        }
        let density: Vec<f64> = posterior.ln_prior.iter().zip(&posterior.ln_likelihood).map(|(a, b)| a + b).collect();
        let highest = self.comm.all_reduce_max(density.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        density.into_iter().map(|density| libm::exp(density - highest)).collect()
    }

    /// This rank's walkers' ways.
    fn chain(&self) -> Option<Chain> {
        let Work::Ensemble(ensemble) = &self.work else { return None };
        let (table, thin) = (ensemble.chain(), ensemble.settings().thin);
        let (mine, width) = (table.mine(), table.columns().len());
        let points = table.numbers().chunks_exact(width).map(|row| &row[..width - 2]);
        let samples = points.flat_map(|point| self.fit.all_values(point)).collect();
        (!table.is_empty()).then_some(Chain { walkers: (mine.end - mine.start) as usize, thin, samples })
    }

    fn about(&self) -> About {
        let orbit = self.fit.orbit();
        let (sampler, note) = match &self.work {
            Work::Rejection(_) => ("OFTI", ""),
            Work::Maximum(_) => ("maximum", "one row: the maximum of the posterior"),
            Work::Grid(_) => ("grid", "nodes of a grid, weighted by their density"),
            Work::Ensemble(_) => ("MCMC", ""),
        };
        let known =
            |families: &[&str]| families.iter().find_map(|family| known(&self.fit, family)).unwrap_or([f64::NAN, 0.0]);
        let evidence = match &self.work {
            Work::Ensemble(ensemble) => ensemble.evidence().map(|evidence| evidence.stepping_stones),
            _ => None,
        };
        About {
            sampler: sampler.to_owned(),
            companions: orbit.companions as u32,
            tau_ref_epoch: orbit.tau_ref_epoch,
            mass: known(&["mtot", "m0"]),
            parallax: known(&["plx"]),
            nbody: orbit.dynamics == Dynamics::Nbody,
            ln_evidence: evidence.map(|estimate| [estimate.value, estimate.error]),
            velocities: self.fit.observations().unit.name().to_owned(),
            note: note.to_owned(),
            ..About::default()
        }
    }

    /// The table of what was found and how far it can be trusted, as lines for a person; the same on every rank. All ranks.
    pub(super) fn lines(&self) -> Vec<String> {
        let whole = self.whole();
        let mut table = match (&self.work, &whole) {
            (Work::Maximum(maximum), whole) => match (maximum.best(), maximum.curvature(), whole) {
                (Ok(_), Ok(curvature), Some(whole)) => peak_lines(&self.fit, whole, &curvature.errors),
                _ => Vec::new(),
            },
            (_, Some(whole)) if !whole.is_empty() => whole.summary().to_string().lines().map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        table.extend(whole.and_then(|whole| self.misfit_line(&whole)));
        let text = self.comm.broadcast(table.join("\n").as_bytes(), 0);
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.extend(self.trust());
        lines
    }

    /// A word where even the likeliest sample is far from the data.
    fn misfit_line(&self, whole: &Posterior) -> Option<String> {
        let highest = whole.ln_likelihood.iter().copied().reduce(f64::max)?;
        let misfit = self.fit.misfit(highest);
        (misfit > FAR).then(|| {
            format!(
                "the likeliest sample misses the measured values by {misfit:.1} standard deviations in the mean: do the priors exclude \
                 the data, or does the model lack something?"
            )
        })
    }

    /// How far the samples can be trusted.
    fn trust(&self) -> Vec<String> {
        match &self.work {
            Work::Rejection(rejection) => {
                vec![format!("{} of {} trials were accepted", rejection.count(), rejection.trials())]
            }
            Work::Maximum(_) | Work::Grid(_) => Vec::new(),
            Work::Ensemble(ensemble) if ensemble.chain().is_empty() => {
                vec!["the burn-in is not over: there are no samples yet".to_owned()]
            }
            Work::Ensemble(ensemble) => {
                let mut lines = vec![convergence_line(&ensemble.look(), ensemble.acceptance())];
                if let Some(evidence) = ensemble.evidence() {
                    let [stones, thermodynamic] = [evidence.stepping_stones, evidence.thermodynamic];
                    lines.push(format!(
                        "ln evidence {:.3} ± {:.3} by stepping stones, {:.3} ± {:.3} by thermodynamic integration",
                        stones.value, stones.error, thermodynamic.value, thermodynamic.error
                    ));
                }
                lines
            }
        }
    }
}

fn convergence_line(seen: &Convergence, acceptance: f64) -> String {
    format!(
        "autocorrelation time {:.1} kept steps at most, {:.0} effective samples at least, R-hat {:.4} at most, {:.1} % of moves accepted",
        seen.longest_time(),
        seen.least_effective(),
        seen.largest_r_hat(),
        100.0 * acceptance
    )
}

/// A line for each parameter of a maximum: its value and its error from the curvature there.
fn peak_lines(fit: &Fit, whole: &Posterior, errors: &[f64]) -> Vec<String> {
    let mut lines = vec![format!("{:>14}  {:>16}  {:>14}  unit", "parameter", "maximum", "error")];
    for (place, (parameter, value)) in whole.parameters.iter().zip(whole.row(0)).enumerate() {
        let (factor, unit) = parameter.shown();
        let error = match fit.parameters.all[place].slot {
            Slot::Free(free) => format!("{:.4e}", factor * errors[free]),
            Slot::Fixed(_) => "known".to_owned(),
        };
        lines.push(format!("{:>14}  {:>16.9}  {error:>14}  {unit}", parameter.name, factor * value));
    }
    let [prior, likelihood] = [whole.ln_prior[0], whole.ln_likelihood[0]];
    lines.push(format!("ln posterior {:.6}: ln likelihood {likelihood:.6}, ln prior {prior:.6}", prior + likelihood));
    lines
}

/// The parameters of a fit with their units.
pub(super) fn parameters(fit: &Fit) -> Vec<Parameter> {
    let velocity = fit.observations().unit.name();
    let unit = |family: &str| match family {
        "sma" => "au".to_owned(),
        "inc" | "aop" | "pan" => "rad".to_owned(),
        "plx" => "mas".to_owned(),
        "mtot" | "m" | "m0" => "Msun".to_owned(),
        "per" => "d".to_owned(),
        "tc" => "d".to_owned(),
        "k" | "gamma" | "sigma" => velocity.to_owned(),
        "dvdt" => format!("{velocity}/d"),
        "curv" => format!("{velocity}/d^2"),
        _ => String::new(),
    };
    fit.parameters.all.iter().map(|one| Parameter::new(one.name.clone(), unit(one.family))).collect()
}

/// Median and half of the middle 68 % of a parameter's prior; its value and 0 where it is known; nothing if there is no such parameter.
fn known(fit: &Fit, family: &str) -> Option<[f64; 2]> {
    let one = fit.parameters.all.iter().find(|one| one.family == family)?;
    Some(match (one.slot, &one.prior) {
        (Slot::Free(_), Some(prior)) => {
            let [low, median, high] = [0.158_655, 0.5, 0.841_345].map(|share| prior.quantile(share));
            [median, 0.5 * (high - low)]
        }
        (Slot::Fixed(value), _) => [value, 0.0],
        (Slot::Free(_), None) => [f64::NAN, 0.0],
    })
}

fn observations(fit: &Fit) -> Vec<Observation> {
    let of = |row: &crate::orbit::Observation| Observation {
        epoch: row.epoch,
        object: row.object as i64,
        measured: match row.quantity {
            Quantity::SepPa => Measured::Separation,
            Quantity::RaDec => Measured::Offsets,
            Quantity::Velocity => Measured::Velocity,
        },
        values: if row.quantity == Quantity::Velocity { [row.values[0], f64::NAN] } else { row.values },
        errors: if row.quantity == Quantity::Velocity { [row.errors[0], f64::NAN] } else { row.errors },
        correlation: row.correlation.unwrap_or(f64::NAN),
        instrument: row.instrument.clone(),
    };
    fit.observations().rows.iter().map(of).collect()
}

/// The measured values of a posterior, as [`observations`] put them there.
///
/// # Errors
/// None, or of an object that can't be.
pub(super) fn measured(posterior: &Posterior) -> Result<Observations> {
    let of = |(number, one): (usize, &Observation)| {
        let place = format!("data[{number}] of the posterior");
        let object = usize::try_from(one.object);
        let is_velocity = one.measured == Measured::Velocity;
        Ok(crate::orbit::Observation {
            epoch: modified(one.epoch),
            object: object.map_err(|_| Error::input(&place, format!("there is no object {}", one.object)))?,
            quantity: match one.measured {
                Measured::Separation => Quantity::SepPa,
                Measured::Offsets => Quantity::RaDec,
                Measured::Velocity => Quantity::Velocity,
            },
            values: if is_velocity { [one.values[0], 0.0] } else { one.values },
            errors: if is_velocity { [one.errors[0], 0.0] } else { one.errors },
            correlation: Some(one.correlation).filter(|correlation| correlation.is_finite()),
            instrument: one.instrument.clone(),
            place,
        })
    };
    if posterior.observations.is_empty() {
        return Err(Error::input("posterior", "has no measured values"));
    }
    let units = [VelocityUnit::KmPerS, VelocityUnit::MPerS];
    let unit = units.into_iter().find(|unit| unit.name() == posterior.about.velocities);
    let rows = posterior.observations.iter().enumerate().map(of).collect::<Result<_>>()?;
    Ok(Observations { rows, unit: unit.unwrap_or(VelocityUnit::KmPerS) })
}

/// A hash of what was measured: a run goes on with the same data alone.
pub(super) fn digest(fit: &Fit) -> u64 {
    let rows = fit.observations().rows.iter();
    let text: String = rows
        .map(|row| {
            let bits = [row.epoch, row.values[0], row.values[1], row.errors[0], row.errors[1]].map(f64::to_bits);
            format!(
                "{bits:?} {} {:?} {:?} {}\n",
                row.object,
                row.quantity,
                row.correlation.map(f64::to_bits),
                row.instrument
            )
        })
        .collect();
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}

/// The quantiles of each parameter for a row of history.csv, and its value where the density is highest; NaN before there are samples. The same
/// on every rank. All ranks.
pub(super) fn quantiles(comm: &Comm, found: Option<&Posterior>, parameters: usize) -> Vec<[f64; 4]> {
    let numbers: Vec<f64> = match found {
        Some(found) if !found.is_empty() => {
            let best = found.best().unwrap_or(0);
            (0..parameters)
                .flat_map(|place| {
                    let shares = found.quantiles(place, &[0.16, 0.5, 0.84]);
                    [shares[0], shares[1], shares[2], found.row(best)[place]]
                })
                .collect()
        }
        _ => vec![f64::NAN; 4 * parameters],
    };
    comm.broadcast(&numbers, 0).as_chunks().0.to_vec()
}
