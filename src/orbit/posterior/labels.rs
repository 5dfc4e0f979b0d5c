//! The parameters of orbitize's standard basis, in the order in which it knows the columns of `post`.

use super::{Parameter, Posterior};
use crate::orbit::observations::{Observations, VelocityUnit};

/// What `fitting_basis` says of parameters that are those of orbitize.
pub(super) const STANDARD: &str = "Standard";
/// What it says of others: no name of a basis of orbitize.
pub(super) const OTHER: &str = "divisi";

/// The elements of an orbit in that basis, in their order.
pub(in crate::orbit) const SMA_ELEMENTS: [&str; 6] = ["sma", "ecc", "inc", "aop", "pan", "tau"];

/// The unit of a parameter, by its name without number and instrument.
pub(super) fn unit_of(family: &str, velocity: VelocityUnit) -> String {
    let velocity = velocity.name();
    match family {
        "sma" => "au".to_owned(),
        "inc" | "aop" | "pan" => "rad".to_owned(),
        "plx" => "mas".to_owned(),
        "mtot" | "m" | "m0" => "Msun".to_owned(),
        "per" | "tc" => "d".to_owned(),
        "k" | "gamma" | "sigma" => velocity.to_owned(),
        "dvdt" => format!("{velocity}/d"),
        "curv" => format!("{velocity}/d^2"),
        _ => String::new(),
    }
}

/// The parameters of a fit in orbitize's standard basis: of each companion its elements, then the parallax, offset and
/// jitter of each instrument (where the star's velocities are fitted), masses.
pub(super) fn standard(companions: u32, with_masses: bool, observations: &Observations) -> Vec<Parameter> {
    let named =
        |family: &str, suffix: &str| Parameter::new(format!("{family}{suffix}"), unit_of(family, VelocityUnit::KmPerS));
    let numbered = |family: &str, companion: u32| named(family, &companion.to_string());
    let orbit = |companion: u32| SMA_ELEMENTS.map(|family| numbered(family, companion));
    let mut labels: Vec<Parameter> = (1..=companions).flat_map(orbit).collect();
    labels.push(named("plx", ""));
    if with_masses {
        if observations.has_star_velocities() {
            for instrument in observations.velocity_instruments() {
                labels.extend(["gamma", "sigma"].map(|family| named(family, &format!("_{instrument}"))));
            }
        }
        labels.extend((1..=companions).map(|companion| numbered("m", companion)));
        labels.push(named("m0", ""));
    } else {
        labels.push(named("mtot", ""));
    }
    labels
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
