//! Eight trials at once.

use std::f64::consts::TAU;
use std::ops::Range;

use super::draws::{EIGHT, uniforms};
use super::{Accepted, Draw, Ofti, Position, Target};
use crate::orbit::kepler::{mean_of_turns, solve};
use crate::orbit::likelihood::pair_chi2;
use crate::orbit::model::{AU_KM, GM_SUN_KM, unit_period};
use crate::orbit::observations::Quantity;
use crate::orbit::parameters::Slot;
use crate::orbit::prior::quantile;
use crate::simd::functions::{ln, round, sin_cos};
use crate::simd::{Double, Kernel, Simd};

/// [`Ofti::trials`] for lanes of any width.
pub(super) struct Run<'a, 'b> {
    pub ofti: &'a Ofti<'b>,
    pub range: Range<u64>,
    pub accepted: &'a mut Accepted,
}

impl Kernel for Run<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut first = self.range.start;
        while first < self.range.end {
            let trials = Trials::<S::Eight>::draw(simd, self.ofti, first);
            if let Some(chi2) = trials.survivors(simd, self.ofti) {
                let left = (self.range.end - first).min(EIGHT as u64) as usize;
                trials.accept(self.ofti, first, left, chi2, self.accepted);
            }
            first += EIGHT as u64;
        }
    }
}

/// Eight orbits, scaled and rotated.
struct Trials<L> {
    /// The chi^2 that is too much.
    limit: L,
    /// chi^2 so far.
    chi2: L,
    e: L,
    minor: L,
    cos_inc: L,
    periastron: L,
    sin_periastron: L,
    cos_periastron: L,
    sin_node: L,
    cos_node: L,
    sma: L,
    plx: L,
    mtot: L,
    /// Turns since periastron at the target's epoch.
    turns: L,
    /// Turns a day.
    rate: L,
}

impl<L: Double> Trials<L> {
    #[inline(always)]
    fn draw(simd: L::Simd, ofti: &Ofti, first: u64) -> Self {
        let one = L::splat(simd, 1.0);
        let zero = L::splat(simd, 0.0);
        let [acceptance, ecc] = uniforms(ofti.seed, first, 0);
        let [inc, aop] = uniforms(ofti.seed, first, 1);
        let [tau, plx] = uniforms(ofti.seed, first, 2);
        let [mtot, along] = uniforms(ofti.seed, first, 3);
        let [across, _] = uniforms(ofti.seed, first, 4);
        let e = ofti.priors.ecc.of(simd, L::load(simd, &ecc));
        let minor = ((one - e) * (one + e)).sqrt();
        let cos_inc = ofti.priors.inc.cosine(simd, L::load(simd, &inc));
        let periastron = ofti.priors.aop.of(simd, L::load(simd, &aop));
        let (sin_periastron, cos_periastron) = sin_cos(simd, periastron);
        let turns = L::load(simd, &tau) - L::splat(simd, 0.5);
        let plx = ofti.priors.plx.of(simd, L::load(simd, &plx));
        let mtot = ofti.priors.mtot.of(simd, L::load(simd, &mtot));
        let noise = [quantile(simd, L::load(simd, &along)), quantile(simd, L::load(simd, &across))];
        let mut trials = Trials {
            limit: zero,
            chi2: zero,
            e,
            minor,
            cos_inc,
            periastron,
            sin_periastron,
            cos_periastron,
            sin_node: zero,
            cos_node: one,
            sma: one,
            plx,
            mtot,
            turns,
            rate: zero,
        };
        trials.scale_and_rotate(simd, &ofti.target, L::load(simd, &acceptance), noise);
        trials
    }

    /// Puts the companion where it was seen, with errors of so many standard deviations, and says how large chi^2 may be.
    #[inline(always)]
    fn scale_and_rotate(&mut self, simd: L::Simd, target: &Target, acceptance: L, noise: [L; 2]) {
        let [east, north] = self.plane(simd, L::splat(simd, 0.0));
        let bare = east.mul_add(east, north * north).sqrt();
        let Seen { separation, sine, cosine, odds, chi2 } = target.place(simd, noise);
        // The node is the angle from where it stands now to where it was seen.
        let inverse = L::splat(simd, 1.0) / bare;
        self.sin_node = (sine * north - cosine * east) * inverse;
        self.cos_node = (cosine * north + sine * east) * inverse;
        // a = (separation seen) / (separation of the orbit with a = 1, times the parallax);  n² a³ = G M
        self.sma = separation / (bare * self.plx);
        let cube = self.sma * self.sma * self.sma;
        self.rate = (self.mtot / cube).sqrt() * L::splat(simd, 1.0 / unit_period());
        // Accepted where the number is below weight exp(-chi^2 / 2).
        self.limit = ln(simd, acceptance * odds) * L::splat(simd, -2.0);
        if target.counts_again {
            self.chi2 = chi2;
        }
    }

