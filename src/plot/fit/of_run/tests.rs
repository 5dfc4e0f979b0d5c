use super::*;
use crate::orbit::posterior::Parameter;
use crate::orbit::{Observations, Quantity};
use crate::plot::fit::Fitted;
use crate::plot::picture::Picture;

/// A star with a companion: its velocities by two instruments, and one of the companion's places and velocity.
const CONFIG: &str = r#"
simulation = "orbit"
[made_by]
program = "p"
command = "c"
simd = "s"
folder = "/nowhere"
[data]
files = ["gone.csv"]
[orbit]
companion_masses = true
trend = "linear"
[priors]
plx = 50.0
m0 = { normal = [1.5, 0.05] }
dvdt = { normal = [0.0, 0.01] }
[method]
kind = "maximum"
"#;

/// Rows of the fit's free parameters, with weights.
fn posterior(rows: &[&[f64]]) -> Posterior {
    let names = [
        "sma1", "ecc1", "inc1", "aop1", "pan1", "tau1", "gamma_a", "sigma_a", "gamma_b", "sigma_b", "dvdt", "m1", "m0",
    ];
    let velocity = |epoch: f64, object, instrument: &str, value| Observation {
        epoch,
        object,
        quantity: Quantity::Velocity,
        values: [value, 0.0],
        errors: [0.03, 0.0],
        correlation: None,
        instrument: instrument.to_owned(),
        place: String::new(),
    };
    let place = |epoch: f64, quantity, values| Observation {
        epoch,
        object: 1,
        quantity,
        values,
        errors: [4.0, 1.5],
        correlation: None,
        instrument: "defsp".to_owned(),
        place: String::new(),
    };
    let mut measured: Vec<Observation> =
        (0..20).map(|k| velocity(57000.0 + 61.0 * f64::from(k), 0, ["a", "b"][k as usize % 2], 0.1)).collect();
    measured.push(place(57100.0, Quantity::SepPa, [90.0, 359.0]));
    measured.push(place(57900.0, Quantity::RaDec, [-80.0, 60.0]));
    measured.push(velocity(57500.0, 1, "b", -3.0));
    Posterior {
        parameters: names.map(|name| Parameter::new(name, "")).to_vec(),
        samples: rows.concat(),
        ln_likelihood: (0..rows.len()).map(|row| -(row as f64)).collect(),
        weights: vec![1.0; rows.len()],
        observations: Observations { rows: measured, ..Observations::default() },
        ..Posterior::default()
    }
}

const BEST: [f64; 13] = [2.0, 0.3, 1.1, 0.7, 2.5, 0.4, 0.2, 0.1, -0.3, 0.05, 1e-4, 0.02, 1.5];

fn run(rows: &[&[f64]]) -> (tempfile::TempDir, Posterior) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.toml"), CONFIG).unwrap();
    (folder, posterior(rows))
}

fn fitted<'a>(figures: &'a [Named], stem: &str) -> &'a Fitted {
    match &figures.iter().find(|named| named.stem == stem).unwrap_or_else(|| panic!("no {stem}")).picture {
        Picture::Fitted(figure) => figure,
        _ => panic!("{stem} is no curve"),
    }
}

#[test]
fn a_moved_run_has_all_its_pictures() {
    let other = BEST.map(|x| 1.001 * x);
    let (folder, posterior) = run(&[&BEST, &other, &other]);
    let figures = fit_figures(folder.path(), &posterior).unwrap();
    let stems: Vec<&str> = figures.iter().map(|named| &named.stem[..]).collect();
    assert_eq!(stems, ["sky_1", "separation_1", "position_angle_1", "velocity_0", "phase_1", "velocity_1"]);
    let curves = &fitted(&figures, "velocity_0").curves;
    assert_eq!(curves.iter().map(|line| line.pale).collect::<Vec<_>>(), [true, true, true, false]);
    for named in &figures {
        crate::plot::canvas::save(&named.picture, &folder.path().join(&named.stem)).unwrap();
        assert!(folder.path().join(format!("{}.png", named.stem)).is_file());
    }
}

