//! What a fit has found, as files and words: its samples, their table, how far they can be trusted.

use super::{OrbitFit, Sampler};
use crate::Comm;
use crate::orbit::Fit;
use crate::orbit::parameters::Slot;
use crate::orbit::posterior::{About, Chain, Posterior};
use crate::sampler::{Ensemble, Estimate, Evidence, Peak, Start, equal_mirrors};

/// Standard deviations in the mean beyond which a fit is reported as far from the data.
const FAR: f64 = 5.0;

impl OrbitFit {
    /// This rank's samples. All ranks.
    pub(super) fn samples(&self) -> Posterior {
        let mut samples = self.fit.posterior(&self.sampler.share(&self.comm).numbers);
        samples.weights = self.weights(&samples);
        samples
    }

    /// This rank's part of the posterior's file, around its samples.
    pub(super) fn filed(&self, samples: Posterior) -> Posterior {
        let (sampler, note, evidence) = match &self.sampler {
            Sampler::Rejection(_) => ("OFTI", "", None),
            Sampler::Maximum(_) => ("maximum", "one row: the maximum of the posterior", None),
            Sampler::Grid(_) => ("grid", "nodes of a grid, weighted by their density", None),
            Sampler::Ensemble(ensemble) => ("MCMC", "", known_evidence(ensemble)),
        };
        let sampler = sampler.to_owned();
        let note = note.to_owned();
        let ln_evidence = evidence.map(|estimate| [estimate.value, estimate.error]);
        let about = About { sampler, note, ln_evidence, ..samples.about };
        Posterior { chain: self.chain(), about, ..samples }
    }

    /// All samples on rank 0, from each rank's; elsewhere nothing. All ranks.
    pub(super) fn whole(&self, mine: &Posterior) -> Option<Posterior> {
        let gather = |numbers: &[f64]| self.comm.gather(numbers, 0).map(|parts| parts.concat());
        let parts = [&mine.samples, &mine.ln_prior, &mine.ln_likelihood, &mine.weights].map(|part| gather(part));
        let [Some(samples), Some(ln_prior), Some(ln_likelihood), Some(weights)] = parts else { return None };
        let parameters = mine.parameters.clone();
        Some(Posterior { parameters, samples, ln_prior, ln_likelihood, weights, ..Posterior::default() })
    }

