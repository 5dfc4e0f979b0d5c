//! The parameters of a fit: their names and order, where each may be, its prior, and whether it is known.
//!
//! Order and names are orbitize's where it has them: the elements of each companion, plx, gamma and sigma of each instrument of velocities,
//! then masses; and radvel's for its basis. dvdt and curv stand before the masses.

use std::f64::consts::{PI, TAU};

use serde::Deserialize;

use super::observations::{Observations, VelocityUnit};
use super::posterior::SMA_ELEMENTS;
use super::prior::{Distribution, Prior};
use super::sections::{Basis, OrbitSection, PriorsSection, Trend};
use crate::base::config::nearest_of;
use crate::{Error, Result};

/// The elements of a companion in the basis `period`, in their order.
pub(super) const PERIOD_ELEMENTS: [&str; 5] = ["per", "tc", "secosw", "sesinw", "k"];

/// The share of a prior within its ends below which it is noted.
const LITTLE: f64 = 0.1;

/// A parameter of the model.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    /// Its name, as `sma1` or `gamma_k`.
    pub name: String,
    /// Its name without number and instrument.
    pub family: &'static str,
    /// Its value, or where its value stands in a point.
    pub slot: Slot,
    /// Its prior, unless its value is known.
    pub prior: Option<Distribution>,
}

/// Where the value of a parameter is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Slot {
    /// In this place of a point.
    Free(usize),
    /// Here.
    Fixed(f64),
}

/// Which parameter is what, by places in the list of all.
#[derive(Clone, Debug)]
pub(super) struct Parameters {
    pub all: Vec<Parameter>,
    pub basis: Basis,
    pub companions: usize,
    /// The parallax, in the basis that has one.
    pub parallax: Option<usize>,
    /// Offset and jitter of each instrument that has them.
    pub instruments: Vec<Instrument>,
    /// dvdt and curv, as far as there are.
    pub trend: Vec<usize>,
    /// The first companion's mass, where masses are fitted.
    pub companion_masses: Option<usize>,
    /// The star's mass, or the total mass.
    pub mass: Option<usize>,
}

/// The parameters of an instrument of velocities.
#[derive(Clone, Debug)]
pub(super) struct Instrument {
    pub name: String,
    pub offset: usize,
    pub jitter: Option<usize>,
}

impl Parameters {
    /// The parameters of a model of these observations, with their priors.
    ///
    /// # Errors
    /// A prior of a name that is none of theirs; a prior that can't be, with its key; a parameter without a prior that needs one.
    pub(super) fn new(orbit: &OrbitSection, observations: &Observations, priors: &PriorsSection) -> Result<Self> {
        let mut list = List { all: Vec::new(), priors, unit: observations.unit };
        let parameters = Parameters::listed(orbit, observations, &mut list)?;
        let known = |name: &str| list.all.iter().any(|one| one.name == name || one.family == name);
        if let Some(name) = priors.0.keys().find(|name| !known(name)) {
            let names: Vec<&str> = list.all.iter().map(|one| one.name.as_str()).collect();
            let reason = format!("this fit has no parameter `{name}`{}", nearest_of(name, &names));
            return Err(Error::input(format!("priors.{name}"), reason));
        }
        let mut free = 0;
        for parameter in &mut list.all {
            if let Slot::Free(place) = &mut parameter.slot {
                *place = free;
                free += 1;
            }
        }
        if free == 0 {
            return Err(Error::input("priors", "every parameter is a number: nothing is left to fit"));
        }
        Ok(Parameters { all: list.all, ..parameters })
    }

