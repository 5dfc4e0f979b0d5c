//! How a step is taken: attempts until one is accurate enough.

use super::Ias15;
use super::coefficients::{DIVIDED, NODES, TERMS};
use super::force::{newton, newton_deviation};
use crate::{Error, Result};

/// The change of b_6 that rounding the acceleration alone makes, relative to the acceleration.
const NOISE: f64 = DIVIDED[TERMS - 1] * f64::EPSILON / 2.0;

/// After this many passes over the nodes the polynomial is taken as it is; the step it proposes will be far shorter.
const PASSES: usize = 12;

/// A step this many times longer or shorter than the one before is done again, or held back.
const LEAP: f64 = 4.0;

/// A step cut shorter than this part of the proposed one does not change the proposal: over it, rounding makes the
/// higher derivatives.
const TELLING: f64 = 1e-3;

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
            let ratio = if dt < REACH * self.last { dt / self.last } else { 0.0 };
            self.converge(dt, ratio);
            let wanted = self.fraction * dt * self.bodies.timescale();
            if wanted.is_nan() {
                return Err(Error::Numerics {
                    method: "IAS15",
                    reason: format!("an acceleration is not finite after time {}{}", self.elapsed, self.closest()),
                });
            }
            if LEAP * wanted < dt {
                self.proposed = wanted;
                continue;
            }
            self.accept(dt, ratio);
            if dt > TELLING * self.proposed {
                let limit = if LEAP * dt > self.proposed { LEAP * dt } else { self.proposed };
                self.proposed = if wanted < limit { wanted } else { limit };
            }
            return Ok(dt);
        }
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
    /// last two, is below the noise of b_6, it is left out.
    #[inline(always)]
    fn converge(&mut self, dt: f64, ratio: f64) {
        self.bodies.predict(ratio);
        if let Some(variation) = &mut self.variation {
            variation.orbit.predict(ratio);
        }
        let mut before = f64::INFINITY;
        for pass in 0..PASSES {
            let change = self.pass(dt);
            let contracts = pass > 0 && change < before && change * (change / before) < NOISE;
            let stalls = pass > 1 && change >= before;
            if contracts || stalls {
                break;
            }
            before = change;
        }
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
            self.bodies.go_to(node, dt, self.post_newtonian.is_some());
            if let Some(variation) = &mut self.variation {
                variation.orbit.go_to(node, dt, true);
            }
            self.force(node);
            let change = self.bodies.correct(node);
            let deviation_change = self.variation.as_mut().map(|variation| variation.orbit.correct(node));
            if node == TERMS {
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
        let (sources, bodies) = (&self.sources[..], &mut self.bodies);
        let softening2 = self.softening * self.softening;
        match &mut self.post_newtonian {
            Some(force) => force.accelerations(sources, &bodies.position, &bodies.velocity, &mut bodies.acceleration),
            None => newton(sources, softening2, &bodies.position, &mut bodies.acceleration),
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
            format!(": bodies {j} and {i} are {distance:e} apart; merge or stop at collisions, or soften gravity")
        })
    }
}
