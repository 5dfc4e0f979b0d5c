//! What the file of a posterior says of its columns, held against the simulation that takes them as parameters of orbits.
//!
//! Of columns that reach `[initial.orbits]`: tau counts from the file's reference epoch, and elements of companions that pull on each
//! other are those at the first epoch of the data. Where the parameter file leaves these open they are set; where it says otherwise
//! the plan is refused. Units that aren't those of orbit fits are refused, too.
//!
//! Left out: epochs that `task.set` fills from a parameter, which are the plan's own.

use std::path::Path;

use super::Work;
use super::task::SimulationTask;
use crate::sweep::parameters::Points;
use crate::{Error, Result};

/// The section whose keys are parameters of orbits.
const ORBITS: &str = "initial.orbits.";
/// The epoch from which tau counts where a parameter file says nothing, MJD.
const DEFAULT_EPOCH: f64 = 58849.0;
/// The units of orbit fits by their labels, for a parameter's name without its number.
const UNITS: [(&str, &[&str]); 10] = [
    ("sma", &["au"]),
    ("inc", &["rad"]),
    ("aop", &["rad"]),
    ("pan", &["rad"]),
    ("per", &["d", "day"]),
    ("tc", &["d", "day"]),
    ("tp", &["d", "day"]),
    ("m", &["Msun"]),
    ("mtot", &["Msun"]),
    ("k", &["m/s"]),
];

/// Makes the simulation take the columns of a posterior as they are meant.
pub(super) fn settle(points: &Points, work: &mut Work) -> Result<()> {
    let (Some(meaning), Work::Simulation(task)) = (points.meaning(), work) else { return Ok(()) };
    let orbits: Vec<(usize, String)> = task
        .keys_of_parameters()
        .filter_map(|(parameter, key)| Some((parameter, key.strip_prefix(ORBITS)?.to_owned())))
        .collect();
    for (parameter, name) in &orbits {
        check_unit(&points.names()[*parameter], name, &meaning.units[*parameter])?;
    }
    if orbits.iter().any(|(_, name)| stem(name) == "tau") {
        let what = "from which tau counts";
        agree(task, "initial.tau_ref_epoch", meaning.tau_ref_epoch, Some(DEFAULT_EPOCH), what)?;
    }
    match meaning.elements_at {
        Some(first) if !orbits.is_empty() => {
            let what = "of the elements, the first one of the data, since companions pull on each other in this fit";
            agree(task, "initial.epoch", first, None, what)
        }
        _ => Ok(()),
    }
}

/// Sets an epoch of the simulation to that of the posterior, or refuses another one.
fn agree(task: &mut SimulationTask, key: &str, epoch: f64, default: Option<f64>, what: &str) -> Result<()> {
    if task.is_filled(key) {
        return Ok(());
    }
    match task.number(key) {
        Some(given) if given == epoch => Ok(()),
        Some(given) => Err(Error::input(
            key,
            format!(
                "is {given}, but parameters.file says {epoch}, the epoch {what}: leave it out, and it is taken from there"
            ),
        )),
        None if default == Some(epoch) => Ok(()),
        None => {
            task.fix(key, epoch);
            Ok(())
        }
    }
}

fn check_unit(column: &str, name: &str, unit: &str) -> Result<()> {
    match UNITS.iter().find(|(known, _)| *known == stem(name)) {
        Some((_, expected)) if !unit.is_empty() && !expected.contains(&unit) => {
            let expected = expected[0];
            let reason = format!("{column} is in {unit}, but {ORBITS}{name} is in {expected}: convert that column");
            Err(Error::input("parameters.file", reason))
        }
        _ => Ok(()),
    }
}

