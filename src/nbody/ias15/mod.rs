//! IAS15: few bodies to machine precision, by a 15th-order Gauss-Radau scheme that chooses its step.
//!
//! Everhart 1985; Rein & Spiegel 2015, MNRAS 446, 1424; the step from Pham, Rein & Spiegel 2024, OJAp 7, 1. A step:
//!
//! 1. the acceleration over the step is a polynomial of degree 7 in time; the last step's, continued, is the first guess;
//! 2. passes over the seven nodes inside the step, each moving the bodies by the polynomial and bringing the polynomial
//!    through the force found there, until a pass would change it by less than the force's own rounding (two as a rule);
//! 3. the next step from the shortest time in which an acceleration changes; a step found far too long is done again;
//! 4. positions and velocities move by the quadrature of the accelerations, in sums that lose nothing.
//!
//! What is random in the energy is then the rounding of the force alone, and it grows as a random walk. Forces: Newton,
//! softened if wanted (Plummer), with external potentials if wanted, or Newton and the first post-Newtonian terms. Bodies without mass feel and are not felt.
//! With variational equations it measures chaos: [`Ias15::with_megno`].
//!
//! All ranks compute the same; nothing here communicates. It computes in vectors of eight bodies, with the same bits on
//! each instruction set. Collisions are left to the caller, who sees [`Ias15::system`] after each step.

mod attempt;
mod coefficients;
mod column;
pub(super) mod force;
pub(super) mod lanes;
pub mod post_newtonian;
#[cfg(test)]
mod tests;
mod trajectories;
mod variational;

use super::potential::{External, Potential};
use super::system::System;
use super::vector::norm;
use crate::simd::{Kernel, Level, Simd};
use crate::{Error, Result};
use force::Source;
use lanes::WIDTH;
use post_newtonian::PostNewtonian;
use trajectories::Trajectories;
use variational::Variation;

/// Where lanes without a body stand: so far away that their accelerations are next to nothing, in any units.
const NOWHERE: f64 = 1e60;

/// What to integrate and how finely.
#[derive(Clone, Debug, PartialEq)]
pub struct Ias15Options {
    /// How much of the acceleration the last term of its polynomial may make up over a step: the step is
    /// (5040 epsilon)^(1/7) of the time in which an acceleration changes.
    pub epsilon: f64,
    /// The length eps of Plummer's softening: forces as 1 / (r^2 + eps^2)^(3/2). Zero for none.
    pub softening: f64,
    /// The speed of light, length/time, for first post-Newtonian forces; `None` for Newton alone.
    pub post_newtonian: Option<f64>,
}

impl Default for Ias15Options {
    fn default() -> Self {
        Ias15Options { epsilon: 1e-9, softening: 0.0, post_newtonian: None }
    }
}

/// The bodies and what the next step reads.
#[derive(Clone, Debug)]
pub struct Ias15 {
    gm: Vec<f64>,
    sources: Vec<Source>,
    bodies: Trajectories,
    softening: f64,
    post_newtonian: Option<PostNewtonian>,
    variation: Option<Variation>,
    external: External,
    level: Level,
    fraction: f64,
    proposed: f64,
    last: f64,
    elapsed: f64,
}

impl Ias15 {
    /// An integrator of `system`, at time zero of its own.
    ///
    /// # Errors
    /// Options out of range; no bodies; numbers that are not finite; a negative mass; two bodies at one place without
    /// softening; softening together with post-Newtonian forces.
    pub fn new(system: &System, options: &Ias15Options) -> Result<Self> {
        check_options(options)?;
        check_system(system)?;
        let bodies = Trajectories::new(system.position.iter().zip(&system.velocity).map(|(&r, &v)| [r, v]), NOWHERE);
        let mut integrator = Ias15::at_rest(system.gm.clone(), bodies, options);
        integrator.proposed = first_step(system, options.softening)?;
        Ok(integrator)
    }

