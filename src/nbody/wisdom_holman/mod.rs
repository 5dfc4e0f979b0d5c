//! The symplectic map of Wisdom & Holman (1991): planets on Kepler orbits that kick each other.
//!
//! For systems with a dominant central body and without close encounters: the error of the energy stays bounded over
//! any number of steps, at twenty or more steps per shortest orbit. In order:
//!
//! 1. `coordinates`: Jacobi coordinates, body 0 being central, the others in the order given (from the inside out).
//! 2. `corrector`: real coordinates become the map's, by a symplectic corrector (Wisdom, Holman & Touma 1996; Wisdom
//!    2006).
//! 3. A step is half a drift along the Kepler orbits, a kick by all interactions, half a drift. Half drifts of
//!    neighbouring steps are merged, so the state kept is half a drift ahead; `kick` and `drift` do it, eight bodies
//!    side by side (`planets`, `block`), and hand the orbits that need care to `kepler`.
//! 4. [`WisdomHolman::synchronised`] takes a copy back: minus half a drift, the corrector's inverse, inertial
//!    coordinates.
//! 5. `variational`: the map's own tangent, for the chaos indicator MEGNO.
//!
//! Rounding errors of the energy grow as a random walk (Rein & Tamayo 2015): about 2e-17 of it times the root of the
//! number of steps, for a planet of eccentricity 0.05 at 100 steps per orbit. The bits are the same at every SIMD
//! level. Left out: changing the step (make a new map of the synchronised system), forces other than Newton's,
//! collisions.
//!
//! A map is a value on one rank; to run it on many, run it replicated, or many of them as tasks.

mod block;
mod coordinates;
mod corrector;
mod drift;
mod kepler;
mod kick;
mod planets;
#[cfg(test)]
mod tests;
mod variational;

use self::coordinates::{Jacobi, enclosed};
use self::corrector::{Part, corrector, inverse, orders};
use self::kepler::Relative;
use self::planets::Planets;
use self::variational::Variation;
use super::elements::Elements;
use super::megno::Megno;
use super::system::System;
use crate::base::error::{Error, Result};
use crate::nbody::vector::dot;
use crate::simd::Level;
use std::f64::consts::TAU;

type Vector = [f64; 3];

/// A system of bodies that moves by the map of Wisdom and Holman, with a fixed step.
#[derive(Clone, Debug)]
pub struct WisdomHolman {
    gm: Vec<f64>,
    dt: f64,
    corrector: u32,
    steps: u64,
    /// Position at the start, and velocity, of the centre of mass.
    centre: [Vector; 2],
    /// Half a drift ahead, in the map's coordinates.
    planets: Planets,
    variation: Option<Variation>,
}

impl WisdomHolman {
    /// The map with steps of `dt` (negative: backwards), starting from `system`.
    ///
    /// Body 0 is the central one; the others may have any gravitational parameter, zero too. `corrector` is the order
    /// of the symplectic corrector: 0 (none), 3, 5, 7, 11 or 17. It costs nothing per step, and (its order - 1) times 5
    /// kicks and drifts at the start and at each output.
    ///
    /// # Errors
    /// No body; body 0 without mass; a negative gravitational parameter; a number that is not finite; a body in the
    /// centre of mass of those before it; a step of zero; an order that does not exist.
    pub fn new(system: &System, dt: f64, corrector: u32) -> Result<Self> {
        check(system, dt, corrector)?;
        let jacobi = Jacobi::of(system);
        let mut planets = Planets::new(&system.gm, &jacobi, Level::detect());
        apply(&mut planets, &self::corrector(corrector, dt))?;
        planets.advance(None, Some(0.5 * dt))?;
        Ok(Self { gm: system.gm.clone(), dt, corrector, steps: 0, centre: jacobi.centre, planets, variation: None })
    }

    /// The step that is this part of the shortest orbit of `system`; of an eccentric one, of the period that it would have
    /// were it as fast all around as at periapsis. Infinite where no body is bound.
    ///
    /// # Errors
    /// No body but body 0.
    pub fn step_of(system: &System, steps_per_orbit: f64) -> Result<f64> {
        if system.len() < 2 {
            return Err(Error::input("steps per orbit", "there is no body that goes round body 0"));
        }
        let jacobi = Jacobi::of(system);
        let states = jacobi.position.into_iter().zip(jacobi.velocity);
        let times = states.zip(enclosed(&system.gm).into_iter().skip(1)).map(|((position, velocity), mu)| {
            let orbit = Elements::from_state(mu, position, velocity);
            // 2π q / v_q = P (1 - e) √((1 - e)/(1 + e)), q the distance and v_q the speed at periapsis.
            orbit.period(mu) * ((1.0 - orbit.e) / (1.0 + orbit.e)).sqrt() * (1.0 - orbit.e)
        });
        Ok(times.filter(|time| *time > 0.0).fold(f64::INFINITY, f64::min) / steps_per_orbit)
    }

