//! From parameters to bodies.

use std::marker::PhantomData;
use std::path::Path;

use crate::base::memory::check_fits;
use crate::nbody::body::Body;
use crate::nbody::cluster::FEWEST;
use crate::nbody::initial::{InitialConditions, Model, read_gadget_binary, validate};
use crate::nbody::tree::Tree;
use crate::particles::Particles;
use crate::run::Setup;
use crate::{Comm, Error, Result};

use super::config::{Config, ConfigOf, Method};
use super::few::{self, Few};
use super::names::Names;
use super::potentials::Potentials;
use super::scheme::{self, Particle};
use super::spread::Spread;
use super::stability::Companions;
use super::watch::Watch;
use super::{Bodies, NBody};

/// More bodies than this have no columns of their own in history.csv.
const MOST_LISTED: u64 = 1000;

/// The simulation at its start; the energy is still to be filled in. All ranks.
pub(super) fn new<P: Potentials>(setup: &Setup<ConfigOf<P>>, comm: &Comm) -> Result<NBody<P>> {
    let config = &setup.config.sections;
    let gravity = setup.units.gravity();
    let mut notes = Vec::new();
    let gadget = |path: &Path| read_gadget(path, &mut notes);
    let model = config.initial.model(&setup.folder, &setup.units, setup.seed, config.gravity.softening, gadget)?;
    check(&model, config)?;
    check_size(&model, config, comm)?;
    let names = match &model {
        Model::List(list) => Names::new(list.named().map(|(id, name)| (id, name.to_owned()))),
        _ => Names::default(),
    };
    let listed = if config.history.elements { (0..model.count()).collect::<Vec<_>>() } else { Vec::new() };
    let listed = listed.into_iter().flat_map(|index| model.bodies(index..index + 1)).map(|body| body.id).collect();
    let backwards = config.integrator.backwards;
    if backwards {
        notes.push("the bodies go back in time: times are below 0".to_owned());
    }
    let directed = |body: Body| if backwards { body.turned() } else { body };
    let bodies = if Bodies::is_spread(config.integrator.method) {
        let particle = |body: Body| Particle { body: directed(body), ..Particle::default() };
        let make = |range| model.bodies(range).into_iter().map(particle).collect();
        let particles = Particles::distribute(comm, model.count(), make);
        Bodies::Spread(Box::new(Spread::new(particles, spread_scheme(setup)?)?))
    } else {
        let all = model.bodies(0..model.count()).into_iter().map(directed).collect();
        Bodies::Few(Few::new(all, few_scheme(setup)?)?)
    };
    let companions = match &bodies {
        Bodies::Few(few) => {
            notes.extend(few.warnings(|id| names.one(id)));
            Companions::new(config.stability, few)?
        }
        Bodies::Spread(_) => None,
    };
    Ok(NBody {
        comm: comm.clone(),
        gravity,
        units: setup.units.clone(),
        names,
        bodies,
        companions,
        watch: Watch::new(config.events, gravity, config.gravity.softening),
        listed,
        elements: config.history.elements,
        cluster: config.history.cluster,
        backwards,
        first_energy: f64::NAN,
        notes,
        external: setup.config.external(&setup.units)?,
        potentials: PhantomData,
    })
}

/// How bodies on their ranks move.
pub(super) fn spread_scheme<P: Potentials>(setup: &Setup<ConfigOf<P>>) -> Result<scheme::Scheme> {
    let config = &setup.config.sections;
    let dt = config.integrator.dt(&setup.units)?;
    let scheme = scheme::Scheme::new(config, dt, setup.units.gravity(), setup.level, setup.rsqrt);
    Ok(scheme::Scheme { external: setup.config.external(&setup.units)?, ..scheme })
}

/// How few bodies move.
pub(super) fn few_scheme<P: Potentials>(setup: &Setup<ConfigOf<P>>) -> Result<few::Scheme> {
    let config = &setup.config.sections;
    let dt = config.integrator.dt(&setup.units)?;
    let scheme = few::Scheme::new(config, dt, setup.units.gravity(), setup.units.speed_of_light(), setup.seed);
    Ok(few::Scheme { external: setup.config.external(&setup.units)?, ..scheme })
}

/// What can be seen only with the bodies at hand.
fn check(model: &Model, config: &Config) -> Result<()> {
    if let Model::List(list) = model {
        validate(list, config.gravity.softening)?;
    }
    let count = model.count();
    if config.history.elements && count > MOST_LISTED {
        let reason = format!("is for few bodies, at most {MOST_LISTED}, and there are {count}");
        return Err(Error::input("history.elements", reason));
    }
    if config.history.cluster && count < FEWEST {
        let reason = format!(
            "needs at least {FEWEST} bodies, since densities come from their neighbours, and there are {count}"
        );
        return Err(Error::input("history.cluster", reason));
    }
    if config.integrator.method == Method::WisdomHolman && count < 2 {
        return Err(Error::input("integrator.method", "wisdom_holman needs a central body and at least one other"));
    }
    Ok(())
}

/// Refuses more bodies than this rank could hold: its share of those that are spread, or all.
fn check_size(model: &Model, config: &Config, comm: &Comm) -> Result<()> {
    let count = model.count();
    if !Bodies::is_spread(config.integrator.method) {
        return check_fits("initial.n", "bodies", count, size_of::<Body>());
    }
    let is_whole =
        config.integrator.method == Method::Hermite && config.integrator.block_steps || config.history.cluster;
    let share = if is_whole { count } else { count.div_ceil(comm.size() as u64) };
    let tree = config.gravity.opening().map_or(0, |_| Tree::BYTES_PER_BODY);
    check_fits("initial.n", "bodies", share, size_of::<Particle>() + tree)
}

/// Bodies from a file in the layout of GADGET; what it has that they don't use is added to `notes`.
fn read_gadget(path: &Path, notes: &mut Vec<String>) -> Result<Model> {
    let mut read = || {
        if let Some((list, told)) = read_gadget_binary(path)? {
            notes.extend(told.iter().map(|note| format!("{}: {note}", path.display())));
            return Ok(list);
        }
        let conditions = InitialConditions::open(path, &[])?;
        let told = conditions.notes().iter().map(|note| format!("{}: {note}", path.display()));
        notes.extend(told);
        conditions.read(0..conditions.len())
    };
    // A file that isn't there, or isn't what it should be, is bad input here.
    read().map(Model::List).map_err(|error| match error {
        Error::File { path, reason } => Error::input(path.display().to_string(), reason),
        Error::Io { path, source, .. } => Error::input(path.display().to_string(), format!("cannot read: {source}")),
        other => other,
    })
}