/// The name of a companion's parameter without its number.
fn stem(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// What to tell those whose own programs take columns of a posterior.
pub(super) fn note(points: &Points, file: Option<&Path>) -> Option<String> {
    let meaning = points.meaning()?;
    let is_tau = |name: &String| name.strip_prefix("tau").is_some_and(|rest| rest.bytes().all(|c| c.is_ascii_digit()));
    let told = meaning.tau_ref_epoch != DEFAULT_EPOCH && points.names().iter().any(is_tau);
    let file = file.unwrap_or(Path::new("the posterior")).display();
    told.then(|| format!("tau of {file} counts from MJD {}: what a task runs must know that", meaning.tau_ref_epoch))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orbit::posterior::{About, Parameter, Posterior};
    use crate::orbit::{Observation, Observations, Quantity};
    use crate::sweep::plan::{Config, Plan};
    use crate::sweep::template::Context;

    fn posterior(about: About, parameters: &[(&str, &str)]) -> Posterior {
        let row = |epoch| Observation {
            epoch,
            object: 1,
            quantity: Quantity::RaDec,
            values: [1.0; 2],
            errors: [1.0; 2],
            correlation: None,
            instrument: String::new(),
            place: String::new(),
        };
        Posterior {
            parameters: parameters.iter().map(|(name, unit)| Parameter::new(*name, *unit)).collect(),
            samples: vec![0.25; parameters.len()],
            ln_likelihood: vec![0.0],
            observations: Observations { rows: [56000.0, 55000.0].map(row).to_vec(), ..Observations::default() },
            about,
            ..Posterior::default()
        }
    }

    /// The plan of tasks with a parameter file that begins so.
    fn plan(posterior: &Posterior, initial: &str, set: &str) -> Result<Plan> {
        let folder = tempfile::tempdir().unwrap();
        posterior.write_alone(&folder.path().join("fit.hdf5")).unwrap();
        std::fs::write(folder.path().join("task.toml"), format!("simulation = 'nbody'\n[initial]\n{initial}")).unwrap();
        let text = format!(
            "parameters = {{ combine = 'posterior', file = 'fit.hdf5' }}\n\
             task = {{ simulation = 'task.toml', section = 'initial.orbits', set = {{ {set} }} }}"
        );
        Plan::new(&toml::from_str::<Config>(&text).unwrap(), folder.path(), 1)
    }

    fn words(plan: Result<Plan>) -> Vec<String> {
        plan.unwrap().words(&Context { index: 0, seed: 1, attempt: 1, folder: Path::new("tasks/0") })
    }

    const TAU: [(&str, &str); 2] = [("sma1", "au"), ("tau1", "")];

    /// Of this program and of orbitize: an epoch of its own, the default, none (which is MJD 0), one as a Julian date.
    #[test]
    fn tau_counts_from_the_epoch_of_the_posterior() {
        let at = |tau_ref_epoch| posterior(About { tau_ref_epoch, ..About::default() }, &TAU);
        let orbits = ["initial.orbits.sma1=0.25", "initial.orbits.tau1=0.25"];
        let and = |word: &'static str| [&orbits[..], &[word]].concat();
        assert_eq!(words(plan(&at(58849.0), "", "")), orbits);
        assert_eq!(words(plan(&at(50000.0), "", "")), and("initial.tau_ref_epoch=50000.0"));
        assert_eq!(words(plan(&at(2_450_000.5), "", "")), and("initial.tau_ref_epoch=50000.0"));
        assert_eq!(words(plan(&at(0.0), "", "")), and("initial.tau_ref_epoch=0.0"));
        assert_eq!(words(plan(&at(0.0), "tau_ref_epoch = 0", "")), orbits);
        let told = |initial: &str, set: &str| plan(&at(50000.0), initial, set).unwrap_err().to_string();
        assert!(
            told("tau_ref_epoch = 58849.0", "")
                .starts_with("initial.tau_ref_epoch: is 58849, but parameters.file says 50000")
        );
        assert!(told("", "'initial.tau_ref_epoch' = 0").contains("is 0, but"));
        let velocities = posterior(About { tau_ref_epoch: 5e4, ..About::default() }, &[("per1", "d"), ("tc1", "d")]);
        assert_eq!(words(plan(&velocities, "", "")).len(), 2, "no tau counts from anything");
    }

    #[test]
    fn elements_that_change_with_time_are_those_of_the_first_epoch() {
        let fit = posterior(About { nbody: true, ..About::default() }, &TAU);
        assert_eq!(words(plan(&fit, "", ""))[2], "initial.epoch=55000.0");
        assert_eq!(words(plan(&fit, "epoch = 55000.0", "")).len(), 2);
        let told = plan(&fit, "epoch = 58849", "").unwrap_err().to_string();
        assert!(told.starts_with("initial.epoch: is 58849, but parameters.file says 55000"), "{told}");
        assert_eq!(words(plan(&posterior(About::default(), &TAU), "epoch = 58849", "")).len(), 2);
    }

    /// Angles in degrees, masses of Jupiters, velocities in km/s.
    #[test]
    fn columns_in_other_units_are_refused() {
        for (name, unit, expected) in [("inc1", "deg", "rad"), ("m1", "MJup", "Msun"), ("k1", "km/s", "m/s")] {
            let told = plan(&posterior(About::default(), &[(name, unit)]), "", "").unwrap_err().to_string();
            assert!(
                told.contains(&format!("{name} is in {unit}, but initial.orbits.{name} is in {expected}")),
                "{told}"
            );
        }
        let usual = [("m0", "Msun"), ("per1", "d"), ("plx", "mas"), ("gamma_HIRES", "km/s")];
        assert_eq!(words(plan(&posterior(About::default(), &usual), "", "")).len(), 4);
    }
}
