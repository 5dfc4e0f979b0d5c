//! Chains of ensembles: moments, angles, convergence.

use divisi::Comm;
use divisi::run::Goal;
use divisi::sampler::{Around, Density, Ensemble, EnsembleSettings, Moves, Start};

use crate::common::densities::{BEND, Boxed, KAPPA, LONG, MEAN, banana, covariance, edge, normal};
use crate::common::rank::on_one_rank;

const SEEDS: u64 = 20;
pub(super) const MIXTURE: Moves = Moves { stretch: 0.2, differential: 0.6, snooker: 0.2, scale: 2.0 };

pub(super) fn settings() -> EnsembleSettings {
    EnsembleSettings { walkers: 32, burn_in: 500, thin: 5, ..EnsembleSettings::default() }
}

/// Around the means of the normal density.
fn around_means() -> Start {
    let around = (0..5).map(|k| (format!("x{k}"), MEAN[k])).collect();
    Start::Around(Around { around, spread: 0.05 })
}

/// The chain's rows after so many steps.
pub(super) fn rows<D: Density>(
    comm: &Comm,
    density: D,
    settings: &EnsembleSettings,
    seed: u64,
    steps: u64,
) -> Vec<Vec<f64>> {
    let mut ensemble = Ensemble::new(comm, density, settings.clone(), seed).expect("walkers");
    (0..steps).for_each(|_| ensemble.step().expect("a step"));
    let width = ensemble.chain().columns().len();
    ensemble.chain().share().numbers.chunks_exact(width).map(<[f64]>::to_vec).collect()
}

/// A quantity of a point, and its exact mean.
type Moment<'a> = (Box<dyn Fn(&[f64]) -> f64 + 'a>, f64);

/// Panics unless the mean of each quantity over all seeds is exact, within three times the error that seeds' scatter tells.
#[track_caller]
fn assert_moments(moments: &[Moment], sampled: impl Fn(u64) -> Vec<Vec<f64>>) {
    let mut means = vec![Vec::new(); moments.len()];
    for seed in 0..SEEDS {
        let rows = sampled(seed);
        for ((quantity, _), means) in moments.iter().zip(&mut means) {
            means.push(rows.iter().map(|row| quantity(row)).sum::<f64>() / rows.len() as f64);
        }
    }
    for (number, ((_, exact), means)) in moments.iter().zip(means).enumerate() {
        let n = SEEDS as f64;
        let mean = means.iter().sum::<f64>() / n;
        let error = (means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / (n - 1.0) / n).sqrt();
        assert!((mean - exact).abs() < 3.0 * error, "moment {number}: {mean} +- {error} instead of {exact}");
    }
}

/// All first and second moments of the normal density.
fn moments_of_normal() -> Vec<Moment<'static>> {
    let mut moments: Vec<Moment> = Vec::new();
    for i in 0..5 {
        moments.push((Box::new(move |x| x[i]), MEAN[i]));
        for j in 0..=i {
            moments.push((Box::new(move |x| (x[i] - MEAN[i]) * (x[j] - MEAN[j])), covariance(i, j)));
        }
    }
    moments
}

#[test]
fn moments_of_a_normal_density() {
    on_one_rank(|comm| {
        for moves in [Moves::default(), MIXTURE] {
            let settings = EnsembleSettings { moves, burn_in: 2000, ..settings() };
            assert_moments(&moments_of_normal(), |seed| rows(comm, normal(), &settings, seed, 6000));
        }
    });
}

#[test]
fn moments_of_a_banana() {
    on_one_rank(|comm| {
        let exact = 1.0 + 2.0 * BEND * BEND * LONG * LONG;
        let moments: Vec<Moment> = vec![
            (Box::new(|x| x[0]), 0.0),
            (Box::new(|x| x[1]), 0.0),
            (Box::new(|x| x[0] * x[0]), LONG),
            (Box::new(|x| x[1] * x[1]), exact),
            (Box::new(|x| x[0] * x[1]), 0.0),
        ];
        for moves in [Moves::default(), MIXTURE] {
            let around = ["x0", "x1"].map(|name| (name.to_owned(), 0.0)).into_iter().collect();
            let start = Start::Around(Around { around, spread: 0.02 });
            let settings = EnsembleSettings { moves, start, burn_in: 2000, ..settings() };
            assert_moments(&moments, |seed| rows(comm, banana(), &settings, seed, 12_000));
        }
    });
}

