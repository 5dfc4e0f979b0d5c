//! Rejection sampling: exact, the same whoever makes the trials, orbitize's where it does as orbitize does.

use divisi::orbit::ofti::{Accepted, OftiSection, Reference};
use divisi::orbit::{Fit, Format, Observations, Ofti, OrbitSection};
use divisi::random::Random;
use divisi::simd::Level;

const GJ504: &str = include_str!("../../../sims/orbit/GJ504.csv");
const MASSES: &str = "plx = { normal = [56.95, 0.26] }\nmtot = { normal = [1.22, 0.08] }\n";

fn made(text: &str, model: &str, priors: &str) -> Fit {
    let observations = Observations::from_texts([("data.csv", text)], Format::Auto).expect("observations");
    let orbit: OrbitSection = toml::from_str(model).expect("a model");
    Fit::new(observations, &orbit, &priors.parse().expect("priors"), Level::detect()).expect("a fit")
}

fn accepted(fit: &Fit, reference: Reference, trials: u64) -> Accepted {
    let ofti = Ofti::new(fit, Level::detect(), 1, reference).expect("a fit for OFTI");
    let mut accepted = Accepted::default();
    ofti.trials(0..trials, &mut accepted);
    accepted
}

/// The values of a parameter over points, sorted.
fn column(fit: &Fit, points: &[f64], name: &str) -> Vec<f64> {
    let names = fit.names();
    let place = names.iter().position(|one| one == name).expect("a name");
    let mut values: Vec<f64> = points.chunks(names.len()).map(|point| point[place]).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The largest distance of two distributions, over what it may be at p = 0.01 (Smirnov 1948).
fn smirnov(a: &[f64], b: &[f64]) -> f64 {
    let below = |list: &[f64], x: f64| list.partition_point(|y| *y <= x) as f64 / list.len() as f64;
    let distance = a.iter().chain(b).map(|&x| (below(a, x) - below(b, x)).abs()).fold(0.0, f64::max);
    distance / (1.628 * (1.0 / a.len() as f64 + 1.0 / b.len() as f64).sqrt())
}

#[test]
fn trials_are_the_same_at_every_level_and_in_any_parts() {
    let fit = made(GJ504, "", MASSES);
    let whole = accepted(&fit, Reference::Once, 60_000);
    assert!(whole.trials.len() > 10 && whole.trials.is_sorted());
    for level in Level::available() {
        let ofti = Ofti::new(&fit, level, 1, Reference::Once).expect("a fit for OFTI");
        let mut parts = Accepted::default();
        for (first, last) in [(0, 1), (1, 8), (8, 1003), (1003, 1003), (1003, 60_000)] {
            ofti.trials(first..last, &mut parts);
        }
        assert_eq!(parts, whole, "{level:?}");
    }
    let ofti = Ofti::new(&fit, Level::detect(), 2, Reference::Once).expect("a fit for OFTI");
    let mut other = Accepted::default();
    ofti.trials(0..60_000, &mut other);
    assert_ne!(other.trials, whole.trials, "another seed");
}

#[test]
fn gj_504_b_is_orbitizes() {
    let fit = made(GJ504, "", MASSES);
    let found = accepted(&fit, Reference::Twice, 40_000_000);
    assert!(found.trials.len() >= 10_000, "{} orbits", found.trials.len());
    // Quantiles of orbitize 3.4's own posterior and of an earlier one of 1000 orbits (Blunt et al. 2017's data).
    let quantiles: serde_json::Value = serde_json::from_str(include_str!("gj504_orbitize.json")).expect("quantiles");
    let count = quantiles["orbits"].as_f64().expect("a number");
    for (name, published) in
        [("sma1", [37.2, 46.8, 69.5]), ("ecc1", [0.077, 0.228, 0.467]), ("inc1", [126.0, 141.0, 157.0])]
    {
        let mut values = column(&fit, &found.points, name);
        values.truncate(values.len());
        let below = |x: f64| values.partition_point(|y| *y <= x) as f64 / values.len() as f64;
        let list = quantiles[name].as_array().expect("a list");
        let distance = list
            .iter()
            .enumerate()
            .map(|(k, x)| (below(x.as_f64().expect("a number")) - (k as f64 + 0.5) / list.len() as f64).abs());
        let distance = distance.fold(0.0, f64::max) / (1.628 * (1.0 / count + 1.0 / values.len() as f64).sqrt());
        println!("{name}: {distance:.3} of the distance at p = 0.01");
        assert!(distance < 1.0, "{name}: {distance} of the distance that 1 in 100 pairs of samples has");
        for (share, value) in [0.16f64, 0.5, 0.84].into_iter().zip(published) {
            let value = if name == "inc1" { f64::to_radians(value) } else { value };
            let deviation = (share * (1.0 - share) / 1000.0).sqrt();
            let off = (below(value) - share) / deviation;
            assert!(off.abs() < 3.0, "{name} at {share}: {off} standard deviations of 1000 orbits");
        }
    }
}

/// Draws from the prior that are accepted with the whole likelihood's probability: slow and plain.
fn plain(fit: &Fit, wanted: usize, peak: f64) -> Vec<f64> {
    let width = fit.names().len();
    let mut points = Vec::new();
    let mut index = 0;
    let mut batch = vec![0.0; 1024 * width];
    let mut values = vec![0.0; 1024];
    while points.len() < wanted * width {
        let mut random = Random::new(9, 1, index);
        index += 1;
        let mut unit = vec![0.0; width];
        for point in batch.chunks_mut(width) {
            unit.iter_mut().for_each(|u| *u = random.uniform());
            fit.draw(&unit, point);
        }
        fit.log_likelihoods(&batch, &mut values);
        for (point, value) in batch.chunks(width).zip(&values) {
            if value - peak > random.uniform().ln() {
                points.extend(point);
            }
        }
    }
    points
}

/// Rough data, so that plain rejection finds orbits and weights of scaling show.
#[test]
fn accepted_trials_follow_the_posterior() {
    let priors = "plx = { normal = [50.0, 5.0] }\nmtot = { uniform = [0.8, 1.2] }\nsma1 = { log_uniform = [2.0, 60.0] }\n\
        ecc1 = { linear = [-2.0, 1.6] }\npan1 = { uniform = [1.0, 5.0] }\n";
    let angles = "epoch,object,sep,sep_err,pa,pa_err,seppa_corr,rv,rv_err\n50000,1,600,110,100,15,0.5,,\n52000,1,600,150,130,25,,,\n\
        53000,1,400,150,170,25,-0.3,4.0,6.0\n";
    let offsets = "epoch,object,raoff,raoff_err,decoff,decoff_err,radec_corr\n50000,1,600,80,-100,80,0.5\n52000,1,500,150,-400,160,\n";
    for text in [angles, offsets] {
        let fit = made(text, "", priors);
        let pairs = fit.observations().rows.iter().map(|row| {
            let free = 1.0 - row.correlation.unwrap_or(0.0).powi(2);
            let two = row.errors[1] != 0.0;
            let errors = row.errors[0] * if two { row.errors[1] * free.sqrt() } else { 1.0 };
            -errors.ln() - std::f64::consts::TAU.ln() * if two { 1.0 } else { 0.5 }
        });
        let expected = plain(&fit, 2500, pairs.sum());
        let found = accepted(&fit, Reference::Once, 1_600_000);
        assert!(found.trials.len() > 2500, "{} orbits", found.trials.len());
        for name in fit.names() {
            let distance = smirnov(&column(&fit, &found.points, &name), &column(&fit, &expected, &name));
            println!("{name}: {distance:.3}, {} orbits", found.trials.len());
            assert!(distance < 1.0, "{name}: {distance} of the distance that 1 in 100 pairs of samples has");
        }
    }
}

#[test]
fn accepted_trials_lie_inside_the_prior_with_their_likelihoods() {
    let fit = made(
        GJ504,
        "",
        &format!("{MASSES}sma1 = {{ log_uniform = [40, 60] }}\npan1 = {{ uniform = [1, 2] }}\ninc1 = 2.5\naop1 = 1.0"),
    );
    assert_eq!(fit.names(), ["sma1", "ecc1", "pan1", "tau1", "plx", "mtot"]);
    let found = accepted(&fit, Reference::Once, 2_000_000);
    assert!(found.trials.len() > 10, "{} orbits", found.trials.len());
    let mut again = vec![0.0; found.trials.len()];
    fit.log_likelihoods(&found.points, &mut again);
    assert_eq!(again, found.log_likelihoods);
    assert!(found.points.chunks(6).all(|point| fit.log_prior(point).is_finite()));
}

#[test]
fn the_companion_stands_where_it_was_seen() {
    // A single place: every trial is as good as its weight, and the places scatter as the errors do.
    let text = "epoch,object,sep,sep_err,pa,pa_err\n55645,1,2479,16,357.94,2.5\n";
    let fit = made(text, "", MASSES);
    for (reference, factor) in [(Reference::Once, 1.0), (Reference::Twice, 0.5f64.sqrt())] {
        let found = accepted(&fit, reference, 20_000);
        let mut separations = Vec::new();
        for point in found.points.chunks(8) {
            let [east, north] = fit.positions(point, 1, &[55645.0]).expect("a place")[0];
            separations.push(east.hypot(north));
        }
        let count = separations.len() as f64;
        let mean = separations.iter().sum::<f64>() / count;
        let deviation = (separations.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / count).sqrt();
        assert!(
            (mean - 2479.0).abs() < 1.0 && (deviation / (16.0 * factor) - 1.0).abs() < 0.03,
            "{mean} +- {deviation}"
        );
        assert!(count > if reference == Reference::Once { 18_000.0 } else { 9000.0 }, "{count} orbits");
    }
}

#[track_caller]
fn refused(text: &str, model: &str, priors: &str, place: &str, reason: &str) {
    let fit = made(text, model, priors);
    let error = Ofti::new(&fit, Level::detect(), 1, Reference::Once).unwrap_err().to_string();
    assert!(error.starts_with(place) && error.contains(reason), "{error}");
}

#[test]
fn fits_that_it_does_not_apply_to_are_refused() {
    let star = "epoch,object,rv,rv_err\n55645.95,0,1.0,0.1\n";
    let companion = "epoch,object,rv,rv_err\n55645.95,1,1.0,0.1\n";
    let known = "plx = 50\nmtot = 1.2\n";
    let masses = "plx = 50\nm0 = 1.2\n";
    refused(star, "basis = \"period\"", "per = 10\ntc = 2455600\nk = 1", "method.kind", "basis = \"sma\"");
    refused(star, "companion_masses = true", masses, "method.kind", "velocities of the star");
    refused(GJ504, "companions = 2", known, "method.kind", "one companion");
    refused(GJ504, "companion_masses = true", masses, "method.kind", "companion_masses = false");
    refused(GJ504, "companion_masses = true\ndynamics = \"nbody\"", masses, "method.kind", "companion_masses = false");
    refused(companion, "", known, "method.kind", "relative astrometry");
    refused(GJ504, "", &format!("{known}sma1 = {{ uniform = [1, 100] }}"), "priors.sma1", "log_uniform");
    refused(GJ504, "", &format!("{known}sma1 = 40"), "priors.sma1", "log_uniform");
    refused(GJ504, "", &format!("{known}tau1 = {{ uniform = [0, 0.5] }}"), "priors.tau1", "uniform = [0, 1]");
    refused(GJ504, "", &format!("{known}pan1 = {{ normal = [1, 0.5] }}"), "priors.pan1", "uniform");
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let section: OftiSection = toml::from_str("orbits = 0").expect("a section");
    assert!(section.check().unwrap_err().to_string().starts_with("method.orbits"));
    let section: OftiSection = toml::from_str("most_trials = 0").expect("a section");
    assert!(section.check().unwrap_err().to_string().starts_with("method.most_trials"));
    assert!(toml::from_str::<OftiSection>("trials = 1").is_err());
    assert_eq!(toml::from_str::<OftiSection>("reference = \"twice\"").expect("a section").reference, Reference::Twice);
}