fn config() -> Config {
    let table: toml::Table = CONFIG.parse().unwrap();
    let mine = table.into_iter().filter(|(key, _)| SECTIONS.contains(&&key[..])).collect();
    toml::Value::Table(mine).try_into().unwrap()
}

#[test]
fn residuals_are_what_is_measured_less_the_best_orbit() {
    let (folder, posterior) = run(&[&BEST]);
    let figures = fit_figures(folder.path(), &posterior).unwrap();
    let fit = fit_of_posterior(&config(), &posterior, Level::Portable).unwrap();
    let all = fitted(&figures, "velocity_0");
    assert!(all.curves.len() == 1 && !all.curves[0].pale);
    for (which, (name, [offset, jitter])) in [("a", [0.2, 0.1]), ("b", [-0.3, 0.05])].into_iter().enumerate() {
        let points = &all.points[which];
        let residuals = &all.residuals[which];
        assert_eq!((&points.name[..], points.at.len()), (name, 10));
        for (k, ([x, y], [_, residual])) in points.at.iter().zip(&residuals.at).enumerate() {
            let epoch = 57000.0 + 61.0 * (2 * k + which) as f64;
            let model = fit.velocities(&BEST, 0, &[epoch]).unwrap()[0] + fit.trend(&BEST, &[epoch])[0];
            assert!((x - year(epoch)).abs() < 1e-12 && (y - (0.1 - offset)).abs() < 1e-12);
            assert!((residual - (0.1 - offset - model)).abs() < 1e-12);
            assert!((points.errors[k][1] - 0.03f64.hypot(jitter)).abs() < 1e-15);
        }
    }
    let folded = fitted(&figures, "phase_1");
    let points: Vec<[f64; 2]> = folded.points.iter().flat_map(|points| points.at.clone()).collect();
    assert!(points.len() == 20 && points.iter().all(|[phase, _]| (0.0..1.0).contains(phase)));
    // The same in time as folded: the curve at a point's phase and the residual make the point.
    let curve = &folded.curves[0].points;
    for (at, residual) in folded.points[0].at.iter().zip(&folded.residuals[0].at) {
        let near = curve.iter().min_by(|a, b| (a[0] - at[0]).abs().total_cmp(&(b[0] - at[0]).abs())).unwrap();
        assert!((near[1] + residual[1] - at[1]).abs() < 0.01, "{near:?} {residual:?} {at:?}");
    }
}

#[test]
fn places_are_shown_in_polar_coordinates_without_jumps() {
    let (folder, posterior) = run(&[&BEST]);
    let figures = fit_figures(folder.path(), &posterior).unwrap();
    let separation = fitted(&figures, "separation_1");
    let angle = fitted(&figures, "position_angle_1");
    assert_eq!(separation.points[0].at.iter().map(|at| at[1]).collect::<Vec<_>>(), [90.0, 100.0]);
    let steps = angle.curves[0].points.windows(2).map(|pair| (pair[1][1] - pair[0][1]).abs());
    assert!(steps.fold(0.0, f64::max) < 20.0);
    for (point, residual) in angle.points[0].at.iter().zip(&angle.residuals[0].at) {
        let curve = &angle.curves[0].points;
        let near = curve.iter().min_by(|a, b| (a[0] - point[0]).abs().total_cmp(&(b[0] - point[0]).abs())).unwrap();
        assert!((near[1] + residual[1] - point[1]).abs() < 2.0 && residual[1].abs() <= 180.0);
    }
    let Picture::Sky(sky) = &figures[0].picture else { panic!("no sky") };
    assert!((sky.points[0].at[0][0] - 90.0 * 359f64.to_radians().sin()).abs() < 1e-9);
    assert_eq!(sky.points[0].at[1], [-80.0, 60.0]);
}

#[test]
fn times_that_span_days_are_dates() {
    let (time, label) = time_axis([55000.0, 55020.0]);
    assert_eq!((time(55010.0), label), (55010.0, ["MJD", ""]));
    let (time, label) = time_axis([51544.5, 53370.75]);
    assert_eq!((time(53370.75), label), (2005.0, ["year", ""]));
    // Counted from a day of the file's own, over days and over years.
    for ends in [[2364.8, 2400.0], [2364.8, 4400.0]] {
        let (time, label) = time_axis(ends);
        assert_eq!((time(2370.5), label), (2370.5, ["time", "d"]));
    }
}

