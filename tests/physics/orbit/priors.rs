//! Prior densities and draws of whole points.

use divisi::orbit::Fit;
use divisi::random::Random;
use divisi::simd::Level;

use super::reference::fit;

const GJ504: &str = include_str!("../../../sims/orbit/GJ504.csv");
const HD164922: &str = include_str!("../../../sims/orbit/HD164922.txt");

fn draws(fit: &Fit, count: u64) -> Vec<Vec<f64>> {
    let width = fit.names().len();
    let draw = |index| {
        let mut random = Random::new(1, 0, index);
        let unit: Vec<f64> = (0..width).map(|_| random.uniform()).collect();
        let mut point = vec![0.0; width];
        fit.draw(&unit, &mut point);
        point
    };
    (0..count).map(draw).collect()
}

#[test]
fn the_defaults_are_orbitizes() {
    let fit = fit(GJ504, "", Level::detect()).expect("a fit");
    // orbitize's all_lnpriors of its default system, with uniform priors of plx and mtot in place of its normal ones.
    let point = [46.8f64, 0.228, 2.46, 1.3, 0.9, 0.4, 56.95, 1.22];
    let expected = -(46.8f64 * 1e7f64.ln()).ln() + (0.5 * 2.46f64.sin()).ln()
        - 2.0 * std::f64::consts::TAU.ln()
        - 999f64.ln()
        - 9.9f64.ln();
    assert!((fit.log_prior(&point) - expected).abs() < 1e-12, "{}", fit.log_prior(&point));
    for (place, outside) in
        [(0, 1e-4), (1, 1.0), (1, -0.1), (2, 3.2), (3, 6.3), (4, -0.1), (5, 1.1), (6, 0.0), (7, 11.0)]
    {
        let mut point = point;
        point[place] = outside;
        assert_eq!(fit.log_prior(&point), f64::NEG_INFINITY, "{} = {outside}", fit.names()[place]);
    }
    let turns: Vec<Option<f64>> = (0..8).map(|parameter| fit.period(parameter)).collect();
    let whole = Some(std::f64::consts::TAU);
    assert_eq!(turns, [None, None, None, whole, whole, Some(1.0), None, None]);
    assert_eq!(fit.ends(0), [1e-3, 1e4]);
}

#[test]
fn draws_lie_inside_the_prior_and_follow_it() {
    for fit in [
        fit(GJ504, "", Level::detect()).expect("a fit"),
        fit(HD164922, "companions = 2\nbasis = \"period\"\ntrend = \"linear\"", Level::detect()).expect("a fit"),
    ] {
        let draws = draws(&fit, 4000);
        assert!(draws.iter().all(|point| fit.log_prior(point).is_finite()));
        // ln of the density has the same mean over draws as the entropy that the names' densities have: told by a second set.
        let mean =
            |points: &[Vec<f64>]| points.iter().map(|point| fit.log_prior(point)).sum::<f64>() / points.len() as f64;
        assert!((mean(&draws[..2000]) - mean(&draws[2000..])).abs() < 0.5);
    }
}

#[test]
fn eccentricity_and_omega_of_radvels_basis_are_uniform() {
    let fit = fit(HD164922, "companions = 1\nbasis = \"period\"", Level::detect()).expect("a fit");
    let draws = draws(&fit, 20_000);
    let names = fit.names();
    let at = |name: &str| names.iter().position(|one| one == name).expect("a name");
    let cosine = at("secosw1");
    let sine = at("sesinw1");
    let mut e: Vec<f64> = draws.iter().map(|point| point[cosine].powi(2) + point[sine].powi(2)).collect();
    e.sort_by(f64::total_cmp);
    let gap = e.iter().enumerate().map(|(k, e)| (e - k as f64 / 20_000.0).abs()).fold(0.0, f64::max);
    assert!(gap < 0.0125, "e is {gap} from uniform");
    // The density is that of the unit disc, and e >= 1 is outside.
    let inside = fit.log_prior(&draws[0]);
    let mut corner = draws[0].clone();
    (corner[cosine], corner[sine]) = (0.8, 0.8);
    assert_eq!(fit.log_prior(&corner), f64::NEG_INFINITY);
    (corner[cosine], corner[sine]) = (0.1, 0.2);
    assert_eq!(fit.log_prior(&corner), inside);
}