    /// Of each body but body 0 the time in which it would go round were it as fast all around as at periapsis: its period or, where it
    /// is eccentric, less. Infinite where it has left periapsis for good. A step should be shorter than a tenth of each.
    pub fn passages(system: &System) -> Vec<f64> {
        let jacobi = Jacobi::of(system);
        let states = jacobi.position.into_iter().zip(jacobi.velocity);
        let passage = |((position, velocity), mu): ((Vector, Vector), f64)| {
            let orbit = Elements::from_state(mu, position, velocity);
            let q = orbit.a * (1.0 - orbit.e);
            let leaves = orbit.e >= 1.0 && dot(position, velocity) > 0.0;
            // 2π q / v_q with v_q² = mu (1 + e)/q.
            if leaves { f64::INFINITY } else { TAU * (q * q * q / (mu * (1.0 + orbit.e))).sqrt() }
        };
        states.zip(enclosed(&system.gm).into_iter().skip(1)).map(passage).collect()
    }

    /// Adds a deviation vector in a random direction that depends on `seed`, and MEGNO from here on.
    pub fn with_megno(mut self, seed: u64) -> Self {
        self.variation = Some(Variation::new(&self.gm, &self.planets, seed));
        self
    }

    /// One step.
    ///
    /// # Errors
    /// A body at the centre of its Kepler orbit, or whose state is not finite.
    #[inline]
    pub fn step(&mut self) -> Result<()> {
        match self.variation.take() {
            None => self.planets.advance(Some(self.dt), Some(self.dt))?,
            Some(variation) => self.step_with_variation(variation)?,
        }
        self.steps += 1;
        Ok(())
    }

    fn step_with_variation(&mut self, mut variation: Variation) -> Result<()> {
        // Each part of the tangent is taken at the state that the map's own part starts from.
        let before = variation.length2();
        variation.kick(&self.planets, self.dt);
        self.planets.advance(Some(self.dt), None)?;
        let solved = variation.drift(&self.planets, self.dt);
        self.planets.advance(None, Some(self.dt))?;
        variation.count(before, self.dt);
        self.variation = Some(variation);
        solved.ok_or_else(|| Error::Numerics {
            method: "Wisdom-Holman map",
            reason: "the variational equations have no solution: a body is at the centre of its orbit".into(),
        })
    }

    /// The system after the steps taken: a synchronised copy, in real coordinates; the map's state stays.
    ///
    /// After no step it is what [`new`](WisdomHolman::new) was given, but for rounding.
    ///
    /// # Errors
    /// A body that meets the centre of its orbit on the way back.
    pub fn synchronised(&self) -> Result<System> {
        let mut planets = self.planets.clone();
        planets.advance(None, Some(-0.5 * self.dt))?;
        apply(&mut planets, &inverse(&corrector(self.corrector, self.dt)))?;
        Ok(planets.jacobi(self.centre_after(0.0)).system(&self.gm))
    }

    /// The state that the next step kicks: half a step ahead of [`synchronised`](WisdomHolman::synchronised), in the
    /// map's coordinates, which differ from the real ones by the order of the planets' masses.
    ///
    /// Costs no more than a change of coordinates: for watching distances at every step.
    pub fn ahead(&self) -> System {
        self.planets.jacobi(self.centre_after(0.5)).system(&self.gm)
    }