/// The mean cosine of a von Mises distribution, from its definition.
fn mean_cosine() -> f64 {
    let angles = (0..1000).map(|k| std::f64::consts::TAU * f64::from(k) / 1000.0);
    let (above, below) = angles.fold((0.0, 0.0), |(above, below), angle| {
        let weight = (KAPPA * angle.cos()).exp();
        (above + weight * angle.cos(), below + weight)
    });
    above / below
}

#[test]
fn moments_of_an_angle_at_the_edge_of_its_interval() {
    on_one_rank(|comm| {
        let mean = mean_cosine();
        let sine = 1.0 - mean / KAPPA;
        let moments: Vec<Moment> = vec![
            (Box::new(|x| -x[1].cos()), mean),
            (Box::new(|x| x[1].sin()), 0.0),
            // I1'/I0: the mean square of the cosine is 1 - I1 / (kappa I0).
            (Box::new(|x| x[1].cos() * x[1].cos()), sine),
            (Box::new(|x| x[0]), 0.0),
            (Box::new(|x| x[0] * x[0]), 1.0 + 4.0 * (1.0 - sine)),
            (Box::new(|x| x[0] * x[1].sin()), 2.0 * (1.0 - sine)),
            (Box::new(|x| f64::from(u8::from(x[1] > 0.0))), 0.5),
        ];
        for moves in [Moves::default(), MIXTURE] {
            let settings = EnsembleSettings { moves, ..settings() };
            assert_moments(&moments, |seed| {
                let rows = rows(comm, edge(), &settings, seed, 4000);
                assert!(rows.iter().all(|row| row[1].abs() <= std::f64::consts::PI));
                rows
            });
        }
    });
}

#[test]
fn each_move_by_itself_has_the_right_moments() {
    on_one_rank(|comm| {
        let only = |stretch, differential, snooker| Moves { stretch, differential, snooker, scale: 3.0 };
        for moves in [only(1.0, 0.0, 0.0), only(0.0, 1.0, 0.0), only(0.0, 0.0, 1.0)] {
            let settings = EnsembleSettings { moves, start: around_means(), ..settings() };
            assert_moments(&moments_of_normal(), |seed| rows(comm, normal(), &settings, 100 + seed, 4000));
        }
    });
}

#[test]
fn the_goal_is_reached_with_the_effective_samples_that_are_wanted() {
    on_one_rank(|comm| {
        let wanted = EnsembleSettings { effective_samples: 4000.0, r_hat: 1.05, ..settings() };
        let mut ensemble = Ensemble::new(comm, normal(), wanted.clone(), 1).expect("walkers");
        assert_eq!((ensemble.goal(), ensemble.seen().kept), (Goal::Open, 0));
        while ensemble.goal() == Goal::Open && ensemble.steps() < 100_000 {
            ensemble.step().expect("a step");
        }
        let seen = ensemble.seen();
        assert_eq!(ensemble.goal(), Goal::Reached);
        assert!(seen.least_effective() >= 4000.0 && seen.kept as f64 >= 50.0 * seen.longest_time(), "{seen:?}");
        assert!(seen.largest_r_hat() <= 1.05 && seen.effective().len() == 5);
        // No much longer than needed: a look follows after a quarter more.
        assert!(
            seen.least_effective() < 4000.0 * 1.6 || (seen.kept as f64) < 50.0 * 1.6 * seen.longest_time(),
            "{seen:?}"
        );
        assert_eq!(*seen, ensemble.look());
        let look = ensemble.look();
        assert!(look.r_hat.len() == 5 && look.r_hat.iter().all(|r_hat| (0.99..1.05).contains(r_hat)), "{look:?}");
        let acceptance = ensemble.acceptance();
        assert!((0.2..0.8).contains(&acceptance), "{acceptance}");
        let mut free = Ensemble::new(comm, normal(), settings(), 1).expect("walkers");
        (0..1000).for_each(|_| free.step().expect("a step"));
        assert_eq!(free.goal(), Goal::None);
    });
}