/// The star's velocity in time and folded, at eccentricities at which the curve is a narrow peak.
#[test]
fn curves_of_eccentric_orbits_reach_their_peaks() {
    for eccentricity in [0.95, 0.99] {
        let mut eccentric = BEST;
        // A period of months: many turns in the window.
        [eccentric[0], eccentric[1], eccentric[10]] = [0.4, eccentricity, 0.0];
        let (folder, posterior) = run(&[&eccentric]);
        let figures = fit_figures(folder.path(), &posterior).unwrap();
        let fit = fit_of_posterior(&config(), &posterior, Level::Portable).unwrap();
        let start = fit.periastron(&eccentric, 1);
        let epochs: Vec<f64> = (-50_000..50_000).map(|k| start + 2e-3 * f64::from(k)).collect();
        let [low, high] = span_of(&mut fit.velocities(&eccentric, 0, &epochs).unwrap().into_iter());
        for stem in ["velocity_0", "phase_1"] {
            let drawn = span_of(&mut fitted(&figures, stem).curves[0].points.iter().map(|point| point[1]));
            let missing = (drawn[0] - low).max(high - drawn[1]) / (high - low);
            assert!(missing.abs() < 0.01, "e = {eccentricity}, {stem}: {drawn:?} of {low} to {high}");
        }
    }
}

fn span_of(numbers: &mut dyn Iterator<Item = f64>) -> [f64; 2] {
    numbers.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(x), high.max(x)])
}

/// A sample that differs from the best one in its offsets alone, by as much for both instruments: its curves lie beside the best one's by that.
#[test]
fn curves_of_samples_have_their_own_offsets() {
    let mut shifted = BEST;
    shifted[6] += 0.25;
    shifted[8] += 0.25;
    let (folder, posterior) = run(&[&BEST, &shifted]);
    let figures = fit_figures(folder.path(), &posterior).unwrap();
    for stem in ["velocity_0", "phase_1"] {
        let [same, other, best] = &fitted(&figures, stem).curves[..] else { panic!("three curves") };
        assert_eq!(same.points, best.points);
        let between = other.points.iter().zip(&best.points).map(|(other, best)| other[1] - best[1]);
        assert!(between.fold(0.0, |worst: f64, x| worst.max((x - 0.25).abs())) < 1e-12, "{stem}");
    }
}

/// Ten years, where a turn is longer; a turn, where it is shorter.
#[test]
fn separations_and_angles_go_on_after_the_measurements() {
    for (sma, ahead) in [(20.0, 3652.5), (0.5, 107.0)] {
        let mut point = BEST;
        point[0] = sma;
        let (folder, posterior) = run(&[&point]);
        let figures = fit_figures(folder.path(), &posterior).unwrap();
        for stem in ["separation_1", "position_angle_1"] {
            let figure = fitted(&figures, stem);
            let [_, last] = figure.across.unwrap();
            assert!((last - year(57900.0 + ahead)).abs() < 0.02, "{stem}: {last}");
            assert!((figure.curves[0].points.last().unwrap()[0] - last).abs() < 1e-9);
        }
    }
}

#[test]
fn points_without_an_instrument_have_a_name_beside_others() {
    let row = |instrument: &str| Observation {
        instrument: instrument.to_owned(),
        ..posterior(&[&BEST]).observations.rows[0].clone()
    };
    let names = |rows: &[Observation]| -> Vec<String> {
        let rows: Vec<(usize, &Observation)> = rows.iter().enumerate().collect();
        by_instrument(&rows, |_, _| [[0.0; 2]; 2]).into_iter().map(|points| points.name).collect()
    };
    assert_eq!(names(&[row("defrv"), row("defrv")]), [""]);
    assert_eq!(names(&[row("K"), row("defrv"), row("K")]), ["K", NAMELESS]);
}
