//! How a step is taken: attempts until one is accurate enough.

use super::Ias15;
use super::coefficients::{DIVIDED, NODES, TERMS};
use super::force::{Triple, newton, newton_deviation};
use super::lanes::WIDTH;
use super::trajectories::Timescale;
use crate::nbody::cancellation::{SLIGHT, add_scale, is_rounding};
use crate::nbody::potential::{External, Potential};
use crate::{Error, Result};

/// The change of b_6 that rounding the acceleration alone makes, relative to the acceleration.
const NOISE: f64 = DIVIDED[TERMS - 1] * f64::EPSILON / 2.0;

/// A step whose passes over the nodes haven't converged after this many is done again, half as long.
const PASSES: usize = 12;

/// A last pass that changed b_6 by more than this part of the acceleration has not converged; far more than rounding does.
const UNCONVERGED: f64 = 1e-6;

/// A step this many times longer or shorter than the one before is done again, or held back.
const LEAP: f64 = 4.0;

/// A step cut shorter than this part of the proposed one does not change the proposal: over it, rounding makes the
/// higher derivatives.
const CUT_SHORT: f64 = 1e-3;

/// A proposed step below this part of the time passed no longer advances it.
const SHORTEST: f64 = 1e-15;

/// A polynomial is not continued over a step this many times longer.
const REACH: f64 = 20.0;

impl Ias15 {
    /// [`Ias15::step`], inlined beneath the entry point of each instruction set.
    #[inline(always)]
    pub(super) fn take_step(&mut self, dt_max: f64) -> Result<f64> {
        self.start();
        loop {
            let dt = if self.proposed < dt_max { self.proposed } else { dt_max };
            let advances = self.proposed > SHORTEST * self.elapsed;
            if !(advances && dt > 0.0 && dt < f64::INFINITY) {
                return Err(self.no_step(dt));
            }
            // The polynomial of the last step goes on over this one, unless it would have to reach too far.
            let ratio = if dt < REACH * self.last { dt / self.last } else { 0.0 };
            if self.converge(dt, ratio) > UNCONVERGED {
                self.proposed = 0.5 * dt;
                continue;
            }
            // dt_new = (5040 ε)^(1/7) τ, τ the shortest time in which an acceleration changes (Pham, Rein & Spiegel 2024).
            let timescale = self.bodies.timescale(|_, _| true);
            let mut wanted = self.fraction * dt * timescale.shortest;
            if wanted.is_nan() {
                return Err(Error::Numerics {
                    method: "IAS15",
                    reason: format!("an acceleration is not finite after time {}{}", self.elapsed, self.closest()),
                });
            }
            // Not for a force that is rounding: that changes without limit.
            if wanted < dt {
                wanted = self.fraction * dt * self.resolved_timescale(timescale);
            }
            // Far too long a step: the same again with the one that it asks for.
            if LEAP * wanted < dt {
                self.proposed = wanted;
                continue;
            }
            self.accept(dt, ratio);
            if dt > CUT_SHORT * self.proposed {
                // The next step is at most LEAP times as long.
                let limit = if LEAP * dt > self.proposed { LEAP * dt } else { self.proposed };
                self.proposed = if wanted < limit { wanted } else { limit };
            }
            return Ok(dt);
        }
    }

    /// The shortest time in which an acceleration changes, over dt, of bodies whose forces don't cancel.
    ///
    /// `of_all` is that of all bodies: it holds where the body that has it is accelerated more than slightly.
    #[inline(always)]
    fn resolved_timescale(&self, of_all: Timescale) -> f64 {
        let slight = SLIGHT * self.bodies.largest_acceleration();
        if of_all.acceleration > slight { of_all.shortest } else { self.timescale_without_rounding(slight) }
    }

    #[cold]
    #[inline(never)]
    fn timescale_without_rounding(&self, slight: f64) -> f64 {
        let counts = |body: usize, size: f64| size > slight || !is_rounding(size, self.rounding_scale(body));
        self.bodies.timescale(counts).shortest
    }

    /// What rounding makes of the force on a body where it is at the last node.
    fn rounding_scale(&self, body: usize) -> f64 {
        let place = |block: usize, lane: usize| self.bodies.position[block].map(|column| column.0[lane]);
        let sources = self.sources.iter().map(|source| (place(source.block, source.lane), source.gm));
        let mut scale = 0.0;
        add_scale(&mut scale, place(body / WIDTH, body % WIDTH), self.softening, sources);
        scale
    }

    /// The accelerations at the step's start.
    #[inline(always)]
    fn start(&mut self) {
        self.bodies.go_to_start();
        if let Some(variation) = &mut self.variation {
            variation.orbit.go_to_start();
        }
        self.force(0);
        self.bodies.set_start();
        if let Some(variation) = &mut self.variation {
            variation.orbit.set_start();
        }
    }