/// Between two looks there may be enough of what is wanted: the end of a run is looked at by itself, and changes no later look.
#[test]
fn a_goal_that_is_reached_between_two_looks_is_reached_at_the_end() {
    on_one_rank(|comm| {
        let wanted = EnsembleSettings { effective_samples: 4000.0, look_every: 1 << 40, ..settings() };
        let mut ensemble = Ensemble::new(comm, normal(), wanted, 1).expect("walkers");
        (0..1000).for_each(|_| ensemble.step().expect("a step"));
        assert_eq!((ensemble.goal(), ensemble.goal_at_end()), (Goal::Open, Goal::Open), "of {:?}", ensemble.look());
        (0..20_000).for_each(|_| ensemble.step().expect("a step"));
        assert_eq!((ensemble.goal(), ensemble.goal_at_end()), (Goal::Open, Goal::Reached), "of {:?}", ensemble.look());
        assert_eq!(ensemble.seen().kept, 0);
        let free = Ensemble::new(comm, normal(), settings(), 1).expect("walkers");
        assert_eq!(free.goal_at_end(), Goal::None);
    });
}

/// Walkers that start far outside, without a burn-in that was asked for.
#[test]
fn samples_from_before_the_chain_has_come_to_the_posterior_are_left_out() {
    on_one_rank(|comm| {
        let around = (0..5).map(|k| (format!("x{k}"), MEAN[k] + 30.0)).collect();
        let start = Start::Around(Around { around, spread: 0.05 });
        let settings = EnsembleSettings { burn_in: 0, start, moves: MIXTURE, ..settings() };
        let mut ensemble = Ensemble::new(comm, normal(), settings, 3).expect("walkers");
        (0..10_000).for_each(|_| ensemble.step().expect("a step"));
        let look = ensemble.look();
        assert!(look.is_stationary && (10..=500).contains(&look.burn_in) && look.steps() == 2000 - look.burn_in);
        let samples = ensemble.samples();
        assert_eq!((samples.total, ensemble.chain().len()), (32 * look.steps(), 32 * 2000));
        let whole = ensemble.chain().share().numbers;
        assert_eq!(samples.numbers, whole[7 * 32 * look.burn_in as usize..]);
        let squares = |rows: &[f64]| {
            let distance = |row: &[f64]| (row[0] - MEAN[0]).powi(2);
            rows.chunks_exact(7).map(distance).sum::<f64>() / (rows.len() / 7) as f64
        };
        assert!((squares(&samples.numbers) / covariance(0, 0) - 1.0).abs() < 0.15, "{}", squares(&samples.numbers));
        assert!(squares(&whole) > 2.0 * covariance(0, 0), "the start would not have mattered: {}", squares(&whole));
    });
}

/// The scatter of means between seeds is that of as many independent samples.
#[test]
fn the_count_of_effective_samples_is_right() {
    on_one_rank(|comm| {
        const RUNS: u64 = 40;
        let mut means = Vec::new();
        let mut counts = Vec::new();
        for seed in 0..RUNS {
            let mut ensemble = Ensemble::new(comm, normal(), settings(), 1000 + seed).expect("walkers");
            (0..5000).for_each(|_| ensemble.step().expect("a step"));
            let column: Vec<f64> = ensemble.chain().numbers().chunks_exact(7).map(|row| row[3]).collect();
            means.push(column.iter().sum::<f64>() / column.len() as f64);
            counts.push(ensemble.look().effective()[3]);
        }
        let n = RUNS as f64;
        let mean = means.iter().sum::<f64>() / n;
        let variance = means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / (n - 1.0);
        let found = covariance(3, 3) / variance;
        let told = counts.iter().sum::<f64>() / n;
        // The variance of 40 means is known to 23 %.
        assert!((found / told - 1.0).abs() < 0.5, "{found} independent samples, and {told} are told");
    });
}

