//! Initial conditions: the bodies that a run starts from.
//!
//! - [`read_states`]: a CSV file of Cartesian states; [`read_elements`]: a CSV file of orbital elements;
//! - [`FitPoint`]: a star and its companions from the parameters of an orbit fit;
//! - [`Plummer`], [`King`], [`ColdSphere`], [`Galaxy`]: many bodies, each a function of seed and index, so that a rank makes just its own;
//!   [`Part`]s: several of these, in their places;
//! - [`kepler_pair`], [`figure_of_eight`], [`pythagorean`]: few bodies with known orbits;
//! - [`InitialConditions`], [`read_gadget_binary`]: files in the layouts of GADGET;
//! - [`from_columns`]: columns that came from elsewhere, such as a snapshot.
//!
//! All but the states of a file and parts are moved to the frame of the barycentre. [`validate`] then looks at the whole for what
//! would spoil a run: no mass, repeated ids, two bodies at one place. Nothing here sends messages.

mod companions;
mod few;
mod gadget;
mod gadget_binary;
mod galaxy;
mod king;
mod orbits;
mod parts;
mod plummer;
mod sphere;
mod states;
mod table;

use std::ops::Range;

use super::body::{Body, BodyList};
use crate::{Error, Result};

pub use companions::FitPoint;
pub use few::{figure_of_eight, kepler_pair, pythagorean};
pub use gadget::InitialConditions;
pub use gadget_binary::read_gadget_binary;
pub use galaxy::Galaxy;
pub use king::King;
pub use orbits::{parse_elements, read_elements};
pub use parts::{Encounter, Part, encounter};
pub use plummer::Plummer;
pub use sphere::ColdSphere;
pub use states::{parse_states, read_states};

/// Where the bodies of a run come from.
#[derive(Clone, Debug)]
pub enum Model {
    /// A list that every rank holds.
    List(BodyList),
    /// A Plummer sphere.
    Plummer(Plummer),
    /// A uniform sphere at rest.
    ColdSphere(ColdSphere),
    /// A King sphere.
    King(King),
    /// A disc galaxy.
    Galaxy(Galaxy),
    /// Several models in their places.
    Parts(Vec<Part>),
}

impl Model {
    /// The number of bodies on all ranks together.
    pub fn count(&self) -> u64 {
        match self {
            Model::List(list) => list.bodies.len() as u64,
            Model::Plummer(model) => model.n,
            Model::ColdSphere(model) => model.n,
            Model::King(model) => model.n,
            Model::Galaxy(model) => model.count(),
            Model::Parts(parts) => parts::count(parts),
        }
    }

    /// The mass of all bodies together.
    pub fn mass(&self) -> f64 {
        match self {
            Model::List(list) => list.bodies.iter().map(|body| body.mass).sum(),
            Model::Plummer(model) => model.mass,
            Model::ColdSphere(model) => model.mass,
            Model::King(model) => model.mass,
            Model::Galaxy(model) => model.mass(),
            Model::Parts(parts) => parts.iter().map(|part| part.model.mass()).sum(),
        }
    }

    /// The bodies of global indices `range`, which is a rank's share.
    ///
    /// # Panics
    /// If the range goes beyond [`count`](Model::count).
    pub fn bodies(&self, range: Range<u64>) -> Vec<Body> {
        match self {
            Model::List(list) => list.bodies[range.start as usize..range.end as usize].to_vec(),
            Model::Plummer(model) => model.bodies(range),
            Model::ColdSphere(model) => model.bodies(range),
            Model::King(model) => model.bodies(range),
            Model::Galaxy(model) => model.bodies(range),
            Model::Parts(parts) => parts::bodies(parts, &range),
        }
    }
}

/// Bodies from columns of equal length; `place` (a file, say) stands in errors.
///
/// # Errors
/// Columns of unequal length, no bodies, numbers that are not finite, negative masses.
pub fn from_columns(
    place: &str,
    ids: &[u64],
    masses: &[f64],
    positions: &[[f64; 3]],
    velocities: &[[f64; 3]],
) -> Result<BodyList> {
    let lengths = [ids.len(), masses.len(), positions.len(), velocities.len()];
    if lengths.iter().any(|&length| length != lengths[0]) {
        let [ids, masses, positions, velocities] = lengths;
        let counts = format!("{ids} ids, {masses} masses, {positions} positions, {velocities} velocities");
        return Err(Error::input(place, format!("{counts}: there must be one of each per body")));
    }
    let body = |i: usize| Body {
        id: ids[i],
        mass: masses[i],
        position: positions[i],
        velocity: velocities[i],
        ..Body::default()
    };
    let list = BodyList::from((0..ids.len()).map(body).collect::<Vec<_>>());
    check_values(place, &list)?;
    Ok(list)
}

/// Checks all bodies of a run together; `softening` as in the force (length).
///
/// Takes n log n time. A rank that holds only a share of the bodies finds only what its share shows; models that draw
/// their places at random need no more.
///
/// # Errors
/// No bodies, values that are not finite, negative masses or radii, no mass at all, an id twice, and, without
/// softening, a massive body where another body is.
pub fn validate(list: &BodyList, softening: f64) -> Result<()> {
    let place = "initial";
    let bodies = &list.bodies;
    if bodies.is_empty() {
        return Err(Error::input(place, "there are no bodies"));
    }
    check_values(place, list)?;
    if bodies.iter().all(|body| body.mass == 0.0) {
        return Err(Error::input(place, "all masses are zero: at least one body must have a mass"));
    }
    if let Some((a, b)) = same_id(bodies) {
        let reason =
            format!("{} and {} have the same id {}: ids must differ", list.label(a), list.label(b), bodies[a].id);
        return Err(Error::input(place, reason));
    }
    match same_position(bodies) {
        Some((a, b)) if softening == 0.0 => {
            let [x, y, z] = bodies[a].position;
            let pair = format!("{} and {}", list.label(a), list.label(b));
            let remedy = "separate them, or set gravity.softening above zero";
            Err(Error::input(place, format!("{pair} are at one place ({x}, {y}, {z}): {remedy}")))
        }
        _ => Ok(()),
    }
}