    /// Passes over the nodes until one more would change nothing that rounding does not.
    ///
    /// Each pass changes the polynomial by a part of what the one before did; where the next change, foreseen from the
    /// last two, is below the noise of b_6, it is left out. Returns the last change.
    #[inline(always)]
    fn converge(&mut self, dt: f64, ratio: f64) -> f64 {
        self.bodies.predict(ratio);
        if let Some(variation) = &mut self.variation {
            variation.orbit.predict(ratio);
        }
        let mut before = f64::INFINITY;
        for pass in 0..PASSES {
            let change = self.pass(dt);
            // Changes shrink by a constant factor, so the next one would be change²/before; and where rounding is all that is left,
            // they no longer shrink.
            let contracts = pass > 0 && change < before && change * (change / before) < NOISE;
            let stalls = pass > 1 && change >= before;
            if contracts {
                return 0.0;
            }
            before = change;
            if stalls {
                break;
            }
        }
        before
    }

    /// One pass over the nodes; returns the change of b_6 relative to the acceleration.
    #[inline(always)]
    fn pass(&mut self, dt: f64) -> f64 {
        self.bodies.begin_pass();
        if let Some(variation) = &mut self.variation {
            variation.orbit.begin_pass();
        }
        let mut relative = 0.0;
        for node in 1..=TERMS {
            // Predictor: the bodies go where the polynomial has them at this node.
            self.bodies.go_to(node, dt, self.post_newtonian.is_some());
            if let Some(variation) = &mut self.variation {
                variation.orbit.go_to(node, dt, true);
            }
            self.force(node);
            // Corrector: the polynomial goes through the force that was found there.
            let change = self.bodies.correct(node);
            let deviation_change = self.variation.as_mut().map(|variation| variation.orbit.correct(node));
            if node == TERMS {
                // b_6 is the last coefficient to change: how much is what the pass was worth.
                let deviation = deviation_change.map_or(0.0, |change| change.relative());
                relative = change.relative();
                relative = if deviation > relative { deviation } else { relative };
            }
        }
        relative
    }

    /// The accelerations of the bodies, and of the deviation, where they are at `node`.
    #[inline(always)]
    fn force(&mut self, node: usize) {
        let sources = &self.sources[..];
        let bodies = &mut self.bodies;
        let softening2 = self.softening * self.softening;
        // a_i = Σ_j G m_j d / (d² + ε²)^(3/2), d = r_j - r_i; or with the first post-Newtonian terms.
        match &mut self.post_newtonian {
            Some(force) => force.accelerations(sources, &bodies.position, &bodies.velocity, &mut bodies.acceleration),
            None => newton(sources, softening2, &bodies.position, &mut bodies.acceleration),
        }
        if !self.external.is_empty() {
            add_external(&self.external, self.gm.len(), &bodies.position, &mut bodies.acceleration);
        }
        if let Some(variation) = &mut self.variation {
            let orbit = &mut variation.orbit;
            newton_deviation(sources, softening2, &bodies.position, &orbit.position, &mut orbit.acceleration);
            variation.record(node);
        }
    }

    #[inline(always)]
    fn accept(&mut self, dt: f64, ratio: f64) {
        self.bodies.accept(dt, ratio);
        if let Some(variation) = &mut self.variation {
            variation.accept(dt, ratio, &NODES);
        }
        self.last = dt;
        self.elapsed += dt;
    }

    #[cold]
    fn no_step(&self, dt: f64) -> Error {
        let elapsed = self.elapsed;
        let reason = match dt {
            f64::INFINITY => "no body is accelerated and no largest step is given".into(),
            _ if dt <= 0.0 || dt.is_nan() => format!("a step of at most {dt} is asked for; it must be positive"),
            _ => format!("a step of {dt:e} would not advance the time {elapsed:e}{}", self.closest()),
        };
        Error::Numerics { method: "IAS15", reason }
    }

    /// The two bodies closest to each other, for a message.
    fn closest(&self) -> String {
        let place = |body| self.bodies.state(body)[0];
        let distance = |i, j| {
            let (a, b): ([f64; 3], [f64; 3]) = (place(i), place(j));
            (0..3).map(|k| (a[k] - b[k]) * (a[k] - b[k])).sum::<f64>().sqrt()
        };
        let pairs = (0..self.gm.len()).flat_map(|i| (0..i).map(move |j| (j, i)));
        let closest = pairs.map(|(j, i)| (distance(i, j), j, i)).min_by(|a, b| a.0.total_cmp(&b.0));
        closest.map_or(String::new(), |(distance, j, i)| {
            format!(
                "; nearest to each other, {distance:e} apart, are bodies {j} and {i}: where bodies meet, merge or stop at collisions, \
                 or soften gravity"
            )
        })
    }
}

/// Adds the pull of external potentials on each body; lanes without a body stay as they are.
#[cold]
#[inline(never)]
fn add_external(external: &External, bodies: usize, position: &[Triple], acceleration: &mut [Triple]) {
    for body in 0..bodies {
        let block = body / WIDTH;
        let lane = body % WIDTH;
        let pull = external.acceleration(position[block].map(|column| column.0[lane]));
        acceleration[block].iter_mut().zip(pull).for_each(|(column, pull)| column.0[lane] += pull);
    }
}