    /// Offsets of an orbit of semi-major axis 1 with its node in the north, so many days after the target.
    #[inline(always)]
    fn plane(&self, simd: L::Simd, since: L) -> [L; 2] {
        let anomaly = solve(simd, self.e, mean_of_turns(simd, since.mul_add(self.rate, self.turns)));
        let x = anomaly.cos - self.e;
        let y = anomaly.sin * self.minor;
        // (X, Y) turned by ω in the plane of the orbit, then tilted by the inclination.
        let north = x * self.cos_periastron - y * self.sin_periastron;
        let east = (x * self.sin_periastron + y * self.cos_periastron) * self.cos_inc;
        [east, north]
    }

    /// chi^2 of all measurements where at least one trial has not too much of it.
    #[inline(always)]
    fn survivors(&self, simd: L::Simd, ofti: &Ofti) -> Option<L> {
        let mut chi2 = self.chi2;
        for position in &ofti.positions {
            chi2 = chi2 + self.position_chi2(simd, position);
            if !L::any(chi2.lt(self.limit)) {
                return None;
            }
        }
        for velocity in &ofti.velocities {
            let found = self.velocity(simd, ofti.fit.observations.unit.per_km_per_s(), velocity.since);
            let residual = L::splat(simd, velocity.value) - found;
            chi2 = (residual * residual).mul_add(L::splat(simd, velocity.weight), chi2);
        }
        L::any(chi2.lt(self.limit)).then_some(chi2)
    }

    #[inline(always)]
    fn position_chi2(&self, simd: L::Simd, position: &Position) -> L {
        let [east, north] = self.plane(simd, L::splat(simd, position.since));
        let size = self.sma * self.plx;
        let offsets = [
            size * (north * self.sin_node + east * self.cos_node),
            size * (north * self.cos_node - east * self.sin_node),
        ];
        let [first, second, third] = position.pair.values;
        let values = [L::splat(simd, first), L::splat(simd, second), L::splat(simd, third)];
        let [a, b, c] = position.pair.weights;
        pair_chi2(simd, position.quantity, offsets, values, [L::splat(simd, a), L::splat(simd, b), L::splat(simd, c)])
    }

    /// The companion's velocity; the total mass stands for the star's, as in the fit's own model.
    #[inline(always)]
    fn velocity(&self, simd: L::Simd, unit: f64, since: f64) -> L {
        let one = L::splat(simd, 1.0);
        let mean = mean_of_turns(simd, L::splat(simd, since).mul_add(self.rate, self.turns));
        let anomaly = solve(simd, self.e, mean);
        let sin_inc = ((one - self.cos_inc) * (one + self.cos_inc)).sqrt();
        // v = √(G M/a) sin i (√(1 - e²) cos ω cos E - sin ω sin E)/(1 - e cos E)
        let speed = L::splat(simd, unit * (GM_SUN_KM / AU_KM).sqrt()) * (self.mtot / self.sma).sqrt() * sin_inc;
        let along = self.minor * self.cos_periastron * anomaly.cos - self.sin_periastron * anomaly.sin;
        speed * along / anomaly.radius
    }

    /// Adds those of the first `left` trials that have little enough chi^2 and lie between the ends of the priors.
    fn accept(&self, ofti: &Ofti, first: u64, left: usize, chi2: L, accepted: &mut Accepted) {
        let [mut found, mut limit] = [[0.0; EIGHT]; 2];
        chi2.store(&mut found);
        self.limit.store(&mut limit);
        for place in (0..left).filter(|&place| found[place] < limit[place]) {
            let Some(elements) = self.elements(ofti, place) else {
                accepted.beyond += 1;
                continue;
            };
            accepted.trials.push(first + place as u64);
            let parameters = ofti.fit.parameters.all.iter().zip(elements);
            let free = parameters.filter_map(|(one, value)| matches!(one.slot, Slot::Free(_)).then_some(value));
            accepted.points.extend(free);
        }
    }