    fn listed(orbit: &OrbitSection, observations: &Observations, list: &mut List) -> Result<Self> {
        let elements: &[&'static str] = if orbit.basis == Basis::Sma { &SMA_ELEMENTS } else { &PERIOD_ELEMENTS };
        for companion in 1..=orbit.companions {
            for family in elements {
                list.add(family, &companion.to_string())?;
            }
        }
        let parallax = (orbit.basis == Basis::Sma).then(|| list.add("plx", "")).transpose()?;
        let mut instruments = Vec::new();
        if observations.has_star_velocities() {
            for name in observations.velocity_instruments() {
                let offset = list.add("gamma", &format!("_{name}"))?;
                let jitter = orbit.jitter.then(|| list.add("sigma", &format!("_{name}"))).transpose()?;
                instruments.push(Instrument { name: name.to_owned(), offset, jitter });
            }
        }
        let terms = match orbit.trend {
            Trend::None => &[][..],
            Trend::Linear => &["dvdt"],
            Trend::Quadratic => &["dvdt", "curv"],
        };
        let trend = terms.iter().map(|name| list.add(name, "")).collect::<Result<_>>()?;
        let mut companion_masses = None;
        let mut mass = None;
        if orbit.basis == Basis::Sma && orbit.companion_masses {
            for companion in 1..=orbit.companions {
                let place = list.add("m", &companion.to_string())?;
                companion_masses.get_or_insert(place);
            }
            mass = Some(list.add("m0", "")?);
        } else if orbit.basis == Basis::Sma {
            mass = Some(list.add("mtot", "")?);
        }
        let basis = orbit.basis;
        let companions = orbit.companions;
        Ok(Parameters { all: Vec::new(), basis, companions, parallax, instruments, trend, companion_masses, mass })
    }

    /// A word on each prior of which little lies where its parameter can be.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        self.all.iter().filter_map(|one| {
            let prior = one.prior.filter(|prior| prior.share() < LITTLE)?;
            let [low, high] = prior.ends();
            let place =
                if high == f64::INFINITY { format!("above {low}") } else { format!("between {low} and {high}") };
            let reason = "the rest is cut off, and the density is normalised to that part";
            Some(format!("priors.{}: {:.1e} of this normal density lies {place}: {reason}", one.name, prior.share()))
        })
    }

    /// Where the elements of a companion, counted from 0, begin.
    pub(super) fn elements(&self, companion: usize) -> usize {
        let each = if self.basis == Basis::Sma { SMA_ELEMENTS.len() } else { PERIOD_ELEMENTS.len() };
        companion * each
    }

    /// How many are not known.
    pub(super) fn free(&self) -> usize {
        self.all.iter().filter(|one| matches!(one.slot, Slot::Free(_))).count()
    }

    /// The value of a parameter at a point.
    #[inline]
    pub(super) fn value(&self, place: usize, point: &[f64]) -> f64 {
        match self.all[place].slot {
            Slot::Free(at) => point[at],
            Slot::Fixed(value) => value,
        }
    }
}

/// The list of parameters while it is made.
struct List<'a> {
    all: Vec<Parameter>,
    priors: &'a PriorsSection,
    unit: VelocityUnit,
}

impl List<'_> {
    /// Adds a parameter with the prior of its name, else of its family, else the default.
    fn add(&mut self, family: &'static str, suffix: &str) -> Result<usize> {
        let name = format!("{family}{suffix}");
        let key = if self.priors.0.contains_key(&name) { &name } else { family };
        let prior = match self.priors.0.get(key) {
            Some(value) => Prior::deserialize(value.clone())
                .map_err(|error: toml::de::Error| Error::input(format!("priors.{key}"), error.message().trim()))?,
            None => default(family, self.unit).ok_or_else(|| missing(&name, family))?,
        };
        let (slot, prior) = place(prior, family).map_err(|reason| Error::input(format!("priors.{key}"), reason))?;
        self.all.push(Parameter { name, family, slot, prior });
        Ok(self.all.len() - 1)
    }
}

/// Where a parameter of that family stands with this prior; an error in words.
fn place(prior: Prior, family: &str) -> std::result::Result<(Slot, Option<Distribution>), String> {
    let domain = domain(family);
    match prior {
        Prior::Fixed(value) if !(value.is_finite() && domain[0] <= value && value <= domain[1]) => {
            Err(format!("{value} is not between {} and {}", domain[0], domain[1]))
        }
        Prior::Fixed(0.0) if is_positive(family) => Err("0 is not allowed: it must be above zero".into()),
        Prior::Fixed(1.0) if family == "ecc" => Err("1 is not allowed: only an ellipse comes back".into()),
        Prior::Fixed(value) => Ok((Slot::Fixed(value), None)),
        Prior::Spread(spread) => Ok((Slot::Free(0), Some(Distribution::new(spread, domain)?))),
    }
}

