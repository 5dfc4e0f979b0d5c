//! Predictions and likelihoods against orbitize and radvel, and what must hold of any.

use divisi::orbit::Fit;
use divisi::simd::Level;

use super::reference::{close, fit, list, ln_likelihood, numbers, point};

const HD164922: &str = include_str!("../../../sims/orbit/HD164922.txt");

fn orbitize_fits() -> Vec<(Fit, serde_json::Value)> {
    let cases = numbers()["orbitize"].as_array().expect("cases").clone();
    let made = |case: serde_json::Value| {
        let model = format!("companions = {}\ncompanion_masses = {}", case["companions"], case["masses"]);
        (fit(case["data"].as_str().expect("a text"), &model, Level::detect()).expect("a fit"), case)
    };
    cases.into_iter().map(made).collect()
}

fn radvel_fit(level: Level) -> Fit {
    fit(HD164922, "companions = 2\nbasis = \"period\"\ntrend = \"quadratic\"", level).expect("a fit")
}

#[test]
fn positions_and_velocities_are_orbitizes() {
    for (fit, case) in orbitize_fits() {
        for result in case["results"].as_array().expect("results") {
            let point = point(&fit, &result["point"]);
            let epochs = list(&result["epochs"]);
            let what = format!("{} at {}", case["name"], result["point"]);
            for companion in 1..=fit.orbit().companions {
                let found = fit.positions(&point, companion, &epochs).expect("positions");
                let [east, north] = [0, 1].map(|k| found.iter().map(|offset| offset[k]).collect::<Vec<_>>());
                close(&east, &list(&result["east"][companion]), 1e-11, &what);
                close(&north, &list(&result["north"][companion]), 1e-11, &what);
            }
            let objects = if fit.orbit().companion_masses { 0 } else { 1 };
            for object in objects..=fit.orbit().companions {
                let found = fit.velocities(&point, object, &epochs).expect("velocities");
                close(&found, &list(&result["velocity"][object]), 1e-11, &what);
            }
        }
    }
}

#[test]
fn likelihoods_are_orbitizes() {
    let mut well = 0;
    for (fit, case) in orbitize_fits() {
        for result in case["results"].as_array().expect("results") {
            let expected = result["ln_likelihood"].as_f64().expect("a number");
            let found = ln_likelihood(&fit, &point(&fit, &result["point"]));
            assert!((found / expected - 1.0).abs() < 1e-10, "{}: {found} is not {expected}", case["name"]);
            well += usize::from(expected > -400.0);
        }
    }
    assert!(well >= 5, "{well} of these orbits explain their data, where every term of the likelihood counts");
}

#[test]
fn likelihoods_and_velocities_are_radvels() {
    let fit = radvel_fit(Level::detect());
    for result in numbers()["radvel"]["results"].as_array().expect("results") {
        let point = point(&fit, &result["point"]);
        let epochs = list(&result["epochs"]);
        let expected = result["ln_likelihood"].as_f64().expect("a number");
        let found = ln_likelihood(&fit, &point);
        assert!((found / expected - 1.0).abs() < 1e-10, "{found} is not {expected}");
        close(&fit.velocities(&point, 0, &epochs).expect("velocities"), &list(&result["velocity"]), 1e-9, "velocities");
        close(&fit.trend(&point, &epochs), &list(&result["trend"]), 1e-12, "trend");
    }
}

#[test]
fn likelihoods_are_the_same_bits_at_every_level_and_in_any_company() {
    let named = numbers();
    let all = |level| {
        let mut bits = Vec::new();
        let mut push = |fit: &Fit, results: &serde_json::Value| {
            let points: Vec<f64> =
                results.as_array().expect("results").iter().flat_map(|result| point(fit, &result["point"])).collect();
            let width = fit.names().len();
            let mut together = vec![0.0; points.len() / width];
            fit.log_likelihoods(&points, &mut together);
            let alone: Vec<f64> = points.chunks(width).map(|point| ln_likelihood(fit, point)).collect();
            assert_eq!(together, alone);
            bits.extend(together.iter().map(|x| x.to_bits()));
        };
        push(&radvel_fit(level), &named["radvel"]["results"]);
        for case in named["orbitize"].as_array().expect("cases") {
            let model = format!("companions = {}\ncompanion_masses = {}", case["companions"], case["masses"]);
            push(&fit(case["data"].as_str().expect("a text"), &model, level).expect("a fit"), &case["results"]);
        }
        bits
    };
    let expected = all(Level::Portable);
    for level in Level::available() {
        assert_eq!(all(level), expected, "{level:?}");
    }
}