    /// sma, ecc, inc, aop, pan, tau, plx and mtot of a trial, unless sma or pan is beyond its ends.
    fn elements(&self, ofti: &Ofti, place: usize) -> Option<[f64; 8]> {
        let of = |lanes: L| {
            let mut values = [0.0; EIGHT];
            lanes.store(&mut values);
            values[place]
        };
        let [low, high] = ofti.priors.pan;
        let node = libm::atan2(of(self.sin_node), of(self.cos_node));
        let pan = low + (node - low).rem_euclid(TAU);
        let sma = of(self.sma);
        let inside = pan <= high && (ofti.priors.sma[0]..=ofti.priors.sma[1]).contains(&sma);
        let cosine = of(self.cos_inc);
        let inc = ofti.priors.inc.known().unwrap_or(libm::atan2(((1.0 - cosine) * (1.0 + cosine)).sqrt(), cosine));
        let tau = (ofti.target.time * of(self.rate) - of(self.turns)).rem_euclid(1.0);
        inside.then(|| [sma, of(self.e), inc, of(self.periastron), pan, tau, of(self.plx), of(self.mtot)])
    }
}

impl Draw {
    /// The value that belongs to a uniform number.
    #[inline(always)]
    fn of<L: Double>(&self, simd: L::Simd, uniform: L) -> L {
        match self {
            Draw::Fixed(value) => L::splat(simd, *value),
            Draw::From(prior) => prior.quantiles(simd, uniform),
        }
    }

    /// The cosine of the value, which for a density as the sine is the plainest of all.
    #[inline(always)]
    fn cosine<L: Double>(&self, simd: L::Simd, uniform: L) -> L {
        match self {
            Draw::From(prior) if prior.is_sine() => L::splat(simd, -2.0).mul_add(uniform, L::splat(simd, 1.0)),
            _ => sin_cos(simd, self.of(simd, uniform)).1,
        }
    }

    fn known(&self) -> Option<f64> {
        match self {
            Draw::Fixed(value) => Some(*value),
            Draw::From(_) => None,
        }
    }
}

/// Where the companion was seen, give or take errors.
struct Seen<L> {
    /// mas.
    separation: L,
    /// Of the angle from north to east.
    sine: L,
    cosine: L,
    /// One over the weight of the trial; beyond all odds where the errors leave no separation.
    odds: L,
    chi2: L,
}

impl Target {
    /// Where the companion was seen, with errors of so many standard deviations.
    #[inline(always)]
    fn place<L: Double>(&self, simd: L::Simd, [first, second]: [L; 2]) -> Seen<L> {
        // Two normal numbers with that correlation.
        let free = ((1.0 - self.correlation) * (1.0 + self.correlation)).sqrt();
        let second_too = first.mul_add(L::splat(simd, self.correlation), second * L::splat(simd, free));
        let chi2 = first.mul_add(first, second * second);
        let a = first.mul_add(L::splat(simd, self.errors[0]), L::splat(simd, self.values[0]));
        let b = second_too.mul_add(L::splat(simd, self.errors[1]), L::splat(simd, self.values[1]));
        let one = L::splat(simd, 1.0);
        if self.quantity == Quantity::SepPa {
            let turns = b * L::splat(simd, 1.0 / 360.0);
            let (sine, cosine) = sin_cos(simd, (turns - round(simd, turns)) * L::splat(simd, TAU));
            let odds = if self.counts_again { one } else { self.odds(simd, a) };
            let odds = L::select(a.lt(L::splat(simd, 0.0)), L::splat(simd, 1e100), odds);
            Seen { separation: a.abs(), sine, cosine, odds, chi2 }
        } else {
            let separation = a.mul_add(a, b * b).sqrt();
            let odds = self.odds(simd, separation);
            let odds = if self.counts_again { one } else { odds * odds };
            Seen { separation, sine: a / separation, cosine: b / separation, odds, chi2 }
        }
    }

    /// s over the least separation, at least 1.
    #[inline(always)]
    fn odds<L: Double>(&self, simd: L::Simd, separation: L) -> L {
        (separation * L::splat(simd, 1.0 / self.least)).max(L::splat(simd, 1.0))
    }
}
