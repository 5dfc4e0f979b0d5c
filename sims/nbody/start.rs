//! From parameters to bodies.

use std::path::Path;

use divisi::gravity::events;
use divisi::gravity::initial::{InitialBody, Model, from_columns, validate};
use divisi::output::InitialConditions;
use divisi::particles::Particles;
use divisi::run::Setup;
use divisi::{Comm, Error, Result};

use super::config::{Config, Method};
use super::few::{self, Few};
use super::names::Names;
use super::spread::{self, Body, Spread};
use super::stability::Companions;
use super::watch::Watch;
use super::{Bodies, NBody};

/// More bodies than this have no columns of their own in history.csv.
const MOST_LISTED: u64 = 1000;

/// The simulation at its start; the energy is still to be filled in. All ranks.
pub fn new(setup: &Setup<Config>, comm: &Comm) -> Result<NBody> {
    let config = &setup.config;
    let gravity = setup.units.gravity();
    let model = config.initial.model(&setup.folder, &setup.units, setup.seed, read_gadget)?;
    check(&model, config)?;
    let names = match &model {
        Model::List(bodies) => Names::new(bodies.iter().map(|body| (body.id, body.name.clone()))),
        _ => Names::default(),
    };
    let listed = if config.history.elements { (0..model.count()).collect::<Vec<_>>() } else { Vec::new() };
    let listed = listed.into_iter().flat_map(|index| model.bodies(index..index + 1)).map(|body| body.id).collect();
    let bodies = if Bodies::is_spread(config.integrator.method) {
        let make =
            |range| model.bodies(range).iter().map(|body| Body { state: state(body), ..Body::default() }).collect();
        let particles = Particles::distribute(comm, model.count(), make);
        Bodies::Spread(Box::new(Spread::new(particles, spread_scheme(setup)?)?))
    } else {
        let all = model.bodies(0..model.count()).iter().map(state).collect();
        Bodies::Few(Few::new(all, few_scheme(setup)?)?)
    };
    let companions = match &bodies {
        Bodies::Few(few) => Companions::new(config.stability, few)?,
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
        first_energy: f64::NAN,
    })
}

/// How bodies on their ranks move.
pub fn spread_scheme(setup: &Setup<Config>) -> Result<spread::Scheme> {
    let dt = setup.config.integrator.dt(&setup.units)?;
    Ok(spread::Scheme::new(&setup.config, dt, setup.units.gravity(), setup.level, setup.rsqrt))
}

/// How few bodies move.
pub fn few_scheme(setup: &Setup<Config>) -> Result<few::Scheme> {
    let dt = setup.config.integrator.dt(&setup.units)?;
    Ok(few::Scheme::new(&setup.config, dt, setup.units.gravity(), setup.units.speed_of_light(), setup.seed))
}

fn state(body: &InitialBody) -> events::Body {
    let InitialBody { id, mass, radius, position, velocity, .. } = *body;
    events::Body { id, mass, radius, position, velocity }
}

/// What can be seen only with the bodies at hand.
fn check(model: &Model, config: &Config) -> Result<()> {
    if let Model::List(bodies) = model {
        validate(bodies, config.gravity.softening)?;
    }
    let count = model.count();
    if config.history.elements && count > MOST_LISTED {
        let reason = format!("is for few bodies, at most {MOST_LISTED}, and there are {count}");
        return Err(Error::input("history.elements", reason));
    }
    if config.integrator.method == Method::WisdomHolman && count < 2 {
        return Err(Error::input("integrator.method", "wisdom_holman needs a central body and at least one other"));
    }
    Ok(())
}

/// Bodies from a file in the layout of GADGET.
fn read_gadget(path: &Path) -> Result<Model> {
    let place = path.display().to_string();
    let read = || {
        let conditions = InitialConditions::open(path, &[])?;
        conditions.read(0..conditions.len())
    };
    // A file that isn't what it should be is bad input here.
    let found = read().map_err(|error| match error {
        Error::File { path, reason } => Error::input(path.display().to_string(), reason),
        other => other,
    })?;
    let mut bodies = from_columns(&place, &found.ids, &found.masses, &found.positions, &found.velocities)?;
    for (body, name) in bodies.iter_mut().zip(found.names) {
        body.name = name;
    }
    Ok(Model::List(bodies))
}