/// One measurement more or less changes the likelihood by its own normal density, wherever blocks of eight end.
#[test]
fn each_measurement_counts_by_its_own_density() {
    let lines: Vec<&str> = HD164922.lines().collect();
    let model = "companions = 1\nbasis = \"period\"";
    let made = |count: usize| fit(&lines[..=count].join("\n"), model, Level::detect()).expect("a fit");
    let named = serde_json::json!({
        "per1": 1199.2, "tc1": 2456779.0, "secosw1": 0.1, "sesinw1": -0.3, "k1": 7.25, "gamma_k": -0.2, "sigma_k": 2.1
    });
    let mut before = 0.0;
    for count in 1..=40 {
        let fit = made(count);
        let point = point(&fit, &named);
        let row = &fit.observations().rows[count - 1];
        let [offset, jitter] = fit.instrument(&point, "k");
        let expected = fit.velocities(&point, 0, &[row.epoch]).expect("a velocity")[0] + offset;
        let variance = row.errors[0].powi(2) + jitter.powi(2);
        let residual = row.values[0] - expected;
        let density = -0.5 * (residual * residual / variance + (std::f64::consts::TAU * variance).ln());
        let now = ln_likelihood(&fit, &point);
        assert!((now - before - density).abs() < 1e-10, "{count} velocities: {now} after {before}, {density}");
        before = now;
    }
}

#[test]
fn known_parameters_are_left_out_of_points() {
    let text = include_str!("../../../sims/orbit/GJ504.csv");
    let free = fit(text, "", Level::detect()).expect("a fit");
    let observations = free.observations().clone();
    let priors = "plx = 56.95\nmtot = { uniform = [0.1, 10] }\ninc1 = 2.46".parse().expect("priors");
    let known = Fit::new(observations, free.orbit(), &priors, Level::detect()).expect("a fit");
    assert_eq!(free.names(), ["sma1", "ecc1", "inc1", "aop1", "pan1", "tau1", "plx", "mtot"]);
    assert_eq!(known.names(), ["sma1", "ecc1", "aop1", "pan1", "tau1", "mtot"]);
    assert_eq!(known.all_names(), free.names());
    let whole = [46.8, 0.228, 2.46, 1.3, 0.9, 0.4, 56.95, 1.22];
    let point = [46.8, 0.228, 1.3, 0.9, 0.4, 1.22];
    assert_eq!(known.all_values(&point), whole);
    assert_eq!(ln_likelihood(&known, &point), ln_likelihood(&free, &whole));
}

#[test]
fn periods_and_periastron_come_out() {
    let fit = fit(include_str!("../../../sims/orbit/GJ504.csv"), "", Level::detect()).expect("a fit");
    let point = [1.0, 0.3, 1.0, 0.5, 0.9, 0.25, 50.0, 1.0];
    // The Gaussian year, and a quarter of it after the reference epoch.
    assert!((fit.orbital_period(&point, 1) - 365.2568983).abs() < 1e-5);
    assert!((fit.periastron(&point, 1) - 58849.0 - 365.2568983 / 4.0).abs() < 1e-5);
}

/// Measured values two standard deviations from what a point predicts, of every quantity, are a misfit of two.
#[test]
fn the_misfit_counts_standard_deviations() {
    const HEAD: &str = "epoch,object,raoff,raoff_err,decoff,decoff_err,sep,sep_err,pa,pa_err,rv,rv_err";
    let made = |rows: [[f64; 2]; 3]| {
        let [[east, north], [separation, angle], [velocity, _]] = rows;
        let text = format!(
            "{HEAD}\n57000,1,{east},2,{north},3,,,,,,\n57100,1,,,,,{separation},0.4,{angle},0.01,,\n57200,1,,,,,,,,,{velocity},0.5\n"
        );
        fit(&text, "", Level::detect()).expect("a fit")
    };
    let anything = made([[10.0, 20.0], [90.0, 100.0], [1.0, 0.0]]);
    let point = [4.0, 0.2, 0.8, 1.1, 2.0, 0.3, 50.0, 1.1];
    let point = &point[..anything.names().len()];
    let predicted = anything.expected(point).expect("predictions");
    let errors = [[2.0, 3.0], [0.4, 0.01], [0.5, 0.0]];
    for (away, misfit) in [(0.0, 0.0), (2.0, 2.0)] {
        let rows = std::array::from_fn(|row| [0, 1].map(|k| predicted[row][k] + away * errors[row][k]));
        let fit = made(rows);
        let mut value = [0.0];
        fit.log_likelihoods(point, &mut value);
        let found = fit.misfit(value[0]);
        assert!((found - misfit).abs() < 1e-5, "{found} instead of {misfit}");
    }
}
