//! What a person should know of a fit's input before time is spent on it: of the files, and of priors and settings beside them.

use super::fit::Fit;
use super::observations::{FAR, modified};
use super::parameters::{Parameter, Slot};

impl Fit {
    /// All there is to note.
    pub(super) fn notes(&self) -> Vec<String> {
        let files = self.observations.notes.iter().cloned();
        files.chain(self.parameters.notes()).chain(self.far_dates()).collect()
    }

    /// A word on each date that is set, or may be by its prior, decades away from all measurements: it may count from another day than they do.
    fn far_dates(&self) -> impl Iterator<Item = String> {
        let epochs = self.observations.rows.iter().map(|row| row.epoch);
        let [first, last] = epochs.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], x| [a.min(x), b.max(x)]);
        let conjunctions = self.parameters.all.iter().filter(|one| one.family == "tc");
        let conjunctions = conjunctions.map(|one| (format!("priors.{}", one.name), dates_of(one)));
        let base = self.orbit.time_base.map(|date| ("orbit.time_base".to_owned(), [date; 2]));
        conjunctions.chain(base).filter_map(move |(key, [from, to])| {
            let apart = (first - modified(to)).max(modified(from) - last);
            (apart > FAR).then(|| {
                let years = apart / 365.25;
                format!(
                    "{key}: is {years:.0} years away from all measurements: are both Julian dates of the same kind?"
                )
            })
        })
    }
}

/// The first and the last date that a parameter can have.
fn dates_of(one: &Parameter) -> [f64; 2] {
    match (one.slot, &one.prior) {
        (Slot::Fixed(date), _) => [date; 2],
        (Slot::Free(_), Some(prior)) => [1e-3, 1.0 - 1e-3].map(|share| prior.quantile(share)),
        (Slot::Free(_), None) => [f64::NEG_INFINITY, f64::INFINITY],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orbit::{Basis, Format, Observations, OrbitSection, Trend};
    use crate::simd::Level;

    /// A conjunction that counts from another day than the measurements, as a prior of each kind and as a known value; the trend's beginning; a
    /// prior that lies beyond what can be; a column that isn't read.
    #[test]
    fn what_looks_odd_beside_the_measurements_is_noted() {
        let notes = |tc: &str, time_base: Option<f64>| {
            let text = "time,mnvel,errvel,svalue\n2457783,2,1,0\n2457983,2,1,0\n";
            let observations = Observations::from_texts([("a.csv", text)], Format::Auto).unwrap();
            let section =
                OrbitSection { basis: Basis::Period, trend: Trend::Linear, time_base, ..OrbitSection::default() };
            let priors = format!(
                "per = {{ uniform = [1, 1e4] }}\ntc = {tc}\nk = {{ normal = [-9.0, 2.0] }}\ndvdt = {{ normal = [0, 1] }}"
            );
            let fit = Fit::new(observations, &section, &priors.parse().unwrap(), Level::Portable).unwrap();
            fit.notes()
        };
        for tc in ["{ uniform = [2457000, 2458000] }", "57500.0", "{ normal = [57000, 5] }", "{ uniform = [1, 2e5] }"] {
            assert_eq!(notes(tc, Some(57500.0)), ["a.csv: column svalue not read"], "{tc}");
        }
        for tc in ["{ uniform = [1000, 2000] }", "783.5", "{ normal = [783.5, 5] }", "2500000.5"] {
            let told = notes(tc, None);
            assert!(told.len() == 2 && told[1].starts_with("priors.tc1: is "), "{told:?}");
        }
        assert!(notes("57500.0", Some(783.5))[1].starts_with("orbit.time_base: is 156 years away"));
    }
}