/// The values that a parameter can have; those of [`is_positive`] not zero, and eccentricities not 1.
fn domain(family: &str) -> [f64; 2] {
    match family {
        "sma" | "per" | "plx" | "m" | "m0" | "mtot" | "sigma" => [0.0, f64::INFINITY],
        "ecc" => [0.0, 1.0],
        "inc" => [0.0, PI],
        "secosw" | "sesinw" => [-1.0, 1.0],
        _ => [f64::NEG_INFINITY, f64::INFINITY],
    }
}

/// Whether zero makes no sense.
pub(super) fn is_positive(family: &str) -> bool {
    matches!(family, "sma" | "per" | "plx" | "m0" | "mtot")
}

/// orbitize's defaults.
fn default(family: &str, unit: VelocityUnit) -> Option<Prior> {
    let velocity = unit.per_km_per_s();
    match family {
        "sma" => Some(Prior::log_uniform(1e-3, 1e4)),
        "ecc" | "tau" => Some(Prior::uniform(0.0, 1.0)),
        "inc" => Some(Prior::sine()),
        "aop" | "pan" => Some(Prior::uniform(0.0, TAU)),
        "secosw" | "sesinw" => Some(Prior::uniform(-1.0, 1.0)),
        "gamma" => Some(Prior::uniform(-5.0 * velocity, 5.0 * velocity)),
        "sigma" => Some(Prior::log_uniform(1e-4 * velocity, 0.05 * velocity)),
        "m" => Some(Prior::log_uniform(1e-6, 2.0)),
        _ => None,
    }
}

fn missing(name: &str, family: &str) -> Error {
    let example = match family {
        "plx" => "{ normal = [56.95, 0.26] }, in mas",
        "mtot" | "m0" => "{ normal = [1.22, 0.08] }, in Msun",
        "per" => "{ normal = [1200.0, 5.0] }, in days",
        "tc" => "{ uniform = [2456000.0, 2457200.0] }, a date",
        "k" => "{ uniform = [0.0, 20.0] }, in the unit of the velocities",
        _ => "{ normal = [0.0, 0.01] }",
    };
    Error::input(format!("priors.{name}"), format!("is missing, and has no default: as in {name} = {example}"))
}

/// The period of a parameter that is an angle, or a share of a turn.
pub(super) fn turn(family: &str) -> Option<f64> {
    match family {
        "aop" | "pan" => Some(2.0 * PI),
        "tau" => Some(1.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orbit::Format;

    /// A parallax measured as negative, a mass far from its bounds; not a mass around zero, nor densities of other kinds.
    #[test]
    fn a_prior_that_lies_beyond_what_can_be_is_noted_with_its_share() {
        let text = "epoch,object,sep,sep_err,pa,pa_err\n55645.95,1,2479,16,327.94,0.39\n";
        let observations = Observations::from_texts([("a", text)], Format::Auto).unwrap();
        let notes = |priors: &str| -> Vec<String> {
            let priors = priors.parse().unwrap();
            Parameters::new(&OrbitSection::default(), &observations, &priors).unwrap().notes().collect()
        };
        let told = notes("plx = { normal = [-1.2, 0.3] }\nmtot = { truncated_normal = [1.0, 0.1, 1.4, 2.0] }");
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("priors.plx: 3.2e-5 of this normal density lies above 0: "), "{told:?}");
        assert!(told[1].starts_with("priors.mtot: 3.2e-5 of this normal density lies between 1.4 and 2: "), "{told:?}");
        assert!(notes("plx = { normal = [0.0, 0.3] }\nmtot = { uniform = [1.0, 2.0] }").is_empty());
    }
}