    /// Jacobi place and velocity of each body but body 0, in the state of [`ahead`](WisdomHolman::ahead).
    pub fn jacobi_ahead(&self) -> impl Iterator<Item = [[f64; 3]; 2]> + '_ {
        (0..self.planets.len()).map(|i| self.planets.body(i)).map(|body| [body.position, body.velocity])
    }

    fn centre_after(&self, part_of_step: f64) -> [Vector; 2] {
        let time = (self.steps as f64 + part_of_step) * self.dt;
        let [position, velocity] = self.centre;
        [std::array::from_fn(|k| position[k] + time * velocity[k]), velocity]
    }

    /// The step.
    pub fn dt(&self) -> f64 {
        self.dt
    }

    /// The order of the symplectic corrector; 0 for none.
    pub fn corrector(&self) -> u32 {
        self.corrector
    }

    /// How many steps were taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// MEGNO and the Lyapunov exponent so far, if [`with_megno`](WisdomHolman::with_megno) asked for them. Time counts
    /// forwards also where the step is negative.
    pub fn megno(&self) -> Option<&Megno> {
        self.variation.as_ref().map(|variation| &variation.megno)
    }

    /// The raw state, as numbers: all that the next step reads.
    pub fn save(&self) -> Vec<f64> {
        let has_megno = f64::from(u8::from(self.variation.is_some()));
        let mut state = vec![self.gm.len() as f64, has_megno, self.dt, f64::from(self.corrector), self.steps as f64];
        state.extend(self.centre.as_flattened());
        state.extend(&self.gm);
        (0..self.planets.len()).flat_map(|i| self.planets.body_and_rest(i)).for_each(|body| body.save(&mut state));
        if let Some(variation) = &self.variation {
            variation.save(&mut state);
        }
        state
    }

    /// The map whose [`save`](WisdomHolman::save) wrote `state`: it goes on with the same bits.
    ///
    /// # Errors
    /// Numbers that `save` didn't write.
    pub fn load(state: &[f64]) -> Result<Self> {
        let mut numbers = Numbers(state);
        let [bodies, has_megno, dt, corrector, steps] = numbers.take()?;
        let centre = [numbers.take()?, numbers.take()?];
        let gm = (0..bodies as usize).map(|_| numbers.take().map(|[gm]| gm)).collect::<Result<Vec<f64>>>()?;
        if gm.is_empty() {
            return Err(not_saved());
        }
        let zero = vec![[0.0; 3]; gm.len() - 1];
        let at_zero = Jacobi { position: zero.clone(), velocity: zero, centre };
        let mut planets = Planets::new(&gm, &at_zero, Level::detect());
        for i in 0..planets.len() {
            planets.put(i, [numbers.relative()?, numbers.relative()?]);
        }
        let variation = (has_megno == 1.0).then(|| Variation::load(&mut numbers, &gm)).transpose()?;
        let whole = numbers.0.is_empty();
        let map = Self { gm, dt, corrector: corrector as u32, steps: steps as u64, centre, planets, variation };
        if whole { Ok(map) } else { Err(not_saved()) }
    }
}

/// What is left to read of a saved state.
struct Numbers<'a>(&'a [f64]);

impl Numbers<'_> {
    fn take<const N: usize>(&mut self) -> Result<[f64; N]> {
        let (first, rest) = self.0.split_first_chunk().ok_or_else(not_saved)?;
        self.0 = rest;
        Ok(*first)
    }

    fn relative(&mut self) -> Result<Relative> {
        Ok(Relative { position: self.take()?, velocity: self.take()? })
    }
}

fn not_saved() -> Error {
    Error::input("state of the Wisdom-Holman map", "these are not the numbers that one was saved as")
}

impl Relative {
    fn save(self, to: &mut Vec<f64>) {
        to.extend(self.position);
        to.extend(self.velocity);
    }
}

impl Variation {
    fn save(&self, to: &mut Vec<f64>) {
        to.push(self.time_scale);
        self.deviation.iter().for_each(|deviation| deviation.save(to));
        self.megno.save(to);
    }

    fn load(from: &mut Numbers, gm: &[f64]) -> Result<Self> {
        let [time_scale] = from.take()?;
        let deviation = gm[1..].iter().map(|_| from.relative()).collect::<Result<_>>()?;
        Ok(Self::at(gm, deviation, Megno::load(&from.take()?), time_scale))
    }
}

fn apply(planets: &mut Planets, parts: &[Part]) -> Result<()> {
    parts.iter().try_for_each(|part| match *part {
        Part::Drift(dt) => planets.advance(None, Some(dt)),
        Part::Kick(dt) => planets.advance(Some(dt), None),
    })
}

fn check(system: &System, dt: f64, corrector: u32) -> Result<()> {
    let System { gm, position, velocity } = system;
    if corrector != 0 && orders().all(|order| order != corrector) {
        let known: Vec<String> = orders().map(|order| order.to_string()).collect();
        let reason = format!("order {corrector} does not exist: use 0 (none) or one of {}", known.join(", "));
        return Err(Error::input("corrector", reason));
    }
    if dt == 0.0 || !dt.is_finite() {
        return Err(Error::input("dt", format!("the step is {dt}: it must be a finite number other than zero")));
    }
    if gm.first().is_none_or(|&central| central <= 0.0) {
        return Err(Error::input("body 0", "the central body of the Wisdom-Holman map must have a mass above zero"));
    }
    for (i, ((gm, x), v)) in gm.iter().zip(position).zip(velocity).enumerate() {
        let finite = x.iter().chain(v).chain([gm]).all(|number| number.is_finite());
        if !finite || *gm < 0.0 {
            let reason = format!("gm {gm}, position {x:?}, velocity {v:?}: all must be finite, and gm not negative");
            return Err(Error::input(format!("body {i}"), reason));
        }
    }
    match Jacobi::of(system).position.iter().position(|x| *x == [0.0; 3]) {
        Some(i) => Err(Error::input(format!("body {}", i + 1), "it is in the centre of mass of the bodies before it")),
        None => Ok(()),
    }
}
