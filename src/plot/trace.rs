//! The traces of an ensemble's walkers: each parameter against the step, a panel for each.

use super::canvas::{less_offset, round_offset};
use super::panels::{Curve, Panel, Panels};
use crate::orbit::posterior::Posterior;

/// The most walkers, steps and parameters that are drawn: more would not be seen.
const WALKERS: usize = 20;
const STEPS: usize = 400;
const PARAMETERS: usize = 16;

/// From the chain of a posterior; none where it has none, or fewer than two steps.
pub(super) fn trace(posterior: &Posterior) -> Option<Panels> {
    let chain = posterior.chain.as_ref().filter(|chain| chain.walkers > 0)?;
    let width = posterior.parameters.len();
    let steps = chain.samples.len() / (chain.walkers * width);
    if steps < 2 {
        return None;
    }
    let at =
        move |step: usize, walker: usize, place: usize| chain.samples[(step * chain.walkers + walker) * width + place];
    let every = steps.div_ceil(STEPS);
    let shown = || (0..steps).filter(move |step| step % every == 0 || step + 1 == steps);
    let walkers = chain.walkers.min(WALKERS);
    let varies = |place: &usize| chain.samples.iter().skip(*place).step_by(width).any(|x| *x != chain.samples[*place]);
    let panel = |place: usize| {
        let (factor, unit) = posterior.parameters[place].shown();
        let all = || (0..walkers).flat_map(|walker| shown().map(move |step| factor * at(step, walker, place)));
        let [low, high] = all().fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(x), high.max(x)]);
        let offset = round_offset(low, high - low);
        let curve = |walker: usize| {
            let value = |step: usize| factor * at(step, walker, place) - offset;
            let points = shown().map(|step| ((step as u64 * chain.thin) as f64, value(step))).collect();
            Curve { name: String::new(), ink: walker, pale: true, points }
        };
        let label = less_offset(&posterior.parameters[place].name, unit, offset);
        Panel { label, curves: (0..walkers).map(curve).collect(), also: None }
    };
    let panels: Vec<Panel> = (0..width).filter(varies).take(PARAMETERS).map(panel).collect();
    let title = format!("{walkers} of {} walkers", chain.walkers);
    let last = (steps as u64 - 1) * chain.thin;
    (!panels.is_empty()).then(|| Panels::new(title, "step".to_owned(), [0.0, last.max(1) as f64], panels))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orbit::posterior::{Chain, Parameter};

    #[test]
    fn each_parameter_that_varies_has_a_panel_with_its_walkers() {
        let walkers = 30;
        let steps = 1001;
        let place = |step: usize, walker: usize| [0.1 * step as f64, 7.0, walker as f64];
        let samples = (0..steps).flat_map(|step| (0..walkers).flat_map(move |walker| place(step, walker))).collect();
        let mut posterior = Posterior {
            parameters: [("a", "rad"), ("fixed", ""), ("w", "")]
                .map(|(name, unit)| Parameter::new(name, unit))
                .to_vec(),
            chain: Some(Chain { walkers, thin: 10, samples }),
            ..Posterior::default()
        };
        let figure = trace(&posterior).unwrap();
        let labels: Vec<&str> = figure.panels.iter().map(|panel| &panel.label[..]).collect();
        assert_eq!((labels, figure.range), (vec!["a (deg)", "w"], [0.0, 10_000.0]));
        let curves = &figure.panels[1].curves;
        assert!(curves.len() == WALKERS && curves[3].points.iter().all(|point| point.1 == 3.0));
        let angle = &figure.panels[0].curves[0].points;
        assert!(
            angle.len() <= STEPS
                && angle
                    .last()
                    .is_some_and(|(step, value)| { *step == 10_000.0 && (value - 100f64.to_degrees()).abs() < 1e-9 })
        );
        posterior.chain = None;
        assert!(trace(&posterior).is_none());
    }
}
