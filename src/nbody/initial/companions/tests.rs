//! Companions against other ways to the same orbits.

use super::*;
use crate::base::units::UnitsSection;

/// au, days and solar masses.
fn units() -> Units {
    toml::from_str::<UnitsSection>("length = 'au'\ntime = 'day'\nmass = 'Msun'").map(Units::new).unwrap().unwrap()
}

fn point(text: &str) -> BTreeMap<String, f64> {
    text.split_whitespace()
        .map(|word| {
            let (name, value) = word.split_once('=').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

fn list(text: &str, epoch: Option<f64>) -> Result<BodyList> {
    FitPoint { parameters: &point(text), epoch, tau_ref_epoch: 58849.0 }.bodies(&units())
}

fn bodies(text: &str, epoch: Option<f64>) -> Vec<Body> {
    list(text, epoch).unwrap().bodies
}

fn message(text: &str) -> String {
    list(text, None).unwrap_err().to_string()
}

/// The orbit of a body about the centre of mass of those before it.
fn jacobi(bodies: &[Body], place: usize) -> Elements {
    let within: f64 = bodies[..place].iter().map(|body| body.mass).sum();
    let mean = |of: fn(&Body) -> [f64; 3]| -> [f64; 3] {
        std::array::from_fn(|k| bodies[..place].iter().map(|body| body.mass * of(body)[k]).sum::<f64>() / within)
    };
    let apart = |of: fn(&Body) -> [f64; 3]| add(of(&bodies[place]), -1.0, mean(of));
    let mu = units().gravity() * (within + bodies[place].mass);
    Elements::from_state(mu, apart(|body| body.position), apart(|body| body.velocity))
}

const TWO: &str = "m0=1.1 m1=2e-3 m2=1e-2 sma1=16 ecc1=0.1 inc1=0.3 aop1=1 pan1=2 tau1=0.25 plx=50 gamma_HARPS=3 \
                   sma2=10 ecc2=0.2 inc2=0.4 aop2=2 pan2=3 tau2=0.5";

#[test]
fn companions_stand_from_the_inside_out_on_their_jacobi_orbits() {
    let list = list(TWO, None).unwrap();
    let named: Vec<(u64, &str)> = list.named().collect();
    assert_eq!(named, [(0, "star"), (2, "companion2"), (1, "companion1")]);
    let bodies = list.bodies;
    let inner = jacobi(&bodies, 1);
    let outer = jacobi(&bodies, 2);
    for (found, expected) in [(inner, [10.0, 0.2, 0.4, 3.0, 2.0, 0.5]), (outer, [16.0, 0.1, 0.3, 2.0, 1.0, 0.75])] {
        let turns = found.mean_anomaly / TAU;
        for (a, b) in [found.a, found.e, found.inc, found.node, found.periapsis, turns].into_iter().zip(expected) {
            assert!((a - b).abs() < 1e-12 * b, "{found:?}");
        }
    }
    let momentum: f64 = bodies.iter().map(|body| body.mass * body.velocity[1]).sum();
    assert!(momentum.abs() < 1e-17);
}

#[test]
fn the_same_orbits_come_from_a_whole_mass_and_at_another_epoch() {
    let same = bodies(TWO, None);
    let from_whole = bodies(&TWO.replace("m0=1.1", "mtot=1.112"), None);
    assert!((same[0].mass - from_whole[0].mass).abs() < 1e-15);
    // A tenth of a period later the mean anomaly is larger by a tenth of a turn.
    let period = TAU * (1000.0 / (units().gravity() * 1.11)).sqrt();
    let later = bodies(TWO, Some(58849.0 + 0.1 * period));
    assert!((jacobi(&later, 1).mean_anomaly / TAU - 0.6).abs() < 1e-12);
}

/// tau, tp and tc in one count, the wanted epoch in the other.
#[test]
fn julian_and_modified_julian_dates_are_one_count() {
    let text = "m0=1 m1=1e-3 per1=100 ecc1=0.3 aop1=0.4 inc1=0.5 pan1=0 tp1=2458840.5";
    let expected = bodies(text, Some(2458855.5));
    assert_eq!(bodies(text, Some(58855.0)), expected);
    assert_eq!(bodies(&text.replace("2458840.5", "58840"), Some(2458855.5)), expected);
    assert!((jacobi(&expected, 1).mean_anomaly / TAU - 0.15).abs() < 1e-12);
    let conjunction = text.replace("tp1", "tc1");
    assert_eq!(bodies(&conjunction, Some(58855.0)), bodies(&conjunction, Some(2458855.5)));
    let tau = text.replace("tp1=2458840.5", "tau1=0.1");
    let counted =
        |from: f64| FitPoint { parameters: &point(&tau), epoch: Some(58855.0), tau_ref_epoch: from }.bodies(&units());
    assert_eq!(counted(2458849.5).unwrap(), counted(58849.0).unwrap());
}

#[test]
fn a_period_and_a_pull_give_axis_and_mass() {
    // Jupiter: a period of 11.862 years, 12.5 m/s for the Sun (1 / 1047.35 of its mass, e = 0.0484).
    let text = "m0=1 k1=12.4638 per1=4332.59 secosw1=0.2 sesinw1=-0.0916515 inc1=1.5707963267948966 pan1=0 tc1=2450000";
    let bodies = bodies(text, None);
    let orbit = jacobi(&bodies, 1);
    assert!((bodies[1].mass * 1047.35 - 1.0).abs() < 2e-3, "{}", 1.0 / bodies[1].mass);
    assert!((orbit.a - 5.2026).abs() < 1e-3 && (orbit.e - 0.0484).abs() < 1e-6, "{orbit:?}");
    // K of the mass and orbit found, from the star's own motion: the largest speed less the least, along the line of sight.
    let speed = |turns: f64| {
        let at = Elements { mean_anomaly: TAU * turns, ..orbit };
        at.to_state(units().gravity() * (bodies[0].mass + bodies[1].mass)).1[2] * bodies[1].mass
            / (1.0 + bodies[1].mass)
    };
    let speeds: Vec<f64> = (0..20_000).map(|k| speed(f64::from(k) / 20_000.0)).collect();
    let ends = speeds.iter().fold([f64::MAX, f64::MIN], |[low, high], v| [low.min(*v), high.max(*v)]);
    let pull = 0.5 * (ends[1] - ends[0]) * 149_597_870_700.0 / 86_400.0;
    assert!((pull / 12.4638 - 1.0).abs() < 1e-6, "{pull}");
}

#[test]
fn at_conjunction_the_companion_is_before_the_star() {
    let text = "m0=1 m1=1e-3 per1=100 secosw1=0.5 sesinw1=0.3 inc1=1.5707963267948966 pan1=0 tc1=17";
    let bodies = bodies(text, None);
    let place = add(bodies[1].position, -1.0, bodies[0].position);
    // Seen edge-on, on the line of sight; and so a period later, but not a quarter of one.
    let off = |place: [f64; 3]| place[0].hypot(place[1]) / place[2].abs();
    assert!(off(place) < 1e-12, "{place:?}");
    let at = |epoch| {
        let bodies = super::tests::bodies(text, Some(epoch));
        add(bodies[1].position, -1.0, bodies[0].position)
    };
    assert!(off(at(117.0)) < 1e-10 && off(at(42.0)) > 0.5);
    assert!(place[2] < 0.0 && at(117.0)[2] < 0.0, "z points away from us");
}

#[test]
fn parameters_that_cannot_be_are_refused_by_name() {
    let one = "m0=1 m1=1e-3 sma1=5 ecc1=0.1 aop1=0 inc1=0 pan1=0 tau1=0";
    let changed = |from: &str, to: &str| message(&one.replace(from, to));
    assert!(changed("ecc1=0.1", "ecc1=1").starts_with("initial.orbits.ecc1: an eccentricity of 1 is not allowed"));
    assert!(changed("sma1=5", "sma1=-5").starts_with("initial.orbits.sma1: -5 is not allowed"));
    assert!(changed("sma1=5", "per1=5 sma1=5").contains("per1: stands beside sma"));
    assert!(changed("sma1=5", "").contains("sma1: is missing: give sma or per"));
    assert!(changed("tau1=0", "").contains("tau1: is missing: give one of"));
    assert!(changed("tau1=0", "tau1=0 tc1=4").contains("give only one of tau, tp and tc"));
    assert!(changed("inc1=0", "").contains("initial.orbits.inc1: is missing"));
    assert!(changed("aop1=0", "secosw1=0.1").contains("give ecc and aop, or secosw and sesinw"));
    assert!(changed("m1=1e-3", "").contains("m1: is missing: give m or k"));
    assert!(changed("m0=1 ", "").contains("m0: is missing"));
    assert!(changed("m0=1 ", "m0=1 mtot=1 ").contains("mtot: stands beside m0"));
    assert!(changed("m0=1 m1=1e-3", "mtot=1 m1=1").contains("mtot: leaves the star a mass of 0 solar masses"));
    assert!(changed("m1=1e-3", "k1=1e6").contains("heavier than the star"));
    assert!(changed("m1=1e-3", "k1=10").contains("heavier than the star"), "seen from above no pull is seen");
    assert!(changed("m0=1 m1=1e-3", "mtot=1 k1=10").contains("m0: is missing"));
    assert!(
        changed("sma1=5", "smaa1=5").contains("smaa1: an orbit has no parameter of this name; did you mean `sma1`?")
    );
    assert!(changed("sma1=5", "sma=5").contains("initial.orbits.sma: an orbit has no parameter"));
    assert!(changed("tau1=0", "tau1=nan").contains("must be finite"));
    assert!(changed("sma1=5", "sma2=5").contains("sma1: is missing"));
    assert!(message("m0=1").contains("has no companion"));
    let parameters = point(one);
    let nowhere = FitPoint { parameters: &parameters, epoch: None, tau_ref_epoch: 0.0 }.bodies(&Units::default());
    assert!(nowhere.unwrap_err().to_string().contains("no physical scale"));
}
