//! Posteriors as they are written and read back.

use std::path::PathBuf;

use super::*;
use crate::io::Reader;
use crate::orbit::{Observation, Quantity, VelocityUnit};
use crate::run::{Tolerance, compare};

struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Self {
        Scratch(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

fn named(names: &[(&str, &str)]) -> Vec<Parameter> {
    names.iter().map(|(name, unit)| Parameter::new(*name, *unit)).collect()
}

/// Two companions with masses, and velocities of the star by one instrument: orbitize's, in another order.
fn two_companions() -> Posterior {
    let orbit = |n: u32| {
        ["tau", "pan", "aop", "inc", "ecc", "sma"].map(|name| {
            let unit = if ["inc", "aop", "pan"].contains(&name) { "rad" } else { "" };
            Parameter::new(format!("{name}{n}"), if name == "sma" { "au" } else { unit })
        })
    };
    let mut parameters: Vec<Parameter> = [1, 2].into_iter().flat_map(orbit).collect();
    parameters.extend(named(&[("m0", "Msun"), ("m2", "Msun"), ("m1", "Msun"), ("plx", "mas")]));
    parameters.extend(named(&[("sigma_HARPS", "km/s"), ("gamma_HARPS", "km/s")]));
    let width = parameters.len();
    let at = |epoch, object, quantity, values| Observation {
        epoch,
        object,
        quantity,
        values,
        errors: [0.5, if quantity == Quantity::Velocity { 0.0 } else { 0.25 }],
        correlation: None,
        instrument: "HARPS".to_owned(),
        place: format!("data[{}] of the posterior", usize::from(object == 0)),
    };
    Posterior {
        parameters,
        samples: (0..5 * width).map(|k| 0.01 * k as f64).collect(),
        ln_likelihood: vec![-3.0, -1.0, -2.0, -5.0, -4.0],
        ln_prior: vec![-0.5; 5],
        observations: Observations {
            rows: vec![at(55000.5, 1, Quantity::SepPa, [2000.0, 30.0]), at(55100.5, 0, Quantity::Velocity, [1.5, 0.0])],
            unit: VelocityUnit::KmPerS,
            notes: Vec::new(),
        },
        about: About {
            sampler: "MCMC".to_owned(),
            companions: 2,
            mass: [1.2, 0.1],
            parallax: [50.0, 0.0],
            ln_evidence: Some([-10.0, 0.5]),
            note: "made up".to_owned(),
            ..About::default()
        },
        ..Posterior::default()
    }
}

#[test]
fn orbitizes_parameters_stand_in_its_order() {
    let scratch = Scratch::new();
    let posterior = two_companions();
    let path = scratch.path("posterior.hdf5");
    posterior.write_alone(&path).unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.text("/", "fitting_basis").unwrap(), "Standard");
    let names = reader.texts("parameter_names").unwrap();
    let expected = "sma1 ecc1 inc1 aop1 pan1 tau1 sma2 ecc2 inc2 aop2 pan2 tau2 plx gamma_HARPS sigma_HARPS m1 m2 m0";
    assert_eq!(names.join(" "), expected);
    let read = Posterior::read(&path).unwrap();
    for (place, parameter) in read.parameters.iter().enumerate() {
        let given = posterior.place(&parameter.name).unwrap();
        assert!(read.column(place).eq(posterior.column(given)), "{}", parameter.name);
        assert_eq!(parameter, &posterior.parameters[given]);
    }
    assert_eq!(reader.attribute::<u8>("/", "fit_secondary_mass").unwrap(), 1);
    assert_eq!((&read.ln_likelihood, &read.ln_prior), (&posterior.ln_likelihood, &posterior.ln_prior));
    assert_eq!(read.about, posterior.about);
    assert_eq!(read.observations, posterior.observations);
}

#[test]
fn other_parameters_keep_their_order_and_are_kept_from_orbitize() {
    let scratch = Scratch::new();
    let path = scratch.path("posterior.hdf5");
    let posterior = Posterior {
        parameters: named(&[("per1", "day"), ("tc1", "day"), ("k1", "m/s"), ("dvdt", "m/s/day")]),
        samples: (0..12).map(f64::from).collect(),
        ln_likelihood: vec![0.0; 3],
        weights: vec![0.5, 0.0, 2.0],
        chain: Some(Chain { walkers: 2, thin: 5, samples: (0..24).map(f64::from).collect() }),
        ..Posterior::default()
    };
    posterior.write_alone(&path).unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.text("/", "fitting_basis").unwrap(), "divisi");
    assert_eq!(reader.shape("chain").unwrap(), [3, 2, 4]);
    let read = Posterior::read(&path).unwrap();
    let parts = |p: &Posterior| (p.parameters.clone(), p.samples.clone(), p.weights.clone(), p.chain.clone());
    assert_eq!(parts(&read), parts(&posterior));
    assert!(read.ln_prior.is_empty() && read.observations.rows.is_empty());
}

#[test]
fn orbitizes_names_with_other_units_are_kept_from_it() {
    let mut posterior = two_companions();
    assert!(posterior.standard_order().is_some());
    let place = posterior.place("gamma_HARPS").unwrap();
    posterior.parameters[place].unit = "m/s".to_owned();
    assert_eq!(posterior.standard_order(), None);
}

#[test]
fn rows_are_chosen_with_all_that_belongs_to_them() {
    let posterior = Posterior { weights: vec![1.0, 2.0, 3.0, 4.0, 5.0], ..two_companions() };
    let chosen = posterior.select(&[4, 1]);
    assert_eq!(chosen.row(0), posterior.row(4));
    assert_eq!((chosen.ln_likelihood, chosen.weights), (vec![-4.0, -1.0], vec![5.0, 2.0]));
    let none = posterior.select(&[]);
    let scratch = Scratch::new();
    none.write_alone(&scratch.path("none.hdf5")).unwrap();
    assert!(Posterior::read(&scratch.path("none.hdf5")).unwrap().is_empty());
}

