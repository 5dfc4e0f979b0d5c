//! What can't be sampled is refused, with the key or the reason.

use divisi::Error;
use divisi::sampler::{
    Around, Density, Ensemble, EnsembleSettings, Grid, GridAxis, GridSettings, Maximum, MaximumSettings, Start,
};

use super::chains::settings;
use crate::common::densities::{Boxed, normal};
use crate::common::rank::on_one_rank;

#[track_caller]
fn assert_told<T>(result: Result<T, Error>, told: &str, status: u8) {
    let error = result.err().expect("an error");
    assert!(error.to_string().contains(told) && error.status() == status, "{error} ({})", error.status());
}

#[test]
fn settings_that_do_not_fit_the_density() {
    on_one_rank(|comm| {
        let ensemble = |settings| Ensemble::new(comm, normal(), settings, 1);
        assert_told(ensemble(EnsembleSettings { walkers: 8, ..settings() }), "method.walkers: 8 are too few", 2);
        assert_told(ensemble(EnsembleSettings { walkers: 31, ..settings() }), "method.walkers: 31 is odd", 2);
        let start = Start::Around(Around { around: [("x7".to_owned(), 0.0)].into_iter().collect(), spread: 1.0 });
        let told = "method.start.around: there is no free parameter `x7`; did you mean";
        assert_told(ensemble(EnsembleSettings { start, ..settings() }), told, 2);
        let axis = GridAxis { parameter: "y".into(), from: 0.0, to: 1.0, count: 2, log: false };
        let grid = GridSettings { axes: vec![axis.clone()], held: Default::default(), starts: 1, directions: 1 };
        assert_told(Grid::new(comm, normal(), grid.clone(), 1), "method.axes: there is no free parameter `y`", 2);
        let axes = vec![GridAxis { parameter: "x0".into(), ..axis }];
        let held = [("z".to_owned(), 1.0)].into_iter().collect();
        assert_told(Grid::new(comm, normal(), GridSettings { axes, held, ..grid }, 1), "method.held: there is no", 2);
    });
}

/// Of starts about a point, of narrow priors, of starts at the maximum: walkers that no move could ever part.
#[test]
fn walkers_that_are_not_independent() {
    on_one_rank(|comm| {
        let start = Start::Around(Around { around: [("x0".to_owned(), 7.0)].into_iter().collect(), spread: 1e-30 });
        let told = "method.start: the walkers' values of `x0` are the same";
        assert_told(Ensemble::new(comm, normal(), EnsembleSettings { start, ..settings() }, 1), told, 2);
        for start in [Start::Prior, Start::Maximum] {
            let mut narrow = Boxed::cube(2, 1.0, |x: &[f64]| -x[1] * x[1]);
            (narrow.low[0], narrow.high[0]) = (40.0, 40.0 + 1e-14);
            let made = Ensemble::new(comm, narrow, EnsembleSettings { start, ..settings() }, 1);
            assert_told(made, told, 2);
        }
    });
}

#[test]
fn a_density_that_is_zero_wherever_the_prior_is_not() {
    on_one_rank(|comm| {
        let nothing = Boxed::cube(2, 1.0, |_: &[f64]| f64::NEG_INFINITY);
        let told = "after 10000 draws for each walker no start has a finite density";
        assert_told(Ensemble::new(comm, &nothing, settings(), 1), told, 2);
        let search = MaximumSettings { starts: 2, ..MaximumSettings::default() };
        let mut search = Maximum::new(comm, &nothing, search, 1).expect("a search");
        assert_told(search.best(), "no step was taken", 1);
        assert_told(search.step(), "after 10000 draws no start has a finite density", 2);
        // Where only some walkers find a place, that is told too.
        let rare = Boxed::cube(1, 1.0, |x: &[f64]| if x[0].abs() < 3e-5 { 0.0 } else { f64::NEG_INFINITY });
        assert_told(Ensemble::new(comm, &rare, settings(), 1), "of 32 have no start", 2);
    });
}

#[test]
fn a_density_that_is_no_number() {
    on_one_rank(|comm| {
        for (wrong, told) in [(f64::NAN, "the ln likelihood"), (f64::INFINITY, "is inf")] {
            let everywhere = Boxed::cube(2, 1.0, move |_: &[f64]| wrong);
            assert_told(Ensemble::new(comm, &everywhere, settings(), 1), told, 1);
            let somewhere = Boxed::cube(2, 1.0, move |x: &[f64]| if x[0] > 0.97 { wrong } else { x[0] });
            let start = Start::Around(Around { around: [("x0".to_owned(), -0.5)].into_iter().collect(), spread: 0.01 });
            let mut ensemble =
                Ensemble::new(comm, &somewhere, EnsembleSettings { start, ..settings() }, 1).expect("walkers");
            let error = (0..2000).find_map(|_| ensemble.step().err()).expect("a walker that comes there");
            assert!(error.to_string().contains("x0 = 0.9"), "{error}");
        }
    });
}

/// A density with other names.
struct Named(Vec<String>, Option<f64>);

impl Density for Named {
    fn names(&self) -> Vec<String> {
        self.0.clone()
    }

    fn log_prior(&self, _point: &[f64]) -> f64 {
        0.0
    }

    fn log_likelihoods(&self, _points: &[f64], into: &mut [f64]) {
        into.fill(0.0);
    }

    fn draw(&self, unit: &[f64], point: &mut [f64]) {
        point.copy_from_slice(unit);
    }

    fn period(&self, _parameter: usize) -> Option<f64> {
        self.1
    }
}

#[test]
fn parameters_that_cannot_be() {
    on_one_rank(|comm| {
        let ensemble = |names: &[&str], period| {
            let density = Named(names.iter().map(|name| (*name).to_owned()).collect(), period);
            Ensemble::new(comm, density, settings(), 1)
        };
        assert_told(ensemble(&[], None), "no parameter is free", 2);
        assert_told(ensemble(&["a", "b", "a"], None), "two parameters have the name `a`", 2);
        assert_told(ensemble(&["a"], Some(0.0)), "the period of the angle `a` is 0", 2);
        assert!(ensemble(&["a"], Some(1.0)).is_ok());
    });
}