    fn at_rest(gm: Vec<f64>, bodies: Trajectories, options: &Ias15Options) -> Self {
        let attracting = gm.iter().enumerate().filter(|&(_, &gm)| gm > 0.0);
        let sources: Vec<Source> =
            attracting.map(|(body, &gm)| Source { block: body / WIDTH, lane: body % WIDTH, gm }).collect();
        let blocks = gm.len().div_ceil(WIDTH);
        Ias15 {
            post_newtonian: options.post_newtonian.map(|light| PostNewtonian::new(light, blocks, sources.len())),
            gm,
            sources,
            bodies,
            softening: options.softening,
            variation: None,
            external: External::default(),
            level: Level::detect(),
            fraction: libm::pow(5040.0 * options.epsilon, 1.0 / 7.0),
            proposed: 0.0,
            last: 0.0,
            elapsed: 0.0,
        }
    }

    /// Carries a deviation along, drawn from `seed`, for [`megno`](Ias15::megno) and [`lyapunov`](Ias15::lyapunov).
    ///
    /// # Errors
    /// With post-Newtonian forces, whose derivatives are not here.
    pub fn with_megno(mut self, seed: u64) -> Result<Self> {
        if self.post_newtonian.is_some() {
            return Err(Error::input("megno", "works with Newtonian forces only; leave out post-Newtonian ones"));
        }
        self.variation = Some(Variation::new(seed, self.gm.len()));
        Ok(self)
    }

    /// Lets external potentials act on the bodies too; to be called before the first step, and after [`load`](Ias15::load).
    ///
    /// Not together with post-Newtonian forces or a deviation, which don't know them.
    pub fn with_external(mut self, external: External) -> Self {
        if self.elapsed == 0.0 {
            // A hundredth of the time in which the pull on a body changes along its path.
            for body in 0..self.gm.len() {
                let [position, velocity] = self.bodies.state(body);
                let pull = norm(external.acceleration(position));
                let change = norm(external.jerk(position, velocity));
                let falls = (norm(position) / pull).sqrt();
                let step = 0.01 * (pull / change).min(falls);
                if step < self.proposed {
                    self.proposed = step;
                }
            }
        }
        self.external = external;
        self
    }

    /// Takes one step of at most `dt_max` (positive; infinite for no limit) and returns it.
    ///
    /// A step cut short by `dt_max` leaves the proposal for the following one as it was.
    ///
    /// # Errors
    /// A step that no longer advances the time, with the two bodies that are closest; numbers that are not finite.
    pub fn step(&mut self, dt_max: f64) -> Result<f64> {
        self.level.run(Step { integrator: self, dt_max })
    }

    /// The time since the integrator was made.
    pub fn elapsed(&self) -> f64 {
        self.elapsed
    }

    /// The step that the next call would like to take.
    pub fn proposed_step(&self) -> f64 {
        self.proposed
    }

    /// The bodies after the last step.
    pub fn system(&self) -> System {
        let mut system = System { gm: self.gm.clone(), ..System::default() };
        for body in 0..self.gm.len() {
            let [position, velocity] = self.bodies.state(body);
            system.position.push(position);
            system.velocity.push(velocity);
        }
        system
    }

    /// The largest speed of a body after the last step, length/time.
    pub fn fastest(&self) -> f64 {
        (0..self.gm.len()).map(|body| norm(self.bodies.state(body)[1])).fold(0.0, f64::max)
    }

    /// `<Y>`, the mean exponential growth of nearby orbits: 2 for regular motion, growing with time for chaotic motion.
    /// Zero without [`with_megno`](Ias15::with_megno).
    pub fn megno(&self) -> f64 {
        self.variation.as_ref().map_or(0.0, |variation| variation.megno().mean())
    }

    /// The largest Lyapunov exponent, 1/time, from the growth of `<Y>`. Zero without [`with_megno`](Ias15::with_megno).
    pub fn lyapunov(&self) -> f64 {
        self.variation.as_ref().map_or(0.0, |variation| variation.megno().lyapunov())
    }

    /// All that the next step reads, as plain numbers.
    pub fn save(&self) -> Vec<f64> {
        let carries_variation = f64::from(u8::from(self.variation.is_some()));
        let mut state = vec![self.gm.len() as f64, carries_variation, self.proposed, self.last, self.elapsed];
        state.extend(&self.gm);
        self.bodies.save(&mut state);
        if let Some(variation) = &self.variation {
            variation.save(&mut state);
        }
        state
    }