/// Refuses positions, velocities, masses and radii that can't be.
fn check_values(place: &str, list: &BodyList) -> Result<()> {
    for (number, body) in list.bodies.iter().enumerate() {
        let fail = |what: &str, value: f64, must: &str| {
            Err(Error::input(place, format!("{what} of {} is {value}: it must be {must}", list.label(number))))
        };
        for (what, vector) in [("position", body.position), ("velocity", body.velocity)] {
            if let Some(&value) = vector.iter().find(|value| !value.is_finite()) {
                return fail(what, value, "finite");
            }
        }
        for (what, value) in [("mass", body.mass), ("radius", body.radius)] {
            if !(value >= 0.0 && value.is_finite()) {
                return fail(what, value, "zero or positive, and finite");
            }
        }
    }
    Ok(())
}

/// The first two bodies, by id, that share one.
fn same_id(bodies: &[Body]) -> Option<(usize, usize)> {
    let mut order: Vec<usize> = (0..bodies.len()).collect();
    order.sort_by_key(|&i| (bodies[i].id, i));
    order.windows(2).find(|pair| bodies[pair[0]].id == bodies[pair[1]].id).map(|pair| (pair[0], pair[1]))
}

/// Two bodies at one place of which one has mass; the pair with the lowest indices.
fn same_position(bodies: &[Body]) -> Option<(usize, usize)> {
    let key = |i: usize| bodies[i].position.map(|x| x + 0.0);
    let mut order: Vec<usize> = (0..bodies.len()).collect();
    order.sort_by(|&i, &j| {
        let a = key(i);
        let b = key(j);
        a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])).then(a[2].total_cmp(&b[2])).then(i.cmp(&j))
    });
    let groups = order.chunk_by(|&i, &j| key(i) == key(j)).filter(|group| group.len() > 1);
    groups
        .filter_map(|group| {
            let massive = *group.iter().find(|&&i| bodies[i].mass > 0.0)?;
            let other = *group.iter().find(|&&i| i != massive)?;
            Some((massive.min(other), massive.max(other)))
        })
        .min()
}

/// Moves bodies to the frame in which the centre of mass rests at the origin.
///
/// Sums run in the order of the list and are compensated, so that they are good to rounding and the same on every rank.
///
/// # Errors
/// If there is no mass.
pub fn move_to_barycentre(bodies: &mut [Body]) -> Result<()> {
    let mut sums = [Compensated::default(); 7];
    for body in bodies.iter() {
        let weighted = body.position.iter().chain(&body.velocity).map(|x| body.mass * x);
        sums[0].add(body.mass);
        sums[1..].iter_mut().zip(weighted).for_each(|(sum, term)| sum.add(term));
    }
    let mass = sums[0].total();
    if mass <= 0.0 {
        return Err(Error::input("initial", "all masses are zero: there is no centre of mass"));
    }
    for body in bodies {
        for k in 0..3 {
            body.position[k] -= sums[1 + k].total() / mass;
            body.velocity[k] -= sums[4 + k].total() / mass;
        }
    }
    Ok(())
}

/// A sum that keeps what rounding takes from it (Neumaier 1974).
#[derive(Clone, Copy, Debug, Default)]
struct Compensated {
    sum: f64,
    lost: f64,
}

impl Compensated {
    #[inline]
    fn add(&mut self, term: f64) {
        let next = self.sum + term;
        let (large, small) = if self.sum.abs() >= term.abs() { (self.sum, term) } else { (term, self.sum) };
        self.lost += (large - next) + small;
        self.sum = next;
    }

    fn total(self) -> f64 {
        self.sum + self.lost
    }
}

/// Bodies `range` of `n` equal masses that add up to `mass`, whose states `draw` gives; all `n` have their centre at
/// rest at the origin.
///
/// Every rank draws all `n` states for the centre, in index order and with compensated sums: under half a microsecond a
/// body, once, with neither messages nor memory, and the same bits on any number of ranks.
fn centred(n: u64, mass: f64, range: Range<u64>, draw: impl Fn(u64) -> ([f64; 3], [f64; 3])) -> Vec<Body> {
    assert!(range.end <= n, "bodies {range:?} of {n}");
    let mut sums = [Compensated::default(); 6];
    for index in 0..n {
        let (position, velocity) = draw(index);
        sums.iter_mut().zip(position.into_iter().chain(velocity)).for_each(|(sum, term)| sum.add(term));
    }
    let centre = sums.map(|sum| sum.total() / n as f64);
    let body = |index| {
        let (position, velocity) = draw(index);
        Body {
            id: index,
            mass: mass / n as f64,
            position: std::array::from_fn(|k| position[k] - centre[k]),
            velocity: std::array::from_fn(|k| velocity[k] - centre[3 + k]),
            ..Body::default()
        }
    };
    range.map(body).collect()
}

/// Refuses a parameter of a model that must be positive.
fn must_be_positive(key: &str, value: f64) -> Result<()> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(Error::input(format!("initial.{key}"), format!("{value} is not allowed: it must be positive and finite")))
    }
}

#[cfg(test)]
mod tests;
