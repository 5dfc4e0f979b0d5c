//! The parameters of orbitize's standard basis, in the order in which it knows the columns of `post`.

use super::{Measured, Observation, Parameter, Posterior};

/// What `fitting_basis` says of parameters that are those of orbitize.
pub(super) const STANDARD: &str = "Standard";
/// What it says of others: no name of a basis of orbitize.
pub(super) const OTHER: &str = "divisi";

/// The elements of an orbit, with their units.
const ELEMENTS: [(&str, &str); 6] =
    [("sma", "au"), ("ecc", ""), ("inc", "rad"), ("aop", "rad"), ("pan", "rad"), ("tau", "")];

/// The parameters of a fit in orbitize's standard basis: of each companion its elements, then the parallax, offset and
/// jitter of each instrument (where the star's velocities are fitted), masses.
pub(super) fn standard(companions: u32, with_masses: bool, observations: &[Observation]) -> Vec<Parameter> {
    let orbit = |companion: u32| ELEMENTS.map(|(name, unit)| Parameter::new(format!("{name}{companion}"), unit));
    let mut labels: Vec<Parameter> = (1..=companions).flat_map(orbit).collect();
    labels.push(Parameter::new("plx", "mas"));
    if with_masses {
        for instrument in instruments(observations) {
            let named = |name: &str| Parameter::new(format!("{name}_{instrument}"), "km/s");
            labels.extend(["gamma", "sigma"].map(named));
        }
        labels.extend((1..=companions).map(|companion| Parameter::new(format!("m{companion}"), "Msun")));
        labels.push(Parameter::new("m0", "Msun"));
    } else {
        labels.push(Parameter::new("mtot", "Msun"));
    }
    labels
}

/// The instruments that measured velocities, sorted; none where none measured the star's.
fn instruments(observations: &[Observation]) -> Vec<&str> {
    let velocities = || observations.iter().filter(|one| one.measured == Measured::Velocity);
    if velocities().all(|one| one.object != 0) {
        return Vec::new();
    }
    let mut names: Vec<&str> = velocities().map(|one| &one.instrument[..]).collect();
    names.sort_unstable();
    names.dedup();
    names
}

impl Posterior {
    /// Whether companions have masses of their own.
    pub(super) fn has_masses(&self) -> bool {
        self.place("m0").is_some()
    }

    /// Where orbitize's columns stand among the parameters; none where these aren't its own, in its units.
    pub(super) fn standard_order(&self) -> Option<Vec<usize>> {
        let labels = standard(self.about.companions, self.has_masses(), &self.observations);
        let order = labels.iter().map(|label| self.parameters.iter().position(|parameter| parameter == label));
        let order = order.collect::<Option<Vec<usize>>>()?;
        (order.len() == self.parameters.len()).then_some(order)
    }
}