#[test]
fn burn_in_and_thinning_keep_the_steps_that_they_should() {
    on_one_rank(|comm| {
        let settings = EnsembleSettings { walkers: 12, burn_in: 7, thin: 3, ..settings() };
        let mut ensemble = Ensemble::new(comm, normal(), settings, 5).expect("walkers");
        let mut expected = Vec::new();
        for step in 1..=20u64 {
            ensemble.step().expect("a step");
            if step > 7 && (step - 7) % 3 == 0 {
                expected.extend(ensemble.positions().flatten().copied());
            }
        }
        assert_eq!(ensemble.chain().share().numbers, expected);
        let chain = ensemble.chain();
        assert_eq!((chain.batches(), chain.len(), chain.rows_per_batch()), (4, 48, 12));
        assert_eq!(chain.columns(), ["x0", "x1", "x2", "x3", "x4", "ln_prior", "ln_likelihood"]);
        let density = normal();
        for row in expected.chunks_exact(7) {
            let mut value = [0.0];
            density.log_likelihoods(&row[..5], &mut value);
            assert_eq!((row[5], row[6]), (density.log_prior(&row[..5]), value[0]));
        }
    });
}

#[test]
fn walkers_start_around_a_point_or_at_the_maximum() {
    on_one_rank(|comm| {
        let around = [("x1".to_owned(), -1.0), ("x4".to_owned(), 2.0)].into_iter().collect();
        let start = Start::Around(Around { around, spread: 0.01 });
        let ensemble = Ensemble::new(comm, normal(), EnsembleSettings { start, ..settings() }, 1).expect("walkers");
        let spread = |parameter: usize, centre: f64| {
            let squares: f64 = ensemble.positions().map(|row| (row[parameter] - centre).powi(2)).sum();
            (squares / 32.0).sqrt()
        };
        // The middle 68 % of a uniform prior in [-40, 40] are 54.6 wide.
        for (parameter, centre) in [(1, -1.0), (4, 2.0)] {
            let found = spread(parameter, centre);
            assert!((found / 0.273 - 1.0).abs() < 0.5, "{found}");
        }
        assert!(spread(0, 0.0) > 10.0);
        let settings = EnsembleSettings { start: Start::Maximum, ..settings() };
        let ensemble = Ensemble::new(comm, normal(), settings, 1).expect("walkers");
        let near = |row: &[f64]| row[..5].iter().zip(MEAN).all(|(x, mean)| (x - mean).abs() < 0.15);
        assert!(ensemble.positions().all(near));
        let mut all: Vec<f64> = ensemble.positions().map(|row| row[0]).collect();
        all.sort_by(f64::total_cmp);
        all.dedup();
        assert_eq!(all.len(), 32, "walkers start at the same place");
    });
}

/// Where nothing moves there are no effective samples, however long it lasts.
#[test]
fn walkers_that_are_stuck_never_reach_the_goal() {
    on_one_rank(|comm| {
        let spikes = Boxed::cube(1, 1.0, |x: &[f64]| -1e12 * x[0].abs());
        let wanted = EnsembleSettings { walkers: 4, burn_in: 0, thin: 1, effective_samples: 1.0, ..settings() };
        let start = Start::Around(Around { around: [("x0".to_owned(), 0.5)].into_iter().collect(), spread: 1e-9 });
        let mut ensemble = Ensemble::new(comm, spikes, EnsembleSettings { start, ..wanted }, 1).expect("walkers");
        (0..2000).for_each(|_| ensemble.step().expect("a step"));
        assert_eq!(ensemble.goal(), Goal::Open, "{:?}", ensemble.seen());
    });
}