    /// The integrator that [`save`](Ias15::save) wrote; it goes on with the same bits.
    ///
    /// # Errors
    /// Options out of range; a state of another length than it says.
    pub fn load(state: &[f64], options: &Ias15Options) -> Result<Self> {
        check_options(options)?;
        let wrong = || Error::input("the state of IAS15", format!("{} numbers are not what was saved", state.len()));
        let ([bodies, carries_variation, proposed, last, elapsed], rest) =
            state.split_first_chunk().ok_or_else(wrong)?;
        let bodies = *bodies as usize;
        let carries_variation = *carries_variation != 0.0;
        let expected = bodies.saturating_mul(1 + Trajectories::STATE)
            + if carries_variation { Variation::state_length(bodies) } else { 0 };
        if rest.len() != expected {
            return Err(wrong());
        }
        let (gm, rest) = rest.split_at(bodies);
        let (orbits, rest) = rest.split_at(bodies * Trajectories::STATE);
        let nowhere = Trajectories::new(std::iter::repeat_n([[0.0; 3]; 2], bodies), NOWHERE);
        let mut integrator = Ias15::at_rest(gm.to_vec(), nowhere, options);
        integrator.bodies.load(orbits);
        integrator.variation = carries_variation.then(|| Variation::load(rest, bodies));
        integrator.proposed = *proposed;
        integrator.last = *last;
        integrator.elapsed = *elapsed;
        Ok(integrator)
    }
}

/// One step, compiled for each instruction set.
struct Step<'a> {
    integrator: &'a mut Ias15,
    dt_max: f64,
}

impl Kernel for Step<'_> {
    type Output = Result<f64>;

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) -> Result<f64> {
        self.integrator.take_step(self.dt_max)
    }
}

fn check_options(options: &Ias15Options) -> Result<()> {
    let Ias15Options { epsilon, softening, post_newtonian } = *options;
    if !(epsilon > 0.0 && epsilon < 1e-3) {
        return Err(Error::input("epsilon", format!("{epsilon} must be above 0 and below 0.001")));
    }
    if !(softening >= 0.0 && softening.is_finite()) {
        return Err(Error::input("softening", format!("{softening} must be a length, zero or above")));
    }
    match post_newtonian {
        Some(light) if !(light > 0.0 && light.is_finite()) => {
            Err(Error::input("the speed of light", format!("{light} must be above 0")))
        }
        Some(_) if softening > 0.0 => {
            Err(Error::input("softening", "post-Newtonian forces have none: set it to 0 or leave them out"))
        }
        _ => Ok(()),
    }
}

fn check_system(system: &System) -> Result<()> {
    let bodies = system.len();
    if bodies == 0 || system.position.len() != bodies || system.velocity.len() != bodies {
        return Err(Error::input(
            "bodies",
            format!("{bodies} masses need as many positions and velocities, at least 1"),
        ));
    }
    for (body, &gm) in system.gm.iter().enumerate() {
        if !(gm >= 0.0 && gm.is_finite()) {
            return Err(Error::input(format!("body {body}"), format!("G m = {gm} must be zero or above")));
        }
        let values = [system.position[body], system.velocity[body]];
        if !values.as_flattened().iter().all(|value| value.is_finite()) {
            return Err(Error::input(
                format!("body {body}"),
                format!("position and velocity {values:?} must be finite"),
            ));
        }
    }
    Ok(())
}

/// A cautious first step: a hundredth of the shortest time in which two bodies fall together or pass each other;
/// infinite where no body attracts another.
fn first_step(system: &System, softening: f64) -> Result<f64> {
    let mut shortest = f64::INFINITY;
    for i in 0..system.len() {
        for j in (0..i).filter(|&j| system.gm[i] + system.gm[j] > 0.0) {
            let squared = |a: [f64; 3], b: [f64; 3]| (0..3).map(|k| (a[k] - b[k]) * (a[k] - b[k])).sum::<f64>();
            let distance2 = squared(system.position[i], system.position[j]) + softening * softening;
            if distance2 == 0.0 {
                return Err(Error::input(
                    format!("bodies {j} and {i}"),
                    "are at one place: move one or soften gravity",
                ));
            }
            // τ² = d³ / (G m_i + G m_j) for a fall, d² / v² for a passage.
            let fall = distance2 * distance2.sqrt() / (system.gm[i] + system.gm[j]);
            let pass = distance2 / squared(system.velocity[i], system.velocity[j]);
            shortest = shortest.min(fall).min(pass);
        }
    }
    Ok(0.01 * shortest.sqrt())
}