#[test]
fn parts_that_do_not_go_together_are_refused() {
    let message = |change: fn(&mut Posterior)| {
        let mut posterior = two_companions();
        change(&mut posterior);
        posterior.write_alone(&Scratch::new().path("x.hdf5")).unwrap_err().to_string()
    };
    assert!(message(|p| p.parameters[3] = p.parameters[0].clone()).contains("two parameters are called tau1"));
    assert!(message(|p| p.samples.truncate(7)).contains("7 numbers are not 5 samples of 18 parameters"));
    assert!(message(|p| p.ln_prior.truncate(2)).contains("ln_prior has 2 numbers for 5 samples"));
    assert!(message(|p| p.weights = vec![1.0, 1.0, -1.0, 1.0, 1.0]).contains("a weight is -1"));
    assert!(message(|p| p.chain = Some(Chain { walkers: 1, thin: 1, samples: vec![0.0; 19] })).contains("no steps"));
    assert!(message(|p| *p = Posterior::default()).contains("has no parameters"));
}

#[test]
fn a_file_that_is_no_posterior_is_refused() {
    let scratch = Scratch::new();
    let path = scratch.path("x.hdf5");
    let write = |fill: &dyn Fn(&crate::io::FileWriter)| {
        let file = crate::io::FileWriter::create_alone(&path, 0).unwrap();
        fill(&file);
        file.finish().unwrap();
        Posterior::read(&path).unwrap_err().to_string()
    };
    assert!(write(&|_| ()).contains("there is no dataset post"));
    assert!(
        write(&|file| file.replicated("post", &[2, 3], &[0.0; 6]).unwrap())
            .contains("post has 3 columns, but the fit has 8")
    );
    assert!(write(&|file| file.replicated("post", &[2, 8], &[0.0; 16]).unwrap()).contains("no dataset lnlike"));
    let other = write(&|file| {
        file.replicated("post", &[2, 8], &[0.0; 16]).unwrap();
        file.string("/", "fitting_basis", "XYZ").unwrap();
    });
    assert!(other.contains("those of orbitize's basis XYZ"), "{other}");
}

#[test]
fn it_is_compared_down_to_a_measurement() {
    let scratch = Scratch::new();
    let mut posterior = two_companions();
    let a = scratch.path("a.hdf5");
    let b = scratch.path("b.hdf5");
    posterior.write_alone(&a).unwrap();
    posterior.write_alone(&b).unwrap();
    assert!(compare(&a, &b, None).unwrap().is_same());
    posterior.observations.rows[1].values[0] = 1.75;
    posterior.write_alone(&b).unwrap();
    assert!(compare(&a, &b, None).unwrap().differences[0].ends_with("data[1].quant1: 1.5 and 1.75"));
    assert!(compare(&a, &b, Some(Tolerance { relative: 0.5, absolute: 0.0 })).unwrap().is_same());
    posterior.observations.rows[0].instrument = "SPHERE".to_owned();
    posterior.write_alone(&b).unwrap();
    assert!(compare(&a, &b, None).unwrap().differences[0].ends_with("data[0].instrument: HARPS and SPHERE"));
}

#[test]
fn measured_values_stand_in_a_group_of_their_own_too() {
    let scratch = Scratch::new();
    let path = scratch.path("posterior.hdf5");
    two_companions().write_alone(&path).unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.read::<f64>("observed_data/epoch").unwrap(), [55000.5, 55100.5]);
    assert_eq!(reader.read::<i64>("observed_data/object").unwrap(), [1, 0]);
    assert_eq!(reader.read::<f64>("observed_data/quant1").unwrap(), [2000.0, 1.5]);
    let second = reader.read::<f64>("observed_data/quant2_err").unwrap();
    assert!(second[0] == 0.25 && second[1].is_nan());
    assert_eq!(reader.texts("observed_data/quant_type").unwrap(), ["seppa", "rv"]);
    assert_eq!(reader.texts("observed_data/instrument").unwrap(), ["HARPS", "HARPS"]);
    assert_eq!(reader.axes("observed_data/quant1").unwrap(), ["observation"]);
    let bare = Posterior { observations: Observations::default(), ..two_companions() };
    bare.write_alone(&path).unwrap();
    assert!(!Reader::open(&path).unwrap().has("observed_data"));
}

/// Not a number, not finite, negative: from a file of another program, or a damaged one.
#[test]
fn weights_that_are_no_weights_are_refused_where_they_are_read() {
    let scratch = Scratch::new();
    let path = scratch.path("weighted.hdf5");
    let marked = 0.123_456_789_f64;
    Posterior { weights: vec![1.0, 2.0, marked, 4.0, 5.0], ..two_companions() }.write_alone(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let place = whole.windows(8).position(|bytes| bytes == marked.to_le_bytes()).unwrap();
    for (weight, shown) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (-1.0, "-1")] {
        let mut bytes = whole.clone();
        bytes[place..place + 8].copy_from_slice(&weight.to_le_bytes());
        std::fs::write(&path, bytes).unwrap();
        let told = Posterior::read(&path).unwrap_err().to_string();
        assert!(told.contains(&format!("a weight is {shown} (row 2)")), "{told}");
    }
}

#[test]
fn a_row_without_a_density_is_not_the_best() {
    let mut posterior = two_companions();
    let best = posterior.best().unwrap();
    posterior.ln_likelihood[best] = f64::NAN;
    assert!(posterior.best().is_some_and(|other| other != best));
}
