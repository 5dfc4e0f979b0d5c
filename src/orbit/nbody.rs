//! Companions that pull on each other: bodies followed from the first epoch on by [`ias15`](crate::nbody::ias15).
//!
//! As orbitize's N-body model: the elements of a companion are those of its orbit about the centre of mass of the star and the companions
//! before it (Jacobi's coordinates, in the order of the companions) at the first epoch of the data; offsets are from the star; velocities are
//! about the centre of mass of all. Epochs before the first one, of predictions, are reached backwards.

use std::f64::consts::TAU;

use super::likelihood::{BLOCK, Group};
use super::model::{AU_KM, GM_SUN_KM, Orbit, Orbits};
use super::observations::{Quantity, VelocityUnit};
use crate::Result;
use crate::base::units::DAY;
use crate::nbody::System;
use crate::nbody::ias15::{Ias15, Ias15Options};
use crate::simd::{Kernel, Lane, Level, Simd};

/// North, east and away.
type Vector = [f64; 3];

/// What follows bodies at the epochs of some groups.
#[derive(Clone, Debug)]
pub(super) struct Tracker {
    /// Each epoch of each group once: days since the reference epoch, the group and the place in it; those from the start on in their order, then
    /// those before it backwards.
    stops: Vec<(f64, usize, usize)>,
    /// How many of them are not before the start.
    onwards: usize,
    /// The epoch of the elements, days since the reference epoch.
    start: f64,
    unit: VelocityUnit,
}

impl Tracker {
    /// A tracker of these groups' epochs.
    pub(super) fn new(groups: &[Group], start: f64, unit: VelocityUnit) -> Self {
        let mut stops = Vec::new();
        for (place, group) in groups.iter().enumerate() {
            stops.extend(group.times.iter().enumerate().map(|(at, &time)| (time, place, at)));
        }
        let (mut onwards, mut before): (Vec<_>, Vec<_>) = stops.into_iter().partition(|(time, ..)| *time >= start);
        onwards.sort_by(|a, b| a.0.total_cmp(&b.0));
        before.sort_by(|a, b| b.0.total_cmp(&a.0));
        let count = onwards.len();
        onwards.extend(before);
        Tracker { stops: onwards, onwards: count, start, unit }
    }

    /// Columns for each group, as [`State::tracks`](super::likelihood::State) takes them.
    ///
    /// # Errors
    /// Bodies that come so close that the integrator's step vanishes.
    pub(super) fn follow(&self, orbits: &Orbits, groups: &[Group]) -> Result<Vec<Vec<Vec<f64>>>> {
        let columns = |group: &Group| {
            vec![vec![0.0; group.times.len()]; if group.quantity == Quantity::Velocity { 1 } else { 2 }]
        };
        let mut tracks: Vec<Vec<Vec<f64>>> = groups.iter().map(columns).collect();
        let system = initial(orbits, self.start);
        let (onwards, before) = self.stops.split_at(self.onwards);
        self.run(system.clone(), 1.0, onwards, orbits, groups, &mut tracks)?;
        if !before.is_empty() {
            let mut backwards = system;
            backwards.velocity.iter_mut().for_each(|velocity| *velocity = velocity.map(|v| -v));
            self.run(backwards, -1.0, before, orbits, groups, &mut tracks)?;
        }
        Ok(tracks)
    }

    /// Takes a system along some stops, forwards or backwards in time.
    fn run(
        &self,
        system: System,
        direction: f64,
        stops: &[(f64, usize, usize)],
        orbits: &Orbits,
        groups: &[Group],
        tracks: &mut [Vec<Vec<f64>>],
    ) -> Result<()> {
        let mut integrator = Ias15::new(&system, &Ias15Options::default())?;
        let mut now = system;
        for &(time, place, at) in stops {
            let goal = direction * (time - self.start);
            if goal > integrator.elapsed() {
                while goal > integrator.elapsed() {
                    integrator.step(goal - integrator.elapsed())?;
                }
                now = integrator.system();
            }
            let object = groups[place].object;
            if groups[place].quantity == Quantity::Velocity {
                let scale = direction * self.unit.per_km_per_s() * AU_KM / DAY;
                tracks[place][0][at] = scale * now.velocity[object][2];
            } else {
                let [north, east, _] = difference(now.position[object], now.position[0]);
                tracks[place][0][at] = orbits.parallax * east;
                tracks[place][1][at] = orbits.parallax * north;
            }
        }
        Ok(())
    }
}

/// Star and companions about their centre of mass, in au, days and Gaussian units of mass (G m in au^3/day^2), so many days after the
/// reference epoch.
fn initial(orbits: &Orbits, time: f64) -> System {
    let gm = GM_SUN_KM / (AU_KM * AU_KM * AU_KM) * DAY * DAY;
    let mut system = System { gm: vec![gm * orbits.star_mass], position: vec![[0.0; 3]], velocity: vec![[0.0; 3]] };
    let mut inside = orbits.star_mass;
    for orbit in orbits.all() {
        let [centre, drift] = mean_state(&system);
        inside += orbit.mass;
        let [position, velocity] = relative_state(orbit, inside, time);
        system.gm.push(gm * orbit.mass);
        system.position.push(std::array::from_fn(|k| centre[k] + position[k]));
        system.velocity.push(std::array::from_fn(|k| drift[k] + velocity[k]));
    }
    let [centre, drift] = mean_state(&system);
    system.position.iter_mut().for_each(|position| *position = difference(*position, centre));
    system.velocity.iter_mut().for_each(|velocity| *velocity = difference(*velocity, drift));
    system
}

/// Position and velocity of the centre of mass.
fn mean_state(system: &System) -> [Vector; 2] {
    let total: f64 = system.gm.iter().sum();
    let mean =
        |of: &[Vector]| std::array::from_fn(|k| system.gm.iter().zip(of).map(|(gm, v)| gm * v[k]).sum::<f64>() / total);
    [mean(&system.position), mean(&system.velocity)]
}

/// A companion from the centre of mass `inside` its orbit: au and au/day.
fn relative_state(orbit: &Orbit, inside: f64, time: f64) -> [Vector; 2] {
    // The rate of the mass inside by order, which need not be that by size.
    let rate = orbit.rate * (inside / orbit.inside).sqrt();
    let moved = Orbit { rate, ..*orbit };
    let [x, y] = Level::Portable.run(Ellipse(&moved, time));
    // r/a = 1 - e cos E,  dE/dt = n a/r,  dX/dE = -sin E,  dY/dE = √(1 - e²) cos E
    let radius = 1.0 - orbit.e * (x + orbit.e);
    let speed = TAU * rate / radius;
    let vx = -speed * y / orbit.minor;
    let vy = speed * orbit.minor * (x + orbit.e);
    let along = |x: f64, y: f64| [orbit.north, orbit.east, orbit.away].map(|[c, d]| c * x + d * y);
    [along(x, y), along(vx, vy)]
}

fn difference(a: Vector, b: Vector) -> Vector {
    std::array::from_fn(|k| a[k] - b[k])
}

/// X and Y of an orbit at a time.
struct Ellipse<'a>(&'a Orbit, f64);

impl Kernel for Ellipse<'_> {
    type Output = [f64; 2];

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> [f64; 2] {
        let [x, y] = self.0.ellipse(simd, S::Eight::splat(simd, self.1));
        let mut first = [0.0; BLOCK];
        let mut second = [0.0; BLOCK];
        x.store(&mut first);
        y.store(&mut second);
        [first[0], second[0]]
    }
}