    /// Nodes of a grid count by their density; all else counts alike. All ranks.
    fn weights(&self, posterior: &Posterior) -> Vec<f64> {
        if !matches!(self.sampler, Sampler::Grid(_)) {
            return Vec::new();
        }
        let density: Vec<f64> = posterior.ln_prior.iter().zip(&posterior.ln_likelihood).map(|(a, b)| a + b).collect();
        let highest = self.comm.all_reduce_max(density.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        density.into_iter().map(|density| libm::exp(density - highest)).collect()
    }

    /// This rank's walkers' ways.
    fn chain(&self) -> Option<Chain> {
        let Sampler::Ensemble(ensemble) = &self.sampler else { return None };
        let table = ensemble.chain();
        let thin = ensemble.settings().thin;
        let mine = table.mine();
        let width = table.columns().len();
        let points = table.numbers().chunks_exact(width).map(|row| &row[..width - 2]);
        let samples = points.flat_map(|point| self.fit.all_values(point)).collect();
        (!table.is_empty()).then_some(Chain { walkers: (mine.end - mine.start) as usize, thin, samples })
    }

    /// The table of what was found and how far it can be trusted, as lines for a person; the same on every rank. All ranks.
    pub(super) fn lines(&self) -> Vec<String> {
        let whole = self.whole(&self.samples());
        let mut table = match (&self.sampler, &whole) {
            (Sampler::Maximum(maximum), whole) => match (maximum.best(), maximum.curvature(), whole) {
                (Ok(_), Ok(curvature), Some(whole)) => {
                    let mut lines = peak_lines(&self.fit, whole, &curvature.errors);
                    lines.extend(unsettled_line(maximum.is_done() && !maximum.is_settled()));
                    lines
                }
                _ => Vec::new(),
            },
            (_, Some(whole)) if !whole.is_empty() => whole.summary().to_string().lines().map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        table.extend(whole.and_then(|whole| self.misfit_line(&whole)));
        let text = self.comm.broadcast(table.join("\n").as_bytes(), 0);
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.extend(self.mirrors_line());
        lines.extend(self.trust());
        lines
    }

    /// A word where the data don't tell an orbit from its mirror image, and the walkers, or the maximum, may be of one alone.
    fn mirrors_line(&self) -> Option<String> {
        let (peak, which) = match &self.sampler {
            Sampler::Maximum(maximum) => (maximum.best().ok()?.clone(), "the maximum is one of as many"),
            Sampler::Ensemble(ensemble) => {
                let which = match ensemble.settings().start {
                    Start::Maximum => "walkers started about all",
                    Start::Around(_) => "walkers started about one, and may have found no other",
                    _ => "walkers started anywhere",
                };
                (ensemble.positions().next().map(Peak::of_row)?, which)
            }
            Sampler::Rejection(_) | Sampler::Grid(_) => return None,
        };
        let count = equal_mirrors(&self.fit, &peak).len() + 1;
        let reason = "mirror images (aop and pan half a turn further, or 180 deg - inc) fit the data equally well";
        (count > 1).then(|| format!("{count} {reason}: {which}"))
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
        match &self.sampler {
            Sampler::Rejection(rejection) => {
                vec![format!("{} of {} trials were accepted", rejection.count(), rejection.trials())]
            }
            Sampler::Maximum(_) | Sampler::Grid(_) => Vec::new(),
            Sampler::Ensemble(ensemble) if ensemble.chain().is_empty() => {
                vec!["the burn-in is not over: there are no samples yet".to_owned()]
            }
            Sampler::Ensemble(ensemble) => [
                ensemble.look().lines(),
                vec![format!("{:.1} % of moves were accepted", 100.0 * ensemble.acceptance())],
                ensemble.evidence().map_or(Vec::new(), |evidence| evidence_lines(&evidence)),
                uneven_line(ensemble.uneven()),
            ]
            .concat(),
        }
    }
}

/// ln of the evidence of an ensemble, where it is known.
pub(super) fn known_evidence(ensemble: &Ensemble<Fit>) -> Option<Estimate> {
    ensemble.evidence().filter(Evidence::is_known).map(|evidence| evidence.stepping_stones)
}

fn uneven_line(uneven: Option<[f64; 2]>) -> Vec<String> {
    let line = |[fewest, most]: [f64; 2]| {
        let [fewest, most] = [100.0 * fewest, 100.0 * most];
        format!(
            "the ladder is uneven: {fewest:.1} to {most:.1} % of walkers exchange; give a longer burn_in or more temperatures"
        )
    };
    uneven.map(line).into_iter().collect()
}

fn evidence_lines(evidence: &Evidence) -> Vec<String> {
    if let Some([hottest, coldest]) = evidence.drifting {
        return vec![format!(
            "ln evidence isn't known yet: walkers at inverse temperatures from {hottest:.2e} to {coldest:.2e} drift, or move too slowly for so few steps: go on for more"
        )];
    }
    if !evidence.is_known() {
        let few = evidence.histories;
        return vec![format!(
            "ln evidence isn't known yet: it rests on {few:.0} walkers' ways through the temperatures: go on for more steps"
        )];
    }
    let stones = evidence.stepping_stones;
    let thermodynamic = evidence.thermodynamic;
    let mut lines = vec![format!(
        "ln evidence {:.3} ± {:.3} by stepping stones, {:.3} ± {:.3} by thermodynamic integration",
        stones.value, stones.error, thermodynamic.value, thermodynamic.error
    )];
    if evidence.left_out > 0.0 {
        let percent = 100.0 * evidence.left_out;
        lines.push(format!("of it the first {percent:.0} % of the kept steps are left out: walkers still drifted"));
    }
    lines
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
    let prior = whole.ln_prior[0];
    let likelihood = whole.ln_likelihood[0];
    lines.push(format!("ln posterior {:.6}: ln likelihood {likelihood:.6}, ln prior {prior:.6}", prior + likelihood));
    lines
}

fn unsettled_line(is_unsettled: bool) -> Option<String> {
    is_unsettled.then(|| {
        "this is no top yet: climbs from about it still end higher; give more method.directions or more method.starts".into()
    })
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
